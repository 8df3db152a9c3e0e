//! Groups of makers that quote alike: k-medoids with k chosen by silhouette, or none.
//!
//! Numbers are standardised (those that do not vary are left out), distances Euclidean. For k = 2 to 5 the
//! medoids are built greedily and exchanged as long as that shortens the sum of distances (PAM, Kaufman and
//! Rousseeuw 1990). The k with the largest mean silhouette is taken when it reaches [`CLEAR`]; else the makers
//! form no groups, and each is reported by itself.

use thiserror::Error;

/// Least mean silhouette.
pub const CLEAR: f64 = 0.35;
/// Most groups.
pub const MOST: usize = 5;
/// Most makers; beyond that the exchange of medoids is not bounded to milliseconds.
pub const MAKERS: usize = 256;
/// Exchanges at most.
const EXCHANGES: usize = 1_000;

/// Groups that were found.
#[derive(Debug, Clone, PartialEq)]
pub struct Groups {
    /// Of each maker its group, 0 to k - 1, in the order given.
    pub of: Vec<usize>,
    /// Of each group the maker in its middle.
    pub medoids: Vec<usize>,
    /// Mean silhouette, in [-1, 1].
    pub silhouette: f64,
}

/// Why there are none.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum NoGroups {
    /// Too few or too many makers, rows of different lengths, or a number that is not finite.
    #[error("groups need 3 to {MAKERS} makers with the same numbers, all of them finite")]
    Input,
    /// They do not separate.
    #[error("the best silhouette is {0:.2}: below {CLEAR} makers form no groups")]
    Unclear(f64),
}

/// Groups rows of numbers, one row a maker.
///
/// # Errors
/// Input that cannot be grouped, or makers that do not separate.
pub fn groups<const N: usize>(rows: &[[f64; N]]) -> Result<Groups, NoGroups> {
    let n = rows.len();
    if !(3..=MAKERS).contains(&n) || rows.iter().flatten().any(|number| !number.is_finite()) {
        return Err(NoGroups::Input);
    }
    let distances = distances(rows);
    let best = (2..=MOST.min(n - 1)).map(|k| pam(&distances, k)).max_by(|a, b| {
        // Of equal ones the smaller k: `max_by` takes the later of equals.
        a.silhouette.total_cmp(&b.silhouette).then_with(|| b.medoids.len().cmp(&a.medoids.len()))
    });
    match best {
        Some(groups) if groups.silhouette >= CLEAR => Ok(groups),
        Some(groups) => Err(NoGroups::Unclear(groups.silhouette)),
        None => Err(NoGroups::Input),
    }
}

/// Euclidean distances of standardised rows.
fn distances<const N: usize>(rows: &[[f64; N]]) -> Vec<Vec<f64>> {
    let n = rows.len() as f64;
    let mut scales = [0.0; N];
    for (column, scale) in scales.iter_mut().enumerate() {
        let mean = rows.iter().map(|row| row[column]).sum::<f64>() / n;
        let squares: f64 = rows.iter().map(|row| (row[column] - mean) * (row[column] - mean)).sum();
        // One that does not vary beyond rounding says nothing.
        let deviation = libm::sqrt(squares / n);
        *scale = if deviation > 1e-12 * (1.0 + mean.abs()) { 1.0 / deviation } else { 0.0 };
    }
    let distance = |a: &[f64; N], b: &[f64; N]| {
        let squares = a.iter().zip(b).zip(&scales).map(|((a, b), scale)| (a - b) * scale * ((a - b) * scale));
        libm::sqrt(squares.sum())
    };
    rows.iter().map(|a| rows.iter().map(|b| distance(a, b)).collect()).collect()
}

fn pam(distances: &[Vec<f64>], k: usize) -> Groups {
    let n = distances.len();
    let mut medoids = vec![];
    while medoids.len() < k {
        let cost = |candidate: usize| {
            let with = [medoids.as_slice(), &[candidate]].concat();
            cost(distances, &with)
        };
        let next =
            (0..n).filter(|place| !medoids.contains(place)).min_by(|a, b| cost(*a).total_cmp(&cost(*b)));
        medoids.extend(next);
    }
    let mut now = cost(distances, &medoids);
    for _ in 0..EXCHANGES {
        let mut best: Option<(f64, usize, usize)> = None;
        for out in 0..k {
            for new in (0..n).filter(|place| !medoids.contains(place)) {
                let mut with = medoids.clone();
                with[out] = new;
                let cost = cost(distances, &with);
                if cost < best.map_or(now - 1e-12, |(least, ..)| least) {
                    best = Some((cost, out, new));
                }
            }
        }
        let Some((cost, out, new)) = best else { break };
        medoids[out] = new;
        now = cost;
    }
    medoids.sort_unstable();
    let of: Vec<usize> = (0..n).map(|place| nearest(distances, &medoids, place).0).collect();
    let silhouette = silhouette(distances, &of, k);
    Groups { of, medoids, silhouette }
}

