//! The system's clock: affine over the machine's monotonic clock.
//!
//! `now = origin + speed × (instant − start)`. Live, the origin is the wall clock at the start and
//! the speed 1; beside a recorded or synthetic market both are given or learned from the other side.
//! Timers, gates and receive times follow it at any speed; the health of connections is judged
//! in wall time ([`Clock::instant`]).

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use alphatrader_model::{Span, Timestamp};
use thiserror::Error;

/// Why a clock was refused.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum ClockError {
    /// Speeds are finite, above 0 and at most [`Clock::MAX_SPEED`].
    #[error("a clock cannot run at {0} times: give a speed above 0, at most 10000")]
    Speed(f64),
    /// Origin and speed need two samples at different instants, the later one later.
    #[error("the other side's clock cannot be learned from {0} sample(s): ask for its time again, later")]
    Samples(usize),
}

/// Where the clock was, when, and how fast it runs from there.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    origin: Timestamp,
    start: Instant,
    speed: f64,
}

impl Anchor {
    fn new(origin: Timestamp, start: Instant, speed: f64) -> Result<Self, ClockError> {
        if speed.is_finite() && speed > 0.0 && speed <= Clock::MAX_SPEED {
            Ok(Self { origin, start, speed })
        } else {
            Err(ClockError::Speed(speed))
        }
    }

    fn at(&self, instant: Instant) -> Timestamp {
        let elapsed = nanos_between(self.start, instant) * self.speed;
        // A float that leaves the range saturates: the year 2262 comes before any of this does.
        Timestamp::from_nanos(self.origin.nanos().saturating_add(elapsed as i64))
    }
}

#[derive(Debug)]
struct Shared {
    anchor: RwLock<Anchor>,
    /// Latest time that was ever given out.
    given: AtomicI64,
}

/// The system's clock. Clones are the same clock.
#[derive(Debug, Clone)]
pub struct Clock {
    shared: Arc<Shared>,
}

impl Clock {
    /// Fastest speed.
    pub const MAX_SPEED: f64 = 10_000.0;
    /// A learned speed this close to a whole number is that number.
    pub const SNAP: f64 = 0.03;
    /// Samples looked at by [`Clock::learned`]; of more, the newest are taken.
    pub const MAX_SAMPLES: usize = 64;

    /// The wall clock: UTC as the operating system has it now, then the machine's monotonic clock.
    /// A step of the system's time does not move it; see [`Clock::wall_drift`].
    pub fn wall() -> Self {
        Self::from_anchor(Anchor { origin: system_time(), start: Instant::now(), speed: 1.0 })
    }

    /// A clock that shows `origin` now and runs `speed` times as fast as the wall clock.
    ///
    /// # Errors
    /// [`ClockError::Speed`].
    pub fn simulated(origin: Timestamp, speed: f64) -> Result<Self, ClockError> {
        Anchor::new(origin, Instant::now(), speed).map(Self::from_anchor)
    }

    /// The clock of the other side, from pairs of our instant and its time (the middle of question
    /// and answer is the best instant). The speed is the median slope over all pairs, so that single
    /// late answers do not bend it, and the nearest whole number when within [`Clock::SNAP`] of it.
    ///
    /// # Errors
    /// [`ClockError::Samples`] when the samples do not tell a speed, [`ClockError::Speed`] when it
    /// is outside the range.
    pub fn learned(samples: &[(Instant, Timestamp)]) -> Result<Self, ClockError> {
        learn(samples).map(Self::from_anchor)
    }

    fn from_anchor(anchor: Anchor) -> Self {
        Self { shared: Arc::new(Shared { anchor: RwLock::new(anchor), given: AtomicI64::new(i64::MIN) }) }
    }

