//! `alphatrader options compare`: own volatility and Greeks against those that the source states.

use core::fmt::Write as _;

use alphatrader_analytics::exposure::VolatilityFrom;
use alphatrader_model::exposure::{DealerSign, GreeksSource};
use alphatrader_model::instrument::{OptionContract, Right};
use serde::Serialize;

use super::source::Chain;
use crate::cli::{CompareArgs, PictureFormat};
use crate::failure::Failure;
use crate::print_json;

/// Upper ends of the tenors, days.
const TENORS: [(f64, &str); 6] = [
    (1.5, "to 1.5 days"),
    (7.5, "to 7 days"),
    (30.5, "to 30 days"),
    (91.0, "to 91 days"),
    (365.0, "to a year"),
    (f64::INFINITY, "longer"),
];
/// Upper ends of moneyness, strike over spot less one.
const MONEYNESS: [(f64, &str); 5] = [
    (-0.10, "below -10 %"),
    (-0.02, "-10 to -2 %"),
    (0.02, "-2 to +2 %"),
    (0.10, "+2 to +10 %"),
    (f64::INFINITY, "above +10 %"),
];

/// Median and largest size of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Difference {
    pub(crate) median: f64,
    pub(crate) worst: f64,
}

/// Contracts of one tenor and moneyness whose own quote implies a volatility: out of the money.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Cell {
    pub(crate) tenor: &'static str,
    pub(crate) moneyness: &'static str,
    pub(crate) contracts: usize,
    /// Own less stated, vol points, with its sign: which way it lies.
    pub(crate) bias: f64,
    /// Vol points.
    pub(crate) iv: Difference,
    pub(crate) delta: Difference,
    /// Per dollar.
    pub(crate) gamma: Difference,
    /// Share of the stated gamma, where that is above its rounding (0.001).
    pub(crate) gamma_share: Option<Difference>,
    /// Where the volatilities are furthest apart.
    pub(crate) worst: OptionContract,
}

/// One contract, both sides.
struct Pair {
    contract: OptionContract,
    tenor: usize,
    moneyness: usize,
    iv: f64,
    delta: f64,
    gamma: f64,
    gamma_share: Option<f64>,
}

/// Runs the command.
///
/// # Errors
/// A file that is no chain, or one that states no volatilities.
pub(crate) fn compare(args: &CompareArgs) -> Result<(), Failure> {
    let chain = Chain::read(&args.chain)?;
    let cells = cells(&chain)?;
    match args.output {
        PictureFormat::Json => print_json(&cells),
        PictureFormat::Table => {
            print!("{}", table(&cells));
            Ok(())
        }
    }
}

/// The comparison, by tenor and moneyness.
///
/// # Errors
/// That nothing can be compared.
pub(crate) fn cells(chain: &Chain) -> Result<Vec<Cell>, Failure> {
    let pairs = pairs(chain)?;
    let mut cells = Vec::new();
    for (tenor, (_, tenor_name)) in TENORS.iter().enumerate() {
        for (moneyness, (_, moneyness_name)) in MONEYNESS.iter().enumerate() {
            let mine: Vec<&Pair> =
                pairs.iter().filter(|pair| (pair.tenor, pair.moneyness) == (tenor, moneyness)).collect();
            let Some(worst) = mine.iter().max_by(|left, right| left.iv.abs().total_cmp(&right.iv.abs()))
            else {
                continue;
            };
            let shares: Vec<f64> = mine.iter().filter_map(|pair| pair.gamma_share).collect();
            cells.push(Cell {
                tenor: tenor_name,
                moneyness: moneyness_name,
                contracts: mine.len(),
                bias: median(mine.iter().map(|pair| pair.iv).collect()),
                iv: difference(mine.iter().map(|pair| pair.iv).collect()),
                delta: difference(mine.iter().map(|pair| pair.delta).collect()),
                gamma: difference(mine.iter().map(|pair| pair.gamma).collect()),
                gamma_share: (!shares.is_empty()).then(|| difference(shares)),
                worst: worst.contract,
            });
        }
    }
    Ok(cells)
}

fn pairs(chain: &Chain) -> Result<Vec<Pair>, Failure> {
    let (mut state, moment) = chain.state(chain.conventions(DealerSign::Naive, GreeksSource::Own))?;
    state.revalue(&moment).map_err(|error| Failure::new(error.to_string()))?;
    let spot = chain.snapshot.spot.map_or(0.0, alphatrader_model::Price::to_f64);
    let place = |ends: &[(f64, &str)], value: f64| ends.iter().position(|(end, _)| value < *end);
    let mut pairs = Vec::new();
    for entry in &chain.snapshot.rows {
        let Some(view) = state.index_of(&entry.contract).and_then(|at| state.row(at)) else { continue };
        let own = view.iv.filter(|_| view.iv_from == Some(VolatilityFrom::Quote)).zip(view.greeks);
        let stated = entry.implied_volatility.filter(|iv| *iv > 0.0 && *iv < 5.0);
        let (Some((own_iv, own)), Some(iv), Some(delta), Some(gamma)) =
            (own, stated, entry.greeks.delta, entry.greeks.gamma)
        else {
            continue;
        };
        let days = entry.settles.since(chain.snapshot.as_of).as_seconds() / 86_400.0;
        let strike = entry.contract.strike.to_f64();
        let (Some(tenor), Some(moneyness)) = (place(&TENORS, days), place(&MONEYNESS, strike / spot - 1.0))
        else {
            continue;
        };
        pairs.push(Pair {
            contract: entry.contract,
            tenor,
            moneyness,
            iv: (own_iv - iv) * 100.0,
            delta: own.delta - delta,
            gamma: own.gamma - gamma,
            gamma_share: (gamma >= 0.001).then(|| own.gamma / gamma - 1.0),
        });
    }
    if pairs.is_empty() {
        return Err(Failure::new(
            "nothing to compare: no contract has both a quote that implies a volatility and a volatility, delta and gamma that the source states",
        ));
    }
    Ok(pairs)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

/// Of at least one value.
fn difference(values: Vec<f64>) -> Difference {
    let sizes: Vec<f64> = values.into_iter().map(f64::abs).collect();
    let worst = sizes.iter().copied().fold(0.0, f64::max);
    Difference { median: median(sizes), worst }
}

/// As Markdown, so that it can stand in a page. Writing to a `String` cannot fail.
fn table(cells: &[Cell]) -> String {
    let mut out = String::from(
        "| tenor | strike from spot | contracts | IV, median and worst (vol points) | own less stated | delta | gamma | gamma, share | IV worst at |\n| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n",
    );
    for cell in cells {
        let share = cell.gamma_share.map_or_else(
            || "-".to_owned(),
            |share| format!("{:.1} % / {:.0} %", share.median * 100.0, share.worst * 100.0),
        );
        let right = if cell.worst.right == Right::Call { "C" } else { "P" };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {:.2} / {:.2} | {:+.2} | {:.4} / {:.3} | {:.4} / {:.3} | {share} | {} {} {right} |",
            cell.tenor,
            cell.moneyness,
            cell.contracts,
            cell.iv.median,
            cell.iv.worst,
            cell.bias,
            cell.delta.median,
            cell.delta.worst,
            cell.gamma.median,
            cell.gamma.worst,
            cell.worst.expiry,
            cell.worst.strike
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_worst() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0]), 2.5);
        assert_eq!(difference(vec![-3.0, 1.0, 2.0]), Difference { median: 2.0, worst: 3.0 });
    }
}
