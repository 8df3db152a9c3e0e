//! How the symbols of one market move together, live.
//!
//! Three answers, for none is right alone: exponentially weighted over synchronous one-minute returns of mids
//! (half in an hour), Ledoit and Wolf's shrunk one over the last four hours of them, and Hayashi and Yoshida's over
//! mids as they change, at most one a second, since the session began. A minute in which a symbol has no mid at
//! either end is none of the first two. Nothing is allocated after the start.

use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::{EwmaCovariance, HayashiYoshida, Support, hayashi_yoshida::Leg, support};
use crate::matrix::Symmetric;

/// Symbols at most: pairs grow with their square.
pub const MOST: usize = 16;
/// One-minute rows of the shrunk matrix.
pub const WINDOW: usize = 240;
/// Rows before anything is said of them.
pub const LEAST: usize = 30;
/// Weight of the past, a minute: half in an hour.
pub const LAMBDA: f64 = 0.988_514_020_352_896_1;

/// Correlations of two symbols, in [-1, 1].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pair {
    /// Exponentially weighted, of as many minutes as it stands for.
    pub ewma: Metric,
    /// Shrunk, of as many minutes.
    pub shrunk: Metric,
    /// Of mids as they tick, of as many ticks as the quieter of the two has.
    pub ticks: Metric,
}

/// All pairs of a market.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveCorrelations {
    symbols: usize,
    /// By symbol: twice the mid and its logarithm as last heard; and the logarithm when the minute began.
    heard: Vec<Option<(i64, f64)>>,
    began: Vec<Option<f64>>,
    /// The end of the running minute.
    until: i64,
    ewma: EwmaCovariance,
    /// The last rows, a ring; and the one that is made.
    rows: Vec<f64>,
    next: usize,
    known: usize,
    row: Vec<f64>,
    shrunk: Symmetric,
    intensity: f64,
    /// Lower triangle, row by row, without the diagonal.
    ticks: Vec<HayashiYoshida>,
    /// Minutes left out because a mid was missing.
    missed: u64,
}

impl LiveCorrelations {
    /// Of this many symbols, 2 to [`MOST`]; none for another number.
    pub fn new(symbols: usize) -> Option<Self> {
        if !(2..=MOST).contains(&symbols) {
            return None;
        }
        Some(Self {
            symbols,
            heard: vec![None; symbols],
            began: vec![None; symbols],
            until: i64::MIN,
            ewma: EwmaCovariance::new(symbols, LAMBDA)?,
            rows: vec![0.0; WINDOW * symbols],
            next: 0,
            known: 0,
            row: vec![0.0; symbols],
            shrunk: Symmetric::zeros(symbols),
            intensity: 0.0,
            ticks: vec![HayashiYoshida::default(); symbols * (symbols - 1) / 2],
            missed: 0,
        })
    }

    /// Symbols.
    pub const fn symbols(&self) -> usize {
        self.symbols
    }

    /// A session begins: the night is no return, ticks count anew, minutes go on.
    pub fn on_session(&mut self) {
        self.heard.fill(None);
        self.began.fill(None);
        self.until = i64::MIN;
        self.ticks.fill(HayashiYoshida::default());
    }

    /// A second of the session began; `twice_mid` says twice the mid of a symbol in force, in price units, when
    /// there is one. Call it once a second.
    pub fn on_second(&mut self, ts: Timestamp, twice_mid: impl Fn(usize) -> Option<i64>) {
        if ts.nanos() >= self.until {
            self.end_minute(ts);
        }
        for symbol in 0..self.symbols {
            let now = twice_mid(symbol).filter(|mid| *mid > 0);
            let before = self.heard[symbol];
            if before.map(|(mid, _)| mid) == now {
                continue;
            }
            self.heard[symbol] = now.map(|mid| (mid, libm::log(mid as f64)));
            if let Some((_, value)) = self.heard[symbol] {
                self.tick(symbol, ts.nanos(), value);
            }
        }
    }

    fn tick(&mut self, symbol: usize, time: i64, value: f64) {
        for other in (0..self.symbols).filter(|other| *other != symbol) {
            let leg = if symbol > other { Leg::First } else { Leg::Second };
            let place = place(symbol, other);
            self.ticks[place].on_tick(leg, time, value);
        }
    }

