//! No arbitrage in a whole chain: between strikes, between expiries, against the underlying.

use std::collections::BTreeMap;

use alphatrader_market::chain::plan::ChainPlan;
use alphatrader_market::chain::smile::Smile;
use alphatrader_market::synthetic::profile::PROFILES;
use alphatrader_market::{ChainConfig, ChainOverlay};
use alphatrader_model::market::Level;
use alphatrader_model::{
    Calendar, Contract, Input, InstrumentId, Payload, Price, Quantity, Quote, Right, Session, Span,
};
use jiff::civil::Date;
use proptest::prelude::*;

/// Bid and ask, cents; a missing bid is zero.
type Quotes = BTreeMap<(Right, Date, Price), (i64, i64)>;

fn raw(level: Option<Level>) -> i64 {
    level.map_or(0, |level| level.price.raw())
}

/// All quotes of a symbol's chain while the underlying stands still for five seconds.
fn quotes(symbol: usize, date: &str, seed: u64, minutes: i64, volatility: f64, away: f64) -> (Quotes, i64) {
    let profile = &PROFILES[symbol];
    let calendar = Calendar::xnys();
    let session: Session = calendar.session(date.parse().unwrap()).unwrap();
    let plan = ChainPlan::new(profile, &calendar, session, profile.base, volatility);
    let underlying = InstrumentId(0);
    let mut config = ChainConfig::new(profile.symbol(), underlying, InstrumentId(1), seed);
    config.strike_step = Price::from_cents(profile.strike_step);
    (config.session_volatility, config.long_volatility) = (volatility, 1.3 * volatility);
    if !profile.fund {
        config.smile = Smile::STOCK;
        config.tick_above = Price::from_cents(5);
    }
    let mut overlay = ChainOverlay::listed(config, plan);
    let at = session.open + Span::from_minutes(minutes);
    let bid = Price::from_cents((profile.base * away * 100.0) as i64);
    let level = |price| Some(Level { price, size: Quantity::new(500) });
    let quote =
        Quote { instrument: underlying, bid: level(bid), ask: level(Price::from_raw(bid.raw() + 100)) };
    let mut out = Vec::new();
    overlay.on(&Input { ts_event: at, ts_recv: at, payload: Payload::Quote(quote) }, &mut out);
    overlay.advance(at + Span::from_seconds(5), &mut out);
    let (mut names, mut found) = (BTreeMap::new(), Quotes::new());
    for input in out {
        match input.payload {
            Payload::Instrument(instrument) => {
                let Contract::Option(option) = instrument.contract else { panic!("{instrument:?}") };
                names.insert(instrument.id, (option, *instrument));
            }
            Payload::Quote(quote) => {
                let (option, instrument) = &names[&quote.instrument];
                for price in [quote.bid, quote.ask].into_iter().flatten().map(|level| level.price) {
                    assert_eq!(price.raw() % instrument.tick_at(price).raw(), 0, "{price} is on its tick");
                }
                let key = (option.right, option.expiry, option.strike);
                found.insert(key, (raw(quote.bid), raw(quote.ask)));
            }
            _ => {}
        }
    }
    assert_eq!(found.len(), names.len(), "every contract is quoted");
    (found, bid.raw() + 50)
}

fn check_strikes(side: &[(i64, i64, i64)], right: Right) -> Result<(), TestCaseError> {
    for pair in side.windows(2) {
        let (low, high) = if right == Right::Call { (pair[1], pair[0]) } else { (pair[0], pair[1]) };
        // The one that is worth more can be bought no cheaper than the other is sold, nor costs more
        // than the distance.
        prop_assert!(high.2 >= low.1, "{:?}: {:?}", right, pair);
        prop_assert!(high.1 - low.2 <= pair[1].0 - pair[0].0, "{:?}: {:?}", right, pair);
    }
    for three in side.windows(3) {
        let (near, far) = (three[1].0 - three[0].0, three[2].0 - three[1].0);
        let wings = far * three[0].2 + near * three[2].2;
        prop_assert!(wings >= (near + far) * three[1].1, "a butterfly costs something: {:?}", three);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn nothing_is_free_in_any_chain(
        symbol in 0..PROFILES.len(),
        seed in 0_u64..1_000,
        minutes in 0_i64..389,
        volatility in 0.004_f64..0.030,
        away in 0.97_f64..1.03,
        half_day: bool,
    ) {
        let date = if half_day { "2025-07-03" } else { "2026-03-16" };
        let minutes = if half_day { minutes / 2 } else { minutes };
        let (quotes, spot) = quotes(symbol, date, seed, minutes, volatility, away);
        let mut expiries: Vec<Date> = quotes.keys().map(|key| key.1).collect();
        expiries.sort_unstable();
        expiries.dedup();
        prop_assert!(expiries.len() >= 6);
        for right in [Right::Call, Right::Put] {
            for expiry in &expiries {
                let side: Vec<(i64, i64, i64)> = quotes
                    .iter()
                    .filter(|(key, _)| key.0 == right && key.1 == *expiry)
                    .map(|(key, (bid, ask))| (key.2.raw(), *bid, *ask))
                    .collect();
                check_strikes(&side, right)?;
                for (strike, bid, ask) in &side {
                    let exercise = if right == Right::Call { spot - strike } else { strike - spot };
                    prop_assert!(bid < ask);
                    prop_assert!(*ask >= exercise, "worth no less than exercise");
                }
            }
            // More time is worth no less.
            for ((_, expiry, strike), (bid, _)) in quotes.iter().filter(|(key, _)| key.0 == right) {
                let later = expiries.iter().filter(|later| *later > expiry);
                for ask in later.filter_map(|later| quotes.get(&(right, *later, *strike))).map(|quote| quote.1) {
                    prop_assert!(ask >= *bid, "{:?} {} {}: {} for {}", right, expiry, strike, ask, bid);
                }
            }
        }
        // A call less a put is the forward: between the stock less the strike and that plus interest.
        for ((right, expiry, strike), call) in &quotes {
            if *right == Right::Call {
                let put = quotes[&(Right::Put, *expiry, *strike)];
                let interest = (strike.raw() as f64 * 0.04 * 61.0 / 365.0) as i64;
                prop_assert!(call.0 - put.1 <= spot - strike.raw() + interest + 100);
                prop_assert!(call.1 - put.0 >= spot - strike.raw() - 100);
            }
        }
    }
}
