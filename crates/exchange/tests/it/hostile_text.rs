//! Peers that speak the text dialect badly: each message is answered or passed over, and the session goes on.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use alphatrader_exchange::server::GatewayHandle;
use alphatrader_exchange::wire::FrameDecoder;

use crate::gateway::{config, start};

struct Text {
    stream: TcpStream,
    decoder: FrameDecoder,
}

impl Text {
    fn start(handle: &GatewayHandle, client_id: i32) -> Self {
        let mut stream = TcpStream::connect(handle.local_addr()).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        stream.write_all(b"API\0\x00\x00\x00\x09v157..178").unwrap();
        let mut text = Self { stream, decoder: FrameDecoder::new(1, 1 << 24) };
        assert!(text.frame().expect("the handshake is answered").starts_with("178\0"));
        text.send(format!("71\x002\0{client_id}\0\0").as_bytes());
        text.until("9\x001\0");
        text
    }

    fn send(&mut self, body: &[u8]) {
        let length = u32::try_from(body.len()).unwrap();
        self.stream.write_all(&[&length.to_be_bytes(), body].concat()).unwrap();
    }

    fn frame(&mut self) -> Option<String> {
        let mut bytes = vec![0; 1 << 16];
        loop {
            if let Some(frame) = self.decoder.next_frame().unwrap() {
                return Some(String::from_utf8_lossy(frame).into_owned());
            }
            match self.stream.read(&mut bytes) {
                Ok(0) => return None,
                Ok(count) => self.decoder.push(&bytes[..count]),
                Err(error) => panic!("no answer: {error}"),
            }
        }
    }

    /// Reads until a message that begins so.
    fn until(&mut self, begin: &str) -> String {
        loop {
            let frame = self.frame().expect("the session goes on");
            if frame.starts_with(begin) {
                return frame;
            }
        }
    }

    /// The session works: the time is told.
    fn works(&mut self) {
        self.send(b"49\x001\0");
        self.until("49\x001\0");
    }
}

#[test]
fn bad_texts_are_answered_and_the_session_goes_on() {
    let handle = start(config(None));
    let mut text = Text::start(&handle, 1);
    let bodies: [&[u8]; 10] = [
        b"\0",
        b"\xFF\xFE\xFD\0",
        b"no number\0",
        b"99999999999999999999\0",
        b"-1\x001\0",
        b"1\x0011\0not a number\0",
        // An order that ends in the middle, and one that promises two thousand million legs.
        b"3\x001\x000\0SPY\0STK\0",
        b"3\x001\x000\0SPY\0BAG\0\x000\0\0\0SMART\0\0USD\0\0\0\0\0BUY\x001\0LMT\x001\0\0DAY\0\0\0\x000\0\x001\x000\x000\x000\x000\x000\x000\x000\x002000000000\0",
        b"7\x003\x001\0x\0",
        b"49",
    ];
    for body in bodies {
        text.send(body);
        text.works();
    }
    // Empty messages of every number.
    for id in 1..120 {
        text.send(format!("{id}\0").as_bytes());
    }
    text.works();
    // A message that arrives byte by byte is a message.
    for byte in b"\x00\x00\x00\x0549\x001\0" {
        text.stream.write_all(&[*byte]).unwrap();
    }
    text.until("49\x001\0");
    handle.shutdown().unwrap();
}

#[test]
fn a_giant_text_frame_closes_only_its_sender() {
    let handle = start(config(None));
    let mut good = Text::start(&handle, 1);
    let mut giant = Text::start(&handle, 2);
    giant.stream.write_all(b"\x7F\xFF\xFF\xFF49\0").unwrap();
    while giant.frame().is_some() {}
    good.works();
    handle.shutdown().unwrap();
}
