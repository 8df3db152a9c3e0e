//! The market events of recordings as a source.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alphatrader_model::market::{Gap, Stream};
use alphatrader_model::{Contract, Input, Instrument, InstrumentId, Payload, Span, Symbol, Timestamp};

use super::content::{Piece, Taken};
use super::frame::{Chain, Fault};
use super::reader::Recording;
use crate::error::HistoryError;
use crate::item::{Item, SourceId};
use crate::malformed::{Malformed, Reason};
use crate::progress::Progress;

/// The market events of a day's files, one after the other, with numbers of its own: the files of
/// several starts number their contracts each in its own way.
///
/// Events come in the order in which the engine took them; a time that goes back is that of the event
/// before. What broker, ledger, operator and timers said is left out. Where one file follows another, or
/// a part was lost, the quotes and books of each contract have a gap, and so have its prints unless the
/// pause was shorter than [`SHORT_PAUSE`].
pub struct MarketReader {
    files: std::vec::IntoIter<PathBuf>,
    progress: Progress,
    source: SourceId,
    wanted: Vec<Symbol>,
    recording: Option<Recording>,
    /// The file that is being read, for those who report on it.
    path: Arc<Path>,
    taken: std::vec::IntoIter<Taken>,
    numbers: Numbers,
    clock: Timestamp,
    line: u64,
    /// Contracts whose gaps are to be told.
    gaps: Vec<InstrumentId>,
    ready: Vec<Payload>,
    prints_too: bool,
    with_time: bool,
    as_taken: bool,
    /// When the last event reached us.
    received: Timestamp,
    read: Vec<(PathBuf, Chain)>,
}

/// After a pause this short, what was counted of prints before it is still worth something.
pub const SHORT_PAUSE: Span = Span::from_seconds(60);

/// Numbers of contracts over several files.
#[derive(Debug, Default)]
struct Numbers {
    ids: BTreeMap<Contract, InstrumentId>,
    known: BTreeMap<InstrumentId, Instrument>,
    /// By the number in the file that is being read.
    here: BTreeMap<InstrumentId, InstrumentId>,
    next: u32,
}

impl MarketReader {
    /// Files in the order in which they were begun; of these symbols and their options, of all when none
    /// is named. The stocks of named symbols have the first numbers, in the order they are named.
    ///
    /// # Errors
    /// As [`Recording::open`], for the first file. A later one that cannot be opened is reported among
    /// the items.
    pub fn open(
        files: Vec<PathBuf>,
        wanted: &[Symbol],
        source: SourceId,
        progress: &Progress,
    ) -> Result<Self, HistoryError> {
        let mut files = files.into_iter();
        let recording = files.next().map(|path| Recording::open(&path, progress)).transpose()?;
        let path = recording.as_ref().map_or(Path::new(""), Recording::path);
        let mut numbers = Numbers::default();
        for symbol in wanted {
            numbers.number(Contract::Stock(*symbol));
        }
        Ok(Self {
            path: Arc::from(path),
            files,
            progress: progress.clone(),
            source,
            wanted: wanted.to_vec(),
            recording,
            taken: Vec::new().into_iter(),
            numbers,
            clock: Timestamp::from_nanos(i64::MIN),
            line: 0,
            gaps: Vec::new(),
            ready: Vec::new(),
            prints_too: false,
            with_time: false,
            as_taken: false,
            received: Timestamp::default(),
            read: Vec::new(),
        })
    }

    /// From here on sessions and timers are among the items too: what a market half is rebuilt from.
    #[must_use]
    pub fn with_time(mut self) -> Self {
        self.with_time = true;
        self
    }

    /// Events keep the times that they had, also where these go back: for tables, not for a replay.
    #[must_use]
    pub fn as_taken(mut self) -> Self {
        self.as_taken = true;
        self
    }

