//! Volatility from open, high, low and close of bars.
//!
//! | estimator | variance per bar |
//! | --- | --- |
//! | Parkinson (1980) | mean of ln(H/L)² / (4 ln 2) |
//! | Garman-Klass (1980) | mean of ½ ln(H/L)² - (2 ln 2 - 1) ln(C/O)² |
//! | Rogers-Satchell (1991) | mean of ln(H/C) ln(H/O) + ln(L/C) ln(L/O): a drift does not disturb it |
//! | Yang-Zhang (2000) | overnight + k · open-to-close + (1-k) · Rogers-Satchell, k = 0.34/(1.34 + (n+1)/(n-1)) |
//!
//! Valid bars: L > 0, L <= min(O, C), H >= max(O, C). A bar of one tick biases all of them low, so the mean
//! range must be at least three ticks, otherwise there is no value. Garman-Klass may fall below zero: it is
//! floored there and flagged. Yang-Zhang takes the first bar only for its close.

use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::number::Price;
use serde::{Deserialize, Serialize};

use core::f64::consts::LN_2;

/// Most bars in a window.
pub const MAX_WINDOW: usize = 390;
/// Bars needed.
pub const LEAST: usize = 3;
/// Mean range needed, in ticks.
pub const LEAST_TICKS: f64 = 3.0;

/// One bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RangeBar {
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
}

impl RangeBar {
    /// Whether the prices can be a bar.
    pub fn is_valid(&self) -> bool {
        self.low > Price::ZERO
            && self.low <= self.open.min(self.close)
            && self.high >= self.open.max(self.close)
    }

    fn logs(&self) -> Logs {
        let ratio = |a: Price, b: Price| libm::log(a.raw() as f64 / b.raw() as f64);
        let (high, low, close) =
            (ratio(self.high, self.open), ratio(self.low, self.open), ratio(self.close, self.open));
        Logs { high, low, close, gap: None, ticks: (self.high.raw() - self.low.raw()) as f64 }
    }
}

/// A bar as logarithms over its open.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Logs {
    high: f64,
    low: f64,
    close: f64,
    /// Open over the close before.
    gap: Option<f64>,
    /// High less low, in units of price.
    ticks: f64,
}

/// Per-bar standard deviations of log prices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranges {
    /// Bars.
    pub bars: usize,
    /// Parkinson.
    pub parkinson: f64,
    /// Garman-Klass, floored at zero.
    pub garman_klass: f64,
    /// Garman-Klass was below zero.
    pub floored: bool,
    /// Rogers-Satchell.
    pub rogers_satchell: f64,
    /// Yang-Zhang; needs three bars, the first for its close.
    pub yang_zhang: Option<f64>,
}

/// The estimators of a slice of bars; none of no bars, or where one is not valid.
pub fn ranges(bars: &[RangeBar]) -> Option<Ranges> {
    if bars.is_empty() || bars.iter().any(|bar| !bar.is_valid()) {
        return None;
    }
    let mut before: Option<Price> = None;
    let logs: Vec<Logs> = bars
        .iter()
        .map(|bar| {
            let gap = before.map(|close| libm::log(bar.open.raw() as f64 / close.raw() as f64));
            before = Some(bar.close);
            Logs { gap, ..bar.logs() }
        })
        .collect();
    estimate(&logs.iter())
}

fn estimate<'a>(logs: &(impl Iterator<Item = &'a Logs> + Clone)) -> Option<Ranges> {
    let bars = logs.clone().count();
    if bars == 0 {
        return None;
    }
    let n = bars as f64;
    let (mut parkinson, mut garman_klass, mut rogers_satchell) = (0.0, 0.0, 0.0);
    for bar in logs.clone() {
        let range = bar.high - bar.low;
        parkinson += range * range;
        garman_klass += 0.5 * range * range - (2.0 * LN_2 - 1.0) * bar.close * bar.close;
        rogers_satchell += bar.rogers_satchell();
    }
    Some(Ranges {
        bars,
        parkinson: libm::sqrt(parkinson / (4.0 * LN_2 * n)),
        garman_klass: libm::sqrt((garman_klass / n).max(0.0)),
        floored: garman_klass < 0.0,
        rogers_satchell: libm::sqrt((rogers_satchell / n).max(0.0)),
        yang_zhang: yang_zhang(logs),
    })
}

impl Logs {
    fn rogers_satchell(&self) -> f64 {
        self.high * (self.high - self.close) + self.low * (self.low - self.close)
    }
}

