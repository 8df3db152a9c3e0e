//! How much was traded at which price.

use std::collections::BTreeMap;

use alphatrader_model::Span;

use super::bars::{NoBars, Query, Size};
use super::{History, Show};
use crate::feed::catalogue::Listing;

/// Most sessions of one answer.
pub const MAX_SESSIONS: usize = 60;

impl History<'_> {
    /// Shares or contracts by price in cents over the last `sessions` (today counts as one), lowest
    /// first.
    ///
    /// # Errors
    /// [`NoBars`].
    pub fn histogram(&self, listing: &Listing, sessions: usize) -> Result<BTreeMap<i64, u64>, NoBars> {
        let sessions = sessions.clamp(1, MAX_SESSIONS);
        let stretches = self
            .sessions_before(self.now)
            .take(sessions)
            .map(|session| (session, session.open, session.close));
        let query = Query {
            listing,
            show: Show::Trades,
            size: Size::Part(Span::MINUTE),
            stretches: stretches.collect(),
        };
        let mut histogram = BTreeMap::new();
        for bar in self.bars(&query)?.iter().filter(|bar| bar.volume > 0) {
            *histogram.entry((bar.wap * 100.0).round() as i64).or_insert(0) += bar.volume;
        }
        if histogram.is_empty() { Err(NoBars::NoData) } else { Ok(histogram) }
    }
}
