//! Patched, sliced, shuffled, scaled: the same sums.

use alphatrader_model::exposure::{Bucket, Crossing, DealerSign, GreeksSource, Sums};
use alphatrader_model::number::Price;
use alphatrader_model::time::Span;
use proptest::prelude::*;

use super::chains::{chain, conventions, moment, noon, spy};
use crate::exposure::{ChainState, ContractQuote, Conventions, Patched, Progress};
use alphatrader_model::chain::{ChainSnapshot, Provider};

const HOURS: [i64; 4] = [4, 28, 340, 1_348];

fn vendor() -> Conventions {
    Conventions { greeks: GreeksSource::Vendor, ..conventions() }
}

fn state(chain: &ChainSnapshot, conventions: Conventions) -> ChainState {
    let mut state = ChainState::new(spy(), conventions);
    state.apply(chain, noon()).unwrap();
    state.revalue(&moment()).unwrap();
    state
}

/// Each number of two sums, with the size it is measured by.
fn pairs(a: &Sums, b: &Sums) -> [(f64, f64, f64); 9] {
    let gamma = a.call_gex.abs() + a.put_gex.abs();
    let delta = a.call_dex.abs() + a.put_dex.abs();
    [
        (a.gex, b.gex, gamma),
        (a.call_gex, b.call_gex, gamma),
        (a.put_gex, b.put_gex, gamma),
        (a.dex, b.dex, delta),
        (a.dealer_dex, b.dealer_dex, delta),
        (a.gex_shares, b.gex_shares, a.gex_shares.abs().max(gamma / 3_600.0)),
        (a.vol_gex, b.vol_gex, a.call_vol_gex.abs() + a.put_vol_gex.abs()),
        // Vanna and charm of both sides cancel more than the others.
        (a.vanna_ex, b.vanna_ex, gamma),
        (a.charm_ex, b.charm_ex, 100.0 * gamma),
    ]
}

fn assert_same(a: &Sums, b: &Sums) {
    for (place, (a, b, size)) in pairs(a, b).into_iter().enumerate() {
        assert!((a - b).abs() <= 1e-9 * size, "number {place}: {a} {b}");
    }
    assert_eq!(
        (a.call_oi, a.put_oi, a.call_volume, a.put_volume),
        (b.call_oi, b.put_oi, b.call_volume, b.put_volume)
    );
}

