//! What waits to be sent: cancels first.
//!
//! The limiter lets a message out every twentieth of a second at worst. A cancel does not wait behind
//! entries that were decided before it, unless it is of one of them.

use std::collections::VecDeque;

use alphatrader_model::{Action, Effect, OrderId};

/// What waits to be sent.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: VecDeque<Effect>,
}

impl Queue {
    /// Effects that wait here at most; more wait in the engine's channel, which is bounded too.
    const MOST: usize = 1_024;

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= Self::MOST
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn push(&mut self, effect: Effect) {
        self.waiting.push_back(effect);
    }

    /// The next to be carried out: the first cancel of an order that was sent, else the first of all.
    /// A cancel before which a change of its order waits keeps its place.
    pub(super) fn pop(&mut self, was_sent: impl Fn(OrderId) -> bool) -> Option<Effect> {
        let ahead = |place: usize, id: OrderId| {
            self.waiting.iter().take(place).any(|earlier| match &earlier.action {
                Action::Place(requests) => requests.iter().any(|request| request.id == id),
                Action::Modify(request) => request.id == id,
                Action::Cancel(_) | Action::Synchronise => false,
            })
        };
        let cancel = self.waiting.iter().enumerate().position(|(place, effect)| match effect.action {
            Action::Cancel(id) => was_sent(id) && !ahead(place, id),
            _ => false,
        });
        self.waiting.remove(cancel.unwrap_or(0))
    }

    /// Everything, in the order in which it came.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Effect> + use<'_> {
        self.waiting.drain(..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::order::tests::request;
    use alphatrader_model::{EffectId, OrderKind, Seq};

    fn queue(actions: Vec<Action>) -> Queue {
        let mut queue = Queue::default();
        for (place, action) in actions.into_iter().enumerate() {
            let id = EffectId { seq: Seq(place as u64), index: 0 };
            queue.push(Effect { id, action, adds_risk: false, expires: None });
        }
        queue
    }

    fn place(id: i32) -> Action {
        Action::Place(vec![request(id, OrderKind::Market)])
    }

    fn order(queue: &mut Queue, sent: &[i32]) -> Vec<u64> {
        std::iter::from_fn(|| queue.pop(|id| sent.contains(&id.0)).map(|effect| effect.id.seq.0)).collect()
    }

    #[test]
    fn a_cancel_overtakes_what_does_not_concern_it() {
        let mut queue = queue(vec![place(7), Action::Synchronise, Action::Cancel(OrderId(3)), place(8)]);
        assert_eq!(order(&mut queue, &[3]), [2, 0, 1, 3]);
    }

    #[test]
    fn a_cancel_stays_behind_its_own_order_and_its_change() {
        let mut unsent = queue(vec![place(6), place(7), Action::Cancel(OrderId(7))]);
        assert_eq!(order(&mut unsent, &[]), [0, 1, 2]);
        let change = Action::Modify(request(3, OrderKind::Market));
        let mut changed = queue(vec![place(7), change, Action::Cancel(OrderId(3))]);
        assert_eq!(order(&mut changed, &[3]), [0, 1, 2]);
    }
}
