//! The analytics against what nobody here wrote: `microstructure.json`, made by the script beside it with
//! orderflow-metrics, tclf, statsmodels, arch, hmmlearn, scikit-learn, scipy and numpy. Each comparison
//! says how close it must be: formulas to the last digits, fits by how good they are.

use serde_json::Value;

mod flow;
mod spread;
mod state;

const ORACLE: &str = include_str!("../../../../tests/oracles/microstructure.json");

/// The cases of one name.
fn cases(name: &str) -> Value {
    let mut whole: Value = serde_json::from_str(ORACLE).expect("the oracle is JSON");
    whole.get_mut(name).unwrap_or_else(|| panic!("the oracle has no `{name}`")).take()
}

fn number(case: &Value, name: &str) -> f64 {
    case[name].as_f64().unwrap_or_else(|| panic!("`{name}` is no number"))
}

fn list(value: &Value) -> Vec<f64> {
    let cells = value.as_array().expect("a list");
    cells.iter().map(|cell| cell.as_f64().expect("a number")).collect()
}

fn integers(value: &Value) -> Vec<i64> {
    let cells = value.as_array().expect("a list");
    cells.iter().map(|cell| cell.as_i64().expect("a whole number")).collect()
}

fn table(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().expect("a table").iter().map(list).collect()
}

/// Equal within `relative` of their size, or `absolute`.
#[track_caller]
fn near(what: &str, ours: f64, theirs: f64, relative: f64, absolute: f64) {
    let gap = (ours - theirs).abs();
    assert!(gap <= absolute || gap <= relative * theirs.abs(), "{what}: {ours}, theirs {theirs}");
}

#[track_caller]
fn all_near(what: &str, ours: &[f64], theirs: &[f64], relative: f64, absolute: f64) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
        near(&format!("{what} {i}"), *a, *b, relative, absolute);
    }
}
