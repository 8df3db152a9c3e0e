//! A recording of the engine's own inputs, held against what the engine does now.
//!
//! Every event goes in as it was taken then, those of timers, broker, ledger and barrier too: nothing is
//! simulated. So the outputs are those of then, bit for bit, and where they are not, the first event
//! that differs has a name.

use alphatrader_model::{Effect, Event, Outputs, Payload, Record, Seq, Settings, Timestamp};
use thiserror::Error;

use crate::digest::mark;
use crate::engine::{Astray, Edges, Engine};
use crate::market_core::MarketCore;
use crate::trading_core::TradingCore;

/// Where a run leaves the way of the recorded one.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Difference {
    /// The core expects another event.
    #[error("event {seq} was {recorded}, and here {astray}")]
    Event {
        /// The recorded event.
        seq: Seq,
        /// What it was, in a word.
        recorded: &'static str,
        /// What is expected here.
        astray: Astray,
    },
    /// The outputs of an event are others.
    #[error("event {seq}, {kind} of {time}, yields other outputs than recorded: {outputs}")]
    Outputs {
        /// The event.
        seq: Seq,
        /// When it happened.
        time: Timestamp,
        /// What it is, in a word.
        kind: &'static str,
        /// What it yields here, in numbers of things.
        outputs: String,
    },
    /// Every event's outputs seem equal and the digest is another.
    #[error("the digest through event {through} is {found}, recorded was {recorded}")]
    Digest {
        /// The last event.
        through: Seq,
        /// As it was recorded.
        recorded: String,
        /// As it is here.
        found: String,
    },
}

/// The engine on the way of a recording.
#[derive(Debug)]
pub struct Rerun {
    engine: Engine,
    judge: Judge,
    checkpoints: u64,
}

/// Nothing leaves; the outputs of the last event are remembered by their mark.
#[derive(Debug, Default)]
struct Judge {
    mark: Option<u64>,
    outputs: Outputs,
}

impl Edges for Judge {
    fn commit(&mut self, _: Seq, _: Timestamp, _: &[Record]) {}

    fn perform(&mut self, _: Timestamp, _: &Effect) {}

    fn observe(&mut self, _: &Event, outputs: &Outputs) {
        self.mark = mark(outputs);
        if self.mark.is_some() {
            self.outputs.clone_from(outputs);
        }
    }
}

impl Rerun {
    /// The engine as it started: with what the ledger knew, and what the market half had been rebuilt to.
    pub fn new(incarnation: u32, recovered: &[Record], market: MarketCore) -> Self {
        let engine = Engine::with_market(incarnation, TradingCore::recover(recovered), market);
        Self { engine, judge: Judge::default(), checkpoints: 0 }
    }

    /// Takes the next event, with the mark of what it yielded then.
    ///
    /// # Errors
    /// [`Difference`]; nothing after it says anything.
    pub fn take(&mut self, event: &Event, recorded: Option<u64>) -> Result<(), Difference> {
        self.engine.retake(event, &mut self.judge).map_err(|astray| Difference::Event {
            seq: event.seq,
            recorded: event.payload.name(),
            astray,
        })?;
        if self.judge.mark == recorded {
            return Ok(());
        }
        let here = &self.judge.outputs;
        let outputs = match self.judge.mark {
            None => "nothing here".to_owned(),
            Some(_) => format!(
                "{} records, {} effects, {} features here",
                here.records.len(),
                here.effects.len(),
                here.features.len()
            ),
        };
        Err(Difference::Outputs { seq: event.seq, time: event.ts_event, kind: event.payload.name(), outputs })
    }

    /// Compares the digest of all outputs so far with the recorded one.
    ///
    /// # Errors
    /// [`Difference::Digest`].
    pub fn check(&mut self, through: Seq, recorded: &str) -> Result<(), Difference> {
        let found = self.engine.digest();
        if found != recorded {
            return Err(Difference::Digest { through, recorded: recorded.to_owned(), found });
        }
        self.checkpoints += 1;
        Ok(())
    }

    /// The engine.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Checkpoints that were equal.
    pub const fn checkpoints(&self) -> u64 {
        self.checkpoints
    }
}

/// A market half rebuilt from what was recorded: the settings, then the market's events in the order in
/// which they were taken, with the numbers that the contracts are to have.
#[derive(Debug, Default)]
pub struct Rebuild {
    market: MarketCore,
    scratch: Outputs,
    taken: u64,
}

impl Rebuild {
    /// Begins with the settings in force.
    pub fn new(settings: &Settings, at: Timestamp) -> Self {
        let mut rebuild = Self::default();
        rebuild.take(at, Payload::Settings(Box::new(settings.clone())));
        rebuild.taken = 0;
        rebuild
    }

    /// Takes the next event.
    pub fn take(&mut self, at: Timestamp, payload: Payload) {
        let event = Event { seq: Seq(self.taken), ts_event: at, ts_recv: at, payload };
        self.market.on_event(&event, &mut self.scratch);
        self.scratch.clear();
        self.taken += 1;
    }

