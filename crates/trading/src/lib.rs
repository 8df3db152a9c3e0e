//! What to do about the market: pure rules, one place for each.
//!
//! | module | what it decides |
//! | --- | --- |
//! | [`gate`] | the gates of a strategy, in order, with the words that the screen shows |
//! | [`zero_dte`] | the 0DTE rule: what triggers it, which option it wants, why |
//! | [`sizing`] | how many contracts the risk budget and every limit allow |
//! | [`check`] | pre-trade checks: every order passes them, each with a name and a reason |
//! | [`breaker`] | circuit breakers: what stops new risk |
//! | [`lifecycle`] | the state machine of an order |
//! | [`fills`] | executions counted once, positions made of fills, profit to the micro-dollar |
//!
//! Nothing here keeps time, sends anything or remembers more than it is given: `TradingCore` in the
//! engine owns the state and calls these rules.

pub mod breaker;
pub mod check;
pub mod fills;
pub mod gate;
pub mod lifecycle;
pub mod sizing;
pub mod zero_dte;
