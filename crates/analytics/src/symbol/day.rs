//! What a symbol's session has seen so far.

use std::collections::VecDeque;

use alphatrader_model::calendar::Session;
use alphatrader_model::features::Features;
use alphatrader_model::market::Bar;
use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::number::{Price, Quantity};
use alphatrader_model::time::{Span, Timestamp};
use alphatrader_model::view::{Candle, UnusualVolume};
use serde::{Deserialize, Serialize};

use crate::candles::{CandleMaker, CandlePrint};
use crate::flow::opening::Opening;
use crate::flow::{
    Extremes, MinuteVolumes, SameMinute, SignedVolume, Vwap, extremes, same_minute, signed_volume,
};

use super::watch::Watch;

/// A print of the session.
#[derive(Debug, Clone, Copy)]
pub(super) struct DayPrint {
    pub(super) price: Price,
    pub(super) size: Quantity,
    /// Bought less sold shares.
    pub(super) signed: i64,
    pub(super) sets_last: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Day {
    signed: SignedVolume,
    extremes: Extremes,
    vwap: Vwap,
    minutes: MinuteVolumes,
    same_minute: SameMinute,
    opening: Opening,
    /// Lowest and highest regular print.
    range: Option<(Price, Price)>,
    candles: CandleMaker,
    /// The session has prints: bars tell nothing new.
    printed: bool,
}

/// Minutes of the opening range.
const OPENING: u32 = 30;

impl Default for Day {
    fn default() -> Self {
        Self {
            signed: SignedVolume::default(),
            extremes: Extremes::default(),
            vwap: Vwap::default(),
            minutes: MinuteVolumes::default(),
            same_minute: SameMinute::default(),
            opening: Opening::new(OPENING),
            range: None,
            candles: CandleMaker::default(),
            printed: false,
        }
    }
}

impl Day {
    /// Begins a session, which prints are watched from `watched` on.
    pub(super) fn begin(&mut self, session: Session, watched: Timestamp) {
        self.opening.on_session(session.open, watched);
        self.signed.clear();
        self.extremes.clear();
        self.vwap = Vwap::default();
        self.minutes.clear();
        self.same_minute.on_session(session.open, session.close, watched);
        self.range = None;
        self.candles = CandleMaker::default();
        self.printed = false;
    }

    /// A new second; `running` says that it is one of the session.
    pub(super) fn turn(&mut self, ts: Timestamp, running: bool, watch: &Watch, features: &mut Features) {
        let second = ts.seconds();
        self.signed.advance(second);
        self.extremes.advance(second);
        self.opening.advance(ts);
        self.same_minute.advance(ts);
        self.show_session(watch, features);
        if running {
            self.minutes.advance(second, watch.coverage.covers(second, second.rem_euclid(60)));
        }
        let minute = running && watch.coverage.covers(second, signed_volume::SLOTS as i64);
        let five = running && watch.coverage.covers(second, extremes::SECONDS);
        features.signed_volume_1m = minute.then(|| self.signed.sum());
        let metrics = if minute { self.signed.metrics() } else { [Metric::NONE; 2] };
        [features.flow.signed_volume, features.flow.buy_share] = metrics;
        features.high_5m = if five { self.extremes.high() } else { None };
        features.low_5m = if five { self.extremes.low() } else { None };
    }

    #[inline]
    pub(super) fn on_print(
        &mut self,
        watch: &Watch,
        ts: Timestamp,
        print: &DayPrint,
        features: &mut Features,
        candles: &mut VecDeque<Candle>,
    ) {
        let DayPrint { price, size, signed, sets_last } = *print;
        self.printed = true;
        self.vwap.add(price, size);
        self.minutes.add(size.get());
        self.same_minute.add(size.get());
        // A print has been added: there is an average.
        let vwap = self.vwap.value().unwrap_or_else(|| price.to_f64());
        features.session_volume = features.session_volume.saturating_add(size.get());
        features.vwap = if watch.incomplete { None } else { Some(vwap) };
        if signed != 0 {
            self.signed.add(signed);
            if let Some(sum) = &mut features.signed_volume_1m {
                *sum = self.signed.sum();
            }
        }
        if sets_last {
            self.extremes.add(price);
            self.opening.on_print(ts, price);
            self.widen(price, price);
            if features.session_open.is_none() {
                features.session_open = Some(price);
            }
        }
        // The closing auction belongs to the last minute.
        let within = watch.session.map_or(ts, |session| ts.min(session.close - Span::from_nanos(1)));
        self.candles.on_print(candles, within, &CandlePrint { price, size, signed, sets_last, vwap });
    }

    /// Uses a bar that ended at `end`; false when prints, or the hours, leave nothing to use.
    pub(super) fn on_bar(
        &mut self,
        watch: &Watch,
        end: Timestamp,
        bar: &Bar,
        features: &mut Features,
        candles: &mut VecDeque<Candle>,
    ) -> bool {
        if self.printed {
            return false;
        }
        features.last = Some(bar.close);
        if watch.session.is_some_and(|session| session.open <= end - bar.span && end <= session.close) {
            features.session_open.get_or_insert(bar.open);
            self.widen(bar.low, bar.high);
            features.session_volume = features.session_volume.saturating_add(bar.volume.get());
            self.candles.on_bar(candles, end, bar);
        }
        true
    }

    #[inline]
    fn widen(&mut self, low: Price, high: Price) {
        self.range = Some(match self.range {
            Some((lowest, highest)) => (lowest.min(low), highest.max(high)),
            None => (low, high),
        });
    }

    /// Lowest and highest regular print of the session; absent when some were lost.
    pub(super) fn range(&self, watch: &Watch) -> Option<(Price, Price)> {
        if watch.incomplete { None } else { self.range }
    }

    /// The running minute against those before it.
    pub(super) fn unusual_volume(&self) -> Option<UnusualVolume> {
        self.minutes.value()
    }

    /// Prints were lost.
    pub(super) fn lose_prints(&mut self) {
        self.signed.clear();
        self.extremes.clear();
        self.minutes.clear();
        self.same_minute.lose_prints();
        self.opening.lose_prints();
    }

    /// How the day stands.
    fn show_session(&self, watch: &Watch, features: &mut Features) {
        let session = &mut features.session;
        session.opening_range = self.opening.value();
        let quality = if watch.incomplete { Quality::GAP } else { Quality::GOOD };
        let deviation = self.vwap.deviation(quality);
        session.vwap_deviation = deviation;
        session.vwap_z = features.last.map_or(Metric::NONE, |last| self.vwap.standing_in(last, deviation));
        let [ratio, deviations] = self.same_minute.standing();
        session.volume_ratio = Metric { quality, ..ratio };
        session.volume_z = Metric { quality, ..deviations };
        // Until there are sessions to compare with, the half hour before says what is unusual.
        session.unusual_volume = if ratio.is_ready() {
            same_minute::is_unusual([ratio, deviations])
        } else {
            self.minutes.value().is_some_and(|value| value.unusual)
        };
    }

    /// Begins within a session: the first print comes in this second.
    pub(super) fn join(&mut self, second: i64, watch: &Watch) {
        self.signed.advance(second);
        self.extremes.advance(second);
        self.minutes.advance(second, watch.coverage.covers(second, second.rem_euclid(60)));
    }

    /// After a restore: room for everything, as at the start.
    pub(super) fn make_room(&mut self) {
        self.extremes.make_room();
    }

    /// Bytes outside the value itself.
    pub(super) fn heap_bytes(&self) -> usize {
        self.extremes.heap_bytes() + self.signed.heap_bytes() + self.same_minute.heap_bytes()
    }
}
