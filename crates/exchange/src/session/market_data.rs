//! Sampled ticks: what has changed since the last sample, at the broker's rates.

use alphatrader_model::market::Level;
use alphatrader_model::{Contract, InstrumentId, Price, Quantity, Right, Span, Timestamp};

use super::{Out, Session, tell};
use crate::desk::Desk;
use crate::feed::catalogue::Listing;
use crate::feed::details::BBO_EXCHANGE;
use crate::feed::option::{Computation, compute, terms_of};
use crate::feed::ticker::Ticker;
use crate::wire::message::market_data::{
    MarketDataRequest, MarketDataType, TickGeneric, TickOptionComputation, TickPrice, TickReqParams,
    TickSize, TickSnapshotEnd, TickString,
};
use crate::wire::{Reply, notice};

/// Stocks are sampled this often.
const STOCK_INTERVAL: Span = Span::from_millis(250);

/// Options are sampled this often.
const OPTION_INTERVAL: Span = Span::from_millis(100);

/// Without a new quote the computation of an option is told again after this long: time and the
/// underlying move it.
const COMPUTATION_AGE: Span = Span::SECOND;

/// Numbers of ticks, as the broker numbers them.
mod number {
    pub(super) const BID_SIZE: i32 = 0;
    pub(super) const BID: i32 = 1;
    pub(super) const ASK: i32 = 2;
    pub(super) const ASK_SIZE: i32 = 3;
    pub(super) const LAST: i32 = 4;
    pub(super) const LAST_SIZE: i32 = 5;
    pub(super) const HIGH: i32 = 6;
    pub(super) const LOW: i32 = 7;
    pub(super) const VOLUME: i32 = 8;
    pub(super) const CLOSE: i32 = 9;
    pub(super) const BID_COMPUTATION: i32 = 10;
    pub(super) const ASK_COMPUTATION: i32 = 11;
    pub(super) const LAST_COMPUTATION: i32 = 12;
    pub(super) const MODEL_COMPUTATION: i32 = 13;
    pub(super) const OPEN: i32 = 14;
    pub(super) const CALL_OPEN_INTEREST: i32 = 27;
    pub(super) const PUT_OPEN_INTEREST: i32 = 28;
    pub(super) const CALL_VOLUME: i32 = 29;
    pub(super) const PUT_VOLUME: i32 = 30;
    pub(super) const MARK: i32 = 37;
    pub(super) const LAST_TIME: i32 = 45;
    pub(super) const RT_VOLUME: i32 = 48;
    pub(super) const HALTED: i32 = 49;
    pub(super) const TRADE_COUNT: i32 = 54;
    pub(super) const RT_TRADE_VOLUME: i32 = 77;
}

/// Generic ticks that a client may ask for; those the gateway has no data for are taken and stay silent.
const GENERIC_KNOWN: &[i32] = &[
    100, 101, 104, 105, 106, 162, 165, 220, 221, 225, 232, 233, 236, 256, 258, 292, 293, 294, 295, 318, 375,
    411, 456, 460, 576, 577, 578, 586, 587, 588, 595, 614, 619, 623,
];

/// Most generic ticks in one request.
const MAX_GENERIC: usize = 64;

/// One market data line.
#[derive(Debug)]
pub struct MarketStream {
    instrument: InstrumentId,
    generic: Vec<i32>,
    interval: Span,
    due: Timestamp,
    told: Told,
}