    /// The file that is being read: as long as nothing else is asked, the one of the last item.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn item(&mut self, payload: Payload) -> Item {
        let input = Input { ts_event: self.clock, ts_recv: self.received, payload };
        Item { input, source: self.source, line: self.line }
    }

    fn malformed(&self, reason: String) -> Malformed {
        Malformed { file: Arc::clone(&self.path), line: self.line, reason: Reason::Recording(reason) }
    }

    /// Files that were read to their end, and the chain there.
    pub fn read(&self) -> &[(PathBuf, Chain)] {
        &self.read
    }

    /// Contracts that were announced so far, by number.
    pub fn instruments(&self) -> impl Iterator<Item = &Instrument> {
        self.numbers.known.values()
    }

    /// Everything that is known has gaps from here on.
    fn interrupt(&mut self, prints: bool) {
        self.gaps = self.numbers.known.keys().copied().rev().collect();
        self.prints_too = prints;
    }

    fn tell_gaps(&mut self) -> Option<Payload> {
        if let Some(payload) = self.ready.pop() {
            return Some(payload);
        }
        let instrument = self.gaps.pop()?;
        let gap = |stream| Payload::Gap(Gap { instrument, stream });
        self.ready.extend(self.prints_too.then_some(Stream::Trades).map(gap));
        self.ready.push(gap(Stream::Depth));
        Some(gap(Stream::Quotes))
    }

    fn next_file(&mut self) -> Option<Result<(), Malformed>> {
        let path = self.files.next()?;
        self.path = Arc::from(path.as_path());
        self.line = 0;
        self.numbers.here.clear();
        Some(match Recording::open(&path, &self.progress) {
            Ok(recording) => {
                let pause = recording.header().begun.since(self.clock);
                self.interrupt(pause > SHORT_PAUSE);
                self.recording = Some(recording);
                Ok(())
            }
            Err(error) => Err(self.malformed(error.to_string())),
        })
    }

    fn is_wanted(&self, symbol: Symbol) -> bool {
        self.wanted.is_empty() || self.wanted.contains(&symbol)
    }

    /// An event of the market with this reader's numbers; nothing for any other.
    fn translate(&mut self, taken: Taken) -> Option<Payload> {
        self.line += 1;
        let mut payload = taken.event.payload;
        match &mut payload {
            Payload::Instrument(instrument) => self.numbers.announce(instrument, &self.wanted)?,
            Payload::Session(_) | Payload::Timer | Payload::Discovered(_) if self.with_time => {}
            Payload::ChainSnapshot(chain) => self.is_wanted(chain.underlying).then_some(())?,
            Payload::Sentiment(news) => {
                news.symbol.is_none_or(|symbol| self.is_wanted(symbol)).then_some(())?;
            }
            other => {
                let about = other.about_mut()?;
                *about = self.numbers.here(*about)?;
            }
        }
        let at = taken.event.ts_event;
        self.clock = if self.as_taken { at } else { self.clock.max(at) };
        self.received = taken.event.ts_recv;
        Some(payload)
    }
}

impl Iterator for MarketReader {
    type Item = Result<Item, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(payload) = self.tell_gaps() {
                return Some(Ok(self.item(payload)));
            }
            if let Some(taken) = self.taken.next() {
                match self.translate(taken) {
                    Some(payload) => return Some(Ok(self.item(payload))),
                    None => continue,
                }
            }
            match self.recording.as_mut().map(Iterator::next) {
                Some(Some(Ok(Piece::Events(taken)))) => self.taken = taken.into_iter(),
                Some(Some(Ok(Piece::Lost(lost)))) => {
                    self.interrupt(true);
                    let reason = format!(
                        "events {} to {} were not recorded: {}",
                        lost.from, lost.through, lost.reason
                    );
                    return Some(Err(self.malformed(reason)));
                }
                Some(Some(Ok(_))) => {}
                Some(Some(Err(fault))) => {
                    // After a torn tail nothing follows in this file: the next one tells how long the pause was.
                    if !matches!(fault, Fault::Torn { .. }) {
                        self.interrupt(true);
                    }
                    return Some(Err(self.malformed(fault.to_string())));
                }
                Some(None) => {
                    let ended = self.recording.take();
                    self.read.extend(ended.map(|r| (r.path().to_owned(), r.chain_so_far())));
                }
                None => match self.next_file()? {
                    Ok(()) => {}
                    Err(malformed) => return Some(Err(malformed)),
                },
            }
        }
    }
}

impl Numbers {
    fn number(&mut self, contract: Contract) -> InstrumentId {
        *self.ids.entry(contract).or_insert_with(|| {
            let id = InstrumentId(self.next);
            self.next += 1;
            id
        })
    }

    /// The announcement with our number; nothing when it is of another symbol, or says nothing new.
    fn announce(&mut self, instrument: &mut Instrument, wanted: &[Symbol]) -> Option<()> {
        if !wanted.is_empty() && !wanted.contains(&instrument.underlying) {
            return None;
        }
        let id = self.number(instrument.contract);
        self.here.insert(instrument.id, id);
        instrument.id = id;
        let before = self.known.insert(id, instrument.clone());
        (before.as_ref() != Some(instrument)).then_some(())
    }

