//! The regime of one symbol, live, from five-minute returns of mids.
//!
//! Returns are divided by the usual standard deviation of their five minutes of the day, then filtered by
//! the chain whose fit was accepted. Where there is no chain, or none of its states is certain enough, the
//! percentile of the exponentially weighted variance speaks; its level, too, is kept for at least
//! [`DWELL`] bars.

use alphatrader_model::features::{Regime, RegimeLevel, RegimeSource};
use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::hysteresis::DWELL;
use super::percentile::SLOTS;
use super::{Chain, Filter, Hysteresis, Percentiles};
use crate::quality::QualityMemory;
use crate::volatility::{Ewma, Sampler, ewma::LAMBDA};

/// The bars.
pub const BAR: Span = Span::from_minutes(5);
/// Bars for which a fault of an input stands beside the regime: two hours.
const MEMORY: u64 = 24;

/// What a model needs: the chain, and the usual standard deviation of each five minutes of the day relative
/// to its mean, which its returns were divided by before the fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    chain: Chain,
    scale: Box<[f64]>,
}

impl Model {
    /// From a chain and a curve of [`SLOTS`] numbers above zero; an empty curve is a flat one. None for
    /// another curve.
    pub fn new(chain: Chain, scale: &[f64]) -> Option<Self> {
        let flat = scale.is_empty();
        let usable = scale.len() == SLOTS && scale.iter().all(|s| *s > 0.0 && s.is_finite());
        let scale = if flat { vec![1.0; SLOTS].into_boxed_slice() } else { scale.into() };
        (flat || usable).then_some(Self { chain, scale })
    }
}

/// The regime of one symbol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegimeState {
    sampler: Sampler,
    core: Core,
    quality: QualityMemory,
    /// Something that is shown may have changed since it was.
    changed: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Core {
    /// The session's open.
    open: Timestamp,
    ewma: Ewma,
    percentiles: Percentiles,
    filter: Option<Filter>,
    scale: Box<[f64]>,
    hysteresis: Hysteresis,
    level: Option<RegimeLevel>,
    source: RegimeSource,
    since: Option<Timestamp>,
    /// Bars since the level was entered.
    kept: u32,
    bars: u64,
}

impl Core {
    fn on_return(&mut self, end: Timestamp, r: f64) {
        self.bars = self.bars.saturating_add(1);
        self.ewma.push(r);
        let since_open = end.nanos().saturating_sub(self.open.nanos());
        // The bar that ends at the open plus five minutes is the first.
        let slot = usize::try_from((since_open - 1).div_euclid(BAR.nanos())).ok();
        if let (Some(slot), Some(variance)) = (slot, self.ewma.latest()) {
            self.percentiles.on_value(slot, variance);
        }
        if let Some(filter) = &mut self.filter {
            // Outside regular hours the nearest bar's scale counts.
            let scale = self.scale[slot.unwrap_or(0).min(SLOTS - 1)];
            if filter.on_return(r / scale).is_some() {
                self.hysteresis.on_bar(filter.probabilities());
            }
        }
        self.settle(end);
    }

    /// The level in force after a bar.
    fn settle(&mut self, end: Timestamp) {
        let states = self.filter.as_ref().map_or(0, |filter| filter.chain().states());
        let certain = self.hysteresis.current().map(|state| level_of_state(usize::from(state), states));
        let (level, source) = match certain {
            Some(level) => (Some(level), RegimeSource::Hmm),
            None => (self.percentiles.level(), RegimeSource::Percentile),
        };
        self.kept = self.kept.saturating_add(1);
        // The chain has its own dwell; the percentile has it here. Nothing known ends a level at once.
        let early = source == RegimeSource::Percentile && self.source == source && self.kept <= DWELL;
        if level == self.level {
            self.source = source;
        } else if !(early && level.is_some() && self.level.is_some()) {
            (self.level, self.source, self.kept) = (level, source, 1);
            self.since = level.map(|_| end);
        }
    }
}

