//! Where facts are kept: a file, or nowhere for a gateway that is to be forgotten.

use std::path::Path;

use prost::Message as _;

use super::fact::{Fact, Record};
use super::journal::{Journal, StateError};
use super::snapshot::facts_of;
use super::state::BrokerState;

/// Keeps facts before anything that follows from them is said.
pub trait Store: Send {
    /// Writes facts and waits until they are durable.
    ///
    /// # Errors
    /// [`StateError`]: nothing of this call may be acknowledged, and the store is not used again.
    fn commit(&mut self, facts: &[Fact]) -> Result<(), StateError>;

    /// Tidies up when it is time to, from the state that the facts so far make.
    fn tidy(&mut self, state: &BrokerState);
}

/// Keeps facts in a state file (see [`super::journal`]).
#[derive(Debug)]
pub struct FileStore {
    journal: Journal,
}

/// Keeps nothing: the account ends with the process.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoStore;

impl FileStore {
    /// Opens or creates the file; gives the state its facts make, the default state for a new file.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open(path: &Path) -> Result<(Self, BrokerState), StateError> {
        let mut state = BrokerState::default();
        let journal = Journal::open(path, |bytes| {
            let record = Record::decode(bytes).map_err(|e| e.to_string())?;
            // A record of a later version that this one does not know must not be dropped in silence.
            let fact = record.fact.ok_or("a record of a kind this version does not know")?;
            state.apply(&fact)
        })?;
        Ok((Self { journal }, state))
    }
}

impl Store for FileStore {
    fn commit(&mut self, facts: &[Fact]) -> Result<(), StateError> {
        self.journal.append(&encode(facts))
    }

    fn tidy(&mut self, state: &BrokerState) {
        if self.journal.wants_compaction()
            && let Err(error) = self.journal.compact(&encode(&facts_of(state)))
        {
            // The old file is whole; writing it anew is tried again after the next commit.
            tracing::warn!(%error, "the state file could not be written anew");
        }
    }
}

impl Store for NoStore {
    fn commit(&mut self, _facts: &[Fact]) -> Result<(), StateError> {
        Ok(())
    }

    fn tidy(&mut self, _state: &BrokerState) {}
}

fn encode(facts: &[Fact]) -> Vec<Vec<u8>> {
    facts.iter().map(|fact| Record { fact: Some(fact.clone()) }.encode_to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::fact::{
        Clock, ClosePrice, DayBegan, ExecutionFact, Founded, Numbered, OrderFact, OrderIdShown, Settled,
    };
    use crate::wire::message::order_terms::Order;
    use alphatrader_model::{Contract, Money};
    use proptest::prelude::*;

    const CALL: &str = "SPY261123C00585000";

    fn founded() -> Fact {
        let cash = Money::from_dollars(100_000).micros();
        Fact::Founded(Founded {
            account: "DU0000001".to_owned(),
            cash,
            seed: 7,
            execution_prefix: 0xE0D5,
            first_perm_id: 1,
        })
    }

    fn order(perm_id: i64, status: i32) -> Fact {
        let terms = Order {
            action: Some("BUY".to_owned()),
            total_quantity: Some("9".to_owned()),
            order_type: Some("LMT".to_owned()),
            lmt_price: Some(1.25),
            order_ref: Some("mine".to_owned()),
            ..Order::default()
        };
        Fact::Order(Box::new(OrderFact {
            perm_id,
            client_id: 3,
            order_id: i32::try_from(perm_id).unwrap(),
            contract: CALL.to_owned(),
            terms: Some(terms),
            quantity: 9,
            status,
            ..OrderFact::default()
        }))
    }

    fn execution(count: u64, bought: bool, quantity: u64) -> Fact {
        Fact::Executed(Box::new(ExecutionFact {
            exec_id: format!("0000e0d5.{count:08x}.01.01"),
            contract: CALL.to_owned(),
            bought,
            quantity,
            price: 12_500,
            multiplier: 100,
            commission: 650_000,
            time: 1_795_000_000_000_000_000,
            ..ExecutionFact::default()
        }))
    }

    fn any_fact() -> impl Strategy<Value = Fact> {
        prop_oneof![
            (1_i64..20, 0_i32..7).prop_map(|(perm_id, status)| order(perm_id, status)),
            (1_u64..50, any::<bool>(), 1_u64..9)
                .prop_map(|(count, bought, quantity)| execution(count, bought, quantity)),
            any::<i64>().prop_map(|nanos| Fact::Clock(Clock { nanos })),
            (0_i32..5, 1_i32..900)
                .prop_map(|(client_id, highest)| Fact::OrderIdShown(OrderIdShown { client_id, highest })),
            (1_i32..9).prop_map(|con_id| Fact::Numbered(Numbered { contract: CALL.to_owned(), con_id })),
            Just(Fact::Settled(Settled { contract: CALL.to_owned(), price: 0 })),
            (1_i8..28).prop_map(|day| {
                let closes = vec![ClosePrice { contract: "SPY".to_owned(), price: 6_000_000 }];
                Fact::DayBegan(DayBegan { date: format!("2026-11-{day:02}"), equity: 1, closes })
            }),
        ]
    }

    #[test]
    fn a_file_gives_back_the_state_and_a_rewrite_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.state");
        let facts = [founded(), order(5, 2), execution(1, true, 4)];
        let mut direct = BrokerState::default();
        let (mut store, empty) = FileStore::open(&path).unwrap();
        assert_eq!(empty, BrokerState::default());
        for fact in &facts {
            direct.apply(fact).unwrap();
        }
        store.commit(&facts).unwrap();
        drop(store);
        let (mut store, back) = FileStore::open(&path).unwrap();
        assert_eq!(back, direct);
        assert_eq!(back.book.held(&CALL.parse::<Contract>().unwrap()).get(), 4);
        assert_eq!(back.next_order_id(3), 6);
        store.journal.compact(&encode(&facts_of(&back))).unwrap();
        drop(store);
        assert_eq!(FileStore::open(&path).unwrap().1, direct);
    }

    #[test]
    fn contradictions_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.state");
        let (mut store, _) = FileStore::open(&path).unwrap();
        store.commit(&[founded(), founded()]).unwrap();
        drop(store);
        assert!(matches!(FileStore::open(&path), Err(StateError::Contradiction { .. })));
    }

    proptest! {
        #[test]
        fn facts_of_a_state_make_that_state(facts in prop::collection::vec(any_fact(), 0..40)) {
            let mut state = BrokerState::default();
            state.apply(&founded()).unwrap();
            for fact in &facts {
                state.apply(fact).unwrap();
            }
            let mut again = BrokerState::default();
            for fact in &facts_of(&state) {
                again.apply(fact).unwrap();
            }
            prop_assert_eq!(again, state);
        }
    }
}
