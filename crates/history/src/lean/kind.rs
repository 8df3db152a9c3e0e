//! What kind of file it is, from its name and from its content.
//!
//! Names help (`20131007_spy_Trade_Tick.csv` inside, `tick/spy/20131007_trade.zip` outside); where
//! content and name disagree, content wins. Only what content cannot tell is taken from names: the
//! symbol, the day, and seconds from minutes where every stamp is a whole minute.

use core::fmt;
use std::path::Path;

use alphatrader_model::{Span, Symbol};
use jiff::civil::Date;
use serde::{Serialize, Serializer};

/// What a file is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Security {
    /// Stocks and funds.
    #[default]
    Equity,
    /// Options.
    Option,
    /// Whatever else LEAN has folders for.
    Other,
}

/// Length of a row, finest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Resolution {
    /// Every change.
    #[default]
    Tick,
    /// A second.
    Second,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Daily,
}

/// What the rows say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Data {
    /// Trades, one by one or as bars.
    #[default]
    Trade,
    /// Best bid and offer.
    Quote,
    /// Open interest.
    OpenInterest,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Kind {
    /// What it is about.
    pub security: Security,
    /// Length of a row.
    pub resolution: Resolution,
    /// What the rows say.
    pub data: Data,
}

/// A file of LEAN's and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeanFile {
    /// Its kind.
    pub kind: Kind,
    /// Of whom.
    pub symbol: Symbol,
    /// Of which exchange day.
    pub date: Date,
}

impl Resolution {
    /// Length of a row; nothing for ticks.
    pub const fn span(self) -> Option<Span> {
        match self {
            Self::Tick => None,
            Self::Second => Some(Span::SECOND),
            Self::Minute => Some(Span::MINUTE),
            Self::Hour => Some(Span::from_minutes(60)),
            Self::Daily => Some(Span::from_minutes(24 * 60)),
        }
    }
}

impl Kind {
    /// Its name where programs read: `lean-equity-tick-trade`.
    pub const fn name(self) -> &'static str {
        match (self.resolution, self.data) {
            (Resolution::Tick, Data::Trade) => "lean-equity-tick-trade",
            (Resolution::Tick, Data::Quote) => "lean-equity-tick-quote",
            (Resolution::Second, Data::Trade) => "lean-equity-second-trade",
            (Resolution::Second, Data::Quote) => "lean-equity-second-quote",
            (Resolution::Minute, Data::Trade) => "lean-equity-minute-trade",
            (Resolution::Minute, Data::Quote) => "lean-equity-minute-quote",
            _ => "unknown",
        }
    }
}

/// By its name.
impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// As a person says it: `trade ticks`, `one-second quotes`.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.resolution, self.data) {
            (_, Data::OpenInterest) => "open interest",
            (Resolution::Tick, Data::Trade) => "trade ticks",
            (Resolution::Tick, Data::Quote) => "quote ticks",
            (Resolution::Second, Data::Trade) => "one-second bars",
            (Resolution::Second, Data::Quote) => "one-second quotes",
            (Resolution::Minute, Data::Trade) => "one-minute bars",
            (Resolution::Minute, Data::Quote) => "one-minute quotes",
            (Resolution::Hour, Data::Trade) => "hourly bars",
            (Resolution::Hour, Data::Quote) => "hourly quotes",
            (Resolution::Daily, Data::Trade) => "daily bars",
            (Resolution::Daily, Data::Quote) => "daily quotes",
        })
    }
}

/// What names say of a file; content and other names may add to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Named {
    pub(crate) security: Option<Security>,
    pub(crate) resolution: Option<Resolution>,
    pub(crate) data: Option<Data>,
    pub(crate) symbol: Option<Symbol>,
    pub(crate) date: Option<Date>,
}

