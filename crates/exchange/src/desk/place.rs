//! Placing, changing, cancelling.

use std::collections::BTreeSet;

use alphatrader_market::matching::{Group, GroupRule, NewOrder, TriggerBy};
use alphatrader_model::{Contract, Quantity};

use super::margin::Margins;
use super::{Desk, Happening, key_of, margin};
use crate::broker::book::BookTrade;
use crate::broker::order::{BrokerOrder, Leg, OcaKind, Placement, Status, Ticket};
use crate::broker::ticket::{Refused, check_ticks, invalid, read_combination, read_ticket};
use crate::wire::message::contract::Contract as WireContract;
use crate::wire::message::order::PlaceOrderRequest;
use crate::wire::message::order_terms::Order as Terms;
use crate::wire::notice;

/// What an order would do to the account, for a client that only asks.
#[derive(Debug, Clone, PartialEq)]
pub struct WhatIf {
    /// The contract as clients are told.
    pub told: WireContract,
    /// What was asked.
    pub terms: Terms,
    /// The account now.
    pub before: Margins,
    /// The account if the order were filled.
    pub after: Margins,
    /// What it would cost.
    pub commission: alphatrader_model::Money,
}

/// What an order is for: one contract, or the legs of a combination.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    /// The contract; of a combination that of its first leg.
    pub contract: Contract,
    /// As clients are told.
    pub told: WireContract,
    /// Legs of a combination.
    pub legs: Vec<Leg>,
}

impl Desk {
    /// A client places an order or changes one. What follows comes as happenings; an order that is
    /// only asked about is answered at once.
    ///
    /// # Errors
    /// [`Refused`]: to be said about the order id; nothing was placed or changed.
    pub fn place(&mut self, client_id: i32, request: &PlaceOrderRequest) -> Result<Option<WhatIf>, Refused> {
        let order_id =
            request.order_id.filter(|id| *id > 0).ok_or_else(|| invalid("the order id is not positive"))?;
        let terms = request.order.clone().unwrap_or_default();
        let subject = self.subject(&request.contract.clone().unwrap_or_default())?;
        if terms.account.as_ref().is_some_and(|a| !a.is_empty() && *a != self.state.account) {
            return Err(invalid("Invalid account code"));
        }
        let ticket = self.read(&terms, &subject)?;
        if terms.what_if == Some(true) {
            return self.what_if(subject, terms, &ticket).map(Some);
        }
        match self.state.order_of(client_id, order_id).cloned() {
            Some(order) => self.change(order, &subject, terms, ticket)?,
            None => self.accept(client_id, order_id, subject, terms, ticket)?,
        }
        Ok(None)
    }

    fn subject(&self, asked: &WireContract) -> Result<Subject, Refused> {
        if asked.sec_type.as_deref() == Some("BAG") {
            return self.combination(asked);
        }
        let listing = self.feed.catalogue.find_one(asked);
        let listing = listing.map_err(|e| Refused::new(notice::NO_SECURITY_DEFINITION, e.text()))?;
        let told = listing.told(exchange_of(asked));
        Ok(Subject { contract: listing.instrument.contract, told, legs: Vec::new() })
    }

    /// Reads the terms and checks them against what the order is for.
    fn read(&self, terms: &Terms, subject: &Subject) -> Result<Ticket, Refused> {
        if !subject.legs.is_empty() {
            let ticket = read_combination(terms)?;
            if ticket.parent.is_some() || ticket.plan.is_some() {
                return Err(Refused::rejected("a combination attaches to no order and takes no algorithm"));
            }
            let on_grid =
                |price: alphatrader_model::Price| price.raw() % alphatrader_model::Price::CENT.raw() == 0;
            if !ticket.kind.limit().is_none_or(on_grid) {
                let text = "The price does not conform to the minimum price variation for this contract.";
                return Err(Refused::new(notice::PRICE_OFF_TICK, text));
            }
            return Ok(ticket);
        }
        let ticket = read_ticket(terms)?;
        let listing = self.feed.catalogue.by_contract(&subject.contract).expect("it was found just now");
        check_ticks(ticket.kind, &ticket.handling, &listing.instrument)?;
        if ticket.handling.hidden && subject.contract.option().is_some() {
            let text = "Hidden order attribute may not be specified for this order.";
            return Err(Refused::new(notice::HIDDEN_NOT_ALLOWED, text));
        }
        let unknown = ticket.conditions.as_ref().and_then(|conditions| {
            conditions.iter().filter_map(crate::broker::ticket::condition::Condition::con_id).find(|con_id| {
                let asked = WireContract { con_id: Some(*con_id), ..WireContract::default() };
                self.feed.catalogue.find_one(&asked).is_err()
            })
        });
        match unknown {
            Some(con_id) => {
                Err(invalid(&format!("a condition watches contract {con_id}, which is not known")))
            }
            None => Ok(ticket),
        }
    }

