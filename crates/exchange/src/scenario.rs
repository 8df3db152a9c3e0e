//! Scenarios: what the broker does that a client would rather not meet, written down and played.
//!
//! A scenario is a YAML file: a name, a description, and steps, each with a moment (or an event to
//! wait for) and what happens then. It is played by the hub in simulated time; the same seed plays
//! the same. The shipped ones lie in `scenarios/` and are part of the program.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`script`] | a scenario's own shape, its checks |
//! | [`action`] | what can happen |
//! | [`when`], [`wait`] | moments, events, lengths of time as they are written |
//! | [`kind`] | replies and requests by name |
//! | [`library`] | the shipped scenarios, and files |
//! | [`director`] | which step is due when |
//! | [`stage`] | what is in force now, and what it makes of replies and requests |
//! | [`delayed`] | live ticks under their delayed numbers |

pub mod action;
pub mod delayed;
pub mod director;
pub mod kind;
pub mod library;
pub mod script;
pub mod stage;
pub mod wait;
pub mod when;

pub use action::Action;
pub use library::ScenarioError;
pub use script::Scenario;
pub use wait::Wait;
