//! What the market says: book, trades, VPIN, imbalance, option maths.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`symbol`] | [`SymbolAnalytics`]: all below for one symbol, fed event by event; [`Alone`] with its features |
//! | [`parameters`] | [`Parameters`]: what they are told |
//! | [`admission`] | the first gate: what of a feed may be used, and for what |
//! | [`quality`] | how long a fault of an input stands beside a metric |
//! | [`clock`] | trading time, which stands still in a halt |
//! | [`book`] | [`book::Book`]: positional depth edits, and whether the result can be trusted |
//! | [`classify`] | who started a trade: six rules on integers, and bulk volume |
//! | [`vpin`] | volume-synchronised imbalance, signed and bulk: [`vpin::VpinMeter`] |
//! | [`impact`] | what trading costs and moves: spreads, Kyle, Amihud, Roll |
//! | [`imbalance`] | bids against offers at the touch, over several levels, weighted by distance |
//! | [`fair`] | weighted mid, VAMP, the fitted micro-price |
//! | [`decay`] | exponential forgetting by time |
//! | [`ofi`] | order-flow imbalance of the touch and of ten levels |
//! | [`hidden`] | hidden executions, refills, icebergs |
//! | [`makers`] | how market makers and exchanges quote |
//! | [`survival`] | how long things last when some are seen in part |
//! | [`flow`] | sliding windows: signed volume, extremes, VWAP, sweeps, unusual volume |
//! | [`bars`] | five-second bars, the broker's or from prints |
//! | [`candles`] | one-minute candles from prints or bars |
//! | [`discovery`] | finding parameters in recorded sessions: statistics, placebo, rules of choice |
//! | [`linear`] | small systems of linear equations |
//! | [`volatility`] | realised, bipower, jumps, ranges, EWMA, GARCH |
//! | [`hawkes`] | how orders excite orders: intensity, branching, the chance that the next one buys |
//! | [`regime`] | quiet or wild: a filtered hidden Markov chain, and percentiles where it may not be used |
//! | [`temporal`] | autocorrelation, variance ratio, half-life, robust to changing variance |
//! | [`correlation`] | EWMA, Ledoit-Wolf, Hayashi-Yoshida, and what of a matrix is noise |
//! | [`probability`] | distributions, p-values, many tests at once |
//! | [`simplex`] | the smallest value of a function of a few variables |
//! | [`matrix`] | small symmetric matrices |
//! | [`exposure`] | what an option chain says when its contracts are summed |
//! | [`options`] | Black-Scholes-Merton prices, sensitivities, implied volatility |
//! | [`portfolio`] | what is held: sums, finite moves, value at risk by revaluation, SPAN-like grid, stress table |
//!
//! The crate is pure: no clock, no input or output, no randomness. What is written here uses `libm`,
//! never the platform's mathematics; only the root finder behind [`options::implied`] takes `exp` and
//! `ln` from the platform, within the 1e-9 that may differ between targets.

pub mod admission;
pub mod bars;
pub mod book;
pub mod candles;
#[cfg(test)]
mod chance;
pub mod classify;
pub mod clock;
pub mod correlation;
pub mod decay;
pub mod discovery;
pub mod exposure;
pub mod fair;
pub mod flow;
pub mod hawkes;
pub mod hidden;
pub mod imbalance;
pub mod impact;
pub mod linear;
pub mod makers;
pub mod matrix;
pub mod ofi;
pub mod options;
pub mod parameters;
pub mod portfolio;
pub mod probability;
pub mod quality;
pub mod regime;
mod ring;
pub mod simplex;
pub mod survival;
pub mod symbol;
pub mod temporal;
pub mod volatility;
pub mod vpin;

pub use parameters::Parameters;
pub use symbol::{Alone, SymbolAnalytics};
