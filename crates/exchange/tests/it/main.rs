//! The gateway over real TCP: foreign clients, hostile ones, restarts.

mod foreign_market;
mod foreign_orders;
mod gateway;
mod hostile;
mod raw;
mod restart;
