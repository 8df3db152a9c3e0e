use super::record::Pairs;
use super::*;
use alphatrader_model::market::Level;
use alphatrader_model::number::Quantity;
use proptest::prelude::*;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_000_000 + millis)
}

fn name(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

fn row(cents: i64, size: u64, maker: &str) -> BookRow {
    let level = Level { price: Price::from_cents(cents), size: Quantity::new(size) };
    BookRow { level, venue: Some(name(maker)) }
}

/// Rows of bids and offers at a time.
fn rows(makers: &mut Makers, millis: i64, bids: &[BookRow], asks: &[BookRow]) {
    makers.on_rows(at(millis), Side::Buy, bids, bids.first().and_then(|row| row.venue));
    makers.on_rows(at(millis), Side::Sell, asks, None);
}

fn record<'a>(makers: &'a Makers, maker: &str) -> &'a Record {
    let place = makers.names.iter().position(|known| *known == Some(name(maker))).unwrap();
    &makers.records[place]
}

#[test]
fn times_are_counted_for_each_maker() {
    let mut makers = Makers::default();
    makers.on_session(at(0));
    let asks = [row(102, 50, "B")];
    rows(&mut makers, 0, &[row(100, 30, "A"), row(99, 10, "B"), row(98, 7, "A")], &asks);
    rows(&mut makers, 4_000, &[row(101, 20, "B"), row(100, 30, "A")], &asks);
    rows(&mut makers, 5_000, &[row(101, 60, "B"), row(100, 30, "A")], &asks);
    makers.interrupt(at(10_000));
    let (a, b) = (record(&makers, "A"), record(&makers, "B"));
    assert_eq!(
        (a.sides[0].at_best, b.sides[0].at_best, b.sides[1].at_best),
        (4_000_000_000, 6_000_000_000, 10_000_000_000)
    );
    // 30 shares for 4 s; 20 for 1 s and 60 for 5 s.
    assert_eq!((a.sides[0].size_seconds, b.sides[0].size_seconds), (120.0, 320.0));
    assert_eq!((a.present, a.both, b.both), (10_000_000_000, 0, 10_000_000_000));
    assert_eq!((makers.improvements, a.led, b.led), (1, 0, 1));
    assert_eq!((a.updates, b.updates, makers.watched), (1, 2, Span::from_seconds(10)));
    // A's bid and B's two quotes at the end are unfinished, B's first bid ended.
    assert_eq!((a.lives.seen(), a.lives.ended(), b.lives.seen(), b.lives.ended()), (1, 0, 3, 1));
    assert_eq!((a.sessions, makers.profiles().count()), (1, 2));
}

#[test]
fn a_halt_is_no_time() {
    let mut makers = Makers::default();
    rows(&mut makers, 0, &[row(100, 30, "A")], &[row(102, 50, "A")]);
    makers.on_halt(at(1_000));
    rows(&mut makers, 2_000, &[row(50, 30, "A")], &[row(102, 50, "A")]);
    makers.on_resume(at(61_000));
    rows(&mut makers, 62_000, &[row(100, 30, "A")], &[row(102, 50, "A")]);
    makers.interrupt(at(63_000));
    let a = record(&makers, "A");
    assert_eq!((a.present, makers.watched), (2_000_000_000, Span::from_seconds(2)));
    assert_eq!(a.lives.ended(), 0);
}

#[test]
fn refills_and_fades_follow_trades() {
    let mut makers = Makers::default();
    let bids = [row(100, 10, "B")];
    let show = |makers: &mut Makers, millis, size| rows(makers, millis, &bids, &[row(102, size, "A")]);
    show(&mut makers, 0, 100);
    for (start, low, back) in [(1_000, 20, 300), (3_000, 20, 301), (5_000, 90, 10)] {
        show(&mut makers, start - 1, 100);
        makers.on_print(at(start), Price::from_cents(102), Side::Buy, Some(name("A")));
        show(&mut makers, start + 1, low);
        show(&mut makers, start + back, 100);
    }
    show(&mut makers, 9_000, 100);
    // Back in time; too late; never below 0.8.
    let a = record(&makers, "A");
    assert_eq!((a.trades, a.refills), (3, 1));
    makers.on_print(at(9_100), Price::from_cents(102), Side::Sell, Some(name("A")));
    assert!(record(&makers, "A").trades == 3, "A has no bid to sell to");

    makers.on_burst(at(10_000), Side::Buy);
    show(&mut makers, 10_500, 0);
    show(&mut makers, 11_000, 49);
    let a = record(&makers, "A");
    assert_eq!(a.fades.0, 1);
    assert!((a.fades.1 - libm::log(1.0 / 101.0)).abs() < 1e-12, "looked at before the new rows");
    assert_eq!(record(&makers, "B").fades.0, 0, "bids were not hit");
}

