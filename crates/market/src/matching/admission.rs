//! What arrives at the exchange.

use alphatrader_model::{InstrumentId, OrderKind, Price, Quantity, TimeInForce};
use thiserror::Error;

use super::handling::{Auction, Handling};
use super::order::{Group, LiveOrder, NewOrder, OrderKey, Standing};
use super::report::{CancelReason, Cause, Report, ReportKind};
use super::{Change, Exchange};

/// Something on its way.
#[derive(Debug, Clone, Copy)]
pub(super) enum Arrival {
    Submit(NewOrder),
    Change(Change),
    Cancel(OrderKey),
}

/// Why an order of an earlier life of the exchange was not taken back.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RestoreError {
    /// Its contract is not listed (yet): announce it, then restore.
    #[error("{0} is not listed at this exchange: announce the instrument before its orders")]
    NotListed(String),
    /// An order of this key lives here already.
    #[error("order {0} exists already")]
    Duplicate(u64),
}

/// A refusal: the broker's code and words.
struct Refusal(i32, String);

impl Exchange {
    pub(super) fn arrive(&mut self, arrival: Arrival, out: &mut Vec<Report>) {
        let (key, outcome) = match arrival {
            Arrival::Submit(order) => (order.key, self.admit(&order, out)),
            Arrival::Change(change) => (change.key, self.amend(&change, out)),
            Arrival::Cancel(key) if self.places.contains_key(&key) => {
                self.end(key, CancelReason::Requested, out);
                (key, Ok(()))
            }
            Arrival::Cancel(key) => {
                out.push(Report { time: self.now, key, what: ReportKind::Unknown });
                (key, Ok(()))
            }
        };
        if let Err(Refusal(code, reason)) = outcome {
            let what = match arrival {
                Arrival::Submit(_) => ReportKind::Rejected { code, reason },
                Arrival::Change(_) | Arrival::Cancel(_) => ReportKind::ChangeRefused { code, reason },
            };
            out.push(Report { time: self.now, key, what });
        }
    }

    fn admit(&mut self, new: &NewOrder, out: &mut Vec<Report>) -> Result<(), Refusal> {
        self.check_new(new)?;
        let mut order = self.arrived(new);
        let parent_lives = new.parent.is_some_and(|parent| self.places.contains_key(&parent));
        if parent_lives {
            order.released = Some(Quantity::ZERO);
            order.taken = self.families.spent_before(&order).min(order.quantity);
            order.quantity = order.quantity.saturating_sub(order.taken);
        } else if new.parent.is_some() {
            order.quantity = Quantity::new(self.room_after_parent(&order));
        }
        if order.quantity.is_zero() {
            let reason = "Order rejected - reason: its parent order filled nothing that is left to it";
            return Err(Refusal(201, reason.to_owned()));
        }
        self.insert(&order, new.instrument, parent_lives);
        out.push(Report { time: self.now, key: new.key, what: ReportKind::Accepted });
        if order.quantity < new.quantity {
            let what =
                ReportKind::Replaced { quantity: order.quantity, kind: order.kind, cause: Cause::Parent };
            out.push(Report { time: self.now, key: new.key, what });
        }
        if parent_lives {
            self.share_again(new.parent, out);
        } else {
            self.activate(new.key, out);
            self.families.woken.push_back(new.key);
        }
        Ok(())
    }

    /// An order that passed its checks, as it stands before anything is decided.
    fn arrived(&self, new: &NewOrder) -> LiveOrder {
        LiveOrder {
            key: new.key,
            contract: self.instrument(new.instrument).expect("checked to be listed").contract,
            side: new.side,
            quantity: new.quantity,
            filled: Quantity::ZERO,
            taken: Quantity::ZERO,
            kind: new.kind,
            time_in_force: new.time_in_force,
            parent: new.parent,
            group: new.group.or_else(|| self.implied_group(new)),
            group_rule: new.group_rule,
            trigger_by: new.trigger_by,
            outside_session: new.outside_session,
            standing: Standing::Waiting,
            triggered: false,
            released: None,
            arrived: self.now,
            resting: false,
            queue_ahead: None,
            handling: new.handling,
            seen: None,
            printed: Quantity::ZERO,
        }
    }

    fn insert(&mut self, order: &LiveOrder, id: InstrumentId, parent_lives: bool) {
        self.families.join(order, parent_lives);
        self.places.insert(order.key, id);
        self.set_alarms(order);
        self.listing_mut(id).expect("checked to be listed").live.push(*order);
    }

    /// The exits of a bracket are one group; any other child stands alone.
    fn implied_group(&self, new: &NewOrder) -> Option<Group> {
        let parent = new.parent?;
        let exit = self
            .order(parent)
            .is_some_and(|p| p.side != new.side && self.find(&p.contract) == Some(new.instrument));
        Some(Group::Implied(if exit { parent } else { new.key }))
    }

    fn check_new(&self, new: &NewOrder) -> Result<(), Refusal> {
        let refuse = |code, reason: &str| Err(Refusal(code, reason.to_owned()));
        if self.places.contains_key(&new.key) || self.ended.contains_key(&new.key) {
            return refuse(103, "Duplicate order id");
        }
        let Some(instrument) = self.instrument(new.instrument) else {
            return refuse(200, "No security definition has been found for the request");
        };
        if instrument.expires.is_some_and(|at| at <= self.now) {
            return refuse(201, "Order rejected - reason: the contract has expired");
        }
        if new.quantity.is_zero() {
            return refuse(434, "The order size cannot be zero");
        }
        if self.places.len() >= Self::MAX_LIVE {
            return refuse(201, "Order rejected - reason: too many working orders");
        }
        if let Some(parent) = new.parent {
            let lives = self.places.contains_key(&parent);
            let filled = self.ended.get(&parent).is_some_and(|ended| !ended.order.filled.is_zero());
            if !lives && !filled {
                return refuse(201, "Order rejected - reason: its parent order does not exist");
            }
        }
        if new.handling.auction.is_some_and(|auction| self.is_cut_off(auction)) {
            return refuse(201, "Order rejected - reason: it is too late for an order in this auction");
        }
        self.check_prices(new.instrument, new.kind, &new.handling)
    }

