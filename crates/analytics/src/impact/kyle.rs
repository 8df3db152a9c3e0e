//! Kyle's lambda (1985): how far the middle moves for a share bought.
//!
//! Δmid = c + λ · x + ε over intervals (a minute), x the shares bought less sold in each. The moments forget
//! exponentially: an interval k back weighs Lᵏ, L = (N − 1) / (N + 1) for a memory of N intervals, which stand for
//! n = min(intervals, (1 + L) / (1 − L)) independent ones. λ = cov(x, y) / var(x), with intercept;
//! t = λ · sqrt((n − 2) var(x) / var(ε)), the usual one when nothing is forgotten. λ is told only with n ≥ 30 and
//! |t| ≥ 2: else it is noise, and absent; so it is when x never varied.
//!
//! An interval in which nothing was bought or sold and nothing moved is none. One without a middle at
//! either end is left out.

use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::quality::QualityMemory;

/// Independent intervals below which nothing is told.
pub const LEAST: f64 = 30.0;

/// |t| below which it is noise.
pub const LEAST_T: f64 = 2.0;

/// |t| is never told larger.
const MOST_T: f64 = 1e12;

/// The regression of changes on signed volume, whose past fades.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Moments {
    fade: f64,
    count: u64,
    weight: f64,
    mean_x: f64,
    mean_y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

/// What a regression says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Slope {
    /// Dollars a share.
    pub lambda: f64,
    /// Its size in standard errors.
    pub t: f64,
    /// Share of the variance of the changes that it explains, in [0, 1].
    pub r2: f64,
    /// Independent intervals it rests on.
    pub effective: f64,
}

impl Moments {
    /// Weighs the past with `fade`, in (0, 1]; 1 forgets nothing. No number, and values outside, are 1.
    pub fn new(fade: f64) -> Self {
        let fade = if fade > 0.0 && fade < 1.0 { fade } else { 1.0 };
        Self { fade, ..Self::default() }
    }

    /// Adds an interval: shares bought less sold, and dollars moved.
    pub fn add(&mut self, x: f64, y: f64) {
        if !(x.is_finite() && y.is_finite()) {
            return;
        }
        self.count += 1;
        self.weight = self.fade * self.weight + 1.0;
        let (dx, dy) = (x - self.mean_x, y - self.mean_y);
        self.mean_x += dx / self.weight;
        self.mean_y += dy / self.weight;
        self.xx = self.fade * self.xx + dx * (x - self.mean_x);
        self.xy = self.fade * self.xy + dx * (y - self.mean_y);
        self.yy = self.fade * self.yy + dy * (y - self.mean_y);
    }

    /// Independent intervals.
    pub fn effective(&self) -> f64 {
        let most = if self.fade < 1.0 { (1.0 + self.fade) / (1.0 - self.fade) } else { f64::INFINITY };
        most.min(self.count as f64)
    }

    /// The regression with intercept, however weak; absent below three independent intervals, and when the volume
    /// never varied.
    pub fn slope(&self) -> Option<Slope> {
        let effective = self.effective();
        if effective < 3.0 || self.xx <= 0.0 {
            return None;
        }
        let lambda = self.xy / self.xx;
        let explained = lambda * self.xy;
        let residual = (self.yy - explained).max(0.0);
        let r2 = if self.yy > 0.0 { (explained / self.yy).clamp(0.0, 1.0) } else { 0.0 };
        // A market that obeys to the last bit has no error: t is then as large as it may be, or nothing of nothing.
        let error = residual.max(f64::MIN_POSITIVE);
        let t = if lambda == 0.0 { 0.0 } else { lambda * libm::sqrt((effective - 2.0) * self.xx / error) };
        let t = t.clamp(-MOST_T, MOST_T);
        (lambda.is_finite() && t.is_finite()).then_some(Slope { lambda, t, r2, effective })
    }

