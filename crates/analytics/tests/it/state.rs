//! Volatility, regime, memory and order flow of a symbol: over a recorded day, and against the allocator.

use alphatrader_analytics::hawkes::state::unfitted;
use alphatrader_analytics::hawkes::{Baseline, OrderFlow};
use alphatrader_analytics::probability::Density;
use alphatrader_analytics::regime::state::Model;
use alphatrader_analytics::regime::{Chain, RegimeState};
use alphatrader_analytics::temporal::TemporalState;
use alphatrader_analytics::volatility::{Garch, RangeBar, VolatilityState, realised};
use alphatrader_model::event::Payload;
use alphatrader_model::features::{Regime, RegimeLevel, RegimeSource, Structure, Volatility};
use alphatrader_model::market::Side;
use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};

use crate::allocation::allocations;
use crate::recorded::{events, lean, session};

/// All four, with models of everything.
struct States {
    volatility: VolatilityState,
    regime: RegimeState,
    temporal: TemporalState,
    flow: OrderFlow,
}

impl States {
    fn new() -> Self {
        let student = |nu| Density::student_t(nu).expect("more than two degrees");
        let garch = Garch::new(2e-8, 0.06, 0.92, student(6.0)).expect("it is stationary");
        let rows = [vec![0.97, 0.03], vec![0.06, 0.94]];
        let chain = Chain::new(student(5.0), &[0.7, 0.3], &rows, &[2.5e-7, 2.5e-6]).expect("it is a chain");
        Self {
            volatility: VolatilityState::new(Price::from_cents(1), Some(garch)),
            regime: RegimeState::new(Model::new(chain, &[])),
            temporal: TemporalState::default(),
            flow: OrderFlow::new(unfitted(), Baseline::default()),
        }
    }

    fn on_session(&mut self, open: Timestamp) {
        self.volatility.on_session();
        self.regime.on_session(open);
        self.temporal.on_session();
        self.flow.on_session(open);
    }

    fn on_quote(&mut self, ts: Timestamp, bid: Price, ask: Price) {
        self.volatility.on_quote(ts, bid, ask, Quality::GOOD);
        self.regime.on_quote(ts, bid, ask, Quality::GOOD);
        self.temporal.on_quote(ts, bid, ask, Quality::GOOD);
    }

    fn on_trade(&mut self, ts: Timestamp, side: Side) {
        self.temporal.on_trade(side);
        self.flow.on_trade(ts, side);
    }

    fn on_time(&mut self, ts: Timestamp) {
        self.volatility.on_time(ts);
        self.regime.on_time(ts);
        self.temporal.on_time(ts);
    }

    fn shown(&self) -> (Volatility, Regime, Structure) {
        let mut shown = (Volatility::default(), Regime::default(), Structure::default());
        self.volatility.fill(&mut shown.0);
        self.regime.fill(&mut shown.1);
        self.temporal.fill(&mut shown.2);
        shown
    }
}

/// SPY on 2013-10-07 moved about half a percent from open to close; the index of implied volatility
/// closed at 19.4.
#[test]
fn recorded_day_has_plausible_volatility_and_memory() {
    let Some(folder) = lean() else { return };
    let mut states = States::new();
    let hours = session();
    states.on_session(hours.open);
    let (mut middle, mut mids) = (None, vec![]);
    let mut next = hours.open + Span::from_seconds(5);
    for (ts, payload) in events(&folder) {
        if ts < hours.open || ts >= hours.close {
            continue;
        }
        match payload {
            Payload::Quote(quote) => {
                if let (Some(bid), Some(ask)) = (quote.bid, quote.ask) {
                    while next <= ts {
                        mids.extend(middle);
                        next = next + Span::from_seconds(5);
                    }
                    if bid.price < ask.price {
                        middle = Some((bid.price.raw() + ask.price.raw()) as f64);
                    }
                    states.on_quote(ts, bid.price, ask.price);
                }
            }
            Payload::Trade(trade) => {
                let buys = middle.is_none_or(|middle| trade.price.raw() as f64 * 2.0 >= middle);
                states.on_trade(ts, if buys { Side::Buy } else { Side::Sell });
            }
            _ => {}
        }
    }
    states.on_time(hours.close);
    mids.extend(middle);
    let (volatility, regime, structure) = states.shown();
    println!("{volatility:#?}\n{regime:#?}\n{structure:#?}");

    // The last half hour, sampled here once more in the plainest way.
    let returns: Vec<f64> = mids.windows(2).map(|two| libm::log(two[1] / two[0])).collect();
    let last = realised(&returns[returns.len() - 360..]).unwrap();
    let yearly = libm::sqrt(last.variance / 1_800.0 * 23_400.0 * 252.0);
    assert!((volatility.realised.value.unwrap() / yearly - 1.0).abs() < 1e-9, "{yearly}");

    let within = |metric: Metric, low: f64, high: f64| {
        let value = metric.value.unwrap();
        assert!(low < value && value < high, "{metric:?} not in {low}..{high}");
    };
    for metric in [
        volatility.realised,
        volatility.bipower,
        volatility.med_rv,
        volatility.min_rv,
        volatility.ewma,
        volatility.garch,
    ] {
        within(metric, 0.02, 0.4);
    }
    within(volatility.jump_share, -1e-9, 1.0);
    within(volatility.signature_ratio, 0.3, 3.0);
    assert_eq!(regime.source, RegimeSource::Hmm);
    assert!(matches!(regime.level, Some(RegimeLevel::Normal | RegimeLevel::Volatile)));
    assert_eq!(regime.probabilities[0].n_obs, 77);
    within(structure.autocorrelation, -0.5, 0.5);
    within(structure.variance_ratio, 0.5, 1.5);
    within(structure.sign_autocorrelation, 0.0, 1.0);
    within(states.flow.next_buys(hours.close), 0.0, 1.0);
    // Many prints of a day share their millisecond: they are merged.
    assert!(states.flow.merged() > 50_000 && states.flow.events() > 50_000, "{}", states.flow.merged());
}

#[test]
fn nothing_allocates_after_the_start() {
    let mut states = States::new();
    let open = Timestamp::from_seconds(48_600);
    states.on_session(open);
    let bar = |mid: i64| {
        let raw = Price::from_raw;
        RangeBar { open: raw(mid), high: raw(mid + 900), low: raw(mid - 900), close: raw(mid + 100) }
    };
    let mut state = 3_u64;
    let mut mid = 1_000_000;
    let taken = allocations(|| {
        for second in 0..23_400_i64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            mid += (state >> 60) as i64 * 10 - 75;
            let ts = open + Span::from_seconds(second);
            states.on_quote(ts, Price::from_raw(mid - 50), Price::from_raw(mid + 50));
            states.on_trade(ts, if state >> 63 == 1 { Side::Buy } else { Side::Sell });
            match second % 3_600 {
                60 => states.volatility.on_bar(&bar(mid)),
                1_800 => states.volatility.on_halt(ts),
                1_830 => states.volatility.on_resume(),
                3_000 => {
                    states.volatility.clear();
                    states.regime.clear();
                    states.temporal.clear();
                    states.flow.clear(ts);
                }
                _ => {}
            }
        }
        states.on_time(open + Span::from_seconds(23_400));
        states.on_session(open + Span::from_seconds(86_400));
        states.shown();
    });
    assert_eq!(taken, 0);
}
