//! What the account is worth and may still spend.
//!
//! A plain Reg T account: stock needs half its value to open and a quarter to hold; a bought option
//! is paid in full and has no loan value; a sold option needs the exchange minimum for uncovered
//! writers (20 % of the underlying less what it is out of the money, at least 10 %), or, where a long
//! option or shares cover it, what the two can lose at most; the long one then pays for buying the
//! short one back.

mod offset;

use alphatrader_model::{Contract, Money, Price, Right, Side};

use crate::broker::book::{Book, BookTrade, Holding};
use crate::broker::order::{BrokerOrder, Ticket};
use crate::broker::state::BrokerState;
use crate::feed::{Feed, Ticker};

/// Values of the account in money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Margins {
    /// Cash.
    pub cash: Money,
    /// Cash and everything held, at its mark.
    pub net_liquidation: Money,
    /// Value of stocks held, short ones negative.
    pub stock: Money,
    /// Value of options held, short ones negative.
    pub options: Money,
    /// Value of everything held without sign.
    pub gross: Money,
    /// What counts toward margin: cash, stock and what short options would cost.
    pub equity_with_loan: Money,
    /// Margin to open what is held.
    pub initial: Money,
    /// Margin to hold what is held.
    pub maintenance: Money,
    /// Profit not realised, against cost with commissions.
    pub unrealized: Money,
    /// Profit realised today, net of commissions.
    pub realized: Money,
}

impl Margins {
    /// What may still be spent.
    pub fn available(&self) -> Money {
        minus(self.equity_with_loan, self.initial)
    }

    /// What may be lost before positions must be closed.
    pub fn excess(&self) -> Money {
        minus(self.equity_with_loan, self.maintenance)
    }

    /// Stock that may still be bought: twice what is available, never below zero.
    pub fn buying_power(&self) -> Money {
        plus(self.available(), self.available()).max(Money::ZERO)
    }
}

/// Sums stay inside money: the account's cash and holdings do by construction of the book.
fn plus(a: Money, b: Money) -> Money {
    Money::from_micros(a.micros().saturating_add(b.micros()))
}

fn minus(a: Money, b: Money) -> Money {
    Money::from_micros(a.micros().saturating_sub(b.micros()))
}

fn part(money: Money, numerator: u64, denominator: u64) -> Money {
    money.proportion(numerator, denominator).expect("a part of an amount fits where the amount fits")
}

fn abs(money: Money) -> Money {
    Money::from_micros(money.micros().saturating_abs())
}

/// The account now.
pub fn margins(state: &BrokerState, feed: &Feed) -> Margins {
    of_book(&state.book, feed)
}

/// The account now and if the trades happened; nothing when a value exceeds what money can hold.
pub fn with_trades(state: &BrokerState, feed: &Feed, trades: &[BookTrade]) -> Option<(Margins, Margins)> {
    let mut after = state.book.clone();
    for trade in trades {
        after.trade(trade).ok()?;
    }
    let mut before = of_book(&state.book, feed);
    let mut after = of_book(&after, feed);
    // Orders that are already working have first claim on what is available.
    let claimed = claims(state, feed);
    before.initial = plus(before.initial, claimed);
    after.initial = plus(after.initial, claimed);
    Some((before, after))
}

/// The price at which an order is likely to fill: its own limit or trigger, else the far side.
pub fn likely_price(ticket: &Ticket, ticker: Option<&Ticker>) -> Option<Price> {
    ticket.own_price().or_else(|| far_price(ticket.side, ticker))
}

/// The far side of the quote, else the mark.
pub fn far_price(side: Side, ticker: Option<&Ticker>) -> Option<Price> {
    let far = ticker.and_then(|ticker| match side {
        Side::Buy => ticker.ask.map(|level| level.price),
        Side::Sell => ticker.bid.map(|level| level.price),
    });
    far.or_else(|| ticker.and_then(Ticker::mark))
}

/// Value of a holding at its mark, with sign; at its cost when it has no mark.
pub fn value_of(contract: &Contract, holding: &Holding, feed: &Feed) -> Money {
    let listing = feed.catalogue.by_contract(contract);
    let ticker = listing.and_then(|listing| feed.ticker(listing.instrument.id));
    let value = ticker.and_then(|ticker| ticker.value(holding.quantity.abs(), holding.multiplier));
    match value {
        Some(value) if holding.quantity.get() < 0 => -value,
        Some(value) => value,
        None => holding.cost,
    }
}

