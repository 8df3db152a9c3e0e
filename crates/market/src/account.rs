//! A paper account: cash, positions, buying power, settlement. Exact to the micro-dollar.
//!
//! Options are bought with cash (long premium is paid in full) and sold only as far as they are
//! held: this account writes no uncovered options. Stock ties up a percentage of its value: 100 is
//! a cash account, 50 the usual margin account. Short stock ties up the same percentage.

use std::collections::BTreeMap;

use alphatrader_model::{
    Account, Contract, Money, OptionContract, Price, Quantity, Right, Side, SignedQuantity, Timestamp,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What is held of one contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// How much; positive is long. A flat holding is kept for its profit until
    /// [`PaperAccount::forget_flat`].
    pub quantity: SignedQuantity,
    /// Shares per unit.
    pub multiplier: u32,
    /// Total cost of what is held, without commissions; negative for a short position (what it brought).
    pub cost: Money,
    /// Profit of what was closed, without commissions.
    pub realized: Money,
    /// Commissions so far.
    pub commissions: Money,
    /// Last price it was marked at; absent before the first mark.
    pub mark: Option<Price>,
}

/// An execution as the account books it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booking {
    /// What was traded.
    pub contract: Contract,
    /// Shares per unit.
    pub multiplier: u32,
    /// Bought or sold.
    pub side: Side,
    /// How much.
    pub quantity: Quantity,
    /// At what price.
    pub price: Price,
    /// What it cost; positive for a cost.
    pub commission: Money,
}

/// An option that expired and was settled in cash at its intrinsic value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settlement {
    /// What expired.
    pub contract: Contract,
    /// How much was held; positive is long.
    pub quantity: SignedQuantity,
    /// Intrinsic value per share.
    pub price: Price,
    /// Profit it realised.
    pub realized: Money,
}

/// A claim that a working or a new order has on the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// What it trades.
    pub contract: Contract,
    /// Shares per unit.
    pub multiplier: u32,
    /// Buy or sell.
    pub side: Side,
    /// Not filled yet.
    pub remaining: Quantity,
    /// Price to reckon with: the limit, or what the market asks.
    pub price: Price,
    /// Only one order of a group can fill: its claims count once.
    pub group: Option<u64>,
    /// It closes what a parent that has not filled yet will open.
    pub covered_by_parent: bool,
}

/// Why an order is refused, in the broker's terms.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct Refusal {
    /// The broker's code: 201.
    pub code: i32,
    /// In words, with the numbers.
    pub reason: String,
}

/// An amount left the range of money; the account is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an amount is larger than money can hold: the booking was refused and the account is unchanged")]
pub struct AmountError;

/// A paper account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperAccount {
    start: Money,
    cash: Money,
    /// Percent of the value of stock that is tied up.
    stock_margin_percent: u32,
    realized: Money,
    commissions: Money,
    holdings: BTreeMap<Contract, Holding>,
}

impl PaperAccount {
    /// Most contracts held at one time; a booking that would add another is refused.
    pub const MAX_HOLDINGS: usize = 10_000;

    /// An account with nothing but cash. `stock_margin_percent` is 1 to 100.
    pub fn new(cash: Money, stock_margin_percent: u32) -> Self {
        assert!((1..=100).contains(&stock_margin_percent), "a margin is 1 to 100 percent");
        Self {
            start: cash,
            cash,
            stock_margin_percent,
            realized: Money::ZERO,
            commissions: Money::ZERO,
            holdings: BTreeMap::new(),
        }
    }

    /// Cash at the start.
    pub const fn start(&self) -> Money {
        self.start
    }

    /// Cash now.
    pub const fn cash(&self) -> Money {
        self.cash
    }

    /// Profit of everything closed, before commissions.
    pub const fn realized(&self) -> Money {
        self.realized
    }

    /// Commissions of everything so far.
    pub const fn commissions(&self) -> Money {
        self.commissions
    }

    /// Everything held, by contract, flat holdings included.
    pub const fn holdings(&self) -> &BTreeMap<Contract, Holding> {
        &self.holdings
    }

    /// How much of a contract is held; positive is long.
    pub fn held(&self, contract: &Contract) -> SignedQuantity {
        self.holdings.get(contract).map_or(SignedQuantity::ZERO, |holding| holding.quantity)
    }

    /// Books an execution. Says what it realised before commissions; nothing when it closed nothing.
    ///
    /// # Errors
    /// [`AmountError`].
    pub fn book(&mut self, booking: &Booking) -> Result<Option<Money>, AmountError> {
        let before = match self.holdings.get(&booking.contract) {
            Some(holding) => *holding,
            None if self.holdings.len() == Self::MAX_HOLDINGS => return Err(AmountError),
            None => Holding::empty(booking.multiplier),
        };
        let step = before.step(booking).ok_or(AmountError)?;
        let add = |a: Money, b: Money| a.checked_add(b).ok_or(AmountError);
        let cash = add(self.cash, step.cash)?;
        let realized = add(self.realized, step.realized.unwrap_or(Money::ZERO))?;
        let commissions = add(self.commissions, booking.commission)?;
        (self.cash, self.realized, self.commissions) = (cash, realized, commissions);
        self.holdings.insert(booking.contract, step.after);
        Ok(step.realized)
    }

