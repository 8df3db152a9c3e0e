//! Entries of a zip as a stream of bytes, whole, truncated or hostile.
//!
//! A whole archive is read by the directory at its end. Where that is missing (a download broke
//! off), its entries are walked from the front as far as they go, and the loss is reported after
//! the last byte that could be read.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::{Crc, Decompress, FlushDecompress, Status};
use zip::{CompressionMethod, ZipArchive};

use crate::limits::Limits;
use crate::malformed::Reason;
use crate::progress::{Progress, Share};

/// Where an archive's bytes come from.
pub(crate) trait Bytes: Read + Seek + Send {}
impl<T: Read + Seek + Send> Bytes for T {}

/// Why a file is not opened as an archive.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The operating system refuses.
    Io(io::Error),
    /// The file does not begin as a zip does, but with these bytes.
    NotZip(Vec<u8>),
    /// More entries than the limit.
    TooManyEntries(usize),
}

/// Packed bytes are read in pieces of this size.
const PIECE: usize = 64 * 1_024;
/// First bytes of an entry's own header.
const ENTRY: [u8; 4] = *b"PK\x03\x04";
/// First bytes of the directory, and of an empty archive.
const DIRECTORY: [[u8; 4]; 3] = [*b"PK\x01\x02", *b"PK\x05\x06", *b"PK\x06\x06"];
/// Length of an entry's own header without its name.
const HEADER: usize = 30;

/// A zip, read entry by entry.
pub(crate) struct Archive {
    bytes: Box<dyn Bytes>,
    plan: Plan,
    current: Option<Current>,
    piece: Box<[u8]>,
    filled: core::ops::Range<usize>,
    inflate: Decompress,
    limits: Limits,
    share: Share,
}

/// How the next entry is found.
enum Plan {
    /// By the directory.
    Listed(std::vec::IntoIter<Listed>),
    /// One after the other from the front.
    Walking { at: u64, entries: usize },
    /// Not at all.
    Over,
}

struct Listed {
    name: String,
    header: u64,
    packed: Packed,
    method: Result<Method, Reason>,
}

/// What the archive says about an entry's content.
#[derive(Clone, Copy)]
struct Packed {
    size: Option<u64>,
    unpacked: Option<u64>,
    checksum: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Stored,
    Deflated,
}

/// The entry that is being read.
struct Current {
    method: Method,
    packed: Packed,
    /// Where its packed bytes begin.
    start: u64,
    /// Packed bytes that were taken from the file, and of these, used.
    taken: u64,
    used: u64,
    /// Unpacked bytes so far.
    unpacked: u64,
    checksum: Crc,
    ended: bool,
    /// What its end showed, told after its last byte.
    fault: Option<Reason>,
}

impl Archive {
    /// Opens a file.
    pub(crate) fn open(path: &Path, limits: Limits, progress: &Progress) -> Result<Self, Refusal> {
        let file = File::open(path).map_err(Refusal::Io)?;
        Self::new(Box::new(file), limits, progress)
    }

    /// Reads the directory, where there is one.
    pub(crate) fn new(
        mut bytes: Box<dyn Bytes>,
        limits: Limits,
        progress: &Progress,
    ) -> Result<Self, Refusal> {
        let size = bytes.seek(SeekFrom::End(0)).map_err(Refusal::Io)?;
        bytes.seek(SeekFrom::Start(0)).map_err(Refusal::Io)?;
        let mut begin = [0; 16];
        let read = read_full(&mut bytes, &mut begin).map_err(Refusal::Io)?;
        let begin = &begin[..read];
        if !begin.starts_with(&ENTRY) && !DIRECTORY.iter().any(|mark| begin.starts_with(mark)) {
            return Err(Refusal::NotZip(begin.to_vec()));
        }
        let plan = match ZipArchive::new(&mut bytes) {
            Ok(archive) => Plan::Listed(directory(&archive, limits)?.into_iter()),
            Err(_) => Plan::Walking { at: 0, entries: 0 },
        };
        Ok(Self {
            bytes,
            plan,
            current: None,
            piece: vec![0; PIECE].into_boxed_slice(),
            filled: 0..0,
            inflate: Decompress::new(false),
            limits,
            share: Share::of(progress, size),
        })
    }

    /// Goes to the next entry and gives its name; nothing after the last. An error concerns that
    /// entry alone where the archive has a directory, and is the last one where it has none.
    pub(crate) fn next_entry(&mut self) -> Option<Result<String, Reason>> {
        let unfinished = self.current.take().is_some_and(|entry| !entry.ended);
        let entered = match &mut self.plan {
            Plan::Over => return None,
            Plan::Listed(list) => {
                let Some(listed) = list.next() else {
                    self.close();
                    return None;
                };
                self.enter_listed(listed)
            }
            Plan::Walking { .. } if unfinished => {
                self.plan = Plan::Over;
                return None;
            }
            Plan::Walking { at, entries } => {
                let (at, entries) = (*at, *entries);
                self.enter_at(at, entries)
            }
        };
        if entered.is_err() && !matches!(self.plan, Plan::Listed(_)) {
            self.plan = Plan::Over;
            self.share.finish();
        }
        Some(entered)
    }

