//! A whole chain against numbers that a 60-digit closed form and QuantLib gave: `gex-chain.csv`, `gex-expected.json`.

#![allow(clippy::unwrap_used, reason = "what cannot be read fails the test")]

use std::collections::BTreeMap;

use alphatrader_analytics::exposure::{
    ChainState, Conventions, ExposureDocument, Forwards, Moment, RowStatus, exposure_of,
};
use alphatrader_model::calendar::Calendar;
use alphatrader_model::chain::{ChainEntry, ChainSnapshot, Exercise, Provider, VendorGreeks};
use alphatrader_model::exposure::{Bucket, ChainExposure, DealerSign, GreeksSource};
use alphatrader_model::instrument::{OptionContract, Symbol};
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use serde_json::Value;

const CHAIN: &str = include_str!("../../../../tests/oracles/gex-chain.csv");
const EXPECTED: &str = include_str!("../../../../tests/oracles/gex-expected.json");

/// The chain of the file.
pub(crate) fn chain() -> ChainSnapshot {
    let as_of: Timestamp = "2026-06-17T16:00:00Z".parse().unwrap();
    let mut lines = CHAIN.lines().filter(|line| !line.starts_with('#'));
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut rows: Vec<ChainEntry> = lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let text = |name: &str| cells[header.iter().position(|column| *column == name).unwrap()];
            let price =
                |name: &str| Price::from_f64(text(name).parse().unwrap()).ok().filter(|p| p.raw() > 0);
            let minutes: i64 = text("minutes_to_expiry").parse().unwrap();
            let age: i64 = text("quote_age_s").parse().unwrap();
            ChainEntry {
                contract: text("symbol").parse().unwrap(),
                multiplier: Some(100),
                exercise: Exercise::American,
                settles: as_of + Span::from_minutes(minutes),
                bid: price("bid"),
                ask: price("ask"),
                bid_size: None,
                ask_size: None,
                last: price("last"),
                volume: text("volume").parse().ok(),
                open_interest: text("open_interest").parse().ok(),
                implied_volatility: text("iv").parse().ok(),
                greeks: VendorGreeks::default(),
                quoted_at: Some(as_of - Span::from_seconds(age)),
            }
        })
        .collect();
    rows.sort_by_key(|row| (row.contract.expiry, row.contract.strike, row.contract.right));
    ChainSnapshot {
        underlying: Symbol::new("SPY").unwrap(),
        provider: Provider::Synthetic,
        as_of,
        spot: Some(Price::from_cents(60_000)),
        expiry: None,
        delayed: false,
        rows,
    }
}

/// Its conventions: volatilities of the file.
pub(crate) fn conventions() -> Conventions {
    Conventions {
        dealer_sign: DealerSign::Naive,
        greeks: GreeksSource::Vendor,
        rate: 0.043,
        dividend_yield: 0.012,
        forwards: Forwards::Yield,
        ..Conventions::default()
    }
}

fn exposure() -> ChainExposure {
    exposure_of(&chain(), conventions(), &Calendar::xnys()).unwrap()
}

fn expected() -> Value {
    serde_json::from_str(EXPECTED).unwrap()
}

/// Every number of `wanted` is in `found`, to `relative`.
fn same(path: &str, wanted: &Value, found: &Value, relative: f64) {
    match (wanted, found) {
        (Value::Number(wanted), Value::Number(found)) => {
            let (wanted, found) = (wanted.as_f64().unwrap(), found.as_f64().unwrap());
            let apart = (wanted - found).abs();
            let most = if path.ends_with("gamma_flip") || path.contains("all_zeros") {
                1e-6
            } else {
                relative * wanted.abs()
            };
            assert!(apart <= most, "{path}: {found} instead of {wanted}");
        }
        (Value::Object(wanted), Value::Object(found)) => {
            for (key, value) in wanted {
                let other = found.get(key).unwrap_or_else(|| panic!("{path}.{key} is missing"));
                same(&format!("{path}.{key}"), value, other, relative);
            }
        }
        (Value::Array(wanted), Value::Array(found)) => {
            assert_eq!(wanted.len(), found.len(), "{path}");
            for (place, (wanted, found)) in wanted.iter().zip(found).enumerate() {
                same(&format!("{path}[{place}]"), wanted, found, relative);
            }
        }
        _ => assert_eq!(wanted, found, "{path}"),
    }
}

