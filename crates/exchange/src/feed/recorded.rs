//! A recorded market behind the gateway: its days as they were, with a synthetic option chain laid
//! over each stock whose options were not recorded.
//!
//! A day begins at its open, as every [`Source`]'s: quotes and books from before it count at the open,
//! prints from before it are not shown. Where a day has bars instead of prints, each bar becomes one
//! print of its volume at its last price. On a day that was not recorded the market is silent.

use std::collections::VecDeque;
use std::path::Path;

use alphatrader_history::{Days, HistoryError, Item, Malformed, Play, Progress};
use alphatrader_market::chain::{ChainConfig, ChainOverlay};
use alphatrader_model::market::TradeFlags;
use alphatrader_model::{
    Bar, Calendar, Contract, Input, Instrument, InstrumentId, Payload, Session, Symbol, Timestamp, Trade,
};

use super::source::Source;

/// Most symbols over which a chain is laid; the others are played without options.
pub const MOST_CHAINS: usize = 8;
/// Numbers of chains lie beyond those of what was recorded, this far apart.
const CHAIN_NUMBERS: u32 = 1 << 24;
/// Lines that could not be read of which the log speaks; all are counted.
const SHOWN: u64 = 5;

/// What of a recorded market is played.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordedConfig {
    /// These symbols; all that were recorded when none is named.
    pub symbols: Vec<Symbol>,
    /// Seed of the synthetic chains; no options are made without one.
    pub chain_seed: Option<u64>,
}

/// A recorded market as a [`Source`].
#[derive(Debug)]
pub struct RecordedSource {
    days: Days,
    calendar: Calendar,
    config: RecordedConfig,
    today: Option<Today>,
    ready: VecDeque<Input>,
    malformed: u64,
}

/// A day on its way.
struct Today {
    session: Session,
    play: Option<Play>,
    chains: Vec<ChainOverlay>,
    /// The symbols of the chains, in their order.
    chained: Vec<Symbol>,
    laid: Vec<Input>,
}

impl std::fmt::Debug for Today {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Today")
            .field("session", &self.session)
            .field("chained", &self.chained)
            .finish_non_exhaustive()
    }
}

impl RecordedSource {
    /// The market below a path: LEAN's folders and zips, and recordings of this system.
    ///
    /// # Errors
    /// [`HistoryError`]: there is nothing that could be played, or none of the symbols.
    pub fn open(path: &Path, config: RecordedConfig) -> Result<Self, HistoryError> {
        let calendar = Calendar::xnys();
        let days = Days::of(path, &calendar)?;
        let source = Self { days, calendar, config, today: None, ready: VecDeque::new(), malformed: 0 };
        // Said now rather than by a market that stays silent.
        source.days.play(source.first_session().date, &source.config.symbols, &Progress::default())?;
        Ok(source)
    }

    /// The first day that can be played: of the symbols that are asked for, where any are. The
    /// gateway's clock belongs at its open.
    pub fn first_session(&self) -> Session {
        let asked = &self.config.symbols;
        let has = |symbols: &std::collections::BTreeSet<Symbol>| asked.iter().any(|s| symbols.contains(s));
        let first = self.days.iter().find(|(_, symbols)| asked.is_empty() || has(symbols));
        first.and_then(|(date, _)| self.calendar.session(date)).unwrap_or_else(|| self.days.first())
    }

    /// The days that can be played, with their symbols.
    pub const fn days(&self) -> &Days {
        &self.days
    }

    /// Lines of the recordings that could not be read so far.
    pub const fn malformed(&self) -> u64 {
        self.malformed
    }

    fn note(&mut self, malformed: &Malformed) {
        self.malformed += 1;
        if self.malformed <= SHOWN {
            tracing::warn!(%malformed, "a line of the recorded market cannot be read");
        }
    }

    /// Reads on until there is something to say, or nothing more.
    fn fill(&mut self) {
        while self.ready.is_empty() {
            let Some(today) = &mut self.today else { return };
            let Some(play) = &mut today.play else {
                if !today.run_out(&mut self.ready) {
                    return;
                }
                continue;
            };
            match play.next() {
                Some(Ok(item)) => today.take(item, &mut self.ready),
                Some(Err(malformed)) => self.note(&malformed),
                None => today.play = None,
            }
        }
    }
}

