//! What the page shows over time and the core does not keep: the book each second, measures now and then.

use std::collections::BTreeMap;

use alphatrader_model::features::BookState;
use alphatrader_model::view::{BookRow, SymbolHistory};
use alphatrader_model::{Features, Symbol, Timestamp};

use super::measures;
use crate::trail::Trail;
use crate::view::{Decimal, DepthColumn, Instant, PointView};

/// Trails of all symbols, fed with each moment that is shown.
///
/// They begin with the process. A trail's rows are at least its step of the market's time apart; a market that
/// runs faster than it is shown gives fewer.
#[derive(Debug, Default)]
pub struct Trails {
    symbols: BTreeMap<Symbol, SymbolTrails>,
}

/// Trails of one symbol.
#[derive(Debug, Clone, PartialEq)]
pub struct SymbolTrails {
    /// The book, each second.
    pub depth: Trail<DepthColumn>,
    /// Order flow, every ten seconds.
    pub flow: Trail<PointView>,
    /// Volatility, regime and VPIN's place in its history, every minute.
    pub volatility: Trail<PointView>,
}

impl Default for SymbolTrails {
    fn default() -> Self {
        Self {
            depth: Trail::new(Self::DEPTH),
            flow: Trail::new(Self::FLOW),
            volatility: Trail::new(Self::VOLATILITY),
        }
    }
}

impl SymbolTrails {
    /// Columns of the book: ten minutes.
    pub const DEPTH: usize = 600;
    /// Points of order flow: an hour.
    pub const FLOW: usize = 360;
    /// Points of volatility: a session with an hour to spare.
    pub const VOLATILITY: usize = 450;

    const DEPTH_STEP_S: i64 = 1;
    const FLOW_STEP_S: i64 = 10;
    const VOLATILITY_STEP_S: i64 = 60;
}

impl Trails {
    /// Takes a moment of one symbol and gives its trails.
    pub(super) fn take(
        &mut self,
        now: Timestamp,
        features: &Features,
        history: Option<&SymbolHistory>,
    ) -> SymbolTrails {
        let trails = self.symbols.entry(features.symbol).or_default();
        let at = Instant::from(now);
        if features.book != BookState::Absent && is_due(&trails.depth, at, SymbolTrails::DEPTH_STEP_S) {
            trails.depth.push(at, column(at, features, history));
        }
        // Before the first event there is nothing to remember.
        if features.as_of > Timestamp::from_nanos(0) {
            if is_due(&trails.flow, at, SymbolTrails::FLOW_STEP_S) {
                trails.flow.push(at, measures::point(at, features, &measures::FLOW));
            }
            if is_due(&trails.volatility, at, SymbolTrails::VOLATILITY_STEP_S) {
                trails.volatility.push(at, measures::point(at, features, &measures::VOLATILITY));
            }
        }
        trails.clone()
    }
}

/// The step begins with a whole multiple of itself, so that points of two symbols stand at the same places.
fn is_due<T>(trail: &Trail<T>, at: Instant, step_s: i64) -> bool {
    let step = |instant: Instant| instant.micros().div_euclid(step_s * 1_000_000);
    trail.newest().is_none_or(|newest| step(newest) != step(at))
}

/// A book that is not valid is a hole in the map.
fn column(at: Instant, features: &Features, history: Option<&SymbolHistory>) -> DepthColumn {
    let empty = DepthColumn { at, bid: None, ask: None, bids: Vec::new(), asks: Vec::new() };
    let Some(history) = history.filter(|_| features.book == BookState::Valid) else { return empty };
    let best = |rows: &[BookRow]| rows.first().map(|row| Decimal::from(row.level.price));
    DepthColumn {
        at,
        bid: best(&history.bids),
        ask: best(&history.asks),
        bids: levels(&history.bids),
        asks: levels(&history.asks),
    }
}

/// Venues of one price are one level.
fn levels(rows: &[BookRow]) -> Vec<[u64; 2]> {
    let Some(best) = rows.first().map(|row| row.level.price.raw()) else { return Vec::new() };
    let mut levels: Vec<[u64; 2]> = Vec::with_capacity(rows.len());
    for row in rows.iter().take(SymbolHistory::ROWS) {
        let distance = row.level.price.raw().abs_diff(best);
        match levels.last_mut() {
            Some(last) if last[0] == distance => last[1] = last[1].saturating_add(row.level.size.get()),
            _ => levels.push([distance, row.level.size.get()]),
        }
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::market::Level;
    use alphatrader_model::{Price, Quantity};

    fn row(cents: i64, size: u64) -> BookRow {
        let level = Level { price: Price::from_cents(cents), size: Quantity::new(size) };
        BookRow { level, venue: None }
    }

    fn features() -> Features {
        let mut features = Features::new(Symbol::new("SPY").unwrap());
        features.book = BookState::Valid;
        features.as_of = Timestamp::from_seconds(1);
        features
    }

    fn history() -> SymbolHistory {
        let mut history = SymbolHistory::new(Symbol::new("SPY").unwrap());
        history.bids = vec![row(60_000, 5), row(60_000, 7), row(59_998, 3)];
        history.asks = vec![row(60_001, 4)];
        history
    }

    #[test]
    fn the_book_is_kept_once_a_second() {
        let (mut trails, features, history) = (Trails::default(), features(), history());
        let mut newest = SymbolTrails::default();
        for tenth in 0..=25 {
            newest = trails.take(Timestamp::from_millis(10_000 + tenth * 100), &features, Some(&history));
        }
        assert_eq!(newest.depth.values().count(), 3);
        assert_eq!(newest.flow.values().count(), 1);
        let column = newest.depth.values().last().unwrap();
        assert_eq!(column.bid.map(|d| d.to_string()).as_deref(), Some("600.00"));
        assert_eq!(column.bids, [[0, 12], [200, 3]], "rows of one price are one level");
        assert_eq!(column.asks, [[0, 4]]);
    }

    #[test]
    fn a_book_that_is_not_valid_is_a_hole() {
        let mut features = features();
        features.book = BookState::Rebuilding;
        let trails = Trails::default().take(Timestamp::from_seconds(5), &features, Some(&history()));
        let column = trails.depth.values().last().unwrap();
        assert!(column.bid.is_none() && column.bids.is_empty());
    }

    #[test]
    fn without_a_book_there_is_no_map() {
        let mut features = features();
        features.book = BookState::Absent;
        let trails = Trails::default().take(Timestamp::from_seconds(5), &features, None);
        assert_eq!(trails.depth.values().count(), 0);
    }

    #[test]
    fn the_map_is_ten_minutes_long() {
        let (mut trails, features, history) = (Trails::default(), features(), history());
        for second in 1..=1_000 {
            trails.take(Timestamp::from_seconds(second), &features, Some(&history));
        }
        let kept = trails.take(Timestamp::from_seconds(1_000), &features, Some(&history));
        assert_eq!(kept.depth.values().count(), SymbolTrails::DEPTH);
        assert_eq!(kept.depth.values().next().unwrap().at, Instant::from(Timestamp::from_seconds(401)));
        assert_eq!(kept.flow.values().count(), 101);
    }
}
