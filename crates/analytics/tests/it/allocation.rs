//! After warm-up no event allocates: proven by an allocator that counts for each thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use alphatrader_analytics::admission::Admission;
use alphatrader_analytics::classify::{LaggedQuotes, QuoteInForce};
use alphatrader_analytics::impact::{Amihud, Kyle, Roll, Spreads};
use alphatrader_analytics::vpin::bars::BulkParameters;
use alphatrader_analytics::vpin::{VpinMeter, VpinParameters, VpinSource};
use alphatrader_analytics::{Alone, Parameters};
use alphatrader_model::calendar::Session;
use alphatrader_model::features::Features;
use alphatrader_model::instrument::{InstrumentId, Symbol};
use alphatrader_model::market::{
    Bar, Depth, DepthOperation, Gap, Level, Quote, Side, Stream, Trade, TradeFlags,
};
use alphatrader_model::number::{Price, Quantity};
use alphatrader_model::settings::Analytics;
use alphatrader_model::time::{Span, Timestamp};
use alphatrader_model::view::SymbolHistory;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static HELD: Cell<i64> = const { Cell::new(0) };
}

fn count(taken: usize, given_back: usize) {
    ALLOCATIONS.with(|count| count.set(count.get() + u64::from(taken > 0)));
    HELD.with(|held| held.set(held.get() + taken as i64 - given_back as i64));
}

#[expect(
    unsafe_code,
    reason = "an allocator is unsafe by its trait; this one counts and passes on to the system's"
)]
// SAFETY: every call goes to the system's allocator with the arguments unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: the caller's promise is handed on.
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

pub(crate) fn allocations(of: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.with(Cell::get);
    of();
    ALLOCATIONS.with(Cell::get) - before
}

const SPY: InstrumentId = InstrumentId(0);

/// A day's events from a small generator: every kind, quiet hours and bursts, good and bad values.
struct Tape {
    state: u64,
    now: Timestamp,
    price: i64,
}

impl Tape {
    fn draw(&mut self, below: u64) -> u64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % below
    }

    fn feed(&mut self, spy: &mut Alone) {
        let pause = if self.draw(1_000) == 0 { self.draw(20_000) } else { self.draw(300) };
        self.now = self.now + Span::from_millis(pause as i64);
        self.price += self.draw(3) as i64 - 1;
        match self.draw(100) {
            0..40 => {
                self.quote(spy);
            }
            40..70 => {
                let flags = TradeFlags(if self.draw(10) == 0 { self.draw(64) as u16 } else { 0 });
                let size = if self.draw(500) == 0 { 90_000_000 } else { self.draw(3_000) };
                let (price, size) = (Price::from_cents(self.price), Quantity::new(size));
                spy.on_trade(
                    self.now,
                    &Trade { instrument: SPY, price, size, aggressor: None, venue: None, flags },
                );
            }
            70..95 => self.depth(spy),
            95 => {
                let price = Price::from_cents(self.price);
                let (span, volume) = (Span::from_seconds(5), Quantity::new(10));
                spy.on_bar(
                    self.now,
                    &Bar {
                        instrument: SPY,
                        span,
                        open: price,
                        high: price,
                        low: price,
                        close: price,
                        volume,
                    },
                );
            }
            96 if self.draw(20) == 0 => {
                let stream = [Stream::Quotes, Stream::Trades, Stream::Depth][self.draw(3) as usize];
                spy.on_gap(self.now, &Gap { instrument: SPY, stream });
            }
            _ => {
                spy.on_timer(self.now);
                spy.refresh();
            }
        }
    }

    fn quote(&mut self, spy: &mut Alone) {
        let level = |raw: i64, size: u64| Level { price: Price::from_cents(raw), size: Quantity::new(size) };
        let (bid, size) = (self.price - self.draw(3) as i64, self.draw(900));
        let (bid, ask) = (level(bid, size + 1), level(self.price + 1, 200));
        spy.on_quote(self.now, &Quote { instrument: SPY, bid: Some(bid), ask: Some(ask) });
    }

    fn depth(&mut self, spy: &mut Alone) {
        let position = self.draw(12) as u8;
        let away = 1 + i64::from(position);
        let (side, cents) =
            if self.draw(2) == 0 { (Side::Buy, self.price - away) } else { (Side::Sell, self.price + away) };
        let operation =
            [DepthOperation::Insert, DepthOperation::Update, DepthOperation::Delete][self.draw(3) as usize];
        let (price, size) = (Price::from_cents(cents), Quantity::new(1 + self.draw(50)));
        spy.on_depth(
            self.now,
            &Depth { instrument: SPY, side, position, operation, price, size, venue: None },
        );
    }
}

fn session() -> Session {
    let text = r#"{"date":"2013-10-07","open":"2013-10-07T13:30:00Z","close":"2013-10-07T20:00:00Z"}"#;
    serde_json::from_str(text).expect("a session is written above")
}

#[test]
fn the_allocator_counts() {
    assert_eq!(allocations(|| drop(Box::new(1))), 1);
    assert_eq!(allocations(|| ()), 0);
}

