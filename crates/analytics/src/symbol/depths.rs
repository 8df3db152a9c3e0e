//! The book of a symbol and what is measured over its levels.

use alphatrader_model::features::{BookState, Features};
use alphatrader_model::market::Depth;
use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::number::Price;
use alphatrader_model::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::book::{Book, Ladder, ladder};
use crate::imbalance::{self, DistanceWeights};
use crate::ofi::integrated::Weights;
use crate::ofi::{Ofi, OfiParameters};

use super::touch::show_flow;

/// Book, order flow of ten levels, imbalances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Depths {
    pub(super) book: Book,
    pub(super) ofi: Ofi,
    weights: DistanceWeights,
    /// Weights of the integrated flow: equal, as long as nothing was fitted.
    integrated: Weights,
}

const LEVELS: usize = ladder::LEVELS;

impl Default for Depths {
    fn default() -> Self {
        Self {
            book: Book::default(),
            ofi: Ofi::new(OfiParameters { levels: LEVELS as u8, ..OfiParameters::default() }),
            weights: DistanceWeights::new(Price::CENT, DistanceWeights::KAPPA),
            integrated: Weights::new(&[1.0; LEVELS]).expect("ten equal weights are weights"),
        }
    }
}

impl Depths {
    /// Takes an edit and writes what it changes.
    #[inline]
    pub(super) fn apply(&mut self, features: &mut Features, ts: Timestamp, depth: &Depth) {
        let state = self.book.apply(depth);
        let before = core::mem::replace(&mut features.book, state);
        let place = usize::from(depth.position);
        if state != BookState::Valid {
            if before == BookState::Valid {
                self.ofi.on_crossed(if state == BookState::Crossed {
                    Quality::CROSSED
                } else {
                    Quality::GAP
                });
            }
            hide(features);
            return;
        }
        if place >= LEVELS && before == state {
            return;
        }
        let (bids, asks) = (Ladder::of(self.book.bids()), Ladder::of(self.book.asks()));
        self.ofi.on_ladders(ts, &bids, &asks, Quality::GOOD);
        let weighted = self.weights.of(bids.levels(), asks.levels());
        features.liquidity.imbalance_weighted = Metric::new(weighted, 1, Quality::GOOD);
        if place < imbalance::LEVELS || before != state {
            features.imbalance_5 = imbalance::of_levels(self.book.bids(), self.book.asks());
            features.liquidity.imbalance_5 = Metric::new(features.imbalance_5, 1, Quality::GOOD);
        }
    }

    /// A second is over; `touch` says that there are no quotes: the book's touch stands in.
    pub(super) fn turn(&mut self, ts: Timestamp, touch: bool, features: &mut Features) {
        if features.book == BookState::Absent {
            return;
        }
        self.ofi.advance(ts);
        let flow = &mut features.flow;
        [flow.ofi_levels, flow.ofi_integrated] = self.ofi.book(&self.integrated);
        if touch {
            show_flow(&self.ofi, features);
        }
    }

    /// Rows were lost.
    pub(super) fn reset(&mut self, features: &mut Features) {
        self.book.reset();
        self.ofi.clear();
        features.book = self.book.state();
        hide(features);
    }

    /// Bytes outside the value itself.
    pub(super) fn heap_bytes(&self) -> usize {
        self.ofi.heap_bytes() + self.weights.heap_bytes()
    }
}

fn hide(features: &mut Features) {
    features.imbalance_5 = None;
    let liquidity = &mut features.liquidity;
    (liquidity.imbalance_5, liquidity.imbalance_weighted) = (Metric::NONE, Metric::NONE);
}
