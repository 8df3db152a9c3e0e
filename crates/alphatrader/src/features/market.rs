//! A day of a recorded market from several paths, in one order, each contract with one number.

use std::collections::BTreeMap;
use std::path::PathBuf;

use alphatrader_history::{Days, HistoryError, Item, Malformed, Play, Progress};
use alphatrader_model::{Calendar, InstrumentId, Payload, Session, Symbol, Timestamp};
use jiff::civil::Date;

use crate::failure::Failure;

/// Recorded markets, and the symbols that are asked for.
pub(super) struct Markets {
    days: Vec<Days>,
    asked: Vec<Symbol>,
}

impl Markets {
    /// Looks at the paths.
    ///
    /// # Errors
    /// As [`Days::of`].
    pub(super) fn of(paths: &[PathBuf], asked: Vec<Symbol>, calendar: &Calendar) -> Result<Self, Failure> {
        let of = |path: &PathBuf| Days::of(path, calendar).map_err(|e| Failure::new(e.to_string()));
        Ok(Self { days: paths.iter().map(of).collect::<Result<_, _>>()?, asked })
    }

    /// Days that any of the paths has of the symbols asked for, with the symbols, in order.
    pub(super) fn dates(&self) -> BTreeMap<Date, Vec<Symbol>> {
        let mut dates: BTreeMap<Date, Vec<Symbol>> = BTreeMap::new();
        for (date, symbols) in self.days.iter().flat_map(Days::iter) {
            let wanted = symbols.iter().filter(|symbol| self.asked.is_empty() || self.asked.contains(symbol));
            let known = dates.entry(date).or_default();
            known.extend(wanted);
            known.sort_unstable();
            known.dedup();
        }
        dates.retain(|_, symbols| !symbols.is_empty());
        dates
    }

    /// Opens a day.
    ///
    /// # Errors
    /// As [`Days::play`].
    pub(super) fn play(&self, date: Date, progress: &Progress) -> Result<Day, Failure> {
        let mut plays = Vec::new();
        for days in &self.days {
            let has = |symbols: &std::collections::BTreeSet<Symbol>| {
                self.asked.is_empty() || self.asked.iter().any(|symbol| symbols.contains(symbol))
            };
            if days.iter().any(|(day, symbols)| day == date && has(symbols)) {
                plays.push(days.play(date, &self.asked, progress));
            }
        }
        let plays: Result<Vec<Play>, HistoryError> = plays.into_iter().collect();
        let plays = plays.map_err(|e| Failure::new(e.to_string()))?;
        let Some(session) = plays.first().map(|play| play.session) else {
            return Err(Failure::new(format!("{date} went away while it was read")));
        };
        let parts = plays.into_iter().map(Part::new).collect();
        Ok(Day { session, parts })
    }
}

/// What a path has of a day, and the number of each of its stocks by symbol.
struct Part {
    play: Play,
    head: Option<Result<Item, Malformed>>,
    symbols: BTreeMap<InstrumentId, Symbol>,
}

impl Part {
    fn new(play: Play) -> Self {
        let mut part = Self { play, head: None, symbols: BTreeMap::new() };
        part.advance();
        part
    }

    fn advance(&mut self) {
        self.head = self.play.next();
    }

    /// What cannot be read goes out at once.
    fn key(&self) -> Option<(Timestamp, u8)> {
        let soonest = (Timestamp::from_nanos(i64::MIN), 0);
        Some(match self.head.as_ref()? {
            Ok(item) => (item.input.ts_event, item.input.payload.rank()),
            Err(_) => soonest,
        })
    }
}

/// A day on its way.
pub(super) struct Day {
    /// Its session.
    pub(super) session: Session,
    parts: Vec<Part>,
}

/// What a day tells.
pub(super) enum Told {
    /// Something happened to a symbol.
    Event(Symbol, Item),
    /// A line, or the rest of a file, could not be read.
    Malformed(Malformed),
}

impl Iterator for Day {
    type Item = Told;

    fn next(&mut self) -> Option<Told> {
        loop {
            let (place, _) = self
                .parts
                .iter()
                .enumerate()
                .filter_map(|(place, part)| Some((place, part.key()?)))
                .min_by_key(|(place, key)| (*key, *place))?;
            let part = &mut self.parts[place];
            let head = part.head.take();
            part.advance();
            match head? {
                Err(malformed) => return Some(Told::Malformed(malformed)),
                Ok(mut item) => {
                    if let Payload::Instrument(instrument) = &item.input.payload {
                        if instrument.contract.option().is_none() {
                            part.symbols.insert(instrument.id, instrument.underlying);
                        }
                        continue;
                    }
                    let about = item.input.payload.about_mut();
                    if let Some(symbol) = about.and_then(|id| part.symbols.get(id)) {
                        return Some(Told::Event(*symbol, item));
                    }
                }
            }
        }
    }
}