fn moved(state: &ChainState, row: usize, units: i64) -> ContractQuote {
    let view = state.row(row).unwrap();
    let change = |price: Option<Price>| price.and_then(|price| price.checked_add(Price::from_raw(units)));
    ContractQuote { provider: Provider::Ibkr, bid: change(view.bid), ask: change(view.ask), at: noon() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn quotes_one_by_one_come_to_what_a_whole_revaluation_says(
        seed in any::<u64>(), quotes in prop::collection::vec((0_usize..168, 1_i64..60), 1..80), slice in 0_usize..400,
    ) {
        let chain = chain(&HOURS, 21, seed);
        let mut patched = state(&chain, conventions());
        // Some quotes come while a revaluation is half done.
        patched.begin(&moment()).unwrap();
        prop_assert_eq!(patched.step(slice.max(1)).unwrap() == Progress::Idle, false);
        for (row, units) in quotes {
            let quote = moved(&patched, row, units);
            prop_assert_ne!(patched.on_quote(row, &quote, noon()), Patched::Superseded);
        }
        while patched.step(50).unwrap() == Progress::Running {}
        // What came before its strike's turn was counted by the slices, what came after was put in.
        let mut whole = patched.clone();
        whole.revalue(&moment()).unwrap();
        for bucket in [Bucket::Zero, Bucket::One, Bucket::Fortnight, Bucket::All] {
            assert_same(&patched.sums(bucket).unwrap(), &whole.sums(bucket).unwrap());
        }
        for (row, view) in patched.rows().enumerate() {
            prop_assert_eq!(view.status, whole.row(row).unwrap().status);
        }
    }

    #[test]
    fn quotes_patch_the_sums_at_once(
        seed in any::<u64>(), quotes in prop::collection::vec((0_usize..168, -30_i64..60), 1..200),
    ) {
        let chain = chain(&HOURS, 21, seed);
        let mut patched = state(&chain, conventions());
        for (row, units) in quotes {
            let quote = moved(&patched, row, units);
            patched.on_quote(row, &quote, noon());
        }
        let mut whole = patched.clone();
        let exposure = whole.revalue(&moment()).unwrap();
        if exposure.rows.interpolated == 0 {
            assert_same(&patched.sums(Bucket::All).unwrap(), &exposure.total);
        }
    }

    #[test]
    fn slices_leave_no_trace(seed in any::<u64>(), slice in 1_usize..300) {
        let chain = chain(&HOURS, 21, seed);
        let mut sliced = ChainState::new(spy(), conventions());
        sliced.apply(&chain, noon()).unwrap();
        let mut whole = sliced.clone();
        whole.revalue(&moment()).unwrap();
        sliced.begin(&moment()).unwrap();
        let mut steps = 0;
        while sliced.step(slice).unwrap() == Progress::Running {
            steps += 1;
            prop_assert!(steps < 10_000);
        }
        prop_assert_eq!(format!("{:?}", sliced.exposure()), format!("{:?}", whole.exposure()));
        prop_assert_eq!(&sliced, &whole);
    }

    #[test]
    fn neither_order_nor_empty_contracts_matter(seed in any::<u64>(), shift in 1_usize..160) {
        let chain = chain(&HOURS, 21, seed);
        let plain = state(&chain, vendor());
        let mut shuffled = chain.clone();
        shuffled.rows.rotate_left(shift);
        let shuffled = state(&shuffled, vendor());
        prop_assert_eq!(plain.exposure(), shuffled.exposure());
        let mut more = chain.clone();
        for row in &chain.rows {
            let mut row = *row;
            row.contract.strike = Price::from_raw(row.contract.strike.raw() + 2_500);
            row.open_interest = Some(0);
            row.volume = Some(0);
            more.rows.push(row);
        }
        let more = state(&more, vendor());
        let (plain, more) = (plain.exposure().unwrap(), more.exposure().unwrap());
        prop_assert_eq!(plain.total, more.total);
        for (a, b) in plain.by_expiry.iter().zip(&more.by_expiry) {
            prop_assert_eq!(a.sums, b.sums);
        }
    }

    #[test]
    fn every_way_to_sum_comes_to_the_same(seed in any::<u64>()) {
        let state = state(&chain(&HOURS, 41, seed), conventions());
        let exposure = state.exposure().unwrap();
        let all = exposure.bucket(Bucket::All).unwrap();
        let gross = exposure.total.call_gex.abs() + exposure.total.put_gex.abs();
        let by_strike: f64 = all.by_strike.iter().map(|strike| strike.sums.gex).sum();
        let by_expiry: f64 = exposure.by_expiry.iter().map(|expiry| expiry.sums.gex).sum();
        let by_cell: f64 = exposure.cells.iter().map(|cell| cell.gex).sum();
        for sum in [by_strike, by_expiry, by_cell, state.profile_at(Bucket::All, 600.0).unwrap()] {
            prop_assert!((sum - exposure.total.gex).abs() <= 1e-12 * gross, "{sum} {}", exposure.total.gex);
        }
        let zero = exposure.bucket(Bucket::Zero).unwrap();
        prop_assert_eq!(zero.sums, exposure.by_expiry[0].sums);
        prop_assert_eq!(&zero.levels, &exposure.by_expiry[0].levels);
    }

    #[test]
    fn zeros_are_crossings_and_the_flip_is_the_nearest(seed in any::<u64>()) {
        let state = state(&chain(&HOURS, 41, seed), conventions());
        for bucket in &state.exposure().unwrap().buckets {
            let levels = &bucket.levels;
            for zero in &levels.all_zeros {
                let at = |spot: f64| state.profile_at(bucket.bucket, spot).unwrap();
                let (below, above) = (at(zero.spot - 2e-6), at(zero.spot + 2e-6));
                prop_assert!(below * above < 0.0, "{zero:?} {below} {above}");
                prop_assert_eq!(zero.direction == Crossing::Up, below < 0.0);
            }
            prop_assert!(levels.all_zeros.is_sorted_by(|a, b| a.spot < b.spot));
            let nearest = levels.all_zeros.iter().map(|zero| (zero.spot - 600.0).abs()).fold(f64::NAN, f64::min);
            match levels.gamma_flip {
                Some(flip) => prop_assert_eq!((flip - 600.0).abs(), nearest),
                None => prop_assert!(levels.all_zeros.is_empty() && levels.profile_positive.is_some()),
            }
        }
    }

    #[test]
    fn scales(seed in any::<u64>(), factor in 2_u32..50) {
        let chain = chain(&HOURS, 21, seed);
        let plain = state(&chain, vendor());
        let mut more = chain.clone();
        for row in &mut more.rows {
            row.open_interest = row.open_interest.map(|open| open * factor);
        }
        let more = state(&more, vendor());
        let flip = |state: &ChainState| state.exposure().unwrap().bucket(Bucket::All).unwrap().levels.gamma_flip;
        match (flip(&plain), flip(&more)) {
            (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-6),
            (a, b) => prop_assert_eq!(a, b),
        }
        let mut ten = chain.clone();
        ten.spot = Some(Price::from_cents(600_000));
        for row in &mut ten.rows {
            row.contract.strike = Price::from_raw(row.contract.strike.raw() * 10);
        }
        let ten = state(&ten, vendor()).exposure().unwrap().total;
        let total = plain.exposure().unwrap().total;
        prop_assert!((ten.gex - 10.0 * total.gex).abs() <= 1e-9 * 10.0 * (total.call_gex - total.put_gex));
    }
}

#[test]
fn the_dealers_sign_turns_the_sums() {
    let chain = chain(&HOURS, 21, 5);
    let of =
        |dealer_sign| state(&chain, Conventions { dealer_sign, ..conventions() }).exposure().unwrap().total;
    let (naive, inverse, short) = (of(DealerSign::Naive), of(DealerSign::Inverse), of(DealerSign::ShortBoth));
    assert_eq!((naive.gex, naive.vanna_ex), (-inverse.gex, -inverse.vanna_ex));
    assert_eq!((naive.call_gex, naive.put_gex), (-short.call_gex, short.put_gex));
    assert_eq!(naive.dex, inverse.dex);
}

#[test]
fn a_state_goes_through_bytes_in_the_middle_of_its_work() {
    let mut state = state(&chain(&HOURS, 21, 9), conventions());
    state.on_spot(Price::from_cents(60_010), noon());
    state.begin(&moment()).unwrap();
    state.step(60).unwrap();
    let bytes = postcard::to_stdvec(&state).unwrap();
    let mut again: ChainState = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(again, state);
    while state.step(60).unwrap() == Progress::Running {}
    while again.step(60).unwrap() == Progress::Running {}
    assert_eq!(again, state);
}

#[test]
fn time_and_spot_make_a_chain_due() {
    let mut state = state(&chain(&HOURS, 21, 9), conventions());
    assert!(!state.is_due());
    state.advance(noon() + Span::SECOND, Span::SECOND);
    assert!(!state.is_due());
    state.advance(noon() + Span::from_seconds(2), Span::SECOND);
    assert!(state.is_due());
    state.revalue(&moment()).unwrap();
    state.on_spot(Price::from_cents(60_000), noon());
    assert!(!state.is_due(), "the same spot");
    state.on_spot(Price::from_cents(60_001), noon() - Span::SECOND);
    assert!(!state.is_due(), "an older one");
    state.on_spot(Price::from_cents(60_001), noon());
    assert!(state.is_due());
}
