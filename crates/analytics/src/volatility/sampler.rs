//! Mids on a fixed grid of trading time: the last mid in force at each grid point, and the log return
//! since the point before.
//!
//! Mids stay integers (twice the mid: bid plus offer) until they are differenced. A halt freezes the grid,
//! the overnight return is skipped, and after a lost stretch the next difference starts afresh. A quote
//! that stays in force gives returns of zero, for at most [`MAX_QUIET`]: beyond that the stretch
//! counts as lost. Between grid points a quote costs one comparison.

use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Time without a quote after which the stretch counts as lost.
pub const MAX_QUIET: Span = Span::from_minutes(5);
/// The finest grid.
pub const LEAST_PERIOD: Span = Span::SECOND;

/// The grid of one symbol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sampler {
    period: i64,
    /// The next grid point, nanoseconds since the epoch; `i64::MIN` before the first mid.
    next: i64,
    /// Twice the mid in force; zero when there is none.
    current: i64,
    /// Twice the mid at the last grid point; zero when there is none.
    sampled: i64,
    /// When the last mid came.
    heard: i64,
    /// When trading stopped.
    halted: Option<Timestamp>,
}

impl Sampler {
    /// A grid of `period`, at least a second, counted from the epoch.
    pub fn new(period: Span) -> Self {
        let period = period.nanos().max(LEAST_PERIOD.nanos());
        Self { period, next: i64::MIN, current: 0, sampled: 0, heard: i64::MIN, halted: None }
    }

    /// The length of the grid's period.
    pub const fn period(&self) -> Span {
        Span::from_nanos(self.period)
    }

    /// Takes a firm quote (bid below offer, both above zero; others are ignored). `on_return` hears the
    /// log return of every grid point passed, with the time of the point: as many as fit [`MAX_QUIET`], and one.
    #[inline]
    pub fn on_quote(&mut self, ts: Timestamp, bid: Price, ask: Price, on_return: impl FnMut(Timestamp, f64)) {
        if self.halted.is_some() || bid <= Price::ZERO || ask <= bid {
            return;
        }
        if ts.nanos() >= self.next {
            self.pass(ts.nanos(), on_return);
        }
        self.current = bid.raw().saturating_add(ask.raw());
        self.heard = self.heard.max(ts.nanos());
    }

    /// Time passes without a quote.
    #[inline]
    pub fn on_time(&mut self, ts: Timestamp, on_return: impl FnMut(Timestamp, f64)) {
        if ts.nanos() >= self.next && self.current != 0 && self.halted.is_none() {
            self.pass(ts.nanos(), on_return);
        }
    }

    #[cold]
    fn pass(&mut self, now: i64, mut on_return: impl FnMut(Timestamp, f64)) {
        if self.current == 0 {
            // The first mid is in force from the next point on.
        } else if now.saturating_sub(self.heard) > MAX_QUIET.nanos() {
            (self.current, self.sampled) = (0, 0);
        } else {
            // The last mid is not older than MAX_QUIET, and `next` came after it: so many points at most.
            let most = MAX_QUIET.nanos() / self.period + 1;
            let mut points = 0;
            while self.next <= now && points < most {
                if self.sampled != 0 {
                    let r = if self.sampled == self.current {
                        0.0
                    } else {
                        libm::log(self.current as f64 / self.sampled as f64)
                    };
                    on_return(Timestamp::from_nanos(self.next), r);
                }
                self.sampled = self.current;
                self.next = self.next.saturating_add(self.period);
                points += 1;
            }
        }
        let period = self.period;
        self.next = now.div_euclid(period).saturating_add(1).saturating_mul(period);
    }

    /// A part of the stream was lost, or a new session begins: the next return starts from the next mid.
    pub fn clear(&mut self) {
        let halted = self.halted;
        *self = Self::new(Span::from_nanos(self.period));
        self.halted = halted;
    }

    /// Trading stops: quotes are not heard until it goes on.
    pub fn on_halt(&mut self, ts: Timestamp) {
        if self.halted.is_none() {
            self.clear();
            self.halted = Some(ts);
        }
    }

