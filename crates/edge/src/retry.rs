//! The one retry policy: exponential, full jitter, bounded.
//!
//! Wait `n` is uniform in `0..=min(longest, first × 2^n)`: many clients that lost the same server do
//! not return in step. ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015.)

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// How to wait between attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Upper bound of the first wait.
    pub first: Duration,
    /// Upper bound of every wait.
    pub longest: Duration,
    /// Waits there are; after them the caller gives up.
    pub attempts: u32,
}

impl Policy {
    /// For a connection that must come back: half a second, doubling to 30 seconds, 100 000 times
    /// (more than two weeks).
    pub const CONNECTION: Self =
        Self { first: Duration::from_millis(500), longest: Duration::from_secs(30), attempts: 100_000 };
    /// For a request that somebody waits for: five times within a few seconds.
    pub const REQUEST: Self =
        Self { first: Duration::from_millis(200), longest: Duration::from_secs(3), attempts: 5 };

    /// Upper bound of the wait after `attempt` failures, counted from 0.
    pub fn bound(&self, attempt: u32) -> Duration {
        let doubled = 1_u32.checked_shl(attempt).and_then(|factor| self.first.checked_mul(factor));
        doubled.map_or(self.longest, |wait| wait.min(self.longest))
    }
}

/// The waits of one retry loop, in order; ends when the policy's attempts are used up.
#[derive(Debug, Clone)]
pub struct Backoff {
    policy: Policy,
    attempt: u32,
    state: u64,
}

impl Backoff {
    /// Waits by `policy`, with jitter from the operating system's randomness.
    pub fn new(policy: Policy) -> Self {
        Self::seeded(policy, RandomState::new().hash_one(0_u8))
    }

    /// Waits by `policy`; the same seed gives the same waits.
    pub const fn seeded(policy: Policy, seed: u64) -> Self {
        Self { policy, attempt: 0, state: seed }
    }

    /// Starts over: the attempt that succeeded ends the series.
    pub fn reset(&mut self) {
        self.attempt = 0;
    }

    /// Waits given since the start or the last [`Backoff::reset`].
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// `SplitMix64` (Steele, Lea, Flood 2014).
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

impl Iterator for Backoff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        if self.attempt >= self.policy.attempts {
            return None;
        }
        let bound = self.policy.bound(self.attempt).as_nanos();
        self.attempt += 1;
        // High word of the product: uniform on 0..=bound without a division.
        let wait = (u128::from(self.random()) * (bound.min(u128::from(u64::MAX) - 1) + 1)) >> 64;
        Some(Duration::from_nanos(wait as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_generator_is_splitmix64() {
        // First outputs for seed 1234567, from the reference implementation by Vigna.
        let mut backoff = Backoff::seeded(Policy::REQUEST, 1_234_567);
        let drawn: Vec<u64> = (0..5).map(|_| backoff.random()).collect();
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821
            ]
        );
    }

    #[test]
    fn bounds_double_up_to_the_longest() {
        let policy = Policy::CONNECTION;
        let bounds: Vec<u128> = (0..8).map(|n| policy.bound(n).as_millis()).collect();
        assert_eq!(bounds, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        assert_eq!(policy.bound(u32::MAX), policy.longest);
    }

    #[test]
    fn jitter_fills_the_whole_range() {
        let policy =
            Policy { first: Duration::from_secs(1), longest: Duration::from_secs(1), attempts: 10_000 };
        let waits: Vec<Duration> = Backoff::seeded(policy, 7).collect();
        let below = |part: f64| waits.iter().filter(|w| w.as_secs_f64() < part).count();
        for tenth in 1..10 {
            let share = below(f64::from(tenth) / 10.0) as f64 / 10_000.0;
            assert!((share - f64::from(tenth) / 10.0).abs() < 0.02, "{tenth}: {share}");
        }
    }

    #[test]
    fn a_success_starts_over() {
        let mut backoff = Backoff::new(Policy::REQUEST);
        assert_eq!(backoff.by_ref().count(), 5);
        assert_eq!(backoff.next(), None);
        backoff.reset();
        assert!(backoff.next().is_some());
    }

    proptest! {
        #[test]
        fn every_wait_is_within_its_bound(first in 1_u64..10_000, longest in 1_u64..100_000, attempts in 0_u32..80, seed in any::<u64>()) {
            let policy = Policy { first: Duration::from_millis(first), longest: Duration::from_millis(longest), attempts };
            let waits: Vec<Duration> = Backoff::seeded(policy, seed).collect();
            prop_assert_eq!(waits.len(), attempts as usize);
            for (n, wait) in waits.iter().enumerate() {
                prop_assert!(*wait <= policy.bound(n as u32));
                prop_assert!(*wait <= policy.longest);
            }
            prop_assert_eq!(waits, Backoff::seeded(policy, seed).collect::<Vec<_>>());
        }
    }
}
