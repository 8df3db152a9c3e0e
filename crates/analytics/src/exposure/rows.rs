//! The columns of a chain: one entry for each contract.

use alphatrader_model::chain::{ChainEntry, Exercise, Provider};
use alphatrader_model::instrument::OptionContract;
use alphatrader_model::number::Price;
use alphatrader_model::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a row's volatility is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VolatilityFrom {
    /// Its own quote.
    Quote,
    /// The quote of the other side of its strike, which is out of the money.
    OtherSide,
    /// Its neighbours: neither side of its strike has a usable quote.
    Neighbours,
    /// Its source.
    Vendor,
}

/// Whether a row is in the sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowStatus {
    /// It is.
    Included,
    /// Settled already.
    Expired,
    /// Open interest unknown.
    MissingOi,
    /// Shares a contract delivers unknown.
    UnknownMultiplier,
    /// Nothing implies a volatility, or it was never valued.
    #[default]
    NoIv,
    /// Volatility outside (0, 5).
    IvOutOfRange,
}

/// What is doubtful about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RowFlags {
    /// The quote it rests on is too old, or the last chain of its source left it out.
    pub stale: bool,
    /// Its bid is above its ask.
    pub crossed: bool,
    /// Its volatility is its neighbours'.
    pub interpolated: bool,
    /// Less than a minute is left, and a minute was priced.
    pub clamped: bool,
    /// Two sources differ by more than the spread.
    pub disagrees: bool,
}

/// Price and eight sensitivities of a contract, a share; units as in [`crate::options`].
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct RowGreeks {
    /// Dollars.
    pub price: f64,
    /// Puts negative.
    pub delta: f64,
    /// A dollar.
    pub gamma: f64,
    /// Dollars for 1.00 of volatility.
    pub vega: f64,
    /// Dollars a year.
    pub theta: f64,
    /// Dollars for 1.00 of the rate.
    pub rho: f64,
    /// Delta for 1.00 of volatility.
    pub vanna: f64,
    /// Delta a year.
    pub charm: f64,
}

/// Where the volume of a session was seen to trade, from one chain to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Traded {
    pub(crate) at_ask: u32,
    pub(crate) at_bid: u32,
    pub(crate) between: u32,
    pub(crate) grew: Option<Timestamp>,
}

/// What a row is told, without what is computed from it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) contract: OptionContract,
    pub(crate) multiplier: Option<u32>,
    pub(crate) exercise: Exercise,
    pub(crate) settles: Timestamp,
    pub(crate) bid: Option<Price>,
    pub(crate) ask: Option<Price>,
    pub(crate) bid_size: Option<u32>,
    pub(crate) ask_size: Option<u32>,
    pub(crate) last: Option<Price>,
    pub(crate) volume: Option<u32>,
    /// Who told the volume: only one source's numbers are compared with each other.
    pub(crate) volume_from: Provider,
    pub(crate) open_interest: Option<u32>,
    pub(crate) vendor_iv: Option<f64>,
    pub(crate) vendor_delta: Option<f64>,
    pub(crate) vendor_gamma: Option<f64>,
    /// Whose quote it is.
    pub(crate) provider: Provider,
    pub(crate) quoted_at: Timestamp,
    pub(crate) traded: Traded,
    pub(crate) disagrees: bool,
    /// The last chain that told it, counted.
    pub(crate) round: u32,
    /// The last whole chain of its source left it out.
    pub(crate) left_out: bool,
}

