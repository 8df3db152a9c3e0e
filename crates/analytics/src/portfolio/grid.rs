//! Sixteen scenarios after SPAN, and the stress table.
//!
//! Spot moves by 0, ±⅓, ±⅔ and ±1 of its price range, each with volatility up and down, and by ±2 ranges of which 35 %
//! count. The greatest loss is the scan risk of an underlying; different underlyings do not offset each other. The
//! multiples and weights are those of a CME-derived table; other clearing houses use others, so all are settings.

use alphatrader_model::instrument::Symbol;
use serde::{Deserialize, Serialize};

use super::Missing;
use super::value::{Revaluer, Scenario, Shock, VolatilityShock};

/// How wide the grid is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GridSettings {
    /// Price range of SPY, QQQ, DIA and the indices, a share of spot.
    pub broad_range: f64,
    /// Price range of IWM.
    pub small_range: f64,
    /// Price range of everything else.
    pub stock_range: f64,
    /// Change of volatility, a share of it.
    pub volatility: f64,
    /// The same for options that settle today.
    pub zero_dte_volatility: f64,
    /// Least change of volatility: 0.03 is three points.
    pub least_volatility: f64,
    /// Ranges of the extreme moves.
    pub extreme: f64,
    /// Share of their loss that counts.
    pub extreme_weight: f64,
}

impl Default for GridSettings {
    fn default() -> Self {
        Self {
            broad_range: 0.06,
            small_range: 0.08,
            stock_range: 0.15,
            volatility: 0.25,
            zero_dte_volatility: 0.50,
            least_volatility: 0.03,
            extreme: 2.0,
            extreme_weight: 0.35,
        }
    }
}

impl GridSettings {
    /// The price range of an underlying, a share of spot.
    pub fn range(&self, symbol: Symbol) -> f64 {
        match symbol.as_str() {
            "SPY" | "QQQ" | "DIA" | "SPX" | "XSP" | "NDX" | "DJX" => self.broad_range,
            "IWM" | "RUT" => self.small_range,
            _ => self.stock_range,
        }
    }
}

/// Scenarios of the grid.
pub const SCENARIOS: usize = 16;

/// One scenario of one underlying.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct GridCell {
    /// Move of spot, a share of it.
    pub price_move: f64,
    /// Volatility up (1), down (-1) or unchanged (0).
    pub volatility: i8,
    /// Share of the result that counts.
    pub weight: f64,
    /// Profit after weighing, dollars.
    pub profit: f64,
}

/// The grid of one underlying.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct UnderlyingGrid {
    /// Which.
    pub symbol: Symbol,
    /// The scenarios, numbered from 1 in the usual order.
    pub cells: [GridCell; SCENARIOS],
    /// Number of the worst.
    pub worst: usize,
    /// Loss in it, dollars; 0 where no scenario loses.
    pub scan_risk: f64,
}

/// The grids of all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpanGrid {
    /// By underlying, in the portfolio's order.
    pub underlyings: Vec<UnderlyingGrid>,
    /// Sum of their scan risks, dollars.
    pub scan_risk: f64,
    /// What it does not rest on.
    pub missing: Missing,
}

/// Runs the sixteen scenarios. No time passes.
pub fn span_grid(held: &mut Revaluer, settings: &GridSettings) -> SpanGrid {
    let symbols: Vec<Symbol> = held.portfolio().underlyings.iter().map(|u| u.symbol).collect();
    let mut shocks = vec![still(); symbols.len()];
    let mut underlyings = Vec::with_capacity(symbols.len());
    for (place, symbol) in symbols.into_iter().enumerate() {
        let mut cells = plan(settings, settings.range(symbol));
        for cell in &mut cells {
            let sign = f64::from(cell.volatility);
            let volatility = if cell.volatility == 0 {
                VolatilityShock::NONE
            } else {
                VolatilityShock::Span {
                    share: sign * settings.volatility,
                    zero_dte: sign * settings.zero_dte_volatility,
                    least: settings.least_volatility,
                }
            };
            shocks[place] = Shock { spot: (1.0 + cell.price_move).max(1e-6), volatility };
            let scenario = Scenario { shocks: &shocks, years: 0.0 };
            cell.profit = cell.weight * held.profit_of(place, &scenario, |_| true, true);
        }
        shocks[place] = still();
        let worst = (0..SCENARIOS).min_by(|a, b| cells[*a].profit.total_cmp(&cells[*b].profit)).unwrap_or(0);
        let scan_risk = (-cells[worst].profit).max(0.0);
        underlyings.push(UnderlyingGrid { symbol, cells, worst: worst + 1, scan_risk });
    }
    let scan_risk = underlyings.iter().map(|grid| grid.scan_risk).sum();
    SpanGrid { underlyings, scan_risk, missing: held.missing() }
}

const fn still() -> Shock {
    Shock { spot: 1.0, volatility: VolatilityShock::NONE }
}

fn plan(settings: &GridSettings, range: f64) -> [GridCell; SCENARIOS] {
    let mut cells = [GridCell::default(); SCENARIOS];
    let thirds = [0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0];
    let pairs = thirds.into_iter().flat_map(|third| [(third / 3.0 * range, 1), (third / 3.0 * range, -1)]);
    for (cell, (price_move, volatility)) in cells.iter_mut().zip(pairs) {
        *cell = GridCell { price_move, volatility, weight: 1.0, profit: 0.0 };
    }
    for (cell, sign) in cells[14..].iter_mut().zip([1.0, -1.0]) {
        let price_move = sign * settings.extreme * range;
        *cell = GridCell { price_move, volatility: 0, weight: settings.extreme_weight, profit: 0.0 };
    }
    cells
}

