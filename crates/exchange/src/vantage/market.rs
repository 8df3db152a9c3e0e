//! The market that is told of: that of a gateway in the same process, or one of its own.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use alphatrader_market::UniverseConfig;
use alphatrader_model::{Calendar, Payload, Session, Timestamp};
use thiserror::Error;

use crate::feed::Feed;
use crate::feed::catalogue::Listing;
use crate::feed::details::session_ahead;
use crate::feed::history::History;
use crate::feed::numbering;
use crate::feed::option::Rates;
use crate::feed::source::{Numbers, Source, UniverseSource};
use crate::hub::EVENING;

/// Something to look up in the market, on the thread that owns it.
pub struct Look(Box<dyn FnOnce(&History<'_>) + Send>);

impl Look {
    /// Looks.
    pub fn run(self, history: &History<'_>) {
        (self.0)(history);
    }
}

impl fmt::Debug for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Look")
    }
}

/// The market does not answer any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the simulated market has ended")]
pub struct Gone;

/// A market that can be looked at. Blocks while it looks.
pub trait Market: Send + Sync {
    /// Looks at the market of `now`; one that has a clock of its own looks at its own.
    ///
    /// # Errors
    /// [`Gone`].
    fn look(&self, now: Timestamp, look: Look) -> Result<(), Gone>;
}

/// What `find` finds in a market.
///
/// # Errors
/// [`Gone`].
pub fn ask<T: Send + 'static>(
    market: &dyn Market,
    now: Timestamp,
    find: impl FnOnce(&History<'_>) -> T + Send + 'static,
) -> Result<T, Gone> {
    let (found, answer) = std::sync::mpsc::sync_channel(1);
    let look = Look(Box::new(move |history: &History<'_>| {
        // Nobody waits any more where the receiver is gone.
        let _ = found.send(find(history));
    }));
    market.look(now, look)?;
    answer.recv().map_err(|_| Gone)
}

/// A market of its own: the gateway's without its desk. Time passes when it is looked at.
pub struct OwnMarket {
    state: Mutex<State>,
}

struct State {
    source: Box<dyn Source>,
    calendar: Calendar,
    seed: u64,
    rates: Rates,
    numbers: Numbers,
    feed: Feed,
    today: Session,
    now: Timestamp,
}

impl fmt::Debug for OwnMarket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnMarket")
    }
}

impl OwnMarket {
    /// The market that a gateway with this seed has, from `begin` on or the next open.
    pub fn synthetic(config: UniverseConfig, begin: Timestamp) -> Self {
        let seed = config.seed;
        Self::on(Box::new(UniverseSource::new(config)), seed, begin)
    }

    /// A market that comes from `source`.
    pub fn on(mut source: Box<dyn Source>, seed: u64, begin: Timestamp) -> Self {
        let calendar = Calendar::xnys();
        let today = session_ahead(&calendar, begin);
        let now = begin.max(today.open);
        source.begin(today);
        let mut feed = Feed::default();
        feed.chronicle = source.chronicle().cloned();
        let rates = crate::desk::DeskConfig::default().rates;
        let mut state =
            State { source, calendar, seed, rates, numbers: Numbers::default(), feed, today, now };
        state.run_day(now);
        Self { state: Mutex::new(state) }
    }

    /// Its time.
    pub fn now(&self) -> Timestamp {
        self.lock().now
    }

    /// Time passes to `to`, and the market with it. After the evening of a day the next one begins: then the
    /// answer is its first instant, at which the caller's clock is to go on.
    pub fn run_to(&self, to: Timestamp) -> Option<Timestamp> {
        self.lock().run_to(to)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Market for OwnMarket {
    fn look(&self, now: Timestamp, look: Look) -> Result<(), Gone> {
        let mut state = self.lock();
        // The night passes by `run_to` alone: whoever owns the clock has to know of it.
        let end = state.today.close + EVENING;
        state.run_day(now.min(end));
        let State { feed, calendar, seed, rates, now, .. } = &*state;
        look.run(&History { feed, calendar, seed: *seed, now: *now, rates: *rates });
        Ok(())
    }
}

impl State {
    fn run_to(&mut self, to: Timestamp) -> Option<Timestamp> {
        let end = self.today.close + EVENING;
        self.run_day(to.min(end));
        if to < end {
            return None;
        }
        let next = self.source.session_after(self.today, &self.calendar);
        self.today = next;
        self.source.begin(next);
        self.numbers.begin_day();
        self.run_day(next.open);
        Some(next.open)
    }

    fn run_day(&mut self, to: Timestamp) {
        while self.source.peek().is_some_and(|at| at <= to) {
            let Some(input) = self.source.next() else { break };
            if let Some(payload) = self.numbers.translate(input.payload) {
                self.hear(input.ts_event, &payload);
            }
        }
        self.now = self.now.max(to);
    }

    fn hear(&mut self, at: Timestamp, payload: &Payload) {
        self.feed.remember(at, payload);
        match payload {
            Payload::Quote(quote) => self.feed.ticker_mut(quote.instrument).quote(quote),
            Payload::Trade(trade) => self.feed.ticker_mut(trade.instrument).trade(trade, at),
            Payload::Chain(row) => self.feed.ticker_mut(row.instrument).chain(row),
            Payload::Instrument(instrument) => {
                let con_id = numbering::con_id(&instrument.contract);
                // Nobody asks by number here: one that has none goes by its place.
                let con_id = con_id.unwrap_or(i32::try_from(instrument.id.0).unwrap_or(i32::MAX));
                self.feed.catalogue.list(Listing { instrument: (**instrument).clone(), con_id });
            }
            Payload::Session(session) => self.begin_day(*session),
            _ => {}
        }
    }

    fn begin_day(&mut self, session: Session) {
        self.feed.begin_day(session);
        let ids: Vec<_> = self.feed.catalogue.iter().map(|listing| listing.instrument.id).collect();
        for id in ids {
            self.feed.ticker_mut(id).begin_day();
        }
        self.feed.catalogue.retain(|listing| listing.instrument.expires.is_none_or(|at| at >= session.open));
        self.feed.forget_delisted();
    }
}
