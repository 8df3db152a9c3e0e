//! What a symbol's session has seen so far.

use std::collections::VecDeque;

use alphatrader_model::calendar::Session;
use alphatrader_model::features::Features;
use alphatrader_model::market::Bar;
use alphatrader_model::number::{Price, Quantity};
use alphatrader_model::time::{Span, Timestamp};
use alphatrader_model::view::{Candle, UnusualVolume};

use crate::candles::{CandleMaker, CandlePrint};
use crate::flow::{Coverage, Extremes, MinuteVolumes, SignedVolume, Vwap, extremes, signed_volume};

/// The closing auction is printed after the close; later than this it is none of the session.
const AUCTION_GRACE: Span = Span::from_minutes(10);

/// A print of the session.
#[derive(Debug, Clone, Copy)]
pub(super) struct DayPrint {
    pub(super) price: Price,
    pub(super) size: Quantity,
    /// Bought less sold shares.
    pub(super) signed: i64,
    pub(super) sets_last: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Day {
    session: Option<Session>,
    coverage: Coverage,
    signed: SignedVolume,
    extremes: Extremes,
    vwap: Vwap,
    minutes: MinuteVolumes,
    /// Lowest and highest regular print.
    range: Option<(Price, Price)>,
    candles: CandleMaker,
    /// The session has prints: bars tell nothing new.
    printed: bool,
    /// Prints of the session were lost: their average is not known any more.
    incomplete: bool,
}

impl Day {
    pub(super) const fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Begins a session; false when it is the one that runs already (its hours may change).
    pub(super) fn begin(&mut self, session: Session) -> bool {
        let new = self.session.is_none_or(|running| running.date != session.date);
        self.session = Some(session);
        if new {
            self.coverage.restart();
            self.signed.clear();
            self.extremes.clear();
            self.vwap = Vwap::default();
            self.minutes.clear();
            self.range = None;
            self.candles = CandleMaker::default();
            (self.printed, self.incomplete) = (false, false);
        }
        new
    }

    /// Whether a print of this time belongs to the session.
    #[inline]
    pub(super) fn holds(&self, ts: Timestamp, auction: bool) -> bool {
        self.session.is_some_and(|session| {
            session.open <= ts && (ts < session.close || (auction && ts < session.close + AUCTION_GRACE))
        })
    }

    /// Moves to the second of `ts`; the answer is when the next one begins.
    pub(super) fn turn(&mut self, ts: Timestamp, features: &mut Features) -> Timestamp {
        let second = ts.seconds();
        self.signed.advance(second);
        self.extremes.advance(second);
        let running = self.session.is_some_and(|session| {
            self.coverage.observe(ts, session.open);
            session.open <= ts && ts < session.close
        });
        if running {
            self.minutes.advance(second, self.coverage.covers(second, second.rem_euclid(60)));
        }
        let before = (features.signed_volume_1m, features.high_5m, features.low_5m);
        let minute = running && self.coverage.covers(second, signed_volume::SLOTS as i64);
        let five = running && self.coverage.covers(second, extremes::SECONDS);
        features.signed_volume_1m = minute.then(|| self.signed.sum());
        features.high_5m = if five { self.extremes.high() } else { None };
        features.low_5m = if five { self.extremes.low() } else { None };
        if before != (features.signed_volume_1m, features.high_5m, features.low_5m) {
            features.as_of = ts;
        }
        Timestamp::from_nanos(second.saturating_add(1).saturating_mul(Span::SECOND.nanos()))
    }

    #[inline]
    pub(super) fn on_print(
        &mut self,
        ts: Timestamp,
        print: &DayPrint,
        features: &mut Features,
        candles: &mut VecDeque<Candle>,
    ) {
        let DayPrint { price, size, signed, sets_last } = *print;
        self.printed = true;
        self.vwap.add(price, size);
        self.minutes.add(size.get());
        // A print has been added: there is an average.
        let vwap = self.vwap.value().unwrap_or_else(|| price.to_f64());
        features.session_volume = features.session_volume.saturating_add(size.get());
        features.vwap = if self.incomplete { None } else { Some(vwap) };
        if signed != 0 {
            self.signed.add(signed);
            if let Some(sum) = &mut features.signed_volume_1m {
                *sum = self.signed.sum();
            }
        }
        if sets_last {
            self.extremes.add(price);
            self.widen(price, price);
            if features.session_open.is_none() {
                features.session_open = Some(price);
            }
        }
        // The closing auction belongs to the last minute.
        let within = self.session.map_or(ts, |session| ts.min(session.close - Span::from_nanos(1)));
        self.candles.on_print(candles, within, &CandlePrint { price, size, signed, sets_last, vwap });
    }

    /// Uses a bar that ended at `end`; false when prints, or the hours, leave nothing to use.
    pub(super) fn on_bar(
        &mut self,
        end: Timestamp,
        bar: &Bar,
        features: &mut Features,
        candles: &mut VecDeque<Candle>,
    ) -> bool {
        if self.printed {
            return false;
        }
        features.last = Some(bar.close);
        if self.session.is_some_and(|session| session.open <= end - bar.span && end <= session.close) {
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
    pub(super) fn range(&self) -> Option<(Price, Price)> {
        if self.incomplete { None } else { self.range }
    }

    /// The running minute against those before it.
    pub(super) fn unusual_volume(&self) -> Option<UnusualVolume> {
        self.minutes.value()
    }

    /// Prints were lost.
    pub(super) fn lose_prints(&mut self, features: &mut Features) {
        self.coverage.restart();
        self.signed.clear();
        self.extremes.clear();
        self.minutes.clear();
        self.incomplete |= self.session.is_some();
        (features.vwap, features.signed_volume_1m) = (None, None);
        (features.high_5m, features.low_5m) = (None, None);
    }
}
