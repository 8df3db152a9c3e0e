//! `alphatrader data export` and `alphatrader data compact`: recorded markets as tables.

use std::path::Path;

use alphatrader_history::recording::Shelf;
use alphatrader_history::tables::compact::{compact, is_due};
use alphatrader_history::tables::folder::Written;
use alphatrader_history::tables::{Folder, Format, Kind};
use alphatrader_history::{Days, Malformed, Play, Progress};
use alphatrader_model::{Calendar, Symbol};
use indicatif::ProgressBar;
use jiff::civil::Date;

use crate::cli::{CompactArgs, ExportArgs, Output, Table, TableFormat};
use crate::config::Config;
use crate::failure::Failure;
use crate::print_json;
use crate::replay::{progress_bar, show_malformed};

impl Table {
    const fn kind(self) -> Kind {
        match self {
            Self::Quotes => Kind::Quotes,
            Self::Trades => Kind::Trades,
            Self::Depth => Kind::Depth,
            Self::Bars => Kind::Bars,
            Self::OptionQuotes => Kind::OptionQuotes,
            Self::Chain => Kind::Chain,
            Self::Chains => Kind::Chains,
            Self::Gaps => Kind::Gaps,
        }
    }
}

/// Runs `data export`: a line on stdout for each table, its path and its rows.
///
/// # Errors
/// Nothing to export, a source that cannot be read, a folder that cannot be written.
pub(crate) fn export(args: &ExportArgs) -> Result<(), Failure> {
    let days = Days::of(&args.source, &Calendar::xnys()).map_err(|e| Failure::new(e.to_string()))?.as_taken();
    let symbols = symbols(&args.symbol)?;
    let date = args.date.as_deref().map(date).transpose()?;
    let wanted: Vec<Date> = days
        .iter()
        .filter(|(day, _)| date.is_none_or(|date| date == *day))
        .filter(|(_, known)| symbols.is_empty() || symbols.iter().any(|symbol| known.contains(symbol)))
        .map(|(day, _)| day)
        .collect();
    if wanted.is_empty() {
        return Err(nothing(&days, &args.source));
    }
    let format = match args.output {
        TableFormat::Csv => Format::Csv,
        TableFormat::Parquet => Format::Parquet,
    };
    let kinds: Vec<Kind> = args.kind.iter().map(|table| table.kind()).collect();
    let progress = Progress::default();
    let bar = progress_bar(0);
    let mut malformed = 0;
    for day in wanted {
        let play = days.play(day, &symbols, &progress).map_err(|e| Failure::new(e.to_string()))?;
        bar.set_length(progress.total());
        let folder = Folder::new(args.to.join(day.to_string()), format, &kinds);
        let tables = write(play, folder, &bar, &progress, &mut malformed)?;
        bar.suspend(|| tables.iter().for_each(|table| println!("{} {}", table.path.display(), table.rows)));
    }
    bar.finish_and_clear();
    if malformed > 0 {
        eprintln!("{malformed} lines or parts could not be read");
    }
    Ok(())
}

fn write(
    play: Play,
    mut folder: Folder,
    bar: &ProgressBar,
    progress: &Progress,
    malformed: &mut u64,
) -> Result<Vec<Written>, Failure> {
    let failed = |e: alphatrader_history::tables::TableError| Failure::new(e.to_string());
    for (place, item) in play.enumerate() {
        match item {
            Ok(mut item) => folder.take(&mut item.input).map_err(failed)?,
            Err(line) => note(bar, malformed, &line),
        }
        if place % 4_096 == 0 {
            bar.set_position(progress.read());
        }
    }
    folder.finish().map_err(failed)
}

fn note(bar: &ProgressBar, malformed: &mut u64, line: &Malformed) {
    *malformed += 1;
    show_malformed(bar, *malformed, line);
}

fn symbols(asked: &[String]) -> Result<Vec<Symbol>, Failure> {
    let read = |text: &String| {
        text.to_ascii_uppercase().parse().map_err(|e| Failure::config(format!("--symbol: {e}")))
    };
    asked.iter().map(read).collect()
}

fn date(text: &str) -> Result<Date, Failure> {
    text.parse().map_err(|_| Failure::config(format!("--date `{text}` is not a date such as 2013-10-07")))
}

fn nothing(days: &Days, source: &Path) -> Failure {
    let shown = |(date, symbols): (Date, &std::collections::BTreeSet<Symbol>)| {
        let symbols: Vec<String> = symbols.iter().take(5).map(ToString::to_string).collect();
        format!("{date} ({})", symbols.join(", "))
    };
    let there: Vec<String> = days.iter().take(10).map(shown).collect();
    Failure::new(format!("{} has nothing of that; it has {}", source.display(), there.join(", ")))
}

/// Runs `data compact`: each day whose recordings the archive does not hold yet, or one that is named.
///
/// # Errors
/// A day without recordings, recordings that cannot be read, an archive that cannot be written.
pub(crate) fn compact_days(config: &Config, args: &CompactArgs) -> Result<(), Failure> {
    let shelf = Shelf::new(&config.recordings());
    let archive = config.archive();
    let days: Vec<Date> = match args.date.as_deref().map(date).transpose()? {
        Some(date) if shelf.files(date).is_empty() => {
            return Err(Failure::new(format!("{} has no recordings of {date}", shelf.root().display())));
        }
        Some(date) => vec![date],
        None => shelf.days().into_iter().filter(|day| is_due(&shelf, &archive, *day)).collect(),
    };
    let progress = Progress::default();
    let mut done = Vec::new();
    for day in days {
        let compacted = compact(&shelf, &archive, day, &progress).map_err(|e| Failure::new(e.to_string()))?;
        if args.output == Output::Text {
            println!("{day}: {} rows in {} tables", compacted.rows(), compacted.tables.len());
        }
        done.push(compacted);
    }
    match args.output {
        Output::Json => print_json(&done),
        Output::Text if done.is_empty() => {
            println!("the archive {} holds every recorded day", archive.display());
            Ok(())
        }
        Output::Text => Ok(()),
    }
}
