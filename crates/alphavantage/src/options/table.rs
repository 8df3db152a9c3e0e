//! The table form: the same columns, by their names in the header.

use super::row::{Column, Row};
use super::{Asked, Decoded, Sink};
use crate::body::{Broken, Class, Verdict};
use crate::number::Field;

/// Columns of a row at most; the form has 20.
const COLUMNS: usize = 64;

pub(super) fn decode(body: &[u8], asked: &Asked<'_>) -> Decoded {
    let truncated = || Decoded::Verdict(Verdict::silent(Class::Transport(Broken::Truncated)));
    let Ok(text) = std::str::from_utf8(body) else { return truncated() };
    let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    let header: Vec<&str> = lines.next().unwrap_or("").split(',').map(str::trim).collect();
    if header.len() > COLUMNS || !header.contains(&"contractID") || !header.contains(&"expiration") {
        return truncated();
    }
    let columns: Vec<Option<Column<'_>>> = header.iter().map(|name| Row::column(name)).collect();
    let mut sink = Sink::new(asked, text.len());
    let (mut short, mut row) = (false, Row::default());
    for line in lines.filter(|line| !line.is_empty()) {
        if short {
            // Only the last line may be cut; one in the middle is no table of ours.
            return truncated();
        }
        let mut cells = 0;
        for (column, cell) in columns.iter().zip(line.split(',')) {
            cells += 1;
            if let Some(column) = column {
                // Quotes around a cell are allowed; no value of this form holds a comma.
                *column(&mut row) = Field::text(cell.trim_matches('"'));
            }
        }
        short = cells < header.len();
        if !short && !sink.take(&row) {
            return sink.finish(asked);
        }
    }
    // A body that ends inside a line has lost what came after it. One that ends at a line's end cannot be told from
    // a whole one here; the rule of half the rows is for that.
    if short || !text.ends_with('\n') {
        return truncated();
    }
    sink.finish(asked)
}
