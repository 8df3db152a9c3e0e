//! The chain over an underlying: what it lists, how it quotes, what arbitrage may not find.

use std::collections::BTreeMap;

use alphatrader_analytics::options::{self, Terms};
use alphatrader_market::{ChainConfig, ChainOverlay};
use alphatrader_model::market::{ChainRow, Level};
use alphatrader_model::{
    Calendar, Input, Instrument, InstrumentId, OptionContract, Payload, Price, Quantity, Quote, Right,
    Session, Span, Symbol, Timestamp,
};
use proptest::prelude::*;

const SPY: InstrumentId = InstrumentId(3);
const FIRST: InstrumentId = InstrumentId(10);

/// Everything the chain said last, by contract.
struct Chain {
    overlay: ChainOverlay,
    session: Session,
    listed: BTreeMap<InstrumentId, Instrument>,
    quotes: BTreeMap<InstrumentId, (Timestamp, Quote)>,
    rows: BTreeMap<InstrumentId, ChainRow>,
    out: Vec<Input>,
}

impl Chain {
    fn new(date: &str) -> Self {
        let calendar = Calendar::xnys();
        let session = calendar.session(date.parse().unwrap()).unwrap();
        let next = calendar.next_session(session.date);
        let config = ChainConfig::new(Symbol::new("SPY").unwrap(), SPY, FIRST, 7);
        Self {
            overlay: ChainOverlay::new(config, session, next),
            session,
            listed: BTreeMap::new(),
            quotes: BTreeMap::new(),
            rows: BTreeMap::new(),
            out: Vec::new(),
        }
    }

    /// The underlying is quoted a cent wide around `cents` and a half.
    fn spot(&mut self, at: Timestamp, cents: i64) -> usize {
        let level = |cents| Some(Level { price: Price::from_cents(cents), size: Quantity::new(500) });
        let quote = Quote { instrument: SPY, bid: level(cents), ask: level(cents + 1) };
        let input = Input { ts_event: at, ts_recv: at, payload: Payload::Quote(quote) };
        self.overlay.advance(at, &mut self.out);
        self.overlay.on(&input, &mut self.out);
        self.take(at)
    }

    fn advance(&mut self, to: Timestamp) -> usize {
        self.overlay.advance(to, &mut self.out);
        self.take(to)
    }

    fn take(&mut self, until: Timestamp) -> usize {
        let mut last = self.session.open - Span::MINUTE;
        let count = self.out.len();
        for input in self.out.drain(..) {
            assert!(input.ts_event >= last && input.ts_event <= until);
            last = input.ts_event;
            match input.payload {
                Payload::Instrument(instrument) => {
                    assert_eq!(instrument.id.0, FIRST.0 + self.listed.len() as u32, "numbers are dense");
                    assert!(instrument.synthetic);
                    self.listed.insert(instrument.id, *instrument);
                }
                Payload::Quote(quote) => {
                    assert!(self.listed.contains_key(&quote.instrument), "announced before it is quoted");
                    self.quotes.insert(quote.instrument, (input.ts_event, quote));
                }
                Payload::Chain(row) => {
                    self.rows.insert(row.instrument, row);
                }
                other => panic!("{other:?}"),
            }
        }
        count
    }

    fn option(&self, id: InstrumentId) -> OptionContract {
        *self.listed[&id].contract.option().unwrap()
    }

    /// Bid (zero where nobody bids) and ask in cents of every contract of an expiry and right, by strike.
    fn side(&self, expiry: jiff::civil::Date, right: Right) -> Vec<(i64, i64, i64)> {
        let mut rows: Vec<_> = self
            .quotes
            .values()
            .map(|(_, quote)| (self.option(quote.instrument), quote))
            .filter(|(option, _)| option.expiry == expiry && option.right == right)
            .map(|(option, quote)| {
                let cents = |price: Price| price.raw() / 100;
                (
                    cents(option.strike),
                    quote.bid.map_or(0, |l| cents(l.price)),
                    cents(quote.ask.unwrap().price),
                )
            })
            .collect();
        rows.sort_unstable();
        rows
    }
}

