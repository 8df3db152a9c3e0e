//! Live ticks under the numbers of delayed ones.

use crate::wire::Reply;

/// What a client without the entitlement sees in place of a reply: the same under its delayed
/// number, or nothing.
pub fn delayed(reply: Reply) -> Option<Reply> {
    match reply {
        Reply::TickPrice(mut tick) => {
            tick.tick_type = Some(number(tick.tick_type?)?);
            Some(Reply::TickPrice(tick))
        }
        Reply::TickSize(mut tick) => {
            tick.tick_type = Some(number(tick.tick_type?)?);
            Some(Reply::TickSize(tick))
        }
        Reply::TickString(mut tick) => {
            tick.tick_type = Some(number(tick.tick_type?)?);
            Some(Reply::TickString(tick))
        }
        Reply::TickGeneric(mut tick) => {
            tick.tick_type = Some(number(tick.tick_type?)?);
            Some(Reply::TickGeneric(tick))
        }
        Reply::TickOptionComputation(mut tick) => {
            tick.tick_type = Some(number(tick.tick_type?)?);
            Some(Reply::TickOptionComputation(tick))
        }
        Reply::MarketDataType(mut told) => {
            told.market_data_type = Some(3);
            Some(Reply::MarketDataType(told))
        }
        other => Some(other),
    }
}

/// The delayed number of a live tick, as the broker numbers them. A number that is delayed already stays.
fn number(live: i32) -> Option<i32> {
    Some(match live {
        0 => 69,
        1 => 66,
        2 => 67,
        3 => 70,
        4 => 68,
        5 => 71,
        6 => 72,
        7 => 73,
        8 => 74,
        9 => 75,
        10 => 80,
        11 => 81,
        12 => 82,
        13 => 83,
        14 => 76,
        45 => 88,
        49 => 90,
        66..=76 | 80..=83 | 88 | 90 => live,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::message::market_data::{TickPrice, TickString};

    #[test]
    fn ticks_change_their_number_or_are_withheld() {
        let bid =
            TickPrice { req_id: Some(1), tick_type: Some(1), price: Some(600.0), ..TickPrice::default() };
        let Some(Reply::TickPrice(told)) = delayed(Reply::TickPrice(bid)) else { panic!("a delayed bid") };
        assert_eq!((told.tick_type, told.price), (Some(66), Some(600.0)));
        let volume = TickString { req_id: Some(1), tick_type: Some(48), value: Some(String::new()) };
        assert_eq!(delayed(Reply::TickString(volume)), None);
    }
}
