//! Several sources in the one order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

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
    /// The next item of each source that waits in `order`.
    heads: Vec<Option<Item>>,
    /// Sources with a head, the earliest first. The source that is being read is not among them:
    /// while its items come first, which is mostly, they pass without a word to the others.
    order: BinaryHeap<Reverse<Head>>,
    reading: Reading,
    counts: Counts,
}

type Key = (Timestamp, u8, SourceId, u64);
type Head = (Key, usize);

#[derive(Clone, Copy)]
enum Reading {
    /// The merge starts: this source is asked for its first item next.
    First(usize),
    /// The last item came from this source.
    Source(usize),
    /// The source that was read has ended.
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
        Self { sources, heads, order, reading: Reading::First(0), counts: Counts::default() }
    }

    /// What came out so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// The sources.
    pub fn sources(&self) -> &[S] {
        &self.sources
    }

    /// Asks each source for its first item. An error is handed out at once, and the source asked
    /// again at the next call.
    fn start(&mut self, from: usize) -> Result<(), Malformed> {
        for index in from..self.sources.len() {
            self.reading = Reading::First(index);
            if let Some(item) = self.sources[index].next().transpose()? {
                self.put(index, item);
            }
        }
        self.reading = Reading::None;
        Ok(())
    }

    fn put(&mut self, index: usize, item: Item) {
        self.order.push(Reverse((item.key(), index)));
        self.heads[index] = Some(item);
    }

    /// The earliest head; its source is read from here on.
    fn take(&mut self) -> Option<Item> {
        let Reverse((_, index)) = self.order.pop()?;
        self.reading = Reading::Source(index);
        self.heads[index].take()
    }

    fn step(&mut self) -> Result<Option<Item>, Malformed> {
        match self.reading {
            Reading::First(from) => self.start(from)?,
            Reading::Source(index) => match self.sources[index].next() {
                Some(Ok(item)) => {
                    let waits = self.order.peek().is_some_and(|Reverse((first, _))| *first < item.key());
                    if !waits {
                        return Ok(Some(item));
                    }
                    // The other goes out first: as the heap holds it, there is one to take.
                    let earlier = self.take();
                    self.put(index, item);
                    return Ok(earlier);
                }
                Some(Err(malformed)) => return Err(malformed),
                None => self.reading = Reading::None,
            },
            Reading::None => {}
        }
        Ok(self.take())
    }
}

impl<S: Iterator<Item = Result<Item, Malformed>>> Iterator for Merge<S> {
    type Item = Result<Item, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step().transpose()?;
        match step {
            Ok(_) => self.counts.items += 1,
            Err(_) => self.counts.malformed += 1,
        }
        Some(step)
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
