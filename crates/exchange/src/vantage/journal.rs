//! The requests that came, with their times: what a test asserts a client's manners from.

use std::collections::VecDeque;
use std::time::Instant;

use alphatrader_model::Timestamp;
use serde::Serialize;

use super::limits::Key;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its number; the first is 1.
    pub number: u64,
    /// When it came, on the exchange's clock.
    pub at: Timestamp,
    /// When it came, in microseconds of the machine's clock since the server began.
    pub wall_micros: u64,
    /// Whose key it had.
    pub key: Key,
    /// The function.
    pub function: String,
    /// The other parameters, without the key: `symbol=SPY&expiration=2026-03-16`.
    pub parameters: String,
    /// How it was answered: `served`, `limit:minute`, a fault's name, ...
    pub answer: String,
}

/// The latest requests, at most [`Journal::MOST`].
#[derive(Debug)]
pub struct Journal {
    entries: VecDeque<Entry>,
    count: u64,
    began: Instant,
}

impl Default for Journal {
    fn default() -> Self {
        Self { entries: VecDeque::new(), count: 0, began: Instant::now() }
    }
}

impl Journal {
    /// Requests that are kept; older ones make room and are counted in [`Journal::forgotten`].
    pub const MOST: usize = 65_536;
    /// Bytes of parameters that are kept of one.
    const MOST_TEXT: usize = 256;

    /// Notes a request; its number.
    pub fn note(&mut self, at: Timestamp, key: Key, function: &str, parameters: &str) -> u64 {
        self.count += 1;
        let short = |text: &str| text.chars().take(Self::MOST_TEXT).collect::<String>();
        if self.entries.len() == Self::MOST {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            number: self.count,
            at,
            wall_micros: u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX),
            key,
            function: short(function),
            parameters: short(parameters),
            answer: String::new(),
        });
        self.count
    }

    /// Says how a request was answered.
    pub fn answered(&mut self, number: u64, answer: String) {
        let back = self.count.saturating_sub(number) as usize;
        if let Some(place) = self.entries.len().checked_sub(back + 1) {
            self.entries[place].answer = answer;
        }
    }

    /// Requests after the number `after`, oldest first.
    pub fn since(&self, after: u64) -> Vec<Entry> {
        self.entries.iter().filter(|entry| entry.number > after).cloned().collect()
    }

    /// Requests ever.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Requests that are no longer kept.
    pub fn forgotten(&self) -> u64 {
        self.count - self.entries.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_entries_make_room_and_are_counted() {
        let mut journal = Journal::default();
        for n in 0..=Journal::MOST {
            let number = journal.note(Timestamp::from_seconds(n as i64), Key::Normal, "F", &"x".repeat(400));
            journal.answered(number, "served".to_owned());
        }
        assert_eq!((journal.count(), journal.forgotten()), (Journal::MOST as u64 + 1, 1));
        let all = journal.since(0);
        assert_eq!((all.len(), all[0].number), (Journal::MOST, 2));
        assert_eq!((all[0].answer.as_str(), all[0].parameters.len()), ("served", 256));
        journal.answered(1, "late".to_owned());
        assert_eq!(journal.since(journal.count() - 1).len(), 1);
    }
}
