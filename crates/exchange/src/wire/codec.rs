//! Dialects: frame bodies to requests, replies to frames. Pure functions of what was negotiated.

use thiserror::Error;

use super::frame::write_frame;
use super::handshake::{Agreement, Dialect};
use super::{Reply, Request, text};

/// Added to a message id when its payload is protobuf.
const PROTOBUF_MARK: i32 = 200;

/// Bytes of a binary message id.
const ID_BYTES: usize = 4;

/// Why a whole frame says nothing the gateway understands. The session can go on: the next frame
/// starts where this one ended.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The message id lacks the protobuf mark, which every message at this version has.
    #[error("message id {0} is not a protobuf message; at this version all are")]
    NotProtobuf(i32),
    /// The payload of a known message can't be read.
    #[error("message {message_id} can't be read: {reason}")]
    BadPayload {
        /// The id without the mark.
        message_id: i32,
        /// What the reader said.
        reason: String,
    },
}

/// Writes and reads the messages of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Codec {
    agreement: Agreement,
}

impl Codec {
    /// The codec for what a connection agreed on.
    pub fn new(agreement: Agreement) -> Self {
        Self { agreement }
    }

    /// The least body of a frame in this dialect, in bytes.
    pub fn least_body(self) -> usize {
        match self.agreement.dialect {
            Dialect::Protobuf => ID_BYTES,
            Dialect::Text => 1,
        }
    }

    /// Reads a client's frame.
    ///
    /// # Errors
    /// [`DecodeError`]: answer it and go on.
    pub fn decode_request(self, body: &[u8]) -> Result<Request, DecodeError> {
        match self.agreement.dialect {
            Dialect::Protobuf => {
                let (message_id, payload) = split_protobuf(body)?;
                Request::from_protobuf(message_id, payload)
                    .map_err(|e| DecodeError::BadPayload { message_id, reason: e.to_string() })
            }
            Dialect::Text => text::decode_request(self.agreement.version, body),
        }
    }

    /// Appends a reply as a frame; nothing where the dialect has no such message.
    pub fn encode_reply(self, reply: &Reply, out: &mut Vec<u8>) {
        match self.agreement.dialect {
            Dialect::Protobuf => write_frame(out, |body| {
                body.extend_from_slice(&(reply.message_id() + PROTOBUF_MARK).to_be_bytes());
                reply.to_protobuf(body);
            }),
            Dialect::Text if text::has(reply) => {
                write_frame(out, |body| text::encode_reply(self.agreement.version, reply, body));
            }
            Dialect::Text => {}
        }
    }

    /// Appends a request as a frame: what a client does.
    pub fn encode_request(self, request: &Request, out: &mut Vec<u8>) {
        match self.agreement.dialect {
            Dialect::Protobuf => write_frame(out, |body| {
                body.extend_from_slice(&(request.message_id() + PROTOBUF_MARK).to_be_bytes());
                request.to_protobuf(body);
            }),
            Dialect::Text => {
                write_frame(out, |body| text::encode_request(self.agreement.version, request, body));
            }
        }
    }

    /// Reads a gateway's frame, as a client does; nothing for a message that this gateway never sends.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode_reply(self, body: &[u8]) -> Result<Option<Reply>, DecodeError> {
        match self.agreement.dialect {
            Dialect::Protobuf => {
                let (message_id, payload) = split_protobuf(body)?;
                Reply::from_protobuf(message_id, payload)
                    .map_err(|e| DecodeError::BadPayload { message_id, reason: e.to_string() })
            }
            Dialect::Text => text::decode_reply(self.agreement.version, body),
        }
    }
}

