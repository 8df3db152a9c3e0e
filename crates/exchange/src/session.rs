//! One connection after its handshake: requests in, replies out. No I/O, no clock.
//!
//! A session keeps what its client subscribed to; everything else is the [`Desk`]'s.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `contracts` | contract details, option chains, rules, symbol search |
//! | [`market_data`] | sampled ticks: quotes, trades, generic ticks, option computations |
//! | [`depth`] | rows of the book, as edits |
//! | [`tick`] | each trade, each change of the best quote |
//! | [`bars`] | 5-second bars |
//! | [`history`] | bars of the past, head timestamps, histograms, schedules |
//! | `past_ticks` | single prints and quotes of the past |
//! | `calculate` | option calculations with the client's own values |
//! | [`scanner`] | ranked stocks |
//! | [`news`] | headlines, articles, bulletins |
//! | [`groups`] | groups of a terminal's windows |
//! | `reference` | what is the same for every client, and what a paper account does not have |
//! | `when`, `refusal` | times and durations as clients write them; why not |
//! | `orders` | orders, executions, completed orders |
//! | `retell` | streams by kind: what is open, and its loss |
//! | [`account`] | positions, values of the account, profit and loss |
//! | [`tell`] | the desk's things in the protocol's words |

pub mod account;
pub mod bars;
mod calculate;
mod contracts;
pub mod depth;
pub mod groups;
pub mod history;
pub mod market_data;
pub mod news;
mod orders;
mod past_ticks;
mod reference;
mod refusal;
mod retell;
pub mod scanner;
pub mod tell;
pub mod tick;
mod when;

use std::collections::BTreeMap;

use alphatrader_model::{Payload, Span, Timestamp};

use crate::desk::{Desk, Happening};
use crate::wire::message::session::{CurrentTime, CurrentTimeInMillis, ManagedAccounts, NextValidId};
use crate::wire::{DecodeError, Reply, Request, notice};
use account::AccountStreams;
use bars::BarStream;
use depth::DepthStream;
use groups::Groups;
use history::HistoryStreams;
use market_data::MarketStream;
use news::Bulletins;
use scanner::Scans;
use tick::TickStream;

/// How often sampled streams are looked at, in simulated time.
pub const QUANTUM: Span = Span::from_millis(50);

/// What one connection may still subscribe to; limits hold for all connections together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Market data lines.
    pub lines: usize,
    /// Order books.
    pub books: usize,
    /// Tick-by-tick streams.
    pub ticks: usize,
    /// 5-second bar streams.
    pub bars: usize,
}

/// What a session was told of by its client, beside market data.
#[derive(Debug)]
pub struct Session {
    client_id: i32,
    market_data_type: i32,
    market: BTreeMap<i32, MarketStream>,
    books: BTreeMap<i32, DepthStream>,
    ticks: BTreeMap<i32, TickStream>,
    bars: BTreeMap<i32, BarStream>,
    history: HistoryStreams,
    scans: Scans,
    bulletins: Bulletins,
    groups: Groups,
    account: AccountStreams,
}

/// Where replies go, in order.
pub type Out = Vec<Reply>;

impl Session {
    /// The session of a client that started its API, and what it is told first.
    pub fn start(client_id: i32, desk: &mut Desk, out: &mut Out) -> Self {
        out.push(managed_accounts(desk));
        out.push(next_valid_id(client_id, desk));
        let farms = [
            (notice::MARKET_DATA_FARM_OK, "Market data farm connection is OK:usfarm"),
            (notice::HISTORICAL_FARM_OK, "HMDS data farm connection is OK:ushmds"),
            (notice::SECURITY_DEFINITION_FARM_OK, "Sec-def data farm connection is OK:secdefil"),
        ];
        for (code, text) in farms {
            out.push(tell::error(notice::SESSION, code, text, desk.now()));
        }
        let session = Self {
            client_id,
            market_data_type: 1,
            market: BTreeMap::new(),
            books: BTreeMap::new(),
            ticks: BTreeMap::new(),
            bars: BTreeMap::new(),
            history: HistoryStreams::default(),
            scans: Scans::default(),
            bulletins: Bulletins::default(),
            groups: Groups::default(),
            account: AccountStreams::default(),
        };
        session.tell_working_orders(desk, out);
        session
    }

