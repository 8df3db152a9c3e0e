//! `alphatrader options exposure`: a chain's exposures, as JSON or as a picture.

use alphatrader_analytics::exposure::{Conventions, ExposureDocument};
use alphatrader_model::ChainSnapshot;
use alphatrader_model::exposure::{ChainExposure, DealerSign, GreeksSource};
use alphatrader_model::instrument::Right;
use serde::Serialize;

use super::picture;
use super::source::{Chain, Said, hold};
use super::stated::as_stated;
use crate::cli::{ExposureArgs, GreeksChoice, PictureFormat, SignChoice};
use crate::failure::Failure;
use crate::print_json;

/// The sum of the gammas that the source states, over every row that states one, with its open interest and
/// multiplier; no row is left out, settled or not. What other programs print for the same file.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct StatedGex {
    /// With the dealers' sign, dollars of delta a percent.
    pub(crate) gex: f64,
    pub(crate) call_gex: f64,
    pub(crate) put_gex: f64,
    /// Rows that state gamma, open interest and multiplier.
    pub(crate) rows: usize,
    /// Those among them that were settled at the chain's instant, and their part.
    pub(crate) settled_rows: usize,
    pub(crate) settled_gex: f64,
}

impl StatedGex {
    /// Nothing where the source states no gamma.
    pub(crate) fn of(chain: &ChainSnapshot, sign: DealerSign) -> Option<Self> {
        let spot = chain.spot?.to_f64();
        let (of_calls, of_puts) = match sign {
            DealerSign::Naive => (1.0, -1.0),
            DealerSign::Inverse => (-1.0, 1.0),
            DealerSign::ShortBoth => (-1.0, -1.0),
        };
        let mut sum =
            Self { gex: 0.0, call_gex: 0.0, put_gex: 0.0, rows: 0, settled_rows: 0, settled_gex: 0.0 };
        for row in &chain.rows {
            let (Some(gamma), Some(open), Some(shares)) =
                (row.greeks.gamma, row.open_interest, row.multiplier)
            else {
                continue;
            };
            let gex = gamma * f64::from(open) * f64::from(shares) * spot * spot * 0.01;
            let gex = match row.contract.right {
                Right::Call => {
                    sum.call_gex += of_calls * gex;
                    of_calls * gex
                }
                Right::Put => {
                    sum.put_gex += of_puts * gex;
                    of_puts * gex
                }
            };
            sum.rows += 1;
            if row.settles <= chain.as_of {
                sum.settled_rows += 1;
                sum.settled_gex += gex;
            }
        }
        sum.gex = sum.call_gex + sum.put_gex;
        (sum.rows > 0).then_some(sum)
    }
}

/// What is printed.
#[derive(Serialize)]
struct Printed<'a> {
    #[serde(flatten)]
    document: ExposureDocument<'a>,
    source: &'a Said,
    /// Beside the result, whatever it rests on.
    stated_gex: Option<StatedGex>,
}

/// Runs the command.
///
/// # Errors
/// A file that is no chain, a chain of which nothing can be counted.
pub(crate) fn exposure(args: &ExposureArgs) -> Result<(), Failure> {
    let mut chain = Chain::read(&args.chain)?;
    let sign = match args.dealer_sign {
        SignChoice::Naive => DealerSign::Naive,
        SignChoice::Inverse => DealerSign::Inverse,
        SignChoice::ShortBoth => DealerSign::ShortBoth,
    };
    let greeks = match args.greeks {
        GreeksChoice::Own => GreeksSource::Own,
        GreeksChoice::Vendor => GreeksSource::Vendor,
    };
    let conventions = chain.conventions(sign, greeks);
    let exposure = compute(&mut chain, &conventions)?;
    let stated = StatedGex::of(&chain.snapshot, sign);
    match args.output {
        PictureFormat::Json => print_json(&Printed {
            document: ExposureDocument::new(&exposure, Some(&conventions)),
            source: &chain.said,
            stated_gex: stated,
        }),
        PictureFormat::Table => {
            print!("{}", picture::draw(&exposure, &chain, stated.as_ref()));
            Ok(())
        }
    }
}

/// The exposures of a chain at its own instant.
///
/// # Errors
/// That nothing of it can be counted, and why.
pub(crate) fn compute(chain: &mut Chain, conventions: &Conventions) -> Result<ChainExposure, Failure> {
    let (mut state, moment) = if conventions.greeks == GreeksSource::Vendor {
        let (ready, notes) = as_stated(&chain.snapshot);
        chain.said.notes.extend(notes);
        hold(&ready, &chain.calendar, conventions.clone())?
    } else {
        chain.state(conventions.clone())?
    };
    let mut exposure = state
        .revalue(&moment)
        .map_err(|error| {
            let vendor = conventions.greeks == GreeksSource::Own
                && chain.snapshot.rows.iter().any(|row| row.greeks.gamma.is_some());
            let hint = if vendor { "; --greeks vendor takes the Greeks that the source states" } else { "" };
            Failure::new(format!("{}: {error}{hint}", chain.said.files.first().map_or("", String::as_str)))
        })?
        .clone();
    exposure.as_of = chain.snapshot.as_of;
    exposure.degraded |= chain.said.partial;
    Ok(exposure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::chain::{ChainEntry, Exercise, Provider, VendorGreeks};
    use alphatrader_model::{Price, Symbol, Timestamp};

    fn row(name: &str, gamma: Option<f64>, open: Option<u32>, settles: i64) -> ChainEntry {
        ChainEntry {
            contract: name.parse().unwrap(),
            multiplier: Some(100),
            exercise: Exercise::American,
            settles: Timestamp::from_seconds(settles),
            bid: None,
            ask: None,
            bid_size: None,
            ask_size: None,
            last: None,
            volume: None,
            open_interest: open,
            implied_volatility: None,
            greeks: VendorGreeks { gamma, ..VendorGreeks::default() },
            quoted_at: None,
        }
    }

    #[test]
    fn what_the_source_states_is_summed_as_it_is() {
        let mut chain = ChainSnapshot {
            underlying: Symbol::new("SPY").unwrap(),
            provider: Provider::Cboe,
            as_of: Timestamp::from_seconds(1_000),
            spot: Price::from_f64(100.0).ok(),
            expiry: None,
            delayed: true,
            rows: vec![
                row("SPY230914C00100000", Some(0.05), Some(10), 999),
                row("SPY230915C00100000", Some(0.02), Some(10), 2_000),
                row("SPY230915P00100000", Some(0.03), Some(20), 2_000),
                row("SPY230915P00101000", None, Some(20), 2_000),
                row("SPY230915P00102000", Some(0.01), None, 2_000),
            ],
        };
        let sum = StatedGex::of(&chain, DealerSign::Naive).unwrap();
        assert!((sum.gex - (5_000.0 + 2_000.0 - 6_000.0)).abs() < 1e-9, "{sum:?}");
        assert_eq!((sum.rows, sum.settled_rows), (3, 1));
        assert!((sum.settled_gex - 5_000.0).abs() < 1e-9);
        let inverse = StatedGex::of(&chain, DealerSign::Inverse).unwrap();
        assert!((inverse.gex + 1_000.0).abs() < 1e-9);
        assert!(StatedGex::of(&chain, DealerSign::ShortBoth).unwrap().gex < -12_999.0);
        chain.rows.truncate(0);
        assert_eq!(StatedGex::of(&chain, DealerSign::Naive), None);
    }
}
