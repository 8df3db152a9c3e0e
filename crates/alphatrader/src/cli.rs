//! The command line. An interface that others build on: results on stdout, progress and logs on stderr.

pub(crate) mod calendar;
mod chains;
mod features;
mod options;
pub(crate) mod vantage;

use std::path::PathBuf;

use alphatrader_store::hot::Place;
use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use chains::{
    ChainArgs, ChainFormat, ChainSource, CompareArgs, ExposureArgs, GreeksChoice, PictureFormat, SignChoice,
};
pub(crate) use features::{AdmitChoice, FeaturesArgs, SheetFormat};
pub(crate) use options::{OptionsCommand, PriceArgs, RowFormat};

/// Trades short-dated options on an Interactive Brokers account, or on a paper exchange of its own.
#[derive(Debug, Parser)]
#[command(name = "alphatrader", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
Start here:
  alphatrader run                              the whole system on a synthetic market, in the browser
  alphatrader gateway                          the paper exchange alone, for other programs
  alphatrader data inspect FOLDER              what is in a folder of recorded markets
  alphatrader replay FOLDER --symbol SPY --date 2013-10-07 --chain synthetic
                                               a recorded day through the same core
  alphatrader config check                     read the configuration and say what is wrong with it

Exit codes: 0 done, 1 failed, 2 asked wrongly (command line or configuration).")]
pub(crate) struct Cli {
    /// Configuration file. Without it: config/config.yaml where there is one, else the defaults.
    #[arg(long, global = true, value_name = "FILE", env = "ALPHATRADER_CONFIG")]
    pub(crate) config: Option<PathBuf>,

    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the whole system and serve the dashboard.
    ///
    /// On the defaults: a synthetic market behind a paper gateway in this process, reached over TCP
    /// as TWS would be; ledger and paper account in the state folder; dashboard on loopback. Prints
    /// one line with its URL when it is ready. Ctrl-C cancels working entries, keeps protective
    /// stops, saves and ends; a second Ctrl-C ends at once.
    #[command(after_help = "\
Examples:
  alphatrader run
  alphatrader run --speed 20 --seed 7          another market, twenty times as fast
  alphatrader run --store redis://127.0.0.1:6379   hot state in Redis too: redis-cli get market:SPY:last
  alphatrader run --port 0 --gateway-port 0 --state-dir /tmp/try --no-browser")]
    Run(RunArgs),

    /// Start the paper exchange alone: a server that speaks the TWS protocol.
    ///
    /// Programs written for TWS or IB Gateway connect to it unchanged: `ib_async` and `ibapi` of Python,
    /// Rust's ibapi and others, at server versions 157 to 178 (text) and 213 (protobuf). It listens on
    /// loopback, keeps an account of its own and works orders on a simulated market that is in
    /// session whatever the hour is. Prints one line when clients may connect. Ctrl-C ends it.
    #[command(after_help = "\
Examples:
  alphatrader gateway                          on port 4002, where paper accounts are expected
  alphatrader gateway --speed 20 --seed 7      another market, twenty times as fast
  alphatrader gateway --clock 2026-03-20T15:30 an expiry's last half hour
  alphatrader gateway --scenario daily-restart what happens every night at the broker, now
  alphatrader gateway --market data/lean --symbol SPY --clock 2013-10-07T09:30
  alphatrader gateway --state-dir paper        an account that is there again tomorrow")]
    Gateway(GatewayArgs),

    /// Start a local Alpha Vantage alone: option chains, news, quotes of a simulated market.
    ///
    /// Answers `GET /query` as the vendor does: the same functions, bodies, limits and refusals, on a market of its
    /// own that is the market of a gateway with the same seed. Its keys are `normal` (600 a minute, 10 a second),
    /// `free` (25 a day, one a second, no premium functions) and `demo` (the documentation's examples); any other is
    /// invalid. `GET /log` tells the requests that came with their times, `POST /fault?fault=NAME&times=N` makes the
    /// next ones go wrong. Prints one line when clients may connect. Ctrl-C ends it.
    #[command(after_help = "\
Examples:
  alphatrader serve-alpha-vantage --seed 7     the market that `gateway --seed 7` has
  alphatrader serve-alpha-vantage --port 0 --clock 2026-03-20T15:30 --speed 20
  alphatrader serve-alpha-vantage --faults burst:0.02,truncated:0.01,sample:0.005
  curl 'http://127.0.0.1:4080/query?function=REALTIME_OPTIONS&symbol=SPY&require_greeks=true&apikey=normal'
  curl -X POST 'http://127.0.0.1:4080/fault?fault=minute-limit&times=3'")]
    ServeAlphaVantage(vantage::ServeArgs),

