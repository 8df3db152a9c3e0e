//! A gateway that does what a test tells it, also what no broker should do.
//!
//! It speaks the real protocol through the paper gateway's codec, and answers from the state that the
//! test has set. One connection at a time.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use alphatrader_edge::Clock;
use alphatrader_exchange::wire::frame::DEFAULT_MAX_REQUEST;
use alphatrader_exchange::wire::handshake::{Agreement, Dialect, write_answer};
use alphatrader_exchange::wire::message::account as acc;
use alphatrader_exchange::wire::message::contract as con;
use alphatrader_exchange::wire::message::execution as exe;
use alphatrader_exchange::wire::message::market_data as md;
use alphatrader_exchange::wire::message::order as ord;
use alphatrader_exchange::wire::message::session as ses;
use alphatrader_exchange::wire::{Codec, Link, LinkEvent, Reply, Request};

/// How long a test waits for a request.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the gateway does with new orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Orders {
    /// They work.
    Work,
    /// They are refused with a code, and nothing else is said.
    Refuse(i32),
    /// Nothing is said.
    Silent,
}

/// What the gateway is and does.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) accounts: String,
    pub(crate) next_order_id: i32,
    /// Answers nothing, as a half-open socket does.
    pub(crate) dead: bool,
    /// Refuses the client id.
    pub(crate) in_use: bool,
    pub(crate) clock: Clock,
    /// 1 live, 3 delayed.
    pub(crate) data_type: i32,
    pub(crate) orders: Orders,
    /// Does not answer this many requests for positions.
    pub(crate) withheld_positions: u32,
    pub(crate) open: Vec<(ord::PlaceOrderRequest, String)>,
    pub(crate) executions: Vec<exe::ExecutionDetails>,
    pub(crate) positions: Vec<(String, con::Contract, f64, f64)>,
    /// Strikes of the options that expire on the clock's date, whole dollars.
    pub(crate) strikes: std::ops::RangeInclusive<i32>,
    client_id: i32,
}

#[derive(Debug)]
struct Shared {
    world: Mutex<World>,
    requests: Mutex<Vec<Request>>,
    arrived: Condvar,
    connection: Mutex<Option<TcpStream>>,
    stop: AtomicBool,
}

pub(crate) struct Gateway {
    pub(crate) port: u16,
    shared: Arc<Shared>,
    accept: Option<JoinHandle<()>>,
}

const CODEC: Agreement = Agreement { version: 213, dialect: Dialect::Protobuf };

impl Gateway {
    pub(crate) fn start() -> Self {
        let world = World {
            accounts: "DU1234567".to_owned(),
            next_order_id: 100,
            dead: false,
            in_use: false,
            clock: Clock::simulated(crate::harness::monday(), 1.0).unwrap(),
            data_type: 1,
            orders: Orders::Work,
            withheld_positions: 0,
            open: Vec::new(),
            executions: Vec::new(),
            positions: Vec::new(),
            strikes: 550..=650,
            client_id: 0,
        };
        let shared = Arc::new(Shared {
            world: Mutex::new(world),
            requests: Mutex::default(),
            arrived: Condvar::new(),
            connection: Mutex::new(None),
            stop: AtomicBool::new(false),
        });
        let mut gateway = Self { port: 0, shared, accept: None };
        gateway.listen();
        gateway
    }

