//! Ticks to a client that reads: `cargo bench -p alphatrader-exchange --bench throughput`.
//!
//! Fifty stocks print 20 000 times a second together for a minute; one client over loopback TCP has
//! subscribed to every print (tick-by-tick) and to market data of all fifty. The size of a print is its
//! number, so one that is lost, doubled or out of order ends the benchmark. Then the same market at a hundred
//! times its speed, which is as fast as the gateway goes. Argument: seconds of the first part.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use alphatrader_exchange::Limits;
use alphatrader_exchange::feed::source::Source;
use alphatrader_exchange::server::{Gateway, GatewayConfig};
use alphatrader_exchange::wire::message::contract::Contract as Asked;
use alphatrader_exchange::wire::message::market_data::{MarketDataRequest, TickByTickRequest};
use alphatrader_exchange::wire::message::session::StartApiRequest;
use alphatrader_exchange::wire::{Agreement, Codec, Dialect, FrameDecoder, Reply, Request};
use alphatrader_model::market::{Level, TradeFlags};
use alphatrader_model::{
    Input, Instrument, InstrumentId, Payload, Price, Quantity, Quote, Session, Side, Span, Symbol, Timestamp,
    Trade,
};

const SYMBOLS: u32 = 50;
const TICKS_A_SECOND: u32 = 20_000;
/// Wall time from the open to the first print, in which the client subscribes.
const LEAD_SECONDS: f64 = 3.0;
const PATIENCE: Duration = Duration::from_secs(30);

fn main() {
    let asked = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let seconds: u32 = asked.unwrap_or(60);
    let held = measure(seconds, 1.0);
    println!(
        "{SYMBOLS} symbols, {TICKS_A_SECOND} ticks/s: {} ticks in {:.2} s of {seconds} s, none lost, {} other messages",
        held.ticks,
        held.took.as_secs_f64(),
        held.others
    );
    let most = measure(seconds, 100.0);
    println!(
        "as fast as it goes:           {:.0} ticks/s to a reading client over loopback TCP",
        f64::from(most.ticks) / most.took.as_secs_f64()
    );
}

struct Outcome {
    ticks: u32,
    others: u64,
    /// From the first print to the last, in the client's hands.
    took: Duration,
}

fn measure(seconds: u32, speed: f64) -> Outcome {
    let limits = Limits { ticks: 60, ..Limits::default().without_rates() };
    let config =
        GatewayConfig { listen: "127.0.0.1:0".parse().unwrap(), speed, limits, ..GatewayConfig::default() };
    let total = seconds * TICKS_A_SECOND;
    let gateway = Gateway::start_on(config, |_| {
        Box::new(Ticking::new(total, Span::from_seconds((LEAD_SECONDS * speed) as i64)))
    })
    .unwrap();
    let outcome = Client::connect(gateway.local_addr()).read(total);
    gateway.shutdown().unwrap();
    outcome
}

/// A market whose stocks print in turn, each print one larger than the last.
struct Ticking {
    total: u32,
    lead: Span,
    session: Option<Session>,
    /// Announcements and first quotes, then prints.
    said: u32,
}

const OPENING: u32 = 1 + 2 * SYMBOLS;

impl Ticking {
    fn new(total: u32, lead: Span) -> Self {
        Self { total, lead, session: None, said: 0 }
    }

    fn time(&self, said: u32) -> Option<Timestamp> {
        let open = self.session?.open;
        Some(said.checked_sub(OPENING).map_or(open, |print| {
            let since_first = i64::from(print) * 1_000_000_000 / i64::from(TICKS_A_SECOND);
            open + self.lead + Span::from_nanos(since_first)
        }))
    }
}

impl Source for Ticking {
    fn begin(&mut self, session: Session) {
        (self.session, self.said) = (Some(session), 0);
    }

    fn peek(&mut self) -> Option<Timestamp> {
        if self.said < OPENING + self.total { self.time(self.said) } else { None }
    }

    fn next(&mut self) -> Option<Input> {
        let ts = self.peek()?;
        let said = self.said;
        self.said += 1;
        let payload = match said.checked_sub(1) {
            None => Payload::Session(self.session?),
            Some(place) if place < SYMBOLS => Payload::Instrument(Box::new(instrument(place))),
            Some(place) if place < 2 * SYMBOLS => Payload::Quote(quote(place - SYMBOLS)),
            Some(place) => print(place - 2 * SYMBOLS),
        };
        Some(Input { ts_event: ts, ts_recv: ts, payload })
    }
}

