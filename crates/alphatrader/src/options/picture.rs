//! Exposures for a person: key figures with their assumptions, levels, strikes around spot, expiries, unusual volume.

use core::fmt::Write as _;

use alphatrader_analytics::exposure::MOST_UNUSUAL;
use alphatrader_model::exposure::{
    Bucket, ChainExposure, Crossing, DealerSign, GreeksSource, Levels, StrikeExposure, Sums, Unusual,
};
use alphatrader_model::{Price, Timestamp};

use super::exposure::StatedGex;
use super::source::Chain;

/// Strikes in the picture.
const STRIKES: usize = 25;
/// Characters of the longest bar.
const WIDTH: usize = 28;
/// Expiries in the table.
const EXPIRIES: usize = 16;
/// Unusual contracts in the table.
const UNUSUAL: usize = 10;

/// Draws everything. Writing to a `String` cannot fail: results are passed over.
pub(crate) fn draw(exposure: &ChainExposure, chain: &Chain, stated: Option<&StatedGex>) -> String {
    let mut out = String::new();
    head(&mut out, exposure, chain);
    figures(&mut out, exposure, stated);
    if let Some(all) = exposure.bucket(Bucket::All) {
        levels(&mut out, &all.levels, exposure);
        bars(&mut out, &all.by_strike, &all.levels, exposure.spot);
    }
    buckets(&mut out, exposure);
    expiries(&mut out, exposure);
    unusual(&mut out, exposure);
    out
}

/// New York time of an instant.
fn local(chain: &Chain, at: Timestamp) -> String {
    let local = chain.calendar.local(at);
    format!("{} {:02}:{:02} New York", local.date(), local.hour(), local.minute())
}

fn head(out: &mut String, exposure: &ChainExposure, chain: &Chain) {
    let said = &chain.said;
    let delayed = if said.delayed { ", delayed" } else { "" };
    let _ = writeln!(
        out,
        "{} options, {}: spot {:.2} ({}), {}{delayed}",
        exposure.underlying,
        local(chain, exposure.as_of),
        exposure.spot,
        said.spot_from,
        said.kind
    );
    let rows = &exposure.rows;
    let _ = write!(out, "{} rows, {} counted", rows.rows, rows.included);
    let reasons = [
        (rows.expired, "settled"),
        (rows.missing_oi, "without open interest"),
        (rows.unknown_multiplier, "of unknown multiplier"),
        (rows.no_iv, "without a volatility"),
        (rows.iv_out_of_range, "with a volatility out of range"),
    ];
    for (count, reason) in reasons.into_iter().filter(|(count, _)| *count > 0) {
        let _ = write!(out, ", {count} {reason}");
    }
    let _ = writeln!(out);
    let flagged = [
        (rows.stale, "an old quote"),
        (rows.crossed, "a bid above its ask"),
        (rows.interpolated, "the volatility of neighbours"),
    ];
    let flagged: Vec<String> = flagged
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} with {what}"))
        .collect();
    if !flagged.is_empty() {
        let _ = writeln!(out, "of the counted: {}", flagged.join(", "));
    }
    if exposure.degraded {
        let _ = writeln!(
            out,
            "DEGRADED: {:.0} % of |GEX| rests on old or crossed quotes{}",
            exposure.flagged_share * 100.0,
            if said.partial { "; part of the chain is missing" } else { "" }
        );
    }
    if said.malformed > 0 {
        let _ = writeln!(
            out,
            "{} rows could not be read, such as {}",
            said.malformed, said.malformed_examples[0]
        );
    }
    for note in &said.notes {
        let _ = writeln!(out, "note: {note}");
    }
}

const fn sign_words(sign: DealerSign) -> &'static str {
    match sign {
        DealerSign::Naive => "naive: dealers long calls, short puts",
        DealerSign::Inverse => "inverse: dealers short calls, long puts",
        DealerSign::ShortBoth => "short-both: dealers short calls and puts",
    }
}