/// What a state of a chain is called: the wildest of two is volatile, of four extreme.
const fn level_of_state(state: usize, states: usize) -> RegimeLevel {
    match (states, state) {
        (1, _) | (2, 0) => RegimeLevel::Normal,
        (2, _) => RegimeLevel::Volatile,
        (_, 0) => RegimeLevel::Calm,
        (_, 1) => RegimeLevel::Normal,
        (_, 2) => RegimeLevel::Volatile,
        _ => RegimeLevel::Extreme,
    }
}

impl RegimeState {
    /// With the accepted model, if there is one.
    pub fn new(model: Option<Model>) -> Self {
        let mut state = Self {
            sampler: Sampler::new(BAR),
            core: Core {
                open: Timestamp::from_nanos(0),
                ewma: Ewma::new(LAMBDA),
                percentiles: Percentiles::default(),
                filter: None,
                scale: vec![1.0; SLOTS].into_boxed_slice(),
                hysteresis: Hysteresis::default(),
                level: None,
                source: RegimeSource::default(),
                since: None,
                kept: 0,
                bars: 0,
            },
            quality: QualityMemory::default(),
            changed: true,
        };
        state.set_model(model);
        state
    }

    /// Another model, at the start of a session; its filter begins at the start of its chain.
    pub fn set_model(&mut self, model: Option<Model>) {
        self.changed = true;
        self.core.hysteresis.clear();
        self.core.filter = model.as_ref().map(|model| Filter::new(model.chain));
        if let Some(model) = model {
            self.core.scale.copy_from_slice(&model.scale);
        }
    }

    /// A session opens: the night is no return, its percentiles join those of earlier sessions.
    pub fn on_session(&mut self, open: Timestamp) {
        self.sampler.clear();
        self.core.open = open;
        self.core.percentiles.on_session();
        self.quality.clear();
        self.changed = true;
    }

