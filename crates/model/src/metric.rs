//! A measured number that says how sure it is.
//!
//! A metric without enough observations has no value: absent is never zero. What was wrong with its
//! inputs stands beside it as [`Quality`] flags, from the worst input still inside its window.

use serde::{Deserialize, Serialize};

/// A measured number, what it rests on, and what was wrong with that.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Metric {
    /// The number; absent until there are enough observations ("not ready"). Always finite.
    pub value: Option<f64>,
    /// Observations it rests on; saturates.
    pub n_obs: u32,
    /// What was wrong with them.
    pub quality: Quality,
}

impl Metric {
    /// Not ready, from nothing.
    pub const NONE: Self = Self { value: None, n_obs: 0, quality: Quality::GOOD };

    /// A number of `n_obs` observations. One that is not finite is absent.
    #[must_use]
    pub const fn new(value: Option<f64>, n_obs: u64, quality: Quality) -> Self {
        let value = match value {
            Some(number) if number.is_finite() => value,
            _ => None,
        };
        let n_obs = if n_obs > u32::MAX as u64 { u32::MAX } else { n_obs as u32 };
        Self { value, n_obs, quality }
    }

    /// Whether there is a value.
    pub const fn is_ready(&self) -> bool {
        self.value.is_some()
    }
}

/// What was wrong with a metric's inputs; none of the flags when nothing was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quality(pub u16);

impl Quality {
    /// Nothing was wrong.
    pub const GOOD: Self = Self(0);
    /// The quote in force was older than it may be.
    pub const STALE_QUOTE: Self = Self(1);
    /// The quote was crossed: bid above offer.
    pub const CROSSED: Self = Self(1 << 1);
    /// The quote was locked: bid at the offer.
    pub const LOCKED: Self = Self(1 << 2);
    /// An event came after a later one.
    pub const OUT_OF_SEQ: Self = Self(1 << 3);
    /// Prints of an auction are inside the window.
    pub const AUCTION: Self = Self(1 << 4);
    /// Trading had been stopped and has just gone on.
    pub const HALT_RESUME: Self = Self(1 << 5);
    /// The feed samples: several events may have become one, or none.
    pub const SNAPSHOT_FEED: Self = Self(1 << 6);
    /// Some of it was read back from a recording, not heard.
    pub const BACKFILL: Self = Self(1 << 7);
    /// The side of some trades is not known.
    pub const SIDE_UNKNOWN: Self = Self(1 << 8);
    /// A part of the stream was lost inside the window.
    pub const GAP: Self = Self(1 << 9);
    /// An input was larger than the metric can take, and was cut.
    pub const CAPPED: Self = Self(1 << 10);

    /// All flags by name, in the order of their bits.
    pub const NAMES: [(Self, &'static str); 11] = [
        (Self::STALE_QUOTE, "stale_quote"),
        (Self::CROSSED, "crossed"),
        (Self::LOCKED, "locked"),
        (Self::OUT_OF_SEQ, "out_of_seq"),
        (Self::AUCTION, "auction"),
        (Self::HALT_RESUME, "halt_resume"),
        (Self::SNAPSHOT_FEED, "snapshot_feed"),
        (Self::BACKFILL, "backfill"),
        (Self::SIDE_UNKNOWN, "side_unknown"),
        (Self::GAP, "gap"),
        (Self::CAPPED, "capped"),
    ];

    /// Whether all flags of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets of flags.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Names of the flags that are set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(flag, _)| self.contains(*flag)).map(|(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_is_absent() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let metric = Metric::new(Some(number), 3, Quality::GOOD);
            assert_eq!((metric.is_ready(), metric.n_obs), (false, 3));
        }
        assert_eq!(Metric::new(Some(0.5), u64::MAX, Quality::GOOD).n_obs, u32::MAX);
    }

    #[test]
    fn every_flag_has_one_name() {
        let quality = Quality::LOCKED.with(Quality::GAP);
        assert!(quality.contains(Quality::GAP) && !quality.contains(Quality::CROSSED));
        assert_eq!(quality.names().collect::<Vec<_>>(), ["locked", "gap"]);
        let all = Quality::NAMES.iter().fold(0, |bits, (flag, _)| bits + flag.0);
        assert_eq!(all, (1 << Quality::NAMES.len()) - 1);
    }
}
