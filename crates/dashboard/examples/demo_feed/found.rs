//! Made-up found parameters: one of each verdict.

use std::collections::BTreeMap;

use alphatrader_model::discovered::{
    CorrelationMatrix, Discovered, MarketMakers, PairInterval, Parameter, RegimeParameters, SCHEMA_VERSION,
    Sample, SearchedData, Status, SymbolParameters, TemporalParameters, VpinParameters,
};
use alphatrader_model::{Span, Symbol, Timestamp};

pub(crate) fn found(open: Timestamp) -> Discovered {
    let symbols = ["SPY", "QQQ"].map(|name| Symbol::new(name).expect("a symbol"));
    let day = |days: i64| Span::from_minutes(days * 24 * 60);
    Discovered {
        schema_version: SCHEMA_VERSION,
        generated_at: open - day(3),
        valid_until: open + day(4),
        data: SearchedData {
            source: "recording".to_owned(),
            feed: "tick_by_tick".to_owned(),
            first: Some(jiff::civil::date(2026, 9, 15)),
            last: Some(jiff::civil::date(2026, 11, 20)),
            sessions_used: 48,
            excluded_volume_share: Some(0.021),
            ..SearchedData::default()
        },
        symbols: symbols.map(|symbol| (symbol, of_symbol(open + day(17)))).into(),
        correlation: correlation(&symbols),
        ..Discovered::default()
    }
}

fn parameter(value: f64, default: f64, status: Status, reasons: &[&str]) -> Parameter {
    Parameter {
        value: Some(value),
        status,
        confidence: Some(0.81),
        ci95: Some([value * 0.93, value * 1.06]),
        n: Sample { sessions: Some(48), buckets: Some(2_400), effective: Some(48.0), ..Sample::default() },
        method: "grid_one_se".to_owned(),
        tests: BTreeMap::from([
            ("placebo_p_holm".to_owned(), 0.34),
            ("partial_rho".to_owned(), 0.03),
            ("split_half".to_owned(), 0.77),
        ]),
        predictive: Some(status == Status::Accepted),
        default: Some(default),
        reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
        ..Parameter::default()
    }
}

fn of_symbol(until: Timestamp) -> SymbolParameters {
    let short = |status, reasons| Parameter { predictive: None, ..parameter(12.0, 10.0, status, reasons) };
    SymbolParameters {
        vpin: VpinParameters {
            bucket_volume: parameter(1_400_000.0, 1_400_000.0, Status::Default, &["placebo_not_rejected"]),
            window: parameter(60.0, 50.0, Status::Accepted, &[]),
            alert_cdf: Parameter {
                requested: Some(0.99),
                ci95: None,
                confidence: None,
                predictive: None,
                ..parameter(0.9, 0.99, Status::Limited, &["needs_500_effective_sessions"])
            },
            sigma_lambda: parameter(0.97, 0.97, Status::Default, &[]),
        },
        temporal: TemporalParameters {
            lookback_bars: short(Status::Accepted, &[]),
            series: BTreeMap::from([("signed_volume".to_owned(), short(Status::Accepted, &[]))]),
            ..TemporalParameters::default()
        },
        regimes: RegimeParameters {
            k: 2,
            status: Status::Accepted,
            confidence: Some(0.83),
            bic: BTreeMap::from([(1, 5_520.3), (2, 5_196.7), (3, 5_236.6)]),
            sigma_5m: vec![0.000_6, 0.001_7],
            transition: vec![vec![0.98, 0.02], vec![0.05, 0.95]],
            oos_logscore_gain: Some(0.031),
            n: Sample { points: Some(3_744), ..Sample::default() },
            valid_until: Some(until),
            ..RegimeParameters::default()
        },
        market_makers: MarketMakers {
            reasons: vec!["no_mmid_in_feed".to_owned()],
            ..MarketMakers::default()
        },
        sweep_floor: Parameter::refused("dollars", Some(100_000.0), "needs_500_bursts"),
        ..SymbolParameters::default()
    }
}

fn correlation(symbols: &[Symbol; 2]) -> CorrelationMatrix {
    let [first, second] = *symbols;
    CorrelationMatrix {
        status: Status::Accepted,
        symbols: symbols.to_vec(),
        method: "ledoit_wolf_5m".to_owned(),
        shrinkage: Some(0.04),
        n: 3_744,
        condition: Some(58.1),
        matrix: vec![vec![1.0, 0.91], vec![0.91, 1.0]],
        pairs: vec![PairInterval { first, second, value: 0.91, low: 0.89, high: 0.93 }],
        ..CorrelationMatrix::default()
    }
}