/// Over the bars that have a close before them.
fn yang_zhang<'a>(logs: &(impl Iterator<Item = &'a Logs> + Clone)) -> Option<f64> {
    let followed = || logs.clone().filter_map(|bar| bar.gap.map(|gap| (gap, bar)));
    let n = followed().count() as f64;
    if n < 2.0 {
        return None;
    }
    let mean_gap = followed().map(|(gap, _)| gap).sum::<f64>() / n;
    let mean_close = followed().map(|(_, bar)| bar.close).sum::<f64>() / n;
    let square = |x: f64| x * x;
    let overnight = followed().map(|(gap, _)| square(gap - mean_gap)).sum::<f64>() / (n - 1.0);
    let daily = followed().map(|(_, bar)| square(bar.close - mean_close)).sum::<f64>() / (n - 1.0);
    let rogers_satchell = followed().map(|(_, bar)| bar.rogers_satchell()).sum::<f64>() / n;
    let k = 0.34 / (1.34 + (n + 1.0) / (n - 1.0));
    Some(libm::sqrt((overnight + k * daily + (1.0 - k) * rogers_satchell).max(0.0)))
}

/// The estimators over the last n bars of a symbol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RangeWindow {
    bars: Box<[Logs]>,
    head: usize,
    length: usize,
    close: Option<Price>,
    /// Units of price in a tick.
    tick: i64,
    rejected: u64,
    latest: Option<Latest>,
}

/// What the window says, worked out once a bar.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Latest {
    parkinson: f64,
    garman_klass: f64,
    floored: bool,
    rogers_satchell: f64,
    yang_zhang: Option<f64>,
}

impl RangeWindow {
    /// A window of `window` bars (moved into 3 to [`MAX_WINDOW`]) of a symbol with this tick.
    pub fn new(window: usize, tick: Price) -> Self {
        let window = window.clamp(LEAST, MAX_WINDOW);
        Self {
            bars: vec![Logs::default(); window].into_boxed_slice(),
            head: 0,
            length: 0,
            close: None,
            tick: tick.raw().max(1),
            rejected: 0,
            latest: None,
        }
    }

    /// Takes a finished bar; one that is not valid is counted and left out. Steps through the window once.
    pub fn on_bar(&mut self, bar: &RangeBar) {
        if !bar.is_valid() {
            self.rejected = self.rejected.saturating_add(1);
            // What follows does not follow this.
            self.close = None;
            return;
        }
        let gap = self.close.map(|close| libm::log(bar.open.raw() as f64 / close.raw() as f64));
        self.close = Some(bar.close);
        self.bars[self.head] = Logs { gap, ..bar.logs() };
        self.head = if self.head + 1 == self.bars.len() { 0 } else { self.head + 1 };
        self.length = (self.length + 1).min(self.bars.len());
        self.latest = self.measure();
    }

    fn measure(&self) -> Option<Latest> {
        let newest_first = &self.bars;
        let oldest = if self.length == self.bars.len() { self.head } else { 0 };
        let (late, early) = newest_first.split_at(oldest);
        let logs = early.iter().chain(late).take(self.length);
        let ticks = logs.clone().map(|bar| bar.ticks).sum::<f64>() / self.length as f64 / self.tick as f64;
        if self.length < LEAST || ticks < LEAST_TICKS {
            return None;
        }
        estimate(&logs).map(|found| Latest {
            parkinson: found.parkinson,
            garman_klass: found.garman_klass,
            floored: found.floored,
            rogers_satchell: found.rogers_satchell,
            yang_zhang: found.yang_zhang,
        })
    }

    fn metric(&self, pick: impl Fn(&Latest) -> Option<f64>, quality: Quality) -> Metric {
        Metric::new(self.latest.as_ref().and_then(pick), self.length as u64, quality)
    }

    /// Parkinson's standard deviation per bar.
    pub fn parkinson(&self) -> Metric {
        self.metric(|latest| Some(latest.parkinson), Quality::GOOD)
    }

    /// Garman and Klass's standard deviation per bar; [`Quality::CAPPED`] when it was floored at zero.
    pub fn garman_klass(&self) -> Metric {
        let floored = self.latest.is_some_and(|latest| latest.floored);
        self.metric(|latest| Some(latest.garman_klass), if floored { Quality::CAPPED } else { Quality::GOOD })
    }

    /// Rogers and Satchell's standard deviation per bar.
    pub fn rogers_satchell(&self) -> Metric {
        self.metric(|latest| Some(latest.rogers_satchell), Quality::GOOD)
    }

    /// Yang and Zhang's standard deviation per bar.
    pub fn yang_zhang(&self) -> Metric {
        self.metric(|latest| latest.yang_zhang, Quality::GOOD)
    }

    /// Bars left out because their prices cannot be.
    pub const fn rejected(&self) -> u64 {
        self.rejected
    }

    /// Forgets the bars: some were lost.
    pub fn clear(&mut self) {
        self.bars.fill(Logs::default());
        (self.head, self.length, self.close, self.latest) = (0, 0, None, None);
    }

    /// A new session: the first bar does not follow the last one.
    pub const fn on_session(&mut self) {
        self.close = None;
    }

