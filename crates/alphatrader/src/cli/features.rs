//! The grammar of `alphatrader features`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Arguments of `features`.
#[derive(Debug, Args)]
pub(crate) struct FeaturesArgs {
    /// Files or folders of recorded markets; days that several of them have are merged.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Symbols; all when none is named.
    #[arg(long, value_name = "S")]
    pub(crate) symbol: Vec<String>,
    /// One exchange date, YYYY-MM-DD; all days, one after the other, when none is named.
    #[arg(long, value_name = "D")]
    pub(crate) date: Option<String>,
    /// When a row is written: `trade`, `bucket`, or a time such as `1s` or `5m`.
    #[arg(long, value_name = "WHEN", default_value = "1s")]
    pub(crate) every: String,
    /// How rows are written.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: SheetFormat,
    /// The file to write, whole or not at all; stdout when none is named.
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// Beside each measure how many observations it rests on, and what was wrong with them.
    #[arg(long)]
    pub(crate) quality: bool,
    /// Shares in a VPIN bucket. [default: the found value, else the configuration's]
    #[arg(long, value_name = "SHARES", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub(crate) vpin_bucket_volume: Option<u64>,
    /// Buckets in the VPIN window. [default: the found value, else the configuration's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_024))]
    pub(crate) vpin_window: Option<u32>,
    /// Who signs the trades: native, tick, quote, lee-ready, emo, clnv or bvc.
    /// [default: the feed's own word, else lee-ready]
    #[arg(long, value_name = "RULE")]
    pub(crate) classify: Option<String>,
    /// Which prints pass the gate in front of all measures.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) admit: AdmitChoice,
    /// Found parameters; those in force at a session's opening are taken, flags go before them.
    /// [default: discovered.yaml in the state folder, where there is one]
    #[arg(long, value_name = "FILE", conflicts_with = "no_discovered")]
    pub(crate) discovered: Option<PathBuf>,
    /// The configuration's values and the flags alone, whatever was found.
    #[arg(long)]
    pub(crate) no_discovered: bool,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SheetFormat {
    /// Text, a line a row, with a line of names.
    #[default]
    Csv,
    /// Apache Parquet, into a file.
    Parquet,
    /// A JSON object a line.
    Json,
}

/// Which prints pass the gate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum AdmitChoice {
    /// Those that the rules admit.
    #[default]
    Default,
    /// All with a price and a size, whatever their conditions: for comparison.
    All,
}
