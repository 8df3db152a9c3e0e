//! Worlds in which it is known what there is to find: for tests of what searches for it.
//!
//! A world is one stock: quotes of a cent's spread each second and prints on them. Nobody's strategy lives here,
//! and nothing is calibrated; the synthetic market is [`crate::synthetic`].
//!
//! | world | volatility | sides of prints |
//! | --- | --- | --- |
//! | [`WorldKind::NoInformation`] | GARCH(1,1) of five minutes, volume goes with it | coin flips |
//! | [`WorldKind::Regimes`] | two regimes of five minutes, fourfold apart, that last | coin flips |
//! | [`WorldKind::Episodes`] | rises after one-sided episodes | one-sided for twenty minutes at a time |
//!
//! A session is a function of seed and date. GARCH and regimes begin anew each day, from their long run.

use alphatrader_model::market::{Level, Quote, Trade, TradeFlags};
use alphatrader_model::{
    Input, Instrument, InstrumentId, Payload, Price, Quantity, Session, Span, Symbol, Timestamp,
};

use crate::random::{Random, mix};
use crate::synthetic::days::number;

/// What there is to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorldKind {
    /// Nothing.
    NoInformation,
    /// Two regimes of volatility.
    Regimes,
    /// One-sided episodes, and higher volatility after them.
    Episodes,
}

/// A world of one stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct World {
    /// What there is to find.
    pub kind: WorldKind,
    /// Seed of everything.
    pub seed: u64,
    /// The stock.
    pub symbol: Symbol,
    /// Its number.
    pub id: InstrumentId,
}

/// Deviation of a second's log return in ordinary volatility: one per cent a session.
const SECOND: f64 = 6.5e-5;
/// Prints a second in ordinary volatility.
const PRINTS: f64 = 1.2;
const FIVE_MINUTES: usize = 300;
/// GARCH of five minutes.
const ALPHA: f64 = 0.10;
const BETA: f64 = 0.85;
/// Deviations of the two regimes, and the probabilities of leaving them.
const REGIMES: [(f64, f64); 2] = [(0.5, 0.02), (2.0, 0.04)];
/// An episode: seconds on one side, seconds of volatility from its middle on, its deviation, its lean.
const EPISODE: usize = 1_200;
const AFTER: usize = 2_400;
const STIRRED: f64 = 2.0;
const LEAN: f64 = 0.42;
/// Episodes begin with this probability in a second: three a session.
const BEGINS: f64 = 1.3e-4;

impl World {
    /// A session, in order of time: the announcement, then quotes and prints.
    pub fn session(&self, session: Session) -> Vec<Input> {
        let mut random = Random::new(mix(&[self.seed, number(session.date), 77]));
        let seconds = (session.close.since(session.open).nanos() / Span::SECOND.nanos()).max(0) as usize;
        let mut out = Vec::with_capacity(3 * seconds);
        out.push(at(session.open, Payload::Instrument(Box::new(self.instrument()))));
        let mut state = State::new(&mut random);
        let mut log = libm::log(400.0) + 0.02 * random.normal();
        let mut shown = None;
        for second in 0..seconds {
            let begin = session.open + Span::from_seconds(second as i64);
            let deviation = state.step(self.kind, second, &mut random);
            let change = SECOND * deviation * random.normal();
            log += change;
            state.moved(change / SECOND);
            let bid = (libm::exp(log) * 100.0) as i64;
            if shown != Some(bid) {
                shown = Some(bid);
                let level = |cents| {
                    let size = Quantity::new(100 * (1 + random.below(20)));
                    Some(Level { price: Price::from_cents(cents), size })
                };
                let [bid, ask] = [bid, bid + 1].map(level);
                out.push(at(begin, Payload::Quote(Quote { instrument: self.id, bid, ask })));
            }
            self.prints(begin, bid, PRINTS * deviation, &state, &mut random, &mut out);
        }
        out
    }

    fn prints(
        &self,
        begin: Timestamp,
        bid: i64,
        rate: f64,
        state: &State,
        random: &mut Random,
        out: &mut Vec<Input>,
    ) {
        let mut after = random.exponential() / rate;
        while after < 1.0 {
            let buys = random.chance(0.5 + state.lean);
            let size = 1 + (200.0 * random.exponential()) as u64;
            let payload = Payload::Trade(Trade {
                instrument: self.id,
                price: Price::from_cents(bid + i64::from(buys)),
                size: Quantity::new(size),
                aggressor: None,
                venue: None,
                flags: TradeFlags::NONE,
            });
            out.push(at(begin + Span::from_nanos((after * 1e9) as i64), payload));
            after += random.exponential() / rate;
        }
    }