    /// The mids in force when a minute ends are those heard before it.
    fn end_minute(&mut self, ts: Timestamp) {
        let minute = Span::MINUTE.nanos();
        let whole = self.until > i64::MIN && ts.nanos() < self.until.saturating_add(minute);
        let mut all = whole;
        for (symbol, cell) in self.row.iter_mut().enumerate() {
            let end = self.heard[symbol].map(|(_, value)| value);
            match self.began[symbol].zip(end) {
                Some((from, to)) => *cell = to - from,
                None => all = false,
            }
            self.began[symbol] = end;
        }
        if all {
            self.ewma.on_row(&self.row);
            self.rows[self.next * self.symbols..][..self.symbols].copy_from_slice(&self.row);
            self.next = if self.next + 1 == WINDOW { 0 } else { self.next + 1 };
            self.known = (self.known + 1).min(WINDOW);
            self.shrink();
        } else if self.until > i64::MIN {
            self.missed = self.missed.saturating_add(1);
        }
        self.until = ts.nanos().div_euclid(minute).saturating_add(1).saturating_mul(minute);
    }

    /// [`super::ledoit_wolf`] of the rows held, in place: a few ten thousand products a minute at most.
    fn shrink(&mut self) {
        let (n, t) = (self.symbols, self.known as f64);
        let rows = &self.rows[..self.known * n];
        let mean = &mut self.row;
        for (symbol, mean) in mean.iter_mut().enumerate() {
            *mean = rows.iter().skip(symbol).step_by(n).sum::<f64>() / t;
        }
        let mut fourth = 0.0;
        for row in rows.chunks_exact(n) {
            let square: f64 = row.iter().zip(&*mean).map(|(x, mean)| (x - mean) * (x - mean)).sum();
            fourth += square * square;
        }
        for (i, mean_i) in mean.iter().enumerate() {
            for (j, mean_j) in mean[..=i].iter().enumerate() {
                let products = rows.chunks_exact(n).map(|row| (row[i] - mean_i) * (row[j] - mean_j));
                self.shrunk.set(i, j, products.sum::<f64>() / t);
            }
        }
        let target = self.shrunk.trace() / n as f64;
        let (mut distance, mut squares) = (0.0, 0.0);
        for i in 0..n {
            for j in 0..=i {
                let (cell, twice) = (self.shrunk.get(i, j), if i == j { 1.0 } else { 2.0 });
                let gap = cell - if i == j { target } else { 0.0 };
                distance += twice * gap * gap;
                squares += twice * cell * cell;
            }
        }
        let noise = (fourth / t - squares) / t;
        self.intensity = if distance > 0.0 { (noise.max(0.0) / distance).min(1.0) } else { 0.0 };
        for i in 0..n {
            for j in 0..=i {
                let pull = if i == j { self.intensity * target } else { 0.0 };
                self.shrunk.set(i, j, (1.0 - self.intensity) * self.shrunk.get(i, j) + pull);
            }
        }
    }

    /// The correlations of two symbols; none of a symbol with itself, or of one that is not there.
    pub fn pair(&self, one: usize, other: usize) -> Option<Pair> {
        if one == other || one.max(other) >= self.symbols {
            return None;
        }
        let ready = self.known >= LEAST && support(self.known, self.symbols) == Support::Enough;
        let minutes = |value: Option<f64>, n: u64| Metric::new(value.filter(|_| ready), n, Quality::GOOD);
        let scale = libm::sqrt(self.shrunk.get(one, one) * self.shrunk.get(other, other));
        let shrunk = (scale > 0.0).then(|| (self.shrunk.get(one, other) / scale).clamp(-1.0, 1.0));
        Some(Pair {
            ewma: minutes(self.ewma.correlation(one, other), self.ewma.effective() as u64),
            shrunk: minutes(shrunk, self.known as u64),
            ticks: self.ticks[place(one, other)].correlation(),
        })
    }

    /// How far the shrunk matrix was drawn towards the identity, in [0, 1]; absent before [`LEAST`] rows.
    pub fn shrinkage(&self) -> Option<f64> {
        (self.known >= LEAST).then_some(self.intensity)
    }

    /// Minutes left out because the mid of a symbol was missing, since the start.
    pub const fn missed(&self) -> u64 {
        self.missed
    }
}

/// Place of a pair in the lower triangle.
const fn place(one: usize, other: usize) -> usize {
    let (high, low) = if one > other { (one, other) } else { (other, one) };
    high * (high - 1) / 2 + low
}

#[cfg(test)]
mod tests {
    use super::super::ledoit_wolf;
    use super::*;
    use crate::chance::open_unit;
    use crate::probability::normal_quantile;
    use proptest::prelude::*;

    const MINUTE: i64 = 60;

