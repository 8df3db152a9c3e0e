//! The fallback, always on: the running variance among those of earlier sessions at the same time of day.
//!
//! An exponentially weighted variance of five-minute returns (weight of the past 0.94) is ranked among the
//! values that it had in up to 60 earlier sessions in the same five minutes; the cuts are the 25th, 75th
//! and 95th percentile. The running session itself is never among them. No parameters are fitted, so there
//! is nothing that can fail.

use alphatrader_model::features::RegimeLevel;
use alphatrader_model::metric::{Metric, Quality};
use serde::{Deserialize, Serialize};

/// Sessions looked back.
pub const SESSIONS: usize = 60;
/// Sessions with a value at this time of day that are needed.
pub const LEAST: usize = 10;
/// Five-minute slots of a session: 6.5 hours.
pub const SLOTS: usize = 78;
/// Cuts between the four levels.
pub const CUTS: [f64; 3] = [0.25, 0.75, 0.95];

/// The level of a percentile in [0, 1].
pub fn level_of(percentile: f64) -> RegimeLevel {
    match CUTS.iter().filter(|cut| percentile > **cut).count() {
        0 => RegimeLevel::Calm,
        1 => RegimeLevel::Normal,
        2 => RegimeLevel::Volatile,
        _ => RegimeLevel::Extreme,
    }
}

/// Variances of earlier sessions by time of day. 19 KiB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// A row for each session, a ring; not a number where the session had no value. Single precision: only
    /// their order counts.
    rows: Box<[f32]>,
    /// Row of the running session.
    row: usize,
    /// Rows that hold earlier sessions.
    earlier: usize,
    percentile: Option<f64>,
    /// Earlier values that the percentile rests on.
    rested: u32,
}

/// A row for each earlier session and one for the running one.
const ROWS: usize = SESSIONS + 1;

/// Where a session had no value: variances are never negative.
const NOTHING: f32 = -1.0;

impl Default for Percentiles {
    fn default() -> Self {
        Self {
            rows: vec![NOTHING; ROWS * SLOTS].into_boxed_slice(),
            row: 0,
            earlier: 0,
            percentile: None,
            rested: 0,
        }
    }
}

impl Percentiles {
    /// A new session begins: the running one becomes the newest of the earlier ones. A session without a
    /// single value leaves no trace.
    pub fn on_session(&mut self) {
        (self.percentile, self.rested) = (None, 0);
        if self.rows[self.row * SLOTS..][..SLOTS].iter().all(|value| *value < 0.0) {
            return;
        }
        self.earlier = (self.earlier + 1).min(SESSIONS);
        self.row = if self.row + 1 == ROWS { 0 } else { self.row + 1 };
        self.rows[self.row * SLOTS..][..SLOTS].fill(NOTHING);
    }

    /// The running variance at the end of five-minute slot `slot` of the session. Slots beyond the last,
    /// and what is not a finite number of zero or more, change nothing. [`SESSIONS`] comparisons.
    pub fn on_value(&mut self, slot: usize, variance: f64) {
        if slot >= SLOTS || !(variance >= 0.0 && variance.is_finite()) {
            return;
        }
        let value = variance as f32;
        self.rows[self.row * SLOTS + slot] = value;
        let (mut below, mut equal, mut known) = (0_u32, 0_u32, 0_u32);
        for back in 1..=self.earlier {
            let row = (self.row + ROWS - back) % ROWS;
            let other = self.rows[row * SLOTS + slot];
            if other >= 0.0 {
                known += 1;
                below += u32::from(other < value);
                equal += u32::from(other == value);
            }
        }
        self.rested = known;
        // Ties count half.
        self.percentile =
            (known as usize >= LEAST).then(|| (f64::from(below) + 0.5 * f64::from(equal)) / f64::from(known));
    }

    /// The share of earlier sessions that were quieter at this time of day, in [0, 1].
    pub fn percentile(&self) -> Metric {
        Metric::new(self.percentile, u64::from(self.rested), Quality::GOOD)
    }

    /// The level it falls into.
    pub fn level(&self) -> Option<RegimeLevel> {
        self.percentile.map(level_of)
    }

    /// The running session's values are forgotten: a part of the stream was lost. Earlier ones stay.
    pub fn clear(&mut self) {
        (self.percentile, self.rested) = (None, 0);
    }

    /// Bytes on the heap.
    pub const fn heap_bytes(&self) -> usize {
        self.rows.len() * size_of::<f32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn levels_are_cut_at_25_75_95() {
        use RegimeLevel::{Calm, Extreme, Normal, Volatile};
        let levels = [0.25, 0.26, 0.75, 0.76, 0.95, 0.96].map(level_of);
        assert_eq!(levels, [Calm, Normal, Normal, Volatile, Volatile, Extreme]);
    }

    #[test]
    fn it_needs_ten_sessions_and_compares_the_same_time_of_day() {
        let mut regime = Percentiles::default();
        for session in 0..10 {
            regime.on_value(3, 1e-6);
            assert_eq!(regime.level(), None, "session {session}");
            // The open is a hundred times as wild every day: noon is not compared with it.
            regime.on_value(0, 1e-4);
            regime.on_session();
            regime.on_session();
        }
        regime.on_value(3, 2e-6);
        assert_eq!(regime.level(), Some(RegimeLevel::Extreme));
        assert_eq!((regime.percentile().value, regime.percentile().n_obs), (Some(1.0), 10));
        regime.on_value(0, 1e-4);
        assert_eq!(regime.percentile().value, Some(0.5));
        regime.on_value(1, 1e-4);
        assert_eq!((regime.percentile().value, regime.percentile().n_obs), (None, 0));
        regime.on_value(SLOTS, 1e-4);
        regime.on_value(0, f64::NAN);
        assert!(regime.heap_bytes() <= 20 * 1024);
    }

    proptest! {
        #[test]
        fn it_equals_sorting_the_last_sixty(values in prop::collection::vec(0_u16..20, 1..130)) {
            let mut regime = Percentiles::default();
            for (i, value) in values.iter().enumerate() {
                regime.on_value(5, f64::from(*value));
                let earlier = &values[i.saturating_sub(SESSIONS)..i];
                let below = earlier.iter().filter(|v| *v < value).count() as f64;
                let equal = earlier.iter().filter(|v| *v == value).count() as f64;
                let expected = (earlier.len() >= LEAST).then(|| (below + 0.5 * equal) / earlier.len() as f64);
                prop_assert_eq!(regime.percentile().value, expected);
                regime.on_session();
            }
        }
    }
}
