//! Trailing stops, touches, crosses, times, halts, whole fills, queue models.

use super::*;
use crate::matching::handling::{Auction, Handling, Trail, TrailBy};

fn with(order: NewOrder, handling: Handling) -> NewOrder {
    NewOrder { handling, ..order }
}

fn trailing(by: TrailBy, limit_offset: Option<Price>, started: bool) -> Handling {
    Handling { trail: Some(Trail { by, limit_offset, started }), ..Handling::NONE }
}

fn crossing(auction: Auction) -> Handling {
    Handling { auction: Some(auction), ..Handling::NONE }
}

impl Floor {
    fn print_flagged(&mut self, price: i64, size: u64, flags: TradeFlags) {
        self.market(&Payload::Trade(Trade {
            instrument: SPY,
            price: cents(price),
            size: Quantity::new(size),
            aggressor: None,
            venue: None,
            flags,
        }));
    }

    fn go_to(&mut self, at: Timestamp) {
        self.at = at;
        self.exchange.advance(at, &mut self.out);
    }

    fn close(&self) -> Timestamp {
        self.open + Session::FULL
    }

    fn with_config(config: MatchingConfig) -> Self {
        let mut floor = Self::closed();
        let session = floor.exchange.session().unwrap();
        floor.exchange = Exchange::with(config);
        floor.market(&Payload::Session(session));
        floor.market(&Payload::Instrument(Box::new(stock(SPY, "SPY"))));
        floor.at = floor.open;
        floor.quote((10_000, 500), (10_001, 300));
        floor
    }
}

#[test]
fn a_trailing_stop_follows_up_never_down_and_triggers() {
    let mut floor = Floor::new();
    let by = TrailBy::Amount(cents(10));
    floor.submit(with(order(1, Side::Sell, 50, stop(1)), trailing(by, None, false)));
    assert_eq!(floor.said(), ["1 accepted", "1 trails at 99.90"]);
    assert_eq!(floor.standing(1), Some(Standing::Armed));
    floor.quote((10_020, 500), (10_021, 300));
    floor.quote((10_015, 500), (10_016, 300));
    assert_eq!(floor.said(), ["1 trails at 100.10"]);
    floor.quote((10_010, 40), (10_011, 300));
    assert_eq!(floor.said(), ["1 triggered", "1 working", "1 took 40 at 100.10, 10 left"]);
}

#[test]
fn a_trailing_stop_with_its_own_start_waits_there() {
    let mut floor = Floor::new();
    let by = TrailBy::Millionths(1_000);
    floor.submit(with(order(1, Side::Buy, 50, stop(10_050)), trailing(by, None, true)));
    assert_eq!(floor.said(), ["1 accepted"]);
    floor.quote((9_998, 500), (9_999, 300));
    assert_eq!(floor.said(), ["1 trails at 100.09"], "0.1 % above the offer, on the grid");
    floor.quote((10_008, 500), (10_009, 300));
    assert_eq!(floor.said()[..2], ["1 triggered", "1 working"]);
}

#[test]
fn a_trailing_stop_by_prints_carries_its_limit_along() {
    let mut floor = Floor::new();
    let kind = OrderKind::StopLimit { trigger: cents(9_950), limit: cents(9_945) };
    let handling = trailing(TrailBy::Amount(cents(20)), Some(cents(5)), true);
    let new = NewOrder { trigger_by: TriggerBy::Trade, ..order(1, Side::Sell, 50, kind) };
    floor.submit(with(new, handling));
    floor.quote((10_040, 500), (10_041, 300));
    assert_eq!(floor.said(), ["1 accepted"], "it watches prints");
    floor.print(10_030, 10, None);
    assert_eq!(floor.said(), ["1 trails at 100.10 limit 100.05"]);
    floor.quote((10_002, 500), (10_003, 300));
    floor.print(10_010, 10, None);
    assert_eq!(floor.said(), ["1 triggered", "1 working"], "nobody bids its limit");
    floor.quote((10_005, 500), (10_006, 300));
    assert_eq!(floor.said(), ["1 made 50 at 100.05, 0 left"]);
}

