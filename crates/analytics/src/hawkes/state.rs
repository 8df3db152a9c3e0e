//! Intensities of buyers and sellers of one symbol, live.

use alphatrader_model::market::Side;
use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Baseline;
use super::bivariate::{Bivariate, Filter, place};

/// Events of the session before anything is said.
pub const LEAST: u64 = 100;

/// Parameters that stand in until a session has been fitted: a fifth of an event a second on each side,
/// half of the events caused by others, three quarters of these by their own side, memory of a second.
/// Plausible for a liquid stock, and measured on none.
pub fn unfitted() -> Bivariate {
    Bivariate::symmetric([0.2, 0.2], 0.375, 0.125, 1.0).expect("a branching ratio of one half is stationary")
}

/// How orders arrive now. All times given to it are trading time ([`crate::clock::TradingClock::at`]), so a
/// halt takes none; since the session's open they are made operational by the baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderFlow {
    filter: Filter,
    baseline: Baseline,
    /// The session's open.
    origin: Timestamp,
    /// Event time of the newest event of each side.
    newest: [Option<Timestamp>; 2],
    events: u64,
    merged: u64,
}

impl OrderFlow {
    /// At rest, with fitted parameters (or [`unfitted`] ones) and the symbol's baseline.
    pub fn new(hawkes: Bivariate, baseline: Baseline) -> Self {
        Self {
            filter: Filter::new(hawkes),
            baseline,
            origin: Timestamp::from_nanos(0),
            newest: [None; 2],
            events: 0,
            merged: 0,
        }
    }

    /// A session opens: everything starts at rest, as the fit has it.
    pub fn on_session(&mut self, open: Timestamp) {
        self.filter.rest(0.0);
        (self.origin, self.newest, self.events, self.merged) = (open, [None; 2], 0, 0);
    }

    /// New parameters, at the start of a session.
    pub fn set_parameters(&mut self, hawkes: Bivariate, baseline: Baseline) {
        *self = Self { origin: self.origin, ..Self::new(hawkes, baseline) };
    }

    fn operational(&self, ts: Timestamp) -> f64 {
        let traded = ts.nanos().saturating_sub(self.origin.nanos());
        self.baseline.operational(traded as f64 * 1e-9)
    }

    /// Takes a signed print. One of the same instant and side as the last, or earlier, belongs to the same
    /// order: it is counted as merged and changes nothing.
    #[inline]
    pub fn on_trade(&mut self, ts: Timestamp, side: Side) {
        let newest = &mut self.newest[place(side)];
        if newest.is_some_and(|newest| ts <= newest) {
            self.merged = self.merged.saturating_add(1);
            return;
        }
        *newest = Some(ts);
        let t = self.operational(ts);
        self.filter.on_event(t, side);
        self.events = self.events.saturating_add(1);
    }

    /// A part of the stream was lost: at rest from here on.
    pub fn clear(&mut self, ts: Timestamp) {
        let t = self.operational(ts);
        self.filter.rest(t);
        (self.events, self.merged, self.newest) = (0, 0, [None; 2]);
    }

    fn metric(&self, value: impl FnOnce() -> f64) -> Metric {
        Metric::new((self.events >= LEAST).then(value), self.events, Quality::GOOD)
    }

    /// Orders a second expected of a side at `ts`.
    pub fn intensity(&self, side: Side, ts: Timestamp) -> Metric {
        self.metric(|| {
            let traded = ts.nanos().saturating_sub(self.origin.nanos()) as f64 * 1e-9;
            self.filter.intensity(self.operational(ts))[place(side)] * self.baseline.speed(traded)
        })
    }

    /// The chance that the next order buys, in (0, 1), at `ts`.
    pub fn next_buys(&self, ts: Timestamp) -> Metric {
        self.metric(|| {
            let [buy, sell] = self.filter.intensity(self.operational(ts));
            buy / (buy + sell)
        })
    }

    /// [`Self::intensity`] of buyers and of sellers, and [`Self::next_buys`], worked out together.
    pub fn at(&self, ts: Timestamp) -> [Metric; 3] {
        if self.events < LEAST {
            return [Metric::new(None, self.events, Quality::GOOD); 3];
        }
        let traded = ts.nanos().saturating_sub(self.origin.nanos()) as f64 * 1e-9;
        let speed = self.baseline.speed(traded);
        let [buy, sell] = self.filter.intensity(self.baseline.operational(traded));
        [buy * speed, sell * speed, buy / (buy + sell)]
            .map(|value| Metric::new(Some(value), self.events, Quality::GOOD))
    }

