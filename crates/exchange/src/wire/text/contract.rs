//! Contracts: the blocks in which messages name them, and what is known of them.

use super::fields::{Fields, Step, list, pairs};
use crate::wire::message::contract::{
    ComboLeg, Contract, ContractData, ContractDescription, DeltaNeutralContract,
};

/// The first version that tells sizes of orders by three fields, and the message without its own version.
const SIZE_RULES: i32 = 164;
/// The first version that knows issuers of bonds.
const BOND_ISSUERS: i32 = 176;

/// A contract as most requests name it: twelve fields.
pub(super) fn named<F: Fields>(fields: &mut F, contract: &mut Contract) -> Step {
    identity(fields, contract)?;
    fields.text(&mut contract.exchange)?;
    fields.text(&mut contract.primary_exch)?;
    ending(fields, contract)
}

/// A contract as most replies name it, and two requests: eleven fields.
pub(super) fn told<F: Fields>(fields: &mut F, contract: &mut Contract) -> Step {
    identity(fields, contract)?;
    fields.text(&mut contract.exchange)?;
    ending(fields, contract)
}

/// A contract of the portfolio: its listing exchange only.
pub(super) fn held<F: Fields>(fields: &mut F, contract: &mut Contract) -> Step {
    identity(fields, contract)?;
    fields.text(&mut contract.primary_exch)?;
    ending(fields, contract)
}

fn identity<F: Fields>(fields: &mut F, contract: &mut Contract) -> Step {
    fields.int(&mut contract.con_id)?;
    fields.text(&mut contract.symbol)?;
    fields.text(&mut contract.sec_type)?;
    fields.text(&mut contract.last_trade_date_or_contract_month)?;
    fields.number(&mut contract.strike)?;
    fields.text(&mut contract.right)?;
    fields.number(&mut contract.multiplier)
}

fn ending<F: Fields>(fields: &mut F, contract: &mut Contract) -> Step {
    fields.text(&mut contract.currency)?;
    fields.text(&mut contract.local_symbol)?;
    fields.text(&mut contract.trading_class)
}

/// Whether the contract is a combination, which brings its legs along.
pub(super) fn is_combination(contract: &Contract) -> bool {
    contract.sec_type.as_deref() == Some("BAG")
}

/// The legs of a combination in a request for data; nothing for other contracts.
pub(super) fn legs_of_data<F: Fields>(fields: &mut F, contract: &mut Contract) -> Step {
    if !is_combination(contract) {
        return Ok(());
    }
    list(fields, &mut contract.combo_legs, 4, |fields, leg| {
        fields.int(&mut leg.con_id)?;
        fields.int(&mut leg.ratio)?;
        fields.text(&mut leg.action)?;
        fields.text(&mut leg.exchange)
    })
}

/// The legs of a combination in an order.
pub(super) fn legs_of_order<F: Fields>(fields: &mut F, legs: &mut Vec<ComboLeg>) -> Step {
    list(fields, legs, 8, |fields, leg| {
        fields.int(&mut leg.con_id)?;
        fields.int(&mut leg.ratio)?;
        fields.text(&mut leg.action)?;
        fields.text(&mut leg.exchange)?;
        fields.int(&mut leg.open_close)?;
        fields.int(&mut leg.short_sales_slot)?;
        fields.text(&mut leg.designated_location)?;
        fields.int(&mut leg.exempt_code)
    })
}

/// The prices of the legs, which here follow the legs: one for each, or none at all.
pub(super) fn leg_prices<F: Fields>(fields: &mut F, legs: &mut [ComboLeg]) -> Step {
    let mut prices = Vec::new();
    if legs.iter().any(|leg| leg.per_leg_price.is_some()) {
        prices.extend(legs.iter().map(|leg| leg.per_leg_price));
    }
    list(fields, &mut prices, 1, Fields::number)?;
    for (leg, price) in legs.iter_mut().zip(prices) {
        leg.per_leg_price = price;
    }
    Ok(())
}

/// The hedge of a delta-neutral combination: whether there is one, then what it is.
pub(super) fn delta_neutral<F: Fields>(fields: &mut F, hedge: &mut Option<DeltaNeutralContract>) -> Step {
    let mut present = Some(hedge.is_some());
    fields.flag(&mut present)?;
    if present != Some(true) {
        *hedge = None;
        return Ok(());
    }
    let hedge = hedge.get_or_insert_default();
    fields.int(&mut hedge.con_id)?;
    fields.number(&mut hedge.delta)?;
    fields.number(&mut hedge.price)
}

