//! What trading costs and moves: spreads, impact, Kyle, Amihud, Roll.

use alphatrader_model::features::Impact;
use alphatrader_model::market::{Level, Side};
use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::impact::{Amihud, Kyle, Roll, Spreads, kyle};

/// Minutes that Kyle's regression remembers: thirty independent ones, and the running one.
const MEMORY: u32 = 31;

/// Place of thirty seconds in [`crate::impact::spread::HORIZONS`]: what the features show.
const SHOWN: usize = 2;

/// The quoted spread of the session, weighted by the trading time that it stood.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Quoted {
    /// Since when the quote stands; spread and twice the middle, in price units.
    standing: Option<(Timestamp, i64, i64)>,
    /// Sums of them, times nanoseconds.
    spread: i128,
    twice_mid: i128,
    quotes: u64,
}

impl Quoted {
    #[inline]
    fn stand(&mut self, now: Timestamp, quote: Option<(i64, i64)>) {
        if let Some((since, spread, twice_mid)) = self.standing {
            let nanos = i128::from(now.since(since).nanos().max(0));
            self.spread += nanos * i128::from(spread);
            self.twice_mid += nanos * i128::from(twice_mid);
        }
        self.standing = quote.map(|(spread, twice_mid)| (now, spread, twice_mid));
    }

    fn bps(&self) -> Metric {
        let known = self.twice_mid > 0;
        let bps = known.then(|| 2e4 * self.spread as f64 / self.twice_mid as f64);
        Metric::new(bps, self.quotes, Quality::GOOD)
    }
}

/// All of them, over the prints and touches of the session, in trading time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Costs {
    spreads: Spreads,
    kyle: Kyle,
    amihud: Amihud,
    roll: Roll,
    quoted: Quoted,
    /// Prints were lost before the next one.
    gap: bool,
}

impl Default for Costs {
    fn default() -> Self {
        Self {
            spreads: Spreads::default(),
            kyle: Kyle::new(Span::MINUTE, MEMORY),
            amihud: Amihud::default(),
            roll: Roll::new(Roll::WINDOW),
            quoted: Quoted::default(),
            gap: false,
        }
    }
}

impl Costs {
    /// A touch, at its trading time; `continues` is false for the first after a halt.
    #[inline]
    pub(super) fn on_touch(&mut self, now: Timestamp, bid: Level, ask: Level, continues: bool) {
        let (low, high) = (bid.price.raw(), ask.price.raw());
        let twice_mid = low + high;
        self.spreads.on_mid(now, Some(twice_mid));
        self.kyle.on_mid(now, twice_mid, continues);
        self.quoted.stand(now, Some((high - low, twice_mid)));
        self.quoted.quotes += 1;
    }

    /// There is no middle any more.
    pub(super) fn lose_mid(&mut self, now: Timestamp) {
        self.spreads.on_mid(now, None);
        self.kyle.lose_mid();
        self.quoted.stand(now, None);
    }

    /// A print that has an aggressor, at its trading time.
    #[inline]
    pub(super) fn on_trade(
        &mut self,
        now: Timestamp,
        (price, size): (Price, u64),
        side: Option<Side>,
        continues: bool,
        quality: Quality,
    ) {
        let quality = if self.gap { quality.with(Quality::GAP) } else { quality };
        self.gap = false;
        self.roll.on_trade(price, continues, quality);
        self.amihud.on_trade(now, price, size, quality);
        if let Some(side) = side {
            // Admitted sizes are at most 10^12.
            self.kyle.on_trade(now, side.sign() * size as i64, quality);
            self.spreads.on_trade(now, price, size, side, quality);
        }
    }

    /// A second of the session is over, in trading time.
    pub(super) fn turn(&mut self, now: Timestamp, last: Option<Price>, impact: &mut Impact) {
        self.spreads.on_timer(now);
        self.kyle.on_timer(now);
        self.amihud.on_timer(now);
        if let Some((_, spread, twice_mid)) = self.quoted.standing {
            self.quoted.stand(now, Some((spread, twice_mid)));
        }
        self.show(last, impact);
    }

    fn show(&self, last: Option<Price>, impact: &mut Impact) {
        impact.quoted_spread_bp = self.quoted.bps();
        impact.effective_spread_bp = self.spreads.effective_bps();
        let middle = self.spreads.middle();
        impact.realised_spread_bp = bps(self.spreads.realised(SHOWN), middle);
        impact.price_impact_bp = bps(self.spreads.impact(SHOWN), middle);
        impact.kyle_lambda = self.kyle.bps_per_100k();
        let slope = self.kyle.slope().filter(|slope| slope.effective >= kyle::LEAST - 1e-9);
        let Metric { n_obs, quality, .. } = impact.kyle_lambda;
        impact.kyle_t = Metric { value: slope.map(|slope| slope.t), n_obs, quality };
        impact.amihud = self.amihud.illiquidity();
        impact.roll_bp = bps(self.roll.spread(), last.map(Price::to_f64));
    }

    /// A session begins. Illiquidity and λ are of more than one.
    pub(super) fn begin_session(&mut self) {
        self.spreads.on_session();
        self.kyle.restart();
        self.amihud.restart();
        self.roll.clear();
        self.quoted = Quoted::default();
        self.gap = false;
    }

    /// Trading stops at this trading time.
    pub(super) fn halt(&mut self, now: Timestamp) {
        self.quoted.stand(now, None);
        self.spreads.break_off();
        self.kyle.lose_mid();
    }

    /// Trading goes on.
    pub(super) fn resume(&mut self) {
        self.amihud.restart();
    }

    /// Quotes were lost: what waits for a middle is dropped.
    pub(super) fn lose_quotes(&mut self, now: Timestamp, impact: &mut Impact) {
        self.quoted.stand(now, None);
        self.spreads.break_off();
        self.kyle.restart();
        self.show(None, impact);
    }

    /// Prints were lost: means over those that were seen stay, and say so with the next.
    pub(super) fn lose_prints(&mut self) {
        self.kyle.restart();
        self.amihud.clear();
        self.roll.clear();
        self.gap = true;
    }

    /// Bytes outside the value itself.
    pub(super) fn heap_bytes(&self) -> usize {
        self.spreads.heap_bytes() + self.amihud.heap_bytes() + self.roll.heap_bytes()
    }
}

/// Dollars in basis points of a price.
fn bps(dollars: Metric, price: Option<f64>) -> Metric {
    let value = dollars.value.zip(price.filter(|price| *price > 0.0));
    Metric::new(
        value.map(|(dollars, price)| 1e4 * dollars / price),
        u64::from(dollars.n_obs),
        dollars.quality,
    )
}
