//! Everything a person can set that changes what the core does.
//!
//! The whole of it enters the core as one event, before any market data, so a recording needs
//! nothing else. Defaults and ranges are those of `signals-and-risk`; the annotated file is
//! `config/config.yaml`. Clock times are exchange time and move with the close on half days.

mod options;

use core::fmt;
use core::str::FromStr;

use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::instrument::Symbol;
use crate::number::{Money, Price};
use crate::time::Span;

pub use options::{Options, Rate};

/// All settings of the core.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Symbols that are analysed, at most 50.
    #[garde(length(min = 1, max = 50), custom(distinct))]
    pub symbols: Vec<Symbol>,
    /// Market measures.
    #[garde(dive)]
    pub analytics: Analytics,
    /// Strategies.
    #[garde(dive)]
    pub strategies: Strategies,
    /// Gates that all strategies share.
    #[garde(dive)]
    pub gates: Gates,
    /// Limits on risk.
    #[garde(dive)]
    pub risk: Risk,
    /// How orders are worked.
    #[garde(dive)]
    pub execution: Execution,
    /// Annual risk-free rate, continuous, for option prices. A fraction: 0.04 is 4 %.
    #[garde(range(min = -0.05, max = 0.30))]
    pub risk_free_rate: f64,
    /// What option analytics assume.
    #[garde(dive)]
    pub options: Options,
}

/// Market measures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct Analytics {
    /// Shares in one VPIN bucket. About a fiftieth of a day's volume.
    #[garde(range(min = 100, max = 1_000_000_000))]
    pub vpin_bucket_volume: u64,
    /// Buckets in the VPIN window.
    #[garde(range(min = 10, max = 250))]
    pub vpin_window: u32,
}

/// Strategies by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct Strategies {
    /// Options that expire today.
    #[garde(dive)]
    pub zero_dte: ZeroDte,
}

/// The 0DTE rule: a break of the 5-minute extreme that touch imbalance and one-minute signed volume
/// agree with; buys the option expiring today with delta nearest the wanted one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct ZeroDte {
    /// Whether it makes signals.
    #[garde(skip)]
    pub enabled: bool,
    /// Symbols it trades.
    #[garde(length(max = 50), custom(distinct))]
    pub symbols: Vec<Symbol>,
    /// First minute in which it may signal.
    #[garde(skip)]
    pub window_start: ClockTime,
    /// End of the window (on half days as long before the close as on full days).
    #[garde(skip)]
    pub window_end: ClockTime,
    /// Everything is closed at this time.
    #[garde(skip)]
    pub time_stop: ClockTime,
    /// Least absolute touch imbalance in the direction of the break.
    #[garde(range(min = 0.0, max = 1.0))]
    pub min_imbalance: f64,
    /// Least one-minute signed volume in the direction of the break, shares.
    #[garde(range(max = 1_000_000_000))]
    pub min_signed_volume: u64,
    /// Wanted absolute delta.
    #[garde(range(min = 0.05, max = 0.95))]
    pub delta: f64,
    /// Protective stop: this fraction of the premium lost.
    #[garde(range(min = 0.05, max = 0.95))]
    pub stop_loss: f64,
    /// Target: this fraction of the premium gained.
    #[garde(range(min = 0.05, max = 10.0))]
    pub target: f64,
    /// Fraction of equity that one trade may lose at its stop.
    #[garde(range(min = 0.0001, max = 0.05))]
    pub risk_per_trade: f64,
    /// Seconds after which an unfilled entry is cancelled.
    #[garde(range(min = 1, max = 600))]
    pub entry_timeout_seconds: u32,
}

