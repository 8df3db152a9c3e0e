//! Every measured number by name: for exports, screens and the documentation.

use crate::metric::Metric;

use super::Features;

/// A number of [`Features`], with what it means.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its group.
    pub group: &'static str,
    /// Its name in the group.
    pub name: &'static str,
    /// Its unit: `1` is a pure number, `sd` standard deviations, `1/√year` a fraction a year.
    pub unit: &'static str,
    /// Where it can lie.
    pub range: &'static str,
    /// What it is, in words.
    pub meaning: &'static str,
    /// Who defined it.
    pub source: &'static str,
    /// Reads it.
    pub get: fn(&Features) -> Metric,
}

/// A row of the table.
const fn column(
    group: &'static str,
    name: &'static str,
    unit: &'static str,
    range: &'static str,
    meaning: &'static str,
    source: &'static str,
    get: fn(&Features) -> Metric,
) -> Column {
    Column { group, name, unit, range, meaning, source, get }
}

/// All of them, in the order of exports. Names are stable: a column is added at the end of its group and never renamed.
#[rustfmt::skip] // A table: a row is a line.
pub const COLUMNS: &[Column] = &[
    column("toxicity", "vpin", "fraction", "0..1", "VPIN of signed trades", "Easley, López de Prado, O'Hara 2012", |f| f.toxicity.vpin),
    column("toxicity", "cdf", "fraction", "0..1", "share of VPIN's own history at or below it", "Easley, López de Prado, O'Hara 2012", |f| f.toxicity.cdf),
    column("toxicity", "null_ratio", "ratio", "0..", "VPIN over its level without information", "mean absolute sum of random signs", |f| f.toxicity.null_ratio),
    column("toxicity", "bulk", "fraction", "0..1", "VPIN by bulk volume classification", "Easley, López de Prado, O'Hara 2012", |f| f.toxicity.bulk),
    column("toxicity", "bulk_cdf", "fraction", "0..1", "share of bulk VPIN's history at or below it", "Easley, López de Prado, O'Hara 2012", |f| f.toxicity.bulk_cdf),
    column("toxicity", "bulk_null_ratio", "ratio", "0..", "bulk VPIN over its level without information", "√(2/(3πK)) for K bars in a bucket", |f| f.toxicity.bulk_null_ratio),
    column("toxicity", "open_bucket", "fraction", "0..1", "filled part of the open bucket", "volume clock", |f| f.toxicity.open_bucket),
    column("flow", "ofi", "shares", "any", "order-flow imbalance at the touch over the interval", "Cont, Kukanov, Stoikov 2014", |f| f.flow.ofi),
    column("flow", "ofi_normalised", "ratio", "any", "the same over the mean depth of the touch", "Cont, Kukanov, Stoikov 2014", |f| f.flow.ofi_normalised),
    column("flow", "ofi_decayed", "shares", "any", "the same with exponential decay", "Cont, Kukanov, Stoikov 2014", |f| f.flow.ofi_decayed),
    column("flow", "ofi_levels", "shares", "any", "sum over the levels of the book", "Xu, Gould, Howison 2018", |f| f.flow.ofi_levels),
    column("flow", "ofi_integrated", "ratio", "any", "depth-normalised over all levels", "Cont, Cucuringu, Zhang 2023", |f| f.flow.ofi_integrated),
    column("flow", "signed_volume", "shares", "any", "bought less sold of the last minute", "trade classification", |f| f.flow.signed_volume),
    column("flow", "buy_share", "fraction", "0..1", "bought part of the last minute's signed volume", "trade classification", |f| f.flow.buy_share),
    column("flow", "buy_intensity", "1/s", "0..", "expected orders to buy a second, now", "Hawkes 1971", |f| f.flow.buy_intensity),
    column("flow", "sell_intensity", "1/s", "0..", "expected orders to sell a second, now", "Hawkes 1971", |f| f.flow.sell_intensity),
    column("flow", "buy_probability", "fraction", "0..1", "probability that the next order buys", "Hawkes 1971", |f| f.flow.buy_probability),
    column("flow", "branching", "ratio", "0..1", "orders that one order causes", "Hawkes 1971", |f| f.flow.branching),
    column("impact", "quoted_spread_bp", "bp", "0..", "quoted spread, weighted by time", "Huang, Stoll 1996", |f| f.impact.quoted_spread_bp),
    column("impact", "effective_spread_bp", "bp", "any", "2·D·(p − m), weighted by volume", "Huang, Stoll 1996", |f| f.impact.effective_spread_bp),
    column("impact", "realised_spread_bp", "bp", "any", "2·D·(p − m after 30 s), weighted by volume", "Huang, Stoll 1996", |f| f.impact.realised_spread_bp),
    column("impact", "price_impact_bp", "bp", "any", "2·D·(m after 30 s − m), weighted by volume", "Huang, Stoll 1996", |f| f.impact.price_impact_bp),
    column("impact", "kyle_lambda", "bp/100k$", "any", "move of the middle for signed dollars", "Kyle 1985", |f| f.impact.kyle_lambda),
    column("impact", "kyle_t", "1", "any", "t statistic of λ", "least squares", |f| f.impact.kyle_t),
    column("impact", "amihud", "1/M$", "0..", "|return| over dollar volume of five-minute bars, × 10⁶", "Amihud 2002", |f| f.impact.amihud),
    column("impact", "roll_bp", "bp", "0..", "implied spread from the bounce of prices", "Roll 1984", |f| f.impact.roll_bp),
    column("liquidity", "imbalance_touch", "fraction", "-1..1", "bid less ask size over their sum, at the touch", "queue imbalance", |f| f.liquidity.imbalance_touch),
    column("liquidity", "imbalance_5", "fraction", "-1..1", "the same over five levels", "queue imbalance", |f| f.liquidity.imbalance_5),
    column("liquidity", "imbalance_weighted", "fraction", "-1..1", "the same over all levels, weighted by distance", "queue imbalance", |f| f.liquidity.imbalance_weighted),
    column("liquidity", "imbalance_z", "sd", "any", "touch imbalance against its last hour", "standard score", |f| f.liquidity.imbalance_z),
    column("liquidity", "weighted_mid", "$", "bid..ask", "middle weighted by the opposite sizes", "weighted mid", |f| f.liquidity.weighted_mid),
    column("liquidity", "micro_price", "$", "0..", "middle plus fitted adjustment", "Stoikov 2018", |f| f.liquidity.micro_price),
    column("liquidity", "micro_adjustment", "ticks", "any", "fitted adjustment", "Stoikov 2018", |f| f.liquidity.micro_adjustment),
    column("liquidity", "touch_depth", "shares", "0..", "mean size of a side of the touch", "Cont, Kukanov, Stoikov 2014", |f| f.liquidity.touch_depth),
    column("hidden", "share", "fraction", "0..1", "hidden part of the session's signed volume", "Zotikov, Antonov 2021", |f| f.hidden.share),
    column("hidden", "refill_rate", "1/s", "0..", "refills after trades", "Frey, Sandås 2009", |f| f.hidden.refill_rate),
    column("hidden", "control_rate", "1/s", "0..", "refills after cancels of equal size", "control", |f| f.hidden.control_rate),
    column("sweeps", "p_value", "fraction", "0..1", "probability of the newest sweep's prints by chance", "Hawkes 1971", |f| f.sweeps.p_value),
    column("volatility", "realised", "1/√year", "0..", "root of summed squared returns of middles", "Andersen, Bollerslev 1998", |f| f.volatility.realised),
    column("volatility", "bipower", "1/√year", "0..", "without jumps", "Barndorff-Nielsen, Shephard 2004", |f| f.volatility.bipower),
    column("volatility", "med_rv", "1/√year", "0..", "without jumps, from medians", "Andersen, Dobrev, Schaumburg 2012", |f| f.volatility.med_rv),
    column("volatility", "min_rv", "1/√year", "0..", "without jumps, from minima", "Andersen, Dobrev, Schaumburg 2012", |f| f.volatility.min_rv),
    column("volatility", "jump_share", "fraction", "0..1", "part of the variance that jumped", "Barndorff-Nielsen, Shephard 2004", |f| f.volatility.jump_share),
    column("volatility", "jump_z", "1", "any", "ratio jump test", "Huang, Tauchen 2005", |f| f.volatility.jump_z),
    column("volatility", "signature_ratio", "ratio", "0..", "realised at 5 s over realised at 300 s", "signature plot", |f| f.volatility.signature_ratio),
    column("volatility", "ewma", "1/√year", "0..", "exponentially weighted", "RiskMetrics 1996", |f| f.volatility.ewma),
    column("volatility", "garch", "1/√year", "0..", "GARCH(1,1) forecast", "Bollerslev 1986", |f| f.volatility.garch),
    column("volatility", "parkinson", "1/√year", "0..", "from highs and lows", "Parkinson 1980", |f| f.volatility.parkinson),
    column("volatility", "garman_klass", "1/√year", "0..", "from open, high, low, close", "Garman, Klass 1980", |f| f.volatility.garman_klass),
    column("volatility", "rogers_satchell", "1/√year", "0..", "free of drift", "Rogers, Satchell 1991", |f| f.volatility.rogers_satchell),
    column("volatility", "yang_zhang", "1/√year", "0..", "free of drift and gaps", "Yang, Zhang 2000", |f| f.volatility.yang_zhang),
    column("regime", "percentile", "fraction", "0..1", "variance among earlier sessions at this time of day", "empirical distribution", |f| f.regime.percentile),
    column("regime", "probability_0", "fraction", "0..1", "filtered probability of the calmest state", "Hamilton 1989", |f| f.regime.probabilities[0]),
    column("regime", "probability_1", "fraction", "0..1", "of the next", "Hamilton 1989", |f| f.regime.probabilities[1]),
    column("regime", "probability_2", "fraction", "0..1", "of the next", "Hamilton 1989", |f| f.regime.probabilities[2]),
    column("regime", "probability_3", "fraction", "0..1", "of the wildest of four", "Hamilton 1989", |f| f.regime.probabilities[3]),
    column("structure", "autocorrelation", "fraction", "-1..1", "first, of one-minute returns", "sample autocorrelation", |f| f.structure.autocorrelation),
    column("structure", "portmanteau", "ratio", "0..", "robust Ljung-Box over its 95 % bound", "Ljung, Box 1978; Lobato, Nankervis, Savin 2001", |f| f.structure.portmanteau),
    column("structure", "variance_ratio", "ratio", "0..", "of two minutes", "Lo, MacKinlay 1988", |f| f.structure.variance_ratio),
    column("structure", "variance_ratio_z", "1", "any", "its robust statistic", "Lo, MacKinlay 1988", |f| f.structure.variance_ratio_z),
    column("structure", "half_life", "min", "0..", "of a deviation", "first-order autoregression", |f| f.structure.half_life),
    column("structure", "sign_autocorrelation", "fraction", "-1..1", "first, of the signs of trades", "Lillo, Farmer 2004", |f| f.structure.sign_autocorrelation),
    column("session", "vwap_deviation", "$", "0..", "volume-weighted deviation of prices about the VWAP", "VWAP bands", |f| f.session.vwap_deviation),
    column("session", "vwap_z", "sd", "any", "last price less VWAP over it", "VWAP bands", |f| f.session.vwap_z),
    column("session", "volume_ratio", "ratio", "0..", "running minute over the same minute of earlier sessions", "unusual volume", |f| f.session.volume_ratio),
    column("session", "volume_z", "sd", "any", "the same as a standard score", "unusual volume", |f| f.session.volume_z),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::Symbol;
    use crate::metric::Quality;

    #[test]
    fn a_column_reads_the_field_of_its_name() {
        let mut features = Features::new(Symbol::new("SPY").unwrap());
        assert!(COLUMNS.iter().all(|column| (column.get)(&features) == Metric::NONE));
        features.impact.kyle_lambda = Metric::new(Some(2.0), 40, Quality::GOOD);
        features.regime.probabilities[2] = Metric::new(Some(0.5), 1, Quality::GOOD);
        let read: Vec<_> = COLUMNS
            .iter()
            .filter_map(|column| Some((column.group, column.name, (column.get)(&features).value?)))
            .collect();
        assert_eq!(read, [("impact", "kyle_lambda", 2.0), ("regime", "probability_2", 0.5)]);
    }

    /// What serde writes and what the table lists are the same numbers.
    #[test]
    fn no_number_is_left_out() {
        let features = Features::new(Symbol::new("SPY").unwrap());
        let value = serde_json::to_value(&features).unwrap();
        let mut found = 0;
        for (group, fields) in value.as_object().unwrap() {
            let Some(fields) = fields.as_object() else { continue };
            for (name, field) in fields {
                let metrics = match field {
                    serde_json::Value::Array(items) => items.len(),
                    field => usize::from(field.get("n_obs").is_some()),
                };
                found += metrics;
                let listed = COLUMNS.iter().filter(|column| {
                    let own = column.name == name
                        || (name == "probabilities" && column.name.starts_with("probability_"));
                    column.group == group && own
                });
                assert_eq!(listed.count(), metrics, "{group}.{name}");
            }
        }
        assert_eq!(found, COLUMNS.len());
    }
}
