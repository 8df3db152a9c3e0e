//! `alphatrader run`: the whole system.

use crate::cli::RunArgs;
use crate::config::Config;
use crate::failure::Failure;

/// Runs the command.
pub fn run(_config: Config, _args: &RunArgs) -> Result<(), Failure> {
    Err(Failure::new("under construction"))
}
