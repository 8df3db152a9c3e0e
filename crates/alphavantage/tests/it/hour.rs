//! An hour of a session on the simulated clock, with a server in the same process.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use alphatrader_alphavantage::collector::Collector;
use alphatrader_alphavantage::scheduler::{Step, Ticket};
use alphatrader_alphavantage::{ApiKey, Reply, Settings, Status};
use alphatrader_model::{Calendar, Payload, Span, Symbol, Timestamp};
use jiff::civil::Date;

use crate::server::{Entry, Server};

/// What a run shows.
pub(crate) struct Ran {
    /// The server's own log.
    pub(crate) log: Vec<Entry>,
    /// The edge at the end.
    pub(crate) status: Status,
    /// Ages of a symbol's chain of the day, one every 100 ms of the session, in ms; of the data, not of their receipt.
    pub(crate) ages: BTreeMap<Symbol, Vec<i64>>,
}

/// Three funds and ten companies.
pub(crate) fn symbols() -> Vec<Symbol> {
    ["SPY", "QQQ", "IWM", "AAPL", "MSFT", "NVDA", "AMZN", "META", "GOOGL", "TSLA", "AMD", "NFLX", "AVGO"]
        .map(|text| Symbol::new(text).expect("a symbol"))
        .to_vec()
}

struct Landing {
    ticket: Ticket,
    reply: Reply,
    answered: Timestamp,
}

/// Runs the edge from `start` to `end`. Requests reach the server after 20 ms; answers take 60 to 600 ms, whole chains
/// up to 2.5 s.
pub(crate) fn run(settings: Settings, mut server: Server, start: Timestamp, end: Timestamp) -> Ran {
    let calendar = Calendar::xnys();
    let today = calendar.date_of(start);
    let followed = settings.daily_expiries.clone();
    let session = calendar.session(today).expect("the run is of a day with a session");
    let mut edge = Collector::new(settings, ApiKey::new("normal").expect("a key"), calendar, start);
    let mut on_the_way: BinaryHeap<Reverse<(Timestamp, u64)>> = BinaryHeap::new();
    let mut landings: BTreeMap<u64, Landing> = BTreeMap::new();
    let mut newest: BTreeMap<Symbol, Timestamp> = BTreeMap::new();
    let mut ages: BTreeMap<Symbol, Vec<i64>> = BTreeMap::new();
    let (mut now, mut chance, mut sample) = (start, 7_u64, start);
    while now < end {
        match edge.next(now) {
            Step::Send(ticket) => {
                chance =
                    chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let most = if ticket.request.expiration().is_none() { 2_500 } else { 600 };
                let latency = Span::from_millis(60 + (chance >> 33) as i64 % (most - 60));
                let answered = now + Span::from_millis(20);
                let reply = server.answer(&ticket.request, answered);
                on_the_way.push(Reverse((now + latency, ticket.id)));
                landings.insert(ticket.id, Landing { ticket: *ticket, reply, answered });
            }
            Step::Wait(until) => {
                let lands = on_the_way.peek().map_or(until, |Reverse((at, _))| *at);
                let then = until.min(lands).min(end);
                while sample < then {
                    for (symbol, at) in newest.iter().filter(|_| session.contains(sample)) {
                        ages.entry(*symbol).or_default().push(sample.since(*at).millis());
                    }
                    sample = sample + Span::from_millis(100);
                }
                now = then;
                while on_the_way.peek().is_some_and(|Reverse((at, _))| *at <= now) {
                    let Some(Reverse((_, id))) = on_the_way.pop() else { break };
                    let Some(landing) = landings.remove(&id) else { continue };
                    land(&mut edge, now, today, &followed, landing, &mut newest);
                }
            }
        }
    }
    Ran { log: server.log, status: edge.status(end), ages }
}

