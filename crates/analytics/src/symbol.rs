//! Everything the analytics know of one symbol, kept current event by event.
//!
//! [`SymbolAnalytics`] is fed what the market says of one instrument, in order of events; it writes one
//! [`Features`] value in place, which its owner keeps, and keeps one [`SymbolHistory`]. Each event costs a bounded amount of work and, once the
//! session has begun, allocates nothing.
//!
//! The *session* is 09:30 to the close. Volume, VWAP, extremes, flow, VPIN and candles know only its
//! prints; a closing auction may be printed up to ten minutes late. Last price and tape know the
//! extended hours too. A metric whose window was not watched in full is absent.

mod alone;
mod day;

use std::collections::VecDeque;

use alphatrader_model::calendar::Session;
use alphatrader_model::features::{BookState, Features};
use alphatrader_model::instrument::InstrumentId;
use alphatrader_model::market::{
    Bar, DayTotals, Depth, Gap, Level, Quote, Side, Stream, Trade, TradeFlags, TradingStatus,
};
use alphatrader_model::settings;
use alphatrader_model::time::Timestamp;
use alphatrader_model::view::{SymbolHistory, TapePrint};

use crate::admission::{Admission, AdmissionCounts, QuoteUse, TradeUse};
use crate::bars::ShortBarMaker;
use crate::book::Book;
use crate::classify::{Classifier, QuoteInForce};
use crate::flow::{Sweeps, sweep::SweepPrint};
use crate::imbalance;
use crate::vpin::Vpin;

use day::{Day, DayPrint};

pub use alone::Alone;

/// The analytics of one symbol. Every method that hears an event writes into the same [`Features`], which its
/// owner hands over each time.
#[derive(Debug, Clone)]
pub struct SymbolAnalytics {
    instrument: InstrumentId,
    history: SymbolHistory,
    admission: Admission,
    classifier: Classifier,
    /// What prints are compared with; absent while the last quote is crossed, locked or one-sided.
    quote: Option<QuoteInForce>,
    /// Bid and offer sizes of the touch, with it.
    displayed: Option<(u64, u64)>,
    /// Quotes have come: the touch is theirs, not the book's.
    quoted: bool,
    /// When the sliding windows move next.
    next_second: Timestamp,
    day: Day,
    bars: ShortBarMaker,
    sweeps: Sweeps,
    vpin: Vpin,
    /// VPIN parameters that wait for the next session.
    next_vpin: Option<(u64, u32)>,
    book: Book,
}

impl SymbolAnalytics {
    /// Knows nothing yet. `features` are those of the symbol, new too; `instrument` is the number of the stock
    /// itself; events of others are ignored.
    pub fn new(features: &mut Features, instrument: InstrumentId, settings: &settings::Analytics) -> Self {
        features.toxicity.bucket_volume = settings.vpin_bucket_volume;
        features.toxicity.window = settings.vpin_window;
        Self {
            instrument,
            history: SymbolHistory::new(features.symbol),
            admission: Admission::default(),
            classifier: Classifier::default(),
            quote: None,
            displayed: None,
            quoted: false,
            next_second: Timestamp::from_nanos(i64::MIN),
            day: Day::default(),
            bars: ShortBarMaker::default(),
            sweeps: Sweeps::default(),
            vpin: Vpin::new(settings.vpin_bucket_volume, settings.vpin_window),
            next_vpin: None,
            book: Book::default(),
        }
    }

    /// What a chart shows beyond it. Book, range of the session and unusual volume are those of the last
    /// [`Self::refresh`].
    pub const fn history(&self) -> &SymbolHistory {
        &self.history
    }

    /// What was admitted, refused and excluded since the start.
    pub const fn admission(&self) -> &AdmissionCounts {
        self.admission.counts()
    }

    /// The order book.
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// Whose market this is.
    pub const fn instrument(&self) -> InstrumentId {
        self.instrument
    }

