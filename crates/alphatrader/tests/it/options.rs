//! Option chains and news of the synthetic market, from the local server that stands in for Alpha Vantage to the hot
//! state, the recording and the archive; and what is said when there is none.

use std::net::TcpListener;

use serde_json::Value;

use crate::program::{Running, json, output, text};
use crate::redis_server::{Server, until};

fn value(server: &Server, key: &str) -> Value {
    let text: Option<String> = server.ask(&["GET", key]);
    text.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap())
}

fn light(status: &Value) -> Option<&Value> {
    status["feeds"].as_array().unwrap().iter().find(|feed| feed["name"] == "Alpha Vantage")
}

#[test]
fn a_synthetic_chain_becomes_exposures_that_are_seen_recorded_replayed_and_archived() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path();
    let mut system = Running::start(state, &["--seed", "3", "--speed", "5", "--store", &server.url(0)]);
    until("exposures with their levels", || {
        let exposure = value(&server, "options:SPY:exposure");
        exposure["levels"]["call_wall"].is_number() && exposure["levels"]["put_wall"].is_number()
    });
    let exposure = value(&server, "options:SPY:exposure");
    let spot = exposure["spot"].as_f64().unwrap();
    assert!((300.0..1_200.0).contains(&spot), "{spot}");
    let gex = exposure["gex"].as_f64().unwrap();
    assert!(gex != 0.0 && gex.abs() < 1e11, "{gex}");
    assert!(exposure["rows"]["included"].as_u64().unwrap() > 50, "{}", exposure["rows"]);
    for level in ["call_wall", "put_wall", "gamma_flip"] {
        // The synthetic market need not have a zero within reach; where it has one, it is near.
        if let Some(price) = exposure["levels"][level].as_f64() {
            assert!((price / spot - 1.0).abs() < 0.21, "{level} {price} of {spot}");
        }
    }
    until("unusual activity, be it none", || value(&server, "options:SPY:unusual")["contracts"].is_array());
    until("a merged chain of two sources", || {
        let chain = value(&server, "options:SPY:chain");
        let rows = chain["contracts"].as_array();
        let told = |source| rows.is_some_and(|rows| rows.iter().any(|row| row["source"] == source));
        told("ibkr") && told("alpha_vantage")
    });
    until("news with a score", || value(&server, "sentiment:SPY")["as_of"].is_string());
    until("its heartbeat", || server.ask::<i64>(&["TTL", "module:heartbeat:alpha_vantage_ingestion"]) > 0);
    let metrics = value(&server, "monitoring:alpha_vantage:metrics");
    assert_eq!(metrics["figures"]["window_ceiling"], 590.0, "{metrics}");
    let status = system.until("/api/v1/status", "its light", |status| {
        light(status).is_some_and(|feed| feed["state"] == "ok")
    });
    let said = light(&status).unwrap()["text"].as_str().unwrap().to_owned();
    assert!(said.contains("of 590") && said.contains("SPY"), "{said}");
    system.signal("-TERM");
    assert_eq!(system.ended().code(), Some(0));

    // The same chains again, bit for bit, and as a table.
    let recordings = state.join("recordings");
    let replayed = json(&output(&["replay", recordings.to_str().unwrap(), "--output", "json"]));
    let replayed = replayed.as_array().map_or(&replayed, |files| &files[0]);
    assert_eq!(replayed["identical"], true, "{replayed}");
    let compacted = output(&["data", "compact", "--state-dir", state.to_str().unwrap(), "--output", "json"]);
    let compacted = json(&compacted);
    let tables = compacted[0]["tables"].as_array().unwrap();
    let chains = tables.iter().find(|table| table["path"] == "SPY/chains.parquet").unwrap();
    assert!(chains["rows"].as_u64().unwrap() > 100, "{chains}");
    let to = state.join("out");
    let exported = output(&[
        "data",
        "export",
        recordings.to_str().unwrap(),
        "--output",
        "csv",
        "--to",
        to.to_str().unwrap(),
        "--kind",
        "chains",
    ]);
    assert!(exported.status.success(), "{}", text(&exported.stderr));
    let day = std::fs::read_dir(&to).unwrap().next().unwrap().unwrap().path();
    let csv = std::fs::read_to_string(day.join("SPY/chains.csv")).unwrap();
    let names: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    assert_eq!(names[..5], ["ts_event", "ts_recv", "contract", "provider", "as_of"]);
    assert_eq!(csv.lines().nth(1).unwrap().split(',').count(), names.len());
    assert!(csv.lines().nth(1).unwrap().contains(",alpha_vantage,"));
}

#[test]
fn without_a_key_or_a_server_it_is_said_and_everything_else_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let keyless = folder.path().join("keyless.yaml");
    std::fs::write(&keyless, "alpha_vantage: {base_url: 'http://127.0.0.1:9/query'}\n").unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let cases: [(&[&str], &str); 2] = [
        (&["--config", keyless.to_str().unwrap()], "ALPHA_VANTAGE_API_KEY"),
        (&["--alpha-vantage-port", &port], "in use"),
    ];
    for (place, (arguments, words)) in cases.into_iter().enumerate() {
        let state = folder.path().join(place.to_string());
        let mut system = Running::start(&state, arguments);
        let status = system.until("/api/v1/status", "reconciliation", |s| s["reconciled_at"].is_string());
        let light = light(&status).unwrap();
        assert_eq!(light["state"], "down", "{light}");
        assert!(light["text"].as_str().unwrap().contains(words), "{light}");
        system.until("/api/v1/features/SPY", "a moving market", |f| f["touch_imbalance"].is_number());
        system.signal("-TERM");
        assert_eq!(system.ended().code(), Some(0));
    }
}
