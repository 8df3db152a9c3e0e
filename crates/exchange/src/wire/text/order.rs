//! Orders as clients place them, and the blocks that orders share with what the gateway tells of them.

use super::contract::{delta_neutral, is_combination, leg_prices, legs_of_order, named};
use super::fields::{Fields, Step, given, list, pairs};
use crate::wire::message::contract::Contract;
use crate::wire::message::order::{CancelOrderRequest, PlaceOrderRequest};
use crate::wire::message::order_terms::{Order, OrderCondition};

/// The versions that brought fields to orders.
pub(super) const DURATION: i32 = 158;
pub(super) const POST_TO_ATS: i32 = 160;
pub(super) const AUTO_CANCEL_PARENT: i32 = 162;
const ADVANCED_ERROR_OVERRIDE: i32 = 166;
const MANUAL_TIMES: i32 = 169;
pub(super) const PEGGED_OFFSETS: i32 = 170;
/// The version that dropped adviser profiles.
const NO_PROFILES: i32 = 177;

/// An order that is placed or changed.
pub(super) fn place<F: Fields>(fields: &mut F, asked: &mut PlaceOrderRequest) -> Step {
    fields.int(&mut asked.order_id)?;
    let contract = asked.contract.get_or_insert_default();
    let order = asked.order.get_or_insert_default();
    named(fields, contract)?;
    fields.text(&mut contract.sec_id_type)?;
    fields.text(&mut contract.sec_id)?;
    main_terms(fields, order)?;
    if is_combination(contract) {
        legs_of_order(fields, &mut contract.combo_legs)?;
        leg_prices(fields, &mut contract.combo_legs)?;
        pairs(fields, &mut order.smart_combo_routing_params)?;
    }
    extended_terms(fields, order)?;
    volatility(fields, order, true)?;
    trail(fields, order)?;
    scale(fields, order)?;
    fields.text(&mut order.scale_table)?;
    fields.text(&mut order.active_start_time)?;
    fields.text(&mut order.active_stop_time)?;
    hedge(fields, order)?;
    fields.flag(&mut order.opt_out_smart_routing)?;
    clearing(fields, order)?;
    delta_neutral(fields, &mut contract.delta_neutral_contract)?;
    algorithm(fields, order)?;
    fields.text(&mut order.algo_id)?;
    fields.flag(&mut order.what_if)?;
    fields.options(&mut order.order_misc_options)?;
    fields.flag(&mut order.solicited)?;
    randomize(fields, order)?;
    benchmark(fields, order)?;
    conditions(fields, order)?;
    adjustments(fields, order)?;
    fields.text(&mut order.ext_operator)?;
    let tier = order.soft_dollar_tier.get_or_insert_default();
    fields.text(&mut tier.name)?;
    fields.text(&mut tier.value)?;
    fields.number(&mut order.cash_qty)?;
    fields.text(&mut order.mifid2decision_maker)?;
    fields.text(&mut order.mifid2decision_algo)?;
    fields.text(&mut order.mifid2execution_trader)?;
    fields.text(&mut order.mifid2execution_algo)?;
    fields.flag(&mut order.dont_use_auto_price_for_hedge)?;
    fields.flag(&mut order.is_oms_container)?;
    fields.flag(&mut order.discretionary_up_to_limit_price)?;
    fields.int(&mut order.use_price_mgmt_algo)?;
    later_terms(fields, contract, order)
}

/// The cancel of one order.
pub(super) fn cancel<F: Fields>(fields: &mut F, asked: &mut CancelOrderRequest) -> Step {
    fields.fixed("1")?;
    fields.int(&mut asked.order_id)?;
    if fields.version() >= MANUAL_TIMES {
        fields.text(&mut asked.order_cancel.get_or_insert_default().manual_order_cancel_time)?;
    }
    Ok(())
}

fn main_terms<F: Fields>(fields: &mut F, order: &mut Order) -> Step {
    kind(fields, order)?;
    fields.text(&mut order.tif)?;
    fields.text(&mut order.oca_group)?;
    fields.text(&mut order.account)?;
    fields.text(&mut order.open_close)?;
    fields.int(&mut order.origin)?;
    fields.text(&mut order.order_ref)?;
    fields.flag(&mut order.transmit)?;
    fields.int(&mut order.parent_id)?;
    fields.flag(&mut order.block_order)?;
    fields.flag(&mut order.sweep_to_fill)?;
    fields.int(&mut order.display_size)?;
    fields.int(&mut order.trigger_method)?;
    fields.flag(&mut order.outside_rth)?;
    fields.flag(&mut order.hidden)
}

/// Side, quantity, type and prices.
pub(super) fn kind<F: Fields>(fields: &mut F, order: &mut Order) -> Step {
    fields.text(&mut order.action)?;
    fields.decimal(&mut order.total_quantity)?;
    fields.text(&mut order.order_type)?;
    fields.number(&mut order.lmt_price)?;
    fields.number(&mut order.aux_price)
}

