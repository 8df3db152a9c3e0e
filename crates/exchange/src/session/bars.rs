//! 5-second bars.

use alphatrader_model::market::TradeFlags;
use alphatrader_model::{InstrumentId, Price, Quote, Span, Timestamp, Trade};

use super::{Out, Session, tell};
use crate::desk::Desk;
use crate::wire::message::market_data::{RealTimeBarTick, RealTimeBarsRequest};
use crate::wire::{Reply, notice};

/// Length of a bar.
const BAR: Span = Span::from_seconds(5);

/// What a bar is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Trades,
    Bid,
    Ask,
    MidPoint,
}

/// Prices in dollars, for a midpoint may lie between two price units.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bar {
    open: f64,
    high: f64,
    low: f64,
    close: f64,
    volume: u64,
    notional: f64,
    count: i32,
}

/// One stream of bars.
#[derive(Debug)]
pub struct BarStream {
    instrument: InstrumentId,
    source: Source,
    begin: Timestamp,
    bar: Option<Bar>,
    last: Option<f64>,
}

impl Session {
    pub(super) fn subscribe_bars(
        &mut self,
        asked: &RealTimeBarsRequest,
        left: usize,
        desk: &Desk,
        out: &mut Out,
    ) {
        let id = asked.req_id.unwrap_or(notice::SESSION);
        let refuse = |code, text: &str| tell::error(id, code, text, desk.now());
        if self.bars.contains_key(&id) {
            out.push(refuse(notice::DUPLICATE_TICKER_ID, "Duplicate ticker id"));
            return;
        }
        if left == 0 {
            out.push(refuse(notice::REQUEST_FAILED, "Max number of real-time bar requests has been reached"));
            return;
        }
        let source = match asked.what_to_show.as_deref().unwrap_or("TRADES") {
            "TRADES" | "" => Source::Trades,
            "BID" => Source::Bid,
            "ASK" => Source::Ask,
            "MIDPOINT" => Source::MidPoint,
            other => {
                let text = format!("Error validating request:-'{other}' is not TRADES, BID, ASK or MIDPOINT");
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
        let ticker = desk.feed().ticker(listing.instrument.id);
        let last = ticker.and_then(|ticker| match source {
            Source::Trades => ticker.last.map(|last| last.price.to_f64()),
            Source::Bid => ticker.bid.map(|level| level.price.to_f64()),
            Source::Ask => ticker.ask.map(|level| level.price.to_f64()),
            Source::MidPoint => ticker.mid(),
        });
        // The bar that is under way now is not whole: the first told is the one after it.
        let begin = desk.now().floor_to(BAR) + BAR;
        let instrument = listing.instrument.id;
        self.bars.insert(id, BarStream { instrument, source, begin, bar: None, last });
    }
}

impl BarStream {
    /// What it is about.
    pub fn instrument(&self) -> InstrumentId {
        self.instrument
    }

    /// A print.
    pub fn on_trade(&mut self, trade: &Trade) {
        let counts = !trade.flags.contains(TradeFlags::NOT_LAST);
        if self.source == Source::Trades && trade.instrument == self.instrument && counts {
            self.add(trade.price.to_f64(), trade.size.get());
        }
    }

    /// A quote.
    pub fn on_quote(&mut self, quote: &Quote) {
        if quote.instrument != self.instrument {
            return;
        }
        let price =
            |level: Option<alphatrader_model::market::Level>| level.map(|level| Price::to_f64(level.price));
        let value = match self.source {
            Source::Trades => None,
            Source::Bid => price(quote.bid),
            Source::Ask => price(quote.ask),
            Source::MidPoint => {
                price(quote.bid).zip(price(quote.ask)).map(|(bid, ask)| f64::midpoint(bid, ask))
            }
        };
        if let Some(value) = value {
            self.add(value, 0);
        }
    }

    fn add(&mut self, price: f64, size: u64) {
        self.last = Some(price);
        let new =
            Bar { open: price, high: price, low: price, close: price, volume: 0, notional: 0.0, count: 0 };
        let bar = self.bar.get_or_insert(new);
        bar.high = bar.high.max(price);
        bar.low = bar.low.min(price);
        bar.close = price;
        bar.volume += size;
        bar.notional += price * size as f64;
        bar.count += i32::from(size > 0);
    }

    /// Tells the bar that ended, flat at the last price when nothing happened in it.
    pub fn on_time(&mut self, id: i32, now: Timestamp, desk: &Desk, out: &mut Out) {
        if now < self.begin {
            // What came before the first whole bar is only the price it starts from.
            self.bar = None;
            return;
        }
        if now < self.begin + BAR {
            return;
        }
        let begin = self.begin;
        self.begin = now.floor_to(BAR);
        let open = desk.session().is_some_and(|session| session.contains(begin));
        let flat = |price| Bar {
            open: price,
            high: price,
            low: price,
            close: price,
            volume: 0,
            notional: 0.0,
            count: 0,
        };
        let Some(bar) = self.bar.take().or(self.last.map(flat)).filter(|_| open) else { return };
        let traded = self.source == Source::Trades;
        let wap = if bar.volume > 0 { bar.notional / bar.volume as f64 } else { bar.close };
        out.push(Reply::RealTimeBar(RealTimeBarTick {
            req_id: Some(id),
            time: Some(begin.seconds()),
            open: Some(bar.open),
            high: Some(bar.high),
            low: Some(bar.low),
            close: Some(bar.close),
            volume: Some(if traded { bar.volume.to_string() } else { "-1".to_owned() }),
            wap: Some(if traded { format!("{wap:.6}") } else { "-1".to_owned() }),
            count: Some(if traded { bar.count } else { -1 }),
        }));
    }
}
