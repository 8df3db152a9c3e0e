//! What each kind of stream does with its messages.

use std::sync::Arc;

use alphatrader_model::market::{Level, Stream};
use alphatrader_model::{InstrumentId, Payload, Price, Quote};
use ibapi::contracts::tick_types::TickType;
use ibapi::market_data::realtime::{MarketDepths, TickTypes, Trade as BrokerTrade};
use tokio::sync::watch;

use super::depth::{Edit, edit};
use super::keeper::{Kick, Taker};
use super::quote::{Taken, Ticker};
use super::trade;
use crate::context::Context;
use crate::status::{Meter, count};

/// Quotes and chain rows of one contract, and its prints where it has no trade stream of its own.
pub(crate) struct QuoteTaker {
    pub(crate) context: Arc<Context>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) instrument: InstrumentId,
    pub(crate) ticker: Ticker,
    /// Whether prints are taken from the volume tick.
    pub(crate) prints: bool,
    /// Where the middle of the quote is wanted.
    pub(crate) spot: Option<watch::Sender<Option<Price>>>,
}

impl QuoteTaker {
    fn refused(&self, what: &str) {
        count(&self.context.board.counters.refused_numbers);
        tracing::debug!(instrument = self.instrument.0, what, "a number was refused");
    }

    fn print(&self, text: &str) {
        match trade::volume_tick(text, self.instrument) {
            Ok(Some((time, print))) => {
                count(&self.context.board.counters.trades);
                self.context.post_at(|_| (time, Payload::Trade(print)));
            }
            Ok(None) => {}
            Err(error) => self.refused(&error.to_string()),
        }
    }

    fn gaps(&self) {
        self.context.gap(self.instrument, Stream::Quotes);
        if self.prints {
            self.context.gap(self.instrument, Stream::Trades);
        }
    }
}

/// The middle of a quote with both sides; locked and crossed quotes have one too.
fn middle(quote: &Quote) -> Option<Price> {
    let (Level { price: bid, .. }, Level { price: ask, .. }) = (quote.bid?, quote.ask?);
    Some(Price::from_raw(i64::midpoint(bid.raw(), ask.raw())))
}

impl Taker for QuoteTaker {
    type Message = TickTypes;

    fn take(&mut self, tick: TickTypes) -> Result<(), String> {
        if let TickTypes::String(tick) = &tick {
            let told = self.prints && self.ticker.is_live() && !self.context.is_dark();
            if told && tick.tick_type == TickType::RtVolume {
                self.print(&tick.value);
            }
            return Ok(());
        }
        match self.ticker.take(&tick) {
            Taken::Refused => self.refused("price or size of a quote"),
            Taken::Feed { live } => {
                self.meter.set_live(live);
                let problem = (!live).then(|| "frozen or delayed data: not used".to_owned());
                self.meter.set_problem(problem);
                self.gaps();
            }
            Taken::Quote | Taken::Row | Taken::Nothing => {}
        }
        Ok(())
    }

    fn settle(&mut self) {
        if self.context.is_dark() {
            return;
        }
        if let Some(quote) = self.ticker.changed_quote() {
            count(&self.context.board.counters.quotes);
            self.context.post(Payload::Quote(quote));
            if let (Some(spot), Some(middle)) = (&self.spot, middle(&quote)) {
                spot.send_replace(Some(middle));
            }
        }
        if let Some(row) = self.ticker.changed_row() {
            count(&self.context.board.counters.chain_rows);
            self.context.post(Payload::Chain(row));
        }
    }

    fn lost(&mut self) {
        self.ticker.forget();
        self.gaps();
    }

    fn kicked(&mut self, kick: Kick) -> bool {
        match kick {
            Kick::All => true,
            Kick::Resumed => {
                // The broker goes on with changes: what it said before still stands, but the engine
                // was told of a gap and needs to hear it again.
                self.ticker.repeat();
                self.settle();
                false
            }
            Kick::Book(_) => false,
        }
    }
}

/// Prints of one contract.
pub(crate) struct TradeTaker {
    pub(crate) context: Arc<Context>,
    pub(crate) instrument: InstrumentId,
}

impl Taker for TradeTaker {
    type Message = BrokerTrade;

    fn take(&mut self, tick: BrokerTrade) -> Result<(), String> {
        if self.context.is_dark() {
            return Ok(());
        }
        match trade::print(&tick, self.instrument) {
            Ok(Some(print)) => {
                count(&self.context.board.counters.trades);
                let second = tick.time.unix_timestamp();
                self.context.post_at(|now| (trade::instant(second, now), Payload::Trade(print)));
            }
            Ok(None) => {}
            Err(error) => {
                count(&self.context.board.counters.refused_numbers);
                tracing::debug!(%error, ?tick, "a print was refused");
            }
        }
        Ok(())
    }

    fn settle(&mut self) {}

    fn lost(&mut self) {
        self.context.gap(self.instrument, Stream::Trades);
    }

    fn kicked(&mut self, kick: Kick) -> bool {
        kick == Kick::All
    }
}

/// The book of one contract.
pub(crate) struct DepthTaker {
    context: Arc<Context>,
    instrument: InstrumentId,
    /// Losses of the broker before this book was opened.
    losses: u64,
}

impl DepthTaker {
    pub(crate) fn new(context: Arc<Context>, instrument: InstrumentId) -> Self {
        let losses = context.losses();
        Self { context, instrument, losses }
    }
}

impl Taker for DepthTaker {
    type Message = MarketDepths;

    fn take(&mut self, message: MarketDepths) -> Result<(), String> {
        match edit(&message, self.instrument) {
            // The book is opened anew once the broker is back: until then its edits lack their base.
            Ok(Edit::Row(_)) if self.context.is_dark() || self.losses != self.context.losses() => Ok(()),
            Ok(Edit::Row(depth)) => {
                count(&self.context.board.counters.book_edits);
                self.context.post(Payload::Depth(depth));
                Ok(())
            }
            // The broker goes on with fresh rows under the same subscription.
            Ok(Edit::Reset) => {
                self.lost();
                Ok(())
            }
            Err(error) => {
                count(&self.context.board.counters.refused_numbers);
                Err(error.to_string())
            }
        }
    }

    fn settle(&mut self) {}

    fn lost(&mut self) {
        self.losses = self.context.losses();
        self.context.gap(self.instrument, Stream::Depth);
    }

    fn kicked(&mut self, kick: Kick) -> bool {
        match kick {
            // Edits by position say nothing when one of them is missing.
            Kick::All | Kick::Resumed => true,
            Kick::Book(lost) => lost == self.instrument,
        }
    }
}