    /// Print sessions, half days, expiries and economic events of the days to come.
    ///
    /// Events come from a file of yours where there is one (CSV with the columns `datetime_et`, name, impact, country, or
    /// ICS), and from rules for the others, marked `estimated`. What no rule foretells, such as the day of consumer
    /// prices, is missing without a file: then coverage is `unknown` rather than empty.
    #[command(after_help = "\
Examples:
  alphatrader calendar --from 2026-11-23 --to 2026-12-31
  alphatrader calendar --events events.csv
  alphatrader calendar --events bls.ics --output json | jq -r '.events[] | [.at, .name, .certainty] | @tsv'")]
    Calendar(calendar::CalendarArgs),

    /// Play a recorded day through the core: analytics, signals, risk, paper execution, ledger.
    ///
    /// Takes the finest trade and quote files it finds, a fresh ledger in a temporary folder and
    /// 100 000 dollars. The same day gives the same digest, bit for bit. Ends with one JSON object
    /// on stdout; progress and a summary go to stderr.
    ///
    /// Without --symbol, SOURCE is a recording that `run` made, or a folder of them: then every event
    /// goes in as it was taken, those of the broker and the ledger too, and the outputs are held
    /// against the recorded ones: identical, or the first event that differs and exit code 1.
    #[command(after_help = "\
Examples:
  alphatrader replay data/lean --symbol SPY --date 2013-10-07
  alphatrader replay data/lean --symbol SPY --date 2013-10-07 --chain synthetic --output json
  alphatrader replay state/recordings/2026-03-16/0001.atr
                                               what the system did that day, once more and compared
  alphatrader replay state/recordings --symbol SPY --date 2026-03-16
                                               the recorded market alone, with a simulated broker")]
    Replay(ReplayArgs),

    /// Compute every market measure over recorded days, as a table.
    ///
    /// Reads any market that `data inspect` knows, streaming, and writes a row each second, each print or each
    /// VPIN bucket. The columns stand in docs/analytics.md; those of `--every bucket` are
    /// `ts,bucket,vpin,vpin_cdf,vpin_null_ratio,ready`. What is not known is empty. What the admission gate left
    /// out, by reason, is on stderr at the end.
    #[command(after_help = "\
Examples:
  alphatrader features --symbol SPY --every bucket data/lean/equity/usa/tick/spy
  alphatrader features --symbol SPY --every 1s data/lean --output parquet --to spy.parquet
  alphatrader features --symbol SPY --every bucket data/lean --classify tick --admit all \\
      --vpin-bucket-volume 100000 --vpin-window 50")]
    Features(FeaturesArgs),

    /// Find the parameters that recorded sessions support, and say what they do not support.
    ///
    /// Reads each session once, on all cores, and searches: VPIN's bucket, window and alert level, how long
    /// the past counts, volatility regimes, the correlation of the symbols, the least size of a sweep, how
    /// fast icebergs refill. Nothing is taken on trust: choices are made on the first seven tenths of the
    /// sessions and confirmed on the rest, VPIN has to stand out among 199 worlds whose signs are drawn
    /// anew, regimes have to beat a GARCH model on sessions they were not fitted on, and every search is
    /// counted. What the data cannot support is refused with its reason, and the configuration stays in
    /// force. Ten sessions are the least, twenty are needed for most, a hundred and twenty for VPIN to have
    /// a fair chance.
    ///
    /// Prints a table, value beside default, and writes discovered.yaml, whole or not at all; the last
    /// thirty are kept in the folder `discovered` beside it. The same sessions and seed give the same
    /// bytes. `run` reads the file at its start and makes a new one every night.
    #[command(after_help = "\
Examples:
  alphatrader discover state/recordings
  alphatrader discover state/recordings --from 2025-11-03 --to 2026-01-14 --symbol SPY --symbol QQQ
  alphatrader data synthesize --world regimes --sessions 60 --to made
  alphatrader discover made --to-file found/discovered.yaml --output json | jq .discovered.symbols.SPY.regimes")]
    Discover(DiscoverArgs),