fn figures(out: &mut String, exposure: &ChainExposure, stated: Option<&StatedGex>) {
    let greeks = match exposure.greeks {
        GreeksSource::Own => "own, implied from the quotes",
        GreeksSource::Vendor => "as the source states them",
    };
    let _ = writeln!(out, "\ndealer sign {}; Greeks {greeks}", sign_words(exposure.dealer_sign));
    let Sums { gex, dex, dealer_dex, vanna_ex, charm_ex, vol_gex, .. } = exposure.total;
    let total = &exposure.total;
    let _ = writeln!(
        out,
        "  GEX        {:>10} $ a percent  (calls {}, puts {})",
        money(gex),
        money(total.call_gex),
        money(total.put_gex)
    );
    let _ = writeln!(
        out,
        "  by volume  {:>10} $ a percent  (the day's volume in place of open interest)",
        money(vol_gex)
    );
    let _ = writeln!(
        out,
        "  DEX        {:>10} $, holders  (calls {}, puts {})",
        money(dex),
        money(total.call_dex),
        money(total.put_dex)
    );
    let _ = writeln!(out, "  dealer DEX {:>10} $", money(dealer_dex));
    let _ = writeln!(out, "  vanna      {:>10} $ a vol point", money(vanna_ex));
    let _ = writeln!(out, "  charm      {:>10} $ a day", money(charm_ex));
    if let Some(put_call) = exposure.bucket(Bucket::All).map(|all| all.put_call) {
        let ratio = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
        let _ = writeln!(
            out,
            "  put/call   open interest {} ({} / {}), volume {}, premium {}",
            ratio(put_call.oi),
            total.put_oi,
            total.call_oi,
            ratio(put_call.volume),
            ratio(put_call.premium)
        );
    }
    if let Some(stated) = stated {
        let _ = write!(
            out,
            "  sum of the source's own gammas over all its {} rows: {}",
            stated.rows,
            money(stated.gex)
        );
        if stated.settled_rows > 0 {
            let _ = write!(
                out,
                " ({} of it in {} rows that were settled by then)",
                money(stated.settled_gex),
                stated.settled_rows
            );
        }
        let _ = writeln!(out);
    }
}

fn level(price: Option<Price>) -> String {
    price.map_or_else(|| "-".to_owned(), |price| price.to_string())
}

fn levels(out: &mut String, levels: &Levels, exposure: &ChainExposure) {
    let flip = match (levels.gamma_flip, levels.profile_positive) {
        (Some(flip), _) => format!("{flip:.2}"),
        (None, Some(true)) => "none: positive everywhere in range".to_owned(),
        (None, Some(false)) => "none: negative everywhere in range".to_owned(),
        (None, None) => "-".to_owned(),
    };
    let _ = writeln!(out, "\n  gamma flip {flip}");
    if levels.all_zeros.len() > 1 {
        let zeros: Vec<String> = levels
            .all_zeros
            .iter()
            .map(|zero| {
                format!("{:.2} {}", zero.spot, if zero.direction == Crossing::Up { "up" } else { "down" })
            })
            .collect();
        let _ = writeln!(out, "  all zeros  {}", zeros.join(", "));
    }
    let _ = writeln!(
        out,
        "  call wall  {} (net {})   put wall {} (net {})   largest |gamma| {}",
        level(levels.call_wall),
        level(levels.net_call_wall),
        level(levels.put_wall),
        level(levels.net_put_wall),
        level(levels.abs_gamma_strike)
    );
    if let Some(nearest) = exposure.by_expiry.first() {
        let _ = write!(out, "  {}: max pain {}", nearest.expiry, level(nearest.max_pain));
        if let Some(expected) = &nearest.expected_move {
            let dollars =
                |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
            let _ = write!(
                out,
                ", expected move ±{} (straddle {})",
                dollars(expected.one_sigma_from_atm_iv),
                dollars(expected.straddle_mid)
            );
        }
        let _ = writeln!(out);
    }
    if let Some(pin) = &exposure.pin {
        let _ = writeln!(
            out,
            "  pin        {} holds {:.0} % of today's gamma",
            pin.strike,
            pin.gamma_share * 100.0
        );
    }
}

