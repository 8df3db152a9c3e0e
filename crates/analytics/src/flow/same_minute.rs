//! Unusual volume: the running minute against the same minute of earlier sessions.
//!
//! Volume has the same shape each day, large at the open and the close, so what is usual at 10:31 is the mean of
//! the 10:31s before. Up to [`SESSIONS`] earlier sessions are kept, minute by minute from the open; a minute
//! counts when it was watched from start to end (without a print it counts as zero), and [`LEAST`] of
//! them make a comparison. The running minute is never scaled up: it becomes unusual only by what was
//! really traded. It is unusual when it has traded [`RATIO`] times the mean *and* lies [`DEVIATIONS`] standard
//! deviations (divisor n − 1) above it.
//!
//! [`super::unusual`] compares with the half hour before instead, and needs no earlier session.

use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Sessions looked back.
pub const SESSIONS: usize = 10;
/// Sessions needed.
pub const LEAST: usize = 5;
/// Times the mean.
pub const RATIO: f64 = 3.0;
/// Standard deviations above the mean.
pub const DEVIATIONS: f64 = 3.0;
/// Minutes of the longest session: a regular day of the US market has 390.
pub const MINUTES: usize = 400;

/// A minute that was not watched whole.
const UNKNOWN: u16 = u16::MAX;

/// A volume in sixteen bits: eleven of a number, five of how far it is shifted. Exact below 2 048 shares, to a
/// two-thousandth above; more than 4·10¹² counts as that.
const fn packed(volume: u64) -> u16 {
    let shift = 53_u32.saturating_sub(volume.leading_zeros());
    let shift = if shift > 31 { 31 } else { shift };
    let half = (1_u64 << shift) >> 1;
    let mut number = volume.saturating_add(half) >> shift;
    let mut shift = shift;
    if number > 2_047 && shift < 31 {
        // Rounded up to the next power of two.
        (number, shift) = (number >> 1, shift + 1);
    }
    let number = if number > 2_046 && shift == 31 { 2_046 } else { number };
    (shift << 11) as u16 | number as u16
}

/// The volume; nothing of a minute that is not known.
fn unpacked(cell: u16) -> Option<f64> {
    (cell != UNKNOWN).then(|| (u64::from(cell & 2_047) << (cell >> 11)) as f64)
}

/// Volume of each minute of the session and of those before it. State: 11 x 400 numbers of 16 bits, 9 kB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SameMinute {
    /// Earlier sessions, a ring, each with [`MINUTES`] minutes; then the running one.
    minutes: Box<[u16]>,
    /// Place of the next earlier session.
    place: usize,
    open: Option<Timestamp>,
    close: Timestamp,
    /// The running minute from the open, its volume, and whether it was watched from its start.
    running: usize,
    volume: u64,
    watched: bool,
    /// Mean and standard deviation of the running minute's earlier volumes, as far as known, and how many of them
    /// are: worked out when it begins.
    usual: (Option<(f64, f64)>, usize),
}

impl Default for SameMinute {
    fn default() -> Self {
        Self {
            minutes: vec![UNKNOWN; (SESSIONS + 1) * MINUTES].into_boxed_slice(),
            place: 0,
            open: None,
            close: Timestamp::from_nanos(i64::MIN),
            running: 0,
            volume: 0,
            watched: false,
            usual: (None, 0),
        }
    }
}

