//! The session with the broker, as the live edge keeps it: breaks, lost, doubled and reordered words,
//! orders that are refused or vanish.
//!
//! What the edge promises the core holds here too: words come in the order in which the broker said
//! them (but for the faults), a session begins with the broker's picture, an order that left while the
//! picture was taken is part of it, an effect is carried out once, and what is to leave without a
//! session is dropped.

use std::collections::BTreeMap;

use alphatrader_market::broker::SimulatedBroker;
use alphatrader_market::random::Random;
use alphatrader_model::broker::{BrokerOrderState, OpenOrder};
use alphatrader_model::{
    Action, BrokerEvent, Effect, Input, OrderId, OrderRequest, Payload, Span, Timestamp,
};

use super::faults::Faults;

/// Something on its way, and when it arrives.
#[derive(Debug, Clone)]
pub(super) enum Parcel {
    /// An action, at the broker.
    Action { session: u32, action: Action },
    /// A word of the broker, at the edge.
    Word { session: u32, word: BrokerEvent },
}

/// A parcel with its time.
pub(super) type Dispatched = (Timestamp, Parcel);

/// What a delivered word makes the edge tell the core.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) words: Vec<BrokerEvent>,
    pub(super) sent: Vec<Dispatched>,
}

#[derive(Debug)]
pub(super) struct Wire {
    random: Random,
    /// Counts sessions; parcels of an earlier one are lost.
    session: u32,
    /// Whether the session stands.
    up: bool,
    /// Whether the edge believes so.
    believed: bool,
    /// Of the session that broke: whether what was on its way to the broker is lost from here on.
    outbound_lost: bool,
    last_out: Timestamp,
    last_in: Timestamp,
    /// Orders sent since the picture was asked for and not heard of.
    picture: Option<BTreeMap<OrderId, OrderRequest>>,
    picture_again: bool,
    /// Between the broker's own words of a picture nothing is garbled.
    inside_picture: bool,
    words_to_lose: u32,
    /// Words that come later than they should, and when.
    held: Vec<(Timestamp, BrokerEvent)>,
    pub(super) garbled: u64,
    pub(super) refused: u64,
    pub(super) breaks: u64,
}

impl Wire {
    pub(super) fn new(random: Random) -> Self {
        Self {
            random,
            session: 0,
            up: false,
            believed: false,
            outbound_lost: false,
            last_out: Timestamp::from_nanos(i64::MIN),
            last_in: Timestamp::from_nanos(i64::MIN),
            picture: None,
            picture_again: false,
            inside_picture: false,
            words_to_lose: 0,
            held: Vec::new(),
            garbled: 0,
            refused: 0,
            breaks: 0,
        }
    }

    pub(super) const fn is_up(&self) -> bool {
        self.up
    }

    fn latency(&mut self, faults: &Faults) -> Span {
        Span::from_nanos(1 + self.random.below(faults.latency.nanos().unsigned_abs()) as i64)
    }

    fn outward(&mut self, now: Timestamp, faults: &Faults, action: Action) -> Dispatched {
        self.last_out = self.last_out.max(now + self.latency(faults));
        (self.last_out, Parcel::Action { session: self.session, action })
    }

    fn inward(&mut self, now: Timestamp, faults: &Faults, word: BrokerEvent) -> Dispatched {
        self.last_in = self.last_in.max(now + self.latency(faults));
        (self.last_in, Parcel::Word { session: self.session, word })
    }

    /// A session begins: the core is told, and the broker is asked for its picture.
    pub(super) fn connect(&mut self, now: Timestamp, faults: &Faults, next_order_id: OrderId) -> Told {
        self.session += 1;
        (self.up, self.believed, self.outbound_lost) = (true, true, false);
        (self.picture, self.picture_again, self.inside_picture) = (None, false, false);
        self.words_to_lose = 0;
        self.held.clear();
        let connected = BrokerEvent::Connected { account: "DU0000001".into(), next_order_id, paper: true };
        let mut told = Told { words: vec![connected], sent: Vec::new() };
        self.ask(now, faults, &mut told);
        told
    }

    /// The session breaks; the edge does not know it yet.
    pub(super) fn break_off(&mut self) {
        if self.up {
            self.breaks += 1;
        }
        self.up = false;
    }