    /// Listens, on the same port as before if it listened before.
    pub(crate) fn listen(&mut self) {
        self.shared.stop.store(false, Ordering::SeqCst);
        let listener = TcpListener::bind(("127.0.0.1", self.port)).unwrap();
        self.port = listener.local_addr().unwrap().port();
        let shared = Arc::clone(&self.shared);
        self.accept = Some(std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if shared.stop.load(Ordering::SeqCst) {
                    return;
                }
                serve(stream, &shared);
            }
        }));
    }

    /// Drops the connection and no longer listens.
    pub(crate) fn kill(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.cut();
        // Wakes the listener, so that it sees that it is to stop.
        let _ = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], self.port)));
        if let Some(accept) = self.accept.take() {
            accept.join().unwrap();
        }
    }

    /// Drops the connection.
    pub(crate) fn cut(&self) {
        if let Some(stream) = self.shared.connection.lock().unwrap().take() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world.lock().unwrap()
    }

    /// Says something without being asked.
    pub(crate) fn say(&self, reply: &Reply) {
        let mut bytes = Vec::new();
        Codec::new(CODEC).encode_reply(reply, &mut bytes);
        self.say_bytes(&bytes);
    }

    /// Sends bytes, whatever they are.
    pub(crate) fn say_bytes(&self, bytes: &[u8]) {
        if let Some(stream) = self.shared.connection.lock().unwrap().as_mut() {
            // Fails when the edge has gone: the test sees that by itself.
            let _ = stream.write_all(bytes);
        }
    }

    /// Every request so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// Waits for a request from place `from` on for which `pick` gives something.
    pub(crate) fn await_request<T>(
        &self,
        from: usize,
        what: &str,
        pick: impl Fn(&Request) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut requests = self.shared.requests.lock().unwrap();
        loop {
            if let Some(found) = requests.iter().skip(from).find_map(&pick) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let seen: Vec<i32> = requests.iter().map(Request::message_id).collect();
                drop(requests);
                panic!("no request for {what}; message ids so far: {seen:?}");
            }
            requests = self.shared.arrived.wait_timeout(requests, left).unwrap().0;
        }
    }

    /// The number under which quotes of a contract are asked for, from request `from` on.
    pub(crate) fn quote_line(&self, from: usize, wanted: &con::Contract) -> i32 {
        self.await_request(from, "quotes", |request| match request {
            Request::MarketData(asked) => {
                let contract = asked.contract.as_ref()?;
                let same = contract.con_id == wanted.con_id;
                same.then_some(asked.req_id?)
            }
            _ => None,
        })
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // A test that fails leaves its threads behind.
        if self.accept.is_some() && !std::thread::panicking() {
            self.kill();
        }
    }
}

fn serve(mut stream: TcpStream, shared: &Arc<Shared>) {
    let writer = stream.try_clone().unwrap();
    writer.set_nodelay(true).unwrap();
    *shared.connection.lock().unwrap() = Some(writer);
    let mut link = Link::new(DEFAULT_MAX_REQUEST);
    let mut buffer = [0; 16 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(read) if read > 0 => link.push(&buffer[..read]),
            _ => return,
        }
        while let Ok(Some(event)) = link.next_event() {
            let bytes = answer(event, shared);
            let mut connection = shared.connection.lock().unwrap();
            let Some(writer) = connection.as_mut() else { return };
            if writer.write_all(&bytes).is_err() {
                return;
            }
        }
    }
}

fn answer(event: LinkEvent, shared: &Arc<Shared>) -> Vec<u8> {
    let mut bytes = Vec::new();
    match event {
        LinkEvent::Hello(agreement, _) => {
            write_answer(&mut bytes, agreement.version, "20261123 10:00:00 America/New_York");
        }
        LinkEvent::Request(request) => {
            let replies = {
                let mut world = shared.world.lock().unwrap();
                if world.dead { Vec::new() } else { world.answer(&request) }
            };
            shared.requests.lock().unwrap().push(request);
            shared.arrived.notify_all();
            for reply in &replies {
                Codec::new(CODEC).encode_reply(reply, &mut bytes);
            }
        }
        LinkEvent::Unreadable(error) => panic!("{error}"),
    }
    bytes
}

pub(crate) fn notice(id: i32, code: i32, text: &str) -> Reply {
    Reply::Error(ses::ErrorMessage {
        id: Some(id),
        error_time: None,
        error_code: Some(code),
        error_msg: Some(text.to_owned()),
        advanced_order_reject_json: None,
    })
}

pub(crate) fn spy() -> con::Contract {
    con::Contract {
        con_id: Some(756_733),
        symbol: Some("SPY".to_owned()),
        sec_type: Some("STK".to_owned()),
        exchange: Some("SMART".to_owned()),
        currency: Some("USD".to_owned()),
        trading_class: Some("SPY".to_owned()),
        ..con::Contract::default()
    }
}