fn symbol(place: u32) -> Symbol {
    Symbol::new(&format!("T{place:02}")).unwrap()
}

fn instrument(place: u32) -> Instrument {
    Instrument { synthetic: true, ..Instrument::stock(InstrumentId(place), symbol(place)) }
}

fn quote(place: u32) -> Quote {
    let level = |cents| Some(Level { price: Price::from_cents(cents), size: Quantity::new(1_000) });
    Quote { instrument: InstrumentId(place), bid: level(10_000), ask: level(10_001) }
}

fn print(number: u32) -> Payload {
    let up = number.is_multiple_of(2);
    Payload::Trade(Trade {
        instrument: InstrumentId(number % SYMBOLS),
        price: Price::from_cents(if up { 10_001 } else { 10_000 }),
        size: Quantity::new(u64::from(number / SYMBOLS) + 1),
        aggressor: Some(if up { Side::Buy } else { Side::Sell }),
        venue: None,
        flags: TradeFlags::NONE,
    })
}

struct Client {
    stream: TcpStream,
    decoder: FrameDecoder,
    codec: Codec,
}

impl Client {
    /// Connects and subscribes to everything.
    fn connect(address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.write_all(b"API\0\x00\x00\x00\x09v213..226").unwrap();
        let codec = Codec::new(Agreement { version: 213, dialect: Dialect::Protobuf });
        let mut client = Self { stream, decoder: FrameDecoder::new(1, 1 << 24), codec };
        let mut bytes = Vec::new();
        let mut ask = |request: &Request| client.codec.encode_request(request, &mut bytes);
        ask(&Request::StartApi(StartApiRequest { client_id: Some(1), optional_capabilities: None }));
        for place in 0..SYMBOLS {
            let contract = Some(Asked {
                symbol: Some(symbol(place).to_string()),
                sec_type: Some("STK".to_owned()),
                exchange: Some("SMART".to_owned()),
                currency: Some("USD".to_owned()),
                ..Asked::default()
            });
            let req_id = Some(place as i32);
            let tick_type = Some("AllLast".to_owned());
            let ticks =
                TickByTickRequest { req_id, contract: contract.clone(), tick_type, ..Default::default() };
            ask(&Request::TickByTick(ticks));
            let req_id = Some((SYMBOLS + place) as i32);
            ask(&Request::MarketData(MarketDataRequest { req_id, contract, ..Default::default() }));
        }
        client.stream.write_all(&bytes).unwrap();
        client
    }

    /// Reads until every print has come, each in its turn.
    fn read(mut self, total: u32) -> Outcome {
        let mut next = [1_u64; SYMBOLS as usize];
        let (mut ticks, mut others, mut begun) = (0, 0, None);
        let mut bytes = vec![0; 1 << 18];
        while ticks < total {
            while let Some(frame) = self.decoder.next_frame().unwrap() {
                // The answer to the handshake is no message.
                let Ok(Some(reply)) = self.codec.decode_reply(frame) else { continue };
                let Reply::TickByTick(tick) = reply else {
                    if let Reply::Error(error) = &reply {
                        let code = error.error_code.unwrap_or_default();
                        assert!(code >= 2_000, "{code}: {:?}", error.error_msg);
                    }
                    others += 1;
                    continue;
                };
                begun.get_or_insert_with(Instant::now);
                let due = &mut next[tick.req_id.unwrap() as usize];
                let size = tick.historical_tick_last.unwrap().size.unwrap();
                assert_eq!(size.parse::<u64>().unwrap(), *due, "a print was lost, doubled or overtaken");
                *due += 1;
                ticks += 1;
            }
            let count = self.stream.read(&mut bytes).unwrap_or_default();
            assert!(
                count > 0,
                "nothing more comes: {ticks} of {total} ticks and {others} other messages did"
            );
            self.decoder.push(&bytes[..count]);
        }
        Outcome { ticks, others, took: begun.map_or(Duration::ZERO, |begun| begun.elapsed()) }
    }
}
