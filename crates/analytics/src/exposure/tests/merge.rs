//! Several sources, contracts that come and go, refusals.

use alphatrader_model::chain::{ChainSnapshot, MOST_ROWS, Provider};
use alphatrader_model::exposure::{Bucket, GreeksSource, TradedSide};
use alphatrader_model::instrument::{Right, Symbol};
use alphatrader_model::number::Price;
use alphatrader_model::time::Span;
use jiff::ToSpan;

use super::chains::{chain, conventions, moment, noon, spy};
use crate::exposure::{
    ChainError, ChainState, ContractQuote, Conventions, ExposureError, Patched, RowStatus, exposure_of,
};

fn cents(cents: i64) -> Price {
    Price::from_cents(cents)
}

fn new() -> ChainState {
    ChainState::new(spy(), conventions())
}

fn broker(bid: i64, ask: i64, seconds: i64) -> ContractQuote {
    ContractQuote {
        provider: Provider::Ibkr,
        bid: Some(cents(bid)),
        ask: Some(cents(ask)),
        at: noon() + Span::from_seconds(seconds),
    }
}

/// The same chain some seconds later.
fn later(chain: &ChainSnapshot, seconds: i64) -> ChainSnapshot {
    ChainSnapshot { as_of: noon() + Span::from_seconds(seconds), ..chain.clone() }
}

#[test]
fn the_brokers_quote_counts_while_it_is_fresh_and_is_never_averaged() {
    let (mut state, chain) = (new(), chain(&[28], 3, 1));
    state.apply(&chain, noon()).unwrap();
    let told = state.row(0).unwrap().bid;
    // The sums stand on nothing yet: the quote is kept for the first revaluation.
    assert_eq!(state.on_quote(0, &broker(900, 904, 1), noon() + Span::SECOND), Patched::Stored);
    let applied = state.apply(&later(&chain, 5), noon() + Span::from_seconds(5)).unwrap();
    assert_eq!(
        (state.row(0).unwrap().bid, state.row(0).unwrap().provider),
        (Some(cents(900)), Provider::Ibkr)
    );
    assert_eq!(applied.disagree, 1, "nine dollars are beyond the spread of what the other says");
    assert!(state.row(1).unwrap().provider == Provider::AlphaVantage);
    state.revalue(&moment()).unwrap();
    assert_eq!(state.exposure().unwrap().rows.disagreed, 1);
    assert_eq!(state.exposure().unwrap().providers, [Provider::AlphaVantage, Provider::Ibkr]);
    // Eleven seconds old it gives way to the newer.
    let at = noon() + Span::from_seconds(12);
    state.apply(&later(&chain, 12), at).unwrap();
    assert_eq!((state.row(0).unwrap().bid, state.row(0).unwrap().provider), (told, Provider::AlphaVantage));
    assert!(!state.row(0).unwrap().flags.disagrees || state.counts().disagreements >= 1);
    // An older quote of the same kind never.
    assert_eq!(
        state.on_quote(0, &ContractQuote { provider: Provider::AlphaVantage, ..broker(1, 2, 3) }, at),
        Patched::Superseded
    );
    assert_eq!(state.on_quote(9_999, &broker(1, 2, 30), at), Patched::Superseded);
}

#[test]
fn what_a_source_leaves_out_is_doubtful_until_it_is_told_again() {
    let (mut state, chain) = (new(), chain(&[28, 340], 11, 2));
    state.apply(&chain, noon()).unwrap();
    let mut half = later(&chain, 1);
    half.rows.retain(|row| row.contract.right == Right::Call);
    let applied = state.apply(&half, noon() + Span::SECOND).unwrap();
    assert_eq!((applied.rows, applied.left_out, applied.added), (22, 22, 0));
    let exposure = state.revalue(&moment()).unwrap();
    assert!(exposure.degraded && exposure.flagged_share > 0.3, "{}", exposure.flagged_share);
    assert_eq!(exposure.rows.included, 44);
    // One expiry alone says nothing of the other.
    let mut one = later(&chain, 2);
    one.expiry = Some(chain.rows[0].contract.expiry);
    one.rows.retain(|row| Some(row.contract.expiry) == one.expiry);
    assert_eq!(state.apply(&one, noon()).unwrap().left_out, 0);
    state.apply(&later(&chain, 3), noon()).unwrap();
    assert!(!state.revalue(&moment()).unwrap().degraded);
}

#[test]
fn quotes_grow_old_in_the_session_alone() {
    let (mut state, chain) = (new(), chain(&[28], 11, 2));
    state.apply(&chain, noon()).unwrap();
    let minute = moment().at(noon() + Span::from_seconds(60), true);
    assert_eq!(state.revalue(&minute).unwrap().rows.stale, 0);
    let after = moment().at(noon() + Span::from_seconds(61), true);
    let exposure = state.revalue(&after).unwrap();
    assert_eq!((exposure.rows.stale, exposure.degraded), (22, true));
    let closed = moment().at(noon() + Span::from_seconds(61), false);
    assert_eq!(state.revalue(&closed).unwrap().rows.stale, 0);
}

