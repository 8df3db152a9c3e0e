//! How much a price moves: from mids, from bars, and as filters.
//!
//! | module | what |
//! | --- | --- |
//! | [`realised`] | realised, bipower, median and minimum variance, tripower quarticity, jumps: of a slice of returns |
//! | [`window`] | the same over the last n returns, updated in place |
//! | [`sampler`] | mids on a grid of five seconds of trading time |
//! | [`signature`] | the day's realised variance at 5 to 300 seconds: is five seconds too fine? |
//! | [`ranges`] | Parkinson, Garman-Klass, Rogers-Satchell, Yang-Zhang from bars |
//! | [`ewma`] | exponentially weighted variance |
//! | [`garch`] | GARCH(1,1): filter, likelihood, fit |
//! | [`state`] | [`VolatilityState`]: all that is shown of one symbol, fed with mids |
//!
//! Variances are per return (or per bar) of log prices; [`annual`] makes them a yearly standard deviation.

pub mod ewma;
pub mod garch;
pub mod ranges;
pub mod realised;
pub mod sampler;
pub mod signature;
pub mod state;
pub mod window;

pub use ewma::Ewma;
pub use garch::Garch;
pub use ranges::RangeBar;
pub use realised::{Realised, realised};
pub use sampler::Sampler;
pub use signature::Signature;
pub use state::VolatilityState;
pub use window::RealisedWindow;

/// Seconds traded in a year: 252 days of 23 400.
pub const TRADED_SECONDS: f64 = 23_400.0 * 252.0;

/// The yearly standard deviation (0.2 is 20 %) of a variance of log prices over so many traded seconds.
pub fn annual(variance: f64, seconds: f64) -> f64 {
    libm::sqrt(variance / seconds * TRADED_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percent_a_day_is_sixteen_a_year() {
        assert!((annual(1e-4, 23_400.0) - 0.158_745_078_663_875_44).abs() < 1e-15);
    }
}
