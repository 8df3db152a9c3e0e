//! Reads, probes, the page, and what every answer carries.

use std::time::Duration;

use alphatrader_dashboard::Limits;
use tokio::net::TcpStream;

use super::running::{Running, moment, with_options};

#[tokio::test]
async fn status_answers_before_anything_is_published() {
    let running = Running::start();
    let reply = running.get("/api/v1/status").await;
    let status = reply.json();
    assert_eq!((reply.status, &status["state"], &status["ready"]), (200, &"starting".into(), &false.into()));
    assert_eq!(status["epoch"].as_str().map(str::len), Some(26));
    running.get("/readyz").await.is_problem(503, "not_ready");
    assert_eq!(running.get("/livez").await.body, "ok\n");
    running.get("/api/v1/account").await.is_problem(503, "account_unknown");
}

#[tokio::test]
async fn reads_show_the_newest_moment() {
    let running = Running::start();
    running.publisher.publish(moment(1));
    running.publisher.publish(moment(3));
    assert_eq!(running.get("/readyz").await.status, 200);
    assert_eq!(running.get("/api/v1/account").await.json()["equity"], "100000.03");
    assert_eq!(running.get("/api/v1/streams").await.json()["lines"], 100);
    assert_eq!(running.get("/api/v1/risk").await.json()["level"], "pause");
    assert_eq!(running.get("/api/v1/features/SPY").await.json()["signed_volume_1m"], 3);
    assert_eq!(running.get("/api/v1/book/SPY").await.json()["valid"], true);
    let position = &running.get("/api/v1/positions").await.json()["items"][0];
    assert_eq!(position["entry_price"], "1.34");
    assert_eq!(position["mark_at"], "2026-11-23T14:30:03.000000Z");
    assert_eq!(running.get("/api/v1/orders").await.json()["items"], serde_json::json!([]));
}

#[tokio::test]
async fn measures_and_parameters_say_what_is_not_known() {
    let running = Running::start();
    running.publisher.publish(moment(3));
    let catalogue = running.get("/api/v1/measures").await.json();
    let keys: Vec<&str> =
        catalogue["items"].as_array().unwrap().iter().filter_map(|info| info["key"].as_str()).collect();
    assert!(keys.contains(&"toxicity.vpin") && keys.contains(&"flow.ofi"), "{keys:?}");
    let of_spy = running.get("/api/v1/measures/SPY").await.json();
    assert_eq!((&of_spy["symbol"], &of_spy["state"]["regime"]), (&"SPY".into(), &serde_json::Value::Null));
    assert_eq!(running.get("/api/v1/depth/SPY").await.json()["items"], serde_json::json!([]));
    running.get("/api/v1/measures/XYZ").await.is_problem(404, "unknown_symbol");
    running.get("/api/v1/depth/XYZ").await.is_problem(404, "unknown_symbol");
    assert_eq!(running.get("/api/v1/parameters").await.json()["state"], "unknown");
}

#[tokio::test]
async fn options_are_not_known_until_a_chain_has_come() {
    let running = Running::start();
    running.publisher.publish(moment(3));
    running.get("/api/v1/options/SPY").await.is_problem(503, "chain_unknown");
    running.get("/api/v1/levels/SPY").await.is_problem(503, "chain_unknown");
    running.get("/api/v1/options/XYZ").await.is_problem(404, "unknown_symbol");
    running.get("/api/v1/sentiment/XYZ").await.is_problem(404, "unknown_symbol");
    let news = running.get("/api/v1/sentiment/SPY").await.json();
    assert_eq!((&news["symbol"], &news["market"]), (&serde_json::Value::Null, &serde_json::Value::Null));

    running.publisher.publish(with_options(moment(4)));
    let options = running.get("/api/v1/options/SPY").await.json();
    assert_eq!((&options["spot"], &options["oldest"]), (&"600.00".into(), &serde_json::Value::Null));
    assert_eq!(options["buckets"][0]["levels"]["gamma_flip"], "602.10");
    assert_eq!(options["buckets"][0]["levels"]["call_wall"], serde_json::Value::Null);
    let levels = running.get("/api/v1/levels/SPY").await.json();
    assert_eq!((&levels["bucket"], &levels["put_wall"]), (&"all".into(), &serde_json::Value::Null));
    let news = running.get("/api/v1/sentiment/SPY").await.json();
    assert_eq!((&news["symbol"]["score"], &news["market"]), (&0.25.into(), &serde_json::Value::Null));
    assert_eq!(news["symbol"]["headlines"][0]["url"], serde_json::Value::Null, "not an address of the web");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let running = Running::start();
    running.publisher.publish(moment(3));
    let first = running.get("/api/v1/positions?limit=2").await.json();
    assert_eq!(first["items"].as_array().map(Vec::len), Some(2));
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = running.get(&format!("/api/v1/positions?limit=2&cursor={cursor}")).await.json();
    assert_eq!((second["items"][0]["id"].as_str(), second["next_cursor"].as_str()), (Some("p2"), None));
    running.get("/api/v1/positions?limit=501").await.is_problem(400, "bad_limit");
    running.get("/api/v1/positions?limit=many").await.is_problem(400, "bad_request");
}

