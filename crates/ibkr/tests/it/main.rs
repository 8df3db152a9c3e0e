//! The edge against gateways over real TCP.

#![expect(clippy::unwrap_used, reason = "what a test cannot do without may end it")]

mod harness;
mod identity;
mod link;
mod market;
mod orders;
mod paper;
mod picture;
mod rations;
mod scripted;
mod soak;
mod streams;
