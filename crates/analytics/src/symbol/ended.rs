//! VPIN buckets that ended, for a chart and for those who want each of them.

use std::collections::VecDeque;

use alphatrader_model::time::Timestamp;
use alphatrader_model::view::SymbolHistory;
use serde::{Deserialize, Serialize};

use crate::vpin::VpinPoint;

/// Buckets kept. A print that ends more of them is seen by its last ones.
pub(super) const KEPT: usize = 128;

/// The buckets that ended last, newest last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Ended {
    points: VecDeque<(Timestamp, VpinPoint)>,
}

impl Default for Ended {
    fn default() -> Self {
        Self { points: VecDeque::with_capacity(KEPT) }
    }
}

impl Ended {
    /// A bucket ended.
    pub(super) fn push(&mut self, history: &mut SymbolHistory, ts: Timestamp, point: &VpinPoint) {
        super::push(&mut self.points, KEPT, (ts, *point));
        if let Some(value) = point.vpin {
            super::push(&mut history.vpin, SymbolHistory::VPIN, (ts, value));
        }
    }

    pub(super) const fn points(&self) -> &VecDeque<(Timestamp, VpinPoint)> {
        &self.points
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.points.capacity() * size_of::<(Timestamp, VpinPoint)>()
    }

    pub(super) fn make_room(&mut self) {
        self.points.reserve_exact(KEPT.saturating_sub(self.points.len()));
    }
}
