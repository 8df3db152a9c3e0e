//! What `cargo test` says, passed on and counted.

use std::process::Command;

use crate::step::{Outcome, stream};

/// Tests that ran, by how they ended.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Tests of recorded markets that found no recorded market and said so.
    pub(crate) unrecorded: u64,
}

impl Count {
    /// Adds another run's tests to these.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.unrecorded += other.unrecorded;
    }
}

/// The line a test prints when the recorded market it reads is absent.
const SKIPPED: &str = "skipped: recorded data absent";

/// Reads the output of `cargo test -- --show-output` line by line. What passing tests printed is dropped after it has been
/// searched, so that a person sees the usual list.
#[derive(Debug, Default)]
struct Reader {
    count: Count,
    inside_successes: bool,
}

impl Reader {
    /// Takes a line; says whether a person should see it.
    fn line(&mut self, line: &str) -> bool {
        if line.trim() == SKIPPED {
            self.count.unrecorded += 1;
        }
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.inside_successes = false;
            self.count.passed += before(counts, " passed;");
            self.count.failed += before(counts, " failed;");
        } else if line == "failures:" {
            self.inside_successes = false;
        } else if line == "successes:" {
            self.inside_successes = true;
        }
        !self.inside_successes
    }
}

/// The number that stands before `word`; 0 where there is none.
fn before(text: &str, word: &str) -> u64 {
    let Some((head, _)) = text.split_once(word) else { return 0 };
    head.rsplit(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// Runs a `cargo test` command to its end. The counts are of what ran, also when some of it failed.
pub(crate) fn run(command: &mut Command) -> (Count, Outcome) {
    let mut reader = Reader::default();
    let outcome = stream(command, |line| reader.line(line));
    (reader.count, outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "
running 3 tests
test book::tests::crosses ... ok
test recorded_day ... ok
test maths ... FAILED

successes:

---- recorded_day stdout ----
skipped: recorded data absent

successes:
    book::tests::crosses
    recorded_day

failures:

---- maths stdout ----
thread 'maths' panicked at tests/it/main.rs:3:5

failures:
    maths

test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

test result: ok. 41 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    #[test]
    fn counts_what_ran_and_shows_what_failed() {
        let mut reader = Reader::default();
        let seen: Vec<&str> = SAID.lines().filter(|line| reader.line(line)).collect();
        assert_eq!(reader.count, Count { passed: 43, failed: 1, unrecorded: 1 });
        assert!(seen.contains(&"thread 'maths' panicked at tests/it/main.rs:3:5"));
        assert!(!seen.contains(&"---- recorded_day stdout ----"));
    }
}