    /// The edge notices; what the core is told, if anything.
    pub(super) fn notice(&mut self) -> Option<BrokerEvent> {
        if self.up || !self.believed {
            return None;
        }
        self.forget();
        Some(BrokerEvent::Disconnected { reason: "the connection broke".into() })
    }

    /// The process died, and its connection with it.
    pub(super) fn forget(&mut self) {
        (self.up, self.believed) = (false, false);
        self.picture = None;
        self.held.clear();
    }

    fn ask(&mut self, now: Timestamp, faults: &Faults, told: &mut Told) {
        self.picture = Some(BTreeMap::new());
        told.words.push(BrokerEvent::SyncBegin);
        told.sent.push(self.outward(now, faults, Action::Synchronise));
    }

    /// The core wants something done.
    pub(super) fn perform(&mut self, now: Timestamp, faults: &Faults, effect: &Effect) -> Told {
        let mut told = Told::default();
        if !self.believed {
            return told;
        }
        match &effect.action {
            Action::Synchronise if self.picture.is_some() => self.picture_again = true,
            Action::Synchronise => self.ask(now, faults, &mut told),
            Action::Place(orders) => self.place(now, faults, orders, &mut told),
            Action::Modify(order) => {
                if self.random.chance(faults.refuses_change) {
                    self.refused += 1;
                    let text = format!("the change of order {} was refused", order.id);
                    told.words.push(BrokerEvent::Notice { code: 201, text });
                    // The edge has the core see the order as it is.
                    if self.picture.is_some() {
                        self.picture_again = true;
                    } else {
                        self.ask(now, faults, &mut told);
                    }
                } else if !self.vanishes(faults) {
                    told.sent.push(self.outward(now, faults, effect.action.clone()));
                }
            }
            Action::Cancel(_) => {
                if !self.vanishes(faults) {
                    told.sent.push(self.outward(now, faults, effect.action.clone()));
                }
            }
        }
        told
    }

    fn vanishes(&mut self, faults: &Faults) -> bool {
        let lost = self.random.chance(faults.loses_action);
        self.refused += u64::from(lost);
        lost
    }

    fn place(&mut self, now: Timestamp, faults: &Faults, orders: &[OrderRequest], told: &mut Told) {
        if self.vanishes(faults) {
            return;
        }
        if let Some(sent) = &mut self.picture {
            sent.extend(orders.iter().map(|order| (order.id, *order)));
        }
        let mut accepted = Vec::new();
        let mut rejected = Vec::new();
        for order in orders {
            if self.random.chance(faults.refuses_order) {
                self.refused += 1;
                rejected.push(BrokerEvent::Rejected {
                    id: order.id,
                    code: 201,
                    reason: "Order rejected - reason: by the simulation".into(),
                });
            } else {
                accepted.push(*order);
            }
        }
        told.sent.push(self.outward(now, faults, Action::Place(accepted)));
        for word in rejected {
            let parcel = self.inward(now, faults, word);
            told.sent.push(parcel);
        }
    }

    /// Whether an action that arrives still belongs to a session that brings it through. Of one that
    /// broke, what left first may have arrived.
    pub(super) fn arrives(&mut self, session: u32) -> bool {
        if session == self.session && self.up {
            return true;
        }
        self.outbound_lost = self.outbound_lost || session != self.session || self.random.chance(0.5);
        !self.outbound_lost
    }

    /// The broker spoke: its words set out, as the faults have it.
    pub(super) fn hear(&mut self, now: Timestamp, faults: &Faults, said: Vec<Input>) -> Vec<Dispatched> {
        let mut out = Vec::new();
        for input in said {
            let Payload::Broker(word) = input.payload else { continue };
            if !self.up {
                continue;
            }
            match *word {
                BrokerEvent::SyncBegin => {
                    // What was said before the picture is heard before it.
                    self.let_go(now, faults, |_| true, &mut out);
                    self.inside_picture = true;
                    // The edge said so when it asked.
                    continue;
                }
                BrokerEvent::SyncEnd => self.inside_picture = false,
                _ if self.inside_picture => {}
                word => {
                    self.garble(now, faults, word, &mut out);
                    continue;
                }
            }
            out.push(self.inward(now, faults, *word));
        }
        out
    }