#[test]
fn stops_watch_what_they_are_told_to() {
    let mut floor = Floor::new();
    let by = |key, trigger_by| NewOrder { trigger_by, ..order(key, Side::Sell, 10, stop(9_990)) };
    floor.submit(by(1, TriggerBy::Middle));
    floor.submit(by(2, TriggerBy::Either));
    floor.submit(by(3, TriggerBy::Trade));
    floor.said();
    floor.quote((9_991, 500), (10_011, 300));
    assert_eq!(floor.said(), Vec::<String>::new(), "the middle is 100.01");
    floor.quote((9_985, 5), (9_993, 300));
    assert_eq!(floor.said()[0], "1 triggered", "the middle is 99.89");
    assert_eq!(floor.standing(2), Some(Standing::Working), "so is the bid");
    assert_eq!(floor.standing(3), Some(Standing::Armed));
    floor.print(9_990, 10, None);
    assert_eq!(floor.said(), ["3 triggered", "3 working"]);
}

#[test]
fn if_touched_triggers_on_the_better_side() {
    let mut floor = Floor::new();
    let touched = Handling { touched: true, ..Handling::NONE };
    floor.submit(with(order(1, Side::Buy, 10, stop(9_990)), touched));
    let kind = OrderKind::StopLimit { trigger: cents(10_010), limit: cents(10_012) };
    floor.submit(with(order(2, Side::Sell, 10, kind), touched));
    assert_eq!(floor.said(), ["1 accepted", "2 accepted"]);
    floor.quote((9_989, 500), (9_990, 300));
    assert_eq!(floor.said(), ["1 triggered", "1 working", "1 took 10 at 99.90, 0 left"]);
    floor.quote((10_010, 500), (10_011, 300));
    assert_eq!(floor.said(), ["2 triggered", "2 working"]);
}

#[test]
fn the_closing_cross_fills_at_its_print_and_passes_limits_by() {
    let mut floor = Floor::new();
    floor.submit(with(order(1, Side::Buy, 5_000, OrderKind::Market), crossing(Auction::Close)));
    floor.submit(with(order(2, Side::Sell, 10, limit(10_005)), crossing(Auction::Close)));
    floor.submit(with(order(3, Side::Sell, 10, limit(10_003)), crossing(Auction::Close)));
    assert_eq!(floor.said(), ["1 accepted", "2 accepted", "3 accepted"]);
    assert_eq!(floor.standing(1), Some(Standing::Gathered));
    floor.at = floor.close() - Span::from_minutes(10);
    floor.submit(with(order(4, Side::Buy, 10, OrderKind::Market), crossing(Auction::Close)));
    assert_eq!(floor.said(), ["4 rejected 201"]);
    floor.at = floor.close();
    floor.print_flagged(10_004, 80_000, TradeFlags::AUCTION);
    assert_eq!(
        floor.said(),
        ["1 took 5000 at 100.04, 0 left", "2 ended Expired 0", "3 took 10 at 100.04, 0 left"]
    );
}

#[test]
fn a_close_without_a_cross_print_is_the_last_print() {
    let mut floor = Floor::new();
    floor.submit(with(order(1, Side::Buy, 50, OrderKind::Market), crossing(Auction::Close)));
    floor.print(10_007, 10, None);
    floor.said();
    floor.go_to(floor.close() + Span::from_seconds(9));
    assert_eq!(floor.said(), Vec::<String>::new());
    floor.go_to(floor.close() + Span::from_seconds(10));
    assert_eq!(floor.said(), ["1 took 50 at 100.07, 0 left"]);
    // An order after the close is for the next one; this cross does not know it.
    floor.submit(with(order(2, Side::Buy, 50, OrderKind::Market), crossing(Auction::Close)));
    floor.print_flagged(10_004, 80_000, TradeFlags::AUCTION);
    assert_eq!(floor.said(), ["2 accepted"]);
}