    /// Whether a cross of this session takes no more orders and those for the next none yet.
    fn is_cut_off(&self, auction: Auction) -> bool {
        let Some(session) = self.session else { return false };
        let (bell, cutoff) = match auction {
            Auction::Open => (session.open, self.config.opening_cutoff),
            Auction::Close => (session.close, self.config.closing_cutoff),
        };
        (bell - cutoff..bell).contains(&self.now)
    }

    fn check_prices(&self, id: InstrumentId, kind: OrderKind, handling: &Handling) -> Result<(), Refusal> {
        let instrument = self.instrument(id).expect("checked to be listed");
        // A trailing stop that did not start yet has no price of its own.
        if handling.trail.is_some_and(|trail| !trail.started) {
            return Ok(());
        }
        for price in [kind.limit(), kind.trigger()].into_iter().flatten() {
            let tick = instrument.tick_at(price);
            if price <= Price::ZERO || price.floor_to(tick) != price {
                return Err(Refusal(
                    110,
                    format!(
                        "The price does not conform to the minimum price variation for this contract: \
                         {price} is not a positive multiple of {tick}"
                    ),
                ));
            }
        }
        Ok(())
    }

    fn amend(&mut self, change: &Change, out: &mut Vec<Report>) -> Result<(), Refusal> {
        let key = change.key;
        let Some(id) = self.places.get(&key).copied() else {
            out.push(Report { time: self.now, key, what: ReportKind::Unknown });
            return Ok(());
        };
        let handling = change.handling.or_else(|| Some(self.order(key)?.handling)).unwrap_or_default();
        self.check_prices(id, change.kind, &handling)?;
        let most = self.order(key).and_then(|order| self.most_after_parent(order));
        let quantity = most.map_or(change.quantity, |most| change.quantity.min(most));
        let order = self.order_mut(key).expect("it has a place");
        if quantity <= order.filled {
            return Err(Refusal(
                104,
                "Can't modify a filled order: the new quantity is filled already".into(),
            ));
        }
        let keeps_place = order.kind == change.kind && quantity <= order.quantity;
        let before = *order;
        order.quantity = quantity;
        order.kind = change.kind;
        order.handling = Handling { auction: before.handling.auction, ..handling };
        order.time_in_force = change.time_in_force.unwrap_or(order.time_in_force);
        let (parent, waits, after) = (order.parent, order.standing == Standing::Waiting, *order);
        if !keeps_place {
            order.resting = false;
            order.queue_ahead = None;
            order.seen = None;
        }
        self.clear_alarms(&before);
        self.set_alarms(&after);
        if !keeps_place {
            self.listing_mut(id).expect("it has a place").send_back(key);
        }
        let what = ReportKind::Replaced { quantity, kind: change.kind, cause: Cause::Requested };
        out.push(Report { time: self.now, key, what });
        if !waits {
            self.activate(key, out);
            self.families.woken.push_back(key);
        }
        self.share_again(parent, out);
        Ok(())
    }

    /// An order that no parent holds back goes to where its kind and the hour put it.
    pub(super) fn activate(&mut self, key: OrderKey, out: &mut Vec<Report>) {
        let (now, open) = (self.now, self.is_open());
        let halted = self.places.get(&key).is_some_and(|id| self.is_halted(*id));
        let Some(order) = self.order_mut(key) else { return };
        let before = order.standing;
        let early = order.handling.good_after.is_some_and(|after| now < after);
        order.standing = if order.handling.auction.is_some() {
            Standing::Gathered
        } else if early || !(open || order.outside_session) {
            Standing::Held
        } else if order.kind.trigger().is_some() && !order.triggered {
            Standing::Armed
        } else {
            Standing::Working
        };
        let standing = order.standing;
        if standing == Standing::Working && before != Standing::Working {
            out.push(Report { time: now, key, what: ReportKind::Working });
        }
        let at_once = matches!(order.time_in_force, TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill);
        if at_once && (halted || standing == Standing::Held && !early) {
            self.end(key, CancelReason::Immediate, out);
        }
    }

    /// Takes back an order that lived before a restart, as it was. Parents before their children.
    /// Nothing is reported.
    ///
    /// # Errors
    /// [`RestoreError`].
    pub fn restore(&mut self, order: LiveOrder) -> Result<(), RestoreError> {
        let id =
            self.find(&order.contract).ok_or_else(|| RestoreError::NotListed(order.contract.to_string()))?;
        if self.places.contains_key(&order.key) {
            return Err(RestoreError::Duplicate(order.key.0));
        }
        let parent_lives = order.parent.is_some_and(|parent| self.places.contains_key(&parent));
        self.insert(&order, id, parent_lives);
        Ok(())
    }

    /// To be called once after the last [`Exchange::restore`]: accounts for what ended before.
    pub fn restored(&mut self) {
        let parents: Vec<_> = self.orders().map(|order| (order.key, order.filled.get())).collect();
        for (parent, filled) in parents {
            let mut by_group = std::collections::BTreeMap::new();
            for child in self.orders().filter(|order| order.parent == Some(parent)) {
                by_group.insert(child.group, child.released.map_or(0, Quantity::get));
            }
            if !by_group.is_empty() {
                self.families.account_for(parent, filled.saturating_sub(by_group.values().sum()));
            }
        }
    }
}
