//! Positions, values of the account, profit and loss.

use std::collections::{BTreeMap, BTreeSet};

use alphatrader_model::{Contract, Money, Span, Timestamp};

use super::{Out, tell};
use crate::broker::book::Holding;
use crate::desk::{Desk, margin};
use crate::wire::message::account::{
    AccountDataEnd, AccountSummary, AccountSummaryEnd, AccountSummaryRequest, AccountUpdateMulti,
    AccountUpdateMultiEnd, AccountUpdateTime, AccountUpdatesMultiRequest, AccountValue, Pnl, PnlRequest,
    PnlSingle, PnlSingleRequest, PortfolioValue, Position, PositionEnd, PositionMulti, PositionMultiEnd,
    PositionsMultiRequest,
};
use crate::wire::{Reply, Request, notice};

/// Profit and loss is told this often, when it changed.
const PNL_INTERVAL: Span = Span::SECOND;

/// Values of the account are told this often, when they changed.
const VALUES_INTERVAL: Span = Span::from_minutes(3);

/// Other streams of the account a client may have at once.
const MAX_STREAMS: usize = 64;

/// What a client wants to know of the account.
#[derive(Debug, Default)]
pub struct AccountStreams {
    positions: bool,
    positions_multi: BTreeSet<i32>,
    updates: bool,
    updates_multi: BTreeMap<i32, Values>,
    summaries: BTreeMap<i32, (BTreeSet<String>, Values)>,
    pnl: BTreeMap<i32, Option<[Money; 3]>>,
    pnl_single: BTreeMap<i32, (i32, Option<[Money; 4]>)>,
    updates_told: Values,
    /// A holding changed: values are told at the next look.
    changed: bool,
    values_due: Timestamp,
    pnl_due: Timestamp,
}

/// Values by key, as last told.
type Values = BTreeMap<&'static str, String>;

impl AccountStreams {
    /// Answers a request about the account; others are none of its business.
    pub(super) fn on_request(&mut self, request: &Request, desk: &Desk, out: &mut Out) {
        match request {
            Request::Positions(_) => {
                self.positions = true;
                out.extend(open_holdings(desk).map(|(contract, holding)| position(contract, holding, desk)));
                out.push(Reply::PositionEnd(PositionEnd {}));
            }
            Request::CancelPositions(_) => self.positions = false,
            Request::PositionsMulti(asked) => self.begin_positions_multi(asked, desk, out),
            Request::CancelPositionsMulti(asked) => {
                self.positions_multi.remove(&asked.req_id.unwrap_or(notice::SESSION));
            }
            Request::AccountUpdates(asked) => {
                self.updates = asked.subscribe == Some(true);
                if self.updates {
                    self.begin_updates(desk, out);
                }
            }
            Request::AccountUpdatesMulti(asked) => self.begin_updates_multi(asked, desk, out),
            Request::CancelAccountUpdatesMulti(asked) => {
                self.updates_multi.remove(&asked.req_id.unwrap_or(notice::SESSION));
            }
            Request::AccountSummary(asked) => self.begin_summary(asked, desk, out),
            Request::CancelAccountSummary(asked) => {
                self.summaries.remove(&asked.req_id.unwrap_or(notice::SESSION));
            }
            Request::Pnl(asked) => self.begin_pnl(asked, desk, out),
            Request::CancelPnl(asked) => {
                self.pnl.remove(&asked.req_id.unwrap_or(notice::SESSION));
            }
            Request::PnlSingle(asked) => self.begin_pnl_single(asked, desk, out),
            Request::CancelPnlSingle(asked) => {
                self.pnl_single.remove(&asked.req_id.unwrap_or(notice::SESSION));
            }
            _ => {}
        }
    }

    /// Summaries that stream; how many there may be is a limit of all clients together.
    pub(super) fn summaries(&self) -> usize {
        self.summaries.len()
    }

    /// Whether a summary has this request id.
    pub(super) fn has_summary(&self, id: i32) -> bool {
        self.summaries.contains_key(&id)
    }

    /// A holding changed.
    pub(super) fn on_holding(&mut self, contract: &Contract, desk: &Desk, out: &mut Out) {
        self.changed = true;
        let Some(holding) = desk.state().book.holdings.get(contract) else { return };
        if self.positions {
            out.push(position(contract, holding, desk));
        }
        for id in &self.positions_multi {
            out.push(position_multi(*id, contract, holding, desk));
        }
        if self.updates {
            out.push(portfolio(contract, holding, desk));
        }
    }

