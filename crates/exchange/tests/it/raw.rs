//! A client of our own that says exactly what a test wants.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use alphatrader_exchange::wire::message::contract::Contract;
use alphatrader_exchange::wire::message::order::{CancelOrderRequest, OrderStatus, PlaceOrderRequest};
use alphatrader_exchange::wire::message::order_terms::Order;
use alphatrader_exchange::wire::message::session::{ErrorMessage, StartApiRequest};
use alphatrader_exchange::wire::{Agreement, Codec, Dialect, FrameDecoder, Reply, Request};

/// How long a test waits for an answer before it has failed.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    decoder: FrameDecoder,
    codec: Codec,
    /// Everything that was received after the start.
    pub(crate) seen: Vec<Reply>,
}

impl Raw {
    /// Connects and says hello.
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::offering(address, "v213..226", 213)
    }

    /// The same for a client that would rather wait than be refused, with its API started.
    pub(crate) fn paced(address: SocketAddr, client_id: i32) -> Self {
        let mut raw = Self::offering(address, "v213..226 +PACEAPI", 213);
        let client_id = Some(client_id);
        raw.send(&Request::StartApi(StartApiRequest { client_id, optional_capabilities: None }));
        raw
    }

    /// Connects as a client of other versions, of which `version` should come out.
    pub(crate) fn offering(address: SocketAddr, offer: &str, version: i32) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let length = u32::try_from(offer.len()).unwrap().to_be_bytes();
        stream.write_all(&[&b"API\0"[..], &length, offer.as_bytes()].concat()).unwrap();
        let dialect = if version < 213 { Dialect::Text } else { Dialect::Protobuf };
        let codec = Codec::new(Agreement { version, dialect });
        let mut raw = Self { stream, decoder: FrameDecoder::new(1, 1 << 24), codec, seen: Vec::new() };
        let hello = String::from_utf8(raw.frame().expect("the handshake is answered")).unwrap();
        let fields: Vec<_> = hello.split('\0').collect();
        assert_eq!(fields[0], version.to_string());
        assert!(fields[1].ends_with(" America/New_York"), "{hello:?}");
        assert_eq!(fields.len(), 3);
        raw
    }

    /// Connects and starts the API.
    pub(crate) fn start(address: SocketAddr, client_id: i32) -> Self {
        Self::connect(address).started(client_id)
    }

    /// Starts the API.
    pub(crate) fn started(mut self, client_id: i32) -> Self {
        self.send(&Request::StartApi(StartApiRequest {
            client_id: Some(client_id),
            optional_capabilities: None,
        }));
        self
    }

    /// Connects and starts the API where the gateway may refuse or end it at any moment.
    pub(crate) fn try_start(address: SocketAddr, client_id: i32) -> Option<Self> {
        let mut stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream.set_nodelay(true).ok()?;
        stream.write_all(b"API\0\x00\x00\x00\x09v213..226").ok()?;
        let codec = Codec::new(Agreement { version: 213, dialect: Dialect::Protobuf });
        let mut raw = Self { stream, decoder: FrameDecoder::new(1, 1 << 24), codec, seen: Vec::new() };
        raw.frame()?;
        let client_id = Some(client_id);
        raw.try_send(&Request::StartApi(StartApiRequest { client_id, optional_capabilities: None }))?;
        Some(raw)
    }

    /// Sends a request where the connection may be gone.
    pub(crate) fn try_send(&mut self, request: &Request) -> Option<()> {
        let mut bytes = Vec::new();
        self.codec.encode_request(request, &mut bytes);
        self.stream.write_all(&bytes).ok()
    }

    /// Buys so many SPY at the market where the connection may be gone.
    pub(crate) fn try_place(&mut self, order_id: i32, quantity: u64) -> Option<()> {
        self.try_send(&Request::PlaceOrder(Box::new(PlaceOrderRequest {
            order_id: Some(order_id),
            contract: Some(spy()),
            order: Some(order("BUY", quantity, "MKT", None, None)),
        })))
    }

    /// Sends a request.
    pub(crate) fn send(&mut self, request: &Request) {
        let mut bytes = Vec::new();
        self.codec.encode_request(request, &mut bytes);
        self.stream.write_all(&bytes).unwrap();
    }

    /// The next frame's body; nothing when the gateway closed.
    pub(crate) fn frame(&mut self) -> Option<Vec<u8>> {
        let mut bytes = vec![0; 1 << 16];
        loop {
            if let Some(frame) = self.decoder.next_frame().unwrap() {
                return Some(frame.to_vec());
            }
            match self.stream.read(&mut bytes) {
                Ok(0) => return None,
                Ok(count) => self.decoder.push(&bytes[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("no answer within {PATIENCE:?}: {error}"),
            }
        }
    }

    /// The next message; nothing when the gateway closed.
    pub(crate) fn reply(&mut self) -> Option<Reply> {
        let frame = self.frame()?;
        let reply = self.codec.decode_reply(&frame).unwrap().expect("a message that this gateway sends");
        self.seen.push(reply.clone());
        Some(reply)
    }

    /// Reads until `wanted` gives something.
    pub(crate) fn until<T>(&mut self, mut wanted: impl FnMut(&Reply) -> Option<T>) -> T {
        loop {
            let reply = self.reply().expect("the gateway goes on");
            if let Some(found) = wanted(&reply) {
                return found;
            }
        }
    }

    /// Reads until an error or notice with this code.
    pub(crate) fn until_error(&mut self, code: i32) -> ErrorMessage {
        self.until(|reply| match reply {
            Reply::Error(error) if error.error_code == Some(code) => Some(error.clone()),
            _ => None,
        })
    }

    /// Reads until an order has this status.
    pub(crate) fn until_status(&mut self, order_id: i32, status: &str) -> OrderStatus {
        self.until(|reply| match reply {
            Reply::OrderStatus(now)
                if now.order_id == Some(order_id) && now.status.as_deref() == Some(status) =>
            {
                Some(now.clone())
            }
            _ => None,
        })
    }

    /// The next valid order id, told at the start.
    pub(crate) fn until_next_id(&mut self) -> i32 {
        self.until(|reply| match reply {
            Reply::NextValidId(next) => next.order_id,
            _ => None,
        })
    }

    /// Places an order.
    pub(crate) fn place(&mut self, order_id: i32, contract: &Contract, order: Order) {
        self.send(&Request::PlaceOrder(Box::new(PlaceOrderRequest {
            order_id: Some(order_id),
            contract: Some(contract.clone()),
            order: Some(order),
        })));
    }

    /// Cancels an order.
    pub(crate) fn cancel(&mut self, order_id: i32) {
        self.send(&Request::CancelOrder(CancelOrderRequest { order_id: Some(order_id), order_cancel: None }));
    }
}

/// SPY, the stock.
pub(crate) fn spy() -> Contract {
    Contract {
        symbol: Some("SPY".to_owned()),
        sec_type: Some("STK".to_owned()),
        exchange: Some("SMART".to_owned()),
        currency: Some("USD".to_owned()),
        ..Contract::default()
    }
}

/// An order with its kind and prices.
pub(crate) fn order(action: &str, quantity: u64, kind: &str, limit: Option<f64>, stop: Option<f64>) -> Order {
    Order {
        action: Some(action.to_owned()),
        total_quantity: Some(quantity.to_string()),
        order_type: Some(kind.to_owned()),
        lmt_price: limit,
        aux_price: stop,
        transmit: Some(true),
        ..Order::default()
    }
}