/// The columns, sorted by expiry, root, strike and right.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Rows {
    pub(crate) contract: Vec<OptionContract>,
    pub(crate) multiplier: Vec<Option<u32>>,
    pub(crate) exercise: Vec<Exercise>,
    pub(crate) settles: Vec<Timestamp>,
    pub(crate) bid: Vec<Option<Price>>,
    pub(crate) ask: Vec<Option<Price>>,
    pub(crate) bid_size: Vec<Option<u32>>,
    pub(crate) ask_size: Vec<Option<u32>>,
    pub(crate) last: Vec<Option<Price>>,
    pub(crate) volume: Vec<Option<u32>>,
    pub(crate) volume_from: Vec<Provider>,
    pub(crate) open_interest: Vec<Option<u32>>,
    pub(crate) vendor_iv: Vec<Option<f64>>,
    pub(crate) vendor_delta: Vec<Option<f64>>,
    pub(crate) vendor_gamma: Vec<Option<f64>>,
    pub(crate) provider: Vec<Provider>,
    pub(crate) quoted_at: Vec<Timestamp>,
    pub(crate) traded: Vec<Traded>,
    pub(crate) disagrees: Vec<bool>,
    pub(crate) round: Vec<u32>,
    pub(crate) left_out: Vec<bool>,
    // Computed.
    pub(crate) status: Vec<RowStatus>,
    pub(crate) iv: Vec<Option<f64>>,
    pub(crate) iv_from: Vec<Option<VolatilityFrom>>,
    pub(crate) flags: Vec<RowFlags>,
    pub(crate) greeks: Vec<RowGreeks>,
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.contract.len()
    }

    pub(crate) fn told(&self, row: usize) -> Told {
        Told {
            contract: self.contract[row],
            multiplier: self.multiplier[row],
            exercise: self.exercise[row],
            settles: self.settles[row],
            bid: self.bid[row],
            ask: self.ask[row],
            bid_size: self.bid_size[row],
            ask_size: self.ask_size[row],
            last: self.last[row],
            volume: self.volume[row],
            volume_from: self.volume_from[row],
            open_interest: self.open_interest[row],
            vendor_iv: self.vendor_iv[row],
            vendor_delta: self.vendor_delta[row],
            vendor_gamma: self.vendor_gamma[row],
            provider: self.provider[row],
            quoted_at: self.quoted_at[row],
            traded: self.traded[row],
            disagrees: self.disagrees[row],
            round: self.round[row],
            left_out: self.left_out[row],
        }
    }

    pub(crate) fn set(&mut self, row: usize, told: &Told) {
        self.multiplier[row] = told.multiplier;
        self.exercise[row] = told.exercise;
        self.settles[row] = told.settles;
        self.bid[row] = told.bid;
        self.ask[row] = told.ask;
        self.bid_size[row] = told.bid_size;
        self.ask_size[row] = told.ask_size;
        self.last[row] = told.last;
        self.volume[row] = told.volume;
        self.volume_from[row] = told.volume_from;
        self.open_interest[row] = told.open_interest;
        self.vendor_iv[row] = told.vendor_iv;
        self.vendor_delta[row] = told.vendor_delta;
        self.vendor_gamma[row] = told.vendor_gamma;
        self.provider[row] = told.provider;
        self.quoted_at[row] = told.quoted_at;
        self.traded[row] = told.traded;
        self.disagrees[row] = told.disagrees;
        self.round[row] = told.round;
        self.left_out[row] = told.left_out;
    }

    pub(crate) fn push(&mut self, told: &Told) {
        self.contract.push(told.contract);
        self.multiplier.push(told.multiplier);
        self.exercise.push(told.exercise);
        self.settles.push(told.settles);
        self.bid.push(told.bid);
        self.ask.push(told.ask);
        self.bid_size.push(told.bid_size);
        self.ask_size.push(told.ask_size);
        self.last.push(told.last);
        self.volume.push(told.volume);
        self.volume_from.push(told.volume_from);
        self.open_interest.push(told.open_interest);
        self.vendor_iv.push(told.vendor_iv);
        self.vendor_delta.push(told.vendor_delta);
        self.vendor_gamma.push(told.vendor_gamma);
        self.provider.push(told.provider);
        self.quoted_at.push(told.quoted_at);
        self.traded.push(told.traded);
        self.disagrees.push(told.disagrees);
        self.round.push(told.round);
        self.left_out.push(told.left_out);
        self.status.push(RowStatus::default());
        self.iv.push(None);
        self.iv_from.push(None);
        self.flags.push(RowFlags::default());
        self.greeks.push(RowGreeks::default());
    }

    pub(crate) fn is_crossed(&self, row: usize) -> bool {
        matches!((self.bid[row], self.ask[row]), (Some(bid), Some(ask)) if bid > ask)
    }

    /// Middle of both sides in dollars, when they are there and do not cross.
    pub(crate) fn middle(&self, row: usize) -> Option<f64> {
        let (bid, ask) = (self.bid[row]?, self.ask[row]?);
        (bid <= ask).then(|| f64::midpoint(bid.to_f64(), ask.to_f64()))
    }
}

/// Highest price and strike that are taken, dollars: beyond it a number is an error of its source.
const MOST_DOLLARS: i64 = 10_000_000;

/// Most shares a contract may deliver.
const MOST_SHARES: u32 = 1_000_000;

/// Most a source's gamma may be, a dollar.
const MOST_GAMMA: f64 = 1e6;

/// A price within its bounds, or none.
pub(crate) fn bounded(price: Option<Price>) -> Option<Price> {
    price.filter(|price| (1..=MOST_DOLLARS * Price::SCALE).contains(&price.raw()))
}

/// The order of rows.
pub(crate) fn key(contract: &OptionContract) -> impl Ord + use<> {
    (contract.expiry, contract.root, contract.strike, contract.right)
}

impl Told {
    /// What an entry tells, each number inside its bounds or absent; nothing when its strike is not one.
    pub(crate) fn from_entry(
        entry: &ChainEntry,
        provider: Provider,
        as_of: Timestamp,
        round: u32,
    ) -> Option<Self> {
        let strike = entry.contract.strike.raw();
        if !(1..=MOST_DOLLARS * Price::SCALE).contains(&strike) {
            return None;
        }
        let greeks = entry.greeks;
        Some(Self {
            contract: entry.contract,
            multiplier: entry.multiplier.filter(|shares| (1..=MOST_SHARES).contains(shares)),
            exercise: entry.exercise,
            settles: entry.settles,
            bid: bounded(entry.bid),
            ask: bounded(entry.ask),
            bid_size: entry.bid_size,
            ask_size: entry.ask_size,
            last: bounded(entry.last),
            volume: entry.volume,
            volume_from: provider,
            open_interest: entry.open_interest,
            // Not a number is a volatility out of range, not an absent one.
            vendor_iv: entry.implied_volatility.map(|iv| if iv.is_finite() { iv } else { -1.0 }),
            vendor_delta: greeks.delta.filter(|delta| (-1.01..=1.01).contains(delta)),
            vendor_gamma: greeks.gamma.filter(|gamma| (0.0..=MOST_GAMMA).contains(gamma)),
            provider,
            quoted_at: entry.quoted_at.unwrap_or(as_of),
            traded: Traded::default(),
            disagrees: false,
            round,
            left_out: false,
        })
    }
}
