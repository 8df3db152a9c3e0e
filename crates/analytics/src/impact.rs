//! What trading costs and moves.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`spread`] | [`Spreads`]: effective and realised spread, impact after 1, 5, 30 and 300 s |
//! | [`kyle`] | [`Kyle`]: how far the middle moves for a share bought |
//! | [`amihud`] | [`Amihud`]: return over dollar volume |
//! | [`roll`] | [`Roll`]: the spread that prices alone tell |
//!
//! All take prints that the gate lets pass as signed, and trading time ([`crate::clock::TradingClock`]).

pub mod amihud;
pub mod kyle;
pub mod roll;
pub mod spread;

pub use amihud::Amihud;
pub use kyle::Kyle;
pub use roll::Roll;
pub use spread::Spreads;
