//! Market data that stop, change or start anew.

use std::collections::BTreeSet;

use alphatrader_exchange::wire::message::market_data::MarketDataTypeRequest;
use alphatrader_exchange::wire::{Reply, Request};

use super::{client, codes, depth, market_data, play, settle, ticks};
use crate::raw::Raw;

fn is_tick(reply: &Reply) -> bool {
    matches!(reply, Reply::TickPrice(_) | Reply::TickSize(_) | Reply::TickString(_) | Reply::TickGeneric(_))
}

/// Reads until a price tick with this number.
fn until_price(raw: &mut Raw, number: i32) -> usize {
    raw.until(|reply| match reply {
        Reply::TickPrice(tick) => (tick.tick_type == Some(number)).then_some(()),
        _ => None,
    });
    raw.seen.len()
}

#[test]
fn a_competing_session_silences_every_line_until_it_ends() {
    let handle = play("competing-session", 60.0);
    let mut raw = client(&handle, 1);
    raw.send(&market_data(1));
    raw.send(&market_data(2));
    raw.until_error(10197);
    let began = raw.seen.len();
    raw.until_error(10197);
    // Who subscribes now is told the same.
    raw.send(&market_data(3));
    assert_eq!(raw.until_error(10197).id, Some(3));
    settle(&mut raw);
    assert!(!raw.seen[began..].iter().any(is_tick));
    until_price(&mut raw, 1);
    raw.until_error(1100);
    raw.until_error(1102);
    handle.shutdown().unwrap();
}

#[test]
fn without_the_entitlement_there_are_delayed_ticks_or_none() {
    let handle = play("entitlement-loss", 60.0);
    let mut live = client(&handle, 1);
    live.send(&market_data(1));
    let mut patient = client(&handle, 2);
    patient.send(&Request::MarketDataType(MarketDataTypeRequest { market_data_type: Some(3) }));
    patient.send(&market_data(5));
    assert_eq!(patient.until_error(10167).id, Some(5));
    let began = patient.seen.len();
    until_price(&mut patient, 66);
    let kinds: BTreeSet<i32> = patient.seen[began..]
        .iter()
        .filter_map(|reply| match reply {
            Reply::TickPrice(tick) => tick.tick_type,
            _ => None,
        })
        .collect();
    assert!(kinds.iter().all(|kind| *kind >= 66), "{kinds:?}");
    until_price(&mut patient, 1);

    assert_eq!(live.until_error(10089).id, Some(1));
    let began = live.seen.len();
    until_price(&mut live, 1);
    let kinds = |raw: &Raw, from: usize| -> Vec<i32> {
        let kind = |reply: &Reply| match reply {
            Reply::MarketDataType(told) => told.market_data_type,
            _ => None,
        };
        raw.seen[from..].iter().filter_map(kind).collect()
    };
    assert!(kinds(&live, began).is_empty());
    assert_eq!(kinds(&patient, 0), [1, 3, 1]);
    handle.shutdown().unwrap();
}

/// What a client that follows the edits has in its book.
fn rows(replies: &[Reply]) -> [Vec<(f64, String)>; 2] {
    let mut sides = [Vec::new(), Vec::new()];
    for reply in replies {
        if let Reply::Error(error) = reply
            && error.error_code == Some(317)
        {
            sides = [Vec::new(), Vec::new()];
        }
        let Reply::MarketDepthL2(edit) = reply else { continue };
        let data = edit.market_depth_data.clone().unwrap();
        let side = &mut sides[usize::try_from(data.side.unwrap()).unwrap()];
        let place = usize::try_from(data.position.unwrap()).unwrap();
        let row = (data.price.unwrap(), data.size.unwrap());
        match data.operation.unwrap() {
            0 => side.insert(place, row),
            1 => side[place] = row,
            _ => {
                side.remove(place);
            }
        }
    }
    sides
}

#[test]
fn after_a_reset_fresh_rows_fill_an_emptied_book() {
    let handle = play("depth-reset", 60.0);
    let mut raw = client(&handle, 1);
    raw.send(&depth(1));
    for _ in 0..4 {
        assert_eq!(raw.until_error(317).id, Some(1));
        let emptied = raw.seen.len();
        raw.until(|reply| matches!(reply, Reply::MarketDepthL2(_)).then_some(()));
        settle(&mut raw);
        let [asks, bids] = rows(&raw.seen[emptied..]);
        assert!(asks.len() == 5 && bids.len() == 5, "{asks:?} {bids:?}");
        assert!(bids[0].0 <= asks[0].0);
    }
    // A client that kept its rows would have met an edit out of place by now.
    let [asks, bids] = rows(&raw.seen);
    assert!(bids.windows(2).all(|pair| pair[0].0 >= pair[1].0), "{bids:?}");
    assert!(asks.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{asks:?}");
    handle.shutdown().unwrap();
}

#[test]
fn a_halted_book_has_to_be_subscribed_again() {
    let handle = play("depth-halt", 60.0);
    let mut raw = client(&handle, 1);
    raw.send(&depth(1));
    raw.until_error(316);
    let halted = raw.seen.len();
    settle(&mut raw);
    assert!(!raw.seen[halted..].iter().any(|reply| matches!(reply, Reply::MarketDepthL2(_))));
    raw.send(&depth(1));
    raw.until(|reply| matches!(reply, Reply::MarketDepthL2(_)).then_some(()));
    assert!(!codes(&raw).contains(&102));
    handle.shutdown().unwrap();
}

#[test]
fn silent_streams_say_nothing_and_start_again() {
    let handle = play("silent-streams", 60.0);
    let mut raw = client(&handle, 1);
    raw.send(&market_data(1));
    raw.send(&ticks(2));
    let begin = settle(&mut raw);
    let (mut before, mut gap) = (begin, 0);
    // Simulated time between two trades: one of the pauses is the minute of silence.
    while gap < 55 {
        let at = raw.until(|reply| match reply {
            Reply::TickByTick(tick) => tick.historical_tick_last.as_ref().and_then(|last| last.time),
            _ => None,
        });
        gap = at - before;
        before = at;
    }
    until_price(&mut raw, 1);
    // Nothing was said about it.
    assert_eq!(codes(&raw), [2104, 2106, 2158]);
    handle.shutdown().unwrap();
}
