//! What an execution costs, to the micro-dollar.
//!
//! Schedules charge by order: the least and the most apply to what an order cost in all, so each
//! execution is charged the difference between the order's cost after it and before it.

use alphatrader_model::{Contract, Money, Price, Quantity};
use serde::{Deserialize, Serialize};

/// A commission schedule. The default is modelled on the fixed schedule of Interactive Brokers for
/// United States stocks and options, without exchange and regulatory fees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fees {
    /// Per option contract.
    pub per_contract: Money,
    /// Least for an order in options.
    pub option_minimum: Money,
    /// Per share.
    pub per_share: Money,
    /// Least for an order in stock.
    pub stock_minimum: Money,
    /// Most for an order in stock, in percent of its value; wins over the least.
    pub stock_maximum_percent: u32,
}

impl Default for Fees {
    fn default() -> Self {
        Self {
            per_contract: Money::from_micros(650_000),
            option_minimum: Money::from_dollars(1),
            per_share: Money::from_micros(5_000),
            stock_minimum: Money::from_dollars(1),
            stock_maximum_percent: 1,
        }
    }
}

impl Fees {
    /// No commissions at all.
    pub const FREE: Self = Self {
        per_contract: Money::ZERO,
        option_minimum: Money::ZERO,
        per_share: Money::ZERO,
        stock_minimum: Money::ZERO,
        stock_maximum_percent: 0,
    };

    /// What an order costs that filled `quantity` for `value` in all. Nothing filled costs nothing.
    /// Amounts beyond what money holds count as the most it holds.
    pub fn order(&self, contract: &Contract, quantity: Quantity, value: Money) -> Money {
        if quantity.is_zero() {
            return Money::ZERO;
        }
        let times = |rate: Money| rate.proportion(quantity.get(), 1).unwrap_or(Money::from_micros(i64::MAX));
        match contract {
            Contract::Option(_) => times(self.per_contract).max(self.option_minimum),
            Contract::Stock(_) => {
                let most = value.proportion(u64::from(self.stock_maximum_percent), 100);
                let cost = times(self.per_share).max(self.stock_minimum);
                most.map_or(cost, |most| cost.min(most))
            }
        }
    }
}

/// What an order cost so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OrderCost {
    quantity: Quantity,
    value: Money,
    charged: Money,
}

impl OrderCost {
    /// Adds an execution and says what it is charged. Nothing when the order's value leaves the
    /// range of money; the cost is unchanged then.
    pub fn charge(
        &mut self,
        fees: &Fees,
        contract: &Contract,
        quantity: Quantity,
        price: Price,
        multiplier: u32,
    ) -> Option<Money> {
        let value = self.value.checked_add(price.notional(quantity, multiplier)?)?;
        let quantity = self.quantity.checked_add(quantity)?;
        let total = fees.order(contract, quantity, value);
        let charge = total.checked_sub(self.charged)?;
        *self = Self { quantity, value, charged: total };
        Some(charge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn option() -> Contract {
        "SPY261123C00585000".parse().unwrap()
    }

    fn stock() -> Contract {
        "SPY".parse().unwrap()
    }

    #[test]
    fn options_cost_by_the_contract_with_a_least() {
        let fees = Fees::default();
        let of = |contracts| fees.order(&option(), Quantity::new(contracts), Money::from_dollars(500));
        assert_eq!(of(1), Money::from_dollars(1), "0.65 is below the least");
        assert_eq!(of(2), Money::from_micros(1_300_000));
        assert_eq!(of(10), Money::from_micros(6_500_000));
        assert_eq!(of(0), Money::ZERO);
    }

    #[test]
    fn stock_costs_by_the_share_with_a_least_and_a_most() {
        let fees = Fees::default();
        let of = |shares, dollars| fees.order(&stock(), Quantity::new(shares), Money::from_dollars(dollars));
        assert_eq!(of(100, 60_000), Money::from_dollars(1), "0.50 is below the least");
        assert_eq!(of(1_000, 600_000), Money::from_dollars(5));
        // 10 shares at 0.20: one percent of 2 dollars wins over the least.
        assert_eq!(of(10, 2), Money::from_micros(20_000));
        // 10 000 shares at 0.25: 50 dollars by the share, 25 at most.
        assert_eq!(of(10_000, 2_500), Money::from_dollars(25));
    }

    #[test]
    fn executions_share_the_least_of_their_order() {
        let fees = Fees::default();
        let mut cost = OrderCost::default();
        let mut charge = |contracts| {
            cost.charge(&fees, &option(), Quantity::new(contracts), Price::from_cents(134), 100).unwrap()
        };
        assert_eq!(charge(1), Money::from_dollars(1));
        assert_eq!(charge(1), Money::from_micros(300_000), "1.30 in all");
        assert_eq!(charge(8), Money::from_micros(5_200_000), "6.50 in all");
    }

    proptest! {
        #[test]
        fn parts_cost_what_the_whole_costs(parts in prop::collection::vec((1_u64..500, 1_i64..100_000), 1..20), is_option in any::<bool>()) {
            let (fees, contract) = (Fees::default(), if is_option { option() } else { stock() });
            let multiplier = if is_option { 100 } else { 1 };
            let (mut cost, mut sum, mut shares, mut value) = (OrderCost::default(), 0, 0, 0);
            for (quantity, cents) in parts {
                let price = Price::from_cents(cents);
                let charge = cost.charge(&fees, &contract, Quantity::new(quantity), price, multiplier).unwrap();
                prop_assert!(charge >= Money::ZERO);
                sum += charge.micros();
                shares += quantity;
                value += price.notional(Quantity::new(quantity), multiplier).unwrap().micros();
            }
            let whole = fees.order(&contract, Quantity::new(shares), Money::from_micros(value));
            prop_assert_eq!(whole.micros(), sum);
        }
    }
}
