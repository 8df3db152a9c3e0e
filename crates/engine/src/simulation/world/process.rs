//! The process: what reaches its core, what gets out of it before it dies, the next one, the end.

use std::collections::BTreeMap;

use alphatrader_model::event::LedgerEvent;
use alphatrader_model::{
    BrokerEvent, Effect, Event, Input, Outputs, Payload, Record, Seq, SignalState, Span, Timestamp,
};

use super::super::judge::{Judge, Output};
use super::super::script::Script;
use super::{Happening, World};
use crate::engine::{Edges, Engine};
use crate::replay::TIMER;
use crate::trading_core::TradingCore;

/// What a step put out, up to the moment at which the process dies, if it does.
#[derive(Debug, Default)]
pub(super) struct Taken {
    outputs: Vec<Output>,
    /// Outputs that still get out; none without a limit.
    last: Option<u64>,
    died: bool,
}

impl Taken {
    fn gets_out(&mut self) -> bool {
        match &mut self.last {
            Some(0) => self.died = true,
            Some(left) => *left -= 1,
            None => {}
        }
        !self.died
    }
}

impl Edges for Taken {
    fn commit(&mut self, step: Seq, _: Timestamp, records: &[Record]) {
        if self.gets_out() {
            self.outputs.push(Output::Commit(step, records.to_vec()));
        }
    }

    fn perform(&mut self, _: Timestamp, effect: &Effect) {
        if self.gets_out() {
            self.outputs.push(Output::Perform(effect.clone()));
        }
    }

    fn observe(&mut self, event: &Event, _: &Outputs) {
        if matches!(event.payload, Payload::Broker(_)) {
            self.outputs.push(Output::Saw(Box::new(event.clone())));
        }
    }
}

impl World {
    pub(super) fn clock(&self) -> Timestamp {
        self.now + self.offset
    }

    /// Something reaches the core that happens when it is heard of.
    pub(super) fn tell(&mut self, payload: Payload) -> Result<(), String> {
        self.tell_at(self.clock(), payload)
    }

