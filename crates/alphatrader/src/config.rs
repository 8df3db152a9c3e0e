//! The configuration file: read, substituted from the environment, checked, each error at its line.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use alphatrader_model::{Settings, Symbol};
use alphatrader_store::hot::Place;
use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// Largest configuration file that is read.
const MOST_BYTES: u64 = 1 << 20;

/// Everything in the file. The core's own part is [`Settings`]; the rest is about this process.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Where the ledger, the paper account, recordings and logs are kept.
    #[garde(dive)]
    pub(crate) state: State,
    /// Where the hot state lives: `memory`, or the address of a Redis server.
    #[garde(skip)]
    pub(crate) store: Place,
    /// How the Redis server is used.
    #[garde(dive)]
    pub(crate) redis: Redis,
    /// What is written about what happens.
    #[garde(dive)]
    pub(crate) log: Log,
    /// What is kept of what the engine took.
    #[garde(dive)]
    pub(crate) recording: Recording,
    /// The web page and its interface.
    #[garde(dive)]
    pub(crate) dashboard: Dashboard,
    /// Whom we trade with.
    #[garde(dive)]
    pub(crate) broker: Broker,
    /// What of the market is followed, within what the broker rations.
    #[garde(dive)]
    pub(crate) market_data: MarketData,
    /// The paper exchange that this process hosts.
    #[garde(dive)]
    pub(crate) paper: Paper,
    /// Where option chains and news come from.
    #[garde(dive)]
    pub(crate) alpha_vantage: AlphaVantage,
    /// What the core does.
    #[garde(dive)]
    pub(crate) trading: Settings,
}

/// Where things are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct State {
    /// A folder of this system's own, made when it is missing.
    #[garde(custom(not_empty))]
    pub(crate) directory: PathBuf,
}

/// How the Redis server is used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Redis {
    /// Connections of this process; it takes one for each purpose.
    #[garde(range(min = 1, max = 10_000))]
    pub(crate) max_connections: u32,
}

/// What is written about what happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `info,alphatrader_ibkr=debug`.
    #[garde(length(min = 1, max = 500))]
    pub(crate) filter: String,
    /// Daily files kept.
    #[garde(range(min = 1, max = 365))]
    pub(crate) keep_days: u16,
}

/// Every event that the engine took, in day files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Recording {
    /// Record; without it nothing can be replayed, and a restart begins its chart anew.
    #[garde(skip)]
    pub(crate) enabled: bool,
    /// The folder; `recordings` in the state folder when none is named.
    #[garde(skip)]
    pub(crate) directory: Option<PathBuf>,
    /// Days whose recordings are kept, today's included.
    #[garde(range(min = 1, max = 3_650))]
    pub(crate) keep_days: u16,
    /// Gigabytes that all recordings together may have: the oldest days give way, and when today's
    /// alone are more, recording ends.
    #[garde(range(min = 0.01, max = 100_000.0))]
    pub(crate) max_gigabytes: f64,
    /// Write each day's market as Parquet into `archive` in the state folder, once its session is over.
    #[garde(skip)]
    pub(crate) archive: bool,
    /// Search the recordings for parameters every night, once the day's session is over.
    #[garde(skip)]
    pub(crate) discover: bool,
}

impl Config {
    /// The folder of recordings.
    pub(crate) fn recordings(&self) -> PathBuf {
        let own = || self.state.directory.join("recordings");
        self.recording.directory.clone().unwrap_or_else(own)
    }

    /// The folder of what was recorded, as Parquet.
    pub(crate) fn archive(&self) -> PathBuf {
        self.state.directory.join("archive")
    }
}

/// The web page and its interface.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Dashboard {
    /// A loopback address: there is no login yet.
    #[garde(custom(loopback))]
    pub(crate) address: IpAddr,
    /// TCP port; 0 takes a free one.
    #[garde(skip)]
    pub(crate) port: u16,
}

/// Whom we trade with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Broker {
    /// Host of TWS or IB Gateway, when `paper.enabled` is off.
    #[garde(length(min = 1, max = 253))]
    pub(crate) host: String,
    /// Its port: 7497 paper and 7496 live for TWS, 4002 and 4001 for IB Gateway.
    #[garde(range(min = 1))]
    pub(crate) port: u16,
    /// Our one fixed client id. The broker refuses a second session with it, which keeps two of us
    /// from trading one account.
    #[garde(range(min = 1, max = 999_999))]
    pub(crate) client_id: i32,
}