pub(crate) fn option(date: &str, strike: i32, right: &str) -> con::Contract {
    con::Contract {
        con_id: Some(strike * 2 + i32::from(right == "C") + 1_000),
        symbol: Some("SPY".to_owned()),
        sec_type: Some("OPT".to_owned()),
        last_trade_date_or_contract_month: Some(date.to_owned()),
        strike: Some(f64::from(strike)),
        right: Some(right.to_owned()),
        multiplier: Some(100.0),
        exchange: Some("SMART".to_owned()),
        currency: Some("USD".to_owned()),
        trading_class: Some("SPY".to_owned()),
        ..con::Contract::default()
    }
}

/// Bid and ask of a line.
pub(crate) fn quote(line: i32, bid: f64, ask: f64) -> [Reply; 2] {
    [(1, bid), (2, ask)].map(|(tick_type, price)| {
        Reply::TickPrice(md::TickPrice {
            req_id: Some(line),
            tick_type: Some(tick_type),
            price: Some(price),
            size: Some("300".to_owned()),
            attr_mask: Some(0),
        })
    })
}

impl World {
    fn today(&self) -> String {
        let calendar = alphatrader_model::Calendar::xnys();
        calendar.date_of(self.clock.now()).strftime("%Y%m%d").to_string()
    }

    fn answer(&mut self, request: &Request) -> Vec<Reply> {
        match request {
            Request::StartApi(start) => self.start(start.client_id.unwrap_or(0)),
            Request::CurrentTimeInMillis(_) => vec![Reply::CurrentTimeInMillis(ses::CurrentTimeInMillis {
                current_time_in_millis: Some(self.clock.now().millis()),
            })],
            Request::ContractDetails(asked) => self.details(asked),
            Request::SecDefOptParams(asked) => self.chain(asked.req_id),
            Request::MarketRule(asked) => vec![Reply::MarketRule(con::MarketRule {
                market_rule_id: asked.market_rule_id,
                price_increments: vec![con::PriceIncrement { low_edge: Some(0.0), increment: Some(0.01) }],
            })],
            Request::MarketData(asked) => vec![Reply::MarketDataType(md::MarketDataType {
                req_id: asked.req_id,
                market_data_type: Some(self.data_type),
            })],
            Request::MarketDepth(asked) => book(asked.req_id),
            Request::PlaceOrder(asked) => self.place(asked),
            Request::CancelOrder(asked) => self.cancel(asked.order_id.unwrap_or(0)),
            Request::AllOpenOrders(_) => self.all_open(),
            Request::Executions(asked) => self.all_executions(asked.req_id),
            Request::Positions(_) => self.all_positions(),
            Request::AccountSummary(asked) => self.account(asked.req_id),
            _ => Vec::new(),
        }
    }

    fn start(&mut self, client_id: i32) -> Vec<Reply> {
        self.client_id = client_id;
        if self.in_use {
            return vec![notice(-1, 326, "Unable to connect as the client id is already in use.")];
        }
        vec![
            Reply::ManagedAccounts(ses::ManagedAccounts { accounts_list: Some(self.accounts.clone()) }),
            Reply::NextValidId(ses::NextValidId { order_id: Some(self.next_order_id) }),
            notice(-1, 2_104, "Market data farm connection is OK:usfarm"),
        ]
    }

