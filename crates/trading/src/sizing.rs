//! How many contracts: the largest number that the risk budget and every limit allow.

use alphatrader_model::settings::Limits;
use alphatrader_model::{Account, Money, Price, Quantity};

/// What a size is made from.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Price paid for one unit if the entry fills at its limit.
    pub limit: Price,
    /// Trigger of the protective stop, below the limit.
    pub stop: Price,
    /// Shares per unit.
    pub multiplier: u32,
    /// Fraction of equity that may be lost at the stop.
    pub risk_per_trade: f64,
    /// Premium already paid or being bid for everything else.
    pub premium_at_risk: Money,
}

/// A size and what bounded it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Contracts; may be zero, which is "too small".
    pub quantity: Quantity,
    /// Loss if the stop fills at its trigger.
    pub risk: Money,
    /// Which of the bounds was the smallest.
    pub bound: &'static str,
}

/// The largest size that the risk budget and all limits allow. A limit shrinks a size before it
/// refuses an order (signals-and-risk, section 3).
pub fn contracts(limits: &Limits, account: &Account, wanted: &Wanted) -> Size {
    let one = Quantity::new(1);
    let zero = Size { quantity: Quantity::ZERO, risk: Money::ZERO, bound: "price" };
    let Some(unit_cost) = wanted.limit.notional(one, wanted.multiplier).filter(|c| *c > Money::ZERO) else {
        return zero;
    };
    let unit_risk = wanted.limit.checked_sub(wanted.stop).and_then(|d| d.notional(one, wanted.multiplier));
    let Some(unit_risk) = unit_risk.filter(|r| *r > Money::ZERO) else {
        return zero;
    };
    let premium_left =
        account.equity.scaled(limits.max_premium).checked_sub(wanted.premium_at_risk).unwrap_or(Money::ZERO);
    let by_equity =
        fits(account.equity, limits.equity_per_contract).clamp(1, u64::from(limits.max_contracts));
    let bounds = [
        (fits(account.equity.scaled(wanted.risk_per_trade), unit_risk), "risk per trade"),
        (by_equity, "contracts per equity"),
        (fits(premium_left, unit_cost), "premium outlay"),
        (fits(account.buying_power, unit_cost), "buying power"),
    ];
    let (units, bound) = bounds.into_iter().min_by_key(|(units, _)| *units).unwrap_or((0, "price"));
    let quantity = Quantity::new(units);
    let risk = wanted.limit.checked_sub(wanted.stop).and_then(|d| d.notional(quantity, wanted.multiplier));
    risk.map_or(zero, |risk| Size { quantity, risk, bound })
}

/// How often `unit` fits into `amount`; none of a negative amount.
fn fits(amount: Money, unit: Money) -> u64 {
    if unit <= Money::ZERO {
        return 0;
    }
    u64::try_from(amount.micros() / unit.micros()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::Timestamp;

    fn account(equity: i64, buying_power: i64) -> Account {
        Account {
            equity: Money::from_dollars(equity),
            cash: Money::from_dollars(buying_power),
            buying_power: Money::from_dollars(buying_power),
            as_of: Timestamp::default(),
        }
    }

    fn wanted() -> Wanted {
        Wanted {
            limit: Price::from_cents(200),
            stop: Price::from_cents(130),
            multiplier: 100,
            risk_per_trade: 0.005,
            premium_at_risk: Money::ZERO,
        }
    }

    #[test]
    fn each_bound_in_turn_decides() {
        let limits = Limits::default();
        // 0.5 % of 100 000 is 500; the stop is 70 a contract away: 7.
        let size = contracts(&limits, &account(100_000, 100_000), &wanted());
        assert_eq!((size.quantity.get(), size.bound), (7, "risk per trade"));
        assert_eq!(size.risk, Money::from_dollars(490));
        // 900 of cash buys 4 at 200.
        let size = contracts(&limits, &account(100_000, 900), &wanted());
        assert_eq!((size.quantity.get(), size.bound), (4, "buying power"));
        // 25 000 of premium allowed, 24 500 in use: 2 more.
        let used = Wanted { premium_at_risk: Money::from_dollars(24_500), ..wanted() };
        let size = contracts(&limits, &account(100_000, 100_000), &used);
        assert_eq!((size.quantity.get(), size.bound), (2, "premium outlay"));
        // 10 000 of equity allow 4 contracts; a stop 1 dollar away would allow 50.
        let near = Wanted { stop: Price::from_cents(199), ..wanted() };
        let size = contracts(&limits, &account(10_000, 10_000), &near);
        assert_eq!((size.quantity.get(), size.bound), (4, "contracts per equity"));
        // Nothing to trade with is nothing.
        assert!(contracts(&limits, &account(0, 0), &wanted()).quantity.is_zero());
    }
}