impl Named {
    /// What the name of an entry says: `20131007_spy_Trade_Tick.csv`.
    pub(crate) fn from_entry(name: &str) -> Self {
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let stem = file.split('.').next().unwrap_or(file);
        let mut named = Self::default();
        for (at, word) in stem.split('_').enumerate() {
            if !named.learn(word) && at <= 1 && named.symbol.is_none() {
                named.symbol = Symbol::new(&word.to_ascii_uppercase()).ok();
            }
        }
        named
    }

    /// What the path of a file says: `equity/usa/tick/spy/20131007_trade.zip`.
    pub(crate) fn from_path(path: &Path) -> Self {
        let mut named =
            path.file_name().map_or_else(Self::default, |name| Self::from_entry(&name.to_string_lossy()));
        let mut folders = path.parent().into_iter().flat_map(Path::components).rev();
        let folder = |name: std::path::Component<'_>| name.as_os_str().to_string_lossy().into_owned();
        let Some(nearest) = folders.next().map(folder) else { return named };
        let mut inside = Self::default();
        if !inside.learn(&nearest) && named.symbol.is_none() {
            named.symbol = Symbol::new(&nearest.to_ascii_uppercase()).ok();
        }
        for name in folders.take(3).map(folder) {
            inside.learn(&name);
        }
        named.or(Self { symbol: None, date: None, ..inside })
    }

    /// What is known here, and else what is known there.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            security: self.security.or(other.security),
            resolution: self.resolution.or(other.resolution),
            data: self.data.or(other.data),
            symbol: self.symbol.or(other.symbol),
            date: self.date.or(other.date),
        }
    }

    /// Whether a word of a name says something; if so, keeps it.
    fn learn(&mut self, word: &str) -> bool {
        let word = word.to_ascii_lowercase();
        match word.as_str() {
            "tick" => _ = self.resolution.get_or_insert(Resolution::Tick),
            "second" => _ = self.resolution.get_or_insert(Resolution::Second),
            "minute" => _ = self.resolution.get_or_insert(Resolution::Minute),
            "hour" => _ = self.resolution.get_or_insert(Resolution::Hour),
            "daily" => _ = self.resolution.get_or_insert(Resolution::Daily),
            "trade" => _ = self.data.get_or_insert(Data::Trade),
            "quote" => _ = self.data.get_or_insert(Data::Quote),
            "openinterest" => _ = self.data.get_or_insert(Data::OpenInterest),
            "equity" => _ = self.security.get_or_insert(Security::Equity),
            "call" | "put" | "option" | "american" | "european" => {
                _ = self.security.get_or_insert(Security::Option);
            }
            "index" | "indexoption" | "forex" | "cfd" | "crypto" | "future" | "futureoption" => {
                _ = self.security.get_or_insert(Security::Other);
            }
            _ => match day(&word) {
                Some(date) => _ = self.date.get_or_insert(date),
                None => return false,
            },
        }
        true
    }
}

/// `20131007`.
fn day(word: &str) -> Option<Date> {
    if word.len() != 8 || !word.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Date::new(word[..4].parse().ok()?, word[4..6].parse().ok()?, word[6..].parse().ok()?).ok()
}

/// What the first lines of a file show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    TradeTick,
    QuoteTick,
    /// Bars of trades, and whether every stamp is a whole minute.
    TradeBar {
        minutes: bool,
    },
    /// Bars of quotes, and whether every stamp is a whole minute.
    QuoteBar {
        minutes: bool,
    },
    /// Rows with a date: hours and days.
    Dated,
    OpenInterest,
    /// Prices with a decimal point.
    Decimal,
}

/// Lines looked at.
const LOOKED_AT: usize = 64;

impl Shape {
    /// What the first bytes of a file show; nothing when they look like nothing known.
    pub(crate) fn of(start: &[u8]) -> Option<Self> {
        let whole = start.iter().rposition(|byte| *byte == b'\n').map_or(start, |end| &start[..end]);
        let lines = whole.split(|byte| *byte == b'\n').take(LOOKED_AT);
        let mut found: Option<Self> = None;
        for line in lines {
            let Some(shape) = Self::of_line(line.strip_suffix(b"\r").unwrap_or(line)) else { continue };
            found = Some(match (found, shape) {
                (None, shape) => shape,
                (Some(Self::TradeBar { minutes: true }), Self::TradeBar { minutes: false }) => shape,
                (Some(Self::QuoteBar { minutes: true }), Self::QuoteBar { minutes: false }) => shape,
                (Some(found), _) => found,
            });
        }
        found
    }

