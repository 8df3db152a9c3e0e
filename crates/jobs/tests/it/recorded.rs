//! Recorded sessions, where they are: two are far too few, and everything says so.

use std::path::PathBuf;

use alphatrader_history::{Days, Progress};
use alphatrader_jobs::{Request, discover};
use alphatrader_model::discovered::Status;
use alphatrader_model::{Calendar, Settings, Symbol};

fn lean() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data =
        std::env::var_os("ALPHATRADER_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    let folder = data.join("lean");
    if !folder.is_dir() {
        println!("skipped: recorded data absent");
        return None;
    }
    Some(folder)
}

#[test]
fn recorded_sessions_of_spy_are_too_few_for_anything() {
    let Some(folder) = lean() else { return };
    let spy = Symbol::new("SPY").unwrap();
    let request = Request {
        symbols: vec![spy],
        from: jiff::civil::date(2013, 10, 7),
        to: jiff::civil::date(2013, 10, 8),
        threads: 2,
        seed: 1,
        settings: Settings::default(),
        incumbent: None,
        git: None,
    };
    let days = Days::of(&folder, &Calendar::xnys()).unwrap();
    let found = discover(&days, &request, &Progress::default(), &|_| ()).unwrap();
    assert_eq!((found.data.sessions_used, found.data.sessions_excluded.len()), (2, 0), "{:?}", found.data);
    assert_eq!(found.data.feed, "tick_by_tick");
    assert_eq!(found.data.source, "files");
    let kept_out = found.data.excluded_volume_share.unwrap();
    assert!((0.0..0.2).contains(&kept_out), "{kept_out}");
    let of = &found.symbols[&spy];
    assert_eq!(of.vpin.bucket_volume.status, Status::Refused);
    assert_eq!(of.vpin.bucket_volume.reasons, ["needs_10_sessions"]);
    assert_eq!(of.sweep_floor.reasons, ["needs_20_sessions"]);
    assert!(of.sweep_floor.n.episodes.unwrap() > 500, "{:?}", of.sweep_floor.n);
}
