//! A chain from whatever file holds it, with the price of its underlying, and everything that should be said beside.

use alphatrader_analytics::exposure::{ChainState, Conventions, Forwards, Moment};
use alphatrader_history::chain::{self, Ask, ChainKind, Reading, SpotFrom};
use alphatrader_model::calendar::expiry::is_index;
use alphatrader_model::exposure::{DealerSign, GreeksSource};
use alphatrader_model::{Calendar, ChainSnapshot, Price, Symbol};
use jiff::civil::{Date, Time};
use serde::Serialize;

use super::alpha_vantage;
use crate::cli::ChainSource;
use crate::failure::Failure;

/// A chain and where it comes from.
pub(crate) struct Chain {
    pub(crate) snapshot: ChainSnapshot,
    pub(crate) calendar: Calendar,
    pub(crate) said: Said,
    rate: f64,
    dividend_yield: Option<f64>,
}

/// Where a chain comes from: part of the JSON.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Said {
    /// What the file is.
    pub(crate) kind: String,
    pub(crate) files: Vec<String>,
    pub(crate) delayed: bool,
    /// `stated`, `bars`, `parity` or `given`.
    pub(crate) spot_from: &'static str,
    /// Rows, or ends of a file, that could not be read.
    pub(crate) malformed: u64,
    pub(crate) malformed_examples: Vec<String>,
    /// The chain is a part: a file ends in the middle.
    pub(crate) partial: bool,
    pub(crate) notes: Vec<String>,
}

impl Chain {
    /// Reads it.
    ///
    /// # Errors
    /// What was asked for wrongly, what the file is instead, or that it has no spot.
    pub(crate) fn read(source: &ChainSource) -> Result<Self, Failure> {
        let calendar = Calendar::xnys();
        let ask = Ask {
            symbol: source.symbol.as_deref().map(symbol).transpose()?,
            date: source.date.as_deref().map(|text| date("--date", text)).transpose()?,
            at: source.at.as_deref().map(time).transpose()?,
        };
        let finite = |name: &str, value: f64| {
            let known = (-1.0..=1.0).contains(&value);
            if known {
                Ok(())
            } else {
                Err(Failure::config(format!("{name} is a fraction a year: 0.04 is 4 %")))
            }
        };
        finite("--rate", source.rate)?;
        finite("--yield", source.dividend_yield.unwrap_or(0.0))?;
        let given = source.spot.map(given_spot).transpose()?;
        let is_alpha_vantage =
            source.source.is_file() && matches!(ChainKind::of(&source.source), Ok(ChainKind::AlphaVantage));
        let reading = if is_alpha_vantage {
            alpha_vantage::read(&source.source, &ask, given, source.rate, &calendar)?
        } else {
            chain::read(&source.source, &ask, &calendar).map_err(|error| Failure::new(error.to_string()))?
        };
        let (mut snapshot, mut said) = parts(reading);
        if let Some(spot) = given {
            snapshot.spot = Some(spot);
            said.spot_from = "given";
        } else if snapshot.spot.is_none() {
            let found = chain::parity::spot(&snapshot)
                .and_then(|found| Some((found, Price::from_f64(found.spot).ok()?)))
                .ok_or_else(|| {
                    Failure::new(format!(
                        "{}: it states no price of {}, and no strike has quotes of call and put to take one from: say it with --spot DOLLARS",
                        source.source.display(),
                        snapshot.underlying
                    ))
                })?;
            said.spot_from = "parity";
            said.notes.push(format!(
                "the price of the underlying is not stated: {:.2} by put-call parity at {} strikes of {}",
                found.0.spot, found.0.strikes, found.0.expiry
            ));
            snapshot.spot = Some(found.1);
        }
        Ok(Self { snapshot, calendar, said, rate: source.rate, dividend_yield: source.dividend_yield })
    }

