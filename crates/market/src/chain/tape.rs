//! Prints of options: who trades which contract, and the unusual buyer.

use alphatrader_model::{Right, Session, Span, Timestamp};

use crate::random::{Random, mix};

/// Somebody who buys much of one contract within minutes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnusualBuyer {
    /// When the buying begins.
    pub begin: Timestamp,
    /// Calls for a rise, puts for a fall.
    pub right: Right,
    /// Contracts in all.
    pub contracts: u32,
}

impl UnusualBuyer {
    /// How long the buying takes.
    pub const LASTS: Span = Span::from_minutes(3);
    /// How long before a move that only some foresee the buying begins.
    const AHEAD: Span = Span::from_minutes(25);

    /// The unusual buyer of a symbol's day, if it has one: ahead of a shock in the symbol's price, or
    /// one day in five for no reason that anybody learns.
    pub fn of_day(
        seed: u64,
        underlying: u64,
        session: &Session,
        shock: Option<(Timestamp, f64)>,
    ) -> Option<Self> {
        let day = session.open.nanos().unsigned_abs();
        let mut random = Random::new(mix(&[seed, 41, underlying, day]));
        let (wrong, part) = (random.chance(0.5), 0.05 + 0.8 * random.unit());
        let contracts = 3_000 + random.below(9_000) as u32;
        if let Some((at, size)) = shock
            && at - Self::AHEAD >= session.open
        {
            let right = if size > 0.0 { Right::Call } else { Right::Put };
            return Some(Self { begin: at - Self::AHEAD, right, contracts });
        }
        let length = session.close.since(session.open).nanos() as f64;
        random.chance(0.2).then(|| Self {
            begin: session.open + Span::from_nanos((part * length) as i64),
            right: if wrong { Right::Put } else { Right::Call },
            contracts,
        })
    }
}

/// A print to be made: which strike and expiry, from which side, how much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Wanted {
    pub(super) right: Right,
    /// Strike steps from the money.
    pub(super) steps: i64,
    /// Place of the expiry.
    pub(super) expiry: usize,
    /// The buyer rather than the seller crosses the spread.
    pub(super) buys: bool,
    pub(super) size: u64,
    pub(super) unusual: bool,
}

/// When options print, and what.
#[derive(Debug, Clone)]
pub(super) struct Tape {
    random: Random,
    /// Prints per second, mean of the day; zero for a chain that only quotes.
    rate: f64,
    buyer: Option<UnusualBuyer>,
    due: Option<Timestamp>,
    next_buy: Option<Timestamp>,
}

impl Tape {
    /// Orders of the unusual buyer.
    const PIECES: u32 = 60;

    pub(super) fn new(seed: u64, rate: f64, buyer: Option<UnusualBuyer>) -> Self {
        Self { random: Random::new(seed), rate, buyer, due: None, next_buy: buyer.map(|b| b.begin) }
    }

    /// The underlying is quoted from now on.
    pub(super) fn begin(&mut self, at: Timestamp, volume_rate: f64) {
        self.due = (self.rate > 0.0).then(|| at + self.wait(volume_rate));
        self.next_buy = self.next_buy.map(|buy| buy.max(at));
    }

    pub(super) fn next_time(&self) -> Option<Timestamp> {
        match (self.due, self.next_buy) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    fn wait(&mut self, volume_rate: f64) -> Span {
        let seconds = self.random.exponential() / (self.rate * volume_rate.max(0.1));
        Span::from_nanos(1 + (seconds * 1e9) as i64)
    }

    /// What prints at `at`, a time that [`Tape::next_time`] gave.
    pub(super) fn take(&mut self, at: Timestamp, volume_rate: f64, expiries: usize) -> Wanted {
        if self.next_buy == Some(at)
            && let Some(buyer) = self.buyer
        {
            let next = at + Span::from_nanos(UnusualBuyer::LASTS.nanos() / i64::from(Self::PIECES));
            self.next_buy = (next < buyer.begin + UnusualBuyer::LASTS).then_some(next);
            let size = u64::from(buyer.contracts / Self::PIECES) * (70 + self.random.below(60)) / 100;
            let steps = if buyer.right == Right::Call { 5 } else { -5 };
            let expiry = 1.min(expiries.saturating_sub(1));
            return Wanted { right: buyer.right, steps, expiry, buys: true, size, unusual: true };
        }
        self.due = Some(at + self.wait(volume_rate));
        let random = &mut self.random;
        let right = if random.chance(0.52) { Right::Call } else { Right::Put };
        // Most trade a few strikes out of the money, of the nearest expiries.
        let away = (2.5 * random.exponential()) as i64;
        let out = if right == Right::Call { 1 } else { -1 };
        let steps = if random.chance(0.8) { out * away } else { -out * away };
        let expiry = ((1.1 * random.exponential()) as usize).min(expiries.saturating_sub(1));
        let size = (2.2 * libm::exp(1.2 * random.normal())).clamp(1.0, 2_000.0) as u64;
        Wanted { right, steps, expiry, buys: random.chance(0.5), size, unusual: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::Calendar;

    #[test]
    fn the_unusual_buyer_comes_ahead_of_a_shock_and_knows_its_direction() {
        let session = Calendar::xnys().session("2025-06-03".parse().unwrap()).unwrap();
        let at = session.open + Span::from_minutes(100);
        let buyer = UnusualBuyer::of_day(1, 2, &session, Some((at, -0.05))).unwrap();
        assert_eq!((buyer.begin, buyer.right), (session.open + Span::from_minutes(75), Right::Put));
        let others = (0..400).filter(|seed| UnusualBuyer::of_day(*seed, 2, &session, None).is_some()).count();
        assert!((50..110).contains(&others), "{others} of 400");
    }

    #[test]
    fn the_whole_order_is_worked_off() {
        let session = Calendar::xnys().session("2025-06-03".parse().unwrap()).unwrap();
        let buyer = UnusualBuyer { begin: session.open + Span::MINUTE, right: Right::Call, contracts: 6_000 };
        let mut tape = Tape::new(1, 0.0, Some(buyer));
        tape.begin(session.open, 1.0);
        let (mut total, mut pieces) = (0, 0);
        while let Some(at) = tape.next_time() {
            let wanted = tape.take(at, 1.0, 3);
            assert!(wanted.unusual && wanted.buys && at >= buyer.begin);
            total += wanted.size;
            pieces += 1;
        }
        assert_eq!(pieces, 60);
        assert!((5_000..7_000).contains(&total), "{total}");
    }
}
