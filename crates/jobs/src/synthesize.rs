//! Sessions of a synthetic market as recordings: something to search where nothing was recorded, and worlds in
//! which it is known what there is to find.

use std::io;
use std::path::{Path, PathBuf};

use alphatrader_history::recording::content::Chunk;
use alphatrader_history::recording::frame::Kind;
use alphatrader_history::recording::{End, Header, Piece, Segment, Shelf, layout};
use alphatrader_market::synthetic::{SyntheticConfig, SyntheticMarket};
use alphatrader_market::world::World;
pub use alphatrader_market::world::WorldKind;
use alphatrader_market::{random::mix, synthetic::profile};
use alphatrader_model::{
    Calendar, Event, Input, InstrumentId, Payload, Price, Seq, Session, Settings, Symbol,
};
use jiff::civil::Date;
use serde::Serialize;
use thiserror::Error;

use crate::threads;

/// Events of one frame.
const FRAME: u32 = 8_192;
/// Sessions at most: twenty years.
pub const MOST_SESSIONS: usize = 5_000;

/// Which market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Market {
    /// The synthetic market of the paper gateway, with or without its book.
    Usual {
        /// Ten rows of the book too.
        depth: bool,
    },
    /// A world in which it is known what there is to find.
    World(WorldKind),
}

/// What is made.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Which market.
    pub market: Market,
    /// Seed of everything.
    pub seed: u64,
    /// Symbols.
    pub symbols: Vec<Symbol>,
    /// First session: this date, or the next on which the exchange is open.
    pub from: Date,
    /// Sessions, at most [`MOST_SESSIONS`].
    pub sessions: usize,
    /// Threads; the result does not depend on it.
    pub threads: usize,
}

/// Why nothing was made.
#[derive(Debug, Error)]
pub enum SynthesizeError {
    /// A number out of range.
    #[error("{0}")]
    Asked(String),
    /// The system refused.
    #[error("{path} cannot be written: {error}")]
    Write {
        /// What.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Made {
    /// The sessions.
    pub dates: Vec<Date>,
    /// Events of all files.
    pub events: u64,
}

/// Writes a recording for each session below a folder that holds none yet. `told` hears how many sessions are
/// done.
///
/// # Errors
/// [`SynthesizeError`].
pub fn synthesize(
    plan: &Plan,
    folder: &Path,
    told: impl Fn(usize, usize) + Sync,
) -> Result<Made, SynthesizeError> {
    if plan.symbols.is_empty() || !(1..=MOST_SESSIONS).contains(&plan.sessions) {
        return Err(SynthesizeError::Asked(format!(
            "one symbol at least, and 1 to {MOST_SESSIONS} sessions"
        )));
    }
    let shelf = Shelf::new(folder);
    if !shelf.days().is_empty() {
        return Err(SynthesizeError::Asked(format!("{} holds recordings already", folder.display())));
    }
    let calendar = Calendar::xnys();
    let mut sessions = Vec::with_capacity(plan.sessions);
    let mut next = calendar.session(plan.from).unwrap_or_else(|| calendar.next_session(plan.from));
    while sessions.len() < plan.sessions {
        sessions.push(next);
        next = calendar.next_session(next.date);
    }
    let work = |_, session: &Session| day(plan, *session, &shelf);
    let made = threads::map(&sessions, plan.threads, work, |done| told(done, plan.sessions));
    let mut events = 0;
    for made in made {
        events += made.map_err(|(path, error)| SynthesizeError::Write { path, error })?;
    }
    Ok(Made { dates: sessions.iter().map(|session| session.date).collect(), events })
}

/// What each symbol says, in order.
fn inputs(plan: &Plan, session: Session) -> Vec<Input> {
    let mut all: Vec<Input> = Vec::new();
    for (symbol, place) in plan.symbols.iter().zip(0..) {
        let id = InstrumentId(place);
        match plan.market {
            Market::Usual { depth } => {
                let base = profile::profile(symbol.as_str())
                    .map_or(Price::from_cents(20_000), profile::Profile::base_price);
                let config = SyntheticConfig {
                    symbol: *symbol,
                    underlying_id: id,
                    base_price: base,
                    with_chain: false,
                    ..SyntheticConfig::spy(plan.seed)
                };
                let wanted = |input: &Input| match input.payload {
                    Payload::Session(_) => false,
                    Payload::Depth(_) => depth,
                    _ => true,
                };
                all.extend(SyntheticMarket::new(config, session).filter(wanted));
            }
            Market::World(kind) => {
                let name =
                    symbol.as_str().bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(64) + u64::from(byte));
                let world = World { kind, seed: mix(&[plan.seed, name]), symbol: *symbol, id };
                all.extend(world.session(session));
            }
        }
    }
    // Announcements first, then by time; stable, so a symbol's own order stays.
    all.sort_by_key(|input| (!matches!(input.payload, Payload::Instrument(_)), input.ts_event));
    all
}

fn day(plan: &Plan, session: Session, shelf: &Shelf) -> Result<u64, (PathBuf, io::Error)> {
    let path = shelf.next_file(session.date).map_err(|error| (shelf.day(session.date), error))?;
    let settings = Settings { symbols: plan.symbols.clone(), ..Settings::default() };
    let write = || -> io::Result<u64> {
        let mut segment = Segment::create(&path)?;
        segment.say(&Piece::Header(Box::new(Header {
            program: format!("alphatrader {}", env!("CARGO_PKG_VERSION")),
            layout: layout::name(),
            date: session.date,
            begun: session.open,
            incarnation: 1,
            part: 0,
            previous: None,
            settings: settings.clone(),
            rebuilt_from: Vec::new(),
            market: "synthetic".to_owned(),
            speed: 1.0,
        })))?;
        let first = [Payload::Settings(Box::new(settings)), Payload::Session(session)];
        let first = first.map(|payload| Input { ts_event: session.open, ts_recv: session.open, payload });
        let mut events = 0;
        let (mut chunk, mut body) = (Chunk::default(), Vec::new());
        let mut flush = |chunk: &mut Chunk| {
            body.clear();
            core::mem::take(chunk).write(&mut body);
            segment.append(Kind::Events, &body)
        };
        let mut seq = Seq::first(1);
        for Input { ts_event, ts_recv, payload } in first.into_iter().chain(inputs(plan, session)) {
            chunk.push(&Event { seq, ts_event, ts_recv, payload }, None);
            (seq, events) = (seq.next(), events + 1);
            if chunk.events() == FRAME {
                flush(&mut chunk)?;
            }
        }
        if !chunk.is_empty() {
            flush(&mut chunk)?;
        }
        segment.say(&Piece::End(End { events, reason: "the session is over".to_owned() }))?;
        segment.sync()?;
        Ok(events)
    };
    write().map_err(|error| (path.clone(), error))
}
