//! What the scripted gateway is, knows and answers.

use std::collections::BTreeMap;

use alphatrader_edge::Clock;
use alphatrader_exchange::wire::message::account as acc;
use alphatrader_exchange::wire::message::contract as con;
use alphatrader_exchange::wire::message::execution as exe;
use alphatrader_exchange::wire::message::market_data as md;
use alphatrader_exchange::wire::message::order as ord;
use alphatrader_exchange::wire::message::session as ses;
use alphatrader_exchange::wire::{Reply, Request};

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
    /// Orders that ended: as they were sent, with their last status and what was filled.
    pub(crate) completed: Vec<(ord::PlaceOrderRequest, String, i32)>,
    /// Does not answer requests for completed orders.
    pub(crate) hides_completed: bool,
    /// Books allowed at once; the rest is refused with 309.
    pub(crate) most_books: usize,
    /// Tick-by-tick streams allowed at once; the rest is refused with 10190.
    pub(crate) most_trade_streams: usize,
    /// Numbers of the books and tick-by-tick streams that are open, with what they are of.
    pub(crate) books: BTreeMap<i32, String>,
    pub(crate) trade_streams: BTreeMap<i32, String>,
    /// Strikes of the options that expire on the clock's date, whole dollars.
    pub(crate) strikes: std::ops::RangeInclusive<i32>,
    client_id: i32,
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
    stock("SPY").unwrap()
}

/// One of the stocks that the broker knows.
pub(crate) fn stock(symbol: &str) -> Option<con::Contract> {
    let con_id = match symbol {
        "SPY" => 756_733,
        "QQQ" => 320_227_571,
        "IWM" => 9_579_970,
        "TSLA" => 76_792_991,
        _ => return None,
    };
    Some(con::Contract {
        con_id: Some(con_id),
        symbol: Some(symbol.to_owned()),
        sec_type: Some("STK".to_owned()),
        exchange: Some("SMART".to_owned()),
        currency: Some("USD".to_owned()),
        trading_class: Some(symbol.to_owned()),
        ..con::Contract::default()
    })
}

/// The symbol of a contract.
fn name(contract: Option<&con::Contract>) -> String {
    contract.and_then(|contract| contract.symbol.clone()).unwrap_or_default()
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
    /// A quiet broker with a paper account.
    pub(crate) fn new() -> Self {
        Self {
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
            completed: Vec::new(),
            hides_completed: false,
            most_books: 3,
            most_trade_streams: 3,
            books: BTreeMap::new(),
            trade_streams: BTreeMap::new(),
            strikes: 550..=650,
            client_id: 0,
        }
    }

    fn today(&self) -> String {
        let calendar = alphatrader_model::Calendar::xnys();
        calendar.date_of(self.clock.now()).strftime("%Y%m%d").to_string()
    }

    pub(crate) fn answer(&mut self, request: &Request) -> Vec<Reply> {
        match request {
            Request::StartApi(start) => self.start(start.client_id.unwrap_or(0)),
            Request::CurrentTimeInMillis(_) => vec![Reply::CurrentTimeInMillis(ses::CurrentTimeInMillis {
                current_time_in_millis: Some(self.clock.now().millis()),
            })],
            Request::ContractDetails(asked) => self.details(asked),
            Request::SecDefOptParams(asked) => self.chain(asked.req_id, asked.underlying_symbol.as_deref()),
            Request::MarketRule(asked) => vec![Reply::MarketRule(con::MarketRule {
                market_rule_id: asked.market_rule_id,
                price_increments: vec![con::PriceIncrement { low_edge: Some(0.0), increment: Some(0.01) }],
            })],
            Request::MarketData(asked) => vec![Reply::MarketDataType(md::MarketDataType {
                req_id: asked.req_id,
                market_data_type: Some(self.data_type),
            })],
            Request::MarketDepth(asked) => {
                let (id, name) = (asked.req_id.unwrap_or(0), name(asked.contract.as_ref()));
                if self.books.len() >= self.most_books {
                    return vec![notice(id, 309, "Max number (3) of market depth requests has been reached")];
                }
                self.books.insert(id, name);
                book(asked.req_id)
            }
            Request::CancelMarketDepth(asked) => {
                self.books.remove(&asked.req_id.unwrap_or(0));
                Vec::new()
            }
            Request::TickByTick(asked) => {
                let (id, name) = (asked.req_id.unwrap_or(0), name(asked.contract.as_ref()));
                if self.trade_streams.len() >= self.most_trade_streams {
                    let text = "Max number of tick-by-tick requests has been reached";
                    return vec![notice(id, 10_190, text)];
                }
                self.trade_streams.insert(id, name);
                Vec::new()
            }
            Request::CancelTickByTick(asked) => {
                self.trade_streams.remove(&asked.req_id.unwrap_or(0));
                Vec::new()
            }
            Request::CompletedOrders(_) => self.all_completed(),
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
        // A new connection begins without streams.
        self.books.clear();
        self.trade_streams.clear();
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
        if wanted.sec_type.as_deref() == Some("STK") {
            found.extend(wanted.symbol.as_deref().and_then(stock));
        }
        if wanted.sec_type.as_deref() == Some("OPT") && wanted.symbol.as_deref() == Some("SPY") {
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
                    under_symbol: contract.symbol.clone(),
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

    fn chain(&self, req_id: Option<i32>, underlying: Option<&str>) -> Vec<Reply> {
        if underlying != Some("SPY") {
            return vec![Reply::SecDefOptParameterEnd(con::SecDefOptParameterEnd { req_id })];
        }
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

    fn all_completed(&self) -> Vec<Reply> {
        if self.hides_completed {
            return Vec::new();
        }
        let ended = |(asked, status, filled): &(ord::PlaceOrderRequest, String, i32)| {
            let mut order = asked.order.clone().unwrap_or_default();
            let whole: i32 = order.total_quantity.as_deref().unwrap_or("0").parse().unwrap();
            // As the broker lists it: what was left, and what was filled; no number of ours.
            order.total_quantity = Some((whole - filled).to_string());
            order.filled_quantity = Some(filled.to_string());
            order.perm_id = Some(i64::from(asked.order_id.unwrap_or(0)) + 9_000_000);
            Reply::CompletedOrder(Box::new(ord::CompletedOrder {
                contract: asked.contract.clone(),
                order: Some(order),
                order_state: Some(ord::OrderState {
                    status: Some(status.clone()),
                    ..ord::OrderState::default()
                }),
            }))
        };
        let mut replies: Vec<Reply> = self.completed.iter().map(ended).collect();
        replies.push(Reply::CompletedOrdersEnd(ord::CompletedOrdersEnd {}));
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