impl SameMinute {
    /// Bytes outside the value itself.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.minutes)
    }

    /// A session begins: the one before becomes an earlier one. `watched` says since when prints are seen.
    pub fn on_session(&mut self, open: Timestamp, close: Timestamp, watched: Timestamp) {
        if self.open.is_some() {
            self.end_minute(self.minute_of(self.close));
            let (earlier, today) = self.minutes.split_at_mut(SESSIONS * MINUTES);
            if today.iter().any(|volume| *volume != UNKNOWN) {
                earlier[self.place * MINUTES..][..MINUTES].copy_from_slice(today);
                self.place = (self.place + 1) % SESSIONS;
            }
            today.fill(UNKNOWN);
        }
        (self.open, self.close) = (Some(open), close);
        (self.running, self.volume, self.watched) = (0, 0, watched <= open);
        self.usual = self.earlier();
    }

    /// Time passed: minutes end.
    #[inline]
    pub fn advance(&mut self, ts: Timestamp) {
        if self.open.is_some() {
            let minute = self.minute_of(ts.min(self.close));
            if minute > self.running {
                self.end_minute(minute);
            }
        }
    }

    /// Adds shares of a print of the session to the running minute; call [`Self::advance`] first.
    #[inline]
    pub const fn add(&mut self, shares: u64) {
        self.volume = self.volume.saturating_add(shares);
    }

    /// Prints were lost: the running minute is not whole.
    pub const fn lose_prints(&mut self) {
        self.watched = false;
    }

    /// The minute of the session that an instant lies in, counted from the open.
    fn minute_of(&self, ts: Timestamp) -> usize {
        let since = self.open.map_or(0, |open| ts.nanos().saturating_sub(open.nanos()));
        usize::try_from(since / Span::MINUTE.nanos()).unwrap_or(0).min(MINUTES)
    }

    /// Ends the running minute and the quiet ones up to `next`; at most [`MINUTES`] steps.
    #[cold]
    fn end_minute(&mut self, next: usize) {
        let today = &mut self.minutes[SESSIONS * MINUTES..];
        let mut volume = if self.watched { packed(self.volume) } else { UNKNOWN };
        for minute in &mut today[self.running.min(MINUTES)..next.min(MINUTES)] {
            *minute = volume;
            // What follows was watched from its start, and quiet.
            volume = 0;
        }
        if next > self.running {
            (self.running, self.volume, self.watched) = (next, 0, true);
            self.usual = self.earlier();
        }
    }

    /// Mean and standard deviation of the running minute's earlier volumes, and how many there are.
    fn earlier(&self) -> (Option<(f64, f64)>, usize) {
        if self.running >= MINUTES || self.open.is_none() {
            return (None, 0);
        }
        let earlier = (0..SESSIONS).map(|session| self.minutes[session * MINUTES + self.running]);
        let known = || earlier.clone().filter_map(unpacked);
        let n = known().count();
        if n < LEAST {
            return (None, n);
        }
        let mean = known().sum::<f64>() / n as f64;
        let squares: f64 = known().map(|volume| (volume - mean) * (volume - mean)).sum();
        (Some((mean, libm::sqrt(squares / (n - 1) as f64))), n)
    }

    /// Two numbers. Volume of the running minute so far over the mean of its earlier ones; ready with [`LEAST`] of
    /// them when something was traded in them and the running minute was watched from its start. And the same less
    /// the mean, in standard deviations; absent when all earlier ones were equal.
    pub fn standing(&self) -> [Metric; 2] {
        let (usual, n) = self.usual;
        let usual = usual.filter(|_| self.watched);
        let (volume, metric) = (self.volume as f64, |value| Metric::new(value, n as u64, Quality::GOOD));
        let ratio = usual.filter(|(mean, _)| *mean > 0.0).map(|(mean, _)| volume / mean);
        let away = usual.filter(|(_, deviation)| *deviation > 0.0).map(|(mean, sd)| (volume - mean) / sd);
        [metric(ratio), metric(away)]
    }
}