    /// Time passed.
    pub(super) fn on_time(&mut self, now: Timestamp, desk: &Desk, out: &mut Out) {
        if now >= self.pnl_due && !(self.pnl.is_empty() && self.pnl_single.is_empty()) {
            self.pnl_due = now + PNL_INTERVAL;
            self.tell_pnl(desk, out);
        }
        if !self.changed && now < self.values_due {
            return;
        }
        self.changed = false;
        self.values_due = now + VALUES_INTERVAL;
        let any = self.updates || !self.updates_multi.is_empty() || !self.summaries.is_empty();
        if any {
            self.tell_values(desk, out);
        }
    }

    fn begin_positions_multi(&mut self, asked: &PositionsMultiRequest, desk: &Desk, out: &mut Out) {
        let id = asked.req_id.unwrap_or(notice::SESSION);
        if !account_fits(asked.account.as_deref(), desk) || self.positions_multi.len() >= MAX_STREAMS {
            out.push(refused(id, desk));
            return;
        }
        self.positions_multi.insert(id);
        out.extend(
            open_holdings(desk).map(|(contract, holding)| position_multi(id, contract, holding, desk)),
        );
        out.push(Reply::PositionMultiEnd(PositionMultiEnd { req_id: Some(id) }));
    }

    fn begin_updates(&mut self, desk: &Desk, out: &mut Out) {
        self.updates_told = values(desk);
        out.extend(self.updates_told.iter().map(|(key, value)| account_value(key, value, desk)));
        out.extend(open_holdings(desk).map(|(contract, holding)| portfolio(contract, holding, desk)));
        out.push(update_time(desk));
        let account_name = Some(desk.state().account.clone());
        out.push(Reply::AccountDownloadEnd(AccountDataEnd { account_name }));
    }

    fn begin_updates_multi(&mut self, asked: &AccountUpdatesMultiRequest, desk: &Desk, out: &mut Out) {
        let id = asked.req_id.unwrap_or(notice::SESSION);
        if !account_fits(asked.account.as_deref(), desk) || self.updates_multi.len() >= MAX_STREAMS {
            out.push(refused(id, desk));
            return;
        }
        let told = values(desk);
        out.extend(told.iter().map(|(key, value)| update_multi(id, key, value, desk)));
        out.push(Reply::AccountUpdateMultiEnd(AccountUpdateMultiEnd { req_id: Some(id) }));
        self.updates_multi.insert(id, told);
    }

    fn begin_summary(&mut self, asked: &AccountSummaryRequest, desk: &Desk, out: &mut Out) {
        let id = asked.req_id.unwrap_or(notice::SESSION);
        let tags = asked.tags.as_deref().unwrap_or_default();
        let tags: BTreeSet<String> = tags
            .split(',')
            .map(|tag| tag.trim().to_owned())
            .filter(|tag| !tag.is_empty())
            .take(MAX_STREAMS)
            .collect();
        let told: Values = values(desk).into_iter().filter(|(key, _)| wanted(&tags, key)).collect();
        out.extend(told.iter().map(|(key, value)| summary(id, key, value, desk)));
        out.push(Reply::AccountSummaryEnd(AccountSummaryEnd { req_id: Some(id) }));
        self.summaries.insert(id, (tags, told));
    }

    fn begin_pnl(&mut self, asked: &PnlRequest, desk: &Desk, out: &mut Out) {
        let id = asked.req_id.unwrap_or(notice::SESSION);
        if !account_fits(asked.account.as_deref(), desk) || self.pnl.len() >= MAX_STREAMS {
            out.push(refused(id, desk));
            return;
        }
        let now = pnl_of(desk);
        out.push(pnl(id, now));
        self.pnl.insert(id, Some(now));
    }

    fn begin_pnl_single(&mut self, asked: &PnlSingleRequest, desk: &Desk, out: &mut Out) {
        let id = asked.req_id.unwrap_or(notice::SESSION);
        let con_id = asked.con_id.unwrap_or_default();
        if !account_fits(asked.account.as_deref(), desk) || self.pnl_single.len() >= MAX_STREAMS {
            out.push(refused(id, desk));
            return;
        }
        let told = single_of(con_id, desk).map(|(reply, values)| {
            out.push(with_id(reply, id));
            values
        });
        self.pnl_single.insert(id, (con_id, told));
    }

    fn tell_pnl(&mut self, desk: &Desk, out: &mut Out) {
        let now = pnl_of(desk);
        for (id, told) in &mut self.pnl {
            if *told != Some(now) {
                out.push(pnl(*id, now));
                *told = Some(now);
            }
        }
        for (id, (con_id, told)) in &mut self.pnl_single {
            if let Some((reply, values)) = single_of(*con_id, desk)
                && *told != Some(values)
            {
                out.push(with_id(reply, *id));
                *told = Some(values);
            }
        }
    }

