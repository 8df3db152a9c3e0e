//! What the market says: book, trades, VPIN, imbalance, option maths.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`options`] | Black-Scholes-Merton prices, sensitivities, implied volatility |
//!
//! The crate is pure: no clock, no input or output, no randomness, and the same bits everywhere
//! (`libm`, never the platform's mathematics, in what is written here).

pub mod options;
