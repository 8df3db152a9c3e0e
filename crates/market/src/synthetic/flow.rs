//! Who comes to trade: when, on which side, for how much.
//!
//! Marketable orders excite one another (a Hawkes process with three memories) around a rate that
//! follows the shape of the day, a slow tide and the news. Their sides come in runs: large orders
//! worked off in pieces. The lengths of the runs have the tail that makes the sides remember as long
//! as measured.

use alphatrader_model::{Session, Side, Span, Timestamp};

use super::profile::Profile;
use crate::day::Shape;
use crate::random::Random;

/// The stream of marketable orders and of changes of the book.
#[derive(Debug, Clone)]
pub(super) struct Flow {
    shape: Shape,
    session: Session,
    /// Marketable orders and changes of rows per second, means of a day.
    mean: (f64, f64),
    /// Median shares of a marketable order.
    size: f64,
    /// Log of the slow tide: an autoregression over seconds.
    tide: f64,
    second: i64,
    /// Orders per second that come of themselves.
    base: f64,
    /// Orders per second that each memory of past orders adds, as of `at`.
    excited: [f64; 3],
    at: Timestamp,
    changes: f64,
    /// When news came, and how much it stirs.
    news: Vec<(Timestamp, f64)>,
    runs: Runs,
    /// Trend of the path, now, within -1..=1.
    pub(super) lean: f64,
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A marketable order comes.
    Order,
    /// A row changes.
    Change,
    /// Nothing: the rate has fallen since the time was drawn.
    Nothing,
}

impl Flow {
    /// Each memory: seconds it lasts, orders that follow from one order through it. Together 0.80:
    /// four of five orders answer another. Measured at a minute on AMZN 0.75, AAPL 0.78, SPY at most
    /// 0.95.
    const MEMORIES: [(f64, f64); 3] = [(0.25, 0.25), (4.0, 0.25), (60.0, 0.30)];
    const ANSWERS: f64 = 0.80;
    /// The tide: deviation of the log rate, and the share of it that a second keeps.
    const TIDE: f64 = 0.40;
    const KEEP: f64 = 0.985;
    /// The rate never exceeds this many times the day's mean.
    const MOST: f64 = 40.0;
    /// Shares that a marketable order trades, mean, in median sizes of small ones; and its prints.
    pub(super) const MEAN: f64 = 3.2;
    pub(super) const PRINTS: f64 = 2.05;
    /// A large order relative to a small one.
    const LARGE: f64 = 14.0;
    /// Seconds that news stirs.
    const STIR: f64 = 240.0;

    pub(super) fn new(session: Session, profile: &Profile, news: Vec<(Timestamp, f64)>) -> Self {
        let mut flow = Self {
            shape: Shape::new(),
            session,
            mean: (profile.orders, profile.changes),
            size: profile.size,
            tide: 0.0,
            second: i64::MIN,
            base: 0.0,
            excited: [0.0; 3],
            at: session.open,
            changes: profile.changes,
            news,
            runs: Runs::new(),
            lean: 0.0,
        };
        // The day begins as busy as its opening is.
        let opening = flow.shape.volume_rate(&session, session.open);
        flow.excited = Self::MEMORIES.map(|(_, answers)| answers * profile.orders * opening);
        flow
    }

    /// Whether `at` lies in another second than the last call: rates are due.
    pub(super) fn is_due(&self, at: Timestamp) -> bool {
        at.seconds() != self.second
    }

    /// Sets the rates for the second of `at`.
    pub(super) fn refresh(&mut self, at: Timestamp, trend: f64, random: &mut Random) {
        self.second = at.seconds();
        self.lean = (0.8 * trend).clamp(-1.0, 1.0);
        let shock = libm::sqrt(1.0 - Self::KEEP * Self::KEEP) * Self::TIDE;
        self.tide = Self::KEEP * self.tide + shock * random.normal();
        let tide = libm::exp(self.tide - 0.5 * Self::TIDE * Self::TIDE);
        let stirred: f64 = self
            .news
            .iter()
            .filter(|(begin, _)| at >= *begin)
            .map(|(begin, much)| much * libm::exp(-at.since(*begin).as_seconds() / Self::STIR))
            .sum();
        let rate = self.shape.volume_rate(&self.session, at) * tide * (1.0 + stirred);
        self.base = self.mean.0 * (1.0 - Self::ANSWERS) * rate;
        self.decay(at);
        let busy = (self.orders() / self.mean.0).min(4.0);
        self.changes = self.mean.1 * (0.4 + 0.6 * busy);
    }

    fn decay(&mut self, at: Timestamp) {
        let seconds = at.since(self.at).as_seconds().max(0.0);
        for (excited, (lasts, _)) in self.excited.iter_mut().zip(Self::MEMORIES) {
            *excited *= libm::exp(-seconds / lasts);
        }
        self.at = self.at.max(at);
    }

    fn orders(&self) -> f64 {
        (self.base + self.excited.iter().sum::<f64>()).min(self.mean.0 * Self::MOST)
    }

    /// How long until something happens at the earliest; then [`Flow::what`] says what.
    pub(super) fn wait(&self, random: &mut Random) -> Span {
        let seconds = random.exponential() / (self.orders() + self.changes);
        Span::from_nanos(1 + (seconds * 1e9) as i64)
    }

    /// What happens at `at`, a time that [`Flow::wait`] gave.
    pub(super) fn what(&mut self, at: Timestamp, random: &mut Random) -> What {
        let draw = random.unit() * (self.orders() + self.changes);
        self.decay(at);
        let orders = self.orders();
        if draw < orders {
            for (excited, (lasts, answers)) in self.excited.iter_mut().zip(Self::MEMORIES) {
                *excited += answers / lasts;
            }
            What::Order
        } else if draw < orders + self.changes {
            What::Change
        } else {
            What::Nothing
        }
    }

