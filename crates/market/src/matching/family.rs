//! Parents and children, one-cancels-all groups.
//!
//! A parent's fills are shared out over its children's groups in the order in which the groups
//! joined, each up to its size: two pairs of exits for half each never stand for more than was
//! bought. A parent that ends partly filled leaves its children for what it filled.

use std::collections::{BTreeMap, VecDeque};

use alphatrader_model::Quantity;

use super::Exchange;
use super::order::{Group, GroupRule, LiveOrder, OrderKey, Standing};
use super::report::{CancelReason, Cause, Report, ReportKind};

/// What a group of a parent's children has of its fills.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    /// Absent for what groups filled that ended before a restart.
    group: Option<Group>,
    /// Filled by members so far: theirs even when none of them lives.
    filled: u64,
    /// What of the parent's fills the group may close.
    part: u64,
}

/// An order that ended: known so that its key is not used again and late children find it.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    pub(super) order: LiveOrder,
    shares: Vec<Share>,
}

impl Ended {
    pub(super) fn new(order: &LiveOrder) -> Self {
        Self { order: *order, shares: Vec::new() }
    }
}

/// Who belongs to whom. Entries live as long as an order that needs them.
#[derive(Debug, Clone, Default)]
pub(super) struct Families {
    groups: BTreeMap<Group, Vec<OrderKey>>,
    /// By live parent.
    shares: BTreeMap<OrderKey, Vec<Share>>,
    /// By live parent.
    children: BTreeMap<OrderKey, Vec<OrderKey>>,
    /// Orders that may do more than before.
    pub(super) woken: VecDeque<OrderKey>,
}

impl Families {
    /// An order became live. `parent_lives` says whether its parent can still fill.
    pub(super) fn join(&mut self, order: &LiveOrder, parent_lives: bool) {
        if let Some(group) = order.group {
            self.groups.entry(group).or_default().push(order.key);
        }
        let (Some(parent), true) = (order.parent, parent_lives) else { return };
        self.children.entry(parent).or_default().push(order.key);
        let shares = self.shares.entry(parent).or_default();
        if !shares.iter().any(|share| share.group == order.group) {
            let filled = order.taken.get() + order.filled.get();
            shares.push(Share { group: order.group, filled, part: order.released.map_or(0, Quantity::get) });
        }
    }

    /// What of a parent's fills no living group accounts for, after a restart: spent by groups that
    /// ended before it.
    pub(super) fn account_for(&mut self, parent: OrderKey, spent: u64) {
        if spent > 0 {
            self.shares
                .entry(parent)
                .or_default()
                .insert(0, Share { group: None, filled: spent, part: spent });
        }
    }

    /// What the group of a child has filled already of its living parent's share.
    pub(super) fn spent_before(&self, child: &LiveOrder) -> Quantity {
        let shares = child.parent.and_then(|parent| self.shares.get(&parent));
        let share = shares.and_then(|all| all.iter().find(|share| share.group == child.group));
        Quantity::new(share.map_or(0, |share| share.filled))
    }

    fn leave(&mut self, order: &LiveOrder) {
        if let Some(group) = order.group
            && let Some(members) = self.groups.get_mut(&group)
        {
            members.retain(|key| *key != order.key);
            if members.is_empty() {
                self.groups.remove(&group);
            }
        }
        if let Some(siblings) = order.parent.and_then(|parent| self.children.get_mut(&parent)) {
            siblings.retain(|key| *key != order.key);
        }
    }

    fn others(&self, order: &LiveOrder) -> Vec<OrderKey> {
        let members = order.group.and_then(|group| self.groups.get(&group));
        members.map_or_else(Vec::new, |all| all.iter().copied().filter(|key| *key != order.key).collect())
    }
}

impl Exchange {
    /// What a fill of `order` (as it is after the fill) means to its family.
    pub(super) fn spread_fill(&mut self, order: &LiveOrder, quantity: u64, out: &mut Vec<Report>) {
        self.count_fill(order, quantity);
        for key in self.families.others(order) {
            match order.group_rule {
                GroupRule::Reduce => self.reduce(key, quantity, out),
                GroupRule::Cancel => self.end(key, CancelReason::Group, out),
            }
        }
        self.share_out(order, out);
        if order.remaining().is_zero() {
            self.families.leave(order);
            self.release_children(order, out);
        }
    }

    /// Counts a fill of a child for its group's share of the parent, living or ended.
    fn count_fill(&mut self, order: &LiveOrder, quantity: u64) {
        let Some(parent) = order.parent else { return };
        let shares = match self.families.shares.get_mut(&parent) {
            Some(shares) => shares,
            None => match self.ended.get_mut(&parent) {
                Some(ended) => &mut ended.shares,
                None => return,
            },
        };
        if let Some(share) = shares.iter_mut().find(|share| share.group == order.group) {
            share.filled += quantity;
        }
    }

    /// How much a child that comes after its parent's end may be for: an exit for what the parent
    /// filled and no group claims yet, any other for all of it if the parent filled whole.
    pub(super) fn room_after_parent(&mut self, child: &LiveOrder) -> u64 {
        let Some(ended) = child.parent.and_then(|parent| self.ended.get_mut(&parent)) else { return 0 };
        if !child.closes(&ended.order) {
            return if ended.order.remaining().is_zero() { child.quantity.get() } else { 0 };
        }
        let claimed: u64 = ended.shares.iter().map(|share| share.part).sum();
        if let Some(share) = ended.shares.iter().find(|share| share.group == child.group) {
            return share.part.saturating_sub(share.filled).min(child.quantity.get());
        }
        let part = ended.order.filled.get().saturating_sub(claimed).min(child.quantity.get());
        ended.shares.push(Share { group: child.group, filled: 0, part });
        part
    }

