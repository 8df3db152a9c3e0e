//! Whatever is lost, skipped or reconnected: what a client holds in the end is what the server published.

use std::collections::BTreeMap;

use alphatrader_dashboard::Published;
use alphatrader_dashboard::channel::{Channel, StateChannel};
use alphatrader_dashboard::conflate::Pace;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::running::moment;
use super::stream::apply;

const CHANNELS: [&str; 7] = ["positions", "orders", "risk", "account", "quotes", "bars:SPY", "book:SPY"];

/// What happens between server and client.
#[derive(Debug, Clone)]
enum Step {
    /// The engine publishes; the pace may not tick for it.
    Publish(i64),
    /// The pace takes what is published.
    Tick,
    /// The client is sent what it lacks.
    Send,
    /// As before, but the n-th frame is lost on the way.
    SendLosing(usize),
    /// The client starts over.
    Reconnect,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_i64..40).prop_map(Step::Publish),
        4 => Just(Step::Tick),
        3 => Just(Step::Send),
        2 => (0_usize..4).prop_map(Step::SendLosing),
        1 => Just(Step::Reconnect),
    ];
    prop::collection::vec(step, 1..80)
}

fn channel(name: &str) -> StateChannel {
    match name.parse() {
        Ok(Channel::State(state)) => state,
        _ => panic!("{name} is a state channel"),
    }
}

/// What the client holds of a channel.
#[derive(Default)]
struct Held {
    /// What the server believes it was sent.
    sent: Option<u64>,
    seq: Option<u64>,
    data: Value,
}

impl Held {
    /// Applies a frame; a frame that does not follow means subscribing again.
    fn take(&mut self, frame: &str) {
        let frame: Value = serde_json::from_str(frame).unwrap();
        let seq = frame["seq"].as_u64();
        if frame["t"] == "snap" {
            (self.seq, self.data) = (seq, frame["d"].clone());
        } else if self.seq == frame["prev"].as_u64() {
            apply(&mut self.data, &frame["d"]);
            self.seq = seq;
        } else {
            self.sent = None;
        }
    }
}

fn send(pace: &mut Pace, held: &mut BTreeMap<&'static str, Held>, losing: Option<usize>) {
    for (name, held) in held {
        let (frames, seq) = pace.since(&channel(name), held.sent);
        held.sent = Some(seq);
        for (n, frame) in frames.iter().enumerate() {
            if losing != Some(n) {
                held.take(frame);
            }
        }
    }
}

/// A lost last frame is noticed with the next one: the client then asks again.
fn settle(pace: &mut Pace, held: &mut BTreeMap<&'static str, Held>) {
    for held in held.values_mut() {
        if held.sent != held.seq {
            held.sent = None;
        }
    }
    send(pace, held, None);
    send(pace, held, None);
}

fn wanted(name: &str, published: &Published) -> Value {
    let by_id = |rows: Vec<(String, Value)>| -> Value { rows.into_iter().collect() };
    let spy = published.symbols.get("SPY");
    match name {
        "positions" => by_id(published.positions.iter().map(|p| (p.id.clone(), json!(p))).collect()),
        "orders" => by_id(published.orders.iter().map(|o| (o.id.clone(), json!(o))).collect()),
        "risk" => json!(published.risk),
        "account" => published.account.as_ref().map_or(json!({}), |account| json!(account)),
        "quotes" => by_id(spy.iter().map(|s| ("SPY".to_owned(), json!(s.quote))).collect()),
        "bars:SPY" => {
            by_id(spy.iter().flat_map(|s| &s.bars).map(|b| (b.start.to_string(), json!(b))).collect())
        }
        "book:SPY" => json!(spy.map(|s| &s.book)),
        other => panic!("{other}"),
    }
}

proptest! {
    #[test]
    fn a_client_ends_with_the_published_state(steps in steps()) {
        let mut pace = Pace::default();
        let mut published = Published::starting(super::running::at(0));
        let mut version = 1;
        for name in CHANNELS {
            pace.subscribe(&channel(name), version, &published);
        }
        let mut held: BTreeMap<&'static str, Held> = CHANNELS.map(|name| (name, Held::default())).into();
        for step in steps {
            match step {
                Step::Publish(n) => {
                    published = moment(n);
                    version += 1;
                }
                Step::Tick => {
                    pace.advance(version, &published);
                }
                Step::Send => send(&mut pace, &mut held, None),
                Step::SendLosing(n) => send(&mut pace, &mut held, Some(n)),
                Step::Reconnect => held = CHANNELS.map(|name| (name, Held::default())).into(),
            }
        }
        pace.advance(version, &published);
        send(&mut pace, &mut held, None);
        settle(&mut pace, &mut held);
        for name in CHANNELS {
            prop_assert_eq!(&held[name].data, &wanted(name, &published), "{}", name);
        }
    }
}
