//! Cash and positions: what executions and settlements make of them, to the micro-dollar.
//!
//! As at the broker, a position's cost holds the commission of what opened it, and realised
//! profit is net of the commissions of both ends.

use std::collections::BTreeMap;

use alphatrader_model::{Contract, Money, Price, Quantity, Side, SignedQuantity};
use thiserror::Error;

/// One contract held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// Units; positive is long. Flat while the day's realised profit is still of interest.
    pub quantity: SignedQuantity,
    /// Total cost of what is held, with commissions; negative for a short position (what was received).
    pub cost: Money,
    /// Profit realised today, net of commissions.
    pub realized_today: Money,
    /// Cash that came of it today, as if it had been bought at the day's start for what it was worth
    /// then: its value now plus this is the day's profit.
    pub flow_today: Money,
    /// Shares per unit.
    pub multiplier: u32,
}

impl Holding {
    /// Cost per unit (per contract for options) without sign, as the broker states it; zero when flat.
    pub fn average_cost(&self) -> f64 {
        if self.quantity.is_flat() { 0.0 } else { self.cost.to_f64() / self.quantity.get() as f64 }
    }
}

/// A trade that reached the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookTrade {
    /// What was traded.
    pub contract: Contract,
    /// Bought or sold.
    pub side: Side,
    /// How much.
    pub quantity: Quantity,
    /// At what price.
    pub price: Price,
    /// Shares per unit.
    pub multiplier: u32,
    /// What it cost.
    pub commission: Money,
}

/// A number left the range of money: the fact is refused and the book unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an amount exceeds what money can hold")]
pub struct BookOverflow;

/// Cash and holdings of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    /// Cash, settled at once.
    pub cash: Money,
    /// Holdings, and contracts closed today.
    pub holdings: BTreeMap<Contract, Holding>,
    /// Commissions paid today.
    pub commissions_today: Money,
}

impl Book {
    /// A book with nothing but cash.
    pub fn new(cash: Money) -> Self {
        Self { cash, holdings: BTreeMap::new(), commissions_today: Money::ZERO }
    }

    /// Takes a trade into the book. Says what profit it realised, net of commissions; nothing when
    /// it only opened.
    ///
    /// # Errors
    /// [`BookOverflow`]; the book is unchanged.
    pub fn trade(&mut self, trade: &BookTrade) -> Result<Option<Money>, BookOverflow> {
        let before = self.holdings.get(&trade.contract).copied().unwrap_or(Holding {
            quantity: SignedQuantity::ZERO,
            cost: Money::ZERO,
            realized_today: Money::ZERO,
            flow_today: Money::ZERO,
            multiplier: trade.multiplier,
        });
        let Step { after, realized, cash } = step(&before, trade).ok_or(BookOverflow)?;
        let cash = self.cash.checked_add(cash).ok_or(BookOverflow)?;
        let commissions = self.commissions_today.checked_add(trade.commission).ok_or(BookOverflow)?;
        self.cash = cash;
        self.commissions_today = commissions;
        self.holdings.insert(trade.contract, after);
        Ok(realized)
    }

    /// Ends a holding at `price` per share without a commission (expiry). Says what it realised.
    ///
    /// # Errors
    /// [`BookOverflow`]; the book is unchanged.
    pub fn settle(&mut self, contract: Contract, price: Price) -> Result<Option<Money>, BookOverflow> {
        let Some(holding) = self.holdings.get(&contract).filter(|h| !h.quantity.is_flat()) else {
            return Ok(None);
        };
        let side = if holding.quantity.get() > 0 { Side::Sell } else { Side::Buy };
        let (quantity, multiplier) = (holding.quantity.abs(), holding.multiplier);
        self.trade(&BookTrade { contract, side, quantity, price, multiplier, commission: Money::ZERO })
    }

    /// Units held of a contract; positive is long.
    pub fn held(&self, contract: &Contract) -> SignedQuantity {
        self.holdings.get(contract).map_or(SignedQuantity::ZERO, |h| h.quantity)
    }

