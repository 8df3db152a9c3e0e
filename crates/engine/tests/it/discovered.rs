//! Found parameters come into force where a session begins, and nowhere else.

use std::collections::BTreeMap;

use alphatrader_engine::market_core::MarketCore;
use alphatrader_model::discovered::{Parameter, SCHEMA_VERSION, Status, SymbolParameters};
use alphatrader_model::market::{Side, Trade, TradeFlags};
use alphatrader_model::{
    Calendar, Contract, Discovered, Event, Instrument, InstrumentId, Outputs, Payload, Price, Quantity, Seq,
    Session, Settings, Span, Symbol, Timestamp,
};

fn spy() -> Symbol {
    Symbol::new("SPY").unwrap()
}

fn found(bucket: f64, status: Status, valid_until: Timestamp) -> Payload {
    let parameter = |value| Parameter { value: Some(value), status, ..Parameter::default() };
    let mut of = SymbolParameters::default();
    (of.vpin.bucket_volume, of.vpin.window) = (parameter(bucket), parameter(10.0));
    Payload::Discovered(Box::new(Discovered {
        schema_version: SCHEMA_VERSION,
        symbols: BTreeMap::from([(spy(), of)]),
        valid_until,
        ..Discovered::default()
    }))
}

#[derive(Default)]
struct Core {
    core: MarketCore,
    now: Timestamp,
}

impl Core {
    fn tell(&mut self, payload: Payload) {
        let event = Event { seq: Seq(0), ts_event: self.now, ts_recv: self.now, payload };
        self.core.on_event(&event, &mut Outputs::default());
    }

    fn begin(&mut self, session: Session) {
        self.now = session.open;
        self.tell(Payload::Session(session));
    }

    /// Buckets that 1 000 shares complete.
    fn buckets(&mut self) -> u64 {
        let before = self.core.features(spy()).unwrap().vpin_buckets;
        self.trade();
        self.core.features(spy()).unwrap().vpin_buckets - before
    }

    /// 1 000 shares in ten prints.
    fn trade(&mut self) {
        for _ in 0..10 {
            self.now = self.now + Span::SECOND;
            self.tell(Payload::Trade(Trade {
                instrument: InstrumentId(0),
                price: Price::from_cents(60_000),
                size: Quantity::new(100),
                aggressor: Some(Side::Buy),
                venue: None,
                flags: TradeFlags::NONE,
            }));
        }
    }
}

fn sessions() -> impl Iterator<Item = Session> {
    (16..=20).filter_map(|day| Calendar::xnys().session(jiff::civil::date(2026, 3, day)))
}

fn started() -> (Core, impl Iterator<Item = Session>) {
    let mut core = Core::default();
    let mut settings = Settings { symbols: vec![spy()], ..Settings::default() };
    settings.analytics.vpin_bucket_volume = 500;
    core.tell(Payload::Settings(Box::new(settings)));
    (core, sessions())
}

fn announce(core: &mut Core) {
    core.tell(Payload::Instrument(Box::new(Instrument {
        id: InstrumentId(0),
        contract: Contract::Stock(spy()),
        underlying: spy(),
        multiplier: 1,
        tick: Price::CENT,
        tick_above: Price::CENT,
        tick_break: Price::from_cents(300),
        expires: None,
        con_id: None,
        synthetic: true,
    })));
}

#[test]
fn what_comes_in_the_middle_waits_for_the_next_session_and_expires() {
    let (mut core, mut days) = started();
    core.begin(days.next().unwrap());
    announce(&mut core);
    assert_eq!(core.buckets(), 2);
    let second = days.next().unwrap();
    core.tell(found(100.0, Status::Accepted, second.close));
    assert_eq!(core.buckets(), 2, "not in the middle");
    core.tell(Payload::Session(sessions().next().unwrap()));
    assert_eq!(core.buckets(), 2, "nor when the same session is told again");
    core.begin(second);
    assert_eq!(core.buckets(), 10);
    assert!(core.core.discovered().is_some());
    core.begin(days.next().unwrap());
    assert_eq!(core.buckets(), 10, "expired: the settings' window fills beside the one that is full");
    for _ in 0..25 {
        core.trade();
    }
    assert_eq!(core.buckets(), 2, "and takes its place when it is full: the settings again");
}

#[test]
fn at_the_start_it_is_in_force_from_the_first_session() {
    let (mut core, mut days) = started();
    let day = days.next().unwrap();
    core.tell(found(100.0, Status::Limited, day.close));
    core.begin(day);
    announce(&mut core);
    assert_eq!(core.buckets(), 10);
}

#[test]
fn what_was_not_accepted_changes_nothing() {
    for status in [Status::Default, Status::Refused] {
        let (mut core, mut days) = started();
        let day = days.next().unwrap();
        core.tell(found(100.0, status, day.close));
        core.begin(day);
        announce(&mut core);
        assert_eq!(core.buckets(), 2);
    }
}
