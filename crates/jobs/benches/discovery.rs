//! Discovery of sixty sessions of three symbols, end to end: `cargo bench -p alphatrader-jobs`.
//!
//! Makes the recordings in a temporary folder, then reads and searches them on all cores. The target is a minute
//! on two. Arguments: the world (`market`, `no-information`, `regimes`, `episodes`), sessions, seed.

use std::time::Instant;

use alphatrader_history::{Days, Progress};
use alphatrader_jobs::discover::Step;
use alphatrader_jobs::synthesize::{Market, Plan, WorldKind, synthesize};
use alphatrader_jobs::{Request, discover, file, threads};
use alphatrader_model::{Calendar, Settings, Symbol};

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let market = match asked.first().map(String::as_str) {
        Some("no-information") => Market::World(WorldKind::NoInformation),
        Some("regimes") => Market::World(WorldKind::Regimes),
        Some("episodes") => Market::World(WorldKind::Episodes),
        _ => Market::Usual { depth: false },
    };
    let number =
        |place: usize, default: u64| asked.get(place).and_then(|text| text.parse().ok()).unwrap_or(default);
    let symbols = ["SPY", "QQQ", "IWM"].map(|name| Symbol::new(name).expect("a symbol"));
    let sessions = number(1, 60) as usize;
    let plan = Plan {
        market,
        seed: number(2, 1),
        symbols: symbols.to_vec(),
        from: jiff::civil::date(2025, 7, 7),
        sessions,
        threads: threads::available(),
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let begun = Instant::now();
    let made = synthesize(&plan, folder.path(), |_, _| ()).expect("a folder that can be written");
    println!("made {} events of {sessions} sessions in {:.1?}", made.events, begun.elapsed());
    let request = Request {
        symbols: symbols.to_vec(),
        from: *made.dates.first().expect("a session"),
        to: *made.dates.last().expect("a session"),
        threads: threads::available(),
        seed: 1,
        settings: Settings::default(),
        incumbent: None,
        git: None,
    };
    let begun = Instant::now();
    let days = Days::of(folder.path(), &Calendar::xnys()).expect("recordings");
    let told = |step: Step| {
        if step.done == step.of {
            println!("{:>12} done after {:.1?}", step.what, begun.elapsed());
        }
    };
    let found = discover(&days, &request, &Progress::default(), &told).expect("sessions that can be read");
    println!(
        "discovery of {sessions} sessions of 3 symbols on {} threads: {:.1?}",
        request.threads,
        begun.elapsed()
    );
    println!("{}", file::text(&found).expect("finite numbers"));
}
