//! How the symbols of one core move together.

use alphatrader_engine::market_core::MarketCore;
use alphatrader_model::market::{Level, Quote};
use alphatrader_model::{
    Event, Instrument, InstrumentId, Outputs, Payload, Price, Quantity, Seq, Settings, Span, Symbol,
    Timestamp,
};

use crate::desk::{session, spy};

fn stock(id: u32, symbol: Symbol) -> Payload {
    Payload::Instrument(Box::new(Instrument::stock(InstrumentId(id), symbol)))
}

/// Forty minutes of quotes: QQQ steps with SPY, DIA against it. A restart in the middle changes nothing.
#[test]
fn correlations_of_a_core_are_those_of_its_quotes() {
    let symbols = ["SPY", "QQQ", "DIA"].map(|name| Symbol::new(name).unwrap());
    let (mut core, mut out) = (MarketCore::default(), Outputs::default());
    let mut tell = |core: &mut MarketCore, ts: Timestamp, payload: Payload| {
        out.clear();
        core.on_event(&Event { seq: Seq(1), ts_event: ts, ts_recv: ts, payload }, &mut out);
    };
    let open = session().open;
    let settings = Settings { symbols: symbols.to_vec(), ..Settings::default() };
    tell(&mut core, open, Payload::Settings(Box::new(settings)));
    tell(&mut core, open, Payload::Session(session()));
    for (id, symbol) in symbols.into_iter().enumerate() {
        tell(&mut core, open, stock(id as u32, symbol));
    }
    assert!(core.correlation(symbols[0], symbols[1]).is_some_and(|pair| !pair.shrunk.is_ready()));
    for second in 0..2_400 {
        let at = open + Span::from_seconds(second);
        // No step is like the one before, and all come back.
        let step = second * second * 7 % 41;
        for (id, cents) in [60_000 + step, 50_000 + step, 40_000 - step].into_iter().enumerate() {
            let level = |cents| Some(Level { price: Price::from_cents(cents), size: Quantity::new(100) });
            let (bid, ask) = (level(cents), level(cents + 1));
            tell(&mut core, at, Payload::Quote(Quote { instrument: InstrumentId(id as u32), bid, ask }));
        }
        tell(&mut core, at, Payload::Timer);
        if second == 1_234 {
            core = MarketCore::restore(&core.snapshot()).unwrap();
        }
    }
    let with = core.correlation(spy(), symbols[1]).unwrap();
    let against = core.correlation(symbols[2], spy()).unwrap();
    for (together, apart) in
        [(with.ewma, against.ewma), (with.shrunk, against.shrunk), (with.ticks, against.ticks)]
    {
        assert!(together.value.unwrap() > 0.8 && apart.value.unwrap() < -0.8, "{with:?} {against:?}");
    }
    assert_eq!(core.correlation(spy(), spy()), None);
}
