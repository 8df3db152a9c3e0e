//! Orders that work at the broker more than once.
//!
//! A change sent while the broker is away can surface as a second order beside the first: one order of
//! ours, two numbers of the broker's, and both may fill. Here each of our orders, known by its name
//! (the order reference) and then by its number, keeps the broker's numbers under which it works. More
//! than one is an alarm, and a cancel of the order goes on until none of them works.

use std::collections::{BTreeMap, BTreeSet};

use alphatrader_model::broker::BrokerOrderState as State;
use alphatrader_model::{OrderId, OrderRef};

/// Under which numbers an order works: the broker's own, with the number that a cancel would name.
type Works = BTreeMap<i64, i32>;

/// What is known of one order of ours.
#[derive(Debug, Default)]
struct Known {
    works: Works,
    /// A cancel was asked for and holds for all of them.
    cancelled: bool,
    /// How many the engine was told of.
    told: usize,
}

/// What follows from a report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Follows {
    /// It works more than once, which is new: our number, the broker's numbers.
    pub(super) alarm: Option<(OrderId, Vec<i64>)>,
    /// These numbers are still to be cancelled.
    pub(super) cancel: Vec<i32>,
}

/// The broker's numbers of our orders.
#[derive(Debug, Default)]
pub(super) struct Twins {
    /// By our first number of the order.
    orders: BTreeMap<i32, Known>,
    names: BTreeMap<OrderRef, i32>,
    /// Numbers of twins, and whose they are.
    aliases: BTreeMap<i32, i32>,
}

const fn works(state: State) -> bool {
    !matches!(state, State::Cancelled | State::Filled | State::Inactive)
}

impl Twins {
    /// Orders that are remembered; of more, the newest.
    const MOST: usize = 65_536;

    /// We sent an order, or a change of it.
    pub(super) fn sent(&mut self, id: OrderId, name: OrderRef) {
        self.names.entry(name).or_insert(id.0);
        while self.names.len() > Self::MOST {
            self.names.pop_first();
        }
    }

    /// The broker lists an order.
    pub(super) fn listed(&mut self, id: i32, name: Option<OrderRef>, perm_id: i64, state: State) -> Follows {
        let first = match name {
            Some(name) => *self.names.entry(name).or_insert(id),
            None => self.first(id),
        };
        if first != id && id > 0 {
            self.aliases.insert(id, first);
            while self.aliases.len() > Self::MOST {
                self.aliases.pop_first();
            }
        }
        self.note(first, id, perm_id, state)
    }

    /// The broker tells the state of an order.
    pub(super) fn told(&mut self, id: i32, perm_id: i64, state: State) -> Follows {
        self.note(self.first(id), id, perm_id, state)
    }

    fn first(&self, id: i32) -> i32 {
        self.aliases.get(&id).copied().unwrap_or(id)
    }

    fn note(&mut self, first: i32, id: i32, perm_id: i64, state: State) -> Follows {
        let mut follows = Follows::default();
        // Without a number of the broker's it is the order that is on its way, not another one.
        if perm_id <= 0 || first <= 0 {
            return follows;
        }
        if !works(state) {
            if let Some(known) = self.orders.get_mut(&first) {
                let ended = known.works.remove(&perm_id).is_some();
                known.told = known.told.min(known.works.len());
                if known.works.is_empty() {
                    self.orders.remove(&first);
                } else if known.cancelled && ended {
                    follows.cancel = numbers(&known.works);
                }
            }
            return follows;
        }
        let known = self.orders.entry(first).or_default();
        let new = known.works.insert(perm_id, id).is_none();
        if known.works.len() > 1 && known.works.len() > known.told {
            known.told = known.works.len();
            follows.alarm = Some((OrderId(first), known.works.keys().copied().collect()));
        }
        if new && known.cancelled {
            follows.cancel = vec![id];
        }
        while self.orders.len() > Self::MOST {
            self.orders.pop_first();
        }
        follows
    }

    /// A cancel of an order was asked for: the numbers that it has to name, at least the order's own.
    pub(super) fn cancel(&mut self, id: OrderId) -> Vec<i32> {
        let first = self.first(id.0);
        let Some(known) = self.orders.get_mut(&first) else { return vec![id.0] };
        known.cancelled = true;
        let mut all = numbers(&known.works);
        if !all.contains(&id.0) {
            all.insert(0, id.0);
        }
        all
    }