    fn tell_values(&mut self, desk: &Desk, out: &mut Out) {
        let now = values(desk);
        let changed = |told: &Values| -> Vec<(&'static str, String)> {
            now.iter()
                .filter(|(key, value)| told.get(*key) != Some(value))
                .map(|(k, v)| (*k, v.clone()))
                .collect()
        };
        if self.updates {
            out.extend(
                changed(&self.updates_told).iter().map(|(key, value)| account_value(key, value, desk)),
            );
            out.extend(open_holdings(desk).map(|(contract, holding)| portfolio(contract, holding, desk)));
            out.push(update_time(desk));
            self.updates_told.clone_from(&now);
        }
        for (id, told) in &mut self.updates_multi {
            out.extend(changed(told).iter().map(|(key, value)| update_multi(*id, key, value, desk)));
            told.clone_from(&now);
        }
        for (id, (tags, told)) in &mut self.summaries {
            for (key, value) in changed(told).into_iter().filter(|(key, _)| wanted(tags, key)) {
                out.push(summary(*id, key, &value, desk));
                told.insert(key, value);
            }
        }
    }
}

fn refused(id: i32, desk: &Desk) -> Reply {
    let text = "Error validating request:-'Invalid account code, or too many streams of the account'";
    tell::error(id, notice::INVALID_REQUEST, text, desk.now())
}

fn account_fits(asked: Option<&str>, desk: &Desk) -> bool {
    asked.is_none_or(|asked| asked.is_empty() || asked == "All" || asked == desk.state().account)
}

/// `$LEDGER` and `All` ask for everything.
fn wanted(tags: &BTreeSet<String>, key: &str) -> bool {
    tags.contains(key) || tags.contains("All") || tags.iter().any(|tag| tag.starts_with("$LEDGER"))
}

fn open_holdings(desk: &Desk) -> impl Iterator<Item = (&Contract, &Holding)> {
    desk.state().book.holdings.iter().filter(|(_, holding)| !holding.quantity.is_flat())
}

/// The values of the account by the broker's names.
fn values(desk: &Desk) -> Values {
    let margins = desk.margins();
    let day = desk.state().day.as_ref();
    let mut values: Values = [
        ("AccruedCash", Money::ZERO),
        ("AvailableFunds", margins.available()),
        ("BuyingPower", margins.buying_power()),
        ("CashBalance", margins.cash),
        ("EquityWithLoanValue", margins.equity_with_loan),
        ("ExcessLiquidity", margins.excess()),
        ("FullAvailableFunds", margins.available()),
        ("FullExcessLiquidity", margins.excess()),
        ("FullInitMarginReq", margins.initial),
        ("FullMaintMarginReq", margins.maintenance),
        ("GrossPositionValue", margins.gross),
        ("InitMarginReq", margins.initial),
        ("MaintMarginReq", margins.maintenance),
        ("NetLiquidation", margins.net_liquidation),
        ("OptionMarketValue", margins.options),
        ("PreviousDayEquityWithLoanValue", day.map_or(margins.net_liquidation, |day| day.equity)),
        ("RealizedPnL", margins.realized),
        ("SettledCash", margins.cash),
        ("StockMarketValue", margins.stock),
        ("TotalCashBalance", margins.cash),
        ("TotalCashValue", margins.cash),
        ("UnrealizedPnL", margins.unrealized),
    ]
    .into_iter()
    .map(|(key, money)| (key, format!("{:.2}", money.to_f64())))
    .collect();
    values.insert("AccountType", "INDIVIDUAL".to_owned());
    values.insert("Currency", "USD".to_owned());
    let equity = margins.net_liquidation.to_f64();
    let cushion = if equity > 0.0 { margins.excess().to_f64() / equity } else { 0.0 };
    values.insert("Cushion", format!("{cushion:.6}"));
    let leverage = if equity > 0.0 { margins.gross.to_f64() / equity } else { 0.0 };
    values.insert("Leverage-S", format!("{leverage:.2}"));
    values
}

fn currency(key: &str) -> String {
    let plain = matches!(key, "AccountType" | "Cushion" | "Leverage-S");
    if plain { String::new() } else { "USD".to_owned() }
}

fn summary(id: i32, key: &str, value: &str, desk: &Desk) -> Reply {
    Reply::AccountSummary(AccountSummary {
        req_id: Some(id),
        account: Some(desk.state().account.clone()),
        tag: Some(key.to_owned()),
        value: Some(value.to_owned()),
        currency: Some(currency(key)),
    })
}

fn account_value(key: &str, value: &str, desk: &Desk) -> Reply {
    Reply::AccountValue(AccountValue {
        key: Some(key.to_owned()),
        value: Some(value.to_owned()),
        currency: Some(currency(key)),
        account_name: Some(desk.state().account.clone()),
    })
}

