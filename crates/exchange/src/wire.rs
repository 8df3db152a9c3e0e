//! The wire: bytes in, requests out; replies in, bytes out. No I/O, no clock, no state of the gateway.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`frame`] | cutting a byte stream into length-prefixed frames, with limits |
//! | [`handshake`] | the version range a client offers, and the answer to it |
//! | [`message`] | one struct per message: the internal model of a conversation |
//! | [`request`], [`reply`] | the two directions as enums |
//! | [`codec`] | dialects: requests and replies to and from frame bodies |
//! | `text` | the classic text dialect, versions 157 to 178 |
//! | [`link`] | the three in a row: one connection's state machine |
//! | [`notice`] | numbers of errors and notices |
//!
//! Version and dialect are chosen per connection (see [`handshake::negotiate`]).

pub mod codec;
pub mod frame;
pub mod handshake;
pub mod link;
pub mod message;
pub mod notice;
pub mod reply;
pub mod request;
mod text;

pub use codec::{Codec, DecodeError};
pub use frame::{FrameDecoder, FrameError};
pub use handshake::{Agreement, Dialect, Offer, Refusal};
pub use link::{Link, LinkError, LinkEvent};
pub use reply::Reply;
pub use request::Request;
