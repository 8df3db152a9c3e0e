//! One session of one symbol in slices of five seconds.

/// Length of a slice, seconds.
pub const SLICE_SECONDS: usize = 5;
/// Slices of a full session of six and a half hours.
pub const SESSION_SLICES: usize = 23_400 / SLICE_SECONDS;
/// Slices of a minute.
pub const MINUTE: usize = 60 / SLICE_SECONDS;

/// What one session was, slice by slice. All vectors have one length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SessionSlices {
    /// Log of the mid at the end of each slice; absent before the first valid quote.
    pub mid: Vec<Option<f64>>,
    /// Shares bought in each slice, by the engine's own classification.
    pub buy: Vec<f64>,
    /// Shares sold.
    pub sell: Vec<f64>,
    /// The part of `buy` that every other print makes.
    pub even_buy: Vec<f64>,
    /// The part of `sell`, likewise.
    pub even_sell: Vec<f64>,
    /// Shares bought by the tick rule alone.
    pub tick_buy: Vec<f64>,
    /// Prints.
    pub trades: Vec<u32>,
    /// Order-flow imbalance at the touch, shares.
    pub order_flow: Vec<f64>,
}

impl SessionSlices {
    /// Nothing yet, for this many slices.
    pub fn new(slices: usize) -> Self {
        Self {
            mid: vec![None; slices],
            buy: vec![0.0; slices],
            sell: vec![0.0; slices],
            even_buy: vec![0.0; slices],
            even_sell: vec![0.0; slices],
            tick_buy: vec![0.0; slices],
            trades: vec![0; slices],
            order_flow: vec![0.0; slices],
        }
    }

    /// Slices.
    pub fn len(&self) -> usize {
        self.mid.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.mid.is_empty()
    }

    /// Shares of the session.
    pub fn volume(&self) -> f64 {
        self.buy.iter().sum::<f64>() + self.sell.iter().sum::<f64>()
    }

    /// Change of the log mid over each `width` slices. The first is measured from the session's own first mid:
    /// the night is not part of it. Zero where no mid is known.
    pub fn returns(&self, width: usize) -> Vec<f64> {
        let mut last = self.mid.iter().flatten().next().copied();
        self.mid
            .chunks(width.max(1))
            .map(|chunk| {
                let Some(now) = chunk.iter().rev().flatten().next() else { return 0.0 };
                let change = last.map_or(0.0, |last| now - last);
                last = Some(*now);
                change
            })
            .collect()
    }

    /// Sums over each `width` slices.
    pub fn sums(of: &[f64], width: usize) -> Vec<f64> {
        of.chunks(width.max(1)).map(|chunk| chunk.iter().sum()).collect()
    }

    /// Share of minutes that have neither a print nor a new mid.
    pub fn silent_share(&self) -> f64 {
        if self.is_empty() {
            return 1.0;
        }
        let mut last = None;
        let (mut silent, mut minutes) = (0, 0);
        for (mids, trades) in self.mid.chunks(MINUTE).zip(self.trades.chunks(MINUTE)) {
            let mid = mids.iter().rev().flatten().next().copied();
            silent += usize::from(trades.iter().all(|count| *count == 0) && (mid.is_none() || mid == last));
            minutes += 1;
            last = mid;
        }
        f64::from(silent as u32) / f64::from(minutes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_night_and_what_is_unknown_make_no_return() {
        let mut session = SessionSlices::new(6);
        session.mid = vec![None, Some(1.0), Some(1.5), None, None, Some(1.0)];
        assert_eq!(session.returns(2), [0.0, 0.5, -0.5]);
        assert_eq!(session.returns(3), [0.5, -0.5]);
        assert_eq!(SessionSlices::sums(&[1.0, 2.0, 3.0], 2), [3.0, 3.0]);
    }

    #[test]
    fn a_minute_without_print_or_new_mid_is_silent() {
        let mut session = SessionSlices::new(3 * MINUTE);
        session.trades[0] = 1;
        session.mid[MINUTE] = Some(1.0);
        assert_eq!(session.silent_share(), 1.0 / 3.0);
    }
}
