//! A chain that was read, and how it was found.

use std::path::PathBuf;

use alphatrader_model::{ChainSnapshot, Symbol};
use jiff::civil::Date;

use super::kind::ChainKind;
use crate::malformed::Malformed;

/// Where the price of the underlying comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpotFrom {
    /// The source states it beside the chain.
    Stated,
    /// The last bar of the underlying that ended at or before the instant.
    Bars(PathBuf),
    /// The source states none.
    Nowhere,
}

/// A chain that was read, and how it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What the source is; absent for a recording of this system.
    pub kind: Option<ChainKind>,
    /// The chain.
    pub snapshot: ChainSnapshot,
    /// Where its spot comes from.
    pub spot_from: SpotFrom,
    /// Files that it was read from.
    pub files: Vec<PathBuf>,
    /// Rows, or ends of a file, that could not be read.
    pub malformed: u64,
    /// The first of them, at most [`Reading::EXAMPLES`].
    pub examples: Vec<Malformed>,
    /// A file ends in the middle or is damaged: the chain is a part.
    pub partial: bool,
    /// Other underlyings of the source.
    pub others: Vec<Symbol>,
    /// What else a reader of the numbers should know, in words.
    pub notes: Vec<String>,
}

impl Reading {
    /// Most examples of what could not be read.
    pub const EXAMPLES: usize = 5;

    /// Expiries of the chain, in order.
    pub fn expiries(&self) -> Vec<Date> {
        let mut dates: Vec<Date> = self.snapshot.rows.iter().map(|row| row.contract.expiry).collect();
        dates.dedup();
        dates
    }
}
