//! The stream as clients see it.

use std::time::Duration;

use alphatrader_dashboard::Limits;
use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::running::{PATIENCE, Running, alert, moment};

#[tokio::test]
async fn snapshot_then_deltas_lead_to_the_published_state() {
    let running = Running::start();
    running.publisher.publish(moment(1));
    let (mut client, _) = running.greet().await;
    client.subscribe(&["positions", "book:SPY"]).await;
    let snap = client.next_of("positions").await;
    assert_eq!((&snap["t"], snap["d"].as_object().map(serde_json::Map::len)), (&json!("snap"), Some(1)));
    let mut held = snap["d"].clone();
    let mut seq = snap["seq"].as_u64();
    for n in 2..8 {
        running.publisher.publish(moment(n));
        let delta = client.next_of("positions").await;
        assert_eq!((&delta["t"], delta["prev"].as_u64()), (&json!("delta"), seq));
        seq = delta["seq"].as_u64();
        apply(&mut held, &delta["d"]);
        let wanted: Value = moment(n).positions.iter().map(|p| (p.id.clone(), json!(p))).collect();
        assert_eq!(held, wanted);
    }
}

pub(crate) fn apply(held: &mut Value, change: &Value) {
    let held = held.as_object_mut().unwrap();
    held.extend(change["set"].as_object().unwrap().clone());
    for key in change["del"].as_array().unwrap() {
        assert!(held.remove(key.as_str().unwrap()).is_some(), "only what is held goes");
    }
}

#[tokio::test]
async fn a_second_subscription_answers_with_a_snapshot() {
    let running = Running::start();
    running.publisher.publish(moment(2));
    let (mut client, _) = running.greet().await;
    client.subscribe(&["risk"]).await;
    assert_eq!(client.next_of("risk").await["t"], "snap");
    running.publisher.publish(moment(3));
    assert_eq!(client.next_of("risk").await["t"], "delta");
    client.subscribe(&["risk"]).await;
    let snap = client.next_of("risk").await;
    assert_eq!((&snap["t"], &snap["d"]["level"]), (&json!("snap"), &json!("pause")));
}

#[tokio::test]
async fn pictures_come_whole() {
    let running = Running::start();
    running.publisher.publish(moment(1));
    let (mut client, _) = running.greet().await;
    client.subscribe(&["book:SPY"]).await;
    assert_eq!(client.next_of("book:SPY").await["d"]["at"], "2026-11-23T14:30:01.000000Z");
    running.publisher.publish(moment(2));
    let next = client.next_of("book:SPY").await;
    assert_eq!((&next["t"], &next["d"]["at"]), (&json!("snap"), &json!("2026-11-23T14:30:02.000000Z")));
}

#[tokio::test]
async fn events_are_lossless_and_can_be_resumed() {
    let running = Running::start();
    let (mut client, epoch) = running.greet().await;
    client.subscribe(&["alerts"]).await;
    assert_eq!(client.next_of("alerts").await["t"], "snap");
    let mut seen = 0;
    for batch in 0..4 {
        for n in 0..500 {
            running.publisher.event(&alert(batch * 500 + n, "x"));
        }
        while seen < (batch + 1) * 500 {
            let event = client.next_of("alerts").await;
            assert_eq!((&event["t"], event["prev"].as_u64()), (&json!("event"), Some(seen)));
            assert_eq!(event["d"]["id"], format!("a{seen}"));
            seen += 1;
        }
    }
    client.socket.close(None).await.unwrap();
    running.clients(0).await;
    for n in 2_000..2_010 {
        running.publisher.event(&alert(n, "missed"));
    }

    let mut back = running.connect().await;
    back.send(&json!({"t": "hello", "v": 1, "resume": {"epoch": epoch, "seq": {"alerts": 2_000}}})).await;
    assert_eq!(back.next().await["t"], "welcome");
    back.subscribe(&["alerts"]).await;
    for n in 2_000..2_010 {
        let event = back.next_of("alerts").await;
        assert_eq!((&event["t"], &event["d"]["id"]), (&json!("event"), &json!(format!("a{n}"))));
    }

    let mut stranger = running.connect().await;
    stranger
        .send(&json!({"t": "hello", "v": 1, "resume": {"epoch": "another", "seq": {"alerts": 2_000}}}))
        .await;
    assert_eq!(stranger.next().await["t"], "welcome");
    stranger.subscribe(&["alerts"]).await;
    let snap = stranger.next_of("alerts").await;
    assert_eq!((&snap["t"], snap["seq"].as_u64()), (&json!("snap"), Some(2_010)));
}

