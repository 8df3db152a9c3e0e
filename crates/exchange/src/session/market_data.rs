//! Sampled ticks: what has changed since the last sample, at the broker's rates.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `generic` | what a client asks for beside quote and last trade |
//! | `number` | the broker's numbers of ticks |
//! | `teller` | ticks of one request |

mod generic;
mod number;
mod teller;

use alphatrader_model::market::Level;
use alphatrader_model::{Contract, InstrumentId, Price, Quantity, Side, Span, Timestamp};

use super::refusal::{Refusal, named};
use super::{Out, Session};
use crate::desk::Desk;
use crate::feed::catalogue::Listing;
use crate::feed::details::{BBO_EXCHANGE, letter};
use crate::feed::option::{compute, terms_of};
use crate::feed::ticker::Ticker;
use crate::wire::message::market_data::{MarketDataRequest, MarketDataType, TickReqParams, TickSnapshotEnd};
use crate::wire::{Reply, notice};
use generic::{Generic, GenericTold, rt_volume};
use teller::Teller;

/// Stocks are sampled this often.
const STOCK_INTERVAL: Span = Span::from_millis(250);

/// Options are sampled this often.
const OPTION_INTERVAL: Span = Span::from_millis(100);

/// Without a new quote the computation of an option is told again after this long: time and the
/// underlying move it.
const COMPUTATION_AGE: Span = Span::SECOND;

/// One market data line.
#[derive(Debug)]
pub struct MarketStream {
    instrument: InstrumentId,
    generic: Generic,
    interval: Span,
    due: Timestamp,
    /// The close of the day before, where the market did not say it.
    close: Option<Price>,
    told: Told,
}

/// What the client knows.
#[derive(Debug, Default, PartialEq)]
struct Told {
    begun: bool,
    halted: Option<bool>,
    bid: Option<Level>,
    ask: Option<Level>,
    last: Option<(Price, Quantity, Timestamp)>,
    trades: u64,
    volume: u64,
    range: Option<crate::feed::ticker::DayRange>,
    close: Option<Price>,
    /// Letters of the exchanges of bid, offer and last print.
    exchanges: [Option<&'static str>; 3],
    computed: Option<Timestamp>,
    generic: GenericTold,
}

impl Session {
    pub(super) fn subscribe_market(
        &mut self,
        asked: &MarketDataRequest,
        left: usize,
        desk: &Desk,
        out: &mut Out,
    ) {
        let id = asked.req_id.unwrap_or(notice::SESSION);
        if let Err(refusal) = self.begin_market(id, asked, left, desk, out) {
            out.push(refusal.told(id, desk));
        }
    }

    fn begin_market(
        &mut self,
        id: i32,
        asked: &MarketDataRequest,
        left: usize,
        desk: &Desk,
        out: &mut Out,
    ) -> Result<(), Refusal> {
        if self.market.contains_key(&id) || self.bulletins.has_tape(id) {
            return Err(Refusal::new(notice::DUPLICATE_TICKER_ID, "Duplicate ticker id"));
        }
        let contract = asked.contract.as_ref();
        if contract.is_some_and(|contract| contract.sec_type.as_deref() == Some("NEWS")) {
            return self.bulletins.begin_tape(id, asked, desk, out);
        }
        let listing = named(contract, desk)?;
        let list = asked.generic_tick_list.as_deref().unwrap_or_default();
        let generic = generic::read(list).map_err(|wrong| {
            let text = format!("Error validating request:-'Incorrect generic tick list of {wrong}'");
            Refusal::new(notice::INVALID_REQUEST, text)
        })?;
        let snapshot = asked.snapshot == Some(true) || asked.regulatory_snapshot == Some(true);
        if snapshot && !generic.codes.is_empty() {
            let text = "Error validating request:-'Snapshot market data subscription is not applicable to generic ticks'";
            return Err(Refusal::new(notice::INVALID_REQUEST, text));
        }
        if left == 0 && !snapshot {
            return Err(Refusal::new(notice::TOO_MANY_LINES, "Max number of tickers has been reached"));
        }
        self.begin_stream(id, listing, desk, out);
        let option = listing.instrument.contract.option().is_some();
        let close = desk.history().previous_close(listing).and_then(|close| Price::from_f64(close).ok());
        let mut stream = MarketStream {
            instrument: listing.instrument.id,
            generic,
            interval: if option { OPTION_INTERVAL } else { STOCK_INTERVAL },
            due: desk.now(),
            close,
            told: Told::default(),
        };
        stream.tell(id, desk.now(), desk, out);
        if snapshot {
            out.push(Reply::TickSnapshotEnd(TickSnapshotEnd { req_id: Some(id) }));
        } else {
            self.market.insert(id, stream);
        }
        Ok(())
    }

