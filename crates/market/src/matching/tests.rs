//! The rules of filling by hand.

use alphatrader_model::market::Level;
use alphatrader_model::{Depth, DepthOperation, Session, Span, Symbol};

use super::*;

mod family;
mod kinds;

const SPY: InstrumentId = InstrumentId(0);

/// An exchange in session with one stock quoted 100.00 x 500 / 100.01 x 300.
struct Floor {
    exchange: Exchange,
    open: Timestamp,
    at: Timestamp,
    out: Vec<Report>,
}

fn cents(cents: i64) -> Price {
    Price::from_cents(cents)
}

#[expect(clippy::unnecessary_wraps, reason = "a side of a quote is optional")]
fn level(price: i64, size: u64) -> Option<Level> {
    Some(Level { price: cents(price), size: Quantity::new(size) })
}

fn stock(id: InstrumentId, symbol: &str) -> Instrument {
    let symbol = Symbol::new(symbol).unwrap();
    Instrument {
        id,
        contract: Contract::Stock(symbol),
        underlying: symbol,
        multiplier: 1,
        tick: Price::CENT,
        tick_above: Price::CENT,
        tick_break: Price::CENT,
        expires: None,
        con_id: None,
        synthetic: true,
    }
}

fn order(key: u64, side: Side, quantity: u64, kind: OrderKind) -> NewOrder {
    NewOrder::new(OrderKey(key), SPY, side, Quantity::new(quantity), kind)
}

fn limit(price: i64) -> OrderKind {
    OrderKind::Limit { limit: cents(price) }
}

fn stop(price: i64) -> OrderKind {
    OrderKind::Stop { trigger: cents(price) }
}

impl Floor {
    fn closed() -> Self {
        let open = Timestamp::from_seconds(1_748_871_000);
        let date = "2025-06-02".parse().unwrap();
        let session = Session { date, open, close: open + Session::FULL };
        let mut floor =
            Self { exchange: Exchange::new(), open, at: open - Span::from_minutes(10), out: Vec::new() };
        floor.market(&Payload::Session(session));
        floor.market(&Payload::Instrument(Box::new(stock(SPY, "SPY"))));
        floor
    }

    fn new() -> Self {
        let mut floor = Self::closed();
        floor.at = floor.open;
        floor.quote((10_000, 500), (10_001, 300));
        floor
    }

    fn tick(&mut self) -> Timestamp {
        self.at = self.at + Span::from_millis(1);
        self.at
    }

    fn market(&mut self, payload: &Payload) {
        let at = self.tick();
        self.exchange.on_market(at, payload, &mut self.out);
    }

    fn quote(&mut self, bid: (i64, u64), ask: (i64, u64)) {
        let (bid, ask) = (level(bid.0, bid.1), level(ask.0, ask.1));
        self.market(&Payload::Quote(Quote { instrument: SPY, bid, ask }));
    }

    fn print(&mut self, price: i64, size: u64, aggressor: Option<Side>) {
        self.market(&Payload::Trade(Trade {
            instrument: SPY,
            price: cents(price),
            size: Quantity::new(size),
            aggressor,
            venue: None,
            flags: TradeFlags::NONE,
        }));
    }

    fn ask_rows(&mut self, rows: &[(i64, u64)]) {
        for (position, (price, size)) in rows.iter().enumerate() {
            self.market(&Payload::Depth(Depth {
                instrument: SPY,
                side: Side::Sell,
                position: position as u8,
                operation: DepthOperation::Insert,
                price: cents(*price),
                size: Quantity::new(*size),
                venue: None,
            }));
        }
    }

    fn submit(&mut self, order: NewOrder) {
        let at = self.tick();
        self.exchange.submit(at, order).unwrap();
        self.exchange.advance(at, &mut self.out);
    }

    fn change(&mut self, key: u64, quantity: u64, kind: OrderKind) {
        let at = self.tick();
        let change = Change::new(OrderKey(key), Quantity::new(quantity), kind);
        self.exchange.change(at, change).unwrap();
        self.exchange.advance(at, &mut self.out);
    }

    fn cancel(&mut self, key: u64) {
        let at = self.tick();
        self.exchange.cancel(at, OrderKey(key)).unwrap();
        self.exchange.advance(at, &mut self.out);
    }

