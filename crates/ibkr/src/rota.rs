//! Whose book is followed now, where fewer books are allowed than wanted.
//!
//! Books that wait are invalid: their symbol's engine is told a gap when they begin to. A book that
//! leaves is left first, and only then the next one is opened, so that the broker's limit holds at
//! every moment. The broker may allow fewer than configured (code 309, other programs follow books
//! too): then the number sinks to what it allows, and rises again by one after a while.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use alphatrader_model::Symbol;
use tokio::sync::watch;

/// Turns without a refusal after which one more book is tried.
const PATIENT_TURNS: u32 = 20;

/// How it stands for one book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It waits.
    Waits,
    /// It may be followed.
    Open,
    /// It is to be left, and then [`Rota::left`] to be called.
    Leave,
}

/// Whose turn it is: without I/O.
#[derive(Debug)]
struct Turns {
    /// Books that may be followed at once.
    allowed: usize,
    configured: usize,
    /// Followed, longest first.
    open: VecDeque<Symbol>,
    /// Told to leave, not gone yet.
    leaving: BTreeSet<Symbol>,
    /// Longest first.
    waiting: VecDeque<Symbol>,
    calm: u32,
}

impl Turns {
    fn new(wanted: Vec<Symbol>, allowed: usize) -> Self {
        let mut turns = Self {
            allowed,
            configured: allowed,
            open: VecDeque::new(),
            leaving: BTreeSet::new(),
            waiting: wanted.into(),
            calm: 0,
        };
        turns.grant();
        turns
    }

    fn of(&self, symbol: Symbol) -> Turn {
        if self.open.contains(&symbol) {
            Turn::Open
        } else if self.leaving.contains(&symbol) {
            Turn::Leave
        } else {
            Turn::Waits
        }
    }

    fn grant(&mut self) {
        while self.open.len() + self.leaving.len() < self.allowed
            && let Some(next) = self.waiting.pop_front()
        {
            self.open.push_back(next);
        }
    }

    /// Time has passed: who has been followed longest makes room for who has waited longest.
    fn turn(&mut self) {
        self.calm += 1;
        if self.calm >= PATIENT_TURNS && self.allowed < self.configured {
            (self.calm, self.allowed) = (0, self.allowed + 1);
            self.grant();
        }
        if self.waiting.is_empty() || !self.leaving.is_empty() {
            return;
        }
        if let Some(longest) = self.open.pop_front() {
            self.leaving.insert(longest);
        }
    }

    /// A book that was told to leave is gone.
    fn left(&mut self, symbol: Symbol) {
        if self.leaving.remove(&symbol) {
            self.waiting.push_back(symbol);
            self.grant();
        }
    }

    /// The broker allows no more books than the others that are followed. Says whether the refused
    /// one waits for its turn; the only one is tried again instead.
    fn refused(&mut self, symbol: Symbol) -> bool {
        self.calm = 0;
        let others = self.open.iter().chain(&self.leaving).filter(|other| **other != symbol).count();
        self.allowed = others.max(1);
        if others == 0 {
            return false;
        }
        self.open.retain(|open| *open != symbol);
        // A book that was leaving anyway waits at the end.
        if self.leaving.remove(&symbol) {
            self.waiting.push_back(symbol);
        } else {
            self.waiting.push_front(symbol);
        }
        true
    }
}

/// Whose book is followed now. Each symbol watches its own turn.
#[derive(Debug)]
pub(crate) struct Rota {
    turns: Mutex<Turns>,
    /// True while it is not the symbol's turn.
    waits: BTreeMap<Symbol, watch::Sender<bool>>,
}

impl Rota {
    /// A rota for `wanted`, of which `allowed` are followed at once.
    pub(crate) fn new(wanted: &[Symbol], allowed: usize) -> Self {
        let rota = Self {
            turns: Mutex::new(Turns::new(wanted.to_vec(), allowed)),
            waits: wanted.iter().map(|symbol| (*symbol, watch::Sender::new(true))).collect(),
        };
        rota.publish(&rota.lock());
        rota
    }

    fn lock(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, turns: &Turns) {
        for (symbol, waits) in &self.waits {
            let its_turn = turns.open.contains(symbol);
            waits.send_if_modified(|waits| std::mem::replace(waits, !its_turn) == its_turn);
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Turns) -> T) -> T {
        let mut turns = self.lock();
        let answer = change(&mut turns);
        self.publish(&turns);
        answer
    }

    /// True while it is not the symbol's turn; nothing for a symbol that wants no book.
    pub(crate) fn watch(&self, symbol: Symbol) -> Option<watch::Receiver<bool>> {
        self.waits.get(&symbol).map(watch::Sender::subscribe)
    }

