//! A running server and clients for it.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use alphatrader_dashboard::project::{Measured, SymbolTrails};
use alphatrader_dashboard::view::{
    AccountView, AlertView, BarView, BookView, Decimal, FeaturesView, FeedState, HaltLevel, Instant,
    OrderView, PositionView, QuoteView, RunState, SideView, StateView, TapeView, VpinView,
};
use alphatrader_dashboard::{Command, Dashboard, Event, Limits, Published, Publisher, SymbolPublished};
use alphatrader_model::exposure::{
    Bucket, BucketExposure, ChainExposure, DealerSign, GreeksSource, Levels, PutCall, RowCounts, Sums,
};
use alphatrader_model::sentiment::{Headline, Sentiment};
use alphatrader_model::view::OptionsView;
use alphatrader_model::{Symbol, Timestamp};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    pub(crate) publisher: Publisher,
    pub(crate) commands: mpsc::Receiver<Command>,
    stop: Option<oneshot::Sender<()>>,
    pub(crate) served: JoinHandle<std::io::Result<()>>,
}

impl Running {
    pub(crate) fn start() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (dashboard, commands) = Dashboard::bind(addr, Published::starting(at(0)), limits).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (addr, publisher) = (dashboard.addr(), dashboard.publisher());
        let served = tokio::spawn(dashboard.serve(async {
            let _ = stopped.await;
        }));
        Self { addr, publisher, commands, stop: Some(stop), served }
    }

    pub(crate) fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// One request on a connection of its own, with our own `Host`.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let host = self.addr.to_string();
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "host") {
            let _ = write!(head, "host: {host}\r\n");
        }
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let mut socket = TcpStream::connect(self.addr).await.unwrap();
        socket.write_all(format!("{head}\r\n{body}").as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        timeout(PATIENCE, socket.read_to_end(&mut bytes)).await.unwrap().unwrap();
        Reply::read(&bytes)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], "").await
    }

    /// A command as our own page sends it.
    pub(crate) async fn command(&self, action: &str, key: &str, reason: &str) -> Reply {
        let origin = format!("http://{}", self.addr);
        let headers = [
            ("content-type", "application/json"),
            ("x-at", "1"),
            ("sec-fetch-site", "same-origin"),
            ("origin", origin.as_str()),
            ("idempotency-key", key),
        ];
        let path = format!("/api/v1/commands/{action}");
        self.ask("POST", &path, &headers, &json!({ "reason": reason }).to_string()).await
    }

    pub(crate) async fn connect(&self) -> Client {
        Client { socket: self.try_connect(&[]).await.unwrap() }
    }

    pub(crate) async fn try_connect(&self, headers: &[(&'static str, &str)]) -> Result<Socket, Error> {
        let mut request = format!("ws://{}/api/v1/stream", self.addr).into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", "at.v1".parse().unwrap());
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        tokio_tungstenite::connect_async(request).await.map(|(socket, _)| socket)
    }

    /// Connects and says hello.
    pub(crate) async fn greet(&self) -> (Client, String) {
        let mut client = self.connect().await;
        client.send(&json!({"t": "hello", "v": 1})).await;
        let welcome = client.next().await;
        assert_eq!(welcome["t"], "welcome");
        let epoch = welcome["epoch"].as_str().unwrap().to_owned();
        (client, epoch)
    }

    /// Waits until this many clients are connected.
    pub(crate) async fn clients(&self, count: usize) {
        timeout(PATIENCE, async {
            while self.publisher.clients() != count {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap_or_else(|_| panic!("{} clients instead of {count}", self.publisher.clients()));
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Reply {
    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        let body = if chunked { unchunked(body) } else { body.to_owned() };
        Self { status, head: head.to_owned(), body }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let line =
            self.head.lines().skip(1).find(|line| {
                line.split_once(':').is_some_and(|(found, _)| found.eq_ignore_ascii_case(name))
            })?;
        line.split_once(':').map(|(_, value)| value.trim())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    /// It is a problem with this status and code, and says something.
    pub(crate) fn is_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"));
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    }
}

fn unchunked(mut rest: &str) -> String {
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            break;
        }
        body += &after[..size];
        rest = &after[size + 2..];
    }
    body
}

pub(crate) struct Client {
    pub(crate) socket: Socket,
}

impl Client {
    pub(crate) async fn send(&mut self, message: &Value) {
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }

    pub(crate) async fn subscribe(&mut self, channels: &[&str]) {
        self.send(&json!({"t": "sub", "ch": channels, "hz": 10})).await;
    }

    /// The next text frame.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            match self.frame().await {
                Some(Message::Text(text)) => return serde_json::from_str(&text).unwrap(),
                Some(Message::Ping(_)) => {}
                other => panic!("a text frame was expected, not {other:?}"),
            }
        }
    }

    async fn frame(&mut self) -> Option<Message> {
        timeout(PATIENCE, self.socket.next()).await.expect("a frame in time").and_then(Result::ok)
    }

    /// Reads until the server closes, and returns why.
    pub(crate) async fn closed(&mut self) -> Option<CloseFrame> {
        loop {
            match self.frame().await {
                Some(Message::Close(frame)) => return frame,
                None => return None,
                Some(_) => {}
            }
        }
    }

    /// The next frame of a channel, whatever others say.
    pub(crate) async fn next_of(&mut self, channel: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["ch"] == channel {
                return message;
            }
        }
    }
}