#[test]
fn it_lists_two_expiries_around_spot_and_follows_it() {
    for (date, spot) in [("2025-06-02", 60_012), ("2013-10-07", 16_743)] {
        let mut chain = Chain::new(date);
        assert_eq!(chain.overlay.next_time(), None);
        chain.spot(chain.session.open - Span::SECOND, spot);
        assert!(chain.listed.is_empty(), "silent before the open");
        chain.spot(chain.session.open, spot);
        assert_eq!(chain.listed.len(), 21 * 4);
        assert_eq!(chain.quotes.len(), 84);
        let next = Calendar::xnys().next_session(chain.session.date);
        for instrument in chain.listed.values() {
            let option = instrument.contract.option().unwrap();
            let today = option.expiry == chain.session.date;
            assert!(today || option.expiry == next.date);
            assert_eq!(instrument.expires, Some(if today { chain.session.close } else { next.close }));
            assert_eq!((instrument.multiplier, instrument.underlying.as_str()), (100, "SPY"));
            assert_eq!(option.strike.raw() % Price::SCALE, 0);
            assert!((option.strike.to_f64() - spot as f64 / 100.0).abs() < 11.0);
        }
        chain.spot(chain.session.open + Span::SECOND, spot + 200);
        assert_eq!(chain.listed.len(), 23 * 4, "two strikes joined above");
        // However far spot runs, strikes are bounded.
        for step in 0..200 {
            chain.spot(chain.session.open + Span::from_seconds(2 + step), spot + 200 + 100 * step);
        }
        assert_eq!(chain.listed.len(), 61 * 4);
    }
}

#[test]
fn every_contract_is_quoted_every_second_and_work_is_bounded() {
    let mut chain = Chain::new("2025-06-02");
    let mut at = chain.session.open;
    chain.spot(at, 60_000);
    let mut most = 0;
    for step in 1..2_000 {
        at = at + Span::from_millis(7);
        let before = chain.advance(at);
        assert!(before <= 3, "the round is spread over the second");
        most = most.max(chain.spot(at, 60_000 + step % 9));
        let oldest = chain.quotes.values().map(|(time, _)| *time).min().unwrap();
        assert!(at.since(oldest) <= ChainOverlay::ROUND, "{}", at.since(oldest).millis());
    }
    assert!((1..=ChainOverlay::PER_MOVE).contains(&most), "{most} at one move");
    let close = chain.session.close;
    chain.spot(close - Span::SECOND, 60_000);
    chain.advance(close + Span::MINUTE);
    assert!(chain.quotes.values().all(|(time, _)| *time < close));
    assert_eq!(chain.overlay.next_time(), None);
}

#[test]
fn interest_is_in_the_thousands_and_likes_round_strikes() {
    let mut chain = Chain::new("2025-06-02");
    chain.spot(chain.session.open, 60_000);
    let mean = |dollars: &dyn Fn(i64) -> bool| {
        let rows = chain
            .rows
            .values()
            .filter(|row| dollars(chain.option(row.instrument).strike.raw() / Price::SCALE));
        let interest: Vec<_> = rows.map(|row| f64::from(row.open_interest.unwrap())).collect();
        interest.iter().sum::<f64>() / interest.len() as f64
    };
    let (plain, fives, tens) =
        (mean(&|d| d % 5 != 0), mean(&|d| d % 5 == 0 && d % 10 != 0), mean(&|d| d % 10 == 0));
    assert!(plain > 1_000.0 && fives > plain && tens > plain, "{plain} {fives} {tens}");
    assert!(chain.rows.values().all(|row| row.volume == Some(0)));
    let mut last = 0;
    for minutes in [1, 15, 120, 389] {
        chain.spot(chain.session.open + Span::from_minutes(minutes), 60_000 + minutes);
        chain.advance(chain.session.open + Span::from_minutes(minutes) + Span::from_seconds(30));
        let volume = chain.rows.values().map(|row| row.volume.unwrap()).sum();
        assert!(volume > last);
        last = volume;
    }
    let at_the_money = chain.rows.values().filter(|row| {
        (chain.option(row.instrument).strike.raw() - 600 * Price::SCALE).abs() <= 2 * Price::SCALE
    });
    assert!(
        at_the_money.into_iter().all(|row| row.volume.unwrap() > 1_000 && row.open_interest.unwrap() >= 500)
    );
}

