//! Orders, executions, completed orders.

use alphatrader_model::Timestamp;

use super::{Out, Session, tell};
use crate::broker::order::BrokerExecution;
use crate::broker::ticket::time::read_time;
use crate::desk::{Desk, WhatIf};
use crate::wire::message::execution::{ExecutionDetailsEnd, ExecutionFilter};
use crate::wire::message::order::{CompletedOrdersEnd, OpenOrder, OpenOrdersEnd, OrderState};
use crate::wire::{Reply, Request, notice};

impl Session {
    pub(super) fn on_order_request(&mut self, request: &Request, desk: &mut Desk, out: &mut Out) {
        match request {
            Request::PlaceOrder(asked) => {
                let id = asked.order_id.unwrap_or(notice::SESSION);
                match desk.place(self.client_id, asked) {
                    Ok(None) => {}
                    Ok(Some(what_if)) => out.push(tell_what_if(id, what_if)),
                    Err(refused) => out.push(tell::error(id, refused.code, &refused.text, desk.now())),
                }
            }
            Request::CancelOrder(asked) => {
                let id = asked.order_id.unwrap_or(notice::SESSION);
                if let Err(refused) = desk.cancel(self.client_id, id) {
                    out.push(tell::error(id, refused.code, &refused.text, desk.now()));
                }
            }
            Request::GlobalCancel(_) => desk.cancel_all(),
            Request::OpenOrders(_) => {
                self.tell_working_orders(desk, out);
                out.push(Reply::OpenOrdersEnd(OpenOrdersEnd {}));
            }
            Request::AllOpenOrders(_) => self.tell_all_orders(desk, out),
            Request::AutoOpenOrders(_) if self.client_id != 0 => {
                let text = "only client id 0 can bind the terminal's orders";
                out.push(tell::error(notice::SESSION, notice::INVALID_REQUEST, text, desk.now()));
            }
            Request::CompletedOrders(_) => {
                let ended = desk.state().orders.values().filter(|order| order.status.is_final());
                out.extend(ended.map(|order| tell::completed(order, desk)));
                out.push(Reply::CompletedOrdersEnd(CompletedOrdersEnd {}));
            }
            Request::ExerciseOptions(asked) => {
                let id = asked.order_id.unwrap_or(notice::SESSION);
                if let Err(refused) = desk.instruct(asked) {
                    out.push(tell::error(id, refused.code, &refused.text, desk.now()));
                }
            }
            Request::Executions(asked) => {
                let id = asked.req_id.unwrap_or(notice::SESSION);
                let filter = asked.execution_filter.clone().unwrap_or_default();
                for execution in desk.state().executions.iter().filter(|e| wanted(e, &filter, desk)) {
                    out.push(tell::execution(execution, id, desk));
                    out.push(tell::commission(execution));
                }
                out.push(Reply::ExecutionDetailsEnd(ExecutionDetailsEnd { req_id: Some(id) }));
            }
            // The paper gateway has no terminal in which orders could be entered.
            _ => {}
        }
    }

    pub(super) fn tell_working_orders(&self, desk: &Desk, out: &mut Out) {
        let mine = |order: &&crate::broker::order::BrokerOrder| {
            order.client_id == self.client_id && !order.status.is_final()
        };
        for order in desk.state().orders.values().filter(mine) {
            tell::order(order, out);
        }
    }

    fn tell_all_orders(&self, desk: &mut Desk, out: &mut Out) {
        let mut highest = 0;
        for order in desk.state().orders.values().filter(|order| !order.status.is_final()) {
            tell::order(order, out);
            highest = highest.max(order.order_id);
        }
        out.push(Reply::OpenOrdersEnd(OpenOrdersEnd {}));
        // The next valid id is above every order id the client was shown.
        desk.show_order_id(self.client_id, highest);
    }
}

fn tell_what_if(id: i32, what_if: WhatIf) -> Reply {
    let WhatIf { told, terms, before, after, commission } = what_if;
    let change = |after: f64, before: f64| Some(after - before);
    let state = OrderState {
        status: Some("PreSubmitted".to_owned()),
        init_margin_before: Some(before.initial.to_f64()),
        maint_margin_before: Some(before.maintenance.to_f64()),
        equity_with_loan_before: Some(before.equity_with_loan.to_f64()),
        init_margin_change: change(after.initial.to_f64(), before.initial.to_f64()),
        maint_margin_change: change(after.maintenance.to_f64(), before.maintenance.to_f64()),
        equity_with_loan_change: change(after.equity_with_loan.to_f64(), before.equity_with_loan.to_f64()),
        init_margin_after: Some(after.initial.to_f64()),
        maint_margin_after: Some(after.maintenance.to_f64()),
        equity_with_loan_after: Some(after.equity_with_loan.to_f64()),
        commission_and_fees: Some(commission.to_f64()),
        commission_and_fees_currency: Some("USD".to_owned()),
        margin_currency: Some("USD".to_owned()),
        ..OrderState::default()
    };
    let (contract, order, order_state) = (Some(told), Some(terms), Some(state));
    Reply::OpenOrder(Box::new(OpenOrder { order_id: Some(id), contract, order, order_state }))
}

