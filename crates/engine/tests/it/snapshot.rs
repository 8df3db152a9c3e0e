//! A snapshot that goes on is the core that goes on.

use std::path::PathBuf;

use alphatrader_engine::market_core::{MarketCore, SnapshotError};
use alphatrader_history::{Progress, locate};
use alphatrader_market::synthetic::{SyntheticConfig, SyntheticMarket};
use alphatrader_model::features::table::COLUMNS;
use alphatrader_model::{
    Calendar, Event, Input, Instrument, InstrumentId, Outputs, Payload, Seq, Settings, Span, Timestamp,
};

use crate::desk::{session, spy};

fn take(core: &mut MarketCore, out: &mut Outputs, input: Input) {
    let Input { ts_event, ts_recv, payload } = input;
    out.clear();
    core.on_event(&Event { seq: Seq(1), ts_event, ts_recv, payload }, out);
}

/// Ten minutes of a synthetic morning with a timer each second, cut in several places.
#[test]
fn a_restored_core_goes_on_bit_for_bit() {
    let open = session().open;
    let mut core = MarketCore::default();
    let mut out = Outputs::default();
    let settings = Payload::Settings(Box::default());
    take(&mut core, &mut out, Input { ts_event: open, ts_recv: open, payload: settings });
    let mut restored = core.clone();
    let (mut timer, mut other, mut cuts) = (open, Outputs::default(), 0);
    let market = SyntheticMarket::new(SyntheticConfig::spy(7), session());
    for input in market.take_while(|input| input.ts_event < open + Span::from_minutes(10)) {
        while timer < input.ts_event {
            timer = timer + Span::SECOND;
            let tick = Input { ts_event: timer, ts_recv: timer, payload: Payload::Timer };
            take(&mut core, &mut out, tick.clone());
            take(&mut restored, &mut other, tick);
            assert_eq!(out, other);
            if timer.since(open).nanos() % Span::from_seconds(97).nanos() == 0 {
                restored = MarketCore::restore(&core.snapshot()).unwrap();
                cuts += 1;
            }
        }
        take(&mut core, &mut out, input.clone());
        take(&mut restored, &mut other, input);
    }
    assert!(cuts >= 5 && core == restored);
    assert_eq!(core.snapshot(), restored.snapshot());
    for (symbol, bytes) in core.state_bytes() {
        println!("{symbol}: {bytes} bytes");
        assert!(bytes <= 256 * 1024, "{bytes}");
    }
}

/// Two cores over a day with a timer each second; one is the whole, the other goes on from a snapshot after each
/// hour and some. What they put out is the same all along, and so are they.
struct Pair {
    whole: MarketCore,
    parts: MarketCore,
    out: [Outputs; 2],
    timer: Timestamp,
    cut: Timestamp,
    cuts: u32,
    /// By column of the table: whether it ever had a value.
    said: Vec<bool>,
}

/// Long enough to fill the windows, and no divisor of anything.
const UNTIL_CUT: Span = Span::from_seconds(3_917);

impl Pair {
    fn new(settings: Settings, start: Timestamp) -> Self {
        let mut pair = Self {
            whole: MarketCore::default(),
            parts: MarketCore::default(),
            out: [Outputs::default(), Outputs::default()],
            timer: start,
            cut: start + UNTIL_CUT,
            cuts: 0,
            said: vec![false; COLUMNS.len()],
        };
        pair.take(&Input { ts_event: start, ts_recv: start, payload: Payload::Settings(Box::new(settings)) });
        pair
    }

    fn take(&mut self, input: &Input) {
        let [one, other] = &mut self.out;
        take(&mut self.whole, one, input.clone());
        take(&mut self.parts, other, input.clone());
        assert_eq!(one, other, "at {:?}", input.ts_event);
    }

    fn feed(&mut self, input: &Input) {
        while self.timer < input.ts_event {
            self.timer = self.timer + Span::SECOND;
            self.take(&Input { ts_event: self.timer, ts_recv: self.timer, payload: Payload::Timer });
            for features in &self.out[0].features {
                for (said, column) in self.said.iter_mut().zip(COLUMNS) {
                    *said |= (column.get)(features).is_ready();
                }
            }
            if self.timer >= self.cut {
                self.parts = MarketCore::restore(&self.parts.snapshot()).unwrap();
                self.cut = self.cut + UNTIL_CUT;
                self.cuts += 1;
            }
        }
        self.take(input);
    }

