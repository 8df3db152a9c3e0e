//! Worlds in which it is known what there is to find.

use std::path::Path;

use alphatrader_history::{Days, Progress};
use alphatrader_jobs::synthesize::{Market, Plan, WorldKind, synthesize};
use alphatrader_jobs::{Request, discover, file};
use alphatrader_model::discovered::Status;
use alphatrader_model::{Calendar, Discovered, Settings, Symbol, Timestamp};

fn symbols(names: &[&str]) -> Vec<Symbol> {
    names.iter().map(|name| Symbol::new(name).unwrap()).collect()
}

fn make(kind: WorldKind, sessions: usize, names: &[&str], folder: &Path) {
    let plan = Plan {
        market: Market::World(kind),
        seed: 11,
        symbols: symbols(names),
        from: jiff::civil::date(2025, 7, 7),
        sessions,
        threads: 2,
    };
    let made = synthesize(&plan, folder, |_, _| ()).unwrap();
    assert_eq!(made.dates.len(), sessions);
}

fn find(folder: &Path, threads: usize) -> Discovered {
    let request = Request {
        symbols: Vec::new(),
        from: jiff::civil::date(2020, 1, 1),
        to: jiff::civil::date(2030, 1, 1),
        threads,
        seed: 1,
        settings: Settings::default(),
        incumbent: None,
        git: None,
    };
    let days = Days::of(folder, &Calendar::xnys()).unwrap();
    discover(&days, &request, &Progress::default(), &|_| ()).unwrap()
}

#[test]
fn a_world_without_information_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    make(WorldKind::NoInformation, 22, &["SPY"], folder.path());
    let found = find(folder.path(), 2);
    let spy = &found.symbols[&symbols(&["SPY"])[0]];
    let bucket = &spy.vpin.bucket_volume;
    assert_eq!((bucket.status, bucket.predictive), (Status::Default, Some(false)), "{bucket:?}");
    assert_eq!(bucket.value, bucket.default);
    assert_eq!(bucket.in_force(), None);
    assert_eq!(spy.regimes.status, Status::Default, "{:?}", spy.regimes);
    assert_eq!(spy.regimes.k, 1);
    assert_eq!(spy.temporal.drift, "none");
    assert_eq!(spy.market_makers.reasons, ["no_maker_named_in_feed"]);
    assert_eq!(found.correlation.reasons, ["needs_two_symbols"]);
    let alert = &spy.vpin.alert_cdf;
    assert_eq!((alert.status, alert.value), (Status::Refused, None));
}

#[test]
fn the_same_sessions_give_the_same_bytes_on_one_thread_and_on_three() {
    let folder = tempfile::tempdir().unwrap();
    make(WorldKind::Episodes, 10, &["SPY", "QQQ"], folder.path());
    let texts = [1, 3].map(|threads| file::text(&find(folder.path(), threads)).unwrap());
    assert_eq!(texts[0], texts[1]);
    let again = file::of_text(&texts[0], &Settings::default(), Timestamp::default());
    assert_eq!(again.unusable, None);
    assert_eq!(file::text(&again).unwrap(), texts[0]);
    assert_eq!(again.data.sessions_used, 10);
    let correlation = &again.correlation;
    assert_eq!((correlation.status, correlation.n), (Status::Accepted, 10 * 78), "{correlation:?}");
    assert!(correlation.matrix[0][1].abs() < 0.2, "made to be unrelated: {:?}", correlation.matrix);
}

#[test]
fn too_few_sessions_are_refused_with_their_reason() {
    let folder = tempfile::tempdir().unwrap();
    make(WorldKind::NoInformation, 4, &["SPY"], folder.path());
    let found = find(folder.path(), 1);
    let spy = &found.symbols[&symbols(&["SPY"])[0]];
    for (parameter, reason) in [
        (&spy.vpin.bucket_volume, "needs_10_sessions"),
        (&spy.temporal.lookback_bars, "needs_20_sessions"),
        (&spy.sweep_floor, "needs_20_sessions"),
    ] {
        assert_eq!(parameter.status, Status::Refused);
        assert_eq!(parameter.reasons, [reason]);
    }
    assert_eq!(spy.regimes.status, Status::Refused);
    assert_eq!(spy.regimes.reasons, ["needs_1500_five_minute_bars"]);
}