/// One contract that fits a request for details.
pub(super) fn details<F: Fields>(fields: &mut F, data: &mut ContractData) -> Step {
    if fields.version() < SIZE_RULES {
        fields.fixed("8")?;
    }
    fields.int(&mut data.req_id)?;
    let contract = data.contract.get_or_insert_default();
    let details = data.contract_details.get_or_insert_default();
    fields.text(&mut contract.symbol)?;
    fields.text(&mut contract.sec_type)?;
    fields.text(&mut contract.last_trade_date_or_contract_month)?;
    fields.number(&mut contract.strike)?;
    fields.text(&mut contract.right)?;
    fields.text(&mut contract.exchange)?;
    fields.text(&mut contract.currency)?;
    fields.text(&mut contract.local_symbol)?;
    fields.text(&mut details.market_name)?;
    fields.text(&mut contract.trading_class)?;
    fields.int(&mut contract.con_id)?;
    fields.decimal(&mut details.min_tick)?;
    if fields.version() < SIZE_RULES {
        // Sizes are told in shares at every version: this is what they are multiplied with.
        fields.fixed("1")?;
    }
    fields.number(&mut contract.multiplier)?;
    fields.text(&mut details.order_types)?;
    fields.text(&mut details.valid_exchanges)?;
    fields.int(&mut details.price_magnifier)?;
    fields.int(&mut details.under_con_id)?;
    fields.escaped(&mut details.long_name)?;
    fields.text(&mut contract.primary_exch)?;
    fields.text(&mut details.contract_month)?;
    fields.text(&mut details.industry)?;
    fields.text(&mut details.category)?;
    fields.text(&mut details.subcategory)?;
    fields.text(&mut details.time_zone_id)?;
    fields.text(&mut details.trading_hours)?;
    fields.text(&mut details.liquid_hours)?;
    fields.text(&mut details.ev_rule)?;
    // Read as an integer by clients; what is not set is 0 there.
    fields.number(&mut details.ev_multiplier)?;
    pairs(fields, &mut details.sec_id_list)?;
    fields.int(&mut details.agg_group)?;
    fields.text(&mut details.under_symbol)?;
    fields.text(&mut details.under_sec_type)?;
    fields.text(&mut details.market_rule_ids)?;
    fields.text(&mut details.real_expiration_date)?;
    fields.text(&mut details.stock_type)?;
    if fields.version() == SIZE_RULES - 1 {
        fields.decimal(&mut details.suggested_size_increment)?;
    }
    if fields.version() >= SIZE_RULES {
        fields.decimal(&mut details.min_size)?;
        fields.decimal(&mut details.size_increment)?;
        fields.decimal(&mut details.suggested_size_increment)?;
    }
    Ok(())
}

/// One symbol found by a search.
pub(super) fn sample<F: Fields>(fields: &mut F, sample: &mut ContractDescription) -> Step {
    let version = fields.version();
    let contract = sample.contract.get_or_insert_default();
    fields.int_or(&mut contract.con_id, 0)?;
    fields.text(&mut contract.symbol)?;
    fields.text(&mut contract.sec_type)?;
    fields.text(&mut contract.primary_exch)?;
    fields.text(&mut contract.currency)?;
    texts(fields, &mut sample.derivative_sec_types)?;
    if version >= BOND_ISSUERS {
        fields.text(&mut contract.description)?;
        fields.text(&mut contract.issuer_id)?;
    }
    Ok(())
}

/// The issuer, where the version has it.
pub(super) fn issuer<F: Fields>(fields: &mut F, contract: &mut Contract) -> Step {
    if fields.version() >= BOND_ISSUERS { fields.text(&mut contract.issuer_id) } else { Ok(()) }
}

/// A count, then that many texts.
pub(super) fn texts<F: Fields>(fields: &mut F, entries: &mut Vec<String>) -> Step {
    list(fields, entries, 1, |fields, entry| {
        let mut text = Some(std::mem::take(entry));
        fields.text(&mut text)?;
        *entry = text.unwrap_or_default();
        Ok(())
    })
}

/// A count, then that many numbers.
pub(super) fn numbers<F: Fields>(fields: &mut F, entries: &mut Vec<f64>) -> Step {
    list(fields, entries, 1, |fields, entry| {
        let mut number = Some(*entry);
        fields.number(&mut number)?;
        *entry = number.unwrap_or_default();
        Ok(())
    })
}