    /// The most that an exit may be for in all once its parent has ended: what it filled itself and
    /// what of the parent's fills its group has left. Absent where nothing bounds it.
    pub(super) fn most_after_parent(&self, child: &LiveOrder) -> Option<Quantity> {
        let ended = child.parent.and_then(|parent| self.ended.get(&parent))?;
        let share = ended.shares.iter().find(|share| share.group == child.group)?;
        child.closes(&ended.order).then(|| {
            Quantity::new(child.filled.get().saturating_add(share.part.saturating_sub(share.filled)))
        })
    }

    /// What the end of `order` without a whole fill means to its family.
    pub(super) fn spread_end(&mut self, order: &LiveOrder, out: &mut Vec<Report>) {
        self.families.leave(order);
        self.release_children(order, out);
        self.share_again(order.parent, out);
    }

    /// Shares out anew what a parent filled, after its children changed.
    pub(super) fn share_again(&mut self, parent: Option<OrderKey>, out: &mut Vec<Report>) {
        if let Some(parent) = parent.and_then(|key| self.order(key)).copied() {
            self.share_out(&parent, out);
        }
    }

    /// A fill elsewhere in the group takes its quantity from this order.
    fn reduce(&mut self, key: OrderKey, quantity: u64, out: &mut Vec<Report>) {
        let now = self.now;
        let Some(order) = self.order_mut(key) else { return };
        let quantity = quantity.min(order.remaining().get());
        order.quantity = order.quantity.saturating_sub(Quantity::new(quantity));
        order.taken = Quantity::new(order.taken.get() + quantity);
        let order = *order;
        if order.remaining().is_zero() {
            self.end(key, CancelReason::Group, out);
        } else {
            let what =
                ReportKind::Replaced { quantity: order.quantity, kind: order.kind, cause: Cause::Group };
            out.push(Report { time: now, key, what });
        }
    }

    /// Shares a parent's fills out over the groups of its exits. Children of another kind wait for
    /// the whole fill.
    fn share_out(&mut self, parent: &LiveOrder, out: &mut Vec<Report>) {
        let Some(shares) = self.families.shares.get(&parent.key).cloned() else { return };
        let children = self.families.children.get(&parent.key).cloned().unwrap_or_default();
        let mut left = parent.filled.get();
        for (place, share) in shares.into_iter().enumerate() {
            let members: Vec<_> = children
                .iter()
                .filter_map(|key| self.order(*key))
                .filter(|child| child.group == share.group && child.closes(parent))
                .map(|child| (child.key, child.asked()))
                .collect();
            let size = members.iter().map(|(_, asked)| *asked).max().unwrap_or(share.filled);
            let part = left.min(size);
            left -= part;
            if let Some(share) = self.families.shares.get_mut(&parent.key).and_then(|all| all.get_mut(place))
            {
                share.part = part;
            }
            for (key, _) in members {
                self.release(key, part, out);
            }
        }
    }

    /// A child may work for `part` of its quantity.
    fn release(&mut self, key: OrderKey, part: u64, out: &mut Vec<Report>) {
        let Some(child) = self.order_mut(key) else { return };
        child.released = Some(Quantity::new(part));
        if child.open() == 0 {
            return;
        }
        if child.standing == Standing::Waiting {
            self.activate(key, out);
        }
        self.families.woken.push_back(key);
    }

    /// A parent ended: unfilled it takes its children along, else it leaves its exits for what it
    /// filled, and the rest if it filled whole.
    fn release_children(&mut self, parent: &LiveOrder, out: &mut Vec<Report>) {
        if let Some(shares) = self.families.shares.remove(&parent.key)
            && let Some(ended) = self.ended.get_mut(&parent.key)
        {
            ended.shares = shares;
        }
        for key in self.families.children.remove(&parent.key).unwrap_or_default() {
            let Some(child) = self.order_mut(key) else { continue };
            let exit = child.closes(parent);
            if parent.filled.is_zero() || !(exit || parent.remaining().is_zero()) {
                self.end(key, CancelReason::Parent, out);
                continue;
            }
            let released = child.released.take().map_or(0, Quantity::get);
            if exit {
                self.shrink(key, released, out);
            } else {
                self.activate(key, out);
                self.families.woken.push_back(key);
            }
        }
    }

    /// An exit whose parent ended is for what the parent filled.
    fn shrink(&mut self, key: OrderKey, released: u64, out: &mut Vec<Report>) {
        let now = self.now;
        let Some(child) = self.order_mut(key) else { return };
        let kept = released.saturating_sub(child.taken.get()).max(child.filled.get());
        if kept >= child.quantity.get() {
            return;
        }
        child.quantity = Quantity::new(kept);
        let child = *child;
        if child.remaining().is_zero() {
            self.end(key, CancelReason::Parent, out);
        } else {
            let what =
                ReportKind::Replaced { quantity: child.quantity, kind: child.kind, cause: Cause::Parent };
            out.push(Report { time: now, key, what });
        }
    }

    /// Works the orders that a fill elsewhere set free. Ends: each turn is paid for by a fill, a
    /// release or an end, and quantities are finite.
    pub(super) fn wake(&mut self, out: &mut Vec<Report>) {
        while let Some(key) = self.families.woken.pop_front() {
            self.work(key, out);
        }
    }
}
