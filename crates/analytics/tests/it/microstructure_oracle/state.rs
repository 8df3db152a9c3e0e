//! Volatility, Hawkes, regimes, temporal structure, correlation, distributions.

use alphatrader_analytics::correlation::hayashi_yoshida::{HayashiYoshida, Leg};
use alphatrader_analytics::correlation::ledoit_wolf;
use alphatrader_analytics::hawkes::Univariate;
use alphatrader_analytics::matrix::Symmetric;
use alphatrader_analytics::probability::multiple::{benjamini_hochberg, holm};
use alphatrader_analytics::probability::{
    Density, chi_square_tail, fisher_f_tail, normal_cdf, student_t_cdf,
};
use alphatrader_analytics::regime::{Chain, Filter, fit};
use alphatrader_analytics::temporal::variance_ratio::Variant;
use alphatrader_analytics::temporal::{autocorrelation, ljung_box, variance_ratio};
use alphatrader_analytics::volatility::garch::{self, Garch, GarchFilter, Innovations};
use alphatrader_analytics::volatility::ranges::ranges;
use alphatrader_analytics::volatility::{Ewma, RangeBar, RealisedWindow, realised};
use alphatrader_model::number::Price;
use serde_json::Value;

use super::{all_near, cases, list, near, number, table};

fn each(name: &str) -> Vec<Value> {
    cases(name).as_array().expect("a list").clone()
}

#[test]
fn distributions_to_ten_digits() {
    for case in each("distributions") {
        let n = |name: &str| number(&case, name);
        near("normal", normal_cdf(n("z")), n("normal"), 1e-11, 1e-15);
        near("student", student_t_cdf(n("z"), n("nu")), n("student"), 1e-10, 1e-14);
        near("chi square", chi_square_tail(n("x"), n("k")), n("chi_square"), 1e-10, 1e-14);
        near("fisher", fisher_f_tail(n("x"), n("k"), n("m")), n("fisher"), 1e-9, 1e-14);
    }
    let case = cases("multiple");
    let p = list(&case["p"]);
    all_near("Holm", &holm(&p), &list(&case["holm"]), 1e-14, 0.0);
    all_near("Benjamini-Hochberg", &benjamini_hochberg(&p), &list(&case["benjamini_hochberg"]), 1e-14, 0.0);
}

#[test]
fn realised_measures_to_eleven_digits() {
    for case in each("realised") {
        let returns = list(&case["returns"]);
        let mut window = RealisedWindow::new(returns.len());
        // What went before has left the window.
        for r in returns.iter().rev().chain(&returns) {
            window.push(*r);
        }
        for found in [realised(&returns).unwrap(), window.measures().unwrap()] {
            near("RV", found.variance, number(&case, "rv"), 1e-11, 0.0);
            near("BV", found.bipower_raw(), number(&case, "bv_raw"), 1e-11, 0.0);
            near("MedRV", found.median, number(&case, "medrv"), 1e-11, 0.0);
            near("MinRV", found.minimum, number(&case, "minrv"), 1e-11, 0.0);
            near("TQ", found.quarticity, number(&case, "tq_numpy"), 1e-11, 0.0);
        }
    }
}

#[test]
fn ranges_and_weights_to_twelve_digits() {
    for case in each("ranges") {
        let bars: Vec<RangeBar> = table(&case["bars"])
            .into_iter()
            .map(|bar| {
                let [open, high, low, close] = [0, 1, 2, 3].map(|i| Price::from_raw(bar[i] as i64));
                RangeBar { open, high, low, close }
            })
            .collect();
        let found = ranges(&bars).unwrap();
        near("Parkinson", found.parkinson, number(&case, "parkinson"), 1e-12, 0.0);
        near("Garman-Klass", found.garman_klass, number(&case, "garman_klass"), 1e-12, 0.0);
        near("Rogers-Satchell", found.rogers_satchell, number(&case, "rogers_satchell"), 1e-12, 0.0);
        near("Yang-Zhang", found.yang_zhang.unwrap(), number(&case, "yang_zhang"), 1e-12, 0.0);
    }
    let case = cases("ewma");
    let mut ewma = Ewma::new(number(&case, "lambda"));
    for (r, theirs) in list(&case["returns"]).into_iter().zip(list(&case["variance"])) {
        ewma.push(r);
        near("EWMA", ewma.latest().unwrap(), theirs, 1e-13, 0.0);
    }
}

/// The filter to twelve digits. A fit is compared by its likelihood: not worse than theirs by 0.01.
#[test]
fn garch_filter_and_fits() {
    let case = cases("garch");
    let returns = list(&case["returns"]);
    let n = |name: &str| number(&case, name);
    let first = garch::back_cast(&returns).unwrap();
    near("back-cast", first, n("backcast"), 1e-12, 0.0);
    let garch = Garch::new(n("omega"), n("alpha"), n("beta"), Density::NORMAL).unwrap();
    // The package's first variance is that of the recursion begun from its back-cast.
    let theirs = list(&case["variance"]);
    let mut filter = GarchFilter::new(garch, theirs[0]);
    for (i, theirs) in theirs.iter().enumerate() {
        near("variance", filter.variance(), *theirs, 1e-12, 0.0);
        filter.on_return(returns[i]).unwrap();
    }
    near("likelihood", garch.log_likelihood(&returns, theirs[0]), n("log_likelihood"), 1e-12, 0.0);
    for (name, innovations) in [("normal", Innovations::Normal), ("student", Innovations::StudentT)] {
        let found = garch::fit(&returns, innovations).unwrap();
        let theirs = number(&case[name], "log_likelihood");
        assert!(found.log_likelihood > theirs - 0.2, "{name}: {} {theirs}", found.log_likelihood);
        let parameters = list(&case[name]["parameters"]);
        near("alpha", found.garch.alpha(), parameters[1], 0.1, 0.0);
        near("beta", found.garch.beta(), parameters[2], 0.02, 0.0);
        if let Some(nu) = found.garch.density().nu() {
            near("nu", nu, parameters[3], 0.05, 0.0);
        }
    }
}

