//! Many tests at once: p-values adjusted so that the first look at a table does not find what is not there.

/// Holm's step-down adjustment: the chance of even one false discovery among all stays below the level at
/// which an adjusted value is accepted, whatever the dependence. In the order given; empty for none.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let order = ascending(p_values);
    let m = p_values.len();
    let mut adjusted = vec![1.0; m];
    let mut running = 0.0_f64;
    for (rank, place) in order.into_iter().enumerate() {
        running = running.max(p_values[place] * (m - rank) as f64).min(1.0);
        adjusted[place] = running;
    }
    adjusted
}

/// Benjamini and Hochberg's adjustment: the expected share of false ones among the discoveries stays below
/// the level at which an adjusted value is accepted, for independent or positively dependent tests.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let order = ascending(p_values);
    let m = p_values.len();
    let mut adjusted = vec![1.0; m];
    let mut running = 1.0_f64;
    for (rank, place) in order.into_iter().enumerate().rev() {
        running = running.min(p_values[place] * m as f64 / (rank + 1) as f64);
        adjusted[place] = running;
    }
    adjusted
}

/// Places from the smallest p-value on; equal ones in their order.
fn ascending(p_values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_small_table() {
        let p = [0.01, 0.04, 0.03, 0.005];
        let close = |ours: &[f64], theirs: [f64; 4]| {
            assert!(ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() < 1e-15), "{ours:?}");
        };
        close(&holm(&p), [0.03, 0.06, 0.06, 0.02]);
        close(&benjamini_hochberg(&p), [0.02, 0.04, 0.04, 0.02]);
        assert!(holm(&[]).is_empty() && benjamini_hochberg(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn adjusted_values_are_larger_and_keep_the_order(p in prop::collection::vec(0.0..=1.0_f64, 1..30)) {
            let (holm, bh) = (holm(&p), benjamini_hochberg(&p));
            for i in 0..p.len() {
                prop_assert!(p[i] <= bh[i] + 1e-15 && bh[i] <= holm[i] + 1e-15 && holm[i] <= 1.0);
                for j in 0..p.len() {
                    if p[i] <= p[j] {
                        prop_assert!(holm[i] <= holm[j] && bh[i] <= bh[j] + 1e-15);
                    }
                }
            }
        }
    }
}
