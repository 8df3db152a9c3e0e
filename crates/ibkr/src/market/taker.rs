//! What each kind of stream does with its messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use alphatrader_model::market::{DayTotals, Level, Stream, TradingState, TradingStatus};
use alphatrader_model::{InstrumentId, Payload, Price, Quantity, Quote, Symbol};
use ibapi::contracts::tick_types::TickType;
use ibapi::market_data::realtime::{Bar as BrokerBar, MarketDepths, TickTypes, Trade as BrokerTrade};
use tokio::sync::watch;
use tokio::time::Instant;

use super::bar;
use super::depth::{Edit, edit};
use super::keeper::{Kick, Refusal, Taker};
use super::quote::{Taken, Ticker};
use super::trade;
use crate::context::Context;
use crate::meter::Meter;
use crate::rota::Rota;
use crate::status::count;

/// What the streams of one contract tell each other.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Trading was stopped: silence is to be expected.
    halted: AtomicBool,
    /// Prints come from the quote line's volume tick.
    samples: AtomicBool,
}

impl Shared {
    /// `samples`: prints come from the quote line's volume tick.
    pub(crate) const fn new(samples: bool) -> Self {
        Self { halted: AtomicBool::new(false), samples: AtomicBool::new(samples) }
    }

    fn is_halted(&self) -> bool {
        self.halted.load(Ordering::Acquire)
    }

    fn samples(&self) -> bool {
        self.samples.load(Ordering::Acquire)
    }
}

/// The totals of the day are told at most this often.
const TOTALS: Duration = Duration::from_secs(1);

/// Totals of the day as the feed counts them.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    volume: Option<Quantity>,
    vwap: Option<Price>,
    changed: bool,
    told: Option<Instant>,
}

impl Totals {
    fn take(&mut self, tick: &trade::VolumeTick) {
        let (volume, vwap) = (tick.total.or(self.volume), tick.vwap.or(self.vwap));
        self.changed |= (volume, vwap) != (self.volume, self.vwap);
        (self.volume, self.vwap) = (volume, vwap);
    }

    /// What is to be told now, if anything is.
    fn due(&mut self, instrument: InstrumentId) -> Option<DayTotals> {
        if !self.changed || self.told.is_some_and(|told| told.elapsed() < TOTALS) {
            return None;
        }
        (self.changed, self.told) = (false, Some(Instant::now()));
        Some(DayTotals { instrument, volume: self.volume, vwap: self.vwap })
    }
}

/// Quotes and chain rows of one contract, and its prints where it has no trade stream of its own.
pub(crate) struct QuoteTaker {
    pub(crate) context: Arc<Context>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) instrument: InstrumentId,
    pub(crate) ticker: Ticker,
    pub(crate) shared: Arc<Shared>,
    pub(crate) totals: Totals,
    /// Where the middle of the quote is wanted.
    pub(crate) spot: Option<watch::Sender<Option<Price>>>,
}

impl QuoteTaker {
    fn number_refused(&self, what: &str) {
        count(&self.context.board.counters.refused_numbers);
        tracing::debug!(instrument = self.instrument.0, what, "a number was refused");
    }

    fn volume_tick(&mut self, text: &str) {
        if !self.ticker.is_live() {
            count(&self.context.board.counters.not_live);
            return;
        }
        let tick = match trade::volume_tick(text, self.instrument) {
            Ok(tick) => tick,
            Err(error) => return self.number_refused(&error.to_string()),
        };
        self.totals.take(&tick);
        if let Some(print) = tick.print.filter(|_| self.shared.samples()) {
            count(&self.context.board.counters.trades);
            self.meter.lag(tick.time, self.context.clock.now());
            self.context.post_at(|_| (tick.time, Payload::Trade(print)));
        }
    }

    fn gaps(&self) {
        self.context.gap(self.instrument, Stream::Quotes);
        if self.shared.samples() {
            self.context.gap(self.instrument, Stream::Trades);
        }
    }

    fn feed(&self, live: bool) {
        self.meter.set_live(live);
        let problem = (!live).then(|| "frozen or delayed data: not used".to_owned());
        self.meter.set_problem(problem);
        self.gaps();
    }

