//! A saved answer of Alpha Vantage as a chain. It names no price of the underlying and no instant but its date.

use std::io::Read as _;
use std::path::Path;

use alphatrader_alphavantage::options::{Asked, Decoded, decode};
use alphatrader_alphavantage::{ApiKey, Format, Function, Spot};
use alphatrader_history::chain::{Ask, ChainKind, Reading, SpotFrom};
use alphatrader_history::unpacked;
use alphatrader_model::{Calendar, Price, Symbol};
use jiff::civil::Date;

use crate::failure::Failure;

/// Bytes that an answer may have: the largest seen has 6 MB.
const MOST_BYTES: u64 = 64 << 20;
/// Bytes that are looked through for symbol and date.
const LOOKED_AT: usize = 4_096;

/// Reads one.
///
/// # Errors
/// Why it was refused, whole: the class of the answer, or the rule that it broke.
pub(crate) fn read(
    path: &Path,
    ask: &Ask,
    spot: Option<Price>,
    rate: f64,
    calendar: &Calendar,
) -> Result<Reading, Failure> {
    let failed = |why: String| Failure::new(format!("{}: {why}", path.display()));
    let mut body = Vec::new();
    unpacked(path)
        .and_then(|bytes| bytes.take(MOST_BYTES + 1).read_to_end(&mut body))
        .map_err(|error| failed(format!("cannot be read: {error}")))?;
    if body.len() as u64 > MOST_BYTES {
        return Err(failed(format!("more than {MOST_BYTES} bytes")));
    }
    let start = String::from_utf8_lossy(&body[..body.len().min(LOOKED_AT)]).into_owned();
    let format = if start.trim_start().starts_with('{') { Format::Json } else { Format::Csv };
    let stated = Stated::of(&start, format);
    let symbol = ask
        .symbol
        .or(stated.symbol)
        .ok_or_else(|| failed("its rows do not say whose options they are: say it with --symbol".into()))?;
    let date = ask
        .date
        .or(stated.date)
        .ok_or_else(|| failed("its rows do not say of which day they are: say it with --date".into()))?;
    let key = ApiKey::new("demo").map_err(|error| failed(error.to_string()))?;
    let asked = Asked {
        function: if stated.historical { Function::HistoricalOptions } else { Function::RealtimeOptions },
        format,
        symbol,
        expiration: None,
        received: ask.within(date, calendar),
        spot: spot.map(Spot::at),
        rate,
        calendar,
        key: &key,
    };
    let chain = match decode(&body, &asked) {
        Decoded::Chain(chain) => *chain,
        Decoded::Verdict(verdict) => {
            let words = if verdict.text.is_empty() { String::new() } else { format!(": {}", verdict.text) };
            return Err(failed(format!("no chain but {}{words}", verdict.class.name())));
        }
        Decoded::Refused(rule, rejections) => {
            let counts: Vec<String> =
                rejections.fields().map(|(name, count)| format!("{name} {count}")).collect();
            return Err(failed(format!("the chain is refused: {} ({})", rule.name(), counts.join(", "))));
        }
    };
    let mut notes: Vec<String> =
        vec!["the instant is that of its date's close, or of --at: it states none".into()];
    for (name, count) in chain.rejections.fields().filter(|(name, count)| *count > 0 && *name != "accepted") {
        notes.push(format!("{count} rows: {name}"));
    }
    Ok(Reading {
        kind: Some(ChainKind::AlphaVantage),
        snapshot: chain.snapshot,
        spot_from: SpotFrom::Nowhere,
        files: vec![path.to_owned()],
        malformed: 0,
        examples: Vec::new(),
        partial: false,
        others: Vec::new(),
        notes,
    })
}

/// What the first row says.
struct Stated {
    symbol: Option<Symbol>,
    date: Option<Date>,
    historical: bool,
}

impl Stated {
    fn of(start: &str, format: Format) -> Self {
        let historical = start.contains("Historical Options");
        let (symbol, date) = match format {
            Format::Json => (value(start, "\"symbol\""), value(start, "\"date\"")),
            Format::Csv => {
                let mut lines = start.lines();
                let names: Vec<&str> = lines.next().unwrap_or_default().split(',').map(str::trim).collect();
                let row: Vec<&str> = lines.next().unwrap_or_default().split(',').map(str::trim).collect();
                let field = |name: &str| {
                    names.iter().position(|known| *known == name).and_then(|at| row.get(at).copied())
                };
                (field("symbol"), field("date"))
            }
        };
        Self {
            symbol: symbol.and_then(|text| Symbol::new(text).ok()),
            date: date.and_then(|text| text.parse().ok()),
            historical,
        }
    }
}

/// The text behind the first key of this name.
fn value<'a>(json: &'a str, key: &str) -> Option<&'a str> {
    let rest = &json[json.find(key)? + key.len()..];
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    rest.split('"').next()
}
