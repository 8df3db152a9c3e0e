//! Who comes to trade: when, on which side, for how much.

use alphatrader_model::{Session, Side, Timestamp};

use crate::day::Shape;
use crate::random::Random;

/// The stream of marketable orders and of changes of the book.
#[derive(Debug, Clone)]
pub(super) struct Flow {
    shape: Shape,
    session: Session,
    /// Log of the burst factor: an autoregression over seconds.
    burst: f64,
    /// The side that the current wave of orders is on.
    wave: Side,
    second: i64,
    /// Marketable orders per second, now.
    orders: f64,
    /// Changes of book rows per second, now.
    changes: f64,
    /// Trend of the path, now, within -1..=1.
    pub(super) lean: f64,
}

impl Flow {
    /// Marketable orders per second, mean of a day. SPY printed 10 to 19 times a second on the
    /// calibration days.
    const ORDERS: f64 = 11.0;
    /// Changes of book rows per second beside what trades do.
    const CHANGES: f64 = 36.0;
    /// Bursts: deviation of the log rate, and the share of it that a second keeps.
    const BURST: f64 = 0.62;
    const KEEP: f64 = 0.955;
    /// Probability that the wave turns with an order, and that an order goes against the wave. Sign
    /// autocorrelation at lag k is then about (1 - 2 AGAINST)² (1 - 2 TURN)^k.
    const TURN: f64 = 0.105;
    const AGAINST: f64 = 0.055;

    pub(super) fn new(session: Session) -> Self {
        Self {
            shape: Shape::new(),
            session,
            burst: 0.0,
            wave: Side::Buy,
            second: i64::MIN,
            orders: Self::ORDERS,
            changes: Self::CHANGES,
            lean: 0.0,
        }
    }

    /// Whether `at` lies in another second than the last call: rates are due.
    pub(super) fn is_due(&self, at: Timestamp) -> bool {
        at.seconds() != self.second
    }

    /// Sets the rates for the second of `at`.
    pub(super) fn refresh(&mut self, at: Timestamp, trend: f64, random: &mut Random) {
        self.second = at.seconds();
        self.lean = (0.8 * trend).clamp(-1.0, 1.0);
        let shock = libm::sqrt(1.0 - Self::KEEP * Self::KEEP) * Self::BURST;
        self.burst = Self::KEEP * self.burst + shock * random.normal();
        let burst = libm::exp(self.burst - 0.5 * Self::BURST * Self::BURST);
        let rate = self.shape.volume_rate(&self.session, at) * burst;
        self.orders = Self::ORDERS * rate;
        self.changes = Self::CHANGES * (0.4 + 0.6 * rate.min(4.0));
    }

    /// Events per second.
    pub(super) fn rate(&self) -> f64 {
        self.orders + self.changes
    }

    /// Whether the next event is a marketable order rather than a change of the book.
    pub(super) fn is_order(&self, random: &mut Random) -> bool {
        random.unit() * self.rate() < self.orders
    }

    /// The side of the next marketable order.
    pub(super) fn side(&mut self, random: &mut Random) -> Side {
        if random.chance(Self::TURN) {
            self.wave = self.wave.opposite();
        } else if random.chance(0.10 * self.lean.abs()) {
            self.wave = if self.lean > 0.0 { Side::Buy } else { Side::Sell };
        }
        if random.chance(Self::AGAINST) { self.wave.opposite() } else { self.wave }
    }

    /// Shares of a marketable order: median 200, mean 340, heavy tail; four of ten are odd lots or
    /// mixed.
    pub(super) fn size(random: &mut Random) -> u64 {
        let shares = 185.0 * libm::exp(1.0 * random.normal());
        let shares = shares.clamp(1.0, 40_000.0);
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
