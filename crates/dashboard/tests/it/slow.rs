//! Clients that do not read never hold up the others.

use std::time::Duration;

use alphatrader_dashboard::Limits;
use serde_json::json;

use super::running::{Running, alert};

/// More than the buffers of two sockets hold.
const EVENTS: u64 = 400;
const TEXT: usize = 64 * 1_024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stalled_clients_are_closed_and_a_live_one_misses_nothing() {
    let running = Running::with(Limits { send: Duration::from_millis(300), ..Limits::default() });
    let mut stalled = Vec::new();
    for _ in 0..10 {
        let (mut client, _) = running.greet().await;
        client.subscribe(&["alerts", "status", "bars:SPY"]).await;
        client.next_of("alerts").await;
        stalled.push(client);
    }
    let (mut live, _) = running.greet().await;
    live.subscribe(&["alerts"]).await;
    live.next_of("alerts").await;
    running.clients(11).await;
    let text = "x".repeat(TEXT);
    for n in 0..EVENTS {
        running.publisher.event(&alert(n, &text));
        let event = live.next_of("alerts").await;
        assert_eq!((&event["t"], &event["d"]["id"]), (&json!("event"), &json!(format!("a{n}"))));
    }
    running.clients(1).await;
    drop(stalled);
}