    fn details(&self, asked: &con::ContractDataRequest) -> Vec<Reply> {
        let wanted = asked.contract.clone().unwrap_or_default();
        let mut found = Vec::new();
        if wanted.sec_type.as_deref() == Some("STK") && wanted.symbol.as_deref() == Some("SPY") {
            found.push(spy());
        }
        if wanted.sec_type.as_deref() == Some("OPT") {
            let date = wanted.last_trade_date_or_contract_month.clone().unwrap_or_default();
            for strike in self.strikes.clone() {
                for right in ["C", "P"] {
                    let listed = option(&date, strike, right);
                    let strike_fits = wanted.strike.is_none_or(|s| Some(s) == listed.strike);
                    if strike_fits && wanted.right.as_ref().is_none_or(|r| Some(r) == listed.right.as_ref()) {
                        found.push(listed);
                    }
                }
            }
        }
        if found.is_empty() {
            let text = "No security definition has been found for the request";
            return vec![notice(asked.req_id.unwrap_or(-1), 200, text)];
        }
        let mut replies: Vec<Reply> = found
            .into_iter()
            .map(|contract| {
                let details = con::ContractDetails {
                    min_tick: Some("0.01".to_owned()),
                    valid_exchanges: Some("SMART,AMEX".to_owned()),
                    market_rule_ids: Some("26,26".to_owned()),
                    under_symbol: Some("SPY".to_owned()),
                    ..con::ContractDetails::default()
                };
                let (contract, contract_details) = (Some(contract), Some(details));
                Reply::ContractDetails(Box::new(con::ContractData {
                    req_id: asked.req_id,
                    contract,
                    contract_details,
                }))
            })
            .collect();
        replies.push(Reply::ContractDetailsEnd(con::ContractDataEnd { req_id: asked.req_id }));
        replies
    }

    fn chain(&self, req_id: Option<i32>) -> Vec<Reply> {
        vec![
            Reply::SecDefOptParameter(con::SecDefOptParameter {
                req_id,
                exchange: Some("SMART".to_owned()),
                underlying_con_id: Some(756_733),
                trading_class: Some("SPY".to_owned()),
                multiplier: Some("100".to_owned()),
                expirations: vec![self.today()],
                strikes: self.strikes.clone().map(f64::from).collect(),
            }),
            Reply::SecDefOptParameterEnd(con::SecDefOptParameterEnd { req_id }),
        ]
    }

    fn place(&mut self, asked: &ord::PlaceOrderRequest) -> Vec<Reply> {
        let id = asked.order_id.unwrap_or(0);
        match self.orders {
            Orders::Silent => return Vec::new(),
            Orders::Refuse(code) => return vec![notice(id, code, "refused by the script")],
            Orders::Work => {}
        }
        let known = self.open.iter().position(|(order, _)| order.order_id == Some(id));
        let entry = (asked.clone(), "Submitted".to_owned());
        match known {
            Some(place) => self.open[place] = entry.clone(),
            None => self.open.push(entry.clone()),
        }
        self.listed(&entry)
    }

    fn cancel(&mut self, id: i32) -> Vec<Reply> {
        let Some(place) = self.open.iter().position(|(order, _)| order.order_id == Some(id)) else {
            return vec![notice(id, 10_147, "OrderId that needs to be cancelled is not found.")];
        };
        let (order, _) = self.open.remove(place);
        let mut replies = self.listed(&(order, "Cancelled".to_owned()));
        replies.push(notice(id, 202, "Order Canceled - reason:"));
        replies
    }

    /// An open order and its status.
    pub(crate) fn listed(&self, (asked, status): &(ord::PlaceOrderRequest, String)) -> Vec<Reply> {
        let mut order = asked.order.clone().unwrap_or_default();
        // An order of another client has its number already.
        let client_id = order.client_id.unwrap_or(self.client_id);
        order.client_id = Some(client_id);
        let perm_id = Some(i64::from(asked.order_id.unwrap_or(0)) + 9_000_000);
        order.perm_id = perm_id;
        let quantity = order.total_quantity.clone();
        let state = ord::OrderState { status: Some(status.clone()), ..ord::OrderState::default() };
        vec![
            Reply::OpenOrder(Box::new(ord::OpenOrder {
                order_id: asked.order_id,
                contract: asked.contract.clone(),
                order: Some(order),
                order_state: Some(state),
            })),
            Reply::OrderStatus(ord::OrderStatus {
                order_id: asked.order_id,
                status: Some(status.clone()),
                filled: Some("0".to_owned()),
                remaining: quantity,
                perm_id,
                client_id: Some(client_id),
                ..ord::OrderStatus::default()
            }),
        ]
    }

