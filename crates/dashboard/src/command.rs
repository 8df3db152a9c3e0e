//! Commands of a person on their way to the core, each taken once.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// What a person asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Given when it was taken; answers on the `commands` channel carry it.
    pub id: String,
    /// The client's key: the same key never becomes a second command.
    pub idempotency_key: String,
    /// What.
    pub action: CommandAction,
    /// Why, in the person's words; never empty.
    pub reason: String,
}

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandAction {
    /// No new risk: working entries are cancelled, protective stops stay.
    Halt,
    /// Trade again.
    Resume,
}

impl CommandAction {
    /// Its name in the interface.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Halt => "halt",
            Self::Resume => "resume",
        }
    }
}

/// What an idempotency key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Nothing yet.
    New,
    /// The same request: the command it became.
    Same(String),
    /// Another request.
    Other,
}

/// Idempotency keys of the last hours, bounded in number and age.
#[derive(Debug)]
pub struct IdempotencyKeys {
    most: usize,
    longest: Duration,
    taken: BTreeMap<String, Taken>,
    order: VecDeque<(Instant, String)>,
}

#[derive(Debug)]
struct Taken {
    action: CommandAction,
    reason: String,
    command_id: String,
}

impl IdempotencyKeys {
    /// Remembers at most `most` keys for at most `longest`.
    pub const fn new(most: usize, longest: Duration) -> Self {
        Self { most, longest, taken: BTreeMap::new(), order: VecDeque::new() }
    }

    /// What `key` stands for at `now`.
    pub fn look_up(&mut self, key: &str, action: CommandAction, reason: &str, now: Instant) -> Known {
        while self.order.front().is_some_and(|(at, _)| now.duration_since(*at) >= self.longest) {
            self.forget_oldest();
        }
        match self.taken.get(key) {
            None => Known::New,
            Some(taken) if taken.action == action && taken.reason == reason => {
                Known::Same(taken.command_id.clone())
            }
            Some(_) => Known::Other,
        }
    }

    /// Remembers that `command` was taken at `now`.
    pub fn remember(&mut self, command: &Command, now: Instant) {
        if self.order.len() >= self.most {
            self.forget_oldest();
        }
        let taken =
            Taken { action: command.action, reason: command.reason.clone(), command_id: command.id.clone() };
        if self.taken.insert(command.idempotency_key.clone(), taken).is_none() {
            self.order.push_back((now, command.idempotency_key.clone()));
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, key)) = self.order.pop_front() {
            self.taken.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(key: &str) -> Command {
        Command {
            id: format!("id of {key}"),
            idempotency_key: key.to_owned(),
            action: CommandAction::Halt,
            reason: "looks wrong".to_owned(),
        }
    }

    #[test]
    fn a_key_is_taken_once() {
        let mut keys = IdempotencyKeys::new(10, Duration::from_mins(1));
        let now = Instant::now();
        let ask = |keys: &mut IdempotencyKeys, reason, at| keys.look_up("k", CommandAction::Halt, reason, at);
        assert_eq!(ask(&mut keys, "looks wrong", now), Known::New);
        keys.remember(&command("k"), now);
        assert_eq!(ask(&mut keys, "looks wrong", now), Known::Same("id of k".to_owned()));
        assert_eq!(ask(&mut keys, "something else", now), Known::Other);
        assert_eq!(keys.look_up("k", CommandAction::Resume, "looks wrong", now), Known::Other);
        assert_eq!(ask(&mut keys, "looks wrong", now + Duration::from_mins(1)), Known::New);
    }

    #[test]
    fn memory_is_bounded() {
        let mut keys = IdempotencyKeys::new(10, Duration::from_mins(1));
        let now = Instant::now();
        for n in 0..100 {
            keys.remember(&command(&n.to_string()), now);
        }
        assert_eq!((keys.taken.len(), keys.order.len()), (10, 10));
        assert_eq!(keys.look_up("89", CommandAction::Halt, "looks wrong", now), Known::New);
        assert_ne!(keys.look_up("90", CommandAction::Halt, "looks wrong", now), Known::New);
    }
}
