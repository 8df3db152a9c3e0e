//! A file that is one stream of bytes: plain, packed with gzip or with zstd, whole, truncated or hostile.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::limits::Limits;
use crate::malformed::Reason;
use crate::progress::{Progress, Share};

/// Packed bytes are read in pieces of this size.
const PIECE: usize = 64 * 1_024;
/// Most memory that a packed file may ask for, as a power of two: what `zstd --ultra -22` needs.
const WINDOW_LOG: u32 = 27;
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A file's bytes, unpacked.
pub(crate) struct Packed {
    way: Way,
    /// Bytes that may still come.
    left: u64,
    limit: u64,
}

type Counted = BufReader<Count<Box<dyn Read + Send>>>;

enum Way {
    Plain(Counted),
    Gzip(Box<MultiGzDecoder<Counted>>),
    Zstd(zstd::stream::read::Decoder<'static, Counted>),
    Over,
}

/// Counts what is read of a file.
struct Count<R> {
    bytes: R,
    share: Share,
}

impl<R: Read> Read for Count<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(out)?;
        self.share.advance(read as u64);
        Ok(read)
    }
}

impl<R> Drop for Count<R> {
    fn drop(&mut self) {
        self.share.finish();
    }
}

impl Packed {
    /// Opens a file; how it is packed, if at all, is found from its first bytes.
    ///
    /// # Errors
    /// The operating system's.
    pub(crate) fn open(path: &Path, limits: Limits, progress: &Progress) -> io::Result<Self> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        Self::new(Box::new(file), size, limits, progress)
    }

    /// As [`Packed::open`], from bytes that are not in a file.
    ///
    /// # Errors
    /// As [`Packed::open`].
    pub(crate) fn from_bytes(bytes: Vec<u8>, limits: Limits, progress: &Progress) -> io::Result<Self> {
        let size = bytes.len() as u64;
        Self::new(Box::new(io::Cursor::new(bytes)), size, limits, progress)
    }

    fn new(bytes: Box<dyn Read + Send>, size: u64, limits: Limits, progress: &Progress) -> io::Result<Self> {
        let count = Count { bytes, share: Share::of(progress, size) };
        let mut bytes = BufReader::with_capacity(PIECE, count);
        let begin = bytes.fill_buf()?;
        let way = if begin.starts_with(&ZSTD) {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes)?;
            decoder.window_log_max(WINDOW_LOG)?;
            Way::Zstd(decoder)
        } else if begin.starts_with(&GZIP) {
            Way::Gzip(Box::new(MultiGzDecoder::new(bytes)))
        } else {
            Way::Plain(bytes)
        };
        Ok(Self { way, left: limits.unpacked, limit: limits.unpacked })
    }

    /// Unpacks more into `out`: how many bytes, 0 at the end.
    ///
    /// # Errors
    /// What is wrong with the file from here on.
    pub(crate) fn fill(&mut self, out: &mut [u8]) -> Result<usize, Reason> {
        let made = loop {
            let read = match &mut self.way {
                Way::Plain(bytes) => bytes.read(out),
                Way::Gzip(bytes) => bytes.read(out),
                Way::Zstd(bytes) => bytes.read(out),
                Way::Over => return Ok(0),
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let made = made.map_err(|error| self.reason(&error))?;
        if made as u64 > self.left {
            self.close();
            return Err(Reason::TooLarge(self.limit));
        }
        self.left -= made as u64;
        Ok(made)
    }

    /// Nothing more of the file is read.
    pub(crate) fn close(&mut self) {
        self.way = Way::Over;
    }

    fn reason(&mut self, error: &io::Error) -> Reason {
        let packed = !matches!(self.way, Way::Plain(_));
        self.close();
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Reason::Truncated,
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other if packed => {
                Reason::Damaged("its packed bytes make no sense")
            }
            kind => Reason::Io(kind),
        }
    }
}

