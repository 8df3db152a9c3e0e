//! The classic text dialect, versions 157 to 178: bodies of texts that each end in NUL.
//!
//! A message has one description here, a function that walks its fields in the order of the wire,
//! and the walk is done by a reader, by a writer, and in tests by a generator. So what is read and
//! what is written can't drift apart, and conditional fields are stated once. The messages are those
//! of [`message`](super::message); nothing behind the codec knows which dialect a client speaks.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `fields` | what a walk can meet: texts, numbers, counts, marks |
//! | `reader`, `writer` | the two walks |
//! | `escape` | the rule for texts beyond ASCII |
//! | `contract`, `order`, `open_order` | blocks that many messages share |
//! | `requests` | what clients ask |
//! | `replies`, `market`, `history`, `account` | what the gateway says |
//!
//! What a text can't say, and what is done about it: an empty text is the same as an absent one;
//! the time of an error, fields that later versions brought, and the span of historical bars are not
//! told; the message that ends historical bars does not exist (the bars themselves are the end).

mod account;
mod contract;
mod escape;
mod fields;
#[cfg(test)]
mod filler;
mod history;
mod market;
mod open_order;
mod order;
mod reader;
mod replies;
mod requests;
mod writer;

use thiserror::Error;

use super::{DecodeError, Reply, Request};
use reader::FieldReader;
use writer::FieldWriter;

/// Why a text message can't be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum TextError {
    /// The body is not UTF-8.
    #[error("its bytes are not UTF-8 text")]
    NotText,
    /// The message ends before its fields do.
    #[error("it ends after {0} fields, where more belong")]
    Short(usize),
    /// A field is not what belongs there.
    #[error("field {at} is '{text}', not {expected}")]
    Field {
        /// Its place, counted from 1 for the message id.
        at: usize,
        /// Its first characters.
        text: String,
        /// What was expected.
        expected: &'static str,
    },
    /// A count promises more than the message holds.
    #[error("field {at} promises {count} entries; the {left} fields that follow can't hold them")]
    Count {
        /// Its place, counted from 1 for the message id.
        at: usize,
        /// What it says.
        count: usize,
        /// How many fields follow.
        left: usize,
    },
}

impl TextError {
    fn of(self, message_id: i32) -> DecodeError {
        DecodeError::BadPayload { message_id, reason: self.to_string() }
    }
}

/// Reads a client's body.
pub(super) fn decode_request(version: i32, body: &[u8]) -> Result<Request, DecodeError> {
    let (message_id, mut reader) = FieldReader::open(version, body)?;
    let Some(mut request) = Request::blank(message_id) else {
        return Ok(Request::Unserved { message_id, request_id: None });
    };
    requests::walk(&mut reader, &mut request).map_err(|error| error.of(message_id))?;
    Ok(request)
}

/// Reads a gateway's body; nothing for a message that this gateway never sends.
pub(super) fn decode_reply(version: i32, body: &[u8]) -> Result<Option<Reply>, DecodeError> {
    let (message_id, mut reader) = FieldReader::open(version, body)?;
    let Some(mut reply) = Reply::blank(message_id) else { return Ok(None) };
    replies::walk(&mut reader, &mut reply).map_err(|error| error.of(message_id))?;
    Ok(Some(reply))
}

/// Appends the body of a client's message.
pub(super) fn encode_request(version: i32, request: &Request, out: &mut Vec<u8>) {
    let mut writer = FieldWriter::open(version, request.message_id(), out);
    // The walk is the reader's too, which fills what it visits: the writer gets a copy.
    requests::walk(&mut writer, &mut request.clone()).expect("a vector takes every field");
}

/// Appends the body of a gateway's message.
pub(super) fn encode_reply(version: i32, reply: &Reply, out: &mut Vec<u8>) {
    let mut writer = FieldWriter::open(version, reply.message_id(), out);
    replies::walk(&mut writer, &mut reply.clone()).expect("a vector takes every field");
}

/// Whether the dialect has the message at all.
pub(super) fn has(reply: &Reply) -> bool {
    !matches!(reply, Reply::HistoricalDataEnd(_))
}

