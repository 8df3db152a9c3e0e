//! Changes as commands, and the server's refusals in our words. Each command touches one key.

use redis::{Pipeline, RedisError, ServerErrorKind};

use super::super::{EntryId, HotError, Write};

/// Field of a stream's entry that holds the value.
const FIELD: &str = "value";

/// Adds the commands of a change; [`count`] says how many they are.
pub(super) fn add(pipe: &mut Pipeline, write: &Write) {
    match write {
        Write::Set { key, value, expiry: None } => {
            pipe.cmd("SET").arg(key).arg(value);
        }
        Write::Set { key, value, expiry: Some(expiry) } => {
            let millis = u64::try_from(expiry.as_millis()).unwrap_or(u64::MAX).max(1);
            pipe.cmd("SET").arg(key).arg(value).arg("PX").arg(millis);
        }
        Write::Remove { key } => {
            pipe.cmd("DEL").arg(key);
        }
        Write::Push { key, value, cap } => {
            pipe.cmd("LPUSH").arg(key).arg(value);
            pipe.cmd("LTRIM").arg(key).arg(0).arg((*cap).max(1) - 1);
        }
        Write::Append { key, value, cap } => {
            let length = (*cap).max(1);
            pipe.cmd("XADD").arg(key).arg("MAXLEN").arg(length).arg("*").arg(FIELD).arg(value);
        }
    }
}

/// Commands of a change.
pub(super) const fn count(write: &Write) -> usize {
    match write {
        Write::Push { .. } => 2,
        Write::Set { .. } | Write::Remove { .. } | Write::Append { .. } => 1,
    }
}

/// What a server's refusal means; a lost connection is told before this.
pub(super) fn refusal(error: &RedisError, key: &str, wanted: &'static str) -> HotError {
    let code = error.code().unwrap_or_default();
    let text = || error.detail().unwrap_or_default().to_string();
    match code {
        "WRONGTYPE" => HotError::Kind { key: key.into(), wanted },
        "OOM" => HotError::ServerFull,
        _ if error.kind() == redis::ErrorKind::Server(ServerErrorKind::ReadOnly) => HotError::ReadOnly,
        "" if error.kind() == redis::ErrorKind::AuthenticationFailed => {
            HotError::Refused { code: "AUTH".into(), text: text() }
        }
        "" => HotError::Unreachable(error.to_string()),
        code => HotError::Refused { code: code.into(), text: text() },
    }
}

/// The pattern that matches exactly the keys that begin with `prefix`.
pub(super) fn pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for c in prefix.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('*');
    pattern
}

/// Where reading a stream goes on. A name that is none of a server's is before everything.
pub(super) fn first_after(after: Option<&EntryId>) -> String {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let ours = after.filter(|id| id.0.split_once('-').is_some_and(|(a, b)| number(a) && number(b)));
    ours.map_or_else(|| "-".to_string(), |id| format!("({}", id.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn text(write: &Write) -> Vec<String> {
        let mut pipe = Pipeline::new();
        add(&mut pipe, write);
        assert_eq!(pipe.len(), count(write));
        pipe.cmd_iter()
            .map(|command| {
                let words = command.args_iter().map(|arg| match arg {
                    redis::Arg::Simple(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                    _ => "cursor".into(),
                });
                words.collect::<Vec<_>>().join(" ")
            })
            .collect()
    }

    #[test]
    fn changes_are_commands_of_one_key() {
        let (key, value) = ("k".to_string(), "v".to_string());
        let set = |expiry| Write::Set { key: key.clone(), value: value.clone(), expiry };
        assert_eq!(text(&set(None)), ["SET k v"]);
        assert_eq!(text(&set(Some(Duration::from_secs(1)))), ["SET k v PX 1000"]);
        assert_eq!(text(&set(Some(Duration::ZERO))), ["SET k v PX 1"]);
        assert_eq!(text(&Write::Remove { key: key.clone() }), ["DEL k"]);
        let push = Write::Push { key: key.clone(), value: value.clone(), cap: 100 };
        assert_eq!(text(&push), ["LPUSH k v", "LTRIM k 0 99"]);
        assert_eq!(text(&Write::Append { key, value, cap: 0 }), ["XADD k MAXLEN 1 * value v"]);
    }

    #[test]
    fn prefixes_are_no_patterns() {
        assert_eq!(pattern("orders:"), "orders:*");
        assert_eq!(pattern("a*b?[c]\\"), "a\\*b\\?\\[c\\]\\\\*");
    }

    #[test]
    fn streams_go_on_after_a_name() {
        let id = |text: &str| first_after(Some(&EntryId(text.into())));
        assert_eq!(
            (first_after(None), id("17-0"), id("17"), id("x-0")),
            ("-".into(), "(17-0".into(), "-".into(), "-".into())
        );
    }
}