    /// λ of the regression through the origin, Σxy / Σx²: another number, named so.
    pub fn through_origin(&self) -> Option<f64> {
        let xx = self.xx + self.weight * self.mean_x * self.mean_x;
        let xy = self.xy + self.weight * self.mean_x * self.mean_y;
        (xx > 0.0).then(|| xy / xx).filter(|slope| slope.is_finite())
    }
}

/// The interval that runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Interval {
    number: i64,
    /// Twice the middle at its beginning, in price units.
    from: Option<i64>,
    signed: i64,
    /// Something was bought or sold.
    traded: bool,
}

/// Kyle's lambda of one symbol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kyle {
    span: i64,
    moments: Moments,
    running: Option<Interval>,
    /// When the running one ends: before that time passing is one comparison.
    until: i64,
    /// Twice the last middle, in price units.
    mid: Option<i64>,
    quality: QualityMemory,
}

impl Kyle {
    /// Intervals of `span` (1 s to an hour), remembered for `memory` of them (31 to 10 000: fewer never come to
    /// thirty independent ones). Values outside are moved to the nearest one inside.
    pub fn new(span: Span, memory: u32) -> Self {
        let memory = f64::from(memory.clamp(31, 10_000));
        Self {
            span: span.clamp(Span::SECOND, Span::from_minutes(60)).nanos(),
            moments: Moments::new((memory - 1.0) / (memory + 1.0)),
            running: None,
            until: i64::MIN,
            mid: None,
            quality: QualityMemory::default(),
        }
    }

    /// The middle (twice it, in price units) changed at this trading time. `continues` is false for the first
    /// quote after a halt: the interval begins anew with it.
    #[inline]
    pub fn on_mid(&mut self, now: Timestamp, twice_mid: i64, continues: bool) {
        self.turn(now);
        self.mid = Some(twice_mid);
        if let Some(running) = &mut self.running
            && (running.from.is_none() || !continues)
        {
            (running.from, running.signed, running.traded) = (Some(twice_mid), 0, false);
        }
    }

    /// There is no middle any more.
    pub fn lose_mid(&mut self) {
        self.mid = None;
        if let Some(running) = &mut self.running {
            running.from = None;
        }
    }

    /// Shares bought (above zero) or sold at this trading time.
    #[inline]
    pub fn on_trade(&mut self, now: Timestamp, signed: i64, quality: Quality) {
        self.turn(now);
        self.quality.mark(quality, self.moments.count);
        if let Some(running) = &mut self.running {
            running.signed = running.signed.saturating_add(signed);
            running.traded = true;
        }
    }

    /// Trading time passed.
    #[inline]
    pub fn on_timer(&mut self, now: Timestamp) {
        self.turn(now);
    }

    #[inline]
    fn turn(&mut self, now: Timestamp) {
        if now.nanos() >= self.until {
            self.end(now);
        }
    }

    #[cold]
    fn end(&mut self, now: Timestamp) {
        let number = now.nanos().div_euclid(self.span);
        if self.running.is_none_or(|running| number > running.number) {
            self.next(number);
            self.until = number.saturating_add(1).saturating_mul(self.span);
        }
    }

    fn next(&mut self, number: i64) {
        if let Some(Interval { from: Some(from), signed, traded, .. }) = self.running
            && let Some(to) = self.mid
            && (traded || to != from)
        {
            // Middles are twice themselves, in ten-thousandths of a dollar.
            self.moments.add(signed as f64, (to - from) as f64 * 0.5e-4);
        }
        self.running = Some(Interval { number, from: self.mid, signed: 0, traded: false });
    }

    /// The regression, however weak.
    pub fn slope(&self) -> Option<Slope> {
        self.moments.slope()
    }

    /// λ in dollars a share, of as many independent intervals; absent below thirty and below |t| = 2.
    pub fn lambda(&self) -> Metric {
        let told = self.told().map(|slope| slope.lambda);
        Metric::new(told, self.moments.effective() as u64, self.flags())
    }

