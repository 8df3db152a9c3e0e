//! What an order asks of the exchange beyond its kind and its time in force.

use alphatrader_model::{Price, Quantity, Side, Timestamp};
use serde::{Deserialize, Serialize};

/// How far a trailing stop stays behind the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrailBy {
    /// By this much.
    Amount(Price),
    /// By this part of the price, in millionths.
    Millionths(u32),
}

/// A stop that follows the market while the market goes the order's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// How far behind.
    pub by: TrailBy,
    /// With a limit: how far beyond the stop the limit stays. Absent: the limit does not move.
    pub limit_offset: Option<Price>,
    /// Whether the trigger of the order's kind is its stop. Until then the stop is set by the first
    /// market that the order sees once it is armed.
    pub started: bool,
}

/// A cross in which orders are collected and filled at one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auction {
    /// The opening cross.
    Open,
    /// The closing cross.
    Close,
}

/// What an order asks beyond its kind; the default asks nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Handling {
    /// Its stop follows the market (kinds with a trigger).
    pub trail: Option<Trail>,
    /// It trades in this cross alone (kinds without a trigger).
    pub auction: Option<Auction>,
    /// Its trigger is an improvement: a buy triggers at or below it, a sell at or above (market or
    /// limit if touched).
    pub touched: bool,
    /// It fills whole or not at all, and waits for that.
    pub all_or_none: bool,
    /// It is not displayed: all that is displayed at its price stands before it.
    pub hidden: bool,
    /// It waits until then.
    pub good_after: Option<Timestamp>,
    /// It ends then, whatever its time in force.
    pub good_till: Option<Timestamp>,
    /// It may fill this much in all for now (see [`Exchange::pace`](super::Exchange::pace)).
    pub paced: Option<Quantity>,
}

impl Handling {
    /// Nothing.
    pub const NONE: Self = Self {
        trail: None,
        auction: None,
        touched: false,
        all_or_none: false,
        hidden: false,
        good_after: None,
        good_till: None,
        paced: None,
    };
}

impl Trail {
    /// Stop and limit behind a `market` price, on the grid that `tick` says for a price, never below
    /// one tick.
    pub(super) fn follow(
        &self,
        side: Side,
        market: Price,
        tick: impl Fn(Price) -> Price,
    ) -> (Price, Option<Price>) {
        let distance = match self.by {
            TrailBy::Amount(amount) => amount,
            TrailBy::Millionths(part) => {
                let raw = i128::from(market.raw()) * i128::from(part) / 1_000_000;
                Price::from_raw(i64::try_from(raw).unwrap_or(i64::MAX))
            }
        };
        let stop = behind(side, market, distance, &tick);
        (stop, self.limit_offset.map(|offset| behind(side, stop, offset, &tick)))
    }
}

/// `distance` below a price for a sell, above it for a buy, rounded away from it.
fn behind(side: Side, from: Price, distance: Price, tick: impl Fn(Price) -> Price) -> Price {
    let exact = match side {
        Side::Sell => Price::from_raw(from.raw().saturating_sub(distance.raw())),
        Side::Buy => Price::from_raw(from.raw().saturating_add(distance.raw())),
    };
    let tick = tick(exact);
    let rounded = if side == Side::Sell { exact.floor_to(tick) } else { exact.ceil_to(tick) };
    rounded.max(tick)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(trail: Trail, side: Side, raw: i64) -> (i64, Option<i64>) {
        let (stop, limit) = trail.follow(side, Price::from_raw(raw), |_| Price::CENT);
        (stop.raw(), limit.map(Price::raw))
    }

    #[test]
    fn a_stop_stays_its_distance_behind_on_the_grid() {
        let amount = Trail { by: TrailBy::Amount(Price::from_cents(50)), limit_offset: None, started: true };
        assert_eq!(follow(amount, Side::Sell, 1_000_000), (995_000, None));
        assert_eq!(follow(amount, Side::Buy, 1_000_000), (1_005_000, None));
        let percent = Trail {
            by: TrailBy::Millionths(15_000),
            limit_offset: Some(Price::from_cents(10)),
            started: true,
        };
        assert_eq!(follow(percent, Side::Sell, 1_001_100), (986_000, Some(985_000)));
        assert_eq!(follow(percent, Side::Buy, 1_001_100), (1_016_200, Some(1_017_200)));
        assert_eq!(follow(amount, Side::Sell, 2_000), (100, None), "never below a tick");
    }

    #[test]
    fn what_an_old_file_does_not_say_is_not_asked() {
        let old: Handling = serde_json::from_str("{}").unwrap();
        assert_eq!(old, Handling::default());
    }
}
