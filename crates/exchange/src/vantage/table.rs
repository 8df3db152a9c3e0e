//! Text of comma-separated values as the vendor writes it: a line of names, lines end with CR LF.

/// Rows under their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    text: String,
}

impl Table {
    /// A table with these columns.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut table = Self::default();
        table.row(names);
        table
    }

    /// Adds a row.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        for (place, cell) in cells.into_iter().enumerate() {
            if place > 0 {
                self.text.push(',');
            }
            if cell.contains(['"', ',', '\r', '\n']) {
                self.text.push('"');
                self.text.push_str(&cell.replace('"', "\"\""));
                self.text.push('"');
            } else {
                self.text.push_str(cell);
            }
        }
        self.text.push_str("\r\n");
    }

    /// The text.
    pub fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_comma_stands_in_quotes() {
        let mut table = Table::new(["symbol", "name"]);
        table.row(["BRK.B", "Berkshire \"B\", Inc."]);
        table.row(["X", ""]);
        assert_eq!(table.finish(), "symbol,name\r\nBRK.B,\"Berkshire \"\"B\"\", Inc.\"\r\nX,\r\n");
    }
}
