//! Market data in short: a light for the page, figures for monitoring.

use alphatrader_dashboard::view::{FeedState, FeedView};
use alphatrader_ibkr::{Status, StreamState, StreamStatus};
use alphatrader_model::Contract;

fn stocks(status: &Status) -> impl Iterator<Item = &StreamStatus> {
    status.streams.iter().filter(|stream| matches!(stream.contract, Contract::Stock(_)))
}

/// The light of market data: what of the plan does not work, or how much of the account's lines it takes.
pub(super) fn light(status: &Status) -> FeedView {
    let bad = |stream: &&StreamStatus| matches!(stream.state, StreamState::Broken | StreamState::NotLive);
    let worst = stocks(status).find(bad).filter(|_| status.is_connected());
    let text = match worst {
        Some(stream) => {
            let what = format!("{:?}", stream.stream).to_lowercase();
            let why = stream.problem.as_deref().unwrap_or("not live");
            format!("{what} of {}: {why}", stream.contract)
        }
        None => format!("{} of {} lines", status.lines_used, status.plan.lines),
    };
    let state = match worst {
        _ if !status.is_connected() => FeedState::Down,
        Some(_) => FeedState::Warn,
        None => FeedState::Ok,
    };
    // The slowest stream says how late we are.
    let lag = stocks(status).filter_map(|stream| stream.lag_ms).max();
    FeedView { name: "Market data".into(), state, latency_ms: lag.map(|ms| ms as f64), text }
}

/// Figures of the ingestion, for `monitoring:ibkr:metrics`.
pub(super) fn figures(status: &Status) -> Vec<(&'static str, f64)> {
    let streams = &status.streams;
    let among = |state: StreamState| streams.iter().filter(|stream| stream.state == state).count() as f64;
    let mut figures = vec![
        ("lines", status.plan.lines as f64),
        ("lines_used", status.lines_used as f64),
        ("streams", streams.len() as f64),
        ("streams_live", among(StreamState::Live)),
        ("streams_broken", among(StreamState::Broken)),
        ("streams_not_live", among(StreamState::NotLive)),
        ("books_waiting", among(StreamState::Waiting)),
        ("messages_per_second", streams.iter().map(|stream| stream.per_second).sum()),
        ("gaps", status.counts.gaps as f64),
        ("silences", status.counts.silences as f64),
        ("resubscriptions", status.counts.resubscriptions as f64),
        ("lagged", status.counts.lagged as f64),
        ("not_live", status.counts.not_live as f64),
        ("sessions", status.counts.sessions as f64),
        ("synchronisations", status.counts.synchronisations as f64),
        ("requests_failed", status.counts.requests_failed as f64),
        ("doubled_orders", status.counts.doubled_orders as f64),
    ];
    let lag = stocks(status).filter_map(|stream| stream.lag_ms).max();
    figures.extend(lag.map(|ms| ("lag_ms", ms as f64)));
    figures.extend(status.latency_us.map(|us| ("round_trip_us", us as f64)));
    figures
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_ibkr::{Counts, Link, Plan};
    use alphatrader_model::Timestamp;
    use alphatrader_model::market::Stream;

    fn stream(contract: &str, state: StreamState, problem: Option<&str>) -> StreamStatus {
        StreamStatus {
            contract: contract.parse().unwrap(),
            stream: Stream::Depth,
            state,
            sampled: false,
            age_ms: Some(5),
            messages: 70,
            per_second: 7.0,
            lag_ms: Some(12),
            gaps: 0,
            restarts: 0,
            live: true,
            problem: problem.map(str::to_owned),
        }
    }

    fn status(streams: Vec<StreamStatus>) -> Status {
        Status {
            link: Link::Connected,
            since: Timestamp::from_seconds(1),
            text: String::new(),
            last_error: None,
            account: None,
            server_version: None,
            latency_us: Some(80),
            plan: Plan { lines: 100, used: 80, held_lines: 16, books: 3, symbols: Vec::new() },
            lines_used: 44,
            streams,
            counts: Counts::default(),
        }
    }

    #[test]
    fn a_stock_without_its_book_is_named_and_an_option_is_not() {
        let waits = stream("QQQ", StreamState::Waiting, Some("waits for its turn"));
        let option = stream("SPY261123C00600000", StreamState::Broken, Some("gone"));
        let good = light(&status(vec![option.clone(), waits.clone()]));
        assert_eq!((good.state, good.text.as_str()), (FeedState::Ok, "44 of 100 lines"));
        let broken = stream("SPY", StreamState::Broken, Some("logged in elsewhere"));
        let bad = light(&status(vec![option, waits, broken]));
        assert_eq!((bad.state, bad.text.as_str()), (FeedState::Warn, "depth of SPY: logged in elsewhere"));
        assert_eq!(bad.latency_ms, Some(12.0));
    }

    #[test]
    fn without_a_connection_the_light_is_out() {
        let mut lost = status(vec![stream("SPY", StreamState::Live, None)]);
        lost.link = Link::Connecting;
        assert_eq!(light(&lost).state, FeedState::Down);
    }

    #[test]
    fn figures_count_streams_by_their_state() {
        let status = status(vec![
            stream("SPY", StreamState::Live, None),
            stream("QQQ", StreamState::Waiting, None),
            stream("IWM", StreamState::Live, None),
        ]);
        let figures = figures(&status);
        let figure = |name: &str| figures.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
        assert_eq!((figure("streams_live"), figure("books_waiting")), (Some(2.0), Some(1.0)));
        assert_eq!((figure("messages_per_second"), figure("lag_ms")), (Some(21.0), Some(12.0)));
    }
}
