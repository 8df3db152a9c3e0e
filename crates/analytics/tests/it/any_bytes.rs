//! Any bytes as events, through the gate and all that counts prints: no panic, no number that is none, no loop
//! beyond a window and one bucket.

use alphatrader_analytics::admission::{Admission, Admit, HaltEdge, Policy, QuoteUse, Repeats};
use alphatrader_analytics::classify::{
    Classifier, ClassifyParameters, ClassifyRule, LaggedQuotes, QuoteInForce,
};
use alphatrader_analytics::clock::TradingClock;
use alphatrader_analytics::impact::{Amihud, Kyle, Roll, Spreads};
use alphatrader_analytics::vpin::bars::{BulkBar, BulkParameters};
use alphatrader_analytics::vpin::{VpinMeter, VpinParameters, VpinSource};
use alphatrader_model::instrument::{InstrumentId, Symbol};
use alphatrader_model::market::{Level, Quote, Side, Trade, TradeFlags, TradingState};
use alphatrader_model::metric::Metric;
use alphatrader_model::number::{Price, Quantity};
use alphatrader_model::time::{Span, Timestamp};
use proptest::prelude::*;

/// Bytes that are read as numbers; nothing once they have ended.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Small, ordinary or extreme.
    fn number(&mut self) -> Option<i64> {
        Some(match self.byte()? % 8 {
            0 => i64::from_le_bytes([(); 8].map(|()| self.byte().unwrap_or(0xFF))),
            1 => [0, -1, 1, i64::MAX, i64::MIN, 10_000_000_000_000, 1_000_000_000_000]
                [usize::from(self.byte()? % 7)],
            2..5 => 1_000_000 + 100 * i64::from(self.byte()?),
            _ => i64::from(self.byte()?),
        })
    }
}

/// All that counts prints, wired as for a symbol.
struct Desk {
    gate: Admission,
    clock: TradingClock,
    classifier: Classifier,
    lagged: LaggedQuotes,
    meters: Vec<VpinMeter>,
    kyle: Kyle,
    roll: Roll,
    amihud: Amihud,
    spreads: Spreads,
    now: Timestamp,
}

const WINDOW: u32 = 5;

impl Desk {
    fn new(policy: Policy, rule: ClassifyRule, bucket: u64) -> Self {
        let bulk =
            |bar, student| VpinSource::Bulk(BulkParameters { bar, student, ..BulkParameters::default() });
        let sources = [
            VpinSource::Signed,
            bulk(BulkBar::PerBucket(10), true),
            bulk(BulkBar::Time(Span::MINUTE), false),
        ];
        let parameters = VpinParameters { window: WINDOW, ..VpinParameters::new(bucket) };
        let meter = |source| VpinMeter::new(VpinParameters { source, ..parameters });
        Self {
            gate: Admission::new(policy),
            clock: TradingClock::default(),
            classifier: Classifier::new(ClassifyParameters { rule, ..ClassifyParameters::default() }),
            lagged: LaggedQuotes::new(Span::from_seconds(1)),
            meters: sources.into_iter().map(meter).collect(),
            kyle: Kyle::new(Span::MINUTE, 31),
            roll: Roll::new(8),
            amihud: Amihud::default(),
            spreads: Spreads::default(),
            now: Timestamp::from_nanos(0),
        }
    }

    /// One event; nothing when the bytes have ended.
    fn event(&mut self, bytes: &mut Bytes<'_>) -> Option<()> {
        let kind = bytes.byte()?;
        let ts = match bytes.byte()? % 16 {
            0 => Timestamp::from_nanos(bytes.number()?),
            pause => Timestamp::from_nanos(self.now.nanos().saturating_add(i64::from(pause) * 100_000_000)),
        };
        self.now = ts;
        match kind % 32 {
            0 => self.status(ts, bytes.byte()?),
            1 => {
                self.gate.restart();
                self.meters.iter_mut().for_each(VpinMeter::clear);
                self.roll.clear();
                self.amihud.clear();
                self.kyle.restart();
            }
            2 => {
                self.meters.iter_mut().for_each(|meter| meter.on_session(|_| ()));
                self.amihud.restart();
                self.kyle.restart();
                self.spreads.on_session();
                self.roll.clear();
            }
            3 => {
                let bucket = bytes.number()?.unsigned_abs();
                for meter in &mut self.meters {
                    meter.change(VpinParameters { bucket, ..*meter.parameters() });
                }
            }
            4..15 => self.quote(ts, bytes)?,
            _ => self.trade(ts, bytes)?,
        }
        self.check();
        Some(())
    }

    fn status(&mut self, ts: Timestamp, state: u8) {
        let states = [TradingState::Trading, TradingState::Halted, TradingState::VolatilityPause];
        match self.gate.status(states[usize::from(state % 3)]) {
            Some(HaltEdge::Stops) => {
                self.clock.halt(ts);
                self.spreads.break_off();
            }
            Some(HaltEdge::Resumes) => {
                self.clock.resume(ts);
                self.meters.iter_mut().for_each(|meter| meter.on_resume(|_| ()));
                self.amihud.restart();
            }
            None => {}
        }
    }