    fn let_go(
        &mut self,
        now: Timestamp,
        faults: &Faults,
        due: impl Fn(Timestamp) -> bool,
        out: &mut Vec<Dispatched>,
    ) {
        for (at, word) in std::mem::take(&mut self.held) {
            if due(at) {
                out.push(self.inward(now, faults, word));
            } else {
                self.held.push((at, word));
            }
        }
    }

    fn garble(&mut self, now: Timestamp, faults: &Faults, word: BrokerEvent, out: &mut Vec<Dispatched>) {
        if self.words_to_lose > 0 {
            self.words_to_lose -= 1;
            self.garbled += 1;
            if self.words_to_lose == 0 {
                self.lag(now, faults, out);
            }
            return;
        }
        if self.random.chance(faults.loses_words) {
            self.words_to_lose = 1 + self.random.below(4) as u32;
        }
        if self.random.chance(faults.reorders) {
            self.garbled += 1;
            // Mostly just behind its neighbours, sometimes a second late.
            let most = if self.random.chance(0.2) { 1_500 } else { 60 };
            let at = now + Span::from_millis(self.random.below(most) as i64);
            self.held.push((at, word));
            return;
        }
        let twice = self.random.chance(faults.doubles);
        if twice {
            self.garbled += 1;
            out.push(self.inward(now, faults, word.clone()));
        }
        out.push(self.inward(now, faults, word));
        self.let_go(now, faults, |at| at <= now, out);
    }

    /// The edge notices that its queue ran over, and takes the picture anew.
    fn lag(&mut self, now: Timestamp, faults: &Faults, out: &mut Vec<Dispatched>) {
        self.words_to_lose = 0;
        out.push(self.inward(now, faults, BrokerEvent::Notice { code: 0, text: LAGGED.into() }));
    }

    /// Time passes: what was held back is not held for ever, and nothing is lost unnoticed.
    pub(super) fn breathe(&mut self, now: Timestamp, faults: &Faults) -> Vec<Dispatched> {
        let mut out = Vec::new();
        if self.up {
            self.let_go(now, faults, |at| at <= now, &mut out);
            if self.words_to_lose > 0 && self.random.chance(0.1) {
                self.lag(now, faults, &mut out);
            }
        }
        out
    }

    /// A word reaches the edge.
    pub(super) fn deliver(
        &mut self,
        now: Timestamp,
        faults: &Faults,
        session: u32,
        word: BrokerEvent,
    ) -> Told {
        let mut told = Told::default();
        if session != self.session || !self.up || !self.believed {
            return told;
        }
        if let Some(sent) = &mut self.picture {
            match &word {
                BrokerEvent::OpenOrder(OpenOrder { id, .. }) | BrokerEvent::Rejected { id, .. } => {
                    sent.remove(id);
                }
                BrokerEvent::OrderStatus { id, state, .. } if ends(*state) => {
                    sent.remove(id);
                }
                BrokerEvent::SyncEnd => {
                    told.words.extend(sent.values().map(on_its_way));
                    told.words.push(word);
                    self.picture = None;
                    if std::mem::take(&mut self.picture_again) {
                        self.ask(now, faults, &mut told);
                    }
                    return told;
                }
                _ => {}
            }
        }
        let lagged = matches!(&word, BrokerEvent::Notice { text, .. } if text == LAGGED);
        told.words.push(word);
        if lagged && self.picture.is_none() {
            self.ask(now, faults, &mut told);
        } else if lagged {
            self.picture_again = true;
        }
        told
    }

    /// The number the broker says it would accept next: its own idea, or any.
    pub(super) fn next_order_id(&mut self, broker: &SimulatedBroker) -> OrderId {
        let own = broker.next_order_id();
        match self.random.below(4) {
            0 => OrderId(1),
            1 => OrderId(own.0 + 1 + self.random.below(50) as i32),
            _ => own,
        }
    }
}

const LAGGED: &str = "reports of orders were lost: the broker is asked for everything";

const fn ends(state: BrokerOrderState) -> bool {
    matches!(state, BrokerOrderState::Cancelled | BrokerOrderState::Filled | BrokerOrderState::Inactive)
}

fn on_its_way(order: &OrderRequest) -> BrokerEvent {
    BrokerEvent::OpenOrder(OpenOrder {
        id: order.id,
        perm_id: 0,
        reference: Some(order.reference),
        contract: order.contract,
        side: order.side,
        quantity: order.quantity,
        kind: order.kind,
        state: BrokerOrderState::PendingSubmit,
    })
}
