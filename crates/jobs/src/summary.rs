//! One session of one symbol, read once and kept small: about 320 KiB.

mod bursts;
mod makers;
mod refills;

use alphatrader_analytics::admission::{Admission, QuoteUse};
use alphatrader_analytics::classify::bulk::{BulkCdf, BulkClassifier};
use alphatrader_analytics::classify::{Classifier, ClassifyParameters};
use alphatrader_analytics::discovery::SessionSlices;
use alphatrader_analytics::discovery::slices::SLICE_SECONDS;
use alphatrader_model::market::{Bar, Level, Quote, Side, Stream, Trade, TradeFlags};
use alphatrader_model::{Payload, Session, Span, Symbol, Timestamp};

pub use bursts::Bursts;
pub use makers::{Maker, Makers};
pub use refills::{Cause, Refills};

/// Decay of the variance in bulk classification of bars, the reference's default.
const BULK_LAMBDA: f64 = 0.97;
/// A session with more silent minutes than this share is an outage.
const MOST_SILENT: f64 = 0.15;
/// A session with more volume than this share cancelled later is not used.
const MOST_BUSTED: f64 = 0.01;

/// What a feed of prints says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Feed {
    /// Nothing.
    #[default]
    Nothing,
    /// Bars without prints: sides are bulk classified.
    Bars,
    /// Prints that the feed samples.
    Snapshot,
    /// Every print.
    TickByTick,
}

impl Feed {
    /// As in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Bars => "bars",
            Self::Snapshot => "snapshot",
            Self::TickByTick => "tick_by_tick",
        }
    }
}

/// What one session was.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Whose.
    pub symbol: Symbol,
    /// When.
    pub session: Session,
    /// Slice by slice.
    pub slices: SessionSlices,
    /// What the feed said.
    pub feed: Feed,
    /// Prints that passed the gate.
    pub prints: u64,
    /// Their volume, shares.
    pub admitted: u64,
    /// Volume kept out by the gate, shares.
    pub excluded: u64,
    /// Share of the volume that was cancelled later.
    pub busted: f64,
    /// Parts of the prints were lost.
    pub gaps: u32,
    /// Notionals of bursts.
    pub bursts: Bursts,
    /// Displayed sizes that came back.
    pub refills: Refills,
    /// Venues or makers that named themselves in the book.
    pub makers: Makers,
}

impl Summary {
    /// Why it may not be searched; absent when it may.
    pub fn unfit(&self) -> Option<&'static str> {
        let whole = self.slices.len() * SLICE_SECONDS >= 23_400;
        if !whole {
            Some("half_day")
        } else if self.feed == Feed::Nothing {
            Some("no_data")
        } else if self.gaps > 0 || self.slices.silent_share() > MOST_SILENT {
            Some("outage")
        } else if self.busted > MOST_BUSTED {
            Some("busted_volume")
        } else {
            None
        }
    }
}

/// Makes a [`Summary`] from events in their order.
#[derive(Debug)]
pub struct Builder {
    summary: Summary,
    gate: Admission,
    classifier: Classifier,
    /// Twice the mid at the end of each slice, price units; zero before the first.
    mids: Vec<i64>,
    touch: Option<(Level, Level)>,
    even: bool,
    odd_to_buy: bool,
    bulk: BulkClassifier,
    bar_close: Option<i64>,
}

impl Builder {
    /// For a session.
    pub fn new(symbol: Symbol, session: Session) -> Self {
        let seconds = session.close.since(session.open).nanos() / Span::SECOND.nanos();
        let slices = (seconds.clamp(0, 86_400) as usize).div_ceil(SLICE_SECONDS);
        Self {
            summary: Summary {
                symbol,
                session,
                slices: SessionSlices::new(slices),
                feed: Feed::Nothing,
                prints: 0,
                admitted: 0,
                excluded: 0,
                busted: 0.0,
                gaps: 0,
                bursts: Bursts::default(),
                refills: Refills::default(),
                makers: Makers::default(),
            },
            gate: Admission::default(),
            classifier: Classifier::new(ClassifyParameters::default()),
            mids: vec![0; slices],
            touch: None,
            even: false,
            odd_to_buy: true,
            bulk: BulkClassifier::new(BulkCdf::Normal, BULK_LAMBDA),
            bar_close: None,
        }
    }

