//! Frames: a big-endian `u32` length, then that many bytes.
//!
//! The decoder keeps only bytes that have arrived, so a length field alone reserves nothing.

use thiserror::Error;

/// The largest body the protocol allows, in either direction.
pub const PROTOCOL_MAX_BODY: usize = 0x00FF_FFFF;

/// The largest body the gateway takes from a client.
///
/// No request of the protocol comes near it; the bound exists because a decoded message can be
/// about a hundred times larger than its bytes (many empty sub-messages).
pub const DEFAULT_MAX_REQUEST: usize = 256 * 1024;

const PREFIX: usize = 4;

/// Why a byte stream can't be cut into frames any more: the connection is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// The length field asks for more than the limit.
    #[error("a frame of {length} bytes is larger than the limit of {limit}")]
    TooLarge {
        /// What the length field says.
        length: usize,
        /// The limit in force.
        limit: usize,
    },
    /// The length field is too small to hold a message id.
    #[error("a frame of {length} bytes can't hold a message; {minimum} are the least")]
    TooSmall {
        /// What the length field says.
        length: usize,
        /// The least a frame of this dialect can have.
        minimum: usize,
    },
}

/// Cuts a byte stream into frame bodies, however the stream was split or joined on its way.
#[derive(Debug, Clone)]
pub struct FrameDecoder {
    buffer: Vec<u8>,
    /// Where the next frame starts in `buffer`; what lies before it was handed out.
    start: usize,
    minimum: usize,
    limit: usize,
}

impl FrameDecoder {
    /// A decoder that takes bodies of `minimum` to `limit` bytes (at most [`PROTOCOL_MAX_BODY`]).
    pub fn new(minimum: usize, limit: usize) -> Self {
        Self { buffer: Vec::new(), start: 0, minimum, limit: limit.min(PROTOCOL_MAX_BODY) }
    }

    /// Changes the limits, when the handshake has settled the dialect.
    pub fn open(&mut self, minimum: usize, limit: usize) {
        self.minimum = minimum;
        self.limit = limit.min(PROTOCOL_MAX_BODY);
    }

    /// Adds bytes as they came. Call [`next_frame`](Self::next_frame) until it has no more before adding
    /// others: then the buffer never holds more than one frame and one read.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The body of the next whole frame, if one has arrived.
    ///
    /// # Errors
    /// [`FrameError`]: the stream is broken from here on.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, FrameError> {
        let rest = &self.buffer[self.start..];
        let Some((prefix, body)) = rest.split_first_chunk::<PREFIX>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_be_bytes(*prefix)).unwrap_or(usize::MAX);
        if length > self.limit {
            return Err(FrameError::TooLarge { length, limit: self.limit });
        }
        if length < self.minimum {
            return Err(FrameError::TooSmall { length, minimum: self.minimum });
        }
        if body.len() < length {
            return Ok(None);
        }
        let begin = self.start + PREFIX;
        self.start = begin + length;
        Ok(Some(&self.buffer[begin..self.start]))
    }

    /// Takes `count` bytes that are not a frame, if they have arrived.
    pub(super) fn take_raw<const N: usize>(&mut self) -> Option<[u8; N]> {
        let raw = *self.buffer[self.start..].first_chunk::<N>()?;
        self.start += N;
        Some(raw)
    }

    /// The bytes that have arrived and were not handed out.
    pub fn pending(&self) -> &[u8] {
        &self.buffer[self.start..]
    }
}

/// Appends a frame whose body `write` appends.
///
/// # Panics
/// If the body is larger than [`PROTOCOL_MAX_BODY`]: the gateway splits what could grow so far.
pub fn write_frame(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; PREFIX]);
    write(out);
    let length = out.len() - at - PREFIX;
    assert!(length <= PROTOCOL_MAX_BODY, "a frame body of {length} bytes exceeds the protocol's limit");
    let length = u32::try_from(length).expect("checked against the protocol's limit");
    out[at..at + PREFIX].copy_from_slice(&length.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frames_of(decoder: &mut FrameDecoder) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        while let Some(frame) = decoder.next_frame().unwrap() {
            frames.push(frame.to_vec());
        }
        frames
    }

    #[test]
    fn a_length_alone_reserves_nothing() {
        let mut decoder = FrameDecoder::new(4, DEFAULT_MAX_REQUEST);
        decoder.push(&[0x00, 0x03, 0x00, 0x00]);
        assert_eq!(decoder.next_frame(), Ok(None));
        assert!(decoder.buffer.capacity() < 64);
    }

    #[test]
    fn giants_and_dwarfs_are_refused() {
        let mut decoder = FrameDecoder::new(4, DEFAULT_MAX_REQUEST);
        decoder.push(&[0xFF, 0xFF, 0xFF, 0xFF]);
        assert!(matches!(decoder.next_frame(), Err(FrameError::TooLarge { .. })));
        let mut decoder = FrameDecoder::new(4, DEFAULT_MAX_REQUEST);
        decoder.push(&[0, 0, 0, 3, 1, 2, 3]);
        assert_eq!(decoder.next_frame(), Err(FrameError::TooSmall { length: 3, minimum: 4 }));
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_frames(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 4..40), 0..12),
            cuts in prop::collection::vec(1_usize..24, 1..40),
        ) {
            let mut stream = Vec::new();
            for body in &bodies {
                write_frame(&mut stream, |out| out.extend_from_slice(body));
            }
            let mut decoder = FrameDecoder::new(4, 1024);
            let mut got = Vec::new();
            let (mut at, mut cut) = (0, cuts.iter().cycle());
            while at < stream.len() {
                let end = (at + cut.next().unwrap()).min(stream.len());
                decoder.push(&stream[at..end]);
                got.extend(frames_of(&mut decoder));
                at = end;
            }
            prop_assert_eq!(got, bodies);
            prop_assert!(decoder.pending().is_empty());
        }

        #[test]
        fn any_bytes_end_in_frames_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
            let mut decoder = FrameDecoder::new(4, 128);
            decoder.push(&bytes);
            let mut taken = 0;
            while let Ok(Some(frame)) = decoder.next_frame() {
                taken += frame.len() + 4;
            }
            prop_assert!(taken <= bytes.len());
            prop_assert!(decoder.buffer.capacity() <= bytes.len().max(8) * 2);
        }
    }
}
