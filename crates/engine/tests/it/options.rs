//! Chains in the market half: rounds in slices that say what the whole computation says, again and again.

use alphatrader_analytics::exposure::{ChainState, Conventions, Moment};
use alphatrader_analytics::options::{Terms, price, years_between};
use alphatrader_engine::market_core::{MarketCore, SNAPSHOT_VERSION};
use alphatrader_engine::{Edges, Engine, TradingCore};
use alphatrader_model::chain::{Exercise, Provider, VendorGreeks};
use alphatrader_model::exposure::DealerSign;
use alphatrader_model::market::{Level, Quote};
use alphatrader_model::view::OptionsView;
use alphatrader_model::{
    Calendar, ChainEntry, ChainSnapshot, Contract, Effect, Event, Input, Instrument, InstrumentId,
    OptionContract, Outputs, Payload, Price, Quantity, Record, Right, Sentiment, Seq, Session, Settings,
    Span, Symbol, Timestamp,
};

use crate::desk::{session, spy};

const SPOT: f64 = 600.25;

fn instrument(id: u32, contract: Contract) -> Instrument {
    Instrument {
        id: InstrumentId(id),
        contract,
        underlying: spy(),
        multiplier: if contract.option().is_some() { 100 } else { 1 },
        tick: Price::CENT,
        tick_above: Price::CENT,
        tick_break: Price::from_cents(300),
        expires: None,
        con_id: None,
        synthetic: true,
    }
}

fn level(cents: i64) -> Level {
    Level { price: Price::from_cents(cents), size: Quantity::new(500) }
}

/// Today's and the next session's options, 50 dollars to either side of the money.
fn chain(as_of: Timestamp) -> ChainSnapshot {
    let calendar = Calendar::xnys();
    let next = calendar.next_session(session().date);
    let mut rows = Vec::new();
    for Session { date, close, .. } in [session(), next] {
        for strike in 550..=650_i64 {
            for right in [Right::Call, Right::Put] {
                let contract = OptionContract {
                    root: spy(),
                    expiry: date,
                    strike: Price::from_cents(strike * 100),
                    right,
                };
                rows.push(entry(contract, close, as_of));
            }
        }
    }
    ChainSnapshot {
        underlying: spy(),
        provider: Provider::AlphaVantage,
        as_of,
        spot: None,
        expiry: None,
        delayed: false,
        rows,
    }
}

fn entry(contract: OptionContract, settles: Timestamp, as_of: Timestamp) -> ChainEntry {
    let strike = contract.strike.to_f64();
    let terms = Terms {
        right: contract.right,
        spot: SPOT,
        strike,
        years: years_between(as_of, settles),
        rate: 0.04,
        dividend_yield: 0.0,
    };
    let volatility = 0.14 + 0.002 * (SPOT - strike).max(0.0);
    let cents = (price(&terms, volatility).unwrap() * 100.0) as i64;
    let open = 100 + (strike as u32 * 7919) % 4_000;
    ChainEntry {
        contract,
        multiplier: Some(100),
        exercise: Exercise::American,
        settles,
        bid: (cents > 1).then(|| Price::from_cents(cents)),
        ask: Some(Price::from_cents(cents + 2)),
        bid_size: None,
        ask_size: None,
        last: None,
        volume: Some(open / 3),
        open_interest: Some(if contract.right == Right::Put { open * 2 } else { open }),
        implied_volatility: None,
        greeks: VendorGreeks::default(),
        quoted_at: None,
    }
}

fn start() -> Timestamp {
    session().open + Span::from_minutes(60)
}

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.options.dealer_sign.insert(spy(), DealerSign::Naive);
    settings
}

fn spot_quote(cents: i64) -> Payload {
    Payload::Quote(Quote {
        instrument: InstrumentId(0),
        bid: Some(level(cents - 1)),
        ask: Some(level(cents + 1)),
    })
}

fn at(time: Timestamp, payload: Payload) -> Input {
    Input { ts_event: time, ts_recv: time, payload }
}

/// What happens from the start on: a chain, then spot that wanders, option quotes, a timer each tenth of a second,
/// and the chain again every five seconds.
fn tale(seconds: i64) -> Vec<Input> {
    let begin = start();
    let option = chain(begin).rows[50].contract;
    let mut tale = vec![
        at(begin, Payload::Settings(Box::new(settings()))),
        at(begin, Payload::Session(session())),
        at(begin, Payload::Instrument(Box::new(instrument(0, Contract::Stock(spy()))))),
        at(begin, Payload::Instrument(Box::new(instrument(1, Contract::Option(option))))),
        at(begin, spot_quote(60_025)),
    ];
    for tenth in 0..seconds * 10 {
        let now = begin + Span::from_millis(tenth * 100);
        if tenth % 50 == 0 {
            tale.push(at(now, Payload::ChainSnapshot(Box::new(chain(now)))));
        }
        tale.push(at(now + Span::from_millis(20), spot_quote(60_025 + (tenth * 7) % 40 - 20)));
        let bid = 200 + tenth % 9;
        let quote = Quote { instrument: InstrumentId(1), bid: Some(level(bid)), ask: Some(level(bid + 2)) };
        tale.push(at(now + Span::from_millis(40), Payload::Quote(quote)));
        tale.push(at(now + Span::from_millis(100), Payload::Timer));
    }
    tale
}

