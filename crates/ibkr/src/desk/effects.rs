//! Carries out what the engine wants done.

use std::collections::{BTreeMap, BTreeSet};

use alphatrader_model::{Action, BrokerEvent, Effect, EffectId, OrderId, OrderRequest};
use ibapi::Error;
use tokio::time::timeout;

use super::{Desk, End, Flow};
use crate::context::{Context, OWN_NOTICE};
use crate::status::count;
use crate::translate;
use crate::words;

/// What we sent last about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// The order; nothing was heard of it yet.
    Order,
    /// The order or a change of it, and the broker has accepted it.
    Accepted,
    /// A change of an order that the broker had accepted.
    Change,
}

/// What was carried out by this process, whatever the session: it is not carried out again.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    effects: BTreeSet<EffectId>,
    orders: BTreeMap<i32, Sent>,
}

impl Memory {
    /// Effects and orders that are remembered; of more, the newest. Both are numbered upwards, and
    /// a trading day has a few hundred.
    const MOST: usize = 65_536;

    /// Whether an effect is carried out for the first time.
    fn is_new(&mut self, effect: EffectId) -> bool {
        let new = self.effects.insert(effect);
        if self.effects.len() > Self::MOST {
            self.effects.pop_first();
        }
        new
    }

    /// Whether an order of this number was sent.
    pub(super) fn knows(&self, order: OrderId) -> bool {
        self.orders.contains_key(&order.0)
    }

    fn sent(&mut self, order: OrderId, what: Sent) {
        self.orders.insert(order.0, what);
        if self.orders.len() > Self::MOST {
            self.orders.pop_first();
        }
    }

    /// The number after the highest that was sent.
    pub(super) fn next(&self) -> i32 {
        self.orders.last_key_value().map_or(1, |(highest, _)| highest.saturating_add(1))
    }

    /// The broker has accepted an order, or a change of it.
    pub(super) fn accepted(&mut self, order: OrderId) {
        if let Some(sent) = self.orders.get_mut(&order.0) {
            *sent = Sent::Accepted;
        }
    }

    /// Whether the last thing sent about an order was a change of it.
    pub(super) fn is_changing(&self, order: i32) -> bool {
        self.orders.get(&order) == Some(&Sent::Change)
    }
}

/// What is done without a session: nothing, and the engine is told.
pub(crate) fn drop_without_session(context: &Context, effect: &Effect) {
    if effect.action == Action::Synchronise {
        // The next session begins with it.
        return;
    }
    count(&context.board.counters.effects_dropped);
    context.notice(format!(
        "{}: not sent, there is no connection; it is decided anew once the broker has told what it holds",
        described(&effect.action)
    ));
}

fn described(action: &Action) -> String {
    match action {
        Action::Place(requests) => {
            let orders: Vec<String> = requests
                .iter()
                .map(|request| format!("order {} ({})", request.id, request.contract.label()))
                .collect();
            orders.join(", ")
        }
        Action::Modify(request) => format!("change of order {} ({})", request.id, request.contract.label()),
        Action::Cancel(id) => format!("cancel of order {id}"),
        Action::Synchronise => "synchronisation".to_owned(),
    }
}

/// Whether an order surely did not leave: it was refused before anything was written.
const fn surely_not_sent(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidArgument(_)
            | Error::OrderIdInRequestRange { .. }
            | Error::ServerVersion(..)
            | Error::NotImplemented
    )
}

