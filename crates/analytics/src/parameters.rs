//! What the analytics of a symbol are told: the settings, and what was found in the market beyond them.

use alphatrader_model::discovered::{Discovered, RegimeParameters};
use alphatrader_model::instrument::Symbol;
use alphatrader_model::settings;
use alphatrader_model::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::admission::Policy;
use crate::classify::{ClassifyParameters, ClassifyRule};
use crate::flow::sweep::FLOOR;
use crate::probability::Density;
use crate::regime::Chain;
use crate::regime::state::Model;
use crate::volatility::Garch;
use crate::vpin::bars::BulkParameters;
use crate::vpin::{VpinParameters, VpinSource};

/// Sessions among which VPIN by bulk volume is ranked: a quarter of the usual 250, for the state of a symbol is bounded.
const BULK_SESSIONS: u16 = 60;

/// Parameters of one symbol. They come into force where a session begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    /// Shares in a VPIN bucket, at least 1.
    pub vpin_bucket_volume: u64,
    /// Buckets in the VPIN window.
    pub vpin_window: u32,
    /// Level of VPIN's own distribution that is wanted for an alert; the highest that the history admits is in force.
    pub alert_cdf: f64,
    /// Decay of the variance of price changes in bulk classification, a bar.
    pub sigma_lambda: f64,
    /// Dollars that a burst must be worth to be called a sweep.
    pub sweep_floor: f64,
    /// How often a displayed size comes back a second, anyway and from an iceberg; learnt where absent.
    pub refill_rates: Option<(f64, f64)>,
    /// GARCH(1,1) of five-minute returns; usual values as long as none were fitted.
    pub garch: Option<Garch>,
    /// The accepted model of volatility regimes; without one the percentiles alone serve.
    pub regime: Option<Model>,
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
            alert_cdf: VpinParameters::new(1).alert,
            sigma_lambda: BulkParameters::default().sigma_lambda,
            sweep_floor: FLOOR,
            refill_rates: None,
            garch: usual_garch(),
            regime: None,
            classify: ClassifyParameters::default(),
            policy: Policy::default(),
        }
    }

    /// VPIN by the sides of trades; by bulk volume where that is the rule.
    pub fn vpin(&self) -> VpinParameters {
        let source = if self.classify.rule == ClassifyRule::Bulk { self.bulk() } else { VpinSource::Signed };
        VpinParameters {
            window: self.vpin_window,
            source,
            alert: self.alert_cdf,
            ..VpinParameters::new(self.vpin_bucket_volume)
        }
    }

    /// VPIN by bulk volume. It is shown beside the other and ranked among fewer sessions.
    pub fn bulk_vpin(&self) -> VpinParameters {
        VpinParameters { source: self.bulk(), sessions: BULK_SESSIONS, ..self.vpin() }
    }

    fn bulk(&self) -> VpinSource {
        VpinSource::Bulk(BulkParameters { sigma_lambda: self.sigma_lambda, ..BulkParameters::default() })
    }

    /// Puts what is in force of the found parameters, for a session that opens at `open`, over the settings.
    pub fn take(&mut self, found: &Discovered, symbol: Symbol, open: Timestamp) {
        let vpin = found.vpin(symbol, open);
        if let Some((bucket, window)) = vpin.buckets {
            (self.vpin_bucket_volume, self.vpin_window) = (bucket, window);
        }
        self.alert_cdf = vpin.alert_cdf.unwrap_or(self.alert_cdf);
        self.sigma_lambda = vpin.sigma_lambda.unwrap_or(self.sigma_lambda);
        let floor = found.of(symbol, open).and_then(|of| of.sweep_floor.in_force());
        self.sweep_floor = floor.filter(|floor| (0.0..=1e12).contains(floor)).unwrap_or(self.sweep_floor);
        let rates = found
            .of(symbol, open)
            .and_then(|of| of.iceberg_background_rate.in_force().zip(of.iceberg_refill_rate.in_force()));
        self.refill_rates = rates.filter(|(background, refill)| 0.0 < *background && background < refill);
        self.regime = found.regimes(symbol, open).and_then(model);
    }
}

/// Persistence of usual five-minute volatility, around sixteen percent a year; fitted to no symbol.
fn usual_garch() -> Option<Garch> {
    const ALPHA: f64 = 0.06;
    const BETA: f64 = 0.92;
    const LONG_RUN: f64 = 0.16 * 0.16 / (252.0 * 78.0);
    Garch::new(LONG_RUN * (1.0 - ALPHA - BETA), ALPHA, BETA, Density::NORMAL).ok()
}

/// The model of found regimes; absent when its numbers are no chain.
fn model(found: &RegimeParameters) -> Option<Model> {
    let states = found.sigma_5m.len();
    let start = vec![1.0 / states as f64; states];
    let variances: Vec<f64> = found.sigma_5m.iter().map(|sigma| sigma * sigma).collect();
    let chain = Chain::new(Density::NORMAL, &start, &found.transition, &variances).ok()?;
    Model::new(chain, &found.time_of_day)
}
