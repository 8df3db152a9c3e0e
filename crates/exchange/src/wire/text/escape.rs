//! Texts beyond ASCII: from version 153 on, some texts travel in seven bits with backslash escapes.

use std::fmt::Write as _;

/// Escapes what is not printable ASCII, and the backslash itself.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        let written = match letter {
            '\\' => out.write_str("\\\\"),
            ' '..='~' => out.write_char(letter),
            _ if u32::from(letter) > 0xFFFF => write!(out, "\\U{:08x}", u32::from(letter)),
            _ => write!(out, "\\u{:04x}", u32::from(letter)),
        };
        written.expect("a string has room");
    }
    out
}

/// Reads escaped text; an escape that is none stands for itself.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let digits = match escape.as_bytes().first() {
            Some(b'u') => 4,
            Some(b'U') => 8,
            Some(b'\\') => {
                out.push('\\');
                rest = &escape[1..];
                continue;
            }
            _ => 0,
        };
        let letter = escape
            .get(1..=digits)
            .filter(|hex| digits > 0 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
            .and_then(char::from_u32);
        out.push(letter.unwrap_or('\\'));
        rest = if letter.is_some() { &escape[1 + digits..] } else { escape };
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_as_a_python_client_reads_them() {
        assert_eq!(escape("Zürich \\ €"), "Z\\u00fcrich \\\\ \\u20ac");
        assert_eq!(escape("a\nb"), "a\\u000ab");
        assert_eq!(escape("😀"), "\\U0001f600");
        assert_eq!(unescape("broken \\u12 \\x \\"), "broken \\u12 \\x \\");
    }

    proptest! {
        #[test]
        fn what_is_escaped_comes_back(text in any::<String>()) {
            let escaped = escape(&text);
            prop_assert!(escaped.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert_eq!(unescape(&escaped), text);
        }

        #[test]
        fn any_text_is_read(text in any::<String>()) {
            let _ = unescape(&text);
        }
    }
}
