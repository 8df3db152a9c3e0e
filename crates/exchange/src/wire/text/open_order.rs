//! Orders as the gateway tells them: working ones with their state, and those that ended.

use super::contract::{delta_neutral, leg_prices, legs_of_order, told};
use super::fields::{Fields, Step, pairs};
use super::order::{
    AUTO_CANCEL_PARENT, DURATION, PEGGED_OFFSETS, POST_TO_ATS, adjusted_prices, adjusted_type, adviser,
    algorithm, benchmark, clearing, conditions, dead_terms, hedge, kind, randomize, scale, stock_range,
    trail, volatility,
};
use crate::wire::message::contract::Contract;
use crate::wire::message::order::{CompletedOrder, OpenOrder, OrderState, OrderStatus};
use crate::wire::message::order_terms::Order;

/// An order's status.
pub(super) fn status<F: Fields>(fields: &mut F, status: &mut OrderStatus) -> Step {
    fields.int_or(&mut status.order_id, 0)?;
    fields.text(&mut status.status)?;
    fields.decimal(&mut status.filled)?;
    fields.decimal(&mut status.remaining)?;
    fields.number_or(&mut status.avg_fill_price, 0.0)?;
    fields.long(&mut status.perm_id)?;
    fields.int_or(&mut status.parent_id, 0)?;
    fields.number_or(&mut status.last_fill_price, 0.0)?;
    fields.int_or(&mut status.client_id, 0)?;
    fields.text(&mut status.why_held)?;
    fields.number_or(&mut status.mkt_cap_price, 0.0)
}

/// A working order.
pub(super) fn open<F: Fields>(fields: &mut F, open: &mut OpenOrder) -> Step {
    fields.int_or(&mut open.order_id, 0)?;
    let contract = open.contract.get_or_insert_default();
    let order = open.order.get_or_insert_default();
    let state = open.order_state.get_or_insert_default();
    head(fields, contract, order)?;
    fields.int_or(&mut order.client_id, 0)?;
    fields.long(&mut order.perm_id)?;
    when(fields, order)?;
    // The split of shares over accounts, long out of use.
    fields.fixed("")?;
    origin(fields, order)?;
    fields.fixed("0")?;
    stock_range(fields, order)?;
    fields.int(&mut order.display_size)?;
    fields.flag(&mut order.block_order)?;
    filling(fields, order)?;
    dead_terms(fields)?;
    fields.int(&mut order.parent_id)?;
    fields.int(&mut order.trigger_method)?;
    volatility(fields, order, true)?;
    trail(fields, order)?;
    // Basis points, out of use.
    fields.fixed("")?;
    fields.fixed("")?;
    legs(fields, contract, order)?;
    fields.flag(&mut order.opt_out_smart_routing)?;
    clearing(fields, order)?;
    delta_neutral(fields, &mut contract.delta_neutral_contract)?;
    algorithm(fields, order)?;
    fields.flag(&mut order.solicited)?;
    fields.flag(&mut order.what_if)?;
    margins(fields, state)?;
    randomize(fields, order)?;
    benchmark(fields, order)?;
    conditions(fields, order)?;
    adjusted_type(fields, order)?;
    fields.number(&mut order.trigger_price)?;
    fields.number(&mut order.trail_stop_price)?;
    fields.number(&mut order.lmt_price_offset)?;
    adjusted_prices(fields, order)?;
    let tier = order.soft_dollar_tier.get_or_insert_default();
    fields.text(&mut tier.name)?;
    fields.text(&mut tier.value)?;
    fields.text(&mut tier.display_name)?;
    fields.number(&mut order.cash_qty)?;
    fields.flag(&mut order.dont_use_auto_price_for_hedge)?;
    fields.flag(&mut order.is_oms_container)?;
    fields.flag(&mut order.discretionary_up_to_limit_price)?;
    fields.int(&mut order.use_price_mgmt_algo)?;
    if fields.version() >= DURATION {
        fields.int(&mut order.duration)?;
    }
    if fields.version() >= POST_TO_ATS {
        fields.int(&mut order.post_to_ats)?;
    }
    if fields.version() >= AUTO_CANCEL_PARENT {
        fields.flag(&mut order.auto_cancel_parent)?;
    }
    pegged_offsets(fields, order)
}