fn update_multi(id: i32, key: &str, value: &str, desk: &Desk) -> Reply {
    Reply::AccountUpdateMulti(AccountUpdateMulti {
        req_id: Some(id),
        account: Some(desk.state().account.clone()),
        model_code: Some(String::new()),
        key: Some(key.to_owned()),
        value: Some(value.to_owned()),
        currency: Some(currency(key)),
    })
}

fn update_time(desk: &Desk) -> Reply {
    let time = desk.calendar().local(desk.now()).strftime("%H:%M").to_string();
    Reply::AccountUpdateTime(AccountUpdateTime { time_stamp: Some(time) })
}

/// The contract of a position; it names no exchange, as at the broker.
fn told(contract: &Contract, desk: &Desk) -> crate::wire::message::contract::Contract {
    if let Some(listing) = desk.feed().catalogue.by_contract(contract) {
        return listing.told("");
    }
    // Held, but not listed today: its executions say what it is.
    let known = desk.state().executions.iter().rev().find(|execution| execution.contract == *contract);
    let mut told = known.map(|execution| execution.told.clone()).unwrap_or_default();
    told.exchange = Some(String::new());
    told
}

fn position(contract: &Contract, holding: &Holding, desk: &Desk) -> Reply {
    Reply::Position(Box::new(Position {
        account: Some(desk.state().account.clone()),
        contract: Some(told(contract, desk)),
        position: Some(holding.quantity.to_string()),
        avg_cost: Some(holding.average_cost()),
    }))
}

fn position_multi(id: i32, contract: &Contract, holding: &Holding, desk: &Desk) -> Reply {
    Reply::PositionMulti(Box::new(PositionMulti {
        req_id: Some(id),
        account: Some(desk.state().account.clone()),
        contract: Some(told(contract, desk)),
        position: Some(holding.quantity.to_string()),
        avg_cost: Some(holding.average_cost()),
        model_code: Some(String::new()),
    }))
}

fn portfolio(contract: &Contract, holding: &Holding, desk: &Desk) -> Reply {
    let value = margin::value_of(contract, holding, desk.feed());
    let units = holding.quantity.get() as f64 * f64::from(holding.multiplier);
    let price = if units == 0.0 { 0.0 } else { value.to_f64() / units };
    Reply::PortfolioValue(Box::new(PortfolioValue {
        contract: Some(told(contract, desk)),
        position: Some(holding.quantity.to_string()),
        market_price: Some(price),
        market_value: Some(value.to_f64()),
        average_cost: Some(holding.average_cost()),
        unrealized_pnl: Some(value.to_f64() - holding.cost.to_f64()),
        realized_pnl: Some(holding.realized_today.to_f64()),
        account_name: Some(desk.state().account.clone()),
    }))
}

/// Daily, unrealised, realised.
fn pnl_of(desk: &Desk) -> [Money; 3] {
    let margins = desk.margins();
    let start = desk.state().day.as_ref().map_or(desk.state().opening_cash, |day| day.equity);
    let daily = margins.net_liquidation.checked_sub(start).unwrap_or(Money::ZERO);
    [daily, margins.unrealized, margins.realized]
}

fn pnl(id: i32, [daily, unrealized, realized]: [Money; 3]) -> Reply {
    Reply::Pnl(Pnl {
        req_id: Some(id),
        daily_pnl: Some(daily.to_f64()),
        unrealized_pnl: Some(unrealized.to_f64()),
        realized_pnl: Some(realized.to_f64()),
    })
}

/// Profit of one position; nothing for a contract that was not held today.
fn single_of(con_id: i32, desk: &Desk) -> Option<(PnlSingle, [Money; 4])> {
    let (contract, holding) =
        desk.state().book.holdings.iter().find(|(contract, _)| desk.con_id(contract) == Some(con_id))?;
    let value = if holding.quantity.is_flat() {
        Money::ZERO
    } else {
        margin::value_of(contract, holding, desk.feed())
    };
    let daily = value.checked_add(holding.flow_today)?;
    let unrealized = value.checked_sub(holding.cost)?;
    let single = PnlSingle {
        req_id: None,
        position: Some(holding.quantity.to_string()),
        daily_pnl: Some(daily.to_f64()),
        unrealized_pnl: Some(unrealized.to_f64()),
        realized_pnl: Some(holding.realized_today.to_f64()),
        value: Some(value.to_f64()),
    };
    Some((single, [daily, unrealized, holding.realized_today, value]))
}

fn with_id(mut single: PnlSingle, id: i32) -> Reply {
    single.req_id = Some(id);
    Reply::PnlSingle(single)
}
