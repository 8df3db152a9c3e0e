//! Chains, exposures and news of the configured symbols.
//!
//! A chain begins with the first whole one that a source tells ([`Payload::ChainSnapshot`]); from then on the broker's
//! own option quotes patch it too. The merge of sources and the mathematics are [`ChainState`]'s; here is when what is
//! done:
//!
//! - A quote of an option implies its contract anew and patches the sums, about a microsecond.
//! - A *round* values everything anew, at most once a second of event time a symbol, and at least once a minute in a
//!   session. It is cut into slices of [`SLICE`] contracts, at most one slice a millisecond of event time over all
//!   symbols, which any market event or timer drives. Its result carries the instant at which it began.
//! - After a round the merged contracts are copied for those who show them, in slices likewise.
//!
//! Taking a whole chain in costs about 50 ns a contract at once: under a millisecond for the largest, once a minute.
//!
//! Bounds: a chain for each configured symbol (at most 50), each of at most `MOST_ROWS` contracts. Nothing here allocates
//! for a symbol without a chain.
//!
//! [`Payload::ChainSnapshot`]: alphatrader_model::Payload::ChainSnapshot

use std::sync::Arc;

use alphatrader_analytics::exposure::{ChainState, ContractQuote, Conventions, Moment, Progress, RowView};
use alphatrader_analytics::options::{RateCurve, RatePoint};
use alphatrader_model::chain::Provider;
use alphatrader_model::market::Quote;
use alphatrader_model::settings::{Options as Settings, Rate};
use alphatrader_model::view::{ChainSource, MarketView, OptionRow, OptionsView};
use alphatrader_model::{
    Calendar, ChainSnapshot, Contract, Instrument, InstrumentId, Outputs, Price, Sentiment, Session, Span,
    Symbol, Timestamp,
};
use serde::{Deserialize, Serialize};

/// Contracts valued, or rows copied, in one slice: below 100 µs on ordinary machines.
const SLICE: usize = 256;
/// Event time between two slices.
const SLICE_SPAN: Span = Span::from_millis(1);
/// Event time between the beginnings of two rounds of a symbol.
const ROUND: Span = Span::SECOND;
/// A round is due after this, whatever came.
const AT_LEAST: Span = Span::from_seconds(50);
/// Event time between two copies of the contracts of a chain of more than [`LARGE`] contracts.
const COPY: Span = Span::from_seconds(5);
/// Contracts above which a chain is copied less often than it is valued.
const LARGE: usize = 1_000;
/// Days of a year of option prices.
const DAYS: f64 = 365.0;

/// What is known of options.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Options {
    chains: Vec<Chain>,
    /// By instrument: the chain of its underlying, for options that are in one.
    in_chain: Vec<Option<u16>>,
    settings: Settings,
    risk_free_rate: f64,
    /// The session, and the one after it.
    days: Option<(Session, Session)>,
    sliced: Timestamp,
    /// The chain whose turn it is.
    turn: usize,
}

/// The chain of one symbol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Chain {
    state: ChainState,
    sources: Vec<ChainSource>,
    began: Option<Timestamp>,
    copied: Option<Timestamp>,
    copying: Option<Copying>,
    refused: u64,
}

/// Rows on their way into the view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Copying {
    /// Chains taken in when it began: another one begins it anew.
    chains: u64,
    rows: Vec<OptionRow>,
}

impl Options {
    pub(super) fn on_settings(&mut self, settings: &Settings, risk_free_rate: f64) {
        self.settings.clone_from(settings);
        self.risk_free_rate = risk_free_rate;
        for place in 0..self.chains.len() {
            let conventions = self.conventions(self.chains[place].state.underlying());
            self.chains[place].state.set_conventions(conventions);
        }
    }

    fn conventions(&self, symbol: Symbol) -> Conventions {
        let settings = &self.settings;
        Conventions {
            dealer_sign: settings.dealer_sign.get(&symbol).copied().unwrap_or_default(),
            rate: curve(settings).map_or(self.risk_free_rate, |curve| curve.rate(NEAR_DAYS)),
            dividend_yield: settings.dividend_yield.get(&symbol).copied().unwrap_or(0.0),
            reach: settings.reach(symbol),
            stale_after: OptionsView::STALE,
            ..Conventions::default()
        }
    }

