//! Ten measures of one symbol together, event by event: `cargo bench -p alphatrader-analytics --bench bundle`.
//!
//! Classification, VPIN, order-flow imbalance, Kyle, Roll, realised variance, Hawkes, spreads, sweeps and hidden
//! orders, fed as [`alphatrader_analytics::SymbolAnalytics`] feeds them and read once a second; then everything
//! of a symbol; then what wickra-core has of the ten, over the same prints and quotes. Each event is timed by
//! itself and the clock's own time taken off; `mean` is a whole pass without a clock between events. Medians
//! and tails are reported, never asserted.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a benchmark asks the clock")]
#![allow(missing_docs, reason = "a program, not an interface")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use alphatrader_analytics::classify::{Classifier, ClassifyParameters, QuoteInForce};
use alphatrader_analytics::flow::Sweeps;
use alphatrader_analytics::flow::sweep::SweepPrint;
use alphatrader_analytics::hawkes::state::unfitted;
use alphatrader_analytics::hawkes::{Baseline, OrderFlow};
use alphatrader_analytics::hidden::{Hidden, HiddenParameters, HiddenPrint};
use alphatrader_analytics::impact::{Kyle, Roll, Spreads};
use alphatrader_analytics::ofi::{Ofi, OfiParameters};
use alphatrader_analytics::volatility::{RealisedWindow, Sampler};
use alphatrader_analytics::vpin::{VpinMeter, VpinParameters};
use alphatrader_analytics::{Alone, Parameters};
use alphatrader_history::{Progress, locate};
use alphatrader_market::synthetic::{SyntheticConfig, SyntheticMarket};
use alphatrader_model::calendar::{Calendar, Session};
use alphatrader_model::event::Payload;
use alphatrader_model::instrument::{InstrumentId, Symbol};
use alphatrader_model::market::{Level, Quote, Side, Trade, TradeFlags};
use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::settings::Analytics;
use alphatrader_model::time::{Span, Timestamp};
use wickra_core::Indicator;

const SPY: InstrumentId = InstrumentId(0);

/// Passes over a day; the first warms up and is not counted.
const PASSES: usize = 4;

/// Shares of a bucket: hundreds of them end in either day.
const BUCKET: u64 = 100_000;

/// One event of the underlying.
#[derive(Clone)]
enum Happening {
    Quote(Timestamp, Quote),
    Trade(Timestamp, Trade),
}

/// The ten, with what joins them.
struct Bundle {
    classifier: Classifier,
    quote: Option<(QuoteInForce, Level, Level)>,
    vpin: VpinMeter,
    ofi: Ofi,
    kyle: Kyle,
    roll: Roll,
    grid: Sampler,
    realised: RealisedWindow,
    orders: OrderFlow,
    spreads: Spreads,
    sweeps: Sweeps,
    hidden: Hidden,
    next_second: Timestamp,
    shown: Shown,
}

/// What is read once a second.
#[derive(Default)]
struct Shown {
    metrics: [Metric; 13],
    variance: Option<f64>,
}

impl Bundle {
    fn new(session: Session) -> Self {
        let mut orders = OrderFlow::new(unfitted(), Baseline::default());
        orders.on_session(session.open);
        Self {
            classifier: Classifier::new(ClassifyParameters::default()),
            quote: None,
            vpin: VpinMeter::new(VpinParameters::new(BUCKET)),
            ofi: Ofi::new(OfiParameters::default()),
            kyle: Kyle::new(Span::MINUTE, 31),
            roll: Roll::new(Roll::WINDOW),
            grid: Sampler::new(Span::from_seconds(5)),
            realised: RealisedWindow::new(360),
            orders,
            spreads: Spreads::default(),
            sweeps: Sweeps::default(),
            hidden: Hidden::new(HiddenParameters::default()),
            next_second: Timestamp::from_nanos(i64::MIN),
            shown: Shown::default(),
        }
    }

