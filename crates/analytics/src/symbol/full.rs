//! What only a symbol with prints, bars or a book needs.

use alphatrader_model::calendar::Session;
use alphatrader_model::features::{Features, Toxicity};
use alphatrader_model::market::Level;
use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::time::Timestamp;
use alphatrader_model::view::SymbolHistory;
use serde::{Deserialize, Serialize};

use crate::bars::ShortBarMaker;
use crate::flow::Sweeps;
use crate::flow::sweep::SweepRules;
use crate::hidden::{Hidden, HiddenParameters};
use crate::parameters::Parameters;
use crate::vpin::VpinMeter;

use super::arrivals::Arrivals;
use super::concealed;
use super::costs::Costs;
use super::day::Day;
use super::depths::Depths;
use super::ended::Ended;
use super::prices::Prices;
use super::touch::Touch;

/// The larger part of a symbol's state, in a box of its own: a symbol that is only quoted does without.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Full {
    pub(super) day: Day,
    pub(super) bars: ShortBarMaker,
    pub(super) sweeps: Sweeps,
    /// VPIN by the sides of trades, or by bulk volume when that is the rule.
    pub(super) vpin: VpinMeter,
    /// VPIN by bulk volume, beside it.
    pub(super) bulk: VpinMeter,
    pub(super) ended: Ended,
    pub(super) touch: Touch,
    pub(super) depths: Depths,
    pub(super) hidden: Hidden,
    pub(super) prices: Prices,
    pub(super) arrivals: Arrivals,
    pub(super) costs: Costs,
    /// Sessions whose VPIN is in the history.
    sessions: u32,
}

impl Full {
    pub(super) fn new(parameters: &Parameters) -> Self {
        Self {
            day: Day::default(),
            bars: ShortBarMaker::default(),
            sweeps: Sweeps::new(rules(parameters)),
            vpin: VpinMeter::new(parameters.vpin()),
            bulk: VpinMeter::new(parameters.bulk_vpin()),
            ended: Ended::default(),
            touch: Touch::default(),
            depths: Depths::default(),
            hidden: Hidden::new(HiddenParameters::default()),
            prices: Prices::new(parameters),
            arrivals: Arrivals::default(),
            costs: Costs::default(),
            sessions: 0,
        }
    }

    /// Takes new parameters where a session begins. VPIN with another bucket is warmed up beside the old.
    pub(super) fn change_parameters(&mut self, old: &Parameters, new: &Parameters) {
        self.prices.change_parameters(old, new);
        self.vpin.change(new.vpin());
        self.bulk.change(new.bulk_vpin());
        self.sweeps.set_floor(new.sweep_floor);
        self.hidden.set_rates(new.refill_rates);
    }

    /// A new session. VPIN goes on by volume over days, the book is the feed's and stays.
    pub(super) fn begin_session(&mut self, history: &mut SymbolHistory, session: Session) {
        self.day.begin(session, session.open);
        self.bars = ShortBarMaker::default();
        self.sweeps.restart();
        self.touch.begin_session();
        self.depths.ofi.on_session();
        self.hidden.on_session();
        self.prices.begin_session(session);
        self.arrivals.begin_session(session);
        self.costs.begin_session();
        let ended = &mut self.ended;
        // Bars of bulk volume end with the day: at its last print.
        let ts = history.vpin.back().map_or(Timestamp::default(), |(ts, _)| *ts);
        self.vpin.on_session(|point| ended.push(history, ts, point));
        self.bulk.on_session(|_| ());
        self.sessions = (self.sessions + 1).min(u32::from(self.vpin.parameters().sessions));
    }

    /// A touch, neither crossed nor locked.
    #[inline]
    pub(super) fn on_touch(
        &mut self,
        features: &mut Features,
        history: &mut SymbolHistory,
        ts: Timestamp,
        touch: (Level, Level),
        quality: Quality,
        within: bool,
    ) {
        let (bid, ask) = touch;
        if within {
            self.prices.on_touch(ts, bid, ask, quality);
            concealed::on_touch(&mut self.hidden, history, features, ts, touch);
        }
        self.touch.on_touch(ts, bid, ask, quality);
        self.touch.price(&mut features.liquidity, bid, ask, quality);
    }

