//! What the edge is told to do.

use std::time::Duration;

use alphatrader_edge::Policy;
use alphatrader_model::Symbol;
use thiserror::Error;

/// Whose clock counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockSource {
    /// Our own; the gateway's is only watched.
    Own,
    /// The gateway's: it runs a simulated market. Our clock is set by it before any event.
    Learn,
}

/// What the edge is told to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IbkrConfig {
    /// Where TWS or IB Gateway listens.
    pub host: String,
    /// Its socket port: 7497 TWS paper, 7496 TWS live, 4002 gateway paper, 4001 gateway live.
    pub port: u16,
    /// Our client id, always the same: orders belong to it. Above 0, since 0 also owns the orders
    /// that people enter in TWS.
    pub client_id: i32,
    /// The account to trade; without it the first that the gateway names.
    pub account: Option<String>,
    /// Whether an account that is not a paper account (those start with `D`) may be traded.
    pub allows_live: bool,
    /// Symbols that are followed, most important first: books and trade streams are rationed.
    pub symbols: Vec<Symbol>,
    /// Strikes below and above the spot whose options are followed.
    pub strikes_each_side: usize,
    /// Market data lines for options, of all symbols together; contracts held or ordered come on top.
    pub option_lines: usize,
    /// Rows of a book on each side.
    pub depth_rows: u8,
    /// Books followed at once; the broker's limit is 3 for 100 lines.
    pub books: usize,
    /// Tick-by-tick trade streams followed at once; the rest get their prints from the quote line.
    pub trade_streams: usize,
    /// Messages a second to the gateway, below the broker's limit of 50.
    pub messages_per_second: u32,
    /// Whose clock counts.
    pub clock: ClockSource,
    /// Whether prices are made by a generator; said of every contract.
    pub synthetic: bool,
    /// How long a request may take.
    pub request_deadline: Duration,
    /// How often the gateway is asked for its time (every second where its clock is learned), and how
    /// long the answer may take before the connection counts as dead.
    pub heartbeat: Duration,
    /// How to wait before connecting again.
    pub retry: Policy,
}

/// A setting that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// Client ids are 1 to 999 999.
    #[error("client id {0}: give a number from 1 to 999999, the same at every start")]
    ClientId(i32),
    /// 1 to 50 symbols.
    #[error("{0} symbols: follow at least 1 and at most 50")]
    Symbols(usize),
    /// The broker closes connections that send more than 50 messages a second.
    #[error("{0} messages a second: give 5 to 45, the broker allows 50")]
    Messages(u32),
    /// A book has 1 to 20 rows a side.
    #[error("{0} rows of a book: give 1 to 20")]
    DepthRows(u8),
    /// 0 to 1 000 lines.
    #[error("{0} market data lines for options: give at most 1000")]
    OptionLines(usize),
    /// Deadlines are 10 ms to a minute.
    #[error("a deadline of {0:?}: give 10 ms to 60 s")]
    Deadline(Duration),
}

impl IbkrConfig {
    /// The defaults for a gateway on this machine.
    pub fn new(port: u16, client_id: i32, symbols: Vec<Symbol>) -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port,
            client_id,
            account: None,
            allows_live: false,
            symbols,
            strikes_each_side: 10,
            option_lines: 60,
            depth_rows: 10,
            books: 3,
            trade_streams: 3,
            messages_per_second: 44,
            clock: ClockSource::Own,
            synthetic: false,
            request_deadline: Duration::from_secs(10),
            heartbeat: Duration::from_secs(5),
            retry: Policy::CONNECTION,
        }
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`ConfigError`]: the first that cannot work.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if !(1..=999_999).contains(&self.client_id) {
            return Err(ConfigError::ClientId(self.client_id));
        }
        if !(1..=50).contains(&self.symbols.len()) {
            return Err(ConfigError::Symbols(self.symbols.len()));
        }
        if !(5..=45).contains(&self.messages_per_second) {
            return Err(ConfigError::Messages(self.messages_per_second));
        }
        if !(1..=20).contains(&self.depth_rows) {
            return Err(ConfigError::DepthRows(self.depth_rows));
        }
        if self.option_lines > 1_000 {
            return Err(ConfigError::OptionLines(self.option_lines));
        }
        let possible = Duration::from_millis(10)..=Duration::from_mins(1);
        match [self.request_deadline, self.heartbeat].into_iter().find(|d| !possible.contains(d)) {
            Some(deadline) => Err(ConfigError::Deadline(deadline)),
            None => Ok(()),
        }
    }

    /// Lines for the options of one symbol.
    pub(crate) fn lines_per_symbol(&self) -> usize {
        self.option_lines / self.symbols.len().max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_work_are_named() {
        let spy = vec![Symbol::new("SPY").unwrap()];
        let good = IbkrConfig::new(7_497, 11, spy);
        assert_eq!(good.validate(), Ok(()));
        assert_eq!(good.lines_per_symbol(), 60);
        let broken = [
            IbkrConfig { client_id: 0, ..good.clone() },
            IbkrConfig { symbols: Vec::new(), ..good.clone() },
            IbkrConfig { messages_per_second: 50, ..good.clone() },
            IbkrConfig { depth_rows: 0, ..good.clone() },
            IbkrConfig { option_lines: 5_000, ..good.clone() },
            IbkrConfig { heartbeat: Duration::ZERO, ..good },
        ];
        for config in broken {
            assert!(config.validate().is_err(), "{config:?}");
        }
    }
}
