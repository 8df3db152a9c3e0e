//! What every edge shares.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`clock`] | [`Clock`]: the only thing that asks the operating system for the time |
//! | [`inbox`] | [`Inbox`]: the two bounded queues in front of the engine |
//! | [`retry`] | [`Backoff`]: exponential, full jitter, bounded |
//! | [`modules`] | [`Registry`]: the modules of the process in their order, and how they are |

pub mod clock;
pub mod inbox;
pub mod modules;
pub mod retry;

pub use clock::{Clock, ClockError};
pub use inbox::{Inbox, InboxMetrics, Limits, PushError, Receiver, Sender};
pub use modules::{Health, Module, ModuleState, Registry, RegistryError};
pub use retry::{Backoff, Policy};