    /// The side of the next marketable order. A new run is more often on the side that the path goes.
    pub(super) fn side(&mut self, random: &mut Random) -> Side {
        let lean = self.lean;
        self.runs.next(lean, random)
    }

    /// Shares of a marketable order: most are small, some are worth ten of them or more.
    pub(super) fn size(&self, random: &mut Random) -> u64 {
        let large = if random.chance(0.10) { Self::LARGE } else { 1.0 };
        let shares = large * self.size * libm::exp(1.0 * random.normal());
        Self::rounded(shares.min(60_000.0), random)
    }

    /// Shares of a resting order that a marketable one meets.
    pub(super) fn piece(&self, random: &mut Random) -> u64 {
        Self::rounded(1.5 * self.size * libm::exp(1.15 * random.normal()), random)
    }

    /// Whole shares; six of ten are round lots.
    fn rounded(shares: f64, random: &mut Random) -> u64 {
        if random.chance(0.6) {
            (shares / 100.0).round().max(1.0) as u64 * 100
        } else {
            shares.max(1.0) as u64
        }
    }

    /// A row's size around a mean, in round lots.
    pub(super) fn row_size(mean: f64, random: &mut Random) -> u64 {
        let shares = mean * libm::exp(0.55 * random.normal() - 0.15);
        (shares / 100.0).round().clamp(1.0, 2_000.0) as u64 * 100
    }
}

/// Runs of orders on one side.
///
/// The autocorrelation at lag k of a renewal process of signs is the expected overlap
/// `E[(L - k)+] / E[L]`; any convex function that falls from 1 is one, and its second differences are
/// the lengths' probabilities. The function here is the measured one.
#[derive(Debug, Clone)]
pub(super) struct Runs {
    /// Probability that a run is longer than its place.
    longer: Vec<f64>,
    left: u32,
    side: Side,
}

impl Runs {
    /// Longest run; one in some ten thousand would be longer.
    const LONGEST: usize = 2_000;
    /// Probability that an order goes against its run: others trade too.
    const AGAINST: f64 = 0.04;

    fn new() -> Self {
        let kept = (1.0 - 2.0 * Self::AGAINST) * (1.0 - 2.0 * Self::AGAINST);
        let memory = |lag: usize| if lag == 0 { 1.0 } else { Self::memory(lag) / kept };
        let first = memory(0) - memory(1);
        let longer = (0..Self::LONGEST).map(|lag| (memory(lag) - memory(lag + 1)) / first).collect();
        Self { longer, left: 0, side: Side::Buy }
    }

    /// Autocorrelation of the sides of marketable orders at a lag: between what was measured on AMZN
    /// and AAPL (2012-06-21), 0.62 0.61 at one, 0.22 0.24 at five, 0.08 0.11 at ten, 0.05 0.09 at
    /// twenty, 0.01 0.00 at fifty; the tail of large orders worked off, a power of the lag.
    pub(super) fn memory(lag: usize) -> f64 {
        let lag = lag as f64;
        0.41 * libm::exp(-0.24 * lag) + 0.29 * libm::pow(lag, -0.70)
    }

    fn next(&mut self, lean: f64, random: &mut Random) -> Side {
        if self.left == 0 {
            let draw = random.unit();
            let longer = self.longer.partition_point(|probability| *probability > draw);
            self.left = longer.max(1) as u32;
            let buys = random.chance(0.5 + 0.20 * lean);
            self.side = if buys { Side::Buy } else { Side::Sell };
        }
        self.left -= 1;
        if random.chance(Self::AGAINST) { self.side.opposite() } else { self.side }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::profile::PROFILES;
    use alphatrader_model::Calendar;

    #[test]
    fn sides_remember_as_they_are_meant_to() {
        let mut runs = Runs::new();
        let mut random = Random::new(5);
        let signs: Vec<f64> = (0..400_000).map(|_| runs.next(0.0, &mut random).sign() as f64).collect();
        for lag in [1, 2, 5, 10, 20, 50] {
            let products: f64 = signs.windows(lag + 1).map(|w| w[0] * w[lag]).sum();
            let found = products / signs.len() as f64;
            assert!((found - Runs::memory(lag)).abs() < 0.02, "lag {lag}: {found}");
        }
    }

    #[test]
    fn orders_come_at_the_mean_rate_and_in_clusters() {
        let session = Calendar::xnys().session("2025-06-03".parse().unwrap()).unwrap();
        let mut random = Random::new(1);
        let mut flow = Flow::new(session, &PROFILES[0], Vec::new());
        let mut at = session.open;
        let mut counts = vec![0_u32; 2_341];
        while at < session.close {
            if flow.is_due(at) {
                flow.refresh(at, 0.0, &mut random);
            }
            at = at + flow.wait(&mut random);
            if flow.what(at, &mut random) == What::Order {
                counts[(at.since(session.open).as_seconds() / 10.0) as usize] += 1;
            }
        }
        let total: u32 = counts.iter().sum();
        let rate = f64::from(total) / 23_400.0;
        assert!((0.65..1.5).contains(&(rate / PROFILES[0].orders)), "{rate}");
        // Clusters within a stretch of even rate: the middle of the day.
        let noon = &counts[900..1_440];
        let mean = noon.iter().map(|c| f64::from(*c)).sum::<f64>() / noon.len() as f64;
        let variance = noon.iter().map(|c| (f64::from(*c) - mean) * (f64::from(*c) - mean)).sum::<f64>()
            / noon.len() as f64;
        assert!(variance / mean > 5.0, "Fano factor {}", variance / mean);
    }
}
