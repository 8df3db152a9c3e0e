//! What other people's clients sent, byte for byte, beside what they were told to say.
//!
//! The files in `tests/golden` were recorded by `tests/foreign/record_frames.py`: version 157 from the
//! broker's Python client 9.81.1, 178 from `ib_async` 2.1.0, the others from the broker's client 10.46.1.
//! What a frame means was written down by the recorder from the values it gave to the client, so the
//! judge of our reader is not our reader.

use alphatrader_exchange::wire::{Agreement, Codec, Dialect, Request};

struct Golden<'a> {
    name: &'a str,
    body: Vec<u8>,
    means: Vec<&'a str>,
}

fn parse(file: &str, dialect: Dialect) -> Vec<Golden<'_>> {
    let block = |block| {
        let mut lines = str::lines(block);
        let name = lines.next()?.strip_prefix("# ")?;
        let body = lines.next()?.strip_prefix("> ")?;
        let body = match dialect {
            Dialect::Text => body.replace('|', "\0").into_bytes(),
            Dialect::Protobuf => hex(body),
        };
        Some(Golden { name, body, means: lines.map(|line| line.trim_start_matches("= ")).collect() })
    };
    file.split("\n\n").map(|text| block(text).expect("a block of the golden file")).collect()
}

fn hex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

/// Every frame is read as it was meant, to its last field, and is the same after being written again.
fn judge(file: &str, version: i32, least: usize) {
    let dialect = if version < 213 { Dialect::Text } else { Dialect::Protobuf };
    let codec = Codec::new(Agreement { version, dialect });
    let path = format!("{}/tests/golden/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let frames = parse(&text, dialect);
    assert!(frames.len() >= least, "{} frames", frames.len());
    let wrong: Vec<String> = frames.iter().filter_map(|frame| misread(codec, dialect, frame).err()).collect();
    assert!(wrong.is_empty(), "{file}: {wrong:#?}");
}

fn misread(codec: Codec, dialect: Dialect, frame: &Golden<'_>) -> Result<(), String> {
    let name = frame.name;
    let request = codec.decode_request(&frame.body).map_err(|error| format!("{name}: {error}"))?;
    let read = format!("{request:?}");
    if matches!(request, Request::Unserved { .. }) {
        return Err(format!("{name} is unknown"));
    }
    if let Some(line) = frame.means.iter().find(|line| !read.contains(**line)) {
        return Err(format!("{name}: no `{line}` in {read}"));
    }
    let mut again = Vec::new();
    codec.encode_request(&request, &mut again);
    let again = &again[4..];
    if codec.decode_request(again) != Ok(request) {
        return Err(format!("{name} is another message after being written again"));
    }
    let fields = |body: &[u8]| body.split(|byte| *byte == 0).count();
    // The broker's later clients leave out the count of a calculation's options.
    let left_out = usize::from(name.starts_with("calculate") && fields(again) > fields(&frame.body));
    if dialect == Dialect::Text && fields(again) != fields(&frame.body) + left_out {
        return Err(format!("{name} has {} fields, read were {}", fields(&frame.body), fields(again)));
    }
    Ok(())
}

#[test]
fn the_broker_client_of_old() {
    judge("157.txt", 157, 80);
}

#[test]
fn the_broker_client_between_old_and_new() {
    judge("163.txt", 163, 80);
    judge("170.txt", 170, 80);
    judge("178-broker.txt", 178, 85);
}

#[test]
fn ib_async_at_178() {
    judge("178.txt", 178, 85);
}

#[test]
fn the_broker_client_of_today() {
    judge("213.txt", 213, 85);
}