/// What of the market is followed, within what the broker rations. "The first" symbols are those of
/// `trading.symbols`, in their order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MarketData {
    /// Market data lines of the account; never exceeded.
    #[garde(range(min = 1, max = 10_000))]
    pub(crate) lines: usize,
    /// Of these, kept free for options that are held or ordered.
    #[garde(range(max = 1_000))]
    pub(crate) held_lines: usize,
    /// Of these, for options around the spot, shared by the symbols whose options are followed.
    #[garde(range(max = 1_000))]
    pub(crate) option_lines: usize,
    /// The first so many symbols whose options are followed.
    #[garde(range(max = 50))]
    pub(crate) option_symbols: usize,
    /// The first so many symbols whose order books are wanted.
    #[garde(range(max = 50))]
    pub(crate) book_symbols: usize,
    /// Order books at once; where more are wanted they go in turn.
    #[garde(range(max = 60))]
    pub(crate) books: usize,
    /// Seconds of wall time that a book is followed before the next has its turn.
    #[garde(range(min = 1, max = 60))]
    pub(crate) book_turn_seconds: u64,
    /// The first so many symbols with every print; the rest get sampled prints.
    #[garde(range(max = 60))]
    pub(crate) trade_streams: usize,
    /// The first so many symbols with 5-second bars; each takes a line.
    #[garde(range(max = 50))]
    pub(crate) bar_streams: usize,
    /// Seconds of silence in a session after which a stream is opened anew.
    #[garde(range(min = 1, max = 60))]
    pub(crate) stale_after_seconds: u64,
    /// Messages a second to the gateway; the broker allows 50.
    #[garde(range(min = 5, max = 45))]
    pub(crate) messages_per_second: u32,
}

/// The paper exchange that this process hosts: a synthetic market behind a gateway that speaks the
/// broker's protocol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Paper {
    /// Host it and trade with it; off means trading with `broker`.
    #[garde(skip)]
    pub(crate) enabled: bool,
    /// Its port on loopback; 0 takes a free one.
    #[garde(skip)]
    pub(crate) port: u16,
    /// Seed of the synthetic market: equal seeds make equal days.
    #[garde(skip)]
    pub(crate) seed: u64,
    /// Simulated seconds per second.
    #[garde(range(min = 0.1, max = 100.0))]
    pub(crate) speed: f64,
}

/// Where option chains and news come from: Alpha Vantage, or the server that stands in for it beside the paper
/// exchange. The key is never here: `ALPHA_VANTAGE_API_KEY` in the environment, or the credential
/// `alpha_vantage_api_key` of the service manager.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AlphaVantage {
    /// Whether it is asked at all.
    #[garde(skip)]
    pub(crate) enabled: bool,
    /// The endpoint. When none is named: the local server beside the paper exchange, else the vendor.
    #[garde(custom(endpoint))]
    pub(crate) base_url: Option<String>,
    /// Port of the local server on loopback; 0 takes a free one.
    #[garde(skip)]
    pub(crate) port: u16,
    /// Symbols whose chains and news are followed, most important first; those of `trading.symbols` when none is named.
    #[garde(length(max = 50))]
    pub(crate) symbols: Vec<Symbol>,
    /// Requests in any 60 seconds, retries and refusals counted: ten below what the plan of the key allows.
    #[garde(range(min = 1, max = 1_180))]
    pub(crate) max_per_minute: u32,
    /// Least milliseconds between two requests.
    #[garde(range(min = 20, max = 60_000))]
    pub(crate) spacing_ms: u32,
    /// Requests on the way at once.
    #[garde(range(min = 1, max = 8))]
    pub(crate) in_flight: u8,
    /// How often what is asked for, seconds.
    #[garde(dive)]
    pub(crate) cadence: Cadence,
    /// Hours after which an article counts half in the score of the news.
    #[garde(range(min = 0.25, max = 24.0))]
    pub(crate) half_life_hours: f64,
    /// Follow option chains.
    #[garde(skip)]
    pub(crate) options: bool,
    /// Follow the news.
    #[garde(skip)]
    pub(crate) news: bool,
    /// Follow bulk quotes: the broker is the first source of quotes.
    #[garde(skip)]
    pub(crate) quotes: bool,
    /// Follow rates, earnings, movers and the market's status.
    #[garde(skip)]
    pub(crate) reference_data: bool,
}