    /// The share of orders that other orders cause: of the parameters, not of the day.
    pub fn branching(&self) -> f64 {
        self.filter.hawkes().branching()
    }

    /// Events of the session.
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// Prints that belonged to an event already taken.
    pub const fn merged(&self) -> u64 {
        self.merged
    }

    /// Bytes on the heap.
    pub const fn heap_bytes(&self) -> usize {
        self.baseline.heap_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + millis)
    }

    fn fed(events: impl IntoIterator<Item = (i64, Side)>) -> OrderFlow {
        let mut flow = OrderFlow::new(unfitted(), Baseline::default());
        flow.on_session(at(0));
        events.into_iter().for_each(|(ts, side)| flow.on_trade(at(ts), side));
        flow
    }

    #[test]
    fn buyers_excite_buyers() {
        let flow = fed((0..150).map(|i| (i * 100, Side::Buy)));
        let p = flow.next_buys(at(14_901)).value.unwrap();
        assert!(p > 0.7, "{p}");
        let later = flow.next_buys(at(60_000)).value.unwrap();
        assert!((later - 0.5).abs() < 1e-6, "{later}");
        assert!(
            flow.intensity(Side::Buy, at(14_901)).value.unwrap()
                > flow.intensity(Side::Sell, at(14_901)).value.unwrap()
        );
        assert_eq!(fed((0..99).map(|i| (i, Side::Buy))).next_buys(at(100)).value, None);
    }

    #[test]
    fn prints_of_an_instant_are_one_event() {
        let flow = fed((0..600).map(|i| (i / 4 * 100, Side::Buy)));
        assert_eq!((flow.events(), flow.merged()), (150, 450));
        let once = fed((0..150).map(|i| (i * 100, Side::Buy)));
        assert_eq!(flow.next_buys(at(15_000)), once.next_buys(at(15_000)));
    }

    #[test]
    fn lost_prints_put_it_to_rest() {
        let mut flow = fed((0..150).map(|i| (i * 100, Side::Buy)));
        flow.clear(at(15_000));
        assert_eq!((flow.events(), flow.next_buys(at(16_000)).value), (0, None));
    }

    /// With a clock that stands in halts, a halt changes nothing.
    #[test]
    fn halts_take_no_time() {
        let mut clock = crate::clock::TradingClock::default();
        let flow = fed((0..150).map(|i| (i * 100, Side::Buy)));
        let before = flow.next_buys(clock.at(at(15_000)));
        clock.halt(at(15_000));
        assert_eq!(flow.next_buys(clock.at(at(300_000))), before);
        clock.resume(at(315_000));
        assert_eq!(flow.next_buys(clock.at(at(315_000))), before);
    }

    #[test]
    fn it_is_small() {
        assert!(size_of::<OrderFlow>() + fed([]).heap_bytes() <= 2 * 1024);
    }

    proptest! {
        #[test]
        fn any_times_give_probabilities_and_it_can_be_restored(events in prop::collection::vec((any::<i64>(), any::<bool>()), 100..200)) {
            let mut flow = OrderFlow::new(unfitted(), Baseline::default());
            for (i, (ts, buy)) in events.into_iter().enumerate() {
                flow.on_trade(Timestamp::from_nanos(ts), if buy { Side::Buy } else { Side::Sell });
                let p = flow.next_buys(Timestamp::from_nanos(ts));
                let [buy, sell] = [Side::Buy, Side::Sell].map(|side| flow.intensity(side, Timestamp::from_nanos(ts)));
                prop_assert_eq!(flow.at(Timestamp::from_nanos(ts)), [buy, sell, p]);
                prop_assert!(p.value.is_none_or(|p| (0.0..=1.0).contains(&p)));
                if i == 50 {
                    let restored: OrderFlow = postcard::from_bytes(&postcard::to_stdvec(&flow).unwrap()).unwrap();
                    prop_assert_eq!(&restored, &flow);
                    flow = restored;
                }
            }
        }
    }
}