    fn state(&self, state: TradingState) {
        let halted = state != TradingState::Trading;
        self.shared.halted.store(halted, Ordering::Release);
        self.meter.set_problem(halted.then(|| {
            match state {
                TradingState::VolatilityPause => "trading pauses: the price moved too fast",
                _ => "trading is halted",
            }
            .to_owned()
        }));
        self.context.post(Payload::Status(TradingStatus { instrument: self.instrument, state }));
        if halted {
            // Quotes of a stock that does not trade are no prices to trade at.
            self.context.gap(self.instrument, Stream::Quotes);
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
            if tick.tick_type == TickType::RtVolume && !self.context.is_dark() {
                self.volume_tick(&tick.value);
            }
            return Ok(());
        }
        let taken = self.ticker.take(&tick);
        match taken {
            Taken::Refused => self.number_refused("price or size of a quote"),
            Taken::Feed { live } => self.feed(live),
            Taken::State(state) => self.state(state),
            Taken::Quote if self.ticker.is_dropped(taken) => count(&self.context.board.counters.not_live),
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
        if let Some(totals) = self.totals.due(self.instrument) {
            self.context.post(Payload::Totals(totals));
        }
    }

    fn lost(&mut self) {
        self.ticker.forget();
        self.totals = Totals::default();
        self.shared.halted.store(false, Ordering::Release);
        self.meter.set_live(true);
        self.gaps();
    }

    fn may_be_silent(&self) -> bool {
        self.shared.is_halted()
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
    pub(crate) meter: Arc<Meter>,
    pub(crate) instrument: InstrumentId,
    pub(crate) shared: Arc<Shared>,
}

impl TradeTaker {
    /// From here on prints come from the quote line, or no longer.
    fn sample(&self, samples: bool) {
        if self.shared.samples.swap(samples, Ordering::AcqRel) != samples {
            // Neither feed goes on where the other ended.
            self.context.gap(self.instrument, Stream::Trades);
            self.meter.set_sampled(samples);
        }
    }
}

impl Taker for TradeTaker {
    type Message = BrokerTrade;

    fn take(&mut self, tick: BrokerTrade) -> Result<(), String> {
        if self.context.is_dark() {
            return Ok(());
        }
        self.sample(false);
        match trade::print(&tick, self.instrument) {
            Ok(Some(print)) => {
                count(&self.context.board.counters.trades);
                let second = tick.time.unix_timestamp();
                self.context.post_at(|now| {
                    let time = trade::instant(second, now);
                    self.meter.lag(time, now);
                    (time, Payload::Trade(print))
                });
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

    fn refused(&mut self, code: i32) -> Refusal {
        // As many streams as the account has are open: the quote line's prints until one comes free.
        if code == 10_190 {
            self.sample(true);
        }
        Refusal::TryAgain
    }

    fn may_be_silent(&self) -> bool {
        self.shared.is_halted()
    }
}

/// 5-second bars of one contract.
pub(crate) struct BarTaker {
    pub(crate) context: Arc<Context>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) instrument: InstrumentId,
    pub(crate) shared: Arc<Shared>,
}

impl Taker for BarTaker {
    type Message = BrokerBar;

    fn take(&mut self, said: BrokerBar) -> Result<(), String> {
        if self.context.is_dark() {
            return Ok(());
        }
        let prices = [said.open, said.high, said.low, said.close];
        match bar::bar(self.instrument, said.date.unix_timestamp(), prices, said.volume) {
            Ok(Some((end, bar))) => {
                count(&self.context.board.counters.bars);
                self.meter.lag(end, self.context.clock.now());
                self.context.post_at(|_| (end, Payload::Bar(bar)));
            }
            // Nothing was traded in it.
            Ok(None) => {}
            Err(error) => {
                count(&self.context.board.counters.refused_numbers);
                tracing::debug!(%error, ?said, "a bar was refused");
            }
        }
        Ok(())
    }

    fn settle(&mut self) {}

    fn lost(&mut self) {
        self.context.gap(self.instrument, Stream::Bars);
    }

    fn kicked(&mut self, kick: Kick) -> bool {
        kick == Kick::All
    }

    fn may_be_silent(&self) -> bool {
        self.shared.is_halted()
    }
}

/// The book of one contract.
pub(crate) struct DepthTaker {
    context: Arc<Context>,
    instrument: InstrumentId,
    symbol: Symbol,
    rota: Arc<Rota>,
    shared: Arc<Shared>,
    /// Losses of the broker before this book was opened.
    losses: u64,
}

impl DepthTaker {
    pub(crate) fn new(
        context: Arc<Context>,
        instrument: InstrumentId,
        symbol: Symbol,
        rota: Arc<Rota>,
        shared: Arc<Shared>,
    ) -> Self {
        let losses = context.losses();
        Self { context, instrument, symbol, rota, shared, losses }
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

    fn refused(&mut self, code: i32) -> Refusal {
        // As many books as the account has are open: this one waits for its turn.
        if code == 309 && self.rota.refused(self.symbol) { Refusal::GiveUp } else { Refusal::TryAgain }
    }

    fn may_be_silent(&self) -> bool {
        self.shared.is_halted()
    }
}
