use alphatrader_model::chain::{Exercise, VendorGreeks};
use alphatrader_model::{OptionContract, Right};
use proptest::prelude::*;

use super::*;

fn key() -> ApiKey {
    ApiKey::new("ABCDEFGH12345678").unwrap()
}

/// 11:00 in New York on a session day.
const NOW: &str = "2026-05-22T15:00:00Z";

fn with<T>(format: Format, spot: Option<f64>, then: impl FnOnce(&Asked<'_>) -> T) -> T {
    let (calendar, key) = (Calendar::xnys(), key());
    then(&Asked {
        function: Function::RealtimeOptions,
        format,
        symbol: Symbol::new("SPY").unwrap(),
        expiration: None,
        received: NOW.parse().unwrap(),
        spot: spot.map(|spot| Spot::at(Price::from_f64(spot).unwrap())),
        rate: 0.04,
        calendar: &calendar,
        key: &key,
    })
}

fn decoded(rows: &str, spot: Option<f64>) -> Decoded {
    let body = format!(r#"{{"endpoint":"Realtime Options","message":"success","data":[{rows}]}}"#);
    with(Format::Json, spot, |asked| decode(body.as_bytes(), asked))
}

fn chain(rows: &str, spot: Option<f64>) -> Chain {
    match decoded(rows, spot) {
        Decoded::Chain(chain) => *chain,
        other => panic!("{other:?}"),
    }
}

/// A row with a mended or broken field.
fn row(changes: &[(&str, &str)]) -> String {
    let mut fields: Vec<(&str, String)> = [
        ("contractID", "SPY260522P00705000"),
        ("symbol", "SPY"),
        ("expiration", "2026-05-22"),
        ("strike", "705.00"),
        ("type", "put"),
        ("last", "10.27"),
        ("mark", "10.28"),
        ("bid", "10.25"),
        ("bid_size", "12"),
        ("ask", "10.30"),
        ("ask_size", "9"),
        ("volume", "330"),
        ("open_interest", "2244"),
        ("date", "2026-05-22"),
        ("implied_volatility", "0.19048"),
        ("delta", "-0.23192"),
        ("gamma", "0.00430"),
        ("theta", "-0.10073"),
        ("vega", "1.13585"),
        ("rho", "-0.45623"),
    ]
    .map(|(name, value)| (name, format!("\"{value}\"")))
    .to_vec();
    for (name, value) in changes {
        fields.retain(|(field, _)| field != name);
        if *value != "MISSING" {
            fields.push((name, (*value).to_owned()));
        }
    }
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", fields.join(","))
}

fn counted(changes: &[(&str, &str)], spot: Option<f64>) -> (Option<ChainEntry>, Rejections) {
    // Forty good rows beside it, so that no rule for payloads applies.
    let good: Vec<String> = (0..60)
        .map(|n| {
            let (name, strike) = (format!("\"SPY260522P00{}000\"", 600 + n), format!("\"{}\"", 600 + n));
            row(&[("contractID", &name), ("strike", &strike)])
        })
        .collect();
    match decoded(&format!("{},{}", good.join(","), row(changes)), spot) {
        Decoded::Chain(chain) => {
            let strike = Price::from_cents(70_500);
            let kept = chain.snapshot.rows.iter().find(|row| row.contract.strike == strike).copied();
            (kept, chain.rejections)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_recorded_rows_are_read_to_the_last_digit() {
    let call = row(&[
        ("contractID", r#""SPY260522C00500000""#),
        ("strike", r#""500.00""#),
        ("type", r#""call""#),
        ("last", r#""238.93""#),
        ("bid", r#""241.65""#),
        ("ask", r#""244.45""#),
        ("volume", r#""53""#),
        ("open_interest", r#""4""#),
        ("implied_volatility", r#""3.16602""#),
        ("delta", r#""0.99327""#),
        ("gamma", r#""0.00015""#),
        ("theta", r#""-1.20745""#),
        ("vega", r#""0.00732""#),
        ("rho", r#""0.01355""#),
    ]);
    let put = row(&[("contractID", r#""SPY260821P00705000""#), ("expiration", r#""2026-08-21""#)]);
    let month = row(&[
        ("contractID", r#""SPY260619P00355000""#),
        ("expiration", r#""2026-06-19""#),
        ("strike", r#""355.00""#),
        ("last", r#""6.20""#),
        ("bid", r#""6.10""#),
        ("ask", r#""6.31""#),
        ("volume", "1200"),
        ("open_interest", "5321"),
        ("implied_volatility", r#""0.27340""#),
    ]);
    let chain = chain(&[put, month, call].join(","), None);
    let rows = &chain.snapshot.rows;
    assert_eq!(
        rows.iter().map(|row| row.contract.to_string()).collect::<Vec<_>>(),
        ["SPY260522C00500000", "SPY260619P00355000", "SPY260821P00705000"]
    );
    let first = rows[0];
    assert_eq!((first.last, first.bid), (Some(Price::from_cents(23_893)), Some(Price::from_cents(24_165))));
    assert_eq!(
        (first.ask, first.volume, first.open_interest),
        (Some(Price::from_cents(24_445)), Some(53), Some(4))
    );
    assert_eq!((first.implied_volatility, first.greeks.delta), (Some(3.166_02), Some(0.993_27)));
    assert_eq!((first.greeks.gamma, first.greeks.theta), (Some(0.000_15), Some(-1.207_45)));
    assert_eq!((first.greeks.vega, first.greeks.rho), (Some(0.007_32), Some(0.013_55)));
    assert_eq!(first.settles.to_string(), "2026-05-22T20:00:00Z");
    assert_eq!((first.exercise, first.multiplier), (Exercise::American, Some(100)));
    assert_eq!(rows[1].implied_volatility, Some(0.2734));
    assert_eq!(
        (rows[1].volume, rows[1].open_interest, rows[1].bid_size),
        (Some(1_200), Some(5_321), Some(12))
    );
    assert_eq!((rows[2].greeks.vega, rows[2].greeks.rho), (Some(1.135_85), Some(-0.456_23)));
    assert_eq!(chain.rejections.accepted, 3);
}

#[test]
fn each_rule_for_a_row_has_its_counter() {
    let dropped: [(&[(&str, &str)], Rule); 15] = [
        (&[("contractID", "MISSING")], Rule::NoContract),
        (&[("contractID", "\"SPY2605\"")], Rule::NoContract),
        (&[("strike", "\"706.00\"")], Rule::Disagrees),
        (&[("type", "\"CALL\"")], Rule::Disagrees),
        (&[("type", "\"warrant\"")], Rule::Disagrees),
        (&[("expiration", "\"2026-05-29\"")], Rule::Disagrees),
        (&[("contractID", "\"QQQ260522P00705000\"")], Rule::Disagrees),
        (&[("strike", "\"0\"")], Rule::Strike),
        (&[("contractID", "\"SPY260521P00705000\""), ("expiration", "\"2026-05-21\"")], Rule::Expired),
        (&[("contractID", "\"SPY300521P00705000\""), ("expiration", "\"2030-05-21\"")], Rule::TooFar),
        (&[("bid", "\"-1\"")], Rule::Negative),
        (&[("last", "\"-0.01\"")], Rule::Negative),
        (&[("open_interest", "\"-5\"")], Rule::Negative),
        (&[("volume", "\"1.5\"")], Rule::Count),
        (&[("bid_size", "\"x\"")], Rule::Count),
    ];
    for (changes, rule) in dropped {
        let (kept, counts) = counted(changes, None);
        assert_eq!((kept, counts.get(rule)), (None, 1), "{changes:?}");
        assert_eq!(counts.accepted, 60);
    }
}

#[test]
fn what_is_wrong_in_a_row_is_dropped_and_the_row_kept() {
    let none = VendorGreeks::default();
    let (kept, counts) = counted(&[("bid", "\"10.40\"")], None);
    assert_eq!((kept.unwrap().bid, kept.unwrap().ask, counts.get(Rule::Crossed)), (None, None, 1));
    let (kept, counts) = counted(&[("bid", "\"0.00\""), ("ask", "\"0.00\"")], None);
    assert_eq!((kept.unwrap().open_interest, counts.get(Rule::NoQuote)), (Some(2_244), 1));
    let (kept, _) = counted(&[("bid", "\"0.00\"")], None);
    assert_eq!((kept.unwrap().bid, kept.unwrap().ask), (None, Some(Price::from_cents(1_030))));
    for volatility in ["\"0.00000\"", "\"5.0\"", "\"-1\"", "\"junk\""] {
        let (kept, counts) = counted(&[("implied_volatility", volatility)], None);
        let kept = kept.unwrap();
        assert_eq!((kept.implied_volatility, kept.greeks, counts.get(Rule::NoVolatility)), (None, none, 1));
    }
    for (field, value) in
        [("delta", "\"-1.01\""), ("delta", "\"0.2\""), ("gamma", "\"-0.1\""), ("vega", "\"-1\"")]
    {
        let (kept, counts) = counted(&[(field, value)], None);
        assert_eq!((kept.unwrap().greeks, counts.get(Rule::Greeks)), (none, 1), "{field}");
        assert_eq!(kept.unwrap().implied_volatility, Some(0.190_48));
    }
    let (kept, counts) = counted(&[("theta", "\"abc\""), ("last", "\"1.23456\"")], None);
    assert_eq!((kept.unwrap().greeks.theta, kept.unwrap().last), (None, None));
    assert_eq!(counts.get(Rule::NotANumber), 2);
    assert_eq!(counts.fields().collect::<Vec<_>>(), [("last", 1), ("theta", 1)]);
    for (field, value) in
        [("last", "\"0.00\""), ("last", "MISSING"), ("bid_size", "MISSING"), ("date", "MISSING")]
    {
        assert!(counted(&[(field, value)], None).0.is_some(), "{field}");
    }
    let (kept, _) = counted(&[("last", "\"0.00\"")], None);
    assert_eq!(kept.unwrap().last, None, "never traded is not a price");
}

#[test]
fn the_spot_shows_noise_and_prices_below_what_exercising_pays() {
    // A put of 705 with the spot at 600 pays 105.
    let deep = [
        ("bid", "\"104.90\""),
        ("ask", "\"105.20\""),
        ("delta", "\"-0.98977\""),
        ("implied_volatility", "\"4.2099\""),
    ];
    let alone = chain(&row(&deep), Some(600.0));
    let kept = alone.snapshot.rows[0];
    assert_eq!(alone.rejections.get(Rule::Noise), 1);
    assert_eq!(
        (kept.implied_volatility, kept.greeks.delta, kept.greeks.gamma),
        (None, Some(-1.0), Some(0.0))
    );
    let cheap = chain(&row(&[("bid", "\"90.00\""), ("ask", "\"91.00\"")]), Some(600.0));
    assert_eq!(cheap.rejections.get(Rule::BelowIntrinsic), 1);
    assert!(cheap.below_intrinsic && cheap.snapshot.delayed);
    let (kept, counts) = counted(&deep, None);
    assert_eq!((kept.unwrap().implied_volatility, counts.get(Rule::Noise)), (Some(4.2099), 0));
}

#[test]
fn todays_contracts_are_gone_after_their_last_options_stop() {
    let (calendar, key) = (Calendar::xnys(), key());
    let asked = |time: &str| Asked {
        function: Function::RealtimeOptions,
        format: Format::Json,
        symbol: Symbol::new("SPY").unwrap(),
        expiration: None,
        received: time.parse().unwrap(),
        spot: None,
        rate: 0.04,
        calendar: &calendar,
        key: &key,
    };
    let body = format!(r#"{{"data":[{}]}}"#, row(&[]));
    assert!(matches!(decode(body.as_bytes(), &asked("2026-05-22T20:14:59Z")), Decoded::Chain(_)));
    match decode(body.as_bytes(), &asked("2026-05-22T20:15:00Z")) {
        Decoded::Refused(PayloadRule::NoRows, counts) => assert_eq!(counts.get(Rule::ExpiredToday), 1),
        other => panic!("{other:?}"),
    }
}

#[test]
fn payloads_are_refused_whole() {
    let refused = |rows: &str| match decoded(rows, None) {
        Decoded::Refused(rule, _) => rule,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&row(&[("symbol", "\"QQQ\"")])), PayloadRule::OtherSymbol);
    assert_eq!(refused(&row(&[("expiration", "\"2099-99-99\"")])), PayloadRule::NoDate);
    assert_eq!(refused(&row(&[("date", "\"yesterday\"")])), PayloadRule::NoDate);
    assert_eq!(refused(&row(&[("strike", "\"-5\"")])), PayloadRule::NoRows);
    let crossed: Vec<String> = (0..40)
        .map(|n| {
            let (name, strike) = (format!("\"SPY260522P00{}000\"", 600 + n), format!("\"{}\"", 600 + n));
            let bid = if n == 0 { "\"99.0\"" } else { "\"10.25\"" };
            row(&[("contractID", &name), ("strike", &strike), ("bid", bid)])
        })
        .collect();
    assert_eq!(refused(&crossed.join(",")), PayloadRule::Crossed);
    assert!(matches!(decoded(&crossed[1..].join(","), None), Decoded::Chain(_)));
}

#[test]
fn sample_data_and_refusals_never_become_chains() {
    let body = |text: &str| with(Format::Json, None, |asked| decode(text.as_bytes(), asked));
    let class = |text: &str| match body(text) {
        Decoded::Verdict(verdict) => verdict.class,
        other => panic!("{other:?}"),
    };
    let sample = r#"{"contractID":"XXYYZZ999999C00020000","symbol":"XXYYZZ","expiration":"2099-99-99"}"#;
    assert_eq!(
        class(&format!(r#"{{"data":[{sample}],"message":"This is a premium endpoint."}}"#)),
        Class::NotEntitled
    );
    assert_eq!(class(&format!(r#"{{"data":[{sample}]}}"#)), Class::NotEntitled);
    // Rows that look right under a message that is not `success`.
    let good = row(&[]);
    assert_eq!(
        class(&format!(r#"{{"data":[{good}],"message":"This is a premium endpoint. ARTIFICIAL"}}"#)),
        Class::NotEntitled
    );
    assert_eq!(
        class(&format!(r#"{{"endpoint":"Historical Options","data":[{good}]}}"#)),
        Class::Transport(Broken::Unknown)
    );
    assert_eq!(class(r#"{"data":[]}"#), Class::Empty);
    assert_eq!(class(&format!(r#"{{"data":[{good}"#)), Class::Transport(Broken::Truncated));
    assert_eq!(class("<html>"), Class::Transport(Broken::Html));
}

#[test]
fn of_a_contract_that_stands_twice_the_last_counts() {
    let chain = chain(&[row(&[("bid", "\"1.00\"")]), row(&[("bid", "\"2.00\"")])].join(","), None);
    assert_eq!(chain.snapshot.rows.len(), 1);
    assert_eq!(chain.snapshot.rows[0].bid, Some(Price::from_cents(200)));
    assert_eq!(chain.rejections.get(Rule::Duplicate), 1);
}

#[test]
fn another_sessions_date_is_stale_in_session_hours_only() {
    let stale = row(&[("date", "\"2026-05-21\"")]);
    let chain = chain(&stale, None);
    assert!(chain.stale_date && chain.snapshot.delayed);
    assert_eq!(chain.rejections.get(Rule::StaleDate), 1);
    let calendar = Calendar::xnys();
    let evening = with(Format::Json, None, |asked| {
        let asked =
            Asked { received: "2026-05-21T23:00:00Z".parse().unwrap(), calendar: &calendar, ..asked.clone() };
        decode(format!(r#"{{"data":[{}]}}"#, row(&[])).as_bytes(), &asked)
    });
    assert!(matches!(evening, Decoded::Chain(chain) if !chain.snapshot.delayed));
}

#[test]
fn indices_settle_as_they_do() {
    let calendar = Calendar::xnys();
    let spx = row(&[
        ("contractID", "\"SPX260619C00705000\""),
        ("symbol", "\"SPX\""),
        ("expiration", "\"2026-06-18\""),
        ("type", "\"call\""),
    ])
    .replace("260619", "260618");
    let weekly = spx.replace("SPX260618", "SPXW260618");
    let chain = with(Format::Json, None, |asked| {
        let asked = Asked { symbol: Symbol::new("SPX").unwrap(), calendar: &calendar, ..asked.clone() };
        decode(format!(r#"{{"data":[{spx},{weekly}]}}"#).as_bytes(), &asked)
    });
    let Decoded::Chain(chain) = chain else { panic!("{chain:?}") };
    let settles: Vec<String> = chain.snapshot.rows.iter().map(|row| row.settles.to_string()).collect();
    assert_eq!(settles, ["2026-06-18T13:30:00Z", "2026-06-18T20:00:00Z"]);
    assert!(chain.snapshot.rows.iter().all(|row| row.exercise == Exercise::European));
}

#[test]
fn adjusted_contracts_deliver_something_unknown() {
    let adjusted = row(&[("contractID", "\"SPY1260522P00705000\"")]);
    assert_eq!(chain(&adjusted, None).snapshot.rows[0].multiplier, None);
}

#[test]
fn deltas_far_from_ours_are_replaced_by_ours() {
    let rows = |shift: f64| {
        let rows: Vec<String> = (0..30)
            .map(|n| {
                let strike = 690.0 + f64::from(n);
                let terms = alphatrader_analytics::options::Terms {
                    right: Right::Call,
                    spot: 705.0,
                    strike,
                    years: 28.0 / 365.0,
                    rate: 0.04,
                    dividend_yield: 0.0,
                };
                let delta = alphatrader_analytics::options::delta(&terms, 0.2).unwrap() + shift;
                let (name, strike) = (format!("\"SPY260619C00{strike:.0}000\""), format!("\"{strike}\""));
                let (delta, bid) = (format!("\"{delta:.5}\""), "\"20.00\"");
                row(&[
                    ("contractID", &name),
                    ("expiration", "\"2026-06-19\""),
                    ("type", "\"call\""),
                    ("strike", &strike),
                    ("bid", bid),
                    ("ask", "\"20.10\""),
                    ("implied_volatility", "\"0.2\""),
                    ("delta", &delta),
                ])
                // The third Friday of June 2026 is a holiday: the contract is that of the Thursday.
                .replace("260619", "260618")
                .replace("2026-06-19", "2026-06-18")
            })
            .collect();
        chain(&rows.join(","), Some(705.0))
    };
    let good = rows(0.0);
    assert!(good.delta_difference.unwrap() < 0.01 && !good.own_greeks, "{:?}", good.delta_difference);
    let bad = rows(0.08);
    assert!(bad.own_greeks && bad.snapshot.rows.iter().all(|row| row.greeks.delta.is_none()));
    assert!(bad.snapshot.rows.iter().all(|row| row.implied_volatility.is_some()));
}

const HEADER: &str = "contractID,symbol,expiration,strike,type,last,mark,bid,bid_size,ask,ask_size,volume,open_interest,date,implied_volatility,delta,gamma,theta,vega,rho\r\n";
const LINE: &str = "SPY260522P00705000,SPY,2026-05-22,705.00,put,10.27,10.28,10.25,12,10.30,9,330,2244,2026-05-22,0.19048,-0.23192,0.00430,-0.10073,1.13585,-0.45623\r\n";

#[test]
fn a_table_says_the_same_as_json() {
    let table = |text: &str| with(Format::Csv, None, |asked| decode(text.as_bytes(), asked));
    let Decoded::Chain(csv) = table(&format!("{HEADER}{LINE}")) else { panic!() };
    assert_eq!(csv.snapshot, chain(&row(&[]), None).snapshot);
    assert_eq!(csv.hash, chain(&row(&[]), None).hash);
    let class = |text: &str| match table(text) {
        Decoded::Verdict(verdict) => verdict.class,
        other => panic!("{other:?}"),
    };
    assert_eq!(class(HEADER), Class::Empty);
    assert_eq!(class(&format!("{HEADER}{LINE}SPY260522P0070")), Class::Transport(Broken::Truncated));
    assert_eq!(class(&format!("{HEADER}{}", LINE.trim_end())), Class::Transport(Broken::Truncated));
    assert_eq!(class("a,b,c\r\n1,2,3\r\n"), Class::Transport(Broken::Truncated));
    assert_eq!(class(r#"{"Information":"Minute-level rate limit exceed."}"#), Class::MinuteLimit);
}

#[test]
fn only_the_expiry_that_was_asked_for_comes() {
    let calendar = Calendar::xnys();
    let body = format!(
        r#"{{"data":[{},{}]}}"#,
        row(&[]),
        row(&[("contractID", "\"SPY260526P00705000\""), ("expiration", "\"2026-05-26\"")])
    );
    let chain = with(Format::Json, None, |asked| {
        let asked =
            Asked { expiration: crate::day::date("2026-05-26"), calendar: &calendar, ..asked.clone() };
        decode(body.as_bytes(), &asked)
    });
    let Decoded::Chain(chain) = chain else { panic!("{chain:?}") };
    assert_eq!((chain.snapshot.rows.len(), chain.rejections.get(Rule::OtherExpiry)), (1, 1));
}

fn any_row() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        "[-0-9.]{0,8}".prop_map(|text| format!("\"{text}\"")),
        Just("null".to_owned()),
        Just("[1,{\"a\":2}]".to_owned()),
        "-?[1-9][0-9]{0,3}(\\.[0-9]{1,3})?",
        Just("\"None\"".to_owned()),
    ];
    let fields = [
        "strike",
        "last",
        "bid",
        "ask",
        "bid_size",
        "volume",
        "open_interest",
        "implied_volatility",
        "delta",
        "gamma",
        "vega",
    ];
    proptest::collection::vec((0..fields.len(), value), 0..5).prop_map(move |changes| {
        let mut unique: Vec<(&str, &str)> = Vec::new();
        for (field, value) in &changes {
            if unique.iter().all(|(name, _)| *name != fields[*field]) {
                unique.push((fields[*field], value));
            }
        }
        row(&unique)
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for format in [Format::Json, Format::Csv] {
            with(format, Some(700.0), |asked| decode(&bytes, asked));
        }
    }

    #[test]
    fn any_table_is_read_or_refused(lines in proptest::collection::vec(".{0,80}", 0..6)) {
        let text = format!("{HEADER}{LINE}{}\r\n", lines.join("\r\n"));
        with(Format::Csv, Some(700.0), |asked| decode(text.as_bytes(), asked));
    }

    /// Whatever the fields say, what is kept keeps to the vocabulary.
    #[test]
    fn what_is_kept_is_sound(rows in proptest::collection::vec(any_row(), 1..20)) {
        if let Decoded::Chain(chain) = decoded(&rows.join(","), Some(700.0)) {
            for row in &chain.snapshot.rows {
                prop_assert!(row.bid.is_none_or(|bid| bid > Price::ZERO));
                prop_assert!(!row.is_crossed());
                prop_assert!(row.implied_volatility.is_none_or(|iv| iv > 0.0 && iv < 5.0));
                prop_assert!(row.greeks.delta.is_none_or(|delta| (-1.000_001..=0.000_001).contains(&delta)));
                prop_assert!(row.contract.expiry >= jiff::civil::date(2026, 5, 22));
            }
        }
    }

    #[test]
    fn a_body_cut_anywhere_is_no_chain(cut in 0_usize..1_000) {
        let body = format!(r#"{{"message":"success","data":[{},{}]}}"#, row(&[]), row(&[("contractID", "\"SPY260522P00704000\""), ("strike", "\"704\"")]));
        let cut = cut % body.len();
        let decoded = with(Format::Json, None, |asked| decode(&body.as_bytes()[..cut], asked));
        prop_assert!(matches!(decoded, Decoded::Verdict(_)), "{decoded:?}");
    }

    #[test]
    fn rows_in_any_order_give_one_chain(seed in proptest::collection::vec(0_u32..500, 1..40)) {
        let rows: Vec<String> = seed
            .iter()
            .map(|n| {
                let strike = 300 + n;
                let (name, strike) = (format!("\"SPY260522P00{strike}000\""), format!("\"{strike}\""));
                row(&[("contractID", &name), ("strike", &strike)])
            })
            .collect();
        let chain = chain(&rows.join(","), None);
        let contracts: Vec<OptionContract> = chain.snapshot.rows.iter().map(|row| row.contract).collect();
        prop_assert!(contracts.windows(2).all(|pair| pair[0].strike < pair[1].strike));
        prop_assert_eq!(contracts.len() as u64 + chain.rejections.get(Rule::Duplicate), seed.len() as u64);
        prop_assert_eq!(chain.snapshot.as_of, NOW.parse().unwrap());
    }
}
