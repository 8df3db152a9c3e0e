//! Made-up measures around a made-up price.

use alphatrader_model::features::{
    HiddenEvidence, HiddenOrder, OpeningRange, RegimeLevel, RegimeSource, Volatility,
};
use alphatrader_model::view::{KeptOut, Sweep, SweepKind, SymbolHistory};
use alphatrader_model::{Features, Metric, Price, Quality, Side, Span, Timestamp};

use crate::walk::Dice;

/// Measures that wander.
pub(crate) struct Wander {
    volatility: f64,
    flow: f64,
    entered: Timestamp,
    opening: Option<(Price, Price)>,
    open: Timestamp,
}

impl Wander {
    pub(crate) const fn new(open: Timestamp) -> Self {
        Self { volatility: 0.16, flow: 0.0, entered: open, opening: None, open }
    }

    pub(crate) fn step(&mut self, now: Timestamp, f: &mut Features, h: &mut SymbolHistory, dice: &mut Dice) {
        self.volatility = (self.volatility + dice.swing() * 0.000_8).clamp(0.06, 0.6);
        self.flow = self.flow * 0.98 + dice.swing() * 0.6;
        self.opening_range(now, f);
        toxicity(f);
        self.flow(f);
        self.volatility(now, f);
        costs(f);
        if dice.below(700) == 0 {
            sweep(now, f, h, dice);
        }
        if dice.below(900) == 0 {
            hidden(now, f, h, dice);
        }
        h.kept_out = [("prints", "average price", 41), ("prints in part", "odd lot: sets no price", 9_812)]
            .map(|(of, reason, count)| KeptOut { of: of.into(), reason: reason.into(), count })
            .to_vec();
    }

    fn opening_range(&mut self, now: Timestamp, f: &mut Features) {
        let Some(last) = f.last else { return };
        let complete = now.since(self.open) >= Span::from_minutes(15);
        if !complete {
            let (low, high) = self.opening.unwrap_or((last, last));
            self.opening = Some((low.min(last), high.max(last)));
        }
        f.session.opening_range = self.opening.map(|(low, high)| OpeningRange { low, high, complete });
        f.session.volume_ratio = good(0.8 + self.flow.abs() / 4.0, 20);
        f.session.vwap_deviation = good(self.volatility * 2.2, 4_000);
        f.session.vwap_z = good(self.flow / 3.0, 4_000);
    }

    fn flow(&self, f: &mut Features) {
        f.flow.ofi = good((self.flow * 900.0).round(), 180);
        f.flow.ofi_normalised = good(self.flow, 180);
        f.flow.ofi_integrated = good(self.flow * 0.8, 140);
        f.flow.buy_probability = good(0.5 + self.flow / 12.0, 9_000);
        f.flow.branching = Metric::new(Some(0.62), 9_000, Quality::SIDE_UNKNOWN);
    }

    fn volatility(&mut self, now: Timestamp, f: &mut Features) {
        let v = self.volatility;
        f.volatility = Volatility {
            realised: good(v, 700),
            bipower: good(v * 0.93, 700),
            garch: good(v * 0.97 + 0.005, 700),
            jump_share: good(0.13, 700),
            jump_z: good(1.4, 700),
            ..Volatility::default()
        };
        let percentile = ((v - 0.06) / 0.3).clamp(0.0, 1.0);
        let level = match percentile {
            p if p < 0.25 => RegimeLevel::Calm,
            p if p < 0.75 => RegimeLevel::Normal,
            p if p < 0.95 => RegimeLevel::Volatile,
            _ => RegimeLevel::Extreme,
        };
        if f.regime.level != Some(level) {
            self.entered = now;
        }
        (f.regime.level, f.regime.since) = (Some(level), Some(self.entered));
        (f.regime.source, f.regime.states) = (RegimeSource::Hmm, 2);
        f.regime.percentile = good(percentile, 60);
        f.regime.probabilities[0] = good(1.0 - percentile, 60);
        f.regime.probabilities[1] = good(percentile, 60);
    }
}

fn toxicity(f: &mut Features) {
    let Some(vpin) = f.vpin else { return };
    let cdf = ((vpin - 0.12) / 0.48).clamp(0.0, 1.0);
    f.toxicity.vpin = good(vpin, 50);
    f.toxicity.cdf = good(cdf, 2_400);
    f.toxicity.null_ratio = good(vpin / 0.11, 50);
    (f.toxicity.alert_level, f.toxicity.alert) = (Some(0.9), cdf >= 0.9);
    (f.toxicity.history_sessions, f.toxicity.bucket_volume, f.toxicity.window) = (48, 1_400_000, 50);
    f.toxicity.accuracy_prior = Some(0.85);
}

fn costs(f: &mut Features) {
    f.impact.quoted_spread_bp = good(0.17, 4_000);
    f.impact.effective_spread_bp = good(0.14, 3_100);
    f.impact.kyle_lambda = Metric::new(None, 12, Quality::GOOD);
    f.liquidity.weighted_mid = good(f.bid.map_or(0.0, Price::to_f64) + 0.004, 1);
}

const fn good(value: f64, n: u64) -> Metric {
    Metric::new(Some(value), n, Quality::GOOD)
}

fn sweep(now: Timestamp, f: &mut Features, h: &mut SymbolHistory, dice: &mut Dice) {
    let (Some(bid), Some(ask)) = (f.bid, f.ask) else { return };
    let buys = dice.below(2) == 0;
    let from = if buys { ask } else { bid };
    let sweep = Sweep {
        start: now,
        end: now,
        side: if buys { Side::Buy } else { Side::Sell },
        quantity: 4_000 + dice.below(9_000),
        notional: 4e6,
        prints: 4,
        levels: 2,
        venues: 3,
        from,
        to: Price::from_raw(from.raw() + if buys { 100 } else { -100 }),
        marked: 0.25,
        kind: SweepKind::Sweep,
        walked: 1,
        at_or_through: Some(1.0),
        chance: Some(0.000_2),
        confidence: None,
    };
    if buys {
        f.sweeps.bought += 1;
    } else {
        f.sweeps.sold += 1;
    }
    h.note_sweep(sweep);
}

fn hidden(now: Timestamp, f: &mut Features, h: &mut SymbolHistory, dice: &mut Dice) {
    let Some(ask) = f.ask else { return };
    f.hidden.executions += 1;
    h.note_hidden(HiddenOrder {
        time: now,
        side: Side::Sell,
        price: ask,
        evidence: if dice.below(3) == 0 { HiddenEvidence::Iceberg } else { HiddenEvidence::HiddenExecution },
        executed: 1_200,
        refills: 4,
        peak: 300,
        posterior: Some(0.998),
        remaining: None,
    });
}
