//! Where the market comes from: a day at a time, event by event.

use std::collections::BTreeMap;

use alphatrader_market::synthetic::chronicle::Chronicle;
use alphatrader_market::{SyntheticConfig, SyntheticMarket, Universe, UniverseConfig};
use alphatrader_model::{Calendar, Contract, Input, InstrumentId, Payload, Session, Symbol, Timestamp};

/// A market that can be asked for its days. Each day begins with its session and announces its
/// contracts before anything is said of them; events come in order of time.
pub trait Source: Send {
    /// Begins the day of a session, from its open.
    fn begin(&mut self, session: Session);

    /// When the next event of the day happens; nothing after the last.
    fn peek(&mut self) -> Option<Timestamp>;

    /// The next event of the day.
    fn next(&mut self) -> Option<Input>;

    /// The session that follows `today`: the exchange's next, unless the market knows better.
    fn session_after(&self, today: Session, calendar: &Calendar) -> Session {
        calendar.next_session(today.date)
    }

    /// Whether trading in a stock is halted at `at`, a time of the day that was begun.
    fn is_halted(&self, _symbol: Symbol, _at: Timestamp) -> bool {
        false
    }

    /// What the market knows beside its events: its news, its halts, bars of any day. Nothing where it
    /// does not know more than it says.
    fn chronicle(&self) -> Option<&Chronicle> {
        None
    }
}

/// The synthetic market: a day is a function of seed and date, so a day that was left half way is
/// made again and run forward to where it was.
#[derive(Debug)]
pub struct SyntheticSource {
    config: SyntheticConfig,
    day: Option<SyntheticMarket>,
}

impl SyntheticSource {
    /// A market that is made as `config` says.
    pub fn new(config: SyntheticConfig) -> Self {
        Self { config, day: None }
    }
}

impl Source for SyntheticSource {
    fn begin(&mut self, session: Session) {
        self.day = Some(SyntheticMarket::new(self.config, session));
    }

    fn peek(&mut self) -> Option<Timestamp> {
        self.day.as_mut()?.peek_time()
    }

    fn next(&mut self) -> Option<Input> {
        self.day.as_mut()?.next()
    }
}

/// The whole synthetic market: all its symbols with full chains. A day is a function of seed and date,
/// as that of [`SyntheticSource`] is.
#[derive(Debug)]
pub struct UniverseSource {
    config: UniverseConfig,
    chronicle: Chronicle,
    day: Option<Universe>,
}

impl UniverseSource {
    /// A market that is made as `config` says.
    pub fn new(config: UniverseConfig) -> Self {
        let chronicle = Chronicle::new(config.seed, config.halts.clone());
        Self { config, chronicle, day: None }
    }
}

impl Source for UniverseSource {
    fn begin(&mut self, session: Session) {
        self.day = Some(Universe::new(&self.config, session));
    }

    fn peek(&mut self) -> Option<Timestamp> {
        self.day.as_mut()?.peek_time()
    }

    fn next(&mut self) -> Option<Input> {
        self.day.as_mut()?.next()
    }

    fn is_halted(&self, symbol: Symbol, at: Timestamp) -> bool {
        self.day
            .iter()
            .flat_map(Universe::halts)
            .any(|halt| halt.symbol == symbol && halt.from <= at && at < halt.until)
    }

    fn chronicle(&self) -> Option<&Chronicle> {
        Some(&self.chronicle)
    }
}

/// Gives each contract one number for the whole run, whatever number its source gives it each day.
#[derive(Debug, Default)]
pub struct Numbers {
    known: BTreeMap<Contract, InstrumentId>,
    /// By the source's number today.
    today: BTreeMap<InstrumentId, InstrumentId>,
    next: u32,
}

impl Numbers {
    /// Forgets the source's numbers of the day before.
    pub fn begin_day(&mut self) {
        self.today.clear();
    }

    /// The payload with the run's numbers; nothing when it names a number that was not announced.
    pub fn translate(&mut self, mut payload: Payload) -> Option<Payload> {
        match &mut payload {
            Payload::Instrument(instrument) => {
                let id = *self.known.entry(instrument.contract).or_insert_with(|| {
                    let id = InstrumentId(self.next);
                    self.next += 1;
                    id
                });
                self.today.insert(instrument.id, id);
                instrument.id = id;
            }
            other => {
                if let Some(about) = other.about_mut() {
                    *about = *self.today.get(about)?;
                }
            }
        }
        Some(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::catalogue::tests::instrument;
    use alphatrader_model::Quote;

    #[test]
    fn a_contract_keeps_its_number_over_days() {
        let announce = |id, name| Payload::Instrument(Box::new(instrument(id, name)));
        let quote = |id| Payload::Quote(Quote { instrument: InstrumentId(id), bid: None, ask: None });
        let mut numbers = Numbers::default();
        numbers.translate(announce(0, "SPY"));
        numbers.translate(announce(1, "SPY261123C00600000"));
        let before = numbers.translate(announce(2, "SPY261124C00600000")).unwrap();
        numbers.begin_day();
        assert_eq!(numbers.translate(quote(2)), None);
        numbers.translate(announce(0, "SPY"));
        let after = numbers.translate(announce(1, "SPY261124C00600000")).unwrap();
        let (Payload::Instrument(before), Payload::Instrument(after)) = (before, after) else { panic!() };
        assert_eq!(before.id, after.id);
        assert_eq!(numbers.translate(quote(1)), Some(quote(after.id.0)));
    }
}
