//! Trading half: account, risk, positions, orders, signals, fills.

use alphatrader_model::event::HaltLevel as ModelHalt;
use alphatrader_model::signal::{Confidence, Direction, SignalState};
use alphatrader_model::view::{self as model, MarketView, TradingView};
use alphatrader_model::{Fill, Money, Order, OrderKind, OrderState, Price, Role, Settings, Side, Signal};

use crate::view::{
    AccountView, Counter, Decimal, DirectionView, ExecutionView, FeedState, HaltLevel, Instant, OrderView,
    PositionView, RiskView, SideView, SignalStateView, SignalView, TermView, statistic,
};

/// The account, once the broker has told it.
pub(super) fn account(trading: &TradingView, settings: &Settings) -> Option<AccountView> {
    let account = trading.account?;
    let day_pnl = trading
        .unrealized
        .and_then(|unrealized| trading.realized_today.checked_add(unrealized))
        .and_then(|pnl| pnl.checked_sub(trading.commissions_today));
    let budget = trading.day_start_equity.map(|equity| equity.scaled(settings.risk.breakers.daily_loss));
    Some(AccountView {
        id: trading.account_id.clone(),
        equity: Some(account.equity.into()),
        cash: Some(account.cash.into()),
        day_pnl: day_pnl.map(Decimal::from),
        realized_pnl: Some(trading.realized_today.into()),
        unrealized_pnl: trading.unrealized.map(Decimal::from),
        commissions: Some(trading.commissions_today.into()),
        loss_budget: budget.map(Decimal::from),
        loss_budget_left: trading.loss_budget_left.map(Decimal::from),
        premium_at_risk: Some(trading.premium_at_risk.into()),
        premium_limit: Some(account.equity.scaled(settings.risk.limits.max_premium).into()),
        at: account.as_of.into(),
    })
}

/// What holds trading back.
pub(super) fn risk(trading: &TradingView) -> RiskView {
    RiskView {
        level: halt_level(trading.halt),
        reason: trading.halt_reason.clone(),
        refusals: trading
            .refusals
            .iter()
            .map(|(name, value)| Counter { name: name.clone(), value: *value })
            .collect(),
    }
}

const fn halt_level(level: ModelHalt) -> HaltLevel {
    match level {
        ModelHalt::None => HaltLevel::None,
        ModelHalt::Pause => HaltLevel::Pause,
        ModelHalt::Reduce => HaltLevel::Reduce,
        ModelHalt::Halt => HaltLevel::Halt,
        ModelHalt::Flatten => HaltLevel::Flatten,
    }
}

/// How grave a change of the halt is.
pub(super) const fn severity(level: ModelHalt) -> FeedState {
    match level {
        ModelHalt::None => FeedState::Ok,
        ModelHalt::Pause | ModelHalt::Reduce => FeedState::Warn,
        ModelHalt::Halt | ModelHalt::Flatten => FeedState::Down,
    }
}

/// A change of the halt in words.
pub(super) fn halt_text(level: ModelHalt, reason: &str) -> String {
    match level {
        ModelHalt::None => format!("Trading again: {reason}"),
        ModelHalt::Pause => format!("Entries paused: {reason}"),
        ModelHalt::Reduce => format!("Exits only: {reason}"),
        ModelHalt::Halt => format!("Halted: {reason}"),
        ModelHalt::Flatten => format!("Closing everything: {reason}"),
    }
}

/// An open position.
pub(super) fn position(
    view: &model::PositionView,
    market: &MarketView,
    trading: &TradingView,
) -> PositionView {
    let position = &view.position;
    let known = market.named(position.contract);
    let stop_at_broker = trading.orders.iter().any(|order| {
        order.request.reference.signal == position.signal
            && order.request.reference.role == Role::Stop
            && matches!(
                order.state,
                OrderState::PreSubmitted | OrderState::Submitted | OrderState::PartiallyFilled
            )
    });
    PositionView {
        id: position.signal.to_string(),
        contract: position.contract.to_string(),
        label: position.contract.label(),
        days_to_expiry: days_to_expiry(position.contract.option(), market),
        synthetic: known.is_some_and(|contract| contract.instrument.synthetic),
        strategy: Some(position.strategy.label().to_owned()),
        quantity: position.quantity.get(),
        entry_price: unit_price(position.cost, position.quantity.get(), position.multiplier),
        mark: view.mark.map(Decimal::from),
        mark_at: known.and_then(|contract| contract.quote_at).map(Instant::from),
        unrealized_pnl: view.unrealized.map(Decimal::from),
        stop: position.stop.map(Decimal::from),
        stop_at_broker,
        target: position.target.map(Decimal::from),
        delta_shares: view.delta.and_then(statistic),
        opened_at: Some(position.opened.into()),
    }
}

/// Cost of one unit, rounded to the price unit for the eye; the books keep the total.
fn unit_price(cost: Money, quantity: i64, multiplier: u32) -> Option<Decimal> {
    let units = quantity.checked_mul(i64::from(multiplier)).filter(|units| *units != 0)?;
    let micros = cost.micros().checked_div(units)?;
    Some(Decimal::from(Price::from_raw((micros + 50).div_euclid(100))))
}

