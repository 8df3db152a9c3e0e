//! VPIN of one symbol, whole: signed or bulk, its rank among earlier values, its ratio to the level without
//! information, its alert.
//!
//! The bucket is fixed for a session. A new one, or a new window, begins beside the old at the next session:
//! both are fed, and the new takes over when its own window is full. The values of earlier sessions
//! stay when only the bucket changed (it follows the daily volume); with another window or another source they are
//! others, and are forgotten.
//!
//! An alert stands on the rank, never on VPIN itself, at the highest level that the values held admit, up to
//! the one asked for.

use alphatrader_model::market::Side;
use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::number::Price;
use alphatrader_model::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::bars::{BulkBars, BulkParameters};
use super::bulk::BulkBuckets;
use super::distribution::Distribution;
use super::{MAX_WINDOW, MOST_WINDOWS, Vpin};
use crate::quality::QualityMemory;

/// Independent values below which a rank says nothing.
pub const LEAST_EFFECTIVE: f64 = 5.0;

/// Where the imbalance of a bucket comes from.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VpinSource {
    /// The sides of trades.
    #[default]
    Signed,
    /// Bulk volume.
    Bulk(BulkParameters),
}

/// What VPIN is measured with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct VpinParameters {
    /// Shares in a bucket, V; the paper: a fiftieth of the daily volume.
    pub bucket: u64,
    /// Buckets in the window, n: 10 to 250, usually 50.
    pub window: u32,
    /// Where imbalances come from.
    pub source: VpinSource,
    /// Sessions whose values are held: 20 to 500, usually 250.
    pub sessions: u16,
    /// Level of the rank at which an alert is asked for: 0.90, 0.95 or 0.99.
    pub alert: f64,
}

impl VpinParameters {
    /// Usual but for the bucket.
    pub const fn new(bucket: u64) -> Self {
        Self { bucket, window: 50, source: VpinSource::Signed, sessions: 250, alert: 0.99 }
    }
}

/// VPIN at the end of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct VpinPoint {
    /// Number of the bucket, from 1.
    pub bucket: u64,
    /// VPIN, in [0, 1]; absent until the window is full.
    pub vpin: Option<f64>,
    /// Its rank among the values held before it, in [0, 1]; absent below [`LEAST_EFFECTIVE`] independent ones.
    pub cdf: Option<f64>,
    /// VPIN over its level without information.
    pub null_ratio: Option<f64>,
}

/// An alert and the level it stands on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct VpinAlert {
    /// The level in force: the highest that the values held admit.
    pub level: f64,
    /// The level asked for.
    pub requested: f64,
    /// Whether the rank has reached it.
    pub on: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Engine {
    Signed(Vpin),
    Bulk(Box<(BulkBars, BulkBuckets)>),
}

impl Engine {
    fn new(parameters: &VpinParameters) -> Self {
        match parameters.source {
            VpinSource::Signed => Self::Signed(Vpin::new(parameters.bucket, parameters.window)),
            VpinSource::Bulk(bulk) => {
                let buckets = BulkBuckets::new(parameters.bucket, parameters.window);
                Self::Bulk(Box::new((BulkBars::new(&bulk, buckets.bucket()), buckets)))
            }
        }
    }

    fn completed(&self) -> u64 {
        match self {
            Self::Signed(vpin) => vpin.completed(),
            Self::Bulk(bulk) => bulk.1.completed(),
        }
    }

    fn held(&self) -> usize {
        match self {
            Self::Signed(vpin) => vpin.held(),
            Self::Bulk(bulk) => bulk.1.held(),
        }
    }

    fn window(&self) -> usize {
        match self {
            Self::Signed(vpin) => vpin.window(),
            Self::Bulk(bulk) => bulk.1.window(),
        }
    }

    fn window_volume(&self) -> u64 {
        match self {
            Self::Signed(vpin) => vpin.window_volume(),
            Self::Bulk(bulk) => bulk.1.window_volume(),
        }
    }

