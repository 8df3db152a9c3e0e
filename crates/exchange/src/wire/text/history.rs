//! The past as the gateway tells it.

use super::fields::{Fields, Step, list};
use crate::wire::message::historical::{
    HistogramData, HistoricalData, HistoricalDataBar, HistoricalDataUpdate, HistoricalSchedule,
    HistoricalTicks, HistoricalTicksBidAsk, HistoricalTicksLast,
};

/// All bars of a request. The span is told by its first and last bar, and there is no message behind
/// it that ends the request: this one does.
pub(super) fn bars<F: Fields>(fields: &mut F, data: &mut HistoricalData) -> Step {
    fields.int(&mut data.req_id)?;
    let date = |bar: Option<&HistoricalDataBar>| bar.and_then(|bar| bar.date.clone());
    fields.text(&mut date(data.historical_data_bars.first()))?;
    fields.text(&mut date(data.historical_data_bars.last()))?;
    list(fields, &mut data.historical_data_bars, 8, |fields, bar| {
        fields.text(&mut bar.date)?;
        fields.number_or(&mut bar.open, 0.0)?;
        fields.number_or(&mut bar.high, 0.0)?;
        fields.number_or(&mut bar.low, 0.0)?;
        fields.number_or(&mut bar.close, 0.0)?;
        fields.size(&mut bar.volume)?;
        fields.decimal(&mut bar.wap)?;
        fields.int_or(&mut bar.bar_count, -1)
    })
}

/// The newest bar; its fields stand in another order than in the first message.
pub(super) fn newest_bar<F: Fields>(fields: &mut F, update: &mut HistoricalDataUpdate) -> Step {
    fields.int(&mut update.req_id)?;
    let bar = update.historical_data_bar.get_or_insert_default();
    fields.int_or(&mut bar.bar_count, -1)?;
    fields.text(&mut bar.date)?;
    fields.number_or(&mut bar.open, 0.0)?;
    fields.number_or(&mut bar.close, 0.0)?;
    fields.number_or(&mut bar.high, 0.0)?;
    fields.number_or(&mut bar.low, 0.0)?;
    fields.decimal(&mut bar.wap)?;
    fields.size(&mut bar.volume)
}

pub(super) fn schedule<F: Fields>(fields: &mut F, schedule: &mut HistoricalSchedule) -> Step {
    fields.int(&mut schedule.req_id)?;
    fields.text(&mut schedule.start_date_time)?;
    fields.text(&mut schedule.end_date_time)?;
    fields.text(&mut schedule.time_zone)?;
    list(fields, &mut schedule.historical_sessions, 3, |fields, session| {
        fields.text(&mut session.start_date_time)?;
        fields.text(&mut session.end_date_time)?;
        fields.text(&mut session.ref_date)
    })
}

pub(super) fn midpoints<F: Fields>(fields: &mut F, ticks: &mut HistoricalTicks) -> Step {
    fields.int(&mut ticks.req_id)?;
    list(fields, &mut ticks.historical_ticks, 4, |fields, tick| {
        fields.long(&mut tick.time)?;
        // Here stand the marks of the other two kinds.
        fields.fixed("0")?;
        fields.number_or(&mut tick.price, 0.0)?;
        fields.size(&mut tick.size)
    })?;
    fields.flag(&mut ticks.is_done)
}

pub(super) fn quotes<F: Fields>(fields: &mut F, ticks: &mut HistoricalTicksBidAsk) -> Step {
    fields.int(&mut ticks.req_id)?;
    list(fields, &mut ticks.historical_ticks_bid_ask, 6, |fields, tick| {
        fields.long(&mut tick.time)?;
        // The bits stand the other way round than in ticks as they come.
        let marks = tick.tick_attrib_bid_ask.get_or_insert_default();
        fields.marks(&mut marks.ask_past_high, &mut marks.bid_past_low)?;
        fields.number_or(&mut tick.price_bid, 0.0)?;
        fields.number_or(&mut tick.price_ask, 0.0)?;
        fields.size(&mut tick.size_bid)?;
        fields.size(&mut tick.size_ask)
    })?;
    fields.flag(&mut ticks.is_done)
}

pub(super) fn trades<F: Fields>(fields: &mut F, ticks: &mut HistoricalTicksLast) -> Step {
    fields.int(&mut ticks.req_id)?;
    list(fields, &mut ticks.historical_ticks_last, 6, |fields, tick| {
        fields.long(&mut tick.time)?;
        let marks = tick.tick_attrib_last.get_or_insert_default();
        fields.marks(&mut marks.past_limit, &mut marks.unreported)?;
        fields.number_or(&mut tick.price, 0.0)?;
        fields.size(&mut tick.size)?;
        fields.text(&mut tick.exchange)?;
        fields.text(&mut tick.special_conditions)
    })?;
    fields.flag(&mut ticks.is_done)
}

pub(super) fn histogram<F: Fields>(fields: &mut F, data: &mut HistogramData) -> Step {
    fields.int(&mut data.req_id)?;
    list(fields, &mut data.histogram_data_entries, 2, |fields, entry| {
        fields.number_or(&mut entry.price, 0.0)?;
        // Clients of every text version read an integer here.
        fields.whole(&mut entry.size)
    })
}
