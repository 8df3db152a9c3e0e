//! `alphatrader data book`: an order book rebuilt from single orders, row by row.

use std::io::{self, IsTerminal as _, Write};

use alphatrader_analytics::book::orders::{OrderBook, OrderCounts, PriceLevel};
use alphatrader_history::rebuild::{Agreement, Step};
use alphatrader_history::{Progress, Rebuild};
use alphatrader_model::{Calendar, Side};

use crate::cli::{BookArgs, Rows};
use crate::failure::Failure;
use crate::replay::{progress_bar, show_malformed};

/// Rows are written in pieces of whole lines of this size.
const PIECE: usize = 64 * 1_024;

/// Runs the command.
///
/// # Errors
/// A source that cannot be read or has no single orders, an output that cannot be written. A reader of the
/// output that has seen enough is no error.
pub(crate) fn book(args: &BookArgs) -> Result<(), Failure> {
    let date = args.date.as_deref().map(|text| {
        text.parse().map_err(|_| Failure::config(format!("--date `{text}` is not a date such as 2013-10-07")))
    });
    let progress = Progress::default();
    let calendar = Calendar::xnys();
    let rebuild =
        Rebuild::open(&args.source, args.symbol.as_deref(), date.transpose()?, &calendar, &progress)
            .map_err(|e| Failure::new(e.to_string()))?;
    let rebuild = if args.seed_only { rebuild.seed_only() } else { rebuild };
    match rebuild.seed() {
        Some(seed) => eprintln!("{}, from the first row of {}", rebuild.path().display(), seed.display()),
        None => eprintln!("{}, from an empty book", rebuild.path().display()),
    }
    match print(rebuild, args, &progress, io::stdout().lock()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::new(format!("the rows cannot be written: {error}"))),
    }
}

fn print(mut rebuild: Rebuild, args: &BookArgs, progress: &Progress, mut out: impl Write) -> io::Result<()> {
    // Rows on a terminal are progress enough.
    let bar = if io::stdout().is_terminal() {
        indicatif::ProgressBar::hidden()
    } else {
        progress_bar(progress.total())
    };
    let known = rebuild.levels().unwrap_or(usize::MAX);
    let mut table = Table::new(usize::from(args.levels), known, rebuild.decimals(), args.output);
    let (mut rows, mut malformed) = (0_u64, 0_u64);
    while let Some(step) = rebuild.next() {
        match step {
            Ok(step) => {
                rows += 1;
                table.row(&step, rebuild.book());
            }
            Err(line) => {
                malformed += 1;
                show_malformed(&bar, malformed, &line);
            }
        }
        if table.text.len() >= PIECE {
            table.write(&mut out)?;
            bar.set_position(progress.read());
        }
    }
    table.write(&mut out)?;
    out.flush()?;
    bar.finish_and_clear();
    report(rows, malformed, *rebuild.book().counts(), rebuild.agreement());
    Ok(())
}

/// What is worth knowing of the rows, on stderr.
fn report(rows: u64, malformed: u64, counts: OrderCounts, agreement: Option<Agreement>) {
    eprintln!("{rows} rows");
    if let Some(Agreement { rows, touch, five, all, settled }) = agreement {
        eprintln!(
            "the messages alone give the vendor's best bid and offer in {touch} of {rows} rows, five levels in {five}, all in {all}"
        );
        if settled > 0 {
            eprintln!("{settled} levels came into view and are the vendor's");
        }
    }
    let OrderCounts { repeated, unknown, exceeded, full, .. } = counts;
    let refused = [
        (unknown, "about orders that are not known"),
        (exceeded, "that take more than rests"),
        (repeated, "with the number of an order that rests"),
        (full, "beyond what a book keeps"),
    ];
    for (count, what) in refused.into_iter().filter(|(count, _)| *count > 0) {
        eprintln!("{count} records {what}");
    }
    if malformed > 0 {
        eprintln!("{malformed} lines or parts could not be read");
    }
}

/// Rows as text.
struct Table {
    levels: usize,
    /// Levels of a side that are known.
    known: usize,
    decimals: u32,
    rows: Rows,
    /// Names of the columns, as they stand in a row of JSON.
    names: Vec<String>,
    /// Lines that are not written yet.
    text: Vec<u8>,
    column: usize,
}

const FIRST: [&str; 6] = ["ts_event", "sequence", "action", "side", "price", "size"];

impl Table {
    fn new(levels: usize, known: usize, decimals: u32, rows: Rows) -> Self {
        let mut names: Vec<String> = FIRST.map(str::to_owned).to_vec();
        for level in 0..levels {
            for side in ["bid", "ask"] {
                names.extend(["px", "sz", "ct"].map(|what| format!("{side}_{what}_{level:02}")));
            }
        }
        let mut text = Vec::with_capacity(2 * PIECE);
        if rows == Rows::Csv {
            text.extend_from_slice(names.join(",").as_bytes());
            text.push(b'\n');
        }
        Self { levels, known, decimals, rows, names, text, column: 0 }
    }

