//! The account as the gateway tells it: executions, positions, values, profit and loss.

use super::contract::{held, told};
use super::fields::{Fields, Step};
use crate::wire::message::account::{AccountUpdateMulti, PnlSingle, PortfolioValue, Position, PositionMulti};
use crate::wire::message::execution::{CommissionAndFeesReport, ExecutionDetails};

/// The version that tells whether a price may still be revised.
const PRICE_REVISION: i32 = 178;

pub(super) fn execution<F: Fields>(fields: &mut F, details: &mut ExecutionDetails) -> Step {
    fields.int(&mut details.req_id)?;
    let contract = details.contract.get_or_insert_default();
    let execution = details.execution.get_or_insert_default();
    fields.int(&mut execution.order_id)?;
    told(fields, contract)?;
    fields.text(&mut execution.exec_id)?;
    fields.text(&mut execution.time)?;
    fields.text(&mut execution.acct_number)?;
    fields.text(&mut execution.exchange)?;
    fields.text(&mut execution.side)?;
    fields.decimal(&mut execution.shares)?;
    fields.number_or(&mut execution.price, 0.0)?;
    fields.long(&mut execution.perm_id)?;
    fields.int(&mut execution.client_id)?;
    fields.flag(&mut execution.is_liquidation)?;
    fields.decimal(&mut execution.cum_qty)?;
    fields.number_or(&mut execution.avg_price, 0.0)?;
    fields.text(&mut execution.order_ref)?;
    fields.text(&mut execution.ev_rule)?;
    fields.number(&mut execution.ev_multiplier)?;
    fields.text(&mut execution.model_code)?;
    fields.int_or(&mut execution.last_liquidity, 0)?;
    if fields.version() >= PRICE_REVISION {
        fields.flag(&mut execution.is_price_revision_pending)?;
    }
    Ok(())
}

pub(super) fn commission<F: Fields>(fields: &mut F, report: &mut CommissionAndFeesReport) -> Step {
    fields.fixed("1")?;
    fields.text(&mut report.exec_id)?;
    fields.number_or(&mut report.commission_and_fees, 0.0)?;
    fields.text(&mut report.currency)?;
    fields.number_or(&mut report.realized_pnl, f64::MAX)?;
    fields.number_or(&mut report.bond_yield, f64::MAX)?;
    fields.text(&mut report.yield_redemption_date)
}

pub(super) fn position<F: Fields>(fields: &mut F, position: &mut Position) -> Step {
    fields.fixed("3")?;
    fields.text(&mut position.account)?;
    told(fields, position.contract.get_or_insert_default())?;
    fields.decimal(&mut position.position)?;
    fields.number_or(&mut position.avg_cost, 0.0)
}

pub(super) fn position_of_model<F: Fields>(fields: &mut F, position: &mut PositionMulti) -> Step {
    fields.fixed("1")?;
    fields.int(&mut position.req_id)?;
    fields.text(&mut position.account)?;
    told(fields, position.contract.get_or_insert_default())?;
    fields.decimal(&mut position.position)?;
    fields.number_or(&mut position.avg_cost, 0.0)?;
    fields.text(&mut position.model_code)
}

pub(super) fn portfolio<F: Fields>(fields: &mut F, value: &mut PortfolioValue) -> Step {
    fields.fixed("8")?;
    held(fields, value.contract.get_or_insert_default())?;
    fields.decimal(&mut value.position)?;
    fields.number_or(&mut value.market_price, 0.0)?;
    fields.number_or(&mut value.market_value, 0.0)?;
    fields.number_or(&mut value.average_cost, 0.0)?;
    fields.number_or(&mut value.unrealized_pnl, 0.0)?;
    fields.number_or(&mut value.realized_pnl, 0.0)?;
    fields.text(&mut value.account_name)
}

pub(super) fn value_of_model<F: Fields>(fields: &mut F, update: &mut AccountUpdateMulti) -> Step {
    fields.fixed("1")?;
    fields.int(&mut update.req_id)?;
    fields.text(&mut update.account)?;
    fields.text(&mut update.model_code)?;
    fields.text(&mut update.key)?;
    fields.text(&mut update.value)?;
    fields.text(&mut update.currency)
}

pub(super) fn single_profit<F: Fields>(fields: &mut F, profit: &mut PnlSingle) -> Step {
    fields.int(&mut profit.req_id)?;
    fields.size(&mut profit.position)?;
    fields.number_or(&mut profit.daily_pnl, f64::MAX)?;
    fields.number_or(&mut profit.unrealized_pnl, f64::MAX)?;
    fields.number_or(&mut profit.realized_pnl, f64::MAX)?;
    fields.number_or(&mut profit.value, f64::MAX)
}
