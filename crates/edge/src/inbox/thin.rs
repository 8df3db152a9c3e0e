//! Makes room in a full market queue, by the mildest step that is enough.
//!
//! What stays keeps its order and its place between the others. A gap stands where the loss begins;
//! where other events lie between, a second one stands where it ends, because from there on the
//! stream is whole again and a measure may start to cover it.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use alphatrader_model::market::{Gap, Stream};
use alphatrader_model::{Input, InstrumentId, Payload};

use super::InboxMetrics;

/// Thins `queue` until at most `goal` events are left or no step is left. After the last step at most
/// 10 events of a contract and one timer are left: a quote, a chain row, a trading status, totals of
/// the day, gaps of quotes and books, and two gaps each of prints and bars; beside them a chain for each
/// underlying, provider and expiry, and a score of news for each symbol, at most
/// [`super::Limits::CHAINS`] of both.
pub(super) fn make_room(
    queue: &mut VecDeque<Input>,
    goal: usize,
    metrics: &mut InboxMetrics,
    lost_books: &mut BTreeSet<InstrumentId>,
) {
    keep_newest(queue, metrics);
    keep_newest_chains(queue, super::Limits::CHAINS.min(goal / 8), metrics);
    for (streams, brackets) in
        [(&[Stream::Depth, Stream::Quotes][..], false), (&[Stream::Trades, Stream::Bars][..], true)]
    {
        if queue.len() <= goal {
            return;
        }
        into_gaps(queue, streams, brackets, metrics, lost_books);
    }
}

/// Quotes, chain rows, states and timers: only the newest of each key stays.
fn keep_newest(queue: &mut VecDeque<Input>, metrics: &mut InboxMetrics) {
    let mut seen = HashSet::new();
    let mut stays = vec![true; queue.len()];
    for (place, input) in queue.iter().enumerate().rev() {
        let (key, superseded) = match &input.payload {
            Payload::Quote(quote) => ((0_u8, quote.instrument.0), &mut metrics.quotes),
            Payload::Chain(row) => ((1, row.instrument.0), &mut metrics.chain_rows),
            Payload::Timer => ((2, 0), &mut metrics.timers),
            Payload::Status(status) => ((3, status.instrument.0), &mut metrics.states),
            Payload::Totals(totals) => ((4, totals.instrument.0), &mut metrics.states),
            _ => continue,
        };
        if !seen.insert(key) {
            stays[place] = false;
            *superseded += 1;
        }
    }
    let mut stays = stays.into_iter();
    queue.retain(|_| stays.next().unwrap_or(true));
}

/// Whole chains: only the newest of each underlying, provider and expiry stays; a whole chain also stands for the
/// single expiries before it. News: the newest score of each symbol. At most `most` of both stay, the newest.
pub(super) fn keep_newest_chains(queue: &mut VecDeque<Input>, most: usize, metrics: &mut InboxMetrics) {
    let (mut chains, mut news, mut kept) = (BTreeSet::new(), BTreeSet::new(), 0);
    let mut stays = vec![true; queue.len()];
    for (place, input) in queue.iter().enumerate().rev() {
        let superseded = match &input.payload {
            Payload::ChainSnapshot(chain) => {
                let whole = (chain.underlying, chain.provider, None);
                chains.contains(&whole) || !chains.insert((chain.underlying, chain.provider, chain.expiry))
            }
            Payload::Sentiment(score) => !news.insert(score.symbol),
            _ => continue,
        };
        if superseded || kept == most {
            stays[place] = false;
            metrics.chains += 1;
        } else {
            kept += 1;
        }
    }
    let mut stays = stays.into_iter();
    queue.retain(|_| stays.next().unwrap_or(true));
}

/// Where the events of one stream of a contract lie.
struct Run {
    events: usize,
    first: usize,
    last: usize,
}

/// Replaces the events of each of `streams` by gaps, contract by contract, where that shortens the
/// queue. `brackets`: a second gap where the loss ends.
fn into_gaps(
    queue: &mut VecDeque<Input>,
    streams: &[Stream],
    brackets: bool,
    metrics: &mut InboxMetrics,
    lost_books: &mut BTreeSet<InstrumentId>,
) {
    let key_of = |payload: &Payload| stream_of(payload).filter(|(_, stream)| streams.contains(stream));
    let mut runs: BTreeMap<(InstrumentId, Stream), Run> = BTreeMap::new();
    for (place, input) in queue.iter().enumerate() {
        if let Some(key) = key_of(&input.payload) {
            let run = runs.entry(key).or_insert(Run { events: 0, first: place, last: place });
            run.events += 1;
            run.last = place;
        }
    }
    let gaps = if brackets { 2 } else { 1 };
    runs.retain(|_, run| run.events > gaps);
    let mut place = 0;
    queue.retain_mut(|input| {
        let here = place;
        place += 1;
        let Some(key) = key_of(&input.payload) else { return true };
        let Some(run) = runs.get(&key) else { return true };
        match &input.payload {
            Payload::Depth(_) => {
                metrics.depth += 1;
                lost_books.insert(key.0);
            }
            Payload::Trade(_) => metrics.trades += 1,
            Payload::Bar(_) => metrics.bars += 1,
            _ => {}
        }
        let stays = here == run.first || brackets && here == run.last;
        if stays && !matches!(input.payload, Payload::Gap(_)) {
            input.payload = Payload::Gap(Gap { instrument: key.0, stream: key.1 });
            metrics.gaps += 1;
        }
        stays
    });
}

/// The stream whose loss a gap of its kind would tell; quotes only as gaps, they conflate.
fn stream_of(payload: &Payload) -> Option<(InstrumentId, Stream)> {
    Some(match payload {
        Payload::Depth(depth) => (depth.instrument, Stream::Depth),
        Payload::Trade(trade) => (trade.instrument, Stream::Trades),
        Payload::Bar(bar) => (bar.instrument, Stream::Bars),
        Payload::Gap(gap) => (gap.instrument, gap.stream),
        _ => return None,
    })
}
