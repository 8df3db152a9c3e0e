//! The client and the whole edge over real HTTP.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use alphatrader_alphavantage::body::Broken;
use alphatrader_alphavantage::{AlphaVantage, ApiKey, Client, Format, Request, Settings, Transport};
use alphatrader_edge::{Clock, Inbox, Limits};
use alphatrader_model::{Calendar, Payload, Span, Symbol, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::server::Server;

/// The whole answer to the head of a request; nothing closes the connection.
type Answer = Arc<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>;

async fn serve(answer: Answer) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it listens");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream, Arc::clone(&answer)));
        }
    });
    address
}

async fn connection(mut stream: TcpStream, answer: Answer) {
    let mut buffer = Vec::new();
    loop {
        while !buffer.windows(4).any(|end| end == b"\r\n\r\n") {
            match stream.read_buf(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        let head = String::from_utf8_lossy(&std::mem::take(&mut buffer)).into_owned();
        let Some(reply) = answer(&head) else { return };
        if stream.write_all(&reply).await.is_err() {
            return;
        }
    }
}

fn whole(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut out =
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    out.extend_from_slice(body);
    out
}

fn packed(body: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(body).expect("memory takes it");
    whole("200 OK", "content-encoding: gzip\r\n", &packer.finish().expect("memory takes it"))
}

fn spy() -> Symbol {
    Symbol::new("SPY").expect("a symbol")
}

async fn ask(
    answer: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static,
    timeout: Duration,
) -> Result<(u16, Vec<u8>), Broken> {
    let address = serve(Arc::new(answer)).await;
    let settings = Settings { base_url: format!("http://{address}/query"), ..Settings::new(vec![spy()]) };
    let client = Client::new(&settings, ApiKey::new("SECRETKEY1").expect("a key")).expect("a client");
    let reply = client.get(&Request::MarketStatus, timeout).await?;
    Ok((reply.status, reply.body.to_vec()))
}

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_packed_answer_is_unpacked_and_the_request_is_the_documented_one() {
    let seen = Arc::new(Mutex::new(String::new()));
    let head = Arc::clone(&seen);
    let answer = move |request: &str| {
        *head.lock().unwrap() = request.to_owned();
        Some(packed(b"{\"markets\":[]}"))
    };
    assert_eq!(ask(answer, LONG).await, Ok((200, b"{\"markets\":[]}".to_vec())));
    let head = seen.lock().unwrap().clone();
    assert!(head.starts_with("GET /query?function=MARKET_STATUS&apikey=SECRETKEY1 HTTP/1.1\r\n"), "{head}");
    assert!(head.to_lowercase().contains("accept-encoding: gzip"), "{head}");
}

#[tokio::test]
async fn each_way_to_fail_is_told_apart() {
    let status = ask(|_| Some(whole("503 Busy", "", b"<html>")), LONG).await;
    assert_eq!(status, Ok((503, b"<html>".to_vec())));
    // A redirect would carry the key elsewhere.
    let moved = ask(|_| Some(whole("302 Found", "location: http://127.0.0.1:1/\r\n", b"")), LONG).await;
    assert_eq!(moved, Ok((302, Vec::new())));
    assert_eq!(ask(|_| None, LONG).await, Err(Broken::Connection));
    let cut = |_: &str| {
        Some(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 100\r\n\r\n{\"data\":[".to_vec())
    };
    let closing = {
        let address = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = address.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = address.accept().await.unwrap();
            let mut head = [0; 1024];
            let _ = stream.read(&mut head).await;
            stream.write_all(&cut("").unwrap()).await.unwrap();
        });
        let settings = Settings { base_url: format!("http://{place}/query"), ..Settings::new(vec![spy()]) };
        Client::new(&settings, ApiKey::new("SECRETKEY1").unwrap())
            .unwrap()
            .get(&Request::MarketStatus, LONG)
            .await
    };
    assert_eq!(closing, Err(Broken::Truncated));
    let large = |_: &str| Some(b"HTTP/1.1 200 OK\r\ncontent-length: 40000000\r\n\r\n".to_vec());
    assert_eq!(ask(large, LONG).await, Err(Broken::TooLarge));
    // Never an answer: the timeout ends it.
    let silent = |_: &str| Some(Vec::new());
    assert_eq!(ask(silent, Duration::from_millis(200)).await, Err(Broken::Timeout));
    let nobody = Settings { base_url: "http://127.0.0.1:9/query".to_owned(), ..Settings::new(vec![spy()]) };
    let client = Client::new(&nobody, ApiKey::new("SECRETKEY1").unwrap()).unwrap();
    assert_eq!(client.get(&Request::MarketStatus, LONG).await, Err(Broken::Connection));
}

/// The parameters of a request's first line, as the request that they came from.
fn parsed(head: &str) -> Request {
    let query = head.split(['?', ' ']).nth(2).unwrap_or("");
    let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let symbol = value("symbol").and_then(|text| Symbol::new(text).ok());
    match (value("function"), symbol) {
        (Some("REALTIME_OPTIONS"), Some(symbol)) => Request::RealtimeOptions {
            symbol,
            expiration: value("expiration").and_then(|text| text.parse().ok()),
            contract: None,
            format: Format::Csv,
        },
        (Some("REALTIME_BULK_QUOTES"), _) => Request::RealtimeBulkQuotes { symbols: vec![spy()] },
        (Some("NEWS_SENTIMENT"), symbol) => Request::NewsSentiment { symbol, since: None },
        (Some("EARNINGS_CALENDAR"), symbol) => Request::EarningsCalendar { symbol },
        (Some("FEDERAL_FUNDS_RATE" | "TREASURY_YIELD"), _) => Request::FederalFundsRate,
        (Some("TOP_GAINERS_LOSERS"), _) => Request::TopGainersLosers,
        _ => Request::MarketStatus,
    }
}

/// The whole edge at twenty times the speed of the world: chains reach the engine's queue, and it ends when told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_edge_runs_over_http() {
    let start: Timestamp = "2026-11-23T15:30:00Z".parse().unwrap();
    let clock = Clock::simulated(start, 20.0).unwrap();
    let server = Arc::new(Mutex::new(Server::new(10)));
    let (inside, time) = (Arc::clone(&server), clock.clone());
    let answer = move |head: &str| {
        let reply = inside.lock().unwrap().answer(&parsed(head), time.now());
        Some(packed(&reply.body))
    };
    let address = serve(Arc::new(answer)).await;
    let settings = Settings { base_url: format!("http://{address}/query"), ..Settings::new(vec![spy()]) };
    let (sender, receiver) = Inbox::new(Limits::default()).unwrap();
    let runtime = tokio::runtime::Handle::current();
    let key = ApiKey::new("SECRETKEY1").unwrap();
    let edge = AlphaVantage::start(settings, key, clock, Calendar::xnys(), sender, &runtime).unwrap();
    let (mut whole, mut today) = (0, 0);
    let until = Instant::now() + Duration::from_mins(1);
    while whole < 2 || today < 5 {
        // Blocks the test's own thread; the edge and its server run on two others.
        let Some(input) = receiver.recv_until(until) else { break };
        if let Payload::ChainSnapshot(chain) = input.payload {
            assert!(!chain.rows.is_empty() && input.ts_recv >= start);
            if chain.expiry.is_none() { whole += 1 } else { today += 1 }
        }
    }
    let status = edge.status();
    assert!(whole >= 2 && today >= 5, "{whole} {today} {}", status.scheduler);
    assert!(!format!("{status:?}").contains("SECRETKEY1"));
    assert!(status.chains.iter().any(|chain| chain.symbol == spy() && chain.rows > 40));
    edge.set_hot(&[spy()]);
    edge.ask(spy(), None, Span::ZERO);
    assert!(edge.shutdown().await);
    let asked = server.lock().unwrap().log.len();
    assert!(asked > 10, "{asked}");
}