    /// Whose it is.
    pub fn client_id(&self) -> i32 {
        self.client_id
    }

    /// What it holds of the limits that all sessions share.
    pub fn usage(&self) -> Allowance {
        Allowance {
            lines: self.market.len(),
            books: self.books.len(),
            ticks: self.ticks.len(),
            bars: self.bars.len(),
        }
    }

    /// Answers a request. `left` is what all sessions together may still subscribe to.
    pub fn on_request(&mut self, request: &Request, left: Allowance, desk: &mut Desk, out: &mut Out) {
        match request {
            Request::StartApi(_) => {
                out.push(tell::error(
                    notice::SESSION,
                    notice::INVALID_REQUEST,
                    "the API was started already",
                    desk.now(),
                ));
            }
            Request::ManagedAccounts(_) => out.push(managed_accounts(desk)),
            Request::Ids(_) => out.push(next_valid_id(self.client_id, desk)),
            Request::CurrentTime(_) => {
                out.push(Reply::CurrentTime(CurrentTime { current_time: Some(desk.now().seconds()) }));
            }
            Request::CurrentTimeInMillis(_) => {
                let current_time_in_millis = Some(desk.now().millis());
                out.push(Reply::CurrentTimeInMillis(CurrentTimeInMillis { current_time_in_millis }));
            }
            // The gateway's log level is set where the gateway is started.
            Request::SetServerLogLevel(_) => {}
            Request::ContractDetails(_)
            | Request::SecDefOptParams(_)
            | Request::MatchingSymbols(_)
            | Request::MarketDepthExchanges(_)
            | Request::SmartComponents(_)
            | Request::MarketRule(_) => contracts::answer(request, desk, out),
            Request::MarketData(_)
            | Request::CancelMarketData(_)
            | Request::MarketDataType(_)
            | Request::MarketDepth(_)
            | Request::CancelMarketDepth(_)
            | Request::TickByTick(_)
            | Request::CancelTickByTick(_)
            | Request::RealTimeBars(_)
            | Request::CancelRealTimeBars(_) => self.on_market_request(request, left, desk, out),
            Request::PlaceOrder(_)
            | Request::CancelOrder(_)
            | Request::GlobalCancel(_)
            | Request::OpenOrders(_)
            | Request::AllOpenOrders(_)
            | Request::AutoOpenOrders(_)
            | Request::CompletedOrders(_)
            | Request::Executions(_)
            | Request::ExerciseOptions(_) => self.on_order_request(request, desk, out),
            Request::HistoricalData(_)
            | Request::CancelHistoricalData(_)
            | Request::HeadTimestamp(_)
            | Request::CancelHeadTimestamp(_)
            | Request::HistogramData(_)
            | Request::CancelHistogramData(_) => self.history.on_request(request, desk, out),
            Request::HistoricalTicks(asked) => past_ticks::answer(asked, desk, out),
            Request::CalculateImpliedVolatility(_)
            | Request::CalculateOptionPrice(_)
            | Request::CancelCalculateImpliedVolatility(_)
            | Request::CancelCalculateOptionPrice(_) => calculate::answer(request, desk, out),
            Request::ScannerParameters(_)
            | Request::ScannerSubscription(_)
            | Request::CancelScannerSubscription(_) => self.scans.on_request(request, desk, out),
            Request::NewsProviders(_)
            | Request::NewsArticle(_)
            | Request::HistoricalNews(_)
            | Request::NewsBulletins(_)
            | Request::CancelNewsBulletins(_) => self.bulletins.on_request(request, desk, out),
            Request::QueryDisplayGroups(_)
            | Request::SubscribeToGroupEvents(_)
            | Request::UpdateDisplayGroup(_)
            | Request::UnsubscribeFromGroupEvents(_) => self.groups.on_request(request, desk, out),
            Request::UserInfo(_)
            | Request::FamilyCodes(_)
            | Request::SoftDollarTiers(_)
            | Request::RequestFa(_)
            | Request::ReplaceFa(_)
            | Request::FundamentalsData(_)
            | Request::CancelFundamentalsData(_)
            | Request::Verify(_)
            | Request::VerifyMessage(_)
            | Request::WshMetaData(_)
            | Request::CancelWshMetaData(_)
            | Request::WshEventData(_)
            | Request::CancelWshEventData(_) => reference::answer(request, desk, out),
            Request::Unserved { .. } => not_served(request, desk, out),
            _ => self.account.on_request(request, desk, out),
        }
    }

