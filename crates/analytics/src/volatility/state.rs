//! Volatility of one symbol, live: mids of five seconds over half an hour, one-minute bars, and filters.

use alphatrader_model::features::Volatility;
use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::garch::{Garch, GarchFilter};
use super::ranges::{RangeBar, RangeWindow};
use super::{Ewma, RealisedWindow, Sampler, Signature, TRADED_SECONDS, annual};
use crate::quality::QualityMemory;

/// The grid of mids.
pub const GRID: Span = Span::from_seconds(5);
/// Returns of the window: half an hour.
pub const WINDOW: usize = 360;
/// Returns needed: five minutes.
pub const LEAST: usize = 60;
/// Weight of the past in the exponentially weighted variance of five-second returns: half in five minutes.
pub const LAMBDA: f64 = 0.988_514_020_352_896_1;
/// One-minute bars of the range estimators: half an hour.
pub const BARS: usize = 30;

const GRID_SECONDS: f64 = 5.0;
const BAR_SECONDS: f64 = 60.0;
const GARCH_SECONDS: f64 = 300.0;
/// Grid points in a return of the GARCH filter.
const GARCH_STEPS: u32 = 60;

/// All volatility measures of one symbol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VolatilityState {
    sampler: Sampler,
    core: Core,
    ranges: RangeWindow,
    quality: QualityMemory,
    /// Something that is shown may have changed since it was.
    changed: bool,
}

/// What a return of the grid moves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Core {
    window: RealisedWindow,
    signature: Signature,
    ewma: Ewma,
    garch: Option<GarchFilter>,
    /// The five-minute return that is growing, and of how many grid points.
    growing: (f64, u32),
    returns: u64,
}

impl Core {
    fn on_return(&mut self, end: Timestamp, r: f64) {
        self.window.push(r);
        self.signature.push(r);
        self.ewma.push(r);
        self.returns = self.returns.saturating_add(1);
        self.growing = (self.growing.0 + r, self.growing.1 + 1);
        if end.nanos() % (GARCH_SECONDS as i64 * 1_000_000_000) == 0 {
            let (sum, steps) = core::mem::take(&mut self.growing);
            // Only whole five minutes.
            if let (GARCH_STEPS, Some(garch)) = (steps, &mut self.garch) {
                garch.on_return(sum);
            }
        }
    }

    fn break_off(&mut self) {
        self.window.clear();
        self.signature.break_off();
        self.growing = (0.0, 0);
    }
}

impl VolatilityState {
    /// For a symbol with this tick. Without `garch` there is no GARCH forecast: its parameters are fitted to
    /// five-minute returns.
    pub fn new(tick: Price, garch: Option<Garch>) -> Self {
        Self {
            sampler: Sampler::new(GRID),
            core: Core {
                window: RealisedWindow::new(WINDOW),
                signature: Signature::default(),
                ewma: Ewma::new(LAMBDA),
                garch: garch.map(|garch| GarchFilter::new(garch, garch.long_run())),
                growing: (0.0, 0),
                returns: 0,
            },
            ranges: RangeWindow::new(BARS, tick),
            quality: QualityMemory::default(),
            changed: true,
        }
    }

    /// Other parameters, at the start of a session; the filter begins at their long-run variance.
    pub fn set_garch(&mut self, garch: Option<Garch>) {
        self.core.garch = garch.map(|garch| GarchFilter::new(garch, garch.long_run()));
        self.changed = true;
    }

    /// Takes a firm quote and what was wrong with it.
    #[inline]
    pub fn on_quote(&mut self, ts: Timestamp, bid: Price, ask: Price, quality: Quality) {
        self.quality.mark(quality, self.core.returns);
        self.changed |= quality != Quality::GOOD;
        let (core, changed) = (&mut self.core, &mut self.changed);
        self.sampler.on_quote(ts, bid, ask, |end, r| {
            core.on_return(end, r);
            *changed = true;
        });
    }

