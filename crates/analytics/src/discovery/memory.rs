//! Autocorrelation inside sessions, robust to changing variance.
//!
//! Products of two points are taken within one session only: nothing correlates over a night here. The band is
//! that of Lo and `MacKinlay` (1989): the variance of a lag is the sum of x²(t) x²(t-k) over the square of the sum
//! of x². Tables are kept by session, so that a bootstrap by sessions adds tables.

/// Half width of the band in standard deviations: 95 %.
const WIDTH: f64 = 1.959_963_984_540_054;
/// Lags after the lookback that must lie inside the band.
const QUIET: usize = 5;

/// Sums of one session, by lag.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Memory {
    products: Vec<f64>,
    squares: Vec<f64>,
    pairs: Vec<f64>,
}

impl Memory {
    /// Of one session's points, `mean` being that of all sessions, for lags up to `lags`.
    pub fn of(points: &[f64], mean: f64, lags: usize) -> Self {
        let mut memory = Self::zero(lags);
        let centred: Vec<f64> = points.iter().map(|x| x - mean).collect();
        for lag in 0..=lags.min(centred.len().saturating_sub(1)) {
            let (mut product, mut square) = (0.0, 0.0);
            for (now, then) in centred[lag..].iter().zip(&centred) {
                let xy = now * then;
                product += xy;
                square += xy * xy;
            }
            memory.products[lag] = product;
            memory.squares[lag] = square;
            memory.pairs[lag] = (centred.len() - lag) as f64;
        }
        memory
    }

    /// Of nothing.
    pub fn zero(lags: usize) -> Self {
        Self { products: vec![0.0; lags + 1], squares: vec![0.0; lags + 1], pairs: vec![0.0; lags + 1] }
    }

    /// Adds another session's.
    pub fn add(&mut self, other: &Self) {
        let columns = [
            (&mut self.products, &other.products),
            (&mut self.squares, &other.squares),
            (&mut self.pairs, &other.pairs),
        ];
        for (own, others) in columns {
            own.iter_mut().zip(others).for_each(|(own, other)| *own += other);
        }
    }

    /// Autocorrelations of lags 1 and on, and the half width of the band around zero of each; absent when nothing
    /// moves.
    pub fn correlations(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        let variance = self.products.first()? / self.pairs.first()?;
        if variance <= 0.0 || !variance.is_finite() {
            return None;
        }
        let lags = (1..self.products.len()).filter(|lag| self.pairs[*lag] > 0.0);
        let lags: Vec<usize> = lags.collect();
        let rho = lags.iter().map(|lag| self.products[*lag] / self.pairs[*lag] / variance).collect();
        let band = lags
            .iter()
            .map(|lag| WIDTH * libm::sqrt(self.squares[*lag]) / self.pairs[*lag] / variance)
            .collect();
        Some((rho, band))
    }

    /// The smallest lag after which five lie inside the band; absent when there is none.
    pub fn lookback(&self) -> Option<usize> {
        let (rho, band) = self.correlations()?;
        let inside: Vec<bool> = rho.iter().zip(&band).map(|(rho, band)| rho.abs() <= *band).collect();
        inside.windows(QUIET).position(|next| next.iter().all(|inside| *inside))
    }

    /// Points that are as good as independent: n / (1 + 2 sum of autocorrelations up to the lookback).
    pub fn effective(&self) -> Option<f64> {
        let (rho, _) = self.correlations()?;
        let points = self.pairs[0];
        let sum: f64 = rho.iter().take(self.lookback()?).sum();
        Some((points / (1.0 + 2.0 * sum).max(points.recip())).min(points))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize, keep: f64) -> Vec<f64> {
        let mut state = 11_u64;
        let mut last = 0.0;
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                last = keep * last + ((state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5);
                last
            })
            .collect()
    }

    fn memory(keep: f64) -> Memory {
        let mut all = Memory::zero(60);
        for session in noise(390 * 20, keep).chunks(390) {
            all.add(&Memory::of(session, 0.0, 60));
        }
        all
    }

    #[test]
    fn noise_has_no_memory_and_a_decay_has_its_own() {
        assert_eq!(memory(0.0).lookback(), Some(0));
        let slow = memory(0.8);
        let (rho, _) = slow.correlations().unwrap();
        assert!((rho[0] - 0.8).abs() < 0.03 && (rho[1] - 0.64).abs() < 0.04, "{rho:?}");
        assert!((8..=40).contains(&slow.lookback().unwrap()), "{:?}", slow.lookback());
        assert!(slow.effective().unwrap() < 0.25 * 7_800.0);
    }

    /// Divisor n and no mean, as `statsmodels.tsa.acf` has it with `adjusted=False`, but by pairs.
    #[test]
    fn the_worked_example() {
        let x = [0.5, -0.2, 0.3, 0.1, -0.4, 0.6, -0.1, 0.2, -0.3, 0.4, 0.05, -0.25];
        let mean = x.iter().sum::<f64>() / 12.0;
        let (rho, _) = Memory::of(&x, mean, 3).correlations().unwrap();
        for (lag, (rho, expected)) in
            (1..).zip(rho.iter().zip([-0.593_685_3, 0.127_329_193, 0.050_207_039_3]))
        {
            assert!((rho * (12.0 - f64::from(lag)) / 12.0 - expected).abs() < 1e-8, "{lag}: {rho}");
        }
        assert_eq!(Memory::of(&[1.0; 9], 1.0, 3).correlations(), None);
    }
}
