//! The grammar of `alphatrader options`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::chains::{ChainArgs, CompareArgs, ExposureArgs};

/// What to do with options.
#[derive(Debug, Subcommand)]
pub(crate) enum OptionsCommand {
    /// Sum a chain: what dealers have to trade as spot, volatility and time move, and the levels that follow.
    ///
    /// Gamma, delta, vanna and charm exposures with call and put sides, by strike, by expiry and for 0dte, 1dte, up
    /// to 14 days and all; gamma flip by revaluation, walls, max pain, expected move, put/call ratios, unusual
    /// volume. Formulas and units stand in docs/options.md. Every number is an assumption about who holds what: the
    /// dealers' side is printed beside it, and rows that were left out are counted by reason.
    ///
    /// Greeks are implied from the quotes here (`--greeks own`, the default): the side out of the money at each
    /// strike, calendar minutes to settlement, forwards from put-call parity. `--greeks vendor` takes delta and gamma
    /// as the source states them. Settled contracts are left out.
    ///
    /// Of a day of quotes `--at` chooses the instant: what is shown was known then.
    #[command(after_help = "\
Examples:
  alphatrader options exposure spy_quotedata.csv
  alphatrader options exposure SPY_delayed.json.zst --greeks vendor --output json | jq '.gex, .levels'
  alphatrader options exposure lean/option/usa/minute/goog/20151224_quote_american.zip --at 11:00
  alphatrader options exposure data/lean --symbol GOOG --date 2015-12-24 --at 11:00 --dealer-sign short-both")]
    Exposure(ExposureArgs),

    /// Print a chain: quotes, volume, open interest, own volatility and Greeks beside the source's.
    #[command(after_help = "\
Examples:
  alphatrader options chain spy_quotedata.csv --expiry 2023-09-15
  alphatrader options chain data/lean --symbol GOOG --date 2015-12-24 --at 11:00 --output csv
  alphatrader options chain spx_quotedata.csv --symbol SPXW --output json | jq '.rows[0]'")]
    Chain(ChainArgs),

    /// Compare own volatility and Greeks with those that the source states, by tenor and moneyness.
    ///
    /// Contracts out of the money whose own quote implies a volatility. Median and largest differences; which way the
    /// median lies; docs/options.md explains them. Prints a Markdown table.
    #[command(after_help = "\
Examples:
  alphatrader options compare spy_quotedata.csv")]
    Compare(CompareArgs),

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