#[test]
fn the_opening_cross_takes_what_came_before_the_open() {
    let mut floor = Floor::closed();
    floor.at = floor.open - Span::from_minutes(5);
    floor.submit(with(order(1, Side::Buy, 50, OrderKind::Market), crossing(Auction::Open)));
    floor.submit(with(order(2, Side::Buy, 50, limit(9_990)), crossing(Auction::Open)));
    floor.at = floor.open - Span::from_minutes(2);
    floor.submit(with(order(3, Side::Buy, 50, limit(9_990)), crossing(Auction::Open)));
    assert_eq!(floor.said(), ["1 accepted", "2 accepted", "3 rejected 201"]);
    floor.at = floor.open;
    floor.print_flagged(9_995, 40_000, TradeFlags::AUCTION);
    assert_eq!(floor.said(), ["1 took 50 at 99.95, 0 left", "2 ended Expired 0"]);
    // One that comes now is for tomorrow, and today's close does not end it.
    floor.submit(with(order(4, Side::Buy, 50, OrderKind::Market), crossing(Auction::Open)));
    floor.print_flagged(9_995, 40_000, TradeFlags::AUCTION);
    floor.go_to(floor.close() + Span::from_minutes(300));
    assert_eq!(floor.said(), ["4 accepted"]);
    let open = floor.open + Span::from_minutes(24 * 60);
    let date = "2025-06-03".parse().unwrap();
    floor.at = open - Span::MINUTE;
    floor.market(&Payload::Session(Session { date, open, close: open + Session::FULL }));
    // Nobody prints a cross: the first print stands for it.
    floor.at = open;
    floor.print(9_980, 100, None);
    floor.go_to(open + Span::from_seconds(11));
    assert_eq!(floor.said(), ["4 took 50 at 99.80, 0 left"]);
}

#[test]
fn orders_begin_and_end_at_their_own_time() {
    let mut floor = Floor::new();
    let (begin, end) = (floor.at + Span::from_seconds(5), floor.at + Span::from_seconds(9));
    let times = Handling { good_after: Some(begin), good_till: Some(end), ..Handling::NONE };
    floor.submit(with(order(1, Side::Buy, 400, limit(10_001)), times));
    assert_eq!((floor.said(), floor.standing(1)), (vec!["1 accepted".to_owned()], Some(Standing::Held)));
    assert_eq!(floor.exchange.next_arrival(), Some(begin));
    floor.go_to(begin);
    assert_eq!(floor.said(), ["1 working", "1 took 300 at 100.01, 100 left"]);
    floor.go_to(end);
    assert_eq!(floor.said(), ["1 ended Expired 300"]);
    assert_eq!(floor.exchange.next_arrival(), None, "no alarm is left");
}

#[test]
fn nothing_trades_in_a_halt() {
    let mut floor = Floor::new();
    floor.exchange.halt(SPY, true, &mut floor.out);
    floor.submit(order(1, Side::Buy, 100, OrderKind::Market));
    floor.submit(NewOrder {
        time_in_force: TimeInForce::ImmediateOrCancel,
        ..order(2, Side::Buy, 100, limit(10_001))
    });
    floor.submit(order(3, Side::Sell, 100, stop(10_000)));
    floor.quote((9_999, 500), (10_000, 300));
    floor.print(9_999, 500, None);
    let words = ["1 accepted", "1 working", "2 accepted", "2 working", "2 ended Immediate 0", "3 accepted"];
    assert_eq!(floor.said(), words);
    floor.exchange.halt(SPY, false, &mut floor.out);
    assert_eq!(
        floor.said(),
        ["1 took 100 at 100.00, 0 left", "3 triggered", "3 working", "3 took 100 at 99.99, 0 left"]
    );
}

#[test]
fn all_or_none_waits_for_the_whole() {
    let mut floor = Floor::new();
    let whole = Handling { all_or_none: true, ..Handling::NONE };
    floor.submit(with(order(1, Side::Buy, 400, limit(10_001)), whole));
    floor.quote((10_000, 500), (10_001, 399));
    floor.print(10_000, 300, Some(Side::Sell));
    assert_eq!(floor.said(), ["1 accepted", "1 working"]);
    floor.quote((10_000, 500), (10_001, 400));
    assert_eq!(floor.said(), ["1 made 400 at 100.01, 0 left"]);
}

