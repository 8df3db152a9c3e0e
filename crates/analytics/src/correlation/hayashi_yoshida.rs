//! Covariance of two series that tick at their own times (Hayashi and Yoshida 2005): the sum of products
//! of increments whose intervals overlap.
//!
//! Each overlapping pair is counted when the later of the two increments ends: then the other's move since
//! this series' last tick holds all increments of the other that ended within. So one running number for
//! each series is enough: an update is O(1) and nothing is kept. Feed both series in one order of time.
//! Biased towards zero by noise and by lead and lag: use mids, at most one a second; [`lagged`] scans for
//! the lead.

use alphatrader_model::metric::{Metric, Quality};
use serde::{Deserialize, Serialize};

/// Increments of each series needed.
pub const LEAST: u64 = 30;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leg {
    /// The first series.
    First,
    /// The second series.
    Second,
}

/// Running covariance of two series.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HayashiYoshida {
    series: [Series; 2],
    covariance: f64,
    rejected: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Series {
    /// Time of the last tick, and its value; nothing before the first.
    last: Option<(i64, f64)>,
    /// The sum of the other series' increments that ended after that.
    behind: f64,
    squares: f64,
    increments: u64,
}

impl HayashiYoshida {
    /// Takes a tick: a time in nanoseconds and a log price. One that is not finite, or older than the
    /// series' last, is refused and counted. A second tick at the same time moves the series at once.
    pub fn on_tick(&mut self, leg: Leg, time: i64, value: f64) {
        let (here, there) = match leg {
            Leg::First => (0, 1),
            Leg::Second => (1, 0),
        };
        let own = self.series[here];
        if !value.is_finite() || own.last.is_some_and(|(before, _)| time < before) {
            self.rejected = self.rejected.saturating_add(1);
            return;
        }
        let moved = own.last.map_or(0.0, |(_, before)| value - before);
        self.covariance += moved * own.behind;
        let series = &mut self.series[here];
        if series.last.is_some() {
            series.squares += moved * moved;
            series.increments = series.increments.saturating_add(1);
        }
        (series.last, series.behind) = (Some((time, value)), 0.0);
        let other = &mut self.series[there];
        // An increment that ends at the other's last tick does not reach into its next interval.
        if other.last.is_some_and(|(last, _)| time > last) {
            other.behind += moved;
        }
    }

    /// The covariance so far.
    pub const fn covariance(&self) -> f64 {
        self.covariance
    }

    /// The correlation so far; absent below [`LEAST`] increments of either series. The sum of products is
    /// not bounded by the sums of squares: a value beyond ±1 is cut and flagged.
    pub fn correlation(&self) -> Metric {
        let n = self.series[0].increments.min(self.series[1].increments);
        let raw = self.raw_correlation().filter(|_| n >= LEAST);
        let capped = raw.is_some_and(|rho| rho.abs() > 1.0);
        let quality = if capped { Quality::CAPPED } else { Quality::GOOD };
        Metric::new(raw.map(|rho| rho.clamp(-1.0, 1.0)), n, quality)
    }

    /// The same from the first increments on, not cut.
    pub fn raw_correlation(&self) -> Option<f64> {
        let scale = libm::sqrt(self.series[0].squares * self.series[1].squares);
        (scale > 0.0).then(|| self.covariance / scale)
    }

    /// Ticks refused.
    pub const fn rejected(&self) -> u64 {
        self.rejected
    }

    /// Forgets the sums and where the series stand: a new window, or a stretch was lost.
    pub fn clear(&mut self) {
        *self = Self { rejected: self.rejected, ..Self::default() };
    }
}