    #[inline]
    fn trade(
        &mut self,
        now: Timestamp,
        price: Price,
        size: u64,
        side: Option<Side>,
        mut close: impl FnMut(VpinPoint),
    ) {
        match self {
            Self::Signed(vpin) => vpin.add_each(size, side, |vpin| close(of_signed(vpin))),
            Self::Bulk(bulk) => {
                let (bars, buckets) = &mut **bulk;
                bars.on_trade(now, price, size, |bar| {
                    buckets.add(bar.volume, bar.fraction, bar.bar, |buckets| close(of_bulk(buckets)));
                });
            }
        }
    }

    fn restart(&mut self, mut close: impl FnMut(VpinPoint)) {
        if let Self::Bulk(bulk) = self {
            let (bars, buckets) = &mut **bulk;
            bars.restart(|bar| {
                buckets.add(bar.volume, bar.fraction, bar.bar, |buckets| close(of_bulk(buckets)));
            });
        }
    }

    fn advance(&mut self, now: Timestamp, mut close: impl FnMut(VpinPoint)) {
        if let Self::Bulk(bulk) = self {
            let (bars, buckets) = &mut **bulk;
            bars.advance(now, |bar| {
                buckets.add(bar.volume, bar.fraction, bar.bar, |buckets| close(of_bulk(buckets)));
            });
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Signed(vpin) => vpin.clear(),
            Self::Bulk(bulk) => {
                bulk.0.clear();
                bulk.1.clear();
            }
        }
    }
}

fn of_signed(vpin: &Vpin) -> VpinPoint {
    let (vpin, bucket, null_ratio) = (vpin.value(), vpin.completed(), vpin.null_ratio());
    VpinPoint { bucket, vpin, cdf: None, null_ratio }
}

fn of_bulk(buckets: &BulkBuckets) -> VpinPoint {
    let (vpin, bucket, null_ratio) = (buckets.value(), buckets.completed(), buckets.null_ratio());
    VpinPoint { bucket, vpin, cdf: None, null_ratio }
}

/// VPIN of one symbol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VpinMeter {
    parameters: VpinParameters,
    engine: Engine,
    /// Parameters that are being warmed up beside those in force.
    incoming: Option<(VpinParameters, Engine)>,
    /// Parameters that wait for the next session.
    wanted: Option<VpinParameters>,
    values: Distribution,
    quality: QualityMemory,
    last: VpinPoint,
    /// A trade longer than this is cut.
    longest: u64,
}

impl VpinMeter {
    /// Knows nothing yet. Values outside their ranges are moved to the nearest one inside.
    pub fn new(parameters: VpinParameters) -> Self {
        let engine = Engine::new(&parameters);
        Self {
            parameters,
            longest: engine.window_volume().saturating_mul(MOST_WINDOWS),
            engine,
            incoming: None,
            wanted: None,
            values: Distribution::new(parameters.sessions),
            quality: QualityMemory::default(),
            last: VpinPoint::default(),
        }
    }

    /// The parameters in force.
    pub const fn parameters(&self) -> &VpinParameters {
        &self.parameters
    }

    /// The parameters that are being warmed up beside them.
    pub fn incoming(&self) -> Option<&VpinParameters> {
        self.incoming.as_ref().map(|(parameters, _)| parameters)
    }

    /// The last completed bucket; of number zero before the first.
    pub const fn last(&self) -> &VpinPoint {
        &self.last
    }

    /// Buckets completed since the start.
    pub fn completed(&self) -> u64 {
        self.engine.completed()
    }

