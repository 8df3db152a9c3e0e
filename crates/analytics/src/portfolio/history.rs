//! Value at risk by history: every past day's returns on today's holdings, each revalued in full.
//!
//! Over `n` days the value at risk at 99 % is the `ceil(0.01 n)`-th worst loss and the expected shortfall the mean of
//! that tail. Under a hundred days there is none. Volatilities move by their observed change at fixed delta; where no
//! history has it, by +1 vol point for each -1 % of spot, and the result says for how many days.

use serde::{Deserialize, Serialize};

use super::Missing;
use super::value::{Revaluer, Scenario, Shock, VolatilityShock};

/// Fewest days.
pub const LEAST_DAYS: usize = 100;

/// Most days that are taken: the newest.
pub const MOST_DAYS: usize = 2_000;

/// What one past day, or one past stretch of the holding time, did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayShock {
    /// Simple return of each underlying, in the portfolio's order; absent where it did not trade.
    pub returns: Vec<Option<f64>>,
    /// Change of its volatility at fixed delta: 0.01 is a point; absent where not recorded.
    pub volatility_changes: Vec<Option<f64>>,
}

/// How it is computed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HistorySettings {
    /// Share of days that are not worse, in (0.5, 1).
    pub level: f64,
    /// Calendar time that passes, years.
    pub horizon_years: f64,
    /// Vol points for each per cent that spot falls, where history has no volatilities.
    pub points_per_percent: f64,
}

impl Default for HistorySettings {
    fn default() -> Self {
        Self { level: 0.99, horizon_years: 1.0 / 365.0, points_per_percent: 1.0 }
    }
}

/// The result.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ValueAtRisk {
    /// Loss that is not exceeded at the level, dollars; negative where even the tail gains.
    pub var: f64,
    /// Mean loss of the tail, dollars.
    pub expected_shortfall: f64,
    /// Days it rests on.
    pub days: u32,
    /// Days left out: the return of a held underlying is unknown.
    pub skipped: u32,
    /// Days whose change of volatility is made from the return of spot.
    pub proxied: u32,
    /// What it does not rest on.
    pub missing: Missing,
}

/// Runs history over today's holdings; absent with fewer than [`LEAST_DAYS`] usable days.
///
/// One call costs a revaluation of the portfolio a day. Who must not stop that long calls [`day_profit`] for a few days
/// at a time and [`tail`] at the end.
pub fn value_at_risk(
    held: &mut Revaluer,
    days: &[DayShock],
    settings: &HistorySettings,
) -> Option<ValueAtRisk> {
    let days = &days[days.len().saturating_sub(MOST_DAYS)..];
    let mut profits = Vec::with_capacity(days.len());
    let (mut skipped, mut proxied) = (0, 0);
    for day in days {
        match day_profit(held, day, settings) {
            Some((profit, made)) => {
                profits.push(profit);
                proxied += u32::from(made);
            }
            None => skipped += 1,
        }
    }
    let (var, expected_shortfall) = tail(&mut profits, settings.level)?;
    let days = profits.len() as u32;
    Some(ValueAtRisk { var, expected_shortfall, days, skipped, proxied, missing: held.missing() })
}

/// Profit of today's holdings if that day came again, and whether its volatilities are made; absent when the return of a
/// held underlying is unknown.
pub fn day_profit(held: &mut Revaluer, day: &DayShock, settings: &HistorySettings) -> Option<(f64, bool)> {
    let portfolio = held.portfolio();
    let mut shocks = Vec::with_capacity(portfolio.underlyings.len());
    let mut proxied = false;
    for place in 0..portfolio.underlyings.len() {
        let optioned = portfolio.options.iter().any(|option| option.underlying == place);
        let concerned = optioned || portfolio.shares.iter().any(|shares| shares.underlying == place);
        let known = day.returns.get(place).copied().flatten().filter(|x| x.is_finite() && *x > -1.0);
        let change = known.or((!concerned).then_some(0.0))?;
        let observed = day.volatility_changes.get(place).copied().flatten().filter(|x| x.is_finite());
        proxied |= optioned && observed.is_none();
        let points = observed.unwrap_or(-settings.points_per_percent * change);
        shocks.push(Shock { spot: 1.0 + change, volatility: VolatilityShock::Plus(points) });
    }
    let profit = held.profit(&Scenario { shocks: &shocks, years: settings.horizon_years.max(0.0) });
    profit.is_finite().then_some((profit, proxied))
}