fn extended_terms<F: Fields>(fields: &mut F, order: &mut Order) -> Step {
    // The split of shares over accounts, long out of use.
    fields.fixed("")?;
    fields.number(&mut order.discretionary_amt)?;
    fields.text(&mut order.good_after_time)?;
    fields.text(&mut order.good_till_date)?;
    adviser(fields, order)?;
    fields.int(&mut order.short_sale_slot)?;
    fields.text(&mut order.designated_location)?;
    fields.int(&mut order.exempt_code)?;
    fields.int(&mut order.oca_type)?;
    fields.text(&mut order.rule80a)?;
    fields.text(&mut order.settling_firm)?;
    fields.flag(&mut order.all_or_none)?;
    fields.int(&mut order.min_qty)?;
    fields.number(&mut order.percent_offset)?;
    dead_terms(fields)?;
    fields.fixed("0")?;
    stock_range(fields, order)?;
    fields.flag(&mut order.override_percentage_constraints)
}

/// Electronic trade only, firm quote only, and a cap of the price: out of use.
pub(super) fn dead_terms<F: Fields>(fields: &mut F) -> Step {
    fields.fixed("0")?;
    fields.fixed("0")?;
    fields.fixed("")
}

/// Groups of an adviser, and the model.
pub(super) fn adviser<F: Fields>(fields: &mut F, order: &mut Order) -> Step {
    fields.text(&mut order.fa_group)?;
    fields.text(&mut order.fa_method)?;
    fields.text(&mut order.fa_percentage)?;
    if fields.version() < NO_PROFILES {
        fields.fixed("")?;
    }
    fields.text(&mut order.model_code)
}

/// Prices of box and pegged orders.
pub(super) fn stock_range<F: Fields>(fields: &mut F, order: &mut Order) -> Step {
    fields.number(&mut order.starting_price)?;
    fields.number(&mut order.stock_ref_price)?;
    fields.number(&mut order.delta)?;
    fields.number(&mut order.stock_range_lower)?;
    fields.number(&mut order.stock_range_upper)
}

/// Volatility orders; `full` where the hedge's clearing is told too.
pub(super) fn volatility<F: Fields>(fields: &mut F, order: &mut Order, full: bool) -> Step {
    fields.number(&mut order.volatility)?;
    fields.int(&mut order.volatility_type)?;
    fields.text(&mut order.delta_neutral_order_type)?;
    fields.number(&mut order.delta_neutral_aux_price)?;
    if given(order.delta_neutral_order_type.as_ref()) {
        fields.int(&mut order.delta_neutral_con_id)?;
        if full {
            fields.text(&mut order.delta_neutral_settling_firm)?;
            fields.text(&mut order.delta_neutral_clearing_account)?;
            fields.text(&mut order.delta_neutral_clearing_intent)?;
            fields.text(&mut order.delta_neutral_open_close)?;
        }
        fields.flag(&mut order.delta_neutral_short_sale)?;
        fields.int(&mut order.delta_neutral_short_sale_slot)?;
        fields.text(&mut order.delta_neutral_designated_location)?;
    }
    fields.flag(&mut order.continuous_update)?;
    fields.int(&mut order.reference_price_type)
}

/// Where a trailing stop stands, and by how much it trails.
pub(super) fn trail<F: Fields>(fields: &mut F, order: &mut Order) -> Step {
    fields.number(&mut order.trail_stop_price)?;
    fields.number(&mut order.trailing_percent)
}

/// Scale orders: seven fields more when there is an increment.
pub(super) fn scale<F: Fields>(fields: &mut F, order: &mut Order) -> Step {
    fields.int(&mut order.scale_init_level_size)?;
    fields.int(&mut order.scale_subs_level_size)?;
    fields.number(&mut order.scale_price_increment)?;
    if !order.scale_price_increment.is_some_and(|increment| increment > 0.0 && increment < f64::MAX) {
        return Ok(());
    }
    fields.number(&mut order.scale_price_adjust_value)?;
    fields.int(&mut order.scale_price_adjust_interval)?;
    fields.number(&mut order.scale_profit_offset)?;
    fields.flag(&mut order.scale_auto_reset)?;
    fields.int(&mut order.scale_init_position)?;
    fields.int(&mut order.scale_init_fill_qty)?;
    fields.flag(&mut order.scale_random_percent)
}

/// Hedging orders.
pub(super) fn hedge<F: Fields>(fields: &mut F, order: &mut Order) -> Step {
    fields.text(&mut order.hedge_type)?;
    if given(order.hedge_type.as_ref()) { fields.text(&mut order.hedge_param) } else { Ok(()) }
}

/// Who clears, and whether the broker may use discretion.
pub(super) fn clearing<F: Fields>(fields: &mut F, order: &mut Order) -> Step {
    fields.text(&mut order.clearing_account)?;
    fields.text(&mut order.clearing_intent)?;
    fields.flag(&mut order.not_held)
}

/// The algorithm and its parameters.
pub(super) fn algorithm<F: Fields>(fields: &mut F, order: &mut Order) -> Step {
    fields.text(&mut order.algo_strategy)?;
    if given(order.algo_strategy.as_ref()) { pairs(fields, &mut order.algo_params) } else { Ok(()) }
}

