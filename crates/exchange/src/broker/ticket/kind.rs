//! Order types and times in force.

use alphatrader_market::matching::{Auction, Handling, Trail, TrailBy};
use alphatrader_model::{OrderKind, Price, TimeInForce};

use super::time::read_time;
use super::{Refused, invalid};
use crate::wire::message::order_terms::Order as Terms;
use crate::wire::notice;

/// Order types that the gateway works, in the broker's words.
pub const WORKED: &[&str] =
    &["MKT", "LMT", "STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MIT", "LIT", "MOC", "LOC"];

/// A stop that has no price yet: the matching engine sets it from the market.
const UNSET: Price = Price::CENT;

/// Reads type and time in force: the kind, how long, and what is asked beyond it.
///
/// # Errors
/// [`Refused`].
pub fn read_kind(terms: &Terms, combination: bool) -> Result<(OrderKind, TimeInForce, Handling), Refused> {
    let mut handling = Handling::NONE;
    let price = |price: Option<f64>, what| read_price(price, what, combination);
    let limit = || price(terms.lmt_price, "limit price");
    let trigger = || price(terms.aux_price, "stop price");
    let name = terms.order_type.as_deref().unwrap_or_default();
    let kind = match name {
        "MKT" | "MOC" => OrderKind::Market,
        "LMT" | "LOC" => OrderKind::Limit { limit: limit()? },
        "STP" | "MIT" => OrderKind::Stop { trigger: trigger()? },
        "STP LMT" | "LIT" => OrderKind::StopLimit { trigger: trigger()?, limit: limit()? },
        "TRAIL" | "TRAIL LIMIT" => {
            let (kind, trail) = read_trail(terms, name == "TRAIL LIMIT")?;
            handling.trail = Some(trail);
            kind
        }
        other => {
            let text = format!(
                "Unsupported order type for this exchange and security type: '{other}'. This gateway works {}.",
                WORKED.join(", ")
            );
            return Err(Refused::new(notice::UNSUPPORTED_ORDER_TYPE, text));
        }
    };
    handling.touched = matches!(name, "MIT" | "LIT");
    handling.all_or_none = terms.all_or_none == Some(true);
    handling.hidden = terms.hidden == Some(true);
    if let Some(after) = terms.good_after_time.as_deref().filter(|text| !text.is_empty()) {
        handling.good_after = Some(read_time(after, "good after time")?);
    }
    if matches!(name, "MOC" | "LOC") {
        handling.auction = Some(Auction::Close);
    }
    let time_in_force = read_time_in_force(terms, name, &mut handling)?;
    Ok((kind, time_in_force, handling))
}

fn read_time_in_force(terms: &Terms, name: &str, handling: &mut Handling) -> Result<TimeInForce, Refused> {
    let clash = |text: String| Err(Refused::new(notice::TIF_MISMATCH, text));
    let tif = terms.tif.as_deref().unwrap_or_default();
    if handling.auction.is_some() && !matches!(tif, "" | "DAY") {
        let text = "The TIF option should be set to DAY for MOC and LOC orders.";
        return Err(Refused::new(notice::AUCTION_NEEDS_DAY, text));
    }
    match tif {
        "" | "DAY" => Ok(TimeInForce::Day),
        "GTC" => Ok(TimeInForce::GoodTillCancelled),
        "GTD" => {
            let till = terms.good_till_date.as_deref().unwrap_or_default();
            handling.good_till = Some(read_time(till, "good till date")?);
            Ok(TimeInForce::GoodTillCancelled)
        }
        "OPG" if matches!(name, "MKT" | "LMT") => {
            handling.auction = Some(Auction::Open);
            Ok(TimeInForce::Day)
        }
        "IOC" | "FOK" | "OPG" if !matches!(name, "MKT" | "LMT") => {
            clash("The TIF and the order type are not compatible.".to_owned())
        }
        "IOC" => Ok(TimeInForce::ImmediateOrCancel),
        "FOK" => Ok(TimeInForce::FillOrKill),
        other => clash(format!("The TIF '{other}' and the order type are not compatible.")),
    }
}