#[cfg(test)]
mod tests {
    use super::filler::FieldFiller;
    use super::*;
    use proptest::prelude::*;

    const VERSIONS: [i32; 9] = [157, 158, 160, 163, 164, 166, 170, 176, 178];

    fn fields(text: &str) -> Vec<u8> {
        text.replace('|', "\0").into_bytes()
    }

    /// A message with something in every field that it has at a version; most draws find one.
    fn filled_request(version: i32, id: i32, seed: u64) -> Option<Request> {
        let mut request = Request::blank(id)?;
        requests::walk(&mut FieldFiller::new(version, seed), &mut request).ok()?;
        Some(request)
    }

    fn filled_reply(version: i32, id: i32, seed: u64) -> Option<Reply> {
        let mut reply = Reply::blank(id)?;
        replies::walk(&mut FieldFiller::new(version, seed), &mut reply).ok()?;
        Some(reply).filter(has)
    }

    #[test]
    fn every_message_takes_part() {
        let drawn = |fill: &dyn Fn(u64) -> bool| (0..100).any(fill);
        for id in 1..=110 {
            let known = Request::blank(id).is_some();
            assert_eq!(drawn(&|seed| filled_request(178, id, seed).is_some()), known, "request {id}");
            let known = Reply::blank(id).is_some_and(|reply| has(&reply));
            assert_eq!(drawn(&|seed| filled_reply(178, id, seed).is_some()), known, "reply {id}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_request_survives_the_wire(seed in any::<u64>()) {
            for version in VERSIONS {
                for request in (1..=110).filter_map(|id| filled_request(version, id, seed)) {
                    let mut body = Vec::new();
                    encode_request(version, &request, &mut body);
                    prop_assert_eq!(decode_request(version, &body), Ok(request), "version {}", version);
                }
            }
        }

        #[test]
        fn every_reply_survives_the_wire(seed in any::<u64>()) {
            for version in VERSIONS {
                for reply in (1..=110).filter_map(|id| filled_reply(version, id, seed)) {
                    let mut body = Vec::new();
                    encode_reply(version, &reply, &mut body);
                    prop_assert_eq!(decode_reply(version, &body), Ok(Some(reply)), "version {}", version);
                }
            }
        }

        #[test]
        fn a_cut_or_changed_message_is_read_or_refused(
            seed in any::<u64>(),
            cut in any::<prop::sample::Index>(),
            with in any::<u8>(),
        ) {
            for request in (1..=110).filter_map(|id| filled_request(178, id, seed)) {
                let mut body = Vec::new();
                encode_request(178, &request, &mut body);
                let at = cut.index(body.len());
                let _ = decode_request(178, &body[..at]);
                body[at] = with;
                let _ = decode_request(178, &body);
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(
            id in 1_i32..110,
            rest in prop::collection::vec(any::<u8>(), 0..400),
            digits in "[0-9\\x00.]{0,400}",
        ) {
            for rest in [rest.as_slice(), digits.as_bytes()] {
                let body = [id.to_string().as_bytes(), b"\0", rest].concat();
                for version in VERSIONS {
                    let _ = decode_request(version, &body);
                    let _ = decode_reply(version, &body);
                }
            }
        }
    }

    /// A count reserves nothing that the message does not hold.
    #[test]
    fn a_frame_bounds_what_it_makes() {
        let mut body = fields("1|11|9|0|SPY|BAG||0|||SMART||USD|||65000|");
        body.resize(256 * 1024, 0);
        let Ok(Request::MarketData(request)) = decode_request(178, &body) else { panic!("not read") };
        assert_eq!(request.contract.unwrap().combo_legs.len(), 65_000);
        body.truncate(1024);
        assert!(decode_request(178, &body).unwrap_err().to_string().contains("65000 entries"));
    }

    #[test]
    fn an_unknown_message_is_told_as_such() {
        let unknown = Request::Unserved { message_id: 72, request_id: None };
        assert_eq!(decode_request(178, &fields("72|1|name|")), Ok(unknown));
        assert_eq!(decode_reply(178, &fields("47|6|")), Ok(None));
    }
}
