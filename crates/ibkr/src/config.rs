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
    /// Market data lines of the account; the broker's least is 100. Never exceeded.
    pub lines: usize,
    /// Of these, for options around the spot, of all symbols together.
    pub option_lines: usize,
    /// The first so many symbols whose options are followed.
    pub option_symbols: usize,
    /// Of the lines, kept free for options that are held or ordered.
    pub held_lines: usize,
    /// Rows of a book on each side.
    pub depth_rows: u8,
    /// The first so many symbols whose books are wanted.
    pub book_symbols: usize,
    /// Books followed at once; the broker's limit is 3 for 100 lines. Where more are wanted they go in
    /// turn.
    pub books: usize,
    /// How long a book is followed, in wall time, before the next one has its turn.
    pub book_turn: Duration,
    /// Tick-by-tick trade streams followed at once; the rest get their prints from the quote line.
    pub trade_streams: usize,
    /// The first so many symbols whose 5-second bars are followed; each takes a market data line.
    pub bar_streams: usize,
    /// Silence of a stream in a session, in wall time, after which it is opened anew. Prints may be
    /// silent twice as long, snapshot feeds four times, options eight times.
    pub stale_after: Duration,
    /// Least wall time between two requests for the same prints or the same bars; the broker's limit is
    /// 15 s.
    pub same_request: Duration,
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
    /// At least a quote line a symbol, at most 10 000.
    #[error("{lines} market data lines for {symbols} symbols: give at least one a symbol and at most 10000")]
    Lines {
        /// Lines of the account.
        lines: usize,
        /// Symbols that are followed.
        symbols: usize,
    },
    /// At most 60 of each.
    #[error("{0} books or trade streams: give at most 60, the broker allows 3 for 100 market data lines")]
    Books(usize),
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
            lines: 100,
            option_lines: 60,
            option_symbols: 3,
            held_lines: 16,
            depth_rows: 10,
            book_symbols: 3,
            books: 3,
            book_turn: Duration::from_secs(30),
            trade_streams: 3,
            bar_streams: 50,
            stale_after: Duration::from_secs(15),
            same_request: Duration::from_secs(15),
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
        let (lines, symbols) = (self.lines, self.symbols.len());
        if lines < symbols || lines > 10_000 {
            return Err(ConfigError::Lines { lines, symbols });
        }
        if let Some(most) = [self.books, self.book_symbols, self.trade_streams].into_iter().find(|n| *n > 60)
        {
            return Err(ConfigError::Books(most));
        }
        let possible = Duration::from_millis(10)..=Duration::from_mins(1);
        match [self.request_deadline, self.heartbeat, self.stale_after, self.book_turn]
            .into_iter()
            .find(|d| !possible.contains(d))
        {
            Some(deadline) => Err(ConfigError::Deadline(deadline)),
            None => Ok(()),
        }
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
        let broken = [
            IbkrConfig { client_id: 0, ..good.clone() },
            IbkrConfig { symbols: Vec::new(), ..good.clone() },
            IbkrConfig { messages_per_second: 50, ..good.clone() },
            IbkrConfig { depth_rows: 0, ..good.clone() },
            IbkrConfig { option_lines: 5_000, ..good.clone() },
            IbkrConfig { lines: 0, ..good.clone() },
            IbkrConfig { trade_streams: 61, ..good.clone() },
            IbkrConfig { heartbeat: Duration::ZERO, ..good },
        ];
        for config in broken {
            assert!(config.validate().is_err(), "{config:?}");
        }
    }
}
