//! Numbers of contracts: dense from 0, the same for all who share the registry.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alphatrader_edge::{PushError, Sender};
use alphatrader_model::{Contract, Input, Instrument, InstrumentId, Payload, Price, Symbol, Timestamp};
use thiserror::Error;

/// What is needed to trade a contract: an [`Instrument`] before it has its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Its name.
    pub contract: Contract,
    /// The symbol whose price moves it: itself for a stock.
    pub underlying: Symbol,
    /// Shares a unit delivers.
    pub multiplier: u32,
    /// Smallest price step below `tick_break`.
    pub tick: Price,
    /// Smallest price step at and above `tick_break`.
    pub tick_above: Price,
    /// Price at which `tick_above` begins.
    pub tick_break: Price,
    /// When trading in it ends for good; absent for what does not expire.
    pub expires: Option<Timestamp>,
    /// The broker's number for it, when known.
    pub con_id: Option<i32>,
    /// Prices made by a generator, never by a market.
    pub synthetic: bool,
}

impl Terms {
    fn numbered(self, id: InstrumentId) -> Instrument {
        Instrument {
            id,
            contract: self.contract,
            underlying: self.underlying,
            multiplier: self.multiplier,
            tick: self.tick,
            tick_above: self.tick_above,
            tick_break: self.tick_break,
            expires: self.expires,
            con_id: self.con_id,
            synthetic: self.synthetic,
        }
    }
}

/// Why a contract got no number.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RegistryError {
    /// As many contracts as there may be are numbered already.
    #[error(
        "{contract} got no number: {limit} contracts are known already, restart after the session or raise the limit"
    )]
    Full {
        /// The contract.
        contract: Contract,
        /// Most contracts.
        limit: u32,
    },
    /// The engine could not be told of the contract.
    #[error("{contract} could not be announced to the engine: {reason}")]
    Announce {
        /// The contract.
        contract: Contract,
        /// The queue's words.
        reason: String,
    },
}

#[derive(Debug, Default)]
struct Known {
    ids: BTreeMap<Contract, InstrumentId>,
    instruments: Vec<Instrument>,
}

/// Numbers of contracts. Clones are the same registry.
#[derive(Debug, Clone)]
pub struct Registry {
    known: Arc<Mutex<Known>>,
    limit: u32,
}

impl Default for Registry {
    fn default() -> Self {
        Self::new(Self::LIMIT)
    }
}

impl Registry {
    /// Most contracts, unless told otherwise: as many as an inbox is sized for by default.
    pub const LIMIT: u32 = 16_384;

    /// An empty registry for at most `limit` contracts.
    pub fn new(limit: u32) -> Self {
        Self { known: Arc::default(), limit }
    }