    pub(super) fn on_session(&mut self, session: &Session) {
        if self.days.is_none_or(|(today, _)| today.date != session.date) {
            self.days = Some((*session, Calendar::xnys().next_session(session.date)));
        }
    }

    /// An option that became known may be one of a chain.
    pub(super) fn on_instrument(&mut self, instrument: &Instrument) {
        let place = self.chains.iter().position(|chain| chain.state.underlying() == instrument.underlying);
        let Some(chain) = place.filter(|_| instrument.contract.option().is_some()) else { return };
        let id = instrument.id.0 as usize;
        if id >= self.in_chain.len() {
            self.in_chain.resize(id + 1, None);
        }
        self.in_chain[id] = Some(chain as u16);
    }

    /// Takes a chain in. False when it is refused.
    pub(super) fn on_chain(&mut self, now: Timestamp, chain: &ChainSnapshot, view: &mut MarketView) -> bool {
        let known = self.chains.iter().position(|known| known.state.underlying() == chain.underlying);
        let place = known.unwrap_or_else(|| self.begin(chain.underlying, view));
        let own = &mut self.chains[place];
        let Ok(applied) = own.state.apply(chain, now) else {
            own.refused += 1;
            return false;
        };
        own.refused += u64::from(applied.refused);
        own.heard(chain, now);
        true
    }

    /// The first chain of a symbol: options of it that are known already belong to it.
    fn begin(&mut self, symbol: Symbol, view: &mut MarketView) -> usize {
        self.chains.push(Chain {
            state: ChainState::new(symbol, self.conventions(symbol)),
            sources: Vec::new(),
            began: None,
            copied: None,
            copying: None,
            refused: 0,
        });
        for contract in &view.contracts {
            self.on_instrument(&contract.instrument);
        }
        shown(symbol, view);
        self.chains.len() - 1
    }

    /// The broker's own quote of an option patches its chain.
    pub(super) fn on_quote(&mut self, now: Timestamp, quote: &Quote, contract: &Contract) {
        let Some(Some(place)) = self.in_chain.get(quote.instrument.0 as usize) else { return };
        let Contract::Option(option) = contract else { return };
        let chain = &mut self.chains[usize::from(*place)];
        let Some(row) = chain.state.index_of(option) else { return };
        let side = |level: Option<alphatrader_model::market::Level>| level.map(|level| level.price);
        let told =
            ContractQuote { provider: Provider::Ibkr, bid: side(quote.bid), ask: side(quote.ask), at: now };
        chain.state.on_quote(row, &told, now);
        match chain.sources.iter_mut().find(|source| source.provider == Provider::Ibkr) {
            Some(source) => source.as_of = now,
            None => chain.add_broker(now),
        }
    }

    /// Does at most one slice of work.
    pub(super) fn work(&mut self, now: Timestamp, view: &mut MarketView, out: &mut Outputs) {
        if self.chains.is_empty() || now.since(self.sliced) < SLICE_SPAN {
            return;
        }
        for step in 0..self.chains.len() {
            let place = (self.turn + step) % self.chains.len();
            let days = self.days;
            let chain = &mut self.chains[place];
            if chain.slice(now, days, &self.in_chain, place, view, out) {
                self.sliced = now;
                // Who has begun goes on until it is done; then it is the next one's turn.
                self.turn = if chain.is_busy() { place } else { place + 1 };
                return;
            }
        }
    }

    /// Whether a slice waits.
    pub(super) fn is_busy(&self) -> bool {
        self.chains.iter().any(Chain::is_busy)
    }

    /// Contracts of all chains.
    pub(super) fn contracts(&self) -> usize {
        self.chains.iter().map(|chain| chain.state.len()).sum()
    }
}

/// The rates of the settings; absent where none are given.
fn curve(settings: &Settings) -> Option<RateCurve> {
    let point = |rate: &Rate| RatePoint { days: f64::from(rate.days), rate: rate.rate };
    RateCurve::new(settings.rates.iter().map(point).collect()).ok()
}

/// Tenor whose rate stands for a chain: most of gamma is nearer than a month.
const NEAR_DAYS: f64 = 14.0;

