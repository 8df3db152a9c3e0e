//! Single prints, quotes and midpoints of the past.

use super::refusal::{Refusal, named};
use super::tick::conditions;
use super::{Out, when};
use crate::desk::Desk;
use crate::feed::history::Show;
use crate::feed::history::ticks::{MAX_TICKS, Reach, Tick};
use crate::wire::message::historical::{
    HistoricalTicks, HistoricalTicksBidAsk, HistoricalTicksLast, HistoricalTicksRequest,
};
use crate::wire::message::market_data::{
    HistoricalTick, HistoricalTickBidAsk, HistoricalTickLast, TickAttribBidAsk, TickAttribLast,
};
use crate::wire::{Reply, notice};
use alphatrader_model::market::{Level, TradeFlags};

/// Answers a request for past ticks.
pub(super) fn answer(asked: &HistoricalTicksRequest, desk: &Desk, out: &mut Out) {
    match ticks(asked, desk) {
        Ok(reply) => out.push(reply),
        Err(refusal) => out.push(refusal.told(asked.req_id.unwrap_or(notice::SESSION), desk)),
    }
}

fn ticks(asked: &HistoricalTicksRequest, desk: &Desk) -> Result<Reply, Refusal> {
    let listing = named(asked.contract.as_ref(), desk)?;
    let show = match asked.what_to_show.as_deref().unwrap_or_default() {
        "TRADES" => Show::Trades,
        "BID_ASK" => Show::BidAsk,
        "MIDPOINT" => Show::MidPoint,
        _ => return Err(Refusal::invalid("what to show", "What to show field is missing or incorrect.")),
    };
    let count = asked.number_of_ticks.and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
    if count == 0 || count > MAX_TICKS {
        let cause = format!("The number of ticks must be between 1 and {MAX_TICKS}");
        return Err(Refusal::invalid("number of ticks", &cause));
    }
    let (now, calendar) = (desk.now(), desk.calendar());
    let read =
        |text: Option<&String>, field| when::instant(text.map_or("", String::as_str), field, now, calendar);
    let start = read(asked.start_date_time.as_ref(), "Start Date/Time")?;
    let end = read(asked.end_date_time.as_ref(), "End Date/Time")?;
    let reach = match (start, end) {
        (Some(start), None) => Reach::From(start),
        (None, Some(end)) => Reach::Until(end),
        (None, None) => Reach::Until(now),
        (Some(_), Some(_)) => {
            return Err(Refusal::invalid("time", "Either the start or the end must be given, not both"));
        }
    };
    let sizes = show == Show::BidAsk && asked.ignore_size != Some(true);
    let ticks = desk.history().ticks(listing, show, reach, count, sizes);
    let (req_id, is_done) = (asked.req_id, Some(true));
    Ok(match show {
        Show::Trades => Reply::HistoricalTicksLast(HistoricalTicksLast {
            req_id,
            historical_ticks_last: ticks.iter().filter_map(last).collect(),
            is_done,
        }),
        Show::BidAsk => Reply::HistoricalTicksBidAsk(HistoricalTicksBidAsk {
            req_id,
            historical_ticks_bid_ask: ticks.iter().filter_map(bid_ask).collect(),
            is_done,
        }),
        _ => Reply::HistoricalTicks(HistoricalTicks {
            req_id,
            historical_ticks: ticks.iter().filter_map(middle).collect(),
            is_done,
        }),
    })
}

fn last(tick: &Tick) -> Option<HistoricalTickLast> {
    let Tick::Trade(print) = tick else { return None };
    let unreported = print.flags.contains(TradeFlags::NOT_LAST);
    Some(HistoricalTickLast {
        time: Some(print.at.seconds()),
        tick_attrib_last: Some(TickAttribLast { past_limit: Some(false), unreported: Some(unreported) }),
        price: Some(print.price.to_f64()),
        size: Some(print.size.to_string()),
        exchange: Some(print.venue.map_or_else(String::new, |venue| venue.to_string())),
        special_conditions: Some(conditions(print.flags)),
    })
}

fn bid_ask(tick: &Tick) -> Option<HistoricalTickBidAsk> {
    let Tick::Quote(told) = tick else { return None };
    let price = |level: Option<Level>| Some(level.map_or(0.0, |level| level.price.to_f64()));
    let size = |level: Option<Level>| Some(level.map_or("0".to_owned(), |level| level.size.to_string()));
    let attributes = TickAttribBidAsk { bid_past_low: Some(false), ask_past_high: Some(false) };
    Some(HistoricalTickBidAsk {
        time: Some(told.at.seconds()),
        tick_attrib_bid_ask: Some(attributes),
        price_bid: price(told.bid),
        price_ask: price(told.ask),
        size_bid: size(told.bid),
        size_ask: size(told.ask),
    })
}

fn middle(tick: &Tick) -> Option<HistoricalTick> {
    let Tick::Quote(told) = tick else { return None };
    let middle = f64::midpoint(told.bid?.price.to_f64(), told.ask?.price.to_f64());
    Some(HistoricalTick { time: Some(told.at.seconds()), price: Some(middle), size: Some("0".to_owned()) })
}
