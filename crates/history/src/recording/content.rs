//! What is in the frames.
//!
//! The header is JSON, so that any later program can read what a recording is of. Everything else is
//! postcard, exact to the bit; it knows nothing of names: it is read by the version of the program that
//! wrote it, and by a later one as long as nothing of it changed. What cannot be read is said to be so.

use alphatrader_model::{Event, Payload, Record, Seq, Settings, Timestamp};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::frame::{Fault, Frame, Kind};

/// Events in one chunk; the recorder's chunks are far smaller.
pub const MOST_EVENTS: u32 = 1 << 22;

/// What a recording is of, first of all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The program that wrote it, with its version. Outputs are promised to be equal for the same.
    pub program: String,
    /// The layout of its events, from [`layout::name`](super::layout::name).
    pub layout: String,
    /// Exchange date of its first event.
    pub date: Date,
    /// The system's clock when it began.
    pub begun: Timestamp,
    /// The start of the engine whose events these are.
    pub incarnation: u32,
    /// Files of the same start before this one.
    pub part: u32,
    /// The file before, when `part` is not 0: the engine's state at the beginning of this file is that
    /// at the end of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
    /// Settings in force at the start, to be read by people; as an event they are exact to the bit.
    pub settings: Settings,
    /// Files of earlier starts whose market events rebuilt the market half before the first event.
    #[serde(default)]
    pub rebuilt_from: Vec<Previous>,
    /// Where the market comes from, in words: `synthetic`, `live`.
    #[serde(default)]
    pub market: String,
    /// How much faster than wall time the system's clock ran.
    #[serde(default)]
    pub speed: f64,
}

/// Another file, by its place below the folder of recordings and by its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    /// Such as `2026-03-16/0001.atr`.
    pub file: String,
    /// The chain after its last frame that was used, in hexadecimal.
    pub chain: String,
}

/// An event as the engine took it.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// The event.
    pub event: Event,
    /// The start of the BLAKE3 of what it yielded; nothing when it yielded nothing.
    pub mark: Option<u64>,
}

/// How far a run came and what its digest was then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The last event.
    pub through: Seq,
    /// Events since the start of the engine.
    pub events: u64,
    /// The digest of all outputs since the start of the engine, in hexadecimal.
    pub digest: String,
}

/// Events that were not recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// The first.
    pub from: Seq,
    /// The last.
    pub through: Seq,
    /// Why, in words.
    pub reason: String,
}

/// The recording ended in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Events in this file.
    pub events: u64,
    /// Why: the process stopped, or the day was over and another file goes on.
    pub reason: String,
}

/// A frame, understood.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// What the recording is of.
    Header(Box<Header>),
    /// What the ledger knew at the start, from which the trading half was recovered.
    Recovered(Vec<Record>),
    /// Events in their order.
    Events(Vec<Taken>),
    /// The digest so far.
    Checkpoint(Checkpoint),
    /// A hole.
    Lost(Lost),
    /// Nothing comes after it.
    End(End),
}

/// Events being collected: encoded as they come, on the engine's thread.
#[derive(Debug, Clone, Default)]
pub struct Chunk {
    first: Seq,
    last: Seq,
    base: Timestamp,
    clock: Timestamp,
    count: u32,
    bytes: Vec<u8>,
}

/// An event beside the one before it: time as differences, the place by counting.
#[derive(Serialize)]
struct Beside<'e> {
    after: i64,
    late: i64,
    mark: Option<u64>,
    payload: &'e Payload,
}

#[derive(Deserialize)]
struct Was {
    after: i64,
    late: i64,
    mark: Option<u64>,
    payload: Payload,
}

/// What stands before the events of a chunk.
#[derive(Serialize, Deserialize)]
struct Intro {
    first: Seq,
    base: Timestamp,
    count: u32,
}

impl Chunk {
    /// Adds an event. False, and nothing is added, when its place is not the next one.
    pub fn push(&mut self, event: &Event, mark: Option<u64>) -> bool {
        if self.count == 0 {
            (self.first, self.base, self.clock) = (event.seq, event.ts_event, event.ts_event);
        } else if event.seq != self.last.next() || self.count >= MOST_EVENTS {
            return false;
        }
        let beside = Beside {
            after: event.ts_event.nanos().wrapping_sub(self.clock.nanos()),
            late: event.ts_recv.nanos().wrapping_sub(event.ts_event.nanos()),
            mark,
            payload: &event.payload,
        };
        let bytes = std::mem::take(&mut self.bytes);
        self.bytes = postcard::to_extend(&beside, bytes).expect("events are plain data");
        (self.last, self.clock) = (event.seq, event.ts_event);
        self.count += 1;
        true
    }

