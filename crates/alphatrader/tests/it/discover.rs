//! `data synthesize`, `discover`, and what `run` makes of the file.

use std::path::Path;

use serde_json::Value;

use crate::program::{Running, json, output, text};

fn synthesize(folder: &Path, sessions: &str) {
    let to = folder.to_str().unwrap();
    let made = output(&[
        "data",
        "synthesize",
        "--world",
        "no-information",
        "--sessions",
        sessions,
        "--symbol",
        "spy",
        "--to",
        to,
        "--from",
        "2026-02-02",
        "--output",
        "json",
    ]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    assert_eq!(json(&made)["dates"].as_array().unwrap().len().to_string(), sessions);
}

fn discover(source: &Path, file: &Path, more: &[&str]) -> Value {
    let (source, file) = (source.to_str().unwrap(), file.to_str().unwrap());
    let arguments = [&["discover", source, "--to-file", file, "--output", "json"], more].concat();
    let found = output(&arguments);
    assert!(found.status.success(), "{}", text(&found.stderr));
    json(&found)
}

#[test]
fn twice_the_same_bytes_and_what_the_data_cannot_say_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (made, one, two) =
        (folder.path().join("made"), folder.path().join("one.yaml"), folder.path().join("two.yaml"));
    synthesize(&made, "3");
    let found = discover(&made, &one, &["--threads", "1"]);
    discover(&made, &two, &["--threads", "2"]);
    assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap());
    let bucket = &found["discovered"]["symbols"]["SPY"]["vpin"]["bucket_volume"];
    assert_eq!(bucket["status"], "refused");
    assert_eq!(bucket["reasons"][0], "needs_10_sessions");
    assert!(folder.path().join("discovered/2026-02-04.yaml").is_file());

    let table = output(&["discover", made.to_str().unwrap(), "--to-file", one.to_str().unwrap()]);
    let table = text(&table.stdout);
    assert!(table.contains("vpin.bucket_volume") && table.contains("needs_10_sessions"), "{table}");

    let again = output(&["data", "synthesize", "--sessions", "3", "--to", made.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(1), "recordings are not overwritten");
    for (asked, code) in [
        (vec!["discover", made.to_str().unwrap(), "--from", "2030-01-01"], 1),
        (vec!["discover", made.to_str().unwrap(), "--from", "soon"], 2),
        (vec!["discover", made.to_str().unwrap(), "--symbol", "QQQ"], 1),
        (vec!["discover", "nowhere"], 1),
    ] {
        assert_eq!(output(&asked).status.code(), Some(code), "{asked:?}");
    }
}

#[test]
fn an_edited_file_is_not_used_and_the_page_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    std::fs::create_dir_all(&state).unwrap();
    let file = state.join("discovered.yaml");
    let made = folder.path().join("made");
    synthesize(&made, "1");
    discover(&made, &file, &[]);
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, whole.replace("needs_10_sessions", "needs_11_sessions")).unwrap();
    let system = Running::start(&state, &["--seed", "5"]);
    let parameters = system.until("/api/v1/parameters", "the file's fault", |p| p["problem"].is_string());
    assert_eq!(parameters["state"], "edited", "{parameters}");
}