    /// Events so far.
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// The market half, which goes on `now`, after a pause that was short or was not.
    pub fn finish(mut self, now: Timestamp, short: bool) -> MarketCore {
        self.market.resume(now, short);
        self.market
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::event::{HaltLevel, LedgerEvent, Operator};
    use alphatrader_model::{BrokerEvent, Input, Money, OrderId, Settings};

    /// Every event with its mark, and the digest after it.
    #[derive(Default)]
    struct Tape {
        taken: Vec<(Event, Option<u64>)>,
        committed: Option<Seq>,
    }

    impl Edges for Tape {
        fn commit(&mut self, step: Seq, _: Timestamp, _: &[Record]) {
            self.committed = Some(step);
        }
        fn perform(&mut self, _: Timestamp, _: &Effect) {}
        fn observe(&mut self, event: &Event, outputs: &Outputs) {
            self.taken.push((event.clone(), mark(outputs)));
        }
    }

    fn recovered() -> Vec<Record> {
        vec![
            Record::Halt { level: HaltLevel::Halt, reason: "from before".into() },
            Record::DayStart { date: "2026-03-16".into(), equity: Money::from_dollars(100_000) },
        ]
    }

    /// A start, a resume by hand (a record and an effect), the ledger's answer, timers.
    fn recorded() -> (Tape, String) {
        let mut engine = Engine::new(3, TradingCore::recover(&recovered()));
        let mut tape = Tape::default();
        let connected =
            BrokerEvent::Connected { account: "DU1".into(), next_order_id: OrderId(1), paper: true };
        let mut payloads = vec![
            Payload::Settings(Box::<Settings>::default()),
            Payload::Broker(Box::new(connected)),
            Payload::Operator(Operator::Resume { reason: "looked".into() }),
        ];
        payloads.extend(std::iter::repeat_n(Payload::Timer, 30));
        for (at, payload) in (0..).zip(payloads) {
            let at = Timestamp::from_millis(1_773_667_800_000 + at * 100);
            engine.step(Input { ts_event: at, ts_recv: at, payload }, &mut tape);
            if let Some(through) = tape.committed.take() {
                let payload = Payload::Ledger(LedgerEvent::Committed { through });
                engine.step(Input { ts_event: at, ts_recv: at, payload }, &mut tape);
            }
        }
        (tape, engine.digest())
    }

    fn rerun(taken: &[(Event, Option<u64>)]) -> Result<Rerun, Difference> {
        let mut rerun = Rerun::new(3, &recovered(), MarketCore::default());
        for (event, mark) in taken {
            rerun.take(event, *mark)?;
        }
        Ok(rerun)
    }

    #[test]
    fn the_same_events_give_the_same_outputs() {
        let (tape, digest) = recorded();
        assert!(tape.taken.iter().any(|(event, _)| matches!(event.payload, Payload::Barrier { .. })));
        let mut again = rerun(&tape.taken).unwrap();
        let last = tape.taken.last().unwrap().0.seq;
        again.check(last, &digest).unwrap();
        assert_eq!(again.checkpoints(), 1);
        assert!(matches!(again.check(last, "00"), Err(Difference::Digest { .. })));
    }

    #[test]
    fn the_first_event_that_differs_is_named() {
        let (tape, _) = recorded();
        let place =
            |wanted: fn(&Payload) -> bool| tape.taken.iter().position(|(e, _)| wanted(&e.payload)).unwrap();
        let resume = place(|p| matches!(p, Payload::Operator(_)));
        let barrier = place(|p| matches!(p, Payload::Barrier { .. }));
        // A mark that is not what the event yields.
        let mut other = tape.taken.clone();
        other[resume].1 = Some(7);
        let seq = other[resume].0.seq;
        assert!(matches!(rerun(&other), Err(Difference::Outputs { seq: at, .. }) if at == seq));
        // Other words of a person.
        let mut other = tape.taken.clone();
        other[resume].0.payload = Payload::Operator(Operator::Resume { reason: "others".into() });
        assert!(matches!(rerun(&other), Err(Difference::Outputs { seq: at, .. }) if at == seq));
        // What the core told itself is left out: the places no longer fit.
        let mut other = tape.taken.clone();
        other.remove(barrier);
        assert!(matches!(rerun(&other), Err(Difference::Event { astray: Astray::Place { .. }, .. })));
        // The core told itself something else.
        let mut other = tape.taken.clone();
        other[barrier].0.payload = Payload::Timer;
        assert!(matches!(
            rerun(&other),
            Err(Difference::Event { astray: Astray::Inner { own: Some(_) }, .. })
        ));
        // It said what it does not say here.
        let mut other = tape.taken.clone();
        other[0].0.payload = tape.taken[barrier].0.payload.clone();
        assert!(matches!(rerun(&other), Err(Difference::Event { astray: Astray::Inner { own: None }, .. })));
    }
}