fn split_protobuf(body: &[u8]) -> Result<(i32, &[u8]), DecodeError> {
    let (id, payload) = body.split_first_chunk::<ID_BYTES>().ok_or_else(|| DecodeError::BadPayload {
        message_id: 0,
        reason: "shorter than a message id".to_owned(),
    })?;
    let id = i32::from_be_bytes(*id);
    match id.checked_sub(PROTOBUF_MARK) {
        Some(message_id) if message_id > 0 => Ok((message_id, payload)),
        _ => Err(DecodeError::NotProtobuf(id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::message::contract::Contract;
    use crate::wire::message::market_data::{MarketDataRequest, TickPrice};
    use crate::wire::message::order::{OrderStatus, PlaceOrderRequest};
    use crate::wire::message::order_terms::Order;
    use crate::wire::message::session::StartApiRequest;
    use proptest::prelude::*;

    fn codec() -> Codec {
        Codec::new(Agreement { version: 213, dialect: Dialect::Protobuf })
    }

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    /// Frames written by hand from the tags of the protocol.
    #[test]
    fn golden_requests() {
        // 271 StartApiRequest { 1: 7 }
        let start = hex("0000010f 0807");
        assert_eq!(
            codec().decode_request(&start),
            Ok(Request::StartApi(StartApiRequest { client_id: Some(7), optional_capabilities: None }))
        );
        // 201 MarketDataRequest { 1: 9000, 2: Contract { 2: "SPY", 3: "STK", 8: "SMART" }, 3: "233", 4: false }
        let market = hex("000000c9 08a846 1211 1203535059 1a0353544b 4205534d415254 1a03323333 2000");
        let Ok(Request::MarketData(request)) = codec().decode_request(&market) else {
            panic!("not a market data request")
        };
        assert_eq!(request.req_id, Some(9000));
        assert_eq!(request.snapshot, Some(false));
        let contract = request.contract.unwrap();
        assert_eq!((contract.symbol.as_deref(), contract.exchange.as_deref()), (Some("SPY"), Some("SMART")));
        // 203 PlaceOrderRequest { 1: 3, 3: Order { 5: "BUY", 6: "2", 8: "LMT", 9: 1.5 } }
        let place = hex("000000cb 0803 1a16 2a03425559 320132 42034c4d54 49000000000000f83f");
        let Ok(Request::PlaceOrder(order)) = codec().decode_request(&place) else { panic!("not an order") };
        let terms = order.order.unwrap();
        assert_eq!((terms.action.as_deref(), terms.lmt_price), (Some("BUY"), Some(1.5)));
    }

    #[test]
    fn golden_replies() {
        let mut out = Vec::new();
        let tick = TickPrice {
            req_id: Some(9000),
            tick_type: Some(1),
            price: Some(1.5),
            size: Some("300".to_owned()),
            attr_mask: Some(0),
        };
        codec().encode_reply(&Reply::TickPrice(tick), &mut out);
        assert_eq!(out, hex("00000019 000000c9 08a846 1001 19000000000000f83f 2203333030 2800"));
        out.clear();
        let status = OrderStatus {
            order_id: Some(3),
            status: Some("Filled".to_owned()),
            filled: Some("2".to_owned()),
            remaining: Some("0".to_owned()),
            client_id: Some(7),
            ..OrderStatus::default()
        };
        codec().encode_reply(&Reply::OrderStatus(status), &mut out);
        assert_eq!(out, hex("00000016 000000cb 0803 120646696c6c6564 1a0132 220130 4807"));
    }

    #[test]
    fn unknown_and_broken_messages_are_told_apart() {
        // 307 (cancel historical ticks) { 1: 9001 } belongs to later versions
        assert_eq!(
            codec().decode_request(&hex("00000133 08a946")),
            Ok(Request::Unserved { message_id: 107, request_id: Some(9001) })
        );
        assert_eq!(codec().decode_request(&hex("00000047 0807")), Err(DecodeError::NotProtobuf(71)));
        assert!(matches!(
            codec().decode_request(&hex("0000010f ffff")),
            Err(DecodeError::BadPayload { message_id: 71, .. })
        ));
    }

    fn any_order() -> impl Strategy<Value = Request> {
        (
            any::<Option<i32>>(),
            "[A-Z]{0,6}",
            any::<Option<f64>>().prop_filter("NaN is not equal to itself", |p| !p.is_some_and(f64::is_nan)),
            any::<Option<bool>>(),
        )
            .prop_map(|(id, symbol, price, transmit)| {
                Request::PlaceOrder(Box::new(PlaceOrderRequest {
                    order_id: id,
                    contract: Some(Contract {
                        symbol: Some(symbol.clone()),
                        con_id: id,
                        ..Contract::default()
                    }),
                    order: Some(Order {
                        lmt_price: price,
                        transmit,
                        order_ref: Some(symbol),
                        ..Order::default()
                    }),
                }))
            })
    }

    fn any_market_data() -> impl Strategy<Value = Request> {
        (any::<Option<i32>>(), any::<Option<String>>(), any::<Option<bool>>()).prop_map(
            |(req_id, list, snapshot)| {
                Request::MarketData(MarketDataRequest {
                    req_id,
                    generic_tick_list: list,
                    snapshot,
                    ..Default::default()
                })
            },
        )
    }

    proptest! {
        #[test]
        fn requests_survive_the_wire(request in prop_oneof![any_order(), any_market_data()]) {
            let mut frame = Vec::new();
            codec().encode_request(&request, &mut frame);
            prop_assert_eq!(codec().decode_request(&frame[4..]), Ok(request));
        }

        #[test]
        fn any_body_is_read_or_refused(id in 190_i32..320, payload in prop::collection::vec(any::<u8>(), 0..600)) {
            let mut body = id.to_be_bytes().to_vec();
            body.extend(payload);
            let _ = codec().decode_request(&body);
            let _ = codec().decode_reply(&body);
        }
    }
}
