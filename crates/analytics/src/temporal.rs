//! What a series remembers of itself: autocorrelation, variance ratios, how fast it forgets.
//!
//! | module | what |
//! | --- | --- |
//! | [`autocorrelation`](mod@autocorrelation) | autocorrelations, Ljung-Box plain and robust, the robust band |
//! | [`variance_ratio`](mod@variance_ratio) | Lo and MacKinlay's ratio with its robust z, Chow and Denning's joint test |
//! | [`memory`] | half-life, exponential against power decay |
//!
//! Returns change their variance all the time; plain tests take that for memory. What decides here is
//! always the robust form.

pub mod autocorrelation;
pub mod memory;
pub mod variance_ratio;

pub use autocorrelation::{LjungBox, autocorrelation, ljung_box, robust_ljung_box};
pub use memory::{Decay, decay_of, half_life};
pub use variance_ratio::{VarianceRatio, joint, variance_ratio};
