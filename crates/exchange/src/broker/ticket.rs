//! Reading an order's terms: the client's words into the model's, or a refusal in the broker's.
//!
//! | module | what it reads |
//! | --- | --- |
//! | [`kind`] | order types, times in force, prices |
//! | [`condition`] | conditions on which an order waits |
//! | [`algo`] | algorithms and their parameters |
//! | [`time`] | instants |

pub mod algo;
pub mod condition;
pub mod kind;
pub mod time;

use alphatrader_market::matching::Handling;
use alphatrader_model::{Instrument, OrderKind, Quantity, Side};

use super::order::{OcaKind, Ticket};
use crate::wire::message::order_terms::Order as Terms;
use crate::wire::notice;

/// An order that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The broker's number.
    pub code: i32,
    /// The broker's text.
    pub text: String,
}

impl Refused {
    pub(crate) fn new(code: i32, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    pub(crate) fn rejected(reason: &str) -> Self {
        Self::new(notice::ORDER_REJECTED, format!("Order rejected - reason:{reason}"))
    }
}

/// The largest order, as exchanges bound it.
const MAX_QUANTITY: u64 = 1_000_000;

/// Reads the terms.
///
/// # Errors
/// [`Refused`] for what can't be read and for kinds of orders that the gateway does not work.
pub fn read_ticket(terms: &Terms) -> Result<Ticket, Refused> {
    read(terms, false)
}

/// Reads the terms of an order for a combination, whose price may be zero or a credit.
///
/// # Errors
/// [`Refused`].
pub fn read_combination(terms: &Terms) -> Result<Ticket, Refused> {
    read(terms, true)
}

fn read(terms: &Terms, combination: bool) -> Result<Ticket, Refused> {
    let side = match terms.action.as_deref().unwrap_or_default() {
        "BUY" => Side::Buy,
        "SELL" | "SSHORT" => Side::Sell,
        other => return Err(invalid(&format!("'{other}' is not an action: BUY or SELL"))),
    };
    if let Some(unworked) = unworked(terms) {
        let text = format!("Unsupported order attribute: this gateway does not work {unworked}.");
        return Err(Refused::new(notice::UNSUPPORTED_ORDER_TYPE, text));
    }
    let oca = terms
        .oca_group
        .clone()
        .filter(|group| !group.is_empty())
        .map(|group| (group, if terms.oca_type == Some(1) { OcaKind::Cancel } else { OcaKind::Reduce }));
    if combination && !matches!(terms.order_type.as_deref(), Some("MKT" | "LMT")) {
        let text =
            "Unsupported order type for this exchange and security type: combinations take MKT and LMT.";
        return Err(Refused::new(notice::UNSUPPORTED_ORDER_TYPE, text));
    }
    let (kind, time_in_force, handling) = kind::read_kind(terms, combination)?;
    Ok(Ticket {
        side,
        quantity: read_quantity(terms.total_quantity.as_deref())?,
        kind,
        time_in_force,
        handling,
        plan: algo::read_plan(terms)?,
        conditions: condition::read_conditions(terms)?,
        parent: terms.parent_id.filter(|id| *id != 0),
        oca,
        // Clients of the protobuf dialect leave out what is false.
        transmit: terms.transmit == Some(true),
    })
}

/// Whether every price of the order lies on the instrument's ticks.
///
/// # Errors
/// [`Refused`] with code 110.
pub fn check_ticks(kind: OrderKind, handling: &Handling, instrument: &Instrument) -> Result<(), Refused> {
    // A trailing stop without a start has no price of its own yet.
    if handling.trail.is_some_and(|trail| !trail.started) {
        return Ok(());
    }
    for price in [kind.limit(), kind.trigger()].into_iter().flatten() {
        let tick = instrument.tick_at(price);
        if price.floor_to(tick) != price {
            let text = "The price does not conform to the minimum price variation for this contract.";
            return Err(Refused::new(notice::PRICE_OFF_TICK, text));
        }
    }
    Ok(())
}

/// An attribute that would change when or how much the order fills and that the gateway can't honour.
fn unworked(terms: &Terms) -> Option<&'static str> {
    let given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    let attributes = [
        (given(&terms.hedge_type), "hedges"),
        (
            terms.adjusted_order_type.as_deref().is_some_and(|kind| !matches!(kind, "" | "None")),
            "adjustable stops",
        ),
        (terms.min_qty.is_some_and(|least| least > 0 && least < i32::MAX), "a minimum quantity"),
        (terms.scale_init_level_size.is_some_and(|size| size > 0 && size < i32::MAX), "scales"),
        (
            terms.discretionary_amt.is_some_and(|amount| amount > 0.0 && amount < f64::MAX),
            "discretionary amounts",
        ),
        (terms.cash_qty.is_some_and(|cash| cash > 0.0 && cash < f64::MAX), "cash quantities"),
    ];
    attributes.into_iter().find(|(given, _)| *given).map(|(_, name)| name)
}