/// What the client knows.
#[derive(Debug, Default, PartialEq)]
struct Told {
    begun: bool,
    bid: Option<Level>,
    ask: Option<Level>,
    last: Option<(Price, Quantity, Timestamp)>,
    trades: u64,
    volume: u64,
    range: Option<crate::feed::ticker::DayRange>,
    close: Option<Price>,
    mark: Option<Price>,
    /// Call and put open interest, call and put volume.
    sums: [Option<u64>; 4],
    computed: Option<Timestamp>,
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
        let refuse = |code, text: &str| tell::error(id, code, text, desk.now());
        if self.market.contains_key(&id) {
            out.push(refuse(notice::DUPLICATE_TICKER_ID, "Duplicate ticker id"));
            return;
        }
        let contract = asked.contract.clone().unwrap_or_default();
        let listing = match desk.feed().catalogue.find_one(&contract) {
            Ok(listing) => listing,
            Err(unnamed) => {
                out.push(refuse(notice::NO_SECURITY_DEFINITION, unnamed.text()));
                return;
            }
        };
        let generic = match read_generic(asked.generic_tick_list.as_deref().unwrap_or_default()) {
            Ok(generic) => generic,
            Err(wrong) => {
                let text = format!("Error validating request:-'Incorrect generic tick list of {wrong}'");
                out.push(refuse(notice::INVALID_REQUEST, &text));
                return;
            }
        };
        let snapshot = asked.snapshot == Some(true) || asked.regulatory_snapshot == Some(true);
        if left == 0 && !snapshot {
            out.push(refuse(notice::TOO_MANY_LINES, "Max number of tickers has been reached"));
            return;
        }
        self.begin_stream(id, listing, out);
        let option = listing.instrument.contract.option().is_some();
        let mut stream = MarketStream {
            instrument: listing.instrument.id,
            generic,
            interval: if option { OPTION_INTERVAL } else { STOCK_INTERVAL },
            due: desk.now(),
            told: Told::default(),
        };
        stream.tell(id, desk.now(), desk, out);
        if snapshot {
            out.push(Reply::TickSnapshotEnd(TickSnapshotEnd { req_id: Some(id) }));
        } else {
            self.market.insert(id, stream);
        }
    }

    fn begin_stream(&self, id: i32, listing: &Listing, out: &mut Out) {
        out.push(Reply::TickReqParams(TickReqParams {
            req_id: Some(id),
            min_tick: Some(listing.instrument.tick.to_string()),
            bbo_exchange: Some(BBO_EXCHANGE.to_owned()),
            snapshot_permissions: Some(3),
            last_price_precision: None,
            last_size_precision: None,
        }));
        // Live data are there, so who asked for delayed ones gets live ones, as at the broker.
        let kind = if matches!(self.market_data_type, 2 | 4) { 2 } else { 1 };
        out.push(Reply::MarketDataType(MarketDataType { req_id: Some(id), market_data_type: Some(kind) }));
    }
}

