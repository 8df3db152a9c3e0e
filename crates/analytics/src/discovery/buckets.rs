//! Volume buckets cut from slices.
//!
//! A slice that fills a bucket is shared out by volume: its imbalance and its return go to both buckets in
//! proportion. Buckets go on over sessions, as live ones do; the night is no return. The joint sign placebo draws
//! one sign for each slice and gives it to the return and to the imbalance alike: volatility, volume and their
//! clustering stay what they were, only who was on one side for long is forgotten.

use super::slices::SessionSlices;

/// Slices that make one bar of the search: ten seconds.
pub const WIDTH: usize = 2;

/// The sessions of a symbol, one bar after the other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bars {
    /// Place of each session's first bar, and of the end.
    pub starts: Vec<usize>,
    /// Log return of each bar; nothing over a night.
    pub change: Vec<f64>,
    /// Shares bought less shares sold.
    pub signed: Vec<f64>,
    /// Shares.
    pub volume: Vec<f64>,
}

/// Buckets, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Buckets {
    /// |bought − sold|, shares.
    pub imbalance: Vec<f64>,
    /// Log return.
    pub change: Vec<f64>,
    /// Length in bars.
    pub length: Vec<f64>,
    /// The session in which each ended.
    pub session: Vec<u32>,
    /// Where in its session each ended, from -1 to 1.
    pub hour: Vec<f64>,
}

impl Bars {
    /// From sessions in order.
    pub fn of<'s>(sessions: impl IntoIterator<Item = &'s SessionSlices>) -> Self {
        let mut bars = Self { starts: vec![0], ..Self::default() };
        for session in sessions {
            bars.change.extend(session.returns(WIDTH));
            let (buy, sell) =
                (SessionSlices::sums(&session.buy, WIDTH), SessionSlices::sums(&session.sell, WIDTH));
            bars.signed.extend(buy.iter().zip(&sell).map(|(buy, sell)| buy - sell));
            bars.volume.extend(buy.iter().zip(&sell).map(|(buy, sell)| buy + sell));
            bars.starts.push(bars.change.len());
        }
        bars
    }

    /// Sessions.
    pub fn sessions(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }
}

impl Buckets {
    /// Buckets so far.
    pub fn len(&self) -> usize {
        self.imbalance.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.imbalance.is_empty()
    }

    /// Cuts bars into buckets of `volume` shares, above zero. `sign` gives each bar's sign: 1 leaves it as it is.
    pub fn cut(&mut self, bars: &Bars, volume: f64, mut sign: impl FnMut(usize) -> f64) {
        for column in [&mut self.imbalance, &mut self.change, &mut self.length, &mut self.hour] {
            column.clear();
        }
        self.session.clear();
        let (mut filled, mut signed, mut change, mut length) = (0.0, 0.0, 0.0, 0.0);
        for (session, ends) in bars.starts.windows(2).enumerate() {
            let count = (ends[1] - ends[0]).max(1) as f64;
            for bar in ends[0]..ends[1] {
                let sign = sign(bar);
                let whole = bars.volume[bar];
                if whole <= 0.0 {
                    change += sign * bars.change[bar];
                    length += 1.0;
                    continue;
                }
                let mut left = whole;
                // Each turn takes at least a bucket: as many turns as the bar holds buckets.
                while filled + left >= volume {
                    let take = volume - filled;
                    let part = take / whole;
                    signed += sign * bars.signed[bar] * part;
                    change += sign * bars.change[bar] * part;
                    length += part;
                    self.imbalance.push(signed.abs());
                    self.change.push(change);
                    self.length.push(length);
                    self.session.push(session as u32);
                    self.hour.push(2.0 * (bar - ends[0]) as f64 / count - 1.0);
                    (filled, signed, change, length) = (0.0, 0.0, 0.0, 0.0);
                    left -= take;
                }
                let part = left / whole;
                filled += left;
                signed += sign * bars.signed[bar] * part;
                change += sign * bars.change[bar] * part;
                length += part;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars() -> Bars {
        Bars {
            starts: vec![0, 2, 4],
            change: vec![0.1, -0.2, 0.3, 0.4],
            signed: vec![100.0, -50.0, 0.0, 200.0],
            volume: vec![100.0, 50.0, 0.0, 250.0],
        }
    }

    #[test]
    fn volume_is_shared_out_and_goes_on_over_the_night() {
        let mut buckets = Buckets::default();
        buckets.cut(&bars(), 200.0, |_| 1.0);
        assert_eq!(buckets.len(), 2);
        // The first bucket: 100 bought, 50 sold, 50 of the last bar's 250 of which 225 were bought.
        assert_eq!(buckets.imbalance, [100.0 - 50.0 + 40.0, 160.0]);
        assert!((buckets.change[0] - (0.1 - 0.2 + 0.3 + 0.4 * 0.2)).abs() < 1e-12);
        assert_eq!(buckets.session, [1, 1]);
        assert!((buckets.length.iter().sum::<f64>() - 4.0).abs() < 1e-12);
    }

    #[test]
    fn a_sign_turns_return_and_imbalance_alike() {
        let (mut as_they_are, mut turned) = (Buckets::default(), Buckets::default());
        as_they_are.cut(&bars(), 100.0, |_| 1.0);
        turned.cut(&bars(), 100.0, |_| -1.0);
        assert_eq!(as_they_are.imbalance, turned.imbalance);
        assert_eq!(as_they_are.length, turned.length);
        for (a, b) in as_they_are.change.iter().zip(&turned.change) {
            assert_eq!(*a, -b);
        }
    }
}
