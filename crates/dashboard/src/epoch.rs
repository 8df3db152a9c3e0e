//! Names that are unique without asking anybody: ULID text from wall time and process randomness.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A new ULID: 48 bits of milliseconds, 80 bits of randomness from the operating system's seed.
///
/// Used for the epoch of the stream, commands and requests; never inside the core.
pub(crate) fn ulid() -> String {
    // A clock before 1970 only makes names that sort badly.
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis());
    let random = u128::from(random_u64()) << 16 | u128::from(random_u64() & 0xFFFF);
    encode((millis & 0xFFFF_FFFF_FFFF) << 80 | random)
}

/// Each `RandomState` differs from the one before and from those of other processes.
fn random_u64() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn encode(value: u128) -> String {
    (0..26).rev().map(|place| char::from(CROCKFORD[(value >> (5 * place)) as usize & 31])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ulids_are_26_characters_and_differ() {
        let names: std::collections::BTreeSet<String> = (0..1_000).map(|_| ulid()).collect();
        assert_eq!(names.len(), 1_000);
        assert!(names.iter().all(|n| n.len() == 26 && n.starts_with('0')));
        assert_eq!(encode(0), "0".repeat(26));
        assert_eq!(encode(u128::MAX), format!("7{}", "Z".repeat(25)));
    }
}
