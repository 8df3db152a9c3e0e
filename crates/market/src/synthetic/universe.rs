//! The whole synthetic market: all symbols with their chains, one stream in order of time.

use alphatrader_model::market::Level;
use alphatrader_model::{
    Calendar, Input, InstrumentId, Payload, Price, Quantity, Quote, Session, Span, Symbol, Timestamp,
};

use super::chronicle::{Chronicle, Halt, ScriptedHalt};
use super::days::Days;
use super::path::{Mixture, Paths, Series};
use super::profile::{PROFILES, Profile};
use super::{Line, SyntheticConfig, stock_of};
use crate::chain::plan::ChainPlan;
use crate::chain::smile::Smile;
use crate::chain::tape::UnusualBuyer;
use crate::chain::{ChainConfig, ChainOverlay};

/// What a whole market is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UniverseConfig {
    /// Seed of everything.
    pub seed: u64,
    /// The symbols; those without a profile are left out.
    pub symbols: Vec<Symbol>,
    /// Whether symbols have option chains.
    pub chains: bool,
    /// Halts that come every day, beside those that the market makes.
    pub halts: Vec<ScriptedHalt>,
}

impl UniverseConfig {
    /// All symbols, with chains.
    pub fn all(seed: u64) -> Self {
        let symbols = PROFILES.iter().map(Profile::symbol).collect();
        Self { seed, symbols, chains: true, halts: Vec::new() }
    }
}

/// One day of a whole market, event by event in time order, from the open to the closing crosses.
///
/// Numbers: the symbols first, in the order of the configuration, then their options. Every listed
/// contract is announced at the open; the work per second is bounded by the chains' bounds.
#[derive(Debug, Clone)]
pub struct Universe {
    session: Session,
    paths: Paths,
    lines: Vec<Line>,
    /// When each line's next event happens, as far as known.
    next: Vec<Option<Timestamp>>,
    halts: Vec<Halt>,
    session_told: bool,
}

