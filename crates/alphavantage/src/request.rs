//! What is asked: the functions of the one endpoint that the system uses, with their parameters.

use core::fmt;

use alphatrader_model::{OptionContract, Symbol, Timestamp};
use jiff::civil::Date;
use serde::Serialize;

use crate::key::ApiKey;

/// Symbols of one request of bulk quotes; the server drops further ones in silence.
pub const BULK: usize = 100;

/// A function of the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Function {
    /// A chain now. Premium, with real-time US market data.
    RealtimeOptions,
    /// A chain of a past session.
    HistoricalOptions,
    /// News with scores.
    NewsSentiment,
    /// Up to 100 quotes. Premium.
    RealtimeBulkQuotes,
    /// One quote; end of day without an entitlement.
    GlobalQuote,
    /// Which venues are open. A cross-check only: halts and half days are not in it.
    MarketStatus,
    /// When companies report. CSV only.
    EarningsCalendar,
    /// Three lists of 20.
    TopGainersLosers,
    /// Yields of the treasury by maturity.
    TreasuryYield,
    /// The overnight rate of the central bank.
    FederalFundsRate,
}

impl Function {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::RealtimeOptions,
        Self::HistoricalOptions,
        Self::NewsSentiment,
        Self::RealtimeBulkQuotes,
        Self::GlobalQuote,
        Self::MarketStatus,
        Self::EarningsCalendar,
        Self::TopGainersLosers,
        Self::TreasuryYield,
        Self::FederalFundsRate,
    ];

    /// Its name in an address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RealtimeOptions => "REALTIME_OPTIONS",
            Self::HistoricalOptions => "HISTORICAL_OPTIONS",
            Self::NewsSentiment => "NEWS_SENTIMENT",
            Self::RealtimeBulkQuotes => "REALTIME_BULK_QUOTES",
            Self::GlobalQuote => "GLOBAL_QUOTE",
            Self::MarketStatus => "MARKET_STATUS",
            Self::EarningsCalendar => "EARNINGS_CALENDAR",
            Self::TopGainersLosers => "TOP_GAINERS_LOSERS",
            Self::TreasuryYield => "TREASURY_YIELD",
            Self::FederalFundsRate => "FEDERAL_FUNDS_RATE",
        }
    }

    /// What its envelope calls itself, where it does.
    pub const fn endpoint(self) -> Option<&'static str> {
        match self {
            Self::RealtimeOptions => Some("Realtime Options"),
            Self::HistoricalOptions => Some("Historical Options"),
            Self::RealtimeBulkQuotes => Some("Realtime Bulk Quotes"),
            _ => None,
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Objects; every number a string.
    Json,
    /// A table, a third of the size.
    Csv,
}

/// Length of a treasury's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Maturity {
    /// 3 months.
    Month3,
    /// 2 years.
    Year2,
    /// 5 years.
    Year5,
    /// 7 years.
    Year7,
    /// 10 years.
    Year10,
    /// 30 years.
    Year30,
}

impl Maturity {
    /// All of them, shortest first.
    pub const ALL: [Self; 6] =
        [Self::Month3, Self::Year2, Self::Year5, Self::Year7, Self::Year10, Self::Year30];

    /// Its name in an address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Month3 => "3month",
            Self::Year2 => "2year",
            Self::Year5 => "5year",
            Self::Year7 => "7year",
            Self::Year10 => "10year",
            Self::Year30 => "30year",
        }
    }

    /// Years.
    pub const fn years(self) -> f64 {
        match self {
            Self::Month3 => 0.25,
            Self::Year2 => 2.0,
            Self::Year5 => 5.0,
            Self::Year7 => 7.0,
            Self::Year10 => 10.0,
            Self::Year30 => 30.0,
        }
    }
}

