//! Tick-by-tick: each trade, or each change of the best quote.

use alphatrader_model::market::{Level, TradeFlags};
use alphatrader_model::{InstrumentId, Quote, Timestamp, Trade};

use super::{Out, Session, tell};
use crate::desk::Desk;
use crate::wire::message::market_data::{
    HistoricalTick, HistoricalTickBidAsk, HistoricalTickLast, TickAttribBidAsk, TickAttribLast,
    TickByTickData, TickByTickRequest,
};
use crate::wire::{Reply, notice};

/// What a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Last,
    AllLast,
    BidAsk,
    MidPoint,
}

/// One tick-by-tick stream.
#[derive(Debug)]
pub struct TickStream {
    instrument: InstrumentId,
    kind: Kind,
    ignore_size: bool,
    told: (Option<Level>, Option<Level>),
}

impl Session {
    pub(super) fn subscribe_ticks(
        &mut self,
        asked: &TickByTickRequest,
        left: usize,
        desk: &Desk,
        out: &mut Out,
    ) {
        let id = asked.req_id.unwrap_or(notice::SESSION);
        let refuse = |code, text: &str| tell::error(id, code, text, desk.now());
        if self.ticks.contains_key(&id) {
            out.push(refuse(notice::DUPLICATE_TICKER_ID, "Duplicate ticker id"));
            return;
        }
        // The names are case-sensitive at the broker.
        let kind = match asked.tick_type.as_deref().unwrap_or_default() {
            "Last" => Kind::Last,
            "AllLast" => Kind::AllLast,
            "BidAsk" => Kind::BidAsk,
            "MidPoint" => Kind::MidPoint,
            other => {
                let text = format!(
                    "Error validating request:-'{other}' is no tick-by-tick type: Last, AllLast, BidAsk or MidPoint"
                );
                out.push(refuse(notice::INVALID_REQUEST, &text));
                return;
            }
        };
        let listing = match desk.feed().catalogue.find_one(&asked.contract.clone().unwrap_or_default()) {
            Ok(listing) => listing,
            Err(unnamed) => {
                out.push(refuse(notice::NO_SECURITY_DEFINITION, unnamed.text()));
                return;
            }
        };
        if listing.instrument.contract.option().is_some() {
            let text = "Failed to request tick-by-tick data:Tick-by-tick data are not available for options";
            out.push(refuse(notice::NOT_AVAILABLE_TICK_BY_TICK, text));
            return;
        }
        if left == 0 {
            out.push(refuse(
                notice::TOO_MANY_TICK_STREAMS,
                "Max number of tick-by-tick requests has been reached.",
            ));
            return;
        }
        let instrument = listing.instrument.id;
        let ignore_size = asked.ignore_size == Some(true);
        self.ticks.insert(id, TickStream { instrument, kind, ignore_size, told: (None, None) });
    }
}

impl TickStream {
    /// What it is about.
    pub fn instrument(&self) -> InstrumentId {
        self.instrument
    }

    /// A print.
    pub fn on_trade(&mut self, id: i32, trade: &Trade, at: Timestamp, out: &mut Out) {
        let number = match self.kind {
            Kind::Last if trade.flags.contains(TradeFlags::NOT_LAST) => return,
            Kind::Last => 1,
            Kind::AllLast => 2,
            Kind::BidAsk | Kind::MidPoint => return,
        };
        if trade.instrument != self.instrument {
            return;
        }
        let unreported = trade.flags.contains(TradeFlags::NOT_LAST);
        let last = HistoricalTickLast {
            time: Some(at.seconds()),
            tick_attrib_last: Some(TickAttribLast { past_limit: Some(false), unreported: Some(unreported) }),
            price: Some(trade.price.to_f64()),
            size: tell::size(trade.size),
            exchange: Some(trade.venue.map_or_else(String::new, |venue| venue.to_string())),
            special_conditions: Some(conditions(trade.flags)),
        };
        out.push(reply(TickByTickData {
            req_id: Some(id),
            tick_type: Some(number),
            historical_tick_last: Some(last),
            ..TickByTickData::default()
        }));
    }

    /// A quote.
    pub fn on_quote(&mut self, id: i32, quote: &Quote, at: Timestamp, out: &mut Out) {
        if quote.instrument != self.instrument {
            return;
        }
        match self.kind {
            Kind::Last | Kind::AllLast => {}
            Kind::BidAsk => self.tell_bid_ask(id, quote, at, out),
            Kind::MidPoint => self.tell_mid_point(id, quote, at, out),
        }
    }

    fn tell_bid_ask(&mut self, id: i32, quote: &Quote, at: Timestamp, out: &mut Out) {
        let prices =
            |(bid, ask): (Option<Level>, Option<Level>)| (bid.map(|l| l.price), ask.map(|l| l.price));
        let now = (quote.bid, quote.ask);
        let same = if self.ignore_size { prices(self.told) == prices(now) } else { self.told == now };
        if same {
            return;
        }
        self.told = now;
        let price = |level: Option<Level>| Some(level.map_or(0.0, |level| level.price.to_f64()));
        let size =
            |level: Option<Level>| Some(level.map_or_else(|| "0".to_owned(), |level| level.size.to_string()));
        let quote = HistoricalTickBidAsk {
            time: Some(at.seconds()),
            tick_attrib_bid_ask: Some(TickAttribBidAsk {
                bid_past_low: Some(false),
                ask_past_high: Some(false),
            }),
            price_bid: price(quote.bid),
            price_ask: price(quote.ask),
            size_bid: size(quote.bid),
            size_ask: size(quote.ask),
        };
        out.push(reply(TickByTickData {
            req_id: Some(id),
            tick_type: Some(3),
            historical_tick_bid_ask: Some(quote),
            ..TickByTickData::default()
        }));
    }

    fn tell_mid_point(&mut self, id: i32, quote: &Quote, at: Timestamp, out: &mut Out) {
        let (Some(bid), Some(ask)) = (quote.bid, quote.ask) else { return };
        let told = (self.told.0.map(|l| l.price), self.told.1.map(|l| l.price));
        if told == (Some(bid.price), Some(ask.price)) {
            return;
        }
        self.told = (quote.bid, quote.ask);
        let middle = HistoricalTick {
            time: Some(at.seconds()),
            price: Some(f64::midpoint(bid.price.to_f64(), ask.price.to_f64())),
            size: Some("0".to_owned()),
        };
        out.push(reply(TickByTickData {
            req_id: Some(id),
            tick_type: Some(4),
            historical_tick_mid_point: Some(middle),
            ..TickByTickData::default()
        }));
    }
}

fn reply(data: TickByTickData) -> Reply {
    Reply::TickByTick(Box::new(data))
}

/// Sale conditions in the consolidated tape's letters.
pub(super) fn conditions(flags: TradeFlags) -> String {
    let letters = [(TradeFlags::SWEEP, "F"), (TradeFlags::ODD_LOT, "I"), (TradeFlags::OUT_OF_SEQUENCE, "Z")];
    letters
        .iter()
        .filter(|(flag, _)| flags.contains(*flag))
        .map(|(_, letter)| *letter)
        .collect::<Vec<_>>()
        .join(" ")
}
