//! The gate's rules, one by one.

use super::*;
use alphatrader_model::instrument::InstrumentId;

fn trade(price: i64, size: u64, flags: TradeFlags) -> Trade {
    Trade {
        instrument: InstrumentId(0),
        price: Price::from_cents(price),
        size: Quantity::new(size),
        aggressor: None,
        venue: None,
        flags,
    }
}

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

#[test]
fn impossible_prices_and_sizes_are_refused_by_reason() {
    let mut gate = Admission::default();
    let mut refused = |price, size| gate.trade(at(0), &trade(price, size, TradeFlags::NONE)).is_none();
    assert!(refused(0, 100) && refused(-1, 100) && refused(200_000_000_000, 100));
    assert!(refused(100, 0) && refused(100, u64::MAX));
    assert_eq!(gate.counts().trade_price, 3);
    assert_eq!(gate.counts().trade_size, 2);
    assert_eq!(gate.counts().trades, 0);
}

#[test]
fn doubtful_prints_are_excluded_and_their_volume_counted() {
    let mut gate = Admission::default();
    for flags in [TradeFlags::SUSPICIOUS, TradeFlags::OUT_OF_SEQUENCE, TradeFlags::NOT_LAST] {
        assert_eq!(gate.trade(at(0), &trade(100, 7, flags)), None);
    }
    let counts = gate.counts();
    assert_eq!((counts.suspicious, counts.out_of_sequence, counts.not_last), (1, 1, 1));
    assert_eq!((counts.excluded_volume, counts.auctions), (21, 0));
}

#[test]
fn auctions_and_odd_lots_are_used_in_part() {
    let mut gate = Admission::default();
    let auction = gate.trade(at(0), &trade(100, 7, TradeFlags::AUCTION)).unwrap();
    assert!(!auction.signed && auction.sets_last && auction.auction);
    let odd = gate.trade(at(0), &trade(100, 7, TradeFlags::ODD_LOT)).unwrap();
    assert!(odd.signed && !odd.sets_last && odd.moves_tick);
    let sweep = gate.trade(at(0), &trade(100, 700, TradeFlags::SWEEP)).unwrap();
    assert!(sweep.signed && sweep.sets_last);
}

#[test]
fn a_late_print_counts_up_to_fifty_milliseconds() {
    let mut gate = Admission::default();
    gate.trade(at(1_000), &trade(100, 1, TradeFlags::NONE)).unwrap();
    let late = gate.trade(at(950), &trade(100, 1, TradeFlags::NONE)).unwrap();
    assert!(late.signed && !late.sets_last && !late.moves_tick);
    assert_eq!(gate.trade(at(949), &trade(100, 1, TradeFlags::NONE)), None);
    assert_eq!((gate.counts().slightly_late, gate.counts().too_late), (1, 1));
    gate.restart();
    assert!(gate.trade(at(0), &trade(100, 1, TradeFlags::NONE)).unwrap().sets_last);
}

#[test]
fn only_a_firm_quote_is_used() {
    let level = |cents| Some(Level { price: Price::from_cents(cents), size: Quantity::new(1) });
    let mut gate = Admission::default();
    let mut quote = |bid, ask| gate.quote(at(0), &Quote { instrument: InstrumentId(0), bid, ask });
    assert!(matches!(quote(level(100), level(101)), QuoteUse::Firm(..)));
    assert_eq!(quote(level(101), level(101)), QuoteUse::Crossed);
    assert_eq!(quote(level(102), level(101)), QuoteUse::Crossed);
    assert_eq!(quote(None, level(101)), QuoteUse::OneSided);
    assert_eq!(quote(None, None), QuoteUse::OneSided);
    assert_eq!(quote(level(0), level(101)), QuoteUse::Refused);
    assert_eq!(quote(None, level(-1)), QuoteUse::Refused);
    let counts = gate.counts();
    assert_eq!((counts.quotes, counts.locked, counts.crossed), (1, 1, 1));
    assert_eq!((counts.one_sided, counts.quote_value), (2, 2));
}

