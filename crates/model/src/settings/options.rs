//! What option analytics assume.

use std::collections::BTreeMap;

use garde::Validate;
use serde::{Deserialize, Serialize};

use super::distinct;
use crate::exposure::DealerSign;
use crate::instrument::Symbol;

/// Option analytics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// On which side dealers are assumed to stand, by underlying: `naive`, `inverse` or `short-both`. `naive` where
    /// none is named.
    #[garde(length(max = 50))]
    pub dealer_sign: BTreeMap<Symbol, DealerSign>,
    /// Dividend yield, continuous, a year, by underlying: for expiries whose forward the quotes do not tell. 0.012
    /// is 1.2 %.
    #[garde(length(max = 50), custom(yields))]
    pub dividend_yield: BTreeMap<Symbol, f64>,
    /// Risk-free rates by tenor, continuous, a year, the shortest first. `risk_free_rate` where there are none.
    #[garde(length(max = 16), dive, custom(ascending))]
    pub rates: Vec<Rate>,
    /// Funds and indices: their gamma profile spans 10 % of spot on each side, that of other symbols 20 %.
    #[garde(length(max = 50), custom(distinct))]
    pub funds: Vec<Symbol>,
}

/// A rate for a time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Calendar days; between two tenors the rate is interpolated, outside them the nearest counts.
    #[garde(range(min = 1, max = 36_500))]
    pub days: u32,
    /// Continuous, a year: 0.04 is 4 %.
    #[garde(range(min = -0.05, max = 0.30))]
    pub rate: f64,
}

impl Default for Options {
    fn default() -> Self {
        let funds = ["SPY", "QQQ", "IWM", "DIA", "SPX", "NDX", "RUT"];
        Self {
            dealer_sign: BTreeMap::new(),
            dividend_yield: BTreeMap::new(),
            rates: Vec::new(),
            funds: funds.iter().filter_map(|name| Symbol::new(name).ok()).collect(),
        }
    }
}

impl Options {
    /// Half the width of a symbol's profile as a fraction of spot.
    pub fn reach(&self, symbol: Symbol) -> f64 {
        if self.funds.contains(&symbol) { 0.10 } else { 0.20 }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that garde calls")]
fn yields(yields: &BTreeMap<Symbol, f64>, _: &()) -> garde::Result {
    match yields.iter().find(|(_, rate)| !(0.0..=0.30).contains(*rate)) {
        None => Ok(()),
        Some((symbol, rate)) => {
            Err(garde::Error::new(format!("the yield of {symbol} is {rate}: give 0 to 0.3")))
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that garde calls")]
fn ascending(rates: &[Rate], _: &()) -> garde::Result {
    if rates.is_sorted_by(|a, b| a.days < b.days) {
        Ok(())
    } else {
        Err(garde::Error::new("the tenors are not in rising order: the shortest first, none twice"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_assumed_is_refused() {
        let spy = Symbol::new("SPY").unwrap();
        assert!(Options::default().validate().is_ok());
        let yields = Options { dividend_yield: [(spy, -0.1)].into(), ..Options::default() };
        assert!(yields.validate().unwrap_err().to_string().contains("yield of SPY"));
        let at = |days| Rate { days, rate: 0.04 };
        let rates = Options { rates: vec![at(30), at(30)], ..Options::default() };
        assert!(rates.validate().unwrap_err().to_string().contains("rising"));
        let wild = Options { rates: vec![Rate { days: 1, rate: 4.0 }], ..Options::default() };
        assert!(wild.validate().is_err(), "a percentage is not a fraction");
    }

    #[test]
    fn signs_are_words() {
        let text = r#"{"dealer_sign":{"SPY":"inverse","TSLA":"short-both"}}"#;
        let options: Options = serde_json::from_str(text).unwrap();
        assert_eq!(options.dealer_sign[&Symbol::new("TSLA").unwrap()], DealerSign::ShortBoth);
        let bytes = postcard::to_stdvec(&options).unwrap();
        assert_eq!(postcard::from_bytes::<Options>(&bytes).unwrap(), options);
    }
}
