//! Projects records onto the tables: each row holds the newest record of its entity and its place.

use alphatrader_model::signal::SignalState;
use alphatrader_model::{Account, Fill, Money, Order, Position, Price, Quantity, Record, Signal, Timestamp};
use rusqlite::{Connection, params};
use serde::Serialize;

/// Where a record stands in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) seq: i64,
    pub(super) idx: u16,
}

/// The journal's word for a kind of record.
pub(super) const fn kind(record: &Record) -> &'static str {
    match record {
        Record::Signal(_) => "signal",
        Record::Order(_) => "order",
        Record::Fill(_) => "fill",
        Record::Position(_) => "position",
        Record::Halt { .. } => "halt",
        Record::DayStart { .. } => "day_start",
        Record::Account(_) => "account",
    }
}

/// Puts a record into its table. An older record than the one that is there changes nothing.
pub(super) fn apply(to: &Connection, place: Place, time: Timestamp, record: &Record) -> rusqlite::Result<()> {
    match record {
        Record::Signal(signal) => put_signal(to, place, signal),
        Record::Order(order) => put_order(to, place, order),
        Record::Fill(fill) => put_fill(to, place, fill),
        Record::Position(position) => put_position(to, place, position),
        Record::Halt { level, reason } => {
            let mut put = to.prepare_cached("INSERT OR IGNORE INTO halts VALUES (?, ?, ?, ?, ?)")?;
            put.execute(params![place.seq, place.idx, time.nanos(), word(level), reason]).map(drop)
        }
        Record::DayStart { date, equity } => {
            let mut put = to.prepare_cached(
                "INSERT INTO days VALUES (?, ?, ?, ?)
                 ON CONFLICT DO UPDATE SET equity = excluded.equity, seq = excluded.seq, idx = excluded.idx
                 WHERE (excluded.seq, excluded.idx) > (days.seq, days.idx)",
            )?;
            put.execute(params![date, equity.micros(), place.seq, place.idx]).map(drop)
        }
        Record::Account(account) => put_account(to, place, account),
    }
}

fn put_signal(to: &Connection, place: Place, signal: &Signal) -> rusqlite::Result<()> {
    let (state, reason, profit) = match &signal.state {
        SignalState::Created => ("created", None, None),
        SignalState::Rejected(refusal) => ("rejected", Some(&refusal.reason), None),
        SignalState::Sent => ("sent", None, None),
        SignalState::Working => ("working", None, None),
        SignalState::Open => ("open", None, None),
        SignalState::Closed { reason, profit } => ("closed", Some(reason), Some(profit.micros())),
        SignalState::Expired { reason } => ("expired", Some(reason), None),
    };
    let mut put = to.prepare_cached(
        "INSERT INTO signals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET
            time = excluded.time, strategy = excluded.strategy, symbol = excluded.symbol,
            direction = excluded.direction, contract = excluded.contract,
            trigger_price = excluded.trigger_price, limit_price = excluded.limit_price,
            stop_price = excluded.stop_price, target_price = excluded.target_price,
            quantity = excluded.quantity, risk = excluded.risk, state = excluded.state,
            reason = excluded.reason, profit = excluded.profit, final = excluded.final,
            seq = excluded.seq, idx = excluded.idx
         WHERE (excluded.seq, excluded.idx) > (signals.seq, signals.idx)",
    )?;
    put.execute(params![
        signal.id.to_string(),
        signal.time.nanos(),
        signal.strategy.key(),
        signal.symbol.as_str(),
        word(&signal.direction),
        signal.contract.to_string(),
        signal.trigger.raw(),
        signal.limit.raw(),
        signal.stop.raw(),
        signal.target.raw(),
        units(signal.quantity),
        signal.risk.micros(),
        state,
        reason,
        profit,
        signal.state.is_final(),
        place.seq,
        place.idx,
    ])
    .map(drop)
}