    /// A market whose symbols follow one factor with these weights; the rows of its minutes.
    fn run(live: &mut LiveCorrelations, minutes: i64, weights: &[f64], seed: u64) -> Vec<Vec<f64>> {
        let mut unit = open_unit(seed);
        let mut normal = || normal_quantile(unit());
        let mut logs = vec![libm::log(1_000_000.0); weights.len()];
        let mut rows = vec![];
        let mut mids: Vec<i64> = logs.iter().map(|log| libm::round(libm::exp(*log)) as i64).collect();
        let (mut told, mut ends) = (mids.clone(), mids.clone());
        for second in 0..=minutes * MINUTE {
            if second > 0 && second % MINUTE == 0 {
                // What was told before the minute ended.
                let moved = |(to, from): (&i64, &i64)| libm::log(*to as f64) - libm::log(*from as f64);
                rows.push(told.iter().zip(&ends).map(moved).collect());
                ends.clone_from(&told);
            }
            live.on_second(Timestamp::from_seconds(second), |symbol| Some(mids[symbol]));
            told.clone_from(&mids);
            let factor = normal();
            for ((log, mid), weight) in logs.iter_mut().zip(&mut mids).zip(weights) {
                *log += 1e-4 * (weight * factor + libm::sqrt(1.0 - weight * weight) * normal());
                *mid = libm::round(libm::exp(*log)) as i64;
            }
        }
        rows
    }

    #[test]
    fn what_moves_together_is_found_by_all_three() {
        let mut live = LiveCorrelations::new(3).unwrap();
        let rows = run(&mut live, 300, &[0.95, 0.95, 0.0], 3);
        assert_eq!((rows.len(), live.missed()), (300, 1), "the first minute has no beginning");
        let (close, apart) = (live.pair(0, 1).unwrap(), live.pair(2, 0).unwrap());
        for metric in [close.ewma, close.shrunk, close.ticks] {
            assert!((metric.value.unwrap() - 0.9).abs() < 0.06, "{close:?}");
        }
        for metric in [apart.ewma, apart.shrunk, apart.ticks] {
            assert!(metric.value.unwrap().abs() < 0.25, "{apart:?}");
        }
        assert_eq!((live.pair(1, 0), live.pair(1, 1), live.pair(0, 3)), (live.pair(0, 1), None, None));
        let theirs = ledoit_wolf(&rows[rows.len() - WINDOW..]).unwrap();
        assert!((live.shrinkage().unwrap() / theirs.intensity - 1.0).abs() < 1e-9);
        for (i, j) in [(0, 0), (1, 0), (2, 1)] {
            let (ours, theirs) = (live.shrunk.get(i, j), theirs.covariance.get(i, j));
            assert!((ours - theirs).abs() < 1e-9 * theirs.abs().max(1e-9), "{i} {j}: {ours} {theirs}");
        }
    }

    #[test]
    fn a_symbol_without_a_mid_leaves_the_minute_out_and_a_night_is_no_return() {
        let mut live = LiveCorrelations::new(2).unwrap();
        for second in 0..40 * MINUTE {
            let gone = (10 * MINUTE..12 * MINUTE).contains(&second);
            live.on_second(Timestamp::from_seconds(second), |symbol| {
                (symbol == 0 || !gone).then_some(1_000_000 + second % 7 + 3 * symbol as i64)
            });
        }
        // The first minute has no beginning; two without a mid and the one in which it came back are not whole.
        assert_eq!((live.known as u64 + live.missed(), live.missed()), (39, 4));
        assert!(live.pair(0, 1).unwrap().shrunk.is_ready());
        live.on_session();
        live.on_second(Timestamp::from_seconds(90_000), |_| Some(2_000_000));
        assert_eq!(live.known, 35, "the jump over the night is in no row");
        assert!(LiveCorrelations::new(1).is_none() && LiveCorrelations::new(MOST + 1).is_none());
    }

    proptest! {
        #[test]
        fn restored_and_continued_is_uninterrupted(
            mids in prop::collection::vec((0_i64..40, -1_i64..5_000, 1_i64..5_000), 1..300), cut in 0_usize..300,
        ) {
            let mut whole = LiveCorrelations::new(2).unwrap();
            let mut parts = whole.clone();
            let mut now = 0;
            for (place, (pause, one, other)) in mids.into_iter().enumerate() {
                if place == cut {
                    parts = postcard::from_bytes(&postcard::to_stdvec(&parts).unwrap()).unwrap();
                }
                now += pause;
                for live in [&mut whole, &mut parts] {
                    live.on_second(Timestamp::from_seconds(now), |symbol| Some(if symbol == 0 { one } else { other }));
                }
                let pair = whole.pair(0, 1).unwrap();
                for metric in [pair.ewma, pair.shrunk, pair.ticks] {
                    prop_assert!(metric.value.is_none_or(|rho| (-1.0..=1.0).contains(&rho)));
                }
            }
            prop_assert_eq!(whole, parts);
        }
    }
}