    /// Takes a firm quote and what was wrong with it.
    #[inline]
    pub fn on_quote(&mut self, ts: Timestamp, bid: Price, ask: Price, quality: Quality) {
        self.quality.mark(quality, self.core.bars);
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

    /// A part of the stream was lost: the chain begins anew, the level is not known. Earlier sessions stay.
    pub fn clear(&mut self) {
        self.sampler.clear();
        let core = &mut self.core;
        if let Some(filter) = &mut core.filter {
            filter.clear();
        }
        core.hysteresis.clear();
        core.percentiles.clear();
        (core.level, core.since, core.kept) = (None, None, 0);
        self.quality.mark(Quality::GAP, core.bars);
        self.changed = true;
    }

    /// Trading stops.
    pub fn on_halt(&mut self, ts: Timestamp) {
        self.sampler.on_halt(ts);
        self.quality.mark(Quality::HALT_RESUME, self.core.bars);
        self.changed = true;
    }

    /// Trading goes on; the jump over the halt is no return.
    pub fn on_resume(&mut self) {
        self.sampler.on_resume();
    }

    /// Writes what is shown, when it may be other than the last time: into the same place.
    #[inline]
    pub fn fill_changed(&mut self, regime: &mut Regime) {
        if core::mem::take(&mut self.changed) {
            self.fill(regime);
        }
    }

    /// Writes what is shown.
    pub fn fill(&self, regime: &mut Regime) {
        let core = &self.core;
        let quality = self.quality.within(core.bars, MEMORY);
        (regime.level, regime.source, regime.since) = (core.level, core.source, core.since);
        regime.probabilities = [Metric::NONE; 4];
        regime.states = 0;
        if let Some(filter) = &core.filter {
            regime.states = filter.chain().states() as u8;
            for (shown, p) in regime.probabilities.iter_mut().zip(filter.probabilities()) {
                *shown = Metric::new((filter.observed() > 0).then_some(*p), filter.observed(), quality);
            }
        }
        regime.percentile = Metric { quality, ..core.percentiles.percentile() };
    }

    /// Bytes on the heap.
    pub const fn heap_bytes(&self) -> usize {
        self.core.percentiles.heap_bytes() + self.core.scale.len() * size_of::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::super::chain::worked;
    use super::*;

    const DAY: i64 = 86_400;

    fn shown(state: &RegimeState) -> Regime {
        let mut regime = Regime::default();
        state.fill(&mut regime);
        regime
    }

    /// A session of `bars` whose mids step up and down by `step` in a million.
    fn session(state: &mut RegimeState, day: i64, bars: i64, step: i64) {
        let open = day * DAY + 13 * 3_600 + 1_800;
        state.on_session(Timestamp::from_seconds(open));
        for i in 0..=bars {
            let mid = 1_000_000 + step * (i % 2);
            let (bid, ask) = (Price::from_raw(mid - 50), Price::from_raw(mid + 50));
            for tenth in 0..10 {
                let at = Timestamp::from_seconds(open - 299 + 300 * i + tenth * 30);
                state.on_quote(at, bid, ask, Quality::GOOD);
            }
        }
        state.on_time(Timestamp::from_seconds(open + 300 * bars));
    }

    #[test]
    fn the_percentile_speaks_when_ten_sessions_are_known() {
        let mut state = RegimeState::new(None);
        for day in 0..10 {
            session(&mut state, day, 20, 1_000 + 10 * day);
            assert_eq!(shown(&state).level, None, "{day}");
        }
        session(&mut state, 10, 20, 4_000);
        let regime = shown(&state);
        assert_eq!((regime.level, regime.source), (Some(RegimeLevel::Extreme), RegimeSource::Percentile));
        assert_eq!((regime.percentile.value, regime.percentile.n_obs), (Some(1.0), 10));
        assert!(regime.since.is_some() && regime.states == 0);
        for day in 11..14 {
            session(&mut state, day, 20, 100);
        }
        assert_eq!(shown(&state).level, Some(RegimeLevel::Calm));
    }

    #[test]
    fn an_accepted_chain_speaks_first() {
        let mut state = RegimeState::new(Model::new(worked(), &[]));
        session(&mut state, 0, 20, 500);
        let regime = shown(&state);
        assert_eq!((regime.level, regime.source), (Some(RegimeLevel::Normal), RegimeSource::Hmm));
        assert_eq!(regime.states, 2);
        session(&mut state, 1, 20, 6_000);
        let regime = shown(&state);
        assert_eq!(regime.level, Some(RegimeLevel::Volatile));
        let sum: f64 = regime.probabilities[..2].iter().map(|p| p.value.unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-12 && !regime.probabilities[2].is_ready());
        state.clear();
        let regime = shown(&state);
        assert_eq!((regime.level, regime.probabilities[0].value), (None, None));
        assert!(regime.percentile.quality.contains(Quality::GAP));
    }

    #[test]
    fn models_have_a_curve_for_the_whole_day() {
        assert_eq!(Model::new(worked(), &[1.0; 3]), None);
        assert_eq!(Model::new(worked(), &[0.0; SLOTS]), None);
        // Twice as wild in every slot by habit: the same returns are half as much.
        let model = Model::new(worked(), &[12.0; SLOTS]);
        let mut state = RegimeState::new(model);
        session(&mut state, 0, 20, 6_000);
        assert_eq!(shown(&state).level, Some(RegimeLevel::Normal));
    }

    #[test]
    fn it_is_bounded_and_can_be_restored() {
        let mut state = RegimeState::new(Model::new(worked(), &[]));
        session(&mut state, 0, 20, 500);
        assert!(size_of::<RegimeState>() + state.heap_bytes() <= 24 * 1024);
        let mut restored: RegimeState = postcard::from_bytes(&postcard::to_stdvec(&state).unwrap()).unwrap();
        assert_eq!(restored, state);
        session(&mut state, 1, 20, 3_000);
        session(&mut restored, 1, 20, 3_000);
        assert_eq!(restored, state);
    }
}