fn put_order(to: &Connection, place: Place, order: &Order) -> rusqlite::Result<()> {
    let request = &order.request;
    let mut put = to.prepare_cached(
        "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET
            signal = excluded.signal, role = excluded.role, attempt = excluded.attempt,
            strategy = excluded.strategy, contract = excluded.contract, side = excluded.side,
            quantity = excluded.quantity, filled = excluded.filled, limit_price = excluded.limit_price,
            trigger_price = excluded.trigger_price, perm_id = excluded.perm_id, state = excluded.state,
            final = excluded.final, created = excluded.created, updated = excluded.updated,
            seq = excluded.seq, idx = excluded.idx
         WHERE (excluded.seq, excluded.idx) > (orders.seq, orders.idx)",
    )?;
    put.execute(params![
        request.id.0,
        request.reference.signal.to_string(),
        request.reference.role.to_string(),
        request.reference.attempt,
        order.strategy.key(),
        request.contract.to_string(),
        word(&request.side),
        units(request.quantity),
        units(order.filled),
        request.kind.limit().map(Price::raw),
        request.kind.trigger().map(Price::raw),
        order.perm_id,
        word(&order.state),
        order.state.is_final(),
        order.created.nanos(),
        order.updated.nanos(),
        place.seq,
        place.idx,
    ])
    .map(drop)
}

fn put_fill(to: &Connection, place: Place, fill: &Fill) -> rusqlite::Result<()> {
    let mut put = to.prepare_cached(
        "INSERT INTO fills VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET
            order_id = excluded.order_id, signal = excluded.signal, role = excluded.role,
            strategy = excluded.strategy, contract = excluded.contract, side = excluded.side,
            quantity = excluded.quantity, price = excluded.price, multiplier = excluded.multiplier,
            commission = excluded.commission, time = excluded.time,
            seq = excluded.seq, idx = excluded.idx
         WHERE (excluded.seq, excluded.idx) > (fills.seq, fills.idx)",
    )?;
    put.execute(params![
        fill.exec_id,
        fill.order.0,
        fill.reference.signal.to_string(),
        fill.reference.role.to_string(),
        fill.strategy.key(),
        fill.contract.to_string(),
        word(&fill.side),
        units(fill.quantity),
        fill.price.raw(),
        fill.multiplier,
        fill.commission.map(Money::micros),
        fill.time.nanos(),
        place.seq,
        place.idx,
    ])
    .map(drop)
}

fn put_position(to: &Connection, place: Place, position: &Position) -> rusqlite::Result<()> {
    let mut put = to.prepare_cached(
        "INSERT INTO positions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET
            strategy = excluded.strategy, contract = excluded.contract, multiplier = excluded.multiplier,
            quantity = excluded.quantity, opened_quantity = excluded.opened_quantity,
            cost = excluded.cost, cost_opened = excluded.cost_opened, realized = excluded.realized,
            commissions = excluded.commissions, stop_price = excluded.stop_price,
            target_price = excluded.target_price, opened = excluded.opened, closed = excluded.closed,
            seq = excluded.seq, idx = excluded.idx
         WHERE (excluded.seq, excluded.idx) > (positions.seq, positions.idx)",
    )?;
    put.execute(params![
        position.signal.to_string(),
        position.strategy.key(),
        position.contract.to_string(),
        position.multiplier,
        position.quantity.get(),
        units(position.opened_quantity),
        position.cost.micros(),
        position.cost_opened.micros(),
        position.realized.micros(),
        position.commissions.micros(),
        position.stop.map(Price::raw),
        position.target.map(Price::raw),
        position.opened.nanos(),
        position.closed.map(Timestamp::nanos),
        place.seq,
        place.idx,
    ])
    .map(drop)
}

fn put_account(to: &Connection, place: Place, account: &Account) -> rusqlite::Result<()> {
    let mut put = to.prepare_cached("INSERT OR IGNORE INTO accounts VALUES (?, ?, ?, ?, ?, ?)")?;
    put.execute(params![
        place.seq,
        place.idx,
        account.as_of.nanos(),
        account.equity.micros(),
        account.cash.micros(),
        account.buying_power.micros(),
    ])
    .map(drop)
}

/// Whole units as SQLite has integers. More than 2^63 of anything is a broken record, which is still recorded.
fn units(quantity: Quantity) -> i64 {
    i64::try_from(quantity.get()).unwrap_or(i64::MAX)
}

/// The word an enumeration without fields has in JSON.
fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        other => unreachable!("only enumerations without fields are given: {other:?}"),
    }
}