    /// New settings. VPIN's bucket and window change at the next session and start from nothing.
    pub fn on_settings(&mut self, features: &mut Features, settings: &settings::Analytics) {
        let wanted = (settings.vpin_bucket_volume, settings.vpin_window);
        let current = (self.vpin.bucket(), self.vpin.window() as u32);
        self.next_vpin = (wanted != current).then_some(wanted);
        if self.day.session().is_none() {
            self.change_vpin(features);
        }
    }

    /// A session is due. A new date forgets the day's state: last price, tape, candles, volume, VWAP,
    /// extremes, flow. VPIN goes on by volume over days; quote and book are the feed's and stay.
    pub fn on_session(&mut self, features: &mut Features, session: Session) {
        self.next_second = Timestamp::from_nanos(i64::MIN);
        if !self.day.begin(session) {
            return;
        }
        self.change_vpin(features);
        self.admission.restart();
        self.classifier.reset();
        self.history.candles.clear();
        self.history.bars.clear();
        self.history.tape.clear();
        self.bars = ShortBarMaker::default();
        self.sweeps.restart();
        (self.history.sweep, self.history.sweeps, self.history.totals) = (None, 0, None);
        self.history.recent_sweeps.clear();
        features.session_volume = 0;
        (features.last, features.session_open, features.vwap) = (None, None, None);
        (features.high_5m, features.low_5m, features.signed_volume_1m) = (None, None, None);
    }

    fn change_vpin(&mut self, features: &mut Features) {
        if let Some((bucket, window)) = self.next_vpin.take() {
            self.vpin = Vpin::new(bucket, window);
            self.history.vpin.clear();
            (features.toxicity.bucket_volume, features.toxicity.window) = (bucket, window);
            features.vpin = None;
            features.vpin_buckets = 0;
        }
    }

    /// Best bid and offer changed.
    #[inline]
    pub fn on_quote(&mut self, features: &mut Features, ts: Timestamp, quote: &Quote) {
        if quote.instrument != self.instrument {
            return;
        }
        self.advance(features, ts);
        match self.admission.quote(ts, quote) {
            QuoteUse::Firm(bid, ask) => {
                self.quoted = true;
                self.show_touch(features, ts, bid, ask);
                features.quote_at = Some(ts);
                features.as_of = ts;
            }
            QuoteUse::OneSided => {
                self.quoted = true;
                self.hide_touch(features);
                features.bid = quote.bid.map(|level| level.price);
                features.ask = quote.ask.map(|level| level.price);
                features.quote_at = Some(ts);
                features.as_of = ts;
            }
            QuoteUse::Crossed => (self.quote, self.displayed) = (None, None),
            QuoteUse::Refused => return,
        }
        self.history.lost.quotes = false;
    }

    /// A print.
    #[inline]
    pub fn on_trade(&mut self, features: &mut Features, ts: Timestamp, trade: &Trade) {
        if trade.instrument != self.instrument {
            return;
        }
        self.advance(features, ts);
        let Some(usage) = self.admission.trade(ts, trade) else {
            return;
        };
        let side = if usage.signed {
            self.classifier.classify(ts, trade.price, trade.aggressor, self.quote.as_ref()).0
        } else {
            None
        };
        if usage.moves_tick {
            if usage.auction {
                self.classifier.remember_auction(trade.price);
            } else {
                self.classifier.remember(trade.price);
            }
            features.trade_at = Some(ts);
        }
        if usage.sets_last {
            features.last = Some(trade.price);
        }
        let Trade { price, size, venue, .. } = *trade;
        self.bars.on_print(&mut self.history.bars, ts, price, size, usage.sets_last);
        if self.day.holds(ts, usage.auction) {
            self.session_print(features, ts, trade, usage, side);
        }
        push(&mut self.history.tape, SymbolHistory::TAPE, TapePrint { time: ts, price, size, side, venue });
        self.history.prints += 1;
        self.history.lost.trades = false;
        self.history.sampled = trade.flags.contains(TradeFlags::SAMPLED);
        features.as_of = ts;
    }

