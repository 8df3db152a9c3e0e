//! The synthetic market as its users rely on it: repeatable, well formed, like the real one in what
//! it claims.

use alphatrader_analytics::book::Book;
use alphatrader_market::day::PRINT_SHARES;
use alphatrader_market::synthetic::chronicle::Chronicle;
use alphatrader_market::synthetic::statistics::{Measures, Row, movement};
use alphatrader_market::{SyntheticConfig, SyntheticMarket};
use alphatrader_model::market::TradeFlags;
use alphatrader_model::{Calendar, Input, InstrumentId, Payload, Quote, Session, Side};

fn session(date: &str) -> Session {
    Calendar::xnys().session(date.parse().unwrap()).unwrap()
}

fn market(seed: u64, date: &str) -> SyntheticMarket {
    SyntheticMarket::new(SyntheticConfig::spy(seed), session(date))
}

fn without_chain(seed: u64, date: &str) -> SyntheticMarket {
    SyntheticMarket::new(SyntheticConfig { with_chain: false, ..SyntheticConfig::spy(seed) }, session(date))
}

fn middle(quote: &Quote) -> f64 {
    let (bid, ask) = quote.firm().expect("both sides are always quoted");
    0.5 * (bid.price.to_f64() + ask.price.to_f64())
}

#[test]
fn a_day_is_a_function_of_seed_and_date() {
    let first: Vec<Input> = market(1, "2025-06-03").take(60_000).collect();
    let again: Vec<Input> = market(1, "2025-06-03").take(60_000).collect();
    assert_eq!(first, again);
    assert_ne!(first, market(2, "2025-06-03").take(60_000).collect::<Vec<_>>());
    // Looking at the clock does not move it.
    let mut watched = market(1, "2025-06-03");
    for input in &first[..5_000] {
        assert_eq!(watched.peek_time(), Some(input.ts_event));
        assert_eq!(watched.peek_time(), Some(input.ts_event));
        assert_eq!(watched.next().as_ref(), Some(input));
    }
}

