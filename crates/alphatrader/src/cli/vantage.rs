//! The grammar of `alphatrader serve-alpha-vantage`.

use clap::Args;

use super::Output;

/// Arguments of `serve-alpha-vantage`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Port on loopback; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 4_080)]
    pub(crate) port: u16,
    /// Seed of the synthetic market and of what goes wrong by chance: the same market as a gateway's.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Simulated seconds per second, above 0, at most 10000. Limits are of simulated time.
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    pub(crate) speed: f64,
    /// When simulated time begins: `now`, or an exchange time; outside a session, its next open.
    /// [default: 2026-03-16T09:30]
    #[arg(long, value_name = "TIME")]
    pub(crate) clock: Option<String>,
    /// Symbols to make; all of them when none is named.
    #[arg(long, value_name = "S")]
    pub(crate) symbol: Vec<String>,
    /// What goes wrong: names with probabilities such as `burst:0.02,slow:0.01`, or a file.
    #[arg(long, value_name = "LIST|FILE")]
    pub(crate) faults: Option<String>,
    /// Indent JSON by four spaces, as the vendor does.
    #[arg(long)]
    pub(crate) pretty: bool,
    /// What is logged to stderr.
    #[arg(long, value_name = "FILTER", default_value = "warn")]
    pub(crate) log: String,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}