/// Whether more is traded than usual by the rule, from what [`SameMinute::standing`] says; false while it is not known.
pub fn is_unusual([ratio, deviations]: [Metric; 2]) -> bool {
    ratio.value.is_some_and(|ratio| ratio >= RATIO)
        && deviations.value.is_none_or(|deviations| deviations >= DEVIATIONS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: i64 = 86_400;

    fn at(day: i64, second: i64) -> Timestamp {
        Timestamp::from_seconds(day * DAY + second)
    }

    fn begin(minutes: &mut SameMinute, day: i64) {
        minutes.on_session(at(day, 0), at(day, 390 * 60), at(day, 0));
    }

    /// Sessions with so much volume in their third minute.
    fn after(volumes: &[u64]) -> SameMinute {
        let mut minutes = SameMinute::default();
        for (day, volume) in volumes.iter().enumerate() {
            begin(&mut minutes, day as i64);
            minutes.advance(at(day as i64, 130));
            minutes.add(*volume);
            minutes.advance(at(day as i64, 390 * 60));
        }
        begin(&mut minutes, volumes.len() as i64);
        minutes
    }

    #[test]
    fn it_is_compared_with_the_same_minute_of_earlier_days() {
        let mut minutes = after(&[100, 120, 80, 110, 90]);
        assert_eq!(
            (minutes.standing()[0].value, minutes.standing()[0].n_obs),
            (None, 5),
            "nothing trades in the first minute"
        );
        minutes.advance(at(5, 120));
        minutes.add(400);
        assert_eq!(minutes.standing()[0], Metric::new(Some(4.0), 5, Quality::GOOD));
        // Deviations 0, 20, -20, 10, -10: variance 250.
        assert!((minutes.standing()[1].value.unwrap() - 300.0 / libm::sqrt(250.0)).abs() < 1e-12);
        assert!(is_unusual(minutes.standing()));
        minutes.advance(at(5, 180));
        assert!(!is_unusual(minutes.standing()) && minutes.standing()[0].value.is_none());
    }

    #[test]
    fn volumes_are_kept_to_a_two_thousandth() {
        for volume in (0..2_048).chain((1..4_000).map(|n| n * n * 61 + n)).chain([2_047 << 31, 1 << 40]) {
            let kept = unpacked(packed(volume)).unwrap();
            let exact = volume as f64;
            assert!((kept - exact).abs() <= exact / 2_000.0, "{volume}: {kept}");
            assert!(volume >= 2_048 || kept == exact, "{volume}: {kept}");
        }
        for volume in [u64::MAX, 1 << 50, 2_047 << 31] {
            assert!(packed(volume) != UNKNOWN);
        }
    }

    #[test]
    fn it_needs_enough_whole_minutes() {
        let mut few = after(&[100; 4]);
        few.advance(at(4, 120));
        few.add(900);
        assert_eq!(
            (few.standing()[0].value, few.standing()[0].n_obs, is_unusual(few.standing())),
            (None, 4, false)
        );
        let mut equal = after(&[100; 5]);
        equal.advance(at(5, 120));
        equal.add(900);
        assert_eq!((equal.standing()[1].value, is_unusual(equal.standing())), (None, true));
        equal.lose_prints();
        assert_eq!(equal.standing()[0].value, None, "part of the minute was missed");
        equal.advance(at(5, 180));
        begin(&mut equal, 6);
        equal.advance(at(6, 120));
        assert_eq!(equal.standing()[0].n_obs, 5, "that minute is not a known one");
        // A late start: the first minute is not whole, the second is.
        let mut late = after(&[100; 5]);
        late.on_session(at(6, 0), at(6, 390 * 60), at(6, 30));
        late.advance(at(6, 390 * 60));
        begin(&mut late, 7);
        assert_eq!(late.standing()[0].n_obs, 6, "five days and the empty one that `after` began");
        late.advance(at(7, 60));
        assert_eq!(late.standing()[0].n_obs, 7);
    }

    #[test]
    fn a_half_day_says_nothing_of_the_afternoon() {
        let mut minutes = SameMinute::default();
        minutes.on_session(at(0, 0), at(0, 210 * 60), at(0, 0));
        minutes.advance(at(0, 400 * 60));
        begin(&mut minutes, 1);
        minutes.advance(at(1, 209 * 60));
        assert_eq!(minutes.standing()[0].n_obs, 1);
        minutes.advance(at(1, 210 * 60));
        assert_eq!(minutes.standing()[0].n_obs, 0);
        minutes.advance(Timestamp::from_nanos(i64::MAX));
        assert_eq!(minutes.running, 390);
    }

    proptest! {
        #[test]
        fn restored_and_continued_is_uninterrupted(
            steps in prop::collection::vec((0_i64..20_000, 0_u64..1_000, 0_u8..20), 1..200),
            cut in 0_usize..200,
        ) {
            let mut whole = SameMinute::default();
            let mut parts = whole.clone();
            let (mut day, mut second) = (0, 0);
            for (n, (pause, shares, what)) in steps.into_iter().enumerate() {
                if n == cut {
                    parts = postcard::from_bytes(&postcard::to_stdvec(&parts).unwrap()).unwrap();
                }
                second += pause;
                if second > DAY || what == 0 {
                    (day, second) = (day + 1, 0);
                    begin(&mut whole, day);
                    begin(&mut parts, day);
                }
                for one in [&mut whole, &mut parts] {
                    one.advance(at(day, second));
                    one.add(shares);
                    if what == 1 {
                        one.lose_prints();
                    }
                }
                prop_assert_eq!(whole.standing()[0], parts.standing()[0]);
            }
            prop_assert_eq!(whole, parts);
        }
    }
}
