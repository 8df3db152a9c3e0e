//! Sums that do not lose what is small beside what is large.
//!
//! Each is kept with the rounding errors of its additions (Neumaier's sum, by Knuth's `TwoSum`, which needs no
//! comparison), so that by strike, by expiry and in total the same contracts give the same number to far better
//! than 1e-9, and a contract can be taken out and put back in.

use alphatrader_model::exposure::{DealerSign, Sums};
use serde::{Deserialize, Serialize};

/// A running sum and its rounding errors.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Total {
    sum: f64,
    rest: f64,
}

impl Total {
    #[inline]
    pub(crate) fn add(&mut self, x: f64) {
        let sum = self.sum + x;
        let of_x = sum - self.sum;
        self.rest += (self.sum - (sum - of_x)) + (x - of_x);
        self.sum = sum;
    }

    #[inline]
    pub(crate) fn value(self) -> f64 {
        self.sum + self.rest
    }
}

/// Numbers of [`Parts::dollars`].
const DOLLARS: usize = 8;

/// What the contracts of one strike of one expiry put into every sum that holds them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Parts {
    /// Call and put gamma, call and put delta, vanna, charm, call and put gamma by volume.
    pub(crate) dollars: [f64; DOLLARS],
    /// Open calls and puts, traded calls and puts.
    pub(crate) contracts: [u64; 4],
    /// Contracts counted.
    pub(crate) rows: u32,
}

pub(crate) const CALL_GEX: usize = 0;
pub(crate) const PUT_GEX: usize = 1;
pub(crate) const CALL_DEX: usize = 2;
pub(crate) const PUT_DEX: usize = 3;
pub(crate) const VANNA: usize = 4;
pub(crate) const CHARM: usize = 5;
pub(crate) const CALL_VOLUME_GEX: usize = 6;
pub(crate) const PUT_VOLUME_GEX: usize = 7;

/// A sum of [`Parts`].
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Account {
    dollars: [Total; DOLLARS],
    contracts: [u64; 4],
    pub(crate) rows: u32,
}

impl Account {
    #[inline]
    pub(crate) fn add(&mut self, parts: &Parts) {
        for (total, x) in self.dollars.iter_mut().zip(parts.dollars) {
            total.add(x);
        }
        for (total, n) in self.contracts.iter_mut().zip(parts.contracts) {
            *total += n;
        }
        self.rows += parts.rows;
    }

    /// Takes `old`, which is in the sum, out and puts `new` in.
    #[inline]
    pub(crate) fn replace(&mut self, old: &Parts, new: &Parts) {
        for ((total, new), old) in self.dollars.iter_mut().zip(new.dollars).zip(old.dollars) {
            total.add(new - old);
        }
        for ((total, new), old) in self.contracts.iter_mut().zip(new.contracts).zip(old.contracts) {
            *total = *total + new - old;
        }
        self.rows = self.rows + new.rows - old.rows;
    }

    /// One of the sums of dollars.
    pub(crate) fn dollars(&self, which: usize) -> f64 {
        self.dollars[which].value()
    }

    /// Open calls and puts.
    pub(crate) fn open(&self) -> (u64, u64) {
        (self.contracts[0], self.contracts[1])
    }

    /// In the names of the field, at the spot at which the parts were valued.
    pub(crate) fn sums(&self, sign: DealerSign, spot: f64) -> Sums {
        let [call_gex, put_gex, call_dex, put_dex, vanna_ex, charm_ex, call_vol_gex, put_vol_gex] =
            self.dollars.map(Total::value);
        let [call_oi, put_oi, call_volume, put_volume] = self.contracts;
        let (of_calls, of_puts) = signs(sign);
        let gex = call_gex + put_gex;
        Sums {
            gex,
            dex: call_dex + put_dex,
            dealer_dex: of_calls * call_dex + of_puts * put_dex,
            vanna_ex,
            charm_ex,
            gex_shares: gex / (spot * spot * 0.01),
            vol_gex: call_vol_gex + put_vol_gex,
            call_vol_gex,
            put_vol_gex,
            call_gex,
            put_gex,
            call_dex,
            put_dex,
            call_oi,
            put_oi,
            call_volume,
            put_volume,
        }
    }
}

/// The dealers' sign of calls and of puts.
pub(crate) const fn signs(sign: DealerSign) -> (f64, f64) {
    match sign {
        DealerSign::Naive => (1.0, -1.0),
        DealerSign::Inverse => (-1.0, 1.0),
        DealerSign::ShortBoth => (-1.0, -1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_small_beside_what_is_large_stays() {
        let mut total = Total::default();
        for x in [1e16, 1.0, -1e16, 1.0] {
            total.add(x);
        }
        assert_eq!(total.value(), 2.0);
    }

    #[test]
    fn a_part_taken_out_leaves_the_rest() {
        let part = |x: f64, n: u64| Parts { dollars: [x; DOLLARS], contracts: [n; 4], rows: 1 };
        let (mut all, mut without) = (Account::default(), Account::default());
        for step in 0..1_000 {
            let parts = part(f64::from(step) * 1e7 / 3.0, 7);
            all.add(&parts);
            without.add(&parts);
        }
        let (old, new) = (part(2e11 / 7.0, 9), part(-1.0 / 3.0, 4));
        all.add(&old);
        all.replace(&old, &new);
        without.add(&new);
        assert!((all.dollars(0) / without.dollars(0) - 1.0).abs() < 1e-15);
        assert_eq!((all.contracts, all.rows), (without.contracts, without.rows));
    }

    #[test]
    fn signs_of_the_dealers() {
        let mut account = Account::default();
        account.add(&Parts { dollars: [4.0, -3.0, 2.0, -1.0, 0.0, 0.0, 0.0, 0.0], ..Parts::default() });
        let naive = account.sums(DealerSign::Naive, 10.0);
        assert_eq!((naive.gex, naive.dex, naive.dealer_dex, naive.gex_shares), (1.0, 1.0, 3.0, 1.0));
        assert_eq!(account.sums(DealerSign::Inverse, 10.0).dealer_dex, -3.0);
        assert_eq!(account.sums(DealerSign::ShortBoth, 10.0).dealer_dex, -1.0);
    }
}