/// Whether an execution fits the filter. Without days in it: executions since midnight in New York.
fn wanted(execution: &BrokerExecution, filter: &ExecutionFilter, desk: &Desk) -> bool {
    let text = |field: &Option<String>, is: &str| {
        field.as_deref().is_none_or(|asked| asked.is_empty() || asked.eq_ignore_ascii_case(is))
    };
    let side = match execution.side {
        alphatrader_model::Side::Buy => ["BUY", "BOT"],
        alphatrader_model::Side::Sell => ["SELL", "SLD"],
    };
    let told = &execution.told;
    filter.client_id.is_none_or(|id| id == 0 || id == execution.client_id)
        && text(&filter.acct_code, &desk.state().account)
        && text(&filter.symbol, told.symbol.as_deref().unwrap_or_default())
        && text(&filter.sec_type, told.sec_type.as_deref().unwrap_or_default())
        && (text(&filter.exchange, &execution.venue)
            || text(&filter.exchange, told.exchange.as_deref().unwrap_or_default()))
        && side.iter().any(|side| text(&filter.side, side))
        && on_wanted_day(execution.time, filter, desk)
        && filter.time.as_deref().is_none_or(|from| not_before(execution.time, from))
}

fn on_wanted_day(at: Timestamp, filter: &ExecutionFilter, desk: &Desk) -> bool {
    let (date, today) = (desk.calendar().date_of(at), desk.calendar().date_of(desk.now()));
    if !filter.specific_dates.is_empty() {
        let number = i32::from(date.year()) * 10_000 + i32::from(date.month()) * 100 + i32::from(date.day());
        return filter.specific_dates.contains(&number);
    }
    let days = filter.last_n_days.filter(|days| (1..=7).contains(days)).unwrap_or(1);
    date > today.saturating_sub(jiff::Span::new().days(days))
}

/// `from` is `YYYYMMDD HH:MM:SS [zone]` or `YYYYMMDD-HH:MM:SS` (UTC); one that can't be read does not
/// filter.
fn not_before(at: Timestamp, from: &str) -> bool {
    !read_time(from, "time of the filter").is_ok_and(|from| at < from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::DeskConfig;
    use crate::desk::tests::{CALL, Floor, SPY, order};
    use alphatrader_model::Span;

    fn traded() -> Floor {
        let order_latency = Span::from_millis(1);
        let config = DeskConfig { order_latency, master_client: Some(9), ..DeskConfig::default() };
        let mut floor = Floor::with(config);
        floor.send(1, SPY, order("BUY", 10, "MKT", None));
        floor.send(2, CALL, order("BUY", 2, "MKT", None));
        floor.send(3, SPY, order("SELL", 4, "MKT", None));
        floor
    }

    #[test]
    fn the_master_hears_of_every_order_and_others_of_their_own() {
        let mut floor = traded();
        let mut heard = |client: i32| {
            let mut session = Session::start(client, &mut floor.desk, &mut Vec::new());
            let mut out = Vec::new();
            for happening in &floor.said {
                session.on_happening(happening, &floor.desk, &mut out);
            }
            let executions = out.iter().filter(|reply| matches!(reply, Reply::ExecutionDetails(_))).count();
            let orders = out.iter().filter(|reply| matches!(reply, Reply::OpenOrder(_))).count();
            (orders > 0, executions)
        };
        assert_eq!([heard(5), heard(9), heard(6)], [(true, 3), (true, 3), (false, 0)]);
    }

    #[test]
    fn executions_are_filtered_by_each_field() {
        let floor = traded();
        let count = |filter: ExecutionFilter| {
            floor.desk.state().executions.iter().filter(|e| wanted(e, &filter, &floor.desk)).count()
        };
        let all = ExecutionFilter::default;
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(count(all()), 3);
        assert_eq!(count(ExecutionFilter { client_id: Some(5), ..all() }), 3);
        assert_eq!(count(ExecutionFilter { client_id: Some(6), ..all() }), 0);
        assert_eq!(count(ExecutionFilter { acct_code: text("DU0000001"), ..all() }), 3);
        assert_eq!(count(ExecutionFilter { acct_code: text("DU9"), ..all() }), 0);
        assert_eq!(count(ExecutionFilter { symbol: text("QQQ"), ..all() }), 0);
        assert_eq!(count(ExecutionFilter { sec_type: text("OPT"), ..all() }), 1);
        assert_eq!(count(ExecutionFilter { side: text("SELL"), ..all() }), 1);
        assert_eq!(count(ExecutionFilter { exchange: text("SMART"), ..all() }), 3);
        assert_eq!(count(ExecutionFilter { exchange: text("XETRA"), ..all() }), 0);
        // The floor trades at 09:31 in New York, 13:31 in UTC.
        assert_eq!(count(ExecutionFilter { time: text("20260316 09:30:00"), ..all() }), 3);
        assert_eq!(count(ExecutionFilter { time: text("20260316-13:30:00"), ..all() }), 3);
        assert_eq!(count(ExecutionFilter { time: text("20260316-13:40:00"), ..all() }), 0);
        assert_eq!(count(ExecutionFilter { last_n_days: Some(3), ..all() }), 3);
        assert_eq!(count(ExecutionFilter { specific_dates: vec![20_260_316], ..all() }), 3);
        assert_eq!(count(ExecutionFilter { specific_dates: vec![20_260_313], ..all() }), 0);
    }
}
