//! What the gateway knows of the market: contracts and their latest data.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`catalogue`] | the contracts listed today, by number, by name, by a client's description |
//! | [`numbering`] | the numbers of contracts, the same in every run |
//! | [`details`] | contract details, option chain parameters, market rules |
//! | [`rows`] | an order book as rows, and the edits from one view of it to the next |
//! | [`ticker`] | quote, last trade, statistics of the day of one contract |
//! | [`recap`] | what of a stretch of market that nobody heard is still in force |
//! | [`source`] | where the market comes from, a day at a time |
//! | [`recorded`] | recorded days as a market, with an option chain laid over them |
//! | [`option`] | implied volatility and Greeks of an option from its quote |
//! | [`archive`] | what was said today, and what is kept of the days before |
//! | [`past`] | the days before the first that the gateway lived |
//! | [`history`] | bars, ticks and statistics out of both |
//! | [`news`] | headlines about the listed stocks |
//! | [`scan`] | the listed stocks, ranked |

pub mod archive;
pub mod catalogue;
pub mod details;
pub mod history;
pub mod news;
pub mod numbering;
pub mod option;
pub mod past;
pub mod recap;
pub mod recorded;
pub mod rows;
pub mod scan;
pub mod source;
pub mod ticker;

use std::collections::{BTreeMap, BTreeSet};

use alphatrader_market::synthetic::chronicle::Chronicle;
use alphatrader_model::{InstrumentId, Payload, Session, Timestamp};

pub use archive::Archive;
pub use catalogue::Catalogue;
pub use ticker::Ticker;

/// Contracts and their latest data.
#[derive(Debug, Default)]
pub struct Feed {
    /// The contracts listed today.
    pub catalogue: Catalogue,
    /// Stocks in which trading is halted now.
    pub halted: BTreeSet<InstrumentId>,
    /// What the market knows beside its events, where it knows more.
    pub chronicle: Option<Chronicle>,
    /// What was said of them.
    pub archive: Archive,
    tickers: BTreeMap<InstrumentId, Ticker>,
}

impl Feed {
    /// The latest of a contract; nothing is known of one that was never heard of.
    pub fn ticker(&self, instrument: InstrumentId) -> Option<&Ticker> {
        self.tickers.get(&instrument)
    }

    /// The same, to be brought up to date.
    pub fn ticker_mut(&mut self, instrument: InstrumentId) -> &mut Ticker {
        self.tickers.entry(instrument).or_default()
    }

    /// Keeps what was said for who asks later.
    pub fn remember(&mut self, at: Timestamp, payload: &Payload) {
        let catalogue = &self.catalogue;
        let option = |id| catalogue.get(id).is_some_and(|known| known.instrument.contract.option().is_some());
        match payload {
            Payload::Trade(trade) => self.archive.trade(trade, at, || option(trade.instrument)),
            Payload::Quote(quote) => self.archive.quote(quote, at, || option(quote.instrument)),
            _ => {}
        }
    }

    /// A session begins; what was remembered of the day before is put away. Before the day's contracts
    /// are announced.
    pub fn begin_day(&mut self, session: Session) {
        let catalogue = &self.catalogue;
        self.archive.begin_day(session, |id| catalogue.get(id).map(|listing| listing.instrument.contract));
    }

    /// Forgets the data of contracts that are no longer listed.
    pub fn forget_delisted(&mut self) {
        let catalogue = &self.catalogue;
        self.tickers.retain(|id, _| catalogue.get(*id).is_some());
    }
}
