//! The deterministic core: everything that happens goes through here, in one order.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`engine`] | [`Engine`]: one step of the whole, and [`Edges`], the two things it asks for |
//! | [`market_core`] | market events to [`alphatrader_model::view::MarketView`] |
//! | [`trading_core`] | view and broker events to signals, orders and positions |
//! | [`barrier`] | effects wait until their records are durable |
//! | [`digest`] | what makes two runs comparable |
//! | [`replay`] | a recorded market through the same core, with a simulated broker |
//! | [`rerun`] | a recording of the engine's own inputs, held against what the engine does now |
//! | [`simulation`] | the whole system with everything going wrong, from a seed |
//!
//! No clock, no I/O, no threads, no randomness. Live, paper and replay are this core with other edges.

pub mod barrier;
pub mod digest;
pub mod engine;
pub mod market_core;
pub mod replay;
pub mod rerun;
pub mod simulation;
pub mod trading_core;

pub use engine::{Edges, Engine};
pub use trading_core::TradingCore;
