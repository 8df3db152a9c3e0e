//! Writes ticks of one request.

use alphatrader_model::{Price, Quantity};

use crate::feed::option::Computation;
use crate::session::Out;
use crate::wire::Reply;
use crate::wire::message::market_data::{
    TickGeneric, TickOptionComputation, TickPrice, TickSize, TickString,
};

/// Writes ticks of one request.
pub(super) struct Teller<'a> {
    pub(super) id: i32,
    pub(super) out: &'a mut Out,
}

impl Teller<'_> {
    pub(super) fn price(&mut self, tick: i32, price: Price, size: Option<Quantity>) {
        self.raw_price(tick, price.to_f64(), size);
    }

    pub(super) fn raw_price(&mut self, tick: i32, price: f64, size: Option<Quantity>) {
        self.out.push(Reply::TickPrice(TickPrice {
            req_id: Some(self.id),
            tick_type: Some(tick),
            price: Some(price),
            size: Some(size.unwrap_or(Quantity::ZERO).to_string()),
            attr_mask: Some(i32::from(size.is_some())),
        }));
    }

    pub(super) fn size(&mut self, tick: i32, size: Quantity) {
        let size = Some(size.to_string());
        self.out.push(Reply::TickSize(TickSize { req_id: Some(self.id), tick_type: Some(tick), size }));
    }

    pub(super) fn text(&mut self, tick: i32, value: String) {
        let value = Some(value);
        self.out.push(Reply::TickString(TickString { req_id: Some(self.id), tick_type: Some(tick), value }));
    }

    pub(super) fn generic(&mut self, tick: i32, value: f64) {
        let value = Some(value);
        self.out.push(Reply::TickGeneric(TickGeneric {
            req_id: Some(self.id),
            tick_type: Some(tick),
            value,
        }));
    }

    /// What can't be computed is left out; the text dialect has its own words for it.
    pub(super) fn computation(&mut self, tick: i32, price: f64, computed: Option<&Computation>, spot: f64) {
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
