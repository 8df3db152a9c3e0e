//! Ranks, Spearman's correlation, quantiles.

/// Ranks scaled to (-1, 1) with mean zero, ties sharing their mean rank. `order` is scratch.
pub fn ranks(values: &[f64], order: &mut Vec<u32>) -> Vec<f64> {
    let n = values.len();
    order.clear();
    order.extend(0..n as u32);
    order.sort_unstable_by(|a, b| values[*a as usize].total_cmp(&values[*b as usize]).then(a.cmp(b)));
    let mut ranks = vec![0.0; n];
    let mut from = 0;
    while from < n {
        let value = values[order[from] as usize];
        let mut until = from + 1;
        while until < n && values[order[until] as usize] == value {
            until += 1;
        }
        let mean = (from + until - 1) as f64 / 2.0;
        for place in &order[from..until] {
            ranks[*place as usize] = (2.0 * mean + 1.0) / n as f64 - 1.0;
        }
        from = until;
    }
    ranks
}

/// Correlation; absent when either side does not move.
pub fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    let n = x.len().min(y.len());
    if n < 2 {
        return None;
    }
    let mean = |of: &[f64]| of[..n].iter().sum::<f64>() / n as f64;
    let (mx, my) = (mean(x), mean(y));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (a, b) in x[..n].iter().zip(&y[..n]) {
        let (a, b) = (a - mx, b - my);
        xy += a * b;
        xx += a * a;
        yy += b * b;
    }
    Some(xy / libm::sqrt(xx * yy)).filter(|rho| rho.is_finite())
}

/// Spearman's rank correlation.
pub fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    let mut order = Vec::new();
    let (x, y) = (ranks(x, &mut order), ranks(y, &mut order));
    correlation(&x, &y)
}

/// Quantile of values that are sorted, by linear interpolation; absent of none.
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = q.clamp(0.0, 1.0) * last as f64;
    let low = (place as usize).min(last);
    let high = (low + 1).min(last);
    Some(sorted[low] + (sorted[high] - sorted[low]) * (place - low as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share_their_rank() {
        let ranked = ranks(&[10.0, 20.0, 10.0, 30.0], &mut Vec::new());
        assert_eq!(ranked, [-0.5, 0.25, -0.5, 0.75]);
    }

    /// `scipy.stats.spearmanr([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])` is 0.8207826816681233.
    #[test]
    fn spearman_is_that_of_scipy() {
        let rho = spearman(&[1.0, 2.0, 3.0, 4.0, 5.0], &[5.0, 6.0, 7.0, 8.0, 7.0]).unwrap();
        assert!((rho - 0.820_782_681_668_123_3).abs() < 1e-12, "{rho}");
        assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), None);
    }

    #[test]
    fn quantiles_lie_between_their_neighbours() {
        let sorted = [1.0, 2.0, 4.0];
        assert_eq!((quantile(&sorted, 0.5), quantile(&sorted, 0.75)), (Some(2.0), Some(3.0)));
        assert_eq!((quantile(&sorted, 1.0), quantile(&[], 0.5)), (Some(4.0), None));
    }
}