    /// The slice of an instant; absent outside the session.
    fn slice(&self, ts: Timestamp) -> Option<usize> {
        let after = ts.since(self.summary.session.open).nanos();
        let place = usize::try_from(after).ok()? / (SLICE_SECONDS * 1_000_000_000);
        (place < self.mids.len()).then_some(place)
    }

    /// Takes an event of this symbol's stock.
    pub fn on(&mut self, ts: Timestamp, payload: &Payload) {
        match payload {
            Payload::Quote(quote) => self.on_quote(ts, quote),
            Payload::Trade(trade) => self.on_trade(ts, trade),
            Payload::Bar(bar) => self.on_bar(ts, bar),
            Payload::Depth(edit) => {
                if let (Some(venue), Some(_)) = (edit.venue, self.slice(ts)) {
                    self.summary.makers.on(venue, ts, edit.side);
                }
            }
            Payload::Status(status) => {
                self.gate.status(status.state);
            }
            Payload::Gap(gap) => {
                self.touch = None;
                self.gate.forget_quote();
                if gap.stream == Stream::Trades && self.slice(ts).is_some() {
                    self.summary.gaps += 1;
                }
            }
            _ => {}
        }
    }

    fn on_quote(&mut self, ts: Timestamp, quote: &Quote) {
        let QuoteUse::Firm(bid, ask) = self.gate.quote(ts, quote) else {
            self.touch = None;
            return;
        };
        let Some(slice) = self.slice(ts) else {
            self.touch = Some((bid, ask));
            return;
        };
        self.mids[slice] = bid.price.raw() + ask.price.raw();
        if let Some(before) = self.touch.filter(|_| self.gate.quote_continues()) {
            self.summary.slices.order_flow[slice] += order_flow(before, (bid, ask));
            self.summary.refills.on_touch(ts, before, (bid, ask));
        }
        self.touch = Some((bid, ask));
    }

    fn on_trade(&mut self, ts: Timestamp, trade: &Trade) {
        let Some(usage) = self.gate.trade(ts, trade) else { return };
        let by_tick = self.classifier.tick(trade.price);
        let side = if usage.signed {
            self.classifier.classify(ts, trade.price, trade.aggressor, self.gate.quote_for_side()).0
        } else {
            None
        };
        if usage.moves_tick && usage.auction {
            self.classifier.remember_auction(trade.price);
        } else if usage.moves_tick {
            self.classifier.remember(trade.price);
        }
        let Some(slice) = self.slice(ts).filter(|_| usage.signed) else { return };
        let sampled = trade.flags.contains(TradeFlags::SAMPLED);
        self.summary.feed = self.summary.feed.max(if sampled { Feed::Snapshot } else { Feed::TickByTick });
        let size = trade.size.get() as f64;
        let (buy, sell) = self.halves(size, side);
        let slices = &mut self.summary.slices;
        slices.buy[slice] += buy;
        slices.sell[slice] += sell;
        self.even = !self.even;
        if self.even {
            slices.even_buy[slice] += buy;
            slices.even_sell[slice] += sell;
        }
        slices.tick_buy[slice] +=
            by_tick.map_or(size / 2.0, |side| if side == Side::Buy { size } else { 0.0 });
        slices.trades[slice] = slices.trades[slice].saturating_add(1);
        self.summary.prints += 1;
        if let Some(side) = side {
            self.summary.bursts.on(ts, side, trade.price.to_f64() * size);
            self.summary.refills.on_trade(ts, side, trade.price);
        }
    }

    /// Bought and sold shares of a print; one without a side is halved, the odd share going to either in turn.
    fn halves(&mut self, size: f64, side: Option<Side>) -> (f64, f64) {
        match side {
            Some(Side::Buy) => (size, 0.0),
            Some(Side::Sell) => (0.0, size),
            None => {
                let half = (size / 2.0).floor();
                let odd = size - 2.0 * half;
                let to_buy = if self.odd_to_buy { odd } else { 0.0 };
                self.odd_to_buy ^= odd > 0.0;
                (half + to_buy, half + odd - to_buy)
            }
        }
    }