    #[inline]
    fn session_print(
        &mut self,
        features: &mut Features,
        ts: Timestamp,
        trade: &Trade,
        usage: TradeUse,
        side: Option<Side>,
    ) {
        let Trade { price, size, .. } = *trade;
        // Admitted sizes are at most 10^12.
        let signed = side.map_or(0, |side| side.sign() * size.get() as i64);
        let print = DayPrint { price, size, signed, sets_last: usage.sets_last };
        self.day.on_print(ts, &print, features, &mut self.history.candles);
        if usage.signed {
            self.count_in_vpin(features, ts, size.get(), side);
            // A sampled print may be several orders, or a part of one.
            if let Some(side) = side
                && !trade.flags.contains(TradeFlags::SAMPLED)
            {
                self.look_for_sweep(ts, trade, side);
            }
        }
    }

    #[inline]
    fn look_for_sweep(&mut self, ts: Timestamp, trade: &Trade, side: Side) {
        let Trade { price, size, venue, .. } = *trade;
        let marked = trade.flags.contains(TradeFlags::SWEEP);
        let displayed = self.displayed.map(|(bid, ask)| if side == Side::Buy { ask } else { bid });
        let print = SweepPrint { price, size, side, venue, marked };
        if let Some(sweep) = self.sweeps.add(ts, &print, displayed) {
            self.history.note_sweep(sweep);
            self.history.sweeps = self.sweeps.count();
        }
    }

    #[inline]
    fn count_in_vpin(&mut self, features: &mut Features, ts: Timestamp, size: u64, side: Option<Side>) {
        let points = &mut self.history.vpin;
        let before = self.vpin.completed();
        self.vpin.add(size, side, |value| push(points, SymbolHistory::VPIN, (ts, value)));
        if self.vpin.completed() != before {
            features.vpin = self.vpin.value();
            features.vpin_buckets = self.vpin.completed();
        }
    }

    /// A bar ended at `ts`. One of five seconds takes the place of ours. Used for last price, volume and
    /// candles as long as the session has no prints.
    pub fn on_bar(&mut self, features: &mut Features, ts: Timestamp, bar: &Bar) {
        if bar.instrument != self.instrument {
            return;
        }
        self.advance(features, ts);
        if !self.admission.bar(bar) {
            return;
        }
        let kept = self.bars.on_bar(&mut self.history.bars, ts, bar);
        if self.day.on_bar(ts, bar, features, &mut self.history.candles) || kept {
            features.as_of = ts;
        } else {
            self.admission.bar_unused();
        }
    }

    /// A row of the book changed.
    #[inline]
    pub fn on_depth(&mut self, features: &mut Features, ts: Timestamp, depth: &Depth) {
        if depth.instrument != self.instrument {
            return;
        }
        self.advance(features, ts);
        let state = self.book.apply(depth);
        let deep = usize::from(depth.position) >= imbalance::LEVELS && state == features.book;
        features.book = state;
        self.history.lost.depth = false;
        features.depth_at = Some(ts);
        features.as_of = ts;
        if !deep {
            features.imbalance_5 = if state == BookState::Valid {
                imbalance::of_levels(self.book.bids(), self.book.asks())
            } else {
                None
            };
        }
        if !self.quoted {
            match self.book.best() {
                Some((bid, ask)) => self.show_touch(features, ts, bid, ask),
                None => self.hide_touch(features),
            }
        }
    }

    /// Trading was stopped, or goes on. Shown only: a stock that does not trade has no quotes.
    pub fn on_status(&mut self, features: &mut Features, ts: Timestamp, status: &TradingStatus) {
        if status.instrument == self.instrument {
            self.history.status = Some(status.state);
            features.as_of = ts;
        }
    }

    /// What the feed itself counts of the day. Shown only; our own volume and VWAP are of the session.
    pub fn on_totals(&mut self, ts: Timestamp, totals: &DayTotals) {
        if totals.instrument == self.instrument {
            self.history.totals = Some((ts, *totals));
        }
    }