fn days_to_expiry(option: Option<&alphatrader_model::OptionContract>, market: &MarketView) -> Option<u32> {
    let today = market.session?.date;
    let days = (option?.expiry - today).get_days();
    u32::try_from(days).ok()
}

/// A working order.
pub(super) fn order(order: &Order) -> OrderView {
    let request = &order.request;
    let kind = match request.kind {
        OrderKind::Market => "market",
        OrderKind::Limit { .. } => "limit",
        OrderKind::Stop { .. } => "stop",
        OrderKind::StopLimit { .. } => "stop limit",
    };
    OrderView {
        id: request.id.to_string(),
        contract: request.contract.to_string(),
        label: request.contract.label(),
        strategy: Some(order.strategy.label().to_owned()),
        signal_id: Some(request.reference.signal.to_string()),
        role: request.reference.role.to_string(),
        side: side(request.side),
        quantity: request.quantity.get(),
        filled: order.filled.get(),
        kind: kind.to_owned(),
        limit_price: request.kind.limit().map(Decimal::from),
        stop_price: request.kind.trigger().map(Decimal::from),
        state: order_state(order.state).to_owned(),
        created_at: Some(order.created.into()),
    }
}

const fn order_state(state: OrderState) -> &'static str {
    match state {
        OrderState::Intent => "not sent yet",
        OrderState::NotSent => "not sent",
        OrderState::PendingSubmit => "sent",
        OrderState::PreSubmitted => "waiting at broker",
        OrderState::Submitted => "working",
        OrderState::PartiallyFilled => "partly filled",
        OrderState::PendingCancel => "being cancelled",
        OrderState::Filled => "filled",
        OrderState::Cancelled => "cancelled",
        OrderState::Rejected => "rejected",
        OrderState::Inactive => "held by broker",
    }
}

const fn side(side: Side) -> SideView {
    match side {
        Side::Buy => SideView::Buy,
        Side::Sell => SideView::Sell,
    }
}

/// A signal as it is now.
pub(super) fn signal(signal: &Signal) -> SignalView {
    let term = |term: &alphatrader_model::signal::Term| TermView {
        name: term.name.clone(),
        value: term.value.and_then(statistic),
        unit: term.unit.clone(),
        toward: term.toward.and_then(statistic),
    };
    SignalView {
        id: signal.id.to_string(),
        at: signal.time.into(),
        strategy: signal.strategy.label().to_owned(),
        symbol: signal.symbol.to_string(),
        direction: match signal.direction {
            Direction::Up => DirectionView::Up,
            Direction::Down => DirectionView::Down,
        },
        contract: signal.contract.to_string(),
        label: signal.contract.label(),
        synthetic: signal.synthetic,
        trigger: signal.trigger.into(),
        limit: signal.limit.into(),
        stop: signal.stop.into(),
        target: signal.target.into(),
        quantity: signal.quantity.get(),
        risk: signal.risk.into(),
        state: signal_state(&signal.state),
        terms: signal.terms.iter().map(term).collect(),
        confidence: match signal.confidence {
            Confidence::NotComputed => None,
        },
    }
}

fn signal_state(state: &SignalState) -> SignalStateView {
    match state {
        SignalState::Created => SignalStateView::Created,
        SignalState::Rejected(refusal) => {
            SignalStateView::Rejected { rule: refusal.rule.clone(), reason: refusal.reason.clone() }
        }
        SignalState::Sent => SignalStateView::Sent,
        SignalState::Working => SignalStateView::Working,
        SignalState::Open => SignalStateView::Open,
        SignalState::Closed { reason, profit } => {
            SignalStateView::Closed { reason: reason.clone(), pnl: (*profit).into() }
        }
        SignalState::Expired { reason } => SignalStateView::Expired { reason: reason.clone() },
    }
}

/// A fill as it is known now.
pub(super) fn execution(fill: &Fill) -> ExecutionView {
    let symbol =
        fill.contract.option().map_or_else(|| fill.contract.to_string(), |option| option.root.to_string());
    ExecutionView {
        id: fill.exec_id.clone(),
        at: fill.time.into(),
        symbol,
        contract: fill.contract.to_string(),
        label: fill.contract.label(),
        order_id: Some(fill.order.to_string()),
        role: Some(fill.reference.role.to_string()),
        side: side(fill.side),
        quantity: fill.quantity.get(),
        price: fill.price.into(),
        commission: fill.commission.map(Decimal::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_price_of_a_unit_is_for_the_eye() {
        let text = |micros, quantity, multiplier| {
            unit_price(Money::from_micros(micros), quantity, multiplier).map(|d| d.to_string())
        };
        assert_eq!(text(402_000_000, 3, 100).as_deref(), Some("1.34"));
        assert_eq!(text(100_000_000, 3, 100).as_deref(), Some("0.3333"));
        assert_eq!(text(200_000_000, 3, 100).as_deref(), Some("0.6667"));
        assert_eq!(text(100_000_000, 0, 100), None);
    }
}
