//! Prints and bars.

use alphatrader_model::features::Features;
use alphatrader_model::market::{Bar, Level, Side, Trade, TradeFlags};
use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::number::Quantity;
use alphatrader_model::time::Timestamp;
use alphatrader_model::view::{Sweep, SweepKind, SymbolHistory, TapePrint};

use crate::admission::TradeUse;
use crate::flow::sweep::SweepPrint;

use super::concealed;
use super::day::DayPrint;
use super::full::Full;
use super::{SymbolAnalytics, push};

impl SymbolAnalytics {
    /// A print.
    #[inline]
    pub fn on_trade(&mut self, features: &mut Features, ts: Timestamp, trade: &Trade) {
        if trade.instrument != self.instrument {
            return;
        }
        self.advance(features, ts);
        let Some(usage) = self.admission.trade(ts, trade) else {
            return;
        };
        if self.full.is_none() {
            self.begin_full(ts);
        }
        let side = if usage.signed {
            self.classifier.classify(ts, trade.price, trade.aggressor, self.quote.as_ref()).0
        } else {
            None
        };
        if usage.moves_tick {
            if usage.auction {
                self.classifier.remember_auction(trade.price);
            } else {
                self.classifier.remember(trade.price);
            }
            features.trade_at = Some(ts);
        }
        if usage.sets_last {
            features.last = Some(trade.price);
        }
        let Trade { price, size, venue, .. } = *trade;
        let Some(full) = self.full.as_deref_mut() else { return };
        full.bars.on_print(&mut self.history.bars, ts, price, size, usage.sets_last);
        if self.watch.holds(ts, usage.auction) {
            self.session_print(features, ts, trade, usage, side);
        }
        let told = u32::try_from(size.get()).unwrap_or(u32::MAX);
        let print = TapePrint { time: ts, price, size: told, side, venue };
        push(&mut self.history.tape, SymbolHistory::TAPE, print);
        self.history.prints += 1;
        self.history.lost.trades = false;
        self.history.sampled = trade.flags.contains(TradeFlags::SAMPLED);
        features.as_of = ts;
    }

    #[inline]
    fn session_print(
        &mut self,
        features: &mut Features,
        ts: Timestamp,
        trade: &Trade,
        usage: TradeUse,
        side: Option<Side>,
    ) {
        let Trade { price, size, .. } = *trade;
        let Some(full) = self.full.as_deref_mut() else { return };
        // Admitted sizes are at most 10^12.
        let signed = side.map_or(0, |side| side.sign() * size.get() as i64);
        let print = DayPrint { price, size, signed, sets_last: usage.sets_last };
        full.day.on_print(&self.watch, ts, &print, features, &mut self.history.candles);
        if usage.signed {
            let at = (ts, self.clock.at(ts));
            count_in_vpin(full, &mut self.history, features, at, trade, (side, usage.quality));
            concealed::on_print(&mut full.hidden, &mut self.history, features, ts, trade, side);
            full.costs.on_trade(at.1, (price, size.get()), side, usage.continues, usage.quality);
            if let Some(side) = side {
                full.arrivals.on_trade(at.1, side);
                full.prices.on_trade(side);
                let touch = self.quote.as_ref().zip(self.displayed).map(|(quote, (bid, ask))| match side {
                    Side::Buy => Level { price: quote.ask, size: Quantity::new(ask) },
                    Side::Sell => Level { price: quote.bid, size: Quantity::new(bid) },
                });
                look_for_sweep(full, &mut self.history, features, ts, trade, side, touch);
            }
        }
    }

    /// A bar ended at `ts`. One of five seconds takes the place of ours. Used for last price, volume and
    /// candles as long as the session has no prints.
    pub fn on_bar(&mut self, features: &mut Features, ts: Timestamp, bar: &Bar) {
        if bar.instrument != self.instrument {
            return;
        }
        self.advance(features, ts);
        if !self.admission.bar(bar) {
            return;
        }
        if self.full.is_none() {
            self.begin_full(ts);
        }
        let Some(full) = self.full.as_deref_mut() else { return };
        let kept = full.bars.on_bar(&mut self.history.bars, ts, bar);
        if full.day.on_bar(&self.watch, ts, bar, features, &mut self.history.candles) || kept {
            features.as_of = ts;
        } else {
            self.admission.bar_unused();
        }
    }
}

#[inline]
fn look_for_sweep(
    full: &mut Full,
    history: &mut SymbolHistory,
    features: &mut Features,
    ts: Timestamp,
    trade: &Trade,
    side: Side,
    touch: Option<Level>,
) {
    let Trade { price, size, venue, .. } = *trade;
    let marked = trade.flags.contains(TradeFlags::SWEEP);
    let sampled = trade.flags.contains(TradeFlags::SAMPLED);
    let print = SweepPrint { price, size, side, venue, marked, sampled };
    if let Some(sweep) = full.sweeps.add(ts, &print, touch) {
        history.note_sweep(sweep);
        history.sweeps = full.sweeps.count();
        show_sweep(features, sweep);
    }
}

#[inline]
fn count_in_vpin(
    full: &mut Full,
    history: &mut SymbolHistory,
    features: &mut Features,
    at: (Timestamp, Timestamp),
    trade: &Trade,
    signed: (Option<Side>, Quality),
) {
    let ((ts, now), (side, quality)) = (at, signed);
    let (price, size) = (trade.price, trade.size.get());
    let before = full.vpin.completed();
    let ended = &mut full.ended;
    full.vpin.on_trade(now, price, size, side, quality, |point| ended.push(history, ts, point));
    full.bulk.on_trade(now, price, size, side, quality, |_| ());
    if full.vpin.completed() != before {
        full.show_vpin(features);
    }
}

/// Counts a sweep once, and again what it has grown by.
fn show_sweep(features: &mut Features, sweep: Sweep) {
    let sweeps = &mut features.sweeps;
    // Two may begin at one instant; one that grows has more prints each time.
    let same =
        |last: &Sweep| (last.start, last.side) == (sweep.start, sweep.side) && last.prints < sweep.prints;
    let known = sweeps.last.filter(same);
    let grown = sweep.quantity.saturating_sub(known.map_or(0, |last| last.quantity));
    if sweep.kind == SweepKind::Sweep {
        if known.is_none_or(|last| last.kind != SweepKind::Sweep) {
            match sweep.side {
                Side::Buy => sweeps.bought += 1,
                Side::Sell => sweeps.sold += 1,
            }
        }
        // Admitted sizes are at most 10^12.
        sweeps.signed_volume = sweeps.signed_volume.saturating_add(sweep.side.sign() * grown as i64);
    } else if known.is_none() {
        sweeps.inferred_bursts += 1;
    }
    sweeps.p_value = Metric::new(sweep.chance, u64::from(sweep.prints), Quality::GOOD);
    sweeps.last = Some(sweep);
}
