//! Frames: a checksum chain over packed bodies.
//!
//! A file is eight bytes that name the format and its version, then frames. A frame is a prefix of 32
//! bytes and a body, numbers little-endian:
//!
//! | bytes | what |
//! | --- | --- |
//! | 0..4 | length of the packed body |
//! | 4..8 | length of the body unpacked |
//! | 8 | kind |
//! | 9..12 | zero |
//! | 12..16 | first 4 bytes of BLAKE3 over the chain before this frame and bytes 0..12 |
//! | 16..32 | first 16 bytes of BLAKE3 over the chain before, bytes 0..12 and the packed body |
//! | 32.. | the body, packed by zstd by itself |
//!
//! Bytes 16..32 are the chain after the frame; before the first it is that over the file's first
//! eight bytes. So no frame can be changed, left out, repeated or moved without being found, and the
//! chain after the last frame names the content of the whole file.

use std::io::{self, Read};

use thiserror::Error;

/// First bytes of a file; the last of them is the version of the format.
pub const MAGIC: [u8; 8] = *b"ATREC\0\0\x01";
/// Bytes of a frame before its body.
pub const PREFIX: usize = 32;
/// Largest packed body. The recorder's frames are below a megabyte.
pub const MOST_PACKED: usize = 16 << 20;
/// Largest unpacked body.
pub const MOST_UNPACKED: usize = 64 << 20;
/// What zstd is asked for: its default.
const LEVEL: i32 = 3;

/// The checksum of everything up to some frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain(pub [u8; 16]);

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// What the recording is of; the first frame.
    Header = 1,
    /// What the ledger knew at the start.
    Recovered = 2,
    /// Events in their order.
    Events = 3,
    /// The digest of the run up to an event.
    Checkpoint = 4,
    /// Events that were not recorded.
    Lost = 5,
    /// The recording ended in order; the last frame.
    End = 6,
}

/// A frame that was read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it holds.
    pub kind: Kind,
    /// Unpacked.
    pub body: Vec<u8>,
    /// Where it begins in the file.
    pub at: u64,
}

/// Why nothing more, or not this frame, can be read.
#[derive(Debug, Error)]
pub enum Fault {
    /// The first bytes are not those of a recording.
    #[error("not a recording of this system")]
    NotOurs,
    /// A format of another version.
    #[error("recorded in version {0} of the format; this program reads version {v}", v = MAGIC[7])]
    Version(u8),
    /// The file ends inside a frame: it was being written when the process or the machine stopped.
    #[error("the last {bytes} bytes, from byte {at} on, are a torn frame; everything before them was read")]
    Torn {
        /// Where the torn frame begins.
        at: u64,
        /// Bytes that are left out.
        bytes: u64,
    },
    /// Bytes are not what was written.
    #[error("damaged at byte {at}: {what}")]
    Damaged {
        /// Where the frame begins.
        at: u64,
        /// What is wrong.
        what: &'static str,
        /// Whether the frames after it can be read.
        goes_on: bool,
    },
    /// The operating system could not read.
    #[error("cannot be read on at byte {at}: {source}")]
    Io {
        /// Where.
        at: u64,
        /// The system's words.
        source: io::Error,
    },
}

impl Fault {
    /// Whether nothing more of the file is read.
    pub const fn ends_file(&self) -> bool {
        !matches!(self, Self::Damaged { goes_on: true, .. })
    }
}

impl Kind {
    const fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Header,
            2 => Self::Recovered,
            3 => Self::Events,
            4 => Self::Checkpoint,
            5 => Self::Lost,
            6 => Self::End,
            _ => return None,
        })
    }
}

impl Chain {
    /// Before the first frame.
    pub fn start() -> Self {
        Self(digest(&[&MAGIC]))
    }