#[test]
fn near_the_money_spreads_are_one_to_three_cents() {
    let mut chain = Chain::new("2025-06-02");
    chain.spot(chain.session.open + Span::from_minutes(60), 60_000);
    let near = |strike: i64| (59_700..=60_300).contains(&strike);
    for right in [Right::Call, Right::Put] {
        for (strike, bid, ask) in chain.side(chain.session.date, right) {
            assert!(!near(strike) || (1..=4).contains(&(ask - bid)), "{strike} {bid} {ask}");
        }
    }
}

/// The smile in strikes is steeper when time is short, and its implied volatility is that of a market.
#[test]
fn the_smile_rises_as_time_shrinks() {
    let implied = |minutes: i64, strike: i64| {
        let mut chain = Chain::new("2025-06-02");
        let at = chain.session.open + Span::from_minutes(minutes);
        chain.spot(at, 60_000);
        let right = if strike < 60_000 { Right::Put } else { Right::Call };
        let rows = chain.side(chain.session.date, right);
        let (_, bid, ask) = *rows.iter().find(|row| row.0 == strike).unwrap();
        let terms = Terms {
            right,
            spot: 600.005,
            strike: strike as f64 / 100.0,
            years: options::years_between(at, chain.session.close),
            rate: 0.04,
            dividend_yield: 0.0,
        };
        options::solve_volatility(&terms, (bid + ask) as f64 / 200.0).unwrap()
    };
    let at_the_money = implied(1, 60_000);
    assert!((0.12..0.40).contains(&at_the_money), "{at_the_money}");
    let wing = |minutes| implied(minutes, 59_600) / implied(minutes, 60_000);
    let (early, late) = (wing(1), wing(300));
    assert!(early > 1.0 && late > early, "{early} {late}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// One instant, one spot: no bid above what a combination that always pays more asks.
    #[test]
    fn no_arbitrage_at_one_instant(minutes in 0_i64..389, spot in 10_000_i64..90_000) {
        let mut chain = Chain::new("2025-06-02");
        chain.spot(chain.session.open + Span::from_minutes(minutes), spot);
        let next = Calendar::xnys().next_session(chain.session.date).date;
        let (bid, ask) = (spot, spot + 1);
        for expiry in [chain.session.date, next] {
            let (calls, puts) = (chain.side(expiry, Right::Call), chain.side(expiry, Right::Put));
            for (strike, call_bid, call_ask) in &calls {
                prop_assert!(call_bid < call_ask && *call_bid <= ask);
                prop_assert!(*call_ask >= bid - strike, "exercise of {} at {}", strike, call_ask);
            }
            for (strike, put_bid, put_ask) in &puts {
                prop_assert!(put_bid < put_ask && put_bid <= strike);
                prop_assert!(*put_ask >= strike - ask);
            }
            for pair in calls.windows(2) {
                prop_assert!(pair[0].2 >= pair[1].1, "a lower call is worth no less");
                prop_assert!(pair[0].1 - pair[1].2 <= pair[1].0 - pair[0].0, "nor more than the width");
            }
            for pair in puts.windows(2) {
                prop_assert!(pair[1].2 >= pair[0].1, "a higher put is worth no less");
                prop_assert!(pair[1].1 - pair[0].2 <= pair[1].0 - pair[0].0);
            }
            for three in calls.windows(3).chain(puts.windows(3)) {
                prop_assert!(three[0].2 + three[2].2 >= 2 * three[1].1, "a butterfly costs something: {:?}", three);
            }
            // Conversions: a call less a put is the forward, which carries a day of interest at most.
            for (call, put) in calls.iter().zip(&puts) {
                prop_assert!(call.1 - put.2 <= ask - call.0 + 40 && put.1 - call.2 <= call.0 - bid + 40, "{:?} {:?}", call, put);
            }
        }
        let today = chain.side(chain.session.date, Right::Call);
        let later = chain.side(next, Right::Call);
        for (today, later) in today.iter().zip(&later) {
            prop_assert!(later.2 >= today.1, "more time is worth no less");
        }
    }
}