/// One request. Equal requests are the same data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Request {
    /// A chain now, always with Greeks.
    RealtimeOptions {
        /// Whose.
        symbol: Symbol,
        /// One expiry, today's or later; else all.
        expiration: Option<Date>,
        /// One contract alone.
        #[serde(skip_serializing_if = "Option::is_none")]
        contract: Option<OptionContract>,
        /// Form of the answer.
        format: Format,
    },
    /// A chain of a past session; without a date that of the last.
    HistoricalOptions {
        /// Whose.
        symbol: Symbol,
        /// Of which session, from 2008 on.
        date: Option<Date>,
        /// Form of the answer.
        format: Format,
    },
    /// News of one symbol, or of the financial markets where none is named. Several symbols in one request would
    /// ask for articles that mention all of them.
    NewsSentiment {
        /// Of which symbol.
        symbol: Option<Symbol>,
        /// Only what was published since, UTC.
        since: Option<Timestamp>,
    },
    /// Quotes of up to [`BULK`] symbols.
    RealtimeBulkQuotes {
        /// Which.
        symbols: Vec<Symbol>,
    },
    /// One quote.
    GlobalQuote {
        /// Which.
        symbol: Symbol,
    },
    /// Which venues are open.
    MarketStatus,
    /// When companies report within three months.
    EarningsCalendar {
        /// Of one symbol; else of all.
        symbol: Option<Symbol>,
    },
    /// Movers of the day.
    TopGainersLosers,
    /// Daily yields of one maturity.
    TreasuryYield {
        /// Which.
        maturity: Maturity,
    },
    /// The daily overnight rate.
    FederalFundsRate,
}

impl Request {
    /// Which function it calls.
    pub const fn function(&self) -> Function {
        match self {
            Self::RealtimeOptions { .. } => Function::RealtimeOptions,
            Self::HistoricalOptions { .. } => Function::HistoricalOptions,
            Self::NewsSentiment { .. } => Function::NewsSentiment,
            Self::RealtimeBulkQuotes { .. } => Function::RealtimeBulkQuotes,
            Self::GlobalQuote { .. } => Function::GlobalQuote,
            Self::MarketStatus => Function::MarketStatus,
            Self::EarningsCalendar { .. } => Function::EarningsCalendar,
            Self::TopGainersLosers => Function::TopGainersLosers,
            Self::TreasuryYield { .. } => Function::TreasuryYield,
            Self::FederalFundsRate => Function::FederalFundsRate,
        }
    }

    /// The one symbol that it is about.
    pub const fn symbol(&self) -> Option<Symbol> {
        match self {
            Self::RealtimeOptions { symbol, .. }
            | Self::HistoricalOptions { symbol, .. }
            | Self::GlobalQuote { symbol } => Some(*symbol),
            Self::NewsSentiment { symbol, .. } | Self::EarningsCalendar { symbol } => *symbol,
            _ => None,
        }
    }

    /// The one expiry that it asks for.
    pub const fn expiration(&self) -> Option<Date> {
        match self {
            Self::RealtimeOptions { expiration, .. } => *expiration,
            _ => None,
        }
    }

    /// Form of the answer.
    pub const fn format(&self) -> Format {
        match self {
            Self::RealtimeOptions { format, .. } | Self::HistoricalOptions { format, .. } => *format,
            Self::EarningsCalendar { .. } => Format::Csv,
            _ => Format::Json,
        }
    }

    /// The parameters behind the `?`, without the key.
    pub fn query(&self) -> String {
        let mut out = format!("function={}", self.function());
        let mut add = |name: &str, value: &dyn fmt::Display| {
            out.push('&');
            out.push_str(name);
            out.push('=');
            escape(&mut out, &value.to_string());
        };
        match self {
            Self::RealtimeOptions { symbol, expiration, contract, .. } => {
                add("symbol", symbol);
                add("require_greeks", &"true");
                if let Some(date) = expiration {
                    add("expiration", date);
                }
                if let Some(contract) = contract {
                    add("contract", contract);
                }
            }
            Self::HistoricalOptions { symbol, date, .. } => {
                add("symbol", symbol);
                if let Some(date) = date {
                    add("date", date);
                }
            }
            Self::NewsSentiment { symbol, since } => {
                match symbol {
                    Some(symbol) => add("tickers", symbol),
                    None => add("topics", &"financial_markets"),
                }
                if let Some(since) = since {
                    add("time_from", &minute(*since));
                }
                add("sort", &"LATEST");
                add("limit", &200);
            }
            Self::RealtimeBulkQuotes { symbols } => {
                let names: Vec<&str> = symbols.iter().take(BULK).map(Symbol::as_str).collect();
                add("symbol", &names.join(","));
            }
            Self::GlobalQuote { symbol } => {
                add("symbol", symbol);
                add("entitlement", &"realtime");
            }
            Self::EarningsCalendar { symbol } => {
                if let Some(symbol) = symbol {
                    add("symbol", symbol);
                }
                add("horizon", &"3month");
            }
            Self::TreasuryYield { maturity } => {
                add("interval", &"daily");
                add("maturity", &maturity.name());
            }
            Self::FederalFundsRate => add("interval", &"daily"),
            Self::MarketStatus | Self::TopGainersLosers => {}
        }
        if self.format() == Format::Csv && self.function() != Function::EarningsCalendar {
            add("datatype", &"csv");
        }
        out
    }

