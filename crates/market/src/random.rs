//! The one generator of chance: xoshiro256++ 1.0 by Blackman and Vigna, seeded by their `SplitMix64`.
//! The same seed gives the same numbers on every machine.

/// A seeded generator of pseudo-random numbers. Not for secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Random {
    state: [u64; 4],
}

/// The next number of the `SplitMix64` sequence that `state` walks.
const fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A number that depends on all of `parts` and their order: a seed for each day, minute, purpose.
pub fn mix(parts: &[u64]) -> u64 {
    let mut state = 0;
    for part in parts {
        state ^= *part;
        state = split_mix(&mut state);
    }
    split_mix(&mut state)
}

impl Random {
    /// A generator for a seed.
    pub fn new(seed: u64) -> Self {
        let mut state = seed;
        Self { state: core::array::from_fn(|_| split_mix(&mut state)) }
    }

    /// 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform in `[0, 1)`, a multiple of 2^-53.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Uniform in `0..bound` (multiply-shift; the bias is below `bound` · 2^-64). Zero for a bound of zero.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// True with this probability.
    #[inline]
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Exponential with mean 1.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        // 1 - unit() lies in (0, 1].
        -libm::log(1.0 - self.unit())
    }

    /// Normal with mean 0 and variance 1 (Marsaglia's polar method; the second value is not kept).
    pub fn normal(&mut self) -> f64 {
        loop {
            let (u, v) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                return u * libm::sqrt(-2.0 * libm::log(s) / s);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_that_of_the_reference_implementation() {
        // The vectors of the crate rand_xoshiro, made with the authors' C code.
        let mut random = Random { state: [1, 2, 3, 4] };
        let expected: [u64; 10] = [
            41_943_041,
            58_720_359,
            3_588_806_011_781_223,
            3_591_011_842_654_386,
            9_228_616_714_210_784_205,
            9_973_669_472_204_895_162,
            14_011_001_112_246_962_877,
            12_406_186_145_184_390_807,
            15_849_039_046_786_891_736,
            10_450_023_813_501_588_000,
        ];
        assert_eq!(expected, core::array::from_fn(|_| random.bits()));
    }

    #[test]
    fn seeds_are_spread_by_the_reference_sequence() {
        let mut state = 1_477_776_061_723_855_037;
        let expected: [u64; 3] =
            [1_985_237_415_132_408_290, 2_979_275_885_539_914_483, 13_511_426_838_097_143_398];
        assert_eq!(expected, core::array::from_fn(|_| split_mix(&mut state)));
        assert_ne!(mix(&[1, 2]), mix(&[2, 1]));
    }

    #[test]
    fn distributions_have_their_moments() {
        let mut random = Random::new(7);
        let n = 200_000;
        let (mut unit, mut exponential, mut normal, mut square) = (0.0, 0.0, 0.0, 0.0);
        for _ in 0..n {
            unit += random.unit();
            exponential += random.exponential();
            let x = random.normal();
            normal += x;
            square += x * x;
        }
        let mean = |sum: f64| sum / f64::from(n);
        assert!((mean(unit) - 0.5).abs() < 0.005);
        assert!((mean(exponential) - 1.0).abs() < 0.01);
        assert!(mean(normal).abs() < 0.01);
        assert!((mean(square) - 1.0).abs() < 0.02);
        assert!((0..1_000).all(|_| random.below(7) < 7));
    }
}