pub(crate) const fn at(second: i64) -> Instant {
    Instant::from_micros(1_795_444_200_000_000 + second * 1_000_000)
}

pub(crate) const fn dollars(cents: i64) -> Decimal {
    Decimal::from_micros(cents * 10_000)
}

pub(crate) fn alert(id: u64, text: &str) -> Event {
    let severity = FeedState::Warn;
    Event::Alert(AlertView { id: format!("a{id}"), at: at(0), severity, text: text.to_owned() })
}

/// A moment in which everything exists, and differs with `n`.
pub(crate) fn moment(n: i64) -> Published {
    let mut published = Published::starting(at(n));
    published.streams.lines = 100;
    published.status.state = RunState::Running;
    published.status.symbols = vec!["SPY".to_owned()];
    published.ready = Ok(());
    published.account = Some(account(n));
    published.risk.level = if n % 7 == 3 { HaltLevel::Pause } else { HaltLevel::None };
    published.positions = (0..n.rem_euclid(4)).map(|k| position(k, n)).collect();
    published.orders = (0..n.rem_euclid(3)).map(|k| order(k, n)).collect();
    published.symbols.insert("SPY".to_owned(), symbol(n));
    published
}

fn account(n: i64) -> AccountView {
    AccountView {
        id: Some("DU1".to_owned()),
        equity: Some(dollars(10_000_000 + n)),
        cash: Some(dollars(10_000_000)),
        day_pnl: Some(dollars(n)),
        realized_pnl: Some(dollars(0)),
        unrealized_pnl: None,
        commissions: Some(dollars(0)),
        loss_budget: None,
        loss_budget_left: None,
        premium_at_risk: None,
        premium_limit: None,
        at: at(n),
    }
}

pub(crate) fn position(k: i64, n: i64) -> PositionView {
    PositionView {
        id: format!("p{k}"),
        contract: "SPY261123C00602000".to_owned(),
        label: "SPY 23 Nov 602 C".to_owned(),
        days_to_expiry: Some(0),
        synthetic: true,
        strategy: Some("0DTE".to_owned()),
        quantity: k + 1,
        entry_price: Some(dollars(134)),
        mark: Some(dollars(134 + n)),
        mark_at: Some(at(n)),
        unrealized_pnl: Some(dollars(n * 100)),
        stop: Some(dollars(87)),
        stop_at_broker: true,
        target: Some(dollars(188)),
        delta_shares: Some(46.5),
        opened_at: Some(at(0)),
    }
}

