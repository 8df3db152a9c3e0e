//! What is wrong is said in words, with what to do, and an exit code.

use std::net::TcpListener;

use crate::program::{output, program, text};

fn refused(arguments: &[&str], code: i32, words: &[&str]) {
    let output = output(arguments);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
    assert_eq!(text(&output.stdout), "", "results are for stdout, errors for stderr");
    for word in words {
        assert!(stderr.contains(word), "{arguments:?} should say `{word}`: {stderr}");
    }
}

#[test]
fn a_configuration_that_is_missing_or_wrong() {
    refused(&["config", "check", "--config", "/nowhere/c.yaml"], 2, &["/nowhere/c.yaml", "--config"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    let path = file.to_str().unwrap();
    let cases = [
        ("dashboard:\n  port: many\n", "2:"),
        ("dashboard:\n  adress: 127.0.0.1\n", "adress"),
        ("dashboard:\n  address: 0.0.0.0\n", "no login yet"),
        ("trading:\n  strategies:\n    zero_dte:\n      delta: 2\n", "4:"),
        ("trading:\n  symbols: [spy]\n", "not a symbol"),
        ("paper:\n  speed: ${ALSO_NOT_SET}\n", "ALSO_NOT_SET"),
        ("\u{0}", "config.yaml"),
    ];
    for (content, words) in cases {
        std::fs::write(&file, content).unwrap();
        refused(&["--config", path, "config", "check"], 2, &[words]);
        refused(&["--config", path, "run", "--no-browser"], 2, &[words]);
    }
    std::fs::write(&file, "dashboard:\n  port: 0\n").unwrap();
    let output = output(&["--config", path, "config", "check"]);
    assert!(output.status.success() && text(&output.stdout).contains("valid"));
}

#[test]
fn an_environment_variable_that_means_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let output = program()
        .args(["run", "--no-browser", "--state-dir"])
        .arg(folder.path())
        .env("ALPHATRADER_CONFG", "x.yaml")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("ALPHATRADER_CONFG"));
}

#[test]
fn a_port_that_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().to_str().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let run = ["run", "--no-browser", "--state-dir", state];
    refused_last_line(&[&run[..], &["--gateway-port", "0", "--port", &port]].concat(), &port, "--port");
    refused_last_line(
        &[&run[..], &["--gateway-port", &port, "--port", "0"]].concat(),
        &port,
        "--gateway-port",
    );
}

/// A start that logged before it failed: its last line says why.
fn refused_last_line(arguments: &[&str], port: &str, option: &str) {
    let output = output(arguments);
    let stderr = text(&output.stderr);
    let last = stderr.lines().rfind(|line| line.starts_with("error:")).unwrap_or_default();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(last.contains(port) && last.contains(option), "{stderr}");
}

#[test]
fn a_state_folder_or_a_ledger_that_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    refused(&["run", "--no-browser", "--state-dir", file.to_str().unwrap()], 1, &["--state-dir"]);

    let state = folder.path().join("state");
    std::fs::create_dir_all(state.join("ledger.sqlite")).unwrap();
    let output = output(&["run", "--no-browser", "--state-dir", state.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("ledger.sqlite"), "{}", text(&output.stderr));

    let state = folder.path().join("damaged");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::write(state.join("ledger.sqlite"), vec![7_u8; 8_192]).unwrap();
    let output = crate::program::output(&["run", "--no-browser", "--state-dir", state.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("ledger.sqlite"), "{}", text(&output.stderr));
}

#[test]
fn a_symbol_that_the_paper_exchange_does_not_trade() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    std::fs::write(&file, "trading:\n  symbols: [SPY, XOM]\n").unwrap();
    refused(&["--config", file.to_str().unwrap(), "run", "--no-browser"], 2, &["XOM", "paper.enabled"]);
}

#[test]
fn nothing_to_replay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let replay =
        |symbol: &'static str, date: &'static str| ["replay", path, "--symbol", symbol, "--date", date];
    refused(&replay("SPY", "2013-10-07"), 1, &["SPY", "2013-10-07"]);
    refused(&replay("SPY", "2013-10-06"), 2, &["closed", "2013-10-07"]);
    refused(&replay("SPY", "yesterday"), 2, &["--date"]);
    refused(&replay("no symbol", "2013-10-07"), 2, &["--symbol"]);
    refused(&["data", "inspect", "/nowhere"], 1, &["/nowhere"]);
}

#[test]
fn help_teaches() {
    for (arguments, words) in [
        (&["--help"][..], &["alphatrader run", "data inspect", "replay", "Exit codes"][..]),
        (
            &["run", "--help"],
            &["--gateway-port", "--state-dir", "--seed", "--speed", "--no-browser", "Ctrl-C"],
        ),
        (&["replay", "--help"], &["--chain", "--output", "digest"]),
        (&["data", "inspect", "--help"], &["--output", "Examples"]),
    ] {
        let output = output(arguments);
        let stdout = text(&output.stdout);
        assert!(output.status.success());
        for word in words {
            assert!(stdout.contains(word), "{arguments:?} should teach `{word}`:\n{stdout}");
        }
    }
}

#[test]
fn a_redis_server_that_is_not_there_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().to_str().unwrap();
    let run = |store: &str| {
        output(&[
            "run",
            "--no-browser",
            "--port",
            "0",
            "--gateway-port",
            "0",
            "--state-dir",
            state,
            "--store",
            store,
        ])
    };
    // Port 1 of loopback: nobody listens there.
    let refused = run("redis://me:s3cret@127.0.0.1:1");
    assert_eq!(refused.status.code(), Some(1));
    let stderr = text(&refused.stderr);
    assert!(stderr.contains("redis://127.0.0.1:1") && stderr.contains("--store memory"), "{stderr}");
    assert!(!stderr.contains("s3cret"), "{stderr}");
    let unknown = run("localhost:6379");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("redis://"), "{}", text(&unknown.stderr));
}
