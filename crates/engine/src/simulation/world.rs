//! Time, the process that lives and dies, the person.

use std::collections::BTreeMap;

use alphatrader_market::broker::{BrokerConfig, Latency, SimulatedBroker};
use alphatrader_market::fees::Fees;
use alphatrader_market::random::{Random, mix};
use alphatrader_model::event::{HaltLevel, LedgerEvent, Operator};
use alphatrader_model::{BrokerEvent, InstrumentId, Payload, Span, Timestamp};

mod process;

use process::Taken;

use super::faults::Faults;
use super::judge::Judge;
use super::ledger::Ledger;
use super::script::{SESSION, Script};
use super::wire::{Dispatched, Parcel, Told, Wire};
use super::{Report, Violation};
use crate::engine::Engine;
use crate::replay::TIMER;

/// From here on nothing goes wrong any more: what is broken is mended, positions are closed.
const CALM: Span = Span::from_seconds(SESSION - 70);
/// The run's end.
const END: Span = Span::from_seconds(SESSION + 40);

/// What will happen.
#[derive(Debug)]
enum Happening {
    /// The script's next second.
    Second(i64),
    /// At the exchange.
    Market(Payload),
    /// The same at the core of a process.
    Feed {
        process: u32,
        ts_event: Timestamp,
        payload: Payload,
    },
    Timer {
        process: u32,
    },
    /// A commit of the ledger is over.
    Committed {
        process: u32,
    },
    /// Its answer reaches the core.
    Answer {
        process: u32,
        said: LedgerEvent,
    },
    Parcel(Parcel),
    Break,
    Notice,
    Connect,
    Kill,
    Start,
    Halt,
    Resume,
    Shutdown,
    ClockStep,
    Calm,
}