pub(super) fn of_book(book: &Book, feed: &Feed) -> Margins {
    let mut sum = Margins { cash: book.cash, ..Margins::default() };
    for (contract, holding) in &book.holdings {
        sum.realized = plus(sum.realized, holding.realized_today);
        if holding.quantity.is_flat() {
            continue;
        }
        let value = value_of(contract, holding, feed);
        sum.gross = plus(sum.gross, abs(value));
        sum.unrealized = plus(sum.unrealized, minus(value, holding.cost));
        match contract {
            Contract::Stock(_) => {
                sum.stock = plus(sum.stock, value);
                sum.initial = plus(sum.initial, part(abs(value), 1, 2));
                sum.maintenance = plus(sum.maintenance, part(abs(value), 1, 4));
            }
            Contract::Option(_) => sum.options = plus(sum.options, value),
        }
    }
    let shorts = short_options(book, feed);
    sum.initial = plus(sum.initial, shorts.margin);
    sum.maintenance = plus(sum.maintenance, shorts.margin);
    sum.equity_with_loan = plus(sum.equity_with_loan, shorts.value);
    sum.equity_with_loan = plus(sum.equity_with_loan, plus(book.cash, sum.stock));
    sum.net_liquidation = plus(plus(book.cash, sum.stock), sum.options);
    sum
}

/// What the short options of an account need, and what they take from its equity.
struct Shorts {
    margin: Money,
    /// What buying them back costs, less what the long options that cover them are worth: never above
    /// zero.
    value: Money,
}

fn short_options(book: &Book, feed: &Feed) -> Shorts {
    let mut held = Vec::new();
    let mut worth = Vec::new();
    for (contract, holding) in book.holdings.iter().filter(|(_, holding)| !holding.quantity.is_flat()) {
        let Some(option) = contract.option() else { continue };
        let underlying =
            feed.catalogue.by_contract(contract).map_or(option.root, |l| l.instrument.underlying);
        let (units, multiplier) = (holding.quantity.get(), holding.multiplier);
        held.push(offset::OptionHeld { option: *option, underlying, units, multiplier });
        worth.push(abs(value_of(contract, holding, feed)));
    }
    let shares = |underlying| book.held(&Contract::Stock(underlying)).get();
    let part_of = |place: usize, units: u64| part(worth[place], units, held[place].units.unsigned_abs());
    let mut uncovered: Vec<u64> = held.iter().map(|p| p.units.min(0).unsigned_abs()).collect();
    let mut sum = Shorts { margin: Money::ZERO, value: Money::ZERO };
    for covered in offset::cover(&held, shares) {
        let offset::Covered { short, long, units, risk } = covered;
        uncovered[short] -= units;
        let risk = risk.notional(alphatrader_model::Quantity::new(units), held[short].multiplier);
        sum.margin = plus(sum.margin, risk.unwrap_or(Money::from_micros(i64::MAX)));
        let owed = part_of(short, units);
        let paid = long.map_or(Money::ZERO, |long| part_of(long, units).min(owed));
        sum.value = minus(sum.value, minus(owed, paid));
    }
    for (place, units) in uncovered.into_iter().enumerate().filter(|(_, units)| *units > 0) {
        sum.margin = plus(sum.margin, uncovered_margin(&held[place], units, feed));
        sum.value = minus(sum.value, part_of(place, units));
    }
    sum
}

fn uncovered_margin(position: &offset::OptionHeld, units: u64, feed: &Feed) -> Money {
    let option = &position.option;
    let listing = feed.catalogue.by_contract(&Contract::Stock(position.underlying));
    let spot = listing.and_then(|listing| feed.ticker(listing.instrument.id)).and_then(Ticker::mark);
    // Without a price of the underlying the strike stands for it.
    let spot = spot.unwrap_or(option.strike);
    let out = match option.right {
        Right::Call => option.strike.raw() - spot.raw(),
        Right::Put => spot.raw() - option.strike.raw(),
    };
    let floor_of = if option.right == Right::Put { option.strike } else { spot };
    let per_share = (spot.raw() / 5 - out.max(0)).max(floor_of.raw() / 10);
    let quantity = alphatrader_model::Quantity::new(units);
    let margin = Price::from_raw(per_share).notional(quantity, position.multiplier);
    margin.unwrap_or(Money::from_micros(i64::MAX))
}

/// What orders that work and open something will need. An order that is only being placed is not
/// among them: it is not at the exchange yet.
fn claims(state: &BrokerState, feed: &Feed) -> Money {
    let mut sum = Money::ZERO;
    for order in state.orders.values() {
        if order.is_combination() && !order.status.is_final() {
            sum = plus(sum, debit(order, feed));
            continue;
        }
        let held = state.book.held(&order.contract).get();
        let reduces = held.signum() * order.ticket.side.sign() < 0;
        if order.status.is_final() || order.live.is_none() || order.ticket.parent.is_some() || reduces {
            continue;
        }
        let listing = feed.catalogue.by_contract(&order.contract);
        let Some(listing) = listing else { continue };
        let price = likely_price(&order.ticket, feed.ticker(listing.instrument.id));
        let value = price.and_then(|price| price.notional(order.remaining(), listing.instrument.multiplier));
        let value = value.unwrap_or(Money::ZERO);
        sum = plus(
            sum,
            match order.contract {
                Contract::Stock(_) => part(value, 1, 2),
                Contract::Option(_) if order.ticket.side == Side::Buy => value,
                // A sale of an option that opens is rare here and bounded by its own check.
                Contract::Option(_) => Money::ZERO,
            },
        );
    }
    sum
}