/// Gates that all strategies share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct Gates {
    /// Oldest quote of the underlying, milliseconds.
    #[garde(range(min = 100, max = 60_000))]
    pub max_quote_age_ms: u32,
    /// Oldest option quote, milliseconds.
    #[garde(range(min = 100, max = 600_000))]
    pub max_chain_age_ms: u32,
    /// Widest spread of the underlying, basis points of the mid.
    #[garde(range(min = 0.1, max = 1_000.0))]
    pub max_spread_bp: f64,
    /// Cheapest option, middle of its quote, dollars.
    #[garde(skip)]
    pub min_option_mid: Price,
    /// Widest option spread as a fraction of its mid.
    #[garde(range(min = 0.001, max = 1.0))]
    pub max_option_spread: f64,
    /// An option spread up to this many dollars always passes.
    #[garde(skip)]
    pub option_spread_always: Price,
    /// Widest option spread as a fraction of the distance to the stop.
    #[garde(range(min = 0.01, max = 1.0))]
    pub max_spread_of_stop: f64,
    /// Least open interest of the option.
    #[garde(range(max = 10_000_000))]
    pub min_open_interest: u32,
    /// Least volume of the option today.
    #[garde(range(max = 10_000_000))]
    pub min_option_volume: u32,
    /// Seconds between two signals of one strategy and symbol; doubled after a loss.
    #[garde(range(max = 86_400))]
    pub cool_down_seconds: u32,
    /// Most signals of one strategy and symbol in a day.
    #[garde(range(max = 1_000))]
    pub max_signals_per_day: u32,
}

/// Limits on risk.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct Risk {
    /// What a single order or the whole book may reach.
    #[garde(dive)]
    pub limits: Limits,
    /// What stops trading.
    #[garde(dive)]
    pub breakers: Breakers,
}

/// What a single order or the whole book may reach (signals-and-risk, section 6).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Dollars of equity per contract of an order.
    #[garde(skip)]
    pub equity_per_contract: Money,
    /// Most contracts in one order, whatever the equity.
    #[garde(range(min = 1, max = 10_000))]
    pub max_contracts: u32,
    /// Most open positions.
    #[garde(range(min = 1, max = 1_000))]
    pub max_positions: u32,
    /// Most open positions in one underlying.
    #[garde(range(min = 1, max = 1_000))]
    pub max_positions_per_symbol: u32,
    /// Most open positions of one strategy.
    #[garde(range(min = 1, max = 1_000))]
    pub max_positions_per_strategy: u32,
    /// Most orders in one second.
    #[garde(range(min = 1, max = 50))]
    pub orders_per_second: u32,
    /// Most orders in one minute.
    #[garde(range(min = 1, max = 1_000))]
    pub orders_per_minute: u32,
    /// Most premium paid for everything held and being bought, as a fraction of equity.
    #[garde(range(min = 0.001, max = 1.0))]
    pub max_premium: f64,
}

/// What stops trading (signals-and-risk, section 7).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct Breakers {
    /// Loss of the day, realised and unrealised with commissions, as a fraction of equity at its start.
    #[garde(range(min = 0.001, max = 0.5))]
    pub daily_loss: f64,
    /// Rejected orders in one minute.
    #[garde(range(min = 1, max = 1_000))]
    pub rejects_per_minute: u32,
}

/// How orders are worked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct Execution {
    /// Milliseconds the ledger may take to make a record durable before trading halts.
    #[garde(range(min = 50, max = 10_000))]
    pub commit_timeout_ms: u32,
    /// Fraction of the bid given up by an order that must close now.
    #[garde(range(min = 0.0, max = 0.5))]
    pub close_discount: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            symbols: vec![spy()],
            analytics: Analytics::default(),
            strategies: Strategies::default(),
            gates: Gates::default(),
            risk: Risk::default(),
            execution: Execution::default(),
            risk_free_rate: 0.04,
            options: Options::default(),
        }
    }
}

impl Default for Analytics {
    fn default() -> Self {
        Self { vpin_bucket_volume: 100_000, vpin_window: 50 }
    }
}

impl Default for ZeroDte {
    fn default() -> Self {
        Self {
            enabled: true,
            symbols: vec![spy()],
            window_start: ClockTime::new(9, 45),
            window_end: ClockTime::new(15, 0),
            time_stop: ClockTime::new(15, 30),
            min_imbalance: 0.2,
            min_signed_volume: 1,
            delta: 0.40,
            stop_loss: 0.35,
            target: 0.40,
            risk_per_trade: 0.005,
            entry_timeout_seconds: 20,
        }
    }
}

