//! A ledger that takes its time, fails, and keeps what was durable when the process dies.

use std::collections::VecDeque;

use alphatrader_market::random::Random;
use alphatrader_model::event::LedgerEvent;
use alphatrader_model::{Record, Seq, Span};

use super::faults::Faults;

#[derive(Debug, Default)]
pub(super) struct Ledger {
    durable: Vec<Record>,
    waiting: VecDeque<(Seq, Vec<Record>)>,
    /// Steps of the commit that runs.
    writing: usize,
    failed: bool,
    /// Records of the fall-back file were lost: facts may be missing.
    lost: bool,
    through: Seq,
}

impl Ledger {
    /// Takes a step; says how long until [`Ledger::commit`] when a commit begins with it.
    pub(super) fn take(
        &mut self,
        faults: &Faults,
        random: &mut Random,
        step: Seq,
        records: Vec<Record>,
    ) -> Option<Span> {
        if self.failed {
            self.fall_back(faults, records);
            return None;
        }
        self.waiting.push_back((step, records));
        (self.writing == 0).then(|| self.begin(faults, random))
    }

    fn begin(&mut self, faults: &Faults, random: &mut Random) -> Span {
        self.writing = self.waiting.len();
        let slow = random.chance(faults.slow_commit);
        let millis = if slow { 200 + random.below(500) } else { 1 + random.below(30) };
        Span::from_millis(millis as i64)
    }

    /// The commit that runs is over. The answer, and how long the next one takes.
    pub(super) fn commit(&mut self, faults: &Faults, random: &mut Random) -> (LedgerEvent, Option<Span>) {
        if random.chance(faults.failed_commit) {
            self.failed = true;
            self.writing = 0;
            for (_, records) in std::mem::take(&mut self.waiting) {
                self.fall_back(faults, records);
            }
            return (LedgerEvent::Failed { reason: "the disk is full".into() }, None);
        }
        for (step, records) in self.waiting.drain(..self.writing) {
            self.through = step;
            self.durable.extend(records);
        }
        self.writing = 0;
        let next = (!self.waiting.is_empty()).then(|| self.begin(faults, random));
        (LedgerEvent::Committed { through: self.through }, next)
    }

    fn fall_back(&mut self, faults: &Faults, records: Vec<Record>) {
        if faults.falls_back {
            self.durable.extend(records);
        } else {
            self.lost = true;
        }
    }

    /// The process died. Of what was being written, whole or not at all, as much as had come through.
    pub(super) fn die(&mut self, random: &mut Random) {
        if random.chance(0.5) {
            for (_, records) in self.waiting.drain(..self.writing) {
                self.durable.extend(records);
            }
        }
        self.waiting.clear();
        self.writing = 0;
        self.failed = false;
    }

    /// Whether steps wait or are being written.
    pub(super) fn is_quiet(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) const fn has_failed(&self) -> bool {
        self.failed
    }

    pub(super) const fn has_lost(&self) -> bool {
        self.lost
    }

    /// Last step of which the process may know that it is durable.
    pub(super) const fn through(&self) -> Seq {
        self.through
    }

    /// The newest record of each entity, in the order of the journal, as a start is handed them.
    pub(super) fn newest(&self) -> Vec<&Record> {
        let mut seen = std::collections::BTreeSet::new();
        let mut found: Vec<&Record> = self.durable.iter().rev().filter(|r| seen.insert(key(r))).collect();
        found.reverse();
        found
    }
}

fn key(record: &Record) -> (u8, String) {
    match record {
        Record::Signal(s) => (0, s.id.to_string()),
        Record::Order(o) => (1, o.request.id.to_string()),
        Record::Fill(f) => (2, f.exec_id.clone()),
        Record::Position(p) => (3, p.signal.to_string()),
        Record::Halt { .. } => (4, String::new()),
        Record::DayStart { date, .. } => (5, date.clone()),
        Record::Account(_) => (6, String::new()),
    }
}