    /// The broker's picture is complete: an order that it did not list does not work.
    pub(super) fn only(&mut self, listed: &BTreeSet<i64>) {
        for known in self.orders.values_mut() {
            known.works.retain(|perm_id, _| listed.contains(perm_id));
            known.told = known.told.min(known.works.len());
        }
        self.orders.retain(|_, known| !known.works.is_empty());
    }
}

/// The numbers that a cancel can name, each once.
fn numbers(works: &Works) -> Vec<i32> {
    let numbers: BTreeSet<i32> = works.values().copied().filter(|id| *id > 0).collect();
    numbers.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::{Role, Seq, SignalId, Timestamp};

    fn name(n: u64) -> OrderRef {
        let signal = SignalId::new(Timestamp::from_seconds(1_700_000_000), Seq(n), 0);
        OrderRef { signal, role: Role::Entry, attempt: 1 }
    }

    #[test]
    fn an_ordinary_life_raises_no_alarm() {
        let mut twins = Twins::default();
        twins.sent(OrderId(7), name(7));
        for state in [State::PendingSubmit, State::PreSubmitted, State::Submitted, State::Submitted] {
            assert_eq!(twins.listed(7, Some(name(7)), 900, state), Follows::default());
            assert_eq!(twins.told(7, 900, state), Follows::default());
        }
        assert_eq!(twins.cancel(OrderId(7)), [7]);
        assert_eq!(twins.told(7, 900, State::PendingCancel), Follows::default());
        assert_eq!(twins.told(7, 900, State::Cancelled), Follows::default());
        assert!(twins.orders.is_empty());
        assert_eq!(twins.cancel(OrderId(7)), [7], "the broker is asked, whatever we believe");
    }

    #[test]
    fn a_second_number_of_the_brokers_is_an_alarm_once_and_both_are_cancelled() {
        let mut twins = Twins::default();
        twins.sent(OrderId(7), name(7));
        twins.told(7, 900, State::Submitted);
        let follows = twins.told(7, 901, State::Submitted);
        assert_eq!(follows.alarm, Some((OrderId(7), vec![900, 901])));
        assert_eq!(twins.told(7, 901, State::Submitted), Follows::default());
        assert_eq!(twins.cancel(OrderId(7)), [7]);
        let follows = twins.told(7, 901, State::Cancelled);
        assert_eq!(follows.cancel, [7], "the first one works on");
        assert_eq!(twins.told(7, 901, State::Cancelled), Follows::default(), "told twice, done once");
        assert_eq!(twins.told(7, 900, State::Cancelled), Follows::default());
    }

    #[test]
    fn a_twin_under_another_number_is_known_by_its_name() {
        let mut twins = Twins::default();
        twins.sent(OrderId(7), name(7));
        twins.listed(7, Some(name(7)), 900, State::Submitted);
        let follows = twins.listed(31, Some(name(7)), 901, State::Submitted);
        assert_eq!(follows.alarm, Some((OrderId(7), vec![900, 901])));
        assert_eq!(twins.cancel(OrderId(7)), [7, 31]);
        assert_eq!(twins.told(7, 900, State::Cancelled).cancel, [31]);
        assert!(twins.listed(8, Some(name(8)), 902, State::Submitted).alarm.is_none());
    }

    #[test]
    fn a_twin_that_appears_after_the_cancel_is_cancelled_too() {
        let mut twins = Twins::default();
        twins.sent(OrderId(7), name(7));
        twins.listed(7, Some(name(7)), 900, State::Submitted);
        twins.cancel(OrderId(7));
        let follows = twins.listed(31, Some(name(7)), 901, State::Submitted);
        assert!(follows.alarm.is_some());
        assert_eq!(follows.cancel, [31]);
    }

    #[test]
    fn what_the_picture_does_not_list_does_not_work() {
        let mut twins = Twins::default();
        twins.listed(7, Some(name(7)), 900, State::Submitted);
        twins.listed(8, Some(name(8)), 901, State::Submitted);
        twins.only(&BTreeSet::from([901]));
        assert_eq!(twins.orders.keys().copied().collect::<Vec<_>>(), [8]);
        assert!(twins.listed(7, Some(name(7)), 902, State::Submitted).alarm.is_none());
    }
}
