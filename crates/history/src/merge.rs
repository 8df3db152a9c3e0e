//! Several sources in the one order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use alphatrader_model::Timestamp;

use crate::item::{Item, SourceId};
use crate::malformed::Malformed;

/// Items of several sources by instant, rank of the payload, source and line; what could not be
/// read stands among them, where its source came to it.
///
/// Each source must be sorted by time, as the readers of this crate are, and have a number of its
/// own. Holds one item of each source; allocates nothing after its start.
pub struct Merge<S> {
    sources: Vec<S>,
    /// The next item of each source.
    heads: Vec<Option<Item>>,
    /// Sources with a head, the earliest first.
    order: BinaryHeap<Reverse<Head>>,
    /// The source whose head was handed out and is not yet replaced: the first in `order`, or while
    /// the merge starts, the next one to be asked.
    waiting: Waiting,
    counts: Counts,
}

type Head = ((Timestamp, u8, SourceId, u64), usize);

#[derive(Clone, Copy)]
enum Waiting {
    Start(usize),
    First,
    None,
}

/// What came out of a merge so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Items.
    pub items: u64,
    /// What could not be read.
    pub malformed: u64,
}

impl<S: Iterator<Item = Result<Item, Malformed>>> Merge<S> {
    /// Merges sources. Nothing is read before the first item is asked for.
    pub fn new(sources: Vec<S>) -> Self {
        let heads = sources.iter().map(|_| None).collect();
        let order = BinaryHeap::with_capacity(sources.len());
        Self { sources, heads, order, waiting: Waiting::Start(0), counts: Counts::default() }
    }

    /// What came out so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// The sources.
    pub fn sources(&self) -> &[S] {
        &self.sources
    }

    /// Gives every source a head again. An error is handed out at once, and the source asked again
    /// at the next call.
    fn refill(&mut self) -> Result<(), Malformed> {
        loop {
            match self.waiting {
                Waiting::None => return Ok(()),
                Waiting::Start(index) if index == self.sources.len() => self.waiting = Waiting::None,
                Waiting::Start(index) => {
                    if let Some(item) = self.sources[index].next().transpose()? {
                        self.order.push(Reverse((item.key(), index)));
                        self.heads[index] = Some(item);
                    }
                    self.waiting = Waiting::Start(index + 1);
                }
                Waiting::First => {
                    let Some(mut first) = self.order.peek_mut() else {
                        self.waiting = Waiting::None;
                        continue;
                    };
                    let index = first.0.1;
                    if let Some(item) = self.sources[index].next().transpose()? {
                        debug_assert!(first.0.0.0 <= item.input.ts_event, "a source is sorted by time");
                        first.0.0 = item.key();
                        self.heads[index] = Some(item);
                    } else {
                        PeekMut::pop(first);
                    }
                    self.waiting = Waiting::None;
                }
            }
        }
    }
}

impl<S: Iterator<Item = Result<Item, Malformed>>> Iterator for Merge<S> {
    type Item = Result<Item, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Err(malformed) = self.refill() {
            self.counts.malformed += 1;
            return Some(Err(malformed));
        }
        let Reverse((_, index)) = self.order.peek()?;
        let item = self.heads[*index].take()?;
        self.waiting = Waiting::First;
        self.counts.items += 1;
        Some(Ok(item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::malformed::Reason;
    use alphatrader_model::{Input, InstrumentId, Payload, Price, Quantity, Quote, Trade};
    use proptest::prelude::*;
    use std::path::Path;
    use std::sync::Arc;

    fn item(source: u16, line: u64, at: i64, trades: bool) -> Item {
        let instrument = InstrumentId(0);
        let payload = if trades {
            let (price, size) = (Price::CENT, Quantity::new(1));
            let flags = alphatrader_model::market::TradeFlags::NONE;
            Payload::Trade(Trade { instrument, price, size, aggressor: None, venue: None, flags })
        } else {
            Payload::Quote(Quote { instrument, bid: None, ask: None })
        };
        let at = Timestamp::from_nanos(at);
        Item { input: Input { ts_event: at, ts_recv: at, payload }, source: SourceId(source), line }
    }

    fn malformed(line: u64) -> Malformed {
        Malformed { file: Arc::from(Path::new("x")), line, reason: Reason::ExtraFields }
    }

    #[test]
    fn quotes_go_before_trades_of_the_same_instant() {
        let trades = vec![Ok(item(0, 1, 5, true)), Ok(item(0, 2, 5, true)), Ok(item(0, 3, 6, true))];
        let quotes = vec![Ok(item(1, 1, 5, false)), Err(malformed(2)), Ok(item(1, 3, 6, false))];
        let mut merge = Merge::new(vec![trades.into_iter(), quotes.into_iter()]);
        let order: Vec<_> = merge
            .by_ref()
            .map(|next| next.map(|item| (item.source.0, item.line)).map_err(|m| m.line))
            .collect();
        assert_eq!(order, vec![Ok((1, 1)), Err(2), Ok((0, 1)), Ok((0, 2)), Ok((1, 3)), Ok((0, 3))]);
        assert_eq!(merge.counts(), Counts { items: 5, malformed: 1 });
        assert!(merge.next().is_none());
    }

    proptest! {
        #[test]
        fn a_merge_is_all_there_is_sorted_by_key(
            sources in proptest::collection::vec(
                proptest::collection::vec((0_i64..3, any::<bool>(), 0_u8..10), 0..30), 0..5),
        ) {
            let mut all = Vec::new();
            let mut faults = 0;
            let mut inputs = Vec::new();
            for (source, rows) in sources.into_iter().enumerate() {
                let (mut at, mut rank) = (0, false);
                let mut input = Vec::new();
                for (line, (step, trades, bad)) in rows.into_iter().enumerate() {
                    at += step;
                    // One source holds one kind of payload at an instant, so lines are in order.
                    rank = if step == 0 { rank } else { trades };
                    if bad == 0 {
                        faults += 1;
                        input.push(Err(malformed(line as u64)));
                    } else {
                        let item = item(source as u16, line as u64, at, rank);
                        all.push(item.clone());
                        input.push(Ok(item));
                    }
                }
                inputs.push(input.into_iter());
            }
            let merge = Merge::new(inputs);
            let (items, errors): (Vec<_>, Vec<_>) = merge.partition(Result::is_ok);
            let items: Vec<Item> = items.into_iter().map(Result::unwrap).collect();
            all.sort_by_key(Item::key);
            prop_assert_eq!(items, all);
            prop_assert_eq!(errors.len(), faults);
        }
    }
}