pub(super) struct World {
    seed: u64,
    random: Random,
    faults: Faults,
    now: Timestamp,
    /// Our clock less the true time.
    offset: Span,
    queue: BTreeMap<(Timestamp, u64), Happening>,
    count: u64,
    script: Script,
    broker: SimulatedBroker,
    wire: Wire,
    ledger: Ledger,
    judge: Judge,
    engine: Option<Engine>,
    process: u32,
    /// What the stocks told so far, and the options last: a process that starts warms up with it.
    told: Vec<(Timestamp, Payload)>,
    quoted: BTreeMap<InstrumentId, (Timestamp, Payload)>,
    taken: Taken,
    last_feed: Timestamp,
    calm: bool,
    resume_due: bool,
    /// Actions refused or lost at the last timer.
    refused_seen: u64,
    digests: blake3::Hasher,
    report: Report,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let faults = Faults::of(seed);
        let script = Script::new(seed, faults.holds_to_expiry);
        let now = script.session.open - Span::from_seconds(5);
        let broker = SimulatedBroker::new(BrokerConfig {
            account: "DU0000001".into(),
            cash: Script::cash(),
            stock_margin_percent: 100,
            fees: Fees::default(),
            latency: Latency::NONE,
        });
        let mut world = Self {
            seed,
            random: Random::new(mix(&[seed, 1])),
            faults,
            now,
            offset: Span::ZERO,
            queue: BTreeMap::new(),
            count: 0,
            broker,
            wire: Wire::new(Random::new(mix(&[seed, 2]))),
            ledger: Ledger::default(),
            judge: Judge::default(),
            engine: None,
            process: 0,
            told: Vec::new(),
            quoted: BTreeMap::new(),
            taken: Taken::default(),
            last_feed: now,
            calm: false,
            resume_due: false,
            refused_seen: 0,
            digests: blake3::Hasher::new(),
            report: Report::default(),
            script,
        };
        world.prepare();
        world
    }

    fn prepare(&mut self) {
        let open = self.script.session.open;
        self.broker.on_market(self.now, &Payload::Session(self.script.session));
        for instrument in &self.script.instruments {
            self.broker.on_market(self.now, &Payload::Instrument(Box::new(instrument.clone())));
        }
        self.at(open, Happening::Second(0));
        self.at(self.now, Happening::Start);
        self.at(open + CALM, Happening::Calm);
        // Faults begin when the quiet minutes are nearly over.
        let from = open + Span::from_minutes(5);
        let happenings = [
            (self.faults.breaks, Happening::Break),
            (self.faults.kills, Happening::Kill),
            (self.faults.halts, Happening::Halt),
            (self.faults.shutdowns, Happening::Shutdown),
            (self.faults.clock, Happening::ClockStep),
        ];
        for (mean, happening) in happenings {
            self.again(from, mean, happening);
        }
    }

    fn at(&mut self, time: Timestamp, happening: Happening) {
        self.count += 1;
        self.queue.insert((time.max(self.now), self.count), happening);
    }

    fn after(&mut self, span: Span, happening: Happening) {
        self.at(self.now + span, happening);
    }

    /// Something that happens again and again, at random.
    fn again(&mut self, from: Timestamp, mean: Option<Span>, happening: Happening) {
        if let Some(mean) = mean {
            let wait = Span::from_nanos((self.random.exponential() * mean.nanos() as f64) as i64);
            self.at(from + wait, happening);
        }
    }

    fn between(&mut self, least: i64, most: i64) -> Span {
        Span::from_millis(least + self.random.below((most - least).unsigned_abs()) as i64)
    }

    pub(super) fn run(mut self) -> Result<Report, Box<Violation>> {
        let end = self.script.session.open + END;
        while let Some(((time, _), happening)) = self.queue.pop_first() {
            if time > end {
                break;
            }
            self.now = self.now.max(time);
            if let Err(what) = self.happen(happening) {
                return Err(Box::new(self.violation(what)));
            }
        }
        match self.close() {
            Ok(()) => Ok(self.report),
            Err(what) => Err(Box::new(self.violation(what))),
        }
    }

    fn violation(&self, what: String) -> Violation {
        let open = self.script.session.open;
        Violation {
            seed: self.seed,
            step: self.report.events,
            after_open: self.now.since(open),
            what,
            trace: self.judge.trace(open),
        }
    }

    fn happen(&mut self, happening: Happening) -> Result<(), String> {
        match happening {
            Happening::Second(second) => self.second(second),
            Happening::Market(payload) => return self.market(payload),
            Happening::Feed { process, ts_event, payload } => {
                if process == self.process {
                    return self.tell_at(ts_event, payload);
                }
            }
            Happening::Timer { process } => {
                if process == self.process && self.engine.is_some() {
                    self.after(TIMER, Happening::Timer { process });
                    return self.timer();
                }
            }
            Happening::Committed { process } => {
                if process == self.process {
                    self.committed();
                }
            }
            Happening::Answer { process, said } => {
                if process == self.process {
                    return self.tell(Payload::Ledger(said));
                }
            }
            Happening::Parcel(parcel) => return self.parcel(parcel),
            Happening::Break => self.break_off(),
            Happening::Notice => return self.notice(),
            Happening::Connect => return self.connect(),
            Happening::Kill => {
                self.kill("killed");
                self.again(self.now, self.faults.kills, Happening::Kill);
            }
            Happening::Start => return self.start(),
            Happening::Halt => {
                self.again(self.now, self.faults.halts, Happening::Halt);
                return self.person(Operator::Halt { reason: "the simulation".into() });
            }
            Happening::Resume => {
                self.resume_due = self.now >= self.script.session.close;
                if self.resume_due {
                    return Ok(());
                }
                return self.person(Operator::Resume { reason: "the simulation".into() });
            }
            Happening::Shutdown => {
                self.after(Span::from_seconds(2), Happening::Kill);
                self.again(self.now, self.faults.shutdowns, Happening::Shutdown);
                return self.person(Operator::Shutdown);
            }
            Happening::ClockStep => {
                let step = self.between(-4_000, 4_000);
                self.offset = Span::from_nanos(self.offset.nanos() + step.nanos());
                self.judge.note(self.now, format!("our clock jumps by {:.3} s", step.as_seconds()));
                self.again(self.now, self.faults.clock, Happening::ClockStep);
            }
            Happening::Calm => self.calm_down(),
        }
        Ok(())
    }

    fn second(&mut self, second: i64) {
        let mut made = Vec::new();
        self.script.second(second, &mut made);
        for (at, payload) in made {
            self.at(at, Happening::Market(payload));
        }
        if second < SESSION {
            self.at(self.script.session.open + Span::from_seconds(second + 1), Happening::Second(second + 1));
        }
    }

    fn market(&mut self, payload: Payload) -> Result<(), String> {
        self.broker.on_market(self.now, &payload);
        match &payload {
            Payload::Quote(quote) if !self.script.is_stock(quote.instrument) => {
                self.quoted.insert(quote.instrument, (self.now, payload.clone()));
            }
            _ => self.told.push((self.now, payload.clone())),
        }
        let wait = self.between(1, 20);
        self.last_feed = self.last_feed.max(self.now + wait);
        let feed = Happening::Feed { process: self.process, ts_event: self.now, payload };
        self.at(self.last_feed, feed);
        self.hear_broker()
    }

    fn hear_broker(&mut self) -> Result<(), String> {
        let mut said = Vec::new();
        self.broker.advance(self.now, &mut said);
        for input in &said {
            if let Payload::Broker(word) = &input.payload {
                self.report.fills +=
                    u64::from(matches!(**word, BrokerEvent::Execution(_)) && self.wire.is_up());
                self.judge.refusal(self.now, word)?;
            }
        }
        let sent = self.wire.hear(self.now, &self.faults, said);
        self.dispatch(sent);
        Ok(())
    }

    fn dispatch(&mut self, sent: Vec<Dispatched>) {
        for (at, parcel) in sent {
            self.at(at, Happening::Parcel(parcel));
        }
    }

    fn parcel(&mut self, parcel: Parcel) -> Result<(), String> {
        match parcel {
            Parcel::Action { session, action } => {
                if self.wire.arrives(session) {
                    self.broker.perform(self.now, &action);
                    self.hear_broker()?;
                }
                Ok(())
            }
            Parcel::Word { session, word } => {
                let told = self.wire.deliver(self.now, &self.faults, session, word);
                self.edge_tells(told)
            }
        }
    }

    fn edge_tells(&mut self, told: Told) -> Result<(), String> {
        self.dispatch(told.sent);
        for word in told.words {
            self.tell(Payload::Broker(Box::new(word)))?;
        }
        Ok(())
    }

    fn timer(&mut self) -> Result<(), String> {
        self.tell(Payload::Timer)?;
        let sent = self.wire.breathe(self.now, &self.faults);
        self.dispatch(sent);
        self.hear_broker()?;
        let halted = self.engine.as_ref().is_some_and(|e| e.halt_level() != HaltLevel::None);
        if halted && !self.resume_due && !self.ledger.has_failed() {
            self.resume_due = true;
            let wait = self.between(3_000, 30_000);
            self.after(wait, Happening::Resume);
        }
        let refused = std::mem::replace(&mut self.refused_seen, self.wire.refused);
        let Some(engine) = &self.engine else { return Ok(()) };
        if self.wire.is_up() && refused == self.wire.refused {
            self.judge.stale_entries(self.now, self.now + self.offset, &self.broker)?;
            self.judge.protection(self.now, &self.broker, engine)
        } else {
            self.judge.excuse();
            Ok(())
        }
    }

    fn person(&mut self, asked: Operator) -> Result<(), String> {
        self.judge.note(self.now, format!("{asked:?}"));
        self.tell(Payload::Operator(asked))
    }

    fn break_off(&mut self) {
        self.judge.note(self.now, "the connection breaks");
        self.wire.break_off();
        // Half of the time the edge sees it at once, else only after a while.
        let wait = if self.random.chance(0.5) { Span::ZERO } else { self.between(1, 3_000) };
        self.after(wait, Happening::Notice);
        self.again(self.now, self.faults.breaks.filter(|_| !self.calm), Happening::Break);
    }

    fn notice(&mut self) -> Result<(), String> {
        let Some(word) = self.wire.notice() else { return Ok(()) };
        let wait = self.between(100, 12_000);
        self.after(wait, Happening::Connect);
        self.tell(Payload::Broker(Box::new(word)))
    }

    fn connect(&mut self) -> Result<(), String> {
        if self.engine.is_none() || self.wire.is_up() {
            return Ok(());
        }
        self.judge.note(self.now, "a session begins");
        let next = self.wire.next_order_id(&self.broker);
        let told = self.wire.connect(self.now, &self.faults, next);
        self.edge_tells(told)
    }

    /// Nothing goes wrong from here on.
    fn calm_down(&mut self) {
        self.calm = true;
        let latency = self.faults.latency;
        let holds_to_expiry = self.faults.holds_to_expiry;
        self.judge.note(self.now, "all is calm");
        self.queue.retain(|_, h| {
            !matches!(
                h,
                Happening::Break
                    | Happening::Kill
                    | Happening::Halt
                    | Happening::Shutdown
                    | Happening::ClockStep
            )
        });
        self.faults = Faults { latency, holds_to_expiry, ..Faults::of(0) };
        if self.ledger.has_failed() {
            self.kill("a person starts it again");
        }
    }
}
