//! What VPIN says of the volatility to come, beyond the volatility that was.
//!
//! Target: realised variance of the next 25 buckets. Controls: that of the last 1, 10 and 50 buckets, the rate of
//! volume over 1 and 50 buckets, the time of day and its square. All but the time of day enter as ranks. The
//! statistic is the partial correlation of VPIN with the target in sessions that the regression on the controls
//! did not see: it is fitted on the sessions before, less an embargo, and judged on the next five. By itself it
//! means nothing, it is above zero without any information; what counts is where it stands among its placebos.

use super::buckets::{Bars, Buckets};
use super::moments::{COLUMNS, Moments, Residuals};
use super::rank::{correlation, ranks, spearman};

/// Buckets of the target.
pub const AHEAD: usize = 25;
/// Buckets before the first row: the longest window that is searched.
pub const BEHIND: usize = 100;
/// Sessions that are judged between two fits.
pub const JUDGED: usize = 5;

/// Memory that is used again for the next draw.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    buckets: Buckets,
    order: Vec<u32>,
    before: Vec<f64>,
}

/// Sessions that are left out between those that are fitted and those that are judged: one, and as many as the
/// target of a row can reach into.
pub fn embargo(buckets_per_day: f64) -> usize {
    1 + libm::ceil(AHEAD as f64 / buckets_per_day.max(1.0)) as usize
}

/// Tables of moments by session, for each window; empty tables where there are too few buckets.
pub fn tables(
    bars: &Bars,
    volume: f64,
    windows: &[usize],
    sign: impl FnMut(usize) -> f64,
    scratch: &mut Scratch,
) -> Vec<Vec<Moments>> {
    let Scratch { buckets, order, before } = scratch;
    buckets.cut(bars, volume, sign);
    let mut tables = vec![vec![Moments::default(); bars.sessions()]; windows.len()];
    let Some(last) = buckets.len().checked_sub(AHEAD).filter(|last| *last > BEHIND) else { return tables };
    // A row stands at the end of bucket `t - 1`, for t in BEHIND..last.
    let rows = BEHIND..last;
    running(&buckets.change, |change| change * change, before);
    let over = |from: usize, until: usize| before[until] - before[from];
    let past = |length: usize| rows.clone().map(|t| over(t - length, t)).collect::<Vec<f64>>();
    let mut columns = vec![past(1), past(10), past(50)];
    let target = rows.clone().map(|t| over(t, t + AHEAD)).collect::<Vec<f64>>();
    running(&buckets.length, |length| length, before);
    for length in [1, 50] {
        columns.push(rows.clone().map(|t| before[t - length] - before[t]).collect());
    }
    let controls: Vec<Vec<f64>> = columns.iter().map(|column| ranks(column, order)).collect();
    let target = ranks(&target, order);
    running(&buckets.imbalance, |imbalance| imbalance, before);
    for (window, tables) in windows.iter().zip(&mut tables) {
        let vpin: Vec<f64> = rows.clone().map(|t| before[t] - before[t - (*window).min(BEHIND)]).collect();
        let vpin = ranks(&vpin, order);
        for (row, t) in rows.clone().enumerate() {
            let hour = buckets.hour[t - 1];
            let mut cells: [f64; COLUMNS] = [1.0; COLUMNS];
            for (cell, control) in cells[1..6].iter_mut().zip(&controls) {
                *cell = control[row];
            }
            (cells[6], cells[7]) = (hour, hour * hour);
            (cells[8], cells[9]) = (vpin[row], target[row]);
            tables[buckets.session[t - 1] as usize].push(&cells);
        }
    }
    tables
}

/// Sums before each place, and of all.
fn running(of: &[f64], each: impl Fn(f64) -> f64, sums: &mut Vec<f64>) {
    sums.clear();
    sums.push(0.0);
    let mut sum = 0.0;
    for value in of {
        sum += each(*value);
        sums.push(sum);
    }
}

/// Sessions before the first that is judged.
pub fn first_judged(sessions: usize) -> usize {
    (sessions * 3 / 10).max(6)
}

/// What the controls leave over in each judged session, by a regression on those before it.
pub fn walk_forward(tables: &[Moments], embargo: usize) -> Vec<Residuals> {
    let mut fitted = Moments::default();
    let mut fitted_until = 0;
    let mut judged = Vec::with_capacity(tables.len());
    let mut from = first_judged(tables.len()) + embargo;
    while from < tables.len() {
        while fitted_until + embargo < from {
            fitted.add(&tables[fitted_until]);
            fitted_until += 1;
        }
        let until = (from + JUDGED).min(tables.len());
        if let Some(by) = fitted.regress() {
            judged.extend(tables[from..until].iter().map(|table| table.residuals(&by)));
        }
        from = until;
    }
    judged
}

/// What the controls leave over in the sessions from `split` on, by a regression on those before, less the
/// embargo; nothing when those are too few.
pub fn confirm(tables: &[Moments], split: usize, embargo: usize) -> Residuals {
    let mut fitted = Moments::default();
    for table in &tables[..split.saturating_sub(embargo).min(tables.len())] {
        fitted.add(table);
    }
    let mut residuals = Residuals::default();
    if let Some(by) = fitted.regress() {
        tables[split.min(tables.len())..].iter().for_each(|table| residuals.add(&table.residuals(&by)));
    }
    residuals
}

/// Correlation of the residuals of all sessions.
pub fn pooled<'r>(residuals: impl IntoIterator<Item = &'r Residuals>) -> f64 {
    let mut sum = Residuals::default();
    residuals.into_iter().for_each(|one| sum.add(one));
    sum.correlation()
}