fn order(k: i64, n: i64) -> OrderView {
    OrderView {
        id: format!("o{k}"),
        contract: "SPY261123C00602000".to_owned(),
        label: "SPY 23 Nov 602 C".to_owned(),
        strategy: None,
        signal_id: None,
        role: "entry".to_owned(),
        side: SideView::Buy,
        quantity: 4,
        filled: (n % 4).unsigned_abs(),
        kind: "limit".to_owned(),
        limit_price: Some(dollars(134)),
        stop_price: None,
        state: "working".to_owned(),
        created_at: Some(at(0)),
    }
}

fn symbol(n: i64) -> SymbolPublished {
    let name = "SPY".to_owned();
    SymbolPublished {
        quote: QuoteView {
            symbol: name.clone(),
            last: Some(dollars(60_000 + n)),
            change: None,
            change_fraction: None,
            bid: None,
            bid_size: None,
            ask: None,
            ask_size: None,
            spread: None,
            vpin: None,
            quote_at: Some(at(n)),
            trade_at: None,
            gex: None,
            chain_at: None,
        },
        features: FeaturesView {
            symbol: name.clone(),
            at: at(n),
            touch_imbalance: Some(0.25),
            depth_imbalance: None,
            vpin: VpinView {
                value: None,
                ready: false,
                buckets: 50,
                completed: n.unsigned_abs(),
                cdf: None,
                null_level: None,
                alert_level: None,
                alert: false,
            },
            signed_volume_1m: Some(n),
            vwap: None,
            high_5m: None,
            low_5m: None,
            quote_at: None,
            depth_at: None,
            trade_at: None,
        },
        bars: (0..=n.rem_euclid(5)).map(|k| bar(k, n)).collect(),
        vpin: Vec::new(),
        book: BookView {
            symbol: name.clone(),
            at: Some(at(n)),
            valid: true,
            reason: None,
            bids: Vec::new(),
            asks: Vec::new(),
        },
        tape: TapeView { symbol: name, trades: Vec::new() },
        gates: Vec::new(),
        measured: Measured::default(),
        state: StateView::default(),
        marks: Vec::new(),
        exclusions: Vec::new(),
        trails: SymbolTrails::default(),
        options: None,
    }
}

/// The same moment with a chain that knows little, and news of one article.
pub(crate) fn with_options(mut moment: Published) -> Published {
    let symbol = Symbol::new("SPY").unwrap();
    let all = BucketExposure {
        bucket: Bucket::All,
        sums: Sums { gex: -1.0e9, ..Sums::default() },
        levels: Levels { gamma_flip: Some(602.1), ..Levels::default() },
        put_call: PutCall::default(),
        by_strike: Vec::new(),
        profile: Vec::new(),
    };
    let chain = ChainExposure {
        underlying: symbol,
        as_of: Timestamp::from_seconds(1),
        spot: 600.0,
        providers: Vec::new(),
        oldest: None,
        dealer_sign: DealerSign::Naive,
        greeks: GreeksSource::Own,
        rows: RowCounts::default(),
        flagged_share: 0.0,
        degraded: false,
        total: all.sums,
        buckets: vec![all],
        by_expiry: Vec::new(),
        cells: Vec::new(),
        unusual: Vec::new(),
        pin: None,
    };
    let headline = Headline {
        title: "Nothing happened".to_owned(),
        url: "javascript:alert(1)".to_owned(),
        source: "Example".to_owned(),
        published: Timestamp::from_seconds(1),
        score: 0.25,
        relevance: 1.0,
    };
    let news = Sentiment {
        symbol: Some(symbol),
        as_of: Timestamp::from_seconds(1),
        score: Some(0.25),
        articles: 1,
        newest: Some(Timestamp::from_seconds(1)),
        headlines: vec![headline],
    };
    let spy = moment.symbols.get_mut("SPY").unwrap();
    let known = OptionsView {
        exposure: Some(Arc::new(chain)),
        sentiment: Some(Arc::new(news)),
        ..OptionsView::new(symbol)
    };
    spy.options = Some(known);
    moment
}

fn bar(k: i64, n: i64) -> BarView {
    BarView {
        start: at(k * 60),
        open: dollars(60_000),
        high: dollars(60_100),
        low: dollars(59_900),
        close: dollars(60_000 + n),
        volume: 100,
        vwap: None,
        signed_volume: 0,
    }
}
