//! Option maths against QuantLib and `py_vollib`: the 300 rows of `options-more.csv`, made by `options.py`.

use std::collections::BTreeMap;

use alphatrader_analytics::options::american::DividendModel;
use alphatrader_analytics::options::{CashDividend, Terms, Tree, solve_volatility, value};
use alphatrader_model::instrument::Right;

const ORACLE: &str = include_str!("../../../../tests/oracles/options-more.csv");

/// A row by its columns; a number only where the cell holds one.
struct Row(BTreeMap<&'static str, &'static str>);

impl Row {
    fn number(&self, column: &str) -> Option<f64> {
        let cell = self.0[column];
        (!cell.is_empty()).then(|| cell.parse().expect("a number"))
    }

    fn known(&self, column: &str) -> f64 {
        self.number(column).expect("every row has it")
    }

    fn terms(&self) -> Terms {
        Terms {
            right: if self.0["type"] == "C" { Right::Call } else { Right::Put },
            spot: self.known("S"),
            strike: self.known("K"),
            years: self.known("T_years"),
            rate: self.known("r"),
            dividend_yield: self.known("q"),
        }
    }
}

fn rows(style: &str, count: usize) -> Vec<Row> {
    let mut lines = ORACLE.lines().filter(|line| !line.starts_with('#'));
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let all = lines.map(|line| Row(header.iter().copied().zip(line.split(',')).collect()));
    let rows: Vec<Row> = all.filter(|row| row.0["style"] == style).collect();
    assert_eq!(rows.len(), count);
    rows
}

#[test]
fn european_values_are_those_of_quantlib() {
    for row in rows("E", 180) {
        let (id, terms) = (row.0["id"], row.terms());
        let v = value(&terms, row.known("sigma")).unwrap();
        let close = |name: &str, ours: f64, relative: f64, floor: f64| {
            let theirs = row.known(name);
            let gap = (ours - theirs).abs();
            assert!(gap <= floor || gap <= relative * theirs.abs(), "{id}: {name} {ours} {theirs}");
        };
        close("price", v.price, 1e-9, 1e-11 * terms.spot);
        close("vollib_price", v.price, 1e-9, 1e-11 * terms.spot);
        close("delta", v.delta, 1e-8, 1e-11);
        close("gamma", v.gamma, 1e-8, 1e-11);
        close("vega", v.vega, 1e-8, 1e-10 * terms.spot);
        // Its theta and rho are sums of large terms.
        close("theta", v.theta, 1e-8, 1e-9 * terms.spot);
        close("rho", v.rho, 1e-8, 1e-11 * terms.spot);
        // These two it does not have: differences of its delta.
        close("vanna", v.vanna, 1e-6, 1e-7);
        close("charm", v.charm, 1e-6, 1e-7 / terms.years);
    }
}

#[test]
fn implied_volatility_is_that_of_vollib_where_the_price_holds_it() {
    let mut compared = 0;
    for row in rows("E", 180) {
        let (terms, sigma) = (row.terms(), row.known("sigma"));
        let vega = value(&terms, sigma).unwrap().vega;
        if vega * 0.01 < 1e-6 * terms.spot {
            continue;
        }
        let ours = solve_volatility(&terms, row.known("price")).unwrap();
        assert!((ours / sigma - 1.0).abs() < 1e-7, "{}: {ours} {sigma}", row.0["id"]);
        if let Some(theirs) = row.number("vollib_iv") {
            assert!((ours / theirs - 1.0).abs() < 1e-6, "{}: {ours} {theirs}", row.0["id"]);
            compared += 1;
        }
    }
    assert!(compared > 120, "{compared}");
}

#[test]
fn american_prices_are_those_of_its_high_precision_solver() {
    let mut tree = Tree::default();
    for row in rows("A", 80) {
        let (id, terms) = (row.0["id"], row.terms());
        let found = tree.quick(&terms, row.known("sigma"), &[], DividendModel::SpotDrop).unwrap();
        let (v, price) = (found.valuation, row.known("price"));
        assert!((v.price - price).abs() <= 2e-4 * terms.strike, "{id}: {} {price}", v.price);
        if let Some(delta) = row.number("delta") {
            assert!((v.delta - delta).abs() <= 1e-3, "{id}: delta {} {delta}", v.delta);
        }
        if let Some(gamma) = row.number("gamma") {
            assert!((v.gamma - gamma).abs() <= 0.01 * gamma + 1e-6, "{id}: gamma {} {gamma}", v.gamma);
        }
    }
}

#[test]
fn dividends_in_cash_are_those_of_its_finite_differences() {
    let mut tree = Tree::new(301).unwrap();
    for row in rows("AD", 40) {
        let (id, terms) = (row.0["id"], row.terms());
        let paid = [CashDividend { years: row.known("dividend_years"), amount: row.known("dividend") }];
        let found = tree.quick(&terms, row.known("sigma"), &paid, DividendModel::SpotDrop).unwrap();
        let v = found.valuation;
        for (name, ours, within) in
            [("price", v.price, 0.01), ("delta", v.delta, 2e-3), ("gamma", v.gamma, 0.02 * v.gamma + 1e-4)]
        {
            let theirs = row.known(name);
            assert!((ours - theirs).abs() <= within, "{id}: {name} {ours} {theirs}");
        }
    }
}
