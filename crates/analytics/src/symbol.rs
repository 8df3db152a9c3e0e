//! Everything the analytics know of one symbol, kept current event by event.
//!
//! [`SymbolAnalytics`] is fed what the market says of one instrument, in order of events; it writes one
//! [`Features`] value in place, which its owner keeps, and keeps one [`SymbolHistory`]. Each event costs a
//! bounded amount of work and, once the session has begun, allocates nothing.
//!
//! The *session* is 09:30 to the close. Volume, VWAP, extremes, flow, VPIN and candles know only its
//! prints; a closing auction may be printed up to ten minutes late. Last price and tape know the
//! extended hours too. A metric whose window was not watched in full is absent.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `alone` | [`Alone`]: the same with its own features, for a study or an export |
//! | `full` | what only a symbol with prints, bars or a book needs, allocated with the first of them |
//! | `day` | what the session has seen so far |
//! | `touch`, `depths` | order flow, imbalance and fair prices of the touch and of the book |
//! | `prices` | volatility, regime, temporal structure |
//! | `arrivals` | how orders arrive |
//! | `concealed` | hidden and iceberg orders |
//! | `costs` | what trading costs and moves |
//! | `ended` | the VPIN buckets that ended last |
//! | `watch` | the session, and what of it was watched |
//! | `prints`, `quotes` | how an event is taken |
//! | `interrupt` | gaps, pauses, halts |

mod alone;
mod arrivals;
mod concealed;
mod costs;
mod day;
mod depths;
mod ended;
mod full;
mod interrupt;
mod prices;
mod prints;
mod quotes;
mod touch;
mod watch;

use std::borrow::Cow;
use std::collections::VecDeque;

use alphatrader_model::calendar::Session;
use alphatrader_model::features::{Classification, Features, Hidden, Impact, SessionState, Sweeping};
use alphatrader_model::instrument::InstrumentId;
use alphatrader_model::market::DayTotals;
use alphatrader_model::time::{Span, Timestamp};
use alphatrader_model::view::{KeptOut, SymbolHistory};
use serde::{Deserialize, Serialize};

use crate::admission::{Admission, AdmissionCounts};
use crate::book::Book;
use crate::classify::{Classifier, ClassifyRule, QuoteInForce};
use crate::clock::TradingClock;
use crate::flow::signed_volume;
use crate::parameters::Parameters;
use crate::vpin::VpinPoint;

use full::Full;
use watch::Watch;

pub use alone::Alone;

/// The analytics of one symbol. Every method that hears an event writes into the same [`Features`], which its
/// owner hands over each time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SymbolAnalytics {
    instrument: InstrumentId,
    history: SymbolHistory,
    admission: Admission,
    classifier: Classifier,
    /// Trading time.
    clock: TradingClock,
    /// What prints are compared with; absent while the last quote is crossed, locked or one-sided.
    quote: Option<QuoteInForce>,
    /// Bid and offer sizes of the touch, with it.
    displayed: Option<(u64, u64)>,
    /// Quotes have come: the touch is theirs, not the book's.
    quoted: bool,
    /// When the sliding windows move next.
    next_second: Timestamp,
    watch: Watch,
    parameters: Parameters,
    /// Parameters that wait for the next session.
    next: Option<Parameters>,
    /// Absent as long as there are only quotes.
    full: Option<Box<Full>>,
}

impl SymbolAnalytics {
    /// Knows nothing yet. `features` are those of the symbol, new too; `instrument` is the number of the stock
    /// itself; events of others are ignored.
    pub fn new(features: &mut Features, instrument: InstrumentId, parameters: Parameters) -> Self {
        let symbol = Self {
            instrument,
            history: SymbolHistory::without_room(features.symbol),
            admission: Admission::new(parameters.policy),
            classifier: Classifier::new(parameters.classify),
            clock: TradingClock::default(),
            quote: None,
            displayed: None,
            quoted: false,
            next_second: Timestamp::from_nanos(i64::MIN),
            watch: Watch::default(),
            parameters,
            next: None,
            full: None,
        };
        symbol.show_parameters(features);
        symbol
    }