    /// In hexadecimal.
    pub fn hex(self) -> String {
        use std::fmt::Write as _;
        self.0.iter().fold(String::with_capacity(32), |mut text, byte| {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

fn digest(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    *hasher.finalize().as_bytes().first_chunk().expect("a hash has 32 bytes")
}

/// The first four bytes of a prefix's own check.
fn check_of(chain: Chain, lengths: &[u8]) -> [u8; 4] {
    *digest(&[&chain.0, lengths]).first_chunk().expect("sixteen bytes begin with four")
}

/// Adds a frame to `out`; returns the chain after it.
///
/// # Errors
/// A body of more than [`MOST_UNPACKED`] bytes, or one that cannot be packed.
pub fn append(out: &mut Vec<u8>, kind: Kind, body: &[u8], chain: Chain) -> io::Result<Chain> {
    if body.len() > MOST_UNPACKED {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a frame of more than 64 MiB"));
    }
    let packed = zstd::bulk::compress(body, LEVEL)?;
    if packed.len() > MOST_PACKED {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a frame of more than 16 MiB packed"));
    }
    let mut lengths = [0; 12];
    lengths[..4].copy_from_slice(&(packed.len() as u32).to_le_bytes());
    lengths[4..8].copy_from_slice(&(body.len() as u32).to_le_bytes());
    lengths[8] = kind as u8;
    let next = Chain(digest(&[&chain.0, &lengths, &packed]));
    out.extend_from_slice(&lengths);
    out.extend_from_slice(&check_of(chain, &lengths));
    out.extend_from_slice(&next.0);
    out.extend_from_slice(&packed);
    Ok(next)
}

/// Reads frames one after the other.
#[derive(Debug)]
pub struct Frames<R> {
    source: R,
    at: u64,
    chain: Chain,
    over: bool,
}

impl<R: Read> Frames<R> {
    /// Reads the first bytes of a file.
    ///
    /// # Errors
    /// [`Fault::NotOurs`], [`Fault::Version`], [`Fault::Io`].
    pub fn open(mut source: R) -> Result<Self, Fault> {
        let mut magic = [0; MAGIC.len()];
        let read = fill(&mut source, &mut magic).map_err(|source| Fault::Io { at: 0, source })?;
        if read < magic.len() || magic[..7] != MAGIC[..7] {
            return Err(Fault::NotOurs);
        }
        if magic[7] != MAGIC[7] {
            return Err(Fault::Version(magic[7]));
        }
        Ok(Self { source, at: MAGIC.len() as u64, chain: Chain::start(), over: false })
    }

    /// Bytes of the frames that were read.
    pub const fn position(&self) -> u64 {
        self.at
    }

    /// The chain after the last frame that was read.
    pub const fn chain_so_far(&self) -> Chain {
        self.chain
    }

    fn read(&mut self) -> Result<Option<Frame>, Fault> {
        let at = self.at;
        let io = |source| Fault::Io { at, source };
        let mut prefix = [0; PREFIX];
        let got = fill(&mut self.source, &mut prefix).map_err(io)?;
        if got == 0 {
            return Ok(None);
        }
        if got < PREFIX {
            return Err(Fault::Torn { at, bytes: got as u64 });
        }
        let (lengths, checks) = prefix.split_at(12);
        let (check, after) = checks.split_at(4);
        if check != check_of(self.chain, lengths) {
            return Err(self.stranger(&prefix));
        }
        let number = |from: usize| {
            u32::from_le_bytes(*lengths[from..].first_chunk().expect("twelve bytes hold two numbers"))
                as usize
        };
        let (packed, unpacked, kind) = (number(0), number(4), Kind::of(lengths[8]));
        if packed > MOST_PACKED || unpacked > MOST_UNPACKED {
            return Err(Fault::Damaged { at, what: "a frame larger than any is written", goes_on: false });
        }
        let mut body = vec![0; packed];
        let got = fill(&mut self.source, &mut body).map_err(io)?;
        if got < packed {
            return Err(Fault::Torn { at, bytes: (PREFIX + got) as u64 });
        }
        self.at += (PREFIX + packed) as u64;
        let before = self.chain;
        let after: [u8; 16] = *after.first_chunk().expect("a prefix has 32 bytes");
        self.chain = Chain(after);
        if digest(&[&before.0, lengths, &body]) != after {
            return Err(Fault::Damaged { at, what: "the checksum of a frame is wrong", goes_on: true });
        }
        let Some(kind) = kind else {
            return Err(Fault::Damaged { at, what: "a frame of an unknown kind", goes_on: true });
        };
        match zstd::bulk::decompress(&body, unpacked) {
            Ok(body) if body.len() == unpacked => Ok(Some(Frame { kind, body, at })),
            _ => Err(Fault::Damaged { at, what: "a frame that cannot be unpacked", goes_on: true }),
        }
    }

    /// A prefix that is none of ours. Where a machine lost power, the file's last bytes may be zeros
    /// that were reserved and never written: that is a torn tail, not damage.
    fn stranger(&mut self, prefix: &[u8; PREFIX]) -> Fault {
        let at = self.at;
        let mut bytes = PREFIX as u64;
        let mut zeros = prefix.iter().all(|byte| *byte == 0);
        let mut piece = [0; 4_096];
        while zeros {
            match fill(&mut self.source, &mut piece) {
                Ok(0) => return Fault::Torn { at, bytes },
                Ok(got) => {
                    bytes += got as u64;
                    zeros = piece[..got].iter().all(|byte| *byte == 0);
                }
                Err(source) => return Fault::Io { at, source },
            }
        }
        Fault::Damaged { at, what: "the beginning of a frame is not what was written", goes_on: false }
    }
}

impl<R: Read> Iterator for Frames<R> {
    type Item = Result<Frame, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let read = self.read().transpose();
        self.over = match &read {
            None => true,
            Some(Ok(_)) => false,
            Some(Err(fault)) => fault.ends_file(),
        };
        read
    }
}

/// Reads until the buffer is full or the source is over; how much it was.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A file of frames, and where each ends.
    fn file(bodies: &[Vec<u8>]) -> (Vec<u8>, Vec<usize>) {
        let mut bytes = MAGIC.to_vec();
        let (mut chain, mut ends) = (Chain::start(), vec![MAGIC.len()]);
        for body in bodies {
            chain = append(&mut bytes, Kind::Events, body, chain).unwrap();
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<Fault>) {
        let (mut bodies, mut faults) = (Vec::new(), Vec::new());
        match Frames::open(bytes) {
            Err(fault) => faults.push(fault),
            Ok(frames) => {
                for frame in frames {
                    match frame {
                        Ok(frame) => bodies.push(frame.body),
                        Err(fault) => faults.push(fault),
                    }
                }
            }
        }
        (bodies, faults)
    }

    fn bodies() -> impl Strategy<Value = Vec<Vec<u8>>> {
        proptest::collection::vec(proptest::collection::vec(0_u8..4, 0..80), 1..6)
    }

    proptest! {
        #[test]
        fn any_prefix_reads_back_to_the_whole_frames_it_holds(bodies in bodies(), cut in 0_usize..1_000) {
            let (bytes, ends) = file(&bodies);
            let cut = cut % (bytes.len() + 1);
            let (got, faults) = read(&bytes[..cut]);
            let whole = ends.iter().filter(|end| **end <= cut).count().saturating_sub(1);
            prop_assert_eq!(&got, &bodies[..whole]);
            let clean = ends.contains(&cut);
            prop_assert_eq!(faults.is_empty(), clean);
            if let Some(Fault::Torn { at, bytes }) = faults.first() {
                prop_assert_eq!(*at, ends[whole] as u64);
                prop_assert_eq!(at + bytes, cut as u64);
            } else if !clean {
                prop_assert!(cut < MAGIC.len());
            }
        }

        #[test]
        fn any_flipped_bit_is_found_and_nothing_false_is_read(
            bodies in bodies(), place in any::<prop::sample::Index>(), bit in 0_u8..8,
        ) {
            let (mut bytes, _) = file(&bodies);
            let place = place.index(bytes.len());
            bytes[place] ^= 1 << bit;
            let (got, faults) = read(&bytes);
            prop_assert!(!faults.is_empty());
            prop_assert!(got.len() < bodies.len());
            // What is read is what was written, in its order.
            let mut left = bodies.iter();
            for body in &got {
                prop_assert!(left.any(|written| written == body));
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(mut bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes);
            bytes.splice(0..0, MAGIC);
            let _ = read(&bytes);
        }
    }

    #[test]
    fn frames_cannot_be_left_out_repeated_or_moved() {
        let (bytes, ends) = file(&[vec![1; 9], vec![2; 9], vec![3; 9]]);
        let frame = |n: usize| &bytes[ends[n]..ends[n + 1]];
        for order in [[0, 2, 1], [0, 0, 1], [1, 0, 2], [0, 2, 2]] {
            let mut other = MAGIC.to_vec();
            for n in order {
                other.extend_from_slice(frame(n));
            }
            assert!(!read(&other).1.is_empty(), "{order:?}");
        }
    }

    #[test]
    fn zeros_that_were_never_written_are_a_torn_tail() {
        let (mut bytes, ends) = file(&[vec![1; 9]]);
        bytes.resize(bytes.len() + 5_000, 0);
        let (got, faults) = read(&bytes);
        assert_eq!(got.len(), 1);
        assert!(
            matches!(faults[..], [Fault::Torn { at, bytes: 5_000 }] if at == ends[1] as u64),
            "{faults:?}"
        );
        bytes.push(1);
        assert!(matches!(read(&bytes).1[..], [Fault::Damaged { goes_on: false, .. }]));
    }

    #[test]
    fn another_version_is_named() {
        let mut bytes = MAGIC.to_vec();
        bytes[7] = 9;
        assert!(matches!(read(&bytes).1[..], [Fault::Version(9)]));
    }
}
