//! What is generated from the code and committed: TypeScript types for the page.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use ts_rs::{Config, ExportError, TS};

use crate::protocol::{ClientMessage, ServerMessage};
use crate::view;

/// Writes the TypeScript types of every view and message into `folder`.
///
/// # Errors
/// A file can't be written.
pub fn write_typescript(folder: &Path) -> Result<(), ExportError> {
    // Integers of ours fit the 53 bits of a JavaScript number: volumes, counts and sequences.
    let config = Config::new().with_out_dir(folder).with_large_int("number");
    view::StatusView::export_all(&config)?;
    view::StreamsView::export_all(&config)?;
    view::AccountView::export_all(&config)?;
    view::RiskView::export_all(&config)?;
    view::PositionView::export_all(&config)?;
    view::OrderView::export_all(&config)?;
    view::SignalView::export_all(&config)?;
    view::ExecutionView::export_all(&config)?;
    view::AlertView::export_all(&config)?;
    view::CommandView::export_all(&config)?;
    view::GatesView::export_all(&config)?;
    view::QuoteView::export_all(&config)?;
    view::FeaturesView::export_all(&config)?;
    view::BarView::export_all(&config)?;
    view::VpinPoint::export_all(&config)?;
    view::BookView::export_all(&config)?;
    view::TapeView::export_all(&config)?;
    view::MeasureView::export_all(&config)?;
    view::MeasureInfo::export_all(&config)?;
    view::PointView::export_all(&config)?;
    view::StateView::export_all(&config)?;
    view::MarkView::export_all(&config)?;
    view::ExclusionView::export_all(&config)?;
    view::DepthColumn::export_all(&config)?;
    view::OptionsView::export_all(&config)?;
    view::LevelsView::export_all(&config)?;
    view::SentimentView::export_all(&config)?;
    view::ParametersView::export_all(&config)?;
    ClientMessage::export_all(&config)?;
    ServerMessage::export_all(&config)?;
    Ok(())
}

/// The files of a folder by name, to compare what is committed with what the code says.
///
/// # Errors
/// The folder or a file in it can't be read.
pub fn files(folder: &Path) -> io::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        found
            .insert(entry.file_name().to_string_lossy().into_owned(), std::fs::read_to_string(entry.path())?);
    }
    Ok(found)
}