    fn on_market_request(&mut self, request: &Request, left: Allowance, desk: &Desk, out: &mut Out) {
        match request {
            Request::MarketData(asked) => self.subscribe_market(asked, left.lines, desk, out),
            Request::CancelMarketData(asked) => {
                let id = asked.req_id.unwrap_or(notice::SESSION);
                let known = self.market.remove(&id).is_some() || self.bulletins.end_tape(id);
                tell::unknown_ticker(known, id, desk.now(), out);
            }
            Request::MarketDataType(asked) => {
                if let Some(kind @ 1..=4) = asked.market_data_type {
                    self.market_data_type = kind;
                } else {
                    let text =
                        "the market data type is 1 (live), 2 (frozen), 3 (delayed) or 4 (delayed frozen)";
                    out.push(tell::error(notice::SESSION, notice::INVALID_REQUEST, text, desk.now()));
                }
            }
            Request::MarketDepth(asked) => self.subscribe_depth(asked, left.books, desk, out),
            Request::CancelMarketDepth(asked) => {
                let id = asked.req_id.unwrap_or(notice::SESSION);
                if self.books.remove(&id).is_none() {
                    let text = format!("Can't find the subscribed market depth with tickerId:{id}");
                    out.push(tell::error(id, notice::DEPTH_NOT_FOUND, &text, desk.now()));
                }
            }
            Request::TickByTick(asked) => self.subscribe_ticks(asked, left.ticks, desk, out),
            Request::CancelTickByTick(asked) => {
                let id = asked.req_id.unwrap_or(notice::SESSION);
                let known = self.ticks.remove(&id).is_some();
                tell::unknown_ticker(known, id, desk.now(), out);
            }
            Request::RealTimeBars(asked) => self.subscribe_bars(asked, left.bars, desk, out),
            Request::CancelRealTimeBars(asked) => {
                let id = asked.req_id.unwrap_or(notice::SESSION);
                let known = self.bars.remove(&id).is_some();
                tell::unknown_ticker(known, id, desk.now(), out);
            }
            _ => {}
        }
    }

    /// Answers a frame that could not be read. The session goes on.
    pub fn on_unreadable(error: &DecodeError, now: Timestamp, out: &mut Out) {
        let text = format!("Error reading request. {error}");
        out.push(tell::error(notice::SESSION, notice::UNREADABLE, &text, now));
    }