    #[inline]
    fn on(&mut self, happening: &Happening) {
        match happening {
            Happening::Quote(ts, quote) => {
                self.advance(*ts);
                self.on_quote(*ts, quote);
            }
            Happening::Trade(ts, trade) => {
                self.advance(*ts);
                self.on_trade(*ts, trade);
            }
        }
    }

    #[inline]
    fn on_quote(&mut self, ts: Timestamp, quote: &Quote) {
        let Some((bid, ask)) = quote.firm() else {
            self.quote = None;
            self.ofi.on_crossed(Quality::CROSSED);
            self.spreads.on_mid(ts, None);
            self.kyle.lose_mid();
            return;
        };
        self.quote = Some((QuoteInForce { bid: bid.price, ask: ask.price, at: ts }, bid, ask));
        let twice_mid = bid.price.raw() + ask.price.raw();
        let realised = &mut self.realised;
        self.grid.on_quote(ts, bid.price, ask.price, |_, r| realised.push(r));
        black_box(self.hidden.on_touch(ts, bid, ask));
        self.ofi.on_touch(ts, bid, ask, Quality::GOOD);
        self.spreads.on_mid(ts, Some(twice_mid));
        self.kyle.on_mid(ts, twice_mid, true);
    }

    #[inline]
    fn on_trade(&mut self, ts: Timestamp, trade: &Trade) {
        let Trade { price, size, venue, flags, .. } = *trade;
        let quote = self.quote.as_ref().map(|(quote, ..)| quote);
        let side = self.classifier.classify(ts, price, trade.aggressor, quote).0;
        self.classifier.remember(price);
        let shares = size.get();
        self.vpin.on_trade(ts, price, shares, side, Quality::GOOD, |point| {
            black_box(point);
        });
        black_box(self.hidden.on_print(ts, &HiddenPrint { price, size, side, venue, flags }));
        self.roll.on_trade(price, true, Quality::GOOD);
        let Some(side) = side else { return };
        self.kyle.on_trade(ts, side.sign() * shares as i64, Quality::GOOD);
        self.spreads.on_trade(ts, price, shares, side, Quality::GOOD);
        self.orders.on_trade(ts, side);
        let touch = self.quote.map(|(_, bid, ask)| if side == Side::Buy { ask } else { bid });
        let marked = flags.contains(TradeFlags::SWEEP);
        let print = SweepPrint { price, size, side, venue, marked, sampled: false };
        black_box(self.sweeps.add(ts, &print, touch));
    }

    #[inline]
    fn advance(&mut self, ts: Timestamp) {
        if ts >= self.next_second {
            self.turn(ts);
        }
    }

    fn turn(&mut self, ts: Timestamp) {
        self.next_second = Timestamp::from_seconds(ts.seconds() + 1);
        let realised = &mut self.realised;
        self.grid.on_time(ts, |_, r| realised.push(r));
        self.ofi.advance(ts);
        self.spreads.on_timer(ts);
        self.kyle.on_timer(ts);
        self.hidden.advance(ts);
        self.shown.metrics = [
            self.vpin.metric(),
            self.vpin.null_ratio(),
            self.vpin.cdf(),
            self.ofi.raw(0),
            self.ofi.normalised(0),
            self.kyle.bps_per_100k(),
            self.roll.spread(),
            self.orders.intensity(Side::Buy, ts),
            self.orders.intensity(Side::Sell, ts),
            self.spreads.effective_bps(),
            self.spreads.realised(2),
            self.spreads.impact(2),
            self.hidden.share(),
        ];
        self.shown.variance = self.realised.measures().map(|measures| measures.variance);
        let [.., buying, selling, _, _, _, _] = self.shown.metrics;
        self.sweeps.set_rates(buying.value, selling.value);
        black_box(&self.shown);
    }
}

/// What wickra-core has of the ten; it is told the sides.
struct Peer {
    vpin: wickra_core::Vpin,
    ofi: wickra_core::OrderFlowImbalance,
    kyle: wickra_core::KylesLambda,
    roll: wickra_core::RollMeasure,
    effective: wickra_core::EffectiveSpread,
    realised_spread: wickra_core::RealizedSpread,
    volatility: wickra_core::RealizedVolatility,
    mid: f64,
    next_grid: i64,
}