    /// A client cancels an order.
    ///
    /// # Errors
    /// [`Refused`]: to be said about the order id.
    pub fn cancel(&mut self, client_id: i32, order_id: i32) -> Result<(), Refused> {
        let Some(order) = self.state.order_of(client_id, order_id).cloned() else {
            let text = format!("OrderId {order_id} that needs to be cancelled is not found.");
            return Err(Refused::new(notice::ORDER_NOT_FOUND, text));
        };
        if order.status.is_final() {
            return Err(not_cancellable(&order));
        }
        let siblings = self.paired_exits(&order);
        self.withdraw(order)?;
        siblings.into_iter().try_for_each(|sibling| self.withdraw(sibling))
    }

    /// The other exits of a bracket whose entry is over: the broker pairs them by itself, and takes
    /// them along when a client cancels one. Exits whose group the client named stand on their own.
    fn paired_exits(&self, exit: &BrokerOrder) -> Vec<BrokerOrder> {
        let entry = exit.ticket.parent.and_then(|parent| self.state.order_of(exit.client_id, parent));
        let pairs = |entry: &&BrokerOrder| {
            entry.status.is_final() && entry.ticket.side != exit.ticket.side && exit.ticket.oca.is_none()
        };
        let Some(entry) = entry.filter(pairs) else { return Vec::new() };
        let sibling = |o: &&BrokerOrder| {
            o.perm_id != exit.perm_id
                && o.client_id == exit.client_id
                && o.ticket.parent == Some(entry.order_id)
                && o.ticket.side == exit.ticket.side
                && o.ticket.oca.is_none()
                && !matches!(o.status, Status::PendingCancel | Status::PendingSubmit)
                && !o.status.is_final()
        };
        self.state.orders.values().filter(sibling).cloned().collect()
    }

    /// Cancels every order of the account.
    pub fn cancel_all(&mut self) {
        let working: Vec<_> = self.state.orders.values().filter(|o| !o.status.is_final()).cloned().collect();
        for order in working {
            // A parent's end takes its children along, so that some may have ended meanwhile.
            let (client_id, order_id) = (order.client_id, order.order_id);
            if self.state.orders.get(&order.perm_id).is_some_and(|o| !o.status.is_final())
                && let Err(refused) = self.withdraw(order)
            {
                self.notice(client_id, order_id, refused);
            }
        }
    }

    pub(super) fn withdraw(&mut self, mut order: BrokerOrder) -> Result<(), Refused> {
        order.updated = self.now;
        if order.status == Status::PendingSubmit {
            self.end_order(order, Status::ApiCancelled, "");
            return Ok(());
        }
        if self.is_aside(order.perm_id) {
            self.end_order(order, Status::Cancelled, "");
            return Ok(());
        }
        let sent = self.exchange.cancel(self.now + self.config.order_latency, key_of(order.perm_id));
        sent.map_err(|full| Refused::new(notice::CANNOT_CANCEL, full.to_string()))?;
        order.status = Status::PendingCancel;
        self.keep(order);
        Ok(())
    }