    /// Adds a print that has an aggressor, at its trading time, with the side found for it and what is wrong with
    /// it. `on_bucket` hears each bucket it completes: at most n + 1.
    #[inline]
    pub fn on_trade(
        &mut self,
        now: Timestamp,
        price: Price,
        size: u64,
        side: Option<Side>,
        quality: Quality,
        on_bucket: impl FnMut(&VpinPoint),
    ) {
        let signed = matches!(self.engine, Engine::Signed(_));
        let mut closed = Closing {
            values: &mut self.values,
            last: &mut self.last,
            window: self.engine.window(),
            on_bucket,
        };
        self.engine.trade(now, price, size, side, |point| closed.bucket(point));
        if quality != Quality::GOOD || size > self.longest || (side.is_none() && signed) {
            self.mark(size, side.is_none() && signed, quality);
        }
        if self.incoming.is_some() {
            self.warm_up(now, price, size, side);
        }
    }

    fn mark(&mut self, size: u64, unsigned: bool, quality: Quality) {
        let mut quality = quality;
        if unsigned {
            quality = quality.with(Quality::SIDE_UNKNOWN);
        }
        if size > self.longest {
            quality = quality.with(Quality::CAPPED);
        }
        self.note(quality);
    }

    /// Something is wrong with the stream from here on, though buckets go on (a short pause).
    pub fn note(&mut self, quality: Quality) {
        self.quality.mark(quality, self.engine.completed());
    }

    fn warm_up(&mut self, now: Timestamp, price: Price, size: u64, side: Option<Side>) {
        let Some((_, engine)) = &mut self.incoming else { return };
        engine.trade(now, price, size, side, |_| ());
        if engine.held() == engine.window() {
            self.take_over();
        }
    }

    fn take_over(&mut self) {
        if let Some((parameters, engine)) = self.incoming.take() {
            if !comparable(&parameters, &self.parameters) {
                self.values = Distribution::new(parameters.sessions);
            }
            self.parameters = parameters;
            self.longest = engine.window_volume().saturating_mul(MOST_WINDOWS);
            self.engine = engine;
            self.quality.clear();
            self.last = match &self.engine {
                Engine::Signed(vpin) => of_signed(vpin),
                Engine::Bulk(bulk) => of_bulk(&bulk.1),
            };
            self.last.cdf = rank(&self.values, self.engine.window(), self.last.vpin);
        }
    }

    /// Trading time passed: bars of time end.
    pub fn on_timer(&mut self, now: Timestamp, on_bucket: impl FnMut(&VpinPoint)) {
        if let Engine::Bulk(_) = self.engine {
            let window = self.engine.window();
            let mut closed = Closing { values: &mut self.values, last: &mut self.last, window, on_bucket };
            self.engine.advance(now, |point| closed.bucket(point));
        }
    }

    /// A session begins: buckets go on, the change over night is none, new parameters begin beside the old.
    pub fn on_session(&mut self, on_bucket: impl FnMut(&VpinPoint)) {
        self.break_bars(on_bucket);
        self.values.on_session();
        if self.incoming.is_none()
            && let Some(wanted) = self.wanted.take()
        {
            let mut engine = Engine::new(&wanted);
            if let (Engine::Bulk(new), Engine::Bulk(old)) = (&mut engine, &self.engine) {
                new.0.learn_from(&old.0);
            }
            self.incoming = Some((wanted, engine));
            if self.engine.held() < self.engine.window() {
                // Nothing is lost by beginning anew.
                self.take_over();
            }
        }
    }

    /// Trading goes on after a halt: the change meanwhile is none.
    pub fn on_resume(&mut self, on_bucket: impl FnMut(&VpinPoint)) {
        self.break_bars(on_bucket);
        self.note(Quality::HALT_RESUME);
    }

    fn break_bars(&mut self, on_bucket: impl FnMut(&VpinPoint)) {
        let window = self.engine.window();
        let mut closed = Closing { values: &mut self.values, last: &mut self.last, window, on_bucket };
        self.engine.restart(|point| closed.bucket(point));
        if let Some((_, engine)) = &mut self.incoming {
            engine.restart(|_| ());
        }
    }