    /// The columns that never had a value.
    fn silent(&self) -> Vec<String> {
        let silent = self.said.iter().zip(COLUMNS).filter(|(said, _)| !**said);
        silent.map(|(_, column)| format!("{}_{}", column.group, column.name)).collect()
    }

    fn ends_as_one(mut self) {
        assert!(self.cuts >= 5, "{}", self.cuts);
        assert!(self.whole == self.parts, "after {} cuts", self.cuts);
        assert_eq!(self.whole.snapshot(), self.parts.snapshot());
        for core in [&mut self.whole, &mut self.parts] {
            core.refresh_histories();
        }
        assert!(self.whole == self.parts, "what is only shown");
        for (symbol, bytes) in self.whole.state_bytes() {
            println!("{symbol}: {bytes} bytes");
            assert!(bytes <= 256 * 1024, "{bytes}");
        }
    }
}

/// These need earlier sessions, or what is fitted to them; nothing else may stay silent from the bell to the close.
const NEED_SESSIONS: [&str; 9] = [
    "liquidity_micro_price",
    "liquidity_micro_adjustment",
    "regime_percentile",
    "regime_probability_0",
    "regime_probability_1",
    "regime_probability_2",
    "regime_probability_3",
    "session_volume_ratio",
    "session_volume_z",
];

#[test]
fn a_whole_synthetic_day_cut_in_pieces_is_the_day() {
    let config = SyntheticConfig { with_chain: false, ..SyntheticConfig::spy(7) };
    let mut settings = Settings::default();
    settings.analytics.vpin_bucket_volume = 50_000;
    let mut pair = Pair::new(settings, session().open);
    for input in SyntheticMarket::new(config, session()) {
        pair.feed(&input);
    }
    println!("silent: {:?}", pair.silent());
    let without = |name: &String| !NEED_SESSIONS.contains(&name.as_str());
    let silent: Vec<String> = pair.silent().into_iter().filter(without).collect();
    assert_eq!(silent, Vec::<String>::new());
    pair.ends_as_one();
}

#[test]
fn recorded_day_cut_in_pieces_is_the_day() {
    let Some(folder) = lean() else { return };
    let date = jiff::civil::date(2013, 10, 7);
    let calendar = Calendar::xnys();
    let located = locate(&folder, spy(), date).unwrap();
    let session = calendar.session(date).unwrap();
    let start = calendar.midnight(date);
    let mut pair = Pair::new(Settings { symbols: vec![spy()], ..Settings::default() }, start);
    for payload in [Payload::Session(session), Payload::Instrument(Box::new(stock()))] {
        pair.feed(&Input { ts_event: start, ts_recv: start, payload });
    }
    let events = located.open(&calendar, stock().id, &Progress::default()).unwrap();
    for item in events {
        pair.feed(&item.unwrap().input);
    }
    let features = pair.whole.features(spy()).unwrap();
    assert!(features.session_volume > 50_000_000 && features.vpin.is_some(), "{features:?}");
    pair.ends_as_one();
}

fn stock() -> Instrument {
    Instrument::stock(InstrumentId(0), spy())
}

/// LEAN's folder of the recorded data, where it is there.
#[allow(clippy::disallowed_methods, reason = "the test finds its recorded data through the environment")]
fn lean() -> Option<PathBuf> {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data =
        std::env::var_os("ALPHATRADER_DATA").map_or_else(|| workspace.join("../shared/data"), PathBuf::from);
    let folder = data.join("lean");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: recorded data absent");
    None
}

#[test]
fn a_damaged_or_foreign_snapshot_is_refused() {
    let good = MarketCore::default().snapshot();
    assert!(MarketCore::restore(&good).is_ok());
    for place in [4, 20, good.len() - 1] {
        let mut bad = good.clone();
        bad[place] ^= 1;
        assert_eq!(MarketCore::restore(&bad), Err(SnapshotError::Damaged));
    }
    assert_eq!(MarketCore::restore(&good[..30]), Err(SnapshotError::Damaged));
    let mut foreign = good;
    foreign[0] = 9;
    assert_eq!(MarketCore::restore(&foreign), Err(SnapshotError::Version { found: 9 }));
}
