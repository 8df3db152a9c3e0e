//! Rules of choice.

/// Levels of VPIN's own distribution at which it may count as an alert, the mildest first.
pub const ALERT_LEVELS: [f64; 3] = [0.90, 0.95, 0.99];
/// Independent observations that must lie beyond a level.
pub const BEYOND: f64 = 5.0;
/// Most that a bucket's volume may change from one day to the next.
pub const DAILY_STEP: f64 = 0.20;

/// One that may be chosen: how well it did, the error of that, and how far from the incumbent it lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// More is better.
    pub score: f64,
    /// Standard error of the score.
    pub error: f64,
    /// Distance from the incumbent, in steps of the grid; zero for the incumbent itself.
    pub distance: f64,
}

/// The place of the candidate that is nearest to the incumbent among those not worse than the best by one of
/// its standard errors; the earlier of equals. Nothing among none.
pub fn within_one_error(candidates: &[Candidate]) -> Option<usize> {
    let best = candidates.iter().max_by(|a, b| a.score.total_cmp(&b.score))?;
    let floor = best.score - best.error;
    let good = candidates.iter().enumerate().filter(|(_, candidate)| candidate.score >= floor);
    good.min_by(|(i, a), (j, b)| a.distance.total_cmp(&b.distance).then(i.cmp(j))).map(|(place, _)| place)
}

/// The highest admissible level of alert: at least [`BEYOND`] of the effective observations lie beyond it.
pub fn alert_level(effective: f64) -> Option<f64> {
    // 1 - 0.9 is not a tenth in binary: a millionth of an observation is no reason to refuse.
    ALERT_LEVELS.into_iter().rev().find(|level| effective * (1.0 - level) >= BEYOND - 1e-6)
}

/// Effective observations that the lowest level needs.
pub fn least_effective(level: f64) -> u64 {
    libm::ceil(BEYOND / (1.0 - level) - 1e-6) as u64
}

/// A step from the incumbent towards what was found, of at most [`DAILY_STEP`]; whether it was cut.
pub fn step_towards(incumbent: f64, found: f64) -> (f64, bool) {
    let (low, high) = (incumbent * (1.0 - DAILY_STEP), incumbent * (1.0 + DAILY_STEP));
    let taken = found.clamp(low, high);
    (taken, taken != found)
}

/// One-sided p of an observation among placebos: (1 + placebos at least as large) / (1 + placebos).
pub fn placebo_p(observed: f64, placebos: impl IntoIterator<Item = f64>) -> f64 {
    let (mut count, mut as_large) = (0_u32, 0_u32);
    for placebo in placebos {
        count += 1;
        as_large += u32::from(placebo >= observed);
    }
    f64::from(1 + as_large) / f64::from(1 + count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_incumbent_stays_unless_beaten_by_an_error() {
        let of = |score, distance| Candidate { score, error: 0.02, distance };
        let near = [of(0.10, 2.0), of(0.09, 0.0), of(0.095, 1.0)];
        assert_eq!(within_one_error(&near), Some(1));
        let beaten = [of(0.10, 2.0), of(0.07, 0.0), of(0.095, 1.0)];
        assert_eq!(within_one_error(&beaten), Some(2));
        assert_eq!(within_one_error(&[]), None);
    }

    /// At fifty buckets a day and a window of fifty, one session is one effective observation.
    #[test]
    fn rare_alerts_need_many_sessions() {
        assert_eq!(alert_level(49.0), None);
        assert_eq!(alert_level(50.0), Some(0.90));
        assert_eq!(alert_level(99.0), Some(0.90));
        assert_eq!(alert_level(100.0), Some(0.95));
        assert_eq!(alert_level(500.0), Some(0.99));
        assert_eq!([0.90, 0.95, 0.99].map(least_effective), [50, 100, 500]);
    }

    #[test]
    fn a_bucket_changes_by_a_fifth_a_day() {
        assert_eq!(step_towards(100.0, 150.0), (120.0, true));
        assert_eq!(step_towards(100.0, 10.0), (80.0, true));
        assert_eq!(step_towards(100.0, 110.0), (110.0, false));
    }

    #[test]
    fn p_counts_the_observation_itself() {
        assert_eq!(placebo_p(0.5, [0.1, 0.2, 0.6]), 0.5);
        assert_eq!(placebo_p(9.0, [0.0; 199]), 1.0 / 200.0);
    }
}
