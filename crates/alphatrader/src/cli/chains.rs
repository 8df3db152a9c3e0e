//! The grammar of `alphatrader options exposure`, `chain` and `compare`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What a chain is read from, and at which instant.
#[derive(Debug, Clone, Args)]
pub(crate) struct ChainSource {
    /// A chain: Cboe's quote table (CSV or JSON), a LEAN option day (one of its zips, or a folder), a LEAN universe,
    /// daily rows of options, an answer of Alpha Vantage, or a recording of this system. Plain, .gz or .zst.
    #[arg(value_name = "FILE")]
    pub(crate) source: PathBuf,
    /// The underlying, where the source has several; or one root of its options (SPXW).
    #[arg(long, value_name = "S")]
    pub(crate) symbol: Option<String>,
    /// Exchange date, YYYY-MM-DD, where the source has several days or does not say its own.
    #[arg(long, value_name = "D")]
    pub(crate) date: Option<String>,
    /// New York time, HH:MM: of a day of quotes the instant to look at it (without it, the close); of a table that
    /// states its instant, the time to take instead.
    #[arg(long, value_name = "HH:MM")]
    pub(crate) at: Option<String>,
    /// Price of the underlying, dollars. [default: what the source states, else its minute bars, else put-call parity]
    #[arg(long, value_name = "DOLLARS", allow_negative_numbers = true)]
    pub(crate) spot: Option<f64>,
    /// Risk-free rate, continuous, a year.
    #[arg(long, value_name = "R", default_value_t = 0.04, allow_negative_numbers = true)]
    pub(crate) rate: f64,
    /// Dividend yield, continuous, a year. [default: forwards from put-call parity, expiry by expiry]
    #[arg(long = "yield", value_name = "Q", allow_negative_numbers = true)]
    pub(crate) dividend_yield: Option<f64>,
}

/// Arguments of `options exposure`.
#[derive(Debug, Args)]
pub(crate) struct ExposureArgs {
    #[command(flatten)]
    pub(crate) chain: ChainSource,
    /// On which side dealers are assumed to stand: an assumption, printed beside every number.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) dealer_sign: SignChoice,
    /// Whose Greeks the sums rest on.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) greeks: GreeksChoice,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: PictureFormat,
}

/// Arguments of `options chain`.
#[derive(Debug, Args)]
pub(crate) struct ChainArgs {
    #[command(flatten)]
    pub(crate) chain: ChainSource,
    /// One expiry, YYYY-MM-DD.
    #[arg(long, value_name = "D")]
    pub(crate) expiry: Option<String>,
    /// Strikes of an expiry that the table shows, those nearest to spot; 0 for all. CSV and JSON have all.
    #[arg(long, value_name = "N", default_value_t = 12)]
    pub(crate) strikes: usize,
    /// How rows are printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: ChainFormat,
}

/// Arguments of `options compare`.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    #[command(flatten)]
    pub(crate) chain: ChainSource,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: PictureFormat,
}

/// The dealers' side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SignChoice {
    /// Long calls, short puts.
    #[default]
    Naive,
    /// Short calls, long puts.
    Inverse,
    /// Short both.
    ShortBoth,
}

/// Whose Greeks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum GreeksChoice {
    /// As the source states them, every row that it states a gamma for.
    Vendor,
    /// Implied here from the quotes.
    #[default]
    Own,
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PictureFormat {
    /// For people.
    #[default]
    Table,
    /// One JSON document, for programs.
    Json,
}

/// How rows are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ChainFormat {
    /// For people: the strikes around spot.
    #[default]
    Table,
    /// An array of objects.
    Json,
    /// A line a row, with a line of names.
    Csv,
}