    /// The process stood still for a moment and nothing was heard meanwhile: quotes and book are not known,
    /// flow and extremes start over, VWAP is absent for the rest of the session. VPIN goes on: beside
    /// its buckets the moment is small.
    pub fn on_pause(&mut self, features: &mut Features, ts: Timestamp) {
        let instrument = self.instrument;
        for stream in [Stream::Quotes, Stream::Depth] {
            self.on_gap(features, ts, &Gap { instrument, stream });
        }
        self.lose_prints(features);
    }

    /// Prints are missing: everything that rests on a stretch of them starts over, but VPIN.
    fn lose_prints(&mut self, features: &mut Features) {
        self.history.lost.trades = true;
        self.sweeps.clear();
        self.admission.restart();
        self.classifier.reset();
        self.day.lose_prints(features);
        self.next_second = Timestamp::from_nanos(i64::MIN);
    }

    /// Part of a stream was lost: what rests on it is not known until it has been watched anew.
    ///
    /// Without prints: flow, extremes and VPIN start over, and VWAP is absent for the rest of the session.
    pub fn on_gap(&mut self, features: &mut Features, ts: Timestamp, gap: &Gap) {
        if gap.instrument != self.instrument {
            return;
        }
        self.advance(features, ts);
        match gap.stream {
            Stream::Quotes => {
                self.history.lost.quotes = true;
                self.quoted = false;
                self.hide_touch(features);
            }
            Stream::Trades => {
                self.lose_prints(features);
                self.vpin.clear();
                features.vpin = None;
            }
            Stream::Depth => {
                self.history.lost.depth = true;
                self.book.reset();
                features.book = self.book.state();
                features.imbalance_5 = None;
                if !self.quoted {
                    self.hide_touch(features);
                }
            }
            // A candle less.
            Stream::Bars => {}
        }
        features.as_of = ts;
    }

    /// Time passed. Sliding windows move although nothing was traded; says whether they did: else
    /// nothing has changed.
    #[inline]
    pub fn on_timer(&mut self, features: &mut Features, ts: Timestamp) -> bool {
        self.advance(features, ts)
    }

    /// Brings that part of the history up to date which no event keeps: book rows, range of the session,
    /// unusual volume. Call it before the history is shown, ten times a second at most.
    pub fn refresh(&mut self) {
        let history = &mut self.history;
        let copies = [(&mut history.bids, self.book.bids()), (&mut history.asks, self.book.asks())];
        for (shown, rows) in copies {
            shown.clear();
            shown.extend_from_slice(&rows[..rows.len().min(SymbolHistory::ROWS)]);
        }
        let range = self.day.range();
        history.session_low = range.map(|(low, _)| low);
        history.session_high = range.map(|(_, high)| high);
        history.unusual_volume = self.day.unusual_volume();
    }

    #[inline]
    fn show_touch(&mut self, features: &mut Features, ts: Timestamp, bid: Level, ask: Level) {
        self.quote = Some(QuoteInForce { bid: bid.price, ask: ask.price, at: ts });
        self.displayed = Some((bid.size.get(), ask.size.get()));
        features.bid = Some(bid.price);
        features.ask = Some(ask.price);
        let (low, high) = (bid.price.raw(), ask.price.raw());
        features.spread_bp = Some(20_000.0 * (high - low) as f64 / (high + low) as f64);
        features.imbalance_touch = imbalance::of_sizes(bid.size.get(), ask.size.get());
    }

    fn hide_touch(&mut self, features: &mut Features) {
        (self.quote, self.displayed) = (None, None);
        (features.bid, features.ask) = (None, None);
        (features.spread_bp, features.imbalance_touch) = (None, None);
    }

    /// Moves the sliding windows when a new second has begun; says whether it has.
    #[inline]
    fn advance(&mut self, features: &mut Features, ts: Timestamp) -> bool {
        let moves = ts >= self.next_second;
        if moves {
            self.next_second = self.day.turn(ts, features);
        }
        moves
    }
}

/// Adds to a list that holds at most `most`.
#[inline]
fn push<T>(list: &mut VecDeque<T>, most: usize, item: T) {
    if list.len() >= most {
        list.pop_front();
    }
    list.push_back(item);
}

#[cfg(test)]
mod tests;