#[test]
fn its_imbalance_is_held_against_the_mids_next_move() {
    let mut makers = Makers::default();
    let mut mid = 100.0;
    for n in 0..40 {
        let up = n % 3 == 0;
        let (bid, ask) = if up { (90, 10) } else { (10, 90) };
        rows(&mut makers, n * 5_000, &[row(100, bid, "A")], &[row(102, ask, "A")]);
        makers.advance(at(n * 5_000), Some(mid), Some(if up { 0.9 } else { 0.1 }));
        mid += if up { 0.01 } else { -0.01 };
    }
    let a = record(&makers, "A");
    assert_eq!((a.lead.n, a.withdrawal.n), (39, 39));
    assert!(a.lead.correlation().is_some_and(|correlation| correlation > 0.999));
    assert_eq!(a.withdrawal.correlation(), None, "it always shows a hundred");
    makers.advance(at(400_000), None, None);
    makers.advance(at(405_000), Some(1.0), None);
    assert_eq!(record(&makers, "A").lead.n, 39, "no sample follows one that was missing");
}

#[test]
fn profiles_need_sessions_updates_and_presence() {
    let mut makers = Makers::default();
    let refusal = |makers: &Makers| makers.profiles().next().unwrap().refusal;
    for day in 0..5 {
        makers.on_session(at(day * 86_400_000));
        for n in 0..100 {
            let price = 100 + n % 2;
            rows(
                &mut makers,
                day * 86_400_000 + n * 1_300,
                &[row(price, 30, "A"), row(90, 5, "B")],
                &[row(105, 5, "A")],
            );
        }
        let expected = if day < 4 { Some(NoProfile::Sessions(day as u32 + 1)) } else { None };
        makers.interrupt(at(day * 86_400_000 + 130_000));
        assert_eq!(refusal(&makers), expected);
    }
    let profile = makers.profiles().next().unwrap();
    assert_eq!((profile.maker, profile.sessions), (name("A"), 5));
    assert_eq!((profile.at_best[0].value, profile.two_sided.value), (Some(1.0), Some(1.0)));
    assert_eq!(profile.size_at_best[1].value, Some(5.0));
    assert!((profile.updates.value.unwrap() - 500.0 / 650.0).abs() < 1e-9);
    // 1.3 s lies in the step from 1.024 s to 1.448 s.
    assert!(profile.quote_life.value.is_some_and(|life| (1.024..1.448).contains(&life)), "{profile:?}");
    assert_eq!((profile.led.value, profile.refill.value, profile.numbers()), (Some(1.0), None, None));
    let other = makers.profiles().nth(1).unwrap();
    assert_eq!((other.refusal, other.at_best[0].value), (Some(NoProfile::Updates(0)), None));
    assert!(other.refusal.unwrap().to_string().contains("500 are needed"));
}

#[test]
fn makers_beyond_the_table_are_counted() {
    let mut makers = Makers::default();
    for n in 0..70 {
        makers.on_rows(at(n), Side::Buy, &[row(100, 1, &format!("M{n}"))], None);
    }
    assert_eq!((makers.overflow(), makers.profiles().count()), (6, MAKERS));
    assert!(size_of::<Makers>() + makers.heap_bytes() <= 64 * 1_024, "{}", makers.heap_bytes());
}

#[test]
fn correlations_are_those_of_the_textbook() {
    let mut pairs = Pairs::default();
    assert_eq!(pairs.correlation(), None);
    for (x, y) in [(1.0, 2.0), (2.0, 1.0), (3.0, 4.0), (4.0, 3.0)] {
        pairs.add(x, y);
    }
    assert!((pairs.correlation().unwrap() - 0.6).abs() < 1e-12);
}

proptest! {
    #[test]
    fn restored_and_continued_is_uninterrupted(
        steps in prop::collection::vec((0_i64..3_000, 0_u8..30, prop::collection::vec((0_u64..50, 0_u8..5), 0..6)), 1..100),
        cut in 0_usize..100,
    ) {
        let mut whole = Makers::default();
        let mut parts = whole.clone();
        let mut now = 0;
        for (n, (pause, what, quotes)) in steps.into_iter().enumerate() {
            if n == cut {
                parts = postcard::from_bytes(&postcard::to_stdvec(&parts).unwrap()).unwrap();
            }
            now += pause;
            let rows: Vec<BookRow> =
                quotes.iter().enumerate().map(|(n, (size, maker))| row(110 - n as i64 / 2, *size, &format!("M{maker}"))).collect();
            for one in [&mut whole, &mut parts] {
                match what {
                    0 => one.on_halt(at(now)),
                    1 | 2 => one.on_resume(at(now)),
                    3 => one.interrupt(at(now)),
                    4 => one.on_session(at(now)),
                    5..8 => one.on_print(at(now), Price::from_cents(110), Side::Sell, Some(name("M1"))),
                    8 => one.on_burst(at(now), Side::Sell),
                    9 => one.advance(at(now), Some(now as f64), Some(0.5)),
                    _ => one.on_rows(at(now), Side::Buy, &rows, None),
                }
            }
        }
        let present: u64 = whole.records.iter().map(|record| record.present).max().unwrap_or(0);
        prop_assert!(present <= whole.watched.nanos().unsigned_abs());
        prop_assert_eq!(whole, parts);
    }
}
