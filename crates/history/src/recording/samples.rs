//! Events and headers for tests.

use alphatrader_model::event::HaltLevel;
use alphatrader_model::market::{Level, TradeFlags};
use alphatrader_model::{
    Contract, Event, Instrument, InstrumentId, Money, Payload, Price, Quantity, Quote, Record, Seq, Settings,
    Side, Symbol, Timestamp, Trade,
};

use super::{Header, Taken};

pub(crate) fn taken(seq: u64, at: i64, payload: Payload) -> Taken {
    let (ts_event, ts_recv) = (Timestamp::from_millis(at), Timestamp::from_millis(at + 3));
    Taken {
        event: Event { seq: Seq(seq), ts_event, ts_recv, payload },
        mark: seq.is_multiple_of(3).then_some(seq),
    }
}

pub(crate) fn header() -> Header {
    Header {
        program: "alphatrader 0.0.0".into(),
        layout: crate::recording::layout::name(),
        date: jiff::civil::date(2026, 3, 16),
        begun: Timestamp::from_seconds(1_773_667_800),
        incarnation: 1,
        part: 0,
        previous: None,
        settings: Settings::default(),
        rebuilt_from: Vec::new(),
        market: "synthetic".into(),
        speed: 1.0,
    }
}

pub(crate) fn records() -> Vec<Record> {
    let date = "2026-03-16".to_string();
    vec![
        Record::DayStart { date, equity: Money::from_dollars(100_000) },
        Record::Halt { level: HaltLevel::Pause, reason: "by hand".into() },
    ]
}

pub(crate) fn instrument(id: u32, name: &str) -> Instrument {
    let contract: Contract = name.parse().unwrap();
    let option = contract.option().is_some();
    Instrument {
        id: InstrumentId(id),
        contract,
        underlying: contract.option().map_or_else(|| Symbol::new(name).unwrap(), |o| o.root),
        multiplier: if option { 100 } else { 1 },
        tick: Price::CENT,
        tick_above: Price::CENT,
        tick_break: Price::from_cents(300),
        expires: option.then(|| Timestamp::from_seconds(1_795_467_600)),
        con_id: Some(756_733),
        synthetic: true,
    }
}

pub(crate) fn quote(id: u32, cents: i64) -> Payload {
    let level = |cents, size| Some(Level { price: Price::from_cents(cents), size: Quantity::new(size) });
    Payload::Quote(Quote { instrument: InstrumentId(id), bid: level(cents, 900), ask: level(cents + 1, 400) })
}

pub(crate) fn trade(id: u32, cents: i64) -> Payload {
    Payload::Trade(Trade {
        instrument: InstrumentId(id),
        price: Price::from_cents(cents),
        size: Quantity::new(100),
        aggressor: Some(Side::Buy),
        venue: Some(Symbol::new("ARCA").unwrap()),
        flags: TradeFlags::SWEEP,
    })
}
