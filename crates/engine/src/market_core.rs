//! `MarketCore`: one per symbol group, turns market events into the [`MarketView`].
//!
//! Costs nanoseconds and allocates nothing per event once its contracts are known.

mod options;

use alphatrader_analytics::correlation::LiveCorrelations;
use alphatrader_analytics::correlation::live::Pair;
use alphatrader_analytics::{Parameters, SymbolAnalytics};
use alphatrader_model::market::{Gap, Quote, Stream};
use alphatrader_model::settings::Analytics;
use alphatrader_model::view::{ContractView, MarketView, SymbolHistory};
use alphatrader_model::{
    ChainSnapshot, Contract, Discovered, Event, Features, Instrument, InstrumentId, Outputs, Payload,
    Session, Span, Symbol, Timestamp,
};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use options::Options;

/// Contracts one core may know. A day of a few chains is hundreds.
pub const MOST_CONTRACTS: usize = 65_536;

/// The market half of the core.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MarketCore {
    view: MarketView,
    symbols: Vec<SymbolAnalytics>,
    /// By instrument: its place in `symbols`, for the stocks that are analysed.
    analysed: Vec<Option<u16>>,
    configured: Vec<Symbol>,
    /// Of the symbols analysed; absent with one alone, or more than it takes.
    correlations: Option<Box<LiveCorrelations>>,
    analytics: Analytics,
    /// Found parameters: those of this session, and those that wait for the next.
    discovered: Option<Box<Discovered>>,
    discovered_next: Option<Box<Discovered>>,
    /// The opening of the session with which they came into force.
    discovered_since: Option<Timestamp>,
    /// How often either changed.
    discovered_changes: u64,
    /// Last whole second whose features were put out.
    told: Timestamp,
    /// Chains and their exposures.
    options: Options,
    refused: u64,
}

/// Version of the form of a snapshot: one of another form is refused, not guessed at.
pub const SNAPSHOT_VERSION: u32 = 4;

/// Why a snapshot is not taken up.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SnapshotError {
    /// It is of another version of the program.
    #[error("a snapshot of form {found}; this program reads form {SNAPSHOT_VERSION}: begin without it")]
    Version {
        /// Its form.
        found: u32,
    },
    /// It is not whole, or was changed.
    #[error("the snapshot is damaged: begin without it")]
    Damaged,
}

impl MarketCore {
    /// The whole state as bytes: form, checksum, content.
    pub fn snapshot(&self) -> Vec<u8> {
        let content = postcard::to_stdvec(self).expect("the state is plain data");
        let mut bytes = SNAPSHOT_VERSION.to_le_bytes().to_vec();
        bytes.extend_from_slice(blake3::hash(&content).as_bytes());
        bytes.extend_from_slice(&content);
        bytes
    }

    /// The state that [`Self::snapshot`] gave; it goes on as the one it was taken of would have, bit for bit.
    ///
    /// # Errors
    /// [`SnapshotError`]: another form, or damaged.
    pub fn restore(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let (version, rest) = bytes.split_first_chunk().ok_or(SnapshotError::Damaged)?;
        let found = u32::from_le_bytes(*version);
        if found != SNAPSHOT_VERSION {
            return Err(SnapshotError::Version { found });
        }
        let (sum, content) = rest.split_first_chunk::<32>().ok_or(SnapshotError::Damaged)?;
        if blake3::hash(content).as_bytes() != sum {
            return Err(SnapshotError::Damaged);
        }
        let mut core: Self = postcard::from_bytes(content).map_err(|_| SnapshotError::Damaged)?;
        core.symbols.iter_mut().for_each(SymbolAnalytics::make_room);
        Ok(core)
    }

    /// Bytes that each symbol holds, its features included: at most 256 KiB with full analytics, 8 KiB when it is
    /// only quoted.
    pub fn state_bytes(&self) -> impl Iterator<Item = (Symbol, usize)> {
        let own = |symbol: &SymbolAnalytics| symbol.state_bytes() + size_of::<Features>();
        self.symbols.iter().zip(&self.view.features).map(move |(s, f)| (f.symbol, own(s)))
    }

    /// What the trading half sees.
    pub const fn view(&self) -> &MarketView {
        &self.view
    }

    /// What a chart of a symbol shows.
    pub fn histories(&self) -> impl Iterator<Item = &SymbolHistory> {
        self.symbols.iter().map(SymbolAnalytics::history)
    }

    /// Goes on after a pause in which nothing was heard: what is known of quotes and books is forgotten.
    /// After a `short` pause VPIN goes on, else nothing of the prints before it counts.
    pub fn resume(&mut self, now: Timestamp, short: bool) {
        for contract in &mut self.view.contracts {
            (contract.quote, contract.quote_at) = (None, None);
        }
        if let Some(correlations) = &mut self.correlations {
            correlations.on_session();
        }
        for (symbol, features) in self.symbols.iter_mut().zip(&mut self.view.features) {
            symbol.on_pause(features, now);
            if !short {
                let gap = Gap { instrument: symbol.instrument(), stream: Stream::Trades };
                symbol.on_gap(features, now, &gap);
            }
        }
        self.view.as_of = now;
    }

