//! Sessions drawn with replacement, in runs: the stationary bootstrap of Politis and Romano (1994), whose
//! blocks begin anywhere, wrap around, and have geometric lengths. The unit is the session: what happens inside
//! one hangs together.

/// Replicates of every bootstrap.
pub const REPLICATES: usize = 500;
/// Mean length of a run, sessions.
pub const MEAN_RUN: u64 = 3;

/// The sessions of one replicate, by their places in `0..sessions`; as many as there are.
pub fn sessions(sessions: usize, bits: &mut impl FnMut() -> u64) -> Vec<usize> {
    let mut drawn = Vec::with_capacity(sessions);
    let mut place = 0;
    for index in 0..sessions {
        let begins = index == 0 || below(bits(), MEAN_RUN) == 0;
        place = if begins { below(bits(), sessions as u64) as usize } else { (place + 1) % sessions };
        drawn.push(place);
    }
    drawn
}

/// Uniform in `0..bound`, by multiply and shift.
pub(crate) fn below(bits: u64, bound: u64) -> u64 {
    ((u128::from(bits) * u128::from(bound)) >> 64) as u64
}

/// Standard deviation of replicates; absent for fewer than two or when one is not finite.
pub fn standard_error(replicates: &[f64]) -> Option<f64> {
    let n = replicates.len() as f64;
    if n < 2.0 {
        return None;
    }
    let mean = replicates.iter().sum::<f64>() / n;
    let squares: f64 = replicates.iter().map(|value| (value - mean) * (value - mean)).sum();
    Some(libm::sqrt(squares / (n - 1.0))).filter(|error| error.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A counter stepped by the golden ratio: evenly spread.
    fn bits() -> impl FnMut() -> u64 {
        let mut state = 0_u64;
        move || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z ^ (z >> 31)
        }
    }

    #[test]
    fn runs_have_their_mean_length_and_every_session_its_turn() {
        let mut bits = bits();
        let (mut runs, mut drawn, mut seen) = (0, 0, [0_u32; 40]);
        for _ in 0..REPLICATES {
            let replicate = sessions(40, &mut bits);
            assert_eq!(replicate.len(), 40);
            runs += 1 + replicate.windows(2).filter(|pair| pair[1] != (pair[0] + 1) % 40).count();
            drawn += replicate.len();
            for place in replicate {
                seen[place] += 1;
            }
        }
        let length = drawn as f64 / runs as f64;
        assert!((2.7..3.4).contains(&length), "{length}");
        assert!(seen.iter().all(|count| (350..650).contains(count)), "{seen:?}");
    }

    #[test]
    fn the_standard_error_of_two_numbers() {
        assert_eq!(standard_error(&[1.0, 3.0]), Some(libm::sqrt(2.0)));
        assert_eq!(standard_error(&[1.0]), None);
    }
}