    /// Ends an order that is not at the exchange, and its children with it.
    pub(super) fn end_order(&mut self, mut order: BrokerOrder, status: Status, reason: &str) {
        let (client_id, order_id) = (order.client_id, order.order_id);
        self.forget(order.perm_id);
        order.status = status;
        order.updated = self.now;
        let by_client = reason.is_empty() && status != Status::Inactive;
        order.ending = if by_client { "Cancelled by Trader".to_owned() } else { reason.to_owned() };
        self.keep(order);
        if matches!(status, Status::Cancelled | Status::ApiCancelled) {
            self.notice(client_id, order_id, cancelled(reason));
        }
        let here = |o: &&BrokerOrder| o.status == Status::PendingSubmit || self.is_aside(o.perm_id);
        let child = |o: &&BrokerOrder| o.client_id == client_id && o.ticket.parent == Some(order_id);
        let children: Vec<_> = self.state.orders.values().filter(child).filter(here).cloned().collect();
        for child in children {
            let held = child.status == Status::PendingSubmit;
            self.end_order(child, if held { Status::ApiCancelled } else { Status::Cancelled }, "");
        }
    }

    fn accept(
        &mut self,
        client_id: i32,
        order_id: i32,
        subject: Subject,
        mut terms: Terms,
        ticket: Ticket,
    ) -> Result<(), Refused> {
        if order_id < self.state.next_order_id(client_id) {
            return Err(Refused::new(notice::DUPLICATE_ORDER_ID, "Duplicate order id"));
        }
        if !self.knows_client(client_id) {
            return Err(Refused::rejected("too many client ids have placed orders in this account"));
        }
        self.check_counts(&subject, &ticket)?;
        if ticket.handling.good_till.is_some_and(|till| till <= self.now) {
            return Err(Refused::rejected("the good till date has passed"));
        }
        if let Some(parent) = ticket.parent {
            match self.state.order_of(client_id, parent) {
                None => return Err(Refused::new(notice::MISSING_PARENT, "Missing parent order")),
                Some(parent) if parent.is_combination() => {
                    return Err(Refused::rejected("orders can't be attached to a combination"));
                }
                Some(_) => {}
            }
        }
        let perm_id = self.state.last_perm_id + 1;
        terms.client_id = Some(client_id);
        terms.order_id = Some(order_id);
        terms.perm_id = Some(perm_id);
        terms.account = Some(self.state.account.clone());
        let transmit = ticket.transmit;
        let ignored = terms.outside_rth == Some(true) && !may_leave_session(&subject, &ticket);
        let placement = Placement {
            perm_id,
            client_id,
            order_id,
            contract: subject.contract,
            told: subject.told,
            terms,
            ticket,
            legs: subject.legs,
            liquidation: false,
        };
        self.keep(placement.begin(self.now));
        if ignored {
            let text = "Order Event Warning:Attribute 'Outside Regular Trading Hours' is ignored based on the order type and destination.";
            self.notice(client_id, order_id, Refused::new(notice::OUTSIDE_HOURS_IGNORED, text));
        }
        if transmit {
            self.transmit(perm_id);
        }
        Ok(())
    }

    /// Bounds on how many orders work at once: in the account, and of one contract and side.
    fn check_counts(&self, subject: &Subject, ticket: &Ticket) -> Result<(), Refused> {
        let working = || self.state.orders.values().filter(|o| !o.status.is_final());
        if working().count() >= self.config.max_working_orders {
            return Err(Refused::rejected("too many working orders in this account"));
        }
        let alike = |o: &&BrokerOrder| {
            o.contract == subject.contract && o.legs == subject.legs && o.ticket.side == ticket.side
        };
        let count = working().filter(alike).count();
        if count >= self.config.max_orders_a_side {
            let most = self.config.max_orders_a_side;
            let reason = format!(
                "The maximum number of working orders on the same contract and side ({most}) is reached"
            );
            return Err(Refused::rejected(&reason));
        }
        Ok(())
    }