impl Chain {
    /// Notes who spoke, and of when.
    fn heard(&mut self, chain: &ChainSnapshot, now: Timestamp) {
        let whole_at = chain.expiry.is_none().then_some(now);
        let rows = chain.rows.len() as u32;
        if let Some(source) = self.sources.iter_mut().find(|source| source.provider == chain.provider) {
            source.as_of = source.as_of.max(chain.as_of);
            source.delayed = chain.delayed;
            source.rows = if whole_at.is_some() { rows } else { source.rows.max(rows) };
            source.whole_at = whole_at.or(source.whole_at);
            return;
        }
        let provider = chain.provider;
        let (as_of, delayed) = (chain.as_of, chain.delayed);
        self.sources.push(ChainSource { provider, as_of, whole_at, rows, delayed, stale: false });
        self.sources.sort_by_key(|source| source.provider);
    }

    fn add_broker(&mut self, now: Timestamp) {
        let provider = Provider::Ibkr;
        let broker =
            ChainSource { provider, as_of: now, whole_at: None, rows: 0, delayed: false, stale: false };
        self.sources.push(broker);
        self.sources.sort_by_key(|source| source.provider);
    }

    fn is_busy(&self) -> bool {
        self.state.running().is_some() || self.copying.is_some()
    }

    /// One slice of what is due; false when nothing is.
    fn slice(
        &mut self,
        now: Timestamp,
        days: Option<(Session, Session)>,
        in_chain: &[Option<u16>],
        place: usize,
        view: &mut MarketView,
        out: &mut Outputs,
    ) -> bool {
        if self.state.running().is_some() {
            // A round in which no row could be counted ends too: the sources are looked at, the last result stays.
            if self.state.step(SLICE) != Ok(Progress::Running) {
                self.finish_round(now, in_chain, place, view, out);
            }
            return true;
        }
        if self.copying.is_some() {
            self.copy(now, view);
            return true;
        }
        if self.began.is_some_and(|began| now.since(began) < ROUND) {
            return false;
        }
        let moment = moment(now, days, view.session);
        if moment.in_session {
            self.state.advance(now, AT_LEAST);
        }
        if let Some((spot, at)) = spot(view, self.state.underlying()) {
            self.state.on_spot(spot, at);
        }
        if !self.state.is_due() {
            return false;
        }
        self.began = Some(now);
        // Without a spot there is nothing to value yet: asked again with the next round.
        self.state.begin(&moment).is_ok()
    }

    /// The result of a round goes into the view, and its heads out.
    fn finish_round(
        &mut self,
        now: Timestamp,
        in_chain: &[Option<u16>],
        place: usize,
        view: &mut MarketView,
        out: &mut Outputs,
    ) {
        let in_session = view.session.is_some_and(|session| session.contains(now));
        for source in &mut self.sources {
            source.stale = in_session && now.since(source.as_of) > OptionsView::STALE;
        }
        if let Some(source) = self.sources.iter_mut().find(|source| source.provider == Provider::Ibkr) {
            let told = |id: &InstrumentId| {
                in_chain.get(id.0 as usize).copied().flatten().is_some_and(|of| usize::from(of) == place)
            };
            let quoted = view.contracts.iter().filter(|c| c.quote.is_some() && told(&c.instrument.id));
            source.rows = quoted.count() as u32;
        }
        let large = self.state.len() > LARGE;
        if self.copied.is_none_or(|copied| !large || now.since(copied) >= COPY) {
            let chains = self.state.counts().chains;
            self.copying = Some(Copying { chains, rows: Vec::with_capacity(self.state.len()) });
        }
        let shown = shown(self.state.underlying(), view);
        shown.sources.clone_from(&self.sources);
        shown.disagreements = self.state.counts().disagreements;
        shown.refused = self.refused;
        if let Some(exposure) = self
            .state
            .exposure()
            .filter(|new| shown.exposure.as_ref().is_none_or(|old| old.as_of < new.as_of))
        {
            out.exposures.push(exposure.summary());
            shown.exposure = Some(Arc::new(exposure.clone()));
        }
    }