    /// A second is over.
    pub(super) fn turn(
        &mut self,
        ts: Timestamp,
        now: Timestamp,
        (quoted, running): (bool, bool),
        history: &mut SymbolHistory,
        features: &mut Features,
    ) {
        let ended = &mut self.ended;
        let before = self.vpin.completed();
        self.vpin.on_timer(now, |point| ended.push(history, ts, point));
        self.bulk.on_timer(now, |_| ());
        if self.vpin.completed() != before {
            self.show_vpin(features);
        }
        self.show_bulk(&mut features.toxicity);
        if quoted {
            self.touch.turn(ts, features);
        }
        self.depths.turn(ts, !quoted, features);
        concealed::turn(&mut self.hidden, ts, &mut features.hidden);
        if running {
            self.prices.turn(ts, history, features);
            self.arrivals.turn(now, &mut features.flow);
            self.costs.turn(now, features.last, &mut features.impact);
            let (buying, selling) = Arrivals::rates(&features.flow);
            self.sweeps.set_rates(buying, selling);
        }
    }

    /// VPIN of signed trades, at the end of a bucket.
    pub(super) fn show_vpin(&self, features: &mut Features) {
        let toxicity = &mut features.toxicity;
        toxicity.vpin = self.vpin.metric();
        toxicity.cdf = self.vpin.cdf();
        toxicity.null_ratio = self.vpin.null_ratio();
        let alert = self.vpin.alert();
        toxicity.alert_level = alert.map(|alert| alert.level);
        toxicity.alert = alert.is_some_and(|alert| alert.on);
        toxicity.history_sessions = self.sessions;
        (toxicity.bucket_volume, toxicity.window) =
            (self.vpin.parameters().bucket, self.vpin.parameters().window);
        features.vpin = toxicity.vpin.value;
        features.vpin_buckets = self.vpin.completed();
    }

    fn show_bulk(&self, toxicity: &mut Toxicity) {
        toxicity.bulk = self.bulk.metric();
        toxicity.bulk_cdf = self.bulk.cdf();
        toxicity.bulk_null_ratio = self.bulk.null_ratio();
        let filled = self.vpin.open_share();
        toxicity.open_bucket = Metric::new(Some(filled), 1, Quality::GOOD);
    }

    /// Trading stops; `now` is its trading time.
    pub(super) fn halt(&mut self, ts: Timestamp, now: Timestamp) {
        self.costs.halt(now);
        self.touch.ofi.on_halt(ts);
        self.depths.ofi.on_halt(ts);
        self.sweeps.clear();
        self.prices.halt(ts);
        self.hidden.clear();
    }

    /// Trading goes on.
    pub(super) fn resume(&mut self, history: &mut SymbolHistory, ts: Timestamp) {
        self.touch.ofi.on_resume(ts);
        self.depths.ofi.on_resume(ts);
        self.prices.resume();
        self.costs.resume();
        let ended = &mut self.ended;
        self.vpin.on_resume(|point| ended.push(history, ts, point));
        self.bulk.on_resume(|_| ());
    }

    /// Quotes were lost: what rests on a stretch of them starts over.
    pub(super) fn lose_quotes(&mut self, now: Timestamp, features: &mut Features) {
        self.costs.lose_quotes(now, &mut features.impact);
        self.touch.clear();
        self.hidden.clear();
        self.prices.clear(features);
        features.flow.ofi = Metric::NONE;
        (features.flow.ofi_normalised, features.flow.ofi_decayed) = (Metric::NONE, Metric::NONE);
        features.liquidity.touch_depth = Metric::NONE;
    }

    /// Prints were lost: what rests on a stretch of them starts over, but VPIN, which remembers that.
    pub(super) fn lose_prints(&mut self, now: Timestamp) {
        self.arrivals.clear(now);
        self.costs.lose_prints();
        self.hidden.clear();
        self.sweeps.clear();
        self.day.lose_prints();
        self.vpin.note(Quality::GAP);
        self.bulk.note(Quality::GAP);
    }

    /// Adds bytes outside the value itself, by part.
    pub(super) fn heap_parts(&self, parts: &mut Vec<(&'static str, usize)>) {
        parts.extend([
            ("day", self.day.heap_bytes()),
            ("sweeps", self.sweeps.heap_bytes()),
            ("vpin", self.vpin.heap_bytes()),
            ("bulk vpin", self.bulk.heap_bytes()),
            ("ended buckets", self.ended.heap_bytes()),
            ("touch", self.touch.heap_bytes()),
            ("depth", self.depths.heap_bytes()),
            ("hidden", self.hidden.heap_bytes()),
            ("prices", self.prices.heap_bytes()),
            ("arrivals", self.arrivals.heap_bytes()),
            ("costs", self.costs.heap_bytes()),
        ]);
    }

    /// After a restore: room for everything, as at the start.
    pub(super) fn make_room(&mut self) {
        self.day.make_room();
        self.ended.make_room();
    }
}

const fn rules(parameters: &Parameters) -> SweepRules {
    SweepRules { floor: parameters.sweep_floor, ..SweepRules::STOCKS }
}