    /// Option chains, their exposures, and prices of options.
    #[command(subcommand)]
    Options(OptionsCommand),

    /// Look at recorded markets.
    #[command(subcommand)]
    Data(DataCommand),

    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Port of the dashboard on loopback; 0 takes a free one. [default: 8000]
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// Port of the paper gateway on loopback; 0 takes a free one. [default: 4002]
    #[arg(long, value_name = "PORT")]
    pub(crate) gateway_port: Option<u16>,
    /// Port of the local server that stands in for Alpha Vantage; 0 takes a free one. [default: 0]
    #[arg(long, value_name = "PORT")]
    pub(crate) alpha_vantage_port: Option<u16>,
    /// Folder of ledger, paper account and logs. [default: state]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) state_dir: Option<PathBuf>,
    /// Where the hot state lives: memory, or the address of a Redis server. [default: memory]
    #[arg(long, value_name = "PLACE")]
    pub(crate) store: Option<Place>,
    /// Seed of the synthetic market. [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Simulated seconds per second, 0.1 to 100. [default: 1]
    #[arg(long, value_name = "X")]
    pub(crate) speed: Option<f64>,
    /// Do not open a browser.
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

/// Arguments of `gateway`.
#[derive(Debug, Args)]
pub(crate) struct GatewayArgs {
    /// Port on loopback; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 4_002)]
    pub(crate) port: u16,
    /// Seed of the synthetic market and of everything random.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Simulated seconds per second, above 0, at most 10000.
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    pub(crate) speed: f64,
    /// Where the market comes from: `synthetic`, or a file or folder of recorded markets, whose
    /// stocks get a synthetic option chain.
    #[arg(long, value_name = "SOURCE", default_value = "synthetic")]
    pub(crate) market: PathBuf,
    /// Symbols to make or to play; all of them when none is named.
    #[arg(long, value_name = "S")]
    pub(crate) symbol: Vec<String>,
    /// When simulated time begins: `now`, or an exchange time; outside a session, its next open.
    /// [default: 2026-03-16T09:30, or the open of the first recorded day]
    #[arg(long, value_name = "TIME")]
    pub(crate) clock: Option<String>,
    /// What goes wrong, and when: the name of a shipped scenario, or a file.
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) scenario: Option<String>,
    /// List the shipped scenarios and end.
    #[arg(long)]
    pub(crate) list_scenarios: bool,
    /// Take messages as fast as they come; without it more than 50 a second are refused, as at the broker.
    #[arg(long)]
    pub(crate) unpaced: bool,
    /// The client that is told of every client's orders, executions and commissions.
    #[arg(long, value_name = "ID")]
    pub(crate) master_client: Option<i32>,
    /// Greatest protocol version that is offered: 157 to 178 make every client speak text.
    #[arg(long, value_name = "N")]
    pub(crate) server_version: Option<i32>,
    /// Folder of the account's file; without it the account ends with the program.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) state_dir: Option<PathBuf>,
    /// Cash of an account that is opened now, in dollars.
    #[arg(long, value_name = "DOLLARS", default_value_t = 1_000_000)]
    pub(crate) cash: i64,
    /// What is logged to stderr.
    #[arg(long, value_name = "FILTER", default_value = "warn")]
    pub(crate) log: String,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// A file or folder of recorded markets; its kind is found from its content.
    pub(crate) source: PathBuf,
    /// Symbol to trade. Without it a recording of this system is replayed as it was, every event of it.
    #[arg(long, value_name = "S", requires = "date")]
    pub(crate) symbol: Option<String>,
    /// Exchange date, YYYY-MM-DD.
    #[arg(long, value_name = "D", requires = "symbol")]
    pub(crate) date: Option<String>,
    /// Lay a synthetic option chain over the recorded underlying, so that option strategies have
    /// something to trade. Its prices are made, not recorded, and labelled so.
    #[arg(long, value_enum)]
    pub(crate) chain: Option<Chain>,
    /// Seed of the synthetic chain and of latency.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

/// Where the option chain of a replay comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Chain {
    /// Made by our own generator.
    Synthetic,
}

