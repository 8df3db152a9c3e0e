//! Conditions on which an order waits, or goes.

use alphatrader_model::{Price, Timestamp};

use super::time::read_time;
use super::{Refused, invalid};
use crate::wire::message::order_terms::{Order as Terms, OrderCondition};

/// Most conditions of one order.
pub const MAX_CONDITIONS: usize = 16;

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// The last price of a contract is at or beyond a price.
    Price {
        /// Which contract.
        con_id: i32,
        /// At or above; else at or below.
        more: bool,
        /// The price.
        price: Price,
    },
    /// It is after (or before) an instant.
    Time {
        /// After; else before.
        more: bool,
        /// The instant.
        at: Timestamp,
    },
    /// The account's cushion: what it may lose before positions are closed, in percent of its value.
    Margin {
        /// At or above; else at or below.
        more: bool,
        /// In percent.
        percent: i32,
    },
    /// The account traded a symbol since the order was placed.
    Execution {
        /// Symbol of the contract; empty for any.
        symbol: String,
        /// `STK`, `OPT`, `BAG`; empty for any.
        security_type: String,
    },
    /// Volume of the day of a contract.
    Volume {
        /// Which contract.
        con_id: i32,
        /// At or above; else at or below.
        more: bool,
        /// Shares or contracts.
        volume: u64,
    },
    /// Change of the last price since the close before, in percent.
    Change {
        /// Which contract.
        con_id: i32,
        /// At or above; else at or below.
        more: bool,
        /// In percent.
        percent: f64,
    },
}

impl Condition {
    /// The contract that it watches.
    pub fn con_id(&self) -> Option<i32> {
        match self {
            Self::Price { con_id, .. } | Self::Volume { con_id, .. } | Self::Change { con_id, .. } => {
                Some(*con_id)
            }
            Self::Time { .. } | Self::Margin { .. } | Self::Execution { .. } => None,
        }
    }
}

/// All conditions of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Conditions {
    /// Each with whether it must hold together with the next one; else either is enough.
    terms: Vec<(Condition, bool)>,
    /// The order works at once and is cancelled when they are met.
    pub cancel: bool,
    /// They count outside the session too.
    pub any_hour: bool,
}

impl Conditions {
    /// Whether they are met, by what `holds` says of each. *And* binds more tightly than *or*.
    pub fn met(&self, holds: impl Fn(&Condition) -> bool) -> bool {
        let mut group = true;
        for (place, (condition, and)) in self.terms.iter().enumerate() {
            group &= holds(condition);
            if !and || place + 1 == self.terms.len() {
                if group {
                    return true;
                }
                group = true;
            }
        }
        false
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Condition> {
        self.terms.iter().map(|(condition, _)| condition)
    }
}

/// Reads the conditions of an order; nothing when it has none.
///
/// # Errors
/// [`Refused`].
pub fn read_conditions(terms: &Terms) -> Result<Option<Conditions>, Refused> {
    if terms.conditions.is_empty() {
        return Ok(None);
    }
    if terms.conditions.len() > MAX_CONDITIONS {
        return Err(invalid(&format!("an order has at most {MAX_CONDITIONS} conditions")));
    }
    let read = |given: &OrderCondition| Ok((read(given)?, given.is_conjunction_connection == Some(true)));
    Ok(Some(Conditions {
        terms: terms.conditions.iter().map(read).collect::<Result<_, Refused>>()?,
        cancel: terms.conditions_cancel_order == Some(true),
        any_hour: terms.conditions_ignore_rth == Some(true),
    }))
}

fn read(given: &OrderCondition) -> Result<Condition, Refused> {
    let more = given.is_more == Some(true);
    let con_id = || given.con_id.filter(|id| *id > 0).ok_or_else(|| invalid("a condition names no contract"));
    let missing = |what: &str| invalid(&format!("a condition has no {what}"));
    Ok(match given.kind.unwrap_or(1) {
        1 => {
            let dollars = given.price.filter(|price| *price < f64::MAX).ok_or_else(|| missing("price"))?;
            let price = Price::from_f64(dollars)
                .map_err(|_| invalid(&format!("a condition's price {dollars} is none")))?;
            Condition::Price { con_id: con_id()?, more, price }
        }
        3 => {
            let at = read_time(given.time.as_deref().unwrap_or_default(), "condition time")?;
            Condition::Time { more, at }
        }
        4 => Condition::Margin { more, percent: given.percent.ok_or_else(|| missing("percent"))? },
        5 => Condition::Execution {
            symbol: given.symbol.clone().filter(|symbol| symbol != "*").unwrap_or_default(),
            security_type: given.sec_type.clone().filter(|kind| kind != "*").unwrap_or_default(),
        },
        6 => {
            let volume = given.volume.and_then(|volume| u64::try_from(volume).ok());
            Condition::Volume { con_id: con_id()?, more, volume: volume.ok_or_else(|| missing("volume"))? }
        }
        7 => {
            let percent = given.change_percent.filter(|p| p.is_finite() && *p < f64::MAX);
            Condition::Change { con_id: con_id()?, more, percent: percent.ok_or_else(|| missing("change"))? }
        }
        other => return Err(invalid(&format!("condition type {other} is unknown"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::notice;

    fn price(con_id: i32, dollars: f64, and: bool) -> OrderCondition {
        OrderCondition {
            kind: Some(1),
            is_conjunction_connection: Some(and),
            is_more: Some(true),
            con_id: Some(con_id),
            price: Some(dollars),
            ..OrderCondition::default()
        }
    }

    #[test]
    fn and_binds_more_tightly_than_or() {
        let given = [price(1, 1.0, true), price(2, 1.0, false), price(3, 1.0, true), price(4, 1.0, true)];
        let conditions =
            read_conditions(&Terms { conditions: given.to_vec(), ..Terms::default() }).unwrap().unwrap();
        let met = |holding: &[i32]| conditions.met(|c| holding.contains(&c.con_id().unwrap()));
        assert!(met(&[1, 2]) && met(&[3, 4]) && !met(&[1, 3]) && !met(&[2, 4]) && !met(&[]));
    }

    #[test]
    fn what_a_condition_needs_must_be_there() {
        let refused = |given: OrderCondition| {
            read_conditions(&Terms { conditions: vec![given], ..Terms::default() }).unwrap_err().code
        };
        assert_eq!(refused(price(0, 1.0, false)), notice::INVALID_REQUEST);
        assert_eq!(refused(price(1, f64::MAX, false)), notice::INVALID_REQUEST);
        let kind = |kind| OrderCondition { kind: Some(kind), ..OrderCondition::default() };
        assert_eq!(refused(kind(3)), notice::INVALID_TIME);
        assert_eq!(refused(kind(4)), notice::INVALID_REQUEST);
        assert_eq!(refused(kind(2)), notice::INVALID_REQUEST);
        assert!(read_conditions(&Terms::default()).unwrap().is_none());
    }
}