    /// Brings up to date what is only shown: rows of books, ranges, unusual volume; the hot path leaves it alone.
    pub fn refresh_histories(&mut self) {
        for symbol in &mut self.symbols {
            symbol.refresh();
        }
    }

    /// Events about contracts that were never announced.
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// Takes one event.
    pub fn on_event(&mut self, event: &Event, out: &mut Outputs) {
        let now = event.ts_event;
        match &event.payload {
            Payload::Quote(quote) => self.on_quote(now, quote),
            Payload::Trade(trade) => self.analyse(trade.instrument, |s, f| s.on_trade(f, now, trade)),
            Payload::Depth(depth) => self.analyse(depth.instrument, |s, f| s.on_depth(f, now, depth)),
            Payload::Bar(bar) => self.analyse(bar.instrument, |s, f| s.on_bar(f, now, bar)),
            Payload::Gap(gap) => self.analyse(gap.instrument, |s, f| s.on_gap(f, now, gap)),
            Payload::Timer => self.on_timer(now, out),
            Payload::Chain(row) => {
                if let Some(contract) = self.view.contracts.get_mut(row.instrument.0 as usize) {
                    contract.open_interest = row.open_interest.or(contract.open_interest);
                    contract.volume = row.volume.or(contract.volume);
                } else {
                    self.refused += 1;
                }
            }
            Payload::Settings(settings) => {
                self.configured.clone_from(&settings.symbols);
                self.analytics = settings.analytics.clone();
                self.options.on_settings(&settings.options, settings.risk_free_rate);
                let known: Vec<Instrument> =
                    self.view.contracts.iter().map(|c| c.instrument.clone()).collect();
                for instrument in &known {
                    self.begin_analysis(instrument);
                }
            }
            Payload::Discovered(discovered) => {
                self.discovered_next = Some(discovered.clone());
                self.discovered_changes += 1;
            }
            Payload::Session(session) => {
                self.begin_session(*session);
                self.view.session = Some(*session);
                self.options.on_session(session);
                for (symbol, features) in self.symbols.iter_mut().zip(&mut self.view.features) {
                    symbol.on_session(features, *session);
                }
            }
            Payload::Instrument(instrument) => self.on_instrument(instrument),
            Payload::ChainSnapshot(chain) => self.on_chain(now, chain),
            Payload::Sentiment(score) => {
                if score.symbol.is_none_or(|symbol| self.configured.contains(&symbol)) {
                    options::on_sentiment(score, &mut self.view);
                } else {
                    self.refused += 1;
                }
            }
            // No measure rests on them: a stock that does not trade has no quotes, which the edge sees to.
            Payload::Status(status) => self.analyse(status.instrument, |s, f| s.on_status(f, now, status)),
            Payload::Totals(totals) => self.analyse(totals.instrument, |s, _| s.on_totals(now, totals)),
            Payload::Operator(_) | Payload::Broker(_) | Payload::Ledger(_) | Payload::Barrier { .. } => {
                return;
            }
        }
        self.options.work(now, &mut self.view, out);
        self.view.as_of = now;
    }

    fn on_chain(&mut self, now: Timestamp, chain: &ChainSnapshot) {
        let configured = self.configured.contains(&chain.underlying);
        if !(configured && self.options.on_chain(now, chain, &mut self.view)) {
            self.refused += 1;
        }
    }

    /// Whether a round of exposures is under way: a slice of it waits for the next event.
    pub fn is_revaluing(&self) -> bool {
        self.options.is_busy()
    }

    /// Contracts of all chains that are held.
    pub fn chain_contracts(&self) -> usize {
        self.options.contracts()
    }

    /// Parameters change where a session begins, never inside one: what came since, or has expired since.
    fn begin_session(&mut self, session: Session) {
        if self.view.session.is_some_and(|known| known.date == session.date) {
            return;
        }
        if let Some(next) = self.discovered_next.take() {
            self.discovered = Some(next);
            self.discovered_since = Some(session.open);
            self.discovered_changes += 1;
        }
        if let Some(correlations) = &mut self.correlations {
            correlations.on_session();
        }
        for place in 0..self.symbols.len() {
            let effective = self.effective(self.view.features[place].symbol, session);
            self.symbols[place].on_parameters(&mut self.view.features[place], effective);
        }
    }

    /// The settings with what is in force of the found parameters.
    fn effective(&self, symbol: Symbol, session: Session) -> Parameters {
        let mut parameters = Parameters::of(&self.analytics);
        if let Some(found) = &self.discovered {
            parameters.take(found, symbol, session.open);
        }
        parameters
    }

