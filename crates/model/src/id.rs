//! Identifiers that sort by time and need no randomness.

use core::fmt;
use core::str::FromStr;

use thiserror::Error;

use crate::event::Seq;
use crate::order::Role;
use crate::time::Timestamp;

/// Not an identifier of ours.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not {1}")]
pub struct IdError(String, &'static str);

/// A signal's identifier: 26 characters of ULID text.
///
/// 48 bits of milliseconds from the event's time, 64 bits of its `seq`, 16 bits of an index inside
/// the step, so equal inputs give equal identifiers and identifiers sort by time.
/// Encoding: Crockford base 32, as the ULID specification has it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignalId(u128);

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl SignalId {
    /// Characters of its text.
    pub const LENGTH: usize = 26;

    /// The identifier of the `index`-th thing made at `seq`, whose event happened at `time`.
    ///
    /// Times before 1970 count as 1970.
    pub fn new(time: Timestamp, seq: Seq, index: u16) -> Self {
        let millis = time.millis().max(0) as u128 & 0xFFFF_FFFF_FFFF;
        Self(millis << 80 | u128::from(seq.0) << 16 | u128::from(index))
    }
}

impl fmt::Display for SignalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0_u8; Self::LENGTH];
        for (place, byte) in text.iter_mut().enumerate() {
            let shift = 5 * (Self::LENGTH - 1 - place);
            *byte = CROCKFORD[(self.0 >> shift) as usize & 31];
        }
        f.write_str(core::str::from_utf8(&text).expect("the alphabet is ASCII"))
    }
}

impl fmt::Debug for SignalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignalId({self})")
    }
}

impl FromStr for SignalId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let refused = || IdError(text.chars().take(40).collect(), "an identifier of 26 characters");
        if text.len() != Self::LENGTH || text.as_bytes()[0] > b'7' {
            return Err(refused());
        }
        text.bytes()
            .try_fold(0_u128, |value, byte| {
                let digit = CROCKFORD.iter().position(|c| *c == byte).ok_or_else(refused)?;
                Ok(value << 5 | digit as u128)
            })
            .map(Self)
    }
}

/// What an order is for, as the broker keeps it for us: `signal:role:attempt`.
///
/// Unique per order of ours (invariant 5), so after a crash the broker's list of orders says which
/// intents it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderRef {
    /// The signal that asked for it.
    pub signal: SignalId,
    /// Its role.
    pub role: Role,
    /// Counts from 1; a replaced order has the next.
    pub attempt: u8,
}

impl fmt::Display for OrderRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.signal, self.role, self.attempt)
    }
}

impl FromStr for OrderRef {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let refused =
            || IdError(text.chars().take(60).collect(), "an order reference such as SIGNAL:entry:1");
        let mut parts = text.split(':');
        let (Some(signal), Some(role), Some(attempt), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(refused());
        };
        Ok(Self {
            signal: signal.parse()?,
            role: role.parse().map_err(|()| refused())?,
            attempt: attempt.parse().map_err(|_| refused())?,
        })
    }
}

serde_by_text!(SignalId, OrderRef);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ulid_specification_agrees_on_time() {
        // ULID spec, "Encoding": the first ten characters are the time; 1469918176385 ms is 01ARYZ6S41.
        let id = SignalId::new(Timestamp::from_millis(1_469_918_176_385), Seq(0), 0);
        assert_eq!(&id.to_string()[..10], "01ARYZ6S41");
    }

    proptest! {
        #[test]
        fn identifiers_round_trip_and_sort_by_time(ms in 0_i64..281_474_976_710_655, later in 1_i64..1_000_000, seq in any::<u64>(), index in any::<u16>()) {
            let id = SignalId::new(Timestamp::from_millis(ms.min(9_000_000_000_000)), Seq(seq), index);
            prop_assert_eq!(id.to_string().parse::<SignalId>(), Ok(id));
            let next = SignalId::new(Timestamp::from_millis(ms.min(9_000_000_000_000) + later), Seq(0), 0);
            prop_assert!(id < next && id.to_string() < next.to_string());
            let reference = OrderRef { signal: id, role: Role::Stop, attempt: 3 };
            prop_assert_eq!(reference.to_string().parse::<OrderRef>(), Ok(reference));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,60}") {
            let _ = text.parse::<OrderRef>();
        }
    }
}