    /// Nothing more of the file is read.
    pub(crate) fn close(&mut self) {
        self.plan = Plan::Over;
        self.current = None;
        self.share.finish();
    }

    /// Unpacks more of the current entry into `out`: how many bytes, 0 at its verified end.
    ///
    /// # Errors
    /// What is wrong with the entry from here on.
    pub(crate) fn fill(&mut self, out: &mut [u8]) -> Result<usize, Reason> {
        let Some(mut entry) = self.current.take() else { return Ok(0) };
        let made = if entry.ended { Ok(0) } else { self.unpack(&mut entry, out) };
        let told = match made {
            Ok(0) => entry.fault.take().map_or(Ok(0), Err),
            other => other,
        };
        self.current = Some(entry);
        told
    }

    fn enter_listed(&mut self, listed: Listed) -> Result<String, Reason> {
        let method = listed.method?;
        let header = self.header(listed.header)?.ok_or(Reason::Truncated)?;
        if header.signature != ENTRY {
            return Err(Reason::Damaged("no entry where its directory says"));
        }
        self.enter(method, listed.packed, listed.header + header.length)?;
        Ok(listed.name)
    }

    fn enter_at(&mut self, at: u64, entries: usize) -> Result<String, Reason> {
        if entries >= self.limits.entries {
            return Err(Reason::Damaged("more entries than the limit"));
        }
        let header = self.header(at)?.ok_or(Reason::NoDirectory)?;
        if DIRECTORY.contains(&header.signature) {
            return Err(Reason::NoDirectory);
        }
        if header.signature != ENTRY {
            return Err(Reason::Damaged("no entry where one should begin"));
        }
        let (method, packed) = header.content()?;
        self.plan = Plan::Walking { at, entries: entries + 1 };
        self.enter(method, packed, at + header.length)?;
        Ok(header.name)
    }

    fn enter(&mut self, method: Method, packed: Packed, start: u64) -> Result<(), Reason> {
        self.bytes.seek(SeekFrom::Start(start)).map_err(|e| Reason::Io(e.kind()))?;
        self.inflate.reset(false);
        self.filled = 0..0;
        self.current = Some(Current {
            method,
            packed,
            start,
            taken: 0,
            used: 0,
            unpacked: 0,
            checksum: Crc::new(),
            ended: false,
            fault: None,
        });
        Ok(())
    }

    /// The header at a place; nothing when the file ends inside it.
    fn header(&mut self, at: u64) -> Result<Option<Header>, Reason> {
        let io = |e: io::Error| Reason::Io(e.kind());
        self.bytes.seek(SeekFrom::Start(at)).map_err(io)?;
        let mut fixed = [0; HEADER];
        let read = read_full(&mut self.bytes, &mut fixed).map_err(io)?;
        let signature = [fixed[0], fixed[1], fixed[2], fixed[3]];
        if read < HEADER {
            return Ok((read >= 4 && signature != ENTRY).then(|| Header::unread(signature)));
        }
        let mut name = vec![0; usize::from(two(&fixed, 26))];
        if read_full(&mut self.bytes, &mut name).map_err(io)? < name.len() {
            return Ok(None);
        }
        let length = HEADER as u64 + u64::from(two(&fixed, 26)) + u64::from(two(&fixed, 28));
        let name = String::from_utf8_lossy(&name).into_owned();
        Ok(Some(Header { signature, fixed, name, length }))
    }

    fn unpack(&mut self, entry: &mut Current, out: &mut [u8]) -> Result<usize, Reason> {
        loop {
            if self.filled.is_empty() {
                self.refill(entry)?;
            }
            let input = &self.piece[self.filled.clone()];
            let (used, made, end) = match entry.method {
                Method::Stored => {
                    let many = input.len().min(out.len());
                    out[..many].copy_from_slice(&input[..many]);
                    (many, many, entry.packed.size == Some(entry.used + many as u64))
                }
                Method::Deflated => {
                    let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
                    let status = self
                        .inflate
                        .decompress(input, out, FlushDecompress::None)
                        .map_err(|_| Reason::Damaged("its packed bytes make no sense"))?;
                    let used = (self.inflate.total_in() - before_in) as usize;
                    let made = (self.inflate.total_out() - before_out) as usize;
                    (used, made, status == Status::StreamEnd)
                }
            };
            let starved = input.is_empty();
            self.filled.start += used;
            entry.used += used as u64;
            entry.unpacked += made as u64;
            entry.checksum.update(&out[..made]);
            if entry.unpacked > self.limits.unpacked {
                return Err(Reason::TooLarge(self.limits.unpacked));
            }
            if end {
                entry.ended = true;
                entry.fault = self.end(entry).err();
                return Ok(made);
            }
            if made > 0 {
                return Ok(made);
            }
            if starved {
                return Err(Reason::Truncated);
            }
            if used == 0 {
                return Err(Reason::Damaged("its packed bytes lead nowhere"));
            }
        }
    }