    /// What the numbers rest on.
    pub(crate) fn conventions(&self, dealer_sign: DealerSign, greeks: GreeksSource) -> Conventions {
        let symbol = self.snapshot.underlying;
        let broad = is_index(symbol) || ["SPY", "QQQ", "IWM", "DIA"].contains(&symbol.as_str());
        Conventions {
            dealer_sign,
            greeks,
            rate: self.rate,
            dividend_yield: self.dividend_yield.unwrap_or(0.0),
            forwards: if self.dividend_yield.is_some() { Forwards::Yield } else { Forwards::Parity },
            reach: if broad { 0.10 } else { 0.20 },
            ..Conventions::default()
        }
    }

    /// The chain as the analytics hold it, not valued yet, and the instant to value it at.
    ///
    /// # Errors
    /// A chain that they refuse.
    pub(crate) fn state(&self, conventions: Conventions) -> Result<(ChainState, Moment), Failure> {
        hold(&self.snapshot, &self.calendar, conventions)
    }
}

/// A chain as the analytics hold it, not valued yet, and its instant.
///
/// # Errors
/// A chain that they refuse.
pub(crate) fn hold(
    snapshot: &ChainSnapshot,
    calendar: &Calendar,
    conventions: Conventions,
) -> Result<(ChainState, Moment), Failure> {
    let mut state = ChainState::new(snapshot.underlying, conventions);
    state.apply(snapshot, snapshot.as_of).map_err(|error| Failure::new(error.to_string()))?;
    Ok((state, Moment::new(calendar, snapshot.as_of)))
}

fn parts(reading: Reading) -> (ChainSnapshot, Said) {
    let spot_from = match reading.spot_from {
        SpotFrom::Stated => "stated",
        SpotFrom::Bars(_) => "bars",
        SpotFrom::Nowhere => "parity",
    };
    let mut notes = reading.notes;
    if !reading.others.is_empty() {
        let others: Vec<String> = reading.others.iter().map(ToString::to_string).collect();
        notes.push(format!("the source has options of {} too", others.join(", ")));
    }
    let said = Said {
        kind: reading.kind.map_or_else(|| "recording".to_owned(), |kind| kind.to_string()),
        files: reading.files.iter().map(|path| path.display().to_string()).collect(),
        delayed: reading.snapshot.delayed,
        spot_from,
        malformed: reading.malformed,
        malformed_examples: reading.examples.iter().map(ToString::to_string).collect(),
        partial: reading.partial,
        notes,
    };
    (reading.snapshot, said)
}

/// A symbol of the command line.
pub(crate) fn symbol(text: &str) -> Result<Symbol, Failure> {
    Symbol::new(&text.to_ascii_uppercase()).map_err(|error| Failure::config(format!("--symbol: {error}")))
}

/// A date of the command line.
pub(crate) fn date(name: &str, text: &str) -> Result<Date, Failure> {
    text.parse()
        .map_err(|_| Failure::config(format!("{name} {text}: a date is YYYY-MM-DD, such as 2015-12-24")))
}

fn time(text: &str) -> Result<Time, Failure> {
    let known = text.len() >= 4 && text.contains(':');
    let padded = if text.find(':') == Some(1) { format!("0{text}") } else { text.to_owned() };
    let read = if known { padded.parse().ok() } else { None };
    read.ok_or_else(|| Failure::config(format!("--at {text}: a time is HH:MM of New York, such as 11:00")))
}

fn given_spot(dollars: f64) -> Result<Price, Failure> {
    let refused = || Failure::config("--spot is a price in dollars above zero");
    let price = Price::from_f64(dollars).map_err(|_| refused())?;
    if price > Price::ZERO { Ok(price) } else { Err(refused()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_dates_are_read_or_refused() {
        assert_eq!(time("11:00").unwrap(), jiff::civil::time(11, 0, 0, 0));
        assert_eq!(time("9:35").unwrap(), jiff::civil::time(9, 35, 0, 0));
        for text in ["", "11", "25:00", "11:61", "1100", "noon"] {
            assert_eq!(time(text).unwrap_err().code(), 2, "{text}");
        }
        assert!(date("--date", "2015-12-24").is_ok());
        assert_eq!(date("--date", "24.12.2015").unwrap_err().code(), 2);
        assert_eq!(symbol("spy").unwrap().as_str(), "SPY");
        assert!(symbol("$SPX").is_err() && given_spot(-1.0).is_err() && given_spot(f64::NAN).is_err());
    }
}