impl Universe {
    /// The market of a session.
    pub fn new(config: &UniverseConfig, session: Session) -> Self {
        let calendar = Calendar::xnys();
        let profiles: Vec<(&'static Profile, f64)> = config
            .symbols
            .iter()
            .filter_map(|symbol| super::profile::profile(symbol.as_str()))
            .map(|profile| (profile, profile.base))
            .collect();
        let days = Days::to(config.seed, &calendar, &session);
        let (series, mixtures) = Series::new(config.seed, days, &profiles);
        let paths = series.paths(&session);
        let place = series.days.place(session.date);
        let chronicle = Chronicle::new(config.seed, config.halts.clone());
        let halts = chronicle.halts(&session);
        let mut lines = Vec::with_capacity(profiles.len());
        let mut next_id = profiles.len() as u32;
        for (number, ((profile, _), of)) in profiles.iter().zip(mixtures).enumerate() {
            let single = SyntheticConfig {
                seed: config.seed,
                symbol: profile.symbol(),
                underlying_id: InstrumentId(number as u32),
                first_option_id: InstrumentId(next_id),
                base_price: profile.base_price(),
                with_chain: config.chains,
            };
            let chain = config.chains.then(|| {
                let (open, _) = series.anchors(&of, place);
                chain_of(&single, profile, &calendar, session, &paths, &of, open / 100.0)
            });
            if let Some(chain) = &chain {
                next_id = chain.next_id().0;
            }
            let stock = stock_of(single, profile, session, &paths, of, &halts);
            lines.push(Line::new(stock, chain, session));
        }
        let next = vec![Some(session.open); lines.len()];
        Self { session, paths, lines, next, halts, session_told: false }
    }

    /// The session.
    pub const fn session(&self) -> Session {
        self.session
    }

    /// The day's halts, in order of time.
    pub fn halts(&self) -> &[Halt] {
        &self.halts
    }

    /// The line whose event is next, and when it happens.
    fn earliest(&self) -> Option<(usize, Timestamp)> {
        let mut found: Option<(usize, Timestamp)> = None;
        for (place, next) in self.next.iter().enumerate() {
            if let Some(at) = *next
                && found.is_none_or(|(_, earliest)| at < earliest)
            {
                found = Some((place, at));
            }
        }
        found
    }

    /// When the next event happens; nothing after the last.
    pub fn peek_time(&mut self) -> Option<Timestamp> {
        if !self.session_told {
            return Some(self.session.open);
        }
        // What is noted of a line is never later than what it has: look, note, until they agree.
        while let Some((place, noted)) = self.earliest() {
            let found = self.lines[place].peek_time(&mut self.paths);
            if found == Some(noted) {
                return found;
            }
            self.next[place] = found;
        }
        None
    }
}

/// What a symbol's chain says a minute before a session's close, without the day before it: contracts, rows,
/// quotes; and the symbol's price there in cents. Nothing for a symbol that the market does not have.
///
/// Contracts, their open interest and their surface are those of the same session in [`Universe`]; the
/// unusual buyer's volume is not counted.
pub fn closing_chain(config: &UniverseConfig, symbol: Symbol, session: Session) -> Option<(f64, Vec<Input>)> {
    let calendar = Calendar::xnys();
    let symbols: Vec<&'static Profile> =
        config.symbols.iter().filter_map(|symbol| super::profile::profile(symbol.as_str())).collect();
    let place_of = symbols.iter().position(|profile| profile.symbol == symbol.as_str())?;
    let profiles: Vec<(&Profile, f64)> = symbols.iter().map(|profile| (*profile, profile.base)).collect();
    let days = Days::to(config.seed, &calendar, &session);
    let (series, mixtures) = Series::new(config.seed, days, &profiles);
    let mut paths = series.paths(&session);
    let place = series.days.place(session.date);
    let (profile, of) = (symbols[place_of], &mixtures[place_of]);
    let single = SyntheticConfig {
        seed: config.seed,
        symbol,
        underlying_id: InstrumentId(place_of as u32),
        first_option_id: InstrumentId(profiles.len() as u32),
        base_price: profile.base_price(),
        with_chain: true,
    };
    let (open, _) = series.anchors(of, place);
    let mut chain = chain_of(&single, profile, &calendar, session, &paths, of, open / 100.0);
    let at = session.close - Span::MINUTE;
    let cents = paths.cents(of, at);
    let level = |price: f64| {
        Some(Level { price: Price::from_cents((price.round() as i64).max(1)), size: Quantity::new(100) })
    };
    // Contracts are placed around the open, as in the whole market, and quoted around the price of the minute.
    let mut said = Vec::new();
    for (when, price) in [(session.open, open), (at, cents)] {
        let quote =
            Quote { instrument: single.underlying_id, bid: level(price - 1.0), ask: level(price + 1.0) };
        let input = Input { ts_event: when, ts_recv: when, payload: Payload::Quote(quote) };
        chain.on(&input, &mut said);
    }
    chain.quote_all(at, &mut said);
    Some((cents, said))
}

/// The chain of a symbol that opens at `open` dollars.
fn chain_of(
    single: &SyntheticConfig,
    profile: &Profile,
    calendar: &Calendar,
    session: Session,
    paths: &Paths,
    of: &Mixture,
    open: f64,
) -> ChainOverlay {
    let long = paths.session_deviation(of) * 1.05;
    let shock = paths.shocks(of).into_iter().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    let shock = shock.filter(|(_, size)| size.abs() > 1.5 * long);
    let mut config =
        ChainConfig::new(single.symbol, single.underlying_id, single.first_option_id, single.seed);
    config.long_volatility = long;
    config.session_volatility = long * paths.regime().scale();
    config.strike_step = Price::from_cents(profile.strike_step);
    config.interest = profile.option_prints / PROFILES[0].option_prints;
    config.prints = profile.option_prints;
    config.buyer = UnusualBuyer::of_day(single.seed, u64::from(single.underlying_id.0), &session, shock);
    if !profile.fund {
        config.smile = Smile::STOCK;
        config.tick_above = Price::from_cents(5);
    }
    let plan = ChainPlan::new(profile, calendar, session, open, config.session_volatility.max(long));
    ChainOverlay::listed(config, plan)
}

impl Iterator for Universe {
    type Item = Input;

    fn next(&mut self) -> Option<Input> {
        if !self.session_told {
            self.session_told = true;
            let at = self.session.open;
            return Some(Input { ts_event: at, ts_recv: at, payload: Payload::Session(self.session) });
        }
        self.peek_time()?;
        let (place, _) = self.earliest()?;
        self.lines[place].take()
    }
}