    /// Takes the next packed bytes of the entry from the file.
    fn refill(&mut self, entry: &mut Current) -> Result<(), Reason> {
        let left = entry.packed.size.map_or(u64::MAX, |size| size.saturating_sub(entry.taken));
        let most = left.min(PIECE as u64) as usize;
        let read = read_full(&mut self.bytes, &mut self.piece[..most]).map_err(|e| Reason::Io(e.kind()))?;
        self.filled = 0..read;
        entry.taken += read as u64;
        self.share.advance(read as u64);
        Ok(())
    }

    /// The entry's last byte is unpacked: compares it with what the archive says of it.
    fn end(&mut self, entry: &Current) -> Result<(), Reason> {
        if matches!(self.plan, Plan::Walking { .. }) {
            let after = self.after(entry.start + entry.used)?;
            if let Plan::Walking { at, .. } = &mut self.plan {
                *at = after;
            }
        }
        let wrong_size = entry.packed.unpacked.is_some_and(|size| size != entry.unpacked);
        let wrong_sum = entry.packed.checksum.is_some_and(|sum| sum != entry.checksum.sum());
        if wrong_size || wrong_sum { Err(Reason::Checksum) } else { Ok(()) }
    }

    /// Where the next header stands after an entry's packed bytes: behind a description of 12 to 24
    /// bytes, if there is one.
    fn after(&mut self, end: u64) -> Result<u64, Reason> {
        let io = |e: io::Error| Reason::Io(e.kind());
        let mut next = [0; 28];
        self.bytes.seek(SeekFrom::Start(end)).map_err(io)?;
        let read = read_full(&mut self.bytes, &mut next).map_err(io)?;
        let known = |at: &usize| {
            next[..read]
                .get(*at..at + 4)
                .is_some_and(|bytes| bytes == ENTRY || DIRECTORY.iter().any(|mark| bytes == mark))
        };
        let skip = [0, 12, 16, 20, 24].into_iter().find(known).unwrap_or(read);
        Ok(end + skip as u64)
    }
}

/// An entry's own header.
struct Header {
    signature: [u8; 4],
    fixed: [u8; HEADER],
    name: String,
    length: u64,
}

impl Header {
    fn unread(signature: [u8; 4]) -> Self {
        Self { signature, fixed: [0; HEADER], name: String::new(), length: 0 }
    }

    fn content(&self) -> Result<(Method, Packed), Reason> {
        let flags = two(&self.fixed, 6);
        if flags & 1 != 0 {
            return Err(Reason::Unsupported("an encrypted entry"));
        }
        // Sizes and checksum stand behind the content, or in 64 bits elsewhere.
        let known = |at: usize| {
            let value = four(&self.fixed, at);
            (flags & 8 == 0 && value != u32::MAX).then_some(value)
        };
        let packed = Packed {
            size: known(18).map(u64::from),
            unpacked: known(22).map(u64::from),
            checksum: if flags & 8 == 0 { Some(four(&self.fixed, 14)) } else { None },
        };
        match two(&self.fixed, 8) {
            0 if packed.size.is_some() => Ok((Method::Stored, packed)),
            0 => Err(Reason::Unsupported("an unpacked entry of unknown length")),
            8 => Ok((Method::Deflated, packed)),
            _ => Err(Reason::Unsupported("this way of packing")),
        }
    }
}

fn directory<R: Read + Seek>(archive: &ZipArchive<R>, limits: Limits) -> Result<Vec<Listed>, Refusal> {
    if archive.len() > limits.entries {
        return Err(Refusal::TooManyEntries(limits.entries));
    }
    let entries = (0..archive.len()).filter_map(|index| archive.by_index_data(index).ok());
    let listed = entries.filter(|entry| !entry.is_dir()).map(|entry| {
        let method = match entry.compression() {
            _ if entry.encrypted() => Err(Reason::Unsupported("an encrypted entry")),
            CompressionMethod::Stored => Ok(Method::Stored),
            CompressionMethod::Deflated => Ok(Method::Deflated),
            _ => Err(Reason::Unsupported("this way of packing")),
        };
        let packed = Packed {
            size: Some(entry.compressed_size()),
            unpacked: Some(entry.size()),
            checksum: Some(entry.crc32()),
        };
        let name = entry.name().map_or_else(|_| String::new(), std::borrow::Cow::into_owned);
        Listed { name, header: entry.header_start(), packed, method }
    });
    Ok(listed.collect())
}

/// Reads until `out` is full or the file ends: how many bytes.
fn read_full(bytes: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < out.len() {
        match bytes.read(&mut out[filled..]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn two(bytes: &[u8; HEADER], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn four(bytes: &[u8; HEADER], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
