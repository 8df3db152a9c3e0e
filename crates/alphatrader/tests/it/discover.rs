//! `data synthesize`, `discover`, and what `run` makes of the file.

use std::path::Path;

use alphatrader_jobs::file;
use alphatrader_model::discovered::Status;
use alphatrader_model::{Settings, Symbol, Timestamp};
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

#[test]
fn a_study_takes_what_was_found_and_flags_go_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let (made, file) = (folder.path().join("made"), folder.path().join("found.yaml"));
    synthesize(&made, "2");
    discover(&made, &file, &[]);
    let spy: Symbol = "SPY".parse().unwrap();
    let text_of = std::fs::read_to_string(&file).unwrap();
    let mut found = file::of_text(&text_of, &Settings::default(), Timestamp::from_nanos(i64::MIN));
    assert_eq!(found.unusable, None);
    let vpin = &mut found.symbols.get_mut(&spy).unwrap().vpin;
    for (parameter, value) in [(&mut vpin.bucket_volume, 7_000.0), (&mut vpin.window, 40.0)] {
        (parameter.value, parameter.status) = (Some(value), Status::Accepted);
    }
    file::write(&file, &found).unwrap();

    let study = |more: &[&str]| {
        let paths = ["features", made.to_str().unwrap(), "--symbol", "SPY", "--every", "bucket"];
        let made = output(&[&paths[..], more].concat());
        assert!(made.status.success(), "{}", text(&made.stderr));
        (text(&made.stdout), text(&made.stderr))
    };
    let found_file = file.to_str().unwrap();
    let (with, said) = study(&["--discovered", found_file]);
    assert!(said.contains("found parameters of"), "{said}");
    let by_flag = ["--no-discovered", "--vpin-bucket-volume", "7000", "--vpin-window", "40"];
    assert_eq!(with, study(&by_flag).0);
    let flags_first = ["--discovered", found_file, "--vpin-bucket-volume", "9000"];
    let the_same = ["--no-discovered", "--vpin-bucket-volume", "9000", "--vpin-window", "40"];
    let flagged = study(&flags_first).0;
    assert_eq!(flagged, study(&the_same).0);
    assert_ne!(flagged, with);

    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, whole.replace("7000", "8000")).unwrap();
    let edited = output(&["features", made.to_str().unwrap(), "--discovered", found_file]);
    assert_eq!(edited.status.code(), Some(2));
    assert!(text(&edited.stderr).contains("edited"), "{}", text(&edited.stderr));
}