    /// What was reported since the last call, in short words.
    fn said(&mut self) -> Vec<String> {
        self.out
            .drain(..)
            .map(|report| {
                let key = report.key.0;
                match report.what {
                    ReportKind::Accepted => format!("{key} accepted"),
                    ReportKind::Working => format!("{key} working"),
                    ReportKind::Triggered => format!("{key} triggered"),
                    ReportKind::Trailed { kind } => match (kind.trigger(), kind.limit()) {
                        (Some(stop), Some(limit)) => format!("{key} trails at {stop} limit {limit}"),
                        (stop, _) => format!("{key} trails at {}", stop.expect("it has a stop")),
                    },
                    ReportKind::Fill { quantity, price, liquidity, remaining, .. } => {
                        let how = if liquidity == Liquidity::Added { "made" } else { "took" };
                        format!("{key} {how} {quantity} at {price}, {remaining} left")
                    }
                    ReportKind::Cancelled { reason, filled } => format!("{key} ended {reason:?} {filled}"),
                    ReportKind::Rejected { code, .. } => format!("{key} rejected {code}"),
                    ReportKind::Replaced { quantity, cause, .. } => format!("{key} is {quantity} {cause:?}"),
                    ReportKind::ChangeRefused { code, .. } => format!("{key} change refused {code}"),
                    ReportKind::Unknown => format!("{key} unknown"),
                }
            })
            .collect()
    }

    fn standing(&self, key: u64) -> Option<Standing> {
        self.exchange.order(OrderKey(key)).map(|order| order.standing)
    }
}

#[test]
fn a_market_order_takes_what_is_displayed_and_the_rest_with_the_next_quote() {
    let mut floor = Floor::new();
    floor.submit(order(1, Side::Buy, 700, OrderKind::Market));
    assert_eq!(floor.said(), ["1 accepted", "1 working", "1 took 300 at 100.01, 400 left"]);
    floor.quote((10_001, 100), (10_002, 1_000));
    assert_eq!(floor.said(), ["1 took 400 at 100.02, 0 left"]);
    assert_eq!(floor.standing(1), None);
}

#[test]
fn with_a_book_it_walks_the_rows() {
    let mut floor = Floor::new();
    floor.ask_rows(&[(10_001, 900), (10_002, 200), (10_004, 200)]);
    floor.submit(order(1, Side::Buy, 600, OrderKind::Market));
    let said = floor.said();
    assert_eq!(
        said[2..],
        ["1 took 300 at 100.01, 300 left", "1 took 200 at 100.02, 100 left", "1 took 100 at 100.04, 0 left"]
    );
    // What was taken is gone until the market says more.
    floor.submit(order(2, Side::Buy, 600, limit(10_004)));
    assert_eq!(floor.said()[2..], ["2 took 100 at 100.04, 500 left"]);
}

#[test]
fn a_limit_takes_no_worse_than_its_price_and_the_rest_rests() {
    let mut floor = Floor::new();
    floor.ask_rows(&[(10_001, 300), (10_002, 200), (10_004, 200)]);
    floor.submit(order(1, Side::Buy, 600, limit(10_002)));
    assert_eq!(floor.said()[2..], ["1 took 300 at 100.01, 300 left", "1 took 200 at 100.02, 100 left"]);
    // It rests at 100.02 now: an offer that comes below its price pays it its price.
    floor.quote((10_000, 500), (10_001, 40));
    assert_eq!(floor.said(), ["1 made 40 at 100.02, 60 left"]);
}

#[test]
fn a_resting_limit_waits_for_the_queue_ahead() {
    let mut floor = Floor::new();
    floor.submit(order(1, Side::Buy, 100, limit(10_000)));
    assert_eq!(floor.exchange.order(OrderKey(1)).unwrap().queue_ahead, Some(Quantity::new(500)));
    floor.print(10_000, 450, Some(Side::Sell));
    floor.print(10_000, 1_000, Some(Side::Buy));
    assert_eq!(floor.said(), ["1 accepted", "1 working"], "50 are still ahead; buyers do not take bids");
    floor.print(10_000, 80, Some(Side::Sell));
    assert_eq!(floor.said(), ["1 made 30 at 100.00, 70 left"]);
    floor.print(9_999, 20, Some(Side::Sell));
    assert_eq!(floor.said(), ["1 made 20 at 100.00, 50 left"], "a print through the price");
    floor.quote((9_998, 100), (10_000, 10));
    assert_eq!(floor.said(), ["1 made 10 at 100.00, 40 left"], "an offer at the price");
}

#[test]
fn the_queue_ahead_is_never_longer_than_what_is_displayed() {
    let mut floor = Floor::new();
    floor.submit(order(1, Side::Buy, 100, limit(10_000)));
    floor.quote((10_000, 60), (10_001, 300));
    floor.quote((10_000, 5_000), (10_001, 300));
    floor.print(10_000, 70, None);
    assert_eq!(floor.said()[2..], ["1 made 10 at 100.00, 90 left"]);
}