    fn row(&mut self, step: &Step, book: &OrderBook) {
        self.column = 0;
        self.number(Some(step.ts_event));
        self.number(Some(step.sequence));
        self.letter(step.action);
        self.letter(step.side);
        self.price(step.price);
        self.number(Some(u64::from(step.size)));
        let mut bids = book.levels(Side::Buy).take(self.known);
        let mut asks = book.levels(Side::Sell).take(self.known);
        for _ in 0..self.levels {
            self.level(bids.next());
            self.level(asks.next());
        }
        if self.rows == Rows::Json {
            self.text.push(b'}');
        }
        self.text.push(b'\n');
    }

    fn level(&mut self, level: Option<PriceLevel>) {
        self.price(level.map(|level| level.price));
        self.number(level.map(|level| level.size));
        self.number(level.map(|level| u64::from(level.orders)));
    }

    /// What stands before a value.
    fn before(&mut self, there: bool) {
        match self.rows {
            Rows::Csv if self.column == 0 => {}
            Rows::Csv => self.text.push(b','),
            Rows::Json => {
                self.text.push(if self.column == 0 { b'{' } else { b',' });
                self.text.push(b'"');
                self.text.extend_from_slice(self.names[self.column].as_bytes());
                self.text.extend_from_slice(if there { b"\":" } else { b"\":null" });
            }
        }
        self.column += 1;
    }

    fn number(&mut self, number: Option<u64>) {
        self.before(number.is_some());
        if let Some(number) = number {
            digits(&mut self.text, number, 1);
        }
    }

    fn letter(&mut self, letter: u8) {
        self.before(true);
        // Damaged files may hold any byte here.
        let letter = if letter.is_ascii_alphanumeric() { letter } else { b'N' };
        match self.rows {
            Rows::Csv => self.text.push(letter),
            Rows::Json => self.text.extend_from_slice(&[b'"', letter, b'"']),
        }
    }

    /// A decimal, exact, with two digits after its point or as many as it needs.
    fn price(&mut self, price: Option<i64>) {
        self.before(price.is_some());
        let Some(price) = price else { return };
        let quoted = self.rows == Rows::Json;
        if quoted {
            self.text.push(b'"');
        }
        if price < 0 {
            self.text.push(b'-');
        }
        let unit = 10_u64.pow(self.decimals);
        let (whole, mut part) = (price.unsigned_abs() / unit, price.unsigned_abs() % unit);
        digits(&mut self.text, whole, 1);
        self.text.push(b'.');
        let mut length = self.decimals as usize;
        while length > 2 && part % 10 == 0 {
            part /= 10;
            length -= 1;
        }
        digits(&mut self.text, part, length);
        if quoted {
            self.text.push(b'"');
        }
    }

    fn write(&mut self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(&self.text)?;
        self.text.clear();
        Ok(())
    }
}

/// A number with at least so many digits.
fn digits(text: &mut Vec<u8>, mut number: u64, least: usize) {
    let mut buffer = [b'0'; 20];
    let mut at = buffer.len();
    while number > 0 || buffer.len() - at < least {
        at -= 1;
        buffer[at] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    text.extend_from_slice(&buffer[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(rows: Rows, decimals: u32) -> String {
        let mut book = OrderBook::new();
        let unit = 10_i64.pow(decimals);
        book.add(1, Side::Buy, 5_330 * unit / 1_000, 7);
        let mut table = Table::new(2, 10, decimals, rows);
        let step = Step {
            ts_event: 9,
            sequence: 0,
            action: b'A',
            side: b'B',
            price: Some(-unit / 8 - unit),
            size: 7,
        };
        table.row(&step, &book);
        table.row(&Step { price: None, action: 0, ..step }, &OrderBook::new());
        String::from_utf8(table.text).unwrap()
    }

    #[test]
    fn rows_have_the_names_of_mbp_and_nothing_where_there_is_no_level() {
        let names = "ts_event,sequence,action,side,price,size,bid_px_00,bid_sz_00,bid_ct_00,ask_px_00,ask_sz_00,ask_ct_00,bid_px_01,bid_sz_01,bid_ct_01,ask_px_01,ask_sz_01,ask_ct_01";
        let expected = format!("{names}\n9,0,A,B,-1.125,7,5.33,7,1,,,,,,,,,\n9,0,N,B,,7,,,,,,,,,,,,\n");
        assert_eq!(shown(Rows::Csv, 4), expected);
        assert_eq!(shown(Rows::Csv, 9), expected);
    }

    #[test]
    fn rows_of_json_hold_the_same() {
        let text = shown(Rows::Json, 9);
        let rows: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((rows.len(), rows[0].as_object().unwrap().len()), (2, 18));
        assert_eq!((&rows[0]["price"], &rows[0]["bid_px_00"]), (&"-1.125".into(), &"5.33".into()));
        assert!(rows[0]["ask_px_00"].is_null() && rows[1]["bid_px_00"].is_null());
    }
}