    /// Marks a contract that is held.
    pub fn mark(&mut self, contract: &Contract, price: Price) {
        if let Some(holding) = self.holdings.get_mut(contract) {
            holding.mark = Some(price);
        }
    }

    /// Value of everything held at its marks; at cost where there is no mark yet.
    pub fn market_value(&self) -> Money {
        self.sum(|_, holding| holding.value())
    }

    /// Profit of what is held at its marks, before commissions.
    pub fn unrealized(&self) -> Money {
        self.sum(|_, holding| less(holding.value(), holding.cost))
    }

    /// Net liquidation value.
    pub fn equity(&self) -> Money {
        self.cash.checked_add(self.market_value()).unwrap_or(self.cash)
    }

    /// What is free for new positions: cash and stock, less what stock ties up. Options held do
    /// not count: they lend no money.
    pub fn available(&self) -> Money {
        let stock = self.sum(|contract, holding| match contract {
            Contract::Stock(_) => {
                let value = holding.value();
                less(value, self.tied_up(value))
            }
            Contract::Option(_) => Money::ZERO,
        });
        self.cash.checked_add(stock).unwrap_or(Money::ZERO)
    }

    /// What may be spent on stock: [`PaperAccount::available`] over the margin.
    pub fn buying_power(&self) -> Money {
        let available = self.available().max(Money::ZERO);
        available.proportion(100, u64::from(self.stock_margin_percent)).unwrap_or(available)
    }

    /// The account as a broker states it.
    pub fn statement(&self, as_of: Timestamp) -> Account {
        Account { equity: self.equity(), cash: self.cash, buying_power: self.buying_power(), as_of }
    }

    /// Whether a new order is allowed beside the orders that already work.
    ///
    /// # Errors
    /// [`Refusal`] with code 201.
    pub fn check(&self, new: &Claim, working: &[Claim]) -> Result<(), Refusal> {
        if new.covered_by_parent {
            return Ok(());
        }
        let closing = self.closing_room(new, working).min(new.remaining.get());
        let opening = new.remaining.get() - closing;
        if opening == 0 {
            return Ok(());
        }
        if matches!(new.contract, Contract::Option(_)) && new.side == Side::Sell {
            return Err(refused(&format!(
                "YOU DON'T HAVE A SUFFICIENT LONG POSITION TO SELL {} {}: AVAILABLE TO CLOSE: {closing}. \
                 UNCOVERED OPTIONS ARE NOT ALLOWED IN THIS ACCOUNT",
                new.remaining, new.contract
            )));
        }
        let needed = self.need(new, opening).ok_or_else(|| refused("THE ORDER'S VALUE IS TOO LARGE"))?;
        let claimed = self.claimed(working);
        let free = self.available().checked_sub(claimed).unwrap_or(Money::ZERO);
        if needed > free {
            return Err(refused(&format!(
                "YOUR AVAILABLE FUNDS ARE INSUFFICIENT TO COVER THE ORDER: AVAILABLE FUNDS [{free} USD], \
                 NEEDED [{needed} USD]"
            )));
        }
        Ok(())
    }

    /// Settles the options for which `expires` says so at their intrinsic value for `spot` (their
    /// underlying's price at the close), in cash and without commission.
    ///
    /// # Errors
    /// [`AmountError`]; what was settled before it stays settled.
    pub fn settle(
        &mut self,
        expires: impl Fn(&OptionContract) -> bool,
        spot: Price,
    ) -> Result<Vec<Settlement>, AmountError> {
        let due: Vec<_> = self
            .holdings
            .iter()
            .filter(|(contract, holding)| {
                contract.option().is_some_and(&expires) && !holding.quantity.is_flat()
            })
            .map(|(contract, holding)| (*contract, *holding))
            .collect();
        let mut settled = Vec::with_capacity(due.len());
        for (contract, holding) in due {
            let option = contract.option().expect("only options were chosen");
            let price = intrinsic(option, spot);
            let side = if holding.quantity.get() > 0 { Side::Sell } else { Side::Buy };
            let booking = Booking {
                contract,
                multiplier: holding.multiplier,
                side,
                quantity: holding.quantity.abs(),
                price,
                commission: Money::ZERO,
            };
            let realized = self.book(&booking)?.unwrap_or(Money::ZERO);
            settled.push(Settlement { contract, quantity: holding.quantity, price, realized });
        }
        Ok(settled)
    }

    /// Drops holdings that are flat.
    pub fn forget_flat(&mut self) {
        self.holdings.retain(|_, holding| !holding.quantity.is_flat());
    }

    fn sum(&self, of: impl Fn(&Contract, &Holding) -> Money) -> Money {
        self.holdings.iter().fold(Money::ZERO, |sum, (contract, holding)| {
            // A sum beyond 9 · 10^12 dollars stays at what it reached.
            sum.checked_add(of(contract, holding)).unwrap_or(sum)
        })
    }

