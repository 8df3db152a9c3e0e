//! The layout of events: what postcard, which knows nothing of names, makes of one of every kind.

use alphatrader_model::broker::BrokerOrderState;
use alphatrader_model::chain::{Exercise, Provider, VendorGreeks};
use alphatrader_model::discovered::{CorrelationMatrix, Parameter, SymbolParameters};
use alphatrader_model::event::{BarrierVerdict, LedgerEvent, Operator};
use alphatrader_model::market::{
    ChainRow, DayTotals, Gap, Level, Stream, TradeFlags, TradingState, TradingStatus,
};
use alphatrader_model::sentiment::Headline;
use alphatrader_model::{
    Bar, BrokerEvent, ChainEntry, ChainSnapshot, Contract, Depth, DepthOperation, Discovered, EffectId,
    Instrument, InstrumentId, OptionContract, OrderId, Payload, Price, Quantity, Quote, Right, Sentiment,
    Seq, Session, Side, Span, Symbol, Timestamp, Trade,
};

/// Names the layout of events in this program. Recordings with another name are not read: their bytes
/// would be taken for something else.
pub fn name() -> String {
    let bytes = postcard::to_stdvec(&payloads()).expect("events are plain data");
    blake3::hash(&bytes).to_hex()[..12].to_owned()
}

fn symbol() -> Symbol {
    Symbol::new("SPY").expect("a symbol")
}

fn put() -> OptionContract {
    let expiry = jiff::civil::date(2026, 3, 16);
    OptionContract { root: symbol(), expiry, strike: Price::from_cents(60_000), right: Right::Put }
}

fn option() -> Instrument {
    Instrument {
        id: InstrumentId(1),
        contract: Contract::Option(put()),
        underlying: symbol(),
        multiplier: 100,
        tick: Price::CENT,
        tick_above: Price::from_cents(5),
        tick_break: Price::from_cents(300),
        expires: Some(Timestamp::from_seconds(1_773_691_200)),
        con_id: Some(756_733),
        synthetic: true,
    }
}

/// With one of everything that it can hold.
fn discovered() -> Discovered {
    let parameter = Parameter { value: Some(1.0), ci95: Some([0.5, 1.5]), ..Parameter::default() };
    let mut of = SymbolParameters::default();
    (of.vpin.bucket_volume, of.sweep_floor) = (parameter.clone(), parameter);
    of.regimes.transition = vec![vec![1.0]];
    let correlation = CorrelationMatrix { symbols: vec![symbol()], ..CorrelationMatrix::default() };
    Discovered { symbols: [(symbol(), of)].into(), correlation, ..Discovered::default() }
}

/// A chain of one contract that says everything, and nothing of its Greeks.
fn chain() -> ChainSnapshot {
    let as_of = Timestamp::from_seconds(1_773_670_000);
    let contract = put();
    ChainSnapshot {
        underlying: symbol(),
        provider: Provider::AlphaVantage,
        as_of,
        spot: Some(Price::from_cents(60_012)),
        expiry: Some(contract.expiry),
        delayed: false,
        rows: vec![ChainEntry {
            contract,
            multiplier: Some(100),
            exercise: Exercise::American,
            settles: Timestamp::from_seconds(1_773_691_200),
            bid: Some(Price::from_cents(120)),
            ask: Some(Price::from_cents(123)),
            bid_size: Some(12),
            ask_size: Some(31),
            last: Some(Price::from_cents(121)),
            volume: Some(1_200),
            open_interest: Some(5_321),
            implied_volatility: Some(0.1234),
            greeks: VendorGreeks { delta: Some(-0.48), ..VendorGreeks::default() },
            quoted_at: None,
        }],
    }
}

fn sentiment() -> Sentiment {
    let as_of = Timestamp::from_seconds(1_773_670_000);
    let headline = Headline {
        title: "A headline".into(),
        url: "https://example.com/".into(),
        source: "Example".into(),
        published: as_of,
        score: 0.25,
        relevance: 0.5,
    };
    Sentiment {
        symbol: Some(symbol()),
        as_of,
        score: Some(0.25),
        articles: 1,
        newest: Some(as_of),
        headlines: vec![headline],
    }
}

/// One of every kind, the critical ones too.
pub(crate) fn payloads() -> Vec<Payload> {
    let id = InstrumentId(0);
    let price = Price::from_cents(60_000);
    vec![
        Payload::Settings(Box::default()),
        Payload::Session(Session {
            date: jiff::civil::date(2026, 3, 16),
            open: Timestamp::from_seconds(1_773_667_800),
            close: Timestamp::from_seconds(1_773_691_200),
        }),
        Payload::Instrument(Box::new(option())),
        Payload::Chain(ChainRow { instrument: id, open_interest: Some(7), volume: None }),
        Payload::Quote(Quote {
            instrument: id,
            bid: Some(Level { price, size: Quantity::new(900) }),
            ask: None,
        }),
        Payload::Trade(Trade {
            instrument: id,
            price,
            size: Quantity::new(100),
            aggressor: Some(Side::Buy),
            venue: Some(symbol()),
            flags: TradeFlags::SWEEP,
        }),
        Payload::Bar(Bar {
            instrument: id,
            span: Span::from_seconds(5),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Quantity::new(10),
        }),
        Payload::Depth(Depth {
            instrument: id,
            side: Side::Sell,
            position: 3,
            operation: DepthOperation::Insert,
            price,
            size: Quantity::new(500),
            venue: None,
        }),
        Payload::Gap(Gap { instrument: id, stream: Stream::Trades }),
        Payload::Status(TradingStatus { instrument: id, state: TradingState::VolatilityPause }),
        Payload::Totals(DayTotals { instrument: id, volume: Some(Quantity::new(5)), vwap: Some(price) }),
        Payload::Timer,
        Payload::Operator(Operator::Halt { reason: "by hand".into() }),
        Payload::Broker(Box::new(BrokerEvent::OrderStatus {
            id: OrderId(5),
            perm_id: 1 << 40,
            state: BrokerOrderState::Submitted,
            filled: Quantity::new(1),
            remaining: Quantity::new(3),
        })),
        Payload::Ledger(LedgerEvent::Committed { through: Seq(4) }),
        Payload::Barrier { effect: EffectId { seq: Seq(4), index: 1 }, verdict: BarrierVerdict::Released },
        Payload::Discovered(Box::new(discovered())),
        Payload::ChainSnapshot(Box::new(chain())),
        Payload::Sentiment(Box::new(sentiment())),
    ]
}
