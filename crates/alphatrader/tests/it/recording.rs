//! Recordings of the whole system: killed, read, replayed, gone on from, exported.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::{Running, json, output, text};

fn file(state: &Path, number: u32) -> PathBuf {
    state.join(format!("recordings/2026-03-16/{number:04}.atr"))
}

fn replay(source: &Path) -> Value {
    let output = output(&["replay", source.to_str().unwrap(), "--output", "json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    json(&output)
}

fn inspect(source: &Path) -> Value {
    json(&output(&["data", "inspect", source.to_str().unwrap(), "--output", "json"]))
}

fn events(status: &Value) -> u64 {
    let counters = status["counters"].as_array().unwrap();
    counters.iter().find(|c| c["name"] == "events").unwrap()["value"].as_u64().unwrap()
}

/// Events that the engine had taken at least a second of wall time before now, which is what a kill now
/// may not lose.
fn a_second_ago(system: &Running) -> u64 {
    let (seen, since) = (events(&system.get("/api/v1/status")), Instant::now());
    system.until("/api/v1/status", "a second and more events", |status| {
        since.elapsed() > Duration::from_secs(1) && events(status) > seen
    });
    seen
}

#[test]
fn a_kill_loses_at_most_a_second_and_a_replay_reproduces_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path();
    let more = ["--seed", "5", "--speed", "20"];
    let mut first = Running::start(state, &more);
    first.until("/api/v1/status", "reconciliation", |s| s["reconciled_at"].is_string());
    first.until("/api/v1/features/SPY", "VPIN", |f| f["vpin"]["completed"].as_u64() > Some(1));
    let safe = a_second_ago(&first);
    let completed = |f: &Value| f["vpin"]["completed"].as_u64().unwrap();
    let known = completed(&first.get("/api/v1/features/SPY"));
    first.signal("-KILL");
    assert!(first.ended().code().is_none());

    let report = replay(&file(state, 1));
    assert_eq!((&report["identical"], &report["ended"]), (&Value::from(true), &Value::from(false)));
    assert!(report["events"].as_u64().unwrap() >= safe, "{safe} events were seen: {report}");
    assert!(report["checkpoints"].as_u64().unwrap() > 1, "{report}");
    assert_eq!(report["incarnation"], 1);

    // What was written when the process stopped is cut off, said, and the rest stands.
    let torn = state.join("torn/2026-03-16/0001.atr");
    std::fs::create_dir_all(torn.parent().unwrap()).unwrap();
    let whole = std::fs::read(file(state, 1)).unwrap();
    std::fs::write(&torn, &whole[..whole.len() - 7]).unwrap();
    let cut = replay(&torn);
    assert_eq!(cut["identical"], true);
    assert!(cut["torn_bytes"].as_u64().unwrap() > 0 && cut["events"].as_u64() <= report["events"].as_u64());
    // A byte that is not what was written is found, whatever it says.
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 0x10;
    std::fs::write(&torn, &flipped).unwrap();
    let output = output(&["replay", torn.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("damaged at byte"), "{}", text(&output.stderr));

    // The next start goes on with chart and VPIN from what the first one recorded.
    let mut second = Running::start(state, &more);
    second.until("/api/v1/status", "reconciliation", |s| s["reconciled_at"].is_string());
    let features = second.get("/api/v1/features/SPY");
    // What was completed in the last second may be lost with it, at most.
    assert!(completed(&features) + 3 >= known, "{known} buckets, then {features}");
    second.signal("-TERM");
    assert_eq!(second.ended().code(), Some(0));
    let inspected = inspect(&file(state, 2));
    let recording = &inspected["recording"];
    assert_eq!(recording["rebuilt_from"], serde_json::json!(["2026-03-16/0001.atr"]));
    assert_eq!((&recording["ended"], &recording["incarnation"]), (&Value::from(true), &Value::from(2)));
    let both = replay(&state.join("recordings"));
    let both = both.as_array().unwrap();
    assert_eq!(both.len(), 2);
    assert!(both.iter().all(|report| report["identical"] == true), "{both:?}");
    assert_eq!((&both[1]["digest"], &both[1]["ended"]), (&recording["digest"], &Value::from(true)));

    tables(state);
}

/// The same recordings as a market: with a simulated broker, as tables, as an archive.
fn tables(state: &Path) {
    let recordings = state.join("recordings");
    let source = recordings.to_str().unwrap();
    let arguments = ["replay", source, "--symbol", "SPY", "--date", "2026-03-16", "--output", "json"];
    let (one, two) = (json(&output(&arguments)), json(&output(&arguments)));
    assert_eq!(one["digest"], two["digest"]);
    assert!(one["events"].as_u64().unwrap() > 10_000, "{one}");

    let to = state.join("out");
    let exported = output(&[
        "data",
        "export",
        source,
        "--output",
        "csv",
        "--to",
        to.to_str().unwrap(),
        "--symbol",
        "SPY",
        "--kind",
        "trades",
        "--kind",
        "option-quotes",
    ]);
    assert!(exported.status.success(), "{}", text(&exported.stderr));
    let day = to.join("2026-03-16/SPY");
    let trades = std::fs::read_to_string(day.join("trades.csv")).unwrap();
    assert!(
        trades.starts_with("ts_event,ts_recv,contract,price,size,aggressor,venue,flags\n2026-03-16T13:3")
    );
    assert!(trades.lines().nth(1).unwrap().contains(",SPY,"));
    let options = std::fs::read_to_string(day.join("option_quotes.csv")).unwrap();
    assert!(options.lines().nth(1).unwrap().contains(",2026-03-1"), "{}", &options[..300]);
    assert!(!day.join("quotes.csv").exists());
    let counted = inspect(&recordings);
    let counted: u64 =
        counted.as_array().unwrap().iter().map(|file| file["records"]["trade"].as_u64().unwrap()).sum();
    assert_eq!(trades.lines().count() as u64 - 1, counted);

    let state_dir = state.to_str().unwrap();
    let compacted = json(&output(&["data", "compact", "--state-dir", state_dir, "--output", "json"]));
    let rows = |name: &str| {
        let tables = compacted[0]["tables"].as_array().unwrap();
        tables.iter().find(|table| table["path"] == name).unwrap()["rows"].as_u64().unwrap()
    };
    assert_eq!(rows("SPY/trades.parquet"), counted);
    assert!(rows("SPY/depth.parquet") > 100 && rows("SPY/option_quotes.parquet") > 100);
    assert!(state.join("archive/2026-03-16/SPY/quotes.parquet").is_file());
    let again = output(&["data", "compact", "--state-dir", state_dir]);
    assert!(text(&again.stdout).contains("holds every recorded day"), "{}", text(&again.stdout));
}

#[test]
fn a_recording_can_be_switched_off_and_a_folder_that_cannot_be_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.yaml");
    std::fs::write(&config, "recording: {enabled: false}\n").unwrap();
    let state = folder.path().join("state");
    let mut system = Running::start(&state, &["--config", config.to_str().unwrap()]);
    system.signal("-TERM");
    assert_eq!(system.ended().code(), Some(0));
    assert!(!state.join("recordings").exists());

    std::fs::write(&config, format!("recording: {{directory: '{}'}}\n", config.display())).unwrap();
    let refused = output(&[
        "run",
        "--no-browser",
        "--port",
        "0",
        "--gateway-port",
        "0",
        "--config",
        config.to_str().unwrap(),
        "--state-dir",
        state.to_str().unwrap(),
    ]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("recording.enabled"), "{}", text(&refused.stderr));
}

#[test]
fn what_is_no_recording_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let output = output(&["replay", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--symbol"), "{}", text(&output.stderr));
}
