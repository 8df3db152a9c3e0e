//! AlphaTrader: the command line and the wiring.
//!
//! | module | what it does |
//! | --- | --- |
//! | `cli` | the grammar of the command line |
//! | `config` | the configuration file, each error at its line |
//! | `run` | wires the whole system: gateway, broker edge, engine, ledger, dashboard |
//! | `gateway` | the paper exchange by itself |
//! | `vantage` | the local Alpha Vantage by itself |
//! | `calendar` | sessions, expiries, economic events |
//! | `replay` | a recorded day through the core |
//! | `rerun` | a recording of our own through the core, its outputs held against the recorded ones |
//! | `recall` | the market half rebuilt from the recordings of the day |
//! | `features` | every measure over recorded days, as a table |
//! | `discover` | parameters found in recorded sessions; synthetic sessions as recordings |
//! | `options` | option chains and their exposures; prices of options |
//! | `export` | recorded markets as tables |
//! | `inspect` | what recorded files hold |
//! | `book` | an order book rebuilt from single orders, row by row |
//! | `logs` | structured logs, rotated daily |
//! | `failure` | what goes wrong, in words, and the exit code |

mod book;
mod calendar;
mod cli;
mod config;
mod discover;
mod export;
mod failure;
mod features;
mod gateway;
mod inspect;
mod logs;
mod options;
mod recall;
mod replay;
mod rerun;
mod run;
mod vantage;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command, ConfigCommand, DataCommand, OptionsCommand, Output};
use failure::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(failure.code())
        }
    }
}

fn dispatch(cli: &Cli) -> Result<(), Failure> {
    let config = cli.config.as_deref();
    match &cli.command {
        Command::Run(args) => run::run(config::load(config)?, args),
        Command::Gateway(args) => gateway::gateway(args),
        Command::ServeAlphaVantage(args) => vantage::serve(args),
        Command::Calendar(args) => calendar::calendar(args),
        Command::Replay(args) => replay::replay(config::load(config)?.trading, args),
        Command::Features(args) => features::features(&config::load(config)?, args),
        Command::Discover(args) => discover::discover(&config::load(config)?, args),
        Command::Options(OptionsCommand::Price(args)) => options::price::price(args),
        Command::Options(OptionsCommand::Exposure(args)) => options::exposure::exposure(args),
        Command::Options(OptionsCommand::Chain(args)) => options::rows::rows(args),
        Command::Options(OptionsCommand::Compare(args)) => options::compare::compare(args),
        Command::Data(DataCommand::Synthesize(args)) => discover::make(args),
        Command::Data(DataCommand::Book(args)) => book::book(args),
        Command::Data(DataCommand::Inspect { source, output }) => inspect::inspect(source, *output),
        Command::Data(DataCommand::Export(args)) => export::export(args),
        Command::Data(DataCommand::Compact(args)) => {
            let mut config = config::load(config)?;
            if let Some(folder) = &args.state_dir {
                config.state.directory.clone_from(folder);
            }
            export::compact_days(&config, args)
        }
        Command::Config(ConfigCommand::Check { output }) => check(&config::load(config)?, *output),
    }
}

fn check(config: &config::Config, output: Output) -> Result<(), Failure> {
    match output {
        Output::Text => println!("the configuration is valid"),
        Output::Json => print_json(config)?,
    }
    Ok(())
}

/// One JSON document on stdout.
fn print_json<T: serde::Serialize>(value: &T) -> Result<(), Failure> {
    let text = serde_json::to_string(value)
        .map_err(|e| Failure::new(format!("the result cannot be written as JSON: {e}")))?;
    println!("{text}");
    Ok(())
}