/// How a trailing order follows, with the stop and limit that it begins with.
fn read_trail(terms: &Terms, limited: bool) -> Result<(OrderKind, Trail), Refused> {
    let given = |price: Option<f64>| price.filter(|p| *p < f64::MAX && *p != 0.0);
    let by = match (given(terms.trailing_percent), given(terms.aux_price)) {
        (Some(percent), None) if percent > 0.0 && percent < 100.0 => {
            TrailBy::Millionths((percent * 10_000.0).round() as u32)
        }
        (Some(percent), None) => {
            return Err(invalid(&format!("the trailing percent {percent} is not between 0 and 100")));
        }
        (None, amount @ Some(_)) => TrailBy::Amount(read_price(amount, "trailing amount", false)?),
        (None, None) => return Err(invalid("a trailing order needs a trailing amount or percent")),
        (Some(_), Some(_)) => {
            return Err(invalid("a trailing order has either a trailing amount or a trailing percent"));
        }
    };
    let stop = given(terms.trail_stop_price).map(|stop| read_price(Some(stop), "trail stop price", false));
    let stop = stop.transpose()?;
    let started = stop.is_some();
    if !limited {
        let trail = Trail { by, limit_offset: None, started };
        return Ok((OrderKind::Stop { trigger: stop.unwrap_or(UNSET) }, trail));
    }
    let side = terms.action.as_deref() == Some("BUY");
    let offset_of = |offset: f64| {
        Price::from_f64(offset).map_err(|_| invalid(&format!("the limit price offset {offset} is no price")))
    };
    let offset = match (terms.lmt_price_offset.filter(|o| *o < f64::MAX), given(terms.lmt_price), stop) {
        (Some(offset), _, _) => offset_of(offset)?,
        (None, Some(limit), Some(stop)) => {
            let limit = read_price(Some(limit), "limit price", false)?;
            Price::from_raw(if side { limit.raw() - stop.raw() } else { stop.raw() - limit.raw() })
        }
        _ => {
            return Err(invalid(
                "a trailing limit order needs a limit price offset, or a limit price and a trail stop price",
            ));
        }
    };
    let trigger = stop.unwrap_or(UNSET);
    let limit = if side { trigger.raw() + offset.raw() } else { trigger.raw() - offset.raw() };
    let limit = if started { Price::from_raw(limit) } else { UNSET };
    Ok((OrderKind::StopLimit { trigger, limit }, Trail { by, limit_offset: Some(offset), started }))
}