#[test]
fn own_orders_share_a_print_by_price_and_time() {
    let mut floor = Floor::new();
    floor.submit(order(1, Side::Buy, 50, limit(9_999)));
    floor.submit(order(2, Side::Buy, 50, limit(10_000)));
    floor.submit(order(3, Side::Buy, 50, limit(10_000)));
    floor.said();
    floor.print(9_998, 120, Some(Side::Sell));
    assert_eq!(
        floor.said(),
        ["2 made 50 at 100.00, 0 left", "3 made 50 at 100.00, 0 left", "1 made 20 at 99.99, 30 left"]
    );
}

#[test]
fn stops_watch_the_side_they_would_trade_on() {
    let mut floor = Floor::new();
    floor.submit(order(1, Side::Sell, 100, stop(9_995)));
    floor.submit(order(
        2,
        Side::Buy,
        100,
        OrderKind::StopLimit { trigger: cents(10_010), limit: cents(10_011) },
    ));
    assert_eq!(floor.said(), ["1 accepted", "2 accepted"]);
    floor.print(9_990, 100, Some(Side::Sell));
    floor.quote((9_996, 100), (10_009, 100));
    assert_eq!(floor.said(), Vec::<String>::new(), "a print does not trigger them");
    floor.quote((9_995, 60), (10_009, 100));
    assert_eq!(floor.said(), ["1 triggered", "1 working", "1 took 60 at 99.95, 40 left"]);
    floor.quote((9_900, 60), (10_012, 100));
    assert_eq!(floor.said(), ["1 took 40 at 99.00, 0 left", "2 triggered", "2 working"]);
    floor.quote((10_000, 60), (10_011, 100));
    assert_eq!(floor.said(), ["2 made 100 at 100.11, 0 left"]);
}

#[test]
fn a_stop_on_trade_watches_prints() {
    let mut floor = Floor::new();
    let by_trade = NewOrder { trigger_by: TriggerBy::Trade, ..order(1, Side::Sell, 100, stop(9_995)) };
    floor.submit(by_trade);
    floor.quote((9_990, 500), (10_001, 300));
    assert_eq!(floor.said(), ["1 accepted"]);
    floor.print(9_995, 1, None);
    assert_eq!(floor.said(), ["1 triggered", "1 working", "1 took 100 at 99.90, 0 left"]);
}

#[test]
fn immediate_orders_do_not_wait() {
    let mut floor = Floor::new();
    let ioc = |key, tif| NewOrder { time_in_force: tif, ..order(key, Side::Buy, 400, limit(10_001)) };
    floor.submit(ioc(1, TimeInForce::FillOrKill));
    floor.submit(ioc(2, TimeInForce::ImmediateOrCancel));
    assert_eq!(
        floor.said(),
        [
            "1 accepted",
            "1 working",
            "1 ended Killed 0",
            "2 accepted",
            "2 working",
            "2 took 300 at 100.01, 100 left",
            "2 ended Immediate 300"
        ]
    );
    floor.quote((10_000, 500), (10_001, 400));
    floor.submit(ioc(3, TimeInForce::FillOrKill));
    assert_eq!(floor.said()[2..], ["3 took 400 at 100.01, 0 left"]);
}

#[test]
fn the_session_bounds_the_day() {
    let mut floor = Floor::closed();
    floor.quote((10_000, 500), (10_001, 300));
    floor.submit(order(1, Side::Buy, 100, OrderKind::Market));
    let gtc = TimeInForce::GoodTillCancelled;
    floor.submit(NewOrder { time_in_force: gtc, ..order(2, Side::Buy, 100, limit(9_990)) });
    floor.submit(NewOrder { outside_session: true, ..order(3, Side::Buy, 100, limit(10_001)) });
    assert_eq!(
        floor.said(),
        ["1 accepted", "2 accepted", "3 accepted", "3 working", "3 took 100 at 100.01, 0 left"]
    );
    floor.at = floor.open;
    floor.quote((10_000, 500), (10_001, 50));
    assert_eq!(floor.said(), ["1 working", "2 working", "1 took 50 at 100.01, 50 left"]);
    floor.at = floor.open + Session::FULL;
    floor.quote((9_000, 500), (9_001, 300));
    let report = floor.out[0].clone();
    assert_eq!(report.time, floor.open + Session::FULL, "told of the close, not of the quote after it");
    assert_eq!(floor.said(), ["1 ended Expired 50"]);
    assert_eq!(floor.standing(2), Some(Standing::Held));
    let next = floor.open + Span::from_minutes(24 * 60);
    let date = "2025-06-03".parse().unwrap();
    floor.market(&Payload::Session(Session { date, open: next, close: next + Session::FULL }));
    floor.at = next;
    floor.quote((9_000, 500), (9_001, 300));
    assert_eq!(floor.said(), ["2 working", "2 took 100 at 90.01, 0 left"]);
}

