//! The whole system in one seeded run, with everything going wrong.
//!
//! | file | what it stands for |
//! | --- | --- |
//! | `faults` | what goes wrong in a run, and how often, by its seed |
//! | `script` | a market of a few minutes: two stocks that break out of their range, their options |
//! | `ledger` | commits that take their time, fail, and keep what was durable when the process dies |
//! | `wire` | the session with the broker: breaks, lost, doubled and reordered words, lost orders |
//! | `judge` | the invariants of signals-and-risk, section 11 |
//! | `trace` | what happened before a violation, in short lines |
//! | `world` | time, the process that lives and dies, the person |
//!
//! The core, the simulated broker and the invariants are the real ones; ledger, connection and person
//! are models with faults. A run is a pure function of its seed: a failure is repeated by its number.

mod faults;
mod judge;
mod ledger;
mod script;
mod trace;
mod wire;
mod world;

use core::fmt;

use alphatrader_model::{Money, Span};

/// What a run came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Digests of all processes of the run, in order, as one.
    pub digest: String,
    /// Events that cores took.
    pub events: u64,
    /// Signals made, refused ones included.
    pub signals: u64,
    /// Signals that became a position.
    pub trades: u64,
    /// Executions at the broker.
    pub fills: u64,
    /// Times the process was killed.
    pub kills: u64,
    /// Of them between two outputs of one step.
    pub kills_inside: u64,
    /// Sessions with the broker that broke.
    pub breaks: u64,
    /// Words of the broker that were lost, doubled or told in another order.
    pub garbled: u64,
    /// Orders, changes and cancels that were refused or lost.
    pub refused: u64,
    /// Commits that failed or took too long.
    pub ledger_faults: u64,
    /// Halts of every kind.
    pub halts: u64,
    /// How positions ended, by reason, with the number of each.
    pub endings: Vec<(String, u64)>,
    /// Realised profit of the run, commissions taken off.
    pub profit: Money,
}

/// An invariant did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The run.
    pub seed: u64,
    /// Steps taken by cores before it.
    pub step: u64,
    /// Simulated time since the open.
    pub after_open: Span,
    /// What did not hold, in words.
    pub what: String,
    /// The last things that happened, oldest first.
    pub trace: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.after_open.as_seconds();
        writeln!(f, "seed {}, step {}, {seconds:.3} s after the open: {}", self.seed, self.step, self.what)?;
        for line in &self.trace {
            writeln!(f, "  {line}")?;
        }
        Ok(())
    }
}

impl core::error::Error for Violation {}

/// Plays one run.
///
/// # Errors
/// The first invariant that did not hold, with what happened before it.
pub fn simulate(seed: u64) -> Result<Report, Box<Violation>> {
    world::World::new(seed).run()
}
