//! The commit barrier: nothing reaches the outside world before its record is durable.
//!
//! A pure state machine (`docs/architecture.md`). It holds the effects of a step until the ledger says
//! that the step's records are durable, then gives a verdict on each, in order. Only those verdicts,
//! which come back as events, move an order's state, so a replay follows the same road whatever the
//! disk did.
//!
//! A commit that fails, or does not answer in time, is remembered: from then on effects that add
//! risk are never released, and those that take it away are released at once.

use std::collections::VecDeque;

use alphatrader_model::event::BarrierVerdict;
use alphatrader_model::{Effect, EffectId, Seq, Span, Timestamp};

/// Effects that may wait at once. More means that the ledger stopped while the core went on; the
/// core halts long before.
pub const MOST_HELD: usize = 4_096;

/// An effect and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The effect.
    pub effect: Effect,
    /// What became of it.
    pub verdict: BarrierVerdict,
}

#[derive(Debug, Clone)]
struct Held {
    effect: Effect,
    /// Durable when the ledger has come this far.
    needs: Seq,
    withdrawn: bool,
}

/// What waits for the ledger.
#[derive(Debug, Clone)]
pub struct Barrier {
    held: VecDeque<Held>,
    /// Last step with records.
    written: Seq,
    /// Last step whose records are durable.
    durable: Seq,
    /// Steps that are not durable and when they were handed over, by our clock, to judge the ledger's
    /// silence.
    waiting: VecDeque<(Seq, Timestamp)>,
    timeout: Span,
    failed: bool,
}

impl Barrier {
    /// An open barrier; `timeout` is how long the ledger may take for a step.
    pub fn new(timeout: Span) -> Self {
        Self {
            held: VecDeque::new(),
            written: Seq::default(),
            durable: Seq::default(),
            waiting: VecDeque::new(),
            timeout,
            failed: false,
        }
    }

    /// Changes how long the ledger may take.
    pub fn set_timeout(&mut self, timeout: Span) {
        self.timeout = timeout;
    }

    /// Whether a commit failed or is overdue.
    pub const fn has_failed(&self) -> bool {
        self.failed
    }

    /// Effects that wait.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Takes the effects of a step. `recorded` says whether the step had records; an effect of a
    /// step without any still waits for all records before it, so effects never overtake facts.
    pub fn hold(&mut self, step: Seq, now: Timestamp, recorded: bool, effects: &[Effect]) {
        assert!(self.written <= step, "steps come in order");
        if recorded {
            self.written = step;
            // A ledger that failed is not waited for any more.
            if !self.failed {
                self.waiting.push_back((step, now));
            }
        }
        for effect in effects {
            assert!(self.held.len() < MOST_HELD, "the core went on while the ledger stood still");
            self.held.push_back(Held { effect: effect.clone(), needs: self.written, withdrawn: false });
        }
    }

    /// The ledger has come this far.
    pub fn committed(&mut self, through: Seq) {
        self.durable = self.durable.max(through);
        while self.waiting.front().is_some_and(|(step, _)| *step <= self.durable) {
            self.waiting.pop_front();
        }
    }

    /// The ledger cannot be written.
    pub fn fail(&mut self) {
        self.failed = true;
        self.waiting.clear();
    }

    /// Time passes; returns whether the ledger has just become overdue.
    pub fn tick(&mut self, now: Timestamp) -> bool {
        let overdue = self.waiting.front().is_some_and(|(_, since)| now.since(*since) > self.timeout);
        let first = overdue && !self.failed;
        if first {
            self.fail();
        }
        first
    }

    /// Takes back every waiting effect that adds risk (pause, halt, shutdown).
    pub fn withdraw_entries(&mut self) {
        for held in &mut self.held {
            held.withdrawn |= held.effect.adds_risk;
        }
    }

    /// Takes back one waiting effect (its order was cancelled before it left).
    pub fn withdraw(&mut self, id: EffectId) {
        for held in &mut self.held {
            held.withdrawn |= held.effect.id == id && held.effect.adds_risk;
        }
    }

