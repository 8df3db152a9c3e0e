//! The local Alpha Vantage over HTTP: beside a gateway and alone, what goes wrong on the wire, the log.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use alphatrader_exchange::vantage::{
    Alone, AlphaVantage, AlphaVantageConfig, AlphaVantageHandle, Fault, Rule,
};
use alphatrader_exchange::{Gateway, GatewayConfig};
use alphatrader_model::Symbol;
use serde_json::Value;

fn spy() -> Vec<Symbol> {
    vec!["SPY".parse().unwrap()]
}

fn config() -> AlphaVantageConfig {
    AlphaVantageConfig { listen: "127.0.0.1:0".parse().unwrap(), ..AlphaVantageConfig::default() }
}

/// A server whose time stands almost still, so that two of them tell of one instant.
fn alone(seed: u64) -> AlphaVantageHandle {
    let alone = Alone { symbols: spy(), speed: 1e-6, ..Alone::seeded(seed) };
    let begin = alone.begin + alphatrader_model::Span::from_seconds(20);
    AlphaVantage::start_alone(config(), Alone { begin, ..alone }).unwrap()
}

/// Everything that comes for a request, and whether the connection was reset.
fn raw(address: SocketAddr, query: &str, more: &str) -> (Vec<u8>, bool) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let head = format!("GET /query?{query} HTTP/1.1\r\nHost: local\r\nConnection: close\r\n{more}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    let reset = stream.read_to_end(&mut bytes).is_err();
    (bytes, reset)
}

/// Status, head and body.
fn get(address: SocketAddr, query: &str) -> (u16, String, String) {
    let (bytes, _) = raw(address, query, "");
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), body.to_owned())
}

const CHAIN: &str =
    "function=REALTIME_OPTIONS&symbol=SPY&expiration=2026-03-18&require_greeks=true&apikey=normal";

#[test]
fn beside_a_gateway_it_tells_of_the_gateways_market_and_alone_of_the_same() {
    let begin = GatewayConfig::first_open() + alphatrader_model::Span::from_seconds(20);
    let listen = "127.0.0.1:0".parse().unwrap();
    let gateway =
        GatewayConfig { listen, seed: 7, symbols: spy(), speed: 1e-6, begin, ..GatewayConfig::default() };
    let gateway = Gateway::start(gateway).unwrap();
    let beside = AlphaVantage::start(config(), gateway.market(), gateway.clock()).unwrap();
    let (own, other) = (alone(7), alone(8));
    let chain = |server: &AlphaVantageHandle| get(server.addr(), CHAIN).2;
    let said = chain(&beside);
    assert!(said.contains("\"success\""), "{said}");
    assert_eq!(said, chain(&own));
    assert_ne!(said, chain(&other));
    let quote = "function=GLOBAL_QUOTE&symbol=SPY&entitlement=realtime&apikey=normal";
    assert_eq!(get(beside.addr(), quote).2, get(own.addr(), quote).2);
    beside.shutdown();
    gateway.shutdown().unwrap();
    own.shutdown();
}

#[test]
fn what_goes_wrong_goes_wrong_on_the_wire() {
    // Time stands still: a second holds ten requests, so each server is asked ten times.
    for faults in Fault::ALL.chunks(9) {
        let server = alone(7);
        let whole = get(server.addr(), CHAIN).2;
        for fault in faults {
            let mut rule = Rule::next(*fault, 1);
            rule.delay = alphatrader_exchange::scenario::Wait::from_millis(50);
            server.inject(rule).unwrap();
            spoiled(&server, *fault, &whole);
        }
        assert!(
            server.log(1).iter().map(|entry| &entry.answer).eq(faults
                .iter()
                .map(|fault| fault.name())
                .collect::<Vec<_>>()
                .iter())
        );
        server.shutdown();
    }
}

fn spoiled(server: &AlphaVantageHandle, fault: Fault, whole: &str) {
    let (bytes, reset) = raw(server.addr(), CHAIN, "");
    let text = String::from_utf8(bytes).unwrap();
    if fault == Fault::Reset {
        assert!(reset && text.is_empty());
        return;
    }
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let length: usize =
        head.split("Content-Length: ").nth(1).unwrap().split("\r\n").next().unwrap().parse().unwrap();
    assert_eq!(length == body.len(), fault != Fault::Truncated, "{fault}");
    let ok = !matches!(fault, Fault::TooManyRequests | Fault::ServerError | Fault::Unavailable);
    assert_eq!(head.starts_with("HTTP/1.1 200 "), ok, "{fault}: {head}");
    assert_eq!(body == whole, fault == Fault::Slow, "{fault}");
}

#[test]
fn bodies_are_packed_and_connections_kept_when_asked() {
    let server = alone(7);
    let (bytes, _) = raw(server.addr(), CHAIN, "Accept-Encoding: gzip\r\n");
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    assert!(String::from_utf8_lossy(&bytes[..end]).contains("Content-Encoding: gzip"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&bytes[end..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, get(server.addr(), CHAIN).2);
    assert!(serde_json::from_str::<Value>(&text).unwrap()["data"].as_array().unwrap().len() > 40);
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    for _ in 0..2 {
        stream.write_all(b"GET /clock HTTP/1.1\r\nHost: local\r\n\r\n").unwrap();
        let mut buffer = [0; 4_096];
        let count = stream.read(&mut buffer).unwrap();
        assert!(String::from_utf8_lossy(&buffer[..count]).contains("\"now\""));
    }
    stream.write_all(b"nonsense\r\n\r\n").unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("HTTP/1.1 400"));
    server.shutdown();
}

#[test]
fn the_log_shows_whether_a_client_kept_to_its_limits() {
    let server = alone(7);
    for _ in 0..12 {
        assert_eq!(get(server.addr(), "function=MARKET_STATUS&apikey=normal").0, 200);
    }
    let log = server.log(0);
    let refused = log.iter().filter(|entry| entry.answer == "limit:second").count();
    assert_eq!((log.len(), refused), (12, 2));
    assert!(
        log.windows(2).all(|pair| pair[0].at <= pair[1].at && pair[0].wall_micros <= pair[1].wall_micros)
    );
    server.shutdown();
}
