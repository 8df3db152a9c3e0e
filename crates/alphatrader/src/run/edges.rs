//! What the engine's steps do outside: records to the ledger's writer, effects to the broker.

use std::sync::Arc;

use alphatrader_edge::inbox::Sender;
use alphatrader_engine::digest::mark;
use alphatrader_engine::{Edges, Engine};
use alphatrader_history::recording::Tape;
use alphatrader_ibkr::IbkrHandle;
use alphatrader_model::event::LedgerEvent;
use alphatrader_model::{BrokerEvent, Effect, Event, Input, Outputs, Payload, Record, Seq, Timestamp};
use alphatrader_store::LedgerWriter;
use alphatrader_store::ledger::Step;

use super::show::Told;

/// The live edges.
pub(super) struct LiveEdges {
    writer: Arc<LedgerWriter>,
    ibkr: Arc<IbkrHandle>,
    inbox: Sender,
    told: Told,
    tape: Option<Tape>,
}

impl LiveEdges {
    pub(super) fn new(
        writer: Arc<LedgerWriter>,
        ibkr: Arc<IbkrHandle>,
        inbox: Sender,
        told: Told,
        tape: Option<Tape>,
    ) -> Self {
        Self { writer, ibkr, inbox, told, tape }
    }

    /// Hands over what was recorded since the last time.
    pub(super) fn flush(&mut self, now: Timestamp, engine: &Engine) {
        if let Some(tape) = &mut self.tape {
            tape.flush(now, || (engine.events(), engine.digest()));
        }
    }

    /// The recording's last words.
    pub(super) fn end(&mut self, now: Timestamp, engine: &Engine) {
        if let Some(tape) = self.tape.take() {
            tape.end(now, "the process stopped", || (engine.events(), engine.digest()));
        }
    }

    /// Something that may not fail failed: the engine hears of it and halts.
    fn failed(&self, now: Timestamp, reason: String) {
        tracing::error!(reason, "trading halts");
        let payload = Payload::Ledger(LedgerEvent::Failed { reason });
        if let Err(error) = self.inbox.push(Input { ts_event: now, ts_recv: now, payload }) {
            tracing::error!(%error, "the engine could not be told");
        }
    }
}

impl Edges for LiveEdges {
    fn commit(&mut self, seq: Seq, time: Timestamp, records: &[Record]) {
        let step = Step { seq, time, records: records.to_vec() };
        for record in records {
            log_record(record);
        }
        self.told.tell(step.clone());
        if let Err(error) = self.writer.append(step) {
            self.failed(time, error.to_string());
        }
    }

    fn perform(&mut self, now: Timestamp, effect: &Effect) {
        tracing::info!(effect = ?effect.id, action = ?effect.action, "to the broker");
        if let Err(error) = self.ibkr.perform(effect.clone()) {
            // The order's fate is unknown now; reconciliation tells, and nothing new leaves before it.
            self.failed(now, error.to_string());
        }
    }

    fn observe(&mut self, event: &Event, outputs: &Outputs) {
        if let Some(tape) = &mut self.tape {
            tape.take(event, mark(outputs));
        }
        match &event.payload {
            Payload::Broker(said) => log_broker(said),
            Payload::Operator(asked) => tracing::info!(?asked, "by hand"),
            Payload::Session(session) => tracing::info!(date = %session.date, "session"),
            _ => {}
        }
    }
}

fn log_record(record: &Record) {
    match record {
        Record::Signal(s) => {
            tracing::info!(signal = %s.id, strategy = %s.strategy, contract = %s.contract, state = ?s.state, "signal");
        }
        Record::Order(o) => {
            tracing::info!(order_ref = %o.request.reference, order = %o.request.id, state = ?o.state, "order");
        }
        Record::Fill(f) => {
            tracing::info!(order_ref = %f.reference, exec = f.exec_id, quantity = %f.quantity, price = %f.price, "fill");
        }
        Record::Halt { level, reason } => tracing::warn!(?level, reason, "halt level"),
        Record::Position(p) => tracing::debug!(contract = %p.contract, quantity = %p.quantity, "position"),
        Record::DayStart { date, equity } => tracing::info!(date, %equity, "day start"),
        Record::Account(a) => tracing::info!(equity = %a.equity, cash = %a.cash, "reconciled"),
    }
}

fn log_broker(said: &BrokerEvent) {
    match said {
        BrokerEvent::Connected { account, next_order_id, paper } => {
            tracing::info!(account, next_order_id = %next_order_id, paper, "broker connected");
        }
        BrokerEvent::Disconnected { reason } => tracing::warn!(reason, "broker disconnected"),
        BrokerEvent::Rejected { id, code, reason } => {
            tracing::warn!(order = %id, code, reason, "order rejected");
        }
        BrokerEvent::Notice { code, text } => tracing::info!(code, text, "broker"),
        _ => tracing::debug!(?said, "broker"),
    }
}
