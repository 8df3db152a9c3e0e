//! `alphatrader options price`: a table of options, priced row by row.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use alphatrader_analytics::options::american::{AmericanError, DividendModel};
use alphatrader_analytics::options::{MINUTES_PER_YEAR, PricingError, Terms, Tree, Valuation, value};
use alphatrader_model::Right;
use alphatrader_model::chain::Exercise;
use serde::Serialize;

use super::table::{self, Line};
use crate::cli::{PriceArgs, RowFormat};
use crate::failure::Failure;

/// Steps of the tree of American options: a table is no hot path, and three times the usual steps are nine times the work.
const STEPS: usize = 301;

/// Rows are written in pieces of whole lines of this size, and at the end.
const PIECE: usize = 64 * 1_024;

/// Columns that a table must have.
const COLUMNS: [&str; 9] = ["id", "style", "type", "spot", "strike", "minutes", "rate", "yield", "vol"];

/// Runs the command.
///
/// # Errors
/// A table that cannot be read or has no header with these columns, an output that cannot be written. A reader of the
/// output that has seen enough is no error.
pub(crate) fn price(args: &PriceArgs) -> Result<(), Failure> {
    let source: Box<dyn BufRead> = if args.source == Path::new("-") {
        Box::new(BufReader::new(io::stdin().lock()))
    } else {
        let file = File::open(&args.source).map_err(|e| {
            Failure::new(format!("{} cannot be read: {e}; `-` reads from stdin", args.source.display()))
        })?;
        Box::new(BufReader::new(file))
    };
    let counts = match run(source, io::stdout().lock(), args.output) {
        Ok(counts) => counts,
        Err(Stopped::Header(why)) => return Err(Failure::new(format!("{}: {why}", args.source.display()))),
        Err(Stopped::Read(error)) => {
            return Err(Failure::new(format!("{} cannot be read: {error}", args.source.display())));
        }
        Err(Stopped::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
        Err(Stopped::Write(error)) => return Err(Failure::new(format!("rows cannot be written: {error}"))),
    };
    eprintln!("{} rows, {} of them with a reason in place of values", counts.rows, counts.refused);
    if counts.clamped > 0 {
        eprintln!("{} with less than a minute left, priced as a minute", counts.clamped);
    }
    Ok(())
}

/// Why the stream ended early.
enum Stopped {
    Header(String),
    Read(io::Error),
    Write(io::Error),
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    rows: u64,
    refused: u64,
    clamped: u64,
}

/// A row on its way out.
#[derive(Serialize)]
struct Priced<'a> {
    id: &'a str,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    values: Option<Values>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Values {
    price: f64,
    delta: f64,
    gamma: f64,
    vega: f64,
    theta: f64,
    rho: f64,
    vanna: f64,
    charm: f64,
    clamped: bool,
}

fn run(mut source: impl BufRead, mut out: impl Write, format: RowFormat) -> Result<Counts, Stopped> {
    let mut line = Vec::new();
    let columns = header(&mut source, &mut line)?;
    let mut text = Vec::with_capacity(2 * PIECE);
    if format == RowFormat::Csv {
        text.extend_from_slice(b"id,price,delta,gamma,vega,theta,rho,vanna,charm,reason\n");
    }
    let mut tree = Tree::new(STEPS).expect("an odd number of steps within bounds");
    let mut counts = Counts::default();
    loop {
        let kind = table::next_line(&mut source, &mut line).map_err(Stopped::Read)?;
        let content = core::str::from_utf8(&line);
        let cells = match (kind, content) {
            (Line::End, _) => break,
            (Line::Whole, Ok(content)) if content.trim().is_empty() || content.starts_with('#') => continue,
            (_, Ok(content)) => table::cells(content),
            (_, Err(_)) => vec![],
        };
        let id = cells.get(columns.places[0]).map_or("", String::as_str);
        let found = match (kind, content) {
            (Line::Long, _) => Err(format!("long_line: a line has more than {} bytes", table::MAX_LINE)),
            (_, Err(_)) => Err("not_utf8: the line is no UTF-8 text".to_owned()),
            _ => columns.row(&cells).and_then(|row| row.price(&mut tree)),
        };
        // The start of a line that is too long may be anything.
        let id = if kind == Line::Long { "" } else { id };
        counts.rows += 1;
        match &found {
            Ok(valuation) => counts.clamped += u64::from(valuation.clamped),
            Err(_) => counts.refused += 1,
        }
        write_row(&mut text, format, id, found.as_ref()).map_err(Stopped::Write)?;
        if text.len() >= PIECE {
            out.write_all(&text).map_err(Stopped::Write)?;
            text.clear();
        }
    }
    out.write_all(&text).and_then(|()| out.flush()).map_err(Stopped::Write)?;
    Ok(counts)
}