fn take(core: &mut MarketCore, out: &mut Outputs, input: Input) {
    let Input { ts_event, ts_recv, payload } = input;
    out.clear();
    core.on_event(&Event { seq: Seq(1), ts_event, ts_recv, payload }, out);
}

fn options(core: &MarketCore) -> &OptionsView {
    core.view().options_of(spy()).unwrap()
}

#[test]
fn the_first_round_says_what_the_whole_computation_says() {
    let (mut core, mut out, mut told) = (MarketCore::default(), Outputs::default(), Vec::new());
    let begin = start();
    for input in tale(3).into_iter().take(6) {
        take(&mut core, &mut out, input);
    }
    let mut events = 0;
    while options(&core).exposure.is_none() {
        events += 1;
        take(&mut core, &mut out, at(begin + Span::from_millis(events), Payload::Timer));
        told.extend(out.exposures.iter().copied());
        assert!(events < 1_000, "a round of 404 contracts ends");
    }
    assert!(events > 2, "it was cut into slices");
    let exposure = options(&core).exposure.as_deref().unwrap();
    let mut whole = ChainState::new(spy(), Conventions { rate: 0.04, ..Conventions::default() });
    whole.apply(&chain(begin), begin).unwrap();
    whole.on_spot(Price::from_cents(60_025), begin);
    let expected = whole.revalue(&Moment::new(&Calendar::xnys(), exposure.as_of)).unwrap();
    assert_eq!(exposure, expected);
    assert_eq!(told, [expected.summary()], "its heads left once");
    assert_eq!((exposure.spot, exposure.rows.rows), (SPOT, 404));
    assert!(exposure.rows.included > 150 && !exposure.degraded, "{:?}", exposure.rows);
    assert!(exposure.total.gex.abs() < 1e11 && exposure.total.gex != 0.0);
    // The merged contracts follow.
    while options(&core).rows.is_empty() {
        events += 1;
        take(&mut core, &mut out, at(begin + Span::from_millis(events), Payload::Timer));
        assert!(events < 1_000);
    }
    let rows = &options(&core).rows;
    assert_eq!(rows.len(), 404);
    assert!(rows.is_sorted_by_key(|row| (row.contract.expiry, row.contract.strike, row.contract.right)));
    let atm = rows.iter().find(|row| row.contract.strike == Price::from_cents(60_000)).unwrap();
    assert!((atm.iv.unwrap() - 0.14).abs() < 0.01 && (0.4..0.7).contains(&atm.delta.unwrap()), "{atm:?}");
    assert!(options(&core).tradable(begin + Span::SECOND).is_some());
}

#[test]
fn rounds_come_at_most_once_a_second_and_the_broker_s_quote_counts_while_it_is_fresh() {
    let (mut core, mut out, mut told) = (MarketCore::default(), Outputs::default(), Vec::new());
    for input in tale(12) {
        take(&mut core, &mut out, input);
        told.extend(out.exposures.iter().copied());
    }
    let apart = told.windows(2).map(|pair| pair[1].as_of.since(pair[0].as_of)).min().unwrap();
    assert!(apart >= Span::SECOND && (8..=12).contains(&told.len()), "{} rounds, {apart:?}", told.len());
    assert!(told.iter().any(|t| t.spot != told[0].spot), "spot moved");
    let view = options(&core);
    let own: Vec<_> = view.rows.iter().filter(|row| row.source == Provider::Ibkr).collect();
    assert_eq!(own.len(), 1, "one contract has quotes of the broker");
    let kinds: Vec<_> = view.sources.iter().map(|source| (source.provider, source.rows)).collect();
    assert_eq!(kinds, [(Provider::Ibkr, 1), (Provider::AlphaVantage, 404)]);
    assert!(view.disagreements > 0, "its price is far from what the chain says");
    assert!(own[0].disagrees && view.disagreeing == 1);
    assert_eq!(core.refused(), 0);
}