/// Arguments of `discover`.
#[derive(Debug, Args)]
pub(crate) struct DiscoverArgs {
    /// A file or folder of recorded markets: recordings of this system, or LEAN's.
    pub(crate) source: PathBuf,
    /// First exchange date, YYYY-MM-DD. [default: the first that the source has]
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<String>,
    /// Last exchange date; its session has to be over. [default: the last that the source has]
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<String>,
    /// Symbols; all that the source names when none is named. May be repeated.
    #[arg(long, value_name = "S")]
    pub(crate) symbol: Vec<String>,
    /// Where to write. [default: discovered.yaml in the state folder, where `run` looks for it]
    #[arg(long, value_name = "FILE")]
    pub(crate) to_file: Option<PathBuf>,
    /// What is in force: a bucket's volume changes from there by at most a fifth.
    #[arg(long, value_name = "FILE")]
    pub(crate) incumbent: Option<PathBuf>,
    /// Seed of placebo, bootstrap and restarts.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Threads; the result does not depend on it. [default: as many as the machine runs at once]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

/// Arguments of `data synthesize`.
#[derive(Debug, Args)]
pub(crate) struct SynthesizeArgs {
    /// Folder for the recordings; it may hold none yet.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) to: PathBuf,
    /// Sessions, one after the other.
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub(crate) sessions: usize,
    /// First exchange date, YYYY-MM-DD, or the next session after it.
    #[arg(long, value_name = "DATE", default_value = "2025-07-07")]
    pub(crate) from: String,
    /// Symbols. May be repeated. [default: SPY]
    #[arg(long, value_name = "S")]
    pub(crate) symbol: Vec<String>,
    /// Seed of everything.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// What there is to find.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) world: WorldName,
    /// Record the ten rows of the book too; only of the usual market, five times as long.
    #[arg(long)]
    pub(crate) depth: bool,
    /// Threads; the result does not depend on it. [default: as many as the machine runs at once]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

/// A synthetic market by what there is to find in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum WorldName {
    /// The paper exchange's market, calibrated on recorded days.
    #[default]
    Market,
    /// Nothing: sides are coin flips, volatility is a GARCH.
    NoInformation,
    /// Two regimes of volatility.
    Regimes,
    /// One-sided episodes with higher volatility after them.
    Episodes,
}

/// What to look at.
#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Say what each file of a source holds: kind, symbol, first and last instant, records, trades.
    #[command(after_help = "\
Examples:
  alphatrader data inspect data/lean/equity/usa/tick/spy
  alphatrader data inspect glbx-mdp3-20231224.mbo.dbn.zst
  alphatrader data inspect data/lean --output json | jq -r '.[] | [.symbol, .kind, .first] | @tsv'")]
    Inspect {
        /// A file or a folder.
        source: PathBuf,
        /// How results are printed.
        #[arg(long, value_enum, default_value_t)]
        output: Output,
    },

    /// Rebuild an order book from single orders, and print it after each record.
    ///
    /// Reads Databento's mbo and LOBSTER's messages, whose book begins with the first row of their book file.
    /// One row a record, trades and fills included: time, sequence, action, side, price, size, then bid and ask of
    /// each level with size and count, by the names of DBN's mbp-10 and empty where there is no level. Prices
    /// are decimals, times nanoseconds since the epoch. What the rebuilt book was compared with, and what could
    /// not be read, goes to stderr.
    #[command(after_help = "\
Examples:
  alphatrader data book AAPL_2012-06-21_34200000_57600000_message_10.csv --levels 10 --output csv
  alphatrader data book data/lobster --symbol AAPL --levels 5
  alphatrader data book glbx-mdp3-20231224.mbo.dbn.zst --levels 1 | tail -1")]
    Book(BookArgs),

