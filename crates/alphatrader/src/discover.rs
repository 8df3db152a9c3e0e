//! `alphatrader discover` and `alphatrader data synthesize`: parameters from recorded sessions, and sessions to
//! find them in.

mod table;

use std::path::PathBuf;

use alphatrader_history::{Days, Progress};
use alphatrader_jobs::discover::Step;
use alphatrader_jobs::synthesize::{Market, Plan, synthesize};
use alphatrader_jobs::{Request, discover as find, file, threads};
use alphatrader_model::{Calendar, Discovered, Symbol};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use serde::Serialize;

use crate::cli::{DiscoverArgs, Output, SynthesizeArgs, WorldName};
use crate::config::Config;
use crate::failure::Failure;
use crate::print_json;

/// What is printed as JSON.
#[derive(Serialize)]
struct Report<'d> {
    file: PathBuf,
    discovered: &'d Discovered,
}

/// Runs `discover`: a table on stdout, or one JSON document; the file beside it.
///
/// # Errors
/// Nothing to search, a source that cannot be read, a file that cannot be written.
pub(crate) fn discover(config: &Config, args: &DiscoverArgs) -> Result<(), Failure> {
    let source = Days::of(&args.source, &Calendar::xnys()).map_err(|e| Failure::new(e.to_string()))?;
    let known: Vec<Date> = source.iter().map(|(date, _)| date).collect();
    let end = |asked: &Option<String>, name, known: Option<&Date>| match asked {
        Some(text) => date(name, text),
        None => known.copied().ok_or_else(|| Failure::new("the source holds no session")),
    };
    let at = alphatrader_model::Timestamp::from_nanos(i64::MIN);
    let incumbent = match &args.incumbent {
        Some(path) => Some(usable(file::read(path, &config.trading, at), path)?),
        None => None,
    };
    let request = Request {
        symbols: symbols(&args.symbol)?,
        from: end(&args.from, "--from", known.first())?,
        to: end(&args.to, "--to", known.last())?,
        threads: args.threads.unwrap_or_else(threads::available),
        seed: args.seed,
        settings: config.trading.clone(),
        incumbent,
        git: option_env!("ALPHATRADER_GIT").map(str::to_owned),
    };
    let bar = step_bar();
    let found = find(&source, &request, &Progress::default(), &|step| show(&bar, step));
    bar.finish_and_clear();
    let found = found.map_err(|e| Failure::new(e.to_string()))?;
    let path = args.to_file.clone().unwrap_or_else(|| config.state.directory.join(file::NAME));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|e| Failure::new(format!("{} cannot be made: {e}", folder.display())))?;
    }
    file::write(&path, &found).map_err(|e| Failure::new(e.to_string()))?;
    match args.output {
        Output::Json => print_json(&Report { file: path, discovered: &found }),
        Output::Text => {
            print!("{}", table::text(&found));
            println!("written to {}", path.display());
            Ok(())
        }
    }
}

fn usable(incumbent: Discovered, path: &std::path::Path) -> Result<Discovered, Failure> {
    match &incumbent.unusable {
        Some(reason) => Err(Failure::config(format!("--incumbent {}: {reason}", path.display()))),
        None => Ok(incumbent),
    }
}

/// Runs `data synthesize`: a line on stdout, or one JSON document.
///
/// # Errors
/// A number out of range, a folder that holds recordings or cannot be written.
pub(crate) fn make(args: &SynthesizeArgs) -> Result<(), Failure> {
    let world = |kind| Market::World(kind);
    let market = match args.world {
        WorldName::Market => Market::Usual { depth: args.depth },
        WorldName::NoInformation => world(alphatrader_jobs::synthesize::WorldKind::NoInformation),
        WorldName::Regimes => world(alphatrader_jobs::synthesize::WorldKind::Regimes),
        WorldName::Episodes => world(alphatrader_jobs::synthesize::WorldKind::Episodes),
    };
    let mut symbols = symbols(&args.symbol)?;
    if symbols.is_empty() {
        symbols = symbols_of("SPY")?;
    }
    let plan = Plan {
        market,
        seed: args.seed,
        symbols,
        from: date("--from", &args.from)?,
        sessions: args.sessions,
        threads: args.threads.unwrap_or_else(threads::available),
    };
    let bar = step_bar();
    let made = synthesize(&plan, &args.to, |done, of| show(&bar, Step { what: "sessions", done, of }));
    bar.finish_and_clear();
    let made = made.map_err(|e| Failure::new(e.to_string()))?;
    match args.output {
        Output::Json => print_json(&made),
        Output::Text => {
            let (first, last) = (made.dates.first(), made.dates.last());
            if let (Some(first), Some(last)) = (first, last) {
                println!(
                    "{}: {} sessions from {first} to {last}, {} events",
                    args.to.display(),
                    made.dates.len(),
                    made.events
                );
            }
            Ok(())
        }
    }
}

pub(crate) fn step_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:>12} {bar:40} {pos}/{len}  {elapsed}");
    let bar = ProgressBar::new(1);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn show(bar: &ProgressBar, step: Step) {
    bar.set_message(step.what);
    bar.set_length(step.of as u64);
    bar.set_position(step.done as u64);
}

fn symbols(asked: &[String]) -> Result<Vec<Symbol>, Failure> {
    let mut all: Vec<Symbol> = Vec::new();
    for symbol in asked.iter().map(|text| symbols_of(text)).collect::<Result<Vec<_>, _>>()?.concat() {
        if !all.contains(&symbol) {
            all.push(symbol);
        }
    }
    Ok(all)
}

/// One symbol, or several with commas between.
fn symbols_of(text: &str) -> Result<Vec<Symbol>, Failure> {
    let read = |text: &str| {
        text.trim().to_ascii_uppercase().parse().map_err(|e| Failure::config(format!("--symbol: {e}")))
    };
    text.split(',').map(read).collect()
}

fn date(name: &str, text: &str) -> Result<Date, Failure> {
    text.parse().map_err(|_| Failure::config(format!("{name} `{text}` is not a date such as 2026-01-05")))
}