    /// Bytes so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it holds no event.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many events it holds.
    pub const fn events(&self) -> u32 {
        self.count
    }

    /// The first and the last event.
    pub const fn range(&self) -> (Seq, Seq) {
        (self.first, self.last)
    }

    /// Adds it to the body of a frame.
    pub fn write(&self, body: &mut Vec<u8>) {
        let intro = Intro { first: self.first, base: self.base, count: self.count };
        *body = postcard::to_extend(&intro, std::mem::take(body)).expect("numbers are plain data");
        body.extend_from_slice(&self.bytes);
    }
}

impl Piece {
    /// Reads a frame.
    ///
    /// # Errors
    /// [`Fault::Damaged`]: its checksum is right and its content is not what this program writes.
    pub fn of(frame: &Frame) -> Result<Self, Fault> {
        let strange = |what| Fault::Damaged { at: frame.at, what, goes_on: true };
        let body = frame.body.as_slice();
        Ok(match frame.kind {
            Kind::Header => Self::Header(Box::new(
                serde_json::from_slice(body)
                    .map_err(|_| strange("its header is not one that this program reads"))?,
            )),
            Kind::Recovered => {
                Self::Recovered(postcard::from_bytes(body).map_err(|_| strange("records of another form"))?)
            }
            Kind::Events => Self::Events(
                events(body)
                    .ok_or_else(|| strange("its events are not those of this version of the program"))?,
            ),
            Kind::Checkpoint => Self::Checkpoint(
                postcard::from_bytes(body).map_err(|_| strange("a checkpoint of another form"))?,
            ),
            Kind::Lost => {
                Self::Lost(postcard::from_bytes(body).map_err(|_| strange("a lost range of another form"))?)
            }
            Kind::End => {
                Self::End(postcard::from_bytes(body).map_err(|_| strange("an end of another form"))?)
            }
        })
    }

    /// The kind and the body of its frame. Events are written from their [`Chunk`]s.
    pub fn frame(&self) -> (Kind, Vec<u8>) {
        let plain = "what a recording holds is plain data";
        match self {
            Self::Header(header) => (Kind::Header, serde_json::to_vec(header).expect(plain)),
            Self::Recovered(records) => (Kind::Recovered, postcard::to_stdvec(records).expect(plain)),
            Self::Events(taken) => (Kind::Events, body_of(taken)),
            Self::Checkpoint(checkpoint) => (Kind::Checkpoint, postcard::to_stdvec(checkpoint).expect(plain)),
            Self::Lost(lost) => (Kind::Lost, postcard::to_stdvec(lost).expect(plain)),
            Self::End(end) => (Kind::End, postcard::to_stdvec(end).expect(plain)),
        }
    }
}

fn body_of(taken: &[Taken]) -> Vec<u8> {
    let (mut body, mut chunk) = (Vec::new(), Chunk::default());
    for one in taken {
        if !chunk.push(&one.event, one.mark) {
            std::mem::take(&mut chunk).write(&mut body);
            chunk.push(&one.event, one.mark);
        }
    }
    if !chunk.is_empty() {
        chunk.write(&mut body);
    }
    body
}