    fn begin_stream(&self, id: i32, listing: &Listing, desk: &Desk, out: &mut Out) {
        out.push(Reply::TickReqParams(TickReqParams {
            req_id: Some(id),
            min_tick: Some(listing.instrument.tick.to_string()),
            bbo_exchange: Some(BBO_EXCHANGE.to_owned()),
            snapshot_permissions: Some(3),
            last_price_precision: None,
            last_size_precision: None,
        }));
        // Live data are there, so who asked for delayed ones gets live ones, as at the broker; frozen
        // ones are told while there is no session.
        let live = desk.session().is_some_and(|session| session.contains(desk.now()));
        let kind = if matches!(self.market_data_type, 2 | 4) && !live { 2 } else { 1 };
        out.push(Reply::MarketDataType(MarketDataType { req_id: Some(id), market_data_type: Some(kind) }));
    }
}

impl MarketStream {
    /// What it is about.
    pub fn instrument(&self) -> InstrumentId {
        self.instrument
    }

    /// Everything is told anew with the next sample.
    pub fn forget_told(&mut self) {
        self.told = Told::default();
    }

    /// Whether its next sample is due.
    pub fn is_due(&self, now: Timestamp) -> bool {
        now >= self.due
    }

    /// Tells what changed since the last sample.
    pub fn tell(&mut self, id: i32, now: Timestamp, desk: &Desk, out: &mut Out) {
        self.due = now + self.interval;
        let Some(listing) = desk.feed().catalogue.get(self.instrument) else { return };
        let Some(ticker) = desk.feed().ticker(self.instrument) else { return };
        let mut teller = Teller { id, out };
        let quote_moved = self.told.bid != ticker.bid || self.told.ask != ticker.ask;
        if !self.generic.off {
            self.tell_quote(ticker, &mut teller);
            self.tell_last(ticker, &mut teller);
            self.tell_day(ticker, is_halted(listing, desk), &mut teller);
            if listing.instrument.contract.option().is_some() {
                self.tell_computations(listing, ticker, quote_moved, now, desk, &mut teller);
            } else {
                self.tell_exchanges(ticker, &mut teller);
            }
        }
        self.tell_generic(listing, ticker, now, desk, &mut teller);
        self.told.begun = true;
    }

    fn tell_quote(&mut self, ticker: &Ticker, teller: &mut Teller<'_>) {
        let sides = [
            (&mut self.told.bid, ticker.bid, number::BID, number::BID_SIZE),
            (&mut self.told.ask, ticker.ask, number::ASK, number::ASK_SIZE),
        ];
        for (told, now, price, size) in sides {
            if *told == now && self.told.begun {
                continue;
            }
            if let Some(level) = now {
                if told.is_none_or(|told| told.price != level.price) {
                    teller.price(price, level.price, Some(level.size));
                }
                teller.size(size, level.size);
            } else {
                // No quote on this side: the broker says -1 with size 0.
                teller.raw_price(price, -1.0, Some(Quantity::ZERO));
                teller.size(size, Quantity::ZERO);
            }
            *told = now;
        }
    }

    fn tell_last(&mut self, ticker: &Ticker, teller: &mut Teller<'_>) {
        let Some(last) = ticker.last else { return };
        let now = (last.price, last.size, last.time);
        if self.told.last != Some(now) || self.told.trades != ticker.trades {
            teller.price(number::LAST, last.price, Some(last.size));
            teller.size(number::LAST_SIZE, last.size);
            teller.text(number::LAST_TIME, last.time.seconds().to_string());
            for (code, tick) in [(233, number::RT_VOLUME), (375, number::RT_TRADE_VOLUME)] {
                if self.generic.wants(&[code]) {
                    teller.text(tick, rt_volume(ticker, &last));
                }
            }
            if self.generic.wants(&[293]) {
                teller.generic(number::TRADE_COUNT, ticker.trades as f64);
            }
            self.told.last = Some(now);
            self.told.trades = ticker.trades;
        }
    }

