//! How orders arrive: intensities of buyers and sellers, and how many orders one order causes.
//!
//! The branching ratio is that of the moments: n = 1 − √(mean/variance) of the orders of a minute (Hardiman and
//! Bouchaud 2014), the usual shape of the day divided out where earlier sessions tell it. With it and the
//! rates of the session before, the intensities of a session are on average right; without an earlier
//! session they start from usual values, which are measured on no symbol.

use alphatrader_model::calendar::Session;
use alphatrader_model::features::Flow;
use alphatrader_model::market::Side;
use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::hawkes::baseline::SLOTS;
use crate::hawkes::state::unfitted;
use crate::hawkes::{Baseline, Bivariate, OrderFlow};

/// Orders of a session from which its rates may serve the next.
const LEAST_ORDERS: u64 = 2_000;
/// Minutes that a branching ratio rests on.
const LEAST_MINUTES: u64 = 60;
/// Branching above which an intensity would hardly ever come to rest.
const MOST_BRANCHING: f64 = 0.95;
/// Part of the caused orders that are of their cause's own side.
const OWN_SIDE: f64 = 0.75;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Arrivals {
    orders: OrderFlow,
    open: Timestamp,
    /// Orders of each five minutes, of all sessions so far.
    slots: Box<[u64]>,
    /// Orders of this session by side: bought, sold.
    sides: [u64; 2],
    /// Orders taken when the running minute began; the minute's number in the session.
    minute: (i64, u64),
    /// Minutes that are over: how many, mean and sum of squared deviations of their orders.
    minutes: u64,
    mean: f64,
    squares: f64,
}

impl Default for Arrivals {
    fn default() -> Self {
        Self {
            orders: OrderFlow::new(unfitted(), Baseline::default()),
            open: Timestamp::default(),
            slots: vec![0; SLOTS].into_boxed_slice(),
            sides: [0; 2],
            minute: (0, 0),
            minutes: 0,
            mean: 0.0,
            squares: 0.0,
        }
    }
}

impl Arrivals {
    /// A signed print of the session, at its trading time.
    #[inline]
    pub(super) fn on_trade(&mut self, now: Timestamp, side: Side) {
        let before = self.orders.events();
        self.orders.on_trade(now, side);
        if self.orders.events() != before {
            self.sides[usize::from(side == Side::Sell)] += 1;
            let slot =
                (now.since(self.open).nanos() / Span::from_minutes(5).nanos()).clamp(0, SLOTS as i64 - 1);
            self.slots[slot as usize] += 1;
        }
    }

    /// A session opens: what the one before it showed is in force.
    pub(super) fn begin_session(&mut self, session: Session) {
        let orders = self.sides[0] + self.sides[1];
        if orders >= LEAST_ORDERS {
            let seconds = session.close.since(session.open).nanos() as f64 * 1e-9;
            let n = self.branching().unwrap_or(0.5).min(MOST_BRANCHING);
            let rates = self.sides.map(|side| side as f64 / seconds * (1.0 - n));
            let baseline = Baseline::from_counts(&self.slots).unwrap_or_default();
            if let Ok(hawkes) = Bivariate::symmetric(rates, n * OWN_SIDE, n * (1.0 - OWN_SIDE), 1.0) {
                self.orders.set_parameters(hawkes, baseline);
            }
        }
        self.orders.on_session(session.open);
        self.open = session.open;
        (self.sides, self.minute) = ([0; 2], (0, 0));
        (self.minutes, self.mean, self.squares) = (0, 0.0, 0.0);
    }

    /// Prints were lost.
    pub(super) fn clear(&mut self, now: Timestamp) {
        self.orders.clear(now);
        self.minute = (self.minute.0, 0);
        (self.minutes, self.mean, self.squares) = (0, 0.0, 0.0);
    }

    fn branching(&self) -> Option<f64> {
        let variance = self.squares / self.minutes.max(2).saturating_sub(1) as f64;
        let known = self.minutes >= LEAST_MINUTES && self.mean > 0.0 && variance > 0.0;
        known.then(|| (1.0 - libm::sqrt(self.mean / variance)).clamp(0.0, 0.999))
    }

    /// A second of the session is over, in trading time.
    pub(super) fn turn(&mut self, now: Timestamp, flow: &mut Flow) {
        let minute = now.since(self.open).nanos().div_euclid(Span::MINUTE.nanos());
        if minute > self.minute.0 {
            let orders = self.orders.events().saturating_sub(self.minute.1) as f64;
            self.minutes += 1;
            let away = orders - self.mean;
            self.mean += away / self.minutes as f64;
            self.squares += away * (orders - self.mean);
            self.minute = (minute, self.orders.events());
        }
        [flow.buy_intensity, flow.sell_intensity, flow.buy_probability] = self.orders.at(now);
        flow.branching = Metric::new(self.branching(), self.minutes, Quality::GOOD);
    }

    /// Prints a second of buyers and sellers, as far as they are known.
    pub(super) fn rates(flow: &Flow) -> (Option<f64>, Option<f64>) {
        (flow.buy_intensity.value, flow.sell_intensity.value)
    }

    /// Bytes outside the value itself.
    pub(super) fn heap_bytes(&self) -> usize {
        self.orders.heap_bytes() + size_of_val::<[u64]>(&self.slots)
    }
}