    /// Lets an order leave for the exchange, with the parent and the held siblings it completes.
    pub(super) fn transmit(&mut self, perm_id: i64) {
        let order = &self.state.orders[&perm_id];
        let (client_id, parent) = (order.client_id, order.ticket.parent);
        let mut family = BTreeSet::from([perm_id]);
        if let Some(parent) = parent {
            let member = |o: &&BrokerOrder| {
                o.client_id == client_id
                    && o.status == Status::PendingSubmit
                    && (o.order_id == parent || o.ticket.parent == Some(parent))
            };
            family.extend(self.state.orders.values().filter(member).map(|o| o.perm_id));
        }
        for perm_id in family {
            let order = self.state.orders[&perm_id].clone();
            // The refusal of a parent ended its children.
            if order.status != Status::PendingSubmit {
                continue;
            }
            let refused = self.faults.take_rejection().map_or_else(|| self.check_funds(&order), Err);
            match refused {
                Ok(()) => self.dispatch(order),
                Err(refused) => {
                    let (client_id, order_id) = (order.client_id, order.order_id);
                    let reason = refused.text.clone();
                    self.notice(client_id, order_id, refused);
                    self.end_order(order, Status::Inactive, &reason);
                }
            }
        }
    }

    /// A child closes what its parent opens, and is not asked for funds of its own.
    fn check_funds(&self, order: &BrokerOrder) -> Result<(), Refused> {
        if order.ticket.parent.is_some() {
            return Ok(());
        }
        let trades = self.hypothetical(&order.contract, &order.legs, &order.ticket)?;
        let (before, after) = margin::with_trades(&self.state, &self.feed, &trades)
            .ok_or_else(|| Refused::rejected("the order's value exceeds what an account can hold"))?;
        if after.available() < alphatrader_model::Money::ZERO && after.available() < before.available() {
            return Err(Refused::rejected(&format!(
                "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE [{:.2} USD] MUST EXCEED THE INITIAL MARGIN [{:.2} USD]",
                after.equity_with_loan.to_f64(),
                after.initial.to_f64()
            )));
        }
        Ok(())
    }

    /// The order as if it were filled whole at likely prices: one trade, or one of each leg.
    fn hypothetical(
        &self,
        contract: &Contract,
        legs: &[Leg],
        ticket: &Ticket,
    ) -> Result<Vec<BookTrade>, Refused> {
        let limit = ticket.own_price().filter(|_| legs.is_empty());
        let whole = [Leg { contract: *contract, ratio: 1, side: alphatrader_model::Side::Buy }];
        let legs = if legs.is_empty() { &whole } else { legs };
        let one = |leg: &Leg| {
            let listing = self.feed.catalogue.by_contract(&leg.contract);
            let listing = listing.ok_or_else(|| Refused::rejected("the contract is no longer listed"))?;
            let side = leg.side_in(ticket.side);
            let price = limit.or_else(|| margin::far_price(side, self.feed.ticker(listing.instrument.id)));
            let price = price.ok_or_else(|| Refused::rejected("the contract has no price yet"))?;
            let quantity = Quantity::new(ticket.quantity.get().saturating_mul(leg.ratio));
            Ok(BookTrade {
                contract: leg.contract,
                side,
                quantity,
                price,
                multiplier: listing.instrument.multiplier,
                commission: self.commission(&listing.instrument, (Quantity::ZERO, 0), quantity, price),
            })
        };
        legs.iter().map(one).collect()
    }

    fn what_if(&self, subject: Subject, mut terms: Terms, ticket: &Ticket) -> Result<WhatIf, Refused> {
        let trades = self.hypothetical(&subject.contract, &subject.legs, ticket)?;
        let (before, after) = margin::with_trades(&self.state, &self.feed, &trades)
            .ok_or_else(|| Refused::rejected("the order's value exceeds what an account can hold"))?;
        terms.account = Some(self.state.account.clone());
        let commission = trades.iter().map(|trade| trade.commission.micros()).fold(0, i64::saturating_add);
        let commission = alphatrader_model::Money::from_micros(commission);
        Ok(WhatIf { told: subject.told, terms, before, after, commission })
    }