#[tokio::test]
async fn bars_can_be_cut() {
    let running = Running::start();
    running.publisher.publish(moment(4));
    let count = async |query: &str| {
        let reply = running.get(&format!("/api/v1/bars/SPY{query}")).await.json();
        reply["items"].as_array().unwrap().len()
    };
    assert_eq!(count("").await, 5);
    assert_eq!(count("?tf=1m&from=2026-11-23T14:31:00Z&to=2026-11-23T14:33:00Z").await, 2);
    running.get("/api/v1/bars/SPY?tf=5m").await.is_problem(400, "bad_tf");
    running.get("/api/v1/bars/SPY?from=noon").await.is_problem(400, "bad_instant");
    running.get("/api/v1/bars/XYZ").await.is_problem(404, "unknown_symbol");
}

#[tokio::test]
async fn every_answer_has_the_headers_and_an_id() {
    let running = Running::start();
    for path in ["/", "/api/v1/status", "/api/v1/nothing", "/livez"] {
        let reply = running.get(path).await;
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(reply.header("cross-origin-opener-policy"), Some("same-origin"), "{path}");
        assert_eq!(reply.header("x-request-id").map(str::len), Some(26), "{path}");
        assert!(reply.header("access-control-allow-origin").is_none(), "{path}");
    }
    let named = running.ask("GET", "/livez", &[("x-request-id", "mine-1")], "").await;
    assert_eq!(named.header("x-request-id"), Some("mine-1"));
}

#[tokio::test]
async fn other_hosts_are_not_answered() {
    let running = Running::start();
    for host in ["evil.example", "evil.example:80", "127.0.0.1", "localhost:1"] {
        running.ask("GET", "/api/v1/status", &[("host", host)], "").await.is_problem(421, "wrong_host");
    }
    let own = format!("localhost:{}", running.addr.port());
    assert_eq!(running.ask("GET", "/api/v1/status", &[("host", own.as_str())], "").await.status, 200);
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_or_the_page() {
    let running = Running::start();
    running.get("/api/v1/nothing").await.is_problem(404, "not_found");
    running.get("/api").await.is_problem(404, "not_found");
    running.get("/assets/old-name.js").await.is_problem(404, "not_found");
    let post = running.ask("POST", "/api/v1/status", &[], "").await;
    post.is_problem(405, "method_not_allowed");
    let page = running.get("/some/place/of/the/page").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
}

#[tokio::test]
async fn the_page_is_not_sent_twice() {
    let running = Running::start();
    let page = running.get("/").await;
    assert_eq!((page.status, page.header("cache-control")), (200, Some("no-cache")));
    let etag = page.header("etag").unwrap();
    let again = running.ask("GET", "/", &[("if-none-match", etag)], "").await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
}

#[tokio::test]
async fn connections_are_bounded_and_wait_their_turn() {
    let running = Running::with(Limits { sockets: 1, ..Limits::default() });
    let idle = TcpStream::connect(running.addr).await.unwrap();
    let waiting = running.get("/livez");
    tokio::pin!(waiting);
    // The idle one was accepted first; what comes after it can only be answered once it is gone.
    let early = tokio::time::timeout(Duration::from_millis(200), &mut waiting).await;
    assert!(early.is_err(), "two connections were served at once");
    drop(idle);
    assert_eq!(waiting.await.body, "ok\n");
}

#[tokio::test]
async fn the_document_describes_itself() {
    let running = Running::start();
    let document = running.get("/api/v1/openapi.json").await.json();
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    for path in ["/api/v1/status", "/api/v1/bars/{symbol}", "/api/v1/commands/halt", "/readyz"] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
}