/// Where each column stands.
struct Columns {
    places: [usize; COLUMNS.len()],
    count: usize,
}

/// Reads up to the line of names.
fn header(source: &mut impl BufRead, line: &mut Vec<u8>) -> Result<Columns, Stopped> {
    let wanted = COLUMNS.join(",");
    loop {
        match table::next_line(source, line).map_err(Stopped::Read)? {
            Line::End => {
                return Err(Stopped::Header(format!("the table is empty; its first line must be {wanted}")));
            }
            Line::Long => {
                return Err(Stopped::Header(format!("the first line is too long; it must be {wanted}")));
            }
            Line::Whole => {}
        }
        let text = String::from_utf8_lossy(line);
        let text = text.trim_start_matches('\u{feff}');
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        let names = table::cells(text);
        let mut places = [0; COLUMNS.len()];
        let mut missing = Vec::new();
        for (place, name) in places.iter_mut().zip(COLUMNS) {
            match names.iter().position(|cell| cell.eq_ignore_ascii_case(name)) {
                Some(found) => *place = found,
                None => missing.push(name),
            }
        }
        if missing.is_empty() {
            return Ok(Columns { places, count: names.len() });
        }
        return Err(Stopped::Header(format!(
            "the first line has no column {}; it must be {wanted}",
            missing.join(", ")
        )));
    }
}

/// A row that was understood.
struct Row {
    exercise: Exercise,
    terms: Terms,
    volatility: f64,
}

impl Columns {
    fn row(&self, cells: &[String]) -> Result<Row, String> {
        if cells.len() != self.count {
            return Err(format!(
                "cells: the row has {} cells and the first line {}",
                cells.len(),
                self.count
            ));
        }
        let cell = |column: usize| cells[self.places[column]].as_str();
        let number = |column: usize| {
            let text = cell(column);
            let parsed: Option<f64> = text.parse().ok();
            parsed.ok_or_else(|| format!("bad_number: {} `{}` is no number", COLUMNS[column], shown(text)))
        };
        let exercise = match cell(1) {
            "E" | "e" => Exercise::European,
            "A" | "a" => Exercise::American,
            other => return Err(format!("bad_style: style `{}` is neither E nor A", shown(other))),
        };
        let right = match cell(2) {
            "C" | "c" => Right::Call,
            "P" | "p" => Right::Put,
            other => return Err(format!("bad_type: type `{}` is neither C nor P", shown(other))),
        };
        let terms = Terms {
            right,
            spot: number(3)?,
            strike: number(4)?,
            years: number(5)? / MINUTES_PER_YEAR,
            rate: number(6)?,
            dividend_yield: number(7)?,
        };
        Ok(Row { exercise, terms, volatility: number(8)? })
    }
}

/// The start of a cell, for a message.
fn shown(text: &str) -> String {
    text.chars().take(24).collect()
}

impl Row {
    fn price(&self, tree: &mut Tree) -> Result<Valuation, String> {
        match self.exercise {
            Exercise::European => {
                value(&self.terms, self.volatility).map_err(|e| format!("{}: {e}", name(&e)))
            }
            Exercise::American => tree
                .value(&self.terms, self.volatility, &[], DividendModel::SpotDrop)
                .map(|american| american.valuation)
                .map_err(|e| match e {
                    AmericanError::Pricing(e) => format!("{}: {e}", name(&e)),
                    e => format!("no_tree: {e}"),
                }),
        }
    }
}

/// A short fixed name of what cannot be priced.
const fn name(error: &PricingError) -> &'static str {
    match error {
        PricingError::Spot(_) => "bad_spot",
        PricingError::Strike(_) => "bad_strike",
        PricingError::Years(_) => "bad_minutes",
        PricingError::Rate(_) => "bad_rate",
        PricingError::Volatility(_) => "iv_out_of_range",
    }
}

