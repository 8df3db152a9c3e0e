//! The broker's message rate: so many a second from all clients together.
//!
//! Time here is the wall's, given by the caller. A client that asked to be paced waits; any other is
//! told code 100, and closed when it does so in several seconds.

use std::collections::{BTreeMap, VecDeque};

use alphatrader_model::Span;

use super::{ConnectionId, Limits};
use crate::wire::Request;

/// The window in which messages are counted.
const WINDOW: Span = Span::SECOND;

/// What is to become of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is served.
    Serve,
    /// It waits until [`Pacer::release`] gives it back.
    Wait,
    /// It is not served; the client is told this text with code 100, and closed if so said.
    Refuse {
        /// The broker's words.
        text: String,
        /// Whether the client went too far.
        close: bool,
    },
}

/// See the module's text.
#[derive(Debug, Default)]
pub struct Pacer {
    /// When messages of the last second were served; never more than the rate.
    served: VecDeque<Span>,
    clients: BTreeMap<ConnectionId, Client>,
    /// Messages of paced clients, in order of arrival; bounded for each client.
    waiting: VecDeque<(ConnectionId, Box<Request>)>,
}

#[derive(Debug, Default)]
struct Client {
    paced: bool,
    waiting: usize,
    strikes: u32,
    struck: Option<Span>,
    refused: u32,
}

impl Pacer {
    /// A client said whether it wants to be paced.
    pub fn hello(&mut self, id: ConnectionId, paced: bool) {
        self.clients.insert(id, Client { paced, ..Client::default() });
    }

    /// A client is gone, and what it had waiting.
    pub fn gone(&mut self, id: ConnectionId) {
        self.clients.remove(&id);
        self.waiting.retain(|(of, _)| *of != id);
    }

    /// A message arrives at `wall`.
    pub fn arrive(&mut self, id: ConnectionId, request: &Request, wall: Span, limits: &Limits) -> Verdict {
        let Some(rate) = limits.messages_per_second else { return Verdict::Serve };
        self.forget_before(wall);
        let full = self.served.len() >= rate as usize;
        let client = self.clients.entry(id).or_default();
        // Nobody is kept from saying who it is.
        if (!full && client.waiting == 0) || matches!(request, Request::StartApi(_)) {
            if full {
                self.served.pop_front();
            }
            self.served.push_back(wall);
            return Verdict::Serve;
        }
        if client.paced && client.waiting < limits.paced {
            client.waiting += 1;
            self.waiting.push_back((id, Box::new(request.clone())));
            return Verdict::Wait;
        }
        if client.struck.is_none_or(|last| after(last, wall) >= WINDOW.nanos()) {
            client.struck = Some(wall);
            client.strikes += 1;
            client.refused = 0;
        }
        client.refused = client.refused.saturating_add(1);
        let close = client.paced || client.strikes >= limits.strikes;
        let text = format!(
            "Max rate of messages per second has been exceeded:max={rate} rec={} ({})",
            rate.saturating_add(client.refused),
            client.strikes
        );
        Verdict::Refuse { text, close }
    }

    /// When the next waiting message may be served; nothing when none waits.
    pub fn due(&self, limits: &Limits) -> Option<Span> {
        self.waiting.front()?;
        let rate = limits.messages_per_second.map_or(usize::MAX, |rate| rate as usize);
        match self.served.front() {
            Some(oldest) if self.served.len() >= rate => {
                Some(Span::from_nanos(oldest.nanos().saturating_add(WINDOW.nanos())))
            }
            _ => Some(Span::from_nanos(0)),
        }
    }

    /// The next waiting message, when it may be served at `wall`.
    pub fn release(&mut self, wall: Span, limits: &Limits) -> Option<(ConnectionId, Box<Request>)> {
        self.forget_before(wall);
        if self.due(limits)? > wall {
            return None;
        }
        let (id, request) = self.waiting.pop_front()?;
        if let Some(client) = self.clients.get_mut(&id) {
            client.waiting = client.waiting.saturating_sub(1);
        }
        self.served.push_back(wall);
        Some((id, request))
    }

    fn forget_before(&mut self, wall: Span) {
        while self.served.front().is_some_and(|at| after(*at, wall) >= WINDOW.nanos()) {
            self.served.pop_front();
        }
    }
}