fn events(mut body: &[u8]) -> Option<Vec<Taken>> {
    let mut all = Vec::new();
    while !body.is_empty() {
        let (intro, rest): (Intro, _) = postcard::take_from_bytes(body).ok()?;
        if intro.count == 0 || intro.count > MOST_EVENTS {
            return None;
        }
        body = rest;
        let (mut seq, mut clock) = (intro.first, intro.base);
        for _ in 0..intro.count {
            let (was, rest): (Was, _) = postcard::take_from_bytes(body).ok()?;
            body = rest;
            clock = Timestamp::from_nanos(clock.nanos().wrapping_add(was.after));
            let ts_recv = Timestamp::from_nanos(clock.nanos().wrapping_add(was.late));
            all.push(Taken {
                event: Event { seq, ts_event: clock, ts_recv, payload: was.payload },
                mark: was.mark,
            });
            seq = seq.next();
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::samples;
    use alphatrader_model::ChainEntry;
    use alphatrader_model::chain::VendorGreeks;
    use proptest::prelude::*;

    #[test]
    fn every_kind_of_event_reads_back() {
        let taken: Vec<Taken> = crate::recording::layout::payloads()
            .into_iter()
            .enumerate()
            .map(|(place, payload)| samples::taken(place as u64, 1_000 - place as i64 * 7, payload))
            .collect();
        let (kind, body) = Piece::Events(taken.clone()).frame();
        assert_eq!(Piece::of(&Frame { kind, body, at: 8 }).unwrap(), Piece::Events(taken));
    }

    #[test]
    fn the_other_frames_read_back() {
        let lost = Lost { from: Seq(3), through: Seq(9), reason: "why".into() };
        let checkpoint = Checkpoint { through: Seq(4), events: 5, digest: "ab".into() };
        for piece in [
            Piece::Header(Box::new(samples::header())),
            Piece::Recovered(samples::records()),
            Piece::Lost(lost),
            Piece::Checkpoint(checkpoint),
            Piece::End(End { events: 7, reason: "stopped".into() }),
        ] {
            let (kind, body) = piece.frame();
            assert_eq!(Piece::of(&Frame { kind, body, at: 8 }).unwrap(), piece);
        }
    }

    /// The largest chain there may be is one event, and fits its frame.
    #[test]
    fn the_largest_chain_fits_a_frame_and_reads_back() {
        use alphatrader_model::Price;
        use alphatrader_model::chain::MOST_ROWS;
        let sample = crate::recording::layout::payloads().into_iter().find_map(|payload| match payload {
            Payload::ChainSnapshot(chain) => Some(chain),
            _ => None,
        });
        let mut chain = sample.unwrap();
        let (row, g) = (chain.rows[0], Some(-0.123_456_789));
        let greeks = VendorGreeks { delta: g, gamma: g, theta: g, vega: g, rho: g };
        chain.rows = (1..=MOST_ROWS as i64)
            .map(|n| {
                let mut row = ChainEntry { greeks, quoted_at: Some(row.settles), ..row };
                row.contract.strike = Price::from_cents(n * 100);
                row
            })
            .collect();
        let taken = vec![samples::taken(1, 5, Payload::ChainSnapshot(chain))];
        let (kind, body) = Piece::Events(taken.clone()).frame();
        println!("{} bytes of {MOST_ROWS} rows", body.len());
        assert!(body.len() < crate::recording::frame::MOST_UNPACKED / 4, "{}", body.len());
        let mut packed = Vec::new();
        crate::recording::frame::append(&mut packed, kind, &body, crate::recording::frame::Chain::start())
            .unwrap();
        assert_eq!(Piece::of(&Frame { kind, body, at: 8 }).unwrap(), Piece::Events(taken));
    }

    #[test]
    fn a_hole_in_the_places_begins_a_new_chunk() {
        let timer = |seq| samples::taken(seq, 5, Payload::Timer);
        let taken = vec![timer(1), timer(2), timer(7), timer(8)];
        let (kind, body) = Piece::Events(taken.clone()).frame();
        assert_eq!(Piece::of(&Frame { kind, body, at: 8 }).unwrap(), Piece::Events(taken));
        let mut chunk = Chunk::default();
        assert!(chunk.push(&timer(1).event, None) && !chunk.push(&timer(3).event, None));
        assert_eq!((chunk.events(), chunk.range()), (1, (Seq(1), Seq(1))));
    }

    proptest! {
        #[test]
        fn times_of_any_distance_read_back(steps in proptest::collection::vec((any::<i64>(), any::<i64>(), any::<Option<u64>>()), 1..20)) {
            let taken: Vec<Taken> = (1_u64..).zip(steps).map(|(seq, (at, recv, mark))| Taken {
                event: Event {
                    seq: Seq(seq),
                    ts_event: Timestamp::from_nanos(at),
                    ts_recv: Timestamp::from_nanos(recv),
                    payload: Payload::Timer,
                },
                mark,
            }).collect();
            let (kind, body) = Piece::Events(taken.clone()).frame();
            prop_assert_eq!(Piece::of(&Frame { kind, body, at: 8 }).unwrap(), Piece::Events(taken));
        }

        #[test]
        fn any_body_is_read_or_refused(kind in 0_usize..6, body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let kind = [Kind::Header, Kind::Recovered, Kind::Events, Kind::Checkpoint, Kind::Lost, Kind::End][kind];
            let _ = Piece::of(&Frame { kind, body, at: 8 });
        }
    }
}
