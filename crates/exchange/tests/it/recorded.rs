//! Recorded days behind the gateway, seen by the Rust `ibapi` crate as a foreign program.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use alphatrader_exchange::feed::recorded::{RecordedConfig, RecordedSource};
use alphatrader_exchange::feed::source::Source as _;
use alphatrader_exchange::server::{Gateway, GatewayConfig};
use alphatrader_history::recording::{Header, Piece, Segment, Shelf, Taken};
use alphatrader_model::market::{Level, TradeFlags};
use alphatrader_model::{
    Calendar, Event, Instrument, InstrumentId, Payload, Price, Quantity, Quote, Seq, Settings, Span, Symbol,
    Timestamp, Trade,
};
use ibapi::contracts::tick_types::TickType;
use ibapi::prelude::*;

use crate::gateway::config;

/// The folder of recorded markets; nothing, and a word, where there is none.
fn lean() -> Option<PathBuf> {
    let data = std::env::var_os("ALPHATRADER_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let lean = data.join("lean");
    if !lean.is_dir() {
        println!("skipped: recorded data absent");
        return None;
    }
    Some(lean)
}

fn spy() -> RecordedConfig {
    RecordedConfig { symbols: vec![Symbol::new("SPY").unwrap()], chain_seed: Some(7) }
}

#[test]
fn recorded_days_begin_at_their_open_and_follow_one_another() {
    let Some(lean) = lean() else { return };
    let calendar = Calendar::xnys();
    let mut source = RecordedSource::open(&lean, spy()).unwrap();
    assert_eq!(source.first_session().date, jiff::civil::date(2013, 10, 4));
    let session = calendar.session(jiff::civil::date(2013, 10, 7)).unwrap();
    source.begin(session);
    let (mut last, mut prints, mut options) = (Timestamp::default(), 0_u64, BTreeSet::new());
    let mut announced = BTreeSet::new();
    while let Some(input) = source.next() {
        assert!(input.ts_event >= last.max(session.open), "{last} then {}", input.ts_event);
        last = input.ts_event;
        match &input.payload {
            Payload::Instrument(instrument) => {
                announced.insert(instrument.id);
                options.extend(instrument.contract.option().copied());
            }
            Payload::Trade(trade) => {
                prints += 1;
                assert!(announced.contains(&trade.instrument));
            }
            Payload::Quote(quote) => assert!(announced.contains(&quote.instrument)),
            _ => {}
        }
    }
    assert!(prints > 200_000, "{prints}");
    assert!(options.len() > 80, "{}", options.len());
    assert_eq!(source.malformed(), 0);
    let next = source.session_after(session, &calendar);
    assert_eq!(next.date, jiff::civil::date(2013, 10, 8));
    // A day that nobody recorded is silent, not a fault.
    let silent = calendar.session(jiff::civil::date(2013, 10, 9)).unwrap();
    source.begin(silent);
    assert!(matches!(source.next().map(|i| i.payload), Some(Payload::Session(s)) if s == silent));
    assert!(source.next().is_none());
}

#[test]
fn recorded_symbols_that_are_not_there_are_named() {
    let Some(lean) = lean() else { return };
    let config = RecordedConfig { symbols: vec![Symbol::new("ZZZ").unwrap()], chain_seed: None };
    let error = RecordedSource::open(&lean, config).unwrap_err().to_string();
    assert!(error.contains("ZZZ") && error.contains("SPY"), "{error}");
}

#[tokio::test]
async fn recorded_spy_reaches_a_foreign_client_with_options_to_trade() {
    let Some(lean) = lean() else { return };
    let source = RecordedSource::open(&lean, spy()).unwrap();
    let session = Calendar::xnys().session(jiff::civil::date(2013, 10, 7)).unwrap();
    let config = GatewayConfig { begin: session.open, ..config(None) };
    let handle = Gateway::start_on(config, |_| Box::new(source)).unwrap();
    let client = Client::connect(&handle.local_addr().to_string(), 7).await.unwrap();
    let time = client.server_time().await.unwrap();
    assert_eq!(time.date().to_string(), "2013-10-07");

    let stock = Contract::stock("SPY").build();
    let subscription = client.market_data(&stock).subscribe().await.unwrap();
    let mut data = subscription.filter_data();
    let mut seen = BTreeSet::new();
    while !["Bid", "Ask", "Last"].iter().all(|name| seen.contains(*name)) {
        let (kind, price) = match data.next().await.expect("ticks go on").unwrap() {
            TickTypes::Price(tick) => (tick.tick_type, tick.price),
            TickTypes::PriceSize(tick) => (tick.price_tick_type, tick.price),
            _ => continue,
        };
        if matches!(kind, TickType::Bid | TickType::Ask | TickType::Last) {
            // The range of the day's prints.
            assert!((167.0..169.0).contains(&price), "{kind:?} {price}");
            seen.insert(format!("{kind:?}"));
        }
    }
    let chain = client.option_chain("SPY", SecurityType::Stock, 756_733).subscribe().await.unwrap();
    let first = chain.filter_data().next().await.expect("a chain").unwrap();
    assert_eq!(first.expirations, ["20131007", "20131008"]);
    let call = Contract::call("SPY").strike(168.0).expires_on(2013, 10, 7).build();
    let subscription = client.market_data(&call).subscribe().await.unwrap();
    let mut data = subscription.filter_data();
    loop {
        match data.next().await.expect("ticks go on").unwrap() {
            TickTypes::Price(tick) if tick.tick_type == TickType::Bid && tick.price > 0.0 => break,
            TickTypes::PriceSize(tick) if tick.price_tick_type == TickType::Bid && tick.price > 0.0 => break,
            _ => {}
        }
    }
    client.disconnect().await;
    handle.shutdown().unwrap();
}

/// A recording of this system: SPY alone, a quote and a print before the open, some after it.
fn own_recording(folder: &Path) {
    let session = Calendar::xnys().session(jiff::civil::date(2026, 3, 16)).unwrap();
    let instrument = Instrument {
        id: InstrumentId(0),
        contract: "SPY".parse().unwrap(),
        underlying: Symbol::new("SPY").unwrap(),
        multiplier: 1,
        tick: Price::CENT,
        tick_above: Price::CENT,
        tick_break: Price::ZERO,
        expires: None,
        con_id: None,
        synthetic: true,
    };
    let level = |cents| Some(Level { price: Price::from_cents(cents), size: Quantity::new(100) });
    let quote =
        |cents| Payload::Quote(Quote { instrument: instrument.id, bid: level(cents), ask: level(cents + 1) });
    let trade = |cents| {
        Payload::Trade(Trade {
            instrument: instrument.id,
            price: Price::from_cents(cents),
            size: Quantity::new(100),
            aggressor: None,
            venue: None,
            flags: TradeFlags::NONE,
        })
    };
    let said = [
        (-60_000, Payload::Instrument(Box::new(instrument.clone()))),
        (-50_000, quote(60_000)),
        (-40_000, trade(59_000)),
        (1_000, quote(60_010)),
        (2_000, trade(60_011)),
    ];
    let taken = said.into_iter().enumerate().map(|(place, (at, payload))| {
        let at = session.open + Span::from_millis(at);
        let event = Event { seq: Seq(place as u64), ts_event: at, ts_recv: at, payload };
        Taken { event, mark: None }
    });
    let header = Header {
        program: "a test".into(),
        layout: alphatrader_history::recording::layout::name(),
        date: session.date,
        begun: session.open,
        incarnation: 1,
        part: 0,
        previous: None,
        settings: Settings::default(),
        rebuilt_from: Vec::new(),
        market: "synthetic".into(),
        speed: 1.0,
    };
    let mut segment = Segment::create(&Shelf::new(folder).next_file(session.date).unwrap()).unwrap();
    segment.say(&Piece::Header(Box::new(header))).unwrap();
    segment.say(&Piece::Events(taken.collect())).unwrap();
}

#[test]
fn a_recording_of_this_system_is_a_market_too_from_its_open() {
    let folder = tempfile::tempdir().unwrap();
    own_recording(folder.path());
    let mut source = RecordedSource::open(folder.path(), spy()).unwrap();
    let session = source.first_session();
    source.begin(session);
    let (mut prints, mut quotes, mut options) = (Vec::new(), Vec::new(), 0);
    while let Some(input) = source.next() {
        assert!(input.ts_event >= session.open);
        match input.payload {
            Payload::Trade(trade) => prints.push(trade.price),
            Payload::Quote(quote) if quote.instrument == InstrumentId(0) => {
                quotes.push((input.ts_event, quote.bid.unwrap().price));
            }
            Payload::Instrument(instrument) if instrument.contract.option().is_some() => options += 1,
            _ => {}
        }
    }
    assert_eq!(prints, [Price::from_cents(60_011)]);
    let first = (session.open, Price::from_cents(60_000));
    assert_eq!(quotes, [first, (session.open + Span::SECOND, Price::from_cents(60_010))]);
    // Its options were not recorded: a chain is laid over it.
    assert!(options >= 84, "{options}");
}