#[test]
fn events_come_in_order_and_inside_the_session() {
    let half_day = session("2025-07-03");
    assert!(half_day.is_half_day());
    let mut last = half_day.open;
    let (mut sessions, mut listed, mut rows, mut quotes, mut prints, mut depth) = (0, 0, 0, 0, 0, 0);
    for input in market(9, "2025-07-03") {
        // The closing cross comes at the close, everything else before.
        let crossed = matches!(&input.payload, Payload::Trade(t) if t.flags.contains(TradeFlags::AUCTION));
        assert!(input.ts_event >= last && (input.ts_event < half_day.close || crossed));
        assert_eq!(input.ts_recv, input.ts_event);
        last = input.ts_event;
        match input.payload {
            Payload::Session(_) => sessions += 1,
            Payload::Instrument(instrument) => {
                assert!(instrument.synthetic);
                assert_eq!(instrument.id, InstrumentId(listed), "numbers are dense");
                listed += 1;
            }
            Payload::Chain(_) => rows += 1,
            Payload::Quote(_) => quotes += 1,
            Payload::Trade(_) => prints += 1,
            Payload::Depth(_) => depth += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(last, half_day.close, "it ends with the closing cross");
    assert_eq!(sessions, 1);
    assert!(listed > 80 && rows > listed && quotes > 100_000 && prints > 20_000 && depth > 100_000);
}

#[test]
fn the_book_and_the_quote_say_the_same() {
    let mut book = Book::default();
    let mut checked = 0;
    for input in without_chain(4, "2025-06-03").take(300_000) {
        match input.payload {
            Payload::Depth(edit) => {
                assert!(edit.venue.is_some());
                book.apply(&edit);
            }
            Payload::Quote(quote) => {
                assert_eq!(book.best(), quote.firm(), "{quote:?}");
                assert_eq!((book.bids().len(), book.asks().len()), (10, 10));
                checked += 1;
            }
            _ => {}
        }
    }
    assert!(checked > 20_000);
}

#[test]
fn prints_are_at_the_quote_of_their_side() {
    let mut quote: Option<Quote> = None;
    let mut prints = 0;
    for input in without_chain(5, "2025-06-03").take(300_000) {
        match input.payload {
            Payload::Quote(next) => quote = Some(next),
            Payload::Trade(trade) if !trade.flags.contains(TradeFlags::AUCTION) => {
                let (bid, ask) = quote.and_then(|q| q.firm()).unwrap();
                let side = trade.aggressor.unwrap();
                let sweep = trade.flags.contains(TradeFlags::SWEEP);
                let at_touch = trade.price == if side == Side::Buy { ask.price } else { bid.price };
                // Hidden midpoint orders trade inside, everything else at the touch.
                let at_middle = 2 * trade.price.raw() == bid.price.raw() + ask.price.raw();
                assert!(at_touch || sweep || at_middle, "{trade:?} at {quote:?}");
                assert_eq!(trade.flags.contains(TradeFlags::ODD_LOT), trade.size.get() < 100);
                prints += 1;
            }
            _ => {}
        }
    }
    assert!(prints > 10_000);
}

#[test]
fn a_day_opens_near_where_the_last_one_closed() {
    for seed in [1, 2, 3] {
        let (mut last, mut first) = (None, None);
        for input in without_chain(seed, "2025-07-03") {
            if let Payload::Quote(quote) = input.payload {
                last = Some(middle(&quote));
            }
        }
        // A weekend with a holiday later.
        for input in without_chain(seed, "2025-07-07").take(100) {
            if let Payload::Quote(quote) = input.payload {
                first = first.or(Some(middle(&quote)));
            }
        }
        let gap = first.unwrap() / last.unwrap() - 1.0;
        assert!(gap.abs() < 0.015, "seed {seed}: {gap}");
    }
}

/// The statistics that the market was calibrated on, each held to a band around the measured value.
#[test]
fn the_days_look_like_the_days_they_were_calibrated_on() {
    let mut measures = Measures::new(InstrumentId(0));
    for input in without_chain(1, "2025-06-03").chain(without_chain(2, "2025-06-05")) {
        measures.on(&input);
    }
    let calendar = Calendar::xnys();
    let chronicle = Chronicle::new(1, Vec::new());
    let mut rows = measures.rows();
    rows.extend(movement(&chronicle, &calendar, "2025-01-02".parse().unwrap(), 40));
    let out: Vec<&Row> = rows.iter().filter(|row| !row.holds()).collect();
    assert!(out.is_empty(), "outside of what is still good: {out:#?}");
    assert!(rows.len() > 20);
    for (half, (share, measured)) in measures.half_hours().iter().zip(PRINT_SHARES).enumerate() {
        assert!((share - measured).abs() < 0.06, "half hour {half}: {share} for {measured}");
    }
}

#[test]
fn breaks_of_five_minutes_come_with_agreeing_flow_several_times_a_day() {
    for seed in 1..=3 {
        let mut quote: Option<Quote> = None;
        let mut second = session("2025-06-03").open.seconds();
        let mut prices: Vec<f64> = Vec::new();
        let mut flows: Vec<i64> = vec![0];
        let (mut agreeing, mut quiet_until) = (0, 0);
        for input in without_chain(seed, "2025-06-03") {
            while second < input.ts_event.seconds() {
                second += 1;
                let now = prices.len();
                let price = middle(quote.as_ref().unwrap());
                if now > 900 && now >= quiet_until {
                    let window = &prices[now - 300..];
                    let up = window.iter().all(|p| price > *p);
                    let down = window.iter().all(|p| price < *p);
                    let flow: i64 = flows[now - 59..].iter().sum();
                    let (bid, ask) = quote.and_then(|q| q.firm()).unwrap();
                    let (bid, ask) = (bid.size.get() as f64, ask.size.get() as f64);
                    let imbalance = (bid - ask) / (bid + ask);
                    if (up && flow > 0 && imbalance >= 0.2) || (down && flow < 0 && imbalance <= -0.2) {
                        agreeing += 1;
                        quiet_until = now + 300;
                    }
                }
                prices.push(price);
                flows.push(0);
            }
            match input.payload {
                Payload::Quote(next) => quote = Some(next),
                Payload::Trade(trade) => {
                    if let Some(side) = trade.aggressor {
                        *flows.last_mut().unwrap() += side.sign() * trade.size.get() as i64;
                    }
                }
                _ => {}
            }
        }
        assert!(agreeing >= 5, "seed {seed}: {agreeing}");
    }
}
