//! Memory of one symbol's returns and trades, live: the last four hours of one-minute returns of mids.
//!
//! Everything is worked out anew when a minute ends, from the window itself: a few thousand products a
//! minute, and no sum that could drift.

use alphatrader_model::features::Structure;
use alphatrader_model::market::Side;
use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::Signs;
use super::autocorrelation::{moves_at_all, rho, variance};
use super::variance_ratio::{Variant, of_centred};
use crate::quality::QualityMemory;
use crate::ring::Ring;
use crate::volatility::Sampler;

/// One-minute returns looked back.
pub const WINDOW: usize = 240;
/// Returns needed.
pub const LEAST: usize = 60;
/// Lags of the portmanteau test.
pub const LAGS: usize = 5;
/// 95 % of chi-square with five degrees of freedom.
const CHI_SQUARE_95: f64 = 11.070_497_693_516_351;
/// Dickey and Fuller's 5 % bound with a constant: below it prices do come back.
const DICKEY_FULLER_5: f64 = -2.86;

/// Temporal structure of one symbol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemporalState {
    sampler: Sampler,
    returns: Ring,
    signs: Signs,
    latest: Latest,
    quality: QualityMemory,
    minutes: u64,
    /// Something that is shown of returns, or of signs, may have changed since it was.
    changed: bool,
    signed: bool,
}

/// What the window says.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Latest {
    autocorrelation: Option<f64>,
    portmanteau: Option<f64>,
    variance_ratio: Option<f64>,
    z: Option<f64>,
    half_life: Option<f64>,
}

impl Default for TemporalState {
    fn default() -> Self {
        Self {
            sampler: Sampler::new(Span::MINUTE),
            returns: Ring::new(WINDOW),
            signs: Signs::default(),
            latest: Latest::default(),
            quality: QualityMemory::default(),
            minutes: 0,
            changed: true,
            signed: true,
        }
    }
}

impl TemporalState {
    /// Takes a firm quote and what was wrong with it.
    #[inline]
    pub fn on_quote(&mut self, ts: Timestamp, bid: Price, ask: Price, quality: Quality) {
        self.quality.mark(quality, self.minutes);
        self.changed |= quality != Quality::GOOD;
        let (returns, mut passed) = (&mut self.returns, 0);
        self.sampler.on_quote(ts, bid, ask, |_, r| {
            returns.push(r);
            passed += 1;
        });
        self.passed(passed);
    }

    /// Time passes without a quote.
    #[inline]
    pub fn on_time(&mut self, ts: Timestamp) {
        let (returns, mut passed) = (&mut self.returns, 0);
        self.sampler.on_time(ts, |_, r| {
            returns.push(r);
            passed += 1;
        });
        self.passed(passed);
    }

    #[inline]
    fn passed(&mut self, minutes: u64) {
        if minutes > 0 {
            self.minutes = self.minutes.saturating_add(minutes);
            self.latest = measure(&self.returns);
            self.changed = true;
        }
    }

    /// Takes the side that started a trade.
    #[inline]
    pub fn on_trade(&mut self, side: Side) {
        self.signs.push(side);
        self.signed = true;
    }

    /// A part of the stream was lost: the window no longer joins up.
    pub fn clear(&mut self) {
        self.sampler.clear();
        self.returns.clear();
        self.signs.clear();
        self.latest = Latest::default();
        self.quality.mark(Quality::GAP, self.minutes);
        (self.changed, self.signed) = (true, true);
    }

    /// Trading stops.
    pub fn on_halt(&mut self, ts: Timestamp) {
        self.sampler.on_halt(ts);
        self.quality.mark(Quality::HALT_RESUME, self.minutes);
        self.changed = true;
    }

    /// Trading goes on.
    pub fn on_resume(&mut self) {
        self.sampler.on_resume();
    }

    /// A new session: the night is no return, and yesterday's minutes are not before today's.
    pub fn on_session(&mut self) {
        self.sampler.clear();
        self.returns.clear();
        self.signs.clear();
        self.latest = Latest::default();
        self.quality.clear();
        (self.changed, self.signed) = (true, true);
    }