    fn show_parameters(&self, features: &mut Features) {
        let Parameters { classify, sweep_floor, .. } = &self.parameters;
        features.sweeps.floor = *sweep_floor;
        let toxicity = &mut features.toxicity;
        if self.full.is_none() {
            let vpin = self.parameters.vpin();
            (toxicity.bucket_volume, toxicity.window) = (vpin.bucket, vpin.window);
        }
        toxicity.classification = classification(classify.rule);
        toxicity.accuracy_prior = classify.rule.accuracy_prior(false);
    }

    /// What a chart shows beyond the features. Book, range of the session and unusual volume are those of the
    /// last [`Self::refresh`].
    pub const fn history(&self) -> &SymbolHistory {
        &self.history
    }

    /// What was admitted, refused and excluded since the start.
    pub const fn admission(&self) -> &AdmissionCounts {
        self.admission.counts()
    }

    /// The order book; absent as long as there are only quotes.
    pub fn book(&self) -> Option<&Book> {
        self.full.as_ref().map(|full| &full.depths.book)
    }

    /// The VPIN buckets that ended last, with their times, newest last; at most 128.
    pub fn ended_buckets(&self) -> Option<&VecDeque<(Timestamp, VpinPoint)>> {
        self.full.as_ref().map(|full| full.ended.points())
    }

    /// Whose market this is.
    pub const fn instrument(&self) -> InstrumentId {
        self.instrument
    }

    /// The parameters in force.
    pub const fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Whether there was more than quotes: all analytics run.
    pub const fn is_full(&self) -> bool {
        self.full.is_some()
    }

    /// Bytes of the whole state, what lies outside the value included, without its [`Features`].
    pub fn state_bytes(&self) -> usize {
        self.state_parts().iter().map(|(_, bytes)| bytes).sum()
    }

    /// The state by its parts: name and bytes.
    pub fn state_parts(&self) -> Vec<(&'static str, usize)> {
        let mut parts = vec![
            ("symbol", size_of::<Self>()),
            ("gate", self.admission.heap_bytes()),
            ("history", self.history.heap_bytes()),
        ];
        if let Some(full) = &self.full {
            parts.push(("analytics", size_of::<Full>()));
            full.heap_parts(&mut parts);
        }
        parts
    }

    /// New parameters. They change at the next session; what rests on those that changed starts from nothing.
    pub fn on_parameters(&mut self, features: &mut Features, parameters: Parameters) {
        self.next = (parameters != self.parameters).then_some(parameters);
        if self.watch.session.is_none() {
            self.change_parameters(features);
        }
    }

    /// A session is due. A new date forgets the day's state: last price, tape, candles, volume, VWAP,
    /// extremes, flow. VPIN goes on by volume over days; quote and book are the feed's and stay.
    pub fn on_session(&mut self, features: &mut Features, session: Session) {
        self.next_second = Timestamp::from_nanos(i64::MIN);
        if !self.watch.begin(session) {
            return;
        }
        self.change_parameters(features);
        self.admission.restart();
        self.classifier.reset();
        if let Some(full) = &mut self.full {
            full.begin_session(&mut self.history, session);
            full.show_vpin(features);
        }
        self.history.begin_session();
        features.hidden = Hidden::default();
        features.impact = Impact::default();
        features.session = SessionState::default();
        features.sweeps = Sweeping { floor: self.parameters.sweep_floor, ..Sweeping::default() };
        features.session_volume = 0;
        (features.last, features.session_open, features.vwap) = (None, None, None);
        (features.high_5m, features.low_5m, features.signed_volume_1m) = (None, None, None);
    }

    fn change_parameters(&mut self, features: &mut Features) {
        let Some(parameters) = self.next.take() else { return };
        if let Some(full) = &mut self.full {
            full.change_parameters(&self.parameters, &parameters);
        }
        if parameters.classify != self.parameters.classify {
            self.classifier = Classifier::new(parameters.classify);
        }
        self.parameters = parameters;
        self.show_parameters(features);
    }

