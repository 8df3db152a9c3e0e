//! Option maths against QuantLib and a 60-digit closed form: every row of `options-oracle.csv`.

use alphatrader_analytics::options::american::{DividendModel, bjerksund};
use alphatrader_analytics::options::{
    CashDividend, NoVolatility, Terms, Tree, bjerksund_stensland, implied_volatility, solve_volatility, value,
};
use alphatrader_model::instrument::Right;

const ORACLE: &str = include_str!("../../../../tests/oracles/options-oracle.csv");

struct Row {
    id: String,
    /// `E` European, `A` American, `AD` American with a dividend in cash.
    style: String,
    terms: Terms,
    sigma: f64,
    price: f64,
    delta: f64,
    gamma: f64,
    vega: f64,
    theta: f64,
    rho: f64,
    vanna: f64,
    charm: f64,
    /// `ok`, `ill` or `none`: whether the price determines the volatility.
    status: String,
    /// Whether a market quote of that price would.
    usable: bool,
    /// Bjerksund-Stensland 2002 without a floor, of American rows.
    bjerksund: f64,
    european: f64,
    dividends: Vec<CashDividend>,
}

fn rows() -> Vec<Row> {
    all_rows().into_iter().filter(|row| row.style == "E").collect()
}

/// `dividend 1.85 on day 5; ...`
fn dividends(note: &str) -> Vec<CashDividend> {
    let Some(rest) = note.strip_prefix("dividend ") else { return vec![] };
    let (amount, rest) = rest.split_once(" on day ").expect("amount and day");
    let day: f64 = rest.split(';').next().expect("a day").parse().expect("a number of days");
    vec![CashDividend { years: day / 365.0, amount: amount.parse().expect("an amount") }]
}

fn all_rows() -> Vec<Row> {
    let mut lines = ORACLE.lines().filter(|line| !line.starts_with('#'));
    let header: Vec<&str> = lines.next().expect("the file has a header").split(',').collect();
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let place = |name: &str| header.iter().position(|column| *column == name);
            let text = |name: &str| cells[place(name).expect("the file has this column")];
            let number = |name: &str| text(name).parse::<f64>().unwrap_or(f64::NAN);
            Row {
                id: text("id").to_owned(),
                style: text("style").to_owned(),
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
                rho: number("rho"),
                vanna: number("vanna"),
                charm: number("charm"),
                status: text("iv_status").to_owned(),
                usable: text("market_iv_usable") == "y",
                bjerksund: number("bs2002_price"),
                european: number("eur_price"),
                dividends: dividends(text("note")),
            }
        })
        .collect()
}

/// Prices of American options to the tolerance of a tree of 101 steps, and the sensitivities near those that the
/// oracle took by bumps from a high-precision solver.
#[test]
fn american_options_agree_with_a_high_precision_solver() {
    let rows: Vec<Row> = all_rows().into_iter().filter(|row| row.style == "A").collect();
    assert_eq!(rows.len(), 14);
    let mut tree = Tree::default();
    for row in rows {
        let found = tree.value(&row.terms, row.sigma, &[], DividendModel::SpotDrop).unwrap();
        let v = found.valuation;
        let gap = (v.price - row.price).abs();
        assert!(gap <= 1e-4 * row.terms.strike, "{}: {} {}", row.id, v.price, row.price);
        assert_eq!(found.exercise_now, row.id == "am-put-spy-14d-ditm");
        for (name, ours, theirs, within) in [
            ("delta", v.delta, row.delta, 2e-4),
            ("gamma", v.gamma, row.gamma, 3e-3 * row.gamma),
            ("vega", v.vega, row.vega, 6e-3 * row.vega + 1e-9),
            ("rho", v.rho, row.rho, 2e-2 * row.rho.abs() + 1e-9),
        ] {
            assert!((ours - theirs).abs() <= within, "{}: {name} {ours} {theirs}", row.id);
        }
        if row.theta.is_finite() {
            let gap = (v.theta - row.theta).abs();
            assert!(gap <= 6e-3 * row.theta.abs(), "{}: theta {} {}", row.id, v.theta, row.theta);
        }
        assert!(!found.exercise_now || row.theta.is_nan(), "{}", row.id);
    }
}

/// Dividends in cash to the thousandth that the oracle's own finite differences hold, with a tree of 501 steps; one of
/// 101 is within two thousandths.
#[test]
fn dividends_in_cash_agree_with_finite_differences() {
    let rows: Vec<Row> = all_rows().into_iter().filter(|row| row.style == "AD").collect();
    assert_eq!(rows.len(), 4);
    for (steps, within) in [(501, 1e-3), (101, 2e-3)] {
        let mut tree = Tree::new(steps).unwrap();
        for row in &rows {
            assert_eq!(row.dividends.len(), 1);
            let found = tree.value(&row.terms, row.sigma, &row.dividends, DividendModel::SpotDrop).unwrap();
            let v = found.valuation;
            assert!((v.price - row.price).abs() <= within, "{}: {} {}", row.id, v.price, row.price);
            assert!((v.delta - row.delta).abs() <= within, "{}: {} {}", row.id, v.delta, row.delta);
            assert!((v.gamma - row.gamma).abs() <= within, "{}: {} {}", row.id, v.gamma, row.gamma);
            assert!(v.price > row.european, "{}", row.id);
        }
    }
}

#[test]
fn bjerksund_and_stensland_are_ported_to_eight_digits() {
    for row in all_rows().into_iter().filter(|row| row.style == "A") {
        let floored = bjerksund_stensland(&row.terms, row.sigma).unwrap();
        assert!(
            (floored - row.price).abs() <= 9e-4 * row.terms.strike,
            "{}: {floored} {}",
            row.id,
            row.price
        );
        assert!(floored >= row.european * (1.0 - 1e-12), "{}", row.id);
        let bare = bjerksund::bare(&row.terms, row.sigma);
        assert!((bare / row.bjerksund - 1.0).abs() <= 1e-8, "{}: {bare} {}", row.id, row.bjerksund);
    }
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
            ("rho", v.rho, row.rho),
            ("vanna", v.vanna, row.vanna),
            ("charm", v.charm, row.charm),
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
