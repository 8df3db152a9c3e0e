//! Any chain gives exposures or an error, and no number that is none.

use alphatrader_model::chain::{ChainEntry, ChainSnapshot, Exercise, Provider, VendorGreeks};
use alphatrader_model::exposure::{ChainExposure, DealerSign, GreeksSource, Levels, Sums};
use alphatrader_model::instrument::{OptionContract, Right, Symbol};
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use jiff::civil::date;
use proptest::prelude::*;

use super::chains::{moment, noon, spy};
use crate::exposure::{ChainState, ContractQuote, Conventions, ExposureDocument, Forwards};

fn price() -> impl Strategy<Value = Option<Price>> {
    prop_oneof![
        Just(None),
        (-5_i64..5_000_000).prop_map(|raw| Some(Price::from_raw(raw))),
        any::<i64>().prop_map(|raw| Some(Price::from_raw(raw))),
    ]
}

fn number() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![Just(None), (0.01_f64..6.0).prop_map(Some), any::<f64>().prop_map(Some)]
}

fn count() -> impl Strategy<Value = Option<u32>> {
    prop_oneof![Just(None), (0_u32..50_000).prop_map(Some), any::<u32>().prop_map(Some)]
}

prop_compose! {
    fn entry()(
        root in 0_usize..2, days in 0_i8..12, strike in prop_oneof![(590_i64..611).prop_map(|s| s * 10_000), any::<i64>()],
        put in any::<bool>(), multiplier in prop_oneof![Just(Some(100)), count()],
        settles in prop_oneof![(-10_i64..20_000).prop_map(|m| noon() + Span::from_minutes(m)), any::<i64>().prop_map(Timestamp::from_nanos)],
        bid in price(), ask in price(), last in price(), volume in count(), open_interest in count(),
        iv in number(), delta in number(), gamma in number(),
        quoted_at in prop::option::of(any::<i64>().prop_map(Timestamp::from_nanos)),
    ) -> ChainEntry {
        ChainEntry {
            contract: OptionContract {
                root: Symbol::new(["SPY", "SPYW"][root]).unwrap(),
                expiry: date(2026, 6, 16 + days),
                strike: Price::from_raw(strike),
                right: if put { Right::Put } else { Right::Call },
            },
            multiplier, exercise: Exercise::American, settles, bid, ask, bid_size: None, ask_size: None, last, volume,
            open_interest, implied_volatility: iv, greeks: VendorGreeks { delta, gamma, ..VendorGreeks::default() },
            quoted_at,
        }
    }
}

fn finite(sums: &Sums) {
    let numbers = [
        sums.gex,
        sums.dex,
        sums.dealer_dex,
        sums.vanna_ex,
        sums.charm_ex,
        sums.gex_shares,
        sums.vol_gex,
        sums.call_gex,
        sums.put_gex,
        sums.call_dex,
        sums.put_dex,
        sums.call_vol_gex,
        sums.put_vol_gex,
    ];
    assert!(numbers.iter().all(|number| number.is_finite()), "{sums:?}");
}

fn levels(levels: &Levels) {
    let spots = levels.all_zeros.iter().map(|zero| zero.spot).chain(levels.gamma_flip).chain(levels.cum_flip);
    assert!(spots.into_iter().all(|spot| spot.is_finite() && spot > 0.0), "{levels:?}");
}

fn check(exposure: &ChainExposure) {
    finite(&exposure.total);
    assert!((0.0..=1.0).contains(&exposure.flagged_share));
    for bucket in &exposure.buckets {
        finite(&bucket.sums);
        levels(&bucket.levels);
        bucket.by_strike.iter().for_each(|strike| finite(&strike.sums));
        assert!(bucket.profile.iter().all(|point| point.gex.is_finite() && point.spot.is_finite()));
    }
    for expiry in &exposure.by_expiry {
        finite(&expiry.sums);
        levels(&expiry.levels);
        assert!(expiry.smile.iter().all(|point| point.iv > 0.0 && point.iv < 5.0));
        let optional = [expiry.forward, expiry.atm_iv, expiry.skew_25, Some(expiry.minutes)];
        assert!(optional.into_iter().flatten().all(f64::is_finite), "{optional:?}");
    }
    if let Some(pin) = &exposure.pin {
        assert!((0.0..=1.0).contains(&pin.gamma_share));
    }
    serde_json::to_string(&ExposureDocument::new(exposure, None)).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_chain_says_something_or_why_not(
        rows in prop::collection::vec(entry(), 0..60), more in prop::collection::vec(entry(), 0..20),
        spot in price(), vendor in any::<bool>(), parity in any::<bool>(), rate in -0.5_f64..0.5, short in any::<bool>(),
        quotes in prop::collection::vec((any::<usize>(), price(), price(), any::<i64>()), 0..20),
    ) {
        let chain = |rows, provider| ChainSnapshot {
            underlying: spy(), provider, as_of: noon(), spot, expiry: None, delayed: false, rows,
        };
        let conventions = Conventions {
            dealer_sign: if short { DealerSign::ShortBoth } else { DealerSign::Naive },
            greeks: if vendor { GreeksSource::Vendor } else { GreeksSource::Own },
            forwards: if parity { Forwards::Parity } else { Forwards::Yield },
            rate, dividend_yield: -rate, ..Conventions::default()
        };
        let mut state = ChainState::new(spy(), conventions);
        state.apply(&chain(rows, Provider::Cboe), noon()).unwrap();
        if let Ok(exposure) = state.revalue(&moment()) {
            check(exposure);
        }
        state.on_spot(Price::from_cents(60_000), noon());
        state.apply(&chain(more, Provider::Ibkr), noon()).unwrap();
        for (row, bid, ask, at) in quotes {
            let quote = ContractQuote { provider: Provider::Ibkr, bid, ask, at: Timestamp::from_nanos(at) };
            let row = row.checked_rem(state.len()).unwrap_or(0);
            state.on_quote(row, &quote, noon());
            let _ = state.step(7);
            if at % 3 == 0 {
                let _ = state.begin(&moment());
            }
        }
        if let Ok(exposure) = state.revalue(&moment()) {
            check(exposure);
            finite(&state.sums(alphatrader_model::exposure::Bucket::All).unwrap());
        }
    }
}
