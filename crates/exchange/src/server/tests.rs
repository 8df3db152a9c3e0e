//! A gateway whose disk fails.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};

use super::*;
use crate::feed::source::SyntheticSource;
use crate::wire::message::contract::Contract;
use crate::wire::message::order::PlaceOrderRequest;
use crate::wire::message::order_terms::Order;
use crate::wire::message::session::StartApiRequest;
use crate::wire::{Agreement, Codec, Dialect, FrameDecoder, Reply, Request};
use alphatrader_market::SyntheticConfig;

/// Takes facts as long as there is room, as a disk does.
struct Disk {
    room: usize,
}

impl Store for Disk {
    fn commit(&mut self, facts: &[Fact]) -> Result<(), StateError> {
        let full = || StateError::Io {
            path: "gateway.state".into(),
            action: "writing",
            source: std::io::Error::from(std::io::ErrorKind::StorageFull),
        };
        let orders = facts.iter().filter(|fact| matches!(fact, Fact::Order(_))).count();
        self.room = self.room.checked_sub(orders).ok_or_else(full)?;
        Ok(())
    }

    fn tidy(&mut self, _state: &BrokerState) {}
}

fn place(id: i32) -> Request {
    let text = |text: &str| Some(text.to_owned());
    let contract = Contract { symbol: text("SPY"), sec_type: text("STK"), ..Contract::default() };
    let order = Order {
        action: text("BUY"),
        total_quantity: text("1"),
        order_type: text("LMT"),
        lmt_price: Some(400.0),
        transmit: Some(true),
        ..Order::default()
    };
    Request::PlaceOrder(Box::new(PlaceOrderRequest {
        order_id: Some(id),
        contract: Some(contract),
        order: Some(order),
    }))
}

/// Reads everything that was said until the gateway closed.
fn said(stream: &mut TcpStream, codec: Codec) -> Vec<Reply> {
    let (mut decoder, mut bytes, mut replies) = (FrameDecoder::new(1, 1 << 24), vec![0; 1 << 16], Vec::new());
    let mut handshaken = false;
    loop {
        while let Some(frame) = decoder.next_frame().unwrap() {
            if handshaken {
                replies.extend(codec.decode_reply(frame).unwrap());
            }
            handshaken = true;
        }
        match stream.read(&mut bytes) {
            Ok(0) | Err(_) => return replies,
            Ok(count) => decoder.push(&bytes[..count]),
        }
    }
}

#[test]
fn what_cannot_be_kept_is_not_said_and_the_gateway_stops() {
    let config = GatewayConfig { listen: (Ipv4Addr::LOCALHOST, 0).into(), ..GatewayConfig::default() };
    let mut state = BrokerState::default();
    state.apply(&found(&config)).unwrap();
    let source = Box::new(SyntheticSource::new(SyntheticConfig::spy(1)));
    let listener = listen(config.listen).unwrap();
    // Placed, sent, working: three facts of the first order find room.
    let handle = Gateway::run(config, listener, Box::new(Disk { room: 3 }), state, source).unwrap();

    let codec = Codec::new(Agreement { version: 213, dialect: Dialect::Protobuf });
    let mut stream = TcpStream::connect(handle.local_addr()).unwrap();
    let mut bytes = b"API\0\x00\x00\x00\x09v213..226".to_vec();
    let start = Request::StartApi(StartApiRequest { client_id: Some(1), optional_capabilities: None });
    codec.encode_request(&start, &mut bytes);
    codec.encode_request(&place(1), &mut bytes);
    codec.encode_request(&place(2), &mut bytes);
    stream.write_all(&bytes).unwrap();
    let replies = said(&mut stream, codec);
    let second =
        replies.iter().any(|reply| matches!(reply, Reply::OrderStatus(status) if status.order_id == Some(2)));
    assert!(!second, "the second order was never kept, so nothing may be said of it: {replies:?}");

    // The connection ends before the engine's thread has: its last word is waited for by joining it.
    let error = handle.shutdown().expect_err("the gateway failed");
    assert!(error.to_string().contains("gateway.state: writing failed"), "{error}");
}