    /// Time passes without a quote.
    #[inline]
    pub fn on_time(&mut self, ts: Timestamp) {
        let (core, changed) = (&mut self.core, &mut self.changed);
        self.sampler.on_time(ts, |end, r| {
            core.on_return(end, r);
            *changed = true;
        });
    }

    /// Takes a finished one-minute bar.
    pub fn on_bar(&mut self, bar: &RangeBar) {
        self.ranges.on_bar(bar);
        self.changed = true;
    }

    /// A part of the stream was lost: windows begin anew, filters go on.
    pub fn clear(&mut self) {
        self.sampler.clear();
        self.core.break_off();
        self.ranges.clear();
        self.quality.mark(Quality::GAP, self.core.returns);
        self.changed = true;
    }

    /// Trading stops.
    pub fn on_halt(&mut self, ts: Timestamp) {
        self.sampler.on_halt(ts);
        self.core.growing = (0.0, 0);
        self.quality.mark(Quality::HALT_RESUME, self.core.returns);
        self.changed = true;
    }

    /// Trading goes on; the jump over the halt is no return.
    pub fn on_resume(&mut self) {
        self.sampler.on_resume();
    }

    /// A new session: the night is no return; filters go on.
    pub fn on_session(&mut self) {
        self.sampler.clear();
        self.core.break_off();
        self.core.signature.clear();
        self.ranges.on_session();
        self.quality.clear();
        self.changed = true;
    }

    /// Writes what is shown, when it may be other than the last time: into the same place.
    #[inline]
    pub fn fill_changed(&mut self, volatility: &mut Volatility) {
        if core::mem::take(&mut self.changed) {
            self.fill(volatility);
        }
    }

    /// Writes what is shown.
    pub fn fill(&self, volatility: &mut Volatility) {
        let quality = self.quality.within(self.core.returns, WINDOW as u64);
        let n = self.core.window.len();
        let seconds = n as f64 * GRID_SECONDS;
        let measures = self.core.window.measures().filter(|_| n >= LEAST);
        let metric = |value: Option<f64>| Metric::new(value, n as u64, quality);
        let yearly = |value: Option<f64>| metric(value.map(|variance| annual(variance, seconds)));
        volatility.realised = yearly(measures.map(|m| m.variance));
        volatility.bipower = yearly(measures.map(|m| m.bipower));
        volatility.med_rv = yearly(measures.map(|m| m.median));
        volatility.min_rv = yearly(measures.map(|m| m.minimum));
        volatility.jump_share = metric(measures.and_then(|m| m.jump_share()));
        volatility.jump_z = metric(measures.and_then(|m| m.jump_z()));
        let signature = self.core.signature.ratio();
        volatility.signature_ratio = Metric { quality, ..signature };
        let ewma = self.core.ewma.variance();
        volatility.ewma =
            Metric { value: ewma.value.map(|v| annual(v, GRID_SECONDS)), n_obs: ewma.n_obs, quality };
        volatility.garch = self.core.garch.as_ref().map_or(Metric::NONE, |garch| {
            let ready = garch.observed() > 0;
            Metric::new(ready.then(|| annual(garch.variance(), GARCH_SECONDS)), garch.observed(), quality)
        });
        let bars = libm::sqrt(TRADED_SECONDS / BAR_SECONDS);
        let scaled = |metric: Metric| Metric { value: metric.value.map(|sigma| sigma * bars), ..metric };
        volatility.parkinson = scaled(self.ranges.parkinson());
        volatility.garman_klass = scaled(self.ranges.garman_klass());
        volatility.rogers_satchell = scaled(self.ranges.rogers_satchell());
        volatility.yang_zhang = scaled(self.ranges.yang_zhang());
    }

    /// The variance of a five-second return, exponentially weighted, from the first one on.
    pub fn ewma_variance(&self) -> Option<f64> {
        self.core.ewma.latest()
    }

