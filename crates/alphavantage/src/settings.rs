//! What the edge is told to do. The key is not among it: it comes from the environment or the service manager.

use std::time::Duration;

use alphatrader_model::{Span, Symbol};
use thiserror::Error;

use crate::request::Format;

/// How often each kind of data is asked for while there is no reason for more or less. Times of the system's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cadence {
    /// The expiry of the day, of symbols that have one every day.
    pub today: Span,
    /// The next expiry of those symbols, and the nearest of a symbol with an open position or a live signal.
    pub nearest: Span,
    /// The nearest expiry of every other symbol.
    pub warm: Span,
    /// Whole chains.
    pub chain: Span,
    /// Whole chains and quotes before the open, from 04:00 on.
    pub pre_market: Span,
    /// Bulk quotes.
    pub quotes: Span,
    /// News of one symbol, or of the market.
    pub news: Span,
    /// News while the market is closed.
    pub news_closed: Span,
    /// Market status and movers.
    pub slow: Span,
    /// Rates and the calendar of earnings.
    pub daily: Span,
}

impl Default for Cadence {
    fn default() -> Self {
        Self {
            today: Span::from_seconds(5),
            nearest: Span::from_seconds(10),
            warm: Span::from_seconds(30),
            chain: Span::from_seconds(60),
            pre_market: Span::from_minutes(5),
            quotes: Span::from_seconds(5),
            news: Span::from_seconds(150),
            news_closed: Span::from_minutes(15),
            slow: Span::from_minutes(5),
            daily: Span::from_minutes(720),
        }
    }
}

/// What the edge is told to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The endpoint: `https://www.alphavantage.co/query`, or a server on this machine.
    pub base_url: String,
    /// Symbols that are followed, most important first.
    pub symbols: Vec<Symbol>,
    /// Those of them whose options expire every day.
    pub daily_expiries: Vec<Symbol>,
    /// Requests in any 60 seconds: never more, retries and refusals counted. Ten below the plan's limit.
    pub per_minute: u32,
    /// Least time between two requests. The smallest burst limit that was seen for paid keys is 10 a second.
    pub spacing: Span,
    /// Requests on the way at once.
    pub in_flight: usize,
    /// How often what is asked for.
    pub cadence: Cadence,
    /// Form of the chains.
    pub format: Format,
    /// Whether chains are followed.
    pub options: bool,
    /// Whether news are followed.
    pub news: bool,
    /// Whether bulk quotes are followed. The broker is the first source of quotes.
    pub quotes: bool,
    /// Whether market status, movers, rates and the calendar of earnings are followed.
    pub reference_data: bool,
    /// Age at which an article counts half in a score; 15 minutes to a day.
    pub half_life: Span,
    /// Continuous rate a year for comparing the source's Greeks with ours.
    pub risk_free_rate: f64,
    /// Seed of the jitter of retries.
    pub seed: u64,
    /// How long a connection may take, wall time.
    pub connect_timeout: Duration,
    /// How long a request may take, wall time.
    pub timeout: Duration,
    /// How long a request of a whole chain may take, wall time.
    pub chain_timeout: Duration,
}

/// A setting that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettingsError {
    /// Not an address.
    #[error("alpha_vantage.base_url `{0}`: give http:// or https:// and a host, without a `?`")]
    BaseUrl(String),
    /// 1 to 50 symbols.
    #[error("{0} symbols: follow at least 1 and at most {most}", most = Settings::SYMBOLS)]
    Symbols(usize),
    /// 1 to 1 180.
    #[error("{0} requests a minute: give 1 to 1180, ten below what the plan of your key allows")]
    PerMinute(u32),
    /// 20 ms to 60 s.
    #[error("a spacing of {0} ms: give 20 to 60000; 125 is below every burst limit seen for paid keys")]
    Spacing(i64),
    /// 1 to 8.
    #[error("{0} requests on the way at once: give 1 to 8")]
    InFlight(usize),
    /// 15 minutes to a day.
    #[error("a half-life of {0} ms: give 15 minutes to a day")]
    HalfLife(i64),
    /// A second to a week.
    #[error("a cadence of {0} ms: give at least a second and at most a week")]
    Cadence(i64),
}

impl Settings {
    /// Most symbols.
    pub const SYMBOLS: usize = 50;
    /// Where the vendor listens.
    pub const VENDOR: &'static str = "https://www.alphavantage.co/query";

    /// The defaults for a key of 600 requests a minute.
    pub fn new(symbols: Vec<Symbol>) -> Self {
        let daily = |symbol: &Symbol| matches!(symbol.as_str(), "SPY" | "QQQ" | "IWM");
        Self {
            base_url: Self::VENDOR.to_owned(),
            daily_expiries: symbols.iter().copied().filter(daily).collect(),
            symbols,
            per_minute: 590,
            spacing: Span::from_millis(125),
            in_flight: 8,
            cadence: Cadence::default(),
            format: Format::Csv,
            options: true,
            news: true,
            quotes: true,
            reference_data: true,
            half_life: crate::sentiment::HALF_LIFE,
            risk_free_rate: 0.04,
            seed: 1,
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(8),
            chain_timeout: Duration::from_secs(20),
        }
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`SettingsError`]: the first that cannot work.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let host = self.base_url.strip_prefix("https://").or_else(|| self.base_url.strip_prefix("http://"));
        if !host.is_some_and(|host| !host.is_empty() && !host.contains(['?', ' ', '@'])) {
            return Err(SettingsError::BaseUrl(self.base_url.chars().take(80).collect()));
        }
        if !(1..=Self::SYMBOLS).contains(&self.symbols.len()) {
            return Err(SettingsError::Symbols(self.symbols.len()));
        }
        if !(1..=1_180).contains(&self.per_minute) {
            return Err(SettingsError::PerMinute(self.per_minute));
        }
        if !(Span::from_millis(20)..=Span::MINUTE).contains(&self.spacing) {
            return Err(SettingsError::Spacing(self.spacing.millis()));
        }
        if !(1..=8).contains(&self.in_flight) {
            return Err(SettingsError::InFlight(self.in_flight));
        }
        if !(Span::from_minutes(15)..=Span::from_minutes(24 * 60)).contains(&self.half_life) {
            return Err(SettingsError::HalfLife(self.half_life.millis()));
        }
        let c = self.cadence;
        let week = Span::from_minutes(7 * 24 * 60);
        [c.today, c.nearest, c.warm, c.chain, c.pre_market, c.quotes, c.news, c.news_closed, c.slow, c.daily]
            .into_iter()
            .find(|span| !(Span::SECOND..=week).contains(span))
            .map_or(Ok(()), |span| Err(SettingsError::Cadence(span.millis())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_work_are_named() {
        let good = Settings::new(vec![Symbol::new("SPY").unwrap(), Symbol::new("AAPL").unwrap()]);
        assert_eq!(good.validate(), Ok(()));
        assert_eq!(good.daily_expiries, [Symbol::new("SPY").unwrap()]);
        let broken = [
            Settings { base_url: "ftp://x".to_owned(), ..good.clone() },
            Settings { base_url: "https://user@x/query".to_owned(), ..good.clone() },
            Settings { symbols: Vec::new(), ..good.clone() },
            Settings { per_minute: 0, ..good.clone() },
            Settings { spacing: Span::from_millis(1), ..good.clone() },
            Settings { in_flight: 9, ..good.clone() },
            Settings { half_life: Span::ZERO, ..good.clone() },
            Settings { cadence: Cadence { news: Span::from_millis(1), ..good.cadence }, ..good },
        ];
        for settings in broken {
            assert!(settings.validate().is_err(), "{settings:?}");
        }
    }
}