    fn on_bar(&mut self, ts: Timestamp, bar: &Bar) {
        // A bar is told at its end, and its last instant is inside it.
        let Some(slice) = self.slice(ts - Span::from_nanos(1)) else { return };
        if self.summary.feed > Feed::Bars || !self.gate.bar(bar) {
            return;
        }
        self.summary.feed = Feed::Bars;
        let before = self.bar_close.unwrap_or(bar.open.raw());
        let share = self.bulk.bar((bar.close.raw() - before) as f64);
        self.bar_close = Some(bar.close.raw());
        let volume = bar.volume.get() as f64;
        let slices = &mut self.summary.slices;
        slices.buy[slice] += volume * share;
        slices.sell[slice] += volume * (1.0 - share);
        slices.trades[slice] = slices.trades[slice].saturating_add(1);
        if self.touch.is_none() {
            self.mids[slice] = 2 * bar.close.raw();
        }
    }

    /// The session is over.
    pub fn finish(mut self) -> Summary {
        for (log, mid) in self.summary.slices.mid.iter_mut().zip(&self.mids) {
            *log = (*mid > 0).then(|| libm::log(*mid as f64 / 20_000.0));
        }
        let counts = self.gate.counts();
        (self.summary.admitted, self.summary.excluded) = (counts.admitted_volume, counts.excluded_volume);
        self.summary.busted = counts.busted_share().unwrap_or(0.0);
        self.summary.bursts.end();
        self.summary
    }
}

/// Order-flow imbalance of one change of the touch (Cont, Kukanov, Stoikov 2014), shares.
fn order_flow(before: (Level, Level), now: (Level, Level)) -> f64 {
    let size = |level: Level| level.size.get() as f64;
    let mut flow = 0.0;
    if now.0.price >= before.0.price {
        flow += size(now.0);
    }
    if now.0.price <= before.0.price {
        flow -= size(before.0);
    }
    if now.1.price <= before.1.price {
        flow -= size(now.1);
    }
    if now.1.price >= before.1.price {
        flow += size(before.1);
    }
    flow
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::{Calendar, InstrumentId, Price, Quantity};

    fn level(cents: i64, size: u64) -> Level {
        Level { price: Price::from_cents(cents), size: Quantity::new(size) }
    }

    /// The reference's quotes: 150, 250, 350, -200, -250.
    #[test]
    fn order_flow_of_the_worked_example() {
        let quotes = [
            (level(10_000, 500), level(10_002, 400)),
            (level(10_000, 650), level(10_002, 400)),
            (level(10_001, 200), level(10_002, 350)),
            (level(10_001, 200), level(10_003, 300)),
            (level(10_000, 700), level(10_003, 300)),
            (level(10_000, 700), level(10_002, 250)),
        ];
        let flows: Vec<f64> = quotes.windows(2).map(|pair| order_flow(pair[0], pair[1])).collect();
        assert_eq!(flows, [150.0, 250.0, 350.0, -200.0, -250.0]);
    }

    #[test]
    fn prints_are_signed_halved_and_told_apart() {
        let session = Calendar::xnys().session(jiff::civil::date(2026, 3, 16)).unwrap();
        let mut builder = Builder::new(Symbol::new("SPY").unwrap(), session);
        let at = |seconds| session.open + Span::from_seconds(seconds);
        let instrument = InstrumentId(0);
        let quote = Quote { instrument, bid: Some(level(100, 5)), ask: Some(level(102, 5)) };
        builder.on(at(0), &Payload::Quote(quote));
        let print = |cents, size| {
            let (price, size) = (Price::from_cents(cents), Quantity::new(size));
            Payload::Trade(Trade {
                instrument,
                price,
                size,
                aggressor: None,
                venue: None,
                flags: TradeFlags::NONE,
            })
        };
        builder.on(at(1), &print(101, 3));
        builder.on(at(1), &print(102, 10));
        builder.on(at(6), &print(100, 7));
        builder.on(at(-5), &print(100, 7));
        let summary = builder.finish();
        assert_eq!(summary.slices.buy[..2], [12.0, 0.0]);
        assert_eq!(summary.slices.sell[..2], [1.0, 7.0]);
        assert_eq!(summary.slices.even_buy[..2], [2.0, 0.0]);
        assert_eq!((summary.prints, summary.feed), (3, Feed::TickByTick));
        assert_eq!(summary.unfit(), Some("outage"));
        assert_eq!(summary.slices.mid[0], Some(libm::log(1.01)));
    }
}