pub(crate) fn invalid(reason: &str) -> Refused {
    Refused::new(notice::INVALID_REQUEST, format!("Error validating request:-'{reason}'"))
}

fn read_quantity(text: Option<&str>) -> Result<Quantity, Refused> {
    let text = text.unwrap_or("0");
    let wrong = || invalid(&format!("quantity '{text}' is not a whole number above zero"));
    let units: f64 = text.parse().map_err(|_| wrong())?;
    let quantity = Quantity::from_f64(units).map_err(|_| wrong())?;
    if quantity.get() > MAX_QUANTITY {
        return Err(Refused::rejected(&format!(
            "the order is larger than {MAX_QUANTITY}, the most that is taken"
        )));
    }
    if quantity.is_zero() { Err(wrong()) } else { Ok(quantity) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(kind: &str) -> Terms {
        Terms {
            action: Some("BUY".to_owned()),
            total_quantity: Some("3".to_owned()),
            order_type: Some(kind.to_owned()),
            lmt_price: Some(1.25),
            aux_price: Some(1.5),
            transmit: Some(true),
            ..Terms::default()
        }
    }

    #[test]
    fn what_cannot_work_is_refused_with_the_brokers_number() {
        let code = |terms: Terms| read_ticket(&terms).unwrap_err().code;
        assert_eq!(code(terms("REL")), notice::UNSUPPORTED_ORDER_TYPE);
        assert_eq!(code(Terms { action: None, ..terms("MKT") }), notice::INVALID_REQUEST);
        assert_eq!(code(Terms { min_qty: Some(2), ..terms("LMT") }), notice::UNSUPPORTED_ORDER_TYPE);
        for quantity in ["0", "-1", "1.5", "x", "1e300"] {
            let wrong = Terms { total_quantity: Some(quantity.to_owned()), ..terms("MKT") };
            assert_eq!(code(wrong), notice::INVALID_REQUEST);
        }
    }

    #[test]
    fn an_order_is_not_larger_than_exchanges_take() {
        let huge = Terms { total_quantity: Some("1000001".to_owned()), ..terms("MKT") };
        assert_eq!(read_ticket(&huge).unwrap_err().code, notice::ORDER_REJECTED);
    }

    #[test]
    fn a_plain_order_asks_nothing_more() {
        let ticket = read_ticket(&terms("MKT")).unwrap();
        assert_eq!((ticket.kind, ticket.transmit, ticket.parent), (OrderKind::Market, true, None));
        assert_eq!((ticket.handling, ticket.plan, ticket.conditions), (Handling::NONE, None, None));
    }

    #[test]
    fn a_combination_takes_credits_and_two_types() {
        let credit = Terms { lmt_price: Some(-1.25), ..terms("LMT") };
        assert_eq!(read_ticket(&credit).unwrap_err().code, notice::INVALID_PRICE);
        assert!(read_combination(&credit).is_ok());
        assert_eq!(read_combination(&terms("STP")).unwrap_err().code, notice::UNSUPPORTED_ORDER_TYPE);
    }
}
