//! The broker side: account, orders, executions, and the file that keeps them.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`order`], [`ticket`] | an order in the client's words and in ours; executions |
//! | [`book`] | cash and holdings, exact |
//! | [`correction`] | executions told again with another price |
//! | [`fact`], [`state`], [`snapshot`] | what becomes so, what is known, and the way back |
//! | [`journal`], [`store`] | the state file: durable before it is said |

pub mod book;
pub mod correction;
pub mod fact;
pub mod journal;
pub mod order;
pub mod snapshot;
pub mod state;
pub mod store;
pub mod ticket;
