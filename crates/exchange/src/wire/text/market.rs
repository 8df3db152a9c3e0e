//! Market data as the gateway tells it: ticks, depth, bars as they come.

use super::fields::{Fields, Step};
use crate::wire::message::market_data::{
    MarketDepth, MarketDepthL2, RealTimeBarTick, TickByTickData, TickOptionComputation, TickPrice,
    TickReqParams,
};

pub(super) fn price<F: Fields>(fields: &mut F, tick: &mut TickPrice) -> Step {
    fields.fixed("6")?;
    fields.int(&mut tick.req_id)?;
    fields.int(&mut tick.tick_type)?;
    fields.number(&mut tick.price)?;
    fields.size(&mut tick.size)?;
    fields.int_or(&mut tick.attr_mask, 0)
}

/// Implied volatility and Greeks. What was not computed has a number that says so.
pub(super) fn option<F: Fields>(fields: &mut F, tick: &mut TickOptionComputation) -> Step {
    fields.int(&mut tick.req_id)?;
    fields.int(&mut tick.tick_type)?;
    fields.int_or(&mut tick.tick_attrib, 0)?;
    fields.number_or(&mut tick.implied_vol, -1.0)?;
    fields.number_or(&mut tick.delta, -2.0)?;
    fields.number_or(&mut tick.opt_price, -1.0)?;
    fields.number_or(&mut tick.pv_dividend, -1.0)?;
    fields.number_or(&mut tick.gamma, -2.0)?;
    fields.number_or(&mut tick.vega, -2.0)?;
    fields.number_or(&mut tick.theta, -2.0)?;
    fields.number_or(&mut tick.und_price, -1.0)
}

pub(super) fn parameters<F: Fields>(fields: &mut F, tick: &mut TickReqParams) -> Step {
    fields.int(&mut tick.req_id)?;
    fields.decimal(&mut tick.min_tick)?;
    fields.text(&mut tick.bbo_exchange)?;
    fields.int_or(&mut tick.snapshot_permissions, 0)
}

pub(super) fn depth<F: Fields>(fields: &mut F, depth: &mut MarketDepth) -> Step {
    fields.fixed("1")?;
    fields.int(&mut depth.req_id)?;
    let row = depth.market_depth_data.get_or_insert_default();
    fields.int(&mut row.position)?;
    fields.int(&mut row.operation)?;
    fields.int(&mut row.side)?;
    fields.number_or(&mut row.price, 0.0)?;
    fields.size(&mut row.size)
}

pub(super) fn depth_of_venues<F: Fields>(fields: &mut F, depth: &mut MarketDepthL2) -> Step {
    fields.fixed("1")?;
    fields.int(&mut depth.req_id)?;
    let row = depth.market_depth_data.get_or_insert_default();
    fields.int(&mut row.position)?;
    fields.text(&mut row.market_maker)?;
    fields.int(&mut row.operation)?;
    fields.int(&mut row.side)?;
    fields.number_or(&mut row.price, 0.0)?;
    fields.size(&mut row.size)?;
    fields.flag(&mut row.is_smart_depth)
}

/// One tick, in the form of its kind.
pub(super) fn tick_by_tick<F: Fields>(fields: &mut F, tick: &mut TickByTickData) -> Step {
    fields.int(&mut tick.req_id)?;
    fields.int(&mut tick.tick_type)?;
    match tick.tick_type {
        Some(1 | 2) => {
            let last = tick.historical_tick_last.get_or_insert_default();
            fields.long(&mut last.time)?;
            fields.number_or(&mut last.price, 0.0)?;
            fields.size(&mut last.size)?;
            let marks = last.tick_attrib_last.get_or_insert_default();
            fields.marks(&mut marks.past_limit, &mut marks.unreported)?;
            fields.text(&mut last.exchange)?;
            fields.text(&mut last.special_conditions)
        }
        Some(3) => {
            let quote = tick.historical_tick_bid_ask.get_or_insert_default();
            fields.long(&mut quote.time)?;
            fields.number_or(&mut quote.price_bid, 0.0)?;
            fields.number_or(&mut quote.price_ask, 0.0)?;
            fields.size(&mut quote.size_bid)?;
            fields.size(&mut quote.size_ask)?;
            let marks = quote.tick_attrib_bid_ask.get_or_insert_default();
            fields.marks(&mut marks.bid_past_low, &mut marks.ask_past_high)
        }
        Some(4) => {
            let middle = tick.historical_tick_mid_point.get_or_insert_default();
            fields.long(&mut middle.time)?;
            fields.number_or(&mut middle.price, 0.0)
        }
        _ => fields.unknown("a kind of tick"),
    }
}

pub(super) fn bar<F: Fields>(fields: &mut F, bar: &mut RealTimeBarTick) -> Step {
    fields.fixed("3")?;
    fields.int(&mut bar.req_id)?;
    fields.long(&mut bar.time)?;
    fields.number_or(&mut bar.open, 0.0)?;
    fields.number_or(&mut bar.high, 0.0)?;
    fields.number_or(&mut bar.low, 0.0)?;
    fields.number_or(&mut bar.close, 0.0)?;
    fields.size(&mut bar.volume)?;
    fields.decimal(&mut bar.wap)?;
    fields.int_or(&mut bar.count, 0)
}
