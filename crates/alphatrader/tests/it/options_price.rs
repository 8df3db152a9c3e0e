//! `options price`: a table in, a table out, held against QuantLib's numbers.

use std::io::Write as _;
use std::process::Stdio;

use crate::program::{output, program, text};

const ORACLE: &str = include_str!("../../../../tests/oracles/options-oracle.csv");

/// The oracle's rows without dividends in cash: each as a line of input, with its values.
fn oracle() -> Vec<(String, Vec<Option<f64>>)> {
    let lines = ORACLE.lines().filter(|line| !line.starts_with('#')).skip(1);
    lines
        .map(|line| line.split(',').collect::<Vec<_>>())
        .filter(|cells| cells[1] != "AD")
        .map(|cells| {
            let minutes = cells[5].parse::<f64>().unwrap() * 525_600.0;
            let [id, style, kind, spot, strike, _, rate, carry, vol] = cells[..9] else {
                panic!("nine cells")
            };
            let row = format!("{id},{style},{kind},{spot},{strike},{minutes},{rate},{carry},{vol}\n");
            (row, cells[9..17].iter().map(|cell| cell.parse().ok()).collect())
        })
        .collect()
}

#[test]
fn a_table_comes_back_with_eight_values_a_row() {
    let rows = oracle();
    assert_eq!(rows.len(), 54);
    let mut table = "id,style,type,spot,strike,minutes,rate,yield,vol\n".to_owned();
    table.extend(rows.iter().map(|(row, _)| row.as_str()));
    table.push_str("bad,E,C,600,600,240,0.04,0.01,7.5\nworse,E\n");
    let mut child = program()
        .args(["options", "price", "-", "--output", "csv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(table.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success());
    let stdout = text(&done.stdout);
    let mut lines = stdout.lines();
    assert_eq!(lines.next(), Some("id,price,delta,gamma,vega,theta,rho,vanna,charm,reason"));
    for (row, values) in &rows {
        let mut given = row.split(',');
        let (id, style) = (given.next().unwrap(), given.next().unwrap());
        let strike: f64 = given.nth(2).unwrap().parse().unwrap();
        let cells: Vec<&str> = lines.next().unwrap().split(',').collect();
        assert_eq!((cells[0], cells[9]), (id, ""));
        for (place, (cell, value)) in cells[1..9].iter().zip(values).enumerate() {
            let (ours, Some(theirs)) = (cell.parse::<f64>().unwrap(), *value) else { continue };
            let gap = (ours - theirs).abs();
            let within = match (style, place) {
                ("E", 0) => 1e-9 * strike.max(1.0),
                ("E", _) => 1e-8 * theirs.abs() + 1e-12,
                (_, 0) => 1e-4 * strike,
                (_, 1) => 2e-4,
                _ => 1e-2 * theirs.abs() + 1e-9,
            };
            assert!(gap <= within, "{id}, value {place}: {ours} {theirs}");
        }
    }
    assert!(lines.next().unwrap().starts_with("bad,,,,,,,,,iv_out_of_range: "));
    assert!(lines.next().unwrap().starts_with("worse,,,,,,,,,cells: "));
    assert_eq!(lines.next(), None);
    assert!(text(&done.stderr).contains("56 rows, 2 of them with a reason"), "{}", text(&done.stderr));
}

#[test]
fn what_is_no_table_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("options.csv");
    let path = file.to_str().unwrap();
    let missing = output(&["options", "price", path]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("cannot be read"));
    std::fs::write(&file, "strike,vol\n600,0.1\n").unwrap();
    let headless = output(&["options", "price", path]);
    assert_eq!((headless.status.code(), text(&headless.stdout)), (Some(1), String::new()));
    assert!(text(&headless.stderr).contains("no column id, style"), "{}", text(&headless.stderr));
    std::fs::write(
        &file,
        "id,style,type,spot,strike,minutes,rate,yield,vol\na,E,C,600,602,240,0.043,0.012,0.12\n",
    )
    .unwrap();
    let json = output(&["options", "price", path, "--output", "json"]);
    let row: serde_json::Value = serde_json::from_str(text(&json.stdout).trim()).unwrap();
    assert!((row["price"].as_f64().unwrap() - 0.071_327_157_455_923_62).abs() < 1e-12, "{row}");
    let help = output(&["options", "price", "--help"]);
    assert!(text(&help.stdout).contains("minutes") && text(&help.stdout).contains("Examples"));
}