    /// Basis points that the middle moves for 100 000 dollars bought at it; absent as λ is, and without a middle.
    pub fn bps_per_100k(&self) -> Metric {
        let bps = self.told().zip(self.mid).and_then(|(slope, twice_mid)| {
            let mid = twice_mid as f64 * 0.5e-4;
            (mid > 0.0).then(|| slope.lambda * 1e9 / (mid * mid))
        });
        Metric::new(bps, self.moments.effective() as u64, self.flags())
    }

    fn told(&self) -> Option<Slope> {
        self.slope().filter(|slope| slope.effective >= LEAST - 1e-9 && slope.t.abs() >= LEAST_T)
    }

    fn flags(&self) -> Quality {
        self.quality.within(self.moments.count, self.moments.effective() as u64 + 1)
    }

    /// A session begins, prints or quotes were lost: the running interval is left out. What was learnt stays.
    pub fn restart(&mut self) {
        (self.running, self.mid, self.until) = (None, None, i64::MIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const X: [f64; 8] = [100.0, -50.0, 200.0, -150.0, 80.0, -30.0, 120.0, -200.0];
    const Y: [f64; 8] = [0.011, -0.004, 0.018, -0.017, 0.006, -0.001, 0.012, -0.019];

    fn close(value: f64, expected: f64) {
        assert!((value / expected - 1.0).abs() < 5e-9, "{value} {expected}");
    }

    /// The reference's example, by statsmodels.
    #[test]
    fn the_worked_example() {
        let mut moments = Moments::new(1.0);
        for (x, y) in X.into_iter().zip(Y) {
            moments.add(x, y);
        }
        let slope = moments.slope().unwrap();
        close(slope.lambda, 9.661_063_65e-5);
        close(slope.t, 20.981_685_8);
        close(slope.r2, 0.986_554_054);
        close(moments.through_origin().unwrap(), 9.656_181_42e-5);
    }

    #[test]
    fn fading_moments_are_the_weighted_regression() {
        let fade = 0.9_f64;
        let mut moments = Moments::new(fade);
        for (x, y) in X.into_iter().zip(Y) {
            moments.add(x, y);
        }
        let weights: Vec<f64> = (0..8).map(|k| libm::pow(fade, f64::from(7 - k))).collect();
        let mean = |values: &[f64]| {
            values.iter().zip(&weights).map(|(v, w)| v * w).sum::<f64>() / weights.iter().sum::<f64>()
        };
        let (mx, my) = (mean(&X), mean(&Y));
        let xy: f64 = (0..8).map(|k| weights[k] * (X[k] - mx) * (Y[k] - my)).sum();
        let xx: f64 = (0..8).map(|k| weights[k] * (X[k] - mx) * (X[k] - mx)).sum();
        close(moments.slope().unwrap().lambda, xy / xx);
        assert_eq!(moments.effective(), 8.0);
    }

    #[test]
    fn volume_that_never_varies_has_no_lambda() {
        let mut moments = Moments::new(0.95);
        for _ in 0..50 {
            moments.add(100.0, 0.01);
            moments.add(f64::NAN, 0.01);
            moments.add(1.0, f64::INFINITY);
        }
        assert_eq!((moments.slope(), moments.count), (None, 50));
        assert!(moments.through_origin().is_some());
    }

    /// A market in which a share bought moves the middle by a hundredth of a cent, with some noise.
    fn minutes(kyle: &mut Kyle, from: i64, count: i64, per_share: i64) {
        for minute in from..from + count {
            let at = |second| Timestamp::from_seconds(minute * 60 + second);
            let signed = (minute * 7_919) % 13 - 6;
            let noise = (minute * 104_729) % 5 - 2;
            let mid = kyle.mid.unwrap_or(2_000_000);
            kyle.on_mid(at(0), mid, true);
            kyle.on_trade(at(10), signed * 100, Quality::GOOD);
            kyle.on_mid(at(20), mid + per_share * signed * 100 + noise, true);
        }
    }

    #[test]
    fn it_is_told_with_thirty_intervals_and_never_noise() {
        let mut kyle = Kyle::new(Span::MINUTE, 31);
        minutes(&mut kyle, 0, 30, 2);
        assert_eq!(kyle.lambda().value, None, "the last one runs");
        minutes(&mut kyle, 30, 1, 2);
        let lambda = kyle.lambda();
        assert!((lambda.value.unwrap() / 1e-4 - 1.0).abs() < 0.01, "{lambda:?}");
        assert_eq!(lambda.n_obs, 30);
        let mid = kyle.mid.unwrap() as f64 * 0.5e-4;
        close(kyle.bps_per_100k().value.unwrap(), lambda.value.unwrap() * 1e9 / (mid * mid));
        let mut noise = Kyle::new(Span::MINUTE, 31);
        minutes(&mut noise, 0, 200, 0);
        assert!(noise.slope().is_some_and(|slope| slope.t.abs() < LEAST_T), "{:?}", noise.slope());
        assert_eq!((noise.lambda().value, noise.lambda().n_obs), (None, 31));
    }

    #[test]
    fn a_mirrored_market_has_the_same_lambda_from_the_other_side() {
        let (mut here, mut there) = (Moments::new(0.9), Moments::new(0.9));
        for (x, y) in X.into_iter().zip(Y) {
            here.add(x, y);
            there.add(-x, y);
        }
        close(here.slope().unwrap().lambda, -there.slope().unwrap().lambda);
    }

    #[test]
    fn what_has_no_middle_at_either_end_is_left_out() {
        let mut kyle = Kyle::new(Span::MINUTE, 31);
        let at = Timestamp::from_seconds;
        kyle.on_trade(at(10), 500, Quality::GOOD);
        kyle.on_mid(at(20), 1_000, true);
        kyle.on_timer(at(60));
        assert_eq!(kyle.moments.count, 0, "what traded before the first middle is not counted against it");
        kyle.on_trade(at(61), 500, Quality::GOOD);
        kyle.lose_mid();
        kyle.on_timer(at(120));
        kyle.on_mid(at(121), 1_200, true);
        kyle.on_timer(at(180));
        assert_eq!(kyle.moments.count, 0, "a still minute is none");
        kyle.on_mid(at(181), 1_400, true);
        kyle.on_timer(at(9_999));
        assert_eq!(kyle.moments.count, 1);
        kyle.on_mid(at(10_000), 9_400, false);
        kyle.on_timer(at(10_100));
        assert_eq!(kyle.moments.count, 1, "the first middle after a halt is a beginning");
    }

    proptest! {
        #[test]
        fn a_snapshot_goes_on_as_if_nothing_had_been(
            steps in prop::collection::vec((0_i64..90, 1_i64..3_000, -5_000_i64..5_000, 0_u8..8), 1..120), at in 0_usize..120,
        ) {
            let mut kyle = Kyle::new(Span::MINUTE, 31);
            let mut restored: Option<Kyle> = None;
            let mut now = 0;
            let apply = |kyle: &mut Kyle, now, (mid, signed, kind)| {
                let ts = Timestamp::from_seconds(now);
                match kind {
                    0 => kyle.restart(),
                    1 => kyle.lose_mid(),
                    2..5 => kyle.on_mid(ts, mid, kind > 2),
                    _ => kyle.on_trade(ts, signed, Quality::GOOD),
                }
            };
            for (place, (pause, mid, signed, kind)) in steps.into_iter().enumerate() {
                if place == at {
                    restored = Some(postcard::from_bytes(&postcard::to_allocvec(&kyle).unwrap()).unwrap());
                }
                now += pause;
                apply(&mut kyle, now, (mid, signed, kind));
                if let Some(restored) = &mut restored {
                    apply(restored, now, (mid, signed, kind));
                }
                prop_assert!(kyle.slope().is_none_or(|slope| slope.t.is_finite() && (0.0..=1.0).contains(&slope.r2)));
            }
            prop_assert!(restored.is_none_or(|restored| restored == kyle));
        }
    }
}
