//! What a chain is made of.

use alphatrader_model::{InstrumentId, Price, Symbol};

use super::smile::Smile;
use super::tape::UnusualBuyer;

/// What a chain is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct ChainConfig {
    /// The underlying.
    pub underlying: Symbol,
    /// Its number.
    pub underlying_id: InstrumentId,
    /// The first option's number; the others follow.
    pub first_id: InstrumentId,
    /// Distance between strikes; a whole number of cents.
    pub strike_step: Price,
    /// Strikes on each side of spot that are quoted each second, 1 to 50.
    pub strikes_each_side: u32,
    /// Most strikes that a chain that follows spot lists, however far spot moves.
    pub max_strikes: u32,
    /// Deviation of one session's return from open to close that prices stand for, a fraction.
    pub session_volatility: f64,
    /// The same in the long run.
    pub long_volatility: f64,
    /// Annual risk-free rate, continuous, a fraction.
    pub rate: f64,
    /// How volatility differs between strikes.
    pub smile: Smile,
    /// Price at which [`ChainConfig::tick_above`] begins.
    pub tick_break: Price,
    /// Price step from there on; below it is a cent.
    pub tick_above: Price,
    /// Open interest and volume relative to those of the largest fund.
    pub interest: f64,
    /// Prints per second, mean of the day; zero for a chain that only quotes.
    pub prints: f64,
    /// Somebody who buys much of one contract.
    pub buyer: Option<UnusualBuyer>,
    /// Seed of sizes, open interest and volume.
    pub seed: u64,
}

impl ChainConfig {
    /// A chain like that of a large ETF.
    pub fn new(underlying: Symbol, underlying_id: InstrumentId, first_id: InstrumentId, seed: u64) -> Self {
        Self {
            underlying,
            underlying_id,
            first_id,
            strike_step: Price::from_cents(100),
            strikes_each_side: 10,
            max_strikes: 61,
            session_volatility: 0.0070,
            long_volatility: 0.0070,
            rate: 0.04,
            smile: Smile::FUND,
            // Classes in the penny programme of the largest ETFs trade in cents at every price.
            tick_break: Price::from_cents(300),
            tick_above: Price::CENT,
            interest: 1.0,
            prints: 0.0,
            buyer: None,
            seed,
        }
    }
}