    /// Bytes on the heap.
    pub const fn heap_bytes(&self) -> usize {
        self.core.window.heap_bytes() + self.ranges.heap_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probability::Density;
    use proptest::prelude::*;

    fn shown(state: &VolatilityState) -> Volatility {
        let mut volatility = Volatility::default();
        state.fill(&mut volatility);
        volatility
    }

    /// Mids that step up and down by one in ten thousand every five seconds.
    fn zigzag(state: &mut VolatilityState, from: i64, steps: i64) {
        for i in 0..steps {
            let mid = 1_000_000 + 100 * (i % 2);
            let (bid, ask) = (Price::from_raw(mid - 50), Price::from_raw(mid + 50));
            state.on_quote(Timestamp::from_millis((from + i) * 5_000 + 1), bid, ask, Quality::GOOD);
        }
    }

    #[test]
    fn numbers_are_yearly() {
        let garch = Garch::new(1e-7, 0.05, 0.9, Density::NORMAL).unwrap();
        let mut state = VolatilityState::new(Price::from_raw(100), Some(garch));
        zigzag(&mut state, 0, 61);
        assert_eq!(shown(&state).realised.value, None);
        zigzag(&mut state, 61, 400);
        let volatility = shown(&state);
        // sqrt(1e-8 / 5 s * 5 896 800 s).
        let yearly = 0.1086;
        for metric in [volatility.realised, volatility.bipower.with_factor(0.798), volatility.ewma] {
            assert!((metric.value.unwrap() - yearly).abs() < 0.002, "{volatility:?}");
        }
        assert_eq!(volatility.realised.n_obs, 360);
        assert_eq!(volatility.jump_share.value, Some(0.0));
        assert_eq!(volatility.signature_ratio.value, None, "not yet an hour");
        let forecast = volatility.garch.value.unwrap();
        assert!(forecast > 0.0 && volatility.garch.n_obs >= 6, "{volatility:?}");
    }

    trait Factor {
        fn with_factor(self, factor: f64) -> Self;
    }

    impl Factor for Metric {
        fn with_factor(self, factor: f64) -> Self {
            Self { value: self.value.map(|value| value * factor), ..self }
        }
    }

    #[test]
    fn a_lost_stretch_empties_the_window_and_stands_beside_what_follows() {
        let mut state = VolatilityState::new(Price::from_raw(100), None);
        zigzag(&mut state, 0, 100);
        state.clear();
        assert_eq!((shown(&state).realised.value, shown(&state).garch), (None, Metric::NONE));
        zigzag(&mut state, 200, 100);
        let volatility = shown(&state);
        assert!(volatility.realised.is_ready() && volatility.realised.quality.contains(Quality::GAP));
        state.on_session();
        assert_eq!(shown(&state).realised, Metric::NONE);
        assert!(shown(&state).ewma.is_ready(), "the filter goes on");
    }

    #[test]
    fn it_is_bounded() {
        let state = VolatilityState::new(Price::from_raw(100), None);
        assert!(size_of::<VolatilityState>() + state.heap_bytes() <= 8 * 1024);
    }

    proptest! {
        #[test]
        fn restored_and_continued_is_uninterrupted(steps in prop::collection::vec((0_i64..30_000, -300_i64..300, any::<bool>()), 1..200), cut in 0_usize..200) {
            let mut whole = VolatilityState::new(Price::from_raw(100), None);
            let mut state = whole.clone();
            let (mut now, mut mid) = (0, 1_000_000);
            for (i, (wait, step, bar)) in steps.into_iter().enumerate() {
                (now, mid) = (now + wait, mid + step);
                if i == cut {
                    state = postcard::from_bytes(&postcard::to_stdvec(&state).unwrap()).unwrap();
                }
                for one in [&mut whole, &mut state] {
                    let raw = Price::from_raw;
                    one.on_quote(Timestamp::from_millis(now), raw(mid - 50), raw(mid + 50), Quality::GOOD);
                    if bar {
                        one.on_bar(&RangeBar { open: raw(mid), high: raw(mid + 900), low: raw(mid - 900), close: raw(mid + step) });
                    }
                }
            }
            prop_assert_eq!(shown(&whole), shown(&state));
            prop_assert_eq!(whole, state);
        }
    }
}
