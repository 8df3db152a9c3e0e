//! Orders on their way to the broker.

use alphatrader_model::{OrderKind, OrderRequest, Side, TimeInForce};
use ibapi::orders::{Action, OcaType, Order, TimeInForce as BrokerTimeInForce};

/// The broker's form of an order. `transmit` is false for all but the last of a group that is sent
/// as one: the broker holds them until the last arrives.
pub(crate) fn to_broker(request: &OrderRequest, account: &str, transmit: bool) -> Order {
    Order {
        order_id: request.id.0,
        action: match request.side {
            Side::Buy => Action::Buy,
            Side::Sell => Action::Sell,
        },
        total_quantity: request.quantity.get() as f64,
        order_type: kind(request.kind).to_owned(),
        limit_price: request.kind.limit().map(alphatrader_model::Price::to_f64),
        aux_price: request.kind.trigger().map(alphatrader_model::Price::to_f64),
        tif: match request.time_in_force {
            TimeInForce::Day => BrokerTimeInForce::Day,
            TimeInForce::GoodTillCancelled => BrokerTimeInForce::GoodTillCanceled,
            TimeInForce::ImmediateOrCancel => BrokerTimeInForce::ImmediateOrCancel,
            TimeInForce::FillOrKill => BrokerTimeInForce::FillOrKill,
        },
        parent_id: request.parent.map_or(0, |parent| parent.0),
        oca_group: request.one_cancels_all.map_or_else(String::new, |entry| format!("oca-{entry}")),
        // With block: at most one order of the group is at an exchange at a time, so both cannot fill.
        oca_type: request.one_cancels_all.map_or(OcaType::None, |_| OcaType::ReduceWithBlock),
        order_ref: request.reference.to_string(),
        account: account.to_owned(),
        transmit,
        ..Order::default()
    }
}

const fn kind(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Market => "MKT",
        OrderKind::Limit { .. } => "LMT",
        OrderKind::Stop { .. } => "STP",
        OrderKind::StopLimit { .. } => "STP LMT",
    }
}

/// Our form of the broker's order type; nothing for the types we do not send.
pub(crate) fn kind_from_broker(order: &Order) -> Option<OrderKind> {
    let price = |dollars: Option<f64>| crate::translate::number::price(dollars?).ok().flatten();
    match order.order_type.as_str() {
        "MKT" => Some(OrderKind::Market),
        "LMT" => Some(OrderKind::Limit { limit: price(order.limit_price)? }),
        "STP" => Some(OrderKind::Stop { trigger: price(order.aux_price)? }),
        "STP LMT" => {
            Some(OrderKind::StopLimit { trigger: price(order.aux_price)?, limit: price(order.limit_price)? })
        }
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use alphatrader_model::{OrderId, OrderRef, Price, Quantity, Role, Seq, SignalId, Timestamp};
    use proptest::prelude::*;

    pub(crate) fn request(id: i32, kind: OrderKind) -> OrderRequest {
        let signal = SignalId::new(Timestamp::from_seconds(1_700_000_000), Seq(id as u64), 0);
        OrderRequest {
            id: OrderId(id),
            reference: OrderRef { signal, role: Role::Entry, attempt: 1 },
            contract: "SPY261123C00585000".parse().unwrap(),
            side: Side::Buy,
            quantity: Quantity::new(2),
            kind,
            time_in_force: TimeInForce::Day,
            parent: None,
            one_cancels_all: None,
        }
    }

    #[test]
    fn a_protective_stop_waits_for_its_parent_in_a_group_that_reduces() {
        let stop = OrderRequest {
            side: Side::Sell,
            parent: Some(OrderId(7)),
            one_cancels_all: Some(OrderId(7)),
            time_in_force: TimeInForce::GoodTillCancelled,
            ..request(8, OrderKind::Stop { trigger: Price::from_cents(81) })
        };
        let sent = to_broker(&stop, "DU1", false);
        assert_eq!((sent.order_type.as_str(), sent.aux_price, sent.limit_price), ("STP", Some(0.81), None));
        assert_eq!((sent.parent_id, sent.oca_group.as_str()), (7, "oca-7"));
        assert_eq!(i32::from(sent.oca_type), 2);
        assert_eq!((sent.tif.as_str(), sent.transmit, sent.account.as_str()), ("GTC", false, "DU1"));
        assert_eq!(sent.order_ref.parse(), Ok(stop.reference));
        assert_eq!(sent.action, Action::Sell);
    }

    fn any_kind() -> impl Strategy<Value = OrderKind> {
        let price = || (1_i64..9_999_999).prop_map(Price::from_raw);
        prop_oneof![
            Just(OrderKind::Market),
            price().prop_map(|limit| OrderKind::Limit { limit }),
            price().prop_map(|trigger| OrderKind::Stop { trigger }),
            (price(), price()).prop_map(|(trigger, limit)| OrderKind::StopLimit { trigger, limit }),
        ]
    }

    proptest! {
        #[test]
        fn kinds_survive_the_wire(kind in any_kind(), quantity in 1_u64..1_000_000) {
            let asked = OrderRequest { quantity: Quantity::new(quantity), ..request(9, kind) };
            let sent = to_broker(&asked, "DU1", true);
            prop_assert_eq!(kind_from_broker(&sent), Some(kind));
            prop_assert_eq!(sent.total_quantity as u64, quantity);
        }
    }
}
