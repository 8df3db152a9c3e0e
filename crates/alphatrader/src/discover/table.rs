//! What was found, as a table for people: each value beside its default, and why.

use std::fmt::Write as _;

use alphatrader_model::Discovered;
use alphatrader_model::discovered::{Parameter, RegimeParameters, SymbolParameters};

/// One line.
struct Row {
    symbol: String,
    name: &'static str,
    value: String,
    default: String,
    status: &'static str,
    confidence: String,
    why: String,
}

/// The whole.
pub(super) fn text(found: &Discovered) -> String {
    let mut rows = vec![Row {
        symbol: "symbol".into(),
        name: "parameter",
        value: "value".into(),
        default: "default".into(),
        status: "status",
        confidence: "stability".into(),
        why: "why".into(),
    }];
    for (symbol, of) in &found.symbols {
        rows.extend(of_symbol(&symbol.to_string(), of));
    }
    rows.push(correlation(found));
    let width = |of: &dyn Fn(&Row) -> usize| rows.iter().map(of).max().unwrap_or(0);
    let symbol = width(&|row| row.symbol.len());
    let name = width(&|row| row.name.len());
    let value = width(&|row| row.value.len());
    let default = width(&|row| row.default.len());
    let mut out = String::new();
    for row in &rows {
        let Row { status, confidence, why, .. } = row;
        let line = format!(
            "{:symbol$}  {:name$}  {:>value$}  {:>default$}  {status:8}  {confidence:>9}  {why}",
            row.symbol, row.name, row.value, row.default
        );
        let _ = writeln!(out, "{}", line.trim_end());
    }
    let data = &found.data;
    let ends = data.first.zip(data.last).map_or_else(String::new, |(a, b)| format!(" from {a} to {b}"));
    let left = data.sessions_excluded.len();
    let _ = writeln!(
        out,
        "{} sessions{ends}, {left} left out; {} data, {}; valid until {}",
        data.sessions_used, data.source, data.feed, found.valid_until
    );
    let _ = writeln!(
        out,
        "In force is what is accepted or limited; else the configuration. Stability is how often the choice comes\n\
         again when sessions are drawn anew, not a chance of profit."
    );
    out
}

fn of_symbol(symbol: &str, of: &SymbolParameters) -> Vec<Row> {
    let vpin = &of.vpin;
    let named = [
        ("vpin.bucket_volume", &vpin.bucket_volume),
        ("vpin.window", &vpin.window),
        ("vpin.alert_cdf", &vpin.alert_cdf),
        ("vpin.sigma_lambda", &vpin.sigma_lambda),
        ("temporal.lookback_bars", &of.temporal.lookback_bars),
        ("sweep_floor", &of.sweep_floor),
        ("iceberg_background_rate", &of.iceberg_background_rate),
        ("iceberg_refill_rate", &of.iceberg_refill_rate),
    ];
    let mut rows: Vec<Row> =
        named.into_iter().map(|(name, parameter)| row(symbol, name, parameter)).collect();
    rows.push(regimes(symbol, &of.regimes));
    rows.push(Row {
        symbol: symbol.into(),
        name: "market_makers",
        value: of.market_makers.makers.len().to_string(),
        default: String::new(),
        status: of.market_makers.status.name(),
        confidence: String::new(),
        why: of.market_makers.reasons.join(", "),
    });
    rows
}

fn row(symbol: &str, name: &'static str, of: &Parameter) -> Row {
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value}"));
    let mut why = of.reasons.join(", ");
    for (test, label) in [("placebo_p_holm", "p"), ("confirmation_p", "confirmed p")] {
        if let Some(p) = of.tests.get(test) {
            let _ = write!(why, "{}{label} {p:.3}", if why.is_empty() { "" } else { "; " });
        }
    }
    Row {
        symbol: symbol.into(),
        name,
        value: number(of.value),
        default: number(of.default),
        status: of.status.name(),
        confidence: of.confidence.map_or_else(String::new, |share| format!("{share:.2}")),
        why,
    }
}

fn regimes(symbol: &str, of: &RegimeParameters) -> Row {
    let mut why = of.reasons.join(", ");
    if let Some(gain) = of.oos_logscore_gain {
        let _ = write!(why, "{}score beyond GARCH {gain:.4} a bar", if why.is_empty() { "" } else { "; " });
    }
    Row {
        symbol: symbol.into(),
        name: "regimes.k",
        value: if of.k == 0 { "-".into() } else { of.k.to_string() },
        default: "1".into(),
        status: of.status.name(),
        confidence: of.confidence.map_or_else(String::new, |share| format!("{share:.2}")),
        why,
    }
}

fn correlation(found: &Discovered) -> Row {
    let of = &found.correlation;
    let mut why = of.reasons.join(", ");
    let dropped: Vec<String> =
        of.dropped.iter().map(|(symbol, reason)| format!("{symbol}: {reason}")).collect();
    if !dropped.is_empty() {
        let _ = write!(why, "{}left out {}", if why.is_empty() { "" } else { "; " }, dropped.join(", "));
    }
    Row {
        symbol: "all".into(),
        name: "correlation",
        value: if of.method.is_empty() { "-".into() } else { of.method.clone() },
        default: "ledoit_wolf_5m".into(),
        status: of.status.name(),
        confidence: String::new(),
        why,
    }
}