#[test]
fn contracts_come_and_go() {
    let (mut state, whole) = (new(), chain(&[4, 340], 11, 3));
    let mut first = whole.clone();
    first.rows.truncate(22);
    state.apply(&first, noon()).unwrap();
    state.revalue(&moment()).unwrap();
    state.begin(&moment()).unwrap();
    let applied = state.apply(&whole, noon()).unwrap();
    assert_eq!((applied.added, applied.rows, state.len()), (22, 44, 44));
    assert_eq!(state.counts().given_up, 1);
    assert_eq!(state.sums(Bucket::All), None, "its sums are of other contracts");
    assert!(state.exposure().is_some(), "its last result stands");
    assert!(state.is_due());
    for (row, view) in state.rows().enumerate() {
        assert_eq!(state.index_of(&view.contract), Some(row));
    }
    // A day and some after they settled they are forgotten.
    let mut next = later(&whole, 30 * 3_600);
    next.rows.retain(|row| row.contract.expiry > whole.rows[0].contract.expiry);
    let applied = state.apply(&next, next.as_of).unwrap();
    assert_eq!((applied.forgotten, state.len()), (22, 22));
}

#[test]
fn unusual_volume_tells_where_it_traded() {
    let mut chain = chain(&[4, 340], 3, 3);
    for row in &mut chain.rows {
        (row.volume, row.open_interest) = (Some(400), Some(200));
    }
    let mut state = new();
    state.apply(&chain, noon()).unwrap();
    assert!(state.revalue(&moment()).unwrap().unusual.is_empty(), "400 are too few");
    let mut next = later(&chain, 5);
    let last = next.rows.len() - 1;
    next.rows[last].volume = Some(1_000);
    next.rows[last].last = next.rows[last].ask;
    next.rows[0].volume = Some(5_000);
    next.rows[0].last = next.rows[0].bid;
    next.rows[last - 1].volume = Some(600);
    next.rows[last - 1].open_interest = Some(0);
    state.apply(&next, next.as_of).unwrap();
    let unusual = &state.revalue(&moment()).unwrap().unusual;
    assert_eq!(unusual.len(), 3);
    let (zero, far, fresh) = (&unusual[0], &unusual[1], &unusual[2]);
    assert_eq!((zero.ratio, zero.zero_dte, zero.side), (Some(25.0), true, Some(TradedSide::Bid)));
    assert_eq!((far.ratio, far.ask_share, far.side), (Some(5.0), Some(1.0), Some(TradedSide::Ask)));
    assert_eq!(far.seen_at, Some(next.as_of));
    assert_eq!((fresh.ratio, fresh.new_strike, fresh.volume), (None, true, 600));
    // The next day begins again.
    let mut day = later(&next, 6);
    day.rows[last].volume = Some(3);
    state.apply(&day, day.as_of).unwrap();
    assert_eq!(state.rows.traded[last].grew, None);
}

#[test]
fn what_cannot_be_counted_is_an_error_not_a_zero() {
    let plain = chain(&[4], 3, 3);
    let calendar = alphatrader_model::Calendar::xnys();
    let refused =
        |chain: &ChainSnapshot| exposure_of(chain, conventions(), &calendar).unwrap_err().to_string();
    let other = ChainSnapshot { underlying: Symbol::new("QQQ").unwrap(), ..plain.clone() };
    let expected = ChainError::Underlying { expected: spy(), found: other.underlying };
    assert_eq!(new().apply(&other, noon()), Err(expected));
    assert!(refused(&ChainSnapshot { rows: Vec::new(), ..plain.clone() }).contains("is empty"));
    assert!(refused(&ChainSnapshot { spot: None, ..plain.clone() }).contains("no spot"));
    let mut unknown = plain.clone();
    unknown.rows.iter_mut().for_each(|row| row.multiplier = None);
    assert!(refused(&unknown).contains("6 of unknown multiplier"), "{}", refused(&unknown));
    let mut state = new();
    state.apply(&plain, noon()).unwrap();
    let after = moment().at(noon() + Span::from_minutes(241), false);
    let Err(ExposureError::NothingIncluded { rows, .. }) = state.revalue(&after) else {
        panic!("it has expired")
    };
    assert_eq!((rows.rows, rows.expired, rows.included), (6, 6, 0));
    assert_eq!(state.row(0).unwrap().status, RowStatus::Expired);
}