fn write_row(
    text: &mut Vec<u8>,
    format: RowFormat,
    id: &str,
    found: Result<&Valuation, &String>,
) -> io::Result<()> {
    // Zero has no sign.
    let values = found.ok().map(|v| Values {
        price: v.price + 0.0,
        delta: v.delta + 0.0,
        gamma: v.gamma + 0.0,
        vega: v.vega + 0.0,
        theta: v.theta + 0.0,
        rho: v.rho + 0.0,
        vanna: v.vanna + 0.0,
        charm: v.charm + 0.0,
        clamped: v.clamped,
    });
    let reason = found.err().map(String::as_str);
    match format {
        RowFormat::Json => serde_json::to_writer(&mut *text, &Priced { id, values, reason })?,
        RowFormat::Csv => {
            table::write_cell(text, id);
            match values {
                Some(v) => {
                    for x in [v.price, v.delta, v.gamma, v.vega, v.theta, v.rho, v.vanna, v.charm] {
                        text.push(b',');
                        serde_json::to_writer(&mut *text, &x)?;
                    }
                    text.push(b',');
                }
                None => text.extend_from_slice(b",,,,,,,,,"),
            }
            table::write_cell(text, reason.unwrap_or_default());
        }
    }
    text.push(b'\n');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "id,style,type,spot,strike,minutes,rate,yield,vol\n";

    fn priced(table: &str, format: RowFormat) -> (Vec<String>, Counts) {
        let mut out = Vec::new();
        let Ok(counts) = run(table.as_bytes(), &mut out, format) else { panic!("the table has a header") };
        (String::from_utf8(out).unwrap().lines().map(str::to_owned).collect(), counts)
    }

    #[test]
    fn each_row_has_values_or_a_reason() {
        let rows = "a,E,C,600,602,240,0.043,0.012,0.12\n\
                    \n# a remark\n\
                    b,A,P,600,660,20160,0.043,0.012,0.16\n\
                    c,E,C,600,602,240,0.043,0.012,6\n\
                    d,X,C,600,602,240,0.043,0.012,0.1\n\
                    e,E,Q,600,602,240,0.043,0.012,0.1\n\
                    f,E,C,600,,240,0.043,0.012,0.1\n\
                    g,E,C,NaN,602,240,0.043,0.012,0.1\n\
                    h,E,C,600,602\n\
                    \"i,1\",E,C,600,590,0,0.043,0.012,0.1\n\
                    j,E,C,600,600,0.5,0.043,0.012,0.1\n";
        let (lines, counts) = priced(&format!("{HEADER}{rows}"), RowFormat::Csv);
        assert_eq!(counts, Counts { rows: 10, refused: 6, clamped: 1 });
        let starts = [
            "id,price,delta,gamma,vega,theta,rho,vanna,charm,reason",
            "a,0.0713271574559",
            "b,60.0,-1.0,0.0,0.0,0.0,0.0,0.0,0.0,",
            "c,,,,,,,,,iv_out_of_range: ",
            "d,,,,,,,,,bad_style: style `X` is neither E nor A",
            "e,,,,,,,,,bad_type: type `Q` is neither C nor P",
            "f,,,,,,,,,bad_number: strike `` is no number",
            "g,,,,,,,,,bad_spot: ",
            "h,,,,,,,,,cells: the row has 5 cells and the first line 9",
            "\"i,1\",10.0,1.0,0.0,0.0,0.0,0.0,0.0,0.0,",
            "j,",
        ];
        for (line, start) in lines.iter().zip(starts) {
            assert!(line.starts_with(start), "{line} / {start}");
        }
        assert_eq!(lines.len(), starts.len());
    }

    #[test]
    fn json_rows_are_objects() {
        let rows = "vol,yield,rate,minutes,strike,spot,type,style,id,note\n\
                    0.12,0.012,0.043,240,602,600,c,e,a,hello\n\
                    9,0.012,0.043,240,602,600,c,e,b,\n";
        let (lines, _) = priced(rows, RowFormat::Json);
        let row: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        assert!((row["delta"].as_f64().unwrap() - 0.098_357_427_043_581).abs() < 1e-12, "{row}");
        assert!(row.get("reason").is_none() && row["id"] == "a" && row["clamped"] == false);
        let row: serde_json::Value = serde_json::from_str(&lines[1]).unwrap();
        assert!(row.get("price").is_none() && row["reason"].as_str().unwrap().starts_with("iv_out_of_range"));
    }

    #[test]
    fn lines_that_are_no_rows_do_not_stop_the_stream() {
        let good = "z,E,C,600,602,240,0.043,0.012,0.12\n";
        let mut table = HEADER.as_bytes().to_vec();
        table.extend_from_slice(b"\xff\xfe\n");
        table.extend(core::iter::repeat_n(b'9', 3 * table::MAX_LINE));
        table.push(b'\n');
        table.extend_from_slice(good.as_bytes());
        let mut out = Vec::new();
        let Ok(counts) = run(&table[..], &mut out, RowFormat::Csv) else { panic!("it has a header") };
        assert_eq!((counts.rows, counts.refused), (3, 2));
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.contains("not_utf8") && text.contains("long_line") && text.contains("\nz,0.0713"),
            "{text}"
        );
    }

    #[test]
    fn a_table_without_its_columns_is_refused() {
        for (table, word) in [("", "empty"), ("1,2,3\n", "no column id"), ("id,style,type,spot\n", "strike")]
        {
            let Err(Stopped::Header(why)) = run(table.as_bytes(), Vec::new(), RowFormat::Csv) else {
                panic!("{table} has no header")
            };
            assert!(why.contains(word), "{why}");
        }
    }
}
