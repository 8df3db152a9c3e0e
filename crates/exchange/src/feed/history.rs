//! Bars and ticks of any time, out of what was said and what is made of the time before.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`pieces`] | a day of one contract in its finest parts |
//! | [`bars`] | parts put together to bars |
//! | [`outlines`] | a stock's days before today |
//! | [`volatility`] | realised and implied volatility by day |
//! | [`histogram`] | volume by price |
//! | [`ticks`] | single prints, quotes and midpoints |
//!
//! Today and the days that the gateway lived come from the [`archive`](super::archive); days before
//! that from the market's chronicle, where it has one, else from [`past`](super::past). An option's past
//! is what the model says of its underlying's.

pub mod bars;
pub mod histogram;
mod option;
pub mod outlines;
pub mod pieces;
pub mod ticks;
pub mod volatility;

use alphatrader_market::synthetic::chronicle::Chronicle;
use alphatrader_model::{Calendar, Contract, Session, Timestamp};
use jiff::civil::Date;

use super::archive::Outline;
use super::catalogue::Listing;
use super::option::Rates;
use super::{Feed, past};

/// Days for which an option is listed before it expires.
const OPTION_DAYS: i32 = 60;

/// What a bar or a tick tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Prints.
    Trades,
    /// The middle of the quote.
    MidPoint,
    /// The best bid.
    Bid,
    /// The best offer.
    Ask,
    /// Mean bid, highest offer, lowest bid, mean offer.
    BidAsk,
    /// Realised volatility of thirty days.
    HistoricalVolatility,
    /// Volatility that options imply.
    ImpliedVolatility,
}

impl Show {
    /// As the broker words it in its errors.
    pub fn word(self) -> &'static str {
        match self {
            Self::Trades => "Trades",
            Self::MidPoint => "Midpoint",
            Self::Bid => "Bid",
            Self::Ask => "Ask",
            Self::BidAsk => "BidAsk",
            Self::HistoricalVolatility => "HistoricalVolatility",
            Self::ImpliedVolatility => "OptionImpliedVolatility",
        }
    }

    /// Whether the values are volatilities of a stock, not prices.
    pub fn is_volatility(self) -> bool {
        matches!(self, Self::HistoricalVolatility | Self::ImpliedVolatility)
    }
}

/// Everything that history is made from.
#[derive(Debug, Clone, Copy)]
pub struct History<'a> {
    /// Contracts and what was said of them.
    pub feed: &'a Feed,
    /// Trading days.
    pub calendar: &'a Calendar,
    /// The market's seed.
    pub seed: u64,
    /// Nothing later than this is told.
    pub now: Timestamp,
    /// Rates of the option model.
    pub rates: Rates,
}

impl<'a> History<'a> {
    /// Sessions that began before `end`, newest first, back to the first day of all.
    pub fn sessions_before(&self, end: Timestamp) -> impl Iterator<Item = Session> + use<'a> {
        let calendar = self.calendar;
        let first_day = self.first_day();
        let date = calendar.date_of(end);
        let first = match calendar.session(date) {
            Some(session) if session.open < end => session,
            _ => calendar.previous_session(date),
        };
        std::iter::successors(Some(first), move |session| Some(calendar.previous_session(session.date)))
            .take_while(move |session| session.date >= first_day)
    }

    /// Nothing is told of days before this one.
    fn first_day(&self) -> Date {
        self.feed.chronicle.as_ref().map_or(past::HEAD, Chronicle::first_day)
    }

    /// The first session of a contract that anything is told of.
    pub fn head(&self, listing: &Listing) -> Session {
        let head = match listing.instrument.contract {
            Contract::Stock(_) => self.first_day(),
            Contract::Option(option) => {
                let listed = option.expiry.checked_sub(jiff::Span::new().days(OPTION_DAYS));
                listed.unwrap_or(option.expiry).max(self.first_day())
            }
        };
        let day_before = head.yesterday().unwrap_or(head);
        self.calendar.next_session(day_before)
    }

    /// A contract's day so far.
    pub fn outline_today(&self, contract: &Contract) -> Option<Outline> {
        let session = self.feed.archive.session()?;
        let id = self.feed.catalogue.by_contract(contract)?.instrument.id;
        self.feed.archive.day(id, session.date)?.outline(session)
    }

    /// The last price of the day before today.
    pub fn previous_close(&self, listing: &Listing) -> Option<f64> {
        match listing.instrument.contract {
            Contract::Stock(symbol) => Some(self.outlines(symbol).next()?.close.to_f64()),
            Contract::Option(_) => {
                let session = self.sessions_before(self.feed.archive.session()?.open).next()?;
                self.option_value(listing, session, session.close)
            }
        }
    }
}