    /// The next effect that can be decided, in order.
    pub fn decide(&mut self, now: Timestamp) -> Option<Decided> {
        let front = self.held.front()?;
        let durable = front.needs <= self.durable;
        let adds_risk = front.effect.adds_risk;
        let verdict = if front.withdrawn {
            BarrierVerdict::Withdrawn
        } else if self.failed {
            if adds_risk { BarrierVerdict::Unrecorded } else { BarrierVerdict::Released }
        } else if !durable {
            return None;
        } else if front.effect.expires.is_some_and(|at| at < now) {
            BarrierVerdict::Expired
        } else {
            BarrierVerdict::Released
        };
        let effect = self.held.pop_front()?.effect;
        // Invariant 12: no effect that adds risk leaves before its record is durable.
        assert!(
            verdict != BarrierVerdict::Released || !effect.adds_risk || durable,
            "an effect that adds risk left before its record"
        );
        Some(Decided { effect, verdict })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::{Action, OrderId};
    use proptest::prelude::*;

    fn effect(seq: u64, adds_risk: bool, expires: Option<i64>) -> Effect {
        Effect {
            id: EffectId { seq: Seq(seq), index: 0 },
            action: Action::Cancel(OrderId(1)),
            adds_risk,
            expires: expires.map(Timestamp::from_seconds),
        }
    }

    fn barrier() -> Barrier {
        Barrier::new(Span::from_millis(250))
    }

    fn all(barrier: &mut Barrier, second: i64) -> Vec<(u64, BarrierVerdict)> {
        let now = Timestamp::from_seconds(second);
        std::iter::from_fn(|| barrier.decide(now)).map(|d| (d.effect.id.seq.0, d.verdict)).collect()
    }

    #[test]
    fn effects_wait_for_their_records_and_keep_their_order() {
        let mut b = barrier();
        let at = Timestamp::from_seconds(0);
        b.hold(Seq(1), at, true, &[effect(1, true, None)]);
        b.hold(Seq(2), at, true, &[effect(2, false, None)]);
        assert!(all(&mut b, 0).is_empty());
        b.committed(Seq(1));
        assert_eq!(all(&mut b, 0), [(1, BarrierVerdict::Released)]);
        b.committed(Seq(2));
        assert_eq!(all(&mut b, 0), [(2, BarrierVerdict::Released)]);
        // A step without records waits for nothing more.
        b.hold(Seq(3), at, false, &[effect(3, false, None)]);
        assert_eq!(all(&mut b, 0), [(3, BarrierVerdict::Released)]);
    }

    #[test]
    fn a_stale_entry_is_not_sent_late() {
        let mut b = barrier();
        b.hold(Seq(1), Timestamp::from_seconds(0), true, &[effect(1, true, Some(5))]);
        b.committed(Seq(1));
        assert_eq!(all(&mut b, 6), [(1, BarrierVerdict::Expired)]);
    }

    #[test]
    fn a_silent_ledger_lets_only_exits_through() {
        let mut b = barrier();
        b.hold(Seq(1), Timestamp::from_seconds(0), true, &[effect(1, true, None), effect(1, false, None)]);
        assert!(!b.tick(Timestamp::from_millis(250)));
        assert!(b.tick(Timestamp::from_millis(251)));
        assert!(!b.tick(Timestamp::from_millis(300)), "said once");
        assert_eq!(all(&mut b, 1), [(1, BarrierVerdict::Unrecorded), (1, BarrierVerdict::Released)]);
        b.committed(Seq(1));
        b.hold(Seq(2), Timestamp::from_seconds(2), true, &[effect(2, true, None)]);
        b.committed(Seq(2));
        assert_eq!(all(&mut b, 2), [(2, BarrierVerdict::Unrecorded)], "a failure is not forgotten");
    }

    #[test]
    fn a_halt_takes_back_entries_that_have_not_left() {
        let mut b = barrier();
        b.hold(Seq(1), Timestamp::from_seconds(0), true, &[effect(1, true, None), effect(1, false, None)]);
        b.withdraw_entries();
        b.committed(Seq(1));
        assert_eq!(all(&mut b, 0), [(1, BarrierVerdict::Withdrawn), (1, BarrierVerdict::Released)]);
    }

    proptest! {
        /// Whatever the ledger does, every effect gets exactly one verdict, in order, and none that
        /// adds risk is released before its records are durable.
        #[test]
        fn one_verdict_each_in_order(script in prop::collection::vec((0_u8..5, any::<bool>()), 1..80)) {
            let mut b = barrier();
            let (mut step, mut durable, mut clock) = (0_u64, 0_u64, 0_i64);
            let mut given = Vec::new();
            let mut decided = Vec::new();
            for (what, flag) in script {
                clock += 100;
                let now = Timestamp::from_millis(clock);
                match what {
                    0 | 1 => {
                        step += 1;
                        given.push(step);
                        b.hold(Seq(step), now, true, &[effect(step, flag, None)]);
                    }
                    2 => { durable = durable.max(step.saturating_sub(u64::from(flag))); b.committed(Seq(durable)); }
                    3 => { b.tick(now); }
                    _ => if flag { b.withdraw_entries() },
                }
                let failed = b.has_failed();
                while let Some(d) = b.decide(now) {
                    let id = d.effect.id.seq.0;
                    if d.verdict == BarrierVerdict::Released && d.effect.adds_risk {
                        prop_assert!(id <= durable && !failed);
                    }
                    decided.push(id);
                }
            }
            b.fail();
            while let Some(d) = b.decide(Timestamp::from_millis(clock)) {
                decided.push(d.effect.id.seq.0);
            }
            prop_assert_eq!(decided, given);
        }
    }
}
