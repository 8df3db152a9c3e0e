//! One connection from its first byte: prefix, version frame, then requests.

use thiserror::Error;

use super::frame::{FrameDecoder, FrameError};
use super::handshake::{Agreement, Offer, PREFIX, PROTOBUF_VERSION, Refusal, negotiate, parse_offer};
use super::{Codec, DecodeError, Request};

/// The version frame is short; a longer one is no client.
const MAX_VERSION_FRAME: usize = 1024;

/// What arrived.
#[derive(Debug, PartialEq)]
pub enum LinkEvent {
    /// The handshake is settled: answer it (see [`write_answer`](super::handshake::write_answer)).
    Hello(Agreement, Offer),
    /// A request, in order.
    Request(Box<Request>),
    /// A whole frame without a readable message; the stream goes on after it.
    Unreadable(DecodeError),
}

/// Why the connection must be closed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LinkError {
    /// The handshake failed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The stream lost its frames.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    Prefix,
    Version,
    Open(Codec),
}

/// The receiving half of a connection: bytes in, [`LinkEvent`]s out.
#[derive(Debug)]
pub struct Link {
    decoder: FrameDecoder,
    stage: Stage,
    max_request: usize,
    offered: i32,
}

impl Link {
    /// A link that takes request frames of at most `max_request` bytes and offers every version.
    pub fn new(max_request: usize) -> Self {
        let decoder = FrameDecoder::new(1, MAX_VERSION_FRAME);
        Self { decoder, stage: Stage::Prefix, max_request, offered: PROTOBUF_VERSION }
    }

    /// The same link, offering at most `version`.
    #[must_use]
    pub fn offering(self, version: i32) -> Self {
        Self { offered: version, ..self }
    }

    /// Adds bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.decoder.push(bytes);
    }

    /// The next thing that arrived whole.
    ///
    /// # Errors
    /// [`LinkError`]: close the connection.
    pub fn next_event(&mut self) -> Result<Option<LinkEvent>, LinkError> {
        if matches!(self.stage, Stage::Prefix) {
            let pending = self.decoder.pending();
            let known = pending.len().min(PREFIX.len());
            if pending[..known] != PREFIX[..known] {
                return Err(Refusal::NotTheApi.into());
            }
            if self.decoder.take_raw::<{ PREFIX.len() }>().is_none() {
                return Ok(None);
            }
            self.stage = Stage::Version;
        }
        let Some(body) = self.decoder.next_frame()? else {
            return Ok(None);
        };
        if let Stage::Open(codec) = self.stage {
            return Ok(Some(match codec.decode_request(body) {
                Ok(request) => LinkEvent::Request(Box::new(request)),
                Err(error) => LinkEvent::Unreadable(error),
            }));
        }
        let offer = parse_offer(body)?;
        let agreement = negotiate(&offer, self.offered)?;
        let codec = Codec::new(agreement);
        self.decoder.open(codec.least_body(), self.max_request);
        self.stage = Stage::Open(codec);
        Ok(Some(LinkEvent::Hello(agreement, offer)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::{DEFAULT_MAX_REQUEST, write_frame};
    use crate::wire::message::session::{CurrentTimeRequest, StartApiRequest};
    use proptest::prelude::*;

    fn conversation(offer: &str, agreement: Agreement) -> Vec<u8> {
        let mut bytes = PREFIX.to_vec();
        write_frame(&mut bytes, |body| body.extend_from_slice(offer.as_bytes()));
        let codec = Codec::new(agreement);
        let start = StartApiRequest { client_id: Some(1), optional_capabilities: None };
        codec.encode_request(&Request::StartApi(start), &mut bytes);
        codec.encode_request(&Request::CurrentTime(CurrentTimeRequest {}), &mut bytes);
        bytes
    }

    /// A conversation of either dialect, and what is agreed on in it.
    fn conversations() -> impl Strategy<Value = (Vec<u8>, Agreement)> {
        let protobuf = Agreement { version: 213, dialect: crate::wire::Dialect::Protobuf };
        let text = |version| Agreement { version, dialect: crate::wire::Dialect::Text };
        prop::sample::select(vec![
            ("v213..226", protobuf),
            ("v157..178", text(178)),
            ("v100..157", text(157)),
        ])
        .prop_map(|(offer, agreement)| (conversation(offer, agreement), agreement))
    }

    fn events(link: &mut Link) -> Result<Vec<LinkEvent>, LinkError> {
        let mut events = Vec::new();
        while let Some(event) = link.next_event()? {
            events.push(event);
        }
        Ok(events)
    }

    #[test]
    fn garbage_is_refused_at_its_first_wrong_byte() {
        let mut link = Link::new(DEFAULT_MAX_REQUEST);
        link.push(b"G");
        assert_eq!(link.next_event(), Err(Refusal::NotTheApi.into()));
        let mut link = Link::new(DEFAULT_MAX_REQUEST);
        link.push(b"AP");
        assert_eq!(link.next_event(), Ok(None));
        link.push(b"I\n");
        assert_eq!(link.next_event(), Err(Refusal::NotTheApi.into()));
    }

    #[test]
    fn a_giant_version_frame_is_refused() {
        let mut link = Link::new(DEFAULT_MAX_REQUEST);
        link.push(b"API\0\x00\x10\x00\x00");
        assert!(matches!(link.next_event(), Err(LinkError::Frame(FrameError::TooLarge { .. }))));
    }

    proptest! {
        #[test]
        fn a_conversation_may_be_cut_anywhere(
            (bytes, agreed) in conversations(),
            cuts in prop::collection::vec(1_usize..12, 1..20),
        ) {
            let mut link = Link::new(DEFAULT_MAX_REQUEST);
            let mut got = Vec::new();
            let (mut at, mut cut) = (0, cuts.iter().cycle());
            while at < bytes.len() {
                let end = (at + cut.next().unwrap()).min(bytes.len());
                link.push(&bytes[at..end]);
                got.extend(events(&mut link).unwrap());
                at = end;
            }
            prop_assert_eq!(got.len(), 3);
            let hello = matches!(got[0], LinkEvent::Hello(agreement, _) if agreement == agreed);
            let time = matches!(&got[2], LinkEvent::Request(asked) if matches!(**asked, Request::CurrentTime(_)));
            prop_assert!(hello && time);
        }

        #[test]
        fn any_bytes_after_the_handshake_do_no_harm(
            (conversation, _) in conversations(),
            bytes in prop::collection::vec(any::<u8>(), 0..2048),
        ) {
            let mut link = Link::new(DEFAULT_MAX_REQUEST);
            link.push(&conversation);
            prop_assert!(events(&mut link).is_ok());
            link.push(&bytes);
            let _ = events(&mut link);
        }
    }
}
