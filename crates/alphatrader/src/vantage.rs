//! `alphatrader serve-alpha-vantage`: the local Alpha Vantage by itself, on a market of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use alphatrader_exchange::GatewayConfig;
use alphatrader_exchange::vantage::{Alone, AlphaVantage, AlphaVantageConfig, AlphaVantageHandle, FaultPlan};
use alphatrader_model::{Calendar, Symbol};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::Output;
use crate::cli::vantage::ServeArgs;
use crate::failure::Failure;

/// Largest file of faults, bytes.
const MOST_BYTES: u64 = 1 << 20;

/// Runs the command until somebody ends it.
///
/// # Errors
/// Arguments that cannot be, a taken port.
pub(crate) fn serve(args: &ServeArgs) -> Result<(), Failure> {
    crate::logs::to_terminal(&args.log)?;
    let begin = crate::gateway::begin(args.clock.as_deref())?.unwrap_or_else(GatewayConfig::first_open);
    let plain = Alone::seeded(args.seed);
    let symbols = symbols(&args.symbol, &plain.symbols)?;
    let alone = Alone { symbols, speed: args.speed, begin, ..plain };
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let config = AlphaVantageConfig { listen, pretty: args.pretty, faults: faults(args)? };
    let server = AlphaVantage::start_alone(config, alone).map_err(|e| Failure::new(e.to_string()))?;
    announce(args, &server);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::new(format!("the runtime cannot start: {e}")))?;
    runtime.block_on(until_asked())?;
    server.shutdown();
    Ok(())
}

fn symbols(asked: &[String], known: &[Symbol]) -> Result<Vec<Symbol>, Failure> {
    let symbols: Result<Vec<Symbol>, _> = asked.iter().map(|s| s.to_ascii_uppercase().parse()).collect();
    let symbols = symbols.map_err(|e| Failure::config(format!("--symbol: {e}")))?;
    if let Some(unknown) = symbols.iter().find(|symbol| !known.contains(symbol)) {
        let known: Vec<&str> = known.iter().map(Symbol::as_str).collect();
        let known = known.join(", ");
        return Err(Failure::config(format!(
            "--symbol: the synthetic market has no {unknown}; it has {known}"
        )));
    }
    Ok(if symbols.is_empty() { known.to_vec() } else { symbols })
}

fn faults(args: &ServeArgs) -> Result<FaultPlan, Failure> {
    let Some(text) = &args.faults else { return Ok(FaultPlan::default()) };
    let refused = |e: alphatrader_exchange::vantage::FaultError| Failure::config(format!("--faults: {e}"));
    let path = Path::new(text);
    if !path.is_file() {
        return FaultPlan::by_chance(args.seed, text).map_err(refused);
    }
    let unreadable = |e: std::io::Error| Failure::new(format!("--faults {text}: {e}"));
    if std::fs::metadata(path).map_err(unreadable)?.len() > MOST_BYTES {
        return Err(Failure::config(format!(
            "--faults {text}: more than {MOST_BYTES} bytes; is it the right file?"
        )));
    }
    FaultPlan::parse(&std::fs::read_to_string(path).map_err(unreadable)?, text).map_err(refused)
}

/// One line on stdout: whoever waits for it may connect from now on.
fn announce(args: &ServeArgs, server: &AlphaVantageHandle) {
    let (base, now) = (server.base_url(), Calendar::xnys().local(server.now()));
    let now = now.strftime("%Y-%m-%d %H:%M:%S New York").to_string();
    match args.output {
        Output::Text => println!(
            "local Alpha Vantage is ready: {base}/query, seed {}, simulated time {now}; keys normal, free, demo",
            args.seed
        ),
        Output::Json => println!(
            "{}",
            serde_json::json!({
                "alpha_vantage": base,
                "seed": args.seed,
                "now": now,
                "keys": ["normal", "free", "demo"],
            })
        ),
    }
}

/// Waits for Ctrl-C or a polite end.
async fn until_asked() -> Result<(), Failure> {
    let failed = |e: std::io::Error| Failure::new(format!("signals cannot be heard: {e}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