#[test]
fn the_document_holds_every_number_of_the_oracle() {
    let exposure = exposure();
    let document = serde_json::to_value(ExposureDocument::new(&exposure, Some(&conventions()))).unwrap();
    let mut wanted = expected();
    assert_eq!(document["rows"]["included"], wanted["included_contracts"]);
    assert_eq!(document["rows"]["rows"], 67);
    let excluded = &document["rows"]["excluded"];
    for reason in ["expired", "missing_oi", "no_iv", "iv_out_of_range"] {
        assert_eq!(excluded[reason], 1, "{reason}");
    }
    assert_eq!(excluded["unknown_multiplier"], 0);
    assert_eq!(
        (&document["rows"]["flagged"]["stale"], &document["rows"]["flagged"]["crossed"]),
        (&1.into(), &1.into())
    );
    same("total", &wanted["total"], &document, 1e-9);
    same("levels", &wanted["levels"], &document["levels"], 1e-9);
    same("by_strike", &wanted["by_strike"], &document["by_strike"], 1e-9);
    assert_eq!(document["by_strike"].as_object().unwrap().len(), 26);
    for expiry in wanted["by_expiry"].as_object_mut().unwrap().values_mut() {
        for ours_alone in ["label", "max_pain_total_usd"] {
            expiry.as_object_mut().unwrap().remove(ours_alone);
        }
    }
    same("by_expiry", &wanted["by_expiry"], &document["by_expiry"], 1e-9);
    same("unusual", &wanted["unusual"], &document["unusual"], 1e-12);
    same("put_call.oi", &wanted["put_call"]["oi"], &document["put_call"]["oi"], 1e-12);
    same("put_call.volume", &wanted["put_call"]["volume"], &document["put_call"]["volume"], 1e-12);
    assert_eq!(document["max_pain"], 599);
    for key in ["spot", "r", "q"] {
        let found = if key == "spot" { &document["spot"] } else { &document["conventions"][key] };
        same(key, &wanted["conventions"][key], found, 0.0);
    }
}

#[test]
fn each_contract_has_the_sensitivities_of_the_oracle() {
    let (chain, calendar) = (chain(), Calendar::xnys());
    let mut state = ChainState::new(chain.underlying, conventions());
    state.apply(&chain, chain.as_of).unwrap();
    state.revalue(&Moment::new(&calendar, chain.as_of)).unwrap();
    let wanted = expected();
    for contract in wanted["per_contract"].as_array().unwrap() {
        let symbol: OptionContract = contract["symbol"].as_str().unwrap().parse().unwrap();
        let row = state.row(state.index_of(&symbol).unwrap()).unwrap();
        let greeks = row.greeks.unwrap();
        let found = BTreeMap::from([
            ("price", greeks.price),
            ("delta", greeks.delta),
            ("gamma", greeks.gamma),
            ("vega", greeks.vega),
            ("theta_per_year", greeks.theta),
            ("rho", greeks.rho),
            ("vanna", greeks.vanna),
            ("charm_per_year", greeks.charm),
        ]);
        for (name, value) in found {
            let exact = contract[name].as_f64().unwrap();
            // A price that is the small difference of two large numbers: to a ten-billionth of a cent.
            let least = if name == "price" { 1e-12 } else { 0.0 };
            assert!((value - exact).abs() <= 1e-9 * exact.abs() + least, "{symbol} {name}: {value} {exact}");
        }
    }
    for (symbol, case) in wanted["edge_cases"].as_object().unwrap() {
        let row = state.row(state.index_of(&symbol.parse().unwrap()).unwrap()).unwrap();
        let status = match case["reason"].as_str().unwrap() {
            "no_iv" => RowStatus::NoIv,
            "iv_out_of_range" => RowStatus::IvOutOfRange,
            "missing_oi" => RowStatus::MissingOi,
            "expired" => RowStatus::Expired,
            _ => RowStatus::Included,
        };
        assert_eq!(row.status, status, "{symbol}");
        assert_eq!(row.flags.stale, case["case"] == "stale_quote", "{symbol}");
        assert_eq!(row.flags.crossed, case["case"] == "crossed_quote", "{symbol}");
    }
}

#[test]
fn the_profile_is_that_of_the_oracle_and_meets_the_total_at_spot() {
    let (chain, calendar) = (chain(), Calendar::xnys());
    let mut state = ChainState::new(chain.underlying, conventions());
    state.apply(&chain, chain.as_of).unwrap();
    let total = state.revalue(&Moment::new(&calendar, chain.as_of)).unwrap().total.gex;
    for point in expected()["profile"].as_array().unwrap() {
        let (spot, gex) = (point["spot"].as_f64().unwrap(), point["gex"].as_f64().unwrap());
        let found = state.profile_at(Bucket::All, spot).unwrap();
        assert!((found / gex - 1.0).abs() < 1e-9, "{spot}: {found} {gex}");
    }
    assert!((state.profile_at(Bucket::All, 600.0).unwrap() / total - 1.0).abs() < 1e-9);
}

#[test]
fn own_volatilities_are_those_of_the_middles() {
    let (mut chain, calendar) = (chain(), Calendar::xnys());
    for row in &mut chain.rows {
        row.implied_volatility = None;
    }
    let own = Conventions { greeks: GreeksSource::Own, ..conventions() };
    let mut state = ChainState::new(chain.underlying, own);
    state.apply(&chain, chain.as_of).unwrap();
    state.revalue(&Moment::new(&calendar, chain.as_of)).unwrap();
    let mut lines = CHAIN.lines().filter(|line| !line.starts_with('#')).skip(1);
    let mut compared = 0;
    while let Some(cells) = lines.next().map(|line| line.split(',').collect::<Vec<_>>()) {
        let Ok(exact) = cells[11].parse::<f64>() else { continue };
        let row = state.row(state.index_of(&cells[0].parse().unwrap()).unwrap()).unwrap();
        if row.iv_from == Some(alphatrader_analytics::exposure::VolatilityFrom::Quote) {
            assert!((row.iv.unwrap() - exact).abs() < 1e-9, "{}: {:?} {exact}", cells[0], row.iv);
            compared += 1;
        }
    }
    assert!(compared >= 20, "{compared}");
}