/// Agreement of two VPINs, of every other print and of the rest, over the same buckets: Spearman's correlation
/// stepped up by Spearman and Brown to the length of the whole. Absent where it cannot be had.
pub fn split_half(even: &Bars, odd: &Bars, bucket: f64, window: usize) -> Option<f64> {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for (bars, into) in [(even, &mut first), (odd, &mut second)] {
        let mut buckets = Buckets::default();
        buckets.cut(bars, bucket, |_| 1.0);
        let mut sums = Vec::new();
        running(&buckets.imbalance, |imbalance| imbalance, &mut sums);
        into.extend((window..sums.len()).map(|t| sums[t] - sums[t - window]));
    }
    let rho = spearman(&first, &second)?;
    (rho > -1.0).then(|| 2.0 * rho / (1.0 + rho))
}

/// Spread of the lengths of buckets: standard deviation of the log of the length in bars, less its mean at that
/// time of day (eight parts of a session).
pub fn duration_spread(bars: &Bars, volume: f64) -> Option<f64> {
    const PARTS: usize = 8;
    let mut buckets = Buckets::default();
    buckets.cut(bars, volume, |_| 1.0);
    let part = |hour: f64| ((hour + 1.0) * (0.5 * PARTS as f64)) as usize;
    let part = |hour: f64| part(hour).min(PARTS - 1);
    let logs: Vec<f64> = buckets.length.iter().map(|length| libm::log(length.max(1e-9))).collect();
    let mut means = [(0.0, 0.0); PARTS];
    for (log, hour) in logs.iter().zip(&buckets.hour) {
        let (sum, count) = &mut means[part(*hour)];
        *sum += log;
        *count += 1.0;
    }
    let squares: f64 = logs
        .iter()
        .zip(&buckets.hour)
        .map(|(log, hour)| {
            let (sum, count) = means[part(*hour)];
            let off = log - sum / count;
            off * off
        })
        .sum();
    (logs.len() > 1).then(|| libm::sqrt(squares / (logs.len() - 1) as f64))
}

/// How far the classifications of two methods agree on imbalance: correlation over bars.
pub fn agreement(first: &[f64], second: &[f64]) -> Option<f64> {
    correlation(first, second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::unit as draws;

    /// A world in which spells on one side announce volatility, or in which every bar's side is drawn alone. How
    /// one-sided a single bar is says nothing in either.
    fn world(informed: bool) -> Bars {
        let mut unit = draws(7);
        let mut bars = Bars { starts: vec![0], ..Bars::default() };
        let (mut spell, mut side, mut wild) = (0, 1.0, 0);
        for _ in 0..40 {
            for _ in 0..390 {
                if spell == 0 && unit() < 0.002 {
                    (spell, side) = (150, if unit() < 0.5 { 1.0 } else { -1.0 });
                }
                let chance = if unit() < 0.5 { 1.0 } else { -1.0 };
                let side_now = if informed && spell > 0 { side } else { chance };
                if spell == 1 {
                    wild = 250;
                }
                spell = spell.max(1) - 1;
                wild = f64::max(f64::from(wild) - 1.0, 0.0) as i32;
                let sigma = if wild > 0 { 3e-3 } else { 1e-3 };
                let normal = unit() + unit() + unit() + unit() - 2.0;
                bars.change.push(sigma * normal);
                bars.signed.push(600.0 * side_now * (0.5 + 0.5 * unit()));
                bars.volume.push(1_000.0);
            }
            bars.starts.push(bars.change.len());
        }
        bars
    }

    fn rho(bars: &Bars, sign: impl FnMut(usize) -> f64) -> f64 {
        let tables = tables(bars, 7_800.0, &[25], sign, &mut Scratch::default());
        pooled(&walk_forward(&tables[0], embargo(50.0)))
    }

    #[test]
    fn planted_information_stands_out_among_placebos() {
        let informed = world(true);
        let mut unit = draws(3);
        let observed = rho(&informed, |_| 1.0);
        let placebos: Vec<f64> =
            (0..39).map(|_| rho(&informed, |_| if unit() < 0.5 { 1.0 } else { -1.0 })).collect();
        assert!(placebos.iter().all(|placebo| *placebo < observed), "{observed} {placebos:?}");
        let nothing = world(false);
        let observed = rho(&nothing, |_| 1.0);
        let placebos = (0..39).map(|_| rho(&nothing, |_| if unit() < 0.5 { 1.0 } else { -1.0 }));
        let p = crate::discovery::choose::placebo_p(observed, placebos);
        assert!(p > 0.05, "{p}");
    }

    #[test]
    fn the_embargo_covers_what_a_target_reaches_into() {
        assert_eq!((embargo(10.0), embargo(25.0), embargo(200.0)), (4, 2, 2));
    }

    #[test]
    fn what_is_judged_was_not_fitted() {
        let bars = world(true);
        let tables = tables(&bars, 7_800.0, &[25], |_| 1.0, &mut Scratch::default());
        let embargo = embargo(50.0);
        let judged = walk_forward(&tables[0], embargo);
        assert_eq!(judged.len(), 40 - first_judged(40) - embargo);
        // A change of the judged sessions does not change what they are judged by.
        let mut other = tables[0].clone();
        other[39] = Moments::default();
        assert_eq!(walk_forward(&other, embargo)[..judged.len() - 5], judged[..judged.len() - 5]);
    }

    #[test]
    fn too_few_buckets_are_no_rows() {
        let bars = world(false);
        let tables = tables(&bars, 1e9, &[25, 50], |_| 1.0, &mut Scratch::default());
        assert_eq!(tables.len(), 2);
        assert!(tables.iter().flatten().all(|table| table.rows() == 0.0));
        assert_eq!(confirm(&tables[0], 20, 2), Residuals::default());
    }
}