    fn instrument(&self) -> Instrument {
        Instrument { synthetic: true, ..Instrument::stock(self.id, self.symbol) }
    }
}

/// Where a world stands inside a session.
struct State {
    variance: f64,
    bar: f64,
    regime: usize,
    episode: usize,
    stirred: usize,
    side: f64,
    lean: f64,
}

impl State {
    fn new(random: &mut Random) -> Self {
        let (calm, wild) = (REGIMES[0].1, REGIMES[1].1);
        let regime = usize::from(random.chance(calm / (calm + wild)));
        Self { variance: 1.0, bar: 0.0, regime, episode: 0, stirred: 0, side: 1.0, lean: 0.0 }
    }

    /// The deviation of this second, relative to the ordinary.
    fn step(&mut self, kind: WorldKind, second: usize, random: &mut Random) -> f64 {
        let new_bar = second > 0 && second.is_multiple_of(FIVE_MINUTES);
        match kind {
            WorldKind::NoInformation => {
                if new_bar {
                    let square = self.bar * self.bar / FIVE_MINUTES as f64;
                    self.variance = (1.0 - ALPHA - BETA) + ALPHA * square + BETA * self.variance;
                    self.bar = 0.0;
                }
                libm::sqrt(self.variance)
            }
            WorldKind::Regimes => {
                if new_bar && random.chance(REGIMES[self.regime].1) {
                    self.regime = 1 - self.regime;
                }
                REGIMES[self.regime].0
            }
            WorldKind::Episodes => {
                if self.episode == 0 && random.chance(BEGINS) {
                    self.episode = EPISODE;
                    self.side = if random.chance(0.5) { 1.0 } else { -1.0 };
                }
                if self.episode == EPISODE / 2 {
                    self.stirred = AFTER;
                }
                self.lean = if self.episode > 0 { LEAN * self.side } else { 0.0 };
                self.episode = self.episode.saturating_sub(1);
                self.stirred = self.stirred.saturating_sub(1);
                if self.stirred > 0 { STIRRED } else { 1.0 }
            }
        }
    }

    fn moved(&mut self, change: f64) {
        self.bar += change;
    }
}

fn at(ts: Timestamp, payload: Payload) -> Input {
    Input { ts_event: ts, ts_recv: ts, payload }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::Calendar;

    fn world(kind: WorldKind) -> Vec<Input> {
        let symbol = Symbol::new("SPY").unwrap();
        let session = Calendar::xnys().session(jiff::civil::date(2026, 3, 16)).unwrap();
        World { kind, seed: 5, symbol, id: InstrumentId(0) }.session(session)
    }

    #[test]
    fn a_session_is_a_function_of_its_seed_and_in_order() {
        for kind in [WorldKind::NoInformation, WorldKind::Regimes, WorldKind::Episodes] {
            let made = world(kind);
            assert_eq!(made, world(kind));
            assert!(made.is_sorted_by_key(|input| input.ts_event));
            assert!((30_000..120_000).contains(&made.len()), "{kind:?}: {}", made.len());
        }
    }

    /// Shares of prints at the offer, by twenty minutes.
    fn one_sided(kind: WorldKind) -> usize {
        let made = world(kind);
        let mut shares = vec![(0.0, 0.0); 20];
        let (mut ask, open) = (Price::ZERO, made[0].ts_event);
        for input in made {
            match input.payload {
                Payload::Quote(quote) => ask = quote.ask.unwrap().price,
                Payload::Trade(trade) => {
                    let part = (input.ts_event.since(open).as_seconds() / 1_200.0) as usize;
                    shares[part].0 += f64::from(u8::from(trade.price == ask));
                    shares[part].1 += 1.0;
                }
                _ => {}
            }
        }
        shares.iter().filter(|(buys, all)| (buys / all - 0.5_f64).abs() > 0.15).count()
    }

    #[test]
    fn only_episodes_are_one_sided() {
        assert!(one_sided(WorldKind::Episodes) >= 2);
        assert_eq!(one_sided(WorldKind::NoInformation), 0);
        assert_eq!(one_sided(WorldKind::Regimes), 0);
    }
}
