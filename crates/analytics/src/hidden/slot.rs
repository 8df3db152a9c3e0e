//! One price level: what it displayed, the burst that trades at it, and what is waited for.

use alphatrader_model::instrument::Symbol;
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::HiddenParameters;
use super::episode::Episode;
use super::rates::RefillRates;

/// Longest burst of one order; a quote this soon after a trade may still be from before it, and a best
/// price may be away for this long while a level is refilled.
const BURST: Span = Span::from_millis(5);
/// A trade and the drop of displayed size that it caused are at most this far apart.
const TOGETHER: Span = Span::from_millis(50);

/// Prints that belong to one aggressive order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Burst {
    first: Timestamp,
    last: Timestamp,
    venue: Option<Symbol>,
    traded: u64,
    /// What was displayed before it, or came into sight since.
    displayed: u64,
    /// Hidden shares already reported.
    reported: u64,
}

/// What a displayed size is expected to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
enum Waiting {
    #[default]
    No,
    /// It fell: by trades, or by cancels.
    For {
        /// What was displayed before it fell.
        before: u64,
        /// Traded since; zero for a cancel.
        taken: u64,
        /// Last trade, or the cancel.
        from: Timestamp,
        /// Smallest size displayed since; absent when none was.
        low: Option<u64>,
        /// Since when the level is not there at all.
        away: Option<Timestamp>,
    },
}

/// How a level stopped being the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing is displayed there any more.
    Gone,
    /// There is a better price.
    Behind,
}

/// What a displayed size showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Nothing,
    /// So many shares traded that were not displayed.
    Hidden(u64),
    /// It was refilled after trades.
    Refilled,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Slot {
    /// Price units; zero for none.
    pub(super) price: i64,
    displayed: Option<u64>,
    burst: Option<Burst>,
    waiting: Waiting,
    pub(super) episode: Episode,
    /// The level vanished right after a trade and has not come back.
    pub(super) traded_away: bool,
}

impl Burst {
    /// Shares beyond the displayed ones, when they are too many for odd lots.
    fn beyond(&self, lot: u64) -> Option<u64> {
        let beyond = self.traded.checked_sub(self.displayed)?;
        (beyond >= lot.max(self.displayed / 2)).then_some(beyond)
    }

    fn report(&mut self, lot: u64) -> u64 {
        let beyond = self.beyond(lot).unwrap_or(0);
        let new = beyond.saturating_sub(self.reported);
        self.reported = self.reported.max(beyond);
        new
    }
}

/// Whether a size is back: at least 0.8 of what it was.
const fn is_back(size: u64, before: u64) -> bool {
    size as u128 * 5 >= before as u128 * 4
}

fn since(ts: Timestamp, from: Timestamp) -> Span {
    Span::from_nanos(ts.nanos().saturating_sub(from.nanos()).max(0))
}

impl Slot {
    /// Whether a repeated touch of the same size says something.
    #[inline]
    pub(super) const fn awaits_word(&self) -> bool {
        self.burst.is_some() || !matches!(self.waiting, Waiting::No)
    }

    /// A trade at the level; the answer is how many hidden shares it proves.
    pub(super) fn on_print(
        &mut self,
        ts: Timestamp,
        size: u64,
        venue: Option<Symbol>,
        parameters: &HiddenParameters,
        rates: &mut RefillRates,
    ) -> u64 {
        self.traded_away = false;
        self.episode.trade(ts, size);
        // A quote may be ahead of the trade that it shows: then the size before it counts.
        let displayed = match self.waiting {
            Waiting::For { before, taken: 0, from, .. } if since(ts, from) <= TOGETHER => Some(before),
            _ => self.displayed,
        };
        self.trade_waited_for(ts, size, parameters, rates);
        let mut hidden = 0;
        match &mut self.burst {
            Some(burst) if since(ts, burst.first) <= BURST && burst.venue == venue => {
                // What it traded before was beyond the display, and the level still trades.
                hidden = burst.report(parameters.lot);
                burst.traded = burst.traded.saturating_add(size);
                burst.last = burst.last.max(ts);
            }
            burst => {
                let begin =
                    |displayed| Burst { first: ts, last: ts, venue, traded: size, displayed, reported: 0 };
                *burst = displayed.map(begin);
            }
        }
        self.episode.hidden = self.episode.hidden.saturating_add(hidden);
        hidden
    }

    /// A trade begins to wait for a refill, or waits anew.
    fn trade_waited_for(
        &mut self,
        ts: Timestamp,
        size: u64,
        parameters: &HiddenParameters,
        rates: &mut RefillRates,
    ) {
        self.give_up(ts, parameters, rates);
        match &mut self.waiting {
            // The size had fallen before its trade was heard of.
            Waiting::For { taken: 0, from, .. } if since(ts, *from) > TOGETHER => {
                let (waited, displayed) = (since(ts, *from), self.displayed);
                rates.cancels.add(false, waited);
                self.waiting = begin(displayed, size, ts);
            }
            Waiting::For { taken, from, .. } => {
                if *taken > 0 {
                    self.episode.wait(since(ts, *from));
                }
                *taken = taken.saturating_add(size);
                *from = ts;
            }
            Waiting::No => self.waiting = begin(self.displayed, size, ts),
        }
    }

    /// Nothing came in time.
    fn give_up(&mut self, ts: Timestamp, parameters: &HiddenParameters, rates: &mut RefillRates) {
        if let Waiting::For { from, .. } = self.waiting
            && since(ts, from) > parameters.wait
        {
            self.resolve(false, parameters.wait, rates);
        }
    }