impl Peer {
    fn new() -> Self {
        let right = "a parameter in range";
        Self {
            vpin: wickra_core::Vpin::new(BUCKET as f64, 50).expect(right),
            ofi: wickra_core::OrderFlowImbalance::new(20).expect(right),
            kyle: wickra_core::KylesLambda::new(50).expect(right),
            roll: wickra_core::RollMeasure::new(50).expect(right),
            effective: wickra_core::EffectiveSpread::new(),
            realised_spread: wickra_core::RealizedSpread::new(50).expect(right),
            volatility: wickra_core::RealizedVolatility::new(360).expect(right),
            mid: 0.0,
            next_grid: i64::MIN,
        }
    }

    #[inline]
    fn on(&mut self, (happening, side): &(Happening, Side)) {
        match happening {
            Happening::Quote(ts, quote) => {
                let Some((bid, ask)) = quote.firm() else { return };
                let one = |level: Level| {
                    vec![wickra_core::Level::new_unchecked(level.price.to_f64(), level.size.get() as f64)]
                };
                self.mid = f64::midpoint(bid.price.to_f64(), ask.price.to_f64());
                black_box(self.ofi.update(wickra_core::OrderBook::new_unchecked(one(bid), one(ask))));
                if ts.nanos() >= self.next_grid {
                    black_box(self.volatility.update(self.mid));
                    self.next_grid = (ts.nanos() / 5_000_000_000 + 1) * 5_000_000_000;
                }
            }
            Happening::Trade(ts, trade) => {
                let (price, size) = (trade.price.to_f64(), trade.size.get() as f64);
                let side = if *side == Side::Buy { wickra_core::Side::Buy } else { wickra_core::Side::Sell };
                let print = wickra_core::Trade::new_unchecked(price, size, side, ts.nanos());
                let mid = if self.mid > 0.0 { self.mid } else { price };
                let quoted = wickra_core::TradeQuote::new_unchecked(print, mid);
                black_box(self.vpin.update(print));
                black_box(self.roll.update(print));
                black_box(self.kyle.update(quoted));
                black_box(self.effective.update(quoted));
                black_box(self.realised_spread.update(quoted));
            }
        }
    }
}

fn session(text: &str) -> Session {
    serde_json::from_str(text).expect("a session is written in this file")
}

/// Quotes and prints of the underlying inside the session.
fn of_underlying(session: Session, inputs: impl Iterator<Item = (Timestamp, Payload)>) -> Vec<Happening> {
    inputs
        .filter(|(ts, _)| session.open <= *ts && *ts < session.close)
        .filter_map(|(ts, payload)| match payload {
            Payload::Quote(quote) if quote.instrument == SPY => Some(Happening::Quote(ts, quote)),
            // What the gate in front of the measures keeps from them.
            Payload::Trade(trade) if trade.instrument == SPY && SweepPrint::admits(trade.flags) => {
                Some(Happening::Trade(ts, trade))
            }
            _ => None,
        })
        .collect()
}

fn synthetic() -> (Session, Vec<Happening>) {
    let text = r#"{"date":"2026-11-23","open":"2026-11-23T14:30:00Z","close":"2026-11-23T21:00:00Z"}"#;
    let session = session(text);
    let market =
        SyntheticMarket::new(SyntheticConfig { with_chain: false, ..SyntheticConfig::spy(7) }, session);
    (session, of_underlying(session, market.map(|input| (input.ts_event, input.payload))))
}