    /// Write recorded markets as tables, by day and symbol.
    ///
    /// Prints a line for each table: its path and its rows. Tables are whole or not there. Prices are
    /// decimals, exact to the last digit; times are UTC.
    #[command(after_help = "\
Examples:
  alphatrader data export data/lean --output csv --to out --symbol SPY --kind trades --date 2013-10-07
  alphatrader data export state/recordings --output parquet --to out")]
    Export(ExportArgs),

    /// Make sessions of a synthetic market, as recordings: quotes and prints.
    ///
    /// The usual market, or a world in which it is known what `discover` has to find or to refuse.
    #[command(after_help = "\
Examples:
  alphatrader data synthesize --sessions 60 --symbol SPY --symbol QQQ --symbol IWM --to made
  alphatrader data synthesize --world no-information --sessions 60 --seed 7 --to nothing")]
    Synthesize(SynthesizeArgs),

    /// Write the recordings of this system as Parquet into its archive, as every evening does.
    #[command(after_help = "\
Examples:
  alphatrader data compact
  alphatrader data compact --date 2026-03-16 --output json")]
    Compact(CompactArgs),
}

/// Arguments of `data book`.
#[derive(Debug, Args)]
pub(crate) struct BookArgs {
    /// A file of single orders, or a folder with one.
    pub(crate) source: PathBuf,
    /// Levels of a side that are printed.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub(crate) levels: u16,
    /// Whose book, where the source tells of several.
    #[arg(long, value_name = "S")]
    pub(crate) symbol: Option<String>,
    /// Of which exchange date, YYYY-MM-DD, where the source has several.
    #[arg(long, value_name = "D")]
    pub(crate) date: Option<String>,
    /// Of LOBSTER's book file take the first row alone. Otherwise levels that come into view from below what its
    /// messages tell are taken from its rows.
    #[arg(long)]
    pub(crate) seed_only: bool,
    /// How rows are printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Rows,
}

/// How the rows of a table are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rows {
    /// Text, a line a row, after a line of names.
    #[default]
    Csv,
    /// An object a line.
    Json,
}

/// Arguments of `data export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// A file or folder of recorded markets: LEAN's, or recordings of this system.
    pub(crate) source: PathBuf,
    /// What to write.
    #[arg(long, value_enum)]
    pub(crate) output: TableFormat,
    /// The folder to write below: DATE/SYMBOL/TABLE.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) to: PathBuf,
    /// Symbols, options of theirs included; all when none is named.
    #[arg(long, value_name = "S")]
    pub(crate) symbol: Vec<String>,
    /// Tables; all when none is named.
    #[arg(long, value_enum, value_name = "TABLE")]
    pub(crate) kind: Vec<Table>,
    /// One exchange date, YYYY-MM-DD; all days when none is named.
    #[arg(long, value_name = "D")]
    pub(crate) date: Option<String>,
}

/// Arguments of `data compact`.
#[derive(Debug, Args)]
pub(crate) struct CompactArgs {
    /// State folder. [default: state]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) state_dir: Option<PathBuf>,
    /// This day, also when the archive holds it already; every day that it does not hold when none is named.
    #[arg(long, value_name = "D")]
    pub(crate) date: Option<String>,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

/// What a table is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    /// Text, a line a row, with a line of names.
    Csv,
    /// Apache Parquet.
    Parquet,
}

/// A table of the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Table {
    /// Best bids and offers of stocks.
    Quotes,
    /// Prints, of stocks and options.
    Trades,
    /// Edits of books.
    Depth,
    /// Bars, at their end.
    Bars,
    /// Best bids and offers of options.
    OptionQuotes,
    /// Open interest and volume of options.
    Chain,
    /// Whole chains as a source told them at once, a row a contract.
    Chains,
    /// Where part of a stream was lost.
    Gaps,
}

/// What to look at.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Read the configuration and say what is wrong with it, with the line.
    Check {
        /// How results are printed.
        #[arg(long, value_enum, default_value_t)]
        output: Output,
    },
}

/// How results are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}
