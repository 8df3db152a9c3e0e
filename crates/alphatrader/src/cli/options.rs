//! The grammar of `alphatrader options`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What to do with options.
#[derive(Debug, Subcommand)]
pub(crate) enum OptionsCommand {
    /// Price a table of options: eight values a row, European and American.
    ///
    /// Reads CSV with the columns `id,style,type,spot,strike,minutes,rate,yield,vol`, in any order and with others
    /// beside them. Style is E (European) or A (American), type C or P; spot and strike are dollars; minutes are
    /// calendar minutes to settlement (a day has 1440); rate and yield are continuous fractions a year (0.043 is
    /// 4.3 %); vol is a fraction per square root of a year (0.12 is 12 vol). An option on a future has its rate as
    /// yield.
    ///
    /// Writes a row for each, in order, as soon as it is read: price in dollars a share; delta and gamma per dollar
    /// of spot; vega and rho per 1.00 of volatility and rate; theta and charm per year as time passes (divide by 365
    /// for a day); vanna, the change of delta for 1.00 of volatility. A row that cannot be priced has a reason and
    /// no values, and the next one goes on. At and after expiry an option is worth its intrinsic value; less than a
    /// minute is priced as a minute, which stderr counts.
    ///
    /// European values are the closed form. American ones come from a Leisen-Reimer tree of 301 steps: price within
    /// 1e-4 of the strike, mostly within a cent.
    #[command(after_help = "\
Examples:
  alphatrader options price options.csv
  alphatrader options price options.csv --output json | jq -r 'select(.reason) | [.id, .reason] | @tsv'
  printf 'id,style,type,spot,strike,minutes,rate,yield,vol\\na,E,C,600,602,240,0.043,0.012,0.12\\n' |
      alphatrader options price -")]
    Price(PriceArgs),
}

/// Arguments of `options price`.
#[derive(Debug, Args)]
pub(crate) struct PriceArgs {
    /// The table, or `-` for stdin.
    #[arg(value_name = "FILE|-")]
    pub(crate) source: PathBuf,
    /// How rows are written.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: RowFormat,
}

/// How rows are written on stdout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// Text, a line a row, with a line of names.
    #[default]
    Csv,
    /// A JSON object a line.
    Json,
}