    /// Trading goes on: the next return starts from the next mid, so the jump over the halt is no return.
    pub fn on_resume(&mut self) {
        self.halted = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NONE: [f64; 0] = [];

    fn price(ticks: i64) -> Price {
        Price::from_raw(ticks * 100)
    }

    fn feed(sampler: &mut Sampler, millis: i64, mid: i64) -> Vec<f64> {
        let mut returns = vec![];
        sampler
            .on_quote(Timestamp::from_millis(millis), price(mid - 1), price(mid + 1), |_, r| returns.push(r));
        returns
    }

    #[test]
    fn the_mid_in_force_at_each_point_is_differenced() {
        let mut sampler = Sampler::new(Span::from_seconds(5));
        assert_eq!(feed(&mut sampler, 1_000, 10_000), NONE);
        assert_eq!(feed(&mut sampler, 4_999, 10_001), NONE);
        assert_eq!(feed(&mut sampler, 5_000, 10_007), NONE, "the first sample has nothing before it");
        let log = |a: f64, b: f64| libm::log(a / b);
        assert_eq!(feed(&mut sampler, 10_000, 10_002), [log(10_007.0, 10_001.0)]);
        // Two points pass, and the quote was the same at both.
        assert_eq!(feed(&mut sampler, 21_000, 10_009), [log(10_002.0, 10_007.0), 0.0]);
        let mut at = vec![];
        sampler.on_time(Timestamp::from_seconds(25), |ts, r| at.push((ts, r)));
        assert_eq!(at, [(Timestamp::from_seconds(25), log(10_009.0, 10_002.0))]);
    }

    #[test]
    fn halts_and_long_silence_are_no_returns() {
        let mut sampler = Sampler::new(Span::from_seconds(5));
        feed(&mut sampler, 1_000, 10_000);
        feed(&mut sampler, 6_000, 10_000);
        sampler.on_halt(Timestamp::from_millis(7_000));
        assert_eq!(feed(&mut sampler, 11_000, 9_000), NONE);
        sampler.on_resume();
        assert_eq!(feed(&mut sampler, 600_000, 9_000), NONE);
        assert_eq!(feed(&mut sampler, 605_000, 9_000), NONE);
        assert_eq!(feed(&mut sampler, 610_000, 9_000), [0.0]);
        assert_eq!(feed(&mut sampler, 610_000 + 310_000, 9_900), NONE, "silent for 62 points");
        assert_eq!(feed(&mut sampler, 610_000 + 315_000, 9_900), NONE);
        assert_eq!(feed(&mut sampler, 610_000 + 320_000, 9_900), [0.0]);
    }

    proptest! {
        #[test]
        fn any_quotes_give_finite_returns_and_bounded_steps(
            quotes in prop::collection::vec((any::<i64>(), -10_i64..20_000, -3_i64..9), 1..50),
        ) {
            let mut sampler = Sampler::new(Span::from_seconds(5));
            for (at, mid, spread) in quotes {
                let mut steps = 0;
                sampler.on_quote(Timestamp::from_nanos(at), price(mid), price(mid + spread), |_, r| {
                    steps += 1;
                    assert!(r.is_finite());
                });
                prop_assert!(steps <= 61);
            }
        }

        #[test]
        fn returns_add_up_to_the_whole_move(steps in prop::collection::vec((0_i64..20_000, 9_000_i64..11_000), 2..80)) {
            let mut sampler = Sampler::new(Span::from_seconds(5));
            let (mut now, mut sum, mut first, mut last) = (0, 0.0, None, 0);
            for (pause, mid) in steps {
                now += pause;
                sampler.on_quote(Timestamp::from_millis(now), price(mid - 1), price(mid + 1), |_, r| sum += r);
                if sampler.sampled != 0 {
                    first = first.or(Some(sampler.sampled));
                    last = sampler.sampled;
                }
            }
            if let Some(first) = first {
                prop_assert!((sum - libm::log(last as f64 / first as f64)).abs() < 1e-12);
            }
        }
    }
}