    /// What the feed itself counts of the day. Shown only; our own volume and VWAP are of the session.
    pub fn on_totals(&mut self, ts: Timestamp, totals: &DayTotals) {
        if totals.instrument == self.instrument {
            self.history.totals = Some((ts, *totals));
        }
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
        let Some(full) = &self.full else { return };
        let history = &mut self.history;
        let copies =
            [(&mut history.bids, full.depths.book.bids()), (&mut history.asks, full.depths.book.asks())];
        for (shown, rows) in copies {
            shown.clear();
            shown.extend_from_slice(&rows[..rows.len().min(SymbolHistory::ROWS)]);
        }
        let range = full.day.range(&self.watch);
        history.session_low = range.map(|(low, _)| low);
        history.session_high = range.map(|(_, high)| high);
        history.unusual_volume = full.day.unusual_volume();
        history.kept_out.clear();
        let happened = self.admission.counts().kept_out().into_iter().filter(|(_, _, count)| *count > 0);
        history.kept_out.extend(happened.map(|(of, reason, count)| KeptOut {
            of: Cow::Borrowed(of),
            reason: Cow::Borrowed(reason),
            count,
        }));
    }

    /// Moves the sliding windows when a new second has begun; says whether it has.
    #[inline]
    fn advance(&mut self, features: &mut Features, ts: Timestamp) -> bool {
        let moves = ts >= self.next_second;
        if moves {
            self.turn(features, ts);
        }
        moves
    }

    /// A new second.
    fn turn(&mut self, features: &mut Features, ts: Timestamp) {
        let second = ts.seconds();
        let running = self.watch.observe(ts);
        let before = (features.signed_volume_1m, features.high_5m, features.low_5m);
        if let Some(full) = &mut self.full {
            full.day.turn(ts, running, &self.watch, features);
            let counts = self.admission.counts();
            features.session.excluded_volume = counts.excluded_volume;
            features.session.excluded_prints = counts.excluded();
            let now = self.clock.at(ts);
            if self.quoted && self.admission.quote_for_mid(ts).0.is_none() {
                // Crossed for too long.
                full.costs.lose_mid(now);
            }
            full.turn(ts, now, (self.quoted, running), &mut self.history, features);
        } else {
            // Nothing was traded, as far as it was watched.
            let minute = running && self.watch.coverage.covers(second, signed_volume::SLOTS as i64);
            features.signed_volume_1m = minute.then_some(0);
        }
        if before != (features.signed_volume_1m, features.high_5m, features.low_5m) {
            features.as_of = ts;
        }
        self.next_second =
            Timestamp::from_nanos(second.saturating_add(1).saturating_mul(Span::SECOND.nanos()));
    }

    /// After it was read back: its lists take the room that they had.
    pub fn make_room(&mut self) {
        if let Some(full) = &mut self.full {
            full.make_room();
            self.history.make_room();
        }
    }

    /// The first print, bar or row of a book: everything else is begun.
    #[cold]
    fn begin_full(&mut self, ts: Timestamp) {
        let mut full = Box::new(Full::new(&self.parameters));
        if let Some(session) = self.watch.session {
            let watched = self.watch.coverage.since().map_or(ts, Timestamp::from_seconds);
            full.day.begin(session, watched);
            full.prices.begin_session(session);
            full.arrivals.begin_session(session);
        }
        full.day.join(ts.seconds(), &self.watch);
        self.full = Some(full);
        self.history.make_room();
    }
}

/// The rule by its name in the features.
const fn classification(rule: ClassifyRule) -> Classification {
    match rule {
        ClassifyRule::Native => Classification::Native,
        ClassifyRule::Tick => Classification::Tick,
        ClassifyRule::Quote => Classification::Quote,
        ClassifyRule::LeeReady => Classification::LeeReady,
        ClassifyRule::Emo => Classification::Emo,
        ClassifyRule::Clnv => Classification::Clnv,
        ClassifyRule::Bulk => Classification::Bulk,
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