/// A file's bytes, unpacked: plain, gzip or zstd, found from its first bytes. At most 16 GiB.
///
/// # Errors
/// The operating system's.
pub fn unpacked(path: &Path) -> io::Result<Unpacked> {
    Packed::open(path, Limits::default(), &Progress::default()).map(Unpacked)
}

/// See [`unpacked`]. What is wrong with the file is an error where it is met.
pub struct Unpacked(Packed);

impl Read for Unpacked {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.fill(out).map_err(|reason| io::Error::new(io::ErrorKind::InvalidData, reason))
    }
}

/// Whether a file's name ends so, before the end that says how it is packed.
pub(crate) fn has_extension(path: &Path, wanted: &str) -> bool {
    let is = |path: &Path, wanted: &str| path.extension().is_some_and(|end| end.eq_ignore_ascii_case(wanted));
    if is(path, "zst") || is(path, "gz") {
        return path.file_stem().is_some_and(|stem| is(Path::new(stem), wanted));
    }
    is(path, wanted)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use proptest::prelude::*;

    fn all(bytes: Vec<u8>, limits: Limits) -> (Vec<u8>, Option<Reason>) {
        let progress = Progress::default();
        let mut packed = Packed::from_bytes(bytes, limits, &progress).unwrap();
        let (mut out, mut piece) = (Vec::new(), [0; 1_000]);
        loop {
            match packed.fill(&mut piece) {
                Ok(0) => return (out, None),
                Ok(made) => out.extend_from_slice(&piece[..made]),
                Err(reason) => {
                    assert_eq!(packed.fill(&mut piece), Ok(0), "nothing comes after a fault");
                    return (out, Some(reason));
                }
            }
        }
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn text() -> Vec<u8> {
        (0..5_000).flat_map(|n| format!("{n},{}\n", n * n).into_bytes()).collect()
    }

    #[test]
    fn names_end_before_their_way_of_packing() {
        for (name, is) in
            [("a/x.csv", true), ("x.CSV.zst", true), ("x.csv.gz", true), ("csv.zst", false), ("x.zst", false)]
        {
            assert_eq!(has_extension(Path::new(name), "csv"), is, "{name}");
        }
    }

    #[test]
    fn plain_gzip_and_zstd_are_the_same_bytes() {
        let text = text();
        for bytes in [text.clone(), gzip(&text), zstd::encode_all(&text[..], 3).unwrap()] {
            assert_eq!(all(bytes, Limits::default()), (text.clone(), None));
        }
        let two = [gzip(b"one "), gzip(b"two")].concat();
        assert_eq!(all(two, Limits::default()).0, b"one two");
        assert_eq!(all(Vec::new(), Limits::default()), (Vec::new(), None));
    }

    #[test]
    fn a_truncated_file_says_so_and_a_large_one_is_left() {
        let text = text();
        for whole in [gzip(&text), zstd::encode_all(&text[..], 3).unwrap()] {
            let (read, fault) = all(whole[..whole.len() - 9].to_vec(), Limits::default());
            assert!(text.starts_with(&read));
            assert_eq!(fault, Some(Reason::Truncated));
            let small = Limits { unpacked: 2_000, ..Limits::default() };
            assert_eq!(all(whole, small).1, Some(Reason::TooLarge(2_000)));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end(
            kind in 0_usize..3,
            mut bytes in proptest::collection::vec(any::<u8>(), 0..400),
            cut in 0_usize..400,
        ) {
            let whole = [bytes.clone(), gzip(&bytes), zstd::encode_all(&bytes[..], 1).unwrap()];
            let packed = &whole[kind];
            let _ = all(packed[..cut.min(packed.len())].to_vec(), Limits::default());
            let begin: &[u8] = [&ZSTD[..], &GZIP[..], &[]][kind];
            bytes.splice(0..0, begin.iter().copied());
            let _ = all(bytes, Limits::default());
        }
    }
}