    /// What was waited for came, or did not.
    fn resolve(&mut self, refilled: bool, waited: Span, rates: &mut RefillRates) {
        if let Waiting::For { taken, .. } = core::mem::take(&mut self.waiting) {
            if taken > 0 {
                rates.trades.add(refilled, waited);
                self.episode.wait(waited);
            } else {
                rates.cancels.add(refilled, waited);
            }
        }
    }

    /// The level displays a size.
    pub(super) fn on_shown(
        &mut self,
        ts: Timestamp,
        size: u64,
        best: bool,
        parameters: &HiddenParameters,
        rates: &mut RefillRates,
    ) -> Shown {
        if size == 0 {
            self.on_left(ts, Change::Gone, parameters, rates);
            return Shown::Nothing;
        }
        let same = self.displayed == Some(size);
        let hidden = self.end_burst(ts, size, same, parameters);
        if hidden > 0 {
            // It was never down to be refilled.
            self.waiting = Waiting::No;
            self.displayed = Some(size);
            return Shown::Hidden(hidden);
        }
        self.give_up(ts, parameters, rates);
        let refilled = self.look_for_refill(ts, size, same, rates);
        if !same && matches!(self.waiting, Waiting::No) && best && !refilled {
            self.look_for_cancel(ts, size);
        }
        self.traded_away = false;
        self.displayed = Some(size);
        if refilled { Shown::Refilled } else { Shown::Nothing }
    }

    /// The first word of the level after a burst beyond the display proves it; before that, size that comes
    /// into sight is displayed size.
    fn end_burst(&mut self, ts: Timestamp, size: u64, same: bool, parameters: &HiddenParameters) -> u64 {
        let Some(burst) = &mut self.burst else {
            return 0;
        };
        let late = since(ts, burst.last) > parameters.wait;
        if ts > burst.last && (late || burst.beyond(parameters.lot).is_some()) {
            let hidden = if late { 0 } else { burst.report(parameters.lot) };
            self.episode.hidden = self.episode.hidden.saturating_add(hidden);
            self.burst = None;
            return hidden;
        }
        if !same {
            burst.displayed = burst.displayed.max(burst.traded.saturating_add(size));
        }
        0
    }

    fn look_for_refill(&mut self, ts: Timestamp, size: u64, same: bool, rates: &mut RefillRates) -> bool {
        let Waiting::For { before, taken, from, low, away } = &mut self.waiting else {
            return false;
        };
        if let Some(away) = *away
            && since(ts, away) > BURST
        {
            // The best price had moved: who comes back is a new maker.
            let waited = since(away, *from);
            self.resolve(false, waited, rates);
            return false;
        }
        *away = None;
        if !is_back(size, *before) {
            *low = Some(low.map_or(size, |low| low.min(size)));
            return false;
        }
        let left = before.saturating_sub(*taken);
        // A quote that repeats the old size right after the trade may be from before it.
        let unseen = !is_back(left, *before) && *taken > 0 && (!same || since(ts, *from) >= BURST);
        let Some(floor) = low.or_else(|| unseen.then_some(left)) else {
            return false;
        };
        let (refill, waited) = (size - floor.min(size), since(ts, *from));
        let by_trade = *taken > 0;
        self.resolve(true, waited, rates);
        if by_trade {
            self.episode.refill(refill);
        }
        by_trade
    }

    /// A size that fell without a trade is the control.
    fn look_for_cancel(&mut self, ts: Timestamp, size: u64) {
        let Some(before) = self.displayed else {
            return;
        };
        let traded = self.episode.is_open() && since(ts, self.episode.last_trade) <= TOGETHER;
        if !is_back(size, before) && !traded {
            self.waiting = Waiting::For { before, taken: 0, from: ts, low: Some(size), away: None };
        }
    }

    /// The level is not the best any more.
    pub(super) fn on_left(
        &mut self,
        ts: Timestamp,
        change: Change,
        parameters: &HiddenParameters,
        rates: &mut RefillRates,
    ) {
        self.give_up(ts, parameters, rates);
        self.burst = None;
        if change == Change::Behind {
            self.displayed = None;
            if let Waiting::For { from, .. } = self.waiting {
                self.resolve(false, since(ts, from), rates);
            }
            return;
        }
        let traded = self.episode.is_open() && since(ts, self.episode.last_trade) <= TOGETHER;
        self.traded_away = traded;
        match &mut self.waiting {
            Waiting::For { low, away, .. } => {
                *low = Some(0);
                away.get_or_insert(ts);
            }
            Waiting::No => {
                if let Some(before) = self.displayed.filter(|before| *before > 0 && !traded) {
                    let (low, away) = (Some(0), Some(ts));
                    self.waiting = Waiting::For { before, taken: 0, from: ts, low, away };
                }
            }
        }
        self.displayed = Some(0);
    }

    /// Nothing has traded for long. What is displayed is still known.
    pub(super) fn end_episode(&mut self) {
        (self.burst, self.waiting, self.traded_away) = (None, Waiting::No, false);
        self.episode = Episode::default();
    }

    /// What is waited for cannot be seen any more.
    pub(super) fn interrupt(&mut self) {
        (self.burst, self.waiting, self.displayed) = (None, Waiting::No, None);
    }
}

/// A trade's wait; only where the displayed size is known.
fn begin(displayed: Option<u64>, size: u64, ts: Timestamp) -> Waiting {
    match displayed {
        Some(before) if before > 0 => Waiting::For { before, taken: size, from: ts, low: None, away: None },
        _ => Waiting::No,
    }
}