    /// Bytes on the heap.
    pub const fn heap_bytes(&self) -> usize {
        self.bars.len() * size_of::<Logs>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bar(prices: [f64; 4]) -> RangeBar {
        let [open, high, low, close] = prices.map(|p| Price::from_raw(libm::round(p * 10_000.0) as i64));
        RangeBar { open, high, low, close }
    }

    fn worked() -> Vec<RangeBar> {
        [
            [100.0, 101.5, 99.5, 101.0],
            [101.2, 102.0, 100.4, 100.8],
            [100.5, 101.1, 99.0, 99.3],
            [99.6, 100.9, 99.2, 100.7],
            [100.9, 102.3, 100.6, 102.1],
        ]
        .map(bar)
        .into()
    }

    /// wickra 2.0.0 and orderflow-metrics agree on these.
    #[test]
    fn the_worked_example() {
        let found = ranges(&worked()).unwrap();
        let near = |ours: f64, theirs: f64| assert!((ours - theirs).abs() < 5e-11, "{ours} {theirs}");
        near(found.parkinson, 0.010_930_078_5);
        near(found.garman_klass, 0.011_202_110_8);
        near(found.rogers_satchell, 0.010_796_863_5);
        near(found.yang_zhang.unwrap(), 0.010_908_270_8);

        let mut window = RangeWindow::new(5, Price::from_raw(100));
        window.on_bar(&bar([90.0, 91.0, 89.0, 90.0]));
        window.on_session();
        for bar in worked() {
            window.on_bar(&bar);
        }
        assert_eq!(window.parkinson().value, Some(found.parkinson));
        assert_eq!(window.garman_klass().value, Some(found.garman_klass));
        assert_eq!(window.rogers_satchell().value, Some(found.rogers_satchell));
        assert_eq!(window.yang_zhang().value, found.yang_zhang);
        assert_eq!(window.parkinson().n_obs, 5);
    }

    #[test]
    fn bars_that_cannot_be_are_left_out() {
        for prices in
            [[1.0, 0.9, 0.8, 0.85], [1.0, 1.1, 1.05, 1.1], [1.0, 1.1, 0.0, 1.0], [1.0, 1.0, -1.0, 1.0]]
        {
            let mut window = RangeWindow::new(5, Price::from_raw(100));
            window.on_bar(&bar(prices));
            assert_eq!((window.rejected(), window.parkinson()), (1, Metric::NONE));
            assert_eq!(ranges(&[bar(prices)]), None);
        }
    }

    #[test]
    fn narrow_bars_say_nothing() {
        let mut window = RangeWindow::new(5, Price::from_raw(100));
        for _ in 0..5 {
            window.on_bar(&bar([10.0, 10.02, 10.0, 10.02]));
        }
        assert_eq!((window.parkinson().value, window.parkinson().n_obs), (None, 5));
        window.clear();
        assert_eq!(window.parkinson(), Metric::NONE);
        assert!(size_of::<RangeWindow>() + RangeWindow::new(1_000, Price::ZERO).heap_bytes() <= 20 * 1024);
    }

    #[test]
    fn garman_klass_is_floored_and_says_so() {
        // Only a trend: the range is the move.
        let mut window = RangeWindow::new(3, Price::from_raw(100));
        for _ in 0..3 {
            window.on_bar(&bar([10.0, 12.0, 10.0, 12.0]));
        }
        assert!(window.garman_klass().value.unwrap() > 0.0);
        // Not from one bar whose close is its high; but sums of the two terms can round below zero.
        let logs = Logs { high: 0.1, low: 0.0, close: 0.2, gap: None, ticks: 9.0 };
        let found = estimate(&[logs].iter()).unwrap();
        assert!(found.floored && found.garman_klass == 0.0);
    }

    proptest! {
        #[test]
        fn the_window_is_the_slice_of_the_last_bars(
            window in 3_usize..8, moves in prop::collection::vec((1_i64..500, -200_i64..200, 0_i64..300, 0_i64..300), 1..30),
        ) {
            let mut sliding = RangeWindow::new(window, Price::from_raw(1));
            let mut bars = vec![];
            for (gap, step, above, below) in moves {
                let (open, close) = (10_000 + gap, 10_000 + gap + step);
                let raw = |p: i64| Price::from_raw(p);
                let bar = RangeBar { open: raw(open), close: raw(close), high: raw(open.max(close) + above + 3), low: raw(open.min(close) - below) };
                bars.push(bar);
                sliding.on_bar(&bar);
                let last = &bars[bars.len().saturating_sub(window)..];
                let all = ranges(last).unwrap();
                prop_assert_eq!(sliding.rogers_satchell().value, (last.len() >= LEAST).then_some(all.rogers_satchell));
                prop_assert!(all.rogers_satchell.is_finite() && all.parkinson.is_finite());
            }
            let restored: RangeWindow = postcard::from_bytes(&postcard::to_stdvec(&sliding).unwrap()).unwrap();
            prop_assert_eq!(restored, sliding);
        }
    }
}
