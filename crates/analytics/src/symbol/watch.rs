//! The session and what of it was watched.

use alphatrader_model::calendar::Session;
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::flow::Coverage;

/// The closing auction is printed after the close; later than this it is none of the session.
const AUCTION_GRACE: Span = Span::from_minutes(10);

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Watch {
    pub(super) session: Option<Session>,
    pub(super) coverage: Coverage,
    /// Prints of the session were lost: its average and its range are not known any more.
    pub(super) incomplete: bool,
}

impl Watch {
    /// Begins a session; false when it is the one that runs already (its hours may change).
    pub(super) fn begin(&mut self, session: Session) -> bool {
        let new = self.session.is_none_or(|running| running.date != session.date);
        self.session = Some(session);
        if new {
            self.coverage.restart();
            self.incomplete = false;
        }
        new
    }

    /// Whether a print of this time belongs to the session.
    #[inline]
    pub(super) fn holds(&self, ts: Timestamp, auction: bool) -> bool {
        self.session.is_some_and(|session| {
            session.open <= ts && (ts < session.close || (auction && ts < session.close + AUCTION_GRACE))
        })
    }

    /// Prints were lost: watching begins anew.
    pub(super) fn lose_prints(&mut self) {
        self.coverage.restart();
        self.incomplete |= self.session.is_some();
    }

    /// Whether the session runs; notes that it is watched.
    pub(super) fn observe(&mut self, ts: Timestamp) -> bool {
        self.session.is_some_and(|session| {
            self.coverage.observe(ts, session.open);
            session.open <= ts && ts < session.close
        })
    }
}
