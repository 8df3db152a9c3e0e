//! Reading an order's terms: the client's words into the model's, or a refusal in the broker's.

use alphatrader_model::{Instrument, OrderKind, Price, Quantity, Side, TimeInForce};

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
    Ok(Ticket {
        side,
        quantity: read_quantity(terms.total_quantity.as_deref())?,
        kind: read_kind(terms)?,
        time_in_force: read_time_in_force(terms)?,
        parent: terms.parent_id.filter(|id| *id != 0),
        oca,
        transmit: terms.transmit.unwrap_or(true),
    })
}

/// Whether every price of the order lies on the instrument's ticks.
///
/// # Errors
/// [`Refused`] with code 110.
pub fn check_ticks(kind: OrderKind, instrument: &Instrument) -> Result<(), Refused> {
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
        (!terms.conditions.is_empty(), "conditions"),
        (given(&terms.algo_strategy), "algorithms"),
        (given(&terms.good_after_time), "a good-after time"),
        (given(&terms.hedge_type), "hedges"),
        (terms.all_or_none == Some(true), "all-or-none"),
        (terms.min_qty.is_some_and(|least| least > 0 && least < i32::MAX), "a minimum quantity"),
        (terms.scale_init_level_size.is_some_and(|size| size > 0 && size < i32::MAX), "scales"),
        (terms.cash_qty.is_some_and(|cash| cash > 0.0 && cash < f64::MAX), "cash quantities"),
    ];
    attributes.into_iter().find(|(given, _)| *given).map(|(_, name)| name)
}

fn invalid(reason: &str) -> Refused {
    Refused::new(notice::INVALID_REQUEST, format!("Error validating request:-'{reason}'"))
}

fn read_quantity(text: Option<&str>) -> Result<Quantity, Refused> {
    let text = text.unwrap_or("0");
    let wrong = || invalid(&format!("quantity '{text}' is not a whole number from 1 to {MAX_QUANTITY}"));
    let units: f64 = text.parse().map_err(|_| wrong())?;
    let quantity = Quantity::from_f64(units).map_err(|_| wrong())?;
    if quantity.is_zero() || quantity.get() > MAX_QUANTITY { Err(wrong()) } else { Ok(quantity) }
}

fn read_kind(terms: &Terms) -> Result<OrderKind, Refused> {
    let limit = || read_price(terms.lmt_price, "limit price");
    let trigger = || read_price(terms.aux_price, "stop price");
    match terms.order_type.as_deref().unwrap_or_default() {
        "MKT" => Ok(OrderKind::Market),
        "LMT" => Ok(OrderKind::Limit { limit: limit()? }),
        "STP" => Ok(OrderKind::Stop { trigger: trigger()? }),
        "STP LMT" => Ok(OrderKind::StopLimit { trigger: trigger()?, limit: limit()? }),
        other => Err(Refused::new(
            notice::UNSUPPORTED_ORDER_TYPE,
            format!(
                "Unsupported order type for this exchange and security type: '{other}'. This gateway works MKT, LMT, STP and STP LMT."
            ),
        )),
    }
}

fn read_price(price: Option<f64>, what: &str) -> Result<Price, Refused> {
    let Some(dollars) = price.filter(|p| *p < f64::MAX) else {
        return Err(invalid(&format!("the {what} is missing")));
    };
    match Price::from_f64(dollars) {
        Ok(price) if price > Price::ZERO => Ok(price),
        Ok(_) => Err(invalid(&format!("the {what} {dollars} is not above zero"))),
        Err(_) => Err(Refused::new(
            notice::PRICE_OFF_TICK,
            "The price does not conform to the minimum price variation for this contract.",
        )),
    }
}

fn read_time_in_force(terms: &Terms) -> Result<TimeInForce, Refused> {
    let refuse = |text: String| Err(Refused::new(notice::TIF_MISMATCH, text));
    let stop = matches!(terms.order_type.as_deref(), Some("STP" | "STP LMT"));
    match terms.tif.as_deref().unwrap_or_default() {
        "" | "DAY" => Ok(TimeInForce::Day),
        "GTC" => Ok(TimeInForce::GoodTillCancelled),
        "IOC" | "FOK" if stop => refuse("The TIF and the order type are not compatible.".to_owned()),
        "IOC" => Ok(TimeInForce::ImmediateOrCancel),
        "FOK" => Ok(TimeInForce::FillOrKill),
        other => refuse(format!("The TIF '{other}' and the order type are not compatible.")),
    }
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
            ..Terms::default()
        }
    }

    #[test]
    fn the_four_kinds_are_read() {
        let (limit, trigger) = (Price::from_cents(125), Price::from_cents(150));
        assert_eq!(read_ticket(&terms("MKT")).unwrap().kind, OrderKind::Market);
        assert_eq!(read_ticket(&terms("LMT")).unwrap().kind, OrderKind::Limit { limit });
        assert_eq!(read_ticket(&terms("STP")).unwrap().kind, OrderKind::Stop { trigger });
        assert_eq!(read_ticket(&terms("STP LMT")).unwrap().kind, OrderKind::StopLimit { trigger, limit });
        let ticket = read_ticket(&terms("MKT")).unwrap();
        assert_eq!((ticket.time_in_force, ticket.transmit, ticket.parent), (TimeInForce::Day, true, None));
    }

    #[test]
    fn what_cannot_work_is_refused_with_the_brokers_number() {
        let code = |terms: Terms| read_ticket(&terms).unwrap_err().code;
        assert_eq!(code(terms("REL")), notice::UNSUPPORTED_ORDER_TYPE);
        assert_eq!(code(Terms { action: None, ..terms("MKT") }), notice::INVALID_REQUEST);
        assert_eq!(code(Terms { all_or_none: Some(true), ..terms("LMT") }), notice::UNSUPPORTED_ORDER_TYPE);
        let algorithm = Some("Adaptive".to_owned());
        assert_eq!(code(Terms { algo_strategy: algorithm, ..terms("MKT") }), notice::UNSUPPORTED_ORDER_TYPE);
        for quantity in ["0", "-1", "1.5", "x", "1e300", "1000001"] {
            assert_eq!(
                code(Terms { total_quantity: Some(quantity.to_owned()), ..terms("MKT") }),
                notice::INVALID_REQUEST
            );
        }
        for price in [None, Some(f64::MAX), Some(f64::NAN), Some(0.0), Some(-1.0), Some(1e-5)] {
            assert!(read_ticket(&Terms { lmt_price: price, ..terms("LMT") }).is_err(), "{price:?}");
        }
        assert_eq!(code(Terms { tif: Some("IOC".to_owned()), ..terms("STP") }), notice::TIF_MISMATCH);
        assert_eq!(code(Terms { tif: Some("XYZ".to_owned()), ..terms("LMT") }), notice::TIF_MISMATCH);
    }
}