    pub(super) fn tell_at(&mut self, ts_event: Timestamp, payload: Payload) -> Result<(), String> {
        let Some(mut engine) = self.engine.take() else { return Ok(()) };
        let spoke = matches!(payload, Payload::Broker(_));
        if !self.calm && self.random.chance(self.faults.dies_inside) {
            self.taken.last = Some(self.random.below(4));
        }
        engine.step(Input { ts_event, ts_recv: self.clock(), payload }, &mut self.taken);
        let outputs = std::mem::take(&mut self.taken.outputs);
        self.taken.last = None;
        let died = std::mem::take(&mut self.taken.died);
        let recorded = !outputs.is_empty();
        self.engine = Some(engine);
        for output in outputs {
            self.judge.output(self.now, &output, self.ledger.through())?;
            self.carry_out(output);
        }
        if died {
            self.report.kills_inside += 1;
            self.kill("killed between two outputs");
        } else if let (true, Some(engine)) = (recorded || spoke, &self.engine) {
            Judge::books(engine.trading())?;
        }
        Ok(())
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Saw(_) => {}
            Output::Commit(step, records) => {
                let wait = self.ledger.take(&self.faults, &mut self.random, step, records);
                self.commit_after(wait);
            }
            Output::Perform(effect) => {
                let told = self.wire.perform(self.now, &self.faults, &effect);
                self.dispatch(told.sent);
                // The edge answers over the queue, after the step.
                for word in told.words {
                    self.after_step(word);
                }
            }
        }
    }

    /// A word of the edge itself, queued behind the step at hand.
    fn after_step(&mut self, word: BrokerEvent) {
        let (process, ts_event) = (self.process, self.clock());
        self.at(self.now, Happening::Feed { process, ts_event, payload: Payload::Broker(Box::new(word)) });
    }

    pub(super) fn commit_after(&mut self, wait: Option<Span>) {
        if let Some(wait) = wait {
            self.after(wait, Happening::Committed { process: self.process });
        }
    }

    pub(super) fn committed(&mut self) {
        let (said, next) = self.ledger.commit(&self.faults, &mut self.random);
        if matches!(said, LedgerEvent::Failed { .. }) {
            self.report.ledger_faults += 1;
            self.judge.note(self.now, "the ledger fails");
            // A person sees it, makes room on the disk and starts again.
            let wait = self.between(5_000, 40_000);
            self.after(wait, Happening::Kill);
        }
        self.commit_after(next);
        let wait = self.between(0, 4);
        self.after(wait, Happening::Answer { process: self.process, said });
    }

    pub(super) fn kill(&mut self, how: &str) {
        let Some(engine) = self.engine.take() else { return };
        self.judge.note(self.now, how);
        self.digests.update(engine.digest().as_bytes());
        self.report.kills += 1;
        self.report.events += engine.events();
        self.wire.break_off();
        self.wire.forget();
        self.ledger.die(&mut self.random);
        let wait = self.between(100, 8_000);
        self.after(wait, Happening::Start);
    }

    /// A process starts: it knows what was durable, and the market of the day.
    pub(super) fn start(&mut self) -> Result<(), String> {
        if self.engine.is_some() {
            return Ok(());
        }
        let durable = self.ledger.newest();
        self.judge.begin(&durable);
        let trading = TradingCore::recover(durable);
        self.process += 1;
        self.judge.note(self.now, format!("process {} starts", self.process));
        self.engine = Some(Engine::new(self.process, trading));
        self.tell(Payload::Settings(Box::new(self.script.settings.clone())))?;
        self.tell(Payload::Session(self.script.session))?;
        for instrument in self.script.instruments.clone() {
            self.tell(Payload::Instrument(Box::new(instrument)))?;
        }
        let chain: Vec<Payload> = self.script.chain().collect();
        for row in chain {
            self.tell(row)?;
        }
        let warm: Vec<_> = self.told.iter().chain(self.quoted.values()).cloned().collect();
        for (at, payload) in warm {
            self.tell_at(at, payload)?;
        }
        self.after(TIMER, Happening::Timer { process: self.process });
        let wait = self.between(10, 3_000);
        self.after(wait, Happening::Connect);
        Ok(())
    }

    /// The end of the run: everything is settled, and a process that starts now would see the same.
    pub(super) fn close(&mut self) -> Result<(), String> {
        let engine = self.engine.take().ok_or("no process runs at the end")?;
        Judge::end(&self.broker, &engine, Script::cash())?;
        if !self.ledger.is_quiet() {
            return Err("the ledger is not quiet".into());
        }
        if !self.ledger.has_lost() {
            let again = TradingCore::recover(self.ledger.newest());
            let states =
                |core: &TradingCore| core.signals().map(|s| (s.id, s.state.clone())).collect::<Vec<_>>();
            if states(&again) != states(engine.trading()) {
                return Err("the ledger and the core differ about signals".into());
            }
            if again.day_result() != engine.trading().day_result() {
                return Err("the ledger and the core differ about profit".into());
            }
        }
        self.sum_up(&engine);
        Ok(())
    }

    fn sum_up(&mut self, engine: &Engine) {
        let trading = engine.trading();
        self.digests.update(engine.digest().as_bytes());
        let report = &mut self.report;
        report.digest = self.digests.finalize().to_hex().to_string();
        report.events += engine.events();
        report.signals = trading.signals().count() as u64;
        report.halts = self.judge.halts;
        report.breaks = self.wire.breaks;
        report.garbled = self.wire.garbled;
        report.refused = self.wire.refused;
        let (realized, commissions) = trading.day_result();
        report.profit = realized.checked_sub(commissions).unwrap_or(realized);
        let mut endings: BTreeMap<String, u64> = BTreeMap::new();
        for signal in trading.signals() {
            if let SignalState::Closed { reason, .. } = &signal.state {
                report.trades += 1;
                *endings.entry(reason.clone()).or_default() += 1;
            }
        }
        report.endings = endings.into_iter().collect();
    }
}
