//! The environment, looked at before anything connects.

use std::path::Path;

use alphatrader_exchange::server::GatewayConfig;
use alphatrader_model::Symbol;

use crate::config::Config;
use crate::failure::Failure;

/// Variables of the environment that mean something to us.
const KNOWN: [&str; 2] = ["ALPHATRADER_CONFIG", "ALPHATRADER_DATA"];

/// Everything that can be known to be wrong before the start.
///
/// # Errors
/// The first thing that is wrong, and what to do about it.
pub(super) fn check(config: &Config) -> Result<(), Failure> {
    check_variables()?;
    check_symbols(config)?;
    check_folder(&config.state.directory)
}

/// A misspelt variable would be ignored in silence.
fn check_variables() -> Result<(), Failure> {
    let unknown = std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .find(|name| name.starts_with("ALPHATRADER_") && !KNOWN.contains(&name.as_str()));
    match unknown {
        None => Ok(()),
        Some(name) => Err(Failure::config(format!(
            "the environment variable {name} means nothing here; known are {}",
            KNOWN.join(" and ")
        ))),
    }
}

/// The paper exchange makes a market in its own symbols alone.
fn check_symbols(config: &Config) -> Result<(), Failure> {
    let made = GatewayConfig::default().symbols;
    let other = config.trading.symbols.iter().find(|symbol| !made.contains(symbol));
    match other {
        Some(symbol) if config.paper.enabled => {
            let made: Vec<&str> = made.iter().map(Symbol::as_str).collect();
            Err(Failure::config(format!(
                "trading.symbols: the paper exchange makes no market in {symbol}, only in {}; \
                 leave it out, or set paper.enabled to false to trade with `broker`",
                made.join(", ")
            )))
        }
        _ => Ok(()),
    }
}

/// The folder exists and can be written.
fn check_folder(folder: &Path) -> Result<(), Failure> {
    let refused = |e: std::io::Error| {
        Failure::new(format!(
            "the state folder {} cannot be used: {e}\nname another with --state-dir FOLDER or state.directory",
            folder.display()
        ))
    };
    std::fs::create_dir_all(folder).map_err(refused)?;
    let probe = folder.join(".probe");
    std::fs::write(&probe, b"alphatrader").map_err(refused)?;
    std::fs::remove_file(&probe).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_a_file_is_refused_with_what_to_do() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = check_folder(&file.path().join("state")).unwrap_err().to_string();
        assert!(error.contains("--state-dir"), "{error}");
        let folder = tempfile::tempdir().unwrap();
        check_folder(&folder.path().join("a/b")).unwrap();
        assert_eq!(std::fs::read_dir(folder.path().join("a/b")).unwrap().count(), 0, "the probe is gone");
    }

    #[test]
    fn the_paper_exchange_says_what_it_does_not_trade() {
        let mut config = Config::default();
        config.trading.symbols.push(Symbol::new("QQQ").unwrap());
        check_symbols(&config).unwrap();
        config.trading.symbols.push(Symbol::new("XOM").unwrap());
        let refused = check_symbols(&config).unwrap_err().to_string();
        assert!(refused.contains("no market in XOM, only in SPY, QQQ"), "{refused}");
        config.paper.enabled = false;
        check_symbols(&config).unwrap();
    }
}