    /// The whole address. Carries the key: never to be logged.
    pub(crate) fn address(&self, base: &str, key: &ApiKey) -> String {
        format!("{}?{}&apikey={}", base.trim_end_matches('?'), self.query(), key.expose())
    }
}

/// For logs: the parameters, never the key.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.query())
    }
}

/// `YYYYMMDDTHHMM`, UTC.
fn minute(instant: Timestamp) -> String {
    // "2026-09-08T14:30:00Z"
    let text = instant.floor_to(alphatrader_model::Span::MINUTE).to_string();
    text.chars().filter(|c| *c != '-' && *c != ':').take("20260908T1430".len()).collect()
}

/// Everything but letters, digits and `-._~,` as `%XX` (RFC 3986; the comma separates symbols).
fn escape(out: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b',') {
            out.push(char::from(byte));
        } else {
            let digit = |nibble: u8| char::from(b"0123456789ABCDEF"[usize::from(nibble)]);
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spy() -> Symbol {
        Symbol::new("SPY").unwrap()
    }

    #[test]
    fn addresses_are_those_of_the_documentation() {
        let chain = Request::RealtimeOptions {
            symbol: spy(),
            expiration: Some(Date::new(2026, 11, 23).unwrap()),
            contract: None,
            format: Format::Csv,
        };
        assert_eq!(
            chain.query(),
            "function=REALTIME_OPTIONS&symbol=SPY&require_greeks=true&expiration=2026-11-23&datatype=csv"
        );
        let news = Request::NewsSentiment {
            symbol: Some(spy()),
            since: Some("2026-09-08T14:30:59Z".parse().unwrap()),
        };
        assert_eq!(
            news.query(),
            "function=NEWS_SENTIMENT&tickers=SPY&time_from=20260908T1430&sort=LATEST&limit=200"
        );
        let bulk = Request::RealtimeBulkQuotes { symbols: vec![spy(), Symbol::new("BRK.B").unwrap()] };
        assert_eq!(bulk.query(), "function=REALTIME_BULK_QUOTES&symbol=SPY,BRK.B");
        let historical = Request::HistoricalOptions { symbol: spy(), date: None, format: Format::Json };
        assert_eq!(historical.query(), "function=HISTORICAL_OPTIONS&symbol=SPY");
        let one = Request::RealtimeOptions {
            symbol: spy(),
            expiration: None,
            contract: "SPY261123C00585000".parse().ok(),
            format: Format::Json,
        };
        assert!(one.query().ends_with("&contract=SPY261123C00585000"));
        assert!(Request::TreasuryYield { maturity: Maturity::Month3 }.query().ends_with("maturity=3month"));
        assert_eq!(
            Request::EarningsCalendar { symbol: None }.query(),
            "function=EARNINGS_CALENDAR&horizon=3month"
        );
    }

    #[test]
    fn the_key_is_in_the_address_alone() {
        let key = ApiKey::new("TOPSECRET").unwrap();
        let request = Request::MarketStatus;
        assert_eq!(
            request.address("http://127.0.0.1:1/query", &key),
            "http://127.0.0.1:1/query?function=MARKET_STATUS&apikey=TOPSECRET"
        );
        assert!(!format!("{request} {request:?}").contains("TOPSECRET"));
    }

    #[test]
    fn blanks_are_escaped() {
        let mut out = String::new();
        escape(&mut out, "BRK B&x=1");
        assert_eq!(out, "BRK%20B%26x%3D1");
    }
}
