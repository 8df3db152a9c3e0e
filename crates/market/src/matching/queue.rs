//! Where a resting limit stands in the queue at its price.
//!
//! Prints at the price that take from the order's side always move the queue; the models differ in
//! what they make of displayed size that went without a print. Both believe a display that comes
//! before its print: the feed's own order counts, so a size that fell ahead of its print is taken for
//! a cancel first.

use alphatrader_model::Quantity;
use serde::{Deserialize, Serialize};

use super::book::Market;
use super::order::LiveOrder;
use crate::random::Random;

/// What becomes of an order's place when displayed size at its price goes without a print.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueModel {
    /// Who cancels stood behind: the order advances only when less is displayed than stood ahead.
    #[default]
    Conservative,
    /// Who cancels stood ahead or behind, with odds by how much stands on either side. The share is
    /// rounded to whole units by the engine's own seeded chance.
    Probabilistic(QueueLaw),
}

/// How much a size weighs in the odds of a cancel.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueLaw {
    /// The size to this power; positive. The larger it is, the more the longer side loses.
    Power(f64),
    /// The logarithm of one plus the size.
    Logarithm,
}

impl QueueLaw {
    fn weight(self, size: u64) -> f64 {
        let size = size as f64;
        match self {
            Self::Power(exponent) => libm::pow(size, exponent),
            Self::Logarithm => libm::log1p(size),
        }
    }

    /// The part of cancels that stood ahead of an order with `ahead` before and `behind` after it.
    pub(super) fn share_ahead(self, ahead: u64, behind: u64) -> f64 {
        let (before, after) = (self.weight(ahead), self.weight(behind));
        if before + after > 0.0 { before / (before + after) } else { 1.0 }
    }
}

impl QueueModel {
    /// The display at an order's price is looked at: moves the order's place. Not more can stand
    /// ahead than is displayed: who came later stands behind. Unknown stays unknown until the market
    /// tells.
    pub(super) fn look(self, order: &mut LiveOrder, market: &Market, random: &mut Random) {
        let Some(limit) = order.kind.limit() else { return };
        let Some(displayed) = market.displayed(order.side, limit) else {
            (order.seen, order.printed) = (None, Quantity::ZERO);
            return;
        };
        let ahead = match order.queue_ahead {
            // What is hidden stands behind all that is displayed, now and later.
            _ if order.handling.hidden => displayed,
            None => displayed,
            Some(ahead) => self.ahead(order, ahead.get(), displayed, random).min(displayed),
        };
        order.queue_ahead = Some(Quantity::new(ahead));
        (order.seen, order.printed) = (Some(Quantity::new(displayed)), Quantity::ZERO);
    }

    fn ahead(self, order: &LiveOrder, ahead: u64, displayed: u64, random: &mut Random) -> u64 {
        let (Self::Probabilistic(law), Some(seen)) = (self, order.seen) else { return ahead };
        let stood = seen.get().saturating_sub(order.printed.get());
        let gone = stood.saturating_sub(displayed);
        if gone == 0 || ahead == 0 {
            return ahead;
        }
        let behind = stood.saturating_sub(ahead);
        let expected = law.share_ahead(ahead, behind) * gone as f64;
        let whole = expected as u64;
        let drawn = whole + u64::from(random.chance(expected - whole as f64));
        // Behind can't lose more than it has: the rest stood ahead.
        ahead.saturating_sub(drawn.max(gone.saturating_sub(behind)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_side_loses_more_and_the_law_says_how_much() {
        let square = QueueLaw::Power(2.0);
        assert!((square.share_ahead(100, 100) - 0.5).abs() < 1e-12);
        assert!((square.share_ahead(300, 100) - 0.9).abs() < 1e-12);
        assert!((QueueLaw::Power(1.0).share_ahead(300, 100) - 0.75).abs() < 1e-12);
        let logarithm = QueueLaw::Logarithm.share_ahead(300, 100);
        assert!(logarithm > 0.5 && logarithm < 0.6, "{logarithm}");
        assert!((QueueLaw::Logarithm.share_ahead(0, 0) - 1.0).abs() < 1e-12);
        assert!(square.share_ahead(0, 5) < 1e-12);
    }
}