    /// Copies the next rows; the whole is shown when it is whole.
    fn copy(&mut self, now: Timestamp, view: &mut MarketView) {
        let Some(copying) = &mut self.copying else { return };
        let chains = self.state.counts().chains;
        if copying.chains != chains {
            // Contracts may have come or gone since.
            copying.chains = chains;
            copying.rows.clear();
        }
        let from = copying.rows.len();
        let until = (from + SLICE).min(self.state.len());
        let sources = &self.sources;
        copying
            .rows
            .extend((from..until).filter_map(|row| self.state.row(row)).map(|row| option_row(&row, sources)));
        if until < self.state.len() {
            return;
        }
        let rows = self.copying.take().map(|copying| copying.rows).unwrap_or_default();
        self.copied = Some(now);
        let shown = shown(self.state.underlying(), view);
        shown.disagreeing = rows.iter().filter(|row| row.disagrees).count() as u32;
        shown.rows = Arc::new(rows);
    }
}

/// What is shown of a symbol's options, made where it is not there yet.
pub(super) fn shown(symbol: Symbol, view: &mut MarketView) -> &mut OptionsView {
    let place = view.options.iter().position(|options| options.symbol == symbol).unwrap_or_else(|| {
        view.options.push(OptionsView::new(symbol));
        view.options.len() - 1
    });
    &mut view.options[place]
}

/// A score of news goes into the view when it is newer.
pub(super) fn on_sentiment(score: &Sentiment, view: &mut MarketView) {
    let place = match score.symbol {
        Some(symbol) => &mut shown(symbol, view).sentiment,
        None => &mut view.market_sentiment,
    };
    if place.as_ref().is_none_or(|known| known.as_of <= score.as_of) {
        *place = Some(Arc::new(score.clone()));
    }
}

/// The middle of the underlying's own quote, else its last price, and when it was so.
fn spot(view: &MarketView, symbol: Symbol) -> Option<(Price, Timestamp)> {
    let features = view.of(symbol)?;
    let quoted = features.middle().zip(features.quote_at);
    quoted.or_else(|| features.last.zip(features.trade_at))
}

/// What the calendar says of an instant: of the session that was told, where it is one of its day.
fn moment(now: Timestamp, days: Option<(Session, Session)>, session: Option<Session>) -> Moment {
    /// From midnight to the open, and from the open to midnight, less an hour for the days on which clocks change.
    const BEFORE: Span = Span::from_minutes(8 * 60 + 30);
    const AFTER: Span = Span::from_minutes(13 * 60 + 30);
    match (days, session) {
        (Some((today, next_session)), Some(session))
            if session.date == today.date
                && now.since(session.open) < AFTER
                && session.open.since(now) < BEFORE =>
        {
            let in_session = session.contains(now);
            Moment { now, today: today.date, next_session: next_session.date, in_session }
        }
        _ => Moment::new(&Calendar::xnys(), now),
    }
}

fn option_row(row: &RowView, sources: &[ChainSource]) -> OptionRow {
    let delayed = sources.iter().any(|source| source.provider == row.provider && source.delayed);
    OptionRow {
        contract: row.contract,
        source: row.provider,
        quote_at: row.quoted_at,
        bid: row.bid,
        ask: row.ask,
        bid_size: None,
        ask_size: None,
        last: row.last,
        volume: row.volume,
        open_interest: row.open_interest,
        multiplier: row.multiplier,
        iv: row.iv,
        delta: row.greeks.map(|greeks| greeks.delta),
        gamma: row.greeks.map(|greeks| greeks.gamma),
        theta: row.greeks.map(|greeks| greeks.theta / DAYS),
        vega: row.greeks.map(|greeks| greeks.vega / 100.0),
        disagrees: row.flags.disagrees,
        stale: row.flags.stale || delayed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_linear_between_tenors_and_flat_beyond() {
        let at = |days, rate| Rate { days, rate };
        let options = Settings { rates: vec![at(10, 0.02), at(30, 0.04)], ..Settings::default() };
        let curve = curve(&options).unwrap();
        for (days, rate) in [(1.0, 0.02), (10.0, 0.02), (20.0, 0.03), (30.0, 0.04), (365.0, 0.04)] {
            assert!((curve.rate(days) - rate).abs() < 1e-12, "{days}");
        }
        assert_eq!(super::curve(&Settings::default()), None);
    }
}
