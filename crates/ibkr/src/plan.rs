//! What the broker rations, shared out: market data lines, books, trade streams.
//!
//! | what | how it is spent |
//! | --- | --- |
//! | market data lines | a quote line a symbol; lines kept free for options that are held or ordered; 5-second bars of the symbols with every print; the window of options; bars of the rest |
//! | books | the first symbols; in turn where fewer are allowed than wanted |
//! | tick-by-tick streams | the first symbols; the rest take their prints from the quote line, which samples |
//!
//! The plan is made once, from the configuration. It is told in the log and in the status.

use alphatrader_model::Symbol;
use serde::Serialize;

use crate::config::IbkrConfig;

/// Where the prints of a symbol come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Feed {
    /// Every print, tick by tick.
    EveryPrint,
    /// The quote line's volume tick, which samples: a snapshot feed.
    Snapshot,
}

/// Whether a symbol's book is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BookPlan {
    /// All the time.
    Always,
    /// In turn with others: more books are wanted than allowed. While it waits it is invalid.
    InTurn,
    /// Never.
    Never,
}

/// What one symbol gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SymbolPlan {
    /// Which.
    pub symbol: Symbol,
    /// Where its prints come from.
    pub feed: Feed,
    /// Its book.
    pub book: BookPlan,
    /// Whether its 5-second bars are followed.
    pub bars: bool,
    /// Market data lines for its options around the spot.
    pub option_lines: usize,
}

/// How the broker's rations are shared out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Market data lines of the account.
    pub lines: usize,
    /// Of these, planned: never more than `lines`.
    pub used: usize,
    /// Of these, kept free for options that are held or ordered.
    pub held_lines: usize,
    /// Books followed at once.
    pub books: usize,
    /// Each symbol, most important first.
    pub symbols: Vec<SymbolPlan>,
}

impl Plan {
    /// Shares out what `config` allows.
    pub(crate) fn new(config: &IbkrConfig) -> Self {
        let symbols = &config.symbols;
        let mut left = config.lines.saturating_sub(symbols.len());
        let mut take = |wanted: usize| {
            let taken = wanted.min(left);
            left -= taken;
            taken
        };
        let held_lines = take(config.held_lines);
        let every_print = config.trade_streams.min(symbols.len());
        let mut bars = take(config.bar_streams.min(every_print));
        let followed = config.option_symbols.min(symbols.len());
        let options = if followed == 0 { 0 } else { take(config.option_lines) };
        if bars == every_print {
            bars += take(config.bar_streams.min(symbols.len()) - bars);
        }
        let wanted = config.book_symbols.min(symbols.len());
        let in_turn = if wanted > config.books { BookPlan::InTurn } else { BookPlan::Always };
        let plan = |(place, symbol): (usize, &Symbol)| SymbolPlan {
            symbol: *symbol,
            feed: if place < every_print { Feed::EveryPrint } else { Feed::Snapshot },
            book: if place < wanted && config.books > 0 { in_turn } else { BookPlan::Never },
            bars: place < bars,
            option_lines: if place < followed { options / followed } else { 0 },
        };
        Self {
            lines: config.lines,
            used: config.lines - left,
            held_lines,
            books: wanted.min(config.books),
            symbols: symbols.iter().enumerate().map(plan).collect(),
        }
    }

    /// Symbols whose books are followed, all the time or in turn.
    pub(crate) fn books_wanted(&self) -> Vec<Symbol> {
        self.symbols.iter().filter(|s| s.book != BookPlan::Never).map(|s| s.symbol).collect()
    }

    /// The plan in one line.
    pub fn text(&self) -> String {
        let names = |wanted: &dyn Fn(&SymbolPlan) -> bool| {
            let names: Vec<&str> =
                self.symbols.iter().filter(|s| wanted(s)).map(|s| s.symbol.as_str()).collect();
            if names.is_empty() { "none".to_owned() } else { names.join(" ") }
        };
        let in_turn = self.symbols.iter().any(|s| s.book == BookPlan::InTurn);
        let turns = if in_turn { format!(" ({} at once, in turn)", self.books) } else { String::new() };
        let options: Vec<String> = self
            .symbols
            .iter()
            .filter(|s| s.option_lines > 0)
            .map(|s| format!("{} {}", s.symbol, s.option_lines))
            .collect();
        format!(
            "{} of {} market data lines: quotes {}; 5-second bars {}; options {}, and {} for what is held. \
             Books {}{turns}. Every print {}; snapshot feed {}",
            self.used,
            self.lines,
            names(&|_| true),
            names(&|s| s.bars),
            if options.is_empty() { "none".to_owned() } else { options.join(" ") },
            self.held_lines,
            names(&|s| s.book != BookPlan::Never),
            names(&|s| s.feed == Feed::EveryPrint),
            names(&|s| s.feed == Feed::Snapshot),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn symbols(count: usize) -> Vec<Symbol> {
        let stocks = (3..count).map(|place| format!("S{place}"));
        let names = ["SPY", "QQQ", "IWM"].map(str::to_owned).into_iter().chain(stocks);
        names.take(count).map(|name| Symbol::new(&name).unwrap()).collect()
    }

    #[test]
    fn three_funds_and_a_stock() {
        let plan = Plan::new(&IbkrConfig::new(7_497, 11, symbols(4)));
        assert_eq!(
            plan.text(),
            "84 of 100 market data lines: quotes SPY QQQ IWM S3; 5-second bars SPY QQQ IWM S3; options SPY 20 \
             QQQ 20 IWM 20, and 16 for what is held. Books SPY QQQ IWM. Every print SPY QQQ IWM; snapshot \
             feed S3"
        );
        assert_eq!(plan.symbols[3].feed, Feed::Snapshot);
    }

    #[test]
    fn fewer_books_than_wanted_go_in_turn() {
        let config = IbkrConfig { books: 2, ..IbkrConfig::new(7_497, 11, symbols(4)) };
        let plan = Plan::new(&config);
        assert!(plan.text().contains("Books SPY QQQ IWM (2 at once, in turn)."), "{}", plan.text());
        assert_eq!(plan.books_wanted(), symbols(3));
        let none = Plan::new(&IbkrConfig { books: 0, ..config });
        assert!(none.books_wanted().is_empty());
    }

    proptest! {
        #[test]
        fn lines_are_never_exceeded_and_every_symbol_is_quoted(
            count in 1_usize..=50,
            lines in 50_usize..400,
            (held, options, followed) in (0_usize..60, 0_usize..400, 0_usize..10),
            (streams, bars, books, wanted) in (0_usize..10, 0_usize..60, 0_usize..10, 0_usize..10),
        ) {
            let config = IbkrConfig {
                lines,
                held_lines: held,
                option_lines: options,
                option_symbols: followed,
                trade_streams: streams,
                bar_streams: bars,
                books,
                book_symbols: wanted,
                ..IbkrConfig::new(7_497, 11, symbols(count))
            };
            let plan = Plan::new(&config);
            let bars = plan.symbols.iter().filter(|s| s.bars).count();
            let options: usize = plan.symbols.iter().map(|s| s.option_lines).sum();
            prop_assert!(count + bars + options + plan.held_lines <= plan.used);
            prop_assert!(plan.used <= lines);
            prop_assert_eq!(plan.symbols.len(), count);
            prop_assert!(plan.books <= books);
        }
    }
}