/// Seconds between two requests of a kind, in the session, while nothing presses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Cadence {
    /// Today's expiry of symbols whose options expire every day.
    #[garde(range(min = 1, max = 3_600))]
    pub(crate) today: u32,
    /// Their next expiry, and the nearest one of a symbol that is held.
    #[garde(range(min = 1, max = 3_600))]
    pub(crate) nearest: u32,
    /// The nearest expiry of every other symbol.
    #[garde(range(min = 1, max = 3_600))]
    pub(crate) warm: u32,
    /// Whole chains.
    #[garde(range(min = 1, max = 86_400))]
    pub(crate) chain: u32,
    /// News of a symbol, or of the market.
    #[garde(range(min = 10, max = 86_400))]
    pub(crate) news: u32,
}

impl Default for AlphaVantage {
    fn default() -> Self {
        Self {
            enabled: true,
            base_url: None,
            port: 0,
            symbols: Vec::new(),
            max_per_minute: 590,
            spacing_ms: 125,
            in_flight: 8,
            cadence: Cadence::default(),
            half_life_hours: 4.0,
            options: true,
            news: true,
            quotes: false,
            reference_data: true,
        }
    }
}

impl Default for Cadence {
    fn default() -> Self {
        Self { today: 5, nearest: 10, warm: 30, chain: 60, news: 150 }
    }
}

impl Default for State {
    fn default() -> Self {
        Self { directory: PathBuf::from("state") }
    }
}