/// Group and distance of the nearest medoid.
fn nearest(distances: &[Vec<f64>], medoids: &[usize], place: usize) -> (usize, f64) {
    let to = medoids.iter().map(|medoid| distances[place][*medoid]).enumerate();
    to.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
}

fn cost(distances: &[Vec<f64>], medoids: &[usize]) -> f64 {
    (0..distances.len()).map(|place| nearest(distances, medoids, place).1).sum()
}

/// Mean silhouette: (b − a)/max(a, b) with a the mean distance inside the own group, b that to the nearest
/// other one; zero for a maker alone in its group.
fn silhouette(distances: &[Vec<f64>], of: &[usize], k: usize) -> f64 {
    let n = of.len();
    let mean = |place: usize, group: usize| {
        let others = (0..n).filter(|other| *other != place && of[*other] == group);
        let (sum, count) =
            others.fold((0.0, 0_u32), |(sum, n), other| (sum + distances[place][other], n + 1));
        (count > 0).then(|| sum / f64::from(count))
    };
    let sum: f64 = (0..n)
        .map(|place| {
            let inside = mean(place, of[place]);
            let outside = (0..k).filter(|group| *group != of[place]).filter_map(|group| mean(place, group));
            match (inside, outside.min_by(f64::total_cmp)) {
                (Some(a), Some(b)) if a.max(b) > 0.0 => (b - a) / a.max(b),
                _ => 0.0,
            }
        })
        .sum();
    sum / n as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Two clouds and one that is three times as far; checked with `sklearn.metrics.silhouette_score`.
    const ROWS: [[f64; 2]; 9] = [
        [0.0, 0.0],
        [0.5, 0.2],
        [0.1, 0.6],
        [4.0, 4.2],
        [4.4, 4.0],
        [3.9, 4.6],
        [12.0, 0.0],
        [12.4, 0.5],
        [11.8, 0.3],
    ];

    #[test]
    fn clouds_are_groups() {
        let groups = groups(&ROWS).unwrap();
        assert_eq!(groups.of, [0, 0, 0, 1, 1, 1, 2, 2, 2]);
        assert!((groups.silhouette - SILHOUETTE).abs() < 1e-9, "{}", groups.silhouette);
        // A column that does not vary changes nothing.
        let wide = ROWS.map(|row| [row[0], 7.0, row[1]]);
        assert_eq!(super::groups(&wide), Ok(groups));
    }

    const SILHOUETTE: f64 = 0.904_901_412_452_737_9;

    #[test]
    fn what_does_not_separate_is_no_group() {
        let even: Vec<[f64; 2]> = (0..36).map(|n| [f64::from(n % 6), f64::from(n / 6)]).collect();
        let result = groups(&even);
        assert!(result.is_err() || result.is_ok_and(|groups| groups.silhouette < 0.45));
        let ring: Vec<[f64; 3]> =
            (0..3).map(|n| core::array::from_fn(|k| f64::from(u8::from(k == n)))).collect();
        assert!(matches!(groups(&ring), Err(NoGroups::Unclear(_))), "three at equal distances");
        assert_eq!(groups(&[[1.0], [2.0]]), Err(NoGroups::Input));
        assert_eq!(groups(&[[1.0], [2.0], [f64::NAN]]), Err(NoGroups::Input));
        assert!(groups(&[[1.0]; 4]).is_err(), "all alike");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn the_order_of_the_makers_does_not_matter(shift in 0_usize..9) {
            let mut rows = ROWS;
            rows.rotate_left(shift);
            let groups = groups(&rows).unwrap();
            prop_assert!((groups.silhouette - SILHOUETTE).abs() < 1e-9);
            prop_assert_eq!(groups.medoids.len(), 3);
        }
    }
}
