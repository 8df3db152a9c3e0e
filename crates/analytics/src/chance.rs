//! Chance for tests, by `SplitMix64` (Steele, Lea, Flood 2014): the same seed gives the same numbers.

/// Whole numbers below 2^53.
fn bits(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) >> 11
    }
}

/// Evenly spread in [0, 1).
pub(crate) fn unit(seed: u64) -> impl FnMut() -> f64 {
    let mut bits = bits(seed);
    move || bits() as f64 / (1_u64 << 53) as f64
}

/// Evenly spread in (0, 1): for logarithms.
pub(crate) fn open_unit(seed: u64) -> impl FnMut() -> f64 {
    let mut bits = bits(seed);
    move || (bits() as f64 + 0.5) / (1_u64 << 53) as f64
}