    fn anchor(&self) -> Anchor {
        *self.shared.anchor.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time. Never before a time that this clock or a clone of it gave out earlier.
    pub fn now(&self) -> Timestamp {
        let now = self.anchor().at(Instant::now()).nanos();
        let before = self.shared.given.fetch_max(now, Ordering::Relaxed);
        Timestamp::from_nanos(now.max(before))
    }

    /// What the clock shows, showed or will show at an instant, by its present anchor.
    pub fn at(&self, instant: Instant) -> Timestamp {
        self.anchor().at(instant)
    }

    /// How much wall time passes until the clock shows `time`; zero when it is past.
    pub fn wall_until(&self, time: Timestamp) -> Duration {
        let anchor = self.anchor();
        let ahead = time.nanos().saturating_sub(anchor.at(Instant::now()).nanos()).max(0);
        Duration::from_nanos((ahead as f64 / anchor.speed).ceil() as u64)
    }

    /// The instant at which the clock shows `time` (now when it is past; at most a century ahead).
    pub fn deadline(&self, time: Timestamp) -> Instant {
        const CENTURY: Duration = Duration::from_hours(100 * 366 * 24);
        Instant::now() + self.wall_until(time).min(CENTURY)
    }

    /// Wall seconds in one second of this clock, inverted: how many times faster it runs.
    pub fn speed(&self) -> f64 {
        self.anchor().speed
    }

    /// The machine's monotonic clock: for judging connections and measuring durations, never for events.
    pub fn instant() -> Instant {
        Instant::now()
    }

    /// Operating system's UTC less this clock: what a step of the system's time has done since a
    /// wall clock was made.
    pub fn wall_drift(&self) -> Span {
        system_time().since(self.at(Instant::now()))
    }

    /// From now on the clock shows `origin` and runs `speed` times as fast as the wall clock, for
    /// all clones at once. An origin in the past does not turn it back: it stands still until the
    /// new anchor has caught up.
    ///
    /// # Errors
    /// [`ClockError::Speed`]; the clock runs on as before.
    pub fn reanchor(&self, origin: Timestamp, speed: f64) -> Result<(), ClockError> {
        self.set(Anchor::new(origin, Instant::now(), speed)?);
        Ok(())
    }

    /// Changes the speed, without a jump.
    ///
    /// # Errors
    /// [`ClockError::Speed`]; the clock runs on as before.
    pub fn set_speed(&self, speed: f64) -> Result<(), ClockError> {
        let mut anchor = self.shared.anchor.write().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        *anchor = Anchor::new(anchor.at(now), now, speed)?;
        Ok(())
    }

    /// Learns the other side's clock anew (see [`Clock::learned`]), for all clones at once.
    ///
    /// # Errors
    /// As [`Clock::learned`]; the clock runs on as before.
    pub fn relearn(&self, samples: &[(Instant, Timestamp)]) -> Result<(), ClockError> {
        self.set(learn(samples)?);
        Ok(())
    }

    fn set(&self, anchor: Anchor) {
        *self.shared.anchor.write().unwrap_or_else(PoisonError::into_inner) = anchor;
    }
}

/// UTC by the operating system.
fn system_time() -> Timestamp {
    let nanos = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |n| -n),
    };
    Timestamp::from_nanos(nanos)
}