impl Desk<'_> {
    /// Carries out an effect, once.
    pub(super) async fn perform(&mut self, effect: Effect) -> Flow {
        if !self.memory.is_new(effect.id) {
            count(&self.context.board.counters.effects_dropped);
            tracing::warn!(?effect, "an effect came twice and is carried out once");
            return Flow::Continue;
        }
        if effect.expires.is_some_and(|expires| expires < self.now()) {
            count(&self.context.board.counters.effects_dropped);
            self.context.notice(format!("{}: too old, not sent", described(&effect.action)));
            return Flow::Continue;
        }
        match effect.action {
            Action::Place(requests) => self.place(&requests).await,
            Action::Modify(request) => self.change(&request).await,
            Action::Cancel(id) => self.cancel(id).await,
            Action::Synchronise => return Flow::Synchronise,
        }
        Flow::Continue
    }

    /// What was handed over before we were told to stop is still carried out: it may be the cancels.
    pub(super) async fn last_effects(&mut self) -> Flow {
        while let Ok(effect) = self.ends.effects.try_recv() {
            self.queue.push(effect);
        }
        loop {
            let memory = &*self.memory;
            let Some(effect) = self.queue.pop(|id| memory.knows(id)) else { break };
            self.perform(effect).await;
        }
        Flow::End(End::Stopped)
    }

    /// Sends orders as one: the broker holds all but the last until the last arrives.
    async fn place(&mut self, requests: &[OrderRequest]) {
        if let Some(known) = requests.iter().find(|request| self.memory.knows(request.id)) {
            count(&self.context.board.counters.effects_dropped);
            let id = known.id;
            self.context.notice(format!("order {id} was sent before: it is not sent again"));
            return;
        }
        for (place, request) in requests.iter().enumerate() {
            self.memory.sent(request.id, Sent::Order);
            self.twins.sent(request.id, request.reference);
            if let Some(sent) = &mut self.sent_meanwhile {
                sent.insert(request.id.0, *request);
            }
            self.context.pin(&request.contract);
            if let Err(error) = self.submit(request, place + 1 == requests.len()).await {
                self.not_sent(&requests[place..], &error);
                return;
            }
        }
    }

    /// Tells the engine of orders of which the first could not be sent and the rest was not tried.
    fn not_sent(&mut self, requests: &[OrderRequest], error: &Error) {
        let [first, rest @ ..] = requests else { return };
        let reason = words::shortened(&error.to_string());
        if surely_not_sent(error) {
            self.reject(first.id, &reason);
        } else {
            self.context.notice(format!(
                "order {} may or may not have reached the broker ({reason}): its picture will tell",
                first.id
            ));
        }
        for request in rest {
            // Held back by the broker for want of the last order of the group, or never sent.
            self.reject(request.id, "another order of its group could not be sent");
        }
    }

    fn reject(&mut self, id: OrderId, reason: &str) {
        if let Some(sent) = &mut self.sent_meanwhile {
            sent.remove(&id.0);
        }
        self.context.broker(BrokerEvent::Rejected { id, code: OWN_NOTICE, reason: reason.to_owned() });
    }

    async fn change(&mut self, request: &OrderRequest) {
        self.twins.sent(request.id, request.reference);
        self.memory.sent(request.id, Sent::Change);
        if let Err(error) = self.submit(request, true).await {
            let reason = words::shortened(&error.to_string());
            self.context.notice(format!("the change of order {} was not sent: {reason}", request.id));
        }
    }

    async fn submit(&self, request: &OrderRequest, transmit: bool) -> Result<(), Error> {
        let known = self.context.registry.find(&request.contract);
        let underlying = known.as_ref().map(|instrument| instrument.underlying);
        let con_id = known.as_ref().and_then(|instrument| instrument.con_id);
        let contract = translate::contract::to_broker(&request.contract, underlying, con_id);
        let order = translate::order::to_broker(request, &self.account, transmit);
        if request.id.0 <= 0 {
            return Err(Error::InvalidArgument(format!("order number {}: numbers begin at 1", request.id)));
        }
        count(&self.context.board.counters.orders_sent);
        tracing::info!(order = %request.id, contract = %request.contract, kind = ?request.kind, "sent");
        timeout(
            self.context.config.request_deadline,
            self.client.submit_order(request.id.0, &contract, &order),
        )
        .await
        .unwrap_or(Err(Error::Timeout))
    }

    /// Cancels an order, under each number it works at.
    async fn cancel(&mut self, id: OrderId) {
        for number in self.twins.cancel(id) {
            self.send_cancel(OrderId(number)).await;
        }
    }

    pub(super) async fn send_cancel(&mut self, id: OrderId) {
        count(&self.context.board.counters.cancels_sent);
        tracing::info!(order = %id, "cancel sent");
        let deadline = self.context.config.request_deadline;
        // Its own stream of answers is not needed: all of them come over the one stream of our orders.
        let answer =
            timeout(deadline, self.client.cancel_order(id.0, "")).await.unwrap_or(Err(Error::Timeout));
        if let Err(error) = answer {
            let reason = words::shortened(&error.to_string());
            self.context.notice(format!("the cancel of order {id} was not sent: {reason}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::Seq;

    #[test]
    fn an_effect_is_new_once_and_the_memory_is_bounded() {
        let mut memory = Memory::default();
        let id = |seq| EffectId { seq: Seq(seq), index: 0 };
        assert!(memory.is_new(id(1)));
        assert!(!memory.is_new(id(1)));
        for seq in 2..70_000 {
            assert!(memory.is_new(id(seq)));
        }
        assert_eq!(memory.effects.len(), Memory::MOST);
        assert!(!memory.is_new(id(69_999)));
    }

    #[test]
    fn only_a_change_of_an_accepted_order_is_a_change() {
        let mut memory = Memory::default();
        memory.sent(OrderId(7), Sent::Order);
        assert!(memory.knows(OrderId(7)) && !memory.is_changing(7));
        memory.accepted(OrderId(7));
        memory.sent(OrderId(7), Sent::Change);
        assert!(memory.is_changing(7));
        memory.accepted(OrderId(7));
        assert!(!memory.is_changing(7));
        memory.accepted(OrderId(8));
        assert!(!memory.knows(OrderId(8)));
    }
}