#[test]
fn no_event_of_a_session_allocates() {
    let settings = Analytics { vpin_bucket_volume: 100_000, vpin_window: 50 };
    let mut spy = Alone::new(Symbol::new("SPY").unwrap(), SPY, Parameters::of(&settings));
    let session = session();
    spy.on_session(session);
    let mut tape = Tape { state: 7, now: session.open - Span::from_minutes(5), price: 16_800 };
    // The first print or row takes the memory for all that follow.
    while !spy.analytics().is_full() {
        tape.feed(&mut spy);
    }
    let counted = allocations(|| {
        for _ in 0..200_000 {
            tape.feed(&mut spy);
        }
    });
    assert_eq!(counted, 0);
    // The day was a full one: every list was filled and every window seen.
    assert!(tape.now > session.close);
    let (history, counts) = (spy.analytics().history(), spy.analytics().admission());
    assert!(
        history.candles.len() > 300
            && history.tape.len() == SymbolHistory::TAPE
            && history.vpin.len() == SymbolHistory::VPIN
    );
    assert_eq!(history.bars.len(), 100);
    assert!(history.prints > 10_000 && history.session_high.is_none(), "prints were lost");
    assert!(
        !history.bids.is_empty() && counts.auctions > 0 && counts.quote_value == 0 && counts.crossed == 0
    );
    assert!(
        spy.features().vpin_buckets > 1_000 && spy.analytics().book().unwrap().counts().not_monotonic > 0
    );
}

/// What a symbol with full analytics may hold, its features included.
const MOST_FULL: i64 = 256 * 1024;
/// What a symbol may hold that is only quoted.
const MOST_QUOTED: i64 = 8 * 1024;

#[test]
fn a_symbol_keeps_to_its_memory() {
    let before = HELD.with(Cell::get);
    let parameters = Parameters::of(&Analytics { vpin_bucket_volume: 1_000, vpin_window: 250 });
    let mut spy = Box::new(Alone::new(Symbol::new("SPY").unwrap(), SPY, parameters));
    let held = || HELD.with(Cell::get) - before;
    spy.on_session(session());
    let mut tape = Tape { state: 7, now: session().open - Span::from_minutes(5), price: 16_800 };
    for _ in 0..10_000 {
        tape.now = tape.now + Span::from_millis(tape.draw(3_000) as i64);
        tape.quote(&mut spy);
    }
    let quoted = held();
    let own = |spy: &Alone| (spy.analytics().state_bytes() + size_of::<Features>()) as i64;
    assert_eq!(quoted, own(&spy), "what the symbol says of itself");
    for _ in 0..200_000 {
        tape.feed(&mut spy);
    }
    let full = held();
    assert_eq!(full, own(&spy), "what the symbol says of itself");
    println!("by part: {:?}", spy.analytics().state_parts());
    println!("a symbol holds {quoted} bytes when it is only quoted, {full} with full analytics");
    assert!(quoted <= MOST_QUOTED, "{quoted}");
    assert!(full <= MOST_FULL, "{full}");
}

#[test]
fn no_print_allocates_in_what_counts_prints() {
    let sources =
        [VpinSource::Signed, VpinSource::Bulk(BulkParameters { student: true, ..BulkParameters::default() })];
    let mut meters =
        sources.map(|source| VpinMeter::new(VpinParameters { source, ..VpinParameters::new(10_000) }));
    let mut gate = Admission::default();
    let (mut kyle, mut roll, mut amihud) = (Kyle::new(Span::MINUTE, 31), Roll::new(512), Amihud::default());
    let (mut spreads, mut lagged) = (Spreads::default(), LaggedQuotes::new(Span::from_seconds(1)));
    let mut tape = Tape { state: 3, now: Timestamp::from_seconds(0), price: 16_800 };
    let counted = allocations(|| {
        for _ in 0..200_000 {
            tape.now = tape.now + Span::from_millis(tape.draw(300) as i64);
            tape.price += tape.draw(3) as i64 - 1;
            let (now, price) = (tape.now, Price::from_cents(tape.price));
            let quote = QuoteInForce { bid: price, ask: Price::from_cents(tape.price + 1), at: now };
            lagged.push(quote);
            black_box(lagged.at(now));
            kyle.on_mid(now, quote.twice_the_middle(), true);
            spreads.on_mid(now, Some(quote.twice_the_middle()));
            let (size, side) = (tape.draw(3_000), if tape.draw(2) == 0 { Side::Buy } else { Side::Sell });
            let size_of_print = Quantity::new(size);
            let print = Trade {
                instrument: SPY,
                price,
                size: size_of_print,
                aggressor: None,
                venue: None,
                flags: TradeFlags::NONE,
            };
            let Some(usage) = gate.trade(now, &print) else { continue };
            for meter in &mut meters {
                meter.on_trade(now, price, size, Some(side), usage.quality, |_| ());
            }
            kyle.on_trade(now, side.sign() * size as i64, usage.quality);
            roll.on_trade(price, usage.continues, usage.quality);
            amihud.on_trade(now, price, size, usage.quality);
            spreads.on_trade(now, price, size, side, usage.quality);
            if tape.draw(20_000) == 0 {
                gate.restart();
                for meter in &mut meters {
                    meter.on_session(|_| ());
                    meter.clear();
                }
                spreads.on_session();
                roll.clear();
            }
        }
    });
    assert_eq!(counted, 0);
    assert!(meters.iter().all(|meter| meter.completed() > 10_000) && spreads.dropped()[3] > 0);
    assert!(kyle.slope().is_some() && amihud.illiquidity().is_ready());
}