/// Whether size and price of volatility orders are blurred.
pub(super) fn randomize<F: Fields>(fields: &mut F, order: &mut Order) -> Step {
    fields.flag(&mut order.randomize_size)?;
    fields.flag(&mut order.randomize_price)
}

/// The benchmark of an order pegged to one.
pub(super) fn benchmark<F: Fields>(fields: &mut F, order: &mut Order) -> Step {
    if !is_type(order, "PEG BENCH", "PEGBENCH") {
        return Ok(());
    }
    fields.int(&mut order.reference_contract_id)?;
    fields.flag(&mut order.is_pegged_change_amount_decrease)?;
    fields.number(&mut order.pegged_change_amount)?;
    fields.number(&mut order.reference_change_amount)?;
    fields.text(&mut order.reference_exchange_id)
}

/// Conditions, and what they mean for the order when there are any.
pub(super) fn conditions<F: Fields>(fields: &mut F, order: &mut Order) -> Step {
    list(fields, &mut order.conditions, 4, condition)?;
    if order.conditions.is_empty() {
        return Ok(());
    }
    fields.flag(&mut order.conditions_ignore_rth)?;
    fields.flag(&mut order.conditions_cancel_order)
}

fn condition<F: Fields>(fields: &mut F, condition: &mut OrderCondition) -> Step {
    fields.int(&mut condition.kind)?;
    if !matches!(condition.kind, Some(1 | 3..=7)) {
        fields.unknown("a kind of condition")?;
    }
    fields.either(&mut condition.is_conjunction_connection, "a", "o")?;
    // An execution is looked for by what was traded; all others compare something.
    if condition.kind == Some(5) {
        fields.text(&mut condition.sec_type)?;
        fields.text(&mut condition.exchange)?;
        return fields.text(&mut condition.symbol);
    }
    fields.flag(&mut condition.is_more)?;
    match condition.kind {
        Some(3) => return fields.text(&mut condition.time),
        Some(4) => return fields.int(&mut condition.percent),
        Some(6) => fields.int(&mut condition.volume)?,
        Some(7) => fields.number(&mut condition.change_percent)?,
        _ => fields.number(&mut condition.price)?,
    }
    fields.int(&mut condition.con_id)?;
    fields.text(&mut condition.exchange)?;
    if condition.kind == Some(1) { fields.int(&mut condition.trigger_method) } else { Ok(()) }
}

/// What the order turns into when a price is reached.
fn adjustments<F: Fields>(fields: &mut F, order: &mut Order) -> Step {
    adjusted_type(fields, order)?;
    fields.number(&mut order.trigger_price)?;
    fields.number(&mut order.lmt_price_offset)?;
    adjusted_prices(fields, order)
}

/// The type the order turns into; some clients write `None` where there is none.
pub(super) fn adjusted_type<F: Fields>(fields: &mut F, order: &mut Order) -> Step {
    fields.text(&mut order.adjusted_order_type)?;
    order.adjusted_order_type.take_if(|kind| kind == "None");
    Ok(())
}

/// The prices it then has.
pub(super) fn adjusted_prices<F: Fields>(fields: &mut F, order: &mut Order) -> Step {
    fields.number(&mut order.adjusted_stop_price)?;
    fields.number(&mut order.adjusted_stop_limit_price)?;
    fields.number(&mut order.adjusted_trailing_amount)?;
    fields.int(&mut order.adjustable_trailing_unit)
}

fn later_terms<F: Fields>(fields: &mut F, contract: &Contract, order: &mut Order) -> Step {
    let version = fields.version();
    if version >= DURATION {
        fields.int(&mut order.duration)?;
    }
    if version >= POST_TO_ATS {
        fields.int(&mut order.post_to_ats)?;
    }
    if version >= AUTO_CANCEL_PARENT {
        fields.flag(&mut order.auto_cancel_parent)?;
    }
    if version >= ADVANCED_ERROR_OVERRIDE {
        fields.text(&mut order.advanced_error_override)?;
    }
    if version >= MANUAL_TIMES {
        fields.text(&mut order.manual_order_time)?;
    }
    if version < PEGGED_OFFSETS {
        return Ok(());
    }
    if contract.exchange.as_deref() == Some("IBKRATS") {
        fields.int(&mut order.min_trade_qty)?;
    }
    let mut offsets = is_type(order, "PEG MID", "PEGMID");
    if is_type(order, "PEG BEST", "PEGBEST") {
        fields.int(&mut order.min_compete_size)?;
        fields.number(&mut order.compete_against_best_offset)?;
        // An infinite offset competes up to the midpoint.
        offsets = order.compete_against_best_offset.is_some_and(f64::is_infinite);
    }
    if offsets {
        fields.number(&mut order.mid_offset_at_whole)?;
        fields.number(&mut order.mid_offset_at_half)?;
    }
    Ok(())
}

fn is_type(order: &Order, spaced: &str, joined: &str) -> bool {
    order.order_type.as_deref().is_some_and(|kind| kind == spaced || kind == joined)
}