    fn tied_up(&self, value: Money) -> Money {
        let size = Money::from_micros(value.micros().abs());
        size.proportion(u64::from(self.stock_margin_percent), 100).unwrap_or(size)
    }

    /// How much of what is held a new order may close, after what working orders close already.
    fn closing_room(&self, new: &Claim, working: &[Claim]) -> u64 {
        let held = self.held(&new.contract).get();
        if held * new.side.sign() >= 0 {
            return 0;
        }
        let mut groups: BTreeMap<u64, u64> = BTreeMap::new();
        let mut alone = 0_u64;
        let same = |claim: &&Claim| {
            claim.contract == new.contract && claim.side == new.side && !claim.covered_by_parent
        };
        for claim in working.iter().filter(same) {
            match claim.group {
                // What shares the new order's group can't fill beside it.
                Some(group) if Some(group) == new.group => {}
                Some(group) => {
                    let most = groups.entry(group).or_default();
                    *most = (*most).max(claim.remaining.get());
                }
                None => alone = alone.saturating_add(claim.remaining.get()),
            }
        }
        let spoken_for = groups.values().fold(alone, |sum, most| sum.saturating_add(*most));
        held.unsigned_abs().saturating_sub(spoken_for)
    }

    /// What opening `quantity` ties up.
    fn need(&self, claim: &Claim, quantity: u64) -> Option<Money> {
        let value = claim.price.notional(Quantity::new(quantity), claim.multiplier)?;
        Some(match claim.contract {
            Contract::Option(_) => value,
            Contract::Stock(_) => self.tied_up(value),
        })
    }

    /// What working orders that open positions have claimed.
    fn claimed(&self, working: &[Claim]) -> Money {
        let mut sum = Money::ZERO;
        for claim in working.iter().filter(|claim| !claim.covered_by_parent) {
            let held = self.held(&claim.contract).get();
            let closes = if held * claim.side.sign() < 0 { held.unsigned_abs() } else { 0 };
            let opening = claim.remaining.get().saturating_sub(closes);
            let need = self.need(claim, opening).unwrap_or(Money::ZERO);
            sum = sum.checked_add(need).unwrap_or(sum);
        }
        sum
    }
}

/// A difference; what leaves the range of money stays at the first amount.
fn less(amount: Money, other: Money) -> Money {
    amount.checked_sub(other).unwrap_or(amount)
}

fn refused(reason: &str) -> Refusal {
    Refusal { code: 201, reason: format!("Order rejected - reason: {reason}") }
}

/// What an option is worth at its end.
fn intrinsic(option: &OptionContract, spot: Price) -> Price {
    let inside = match option.right {
        Right::Call => spot.checked_sub(option.strike),
        Right::Put => option.strike.checked_sub(spot),
    };
    inside.unwrap_or(Price::ZERO).max(Price::ZERO)
}

struct Step {
    after: Holding,
    realized: Option<Money>,
    cash: Money,
}

impl Holding {
    const fn empty(multiplier: u32) -> Self {
        Self {
            quantity: SignedQuantity::ZERO,
            multiplier,
            cost: Money::ZERO,
            realized: Money::ZERO,
            commissions: Money::ZERO,
            mark: None,
        }
    }

    /// Value at the mark; at cost where there is none.
    pub fn value(&self) -> Money {
        let at_mark = self.mark.and_then(|mark| mark.notional(self.quantity.abs(), self.multiplier));
        match at_mark {
            Some(value) if self.quantity.get() < 0 => -value,
            Some(value) => value,
            None => self.cost,
        }
    }

    /// The arithmetic of one execution; nothing when a number leaves its range.
    fn step(&self, booking: &Booking) -> Option<Step> {
        let held = self.quantity.abs().get();
        let same_way = self.quantity.get().signum() * booking.side.sign() >= 0;
        let closing = if same_way { 0 } else { held.min(booking.quantity.get()) };
        let opening = booking.quantity.get() - closing;
        // What flows out of cash: positive for a purchase.
        let outflow = |units: u64| {
            let value = booking.price.notional(Quantity::new(units), booking.multiplier)?;
            Some(if booking.side == Side::Buy { value } else { -value })
        };
        let cost_closed = if closing == 0 { Money::ZERO } else { self.cost.proportion(closing, held)? };
        let profit = cost_closed.checked_add(outflow(closing)?).map(|loss| -loss)?;
        let cost = self.cost.checked_sub(cost_closed)?.checked_add(outflow(opening)?)?;
        let cash = -outflow(booking.quantity.get())?.checked_add(booking.commission)?;
        let units = i64::try_from(booking.quantity.get()).ok()?.checked_mul(booking.side.sign())?;
        let after = Self {
            quantity: self.quantity.checked_add(SignedQuantity::new(units))?,
            multiplier: self.multiplier,
            cost,
            realized: self.realized.checked_add(profit)?,
            commissions: self.commissions.checked_add(booking.commission)?,
            // Until the market says more, what was just opened is worth its price.
            mark: if self.quantity.is_flat() { Some(booking.price) } else { self.mark },
        };
        Some(Step { after, realized: (closing > 0).then_some(profit), cash })
    }
}

#[cfg(test)]
mod tests;