/// Filtered probabilities to ten digits; the fit by its likelihood and variances.
#[test]
fn hidden_markov_chain() {
    let case = cases("hidden_markov");
    let returns = list(&case["returns"]);
    let chain = Chain::new(
        Density::NORMAL,
        &list(&case["start"]),
        &table(&case["transition"]),
        &list(&case["variance"]),
    )
    .unwrap();
    let mut filter = Filter::new(chain);
    for (r, theirs) in returns.iter().zip(table(&case["filtered"])) {
        filter.on_return(*r).unwrap();
        all_near("filtered", filter.probabilities(), &theirs, 1e-8, 1e-11);
    }
    for r in &returns[60..] {
        filter.on_return(*r).unwrap();
    }
    near("likelihood", filter.log_likelihood(), number(&case, "log_likelihood"), 1e-11, 0.0);

    let mut state = 1_u64;
    let mut unit = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let found = fit(&returns, 3, Density::NORMAL, 10, &mut unit).unwrap();
    let theirs = &case["fit"];
    let likelihood = number(theirs, "log_likelihood");
    assert!(found.log_likelihood > likelihood - 0.05, "{} {likelihood}", found.log_likelihood);
    all_near("variances", found.chain.variance(), &list(&theirs["variance"]), 0.02, 0.0);
    for (i, row) in table(&theirs["transition"]).iter().enumerate() {
        all_near("transitions", found.chain.transition(i), row, 0.0, 0.01);
    }
}

/// By quadrature: its own error is about 1e-9, and the first instant after an event is left out of it.
#[test]
fn hawkes_intensity_and_likelihood() {
    let case = cases("hawkes");
    let n = |name: &str| number(&case, name);
    let hawkes = Univariate::new(n("mu"), n("alpha"), n("beta")).unwrap();
    let (events, end) = (list(&case["events"]), n("end"));
    let mut filter = alphatrader_analytics::hawkes::univariate::Filter::new(hawkes);
    let intensities: Vec<f64> = events.iter().map(|t| filter.on_event(*t)).collect();
    all_near("intensity", &intensities, &list(&case["intensity"]), 1e-12, 0.0);
    all_near("residuals", &hawkes.residuals(&events), &list(&case["residuals"]), 0.0, 1e-9);
    near("compensator", hawkes.compensator(&events, end), n("compensator"), 1e-9, 0.0);
    near("likelihood", hawkes.log_likelihood(&events, end), n("log_likelihood"), 0.0, 1e-8);
}

#[test]
fn memory_to_ten_digits() {
    for case in each("memory") {
        let series = list(&case["series"]);
        let rho = autocorrelation(&series, 10).unwrap();
        all_near("autocorrelation", &rho, &list(&case["acf"]), 1e-10, 1e-13);
        for (i, lags) in [5, 10].into_iter().enumerate() {
            let found = ljung_box(&series, lags, 0).unwrap();
            near("Ljung-Box", found.q, list(&case["ljung_box"])[i], 1e-10, 0.0);
            near("its p-value", found.p, list(&case["p"])[i], 1e-9, 1e-14);
        }
        for ratio in case["ratios"].as_array().unwrap() {
            let q = number(ratio, "q") as usize;
            let found = variance_ratio(&series, q, Variant::Debiased).unwrap();
            near("ratio", found.ratio, number(ratio, "ratio"), 1e-10, 0.0);
            near("z", found.z, number(ratio, "z"), 1e-9, 1e-12);
            near("p", found.p, number(ratio, "p"), 1e-8, 1e-14);
            near("plain z", found.plain_z, number(ratio, "plain_z"), 1e-9, 1e-12);
            let raw = variance_ratio(&series, q, Variant::Raw).unwrap();
            near("raw ratio", raw.ratio, number(ratio, "raw_ratio"), 1e-10, 0.0);
            near("raw z", raw.z, number(ratio, "raw_z"), 1e-9, 1e-12);
        }
    }
}

#[test]
fn covariances_and_eigenvalues_to_ten_digits() {
    for case in each("covariances") {
        let found = ledoit_wolf(&table(&case["rows"])).unwrap();
        near("shrinkage", found.intensity, number(&case, "shrinkage"), 1e-10, 0.0);
        for (i, row) in table(&case["covariance"]).iter().enumerate() {
            for (j, cell) in row.iter().enumerate() {
                near("covariance", found.covariance.get(i, j), *cell, 1e-10, 1e-18);
            }
        }
        let correlation = table(&case["sample_correlation"]);
        let matrix = Symmetric::from_fn(correlation.len(), |i, j| correlation[i][j]);
        all_near("eigenvalues", &matrix.eigen().values, &list(&case["eigenvalues"]), 1e-9, 1e-13);
    }
}

#[test]
fn series_that_tick_at_their_own_times() {
    for case in each("hayashi_yoshida") {
        let mut ticks = vec![];
        for (leg, name) in [(Leg::First, "x"), (Leg::Second, "y")] {
            ticks.extend(table(&case[name]).into_iter().map(|tick| (tick[0] as i64, leg, tick[1])));
        }
        ticks.sort_by_key(|(time, ..)| *time);
        let mut running = HayashiYoshida::default();
        for (time, leg, value) in ticks {
            running.on_tick(leg, time, value);
        }
        near("covariance", running.covariance(), number(&case, "covariance"), 1e-9, 1e-15);
        near("correlation", running.raw_correlation().unwrap(), number(&case, "correlation"), 1e-9, 1e-12);
    }
}