#[test]
fn a_bar_keeps_its_prices_in_order() {
    let price = Price::from_cents;
    let good = Bar {
        instrument: InstrumentId(0),
        span: Span::SECOND,
        open: price(100),
        high: price(102),
        low: price(99),
        close: price(101),
        volume: Quantity::new(10),
    };
    let mut gate = Admission::default();
    assert!(gate.bar(&good));
    for bad in [
        Bar { high: price(100), ..good },
        Bar { low: price(0), ..good },
        Bar { span: Span::from_minutes(2), ..good },
        Bar { span: Span::ZERO, ..good },
        Bar { volume: Quantity::ZERO, ..good },
    ] {
        assert!(!gate.bar(&bad), "{bad:?}");
    }
    assert_eq!((gate.counts().bars, gate.counts().bar_value), (1, 5));
}

#[test]
fn every_reason_excludes_and_is_counted_apart() {
    for (reason, flags, name) in Exclusion::ALL {
        let mut gate = Admission::default();
        assert_eq!(gate.trade(at(0), &trade(100, 7, flags.with(TradeFlags::NOT_LAST))), None);
        let counts = *gate.counts();
        assert_eq!(serde_json::to_value(counts).unwrap()[name], 1, "{name}");
        let bust = reason == Exclusion::Bust;
        let volumes = (counts.excluded_volume, counts.busted_volume, counts.admitted_volume);
        assert_eq!(volumes, if bust { (0, 7, 0) } else { (7, 0, 0) }, "{name}");
    }
}

#[test]
fn a_stream_that_comes_back_may_repeat_itself() {
    let mut gate = Admission::default();
    let one = trade(100, 5, TradeFlags::NONE);
    // One order met three of the same size: three prints.
    for _ in 0..3 {
        gate.trade(at(10), &one).unwrap();
    }
    gate.trade(at(20), &trade(101, 5, TradeFlags::NONE)).unwrap();
    gate.restart();
    for _ in 0..3 {
        assert_eq!(gate.trade(at(10), &one), None, "sent again");
    }
    assert!(gate.trade(at(10), &one).is_some(), "the fourth had been missed");
    assert!(gate.trade(at(15), &trade(100, 9, TradeFlags::NONE)).is_some(), "so had this one");
    assert_eq!(gate.trade(at(20), &trade(101, 5, TradeFlags::NONE)), None);
    for _ in 0..2 {
        assert!(gate.trade(at(30), &one).is_some(), "after the break all is new");
    }
    assert_eq!((gate.counts().duplicates, gate.counts().trades), (4, 8));
}

#[test]
fn stamps_that_are_unique_tell_repetitions() {
    let mut gate = Admission::new(Policy { repeats: Repeats::SameInstant, ..Policy::default() });
    let one = trade(100, 5, TradeFlags::NONE);
    assert!(gate.trade(at(10), &one).is_some());
    assert_eq!(gate.trade(at(10), &one), None);
    assert!(gate.trade(at(11), &one).is_some());
    assert!(gate.trade(at(11), &trade(100, 6, TradeFlags::NONE)).is_some());
    for size in 0..repeats::REMEMBERED as u64 {
        gate.trade(at(12), &trade(100, 100 + size, TradeFlags::NONE)).unwrap();
    }
    assert!(gate.trade(at(12), &one).is_some(), "forgotten");
    assert_eq!(gate.counts().duplicates, 1);
}