#[test]
fn too_many_rows_or_expiries_are_refused_whole() {
    let plain = chain(&[4], 1, 3);
    let row = plain.rows[0];
    let many = ChainSnapshot { rows: vec![row; MOST_ROWS + 1], ..plain.clone() };
    assert_eq!(new().apply(&many, noon()), Err(ChainError::TooManyRows(MOST_ROWS + 1)));
    let days = (0..600).map(|days| {
        let mut row = row;
        row.contract.expiry = row.contract.expiry.checked_add(days.days()).unwrap();
        row
    });
    let spread = ChainSnapshot { rows: days.collect(), ..plain };
    let mut state = new();
    assert_eq!(state.apply(&spread, noon()), Err(ChainError::TooManyExpiries(600)));
    assert_eq!((state.len(), state.counts().chains), (0, 0));
}

#[test]
fn the_same_contract_twice_counts_once() {
    let mut twice = chain(&[28], 3, 4);
    twice.rows.push(twice.rows[0]);
    let mut state = new();
    let applied = state.apply(&twice, noon()).unwrap();
    assert_eq!((applied.rows, applied.refused, state.len()), (6, 1, 6));
    let applied = state.apply(&twice, noon()).unwrap();
    assert_eq!((applied.rows, applied.refused), (6, 1));
}

#[test]
fn roots_that_share_a_day_are_kept_apart_and_summed_together() {
    let pm = chain(&[28], 11, 5);
    let mut both = pm.clone();
    for row in &pm.rows {
        let mut am = *row;
        am.contract.root = Symbol::new("SPYAM").unwrap();
        am.settles = row.settles - Span::from_minutes(390);
        both.rows.push(am);
    }
    let vendor = Conventions { greeks: GreeksSource::Vendor, ..conventions() };
    let mut state = ChainState::new(spy(), vendor);
    state.apply(&both, noon()).unwrap();
    let exposure = state.revalue(&moment()).unwrap();
    assert_eq!((exposure.by_expiry.len(), exposure.cells.len(), exposure.rows.included), (1, 11, 44));
    let cells: f64 = exposure.cells.iter().map(|cell| cell.gex).sum();
    assert!((cells / exposure.total.gex - 1.0).abs() < 1e-9);
    let open: u64 = pm.rows.iter().map(|row| u64::from(row.open_interest.unwrap())).sum();
    assert_eq!(exposure.total.call_oi + exposure.total.put_oi, 2 * open);
}

#[test]
fn todays_gamma_pins() {
    let mut chain = chain(&[4], 21, 6);
    for row in &mut chain.rows {
        let at = row.contract.strike == cents(60_100);
        row.open_interest = Some(if at && row.contract.right == Right::Call { 50_000 } else { 100 });
    }
    let mut state = new();
    state.apply(&chain, noon()).unwrap();
    let pin = state.revalue(&moment()).unwrap().pin.unwrap();
    assert_eq!(pin.strike, cents(60_100));
    assert!(pin.gamma_share > 0.8 && pin.strength == Some(pin.gamma_share), "{pin:?}");
    // Beyond half a percent it does not hold.
    state.on_spot(cents(60_500), noon());
    let pin = state.revalue(&moment()).unwrap().pin.unwrap();
    assert_eq!((pin.strike, pin.strength), (cents(60_100), None));
    // Nor where the dealers are short.
    for row in &mut chain.rows {
        row.contract.right = if row.contract.right == Right::Call { Right::Put } else { Right::Call };
    }
    let vendor = Conventions { greeks: GreeksSource::Vendor, ..conventions() };
    let mut puts = ChainState::new(spy(), vendor);
    puts.apply(&chain, noon()).unwrap();
    assert_eq!(puts.revalue(&moment()).unwrap().pin.unwrap().strength, None);
}

#[test]
fn a_strike_without_bids_lives_on_its_neighbours() {
    let mut chain = chain(&[28], 11, 7);
    for row in &mut chain.rows {
        if row.contract.strike == cents(60_000) {
            row.bid = None;
        }
    }
    let mut state = new();
    state.apply(&chain, noon()).unwrap();
    let exposure = state.revalue(&moment()).unwrap();
    assert_eq!((exposure.rows.interpolated, exposure.rows.included), (2, 22));
    let smile = &exposure.by_expiry[0].smile;
    let place = smile.iter().position(|point| point.strike == cents(60_000)).unwrap();
    assert!(smile[place].interpolated);
    let (low, high) = (smile[place - 1].iv, smile[place + 1].iv);
    assert!(smile[place].iv >= low.min(high) && smile[place].iv <= low.max(high));
    // A bid comes: one quote makes it its own.
    let row =
        state.rows().position(|row| row.contract.strike == cents(60_000) && row.contract.right == Right::Put);
    let row = row.unwrap();
    let ask = state.row(row).unwrap().ask.unwrap();
    let other = state.row(row - 1).unwrap().ask.unwrap();
    for (place, ask) in [(row, ask), (row - 1, other)] {
        let quote = ContractQuote {
            provider: Provider::Ibkr,
            bid: ask.checked_sub(cents(4)),
            ask: Some(ask),
            at: noon(),
        };
        assert_eq!(state.on_quote(place, &quote, noon()), Patched::Sums);
    }
    assert!(!state.row(row).unwrap().flags.interpolated);
}
