//! Ctrl-C: once stops in order, twice at once.

use std::sync::PoisonError;
use std::time::Duration;

use alphatrader_dashboard::view::{CommandState, CommandView};
use alphatrader_dashboard::{Command, CommandAction, Event, Publisher};
use alphatrader_model::event::HaltLevel;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::core_thread::Moments;
use super::{System, operator};
use crate::failure::Failure;

/// Exit code of a program that was interrupted: 128 and the number of SIGINT.
const INTERRUPTED: i32 = 130;

/// Looks at the core for a command's effect this often, and this many times.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: usize = 60;

/// Tells the clients what became of a command: done once the core's own state shows it.
async fn answer(command: Command, moments: Moments, publisher: Publisher) {
    let mut state = CommandState::Refused;
    for _ in 0..LOOKS {
        let level = moments.lock().unwrap_or_else(PoisonError::into_inner).trading.halt;
        let in_force = match command.action {
            CommandAction::Halt => level >= HaltLevel::Halt,
            CommandAction::Resume => level == HaltLevel::None,
        };
        if in_force {
            state = CommandState::Done;
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    let text = match state {
        CommandState::Done => command.reason,
        _ => "the core did not take it within three seconds".into(),
    };
    let command_name = command.action.name().to_string();
    publisher.event(&Event::Command(CommandView {
        command_id: command.id,
        command: command_name,
        state,
        text,
    }));
}

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
    let mut core = system.core.ended();
    loop {
        tokio::select! {
            _ = core.wait_for(|ended| *ended) => {
                return Err(Failure::new(
                    "the engine stopped by a fault of its own (the log has it); protective orders stay at the broker, \
                     the next start compares everything with the broker before it trades",
                ));
            }
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            Some(command) = commands.recv() => {
                tracing::info!(id = command.id, action = command.action.name(), reason = command.reason, "command");
                system.tell(operator(&command));
                tokio::spawn(answer(command, system.core.moments(), system.publisher.clone()));
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