#[test]
fn a_halt_leaves_volume_and_its_first_events_compare_with_nothing() {
    let mut gate = Admission::default();
    let one = trade(100, 5, TradeFlags::NONE);
    let level = |cents| Some(Level { price: Price::from_cents(cents), size: Quantity::new(1) });
    let quote = Quote { instrument: InstrumentId(0), bid: level(100), ask: level(101) };
    gate.quote(at(0), &quote);
    assert!(!gate.quote_continues(), "there is none before");
    gate.quote(at(1), &quote);
    assert!(gate.trade(at(1), &one).unwrap().continues && gate.quote_continues());
    assert_eq!(gate.status(TradingState::VolatilityPause), Some(HaltEdge::Stops));
    assert_eq!(gate.status(TradingState::Halted), None);
    let halted = gate.trade(at(2), &one).unwrap();
    assert!(!halted.signed && !halted.sets_last && !halted.moves_tick && !halted.continues);
    let cross = gate.trade(at(3), &trade(100, 900, TradeFlags::AUCTION)).unwrap();
    assert!(!cross.signed && cross.sets_last && cross.moves_tick && cross.auction);
    assert_eq!(cross.quality, Quality::AUCTION.with(Quality::HALT_RESUME));
    assert_eq!(gate.status(TradingState::Trading), Some(HaltEdge::Resumes));
    let first = gate.trade(at(4), &one).unwrap();
    assert!(first.signed && first.moves_tick && !first.continues);
    assert_eq!(first.quality, Quality::HALT_RESUME);
    assert!(gate.trade(at(5), &one).unwrap().continues);
    gate.quote(at(5), &quote);
    assert!(!gate.quote_continues());
    gate.quote(at(6), &quote);
    assert!(gate.quote_continues());
    assert_eq!((gate.counts().while_halted, gate.counts().after_halt), (2, 1));
}

#[test]
fn a_crossed_quote_leaves_the_middle_for_two_seconds_and_sides_to_the_tick_rule() {
    let mut gate = Admission::default();
    let level = |cents| Some(Level { price: Price::from_cents(cents), size: Quantity::new(1) });
    let quote = |bid, ask| Quote { instrument: InstrumentId(0), bid: level(bid), ask: level(ask) };
    assert_eq!(gate.quote_for_mid(at(0)), (None, Quality::GOOD));
    gate.quote(at(1_000), &quote(100, 102));
    let good = QuoteInForce { bid: Price::from_cents(100), ask: Price::from_cents(102), at: at(1_000) };
    assert_eq!(gate.quote_for_side(), Some(&good));
    assert_eq!(gate.quote_for_mid(at(9_000)), (Some(&good), Quality::STALE_QUOTE));
    gate.quote(at(1_500), &quote(103, 102));
    assert_eq!(gate.quote_for_side(), None);
    assert_eq!(gate.quote_for_mid(at(3_000)), (Some(&good), Quality::CROSSED));
    assert_eq!(gate.quote_for_mid(at(3_001)), (None, Quality::CROSSED.with(Quality::STALE_QUOTE)));
    gate.quote(at(1_600), &quote(102, 102));
    assert_eq!(gate.quote_for_mid(at(1_700)), (Some(&good), Quality::LOCKED));
    gate.quote(at(1_800), &quote(100, 103));
    assert_eq!(gate.quote_for_mid(at(1_800)).1, Quality::GOOD);
    gate.quote(at(1_900), &Quote { ask: None, ..quote(100, 103) });
    assert_eq!((gate.quote_for_side(), gate.quote_for_mid(at(1_900)).0), (None, None));
}

#[test]
fn all_means_every_print_that_could_be_one() {
    let mut gate = Admission::new(Policy { admit: Admit::All, repeats: Repeats::SameInstant });
    gate.status(TradingState::Halted);
    for flags in (0..1 << 14).map(TradeFlags) {
        let usage = gate.trade(at(-i64::from(flags.0)), &trade(100, 7, flags));
        assert_eq!(usage.is_some(), !flags.contains(TradeFlags::BUST), "{flags:?}");
        assert!(usage.is_none_or(|usage| usage.signed && usage.sets_last && usage.moves_tick));
    }
    assert_eq!(gate.trade(at(0), &trade(0, 7, TradeFlags::NONE)), None);
    let counts = gate.counts();
    assert_eq!((counts.trades, counts.busts, counts.excluded(), counts.too_late), (8_192, 8_192, 0, 0));
}

#[test]
fn an_auction_that_does_not_set_the_last_price_is_an_official_one() {
    let mut gate = Admission::default();
    let flags = TradeFlags::AUCTION.with(TradeFlags::NOT_LAST);
    assert_eq!(gate.trade(at(0), &trade(100, 7, flags)), None);
    assert_eq!((gate.counts().official, gate.counts().auctions), (1, 0));
}
