//! The digest of a run: BLAKE3 over the canonical bytes of every [`Outputs`], in order.
//!
//! Canonical bytes are postcard's: fixed by its specification, integers as variable-length numbers,
//! floats as their bits. Equal inputs give equal bytes with the same binary on the same target.

use alphatrader_model::{Outputs, Settings};

/// Collects the digest of a run.
#[derive(Debug, Clone, Default)]
pub struct Digest {
    hasher: blake3::Hasher,
    buffer: Vec<u8>,
    steps: u64,
}

impl Digest {
    /// Adds a step; quiet ones count too, by their number.
    pub fn update(&mut self, outputs: &Outputs) {
        self.steps += 1;
        if outputs.is_empty() {
            return;
        }
        self.buffer.clear();
        self.buffer.extend_from_slice(&self.steps.to_le_bytes());
        let buffer = std::mem::take(&mut self.buffer);
        self.buffer = postcard::to_extend(outputs, buffer).expect("outputs are plain data");
        self.hasher.update(&self.buffer);
    }

    /// The digest so far, in hexadecimal.
    pub fn hex(&self) -> String {
        let mut hasher = self.hasher.clone();
        hasher.update(&self.steps.to_le_bytes());
        hasher.finalize().to_hex().to_string()
    }
}

/// The mark of one step: the start of the BLAKE3 of the canonical bytes of what it yielded; nothing when
/// it yielded nothing. A recording keeps it beside the event, so that a replay can name the first event
/// whose outputs differ.
pub fn mark(outputs: &Outputs) -> Option<u64> {
    if outputs.is_empty() {
        return None;
    }
    let bytes = postcard::to_stdvec(outputs).expect("outputs are plain data");
    let hash = blake3::hash(&bytes);
    hash.as_bytes().first_chunk().copied().map(u64::from_le_bytes)
}

/// Short name of a version of the settings: the start of the BLAKE3 of their canonical bytes.
pub fn settings_version(settings: &Settings) -> String {
    let bytes = postcard::to_stdvec(settings).expect("settings are plain data");
    blake3::hash(&bytes).to_hex()[..12].to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::{Features, Symbol};

    fn quiet() -> Outputs {
        Outputs::default()
    }

    fn telling(last: i64) -> Outputs {
        let mut features = Features::new(Symbol::new("SPY").unwrap());
        features.last = Some(alphatrader_model::Price::from_cents(last));
        Outputs { features: vec![features], ..Outputs::default() }
    }

    #[test]
    fn order_values_and_quiet_steps_all_count() {
        let digest = |steps: &[Outputs]| {
            let mut digest = Digest::default();
            for step in steps {
                digest.update(step);
            }
            digest.hex()
        };
        let base = digest(&[telling(1), telling(2)]);
        assert_eq!(base, digest(&[telling(1), telling(2)]));
        assert_ne!(base, digest(&[telling(2), telling(1)]));
        assert_ne!(base, digest(&[telling(1), quiet(), telling(2)]));
        assert_ne!(base, digest(&[telling(1), telling(2), quiet()]));
    }
}
