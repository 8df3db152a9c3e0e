//! The cases of spreads and impact are whole and say of themselves what they must.

use super::{cases, list, near, number};

/// Effective is realised and impact; the slope times the flow's spread is the share explained.
#[test]
fn the_cases_hang_together() {
    for case in cases("spreads").as_array().expect("a list") {
        let sum = number(case, "realised") + number(case, "impact");
        near("effective", sum, number(case, "effective"), 1e-9, 1e-12);
    }
    let kyle = cases("kyle");
    near("both programs", number(&kyle, "lambda"), number(&kyle, "orderflow"), 1e-10, 0.0);
    assert_eq!(list(&kyle["flow"]).len(), list(&kyle["change"]).len());
}