    /// A registry that goes on with numbers that were given before and that the engine was told of: the
    /// first contract has number 0, and so on.
    pub fn going_on(limit: u32, instruments: Vec<Instrument>) -> Self {
        let ids = (0..).map(InstrumentId).zip(&instruments).map(|(id, i)| (i.contract, id)).collect();
        Self { known: Arc::new(Mutex::new(Known { ids, instruments })), limit }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Every change below leaves the two collections whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of a contract. At first sight, and again when its terms changed, an
    /// [`Payload::Instrument`] goes to the engine before this returns, so it precedes all data.
    ///
    /// # Errors
    /// [`RegistryError`]; the contract is not known afterwards, or known by its old terms.
    pub fn announce(
        &self,
        terms: Terms,
        now: Timestamp,
        inbox: &Sender,
    ) -> Result<InstrumentId, RegistryError> {
        // Held while pushing: nobody can learn a number that the engine has not been told.
        let mut known = self.lock();
        let contract = terms.contract;
        let (id, first) = match known.ids.get(&contract) {
            Some(id) => (*id, false),
            None => (InstrumentId(known.instruments.len() as u32), true),
        };
        if first && id.0 >= self.limit {
            return Err(RegistryError::Full { contract, limit: self.limit });
        }
        let instrument = terms.numbered(id);
        if known.instruments.get(id.0 as usize) == Some(&instrument) {
            return Ok(id);
        }
        let payload = Payload::Instrument(Box::new(instrument.clone()));
        inbox.push(Input { ts_event: now, ts_recv: now, payload }).map_err(|refused: PushError| {
            RegistryError::Announce { contract, reason: refused.to_string() }
        })?;
        if first {
            known.ids.insert(contract, id);
            known.instruments.push(instrument);
        } else {
            known.instruments[id.0 as usize] = instrument;
        }
        Ok(id)
    }

    /// The number of a contract that was announced.
    pub fn id(&self, contract: &Contract) -> Option<InstrumentId> {
        self.lock().ids.get(contract).copied()
    }

    /// What was announced under a number.
    pub fn instrument(&self, id: InstrumentId) -> Option<Instrument> {
        self.lock().instruments.get(id.0 as usize).cloned()
    }

    /// What was announced of a contract.
    pub fn find(&self, contract: &Contract) -> Option<Instrument> {
        let known = self.lock();
        let id = known.ids.get(contract)?;
        known.instruments.get(id.0 as usize).cloned()
    }

    /// How many contracts are numbered.
    pub fn len(&self) -> usize {
        self.lock().instruments.len()
    }

    /// Whether no contract is numbered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_edge::{Inbox, Limits, Receiver};

    fn terms(contract: &str) -> Terms {
        Terms {
            contract: contract.parse().unwrap(),
            underlying: Symbol::new("SPY").unwrap(),
            multiplier: 100,
            tick: Price::CENT,
            tick_above: Price::CENT,
            tick_break: Price::ZERO,
            expires: None,
            con_id: None,
            synthetic: false,
        }
    }

    fn ends() -> (Sender, Receiver) {
        Inbox::new(Limits { first: 8, market: 64, instruments: 4 }).unwrap()
    }

    fn announced(receiver: &Receiver) -> Vec<Instrument> {
        let mut inputs = Vec::new();
        receiver.drain(&mut inputs, 64);
        inputs
            .into_iter()
            .map(|input| match input.payload {
                Payload::Instrument(instrument) => *instrument,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn numbers_are_dense_and_announced_once() {
        let (sender, receiver) = ends();
        let registry = Registry::default();
        let at = Timestamp::from_seconds(1);
        assert_eq!(registry.announce(terms("SPY"), at, &sender), Ok(InstrumentId(0)));
        assert_eq!(registry.announce(terms("QQQ"), at, &sender), Ok(InstrumentId(1)));
        assert_eq!(registry.clone().announce(terms("SPY"), at, &sender), Ok(InstrumentId(0)));
        let seen = announced(&receiver);
        assert_eq!(seen.iter().map(|i| i.contract.to_string()).collect::<Vec<_>>(), ["SPY", "QQQ"]);
        assert_eq!(registry.len(), 2);
        assert_eq!(registry.find(&"QQQ".parse().unwrap()).as_ref(), Some(&seen[1]));
    }

    #[test]
    fn new_terms_are_announced_under_the_old_number() {
        let (sender, receiver) = ends();
        let registry = Registry::default();
        let at = Timestamp::from_seconds(1);
        registry.announce(terms("SPY"), at, &sender).unwrap();
        let known = Terms { con_id: Some(756_733), ..terms("SPY") };
        assert_eq!(registry.announce(known, at, &sender), Ok(InstrumentId(0)));
        assert_eq!(announced(&receiver).last().and_then(|i| i.con_id), Some(756_733));
        assert_eq!(registry.instrument(InstrumentId(0)).and_then(|i| i.con_id), Some(756_733));
    }

    #[test]
    fn a_full_registry_and_a_full_queue_say_so() {
        let (sender, receiver) = ends();
        let registry = Registry::new(1);
        let at = Timestamp::from_seconds(1);
        registry.announce(terms("SPY"), at, &sender).unwrap();
        let refused = registry.announce(terms("QQQ"), at, &sender).unwrap_err();
        assert_eq!(refused, RegistryError::Full { contract: "QQQ".parse().unwrap(), limit: 1 });
        drop(receiver);
        let refused = Registry::default().announce(terms("QQQ"), at, &sender).unwrap_err();
        assert!(matches!(refused, RegistryError::Announce { .. }), "{refused}");
    }
}
