//! What a series remembers of itself: autocorrelation, variance ratios, how fast it forgets.
//!
//! | module | what |
//! | --- | --- |
//! | [`autocorrelation`](mod@autocorrelation) | autocorrelations, Ljung-Box plain and robust, the robust band |
//! | [`variance_ratio`](mod@variance_ratio) | Lo and `MacKinlay`'s ratio with its robust z, Chow and Denning's joint test |
//! | [`memory`] | half-life, exponential against power decay |
//! | [`signs`] | the signs of the last trades: do buyers follow buyers? |
//! | [`state`] | [`TemporalState`]: the last hours of one symbol, fed with mids and trades |
//!
//! Returns change their variance all the time; plain tests take that for memory. What decides here is
//! always the robust form.

pub mod autocorrelation;
pub mod memory;
pub mod signs;
pub mod state;
pub mod variance_ratio;

pub use autocorrelation::{LjungBox, autocorrelation, ljung_box, robust_ljung_box};
pub use memory::{Decay, decay_of, half_life};
pub use signs::Signs;
pub use state::TemporalState;
pub use variance_ratio::{VarianceRatio, joint, variance_ratio};
