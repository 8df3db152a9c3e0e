//! What is said of a maker, and when nothing is.

use alphatrader_model::instrument::Symbol;
use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::time::Span;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::record::{Record, SideRecord, middle};

/// Sessions, updates and presence that make a profile.
const SESSIONS: u32 = 5;
const UPDATES: u64 = 500;
const PRESENCE: Span = Span::from_minutes(10);
/// Trades, bursts or samples that make one of its numbers.
const LEAST: u64 = 30;

/// Why a maker has no profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Error)]
#[serde(rename_all = "snake_case")]
pub enum NoProfile {
    /// Too few sessions.
    #[error("seen in {0} sessions, {SESSIONS} are needed")]
    Sessions(u32),
    /// Too few updates.
    #[error("{0} updates of its quotes, {UPDATES} are needed")]
    Updates(u64),
    /// Too little presence.
    #[error("{0} seconds of presence, 600 are needed")]
    Presence(u64),
}

/// How a maker quotes. Without [`MakerProfile::refusal`]'s gates passed, all its numbers are absent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MakerProfile {
    /// Who: a maker, or an exchange.
    pub maker: Symbol,
    /// Why there are no numbers.
    pub refusal: Option<NoProfile>,
    /// Sessions in which it quoted.
    pub sessions: u32,
    /// Part of the watched time that its bid and its offer were at the best price, in [0, 1].
    pub at_best: [Metric; 2],
    /// Time-weighted shares of its bid and its offer while at the best price.
    pub size_at_best: [Metric; 2],
    /// Part of its presence with both sides, in [0, 1].
    pub two_sided: Metric,
    /// Updates a second of watched time.
    pub updates: Metric,
    /// Median life of a quote, seconds, to half an octave.
    pub quote_life: Metric,
    /// Part of the trades against it after which its size was back within 300 ms, in [0, 1].
    pub refill: Metric,
    /// Part of the improvements of the best price that it made, in [0, 1].
    pub led: Metric,
    /// Mean log of its size a second after a burst against it over that before.
    pub fade: Metric,
    /// Correlation of its imbalance with the mid's next 5 s.
    pub lead: Metric,
    /// Correlation of VPIN's place in its history with the size it takes away in the next 5 s.
    pub withdrawal: Metric,
}

impl MakerProfile {
    /// The numbers that makers are grouped by: shares at best, ln size, two-sided, ln updates, ln life,
    /// refill, led, fade; absent when one of them is.
    pub fn numbers(&self) -> Option<[f64; 8]> {
        let mean = |of: &[Metric; 2]| Some(f64::midpoint(of[0].value?, of[1].value?));
        Some([
            mean(&self.at_best)?,
            libm::log(1.0 + mean(&self.size_at_best)?),
            self.two_sided.value?,
            libm::log(self.updates.value.filter(|rate| *rate > 0.0)?),
            libm::log(self.quote_life.value?),
            self.refill.value?,
            self.led.value?,
            self.fade.value?,
        ])
    }
}

pub(super) fn of(maker: Symbol, record: &Record, watched: Span, improvements: u64) -> MakerProfile {
    let presence = record.present / 1_000_000_000;
    let refusal = if record.sessions < SESSIONS {
        Some(NoProfile::Sessions(record.sessions))
    } else if record.updates < UPDATES {
        Some(NoProfile::Updates(record.updates))
    } else if presence < PRESENCE.nanos().unsigned_abs() / 1_000_000_000 {
        Some(NoProfile::Presence(presence))
    } else {
        None
    };
    let metric =
        |value: Option<f64>, n: u64| Metric::new(value.filter(|_| refusal.is_none()), n, Quality::GOOD);
    let enough = |value: Option<f64>, n: u64| metric(value.filter(|_| n >= LEAST), n);
    let part = |of: u64, all: u64| (all > 0).then(|| of as f64 / all as f64);
    let all = watched.nanos().max(0).unsigned_abs();
    let sized =
        |side: &SideRecord| (side.at_best > 0).then(|| side.size_seconds / (side.at_best as f64 / 1e9));
    let lives = &record.lives;
    MakerProfile {
        maker,
        refusal,
        sessions: record.sessions,
        at_best: record.sides.each_ref().map(|side| metric(part(side.at_best, all), record.updates)),
        size_at_best: record.sides.each_ref().map(|side| metric(sized(side), record.updates)),
        two_sided: metric(part(record.both, record.present), record.updates),
        updates: metric(part(record.updates, all).map(|rate| rate * 1e9), record.updates),
        quote_life: enough(lives.median().map(middle), lives.seen()),
        refill: enough(part(record.refills, record.trades), record.trades),
        led: enough(part(record.led, improvements), improvements),
        fade: enough(part(1, record.fades.0).map(|one| one * record.fades.1), record.fades.0),
        lead: enough(record.lead.correlation(), record.lead.n),
        withdrawal: enough(record.withdrawal.correlation(), record.withdrawal.n),
    }
}
