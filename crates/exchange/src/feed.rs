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

pub mod catalogue;
pub mod details;
pub mod numbering;
pub mod option;
pub mod recap;
pub mod recorded;
pub mod rows;
pub mod source;
pub mod ticker;

use std::collections::{BTreeMap, BTreeSet};

use alphatrader_market::synthetic::chronicle::Chronicle;
use alphatrader_model::InstrumentId;

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

    /// Forgets the data of contracts that are no longer listed.
    pub fn forget_delisted(&mut self) {
        let catalogue = &self.catalogue;
        self.tickers.retain(|id, _| catalogue.get(*id).is_some());
    }
}
