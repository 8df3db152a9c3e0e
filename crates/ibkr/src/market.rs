//! Market data: one keeper per stream, which opens it again after every kind of loss.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`keeper`] | opens a stream, reads it, notices its end, waits, opens it again |
//! | [`quote`], [`trade`], [`bar`], [`depth`] | messages to events, as state machines without I/O |
//! | [`taker`] | what each kind of stream does with its messages |
//! | [`details`] | contract details, with the steps of prices |
//! | [`symbol`] | the streams of one symbol |
//! | [`chain`] | the options of one symbol that expire today, around the spot |
//! | [`window`] | which strikes these are |

pub(crate) mod bar;
pub(crate) mod chain;
pub(crate) mod depth;
pub(crate) mod details;
pub(crate) mod keeper;
pub(crate) mod quote;
pub(crate) mod symbol;
pub(crate) mod taker;
pub(crate) mod trade;
pub(crate) mod window;