    /// New parameters, from the next session on. Those that wait or warm up already are not begun anew; sessions
    /// held and alert level change at once.
    pub fn change(&mut self, parameters: VpinParameters) {
        self.parameters.alert = parameters.alert;
        let coming = self.incoming.as_ref().map_or(&self.parameters, |(coming, _)| coming);
        let same = (coming.bucket, coming.window) == (parameters.bucket, parameters.window)
            && coming.source == parameters.source;
        self.wanted = (!same).then_some(parameters);
    }

    /// Prints were lost: buckets begin anew, the values of earlier ones stay.
    pub fn clear(&mut self) {
        self.engine.clear();
        if let Some((_, engine)) = &mut self.incoming {
            engine.clear();
        }
        self.quality.clear();
        self.last = VpinPoint { bucket: self.engine.completed(), ..VpinPoint::default() };
    }

    fn flags(&self) -> Quality {
        // The open bucket counts as one of the window's.
        self.quality.within(self.engine.completed(), self.engine.window() as u64 + 1)
    }

    /// VPIN, in [0, 1], of as many buckets as the window holds.
    pub fn metric(&self) -> Metric {
        Metric::new(self.last.vpin, self.engine.held() as u64, self.flags())
    }

    /// The rank of the last value among those before it, in [0, 1], of as many values as are held.
    pub fn cdf(&self) -> Metric {
        Metric::new(self.last.cdf, self.values.len() as u64, self.flags())
    }

    /// VPIN over its level without information.
    pub fn null_ratio(&self) -> Metric {
        Metric::new(self.last.null_ratio, self.engine.held() as u64, self.flags())
    }

    /// Filled part of the open bucket, in [0, 1).
    pub fn open_share(&self) -> f64 {
        let (filled, bucket) = match &self.engine {
            Engine::Signed(vpin) => {
                let (buy, sell) = vpin.open_bucket();
                (buy + sell, vpin.bucket())
            }
            Engine::Bulk(bulk) => (bulk.1.open_bucket().0, bulk.1.bucket()),
        };
        filled as f64 / bucket as f64
    }

    /// Independent values held.
    pub fn effective(&self) -> f64 {
        self.values.effective(self.engine.window())
    }

    /// The alert, at the highest level that the values held admit; absent when they admit none, and without a rank.
    pub fn alert(&self) -> Option<VpinAlert> {
        let requested = self.parameters.alert;
        let level = self.values.level(self.engine.window(), requested)?;
        Some(VpinAlert { level, requested, on: self.last.cdf? >= level })
    }

    /// Bytes on the heap: at most 100 KiB, with the largest windows warming up beside each other.
    pub fn heap_bytes(&self) -> usize {
        let engine = |engine: &Engine| match engine {
            Engine::Signed(vpin) => vpin.heap_bytes(),
            Engine::Bulk(bulk) => size_of_val(&**bulk) + bulk.1.window() * 16 + bulk.0.heap_bytes(),
        };
        let incoming = self.incoming.as_ref().map_or(0, |(_, incoming)| engine(incoming));
        self.values.heap_bytes() + engine(&self.engine) + incoming
    }
}

/// Whether values measured with one mean the same with the other.
fn comparable(one: &VpinParameters, other: &VpinParameters) -> bool {
    let window = |parameters: &VpinParameters| parameters.window.clamp(1, MAX_WINDOW);
    window(one) == window(other) && one.source == other.source && one.sessions == other.sessions
}

fn rank(values: &Distribution, window: usize, value: Option<f64>) -> Option<f64> {
    if values.effective(window) < LEAST_EFFECTIVE { None } else { values.rank(value?) }
}

/// What the end of a bucket changes.
struct Closing<'a, F> {
    values: &'a mut Distribution,
    last: &'a mut VpinPoint,
    window: usize,
    on_bucket: F,
}

impl<F: FnMut(&VpinPoint)> Closing<'_, F> {
    fn bucket(&mut self, mut point: VpinPoint) {
        if let Some(value) = point.vpin {
            point.cdf = rank(self.values, self.window, Some(value));
            self.values.add(value);
        }
        *self.last = point;
        (self.on_bucket)(&point);
    }
}

#[cfg(test)]
mod tests;
