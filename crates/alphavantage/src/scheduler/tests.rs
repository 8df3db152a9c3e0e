use alphatrader_model::{Calendar, Span, Symbol, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::body;

fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

fn settings(symbols: &[&str]) -> Settings {
    Settings::new(symbols.iter().map(|text| symbol(text)).collect())
}

/// New York time of a Monday with a session.
fn at(time: &str) -> Timestamp {
    format!("2026-11-23T{time}-05:00").parse().unwrap()
}

const OK: Outcome = Outcome::Answered(body::Class::Data);
const LOST: Outcome = Outcome::Answered(body::Class::Transport(body::Broken::Connection));

/// A scheduler, its time, what is on its way, and what left when.
struct Run {
    scheduler: Scheduler,
    now: Timestamp,
    /// The latest time that was shown: a clock that was set back stands still.
    shown: Timestamp,
    flying: Vec<(Timestamp, u64, Outcome, Subject)>,
    sent: Vec<(Timestamp, Subject)>,
}

impl Run {
    fn new(settings: &Settings, start: Timestamp) -> Self {
        let scheduler = Scheduler::new(settings, Calendar::xnys(), start);
        Self { scheduler, now: start, shown: start, flying: Vec::new(), sent: Vec::new() }
    }

    /// Until an instant; each request is answered as `answer` says, after so long.
    fn until(&mut self, end: Timestamp, mut answer: impl FnMut(&Ticket) -> (Span, Outcome)) {
        while self.now < end {
            self.shown = self.shown.max(self.now);
            match self.scheduler.next(self.now) {
                Step::Send(ticket) => {
                    let (latency, outcome) = answer(&ticket);
                    self.sent.push((self.shown, ticket.subject));
                    self.flying.push((self.now + latency, ticket.id, outcome, ticket.subject));
                }
                Step::Wait(until) => {
                    let next = self.flying.iter().map(|flight| flight.0).min();
                    self.now = next.map_or(until, |next| next.min(until)).min(end).max(self.now);
                    self.land();
                }
            }
        }
    }

    fn land(&mut self) {
        let now = self.now;
        let (landed, flying) =
            std::mem::take(&mut self.flying).into_iter().partition(|flight| flight.0 <= now);
        self.flying = flying;
        let landed: Vec<_> = landed;
        for (_, id, outcome, subject) in landed {
            self.scheduler.done(now, id, outcome);
            if let (Subject::Chain(of), OK) = (subject, outcome) {
                let dates = [(11, 23), (11, 24), (11, 27)];
                let dates = dates.map(|(month, day)| jiff::civil::date(2026, month, day));
                self.scheduler.learn(now, of, dates.to_vec());
            }
        }
    }

    fn count(&self, wanted: impl Fn(Subject) -> bool) -> usize {
        self.sent.iter().filter(|(_, subject)| wanted(*subject)).count()
    }

    fn decided(&self, name: &str) -> u64 {
        self.scheduler.report(self.now).counts.get(name).copied().unwrap_or(0)
    }
}

fn quick(_: &Ticket) -> (Span, Outcome) {
    (Span::from_millis(80), OK)
}

#[test]
fn cadence_follows_the_session() {
    let mut run = Run::new(&settings(&["SPY", "AAPL"]), at("11:00:00"));
    run.until(at("11:10:00"), quick);
    let (spy, aapl) = (symbol("SPY"), symbol("AAPL"));
    let counts = [
        (Subject::Expiry(spy, 0), 120),
        (Subject::Expiry(spy, 1), 60),
        (Subject::Chain(spy), 10),
        (Subject::Expiry(aapl, 0), 20),
        (Subject::Expiry(aapl, 1), 0),
        (Subject::Chain(aapl), 10),
        (Subject::Quotes(0), 120),
        (Subject::News(None), 4),
        (Subject::News(Some(spy)), 4),
        (Subject::Movers, 2),
        (Subject::Earnings, 1),
    ];
    for (subject, wanted) in counts {
        let sent = run.count(|sent| sent == subject) as i64;
        assert!((sent - wanted).abs() <= 1 + wanted / 20, "{subject}: {sent}, wanted {wanted}");
    }
    assert_eq!(run.scheduler.report(run.now).degraded, None);
    assert_eq!(run.scheduler.report(run.now).stretch, 1.0);
}

#[test]
fn a_closed_market_is_pulled_twice_a_day() {
    let spy = symbol("SPY");
    let mut run = Run::new(&settings(&["SPY"]), at("16:15:00"));
    // One look at the start, since nothing is there yet, and the pull of 16:20.
    run.until(at("23:00:00"), quick);
    assert_eq!(run.count(|subject| subject == Subject::Chain(spy)), 2);
    assert_eq!(run.count(|subject| matches!(subject, Subject::Expiry(..) | Subject::Quotes(_))), 0);
    let pulled = run.sent.iter().rfind(|(_, subject)| *subject == Subject::Chain(spy)).unwrap().0;
    assert!(pulled >= at("16:20:00") && pulled < at("16:21:00"), "{pulled}");
    assert!(run.count(|subject| matches!(subject, Subject::News(_))) > 40);
}

#[test]
fn before_the_open_chains_come_every_five_minutes() {
    let spy = symbol("SPY");
    let mut run = Run::new(&settings(&["SPY"]), at("08:00:00"));
    run.until(at("09:00:00"), quick);
    let chains = run.count(|subject| subject == Subject::Chain(spy));
    assert!((12..=13).contains(&chains), "{chains}");
    assert_eq!(run.count(|subject| matches!(subject, Subject::Expiry(..))), 0);
    run.until(at("09:31:00"), quick);
    assert!(run.count(|subject| subject == Subject::Expiry(spy, 0)) >= 11);
}

#[test]
fn a_hot_symbol_goes_first_and_more_often() {
    let aapl = symbol("AAPL");
    let mut run = Run::new(&settings(&["SPY", "AAPL"]), at("11:00:00"));
    run.until(at("11:01:00"), quick);
    run.scheduler.set_hot(run.now, [aapl, symbol("OTHER")]);
    let before = run.count(|subject| subject == Subject::Expiry(aapl, 0));
    run.until(at("11:03:00"), quick);
    let after = run.count(|subject| subject == Subject::Expiry(aapl, 0)) - before;
    assert!((11..=13).contains(&after), "{after}");
    let line = run.scheduler.report(run.now).lines;
    assert!(line.iter().any(|line| line.subject == Subject::Expiry(aapl, 0) && line.class == Class::P0));
}

#[test]
fn what_matters_more_leaves_first_and_news_get_a_turn() {
    let mut run = Run::new(&settings(&["SPY", "QQQ", "AAPL"]), at("11:00:00"));
    run.until(at("11:05:00"), quick);
    // Nothing leaves for a while: everything is due at once.
    run.now = at("11:12:00");
    let from = run.sent.len();
    run.until(at("11:12:05"), |_| (Span::from_seconds(60), OK));
    let first: Vec<Subject> = run.sent[from..].iter().map(|(_, subject)| *subject).collect();
    assert_eq!(first.len(), 8, "as many as may be on their way");
    let news = |subject: &Subject| matches!(subject, Subject::News(_));
    assert!(first[..3].iter().all(|subject| matches!(subject, Subject::Expiry(..))), "{first:?}");
    assert!(news(&first[3]) && news(&first[7]), "{first:?}");
    assert!(run.decided("news_turn") >= 2 && run.decided("skip") > 0 && run.decided("hold_in_flight") > 0);
}

#[test]
fn one_request_is_on_its_way_for_a_subject() {
    let mut run = Run::new(&settings(&["SPY"]), at("11:00:00"));
    run.until(at("11:05:00"), |_| (Span::from_seconds(30), OK));
    let mut flying: Vec<(Subject, Timestamp)> = Vec::new();
    for (sent, subject) in &run.sent {
        assert!(!flying.iter().any(|(other, until)| other == subject && until > sent), "{subject}");
        flying.push((*subject, *sent + Span::from_seconds(30)));
    }
}

#[test]
fn a_failed_request_is_tried_again_within_its_deadline() {
    let mut run = Run::new(&settings(&["SPY"]), at("11:00:00"));
    let spy = symbol("SPY");
    run.until(at("11:02:00"), quick);
    let mut failures = 2;
    run.until(at("11:03:30"), |ticket| match ticket.subject {
        Subject::Chain(_) if failures > 0 => {
            failures -= 1;
            (Span::from_millis(80), LOST)
        }
        _ => quick(ticket),
    });
    assert_eq!((run.decided("retry"), run.decided("give_up")), (2, 0));
    let line = run
        .scheduler
        .report(run.now)
        .lines
        .into_iter()
        .find(|line| line.subject == Subject::Chain(spy))
        .unwrap();
    assert_eq!(line.failed, 2);
    assert!(line.age_ms.unwrap() < 60_000);
}

#[test]
fn a_newer_refresh_beats_a_retry() {
    let mut run = Run::new(&settings(&["SPY"]), at("11:00:00"));
    run.until(at("11:01:00"), quick);
    // Each failure takes longer than the period: no retry would be in time.
    run.until(at("11:01:30"), |ticket| match ticket.subject {
        Subject::Expiry(_, 0) => (Span::from_seconds(6), LOST),
        _ => quick(ticket),
    });
    assert_eq!(run.decided("retry"), 0);
    assert!(run.decided("give_up") >= 4);
}

#[test]
fn a_refusal_for_the_minute_stops_all_and_halves_the_rate() {
    let mut run = Run::new(&settings(&["SPY", "QQQ", "IWM"]), at("11:00:00"));
    run.until(at("11:00:30"), quick);
    let mut refused = false;
    run.until(at("11:01:10"), |ticket| {
        let first = !std::mem::replace(&mut refused, true);
        if first {
            (Span::from_millis(10), Outcome::Answered(body::Class::MinuteLimit))
        } else {
            quick(ticket)
        }
    });
    let pause = run.sent.windows(2).map(|pair| pair[1].0.since(pair[0].0)).max().unwrap();
    assert!(pause >= Span::from_seconds(5), "{pause:?}");
    let report = run.scheduler.report(run.now);
    assert!((report.per_second - 4.0).abs() < 1e-6, "{}", report.per_second);
    run.until(at("11:08:00"), quick);
    assert!(run.scheduler.report(run.now).per_second > 4.5);
    assert_eq!(run.scheduler.report(run.now).breakers, [], "a refusal for rate is an answer");
}

#[test]
fn a_refusal_for_the_second_is_remembered() {
    let mut run = Run::new(&settings(&["SPY"]), at("11:00:00"));
    let mut first = true;
    run.until(at("11:10:00"), |ticket| {
        let class = body::Class::BurstLimit { per_second: Some(5) };
        if std::mem::take(&mut first) {
            (Span::from_millis(10), Outcome::Answered(class))
        } else {
            quick(ticket)
        }
    });
    assert!((run.scheduler.report(run.now).per_second - 4.0).abs() < 1e-6);
    let gap = run.sent[1].0.since(run.sent[0].0);
    assert!(gap >= Span::from_seconds(2), "{gap:?}");
    assert!(run.sent[1..].windows(2).all(|pair| pair[1].0.since(pair[0].0) >= Span::from_millis(250)));
}

#[test]
fn a_free_key_goes_at_less_than_one_a_second_and_stops_for_the_day() {
    let mut run = Run::new(&settings(&["SPY"]), at("11:00:00"));
    let mut count = 0;
    run.until(at("12:00:00"), |ticket| {
        count += 1;
        match count {
            1 => (Span::from_millis(50), Outcome::Answered(body::Class::BurstLimit { per_second: Some(1) })),
            26.. => (Span::from_millis(50), Outcome::Answered(body::Class::DayLimit)),
            _ => quick(ticket),
        }
    });
    assert_eq!(run.sent.len(), 26);
    assert!(run.scheduler.report(run.now).degraded.unwrap().contains("midnight"));
    run.until("2026-11-24T00:01:00-05:00".parse().unwrap(), quick);
    assert!(run.sent.len() > 26, "another day");
}

#[test]
fn a_key_that_is_none_ends_all_calls() {
    for class in [body::Class::AuthInvalid, body::Class::DemoKey] {
        let mut run = Run::new(&settings(&["SPY"]), at("11:00:00"));
        run.until(at("15:00:00"), |_| (Span::from_millis(10), Outcome::Answered(class)));
        assert_eq!(run.sent.len(), 1);
        assert!(run.scheduler.report(run.now).degraded.is_some());
    }
}

#[test]
fn without_the_plan_chains_of_the_last_session_stand_in() {
    let mut run = Run::new(&settings(&["SPY", "AAPL"]), at("11:00:00"));
    let mut historical = 0;
    run.until(at("12:00:00"), |ticket| match ticket.request.function() {
        Function::RealtimeOptions => (Span::from_millis(50), Outcome::Answered(body::Class::NotEntitled)),
        Function::HistoricalOptions => {
            historical += 1;
            quick(ticket)
        }
        _ => quick(ticket),
    });
    assert_eq!(historical, 2, "once for each symbol: they change once a day");
    // What was on its way together may come back refused too.
    assert!(
        run.decided("latch") == 1
            && run.sent.iter().filter(|(_, s)| matches!(s, Subject::Expiry(..))).count() == 0
    );
    assert!(run.scheduler.report(run.now).degraded.unwrap().contains("REALTIME_OPTIONS"));
    assert!(run.count(|subject| matches!(subject, Subject::Quotes(_))) > 700);
}

#[test]
fn a_wrong_request_is_not_repeated_for_an_hour() {
    let news = Subject::News(Some(symbol("SPY")));
    let mut run = Run::new(&settings(&["SPY"]), at("11:00:00"));
    run.until(at("12:30:00"), |ticket| {
        if ticket.subject == news {
            (Span::from_millis(50), Outcome::Answered(body::Class::BadRequest))
        } else {
            quick(ticket)
        }
    });
    assert_eq!(run.count(|subject| subject == news), 2);
    assert_eq!(run.decided("negative"), 2);
}

#[test]
fn what_does_not_answer_is_probed_with_patience() {
    let mut run = Run::new(&settings(&["SPY", "QQQ"]), at("11:00:00"));
    run.until(at("11:10:00"), |_| (Span::from_millis(50), LOST));
    // 5 failures, then probes after 15, 30, 60, 120, 240 s.
    assert!(run.sent.len() <= 16, "{}", run.sent.len());
    let report = run.scheduler.report(run.now);
    assert!(report.degraded.unwrap().contains("does not answer"));
    assert!(run.decided("breaker_open") >= 4 && run.decided("hold_breaker") > 0);
    run.until(at("11:20:00"), quick);
    assert_eq!(run.scheduler.report(run.now).degraded, None);
    assert!(run.sent.len() > 100);
}

#[test]
fn when_not_everything_fits_all_periods_are_stretched() {
    let names: Vec<String> = (0..50).map(|n| format!("S{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let small = Settings { per_minute: 73, spacing: Span::from_millis(800), ..settings(&names) };
    let mut run = Run::new(&small, at("11:00:00"));
    run.until(at("11:30:00"), quick);
    let report = run.scheduler.report(run.now);
    // 50 chains a minute, 100 nearest, 12 quotes, 20.4 news against 0.95 of 73.
    assert!((report.stretch - 182.4 / 69.35).abs() < 0.05, "{}", report.stretch);
    assert!(report.degraded.unwrap().contains("times as long"));
    assert!(report.counts["stretch"] > 0);
    for window in run.sent.windows(74) {
        assert!(window[73].0.since(window[0].0) > Span::MINUTE);
    }
    for name in &names {
        assert!(run.count(|subject| subject == Subject::Chain(symbol(name))) >= 9, "{name}");
    }
}

#[test]
fn reference_data_wait_for_a_quiet_window() {
    let names: Vec<String> = (0..50).map(|n| format!("S{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let small = Settings { per_minute: 100, spacing: Span::from_millis(600), ..settings(&names) };
    let mut run = Run::new(&small, at("11:00:00"));
    run.until(at("11:02:00"), quick);
    assert!(run.decided("hold_busy") > 0);
}

#[test]
fn a_whole_chain_makes_its_expiries_fresh() {
    let spy = symbol("SPY");
    let mut run = Run::new(&settings(&["SPY"]), at("11:00:00"));
    run.until(at("11:02:00"), quick);
    let line = |run: &Run| {
        run.scheduler.report(run.now).lines.into_iter().find(|l| l.subject == Subject::Expiry(spy, 0))
    };
    // All are held back behind a slow chain.
    run.scheduler.paused_until = run.now + Span::from_seconds(20);
    let chain = run.scheduler.targets.iter().position(|t| t.subject == Subject::Chain(spy)).unwrap();
    run.now = run.now + Span::from_seconds(10);
    run.scheduler.now = run.now;
    run.scheduler.succeeded(chain);
    assert_eq!(line(&run).unwrap().age_ms, Some(0));
    assert!(run.decided("fresh") >= 1);
}

#[test]
fn somebody_may_ask() {
    let spy = symbol("SPY");
    let mut run = Run::new(&settings(&["SPY"]), at("11:00:00"));
    run.until(at("11:01:00"), quick);
    let now = run.now;
    let friday = Some(jiff::civil::date(2026, 11, 27));
    assert_eq!(run.scheduler.ask(now, spy, None, Span::from_seconds(60)), Asked::Fresh);
    assert_eq!(run.scheduler.ask(now, spy, friday, Span::ZERO), Asked::Queued);
    assert_eq!(run.scheduler.ask(now, spy, friday, Span::ZERO), Asked::Joined);
    run.until(at("11:01:02"), quick);
    assert_eq!(run.count(|subject| subject == Subject::Once(spy, friday)), 1);
    let dates =
        (1..=65).map(|day| jiff::civil::date(2027, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap());
    let asked: Vec<Asked> =
        dates.map(|date| run.scheduler.ask(run.now, spy, Some(date), Span::ZERO)).collect();
    assert_eq!(asked.iter().filter(|asked| **asked == Asked::Queued).count(), Scheduler::ASKED);
    assert_eq!(asked.last(), Some(&Asked::Full));
    run.until(at("11:03:00"), quick);
    let left = run.scheduler.targets.iter().filter(|t| matches!(t.subject, Subject::Once(..))).count();
    assert_eq!(left, 0, "answered and gone");
}

#[test]
fn a_payload_that_was_refused_is_asked_for_once_more() {
    let spy = symbol("SPY");
    let mut run = Run::new(&settings(&["SPY"]), at("11:00:00"));
    run.until(at("11:02:00"), quick);
    let before = run.count(|subject| subject == Subject::Chain(spy));
    run.until(at("11:03:00"), |ticket| {
        if ticket.subject == Subject::Chain(spy) {
            (Span::from_millis(50), Outcome::Refused)
        } else {
            quick(ticket)
        }
    });
    assert_eq!(run.count(|subject| subject == Subject::Chain(spy)) - before, 2);
}

#[test]
fn the_report_is_a_table() {
    let mut run = Run::new(&settings(&["SPY", "AAPL"]), at("11:00:00"));
    run.until(at("11:01:00"), quick);
    let table = run.scheduler.report(run.now).to_string();
    for part in
        ["SPY nearest expiry", "P1", "REALTIME_OPTIONS", "decisions: ", "answers: ", "of 590 requests"]
    {
        assert!(table.contains(part), "{part} in\n{table}");
    }
    let said: Vec<String> = run.scheduler.report(run.now).decisions.iter().map(ToString::to_string).collect();
    assert!(said.iter().any(|line| line.contains("SPY nearest expiry: sent")), "{said:?}");
    assert!(said.len() <= 256);
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    use body::{Broken, Class as B};
    prop_oneof![
        6 => Just(OK),
        1 => Just(Outcome::Refused),
        1 => Just(Outcome::Answered(B::Empty)),
        1 => Just(Outcome::Answered(B::Transport(Broken::Timeout))),
        1 => Just(Outcome::Answered(B::MinuteLimit)),
        1 => (1_u32..40).prop_map(|n| Outcome::Answered(B::BurstLimit { per_second: Some(n) })),
        1 => Just(Outcome::Answered(B::BadRequest)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is answered, however late, and whatever the clock does: the three bounds hold.
    #[test]
    fn no_minute_holds_more_than_the_ceiling(
        ceiling in 5_u32..60,
        spacing in 20_i64..500,
        count in 1_usize..20,
        answers in proptest::collection::vec((0_i64..20_000, any_outcome()), 1..20),
        jumps in proptest::collection::vec(-100_000_i64..100_000, 1..12),
    ) {
        let names: Vec<String> = (0..count).map(|n| format!("S{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let settings = Settings { per_minute: ceiling, spacing: Span::from_millis(spacing), ..settings(&names) };
        let mut run = Run::new(&settings, at("10:00:00"));
        let mut n = 0;
        for (turn, jump) in jumps.iter().enumerate() {
            let end = at("10:00:00") + Span::from_seconds(40 * (turn as i64 + 1));
            run.until(end.max(run.now), |_| {
                n += 1;
                let (latency, outcome) = answers[n % answers.len()];
                (Span::from_millis(latency), outcome)
            });
            // The clock is set, back or forth; what is on its way comes when it comes.
            run.now = run.now + Span::from_millis(*jump);
            prop_assert!(run.scheduler.flying.len() <= settings.in_flight);
            let mut subjects: Vec<Subject> = run.scheduler.flying.values().map(|flight| flight.subject).collect();
            subjects.sort_unstable();
            prop_assert!(subjects.windows(2).all(|pair| pair[0] != pair[1]));
        }
        let sent: Vec<Timestamp> = run.sent.iter().map(|(at, _)| *at).collect();
        let mut sorted = sent.clone();
        sorted.sort_unstable();
        prop_assert!(sorted.windows(2).all(|pair| pair[1].since(pair[0]) >= Span::from_millis(spacing)));
        for window in sorted.windows(ceiling as usize + 1) {
            prop_assert!(window[ceiling as usize].since(window[0]) > Span::MINUTE);
        }
    }
}
