//! `alphatrader data inspect`: what recorded files hold.

use std::path::Path;

use alphatrader_history::inspect::{FileReport, Recorded};
use alphatrader_model::Calendar;
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::Output;
use crate::failure::Failure;
use crate::print_json;

/// Runs the command. JSON is one object for a file, an array of them for a folder.
///
/// # Errors
/// A source that does not exist or cannot be listed.
pub(crate) fn inspect(source: &Path, output: Output) -> Result<(), Failure> {
    let calendar = Calendar::xnys();
    let inspection =
        alphatrader_history::inspect(source, &calendar).map_err(|e| Failure::new(e.to_string()))?;
    let progress = inspection.progress();
    let bar = ProgressBar::new(progress.total());
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent:>3} %  {bytes}/{total_bytes}") {
        bar.set_style(style);
    }
    let mut reports = Vec::new();
    for report in inspection {
        bar.set_position(progress.read());
        if output == Output::Text {
            bar.suspend(|| describe(&report));
        }
        reports.push(report);
    }
    bar.finish_and_clear();
    match (output, reports.as_slice()) {
        (Output::Text, _) => Ok(()),
        (Output::Json, [one]) if source.is_file() => print_json(one),
        (Output::Json, all) => print_json(&all),
    }
}

fn describe(report: &FileReport) {
    println!("{}", report.file);
    let symbol = report.symbol.map_or("-".to_string(), |s| s.to_string());
    println!("  {} of {symbol}", report.kind);
    if let Some(reason) = &report.reason {
        println!("  {reason}");
    }
    if let (Some(first), Some(last)) = (report.first, report.last) {
        println!("  {first} to {last}");
    }
    let records: Vec<String> = report.records.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    if !records.is_empty() {
        println!("  records: {}", records.join(", "));
    }
    if let Some(trades) = &report.trades {
        let number = |n: Option<u64>| n.map_or("not stated".to_string(), |n| n.to_string());
        let price = |p: Option<alphatrader_model::Price>| p.map_or("-".to_string(), |p| p.to_string());
        println!(
            "  trades: {} of {} shares (bought {}, sold {}, no aggressor stated {}), {} to {}",
            number(trades.count),
            trades.volume,
            number(trades.buy),
            number(trades.sell),
            number(trades.unknown),
            price(trades.low),
            price(trades.high)
        );
    }
    if let Some(recording) = &report.recording {
        describe_recording(recording);
    }
    if report.malformed > 0 {
        println!("  malformed: {}", report.malformed);
        for example in &report.malformed_examples {
            println!("    {example}");
        }
    }
}

fn describe_recording(recording: &Recorded) {
    let Recorded { program, date, market, incarnation, part, recovered, .. } = recording;
    println!("  {date}, {market} market, start {incarnation}, part {part}, recorded by {program}");
    println!("  the ledger knew {recovered} records at the start");
    if !recording.rebuilt_from.is_empty() {
        println!("  chart and VPIN went on from {}", recording.rebuilt_from.join(", "));
    }
    if let Some(digest) = &recording.digest {
        println!("  last digest: {digest}");
    }
    let end = match (recording.ended, recording.torn_bytes) {
        (true, _) => "ended in order".to_owned(),
        (false, 0) => "no end: the process was killed, or is still running".to_owned(),
        (false, bytes) => {
            format!("no end: the last {bytes} bytes were being written when the process stopped")
        }
    };
    println!("  {end}");
    if recording.lost > 0 {
        println!("  lost: {} ranges of events were not recorded", recording.lost);
    }
}