    /// Hands an order to the matching engine.
    pub(super) fn submit(&mut self, mut order: BrokerOrder) {
        let Some(new) = self.new_order(&order) else {
            self.end_order(order, Status::Inactive, "the contract is no longer listed");
            return;
        };
        let new = self.begin_plan(&order, new);
        if let Err(full) = self.exchange.submit(self.now + self.config.order_latency, new) {
            let refused = Refused::rejected(&full.to_string());
            self.notice(order.client_id, order.order_id, refused);
            self.end_order(order, Status::Inactive, &full.to_string());
            return;
        }
        order.status = Status::PreSubmitted;
        order.updated = self.now;
        self.keep(order);
    }

    /// The order in the matching engine's words; nothing when its contract is not listed.
    pub(super) fn new_order(&self, order: &BrokerOrder) -> Option<NewOrder> {
        let ticket = &order.ticket;
        let instrument = self.instrument_id(&order.contract)?;
        let mut new =
            NewOrder::new(key_of(order.perm_id), instrument, ticket.side, ticket.quantity, ticket.kind);
        new.time_in_force = ticket.time_in_force;
        new.handling = ticket.handling;
        let subject = Subject { contract: order.contract, told: WireContract::default(), legs: Vec::new() };
        new.outside_session = order.terms.outside_rth == Some(true) && may_leave_session(&subject, ticket);
        // What its trigger watches; 0 and the methods of the bid or ask are served by the quote.
        new.trigger_by = match order.terms.trigger_method {
            Some(2 | 3) => TriggerBy::Trade,
            Some(7) => TriggerBy::Either,
            Some(8) => TriggerBy::Middle,
            _ => TriggerBy::Quote,
        };
        let parent = ticket.parent.and_then(|parent| self.state.order_of(order.client_id, parent));
        new.parent = parent.map(|parent| key_of(parent.perm_id));
        // The exits of a bracket are one group, also when their entry fills before they arrive.
        let exit_of = parent.filter(|p| p.contract == order.contract && p.ticket.side != ticket.side);
        if let Some(entry) = exit_of {
            new.group = Some(Group::Named(group_number(&format!("bracket {}", entry.perm_id))));
        }
        if let Some((group, kind)) = &ticket.oca {
            new.group = Some(Group::Named(group_number(group)));
            new.group_rule = match kind {
                OcaKind::Cancel => GroupRule::Cancel,
                OcaKind::Reduce => GroupRule::Reduce,
            };
        }
        Some(new)
    }

    pub(super) fn tell_warning(&mut self, order: &BrokerOrder, text: String) {
        let (client_id, order_id) = (order.client_id, order.order_id);
        self.happenings.push(Happening::Notice { client_id, order_id, code: notice::ORDER_MESSAGE, text });
    }
}

/// Whether an order may trade outside the session: stocks with a limit, not in a cross.
fn may_leave_session(subject: &Subject, ticket: &Ticket) -> bool {
    matches!(subject.contract, Contract::Stock(_))
        && subject.legs.is_empty()
        && ticket.kind.limit().is_some()
        && ticket.handling.auction.is_none()
}

/// Groups are named by text at the broker and by number at the matching engine: the same name gives
/// the same number in every run.
pub(super) fn group_number(name: &str) -> u64 {
    let hash = blake3::hash(name.as_bytes());
    u64::from_le_bytes(*hash.as_bytes().first_chunk().expect("a hash has 32 bytes"))
}

pub(super) fn exchange_of(asked: &WireContract) -> &str {
    asked.exchange.as_deref().filter(|exchange| !exchange.is_empty()).unwrap_or("SMART")
}

pub(super) fn not_cancellable(order: &BrokerOrder) -> Refused {
    let text = format!(
        "OrderId {} that needs to be cancelled cannot be cancelled, state: {}.",
        order.order_id,
        order.status.word()
    );
    Refused::new(notice::ORDER_NOT_CANCELLABLE, text)
}

pub(super) fn cancelled(reason: &str) -> Refused {
    Refused::new(notice::ORDER_CANCELLED, format!("Order Canceled - reason:{reason}"))
}