/// Correlation of two whole series of (time, log price), the second moved back by `lag` nanoseconds: a
/// peak at a positive lag says that the first leads. None when one does not move.
pub fn lagged(first: &[(i64, f64)], second: &[(i64, f64)], lag: i64) -> Option<f64> {
    let mut running = HayashiYoshida::default();
    let (mut a, mut b) = (first.iter().peekable(), second.iter().peekable());
    loop {
        let moved = b.peek().map(|(time, _)| time.saturating_sub(lag));
        match (a.peek(), moved) {
            (Some((time, value)), at) if at.is_none_or(|at| *time <= at) => {
                running.on_tick(Leg::First, *time, *value);
                a.next();
            }
            (_, Some(at)) => {
                if let Some((_, value)) = b.next() {
                    running.on_tick(Leg::Second, at, *value);
                }
            }
            (_, None) => break,
        }
    }
    running.raw_correlation()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const X: [(i64, f64); 5] = [(0, 0.0), (1, 0.010), (3, 0.004), (6, 0.015), (7, 0.012)];
    const Y: [(i64, f64); 5] = [(0, 0.0), (2, 0.006), (4, 0.009), (5, 0.005), (7, 0.013)];

    /// All pairs of increments, as the definition says.
    fn naive(x: &[(i64, f64)], y: &[(i64, f64)]) -> f64 {
        let mut sum = 0.0;
        for a in x.windows(2) {
            for b in y.windows(2) {
                if a[0].0.max(b[0].0) < a[1].0.min(b[1].0) {
                    sum += (a[1].1 - a[0].1) * (b[1].1 - b[0].1);
                }
            }
        }
        sum
    }

    fn merged(x: &[(i64, f64)], y: &[(i64, f64)], second_first: bool) -> HayashiYoshida {
        let mut all: Vec<(i64, u8, Leg, f64)> = vec![];
        all.extend(x.iter().map(|(t, v)| (*t, u8::from(second_first), Leg::First, *v)));
        all.extend(y.iter().map(|(t, v)| (*t, u8::from(!second_first), Leg::Second, *v)));
        all.sort_by_key(|(t, rank, ..)| (*t, *rank));
        let mut running = HayashiYoshida::default();
        for (time, _, leg, value) in all {
            running.on_tick(leg, time, value);
        }
        running
    }

    /// orderflow-metrics 0.40.0.
    #[test]
    fn the_worked_example() {
        let found = merged(&X, &Y, false);
        assert!((found.covariance() - 5.9e-5).abs() < 1e-18, "{}", found.covariance());
        assert!((found.raw_correlation().unwrap() - 0.323_561_013).abs() < 5e-10);
        assert_eq!((found.correlation().value, found.correlation().n_obs), (None, 4));
        assert!((lagged(&X, &Y, 0).unwrap() - 0.323_561_013).abs() < 5e-10);
    }

    #[test]
    fn a_lead_is_found() {
        let mut state = 9_u64;
        let mut level = 0.0;
        let first: Vec<(i64, f64)> = (0..400)
            .map(|i| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                level += if state >> 63 == 1 { 1e-4 } else { -1e-4 };
                (i * 1_000, level)
            })
            .collect();
        let second: Vec<(i64, f64)> = first.iter().map(|(t, v)| (t + 3_000, *v)).collect();
        let best = (-10..=10).max_by(|a, b| {
            let at = |lag: &i64| lagged(&first, &second, lag * 1_000).unwrap();
            at(a).total_cmp(&at(b))
        });
        assert_eq!(best, Some(3));
    }

    #[test]
    fn ticks_that_cannot_be_are_counted() {
        let mut running = HayashiYoshida::default();
        running.on_tick(Leg::First, 5, 1.0);
        running.on_tick(Leg::First, 4, 1.0);
        running.on_tick(Leg::First, 6, f64::NAN);
        assert_eq!(running.rejected(), 2);
        running.clear();
        assert_eq!((running.rejected(), running.raw_correlation()), (2, None));
    }

    fn ticks() -> impl Strategy<Value = Vec<(i64, f64)>> {
        prop::collection::vec((1_i64..4, -1.0..1.0_f64), 2..40).prop_map(|steps| {
            let (mut time, mut value) = (0, 0.0);
            steps
                .into_iter()
                .map(|(wait, step)| {
                    time += wait;
                    value += step;
                    (time, value)
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn it_is_the_sum_over_overlapping_pairs(x in ticks(), y in ticks(), second_first in any::<bool>()) {
            let expected = naive(&x, &y);
            let running = merged(&x, &y, second_first);
            let found = running.covariance();
            prop_assert!((found - expected).abs() < 1e-12, "{found} {expected}");
            let restored: HayashiYoshida = postcard::from_bytes(&postcard::to_stdvec(&running).unwrap()).unwrap();
            prop_assert_eq!(restored, running);
        }

        #[test]
        fn it_is_symmetric(x in ticks(), y in ticks()) {
            let (here, there) = (merged(&x, &y, false), merged(&y, &x, true));
            prop_assert!((here.covariance() - there.covariance()).abs() < 1e-12);
        }
    }
}
