//! The third walk, for tests: fills every field that a message has at a version with something.

use std::collections::BTreeMap;

use super::TextError;
use super::fields::{FRACTIONAL_SIZES, Fields, Step};

/// Fills what it visits, from a seed.
pub(super) struct FieldFiller {
    version: i32,
    state: u64,
}

impl FieldFiller {
    pub(super) fn new(version: i32, seed: u64) -> Self {
        Self { version, state: seed }
    }

    /// The next of a `SplitMix64` sequence.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn some<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(4) > 0).then(|| make(self))
    }

    fn word(&mut self) -> String {
        // Texts that decide what follows, and texts that are hard to carry.
        let words = ["BAG", "PEG BENCH", "PEG BEST", "PEGMID", "IBKRATS", "a b", "€ü", "\\u0041\\", "x"];
        words[usize::try_from(self.below(9)).unwrap()].to_owned()
    }

    fn integer(&mut self) -> i32 {
        match self.below(3) {
            0 => i32::try_from(self.below(8)).unwrap(),
            1 => -i32::try_from(self.below(100)).unwrap(),
            _ => i32::try_from(self.below(1 << 30)).unwrap(),
        }
    }

    fn real(&mut self) -> f64 {
        match self.below(8) {
            0 => 0.0,
            1 => f64::INFINITY,
            2 => 1e-9,
            _ => f64::from(self.integer()) / 64.0,
        }
    }
}

impl Fields for FieldFiller {
    fn version(&self) -> i32 {
        self.version
    }

    fn fixed(&mut self, _: &'static str) -> Step {
        Ok(())
    }

    fn text(&mut self, field: &mut Option<String>) -> Step {
        *field = self.some(Self::word);
        Ok(())
    }

    fn escaped(&mut self, field: &mut Option<String>) -> Step {
        self.text(field)
    }

    fn int(&mut self, field: &mut Option<i32>) -> Step {
        *field = self.some(Self::integer);
        Ok(())
    }

    fn int_or(&mut self, field: &mut Option<i32>, absent: i32) -> Step {
        *field = Some(self.integer()).filter(|value| *value != absent || absent == 0);
        Ok(())
    }

    fn long(&mut self, field: &mut Option<i64>) -> Step {
        *field = self.some(|filler| (filler.next() >> 12).cast_signed());
        Ok(())
    }

    fn number(&mut self, field: &mut Option<f64>) -> Step {
        *field = self.some(Self::real);
        Ok(())
    }

    fn number_or(&mut self, field: &mut Option<f64>, absent: f64) -> Step {
        *field = Some(self.real()).filter(|value| value.total_cmp(&absent).is_ne() || absent == 0.0);
        Ok(())
    }

    fn flag(&mut self, field: &mut Option<bool>) -> Step {
        *field = self.some(|filler| filler.below(2) == 1);
        Ok(())
    }

    fn decimal(&mut self, field: &mut Option<String>) -> Step {
        *field = Some((f64::from(self.integer()) / 8.0).to_string());
        Ok(())
    }

    fn whole(&mut self, field: &mut Option<String>) -> Step {
        *field = Some(self.integer().to_string());
        Ok(())
    }

    fn either(&mut self, field: &mut Option<bool>, _: &'static str, _: &'static str) -> Step {
        *field = Some(self.below(2) == 1);
        Ok(())
    }

    fn marks(&mut self, first: &mut Option<bool>, second: &mut Option<bool>) -> Step {
        (*first, *second) = (Some(self.below(2) == 1), Some(self.below(2) == 1));
        Ok(())
    }

    fn options(&mut self, field: &mut BTreeMap<String, String>) -> Step {
        *field = (0..self.below(3)).map(|at| (format!("tag{at}"), format!("v={at}"))).collect();
        Ok(())
    }

    fn count(&mut self, _: usize, _: usize) -> Result<usize, TextError> {
        Ok(usize::try_from(self.below(4)).unwrap())
    }

    fn unknown(&self, expected: &'static str) -> Step {
        // What has no form is never made; the test draws another message.
        Err(TextError::Field { at: 0, text: String::new(), expected })
    }

    fn size(&mut self, field: &mut Option<String>) -> Step {
        if self.version < FRACTIONAL_SIZES { self.whole(field) } else { self.decimal(field) }
    }
}
