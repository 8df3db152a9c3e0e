//! CSV as it comes in: a line at a time, each bounded, cells quoted or not.

use std::io::{self, BufRead, Read as _};

/// Longest line that is read; the rest of a longer one is skipped.
pub(super) const MAX_LINE: usize = 65_536;

/// A line, or why it is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// It is in the buffer.
    Whole,
    /// Longer than [`MAX_LINE`]; its start is in the buffer.
    Long,
    /// There is no more.
    End,
}

/// Reads the next line into the buffer, without its end.
///
/// # Errors
/// The source cannot be read.
pub(super) fn next_line(source: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    line.clear();
    source.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', line)?;
    if line.is_empty() {
        return Ok(Line::End);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        return Ok(Line::Whole);
    }
    if line.len() <= MAX_LINE {
        return Ok(Line::Whole);
    }
    source.skip_until(b'\n')?;
    Ok(Line::Long)
}

/// The cells of a line, without space around them. A cell may stand in double quotes, and a quote inside is doubled.
pub(super) fn cells(line: &str) -> Vec<String> {
    let mut cells = Vec::new();
    let mut rest = line.chars().peekable();
    loop {
        let mut cell = String::new();
        while rest.next_if(|c| *c == ' ' || *c == '\t').is_some() {}
        if rest.next_if_eq(&'"').is_some() {
            while let Some(c) = rest.next() {
                if c != '"' {
                    cell.push(c);
                } else if rest.next_if_eq(&'"').is_some() {
                    cell.push('"');
                } else {
                    break;
                }
            }
            while rest.next_if(|c| *c != ',').is_some() {}
        } else {
            while let Some(c) = rest.next_if(|c| *c != ',') {
                cell.push(c);
            }
            cell.truncate(cell.trim_end().len());
        }
        cells.push(cell);
        if rest.next().is_none() {
            return cells;
        }
    }
}

/// Appends a cell, in quotes where it needs them.
pub(super) fn write_cell(out: &mut Vec<u8>, cell: &str) {
    if cell.contains([',', '"', '\n', '\r']) {
        out.push(b'"');
        out.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(cell.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_every_way_and_are_bounded() {
        let long = "x".repeat(MAX_LINE + 7);
        let exact = "y".repeat(MAX_LINE);
        let text = format!("a\r\n\nb\n{long}\n{exact}\nlast");
        let mut source = io::BufReader::with_capacity(17, text.as_bytes());
        let mut line = Vec::new();
        let mut seen = Vec::new();
        loop {
            match next_line(&mut source, &mut line).unwrap() {
                Line::End => break,
                kind => seen.push((kind, line.len().min(9))),
            }
        }
        let whole = |length| (Line::Whole, length);
        assert_eq!(seen, [whole(1), whole(0), whole(1), (Line::Long, 9), whole(9), whole(4)]);
    }

    #[test]
    fn quoted_cells_hold_commas() {
        assert_eq!(cells("a, b ,,c"), ["a", "b", "", "c"]);
        assert_eq!(cells(r#""x,y","say ""no""" ,z"#), ["x,y", r#"say "no""#, "z"]);
        assert_eq!(cells(""), [""]);
        assert_eq!(cells("\"open, to the end"), ["open, to the end"]);
        let mut out = Vec::new();
        write_cell(&mut out, r#"say "no", twice"#);
        assert_eq!(out, br#""say ""no"", twice""#);
        assert_eq!(cells(core::str::from_utf8(&out).unwrap()), [r#"say "no", twice"#]);
    }
}