impl Source for RecordedSource {
    fn begin(&mut self, session: Session) {
        self.ready.clear();
        let play = match self.days.play(session.date, &self.config.symbols, &Progress::default()) {
            Ok(play) => Some(play),
            Err(error) => {
                tracing::warn!(date = %session.date, %error, "nothing was recorded: the market is silent today");
                None
            }
        };
        let next = self.calendar.next_session(session.date);
        let mut today =
            Today { session, play: None, chains: Vec::new(), chained: Vec::new(), laid: Vec::new() };
        if let (Some(play), Some(seed)) = (&play, self.config.chain_seed) {
            today.lay_chains(&play.instruments, seed, next);
        }
        today.play = play;
        let at = session.open;
        self.ready.push_back(Input { ts_event: at, ts_recv: at, payload: Payload::Session(session) });
        self.today = Some(today);
    }

    fn peek(&mut self) -> Option<Timestamp> {
        self.fill();
        self.ready.front().map(|input| input.ts_event)
    }

    fn next(&mut self) -> Option<Input> {
        self.fill();
        self.ready.pop_front()
    }

    fn session_after(&self, today: Session, calendar: &Calendar) -> Session {
        self.days.after(today.date).unwrap_or_else(|| calendar.next_session(today.date))
    }
}

impl Today {
    /// A chain over each stock whose options were not recorded.
    fn lay_chains(&mut self, instruments: &[Instrument], seed: u64, next: Session) {
        let has_options =
            |symbol| instruments.iter().any(|i| i.contract.option().is_some() && i.underlying == symbol);
        for instrument in instruments {
            let Contract::Stock(symbol) = instrument.contract else { continue };
            if has_options(symbol) || self.chains.len() == MOST_CHAINS {
                continue;
            }
            let first = InstrumentId(CHAIN_NUMBERS * (self.chains.len() as u32 + 1));
            let config = ChainConfig::new(symbol, instrument.id, first, seed);
            self.chains.push(ChainOverlay::new(config, self.session, next));
            self.chained.push(symbol);
        }
    }

    /// Takes what was recorded next; what it makes of it, and what the chains say up to then, is ready.
    fn take(&mut self, item: Item, ready: &mut VecDeque<Input>) {
        let early = item.input.ts_event < self.session.open;
        let at = item.input.ts_event.max(self.session.open);
        let payload = match item.input.payload {
            Payload::Trade(_) | Payload::Bar(_) if early => return,
            Payload::Bar(bar) => match print_of(&bar) {
                Some(print) => Payload::Trade(print),
                None => return,
            },
            other => other,
        };
        let input = Input { ts_event: at, ts_recv: at, payload };
        for chain in &mut self.chains {
            chain.advance(at, &mut self.laid);
        }
        self.laid.push(input.clone());
        for chain in &mut self.chains {
            chain.on(&input, &mut self.laid);
        }
        self.hand_over(ready);
    }

    /// The recording is over: the chains go on to the close. False when they have nothing more to say.
    fn run_out(&mut self, ready: &mut VecDeque<Input>) -> bool {
        let Some(next) = self.chains.iter().filter_map(ChainOverlay::next_time).min() else { return false };
        for chain in &mut self.chains {
            chain.advance(next, &mut self.laid);
        }
        self.hand_over(ready);
        true
    }

    /// Several chains were advanced one after the other; what they said is put in order of time.
    fn hand_over(&mut self, ready: &mut VecDeque<Input>) {
        self.laid.sort_by_key(|input| input.ts_event);
        ready.extend(self.laid.drain(..));
    }
}

/// A bar as one print; nothing for a bar in which nothing was traded.
fn print_of(bar: &Bar) -> Option<Trade> {
    (bar.volume.get() > 0).then_some(Trade {
        instrument: bar.instrument,
        price: bar.close,
        size: bar.volume,
        aggressor: None,
        venue: None,
        flags: TradeFlags::NONE,
    })
}
