//! The read model: what the screen and the store are shown.

use alphatrader_model::view::{MarketView, PositionView, StrategyView, TradingView};
use alphatrader_model::{Fill, Order, Position, Signal};
use alphatrader_trading::{breaker, fills, zero_dte};

use super::state::{Link, TradingCore, mark};

pub(crate) fn view(core: &TradingCore, market: &MarketView) -> TradingView {
    let (realized_today, commissions_today) = core.day_result();
    let unrealized = core.unrealized(market);
    let day_start_equity = core.day_base();
    let breakers = core.settings.as_ref().map(|s| &s.risk.breakers);
    let loss_budget_left = day_start_equity
        .zip(core.day_profit(market))
        .zip(breakers)
        .map(|((start, profit), limits)| breaker::loss_budget_left(limits, start, profit));
    TradingView {
        as_of: core.as_of,
        reconciled_at: match core.link {
            Link::Reconciled { at, .. } => Some(at),
            Link::Down | Link::Up | Link::Syncing(_) | Link::Differs => None,
        },
        connected: !matches!(core.link, Link::Down),
        account_id: core.account_id.clone(),
        account: core.account,
        day_start_equity,
        realized_today,
        commissions_today,
        unrealized,
        loss_budget_left,
        premium_at_risk: core.premium_at_risk(),
        halt: core.halt,
        halt_reason: core.halt_reason.clone(),
        positions: held(core, market),
        orders: core.orders.values().filter(|o| !o.state.is_final()).copied().collect::<Vec<Order>>(),
        signals: newest_signals(core),
        fills: newest_fills(core),
        strategies: strategies(core),
        refusals: core.refusals.iter().map(|(rule, count)| (rule.clone(), *count)).collect(),
    }
}

fn held(core: &TradingCore, market: &MarketView) -> Vec<PositionView> {
    core.positions().filter(|p| !p.quantity.is_flat()).map(|p| marked(core, market, p)).collect()
}

fn marked(core: &TradingCore, market: &MarketView, position: &Position) -> PositionView {
    let contract = core.contract(market, position.contract);
    let mark = contract.and_then(mark);
    let delta = || {
        let contract = contract?;
        let spot = market.of(contract.instrument.underlying)?.last?;
        let rate = core.settings.as_ref()?.risk_free_rate;
        let unit = zero_dte::delta_of(contract, spot, market.as_of, rate)?;
        Some(unit * position.quantity.get() as f64 * f64::from(position.multiplier))
    };
    PositionView {
        mark,
        unrealized: mark.and_then(|m| fills::unrealized(position, m)),
        delta: delta(),
        position: position.clone(),
    }
}

fn newest_signals(core: &TradingCore) -> Vec<Signal> {
    core.trades.values().rev().take(TradingView::SIGNALS).map(|t| t.signal.clone()).collect()
}

fn newest_fills(core: &TradingCore) -> Vec<Fill> {
    let mut all: Vec<Fill> = core.fills().cloned().collect();
    all.sort_by(|a, b| (b.time, &b.exec_id).cmp(&(a.time, &a.exec_id)));
    all.truncate(TradingView::FILLS);
    all
}

fn strategies(core: &TradingCore) -> Vec<StrategyView> {
    core.paces
        .iter()
        .map(|((strategy, symbol), pace)| StrategyView {
            strategy: *strategy,
            symbol: *symbol,
            checks_today: pace.checks,
            gates: pace.walk.view(&zero_dte::GATES, &pace.blocked),
        })
        .collect()
}
