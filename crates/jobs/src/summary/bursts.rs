//! Notionals of bursts: prints of one side, at most five milliseconds apart, within fifty.

use alphatrader_model::market::Side;
use alphatrader_model::{Span, Timestamp};

const GAP: Span = Span::from_millis(5);
const WHOLE: Span = Span::from_millis(50);
/// Bins of 2 % from one dollar on: up to a trillion.
const BINS: usize = 1_396;
const PER_E: f64 = 50.0;

/// How many bursts were how large, by bins of 2 %.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bursts {
    bins: Vec<u32>,
    open: [Option<Open>; 2],
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Open {
    first: Timestamp,
    last: Timestamp,
    prints: u32,
    notional: f64,
}

impl Bursts {
    /// A print of so many dollars.
    pub fn on(&mut self, ts: Timestamp, side: Side, notional: f64) {
        let open = &mut self.open[usize::from(side == Side::Sell)];
        match open {
            Some(open) if ts.since(open.last) <= GAP && ts.since(open.first) <= WHOLE => {
                (open.last, open.prints) = (ts, open.prints + 1);
                open.notional += notional;
            }
            _ => {
                let ended = open.replace(Open { first: ts, last: ts, prints: 1, notional });
                self.count(ended);
            }
        }
    }

    fn count(&mut self, ended: Option<Open>) {
        // One print alone is no burst.
        let Some(ended) = ended.filter(|open| open.prints >= 2) else { return };
        if self.bins.is_empty() {
            self.bins = vec![0; BINS];
        }
        let bin = (libm::log(ended.notional.max(1.0)) * PER_E) as usize;
        self.bins[bin.min(BINS - 1)] += 1;
    }

    /// Nothing more comes.
    pub fn end(&mut self) {
        for side in 0..2 {
            let ended = self.open[side].take();
            self.count(ended);
        }
    }

    /// Bursts.
    pub fn count_all(&self) -> u64 {
        self.bins.iter().map(|count| u64::from(*count)).sum()
    }

    /// Notional, dollars, that a share `q` of the bursts of several sessions stays below; absent without bursts.
    pub fn quantile<'b>(sessions: impl Iterator<Item = &'b Self>, q: f64) -> Option<f64> {
        let mut sum = vec![0_u64; BINS];
        for session in sessions {
            sum.iter_mut().zip(&session.bins).for_each(|(sum, count)| *sum += u64::from(*count));
        }
        let all: u64 = sum.iter().sum();
        let wanted = (all as f64 * q).ceil() as u64;
        let mut below = 0;
        let bin = sum.iter().position(|count| {
            below += count;
            below >= wanted
        })?;
        (all > 0).then(|| libm::exp((bin as f64 + 0.5) / PER_E))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_close_together_are_one_burst_and_one_alone_is_none() {
        let mut bursts = Bursts::default();
        let at = Timestamp::from_millis;
        for (ms, side) in [(0, Side::Buy), (4, Side::Buy), (5, Side::Sell), (8, Side::Buy), (100, Side::Buy)]
        {
            bursts.on(at(ms), side, 1_000.0);
        }
        bursts.end();
        assert_eq!(bursts.count_all(), 1);
        let found = Bursts::quantile([&bursts].into_iter(), 0.95).unwrap();
        assert!((found / 3_000.0 - 1.0).abs() < 0.02, "{found}");
        assert_eq!(Bursts::quantile([&Bursts::default()].into_iter(), 0.95), None);
    }
}