/// Value at risk and expected shortfall of profits, which it sorts; absent with fewer than [`LEAST_DAYS`].
pub fn tail(profits: &mut [f64], level: f64) -> Option<(f64, f64)> {
    if profits.len() < LEAST_DAYS || !(level > 0.5 && level < 1.0) {
        return None;
    }
    profits.sort_by(f64::total_cmp);
    // 0.01 of 300 days is 3, not a rounded 3.0000000000000003.
    let share = (1.0 - level) * profits.len() as f64;
    let count = (libm::ceil(share - 1e-9) as usize).clamp(1, profits.len());
    let worst = &profits[..count];
    let mean = worst.iter().sum::<f64>() / count as f64;
    Some((-worst[count - 1], -mean))
}

#[cfg(test)]
mod tests {
    use super::super::tests::condor;
    use super::*;
    use crate::probability::normal_quantile;

    /// The daily deviation of the oracle: 15 vol over 252 days.
    fn deviation() -> f64 {
        0.15 / libm::sqrt(252.0)
    }

    #[test]
    fn two_thousand_quantiles_give_the_oracle() {
        let mut held = Revaluer::new(condor()).unwrap();
        let mut profits: Vec<f64> = (0..2_001)
            .map(|n| {
                let move_of_spot = deviation() * normal_quantile((f64::from(n) + 0.5) / 2_001.0);
                let shock = Shock { spot: 1.0 + move_of_spot, volatility: VolatilityShock::NONE };
                held.profit(&Scenario { shocks: &[shock], years: 0.0 })
            })
            .collect();
        let (var, shortfall) = tail(&mut profits, 0.99).unwrap();
        assert!((var / 1_690.415_341_200_680_8 - 1.0).abs() < 1e-9, "{var}");
        assert!((shortfall / 2_042.143_647_752_328_4 - 1.0).abs() < 1e-9, "{shortfall}");
    }

    fn history(days: usize, volatility: Option<f64>) -> Vec<DayShock> {
        (0..days)
            .map(|n| {
                let change = deviation() * normal_quantile((n as f64 + 0.5) / days as f64);
                DayShock { returns: vec![Some(change)], volatility_changes: vec![volatility] }
            })
            .collect()
    }

    #[test]
    fn under_a_hundred_days_there_is_none() {
        let mut held = Revaluer::new(condor()).unwrap();
        let settings = HistorySettings::default();
        assert_eq!(value_at_risk(&mut held, &history(99, None), &settings), None);
        let found = value_at_risk(&mut held, &history(100, None), &settings).unwrap();
        assert_eq!((found.days, found.proxied, found.skipped), (100, 100, 0));
        assert_eq!(found.var, found.expected_shortfall, "the worst of a hundred is the whole tail");
        let mut gaps = history(120, Some(0.0));
        for day in &mut gaps[..21] {
            day.returns[0] = None;
        }
        assert_eq!(value_at_risk(&mut held, &gaps, &settings), None, "99 are left");
        gaps[0].returns[0] = Some(0.0);
        let found = value_at_risk(&mut held, &gaps, &settings).unwrap();
        assert_eq!((found.days, found.proxied, found.skipped), (100, 0, 20));
    }

    #[test]
    fn volatility_rises_as_spot_falls_where_history_is_silent() {
        let mut held = Revaluer::new(condor()).unwrap();
        let settings = HistorySettings { horizon_years: 0.0, ..HistorySettings::default() };
        let day = |volatility| DayShock { returns: vec![Some(-0.02)], volatility_changes: vec![volatility] };
        let (made, proxied) = day_profit(&mut held, &day(None), &settings).unwrap();
        let (told, _) = day_profit(&mut held, &day(Some(0.02)), &settings).unwrap();
        assert!(proxied && made == told);
        let (still, proxied) = day_profit(&mut held, &day(Some(0.0)), &settings).unwrap();
        assert!(!proxied && still > told, "a short condor loses by higher volatility");
        let broken = DayShock { returns: vec![Some(f64::NAN)], volatility_changes: vec![] };
        assert_eq!(day_profit(&mut held, &broken, &settings), None);
    }

    #[test]
    fn the_tail_is_counted_as_written() {
        let mut profits: Vec<f64> = (1..=300).map(|n| -f64::from(n)).collect();
        assert_eq!(tail(&mut profits, 0.99), Some((298.0, 299.0)), "the third worst, the mean of three");
        let mut profits: Vec<f64> = (1..=301).map(|n| -f64::from(n)).collect();
        assert_eq!(tail(&mut profits, 0.99), Some((298.0, 299.5)), "the fourth");
        assert_eq!(tail(&mut profits, 1.0), None);
        assert_eq!(tail(&mut [0.0; 99], 0.99), None);
    }

    #[test]
    fn a_degraded_portfolio_says_so() {
        let mut portfolio = condor();
        portfolio.options[0].volatility = None;
        let mut held = Revaluer::new(portfolio).unwrap();
        let found = value_at_risk(&mut held, &history(100, None), &HistorySettings::default()).unwrap();
        assert!(found.missing.is_degraded() && found.missing.blocks_new_risk());
    }
}
