//! One signal with all that came of it.

use alphatrader_model::{
    Fill, Money, Order, OrderId, Position, Role, Seq, Signal, SignedQuantity, Timestamp,
};
use alphatrader_trading::fills::{self, FillError};

/// One signal with all that came of it.
#[derive(Debug, Clone)]
pub(crate) struct Trade {
    pub(crate) signal: Signal,
    pub(crate) entry: OrderId,
    pub(crate) stop: Option<OrderId>,
    pub(crate) target: Option<OrderId>,
    pub(crate) close: Option<OrderId>,
    /// Why it is being closed, once it is.
    pub(crate) closing: Option<String>,
    /// Executions in the order in which they came, with their revision.
    pub(crate) fills: Vec<(u32, Fill)>,
    pub(crate) position: Option<Position>,
    /// Attempts so far, by role.
    pub(crate) stop_attempts: u8,
    pub(crate) close_attempts: u8,
    /// When the entry's limit was last moved.
    pub(crate) walked: Timestamp,
    /// Why the broker refused the entry, when it did.
    pub(crate) refused: Option<String>,
    /// Why the entry was cancelled or withheld.
    pub(crate) ended: Option<String>,
    /// When the broker last said something about its orders, by our clock.
    pub(crate) heard: Option<Timestamp>,
    /// Since which event its protection is found missing: the broker's picture is asked for first.
    pub(crate) unprotected: Option<Seq>,
    /// A fill closes more than was bought, as far as executions have come.
    pub(crate) unbooked: bool,
}

impl Trade {
    /// A signal without orders.
    pub(crate) fn bare(signal: &Signal) -> Self {
        Self {
            signal: signal.clone(),
            entry: OrderId(0),
            stop: None,
            target: None,
            close: None,
            closing: None,
            fills: Vec::new(),
            position: None,
            stop_attempts: 0,
            close_attempts: 0,
            walked: signal.time,
            refused: None,
            ended: None,
            heard: None,
            unprotected: None,
            unbooked: false,
        }
    }

    /// Its orders, oldest role first.
    pub(crate) fn orders(&self) -> impl Iterator<Item = OrderId> {
        [Some(self.entry), self.stop, self.target, self.close].into_iter().flatten()
    }

    /// Makes the position anew of nothing but its fills (invariant 1), in the order in which they
    /// happened: brokers repeat them in another. A fill that cannot be booked is left out and said.
    pub(crate) fn fold(&mut self) -> Option<FillError> {
        let mut order: Vec<&Fill> = self.fills.iter().map(|(_, fill)| fill).collect();
        // Brokers state whole seconds: within one, what was sold had been bought.
        order.sort_by(|a, b| (a.time, a.side, &a.exec_id).cmp(&(b.time, b.side, &b.exec_id)));
        let first = *order.first()?;
        let before = self.position.take();
        let mut position = fills::opened_by(first);
        position.stop = before.as_ref().and_then(|p| p.stop);
        position.target = before.as_ref().and_then(|p| p.target);
        let mut wrong = None;
        for fill in order {
            let commission = fill.commission.unwrap_or(Money::ZERO);
            position.commissions =
                position.commissions.checked_add(commission).unwrap_or(position.commissions);
            if let Err(error) = fills::apply(&mut position, fill) {
                wrong = Some(error);
            }
        }
        self.position = Some(position);
        self.unbooked = wrong.is_some();
        wrong
    }

    pub(crate) fn held(&self) -> SignedQuantity {
        self.position.as_ref().map_or(SignedQuantity::ZERO, |p| p.quantity)
    }

    /// Takes an order for the newest of its role.
    pub(crate) fn link(&mut self, order: &Order) {
        let (id, reference) = (order.request.id, order.request.reference);
        match reference.role {
            Role::Entry => self.entry = id,
            Role::Stop => {
                if reference.attempt >= self.stop_attempts {
                    self.stop_attempts = reference.attempt;
                    self.stop = Some(id);
                }
            }
            Role::Target => self.target = Some(id),
            Role::Close | Role::Flatten => {
                if reference.attempt >= self.close_attempts {
                    self.close_attempts = reference.attempt;
                    self.close = Some(id);
                }
            }
        }
    }
}