    fn here(&self, id: InstrumentId) -> Option<InstrumentId> {
        self.here.get(&id).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::samples;
    use crate::recording::segment::Segment;

    fn file(folder: &Path, name: &str, taken: Vec<Taken>) -> PathBuf {
        let path = folder.join(name);
        let mut segment = Segment::create(&path).unwrap();
        segment.say(&Piece::Header(Box::new(samples::header()))).unwrap();
        segment.say(&Piece::Events(taken)).unwrap();
        path
    }

    fn announce(id: u32, name: &str) -> Payload {
        Payload::Instrument(Box::new(samples::instrument(id, name)))
    }

    #[test]
    fn two_starts_number_their_contracts_each_in_its_own_way_and_the_reader_once() {
        let folder = tempfile::tempdir().unwrap();
        let option = "SPY260316C00600000";
        let first = vec![
            samples::taken(1, 10, announce(0, option)),
            samples::taken(2, 11, announce(1, "SPY")),
            samples::taken(3, 12, samples::quote(1, 60_000)),
            samples::taken(4, 9, samples::trade(1, 60_000)),
            samples::taken(5, 12, Payload::Timer),
        ];
        let second = vec![
            samples::taken(1, 20, announce(0, "SPY")),
            samples::taken(2, 21, announce(1, "QQQ")),
            samples::taken(3, 22, announce(2, option)),
            samples::taken(4, 23, samples::trade(1, 50_000)),
            samples::taken(5, 24, samples::trade(0, 60_010)),
            samples::taken(6, 25, samples::quote(2, 300)),
        ];
        let files = vec![
            file(folder.path(), "1", first),
            file(folder.path(), "2", second),
            folder.path().join("absent"),
        ];
        let spy = Symbol::new("SPY").unwrap();
        let reader = MarketReader::open(files, &[spy], SourceId(4), &Progress::default()).unwrap();
        let (items, errors): (Vec<_>, Vec<_>) = reader.partition(Result::is_ok);
        assert_eq!(errors.len(), 1);
        let items: Vec<Item> = items.into_iter().map(Result::unwrap).collect();
        assert!(items.is_sorted_by_key(|item| item.input.ts_event));
        let said = |payload: &Payload| match payload {
            Payload::Instrument(i) => format!("{} is {}", i.id.0, i.contract),
            Payload::Quote(q) => format!("quote {}", q.instrument.0),
            Payload::Trade(t) => format!("trade {}", t.instrument.0),
            Payload::Gap(g) => format!("gap {}", g.instrument.0),
            other => panic!("{other:?}"),
        };
        let told: Vec<String> = items.iter().map(|item| said(&item.input.payload)).collect();
        // The second file begins hours after the first one's events.
        let gaps = ["gap 0", "gap 0", "gap 0", "gap 1", "gap 1", "gap 1"];
        let expected: Vec<&str> = ["1 is SPY260316C00600000", "0 is SPY", "quote 0", "trade 0"]
            .into_iter()
            .chain(gaps)
            .chain(["trade 0", "quote 1"])
            .collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_torn_tail_before_a_short_pause_leaves_prints_without_a_gap() {
        let folder = tempfile::tempdir().unwrap();
        let begun = samples::header().begun.millis();
        let taken = |seq, after: i64| samples::taken(seq, begun + after, samples::trade(0, 60_000));
        let start = samples::taken(1, begun, announce(0, "SPY"));
        let first = file(folder.path(), "1", vec![start.clone(), taken(2, 5)]);
        let whole = std::fs::read(&first).unwrap();
        std::fs::write(&first, [&whole[..], &[1, 2, 3]].concat()).unwrap();
        let second = file(folder.path(), "2", vec![start, taken(2, 9)]);
        let streams = |files| {
            let reader = MarketReader::open(files, &[], SourceId(0), &Progress::default()).unwrap();
            let (items, errors): (Vec<_>, Vec<_>) = reader.partition(Result::is_ok);
            assert_eq!(errors.len(), 1, "the torn tail is said");
            let gap = |item: Result<Item, Malformed>| match item.unwrap().input.payload {
                Payload::Gap(gap) => Some(gap.stream),
                _ => None,
            };
            items.into_iter().filter_map(gap).collect::<Vec<_>>()
        };
        assert_eq!(streams(vec![first, second]), [Stream::Quotes, Stream::Depth]);
    }
}