/// Reads `100,101,233`; a colon begins options of a generic tick, which are ignored.
fn read_generic(list: &str) -> Result<Vec<i32>, String> {
    let mut generic = Vec::new();
    for part in list.split(',').map(str::trim).filter(|part| !part.is_empty()).take(MAX_GENERIC) {
        let number = part.split(':').next().unwrap_or_default();
        if number == "mdoff" {
            continue;
        }
        let number: i32 = number.parse().map_err(|_| part.to_owned())?;
        if !GENERIC_KNOWN.contains(&number) {
            return Err(part.to_owned());
        }
        generic.push(number);
    }
    Ok(generic)
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
        self.tell_quote(ticker, &mut teller);
        self.tell_last(ticker, &mut teller);
        self.tell_day(ticker, &mut teller);
        self.tell_generic(listing, ticker, desk, &mut teller);
        if listing.instrument.contract.option().is_some() {
            self.tell_computations(listing, ticker, quote_moved, now, desk, &mut teller);
        }
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
                if self.generic.contains(&code) {
                    teller.text(tick, rt_volume(ticker, &last));
                }
            }
            if self.generic.contains(&293) {
                teller.generic(number::TRADE_COUNT, ticker.trades as f64);
            }
            self.told.last = Some(now);
            self.told.trades = ticker.trades;
        }
    }

    fn tell_day(&mut self, ticker: &Ticker, teller: &mut Teller<'_>) {
        if !self.told.begun {
            teller.generic(number::HALTED, 0.0);
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
        if self.told.close != ticker.close
            && let Some(close) = ticker.close
        {
            teller.price(number::CLOSE, close, None);
            self.told.close = ticker.close;
        }
    }

    fn tell_generic(&mut self, listing: &Listing, ticker: &Ticker, desk: &Desk, teller: &mut Teller<'_>) {
        if self.generic.iter().any(|code| matches!(code, 221 | 232))
            && ticker.mark() != self.told.mark
            && let Some(mark) = ticker.mark()
        {
            teller.price(number::MARK, mark, None);
            self.told.mark = Some(mark);
        }
        if !self.generic.iter().any(|code| matches!(code, 100 | 101)) {
            return;
        }
        let wanted = [
            (101, number::CALL_OPEN_INTEREST),
            (101, number::PUT_OPEN_INTEREST),
            (100, number::CALL_VOLUME),
            (100, number::PUT_VOLUME),
        ];
        let sums = option_sums(listing, ticker, desk);
        for (((code, tick), now), told) in wanted.into_iter().zip(sums).zip(&mut self.told.sums) {
            if self.generic.contains(&code) && now != *told {
                if let Some(now) = now {
                    teller.size(tick, Quantity::new(now));
                }
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

/// `price;size;time in milliseconds;volume;vwap;one market maker`.
fn rt_volume(ticker: &Ticker, last: &crate::feed::ticker::Last) -> String {
    let vwap = ticker.vwap().unwrap_or(0.0);
    format!("{};{};{};{};{vwap:.8};true", last.price, last.size, last.time.millis(), ticker.volume)
}

/// Call and put open interest, call and put volume: an option's own, or the whole chain's of a stock.
fn option_sums(listing: &Listing, ticker: &Ticker, desk: &Desk) -> [Option<u64>; 4] {
    let mut sums = [None; 4];
    let mut add = |right: Right, ticker: &Ticker| {
        let side = usize::from(right == Right::Put);
        if let Some(open) = ticker.open_interest {
            *sums[side].get_or_insert(0) += u64::from(open);
        }
        *sums[2 + side].get_or_insert(0) += ticker.volume;
    };
    if let Contract::Option(option) = listing.instrument.contract {
        add(option.right, ticker);
        return sums;
    }
    for other in desk.feed().catalogue.iter() {
        if let Contract::Option(option) = other.instrument.contract
            && other.instrument.underlying == listing.instrument.underlying
            && let Some(ticker) = desk.feed().ticker(other.instrument.id)
        {
            add(option.right, ticker);
        }
    }
    sums
}

/// Writes ticks of one request.
struct Teller<'a> {
    id: i32,
    out: &'a mut Out,
}

impl Teller<'_> {
    fn price(&mut self, tick: i32, price: Price, size: Option<Quantity>) {
        self.raw_price(tick, price.to_f64(), size);
    }

    fn raw_price(&mut self, tick: i32, price: f64, size: Option<Quantity>) {
        self.out.push(Reply::TickPrice(TickPrice {
            req_id: Some(self.id),
            tick_type: Some(tick),
            price: Some(price),
            size: Some(size.unwrap_or(Quantity::ZERO).to_string()),
            attr_mask: Some(i32::from(size.is_some())),
        }));
    }

    fn size(&mut self, tick: i32, size: Quantity) {
        let size = Some(size.to_string());
        self.out.push(Reply::TickSize(TickSize { req_id: Some(self.id), tick_type: Some(tick), size }));
    }

    fn text(&mut self, tick: i32, value: String) {
        let value = Some(value);
        self.out.push(Reply::TickString(TickString { req_id: Some(self.id), tick_type: Some(tick), value }));
    }

    fn generic(&mut self, tick: i32, value: f64) {
        let value = Some(value);
        self.out.push(Reply::TickGeneric(TickGeneric {
            req_id: Some(self.id),
            tick_type: Some(tick),
            value,
        }));
    }

    /// What can't be computed is left out; the text dialect has its own words for it.
    fn computation(&mut self, tick: i32, price: f64, computed: Option<&Computation>, spot: f64) {
        self.out.push(Reply::TickOptionComputation(TickOptionComputation {
            req_id: Some(self.id),
            tick_type: Some(tick),
            tick_attrib: Some(1),
            implied_vol: computed.map(|c| c.volatility),
            delta: computed.map(|c| c.valuation.delta),
            opt_price: Some(price),
            pv_dividend: Some(0.0),
            gamma: computed.map(|c| c.valuation.gamma),
            // The broker tells vega per vol point and theta per day.
            vega: computed.map(|c| c.valuation.vega / 100.0),
            theta: computed.map(|c| c.valuation.theta / 365.0),
            und_price: Some(spot),
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generic_ticks_are_known_or_refused() {
        assert_eq!(read_generic("100, 101,233"), Ok(vec![100, 101, 233]));
        assert_eq!(read_generic(""), Ok(Vec::new()));
        assert_eq!(read_generic("mdoff,292:BRFG"), Ok(vec![292]));
        assert_eq!(read_generic("233,9"), Err("9".to_owned()));
        assert!(read_generic("x").is_err());
    }
}
