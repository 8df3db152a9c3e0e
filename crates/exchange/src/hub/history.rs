//! The broker's rules for requests of history, in the wall's time.

use std::collections::VecDeque;

use alphatrader_model::Span;

use super::limits::HistoryLimits;
use crate::wire::message::historical::HistoricalDataRequest;

/// The window in which requests are counted.
const WINDOW: Span = Span::from_minutes(10);

/// The window in which requests for one contract, exchange and kind of data are counted.
const BURST: Span = Span::from_seconds(2);

/// Most requests that are remembered; older ones are forgotten as if their time were over.
const REMEMBERED: usize = 10_000;

/// What was asked lately.
#[derive(Debug, Default)]
pub struct History {
    asked: VecDeque<Asked>,
}

#[derive(Debug)]
struct Asked {
    at: Span,
    weight: u32,
    same: String,
    burst: String,
}

impl History {
    /// Whether the request may be served at `wall`; the broker's words when it comes too soon.
    ///
    /// # Errors
    /// The text of code 162.
    pub fn ask(
        &mut self,
        request: &HistoricalDataRequest,
        wall: Span,
        limits: &HistoryLimits,
    ) -> Result<(), String> {
        if !limits.paced || !is_small(request.bar_size_setting.as_deref().unwrap_or_default()) {
            return Ok(());
        }
        while self.asked.front().is_some_and(|asked| !within(asked.at, wall, WINDOW)) {
            self.asked.pop_front();
        }
        let weight = if request.what_to_show.as_deref() == Some("BID_ASK") { 2 } else { 1 };
        let (same, burst) = keys(request);
        let total: u32 = self.asked.iter().map(|asked| asked.weight).sum();
        let identical = self
            .asked
            .iter()
            .any(|asked| within(asked.at, wall, limits.identical.span()) && asked.same == same);
        let near =
            self.asked.iter().filter(|asked| within(asked.at, wall, BURST) && asked.burst == burst).count();
        if identical || near + 1 >= limits.burst as usize || total + weight > limits.in_ten_minutes {
            return Err(
                "Historical Market Data Service error message:Historical data request pacing violation"
                    .to_owned(),
            );
        }
        if self.asked.len() >= REMEMBERED {
            self.asked.pop_front();
        }
        self.asked.push_back(Asked { at: wall, weight, same, burst });
        Ok(())
    }
}

fn within(at: Span, wall: Span, window: Span) -> bool {
    wall.nanos().saturating_sub(at.nanos()) < window.nanos()
}

/// Bars of 30 seconds and shorter.
fn is_small(bar_size: &str) -> bool {
    bar_size.trim_end().ends_with("sec") || bar_size.trim_end().ends_with("secs")
}

/// What makes a request the same as another, and what makes it one of a burst.
fn keys(request: &HistoricalDataRequest) -> (String, String) {
    let mut same = request.clone();
    same.req_id = None;
    let contract = request.contract.clone().unwrap_or_default();
    let burst = format!("{contract:?} {:?}", request.what_to_show);
    (format!("{same:?}"), burst)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::message::contract::Contract;

    fn request(end: &str, symbol: &str, what: &str, bar: &str) -> HistoricalDataRequest {
        let text = |text: &str| Some(text.to_owned());
        HistoricalDataRequest {
            req_id: Some(1),
            contract: Some(Contract { symbol: text(symbol), ..Contract::default() }),
            end_date_time: text(end),
            bar_size_setting: text(bar),
            what_to_show: text(what),
            ..HistoricalDataRequest::default()
        }
    }

    #[test]
    fn the_same_again_within_fifteen_seconds_is_a_violation() {
        let (mut history, limits) = (History::default(), HistoryLimits::default());
        let asked = request("", "SPY", "TRADES", "5 secs");
        let again = HistoricalDataRequest { req_id: Some(2), ..asked.clone() };
        assert!(history.ask(&asked, Span::from_seconds(0), &limits).is_ok());
        assert!(history.ask(&again, Span::from_seconds(14), &limits).unwrap_err().contains("pacing"));
        assert!(history.ask(&again, Span::from_seconds(15), &limits).is_ok());
        // Bars of a minute and longer have no such rule.
        let minute = request("", "SPY", "TRADES", "1 min");
        for _ in 0..100 {
            assert!(history.ask(&minute, Span::from_seconds(16), &limits).is_ok());
        }
    }

    #[test]
    fn six_of_a_kind_in_two_seconds_are_too_many() {
        let (mut history, limits) = (History::default(), HistoryLimits::default());
        let outcome: Vec<_> = (0..6)
            .map(|end| request(&end.to_string(), "SPY", "TRADES", "1 secs"))
            .map(|asked| history.ask(&asked, Span::SECOND, &limits).is_ok())
            .collect();
        assert_eq!(outcome, [true, true, true, true, true, false]);
        assert!(history.ask(&request("6", "QQQ", "TRADES", "1 secs"), Span::SECOND, &limits).is_ok());
        assert!(
            history.ask(&request("7", "SPY", "TRADES", "1 secs"), Span::from_seconds(3), &limits).is_ok()
        );
    }

    #[test]
    fn sixty_in_ten_minutes_and_quotes_count_twice() {
        let limits = HistoryLimits::default();
        for (what, most) in [("TRADES", 60), ("BID_ASK", 30)] {
            let mut history = History::default();
            let served = (0..100)
                .filter(|n| {
                    let asked = request(&n.to_string(), "SPY", what, "10 secs");
                    history.ask(&asked, Span::from_seconds(n * 3), &limits).is_ok()
                })
                .count();
            assert_eq!(served, most, "{what}");
        }
    }
}
