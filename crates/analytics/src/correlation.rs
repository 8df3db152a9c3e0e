//! How symbols move together.
//!
//! | module | what |
//! | --- | --- |
//! | [`ewma`] | exponentially weighted covariances of synchronous returns |
//! | [`shrinkage`] | Ledoit and Wolf's shrunk covariance of a table of returns |
//! | [`hayashi_yoshida`] | covariance of two series that tick at their own times |
//! | [`live`] | all three for the symbols of one market, once a second |
//! | [`spectrum`] | condition number, share of the spectrum above noise, nearest usable matrix |
//!
//! Fewer than three observations for each symbol say little: see [`support`]. None of this runs for each
//! event of a symbol; it belongs where all symbols meet.

pub mod ewma;
pub mod hayashi_yoshida;
pub mod live;
pub mod shrinkage;
pub mod spectrum;

pub use ewma::EwmaCovariance;
pub use hayashi_yoshida::HayashiYoshida;
pub use live::LiveCorrelations;
pub use shrinkage::{Shrunk, ledoit_wolf};

/// How far a table of returns carries a correlation matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// At least three observations for each symbol.
    Enough,
    /// More observations than symbols, but fewer than three for each: only shrunk, only provisional.
    Provisional,
    /// No more observations than symbols.
    Refused,
}

/// The support of `observations` synchronous returns of `symbols` symbols.
pub const fn support(observations: usize, symbols: usize) -> Support {
    if observations >= symbols.saturating_mul(3) {
        Support::Enough
    } else if observations > symbols {
        Support::Provisional
    } else {
        Support::Refused
    }
}

/// Fisher's 95 % interval of a correlation from `n_eff` effective observations; none of four or fewer, or
/// for a correlation outside (-1, 1).
pub fn fisher_interval(rho: f64, n_eff: f64) -> Option<(f64, f64)> {
    if !(n_eff > 4.0 && rho > -1.0 && rho < 1.0) {
        return None;
    }
    let (centre, width) = (libm::atanh(rho), 1.959_963_984_540_054 / libm::sqrt(n_eff - 3.0));
    Some((libm::tanh(centre - width), libm::tanh(centre + width)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn support_needs_three_for_each() {
        assert_eq!(support(30, 10), Support::Enough);
        assert_eq!(support(29, 10), Support::Provisional);
        assert_eq!(support(10, 10), Support::Refused);
    }

    #[test]
    fn intervals_hold_the_correlation() {
        let (low, high) = fisher_interval(0.5, 103.0).unwrap();
        assert!(
            (low - 0.339_307_522_483_253_5).abs() < 1e-12 && (high - 0.632_338_150_487_625_6).abs() < 1e-12,
            "{low} {high}"
        );
        assert_eq!(fisher_interval(0.5, 4.0), None);
        assert_eq!(fisher_interval(1.0, 100.0), None);
    }
}