/// What a working combination will cost when it is bought for a debit or sold for less than nothing.
fn debit(order: &BrokerOrder, feed: &Feed) -> Money {
    let first = feed.catalogue.by_contract(&order.contract);
    let multiplier = first.map_or(1, |listing| listing.instrument.multiplier);
    let paid = order.ticket.kind.limit().map_or(0, |limit| limit.raw() * order.ticket.side.sign());
    Price::from_raw(paid.max(0)).notional(order.remaining(), multiplier).unwrap_or(Money::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::catalogue::tests::catalogue;
    use alphatrader_model::market::Level;
    use alphatrader_model::{InstrumentId, Quantity, Quote, SignedQuantity};

    fn feed() -> Feed {
        let mut feed = Feed::default();
        feed.catalogue = catalogue();
        for (id, bid, ask) in [(0, 59_999, 60_001), (1, 99, 101)] {
            let level = |cents| Some(Level { price: Price::from_cents(cents), size: Quantity::new(5) });
            let quote = Quote { instrument: InstrumentId(id), bid: level(bid), ask: level(ask) };
            feed.ticker_mut(InstrumentId(id)).quote(&quote);
        }
        feed
    }

    fn state(holdings: &[(&str, i64, u32, i64)]) -> BrokerState {
        let mut state =
            BrokerState { book: Book::new(Money::from_dollars(100_000)), ..BrokerState::default() };
        for (name, quantity, multiplier, cost) in holdings {
            state.book.holdings.insert(
                name.parse().unwrap(),
                Holding {
                    quantity: SignedQuantity::new(*quantity),
                    cost: Money::from_dollars(*cost),
                    realized_today: Money::ZERO,
                    flow_today: Money::ZERO,
                    multiplier: *multiplier,
                },
            );
        }
        state
    }

    #[test]
    fn stock_is_half_borrowed_and_options_are_paid() {
        let margins =
            margins(&state(&[("SPY", 100, 1, 59_000), ("SPY261123C00600000", 10, 100, 900)]), &feed());
        assert_eq!(margins.stock, Money::from_dollars(60_000));
        assert_eq!(margins.options, Money::from_dollars(1_000));
        assert_eq!(margins.net_liquidation, Money::from_dollars(161_000));
        assert_eq!(margins.equity_with_loan, Money::from_dollars(160_000));
        assert_eq!(margins.available(), Money::from_dollars(130_000));
        assert_eq!(margins.excess(), Money::from_dollars(145_000));
        assert_eq!(margins.unrealized, Money::from_dollars(1_100));
    }

    #[test]
    fn a_short_option_needs_a_fifth_of_the_underlying() {
        let margins = margins(&state(&[("SPY261123C00600000", -1, 100, -100)]), &feed());
        assert_eq!(margins.initial, Money::from_dollars(12_000));
        assert_eq!(margins.equity_with_loan, Money::from_dollars(99_900));
        assert_eq!(margins.gross, Money::from_dollars(100));
    }

    #[test]
    fn a_spread_needs_what_it_can_lose() {
        // The 600 call is sold, the 601 call bought: a dollar a share at most.
        let credit = [("SPY261123C00600000", -2, 100, -200), ("SPY261123C00601000", 2, 100, 100)];
        let margins = margins(&state(&credit), &feed());
        assert_eq!(margins.initial, Money::from_dollars(200));
        // The short ones cost 200 to buy back, of which the long ones, at cost here, pay 100.
        assert_eq!(margins.equity_with_loan, Money::from_dollars(99_900));
        let covered = super::margins(
            &state(&[("SPY", 100, 1, 60_000), ("SPY261123C00600000", -1, 100, -100)]),
            &feed(),
        );
        assert_eq!(covered.initial, Money::from_dollars(30_000));
    }

    #[test]
    fn what_has_no_mark_counts_at_cost() {
        let margins = margins(&state(&[("SPY261124C00600000", 2, 100, 300)]), &feed());
        assert_eq!(margins.net_liquidation, Money::from_dollars(100_300));
        assert_eq!(margins.unrealized, Money::ZERO);
    }
}