    fn of_line(line: &[u8]) -> Option<Self> {
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b',').take(12).collect();
        let digits = |field: &[u8]| !field.is_empty() && field.iter().all(u8::is_ascii_digit);
        let numeric = |field: &&[u8]| field.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
        let word = |field: &[u8]| field.iter().all(u8::is_ascii_uppercase);
        let first = fields.first()?;
        if first.len() == 14 && first[8] == b' ' && digits(&first[..8]) {
            return Some(Self::Dated);
        }
        if !digits(first) {
            return None;
        }
        if fields[1..].iter().all(numeric) && fields.iter().any(|field| field.contains(&b'.')) {
            return Some(Self::Decimal);
        }
        let minutes = whole_minutes(first);
        match fields.len() {
            2 if digits(fields[1]) => Some(Self::OpenInterest),
            6 if word(fields[3]) => Some(Self::TradeTick),
            6 if fields.iter().all(|field| digits(field)) => Some(Self::TradeBar { minutes }),
            8 if word(fields[5]) && fields[1..5].iter().all(numeric) => Some(Self::QuoteTick),
            11 if fields.iter().all(numeric) => Some(Self::QuoteBar { minutes }),
            _ => None,
        }
    }
}

fn whole_minutes(stamp: &[u8]) -> bool {
    let text = core::str::from_utf8(stamp).ok();
    text.and_then(|text| text.parse::<u64>().ok()).is_some_and(|millis| millis % 60_000 == 0)
}

/// What a file is, from what names say and what its first lines show.
///
/// # Errors
/// In words: what is not known of it, or why its kind is not read.
pub(crate) fn conclude(named: Named, shape: Option<Shape>) -> Result<LeanFile, String> {
    if named.security == Some(Security::Option) {
        let data = named.data.map_or("data", |data| match data {
            Data::Trade => "trades",
            Data::Quote => "quotes",
            Data::OpenInterest => "open interest",
        });
        return Err(format!(
            "LEAN option {data}: part of a chain, which is not played; `alphatrader options chain` shows it"
        ));
    }
    let (resolution, data) = match shape {
        _ if named.security == Some(Security::Other) => {
            return Err("LEAN data of something else than stocks: this kind of file is not read yet".into());
        }
        Some(Shape::TradeTick) => (Resolution::Tick, Data::Trade),
        Some(Shape::QuoteTick) => (Resolution::Tick, Data::Quote),
        Some(Shape::TradeBar { minutes }) => (length(named.resolution, minutes), Data::Trade),
        Some(Shape::QuoteBar { minutes }) => (length(named.resolution, minutes), Data::Quote),
        Some(Shape::Dated) => {
            return Err("LEAN hourly or daily bars: this kind of file is not read yet".into());
        }
        Some(Shape::OpenInterest) => {
            return Err("LEAN open interest: this kind of file is not read yet".into());
        }
        Some(Shape::Decimal) => {
            return Err("prices with a decimal point (LEAN writes indices, currencies and crypto so): this kind of file is not read yet".into());
        }
        None => match (named.resolution, named.data) {
            (Some(resolution @ (Resolution::Tick | Resolution::Second | Resolution::Minute)), Some(data))
                if data != Data::OpenInterest =>
            {
                (resolution, data)
            }
            _ => return Err("its lines are like none of the kinds that are read".into()),
        },
    };
    let symbol = named.symbol.ok_or(
        "neither its name nor its entry's name says of which symbol it is; LEAN names them like spy/20131007_trade.zip",
    )?;
    let date = named.date.ok_or(
        "neither its name nor its entry's name says of which day it is; LEAN names them like 20131007_trade.zip",
    )?;
    let security = named.security.unwrap_or_default();
    Ok(LeanFile { kind: Kind { security, resolution, data }, symbol, date })
}