#[tokio::test]
async fn a_client_far_behind_is_told_of_the_gap() {
    let running = Running::start();
    let (_, epoch) = running.greet().await;
    for n in 0..3_000 {
        running.publisher.event(&alert(n, "x"));
    }
    let mut client = running.connect().await;
    client.send(&json!({"t": "hello", "v": 1, "resume": {"epoch": epoch, "seq": {"alerts": 5}}})).await;
    client.next().await;
    client.subscribe(&["alerts"]).await;
    let gap = client.next_of("alerts").await;
    assert_eq!(gap, json!({"t": "gap", "ch": "alerts", "from": 6, "to": 1_976}));
    assert_eq!(client.next_of("alerts").await["seq"], 1_977);
}

#[tokio::test]
async fn rules_of_the_protocol_are_kept() {
    let running = Running::start();
    let mut client = running.connect().await;
    client.send(&json!({"t": "sub", "id": 3, "ch": ["risk"]})).await;
    let refusal = client.next().await;
    assert_eq!(
        (&refusal["t"], &refusal["id"], &refusal["code"]),
        (&"err".into(), &3.into(), &"hello_first".into())
    );
    client.send(&json!({"t": "hello", "v": 1})).await;
    let welcome = client.next().await;
    assert_eq!((&welcome["hz_max"], &welcome["ping_s"]), (&json!(10), &json!(15)));
    client.send(&json!({"t": "ping", "n": 9})).await;
    let pong = client.next().await;
    assert_eq!((&pong["t"], &pong["n"]), (&json!("pong"), &json!(9)));
    client.send(&json!({"t": "sub", "id": 4, "ch": ["gex:SPY"]})).await;
    assert_eq!(client.next().await["code"], "unknown_channel");
    client.socket.send(Message::text("{")).await.unwrap();
    assert_eq!(client.next().await["code"], "bad_message");

    let mut newer = running.connect().await;
    newer.send(&json!({"t": "hello", "v": 2})).await;
    assert_eq!(newer.next().await["code"], "version");
    assert_eq!(newer.closed().await.map(|frame| u16::from(frame.code)), Some(1008));
}

#[tokio::test]
async fn limits_close_or_refuse() {
    let limits =
        Limits { channels: 2, hello: Duration::from_millis(200), connections: 3, ..Limits::default() };
    let running = Running::with(limits);
    let mut silent = running.connect().await;
    let (mut client, _) = running.greet().await;
    client.subscribe(&["risk", "status", "orders"]).await;
    loop {
        let message = client.next().await;
        if message["t"] == "err" {
            assert_eq!(message["code"], "too_many_channels");
            break;
        }
    }
    assert_eq!(silent.closed().await.map(|frame| u16::from(frame.code)), Some(1008));

    let (mut large, _) = running.greet().await;
    let _ = large.socket.send(Message::text("x".repeat(20 * 1024))).await;
    large.closed().await;
    running.clients(1).await;

    let (mut fast, _) = running.greet().await;
    for n in 0..40 {
        let _ = fast.socket.feed(Message::text(json!({"t": "ping", "n": n}).to_string())).await;
    }
    let _ = fast.socket.flush().await;
    assert_eq!(fast.closed().await.map(|frame| u16::from(frame.code)), Some(1008));
    running.clients(1).await;

    let _second = running.greet().await;
    let _third = running.greet().await;
    let Err(Error::Http(refused)) = running.try_connect(&[]).await else {
        panic!("a fourth client was taken")
    };
    assert_eq!(refused.status(), 503);
}

#[tokio::test]
async fn other_pages_can_not_open_the_stream() {
    let running = Running::start();
    let Err(Error::Http(refused)) = running.try_connect(&[("origin", "http://evil.example")]).await else {
        panic!("another page opened it")
    };
    assert_eq!(refused.status(), 403);
    let own = format!("http://{}", running.addr);
    assert!(running.try_connect(&[("origin", own.as_str())]).await.is_ok());
    let Err(Error::Http(refused)) = running.try_connect(&[("sec-websocket-protocol", "other")]).await else {
        panic!("another protocol was taken")
    };
    assert_eq!(refused.status(), 400);
}

#[tokio::test]
async fn a_stop_says_goodbye() {
    let mut running = Running::start();
    let (mut client, _) = running.greet().await;
    client.subscribe(&["risk"]).await;
    client.next_of("risk").await;
    running.stop();
    let bye = client.next().await;
    assert_eq!(
        (&bye["t"], &bye["code"], &bye["retry_ms"]),
        (&"bye".into(), &"restart".into(), &2_000.into())
    );
    assert_eq!(client.closed().await.map(|frame| u16::from(frame.code)), Some(1001));
    let served = tokio::time::timeout(PATIENCE, &mut running.served).await.unwrap().unwrap();
    assert!(served.is_ok());
}

#[tokio::test]
async fn a_client_that_does_not_answer_pings_is_closed() {
    let running = Running::with(Limits { ping: Duration::from_millis(50), ..Limits::default() });
    // It neither reads nor answers.
    let (client, _) = running.greet().await;
    running.clients(1).await;
    running.clients(0).await;
    drop(client);
}
