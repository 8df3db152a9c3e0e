//! Placing, changing, cancelling.

use std::collections::BTreeSet;

use alphatrader_market::matching::{Change, Group, GroupRule, NewOrder, TriggerBy};
use alphatrader_model::{Contract, Quantity};

use super::margin::Margins;
use super::{Desk, Happening, Pending, key_of, margin};
use crate::broker::order::{BrokerOrder, OcaKind, Status, Ticket};
use crate::broker::ticket::{Refused, check_ticks, read_ticket};
use crate::feed::catalogue::Listing;
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
        let asked = request.contract.clone().unwrap_or_default();
        let listing = self.feed.catalogue.find_one(&asked);
        let listing = listing.map_err(|e| Refused::new(notice::NO_SECURITY_DEFINITION, e.text()))?.clone();
        if terms.account.as_ref().is_some_and(|a| !a.is_empty() && *a != self.state.account) {
            return Err(invalid("Invalid account code"));
        }
        let ticket = read_ticket(&terms)?;
        check_ticks(ticket.kind, &listing.instrument)?;
        if terms.what_if == Some(true) {
            return self.what_if(&listing, &asked, terms, &ticket).map(Some);
        }
        match self.state.order_of(client_id, order_id).cloned() {
            Some(order) => self.change(order, &listing, terms, ticket)?,
            None => self.accept(client_id, order_id, &listing, &asked, terms, ticket)?,
        }
        Ok(None)
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
        self.withdraw(order)
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

    fn withdraw(&mut self, mut order: BrokerOrder) -> Result<(), Refused> {
        order.updated = self.now;
        if order.status == Status::PendingSubmit {
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
        order.status = status;
        order.updated = self.now;
        reason.clone_into(&mut order.ending);
        self.keep(order);
        if status == Status::Cancelled {
            self.notice(client_id, order_id, cancelled(reason));
        }
        let held = |o: &&BrokerOrder| {
            o.client_id == client_id && o.ticket.parent == Some(order_id) && o.status == Status::PendingSubmit
        };
        let children: Vec<_> = self.state.orders.values().filter(held).cloned().collect();
        for child in children {
            self.end_order(child, Status::Cancelled, "");
        }
    }

    fn accept(
        &mut self,
        client_id: i32,
        order_id: i32,
        listing: &Listing,
        asked: &WireContract,
        mut terms: Terms,
        ticket: Ticket,
    ) -> Result<(), Refused> {
        if order_id < self.state.next_order_id(client_id) {
            return Err(Refused::new(notice::DUPLICATE_ORDER_ID, "Duplicate order id"));
        }
        if !self.knows_client(client_id) {
            return Err(Refused::rejected("too many client ids have placed orders in this account"));
        }
        if self.state.orders.values().filter(|o| !o.status.is_final()).count()
            >= self.config.max_working_orders
        {
            return Err(Refused::rejected("too many working orders in this account"));
        }
        if ticket.parent.is_some_and(|parent| self.state.order_of(client_id, parent).is_none()) {
            return Err(Refused::new(notice::MISSING_PARENT, "Missing parent order"));
        }
        let perm_id = self.state.last_perm_id + 1;
        terms.client_id = Some(client_id);
        terms.order_id = Some(order_id);
        terms.perm_id = Some(perm_id);
        terms.account = Some(self.state.account.clone());
        let transmit = ticket.transmit;
        let outside = terms.outside_rth == Some(true);
        self.keep(BrokerOrder {
            perm_id,
            client_id,
            order_id,
            contract: listing.instrument.contract,
            told: listing.told(exchange_of(asked)),
            terms,
            ticket,
            status: Status::PendingSubmit,
            triggered: false,
            filled: Quantity::ZERO,
            filled_value: 0,
            last_price: None,
            created: self.now,
            updated: self.now,
            ending: String::new(),
            live: None,
        });
        if outside {
            let text = "Order Event Warning:Attribute 'Outside Regular Trading Hours' is ignored based on the order type and destination.";
            self.notice(client_id, order_id, Refused::new(notice::OUTSIDE_HOURS_IGNORED, text));
        }
        if transmit {
            self.transmit(perm_id);
        }
        Ok(())
    }

    fn change(
        &mut self,
        mut order: BrokerOrder,
        listing: &Listing,
        mut terms: Terms,
        ticket: Ticket,
    ) -> Result<(), Refused> {
        if order.status == Status::Filled {
            return Err(Refused::new(notice::CANNOT_MODIFY_FILLED, "Cannot modify a filled order."));
        }
        if order.status.is_final() {
            return Err(Refused::new(notice::DUPLICATE_ORDER_ID, "Duplicate order id"));
        }
        let same_kind = std::mem::discriminant(&order.ticket.kind) == std::mem::discriminant(&ticket.kind);
        if order.contract != listing.instrument.contract || order.ticket.side != ticket.side || !same_kind {
            let text = "Order being modified does not match original order";
            return Err(Refused::new(notice::MODIFICATION_MISMATCH, text));
        }
        if ticket.quantity <= order.filled {
            return Err(Refused::new(notice::CANNOT_MODIFY_FILLED, "Cannot modify a filled order."));
        }
        terms.client_id = Some(order.client_id);
        terms.order_id = Some(order.order_id);
        terms.perm_id = Some(order.perm_id);
        terms.account = Some(self.state.account.clone());
        let perm_id = order.perm_id;
        if order.status == Status::PendingSubmit {
            let transmit = ticket.transmit;
            (order.terms, order.ticket, order.updated) = (terms, ticket, self.now);
            self.keep(order);
            if transmit {
                self.transmit(perm_id);
            }
            return Ok(());
        }
        let change = Change::new(key_of(perm_id), ticket.quantity, ticket.kind);
        let sent = self.exchange.change(self.now + self.config.order_latency, change);
        sent.map_err(|full| Refused::rejected(&full.to_string()))?;
        self.pending.insert(perm_id, Pending { terms, ticket });
        Ok(())
    }

    /// Lets an order leave for the exchange, with the parent and the held siblings it completes.
    fn transmit(&mut self, perm_id: i64) {
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
            match self.check_funds(&order) {
                Ok(()) => self.submit(order),
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
        let trade = self.hypothetical(&order.contract, &order.ticket)?;
        let (before, after) = margin::with_trade(&self.state, &self.feed, &trade)
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

    /// The order as if it were filled whole at a likely price.
    fn hypothetical(
        &self,
        contract: &Contract,
        ticket: &Ticket,
    ) -> Result<crate::broker::book::BookTrade, Refused> {
        let listing = self.feed.catalogue.by_contract(contract);
        let listing = listing.ok_or_else(|| Refused::rejected("the contract is no longer listed"))?;
        let price = margin::likely_price(ticket, self.feed.ticker(listing.instrument.id));
        let price = price.ok_or_else(|| Refused::rejected("the contract has no price yet"))?;
        Ok(crate::broker::book::BookTrade {
            contract: *contract,
            side: ticket.side,
            quantity: ticket.quantity,
            price,
            multiplier: listing.instrument.multiplier,
            commission: self.commission(&listing.instrument, (Quantity::ZERO, 0), ticket.quantity, price),
        })
    }

    fn what_if(
        &self,
        listing: &Listing,
        asked: &WireContract,
        mut terms: Terms,
        ticket: &Ticket,
    ) -> Result<WhatIf, Refused> {
        let trade = self.hypothetical(&listing.instrument.contract, ticket)?;
        let (before, after) = margin::with_trade(&self.state, &self.feed, &trade)
            .ok_or_else(|| Refused::rejected("the order's value exceeds what an account can hold"))?;
        terms.account = Some(self.state.account.clone());
        Ok(WhatIf {
            told: listing.told(exchange_of(asked)),
            terms,
            before,
            after,
            commission: trade.commission,
        })
    }

    /// Hands an order to the matching engine.
    fn submit(&mut self, mut order: BrokerOrder) {
        let Some(new) = self.new_order(&order) else {
            self.end_order(order, Status::Inactive, "the contract is no longer listed");
            return;
        };
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
        // What its trigger watches: 2 asks for prints, everything else is served by the quote.
        if order.terms.trigger_method == Some(2) {
            new.trigger_by = TriggerBy::Trade;
        }
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

/// Groups are named by text at the broker and by number at the matching engine: the same name gives
/// the same number in every run.
fn group_number(name: &str) -> u64 {
    let hash = blake3::hash(name.as_bytes());
    u64::from_le_bytes(*hash.as_bytes().first_chunk().expect("a hash has 32 bytes"))
}

fn exchange_of(asked: &WireContract) -> &str {
    asked.exchange.as_deref().filter(|exchange| !exchange.is_empty()).unwrap_or("SMART")
}

fn invalid(reason: &str) -> Refused {
    Refused::new(notice::INVALID_REQUEST, format!("Error validating request:-'{reason}'"))
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
