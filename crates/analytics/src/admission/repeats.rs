//! Prints that a feed sends again.
//!
//! A print without the feed's own sequence number cannot be told from its equal: of the 250 601 prints
//! of SPY on 2013-10-07, 28 123 have time, price, size and venue of the one before, and are prints of their own (one order
//! met several). Two things can be told. A stream that broke off and came back may repeat what it had sent
//! before: of prints not newer than the break, each that was seen already takes one of those
//! remembered with it, and is dropped. And where stamps are known to be unique ([`Repeats::SameInstant`]),
//! every equal print is a repetition.

use alphatrader_model::market::{Trade, Venue};
use alphatrader_model::number::{Price, Quantity};
use alphatrader_model::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Prints that are remembered; older ones are forgotten and their repetitions admitted.
pub const REMEMBERED: usize = 64;

/// Which equal prints are repetitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeats {
    /// Those that a stream sends again after a break.
    #[default]
    AfterBreak,
    /// Those too that have time, price, size and venue of one of the last [`REMEMBERED`] prints: for feeds
    /// whose stamps are unique.
    SameInstant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Print {
    ts: Timestamp,
    price: Price,
    size: Quantity,
    venue: Option<Venue>,
}

/// The last prints, and how far the stream had come when it broke off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memory {
    /// A ring.
    prints: Box<[Option<Print>]>,
    next: usize,
    break_at: Option<Timestamp>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { prints: vec![None; REMEMBERED].into_boxed_slice(), next: 0, break_at: None }
    }
}

impl Memory {
    /// Bytes of the ring.
    pub(super) const BYTES: usize = REMEMBERED * size_of::<Option<Print>>();

    /// Whether the print is a repetition; one that is none is remembered.
    #[inline]
    pub(super) fn repeats(&mut self, ts: Timestamp, trade: &Trade, policy: Repeats) -> bool {
        let print = Some(Print { ts, price: trade.price, size: trade.size, venue: trade.venue });
        if let Some(break_at) = self.break_at {
            if ts > break_at {
                self.break_at = None;
            } else if let Some(place) = self.prints.iter().position(|known| *known == print) {
                self.prints[place] = None;
                return true;
            } else {
                // Missed before the break: new, and not to be taken for a repetition of itself.
                return false;
            }
        }
        if policy == Repeats::SameInstant && self.prints.contains(&print) {
            return true;
        }
        self.prints[self.next] = print;
        self.next = (self.next + 1) % REMEMBERED;
        false
    }

    /// The stream broke off; `newest` is the time of the last print before.
    pub(super) fn broke(&mut self, newest: Option<Timestamp>) {
        self.break_at = newest.max(self.break_at);
    }
}
