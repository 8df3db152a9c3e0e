//! Gaps, pauses and halts.

use alphatrader_model::features::Features;
use alphatrader_model::market::{Gap, Stream, TradingStatus};
use alphatrader_model::time::Timestamp;

use crate::admission::HaltEdge;

use super::SymbolAnalytics;

impl SymbolAnalytics {
    /// Trading was stopped, or goes on: the gate lets nothing be compared over the stop.
    pub fn on_status(&mut self, features: &mut Features, ts: Timestamp, status: &TradingStatus) {
        if status.instrument != self.instrument {
            return;
        }
        self.advance(features, ts);
        self.history.status = Some(status.state);
        features.as_of = ts;
        match self.admission.status(status.state) {
            Some(HaltEdge::Stops) => {
                self.clock.halt(ts);
                if let Some(full) = &mut self.full {
                    full.halt(ts, self.clock.at(ts));
                }
            }
            Some(HaltEdge::Resumes) => {
                self.clock.resume(ts);
                self.classifier.reset();
                if let Some(full) = &mut self.full {
                    full.resume(&mut self.history, ts);
                    full.show_vpin(features);
                }
            }
            None => {}
        }
    }

    /// The process stood still for a moment and nothing was heard meanwhile: quotes and book are not known,
    /// flow and extremes start over, VWAP is absent for the rest of the session. VPIN goes on: beside
    /// its buckets the moment is small.
    pub fn on_pause(&mut self, features: &mut Features, ts: Timestamp) {
        let instrument = self.instrument;
        for stream in [Stream::Quotes, Stream::Depth] {
            self.on_gap(features, ts, &Gap { instrument, stream });
        }
        self.lose_prints(features, ts);
    }

    /// Prints are missing: everything that rests on a stretch of them starts over, but VPIN.
    fn lose_prints(&mut self, features: &mut Features, ts: Timestamp) {
        self.history.lost.trades = true;
        self.admission.restart();
        self.classifier.reset();
        self.watch.lose_prints();
        if let Some(full) = &mut self.full {
            full.lose_prints(self.clock.at(ts));
        }
        (features.vwap, features.signed_volume_1m) = (None, None);
        (features.high_5m, features.low_5m) = (None, None);
        self.next_second = Timestamp::from_nanos(i64::MIN);
    }

    /// Part of a stream was lost: what rests on it is not known until it has been watched anew.
    ///
    /// Without prints: flow, extremes and VPIN start over, and VWAP is absent for the rest of the session.
    pub fn on_gap(&mut self, features: &mut Features, ts: Timestamp, gap: &Gap) {
        if gap.instrument != self.instrument {
            return;
        }
        self.advance(features, ts);
        match gap.stream {
            Stream::Quotes => {
                self.history.lost.quotes = true;
                self.quoted = false;
                self.admission.forget_quote();
                self.hide_touch(features, ts);
                if let Some(full) = &mut self.full {
                    full.lose_quotes(self.clock.at(ts), features);
                }
            }
            Stream::Trades => {
                self.lose_prints(features, ts);
                if let Some(full) = &mut self.full {
                    full.vpin.clear();
                    full.bulk.clear();
                    full.show_vpin(features);
                }
            }
            Stream::Depth => {
                self.history.lost.depth = true;
                if let Some(full) = &mut self.full {
                    full.depths.reset(features);
                }
                if !self.quoted {
                    self.hide_touch(features, ts);
                }
            }
            // A candle less.
            Stream::Bars => {}
        }
        features.as_of = ts;
    }
}
