//! How the rows of a chain hang together: strikes of an expiry, expiries, strikes of the chain.

use core::ops::Range;

use alphatrader_model::instrument::{Right, Symbol};
use alphatrader_model::number::Price;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::rows::Rows;

/// No such row.
pub(crate) const NONE: u32 = u32::MAX;

/// One strike of one series: a call, a put, or both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Strike {
    pub(crate) price: Price,
    pub(crate) dollars: f64,
    pub(crate) ln: f64,
    /// Row of the call or [`NONE`].
    pub(crate) call: u32,
    /// Row of the put or [`NONE`].
    pub(crate) put: u32,
    /// Which of the chain's strikes.
    pub(crate) place: u32,
    pub(crate) series: u32,
}

/// The options of one root that settle together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Series {
    pub(crate) root: Symbol,
    pub(crate) rows: Range<usize>,
    /// Its [`Strike`]s.
    pub(crate) strikes: Range<usize>,
    /// Which of the chain's expiries.
    pub(crate) expiry: usize,
}

/// One expiry: the series with that last day, one after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Expiry {
    pub(crate) date: Date,
    pub(crate) rows: Range<usize>,
    pub(crate) series: Range<usize>,
}

/// The structure of a chain; made anew when a contract comes or goes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Index {
    pub(crate) strikes: Vec<Strike>,
    pub(crate) series: Vec<Series>,
    pub(crate) expiries: Vec<Expiry>,
    /// Strikes of the whole chain, ascending.
    pub(crate) prices: Vec<Price>,
    /// For each row its [`Strike`].
    pub(crate) strike_of: Vec<u32>,
}

impl Index {
    pub(crate) fn new(rows: &Rows) -> Self {
        let mut prices: Vec<Price> = rows.contract.iter().map(|contract| contract.strike).collect();
        prices.sort_unstable();
        prices.dedup();
        let mut index = Self { prices, ..Self::default() };
        for row in 0..rows.len() {
            index.push(rows, row);
        }
        index
    }

    fn push(&mut self, rows: &Rows, row: usize) {
        let contract = &rows.contract[row];
        if self.expiries.last().is_none_or(|expiry| expiry.date != contract.expiry) {
            let series = self.series.len()..self.series.len();
            self.expiries.push(Expiry { date: contract.expiry, rows: row..row, series });
        }
        let place = self.expiries.len() - 1;
        let expiry = &mut self.expiries[place];
        if expiry.series.is_empty() || self.series.last().is_none_or(|series| series.root != contract.root) {
            let strikes = self.strikes.len()..self.strikes.len();
            self.series.push(Series { root: contract.root, rows: row..row, strikes, expiry: place });
            expiry.series.end = self.series.len();
        }
        expiry.rows.end = row + 1;
        let number = self.series.len() - 1;
        let series = &mut self.series[number];
        series.rows.end = row + 1;
        let fresh = series.strikes.is_empty()
            || self.strikes.last().is_none_or(|strike| strike.price != contract.strike);
        if fresh {
            let dollars = contract.strike.to_f64();
            self.strikes.push(Strike {
                price: contract.strike,
                dollars,
                ln: libm::log(dollars),
                call: NONE,
                put: NONE,
                place: self.prices.binary_search(&contract.strike).unwrap_or_default() as u32,
                series: number as u32,
            });
            series.strikes.end = self.strikes.len();
        }
        let strike = self.strikes.len() - 1;
        match contract.right {
            Right::Call => self.strikes[strike].call = row as u32,
            Right::Put => self.strikes[strike].put = row as u32,
        }
        self.strike_of.push(strike as u32);
    }
}

impl Strike {
    /// The row of a right.
    pub(crate) fn row(&self, right: Right) -> Option<usize> {
        let row = match right {
            Right::Call => self.call,
            Right::Put => self.put,
        };
        (row != NONE).then_some(row as usize)
    }
}
