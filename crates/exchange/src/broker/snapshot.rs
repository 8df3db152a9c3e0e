//! States as facts and back: what a file that is written anew holds.

use alphatrader_model::{Money, Price, Quantity, Side, SignedQuantity, Timestamp};

use super::book::Holding;
use super::fact::{
    CashFact, Clock, ClosePrice, DayBegan, ExecutionFact, Fact, Founded, HoldingFact, Instructed, LegFact,
    Numbered, OrderFact, OrderIdShown,
};
use super::order::{BrokerExecution, BrokerOrder, Leg, Status};
use super::state::{BrokerState, contract};
use super::ticket::{read_combination, read_ticket};

/// The facts that make `state` out of nothing.
pub fn facts_of(state: &BrokerState) -> Vec<Fact> {
    let mut facts = vec![Fact::Founded(Founded {
        account: state.account.clone(),
        cash: state.opening_cash.micros(),
        seed: state.seed,
        execution_prefix: state.execution_prefix,
        first_perm_id: state.first_perm_id,
    })];
    facts.extend(state.con_ids.iter().map(|(contract, con_id)| {
        Fact::Numbered(Numbered { contract: contract.to_string(), con_id: *con_id })
    }));
    if let Some(day) = &state.day {
        let closes = day.closes.iter();
        let closes = closes.map(|(c, p)| ClosePrice { contract: c.to_string(), price: p.raw() }).collect();
        facts.push(Fact::DayBegan(DayBegan {
            date: day.date.to_string(),
            equity: day.equity.micros(),
            closes,
        }));
    }
    facts.push(Fact::Clock(Clock { nanos: state.clock.nanos() }));
    facts.extend(
        state.order_ids.iter().map(|(client, highest)| {
            Fact::OrderIdShown(OrderIdShown { client_id: *client, highest: *highest })
        }),
    );
    facts.extend(
        state.executions.iter().map(|execution| Fact::Remembered(Box::new(execution_fact(execution)))),
    );
    facts.extend(state.orders.values().map(|order| Fact::Order(Box::new(order_fact(order)))));
    facts.extend(state.book.holdings.iter().map(|(contract, holding)| {
        Fact::Holding(HoldingFact {
            contract: contract.to_string(),
            quantity: holding.quantity.get(),
            cost: holding.cost.micros(),
            realized_today: holding.realized_today.micros(),
            multiplier: holding.multiplier,
            flow_today: holding.flow_today.micros(),
        })
    }));
    facts.extend(state.instructions.iter().map(|(contract, (exercise, quantity))| {
        let contract = contract.to_string();
        Fact::Instructed(Instructed { contract, exercise: *exercise, quantity: *quantity })
    }));
    facts.push(Fact::Cash(CashFact {
        cash: state.book.cash.micros(),
        commissions_today: state.book.commissions_today.micros(),
        last_perm_id: state.last_perm_id,
        executions: state.execution_count,
    }));
    facts
}

/// An order as a fact.
pub fn order_fact(order: &BrokerOrder) -> OrderFact {
    OrderFact {
        perm_id: order.perm_id,
        client_id: order.client_id,
        order_id: order.order_id,
        contract: order.contract.to_string(),
        told: Some(order.told.clone()),
        terms: Some(order.terms.clone()),
        quantity: order.ticket.quantity.get(),
        status: order.status.into(),
        triggered: order.triggered,
        filled: order.filled.get(),
        filled_value: order.filled_value,
        last_price: order.last_price.map(Price::raw),
        created: order.created.nanos(),
        updated: order.updated.nanos(),
        ending: order.ending.clone(),
        live: order.live.as_ref().map_or_else(Vec::new, |live| {
            serde_json::to_vec(live).expect("it has no map whose keys are not text")
        }),
        legs: order.legs.iter().map(leg_fact).collect(),
        liquidation: order.liquidation,
    }
}

/// An order from a fact.
///
/// # Errors
/// In words, when the fact's terms are none that an order ever had.
pub fn order_from(fact: &OrderFact) -> Result<BrokerOrder, String> {
    let terms = fact.terms.clone().ok_or("an order without terms")?;
    let legs = fact.legs.iter().map(leg_from).collect::<Result<Vec<_>, String>>()?;
    let ticket = if legs.is_empty() { read_ticket(&terms) } else { read_combination(&terms) };
    let mut ticket = ticket.map_err(|refused| refused.text)?;
    ticket.quantity = Quantity::new(fact.quantity);
    Ok(BrokerOrder {
        perm_id: fact.perm_id,
        client_id: fact.client_id,
        order_id: fact.order_id,
        contract: contract(&fact.contract)?,
        told: fact.told.clone().unwrap_or_default(),
        terms,
        ticket,
        status: Status::try_from(fact.status).map_err(|_| format!("status {} is unknown", fact.status))?,
        triggered: fact.triggered,
        filled: Quantity::new(fact.filled),
        filled_value: fact.filled_value,
        last_price: fact.last_price.map(Price::from_raw),
        created: Timestamp::from_nanos(fact.created),
        updated: Timestamp::from_nanos(fact.updated),
        ending: fact.ending.clone(),
        live: match fact.live.as_slice() {
            [] => None,
            json => Some(serde_json::from_slice(json).map_err(|e| e.to_string())?),
        },
        legs,
        liquidation: fact.liquidation,
    })
}

fn leg_fact(leg: &Leg) -> LegFact {
    LegFact { contract: leg.contract.to_string(), ratio: leg.ratio, bought: leg.side == Side::Buy }
}

fn leg_from(fact: &LegFact) -> Result<Leg, String> {
    let side = if fact.bought { Side::Buy } else { Side::Sell };
    Ok(Leg { contract: contract(&fact.contract)?, ratio: fact.ratio, side })
}

/// An execution as a fact.
pub fn execution_fact(execution: &BrokerExecution) -> ExecutionFact {
    ExecutionFact {
        exec_id: execution.exec_id.clone(),
        perm_id: execution.perm_id,
        client_id: execution.client_id,
        order_id: execution.order_id,
        contract: execution.contract.to_string(),
        told: Some(execution.told.clone()),
        bought: execution.side == Side::Buy,
        quantity: execution.quantity.get(),
        price: execution.price.raw(),
        multiplier: execution.multiplier,
        time: execution.time.nanos(),
        venue: execution.venue.clone(),
        cumulative: execution.cumulative.get(),
        average_price: execution.average_price,
        order_ref: execution.order_ref.clone(),
        liquidity: execution.liquidity,
        commission: execution.commission.micros(),
        realized: execution.realized.map(Money::micros),
        liquidation: execution.liquidation,
        exercise: execution.exercise,
    }
}

/// A holding from a fact.
pub(super) fn holding_from(fact: &HoldingFact) -> Holding {
    Holding {
        quantity: SignedQuantity::new(fact.quantity),
        cost: Money::from_micros(fact.cost),
        realized_today: Money::from_micros(fact.realized_today),
        flow_today: Money::from_micros(fact.flow_today),
        multiplier: fact.multiplier,
    }
}
