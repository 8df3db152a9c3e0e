//! The gateway over real TCP: foreign clients, hostile ones, restarts.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod days;
mod dialects;
mod foreign_data;
mod foreign_kinds;
mod foreign_market;
mod foreign_orders;
mod gateway;
mod golden;
mod hostile;
mod hostile_text;
mod many;
mod raw;
mod recorded;
mod restart;
mod scenarios;
mod vantage;
