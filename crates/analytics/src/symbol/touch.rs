//! What only needs the touch: order flow at it, the micro-price, how its imbalance stands in its last hour.

use alphatrader_model::features::{Features, Liquidity};
use alphatrader_model::market::Level;
use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::number::Price;
use alphatrader_model::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fair::counts::MicroCounts;
use crate::fair::fit::{Gates, fit};
use crate::fair::micro::{FairSource, MicroShape, MicroTable};
use crate::imbalance;
use crate::ofi::{Ofi, OfiParameters};

/// Weight of a second in the standing of the imbalance: an hour's memory.
const HOUR: f64 = 1.0 / 3_600.0;
/// Seconds before that standing is said.
const LEAST: u64 = 600;

/// The touch of a symbol with full analytics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Touch {
    pub(super) ofi: Ofi,
    /// Transitions of the sessions so far, and the table that was fitted to those before this one.
    counts: MicroCounts,
    table: Option<MicroTable>,
    /// Exponentially weighted mean and variance of the imbalance, and the seconds they rest on.
    mean: f64,
    variance: f64,
    seconds: u64,
}

impl Default for Touch {
    fn default() -> Self {
        Self {
            ofi: Ofi::new(OfiParameters::default()),
            counts: MicroCounts::new(MicroShape::new(10, 2, Price::CENT)),
            table: None,
            mean: 0.0,
            variance: 0.0,
            seconds: 0,
        }
    }
}

impl Touch {
    /// A new touch, neither crossed nor locked.
    #[inline]
    pub(super) fn on_touch(&mut self, ts: Timestamp, bid: Level, ask: Level, quality: Quality) {
        self.ofi.on_touch(ts, bid, ask, quality);
        self.counts.observe(bid, ask);
    }

    /// What comes next does not follow what was.
    pub(super) fn break_off(&mut self, quality: Quality) {
        self.ofi.on_crossed(quality);
        self.counts.break_off();
    }

    /// Quotes were lost.
    pub(super) fn clear(&mut self) {
        self.ofi.clear();
        self.counts.break_off();
    }

    /// A new session: the micro-price is fitted to the sessions before it.
    pub(super) fn begin_session(&mut self) {
        self.ofi.on_session();
        self.counts.break_off();
        if let Ok(table) = fit(&self.counts, Gates::default()) {
            self.table = Some(table);
        }
        (self.mean, self.variance, self.seconds) = (0.0, 0.0, 0);
    }

    /// The fair prices of a touch.
    #[inline]
    pub(super) fn price(&self, liquidity: &mut Liquidity, bid: Level, ask: Level, quality: Quality) {
        let fair = self.table.as_ref().and_then(|table| table.price(bid, ask));
        let Some(fair) = fair.filter(|fair| fair.source == FairSource::MicroPrice) else {
            (liquidity.micro_price, liquidity.micro_adjustment) = (Metric::NONE, Metric::NONE);
            return;
        };
        liquidity.micro_price = fair.metric(quality);
        let middle = (bid.price.raw() + ask.price.raw()) as f64 / 2.0 / Price::SCALE as f64;
        let ticks = (fair.price - middle) * Price::SCALE as f64 / Price::CENT.raw() as f64;
        liquidity.micro_adjustment = Metric::new(Some(ticks), u64::from(fair.n_obs), quality);
    }

    /// A second is over.
    pub(super) fn turn(&mut self, ts: Timestamp, features: &mut Features) {
        self.ofi.advance(ts);
        show_flow(&self.ofi, features);
        let Liquidity { imbalance_touch, imbalance_z, .. } = &mut features.liquidity;
        let Some(value) = imbalance_touch.value else {
            *imbalance_z = Metric::NONE;
            return;
        };
        self.seconds += 1;
        // Until an hour has passed all seconds weigh the same.
        let weight = (1.0 / self.seconds as f64).max(HOUR);
        let away = value - self.mean;
        self.mean += weight * away;
        self.variance = (1.0 - weight) * (self.variance + weight * away * away);
        let known = self.seconds >= LEAST && self.variance > 0.0;
        let z = known.then(|| (value - self.mean) / libm::sqrt(self.variance));
        *imbalance_z = Metric::new(z, self.seconds.min(3_600), imbalance_touch.quality);
    }

    /// Bytes outside the value itself.
    pub(super) fn heap_bytes(&self) -> usize {
        let table = self.table.as_ref().map_or(0, MicroTable::heap_bytes);
        self.ofi.heap_bytes() + self.counts.heap_bytes() + table
    }
}

/// Order flow of the touch.
pub(super) fn show_flow(ofi: &Ofi, features: &mut Features) {
    let flow = &mut features.flow;
    [flow.ofi, flow.ofi_normalised, flow.ofi_decayed, features.liquidity.touch_depth] = ofi.touch();
}

/// Measures of one touch that need no memory.
#[inline]
pub(super) fn show(features: &mut Features, bid: Level, ask: Level, quality: Quality) {
    let (wanted, offered) = (bid.size.get(), ask.size.get());
    features.imbalance_touch = imbalance::of_sizes(wanted, offered);
    let liquidity = &mut features.liquidity;
    liquidity.imbalance_touch = Metric::new(features.imbalance_touch, 1, quality);
    liquidity.weighted_mid = Metric::new(crate::fair::weighted_mid(bid, ask), 1, quality);
}

/// There is no touch.
pub(super) fn hide(features: &mut Features) {
    features.imbalance_touch = None;
    let liquidity = &mut features.liquidity;
    (liquidity.imbalance_touch, liquidity.imbalance_z) = (Metric::NONE, Metric::NONE);
    (liquidity.weighted_mid, liquidity.micro_price) = (Metric::NONE, Metric::NONE);
    liquidity.micro_adjustment = Metric::NONE;
}