/// A price above zero; of a combination any price, as it may be received.
///
/// # Errors
/// [`Refused`] with code 463, or 110 for one finer than any tick.
pub fn read_price(price: Option<f64>, what: &str, combination: bool) -> Result<Price, Refused> {
    let wrong = |why: String| {
        Err(Refused::new(notice::INVALID_PRICE, format!("You must enter a valid price. {why}")))
    };
    let Some(dollars) = price.filter(|p| *p < f64::MAX) else {
        return wrong(format!("The {what} is missing."));
    };
    match Price::from_f64(dollars) {
        Ok(price) if price > Price::ZERO || combination => Ok(price),
        Ok(_) => wrong(format!("The {what} {dollars} is not above zero.")),
        Err(_) => Err(Refused::new(
            notice::PRICE_OFF_TICK,
            "The price does not conform to the minimum price variation for this contract.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(kind: &str) -> Terms {
        Terms {
            action: Some("SELL".to_owned()),
            order_type: Some(kind.to_owned()),
            lmt_price: Some(1.25),
            aux_price: Some(1.5),
            ..Terms::default()
        }
    }

    fn code(terms: &Terms) -> i32 {
        read_kind(terms, false).unwrap_err().code
    }

    #[test]
    fn every_kind_is_read() {
        let (limit, trigger) = (Price::from_cents(125), Price::from_cents(150));
        let read = |name: &str| read_kind(&terms(name), false).unwrap();
        assert_eq!(read("MKT").0, OrderKind::Market);
        assert_eq!(read("STP LMT").0, OrderKind::StopLimit { trigger, limit });
        assert_eq!((read("MIT").0, read("MIT").2.touched), (OrderKind::Stop { trigger }, true));
        assert_eq!(read("LIT").0, OrderKind::StopLimit { trigger, limit });
        assert_eq!((read("MOC").0, read("MOC").2.auction), (OrderKind::Market, Some(Auction::Close)));
        assert_eq!(read("LOC").0, OrderKind::Limit { limit });
        let opening = Terms { tif: Some("OPG".to_owned()), ..terms("LMT") };
        assert_eq!(read_kind(&opening, false).unwrap().2.auction, Some(Auction::Open));
        assert_eq!(code(&terms("PEG MID")), notice::UNSUPPORTED_ORDER_TYPE);
    }

    #[test]
    fn trailing_orders_have_one_distance_and_may_name_their_start() {
        let (_, _, handling) = read_kind(&terms("TRAIL"), false).unwrap();
        let by = TrailBy::Amount(Price::from_cents(150));
        assert_eq!(handling.trail, Some(Trail { by, limit_offset: None, started: false }));
        let percent = Terms {
            aux_price: None,
            trailing_percent: Some(1.5),
            trail_stop_price: Some(99.0),
            ..terms("TRAIL")
        };
        let (kind, _, handling) = read_kind(&percent, false).unwrap();
        assert_eq!(kind, OrderKind::Stop { trigger: Price::from_cents(9_900) });
        let by = TrailBy::Millionths(15_000);
        assert_eq!(handling.trail, Some(Trail { by, limit_offset: None, started: true }));
        assert!(read_kind(&Terms { trailing_percent: Some(1.0), ..terms("TRAIL") }, false).is_err());
        assert!(read_kind(&Terms { aux_price: None, ..terms("TRAIL") }, false).is_err());
        // The limit stays as far beyond the stop as it begins.
        let limited = Terms { lmt_price: Some(98.9), trail_stop_price: Some(99.0), ..terms("TRAIL LIMIT") };
        let (kind, _, handling) = read_kind(&limited, false).unwrap();
        let (trigger, limit) = (Price::from_cents(9_900), Price::from_cents(9_890));
        assert_eq!(kind, OrderKind::StopLimit { trigger, limit });
        assert_eq!(handling.trail.unwrap().limit_offset, Some(Price::from_cents(10)));
        assert!(read_kind(&terms("TRAIL LIMIT"), false).is_err(), "a limit without a stop says no offset");
    }

    #[test]
    fn times_in_force_and_types_must_go_together() {
        let with = |kind: &str, tif: &str| Terms { tif: Some(tif.to_owned()), ..terms(kind) };
        assert_eq!(code(&with("STP", "IOC")), notice::TIF_MISMATCH);
        assert_eq!(code(&with("TRAIL", "OPG")), notice::TIF_MISMATCH);
        assert_eq!(code(&with("LMT", "XYZ")), notice::TIF_MISMATCH);
        assert_eq!(code(&with("MOC", "GTC")), notice::AUCTION_NEEDS_DAY);
        assert_eq!(code(&with("LMT", "GTD")), notice::INVALID_TIME);
        let dated = Terms { good_till_date: Some("20260316 15:00:00".to_owned()), ..with("LMT", "GTD") };
        assert!(read_kind(&dated, false).unwrap().2.good_till.is_some());
    }

    #[test]
    fn prices_are_prices() {
        for price in [None, Some(f64::MAX), Some(0.0), Some(-1.0)] {
            assert_eq!(code(&Terms { lmt_price: price, ..terms("LMT") }), notice::INVALID_PRICE, "{price:?}");
        }
        assert_eq!(code(&Terms { lmt_price: Some(1e-5), ..terms("LMT") }), notice::PRICE_OFF_TICK);
        assert!(read_kind(&Terms { lmt_price: Some(f64::NAN), ..terms("LMT") }, false).is_err());
        assert!(read_kind(&Terms { lmt_price: Some(-0.5), ..terms("LMT") }, true).is_ok(), "a credit");
    }
}