    /// How it stands for a book now.
    pub(crate) fn of(&self, symbol: Symbol) -> Turn {
        self.lock().of(symbol)
    }

    /// Books that may be followed at once.
    pub(crate) fn allowed(&self) -> usize {
        self.lock().allowed
    }

    /// Time for the next turn.
    pub(crate) fn turn(&self) {
        self.change(Turns::turn);
    }

    /// A book that was told to leave is gone.
    pub(crate) fn left(&self, symbol: Symbol) {
        self.change(|turns| turns.left(symbol));
    }

    /// The broker refused a book for their number. Says whether it waits for its turn.
    pub(crate) fn refused(&self, symbol: Symbol) -> bool {
        self.change(|turns| turns.refused(symbol))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn symbols(names: &[&str]) -> Vec<Symbol> {
        names.iter().map(|name| Symbol::new(name).unwrap()).collect()
    }

    #[test]
    fn one_leaves_before_the_next_enters() {
        let all = symbols(&["SPY", "QQQ", "IWM"]);
        let mut turns = Turns::new(all.clone(), 2);
        assert_eq!(turns.open, symbols(&["SPY", "QQQ"]));
        turns.turn();
        assert_eq!((turns.open.len(), turns.leaving.len()), (1, 1), "nobody enters before it has left");
        turns.turn();
        assert_eq!(turns.leaving.len(), 1, "one at a time");
        turns.left(all[0]);
        assert_eq!(turns.open, symbols(&["QQQ", "IWM"]));
        assert_eq!(turns.waiting, symbols(&["SPY"]));
    }

    #[test]
    fn a_refusal_lowers_the_number_and_calm_raises_it() {
        let all = symbols(&["SPY", "QQQ", "IWM"]);
        let mut turns = Turns::new(all.clone(), 3);
        assert!(turns.refused(all[2]));
        assert_eq!((turns.allowed, turns.open.len()), (2, 2));
        assert_eq!(turns.waiting, symbols(&["IWM"]));
        for _ in 0..PATIENT_TURNS {
            turns.turn();
            if let Some(gone) = turns.leaving.first().copied() {
                turns.left(gone);
            }
        }
        assert_eq!((turns.allowed, turns.open.len(), turns.waiting.len()), (3, 3, 0));
        assert!(turns.refused(all[0]) && turns.refused(all[1]));
        assert!(!turns.refused(all[2]), "the only one is tried again");
        assert_eq!(turns.open, symbols(&["IWM"]));
    }

    #[test]
    fn each_symbol_watches_its_own_turn() {
        let all = symbols(&["SPY", "QQQ"]);
        let rota = Rota::new(&all, 1);
        let (spy, qqq) = (rota.watch(all[0]).unwrap(), rota.watch(all[1]).unwrap());
        assert!(!*spy.borrow() && *qqq.borrow());
        rota.turn();
        assert!(*spy.borrow() && *qqq.borrow());
        assert_eq!((rota.of(all[0]), rota.of(all[1])), (Turn::Leave, Turn::Waits));
        rota.left(all[0]);
        assert_eq!((rota.of(all[0]), rota.of(all[1])), (Turn::Waits, Turn::Open));
        assert!(*spy.borrow() && !*qqq.borrow());
        assert!(rota.watch(symbols(&["TSLA"])[0]).is_none());
    }

    proptest! {
        #[test]
        fn nobody_is_lost_and_the_limit_holds(
            wanted in 1_usize..8,
            allowed in 1_usize..5,
            steps in proptest::collection::vec((0_u8..3, 0_usize..8), 0..200),
        ) {
            let all: Vec<Symbol> = (0..wanted).map(|n| Symbol::new(&format!("S{n}")).unwrap()).collect();
            let mut turns = Turns::new(all.clone(), allowed);
            for (step, place) in steps {
                let symbol = all[place % wanted];
                match step {
                    0 => turns.turn(),
                    1 => turns.left(symbol),
                    _ if turns.open.contains(&symbol) || turns.leaving.contains(&symbol) => {
                        turns.refused(symbol);
                    }
                    _ => {}
                }
                let mut held: Vec<Symbol> = turns.open.iter().chain(&turns.leaving).chain(&turns.waiting).copied().collect();
                held.sort_unstable();
                prop_assert_eq!(&held, &{ let mut all = all.clone(); all.sort_unstable(); all });
                prop_assert!(turns.open.len() + turns.leaving.len() <= allowed);
                prop_assert!(!turns.open.is_empty() || !turns.leaving.is_empty());
            }
        }
    }
}