    /// The found parameters of this session; absent when none ever came.
    pub fn discovered(&self) -> Option<&Discovered> {
        self.discovered.as_deref()
    }

    /// The found parameters that wait for the next session.
    pub fn discovered_next(&self) -> Option<&Discovered> {
        self.discovered_next.as_deref()
    }

    /// The opening of the session with which [`Self::discovered`] came into force.
    pub const fn discovered_since(&self) -> Option<Timestamp> {
        self.discovered_since
    }

    /// How often found parameters came or came into force: who copies them need not do so again before it changes.
    pub const fn discovered_changes(&self) -> u64 {
        self.discovered_changes
    }

    fn on_quote(&mut self, now: Timestamp, quote: &Quote) {
        let Some(contract) = self.view.contracts.get_mut(quote.instrument.0 as usize) else {
            self.refused += 1;
            return;
        };
        contract.quote = Some(*quote);
        contract.quote_at = Some(now);
        self.options.on_quote(now, quote, &contract.instrument.contract);
        self.analyse(quote.instrument, |s, f| s.on_quote(f, now, quote));
    }

    /// Lets the analytics of a stock see an event, if it is analysed, and write its features.
    fn analyse(&mut self, id: InstrumentId, see: impl FnOnce(&mut SymbolAnalytics, &mut Features)) {
        match self.analysed.get(id.0 as usize) {
            Some(Some(place)) => {
                let place = usize::from(*place);
                see(&mut self.symbols[place], &mut self.view.features[place]);
            }
            Some(None) => {}
            None => self.refused += 1,
        }
    }

    fn on_timer(&mut self, now: Timestamp, out: &mut Outputs) {
        let second = now.floor_to(Span::SECOND);
        let whole = second > self.told;
        for (symbol, features) in self.symbols.iter_mut().zip(&mut self.view.features) {
            symbol.on_timer(features, now);
            if whole {
                out.features.push(features.clone());
            }
        }
        self.told = self.told.max(second);
        if whole {
            self.correlate(now);
        }
    }

    /// A second of the session, for what all symbols make together.
    fn correlate(&mut self, now: Timestamp) {
        let running = self.view.session.is_some_and(|session| session.open <= now && now < session.close);
        if let Some(correlations) = self.correlations.as_deref_mut().filter(|_| running) {
            let features = &self.view.features;
            let touch = |place: usize| features[place].bid.zip(features[place].ask);
            // Admitted prices are far below half of the integer's range.
            correlations.on_second(now, |place| touch(place).map(|(bid, ask)| bid.raw() + ask.raw()));
        }
    }

    /// How two of the symbols move together; absent for one that is not analysed, and while there is but one.
    pub fn correlation(&self, one: Symbol, other: Symbol) -> Option<Pair> {
        let place = |symbol| self.view.features.iter().position(|features| features.symbol == symbol);
        self.correlations.as_ref()?.pair(place(one)?, place(other)?)
    }

    fn on_instrument(&mut self, instrument: &Instrument) {
        let place = instrument.id.0 as usize;
        if place > self.view.contracts.len() || place >= MOST_CONTRACTS {
            // Numbers are dense by construction of the registry; a hole is a fault of an edge.
            self.refused += 1;
            return;
        }
        if let Some(known) = self.view.contracts.get_mut(place) {
            if known.instrument.contract != instrument.contract {
                self.refused += 1;
                return;
            }
            known.instrument = instrument.clone();
        } else {
            self.view.contracts.push(ContractView {
                instrument: instrument.clone(),
                quote: None,
                quote_at: None,
                open_interest: None,
                volume: None,
            });
            self.analysed.push(None);
        }
        self.options.on_instrument(instrument);
        self.begin_analysis(instrument);
    }

    fn begin_analysis(&mut self, instrument: &Instrument) {
        let Contract::Stock(symbol) = instrument.contract else { return };
        let place = instrument.id.0 as usize;
        if self.analysed[place].is_some() || !self.configured.contains(&symbol) {
            return;
        }
        let parameters = match self.view.session {
            Some(session) => self.effective(symbol, session),
            None => Parameters::of(&self.analytics),
        };
        let mut features = Features::new(symbol);
        let mut analytics = SymbolAnalytics::new(&mut features, instrument.id, parameters);
        if let Some(session) = self.view.session {
            analytics.on_session(&mut features, session);
        }
        self.analysed[place] = Some(self.symbols.len() as u16);
        self.view.features.push(features);
        self.symbols.push(analytics);
        self.correlations = LiveCorrelations::new(self.symbols.len()).map(Box::new);
    }

    /// Features of a symbol.
    pub fn features(&self, symbol: Symbol) -> Option<&Features> {
        self.view.of(symbol)
    }
}