    fn all_open(&self) -> Vec<Reply> {
        let mut replies: Vec<Reply> = self.open.iter().flat_map(|entry| self.listed(entry)).collect();
        replies.push(Reply::OpenOrdersEnd(ord::OpenOrdersEnd {}));
        replies
    }

    fn all_executions(&self, req_id: Option<i32>) -> Vec<Reply> {
        let mut replies = Vec::new();
        for execution in &self.executions {
            replies.extend(reported(req_id, execution));
        }
        replies.push(Reply::ExecutionDetailsEnd(exe::ExecutionDetailsEnd { req_id }));
        replies
    }

    fn all_positions(&mut self) -> Vec<Reply> {
        if self.withheld_positions > 0 {
            self.withheld_positions -= 1;
            return Vec::new();
        }
        let mut replies: Vec<Reply> = self
            .positions
            .iter()
            .map(|(account, contract, position, cost)| {
                Reply::Position(Box::new(acc::Position {
                    account: Some(account.clone()),
                    contract: Some(contract.clone()),
                    position: Some(position.to_string()),
                    avg_cost: Some(*cost),
                }))
            })
            .collect();
        replies.push(Reply::PositionEnd(acc::PositionEnd {}));
        replies
    }

    fn account(&self, req_id: Option<i32>) -> Vec<Reply> {
        let account = self.accounts.split(',').next().map(str::to_owned);
        let mut replies: Vec<Reply> =
            [("NetLiquidation", "100000.00"), ("TotalCashValue", "100000.00"), ("BuyingPower", "400000.00")]
                .map(|(tag, value)| {
                    Reply::AccountSummary(acc::AccountSummary {
                        req_id,
                        account: account.clone(),
                        tag: Some(tag.to_owned()),
                        value: Some(value.to_owned()),
                        currency: Some("USD".to_owned()),
                    })
                })
                .to_vec();
        replies.push(Reply::AccountSummaryEnd(acc::AccountSummaryEnd { req_id }));
        replies
    }
}

/// An execution and its commission.
pub(crate) fn reported(req_id: Option<i32>, execution: &exe::ExecutionDetails) -> [Reply; 2] {
    let exec_id = execution.execution.as_ref().and_then(|execution| execution.exec_id.clone());
    [
        Reply::ExecutionDetails(Box::new(exe::ExecutionDetails { req_id, ..execution.clone() })),
        Reply::CommissionReport(exe::CommissionAndFeesReport {
            exec_id,
            commission_and_fees: Some(1.3),
            currency: Some("USD".to_owned()),
            ..exe::CommissionAndFeesReport::default()
        }),
    ]
}

/// An execution of two calls.
pub(crate) fn execution(order: i32, client: i32, exec_id: &str, reference: &str) -> exe::ExecutionDetails {
    exe::ExecutionDetails {
        req_id: Some(-1),
        contract: Some(option("20261123", 600, "C")),
        execution: Some(exe::Execution {
            order_id: Some(order),
            exec_id: Some(exec_id.to_owned()),
            time: Some("20261123 10:01:02 America/New_York".to_owned()),
            acct_number: Some("DU1234567".to_owned()),
            side: Some("BOT".to_owned()),
            shares: Some("2".to_owned()),
            price: Some(1.25),
            perm_id: Some(i64::from(order) + 9_000_000),
            client_id: Some(client),
            order_ref: Some(reference.to_owned()),
            ..exe::Execution::default()
        }),
    }
}

/// Ten rows a side.
fn book(req_id: Option<i32>) -> Vec<Reply> {
    let row = |position: i32, side: i32| {
        let offset = f64::from(position + 1) / 100.0;
        Reply::MarketDepthL2(md::MarketDepthL2 {
            req_id,
            market_depth_data: Some(md::MarketDepthData {
                position: Some(position),
                operation: Some(0),
                side: Some(side),
                price: Some(if side == 1 { 600.0 - offset } else { 600.0 + offset }),
                size: Some(format!("{}", (position + 1) * 100)),
                market_maker: Some("NSDQ".to_owned()),
                is_smart_depth: Some(true),
            }),
        })
    };
    (0..10).flat_map(|position| [row(position, 1), row(position, 0)]).collect()
}
