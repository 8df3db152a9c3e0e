//! A task is a row of named steps; each prints its name, runs, and prints how long it took. The first that fails ends
//! the task with the command that repeats it.

use std::fmt::{self, Write as _};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Why a task ended early: a message for the person at the keyboard, ending in what to do about it.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// Runs `work` as the step `name`.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    eprintln!("==> {name}: started");
    let began = Instant::now();
    let outcome = work();
    let word = if outcome.is_ok() { "done" } else { "FAILED" };
    eprintln!("==> {name}: {word} in {}", seconds(began.elapsed()));
    outcome
}

/// Runs a program as the step `name`.
pub(crate) fn command(name: &str, command: &mut Command) -> Outcome {
    step(name, || run(command))
}

/// Runs a program to its end; a status other than success is a failure that shows how to repeat it. What it prints is
/// progress, so all of it goes to standard error.
pub(crate) fn run(command: &mut Command) -> Outcome {
    ended(command.stdout(std::io::stderr()))
}

/// Runs a program whose standard output is the result that was asked for.
pub(crate) fn report(command: &mut Command) -> Outcome {
    ended(command.stdout(Stdio::inherit()))
}

fn ended(command: &mut Command) -> Outcome {
    let status = command.stdin(Stdio::null()).status().map_err(|e| not_started(command, &e))?;
    judged(command, status)
}

fn judged(command: &Command, status: ExitStatus) -> Outcome {
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "`{}` failed ({status}); repeat it with:\n    {}",
        program(command),
        shown(command)
    )))
}

/// Runs a program to its end and hands each line of its standard output to `line`, which says whether a person should
/// see it.
pub(crate) fn stream(command: &mut Command, mut line: impl FnMut(&str) -> bool) -> Outcome {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(|e| not_started(command, &e))?;
    if let Some(stdout) = child.stdout.take() {
        let mut stdout = BufReader::new(stdout);
        let mut bytes = Vec::new();
        while stdout.read_until(b'\n', &mut bytes).is_ok_and(|n| n > 0) {
            let text = String::from_utf8_lossy(&bytes);
            if line(text.trim_end_matches(['\n', '\r'])) {
                print!("{text}");
            }
            bytes.clear();
        }
    }
    let status = child.wait().map_err(|e| Failure::new(format!("waiting for `{}`: {e}", shown(command))))?;
    judged(command, status)
}

/// What a program prints on its standard output.
pub(crate) fn output(command: &mut Command) -> Outcome<String> {
    let result = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| not_started(command, &e))?;
    if !result.status.success() {
        return Err(Failure::new(format!("`{}` failed ({})", shown(command), result.status)));
    }
    String::from_utf8(result.stdout)
        .map_err(|_| Failure::new(format!("`{}` printed bytes that are not UTF-8", shown(command))))
}

/// The failure of a program that could not be started at all.
pub(crate) fn not_started(command: &Command, error: &std::io::Error) -> Failure {
    Failure::new(format!(
        "`{}` could not be started: {error}; is it installed and on PATH?",
        program(command)
    ))
}

fn program(command: &Command) -> String {
    let path = Path::new(command.get_program());
    path.file_stem().unwrap_or(command.get_program()).to_string_lossy().into_owned()
}

/// The command as a person would type it, with its folder and the variables it sets.
pub(crate) fn shown(command: &Command) -> String {
    let mut text = String::new();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            let _ = write!(text, "{}={} ", name.to_string_lossy(), quoted(&value.to_string_lossy()));
        }
    }
    text.push_str(&program(command));
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&quoted(&argument.to_string_lossy()));
    }
    match command.get_current_dir() {
        Some(folder) => format!("(cd {} && {text})", quoted(&folder.display().to_string())),
        None => text,
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// A duration for people: `4.2 s`, `3 min 05 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    let whole = duration.as_secs();
    if whole < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_says_how_to_repeat_it() {
        let mut command = Command::new("sh");
        command.args(["-c", "exit 3"]).env("COLOUR", "dark red").current_dir("/");
        let failure = super::command("colour", &mut command).unwrap_err().to_string();
        assert!(failure.contains("exit status: 3"), "{failure}");
        assert!(failure.contains("(cd / && COLOUR='dark red' sh -c 'exit 3')"), "{failure}");
    }

    #[test]
    fn lines_are_handed_over_also_by_a_program_that_fails() {
        let mut lines = Vec::new();
        let outcome = stream(Command::new("sh").args(["-c", "echo one; echo two; exit 101"]), |line| {
            lines.push(line.to_owned());
            false
        });
        assert_eq!(lines, ["one", "two"]);
        assert!(outcome.unwrap_err().to_string().contains("101"));
    }

    #[test]
    fn a_missing_program_is_told_from_a_failing_one() {
        let failure = run(&mut Command::new("no-such-program-anywhere")).unwrap_err().to_string();
        assert!(failure.contains("could not be started"), "{failure}");
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(seconds(Duration::from_millis(4_230)), "4.2 s");
        assert_eq!(seconds(Duration::from_secs(185)), "3 min 05 s");
    }

    #[test]
    fn quoting_survives_a_shell() {
        let hard = "it's $HOME \"x\"";
        let echoed = output(Command::new("sh").args(["-c", &format!("printf %s {}", quoted(hard))])).unwrap();
        assert_eq!(echoed, hard);
    }
}
