//! Ctrl-C: once stops in order, twice at once.

use alphatrader_dashboard::Command;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::{System, operator};
use crate::failure::Failure;

/// Exit code of a program that was interrupted: 128 and the number of SIGINT.
const INTERRUPTED: i32 = 130;

/// Hands commands to the engine until somebody asks the process to end. From then on a second
/// request ends it at once.
///
/// # Errors
/// The system gives no signals, or a part of it ended by itself.
pub(super) async fn until_asked(
    system: &System,
    mut commands: mpsc::Receiver<Command>,
) -> Result<(), Failure> {
    let failed = |e: std::io::Error| Failure::new(format!("signals cannot be heard: {e}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            Some(command) = commands.recv() => {
                tracing::info!(id = command.id, action = command.action.name(), reason = command.reason, "command");
                system.tell(operator(&command));
            }
        }
    }
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::warn!("asked twice: ending at once; what was said is in the ledger");
        std::process::exit(INTERRUPTED);
    });
    Ok(())
}