    fn tell_day(&mut self, ticker: &Ticker, halted: bool, teller: &mut Teller<'_>) {
        if self.told.halted != Some(halted) {
            self.told.halted = Some(halted);
            teller.generic(number::HALTED, if halted { 1.0 } else { 0.0 });
        }
        if self.told.volume != ticker.volume {
            teller.size(number::VOLUME, Quantity::new(ticker.volume));
            self.told.volume = ticker.volume;
        }
        if self.told.range != ticker.range
            && let Some(now) = ticker.range
        {
            let before = self.told.range;
            let prices = [
                (number::HIGH, now.high, before.map(|b| b.high)),
                (number::LOW, now.low, before.map(|b| b.low)),
                (number::OPEN, now.open, before.map(|b| b.open)),
            ];
            for (tick, price, told) in prices {
                if told != Some(price) {
                    teller.price(tick, price, None);
                }
            }
            self.told.range = ticker.range;
        }
        let close = ticker.close.or(self.close);
        if self.told.close != close
            && let Some(close) = close
        {
            teller.price(number::CLOSE, close, None);
            self.told.close = Some(close);
        }
    }

    /// Letters of the exchanges that show bid and offer and printed last, where the market names them.
    fn tell_exchanges(&mut self, ticker: &Ticker, teller: &mut Teller<'_>) {
        let best = |side| ticker.rows.side(side).first().and_then(|row| letter(row.venue?.as_str()));
        let last = ticker.last.and_then(|last| letter(last.venue?.as_str()));
        let ticks = [number::BID_EXCHANGE, number::ASK_EXCHANGE, number::LAST_EXCHANGE];
        let now = [best(Side::Buy), best(Side::Sell), last];
        for ((tick, now), told) in ticks.into_iter().zip(now).zip(&mut self.told.exchanges) {
            if let Some(letter) = now.filter(|_| *told != now) {
                teller.text(tick, letter.to_owned());
                *told = now;
            }
        }
    }

    fn tell_computations(
        &mut self,
        listing: &Listing,
        ticker: &Ticker,
        quote_moved: bool,
        now: Timestamp,
        desk: &Desk,
        teller: &mut Teller<'_>,
    ) {
        let fresh = self.told.computed.is_some_and(|at| now.since(at) < COMPUTATION_AGE);
        if fresh && !quote_moved {
            return;
        }
        let stock = desk.feed().catalogue.by_contract(&Contract::Stock(listing.instrument.underlying));
        let spot = stock
            .and_then(|stock| desk.feed().ticker(stock.instrument.id))
            .and_then(|t| Some(t.mark()?.to_f64()));
        let Some(terms) = spot.and_then(|spot| terms_of(&listing.instrument, spot, now, desk.config().rates))
        else {
            return;
        };
        let prices = [
            (number::BID_COMPUTATION, ticker.bid.map(|level| level.price.to_f64())),
            (number::ASK_COMPUTATION, ticker.ask.map(|level| level.price.to_f64())),
            (number::LAST_COMPUTATION, ticker.last.map(|last| last.price.to_f64())),
            (number::MODEL_COMPUTATION, ticker.mid()),
        ];
        for (tick, price) in prices {
            let Some(price) = price else { continue };
            teller.computation(tick, price, compute(&terms, price).as_ref(), terms.spot);
        }
        self.told.computed = Some(now);
    }
}

/// Whether trading in a stock, or in the stock that an option is on, is halted.
fn is_halted(listing: &Listing, desk: &Desk) -> bool {
    let stock = desk.feed().catalogue.by_contract(&Contract::Stock(listing.instrument.underlying));
    stock.is_some_and(|stock| desk.feed().halted.contains(&stock.instrument.id))
}
