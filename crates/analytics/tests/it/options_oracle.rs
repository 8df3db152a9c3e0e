//! Option maths against QuantLib and a 60-digit closed form: the European rows of `options-oracle.csv`.

use alphatrader_analytics::options::{NoVolatility, Terms, implied_volatility, solve_volatility, value};
use alphatrader_model::instrument::Right;

const ORACLE: &str = include_str!("../../../../tests/oracles/options-oracle.csv");

struct Row {
    id: String,
    terms: Terms,
    sigma: f64,
    price: f64,
    delta: f64,
    gamma: f64,
    vega: f64,
    theta: f64,
    /// `ok`, `ill` or `none`: whether the price determines the volatility.
    status: String,
    /// Whether a market quote of that price would.
    usable: bool,
}

fn rows() -> Vec<Row> {
    let mut lines = ORACLE.lines().filter(|line| !line.starts_with('#'));
    let header: Vec<&str> = lines.next().expect("the file has a header").split(',').collect();
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let place = |name: &str| header.iter().position(|column| *column == name);
            let text = |name: &str| cells[place(name).expect("the file has this column")];
            let number = |name: &str| text(name).parse::<f64>().unwrap_or(f64::NAN);
            let row = Row {
                id: text("id").to_owned(),
                terms: Terms {
                    right: if text("type") == "C" { Right::Call } else { Right::Put },
                    spot: number("S"),
                    strike: number("K"),
                    years: number("T_years"),
                    rate: number("r"),
                    dividend_yield: number("q"),
                },
                sigma: number("sigma"),
                price: number("price"),
                delta: number("delta"),
                gamma: number("gamma"),
                vega: number("vega"),
                theta: number("theta"),
                status: text("iv_status").to_owned(),
                usable: text("market_iv_usable") == "y",
            };
            (text("style") == "E", row)
        })
        .filter_map(|(european, row)| european.then_some(row))
        .collect()
}

#[test]
fn prices_and_sensitivities_agree_with_sixty_digits() {
    let rows = rows();
    assert_eq!(rows.len(), 40);
    for row in rows {
        let v = value(&row.terms, row.sigma).unwrap();
        let gap = (v.price - row.price).abs();
        let close = gap <= 1e-11 * row.terms.spot || gap <= 1e-9 * row.price;
        assert!(close, "{}: price {} {}", row.id, v.price, row.price);
        for (name, ours, theirs) in [
            ("delta", v.delta, row.delta),
            ("gamma", v.gamma, row.gamma),
            ("vega", v.vega, row.vega),
            ("theta", v.theta, row.theta),
        ] {
            let gap = (ours - theirs).abs();
            assert!(gap <= 1e-12 || gap <= 1e-8 * theirs.abs(), "{}: {name} {ours} {theirs}", row.id);
        }
        assert!(!v.clamped || row.terms.years < 2e-6, "{}", row.id);
    }
}

/// Even the prices that are far below any tick keep their leading digits: the tails are computed as tails.
#[test]
fn tails_keep_their_digits() {
    for row in rows().into_iter().filter(|row| row.price < 1e-10) {
        let v = value(&row.terms, row.sigma).unwrap();
        assert!((v.price / row.price - 1.0).abs() < 1e-9, "{}: {} {}", row.id, v.price, row.price);
    }
}

#[test]
fn prices_give_their_volatility_back() {
    let mut exact = 0;
    for row in rows() {
        let found = solve_volatility(&row.terms, row.price);
        match row.status.as_str() {
            "ok" => {
                let sigma = found.unwrap();
                assert!((sigma / row.sigma - 1.0).abs() < 1e-8, "{}: {sigma}", row.id);
                exact += 1;
            }
            "ill" => {
                // A value or a reason; where it is a value, the guard says not to use it.
                assert!(found.is_err() || implied_volatility(&row.terms, row.price).is_err(), "{}", row.id);
            }
            other => {
                assert_eq!(other, "none");
                assert_eq!(found, Err(NoVolatility::BelowIntrinsic), "{}", row.id);
            }
        }
    }
    assert_eq!(exact, 37);
}

#[test]
fn the_guard_passes_what_a_market_quote_determines() {
    for row in rows() {
        let found = implied_volatility(&row.terms, row.price);
        if row.sigma >= 5.0 {
            // The bound itself is out of range, give or take the last digit of the root.
            assert!(
                found == Err(NoVolatility::OutOfRange) || found.unwrap().volatility > 4.999_999,
                "{}",
                row.id
            );
        } else if row.usable {
            let estimate = found.unwrap();
            assert!((estimate.volatility / row.sigma - 1.0).abs() < 1e-7, "{}", row.id);
            assert!((estimate.valuation.delta - row.delta).abs() < 1e-7, "{}", row.id);
        } else {
            assert!(found.is_err() || row.price < 0.005, "{}", row.id);
        }
    }
}