fn recorded() -> Option<(Session, Vec<Happening>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data =
        std::env::var_os("ALPHATRADER_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    if !data.is_dir() {
        println!("skipped: recorded data absent");
        return None;
    }
    let session =
        session(r#"{"date":"2013-10-07","open":"2013-10-07T13:30:00Z","close":"2013-10-07T20:00:00Z"}"#);
    let symbol = Symbol::new("SPY").expect("SPY is a symbol");
    let located = locate(&data.join("lean"), symbol, session.date).expect("the recorded day is there");
    let items = located.open(&Calendar::xnys(), SPY, &Progress::default()).expect("the files open");
    let inputs = items.filter_map(Result::ok).map(|item| (item.input.ts_event, item.input.payload));
    Some((session, of_underlying(session, inputs)))
}

/// Nanoseconds that asking the clock twice takes, at the median.
fn clock() -> u64 {
    let mut times: Vec<u64> = (0..100_000)
        .map(|_| {
            let start = Instant::now();
            black_box(());
            start.elapsed().as_nanos() as u64
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// Passes over a day: each event by itself, then the whole without a clock inside.
fn measure<S, E>(name: &str, events: &[E], fresh: impl Fn() -> S, step: impl Fn(&mut S, &E)) {
    let clock = clock();
    let mut times = Vec::with_capacity(events.len() * PASSES);
    let mut whole = u64::MAX;
    for pass in 0..=PASSES {
        let mut state = fresh();
        let start = Instant::now();
        for event in events {
            step(&mut state, black_box(event));
        }
        whole = whole.min(start.elapsed().as_nanos() as u64);
        black_box(&state);
        let mut state = fresh();
        for event in events {
            let start = Instant::now();
            step(&mut state, black_box(event));
            let spent = start.elapsed().as_nanos() as u64;
            if pass > 0 {
                times.push(spent.saturating_sub(clock));
            }
        }
        black_box(&state);
    }
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "  {name:<44} median {:>4} ns  p99 {:>5} ns  p99.9 {:>5} ns  mean {:>6.1} ns",
        at(0.5),
        at(0.99),
        at(0.999),
        whole as f64 / events.len() as f64
    );
}

/// Sides as our classifier has them, for the peer.
fn with_sides(events: &[Happening]) -> Vec<(Happening, Side)> {
    let mut classifier = Classifier::new(ClassifyParameters::default());
    let mut in_force: Option<QuoteInForce> = None;
    events
        .iter()
        .map(|happening| {
            let side = match happening {
                Happening::Quote(at, quote) => {
                    in_force = quote.firm().map(|(bid, ask)| QuoteInForce {
                        bid: bid.price,
                        ask: ask.price,
                        at: *at,
                    });
                    None
                }
                Happening::Trade(ts, trade) => {
                    let side = classifier.classify(*ts, trade.price, trade.aggressor, in_force.as_ref()).0;
                    classifier.remember(trade.price);
                    side
                }
            };
            (happening.clone(), side.unwrap_or(Side::Buy))
        })
        .collect()
}

fn whole_symbol(session: Session) -> Alone {
    let settings = Analytics { vpin_bucket_volume: BUCKET, vpin_window: 50 };
    let parameters = Parameters::of(&settings);
    let mut alone = Alone::new(Symbol::new("SPY").expect("SPY is a symbol"), SPY, parameters);
    alone.on_session(session);
    alone
}

fn day(name: &str, session: Session, events: &[Happening]) {
    let trades = events.iter().filter(|event| matches!(event, Happening::Trade(..))).count();
    println!("{name}: {trades} prints, {} quotes", events.len() - trades);
    measure("the ten", events, || Bundle::new(session), Bundle::on);
    let told = with_sides(events);
    measure("wickra-core: seven of them, Roll over 50", &told, Peer::new, Peer::on);
    measure(
        "everything of a symbol",
        events,
        || whole_symbol(session),
        |alone, event| match event {
            Happening::Quote(ts, quote) => alone.on_quote(*ts, quote),
            Happening::Trade(ts, trade) => alone.on_trade(*ts, trade),
        },
    );
    let only_quotes: Vec<Happening> =
        events.iter().filter(|event| matches!(event, Happening::Quote(..))).cloned().collect();
    measure("the ten, quotes alone", &only_quotes, || Bundle::new(session), Bundle::on);
}

fn main() {
    if let Some((session, events)) = recorded() {
        day("SPY 2013-10-07", session, &events);
    }
    let (session, events) = synthetic();
    day("a synthetic day", session, &events);
}
