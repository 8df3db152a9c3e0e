//! Movers of the day: three lists of twenty.

use alphatrader_model::{Price, Symbol};
use serde::{Deserialize, Serialize};

use crate::number::Field;

/// Rows of a list that are kept.
pub const ROWS: usize = 100;

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mover {
    /// Which symbol.
    pub symbol: Symbol,
    /// Last price.
    pub price: Price,
    /// Percent since the close before.
    pub change_percent: f64,
    /// Shares of the day.
    pub volume: Option<u64>,
}

/// The three lists.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Movers {
    /// Largest gains.
    pub gainers: Vec<Mover>,
    /// Largest losses.
    pub losers: Vec<Mover>,
    /// Most traded.
    pub active: Vec<Mover>,
}

#[derive(Debug, Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    top_gainers: Vec<RawMover<'a>>,
    #[serde(borrow)]
    top_losers: Vec<RawMover<'a>>,
    #[serde(borrow)]
    most_actively_traded: Vec<RawMover<'a>>,
}

#[derive(Debug, Deserialize)]
struct RawMover<'a> {
    #[serde(borrow, default)]
    ticker: Field<'a>,
    #[serde(borrow, default)]
    price: Field<'a>,
    #[serde(borrow, default)]
    change_percentage: Field<'a>,
    #[serde(borrow, default)]
    volume: Field<'a>,
}

/// Reads the lists. Rows whose symbol or price is none (warrants, units) are left out.
///
/// # Errors
/// The reader's, for what is no such JSON.
pub fn decode(body: &[u8]) -> Result<Movers, serde_json::Error> {
    let raw: Raw<'_> = serde_json::from_slice(body)?;
    let list = |rows: &[RawMover<'_>]| rows.iter().take(ROWS).filter_map(mover).collect();
    Ok(Movers {
        gainers: list(&raw.top_gainers),
        losers: list(&raw.top_losers),
        active: list(&raw.most_actively_traded),
    })
}

fn mover(raw: &RawMover<'_>) -> Option<Mover> {
    Some(Mover {
        symbol: Symbol::new(raw.ticker.as_str()?).ok()?,
        price: raw.price.price().ok().flatten().filter(|price| *price > Price::ZERO)?,
        change_percent: raw.change_percentage.percent().ok().flatten()?,
        volume: raw.volume.whole().ok().flatten().and_then(|volume| u64::try_from(volume).ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn movers_are_read() {
        let row = r#"{"ticker":"NVDA","price":"120.5","change_amount":"1","change_percentage":"193.9%","volume":"35"}"#;
        let odd = r#"{"ticker":"ABC+W^","price":"0.01","change_percentage":"1%","volume":"3"}"#;
        let body = format!(
            r#"{{"metadata":"m","last_updated":"2026-09-29 16:15:59 US/Eastern","top_gainers":[{row},{odd}],"top_losers":[],"most_actively_traded":[{row}]}}"#
        );
        let movers = decode(body.as_bytes()).unwrap();
        assert_eq!((movers.gainers.len(), movers.losers.len(), movers.active.len()), (1, 0, 1));
        assert_eq!(movers.gainers[0].change_percent, 193.9);
        assert!(decode(b"{}").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }
}