fn after(earlier: Span, later: Span) -> i64 {
    later.nanos().saturating_sub(earlier.nanos())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::message::session::CurrentTimeRequest;
    use proptest::prelude::*;

    const ID: ConnectionId = ConnectionId(1);

    fn limits(rate: u32) -> Limits {
        Limits { messages_per_second: Some(rate), paced: 5, ..Limits::default() }
    }

    fn ask(pacer: &mut Pacer, millis: i64, limits: &Limits) -> Verdict {
        let request = Request::CurrentTime(CurrentTimeRequest {});
        pacer.arrive(ID, &request, Span::from_millis(millis), limits)
    }

    #[test]
    fn the_rate_is_of_any_second_and_three_bad_seconds_close() {
        let (mut pacer, limits) = (Pacer::default(), limits(2));
        pacer.hello(ID, false);
        assert_eq!(ask(&mut pacer, 0, &limits), Verdict::Serve);
        assert_eq!(ask(&mut pacer, 900, &limits), Verdict::Serve);
        let refused = ask(&mut pacer, 950, &limits);
        let text = "Max rate of messages per second has been exceeded:max=2 rec=3 (1)".to_owned();
        assert_eq!(refused, Verdict::Refuse { text, close: false });
        assert!(matches!(ask(&mut pacer, 960, &limits), Verdict::Refuse { close: false, .. }));
        assert_eq!(ask(&mut pacer, 1_000, &limits), Verdict::Serve);
        assert!(matches!(ask(&mut pacer, 1_001, &limits), Verdict::Refuse { close: false, .. }));
        assert_eq!(ask(&mut pacer, 1_900, &limits), Verdict::Serve);
        assert!(matches!(ask(&mut pacer, 1_960, &limits), Verdict::Refuse { close: false, .. }));
        assert_eq!(ask(&mut pacer, 5_000, &limits), Verdict::Serve);
        assert_eq!(ask(&mut pacer, 5_000, &limits), Verdict::Serve);
        assert!(matches!(ask(&mut pacer, 5_000, &limits), Verdict::Refuse { close: true, .. }));
    }

    #[test]
    fn a_paced_client_waits_in_order_and_not_without_bound() {
        let (mut pacer, limits) = (Pacer::default(), limits(1));
        pacer.hello(ID, true);
        assert_eq!(ask(&mut pacer, 0, &limits), Verdict::Serve);
        for _ in 0..5 {
            assert_eq!(ask(&mut pacer, 1, &limits), Verdict::Wait);
        }
        assert!(matches!(ask(&mut pacer, 2, &limits), Verdict::Refuse { close: true, .. }));
        assert_eq!(pacer.due(&limits), Some(Span::SECOND));
        assert!(pacer.release(Span::from_millis(999), &limits).is_none());
        assert!(pacer.release(Span::SECOND, &limits).is_some());
        assert!(pacer.release(Span::SECOND, &limits).is_none());
        // Four still wait: who comes later queues behind them.
        assert_eq!(ask(&mut pacer, 2_500, &limits), Verdict::Wait);
        pacer.gone(ID);
        assert_eq!(pacer.due(&limits), None);
    }

    proptest! {
        /// Never more than the rate in any second, and of what waits nothing is lost.
        #[test]
        fn no_second_has_more_than_the_rate(steps in prop::collection::vec(0_i64..400, 1..80), rate in 1_u32..6) {
            let limits = Limits { paced: 1_000, ..limits(rate) };
            let mut pacer = Pacer::default();
            pacer.hello(ID, true);
            let (mut now, mut served, mut asked) = (0, Vec::new(), 0);
            for step in steps {
                now += step;
                while pacer.release(Span::from_millis(now), &limits).is_some() {
                    served.push(now);
                }
                asked += 1;
                if ask(&mut pacer, now, &limits) == Verdict::Serve {
                    served.push(now);
                }
            }
            while let Some(due) = pacer.due(&limits) {
                now = now.max(due.nanos() / 1_000_000 + 1);
                while pacer.release(Span::from_millis(now), &limits).is_some() {
                    served.push(now);
                }
            }
            prop_assert_eq!(served.len(), asked);
            for (index, at) in served.iter().enumerate() {
                let near = served[index..].iter().filter(|later| **later - at < 1_000).count();
                prop_assert!(near <= rate as usize, "{served:?}");
            }
        }
    }
}