    /// Writes what is shown, as far as it may be other than the last time: into the same place.
    #[inline]
    pub fn fill_changed(&mut self, structure: &mut Structure) {
        if core::mem::take(&mut self.changed) {
            self.fill_returns(structure);
        }
        if core::mem::take(&mut self.signed) {
            structure.sign_autocorrelation = self.signs.autocorrelation();
        }
    }

    /// Writes what is shown.
    pub fn fill(&self, structure: &mut Structure) {
        self.fill_returns(structure);
        structure.sign_autocorrelation = self.signs.autocorrelation();
    }

    fn fill_returns(&self, structure: &mut Structure) {
        let n = self.returns.len() as u64;
        let quality = self.quality.within(self.minutes, WINDOW as u64);
        let metric = |value| Metric::new(value, n, quality);
        structure.autocorrelation = metric(self.latest.autocorrelation);
        structure.portmanteau = metric(self.latest.portmanteau);
        structure.variance_ratio = metric(self.latest.variance_ratio);
        structure.variance_ratio_z = metric(self.latest.z);
        structure.half_life = metric(self.latest.half_life);
    }

    /// Bytes on the heap.
    pub const fn heap_bytes(&self) -> usize {
        self.returns.heap_bytes()
    }
}

fn measure(returns: &Ring) -> Latest {
    let mut buffer = [0.0; WINDOW];
    let n = returns.copy_to(&mut buffer);
    if n < LEAST {
        return Latest::default();
    }
    let series = &mut buffer[..n];
    let half_life = reversion(series);
    let mean = series.iter().sum::<f64>() / n as f64;
    let raw_moves = {
        let squares: f64 = series.iter().map(|x| (x - mean) * (x - mean)).sum();
        moves_at_all(series, squares).then_some(squares)
    };
    let Some(squares) = raw_moves else { return Latest::default() };
    for x in &mut *series {
        *x -= mean;
    }
    let mut q = Some(0.0);
    for lag in 1..=LAGS {
        let (rho, variance) = (rho(series, squares, lag), variance(series, squares, lag));
        q = q.filter(|_| variance > 0.0).map(|q| q + rho * rho / variance);
    }
    let ratio = of_centred(series, squares, 2, Variant::Debiased);
    Latest {
        autocorrelation: Some(rho(series, squares, 1)),
        portmanteau: q.map(|q| q / CHI_SQUARE_95),
        variance_ratio: ratio.map(|ratio| ratio.ratio),
        z: ratio.map(|ratio| ratio.z),
        half_life,
    }
}

/// The half-life of a deviation, in steps: returns regressed on the level before them. None unless prices
/// come back beyond Dickey and Fuller's bound.
fn reversion(returns: &[f64]) -> Option<f64> {
    // The first return has no level before it but the start: all others do.
    let n = (returns.len() - 1) as f64;
    let (mut level, mut levels, mut moves) = (returns[0], 0.0, 0.0);
    for r in &returns[1..] {
        levels += level;
        moves += r;
        level += r;
    }
    let (mean_level, mean_move) = (levels / n, moves / n);
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    level = returns[0];
    for r in &returns[1..] {
        let (x, y) = (level - mean_level, r - mean_move);
        (xx, xy, yy) = (xx + x * x, xy + x * y, yy + y * y);
        level += r;
    }
    let slope = xy / xx;
    let left = (yy - slope * xy).max(0.0) / (n - 2.0);
    let t = slope / libm::sqrt(left / xx);
    if t.is_nan() || t >= DICKEY_FULLER_5 {
        return None;
    }
    super::half_life(1.0 + slope)
}

#[cfg(test)]
mod tests {
    use super::super::{autocorrelation, robust_ljung_box, variance_ratio};
    use super::*;
    use crate::probability::{chi_square_tail, normal_quantile};

    fn normals(n: usize, seed: u64) -> Vec<f64> {
        let mut state = seed;
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                normal_quantile(((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64)
            })
            .collect()
    }

