//! Strike by expiry as a matrix: small on the wire, nothing where no contract is.

use std::collections::{BTreeMap, BTreeSet};

use alphatrader_model::Price;
use alphatrader_model::exposure::{Cell, ChainExposure};
use jiff::civil::Date;

use super::measures::significant;
use super::options::around;
use crate::view::{Decimal, StrikeMapView};

/// Expiries of the map: the nearest.
const MOST_EXPIRIES: usize = 12;
/// Strikes of the map: those around spot.
const MOST_STRIKES: usize = 61;

/// The cells of the nearest expiries around spot.
pub(super) fn strike_map(chain: &ChainExposure) -> StrikeMapView {
    let expiries: BTreeSet<Date> = chain.cells.iter().map(|cell| cell.expiry).collect();
    let expiries: Vec<Date> = expiries.into_iter().take(MOST_EXPIRIES).collect();
    let within = |cell: &&Cell| expiries.binary_search(&cell.expiry).is_ok();
    let all: BTreeSet<Price> = chain.cells.iter().filter(within).map(|cell| cell.strike).collect();
    let all: Vec<Price> = all.into_iter().collect();
    let strikes = around(&all, |strike| *strike, chain.spot, MOST_STRIKES);
    let cells: BTreeMap<(Price, Date), &Cell> =
        chain.cells.iter().map(|cell| ((cell.strike, cell.expiry), cell)).collect();
    let matrix = |of: fn(&Cell) -> f64| -> Vec<Vec<Option<f64>>> {
        let value =
            |strike: Price, expiry: Date| cells.get(&(strike, expiry)).and_then(|cell| significant(of(cell)));
        strikes.iter().map(|s| expiries.iter().map(|e| value(*s, *e)).collect()).collect()
    };
    StrikeMapView {
        expiries: expiries.iter().map(Date::to_string).collect(),
        strikes: strikes.iter().map(|strike| Decimal::from(*strike)).collect(),
        gex: matrix(|cell| cell.gex),
        vol_gex: matrix(|cell| cell.vol_gex),
        dex: matrix(|cell| cell.dex),
    }
}
