//! Contracts that trade more than is open.
//!
//! Volume over open interest above 2, at least 500 traded, 100 open, a middle of 10 cents, a quote that is not
//! stale. A strike with none open has no ratio: it is named with its volume alone. Options that settle today trade
//! more than is open by nature: they are marked. Where the volume traded is inferred from one chain to the next: by
//! the last price against that chain's bid and ask.

use core::cmp::Ordering;

use alphatrader_model::exposure::{TradedSide, Unusual};
use alphatrader_model::number::Price;
use alphatrader_model::time::Timestamp;
use jiff::civil::Date;

use super::rows::{Rows, Traded};
use super::value::Now;

/// Least volume, contracts.
const LEAST_VOLUME: u32 = 500;

/// Least open interest, contracts.
const LEAST_OPEN: u32 = 100;

/// Volume over open interest is above this.
const RATIO: f64 = 2.0;

/// Least middle of bid and ask, dollars.
const LEAST_MIDDLE: f64 = 0.10;

/// Most that are listed.
pub const MOST_UNUSUAL: usize = 256;

/// Looks at one row that has not expired; `today` is the exchange's date.
pub(crate) fn look(rows: &Rows, row: usize, now: &Now, today: Date, into: &mut Vec<Unusual>) {
    let (Some(volume), Some(open)) = (rows.volume[row], rows.open_interest[row]) else { return };
    let Some(shares) = rows.multiplier[row] else { return };
    let Some(middle) = rows.middle(row).filter(|middle| *middle >= LEAST_MIDDLE) else { return };
    if volume < LEAST_VOLUME || now.is_stale(rows, row) {
        return;
    }
    let ratio = match open {
        0 => None,
        LEAST_OPEN.. => Some(f64::from(volume) / f64::from(open)),
        _ => return,
    };
    if ratio.is_some_and(|ratio| ratio <= RATIO) {
        return;
    }
    let traded = rows.traded[row];
    let ask_share = traded.ask_share();
    into.push(Unusual {
        contract: rows.contract[row],
        ratio,
        new_strike: open == 0,
        volume,
        open_interest: open,
        premium_usd: f64::from(volume) * middle * f64::from(shares),
        ask_share,
        side: ask_share.map(|_| traded.side()),
        seen_at: traded.grew,
        zero_dte: rows.contract[row].expiry == today,
    });
}

/// The highest ratio first, then strikes with none open by volume; no more than [`MOST_UNUSUAL`].
pub(crate) fn sort(unusual: &mut Vec<Unusual>) {
    let order = |a: &Unusual, b: &Unusual| match (a.ratio, b.ratio) {
        (Some(a), Some(b)) => b.total_cmp(&a),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    };
    unusual
        .sort_unstable_by(|a, b| order(a, b).then(b.volume.cmp(&a.volume)).then(a.contract.cmp(&b.contract)));
    unusual.truncate(MOST_UNUSUAL);
}

impl Traded {
    /// `grown` contracts more were traded by `at`; the last of them at `last`.
    pub(crate) fn grow(
        &mut self,
        grown: u32,
        last: Option<Price>,
        bid: Option<Price>,
        ask: Option<Price>,
        at: Timestamp,
    ) {
        self.grew = Some(at);
        let (Some(last), Some(bid), Some(ask)) = (last, bid, ask) else { return };
        if bid > ask {
            return;
        }
        let (twice, whole) = (2 * i128::from(last.raw()), i128::from(bid.raw()) + i128::from(ask.raw()));
        let side = match twice.cmp(&whole) {
            Ordering::Greater => &mut self.at_ask,
            Ordering::Less => &mut self.at_bid,
            Ordering::Equal => &mut self.between,
        };
        *side = side.saturating_add(grown);
    }

    /// Share of the volume seen that traded nearer the ask.
    fn ask_share(self) -> Option<f64> {
        let seen = u64::from(self.at_ask) + u64::from(self.at_bid) + u64::from(self.between);
        (seen > 0).then(|| f64::from(self.at_ask) / seen as f64)
    }

    fn side(self) -> TradedSide {
        let (ask, bid, between) = (u64::from(self.at_ask), u64::from(self.at_bid), u64::from(self.between));
        if ask > bid + between {
            TradedSide::Ask
        } else if bid > ask + between {
            TradedSide::Bid
        } else {
            TradedSide::Mid
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Last, bid, ask in cents.
    fn grow(traded: &mut Traded, grown: u32, cents: [i64; 3], at: i64) {
        let [last, bid, ask] = cents.map(|cents| Some(Price::from_cents(cents)));
        traded.grow(grown, last, bid, ask, Timestamp::from_seconds(at));
    }

    #[test]
    fn volume_is_told_apart_by_the_last_price() {
        let mut traded = Traded::default();
        grow(&mut traded, 300, [104, 100, 104], 60);
        grow(&mut traded, 100, [101, 100, 104], 60);
        grow(&mut traded, 100, [102, 100, 104], 60);
        assert_eq!((traded.ask_share(), traded.side()), (Some(0.6), TradedSide::Ask));
        // A quote that crosses tells no side, only that something traded.
        grow(&mut traded, 900, [104, 104, 100], 70);
        assert_eq!((traded.ask_share(), traded.grew), (Some(0.6), Some(Timestamp::from_seconds(70))));
        assert_eq!(Traded::default().ask_share(), None);
    }
}
