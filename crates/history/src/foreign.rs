//! What a file is that nothing here reads, by its first bytes.

/// What is read.
pub(crate) const READ: &str = "LEAN's equity zips, Databento's DBN, LOBSTER's pairs, TAQ's trades and quotes, option chains of Cboe and LEAN, and recordings of this system";

/// In words, for a person who named the wrong file.
pub(crate) fn describe(start: &[u8]) -> String {
    let what = match start {
        [] => "an empty file",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "packed with zstd",
        [0x1f, 0x8b, ..] => "packed with gzip",
        [b'D', b'B', b'N', ..] => "DBN",
        [b'P', b'A', b'R', b'1', ..] => "Parquet",
        [b'{' | b'[', ..] => "JSON",
        text if is_page(text) => {
            "a web page (HTML) in place of data: the download was refused or asked to log in"
        }
        text if text.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) => "plain text",
        _ => "neither a zip nor anything known",
    };
    format!("{what}: this kind of file is not read; {READ} are")
}

/// Whether it begins as a page of the web does.
fn is_page(start: &[u8]) -> bool {
    let text: Vec<u8> = start.trim_ascii_start().iter().take(16).map(u8::to_ascii_lowercase).collect();
    [&b"<!doctype html"[..], b"<html", b"<head"].iter().any(|mark| text.starts_with(mark))
}

#[cfg(test)]
mod tests {
    use super::describe;

    #[test]
    fn a_wrong_file_is_called_by_its_name() {
        assert!(describe(b"").starts_with("an empty file"));
        assert!(describe(&[0x28, 0xb5, 0x2f, 0xfd, 0]).starts_with("packed with zstd"));
        assert!(describe(b"date,open\n").starts_with("plain text"));
        assert!(describe(b" <!DOCTYPE html><html>").starts_with("a web page"));
        assert!(describe(&[0, 1, 2]).starts_with("neither"));
    }
}