    fn structure_of(state: &TemporalState) -> Structure {
        let mut structure = Structure::default();
        state.fill(&mut structure);
        structure
    }

    fn feed(state: &mut TemporalState, minute: i64, mid: f64) {
        let raw = libm::round(mid * 10_000.0) as i64;
        let (bid, ask) = (Price::from_raw(raw - 100), Price::from_raw(raw + 100));
        state.on_quote(Timestamp::from_seconds(minute * 60 - 1), bid, ask, Quality::GOOD);
        state.on_time(Timestamp::from_seconds(minute * 60));
    }

    #[test]
    fn it_says_what_the_functions_say_of_the_window() {
        let mut state = TemporalState::default();
        let mut mids = vec![];
        let mut level = 0.0;
        for (minute, z) in normals(300, 3).into_iter().enumerate() {
            level = 0.7 * level + z;
            mids.push(libm::round((100.0 + 0.1 * level) * 10_000.0));
            feed(&mut state, minute as i64 + 1, 100.0 + 0.1 * level);
            let shown = structure_of(&state);
            assert_eq!(shown.autocorrelation.is_ready(), minute >= LEAST, "{minute}");
        }
        let returns: Vec<f64> = mids.windows(2).map(|two| libm::log(two[1] / two[0])).collect();
        let last = &returns[returns.len() - WINDOW..];
        let shown = structure_of(&state);
        let near = |metric: Metric, value: f64| {
            assert!((metric.value.unwrap() - value).abs() < 1e-9, "{metric:?} {value}");
        };
        near(shown.autocorrelation, autocorrelation(last, 1).unwrap()[0]);
        near(shown.portmanteau, robust_ljung_box(last, LAGS, 0).unwrap().q / CHI_SQUARE_95);
        let ratio = variance_ratio(last, 2, Variant::Debiased).unwrap();
        near(shown.variance_ratio, ratio.ratio);
        near(shown.variance_ratio_z, ratio.z);
        // A deviation of which 0.7 is left after each minute.
        let half_life = shown.half_life.value.unwrap();
        assert!((1.2..3.0).contains(&half_life), "{half_life}");
        assert_eq!(shown.autocorrelation.n_obs, WINDOW as u32);
        state.on_session();
        assert_eq!(structure_of(&state), Structure::default());
    }

    #[test]
    fn a_walk_has_no_half_life() {
        let mut level = 0.0;
        let mut state = TemporalState::default();
        for (minute, z) in normals(240, 17).into_iter().enumerate() {
            level += z;
            feed(&mut state, minute as i64 + 1, 200.0 + 0.05 * level);
        }
        let shown = structure_of(&state);
        assert!(shown.autocorrelation.is_ready() && !shown.half_life.is_ready(), "{shown:?}");
        assert!(shown.portmanteau.value.unwrap() < 1.5);
    }

    #[test]
    fn the_bound_is_the_quantile_and_the_state_is_small() {
        assert!((chi_square_tail(CHI_SQUARE_95, LAGS as f64) - 0.05).abs() < 1e-12);
        let mut state = TemporalState::default();
        assert!(size_of::<TemporalState>() + state.heap_bytes() <= 3 * 1024);
        state.on_halt(Timestamp::from_seconds(1));
        state.clear();
        for minute in 1..=100 {
            feed(&mut state, minute, 100.0);
        }
        assert!(structure_of(&state).autocorrelation.n_obs == 0, "halted");
        state.on_resume();
        for minute in 101..=200 {
            feed(&mut state, minute, 100.0);
        }
        let shown = structure_of(&state);
        assert_eq!(shown.autocorrelation.value, None, "it does not move");
        assert!(shown.autocorrelation.quality.contains(Quality::GAP.with(Quality::HALT_RESUME)));
        let restored: TemporalState = postcard::from_bytes(&postcard::to_stdvec(&state).unwrap()).unwrap();
        assert_eq!(restored, state);
    }
}