/// Seconds or minutes: a stamp inside a minute proves seconds, else the name decides.
fn length(named: Option<Resolution>, minutes: bool) -> Resolution {
    match named {
        Some(Resolution::Second) => Resolution::Second,
        _ if minutes => Resolution::Minute,
        _ => Resolution::Second,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn named(path: &str, entry: &str) -> Named {
        Named::from_entry(entry).or(Named::from_path(Path::new(path)))
    }

    #[test]
    fn names_say_kind_symbol_and_day() {
        let inside = Named::from_entry("20131007_spy_Trade_Tick.csv");
        let outside = Named::from_path(Path::new("/lean/equity/usa/tick/spy/20131007_trade.zip"));
        for name in [inside, outside] {
            assert_eq!(name.symbol, Some(Symbol::new("SPY").unwrap()), "{name:?}");
            assert_eq!(name.date, Some(date(2013, 10, 7)));
            assert_eq!((name.resolution, name.data), (Some(Resolution::Tick), Some(Data::Trade)));
        }
        assert_eq!(outside.security, Some(Security::Equity));
        let option = Named::from_entry("20151224_goog_minute_quote_american_call_10000000_20151231.csv");
        assert_eq!((option.security, option.date), (Some(Security::Option), Some(date(2015, 12, 24))));
        assert_eq!(Named::from_path(Path::new("x.zip")).symbol, Some(Symbol::new("X").unwrap()));
        assert_eq!(Named::from_entry("20139907_spy.csv").date, None);
    }

    #[test]
    fn content_decides_over_names() {
        let trade = b"14400464,1674100,100,P,20002000,0\r\n14400465,16741";
        assert_eq!(Shape::of(trade), Some(Shape::TradeTick));
        let file = conclude(named("a/20131008_quote.zip", "20131007_spy_minute_quote.csv"), Shape::of(trade));
        let file = file.unwrap();
        assert_eq!((file.kind.resolution, file.kind.data), (Resolution::Tick, Data::Trade));
        assert_eq!(file.date, date(2013, 10, 7));
        let seconds = Shape::of(b"14400000,1,1,1,1,9\n14401000,1,1,1,1,9\n");
        assert_eq!(seconds, Some(Shape::TradeBar { minutes: false }));
        let file = conclude(named("minute/spy/20131007_trade.zip", "x.csv"), seconds).unwrap();
        assert_eq!(file.kind.resolution, Resolution::Second);
        let quotes = Shape::of(b"rubbish\n14400000,1,1,1,1,9,,,,,0\n");
        assert_eq!(quotes, Some(Shape::QuoteBar { minutes: true }));
        let file = conclude(named("second/spy/20131007_trade.zip", "x.csv"), quotes).unwrap();
        assert_eq!(file.kind.name(), "lean-equity-second-quote");
    }

    #[test]
    fn what_is_not_read_is_called_by_its_name() {
        let refusal = |name, bytes: &[u8]| conclude(named("a/b.zip", name), Shape::of(bytes)).unwrap_err();
        assert!(
            refusal("20151224_goog_minute_quote_american_call_1_20151231.csv", b"").contains("option quotes")
        );
        assert!(
            refusal("spy.csv", b"19980102 00:00,973100,975300,965300,973600,2150000\n").contains("daily")
        );
        assert!(
            refusal("20230626_spx_minute_trade.csv", b"30600000,4343.63,4345.73,4342.58,4345.01,0\n")
                .contains("decimal")
        );
        assert!(refusal("a.csv", b"hello,world\n").contains("none of the kinds"));
        assert!(refusal("toolongasymbol_.csv", b"1,1674100,100,P,1,0\n").contains("of which day"));
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_shape_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..200), name in ".{0,30}") {
            let shape = Shape::of(&bytes);
            let _ = conclude(named(&name, &name), shape);
        }
    }
}