impl Default for Redis {
    fn default() -> Self {
        Self { max_connections: 50 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".into(), keep_days: 14 }
    }
}

impl Default for Recording {
    fn default() -> Self {
        Self {
            enabled: true,
            directory: None,
            keep_days: 30,
            max_gigabytes: 20.0,
            archive: true,
            discover: true,
        }
    }
}

impl Default for Dashboard {
    fn default() -> Self {
        Self { address: IpAddr::V4(Ipv4Addr::LOCALHOST), port: 8000 }
    }
}

impl Default for Broker {
    fn default() -> Self {
        Self { host: "127.0.0.1".into(), port: 7497, client_id: 77 }
    }
}

impl Default for MarketData {
    fn default() -> Self {
        Self {
            lines: 100,
            held_lines: 16,
            option_lines: 60,
            option_symbols: 3,
            book_symbols: 3,
            books: 3,
            book_turn_seconds: 30,
            trade_streams: 3,
            bar_streams: 50,
            stale_after_seconds: 15,
            messages_per_second: 45,
        }
    }
}

impl Default for Paper {
    fn default() -> Self {
        Self { enabled: true, port: 4002, seed: 1, speed: 1.0 }
    }
}

#[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "the signature that garde calls")]
fn endpoint(url: &Option<String>, _: &()) -> garde::Result {
    let Some(url) = url else { return Ok(()) };
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    if url.len() <= 300 && host.is_some_and(|host| !host.is_empty() && !host.contains(['?', '@', ' '])) {
        return Ok(());
    }
    Err(garde::Error::new(
        "not an address: give http:// or https:// and a host, without a key and without a `?`",
    ))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that garde calls")]
fn loopback(address: &IpAddr, _: &()) -> garde::Result {
    if address.is_loopback() {
        return Ok(());
    }
    Err(garde::Error::new(format!(
        "{address} is reachable from other machines, and there is no login yet: use 127.0.0.1"
    )))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that garde calls")]
fn not_empty(path: &Path, _: &()) -> garde::Result {
    if path.as_os_str().is_empty() {
        return Err(garde::Error::new("a folder is needed"));
    }
    Ok(())
}

/// Reads a file. Without a path, `config/config.yaml` if there is one, else the defaults.
///
/// # Errors
/// [`Failure`] with the line and what to do about it.
pub(crate) fn load(path: Option<&Path>) -> Result<Config, Failure> {
    let usual = Path::new("config/config.yaml");
    let path = match path {
        Some(path) => path,
        None if usual.is_file() => usual,
        None => return Ok(Config::default()),
    };
    let size = std::fs::metadata(path).map_err(|e| Failure::unreadable_config(path, &e))?.len();
    if size > MOST_BYTES {
        return Err(Failure::config(format!(
            "{} is larger than {MOST_BYTES} bytes: is it the right file?",
            path.display()
        )));
    }
    let text = std::fs::read_to_string(path).map_err(|e| Failure::unreadable_config(path, &e))?;
    parse(&text, &path.display().to_string(), std::env::vars().collect())
}

/// Reads the text of a file; `${NAME}` and `${NAME:-default}` in plain values come from `variables`.
///
/// # Errors
/// [`Failure`] with the line and what to do about it.
pub(crate) fn parse(text: &str, name: &str, variables: HashMap<String, String>) -> Result<Config, Failure> {
    let options = serde_saphyr::options! { with_snippet: false }.with_properties(variables);
    serde_saphyr::from_str_with_options_valid::<Config>(text, options).map_err(|error| {
        let report = serde_saphyr::miette::to_miette_report_with_formatter(
            &error,
            &masked(text),
            name,
            &serde_saphyr::UserMessageFormatter,
        );
        Failure::config(format!("{report:?}"))
    })
}

/// The text with names and passwords of addresses starred out, every other byte in its place: a report
/// shows the line, and ends up in logs and letters.
fn masked(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        masked.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || "/'\"".contains(c)).unwrap_or(after.len());
        let secret = after[..end].rfind('@').unwrap_or(0);
        masked.extend(after[..secret].bytes().map(|_| '*'));
        rest = &after[secret..];
    }
    masked.push_str(rest);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_masked_keeps_its_place() {
        let text = "a: redis://me:s3c@ret@host/0\nb: http://host:80/x@y\n";
        let hidden = masked(text);
        assert_eq!(hidden, "a: redis://**********@host/0\nb: http://host:80/x@y\n");
        assert_eq!(hidden.len(), text.len());
    }

    fn read(text: &str) -> Result<Config, String> {
        let variables = HashMap::from([("PORT".to_string(), "9001".to_string())]);
        parse(text, "config.yaml", variables).map_err(|f| f.to_string())
    }

    #[test]
    fn the_shipped_file_holds_the_defaults() {
        let shipped = include_str!("../../../config/config.yaml");
        assert_eq!(read(shipped).unwrap(), Config::default());
    }

    #[test]
    fn values_come_from_the_environment() {
        assert_eq!(
            read("dashboard: {port: '${PORT}'}").map(|c| c.dashboard.port).ok(),
            None,
            "quoted text stays text"
        );
        assert_eq!(read("dashboard:\n  port: ${PORT}\n").unwrap().dashboard.port, 9001);
        assert_eq!(read("dashboard:\n  port: ${NOT_SET:-9002}\n").unwrap().dashboard.port, 9002);
        assert!(read("dashboard:\n  port: ${NOT_SET}\n").unwrap_err().contains("NOT_SET"));
    }

    #[test]
    fn errors_point_at_the_line() {
        let cases = [
            ("dashboard:\n  prot: 1\n", "2:3", "prot"),
            ("trading:\n  strategies:\n    zero_dte:\n      delta: 1.5\n", "4:", "delta"),
            ("dashboard:\n  address: 0.0.0.0\n", "2:", "no login yet"),
            ("trading:\n  gates:\n    min_option_mid: '0.300001'\n", "3:", "finer than the unit"),
            ("trading:\n  strategies:\n    zero_dte:\n      window_start: '9:45'\n", "4:", "time of day"),
            ("log: {}\nstore: localhost:6379\n", "2:", "begins with redis://"),
            ("redis:\n  max_connections: 0\n", "2:", "max_connections"),
            ("alpha_vantage:\n  base_url: https://a.example/query?apikey=k\n", "2:", "without a key"),
            ("alpha_vantage:\n  api_key: k\n", "2:", "api_key"),
            ("trading:\n  options:\n    dealer_sign: {SPY: long}\n", "3:", "long"),
            ("paper: [", "1:", ""),
        ];
        for (text, place, words) in cases {
            let error = read(text).unwrap_err();
            assert!(error.contains(place), "{text}\n{error}");
            assert!(error.contains(words), "{text}\n{error}");
        }
    }

    #[test]
    fn a_password_is_never_printed() {
        let config = read("store: redis://me:s3cret@127.0.0.1\n").unwrap();
        let printed = format!("{config:?} {}", serde_json::to_string(&config).unwrap());
        assert!(printed.contains("redis://127.0.0.1") && !printed.contains("s3cret"), "{printed}");
        let error = read("store: rediss://me:s3cret@127.0.0.1\n").unwrap_err();
        assert!(!error.contains("s3cret"), "{error}");
    }

    #[test]
    fn a_missing_file_says_what_to_do() {
        let error = load(Some(Path::new("/nowhere/config.yaml"))).unwrap_err().to_string();
        assert!(error.contains("/nowhere/config.yaml") && error.contains("--config"), "{error}");
    }
}
