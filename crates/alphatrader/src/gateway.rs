//! `alphatrader gateway`: the paper exchange by itself, for any program that speaks the TWS protocol.

use std::io::IsTerminal as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use alphatrader_exchange::desk::DeskConfig;
use alphatrader_exchange::feed::recorded::{RecordedConfig, RecordedSource};
use alphatrader_exchange::scenario::library;
use alphatrader_exchange::server::{Gateway, GatewayConfig, GatewayError, GatewayHandle};
use alphatrader_model::{Calendar, Money, Symbol, Timestamp};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{GatewayArgs, Output};
use crate::failure::Failure;

/// How often the line on a terminal is drawn anew, and the gateway asked whether it still runs.
const LOOK: Duration = Duration::from_millis(250);
/// File of the account in the state folder; `run` keeps its account under the same name.
const ACCOUNT_FILE: &str = "paper-account.journal";

/// Runs the command until somebody ends it.
///
/// # Errors
/// Arguments that cannot be, a taken port, an account that cannot be opened, a fault while it runs.
pub(crate) fn gateway(args: &GatewayArgs) -> Result<(), Failure> {
    if args.list_scenarios {
        return list_scenarios(args.output);
    }
    crate::logs::to_terminal(&args.log)?;
    let gateway = start(args)?;
    announce(args, &gateway);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::new(format!("the runtime cannot start: {e}")))?;
    let asked = runtime.block_on(until_asked(&gateway, args.speed));
    let stopped = gateway.shutdown().map_err(|e| Failure::new(e.to_string()));
    asked.and(stopped)
}

fn start(args: &GatewayArgs) -> Result<GatewayHandle, Failure> {
    let failed = |e: GatewayError| Failure::new(e.to_string());
    if args.market == Path::new("synthetic") {
        let begin = begin(args.clock.as_deref())?.unwrap_or_else(GatewayConfig::first_open);
        return Gateway::start(configured(args, begin)?).map_err(failed);
    }
    let recorded = RecordedConfig { symbols: symbols(args)?, chain_seed: Some(args.seed) };
    let source = RecordedSource::open(&args.market, recorded)
        .map_err(|e| Failure::new(format!("--market {}: {e}", args.market.display())))?;
    let begin = begin(args.clock.as_deref())?.unwrap_or(source.first_session().open);
    Gateway::start_on(configured(args, begin)?, |_| Box::new(source)).map_err(failed)
}

fn symbols(args: &GatewayArgs) -> Result<Vec<Symbol>, Failure> {
    let symbols: Result<_, _> = args.symbol.iter().map(|s| s.to_ascii_uppercase().parse()).collect();
    symbols.map_err(|e| Failure::config(format!("--symbol: {e}")))
}

fn configured(args: &GatewayArgs, begin: Timestamp) -> Result<GatewayConfig, Failure> {
    if let Some(folder) = &args.state_dir {
        std::fs::create_dir_all(folder)
            .map_err(|e| Failure::new(format!("--state-dir {}: {e}", folder.display())))?;
    }
    let plain = GatewayConfig::default();
    let asked = symbols(args)?;
    let unknown = |s: &&Symbol| !plain.symbols.contains(s);
    if args.market == Path::new("synthetic")
        && let Some(unknown) = asked.iter().find(unknown)
    {
        let known: Vec<&str> = plain.symbols.iter().map(Symbol::as_str).collect();
        return Err(Failure::config(format!(
            "--symbol: the synthetic market has no {unknown}; it has {}",
            known.join(", ")
        )));
    }
    let mut limits = plain.limits;
    if args.unpaced {
        limits.messages_per_second = None;
    }
    let scenario = args.scenario.as_deref().map(library::find).transpose();
    Ok(GatewayConfig {
        symbols: if asked.is_empty() { plain.symbols } else { asked },
        scenario: scenario.map_err(|e| Failure::config(format!("--scenario: {e}")))?,
        desk: DeskConfig { master_client: args.master_client, ..plain.desk },
        limits,
        server_version: args.server_version.unwrap_or(plain.server_version),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, args.port)),
        state_file: args.state_dir.as_ref().map(|folder| folder.join(ACCOUNT_FILE)),
        seed: args.seed,
        speed: args.speed,
        begin,
        opening_cash: Money::from_dollars(args.cash),
        ..plain
    })
}

/// When simulated time begins, where that was asked for: the wall clock's time, or an exchange time.
pub(crate) fn begin(clock: Option<&str>) -> Result<Option<Timestamp>, Failure> {
    let Some(text) = clock else { return Ok(None) };
    if text == "now" {
        return Ok(Some(alphatrader_edge::Clock::wall().now()));
    }
    let time: jiff::civil::DateTime = text.parse().map_err(|_| {
        Failure::config(format!(
            "--clock `{text}` is neither `now` nor an exchange time such as 2026-03-16T09:30"
        ))
    })?;
    Ok(Some(Calendar::xnys().instant(time.date(), time.hour(), time.minute())))
}

fn list_scenarios(output: Output) -> Result<(), Failure> {
    let mut list = Vec::new();
    for name in library::names() {
        let scenario = library::find(name).map_err(|e| Failure::new(e.to_string()))?;
        list.push((name, scenario.description.trim().to_owned()));
    }
    match output {
        Output::Text => {
            for (name, description) in list {
                println!("{name:<22} {description}");
            }
            Ok(())
        }
        Output::Json => {
            let list: Vec<_> = list
                .into_iter()
                .map(|(name, description)| serde_json::json!({ "name": name, "description": description }))
                .collect();
            crate::print_json(&list)
        }
    }
}

/// One line on stdout: whoever waits for it may connect from now on.
fn announce(args: &GatewayArgs, gateway: &GatewayHandle) {
    let (address, account) = (gateway.local_addr(), gateway.account());
    match args.output {
        Output::Text => {
            println!(
                "paper gateway is ready: {address}, account {account}, simulated time {}",
                local(gateway)
            );
        }
        Output::Json => {
            println!(
                "{}",
                serde_json::json!({ "gateway": address.to_string(), "account": account, "now": local(gateway) })
            );
        }
    }
}

fn local(gateway: &GatewayHandle) -> String {
    Calendar::xnys().local(gateway.now()).strftime("%Y-%m-%d %H:%M:%S New York").to_string()
}

/// Waits for Ctrl-C or a polite end, or until the gateway fails.
async fn until_asked(gateway: &GatewayHandle, speed: f64) -> Result<(), Failure> {
    let failed = |e: std::io::Error| Failure::new(format!("signals cannot be heard: {e}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let line = status_line();
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            _ = look.tick() => {
                if let Some(reason) = gateway.failure() {
                    line.finish_and_clear();
                    return Err(Failure::new(reason));
                }
                line.set_message(status(gateway, speed));
            }
        }
    }
    line.finish_and_clear();
    Ok(())
}

/// Drawn on a terminal alone; a file or a pipe gets the logs and nothing that moves.
fn status_line() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let line = ProgressBar::new_spinner();
    line.set_style(
        ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    line
}

fn status(gateway: &GatewayHandle, speed: f64) -> String {
    let seen = gateway.metrics();
    format!(
        "{} at {speed}x   {} connections taken, {} requests, {} messages sent; Ctrl-C ends",
        local(gateway),
        seen.accepted,
        seen.requests,
        seen.replies
    )
}