#[test]
fn an_arrival_sees_what_happened_up_to_its_instant() {
    let mut floor = Floor::new();
    let at = floor.at + Span::from_millis(5);
    floor.exchange.submit(at, order(1, Side::Buy, 100, OrderKind::Market)).unwrap();
    let quote = |ask| Payload::Quote(Quote { instrument: SPY, bid: level(9_000, 1), ask: level(ask, 100) });
    floor.exchange.on_market(at - Span::from_millis(1), &quote(10_005), &mut floor.out);
    floor.exchange.on_market(at, &quote(10_007), &mut floor.out);
    assert_eq!(floor.said(), Vec::<String>::new());
    floor.exchange.on_market(at + Span::from_millis(1), &quote(10_009), &mut floor.out);
    assert_eq!(floor.out[2].time, at);
    assert_eq!(floor.said()[2..], ["1 took 100 at 100.07, 0 left"]);
}

#[test]
fn what_cannot_be_is_refused() {
    let mut floor = Floor::new();
    floor.submit(order(1, Side::Buy, 100, limit(9_990)));
    floor.said();
    floor.submit(order(1, Side::Buy, 100, limit(9_990)));
    floor.submit(NewOrder { instrument: InstrumentId(7), ..order(2, Side::Buy, 1, OrderKind::Market) });
    floor.submit(order(3, Side::Buy, 0, OrderKind::Market));
    floor.submit(order(4, Side::Buy, 1, OrderKind::Limit { limit: Price::from_raw(100_0050) }));
    floor.submit(order(5, Side::Sell, 1, stop(-5)));
    floor.submit(NewOrder { parent: Some(OrderKey(99)), ..order(6, Side::Buy, 1, OrderKind::Market) });
    floor.cancel(77);
    floor.change(77, 5, OrderKind::Market);
    assert_eq!(
        floor.said(),
        [
            "1 rejected 103",
            "2 rejected 200",
            "3 rejected 434",
            "4 rejected 110",
            "5 rejected 110",
            "6 rejected 201",
            "77 unknown",
            "77 unknown"
        ]
    );
    floor.cancel(1);
    floor.submit(order(1, Side::Buy, 100, limit(9_990)));
    assert_eq!(floor.said(), ["1 ended Requested 0", "1 rejected 103"], "a key is used once");
}

#[test]
fn a_change_keeps_the_place_only_when_it_asks_for_less() {
    let mut floor = Floor::new();
    floor.submit(order(1, Side::Buy, 100, limit(10_000)));
    floor.submit(order(2, Side::Buy, 100, limit(10_000)));
    floor.change(1, 80, limit(10_000));
    floor.said();
    floor.print(10_000, 580, Some(Side::Sell));
    assert_eq!(floor.said(), ["1 made 80 at 100.00, 0 left"]);
    floor.submit(order(3, Side::Buy, 100, limit(9_999)));
    floor.change(2, 120, limit(10_000));
    floor.change(3, 100, limit(10_001));
    assert_eq!(
        floor.said(),
        [
            "3 accepted",
            "3 working",
            "2 is 120 Requested",
            "3 is 100 Requested",
            "3 took 100 at 100.01, 0 left"
        ]
    );
    assert_eq!(
        floor.exchange.order(OrderKey(2)).unwrap().queue_ahead,
        Some(Quantity::new(500)),
        "back of the queue"
    );
    floor.print(10_000, 600, Some(Side::Sell));
    floor.change(2, 100, limit(10_000));
    assert_eq!(floor.said(), ["2 made 100 at 100.00, 20 left", "2 change refused 104"]);
}

#[test]
fn a_gap_in_the_quotes_leaves_nothing_to_trade_on() {
    let mut floor = Floor::new();
    floor.market(&Payload::Gap(alphatrader_model::market::Gap { instrument: SPY, stream: Stream::Quotes }));
    floor.submit(order(1, Side::Buy, 100, OrderKind::Market));
    assert_eq!(floor.said(), ["1 accepted", "1 working"]);
    floor.quote((10_000, 500), (10_001, 300));
    assert_eq!(floor.said(), ["1 took 100 at 100.01, 0 left"]);
}