/// An order that ended.
pub(super) fn completed<F: Fields>(fields: &mut F, completed: &mut CompletedOrder) -> Step {
    let contract = completed.contract.get_or_insert_default();
    let order = completed.order.get_or_insert_default();
    let state = completed.order_state.get_or_insert_default();
    head(fields, contract, order)?;
    fields.long(&mut order.perm_id)?;
    when(fields, order)?;
    origin(fields, order)?;
    stock_range(fields, order)?;
    fields.int(&mut order.display_size)?;
    filling(fields, order)?;
    fields.int(&mut order.trigger_method)?;
    volatility(fields, order, false)?;
    trail(fields, order)?;
    legs(fields, contract, order)?;
    clearing(fields, order)?;
    delta_neutral(fields, &mut contract.delta_neutral_contract)?;
    algorithm(fields, order)?;
    fields.flag(&mut order.solicited)?;
    fields.text(&mut state.status)?;
    randomize(fields, order)?;
    benchmark(fields, order)?;
    conditions(fields, order)?;
    fields.number(&mut order.trail_stop_price)?;
    fields.number(&mut order.lmt_price_offset)?;
    fields.number(&mut order.cash_qty)?;
    fields.flag(&mut order.dont_use_auto_price_for_hedge)?;
    fields.flag(&mut order.is_oms_container)?;
    fields.text(&mut order.auto_cancel_date)?;
    fields.decimal(&mut order.filled_quantity)?;
    fields.int(&mut order.ref_futures_con_id)?;
    fields.flag(&mut order.auto_cancel_parent)?;
    fields.text(&mut order.shareholder)?;
    fields.flag(&mut order.imbalance_only)?;
    fields.int(&mut order.route_marketable_to_bbo)?;
    fields.long(&mut order.parent_perm_id)?;
    fields.text(&mut state.completed_time)?;
    fields.text(&mut state.completed_status)?;
    pegged_offsets(fields, order)
}

fn head<F: Fields>(fields: &mut F, contract: &mut Contract, order: &mut Order) -> Step {
    told(fields, contract)?;
    kind(fields, order)?;
    fields.text(&mut order.tif)?;
    fields.text(&mut order.oca_group)?;
    fields.text(&mut order.account)?;
    fields.text(&mut order.open_close)?;
    fields.int(&mut order.origin)?;
    fields.text(&mut order.order_ref)
}

fn when<F: Fields>(fields: &mut F, order: &mut Order) -> Step {
    fields.flag(&mut order.outside_rth)?;
    fields.flag(&mut order.hidden)?;
    fields.number(&mut order.discretionary_amt)?;
    fields.text(&mut order.good_after_time)
}

fn origin<F: Fields>(fields: &mut F, order: &mut Order) -> Step {
    adviser(fields, order)?;
    fields.text(&mut order.good_till_date)?;
    fields.text(&mut order.rule80a)?;
    fields.number(&mut order.percent_offset)?;
    fields.text(&mut order.settling_firm)?;
    fields.int(&mut order.short_sale_slot)?;
    fields.text(&mut order.designated_location)?;
    fields.int(&mut order.exempt_code)
}

fn filling<F: Fields>(fields: &mut F, order: &mut Order) -> Step {
    fields.flag(&mut order.sweep_to_fill)?;
    fields.flag(&mut order.all_or_none)?;
    fields.int(&mut order.min_qty)?;
    fields.int(&mut order.oca_type)
}

/// Legs, their prices, how they are routed; then scale and hedge, which follow them.
fn legs<F: Fields>(fields: &mut F, contract: &mut Contract, order: &mut Order) -> Step {
    fields.text(&mut contract.combo_legs_descrip)?;
    legs_of_order(fields, &mut contract.combo_legs)?;
    leg_prices(fields, &mut contract.combo_legs)?;
    pairs(fields, &mut order.smart_combo_routing_params)?;
    scale(fields, order)?;
    hedge(fields, order)
}

fn margins<F: Fields>(fields: &mut F, state: &mut OrderState) -> Step {
    fields.text(&mut state.status)?;
    for number in [
        &mut state.init_margin_before,
        &mut state.maint_margin_before,
        &mut state.equity_with_loan_before,
        &mut state.init_margin_change,
        &mut state.maint_margin_change,
        &mut state.equity_with_loan_change,
        &mut state.init_margin_after,
        &mut state.maint_margin_after,
        &mut state.equity_with_loan_after,
        &mut state.commission_and_fees,
        &mut state.min_commission_and_fees,
        &mut state.max_commission_and_fees,
    ] {
        fields.number_or(number, f64::MAX)?;
    }
    fields.text(&mut state.commission_and_fees_currency)?;
    fields.text(&mut state.warning_text)
}

fn pegged_offsets<F: Fields>(fields: &mut F, order: &mut Order) -> Step {
    if fields.version() < PEGGED_OFFSETS {
        return Ok(());
    }
    fields.int(&mut order.min_trade_qty)?;
    fields.int(&mut order.min_compete_size)?;
    fields.number(&mut order.compete_against_best_offset)?;
    fields.number(&mut order.mid_offset_at_whole)?;
    fields.number(&mut order.mid_offset_at_half)
}
