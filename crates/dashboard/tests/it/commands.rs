//! Halt and resume: taken once, from our own page, and told to everyone.

use alphatrader_dashboard::view::{CommandState, CommandView};
use alphatrader_dashboard::{CommandAction, Event, Limits};
use serde_json::json;

use super::running::Running;

#[tokio::test]
async fn a_halt_goes_to_the_core_and_is_told() {
    let mut running = Running::start();
    let (mut client, _) = running.greet().await;
    client.subscribe(&["commands"]).await;
    assert_eq!(client.next_of("commands").await["t"], "snap");

    let reply = running.command("halt", "key-1", "  looks wrong ").await;
    assert_eq!(reply.status, 202, "{}", reply.body);
    let command = running.commands.recv().await.unwrap();
    assert_eq!((command.action, command.reason.as_str()), (CommandAction::Halt, "looks wrong"));
    assert_eq!(command.idempotency_key, "key-1");
    assert_eq!(reply.json(), json!({"command_id": command.id, "state": "accepted"}));

    let told = client.next_of("commands").await;
    assert_eq!((&told["d"]["command_id"], &told["d"]["state"]), (&json!(command.id), &json!("accepted")));
    running.publisher.event(&Event::Command(CommandView {
        command_id: command.id.clone(),
        command: "halt".to_owned(),
        state: CommandState::Done,
        text: String::new(),
    }));
    let told = client.next_of("commands").await;
    assert_eq!((&told["d"]["command_id"], &told["d"]["state"]), (&json!(command.id), &json!("done")));
}

#[tokio::test]
async fn the_same_key_is_the_same_command() {
    let mut running = Running::start();
    let first = running.command("halt", "key-1", "looks wrong").await.json();
    let second = running.command("halt", "key-1", "looks wrong").await;
    assert_eq!((second.status, second.json()), (202, first));
    running.command("halt", "key-1", "another reason").await.is_problem(409, "idempotency_conflict");
    running.command("resume", "key-1", "looks wrong").await.is_problem(409, "idempotency_conflict");
    running.command("resume", "key-2", "was a mistake").await;
    let actions =
        [running.commands.recv().await.unwrap().action, running.commands.recv().await.unwrap().action];
    assert_eq!(actions, [CommandAction::Halt, CommandAction::Resume]);
    assert!(running.commands.try_recv().is_err());
}

#[tokio::test]
async fn other_pages_can_not_command() {
    let mut running = Running::start();
    let own = format!("http://{}", running.addr);
    let good = [
        ("content-type", "application/json"),
        ("x-at", "1"),
        ("sec-fetch-site", "same-origin"),
        ("origin", own.as_str()),
        ("idempotency-key", "k"),
    ];
    let with = |name: &str, value: Option<&'static str>| {
        let mut headers: Vec<(&str, &str)> = good.iter().copied().filter(|(n, _)| *n != name).collect();
        if let Some(value) = value {
            let name = good.iter().find(|(n, _)| *n == name).unwrap().0;
            headers.push((name, value));
        }
        headers
    };
    let bad = [
        with("x-at", None),
        with("x-at", Some("yes")),
        with("sec-fetch-site", Some("cross-site")),
        with("sec-fetch-site", Some("same-site")),
        with("origin", Some("http://evil.example")),
        with("origin", Some("null")),
    ];
    for headers in bad {
        let reply = running.ask("POST", "/api/v1/commands/halt", &headers, r#"{"reason":"x"}"#).await;
        reply.is_problem(403, "cross_site");
    }
    let neither: Vec<_> =
        good.iter().copied().filter(|(n, _)| !matches!(*n, "origin" | "sec-fetch-site")).collect();
    running
        .ask("POST", "/api/v1/commands/halt", &neither, r#"{"reason":"x"}"#)
        .await
        .is_problem(403, "cross_site");
    assert!(running.commands.try_recv().is_err());
    let reply = running.ask("POST", "/api/v1/commands/halt", &good, r#"{"reason":"x"}"#).await;
    assert_eq!(reply.status, 202);
}

#[tokio::test]
async fn what_is_not_a_command_is_refused() {
    let mut running = Running::start();
    let own = format!("http://{}", running.addr);
    let headers = [
        ("content-type", "application/json"),
        ("x-at", "1"),
        ("origin", own.as_str()),
        ("idempotency-key", "k"),
    ];
    let halt = async |headers: &[(&str, &str)], body: &str| {
        running.ask("POST", "/api/v1/commands/halt", headers, body).await
    };
    halt(&headers, r#"{"reason":"  "}"#).await.is_problem(400, "bad_reason");
    halt(&headers, r#"{"reason":"x","level":"flatten"}"#).await.is_problem(422, "bad_request");
    halt(&headers, "{}").await.is_problem(422, "bad_request");
    halt(&headers, "not json").await.is_problem(400, "bad_request");
    halt(&headers[1..], r#"{"reason":"x"}"#).await.is_problem(415, "json_expected");
    halt(&headers[..3], r#"{"reason":"x"}"#).await.is_problem(400, "idempotency_key");
    let large = format!(r#"{{"reason":"{}"}}"#, "x".repeat(300 * 1024));
    halt(&headers, &large).await.is_problem(413, "body_too_large");
    assert!(running.commands.try_recv().is_err());
}

#[tokio::test]
async fn a_core_that_does_not_take_commands_is_said() {
    let mut running = Running::with(Limits { commands: 1, ..Limits::default() });
    assert_eq!(running.command("halt", "1", "a").await.status, 202);
    running.command("halt", "2", "b").await.is_problem(503, "commands_full");
    running.commands.recv().await.unwrap();
    assert_eq!(running.command("halt", "2", "b").await.status, 202);
    running.commands.close();
    running.commands.recv().await.unwrap();
    running.command("halt", "3", "c").await.is_problem(503, "core_stopped");
}