    /// Forgets what belonged to the day: flat holdings, realised profit, commissions. `close` says a
    /// contract's last price; without one a holding is carried at cost.
    pub fn begin_day(&mut self, close: impl Fn(&Contract) -> Option<Price>) {
        self.holdings.retain(|_, holding| !holding.quantity.is_flat());
        for (contract, holding) in &mut self.holdings {
            let value =
                close(contract).and_then(|price| price.notional(holding.quantity.abs(), holding.multiplier));
            let signed = value.map(|value| if holding.quantity.get() < 0 { -value } else { value });
            holding.realized_today = Money::ZERO;
            holding.flow_today = -signed.unwrap_or(holding.cost);
        }
        self.commissions_today = Money::ZERO;
    }
}

struct Step {
    after: Holding,
    realized: Option<Money>,
    cash: Money,
}

/// The arithmetic of one trade; nothing when a number leaves its range.
fn step(before: &Holding, trade: &BookTrade) -> Option<Step> {
    let held = before.quantity.abs().get();
    let same_way = before.quantity.get().signum() * trade.side.sign() >= 0;
    let closing = if same_way { 0 } else { held.min(trade.quantity.get()) };
    let opening = trade.quantity.get().checked_sub(closing)?;

    let notional = |units| trade.price.notional(Quantity::new(units), trade.multiplier);
    let signed =
        |money: Money| if trade.side == Side::Buy { Some(money) } else { Money::ZERO.checked_sub(money) };
    let closing_commission = trade.commission.proportion(closing, trade.quantity.get())?;
    let opening_commission = trade.commission.checked_sub(closing_commission)?;

    // Cost of the part that is closed leaves the book; what it fetched less that cost is profit.
    let closed_cost = before.cost.proportion(closing, held.max(1))?;
    let fetched = Money::ZERO.checked_sub(signed(notional(closing)?)?)?.checked_sub(closing_commission)?;
    let realized = fetched.checked_sub(closed_cost)?;
    let opened_cost = signed(notional(opening)?)?.checked_add(opening_commission)?;
    let cost = before.cost.checked_sub(closed_cost)?.checked_add(opened_cost)?;
    let cash = fetched.checked_sub(opened_cost)?;

    let units = i64::try_from(trade.quantity.get()).ok()?.checked_mul(trade.side.sign())?;
    let after = Holding {
        quantity: before.quantity.checked_add(SignedQuantity::new(units))?,
        cost,
        realized_today: before.realized_today.checked_add(if closing > 0 {
            realized
        } else {
            Money::ZERO
        })?,
        flow_today: before.flow_today.checked_add(cash)?,
        multiplier: before.multiplier,
    };
    Some(Step { after, realized: (closing > 0).then_some(realized), cash })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spy() -> Contract {
        "SPY".parse().unwrap()
    }

    fn trade(side: Side, quantity: u64, cents: i64, commission_cents: i64) -> BookTrade {
        BookTrade {
            contract: spy(),
            side,
            quantity: Quantity::new(quantity),
            price: Price::from_cents(cents),
            multiplier: 1,
            commission: Money::from_micros(commission_cents * 10_000),
        }
    }

    #[test]
    fn profit_is_net_of_both_commissions() {
        let mut book = Book::new(Money::from_dollars(100_000));
        assert_eq!(book.trade(&trade(Side::Buy, 100, 60_000, 100)), Ok(None));
        assert_eq!(book.cash, Money::from_dollars(39_999));
        assert_eq!(book.holdings[&spy()].cost, Money::from_dollars(60_001));
        let realized = book.trade(&trade(Side::Sell, 100, 60_100, 100)).unwrap();
        assert_eq!(realized, Some(Money::from_dollars(98)));
        assert_eq!(book.cash, Money::from_dollars(100_098));
        assert!(book.held(&spy()).is_flat());
        assert_eq!(book.holdings[&spy()].cost, Money::ZERO);
    }

    #[test]
    fn a_trade_may_turn_long_into_short() {
        let mut book = Book::new(Money::from_dollars(10_000));
        book.trade(&trade(Side::Buy, 10, 1_000, 0)).unwrap();
        let realized = book.trade(&trade(Side::Sell, 30, 1_100, 0)).unwrap();
        assert_eq!(realized, Some(Money::from_dollars(10)));
        let holding = book.holdings[&spy()];
        assert_eq!(holding.quantity, SignedQuantity::new(-20));
        assert_eq!(holding.cost, Money::from_dollars(-220));
        assert!((holding.average_cost() - 11.0).abs() < 1e-12);
        let realized = book.trade(&trade(Side::Buy, 20, 1_000, 0)).unwrap();
        assert_eq!(realized, Some(Money::from_dollars(20)));
    }

    #[test]
    fn expiry_settles_and_the_day_forgets() {
        let mut book = Book::new(Money::from_dollars(1_000));
        let call: Contract = "SPY261123C00585000".parse().unwrap();
        let bought = BookTrade { contract: call, multiplier: 100, ..trade(Side::Buy, 2, 100, 130) };
        book.trade(&bought).unwrap();
        assert_eq!(book.settle(call, Price::ZERO), Ok(Some(Money::from_micros(-201_300_000))));
        assert_eq!(book.settle(call, Price::ZERO), Ok(None));
        assert_eq!(book.holdings.len(), 1);
        book.begin_day(|_| None);
        assert!(book.holdings.is_empty());
        assert_eq!(book.cash, Money::from_micros(1_000_000_000 - 201_300_000));
    }

    #[test]
    fn a_day_carries_its_holdings_at_the_close() {
        let mut book = Book::new(Money::from_dollars(10_000));
        book.trade(&trade(Side::Buy, 10, 10_000, 100)).unwrap();
        assert_eq!(book.holdings[&spy()].flow_today, Money::from_dollars(-1_001));
        book.begin_day(|_| Some(Price::from_cents(11_000)));
        let holding = book.holdings[&spy()];
        assert_eq!(
            (holding.flow_today, holding.cost),
            (Money::from_dollars(-1_100), Money::from_dollars(1_001))
        );
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let mut book = Book::new(Money::from_dollars(1_000));
        let before = book.clone();
        let huge = BookTrade { price: Price::from_raw(i64::MAX / 2), ..trade(Side::Buy, 100, 1, 0) };
        assert_eq!(book.trade(&huge), Err(BookOverflow));
        assert_eq!(book, before);
    }

    proptest! {
        /// Cash plus cost of what is held is the start plus all that was realised, exactly.
        #[test]
        fn nothing_is_lost(trades in prop::collection::vec((any::<bool>(), 1_u64..500, 1_i64..90_000, 0_i64..500), 1..40)) {
            let start = Money::from_dollars(1_000_000);
            let mut book = Book::new(start);
            let (mut realized, mut units, mut flows) = (Money::ZERO, 0_i64, start);
            for (buy, quantity, cents, commission) in trades {
                let side = if buy { Side::Buy } else { Side::Sell };
                let trade = trade(side, quantity, cents, commission);
                let gain = book.trade(&trade).unwrap();
                realized = realized.checked_add(gain.unwrap_or(Money::ZERO)).unwrap();
                units += side.sign() * quantity as i64;
                let notional = Money::from_micros(cents * 10_000 * quantity as i64 * side.sign());
                flows = flows.checked_sub(notional).unwrap().checked_sub(trade.commission).unwrap();
            }
            let holding = book.holdings[&spy()];
            prop_assert_eq!(holding.quantity.get(), units);
            prop_assert_eq!(book.cash, flows);
            prop_assert_eq!(book.cash.checked_add(holding.cost), start.checked_add(realized));
            prop_assert_eq!(holding.realized_today, realized);
            prop_assert!(units != 0 || holding.cost == Money::ZERO);
        }
    }
}
