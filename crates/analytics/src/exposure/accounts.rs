//! Every sum of a chain: by expiry, by range of expiries, and by strike in each range.

use alphatrader_model::exposure::Bucket;
use serde::{Deserialize, Serialize};

use super::conventions::{BUCKETS, Moment};
use super::index::{Index, Strike};
use super::sums::{Account, Parts};

/// The sums. Each strike of each expiry is in every one that holds it, once.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Accounts {
    pub(crate) totals: [Account; BUCKETS.len()],
    pub(crate) by_strike: [Vec<Account>; BUCKETS.len()],
    pub(crate) by_expiry: Vec<Account>,
    /// For each expiry the ranges it is in.
    within: Vec<[bool; BUCKETS.len()]>,
}

impl Accounts {
    /// All zero, for a chain and a day.
    pub(crate) fn begin(&mut self, index: &Index, moment: &Moment) {
        self.totals = Default::default();
        for strikes in &mut self.by_strike {
            strikes.clear();
            strikes.resize(index.prices.len(), Account::default());
        }
        self.by_expiry.clear();
        self.by_expiry.resize(index.expiries.len(), Account::default());
        self.within.clear();
        self.within.extend(
            index.expiries.iter().map(|expiry| BUCKETS.map(|bucket| moment.holds(bucket, expiry.date))),
        );
    }

    #[inline]
    pub(crate) fn add(&mut self, expiry: usize, strike: &Strike, parts: &Parts) {
        if parts.rows == 0 {
            return;
        }
        self.by_expiry[expiry].add(parts);
        for (bucket, within) in self.within[expiry].into_iter().enumerate() {
            if within {
                self.totals[bucket].add(parts);
                self.by_strike[bucket][strike.place as usize].add(parts);
            }
        }
    }

    #[inline]
    pub(crate) fn replace(&mut self, expiry: usize, strike: &Strike, old: &Parts, new: &Parts) {
        self.by_expiry[expiry].replace(old, new);
        for (bucket, within) in self.within[expiry].into_iter().enumerate() {
            if within {
                self.totals[bucket].replace(old, new);
                self.by_strike[bucket][strike.place as usize].replace(old, new);
            }
        }
    }

    /// The expiries of a range, which follow one another.
    pub(crate) fn expiries(&self, bucket: usize) -> core::ops::Range<usize> {
        let first = self.within.iter().position(|within| within[bucket]).unwrap_or(0);
        let count = self.within.iter().filter(|within| within[bucket]).count();
        first..first + count
    }
}

/// The place of a range in [`BUCKETS`].
pub(crate) fn place(bucket: Bucket) -> usize {
    match bucket {
        Bucket::Zero => 0,
        Bucket::One => 1,
        Bucket::Fortnight => 2,
        Bucket::All => 3,
    }
}