    fn quote(&mut self, ts: Timestamp, bytes: &mut Bytes<'_>) -> Option<()> {
        let mut side = |missing: u8| {
            let (price, size) =
                (Price::from_raw(bytes.number()?), Quantity::new(bytes.number()?.unsigned_abs()));
            Some((!bytes.byte()?.is_multiple_of(missing)).then_some(Level { price, size }))
        };
        let quote = Quote { instrument: InstrumentId(0), bid: side(9)?, ask: side(9)? };
        let now = self.clock.at(ts);
        if let QuoteUse::Firm(bid, ask) = self.gate.quote(ts, &quote) {
            let in_force = QuoteInForce { bid: bid.price, ask: ask.price, at: ts };
            self.lagged.push(in_force);
            self.spreads.on_mid(now, Some(in_force.twice_the_middle()));
            self.kyle.on_mid(now, in_force.twice_the_middle(), self.gate.quote_continues());
        } else if self.gate.quote_for_mid(ts).0.is_none() {
            self.spreads.on_mid(now, None);
            self.kyle.lose_mid();
        }
        Some(())
    }

    fn trade(&mut self, ts: Timestamp, bytes: &mut Bytes<'_>) -> Option<()> {
        let trade = Trade {
            instrument: InstrumentId(0),
            price: Price::from_raw(bytes.number()?),
            size: Quantity::new(bytes.number()?.unsigned_abs()),
            aggressor: [None, None, Some(Side::Buy), Some(Side::Sell)][usize::from(bytes.byte()? % 4)],
            venue: [None, Symbol::new("P").ok()][usize::from(bytes.byte()? % 2)],
            flags: if bytes.byte()? % 4 == 0 {
                TradeFlags(u16::from_le_bytes([bytes.byte()?, bytes.byte()?]))
            } else {
                TradeFlags::NONE
            },
        };
        let Some(usage) = self.gate.trade(ts, &trade) else { return Some(()) };
        let quote = if ts.nanos() % 2 == 0 { self.gate.quote_for_side() } else { self.lagged.at(ts) };
        let (side, _) = self.classifier.classify(ts, trade.price, trade.aggressor, quote);
        if usage.moves_tick {
            self.classifier.remember(trade.price);
        }
        if !usage.signed {
            return Some(());
        }
        let (now, size) = (self.clock.at(ts), trade.size.get());
        for meter in &mut self.meters {
            let mut closed = 0;
            meter.on_trade(now, trade.price, size, side, usage.quality, |point| {
                closed += 1;
                for value in [point.vpin, point.cdf].into_iter().flatten() {
                    assert!((0.0..=1.0).contains(&value), "{point:?}");
                }
                assert!(point.null_ratio.is_none_or(|ratio| ratio.is_finite() && ratio >= 0.0));
            });
            // A print ends a bar of time, and the running and all whole bars of volume: as many adds.
            assert!(closed <= 3 * (WINDOW + 1), "{closed}");
        }
        self.roll.on_trade(trade.price, usage.continues, usage.quality);
        self.amihud.on_trade(now, trade.price, size, usage.quality);
        if let Some(side) = side {
            self.kyle.on_trade(now, side.sign() * size as i64, usage.quality);
            self.spreads.on_trade(now, trade.price, size, side, usage.quality);
        }
        Some(())
    }

    fn check(&self) {
        let mut metrics = vec![
            self.kyle.lambda(),
            self.kyle.bps_per_100k(),
            self.roll.spread(),
            self.amihud.illiquidity(),
            self.spreads.effective(),
            self.spreads.effective_bps(),
        ];
        for horizon in 0..4 {
            metrics.extend([self.spreads.realised(horizon), self.spreads.impact(horizon)]);
        }
        for meter in &self.meters {
            metrics.extend([meter.metric(), meter.cdf(), meter.null_ratio()]);
            assert!(meter.alert().is_none_or(|alert| alert.level <= alert.requested));
        }
        // A metric that is no number would have been made absent: what is kept must be one too.
        assert!(metrics.iter().all(|Metric { value, .. }| value.is_none_or(f64::is_finite)));
        assert!(self.kyle.slope().is_none_or(|slope| slope.lambda.is_finite() && slope.t.is_finite()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn any_bytes_are_events_that_do_no_harm(
        bytes in prop::collection::vec(any::<u8>(), 0..4_000),
        all in any::<bool>(), rule in 0_usize..7, bucket in prop_oneof![1_u64..10_000, any::<u64>()],
    ) {
        let admit = if all { Admit::All } else { Admit::Gated };
        let policy = Policy { admit, repeats: Repeats::SameInstant };
        let mut desk = Desk::new(policy, ClassifyRule::NAMES[rule].0, bucket);
        let mut bytes = Bytes(&bytes);
        while desk.event(&mut bytes).is_some() {}
        // Of a state without a number that is none, the text has no null in place of one.
        let counts = *desk.gate.counts();
        prop_assert!(counts.trades + counts.excluded() + counts.quotes < 4_000);
    }
}
