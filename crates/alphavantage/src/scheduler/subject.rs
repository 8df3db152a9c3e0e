//! What is followed, and how much it matters.

use core::fmt;

use alphatrader_model::{Span, Symbol};
use jiff::civil::Date;
use serde::{Serialize, Serializer};

use super::cadence::Phase;
use crate::request::{Function, Maturity};
use crate::settings::Cadence;

/// Priority of a request, the first the most important. Inside a class the earliest deadline goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Class {
    /// Chains of symbols with an open position or a live signal.
    P0,
    /// Nearest expiries.
    P1,
    /// Whole chains.
    P2,
    /// Bulk quotes: a fallback, the broker is the first source.
    P3,
    /// News.
    P4,
    /// Rates, earnings, movers, market status: only below 60 % use of the window.
    P5,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::P0, Self::P1, Self::P2, Self::P3, Self::P4, Self::P5];

    /// One class up.
    pub(crate) const fn up(self) -> Self {
        match self {
            Self::P0 | Self::P1 => Self::P0,
            Self::P2 => Self::P1,
            Self::P3 => Self::P2,
            Self::P4 => Self::P3,
            Self::P5 => Self::P4,
        }
    }

    /// Attempts for one refresh.
    pub(crate) const fn attempts(self) -> u32 {
        match self {
            Self::P0 | Self::P1 => 3,
            Self::P2 | Self::P3 => 4,
            Self::P4 | Self::P5 => 5,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::P0 => "P0",
            Self::P1 => "P1",
            Self::P2 => "P2",
            Self::P3 => "P3",
            Self::P4 => "P4",
            Self::P5 => "P5",
        })
    }
}

/// One thing that is followed. There is at most one request for it on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The nearest expiry of a symbol (0), or the one after it (1).
    Expiry(Symbol, u8),
    /// The whole chain.
    Chain(Symbol),
    /// The n-th hundred of symbols.
    Quotes(u8),
    /// News of a symbol, or of the market.
    News(Option<Symbol>),
    /// Which venues are open.
    MarketStatus,
    /// Movers of the day.
    Movers,
    /// When companies report.
    Earnings,
    /// A yield.
    Yield(Maturity),
    /// The overnight rate.
    FundsRate,
    /// One expiry by its date, asked for once by somebody.
    Once(Symbol, Option<Date>),
}

impl Subject {
    /// Which function serves it.
    pub const fn function(self) -> Function {
        match self {
            Self::Expiry(..) | Self::Chain(_) | Self::Once(..) => Function::RealtimeOptions,
            Self::Quotes(_) => Function::RealtimeBulkQuotes,
            Self::News(_) => Function::NewsSentiment,
            Self::MarketStatus => Function::MarketStatus,
            Self::Movers => Function::TopGainersLosers,
            Self::Earnings => Function::EarningsCalendar,
            Self::Yield(_) => Function::TreasuryYield,
            Self::FundsRate => Function::FederalFundsRate,
        }
    }

    /// Whose it is.
    pub const fn symbol(self) -> Option<Symbol> {
        match self {
            Self::Expiry(symbol, _) | Self::Chain(symbol) | Self::Once(symbol, _) => Some(symbol),
            Self::News(symbol) => symbol,
            _ => None,
        }
    }

    /// Its class; `hot` for a symbol with an open position or a live signal.
    pub(crate) const fn class(self, hot: bool) -> Class {
        match self {
            Self::Expiry(..) | Self::Chain(_) | Self::Once(..) if hot => Class::P0,
            Self::Expiry(..) => Class::P1,
            Self::Chain(_) | Self::Once(..) => Class::P2,
            Self::Quotes(_) => Class::P3,
            Self::News(_) => Class::P4,
            Self::MarketStatus | Self::Movers | Self::Earnings | Self::Yield(_) | Self::FundsRate => {
                Class::P5
            }
        }
    }

    /// How often it is asked for; absent when it is not, or only at the day's pulls.
    pub(crate) fn period(self, cadence: &Cadence, phase: Phase, about: About) -> Option<Span> {
        match (self, phase) {
            (Self::Expiry(_, 0), Phase::Open) if about.daily && about.is_today => Some(cadence.today),
            (Self::Expiry(..), Phase::Open) if about.daily || about.hot => Some(cadence.nearest),
            (Self::Expiry(_, 0), Phase::Open) => Some(cadence.warm),
            (Self::Expiry(..), _) => None,
            (Self::Chain(_), Phase::Open) => Some(cadence.chain),
            (Self::Chain(_) | Self::Quotes(_), Phase::PreMarket) => Some(cadence.pre_market),
            (Self::Chain(_) | Self::Quotes(_), Phase::Closed) => None,
            (Self::Quotes(_), Phase::Open) => Some(cadence.quotes),
            (Self::News(_), Phase::Closed) => Some(cadence.news_closed),
            (Self::News(_), _) => Some(cadence.news),
            (Self::MarketStatus | Self::Movers, Phase::Closed) => None,
            (Self::MarketStatus | Self::Movers, _) => Some(cadence.slow),
            (Self::Earnings | Self::Yield(_) | Self::FundsRate, _) => Some(cadence.daily),
            (Self::Once(..), _) => None,
        }
    }
}

/// What the cadence of a chain depends on.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct About {
    /// The symbol has an expiry every day.
    pub(crate) daily: bool,
    /// The symbol has an open position or a live signal.
    pub(crate) hot: bool,
    /// The expiry is today's.
    pub(crate) is_today: bool,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Expiry(symbol, 0) => format!("{symbol} nearest expiry"),
            Self::Expiry(symbol, _) => format!("{symbol} next expiry"),
            Self::Chain(symbol) => format!("{symbol} chain"),
            Self::Quotes(n) => format!("quotes {}", n + 1),
            Self::News(Some(symbol)) => format!("{symbol} news"),
            Self::News(None) => "market news".to_owned(),
            Self::MarketStatus => "market status".to_owned(),
            Self::Movers => "movers".to_owned(),
            Self::Earnings => "earnings".to_owned(),
            Self::Yield(maturity) => format!("{} yield", maturity.name()),
            Self::FundsRate => "overnight rate".to_owned(),
            Self::Once(symbol, Some(expiry)) => format!("{symbol} {expiry}, asked for"),
            Self::Once(symbol, None) => format!("{symbol} chain, asked for"),
        };
        f.pad(&text)
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