#[test]
fn a_snapshot_in_the_middle_of_a_round_goes_on_bit_for_bit() {
    let (mut core, mut out) = (MarketCore::default(), Outputs::default());
    let (mut restored, mut other) = (MarketCore::default(), Outputs::default());
    let (mut cuts, mut in_rounds) = (0, 0);
    for (place, input) in tale(8).into_iter().enumerate() {
        take(&mut core, &mut out, input.clone());
        take(&mut restored, &mut other, input);
        assert_eq!(out, other, "event {place}");
        if place % 3 == 1 {
            let bytes = core.snapshot();
            assert_eq!(bytes[..4], SNAPSHOT_VERSION.to_le_bytes());
            restored = MarketCore::restore(&bytes).unwrap();
            cuts += 1;
            in_rounds += usize::from(core.is_revaluing());
        }
    }
    assert!(cuts > 20 && in_rounds > 5, "{cuts} cuts, {in_rounds} of them in rounds");
    assert!(core == restored && core.snapshot() == restored.snapshot());
}

struct Nobody;

impl Edges for Nobody {
    fn commit(&mut self, _: Seq, _: Timestamp, _: &[Record]) {}
    fn perform(&mut self, _: Timestamp, _: &Effect) {}
}

fn digest(tale: Vec<Input>) -> String {
    let mut engine = Engine::new(1, TradingCore::default());
    for input in tale {
        engine.step(input, &mut Nobody);
    }
    engine.digest()
}

#[test]
fn equal_events_give_equal_digests_and_another_chain_gives_another() {
    let first = digest(tale(6));
    assert_eq!(first, digest(tale(6)));
    let mut changed = tale(6);
    let one = changed.iter_mut().find_map(|input| match &mut input.payload {
        Payload::ChainSnapshot(chain) => chain.rows[100].open_interest.as_mut(),
        _ => None,
    });
    *one.unwrap() += 1;
    assert_ne!(first, digest(changed), "one contract more of open interest");
}

#[test]
fn a_source_that_falls_silent_is_stale_and_nothing_of_it_is_traded_on() {
    let (mut core, mut out) = (MarketCore::default(), Outputs::default());
    for input in tale(2) {
        take(&mut core, &mut out, input);
    }
    let later = start() + Span::from_seconds(2);
    assert!(options(&core).tradable(later).is_some());
    for second in 3..130 {
        let now = start() + Span::from_seconds(second);
        // The underlying goes on; the chain does not.
        take(&mut core, &mut out, at(now, spot_quote(60_000 + second % 30)));
        for slice in 1..40 {
            take(&mut core, &mut out, at(now + Span::from_millis(slice * 10), Payload::Timer));
        }
    }
    let now = start() + Span::from_seconds(130);
    let view = options(&core);
    let source = view.sources.iter().find(|source| source.provider == Provider::AlphaVantage).unwrap();
    assert!(source.stale && view.is_stale());
    let exposure = view.exposure.as_deref().unwrap();
    assert!(exposure.degraded && exposure.flagged_share > 0.9, "{}", exposure.flagged_share);
    assert!(now.since(exposure.as_of) < Span::from_seconds(5), "rounds go on, with what is known");
    assert_eq!(view.tradable(now), None);
}

#[test]
fn delayed_chains_are_shown_and_never_traded_on() {
    let (mut core, mut out) = (MarketCore::default(), Outputs::default());
    for mut input in tale(2) {
        if let Payload::ChainSnapshot(chain) = &mut input.payload {
            chain.delayed = true;
        }
        take(&mut core, &mut out, input);
    }
    let view = options(&core);
    assert!(view.exposure.is_some() && view.sources.iter().any(|source| source.delayed));
    assert_eq!(view.tradable(start() + Span::from_seconds(2)), None);
    let by_chain = view.rows.iter().filter(|row| row.source == Provider::AlphaVantage);
    assert!(by_chain.clone().count() > 100 && by_chain.into_iter().all(|row| row.stale));
}

#[test]
fn what_is_not_configured_is_refused_and_news_replace_older_news() {
    let (mut core, mut out) = (MarketCore::default(), Outputs::default());
    for input in tale(1) {
        take(&mut core, &mut out, input);
    }
    let now = start() + Span::from_seconds(2);
    let stranger = ChainSnapshot { underlying: Symbol::new("QQQ").unwrap(), ..chain(now) };
    take(&mut core, &mut out, at(now, Payload::ChainSnapshot(Box::new(stranger))));
    assert_eq!((core.refused(), core.view().options.len()), (1, 1));
    let score = |symbol, as_of, score| {
        let news =
            Sentiment { symbol, as_of, score: Some(score), articles: 2, newest: None, headlines: Vec::new() };
        Payload::Sentiment(Box::new(news))
    };
    for (time, value) in [(now, 0.25), (now + Span::SECOND, 0.5), (now, -1.0)] {
        take(&mut core, &mut out, at(now, score(Some(spy()), time, value)));
        take(&mut core, &mut out, at(now, score(None, time, value)));
    }
    assert_eq!(options(&core).sentiment.as_ref().unwrap().score, Some(0.5));
    assert_eq!(core.view().market_sentiment.as_ref().unwrap().score, Some(0.5));
    take(&mut core, &mut out, at(now, score(Symbol::new("QQQ").ok(), now, 0.1)));
    assert_eq!(core.refused(), 2);
}