#[test]
fn a_hidden_order_stands_behind_all_that_is_displayed() {
    let mut floor = Floor::new();
    let hidden = Handling { hidden: true, ..Handling::NONE };
    floor.submit(with(order(1, Side::Buy, 100, limit(10_000)), hidden));
    floor.quote((10_000, 60), (10_001, 300));
    floor.quote((10_000, 5_000), (10_001, 300));
    floor.print(10_000, 70, Some(Side::Sell));
    assert_eq!(floor.said(), ["1 accepted", "1 working"]);
    assert_eq!(floor.exchange.order(OrderKey(1)).unwrap().queue_ahead, Some(Quantity::new(4_930)));
}

#[test]
fn a_paced_order_fills_slice_by_slice() {
    let mut floor = Floor::new();
    let slice = Handling { paced: Some(Quantity::new(30)), ..Handling::NONE };
    floor.submit(with(order(1, Side::Buy, 100, OrderKind::Market), slice));
    floor.quote((10_000, 500), (10_001, 300));
    assert_eq!(floor.said(), ["1 accepted", "1 working", "1 took 30 at 100.01, 70 left"]);
    floor.exchange.pace(OrderKey(1), Quantity::new(50), &mut floor.out);
    floor.exchange.pace(OrderKey(1), Quantity::new(1_000), &mut floor.out);
    assert_eq!(floor.said(), ["1 took 20 at 100.01, 50 left", "1 took 50 at 100.01, 0 left"]);
}

#[test]
fn cancels_ahead_are_shared_by_the_probabilistic_queue() {
    let ahead_after = |queue, seed| {
        let mut floor = Floor::with_config(MatchingConfig { queue, seed, ..MatchingConfig::default() });
        floor.submit(order(1, Side::Buy, 100, limit(10_000)));
        floor.quote((10_000, 1_000), (10_001, 300));
        floor.print(10_000, 100, Some(Side::Sell));
        // 900 stood after the print, 400 of them ahead; 100 of the 900 were cancelled.
        floor.quote((10_000, 800), (10_001, 300));
        floor.exchange.order(OrderKey(1)).unwrap().queue_ahead.unwrap().get()
    };
    assert_eq!(ahead_after(QueueModel::Conservative, 0), 400);
    let linear = QueueModel::Probabilistic(QueueLaw::Power(1.0));
    let drawn: Vec<_> = (0..200).map(|seed| ahead_after(linear, seed)).collect();
    // 100 * 400 / 900 = 44.4 on average, drawn as 44 or 45.
    assert!(drawn.iter().all(|ahead| [355, 356].contains(ahead)), "{drawn:?}");
    assert!((60..160).contains(&drawn.iter().filter(|ahead| **ahead == 355).count()));
    assert!(
        ahead_after(QueueModel::Probabilistic(QueueLaw::Power(3.0)), 0) > 356,
        "the longer side loses more"
    );
}

#[test]
fn a_restored_order_goes_on_as_it_stood() {
    let mut floor = Floor::new();
    let by = TrailBy::Amount(cents(10));
    floor.submit(with(order(1, Side::Sell, 50, stop(1)), trailing(by, None, false)));
    floor.quote((10_020, 500), (10_021, 300));
    let live = *floor.exchange.order(OrderKey(1)).unwrap();
    let kept = serde_json::to_string(&live).unwrap();
    assert_eq!(serde_json::from_str::<LiveOrder>(&kept).unwrap(), live);
    let mut again = Floor::new();
    again.exchange.restore(live).unwrap();
    again.quote((10_010, 500), (10_011, 300));
    assert_eq!(again.said()[..2], ["1 triggered", "1 working"]);
}

#[test]
fn an_order_kept_before_these_kinds_still_reads() {
    let mut floor = Floor::new();
    floor.submit(order(1, Side::Buy, 100, limit(10_000)));
    let live = *floor.exchange.order(OrderKey(1)).unwrap();
    let mut old = serde_json::to_value(live).unwrap();
    for later in ["handling", "seen", "printed"] {
        old.as_object_mut().unwrap().remove(later).expect("it is written");
    }
    let read: LiveOrder = serde_json::from_value(old).unwrap();
    assert_eq!(read, LiveOrder { seen: None, printed: Quantity::ZERO, ..live });
}
