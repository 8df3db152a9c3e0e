//! Executions counted once, and positions made of nothing but fills.
//!
//! A position's quantity is the sum of its fills and its cost the exact money paid, never an average
//! price, so profit is exact to the micro-dollar (signals-and-risk, section 9).

use alphatrader_model::market::Side;
use alphatrader_model::{Fill, Money, Position, Price, Quantity, SignedQuantity};
use thiserror::Error;

/// A fill that cannot be booked. Each of these halts trading: the books would be wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FillError {
    /// The amount does not fit 64 bits of micro-dollars.
    #[error("{quantity} at {price} times {multiplier} does not fit in money")]
    Overflow {
        /// Fill size.
        quantity: Quantity,
        /// Fill price.
        price: Price,
        /// Shares per unit.
        multiplier: u32,
    },
    /// A reducing fill larger than what is held: the position went through zero (invariant 13).
    #[error("a fill of {fill} closes more than the {held} held")]
    ThroughZero {
        /// Fill size.
        fill: Quantity,
        /// Held before it.
        held: SignedQuantity,
    },
}

/// A new, flat position for the signal of `fill`.
pub fn opened_by(fill: &Fill) -> Position {
    Position {
        signal: fill.signal(),
        strategy: fill.strategy,
        contract: fill.contract,
        multiplier: fill.multiplier,
        quantity: SignedQuantity::ZERO,
        opened_quantity: Quantity::ZERO,
        cost: Money::ZERO,
        cost_opened: Money::ZERO,
        realized: Money::ZERO,
        commissions: Money::ZERO,
        stop: None,
        target: None,
        opened: fill.time,
        closed: None,
    }
}

/// Books a fill. Long positions only: buying enlarges, selling reduces. Short legs come with spreads.
///
/// # Errors
/// [`FillError`]; the position is unchanged then.
pub fn apply(position: &mut Position, fill: &Fill) -> Result<(), FillError> {
    let overflow =
        || FillError::Overflow { quantity: fill.quantity, price: fill.price, multiplier: fill.multiplier };
    let amount = fill.price.notional(fill.quantity, fill.multiplier).ok_or_else(overflow)?;
    let size = i64::try_from(fill.quantity.get()).map_err(|_| overflow())?;
    match fill.side {
        Side::Buy => {
            let quantity = position.quantity.checked_add(SignedQuantity::new(size)).ok_or_else(overflow)?;
            let cost = position.cost.checked_add(amount).ok_or_else(overflow)?;
            let cost_opened = position.cost_opened.checked_add(amount).ok_or_else(overflow)?;
            position.quantity = quantity;
            position.opened_quantity = position.opened_quantity.max(quantity.abs());
            position.cost = cost;
            position.cost_opened = cost_opened;
            position.closed = None;
        }
        Side::Sell => {
            let held = position.quantity;
            if held.get() < size {
                return Err(FillError::ThroughZero { fill: fill.quantity, held });
            }
            let share = position
                .cost
                .proportion(fill.quantity.get(), held.abs().get())
                .expect("held is positive and the share is at most the cost");
            let profit = amount.checked_sub(share).ok_or_else(overflow)?;
            let realized = position.realized.checked_add(profit).ok_or_else(overflow)?;
            position.quantity = SignedQuantity::new(held.get() - size);
            position.cost = position.cost.checked_sub(share).ok_or_else(overflow)?;
            position.realized = realized;
            if position.quantity.is_flat() {
                assert_eq!(position.cost, Money::ZERO, "nothing held costs nothing");
                position.closed = Some(fill.time);
            }
        }
    }
    Ok(())
}

/// Profit of what is held if it were sold at `mark`, before commissions; nothing when it overflows.
pub fn unrealized(position: &Position, mark: Price) -> Option<Money> {
    mark.notional(position.quantity.abs(), position.multiplier)?.checked_sub(position.cost)
}

/// Volume-weighted price of a position's opening fills, rounded down to a price unit.
pub fn average_entry(position: &Position) -> Option<Price> {
    let units = position.quantity.abs().get().checked_mul(u64::from(position.multiplier))?;
    let per_unit = position.cost.micros().checked_div(i64::try_from(units).ok()?)?;
    Some(Price::from_raw(per_unit / (Money::SCALE / Price::SCALE)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use alphatrader_model::{Contract, OrderId, OrderRef, Role, Seq, SignalId, Strategy, Symbol, Timestamp};
    use proptest::prelude::*;

    pub(crate) fn fill(side: Side, quantity: u64, cents: i64) -> Fill {
        let signal = SignalId::new(Timestamp::from_seconds(1), Seq(1), 0);
        Fill {
            exec_id: "a.1".into(),
            order: OrderId(1),
            reference: OrderRef { signal, role: Role::Entry, attempt: 1 },
            contract: Contract::Stock(Symbol::new("SPY").unwrap()),
            side,
            quantity: Quantity::new(quantity),
            price: Price::from_cents(cents),
            multiplier: 100,
            commission: None,
            time: Timestamp::from_seconds(2),
            strategy: Strategy::ZeroDte,
        }
    }

    #[test]
    fn a_round_trip_in_parts_is_exact() {
        // 3 at 1.34 and 4 at 1.37 = 402 + 548 = 950; sold 2 at 1.61 = 322, then 5 at 0.87 = 435.
        let first = fill(Side::Buy, 3, 134);
        let mut position = opened_by(&first);
        apply(&mut position, &first).unwrap();
        apply(&mut position, &fill(Side::Buy, 4, 137)).unwrap();
        assert_eq!(position.cost, Money::from_dollars(950));
        assert_eq!(unrealized(&position, Price::from_cents(150)), Some(Money::from_dollars(100)));
        apply(&mut position, &fill(Side::Sell, 2, 161)).unwrap();
        // 950 * 2 / 7 = 271.428571 of cost leave with the first two.
        assert_eq!(position.realized, "50.571429".parse().unwrap());
        apply(&mut position, &fill(Side::Sell, 5, 87)).unwrap();
        assert_eq!(position.realized, Money::from_dollars(322 + 435 - 950));
        assert!(position.quantity.is_flat() && position.closed.is_some());
    }

    #[test]
    fn a_position_is_never_carried_through_zero() {
        let first = fill(Side::Buy, 3, 134);
        let mut position = opened_by(&first);
        apply(&mut position, &first).unwrap();
        let before = position.clone();
        assert!(matches!(
            apply(&mut position, &fill(Side::Sell, 4, 134)),
            Err(FillError::ThroughZero { .. })
        ));
        assert_eq!(position, before);
    }

    proptest! {
        #[test]
        fn cash_and_books_agree(trades in prop::collection::vec((any::<bool>(), 1_u64..500, 1_i64..2_000), 1..60)) {
            let mut position = opened_by(&fill(Side::Buy, 1, 1));
            let mut cash = 0_i64;
            let mut held = 0_i64;
            for (buy, quantity, cents) in trades {
                let side = if buy { Side::Buy } else { Side::Sell };
                let one = fill(side, quantity, cents);
                let amount = cents * 10_000 * 100 * quantity as i64;
                if apply(&mut position, &one).is_ok() {
                    held += side.sign() * quantity as i64;
                    cash -= side.sign() * amount;
                }
                prop_assert_eq!(position.quantity.get(), held);
                // What went out less what came back is what is held at cost, less what was earned.
                prop_assert_eq!(-cash, position.cost.micros() - position.realized.micros());
            }
        }
    }
}
