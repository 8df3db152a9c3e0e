//! What the analytics of a symbol are told: the settings, and what was found in the market beyond them.

use alphatrader_model::discovered::Discovered;
use alphatrader_model::instrument::Symbol;
use alphatrader_model::settings;
use alphatrader_model::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::admission::Policy;
use crate::classify::ClassifyParameters;

/// Parameters of one symbol. They come into force where a session begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    /// Shares in a VPIN bucket, at least 1.
    pub vpin_bucket_volume: u64,
    /// Buckets in the VPIN window.
    pub vpin_window: u32,
    /// Who signs the trades.
    pub classify: ClassifyParameters,
    /// What the gate lets pass. In force from the start on; it never changes later.
    pub policy: Policy,
}

impl Parameters {
    /// The settings; everything else by default.
    pub fn of(settings: &settings::Analytics) -> Self {
        Self {
            vpin_bucket_volume: settings.vpin_bucket_volume,
            vpin_window: settings.vpin_window,
            classify: ClassifyParameters::default(),
            policy: Policy::default(),
        }
    }

    /// Puts what is in force of the found parameters, for a session that opens at `open`, over the settings.
    pub fn take(&mut self, found: &Discovered, symbol: Symbol, open: Timestamp) {
        let vpin = found.vpin(symbol, open);
        if let Some((bucket, window)) = vpin.buckets {
            (self.vpin_bucket_volume, self.vpin_window) = (bucket, window);
        }
    }
}