fn land(
    edge: &mut Collector,
    now: Timestamp,
    today: Date,
    followed: &[Symbol],
    landing: Landing,
    newest: &mut BTreeMap<Symbol, Timestamp>,
) {
    let Landing { ticket, reply, answered } = landing;
    let answer = edge.reading(&ticket.request, now).read(Ok(&reply));
    for payload in edge.answered(now, &ticket, reply.body.len(), answer) {
        if let Payload::ChainSnapshot(chain) = payload
            && chain.rows.iter().any(|row| row.contract.expiry == today)
            && followed.contains(&chain.underlying)
        {
            let at = newest.entry(chain.underlying).or_insert(answered);
            *at = (*at).max(answered);
        }
    }
}

/// Most requests in any 60 s, and the least distance of two.
pub(crate) fn density(log: &[Entry]) -> (usize, Span) {
    let (mut most, mut first) = (0, 0);
    for (place, entry) in log.iter().enumerate() {
        while entry.at.since(log[first].at) > Span::MINUTE {
            first += 1;
        }
        most = most.max(place - first + 1);
    }
    let least = log.windows(2).map(|pair| pair[1].at.since(pair[0].at)).min().unwrap_or(Span::MINUTE);
    (most, least)
}

/// The age that 95 of 100 samples do not exceed, ms.
pub(crate) fn p95(ages: &[i64]) -> i64 {
    let mut sorted = ages.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() * 95 / 100]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        format!("2026-11-23T{time}-05:00").parse().unwrap()
    }

    #[test]
    fn an_hour_keeps_the_budget_and_the_ages() {
        let settings = Settings::new(symbols());
        let ran = run(settings.clone(), Server::new(8), at("10:00:00"), at("11:00:00"));
        let (most, least) = density(&ran.log);
        println!("{}", ran.status.scheduler);
        println!("most in any 60 s: {most}; least distance {} ms", least.millis());
        assert!(most <= 590 && least >= settings.spacing, "{most} {least:?}");
        assert!(ran.log.iter().all(|entry| !entry.refused));
        let first = ran
            .log
            .iter()
            .filter(|entry| entry.request.expiration() == Some(jiff::civil::date(2026, 11, 23)));
        assert!(first.count() > 3 * 700, "the three's expiry of the day, every five seconds");
        assert_eq!(ran.ages.len(), 3);
        for (symbol, ages) in &ran.ages {
            println!("{symbol}: age of the day's chain p95 {} ms", p95(ages));
            assert!(p95(ages) <= 10_000, "{symbol}: {}", p95(ages));
            assert!(ages.len() > 35_000);
        }
        // Half an hour of the cadence of five seconds in the least.
        assert!(ran.log.len() > 5_000, "{}", ran.log.len());
        assert_eq!(ran.status.scheduler.degraded, None);
        assert_eq!((ran.status.alarms.clone(), ran.status.last_error.clone()), (Vec::new(), None));
    }

    /// Five times as many symbols as the key allows: the ceiling binds, and everything is stretched by one factor.
    #[test]
    fn an_hour_over_the_budget_keeps_it_too() {
        let mut symbols = symbols();
        symbols.extend((0..37).map(|n| Symbol::new(&format!("S{n}")).unwrap()));
        let mut settings = Settings { spacing: Span::from_millis(102), ..Settings::new(symbols) };
        settings.cadence.warm = Span::from_seconds(2);
        settings.cadence.chain = Span::from_seconds(20);
        let ran = run(settings.clone(), Server::new(1), at("10:00:00"), at("10:20:00"));
        let (most, least) = density(&ran.log);
        println!("{}", ran.status.scheduler);
        assert!(most <= 590 && least >= settings.spacing, "{most} {least:?}");
        assert!(most > 520, "the budget is used: {most}");
        assert!(ran.log.iter().all(|entry| !entry.refused));
        assert!(ran.status.scheduler.stretch > 2.0, "{}", ran.status.scheduler.stretch);
        assert!(ran.status.is_degraded());
    }
}