/// `to - from` in nanoseconds, negative when `to` is earlier. Exact for 104 days.
fn nanos_between(from: Instant, to: Instant) -> f64 {
    match to.checked_duration_since(from) {
        Some(after) => after.as_nanos() as f64,
        None => -(from.duration_since(to).as_nanos() as f64),
    }
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

/// Theil-Sen: median of the slopes of all pairs, then median of the offsets.
fn learn(samples: &[(Instant, Timestamp)]) -> Result<Anchor, ClockError> {
    let samples = &samples[samples.len().saturating_sub(Clock::MAX_SAMPLES)..];
    let refused = ClockError::Samples(samples.len());
    let &(start, first) = samples.first().ok_or(refused)?;
    let points: Vec<(f64, f64)> = samples
        .iter()
        .map(|(instant, time)| (nanos_between(start, *instant), time.since(first).nanos() as f64))
        .collect();
    let mut slopes = Vec::with_capacity(points.len() * points.len() / 2);
    for (place, a) in points.iter().enumerate() {
        for b in &points[place + 1..] {
            if b.0 > a.0 {
                slopes.push((b.1 - a.1) / (b.0 - a.0));
            }
        }
    }
    let slope = median(&mut slopes).filter(|slope| *slope > 0.0).ok_or(refused)?;
    let whole = slope.round();
    let speed = if whole >= 1.0 && (slope / whole - 1.0).abs() <= Clock::SNAP { whole } else { slope };
    let mut offsets: Vec<f64> = points.iter().map(|(wall, remote)| remote - speed * wall).collect();
    let offset = median(&mut offsets).ok_or(refused)?;
    Anchor::new(first + Span::from_nanos(offset as i64), start, speed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day() -> Timestamp {
        Timestamp::from_seconds(1_381_152_600)
    }

    #[test]
    fn a_simulated_clock_is_affine() {
        let clock = Clock::simulated(day(), 20.0).unwrap();
        let start = clock.anchor().start;
        assert_eq!(clock.at(start), day());
        assert_eq!(clock.at(start + Duration::from_secs(3)), day() + Span::from_seconds(60));
        assert_eq!(clock.at(start + Duration::from_hours(24)), day() + Span::from_seconds(20 * 86_400));
    }

    #[test]
    fn waiting_is_in_wall_time() {
        let clock = Clock::simulated(day(), 20.0).unwrap();
        let wait = clock.wall_until(day() + Span::from_seconds(2_000));
        assert!(wait <= Duration::from_secs(100) && wait > Duration::from_secs(90), "{wait:?}");
        assert_eq!(clock.wall_until(day() - Span::SECOND), Duration::ZERO);
        // Too far for an Instant is cut, not a panic.
        assert!(clock.deadline(Timestamp::from_nanos(i64::MAX)) > Instant::now());
    }

    #[test]
    fn speeds_out_of_range_are_refused() {
        for speed in [0.0, -1.0, f64::NAN, f64::INFINITY, 10_001.0] {
            assert!(matches!(Clock::simulated(day(), speed), Err(ClockError::Speed(_))), "{speed}");
        }
        let clock = Clock::simulated(day(), 1.0).unwrap();
        assert!(clock.reanchor(day(), 0.0).is_err() && clock.set_speed(-2.0).is_err());
        assert_eq!(clock.speed(), 1.0);
    }

    #[test]
    fn a_clone_sees_the_new_anchor_and_never_goes_back() {
        let clock = Clock::simulated(day(), 1.0).unwrap();
        let clone = clock.clone();
        clock.reanchor(day() + Span::from_seconds(3_600), 5.0).unwrap();
        assert!(clone.now() >= day() + Span::from_seconds(3_600));
        assert_eq!(clone.speed(), 5.0);
        let before = clone.now();
        clock.reanchor(day(), 5.0).unwrap();
        assert_eq!(clone.now(), before, "it stands still until the anchor has caught up");
        assert!(clock.at(Instant::now()) < before);
    }

    #[test]
    fn a_change_of_speed_does_not_jump() {
        let clock = Clock::simulated(day(), 1_000.0).unwrap();
        let instant = clock.anchor().start + Duration::from_nanos(1);
        let shown = clock.at(instant);
        clock.set_speed(1.0).unwrap();
        let anchor = clock.anchor();
        assert!(anchor.origin >= shown);
        assert_eq!(clock.at(anchor.start), anchor.origin);
    }

    #[test]
    fn the_wall_clock_agrees_with_the_system() {
        let clock = Clock::wall();
        let system = system_time();
        let apart = clock.now().since(system).nanos().abs();
        assert!(apart < Span::MINUTE.nanos(), "{apart}");
        assert!(clock.wall_drift().nanos().abs() < Span::MINUTE.nanos());
    }

    #[test]
    fn samples_that_tell_no_speed_are_refused() {
        let now = Instant::now();
        assert_eq!(Clock::learned(&[]).unwrap_err(), ClockError::Samples(0));
        assert_eq!(Clock::learned(&[(now, day())]).unwrap_err(), ClockError::Samples(1));
        assert_eq!(Clock::learned(&[(now, day()); 5]).unwrap_err(), ClockError::Samples(5));
        let back = [(now, day()), (now + Duration::from_secs(1), day() - Span::SECOND)];
        assert_eq!(Clock::learned(&back).unwrap_err(), ClockError::Samples(2));
    }

    proptest! {
        /// Answers are late by up to 20 ms and one of them by a second: the whole-number speed is found.
        #[test]
        fn a_whole_speed_is_learned_through_jitter(
            speed in 1_u32..100,
            late in proptest::collection::vec(0_u64..20_000_000, 8..20),
            outlier in 0_usize..8,
        ) {
            let start = Instant::now();
            let samples: Vec<_> = late.iter().enumerate().map(|(n, late)| {
                let sent = Duration::from_millis(250) * n as u32;
                let remote = day() + Span::from_nanos(sent.as_nanos() as i64 * i64::from(speed));
                let late = if n == outlier { 1_000_000_000 } else { *late };
                (start + sent + Duration::from_nanos(late), remote)
            }).collect();
            let clock = Clock::learned(&samples).unwrap();
            let error = clock.speed() / f64::from(speed) - 1.0;
            prop_assert!(error.abs() < 0.06, "{} for {speed}", clock.speed());
            let shown = clock.at(start + Duration::from_secs(2));
            let truth = day() + Span::from_seconds(2 * i64::from(speed));
            prop_assert!(shown.since(truth).nanos().abs() < 100_000_000 * i64::from(speed), "{shown} for {truth}");
        }

        #[test]
        fn an_exact_speed_stays_exact(speed in 1_u32..1_000, tenths in 0_u32..10) {
            let start = Instant::now();
            let wanted = f64::from(speed) + f64::from(tenths) / 10.0;
            let samples: Vec<_> = (0..4_u32).map(|n| {
                let wall = Duration::from_secs(u64::from(n));
                (start + wall, day() + Span::from_nanos((f64::from(n) * 1e9 * wanted) as i64))
            }).collect();
            let learned = Clock::learned(&samples).unwrap().speed();
            let whole = wanted.round();
            if (wanted / whole - 1.0).abs() <= Clock::SNAP {
                prop_assert_eq!(learned, whole);
            } else {
                prop_assert!((learned - wanted).abs() < 1e-6);
            }
        }
    }
}
