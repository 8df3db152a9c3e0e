//! The broker edge's streams as a person reads them: options of one underlying are one row.

use std::collections::BTreeMap;

use alphatrader_dashboard::view::{StreamStateView, StreamView, StreamsView};
use alphatrader_ibkr::{Status, StreamState, StreamStatus};
use alphatrader_model::market::Stream;
use alphatrader_model::{Contract, Symbol};

/// All streams of an edge.
pub(super) fn view(status: &Status) -> StreamsView {
    let mut rows: BTreeMap<(Symbol, bool, &'static str), StreamView> = BTreeMap::new();
    for stream in &status.streams {
        let (symbol, is_option) = whose(stream);
        let kind = kind(stream.stream);
        let one = row(stream, symbol, is_option, kind);
        rows.entry((symbol, is_option, kind)).and_modify(|all| join(all, &one)).or_insert(one);
    }
    let mut streams: Vec<StreamView> = rows.into_values().collect();
    // A stable sort: among equally bad ones the order of symbols stays.
    streams.sort_by_key(|stream| std::cmp::Reverse(stream.state));
    StreamsView {
        lines: status.plan.lines as u32,
        lines_used: status.lines_used as u32,
        plan: status.plan.text(),
        connection: status.text.clone(),
        streams,
    }
}

fn whose(stream: &StreamStatus) -> (Symbol, bool) {
    match &stream.contract {
        Contract::Stock(symbol) => (*symbol, false),
        Contract::Option(option) => (option.root, true),
    }
}

const fn kind(stream: Stream) -> &'static str {
    match stream {
        Stream::Quotes => "quotes",
        Stream::Trades => "trades",
        Stream::Depth => "depth",
        Stream::Bars => "bars",
    }
}

fn row(stream: &StreamStatus, symbol: Symbol, is_option: bool, kind: &str) -> StreamView {
    StreamView {
        symbol: symbol.to_string(),
        options: is_option.then_some(1),
        kind: kind.to_owned(),
        state: state(stream.state),
        sampled: stream.sampled,
        age_ms: stream.age_ms,
        per_second: stream.per_second,
        // An option's newest print may be hours old when its line opens: that is no lag.
        lag_ms: stream.lag_ms.filter(|_| !is_option),
        gaps: stream.gaps,
        restarts: stream.restarts,
        problem: stream.problem.clone(),
    }
}

const fn state(state: StreamState) -> StreamStateView {
    match state {
        StreamState::Opening => StreamStateView::Opening,
        StreamState::Live => StreamStateView::Live,
        StreamState::NotLive => StreamStateView::NotLive,
        StreamState::Waiting => StreamStateView::Waiting,
        StreamState::Broken => StreamStateView::Broken,
    }
}

/// Adds one option's stream to the row of its underlying: the newest message, the worst state.
fn join(all: &mut StreamView, one: &StreamView) {
    all.options = all.options.map(|count| count.saturating_add(1));
    all.state = all.state.max(one.state);
    all.sampled |= one.sampled;
    all.age_ms = match (all.age_ms, one.age_ms) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    all.per_second += one.per_second;
    all.gaps += one.gaps;
    all.restarts += one.restarts;
    if all.problem.is_none() {
        all.problem.clone_from(&one.problem);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(contract: &str, state: StreamState, age_ms: Option<u64>) -> StreamStatus {
        StreamStatus {
            contract: contract.parse().unwrap(),
            stream: Stream::Quotes,
            state,
            sampled: false,
            age_ms,
            messages: 3,
            per_second: 1.5,
            lag_ms: None,
            gaps: 1,
            restarts: 0,
            live: true,
            problem: None,
        }
    }

    #[test]
    fn options_of_one_underlying_are_one_row_as_bad_as_the_worst() {
        let rows = [
            stream("SPY261123C00585000", StreamState::Live, Some(40)),
            stream("SPY261123P00585000", StreamState::Broken, None),
        ];
        let mut joined = row(&rows[0], whose(&rows[0]).0, true, "quotes");
        join(&mut joined, &row(&rows[1], whose(&rows[1]).0, true, "quotes"));
        assert_eq!((joined.options, joined.state), (Some(2), StreamStateView::Broken));
        assert_eq!((joined.age_ms, joined.gaps), (Some(40), 2));
        assert!((joined.per_second - 3.0).abs() < 1e-12);
    }
}
