//! The grammar of `alphatrader calendar`.

use std::path::PathBuf;

use clap::Args;

use super::Output;

/// Arguments of `calendar`.
#[derive(Debug, Args)]
pub(crate) struct CalendarArgs {
    /// First exchange date, YYYY-MM-DD. [default: today]
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<String>,
    /// Last exchange date, at most two years later. [default: four weeks later]
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<String>,
    /// Economic events: CSV with the columns `datetime_et`, name, impact, country, or ICS.
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}
