//! Structured logs: JSON lines in daily files of the state folder, short lines on a terminal.

use std::io::IsTerminal as _;
use std::path::Path;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{Builder, Rotation};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use crate::config::Log;
use crate::failure::Failure;

/// Begins logging; what is logged is written until the guard is dropped.
///
/// # Errors
/// A filter that cannot be read, or a folder that cannot be written.
pub(crate) fn begin(settings: &Log, directory: &Path) -> Result<WorkerGuard, Failure> {
    let filter = |default: &str| {
        EnvFilter::try_new(default)
            .map_err(|e| Failure::config(format!("log.filter `{default}` cannot be read: {e}")))
    };
    let files = Builder::new()
        .rotation(Rotation::DAILY)
        .filename_prefix("alphatrader")
        .filename_suffix("log")
        .max_log_files(usize::from(settings.keep_days))
        .build(directory)
        .map_err(|e| Failure::new(format!("no log can be written to {}: {e}", directory.display())))?;
    let (writer, guard) = tracing_appender::non_blocking(files);
    let to_file =
        fmt::layer().json().flatten_event(true).with_writer(writer).with_filter(filter(&settings.filter)?);
    let terminal = std::io::stderr().is_terminal();
    let to_terminal = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(terminal)
        .with_target(false)
        .compact()
        .with_filter(filter(&settings.filter)?);
    // A broken invariant ends its thread; the record of it is in the log too, not only on a terminal.
    std::panic::set_hook(Box::new(|fault| {
        tracing::error!(fault = %fault, backtrace = %std::backtrace::Backtrace::capture(), "a fault of ours");
    }));
    // A second call in one process keeps the first subscriber; only tests do that.
    let _ = tracing_subscriber::registry().with(to_file).with(to_terminal).try_init();
    Ok(guard)
}

/// Logging for a command that keeps no folder: short lines on stderr.
///
/// # Errors
/// A filter that cannot be read.
pub(crate) fn to_terminal(filter: &str) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|e| Failure::config(format!("--log `{filter}` cannot be read: {e}")))?;
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .compact()
        .with_filter(filter);
    // A second call in one process keeps the first subscriber; only tests do that.
    let _ = tracing_subscriber::registry().with(lines).try_init();
    Ok(())
}