    /// Something happened at the desk.
    pub fn on_happening(&mut self, happening: &Happening, desk: &Desk, out: &mut Out) {
        match happening {
            Happening::Order(order) if self.hears_of(order.client_id, desk) => tell::order(order, out),
            Happening::Notice { client_id, order_id, code, text } if *client_id == self.client_id => {
                out.push(tell::error(*order_id, *code, text, desk.now()));
            }
            Happening::Executed(execution) => {
                if self.hears_of(execution.client_id, desk) {
                    out.push(tell::execution(execution, -1, desk));
                    out.push(tell::commission(execution));
                }
                self.account.on_holding(&execution.contract, desk, out);
            }
            Happening::Told { code, text } => {
                out.push(tell::error(notice::SESSION, *code, text, desk.now()));
            }
            Happening::Settled(contract) => self.account.on_holding(contract, desk, out),
            Happening::Night => {
                let text = "Connectivity between IBKR and Trader Workstation has been lost.";
                out.push(tell::error(notice::SESSION, notice::CONNECTION_LOST, text, desk.now()));
            }
            Happening::Day => {
                self.forget_delisted(desk);
                let text = "Connectivity between IBKR and Trader Workstation has been restored - data maintained. All data farms are connected: usfarm; ushmds; secdefil.";
                out.push(tell::error(notice::SESSION, notice::CONNECTION_RESTORED, text, desk.now()));
            }
            Happening::Order(_) | Happening::Notice { .. } => {}
        }
    }

    /// Whether its client is told of another's orders: its own, or all of them as the master.
    fn hears_of(&self, client_id: i32, desk: &Desk) -> bool {
        client_id == self.client_id || desk.is_master(self.client_id)
    }

    /// The market moved; `desk` knows it already.
    pub fn on_market(&mut self, at: Timestamp, payload: &Payload, desk: &Desk, out: &mut Out) {
        match payload {
            Payload::Trade(trade) => {
                for (id, stream) in &mut self.ticks {
                    stream.on_trade(*id, trade, at, out);
                }
                for stream in self.bars.values_mut() {
                    stream.on_trade(trade);
                }
            }
            Payload::Quote(quote) => {
                for (id, stream) in &mut self.ticks {
                    stream.on_quote(*id, quote, at, out);
                }
                for stream in self.bars.values_mut() {
                    stream.on_quote(quote);
                }
            }
            _ => {}
        }
        let _ = desk;
    }

    /// An instant is over: books that changed in it are told.
    pub fn on_instant_over(&mut self, desk: &Desk, out: &mut Out) {
        for (id, stream) in &mut self.books {
            stream.tell(*id, desk, out);
        }
    }

    /// A quantum of simulated time is over.
    pub fn on_quantum(&mut self, now: Timestamp, desk: &Desk, out: &mut Out) {
        for (id, stream) in &mut self.market {
            if stream.is_due(now) {
                stream.tell(*id, now, desk, out);
            }
        }
        for (id, stream) in &mut self.bars {
            stream.on_time(*id, now, desk, out);
        }
        self.history.on_time(now, desk, out);
        self.scans.on_time(now, desk, out);
        self.bulletins.tell(desk, out);
        self.bulletins.tell_tapes(desk, out);
        self.account.on_time(now, desk, out);
    }

    fn forget_delisted(&mut self, desk: &Desk) {
        let listed = |id| desk.feed().catalogue.get(id).is_some();
        self.market.retain(|_, stream| listed(stream.instrument()));
        self.books.retain(|_, stream| listed(stream.instrument()));
        self.ticks.retain(|_, stream| listed(stream.instrument()));
        self.bars.retain(|_, stream| listed(stream.instrument()));
        self.history.retain(listed);
    }
}

/// The answer to a message that this gateway has no service for.
fn not_served(request: &Request, desk: &Desk, out: &mut Out) {
    let text = format!("Message {} is not served by this gateway", request.message_id());
    let id = request.id().unwrap_or(notice::SESSION);
    out.push(tell::error(id, notice::UNKNOWN_MESSAGE, &text, desk.now()));
}

fn managed_accounts(desk: &Desk) -> Reply {
    Reply::ManagedAccounts(ManagedAccounts { accounts_list: Some(desk.state().account.clone()) })
}

fn next_valid_id(client_id: i32, desk: &Desk) -> Reply {
    Reply::NextValidId(NextValidId { order_id: Some(desk.state().next_order_id(client_id)) })
}

#[cfg(test)]
mod tests;
