//! One struct per message of the protocol, with the broker's field names and protobuf tags.
//!
//! These structs are also the gateway's internal model of a conversation. The protobuf codec is
//! their derived one; another dialect (the classic text of versions up to 178) fills and reads the
//! same structs, so nothing behind the codec knows which dialect a client speaks.
//!
//! Every scalar is optional, as on the wire: presence carries meaning, an absent number is not zero.
//! Decimal quantities travel as text. Fields keep the broker's names (in snake case) and meanings;
//! their description is the broker's documentation of its API.

#![allow(missing_docs, reason = "fields carry the broker's documented names; see the module's text")]

pub mod account;
pub mod advisor;
pub mod contract;
pub mod execution;
pub mod historical;
pub mod market_data;
pub mod news;
pub mod option_request;
pub mod order;
pub mod order_terms;
pub mod research;
pub mod scanner;
pub mod session;
pub mod terminal;

#[cfg(test)]
mod tests {
    use super::order_terms::OrderCondition;
    use crate::wire::frame::DEFAULT_MAX_REQUEST;

    /// The worst a frame can do is to name empty sub-messages, three bytes each: the largest frame
    /// that is taken makes less than 32 MiB of them.
    #[test]
    fn a_frame_bounds_what_it_makes() {
        let most = DEFAULT_MAX_REQUEST / 3 * size_of::<OrderCondition>();
        // A vector may have grown to twice its length.
        assert!(2 * most < 64 << 20, "{most}");
    }
}