impl Default for Gates {
    fn default() -> Self {
        Self {
            max_quote_age_ms: 2_000,
            max_chain_age_ms: 15_000,
            max_spread_bp: 5.0,
            min_option_mid: Price::from_cents(30),
            max_option_spread: 0.10,
            option_spread_always: Price::from_cents(5),
            max_spread_of_stop: 0.25,
            min_open_interest: 500,
            min_option_volume: 100,
            cool_down_seconds: 300,
            max_signals_per_day: 6,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            equity_per_contract: Money::from_dollars(2_500),
            max_contracts: 400,
            max_positions: 8,
            max_positions_per_symbol: 2,
            max_positions_per_strategy: 3,
            orders_per_second: 10,
            orders_per_minute: 50,
            max_premium: 0.25,
        }
    }
}

impl Default for Breakers {
    fn default() -> Self {
        Self { daily_loss: 0.02, rejects_per_minute: 5 }
    }
}

impl Default for Execution {
    fn default() -> Self {
        Self { commit_timeout_ms: 250, close_discount: 0.10 }
    }
}

fn spy() -> Symbol {
    Symbol::new("SPY").expect("SPY is a symbol")
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that garde calls")]
fn distinct(symbols: &[Symbol], _: &()) -> garde::Result {
    for (place, symbol) in symbols.iter().enumerate() {
        if symbols[..place].contains(symbol) {
            return Err(garde::Error::new(format!("{symbol} is listed twice")));
        }
    }
    Ok(())
}

/// A time of day in exchange time, `HH:MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockTime(u16);

impl ClockTime {
    /// 09:30, the open.
    pub const OPEN: Self = Self::new(9, 30);
    /// 16:00, the close of a full day.
    pub const CLOSE: Self = Self::new(16, 0);

    /// From hour and minute; both must exist.
    pub const fn new(hour: u16, minute: u16) -> Self {
        assert!(hour < 24 && minute < 60, "a time of day");
        Self(hour * 60 + minute)
    }

    /// Time from the open to this time; negative before the open.
    pub const fn after_open(self) -> Span {
        Span::from_minutes(self.0 as i64 - Self::OPEN.0 as i64)
    }

    /// Time from this time to the close of a full day; negative after it.
    pub const fn before_close(self) -> Span {
        Span::from_minutes(Self::CLOSE.0 as i64 - self.0 as i64)
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// Not a time of day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time of day such as 09:45")]
pub struct ClockTimeError(String);

impl FromStr for ClockTime {
    type Err = ClockTimeError;
    fn from_str(text: &str) -> Result<Self, ClockTimeError> {
        let read = || {
            let (hour, minute) = text.split_once(':')?;
            let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            if !two_digits(hour) || !two_digits(minute) {
                return None;
            }
            let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
            (hour < 24 && minute < 60).then(|| Self::new(hour, minute))
        };
        read().ok_or_else(|| ClockTimeError(text.chars().take(20).collect()))
    }
}

serde_by_text!(ClockTime);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid() {
        Settings::default().validate().unwrap();
    }

    #[test]
    fn a_value_out_of_range_names_its_place() {
        let mut settings = Settings::default();
        settings.strategies.zero_dte.delta = 1.5;
        settings.symbols.push(spy());
        let report = settings.validate().unwrap_err().to_string();
        assert!(report.contains("strategies.zero_dte.delta"), "{report}");
        assert!(report.contains("SPY is listed twice"), "{report}");
    }

    #[test]
    fn times_of_day_are_relative_to_the_session() {
        let start: ClockTime = "09:45".parse().unwrap();
        assert_eq!(start.after_open(), Span::from_minutes(15));
        assert_eq!(ClockTime::new(15, 0).before_close(), Span::from_minutes(60));
        for text in ["9:45", "24:00", "12:60", "noon", "12:3a", ""] {
            assert!(text.parse::<ClockTime>().is_err(), "{text}");
        }
    }

    #[test]
    fn settings_survive_json_and_canonical_bytes() {
        let settings = Settings::default();
        let json = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&json).unwrap(), settings);
        let bytes = postcard::to_stdvec(&settings).unwrap();
        assert_eq!(postcard::from_bytes::<Settings>(&bytes).unwrap(), settings);
    }
}
