//! YAML in one shape: the same value gives the same bytes.
//!
//! Maps are blocks in the order of their fields, lists of scalars one line, other lists blocks. What is absent or
//! empty is left out: a reader takes the default. A string that could be taken for something else is quoted as
//! JSON does it, which YAML reads the same.

use core::fmt::Write as _;

use serde_json::Value;

/// Writes fields in the order given; a map inside a value is in the order of its names.
pub(super) fn document(fields: &[(&str, Value)]) -> String {
    let mut out = String::new();
    for (name, value) in fields {
        field(&mut out, name, value, 0);
    }
    out
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_nothing),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn field(out: &mut String, name: &str, value: &Value, indent: usize) {
    if is_nothing(value) {
        return;
    }
    let _ = write!(out, "{:indent$}{}:", "", key(name));
    match value {
        Value::Object(fields) => {
            out.push('\n');
            block(out, fields, indent + 2);
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            out.push('\n');
            for item in items {
                let _ = writeln!(out, "{:1$}- {2}", "", indent + 2, flow(item));
            }
        }
        other => {
            let _ = writeln!(out, " {}", flow(other));
        }
    }
}

fn block(out: &mut String, fields: &serde_json::Map<String, Value>, indent: usize) {
    for (name, value) in fields {
        field(out, name, value, indent);
    }
}

/// On one line.
fn flow(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !is_nothing(value));
            let fields: Vec<String> =
                fields.map(|(name, value)| format!("{}: {}", key(name), flow(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        other => scalar(other),
    }
}

/// A name; a whole number stays one.
fn key(name: &str) -> String {
    let digits = !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
    if digits { name.to_owned() } else { scalar(&Value::String(name.to_owned())) }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        // A whole number without its ".0".
        Value::Number(number) if number.is_f64() => {
            number.as_f64().map_or_else(String::new, |x| format!("{x}"))
        }
        other => other.to_string(),
    }
}

/// Whether a word is a string to every reader without quotes.
fn is_plain(text: &str) -> bool {
    const TAKEN: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
        && !TAKEN.iter().any(|taken| text.eq_ignore_ascii_case(taken))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_absent_is_left_out_and_what_is_doubtful_is_quoted() {
        let value = json!({
            "value": 1_400_000.0, "small": 0.000_001, "unit": "", "when": "2026-01-15", "no": null, "on": "ON",
            "list": [1, 2.5], "rows": [{"a": 1, "b": null}], "empty": {"x": null},
        });
        let text = document(&[("schema_version", json!(1)), ("SPY", value)]);
        let expected = "schema_version: 1\nSPY:\n  list: [1, 2.5]\n  \"on\": \"ON\"\n  rows:\n    - {a: 1}\n  \
                        small: 0.000001\n  value: 1400000\n  when: \"2026-01-15\"\n";
        assert_eq!(text, expected);
    }
}
