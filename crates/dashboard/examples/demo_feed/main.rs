//! The dashboard alone, fed with made-up data that moves: for work on the page.
//!
//! `cargo run -p alphatrader-dashboard --example demo_feed -- [PORT [MINUTES [stall]]]`: MINUTES of the session
//! have passed when it starts (78), with `stall` the market then stands still while the clock goes on. Halts and
//! resumes work. The page says that the feed is a simulated demo.

mod desk;
mod found;
mod measures;
mod options;
mod walk;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use alphatrader_dashboard::project::{self, Found, Surroundings, Trails};
use alphatrader_dashboard::view::{
    Counter, FeedState, FeedView, MarketKind, ModeView, RunState, TradingMode,
};
use alphatrader_dashboard::{Command, Dashboard, Limits, Published, Publisher};
use alphatrader_model::view::{MarketView, TradingView};
use alphatrader_model::{Discovered, Price, Record, Seq, Session, Settings, Span, Symbol, Timestamp};
use tokio::sync::mpsc;

use desk::Desk;
use options::Made;
use walk::Walk;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).map_or(Ok(8_000), |port| port.parse())?;
    let minutes = std::env::args().nth(2).map_or(Ok(78), |minutes| minutes.parse())?;
    let stall = std::env::args().nth(3).is_some_and(|word| word == "stall");
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let first = Published::starting(Timestamp::from_seconds(0).into());
    let (dashboard, commands) = Dashboard::bind(addr, first, Limits::default())?;
    println!("{}", dashboard.url());
    let publisher = dashboard.publisher();
    std::thread::spawn(move || feed(&publisher, commands, minutes, stall));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(dashboard.serve(async {
        let _ = tokio::signal::ctrl_c().await;
    }))?;
    Ok(())
}

/// The session of Monday 23 November 2026.
fn session() -> Session {
    let date = jiff::civil::date(2026, 11, 23);
    let open = "2026-11-23T14:30:00Z".parse().expect("an instant");
    let close = "2026-11-23T21:00:00Z".parse().expect("an instant");
    Session { date, open, close }
}

/// Runs the morning flat out, then goes on at the pace of the wall clock.
fn feed(publisher: &Publisher, mut commands: mpsc::Receiver<Command>, minutes: i64, stall: bool) {
    let session = session();
    let spy = Symbol::new("SPY").expect("a symbol");
    let qqq = Symbol::new("QQQ").expect("a symbol");
    let mut walks = [Walk::new(spy, 600.10, 1, session.open), Walk::new(qqq, 528.40, 2, session.open)];
    let mut desk = Desk::new(spy, session.date);
    let step = Span::from_millis(100);
    let warm = session.open + Span::from_nanos(minutes * Span::MINUTE.nanos());
    let mut now = session.open;
    let mut seq = 0_u64;
    let mut next = Instant::now();
    let mut screen = Screen {
        publisher: publisher.clone(),
        trails: Trails::default(),
        found: found::found(session.open),
        session,
        made: Made::new(),
    };
    loop {
        now = now + step;
        seq += 1;
        if !(stall && now > warm) {
            for walk in &mut walks {
                walk.step(now);
            }
        }
        for record in desk.step(now, Seq(seq), &walks[0]) {
            tell(publisher, &record, now, seq);
        }
        if now < warm {
            // The map and the lines of the morning are there when the page is opened.
            if seq.is_multiple_of(10) {
                screen.publish(now, seq, &walks, &desk);
            }
            continue;
        }
        while let Ok(command) = commands.try_recv() {
            let record = desk.command(&command);
            tell(publisher, &record, now, seq);
        }
        let spots: Vec<_> =
            walks.iter().map(|walk| (walk.features.symbol, walk.features.last.map(Price::to_f64))).collect();
        // A stalled market has no new chains either: its first one grows old.
        if !stall || screen.made.options.is_empty() {
            screen.made.step(now, session.close, &spots);
        }
        screen.publish(now, seq, &walks, &desk);
        next += Duration::from_millis(100);
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
}

fn tell(publisher: &Publisher, record: &Record, now: Timestamp, seq: u64) {
    if let Some(event) = project::event(record, now, &format!("demo-{seq}")) {
        publisher.event(&event);
    }
}

/// What is shown, and what it remembers.
struct Screen {
    publisher: Publisher,
    trails: Trails,
    found: Discovered,
    session: Session,
    made: Made,
}

impl Screen {
    fn publish(&mut self, now: Timestamp, seq: u64, walks: &[Walk], desk: &Desk) {
        let settings = Settings::default();
        let market = MarketView {
            as_of: now,
            session: Some(self.session),
            features: walks.iter().map(|walk| walk.features.clone()).collect(),
            contracts: desk.contracts.clone(),
            options: self.made.options.clone(),
            market_sentiment: self.made.market.clone(),
        };
        let histories: Vec<_> = walks.iter().map(|walk| walk.history.clone()).collect();
        let trading: TradingView = desk.view(now);
        let surroundings = Surroundings {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            state: RunState::Running,
            mode: ModeView {
                trading: TradingMode::Paper,
                market: MarketKind::Synthetic,
                label: Some("simulated demo feed".to_owned()),
                speed: Some(1.0),
            },
            at: now,
            feeds: vec![
                FeedView {
                    name: "Demo gateway".to_owned(),
                    state: FeedState::Ok,
                    latency_ms: Some(0.2 + (seq % 7) as f64 / 10.0),
                    text: String::new(),
                },
                FeedView {
                    name: "Demo chain".to_owned(),
                    state: if seq % 600 < 60 { FeedState::Warn } else { FeedState::Ok },
                    latency_ms: None,
                    text: if seq % 600 < 60 { "11 s old".to_owned() } else { String::new() },
                },
            ],
            ledger_commit_ms: Some(1.0 + (seq % 5) as f64 / 5.0),
            counters: vec![Counter { name: "events".to_owned(), value: seq * 37 }],
            streams: alphatrader_dashboard::view::StreamsView::default(),
            parameters: std::sync::Arc::new(project::parameters(
                Found { now: Some(&self.found), since: Some(self.session.open), next: None },
                &settings,
                &market,
            )),
            ready: Ok(()),
        };
        let shown =
            project::published(&mut self.trails, surroundings, &settings, &market, &histories, &trading);
        self.publisher.publish(shown);
    }
}