/// Rows and columns of the stress table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StressSettings {
    /// Moves of every spot, shares of it; at most 64.
    pub spots: Vec<f64>,
    /// Changes of every volatility, shares of it; at most 64.
    pub volatilities: Vec<f64>,
}

impl StressSettings {
    /// Most rows, and most columns.
    pub const MAX: usize = 64;
}

impl Default for StressSettings {
    fn default() -> Self {
        Self {
            spots: vec![-0.20, -0.10, -0.08, -0.05, -0.03, 0.0, 0.03, 0.05, 0.06, 0.10],
            volatilities: vec![-0.30, 0.0, 0.30, 1.0],
        }
    }
}

/// One cell of the stress table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StressCell {
    /// Move of every spot, a share of it.
    pub spot: f64,
    /// Change of every volatility, a share of it.
    pub volatility: f64,
    /// Profit, dollars.
    pub profit: f64,
}

/// The table, row by row. All underlyings move alike and no time passes; rows and columns beyond the bound are left out.
pub fn stress_table(held: &mut Revaluer, settings: &StressSettings) -> Vec<StressCell> {
    let count = held.portfolio().underlyings.len();
    let mut cells = Vec::new();
    for spot in settings.spots.iter().copied().take(StressSettings::MAX) {
        for volatility in settings.volatilities.iter().copied().take(StressSettings::MAX) {
            let shock = Shock {
                spot: (1.0 + spot).max(1e-6),
                volatility: VolatilityShock::Times((1.0 + volatility).max(0.0)),
            };
            let shocks = vec![shock; count];
            let profit = held.profit(&Scenario { shocks: &shocks, years: 0.0 });
            cells.push(StressCell { spot, volatility, profit });
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::super::tests::{condor, spy};
    use super::super::{ShareHolding, Underlying};
    use super::*;

    const ORACLE: &str = include_str!("../../../../tests/oracles/gex-expected.json");

    #[test]
    fn the_sixteen_scenarios_are_those_of_the_oracle() {
        let oracle: serde_json::Value = serde_json::from_str(ORACLE).unwrap();
        let oracle = &oracle["portfolio"]["span_like"];
        let mut held = Revaluer::new(condor()).unwrap();
        // Every change here is above three points, but not the least volatility's of 0.1338 down a quarter.
        let grid = span_grid(&mut held, &GridSettings { least_volatility: 0.0, ..GridSettings::default() });
        let grid = &grid.underlyings[0];
        for (cell, expected) in grid.cells.iter().zip(oracle["scenarios"].as_array().unwrap()) {
            let number = |name: &str| expected[name].as_f64().unwrap();
            assert!((cell.price_move - number("price_move")).abs() < 1e-15);
            assert!((1.0 + 0.25 * f64::from(cell.volatility) - number("vol_mult")).abs() < 1e-15);
            assert_eq!(cell.weight, number("weight"));
            assert!((cell.profit / number("pnl") - 1.0).abs() < 1e-9, "{cell:?} {expected}");
        }
        assert_eq!(grid.worst, 12);
        assert!((grid.scan_risk - 6_090.319_794_955_985).abs() < 1e-6);
    }

    #[test]
    fn each_underlying_has_its_range_and_none_offsets_another() {
        let settings = GridSettings::default();
        let range = |name: &str| settings.range(Symbol::new(name).unwrap());
        assert_eq!((range("SPY"), range("IWM"), range("AAPL")), (0.06, 0.08, 0.15));
        let mut portfolio = condor();
        portfolio.options.clear();
        portfolio.underlyings.push(Underlying { symbol: Symbol::new("AAPL").unwrap(), ..spy() });
        let shares = |underlying, shares| ShareHolding { underlying, shares, mark: None };
        portfolio.shares = vec![shares(0, 100.0), shares(1, -100.0)];
        let grid = span_grid(&mut Revaluer::new(portfolio).unwrap(), &settings);
        // Twice the range at 35 % is less than the range itself.
        assert!((grid.underlyings[0].scan_risk - 3_600.0).abs() < 1e-6, "{grid:?}");
        assert!((grid.scan_risk - 3_600.0 - 9_000.0).abs() < 1e-6);
    }

    #[test]
    fn a_short_condor_loses_most_where_spot_runs() {
        let table = stress_table(&mut Revaluer::new(condor()).unwrap(), &StressSettings::default());
        assert_eq!(table.len(), 40);
        let at = |spot: f64, volatility: f64| {
            table.iter().find(|cell| cell.spot == spot && cell.volatility == volatility).unwrap().profit
        };
        assert_eq!(at(0.0, 0.0), 0.0);
        let widest = 10.0 * 100.0 * 10.0;
        for cell in &table {
            assert!(cell.profit > -widest, "ten dollars wide, ten contracts: {cell:?}");
        }
        assert!(at(-0.20, 0.0) < -6_000.0 && at(0.0, 1.0) < at(0.0, 0.30) && at(0.0, -0.30) > 0.0);
    }
}