/// Net exposure of the strikes nearest to spot: positive to the right, negative to the left.
fn bars(out: &mut String, strikes: &[StrikeExposure], levels: &Levels, spot: f64) {
    let mut near: Vec<&StrikeExposure> = strikes.iter().collect();
    near.sort_by(|left, right| {
        let distance = |one: &StrikeExposure| (one.strike.to_f64() - spot).abs();
        distance(left).total_cmp(&distance(right))
    });
    near.truncate(STRIKES);
    near.sort_by_key(|one| one.strike);
    let most = near.iter().map(|one| one.sums.gex.abs()).fold(0.0, f64::max);
    let _ = writeln!(out, "\n  GEX by strike, the {} nearest to spot", near.len());
    let mut shown = false;
    for one in near.iter().rev() {
        if !shown && one.strike.to_f64() <= spot {
            shown = true;
            let _ = writeln!(
                out,
                "  {:>9} {:>10} {:>WIDTH$}+{:WIDTH$}  spot {spot:.2}",
                "",
                "",
                "-".repeat(WIDTH),
                "-".repeat(WIDTH)
            );
        }
        let share = if most > 0.0 { one.sums.gex.abs() / most } else { 0.0 };
        let bar = "#".repeat((share * WIDTH as f64).round() as usize);
        let (left, right) = if one.sums.gex < 0.0 { (bar.as_str(), "") } else { ("", bar.as_str()) };
        let marks: Vec<&str> = [
            (levels.call_wall, "call wall"),
            (levels.put_wall, "put wall"),
            (levels.abs_gamma_strike, "largest |gamma|"),
        ]
        .into_iter()
        .filter(|(level, _)| *level == Some(one.strike))
        .map(|(_, name)| name)
        .collect();
        let line = format!(
            "  {:>9} {:>10} {left:>WIDTH$}|{right:<WIDTH$}  {}",
            one.strike.to_string(),
            money(one.sums.gex),
            marks.join(", ")
        );
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

fn buckets(out: &mut String, exposure: &ChainExposure) {
    let _ = writeln!(
        out,
        "\n  {:<8} {:>10} {:>10} {:>10} {:>10}",
        "expiries", "GEX", "by volume", "vanna", "charm"
    );
    for bucket in &exposure.buckets {
        let name = match bucket.bucket {
            Bucket::Zero => "0dte",
            Bucket::One => "1dte",
            Bucket::Fortnight => "<=14d",
            Bucket::All => "all",
        };
        let sums = &bucket.sums;
        let _ = writeln!(
            out,
            "  {name:<8} {:>10} {:>10} {:>10} {:>10}",
            money(sums.gex),
            money(sums.vol_gex),
            money(sums.vanna_ex),
            money(sums.charm_ex)
        );
    }
}

fn expiries(out: &mut String, exposure: &ChainExposure) {
    let _ = writeln!(
        out,
        "\n  {:<10} {:>7} {:>10} {:>9} {:>9} {:>9} {:>6} {:>7} {:>9}",
        "expiry", "days", "GEX", "calls oi", "puts oi", "forward", "iv %", "skew 25", "max pain"
    );
    for one in exposure.by_expiry.iter().take(EXPIRIES) {
        let number = |value: Option<f64>, digits: usize| {
            value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
        };
        let percent = |value: Option<f64>| value.map(|value| value * 100.0);
        let _ = writeln!(
            out,
            "  {:<10} {:>7.2} {:>10} {:>9} {:>9} {:>9} {:>6} {:>7} {:>9}",
            one.expiry.to_string(),
            one.minutes / 1_440.0,
            money(one.sums.gex),
            one.sums.call_oi,
            one.sums.put_oi,
            number(one.forward, 2),
            number(percent(one.atm_iv), 1),
            number(percent(one.skew_25), 1),
            level(one.max_pain)
        );
    }
    if exposure.by_expiry.len() > EXPIRIES {
        let _ = writeln!(out, "  and {} more", exposure.by_expiry.len() - EXPIRIES);
    }
}

fn unusual(out: &mut String, exposure: &ChainExposure) {
    let ranked: Vec<&Unusual> =
        exposure.unusual.iter().filter(|one| !one.zero_dte && !one.new_strike).collect();
    if ranked.is_empty() {
        return;
    }
    let many = if exposure.unusual.len() >= MOST_UNUSUAL { "at least " } else { "" };
    let _ = writeln!(out, "\n  unusual: volume above twice the open interest ({many}{})", ranked.len());
    for one in ranked.iter().take(UNUSUAL) {
        let ratio = one.ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.1}"));
        let _ = writeln!(
            out,
            "  {:<24} {ratio:>7} x  volume {:>7}, open {:>7}, premium {}",
            one.contract.label(),
            one.volume,
            one.open_interest,
            money(one.premium_usd)
        );
    }
}

/// Dollars with their sign, four digits and the unit: `+4.943bn`.
pub(crate) fn money(dollars: f64) -> String {
    let size = dollars.abs();
    let (scale, unit) = match size {
        size if size >= 1e9 => (1e9, "bn"),
        size if size >= 1e6 => (1e6, "mn"),
        size if size >= 1e3 => (1e3, "k"),
        _ => (1.0, ""),
    };
    let scaled = dollars / scale;
    let digits = match scaled.abs() {
        size if size >= 100.0 => 1,
        size if size >= 10.0 => 2,
        _ => 3,
    };
    format!("{scaled:+.digits$}{unit}")
}

#[cfg(test)]
mod tests {
    use super::money;

    #[test]
    fn dollars_keep_four_digits() {
        let written =
            [(4_942_837_216.4, "+4.943bn"), (-23_309_734_045.0, "-23.31bn"), (1_234_567.0, "+1.235mn")];
        for (dollars, text) in written {
            assert_eq!(money(dollars), text);
        }
        assert_eq!(
            (money(-999.4).as_str(), money(0.0).as_str(), money(250_000.0).as_str()),
            ("-999.4", "+0.000", "+250.0k")
        );
    }
}
