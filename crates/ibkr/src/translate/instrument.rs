//! What contract details say about trading a contract.

use alphatrader_model::{Calendar, Contract, OptionContract, Price, Symbol};
use ibapi::contracts::{ContractDetails, MarketRule};
use thiserror::Error;

use super::contract::from_broker;
use crate::registry::Terms;

/// Contract details that do not say what trading needs.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("contract details of {contract}: {reason}")]
pub(crate) struct DetailsError {
    contract: String,
    reason: String,
}

/// Terms of a contract. `rule` is its market rule, where the broker has one: the steps of its
/// prices; without it one step holds for all prices.
///
/// # Errors
/// [`DetailsError`] when the contract is not ours, has no step or, an option, no multiplier.
pub(crate) fn terms(
    details: &ContractDetails,
    rule: Option<&MarketRule>,
    calendar: &Calendar,
    synthetic: bool,
) -> Result<Terms, DetailsError> {
    let refused = |reason: String| DetailsError {
        contract: details.contract.symbol.as_str().chars().take(24).collect(),
        reason,
    };
    let contract = from_broker(&details.contract).map_err(|foreign| refused(foreign.to_string()))?;
    let (tick, tick_above, tick_break) = steps(details, rule).ok_or_else(|| {
        refused(format!("{} is not a price step: at least 1/10 000 dollar", details.min_tick))
    })?;
    let (underlying, multiplier) = match &contract {
        Contract::Stock(symbol) => (*symbol, 1),
        Contract::Option(option) => {
            let multiplier = multiplier(&details.contract.multiplier)
                .ok_or_else(|| refused(format!("`{}` is not a multiplier", details.contract.multiplier)))?;
            (underlying(details, option), multiplier)
        }
    };
    let expires = contract.option().and_then(|option| calendar.session(option.expiry)).map(|s| s.close);
    let con_id = Some(details.contract.contract_id).filter(|id| *id > 0);
    Ok(Terms { contract, underlying, multiplier, tick, tick_above, tick_break, expires, con_id, synthetic })
}

fn underlying(details: &ContractDetails, option: &OptionContract) -> Symbol {
    [details.under_symbol.as_str(), details.contract.symbol.as_str()]
        .into_iter()
        .find_map(|text| Symbol::new(&text.replace(' ', ".")).ok())
        .unwrap_or(option.root)
}

/// `100` or `100.0`: a whole number of shares from 1 to a million.
fn multiplier(text: &str) -> Option<u32> {
    let shares: f64 = text.parse().ok()?;
    (shares.fract() == 0.0 && (1.0..=1e6).contains(&shares)).then_some(shares as u32)
}

/// Step, step above, and where it begins.
fn steps(details: &ContractDetails, rule: Option<&MarketRule>) -> Option<(Price, Price, Price)> {
    let price = |dollars: f64| Price::from_f64(dollars).ok();
    let step = |dollars: f64| price(dollars).filter(|tick| *tick > Price::ZERO);
    let by_rule = rule.and_then(|rule| match rule.price_increments.as_slice() {
        [] => None,
        [only] => Some((step(only.increment)?, step(only.increment)?, Price::ZERO)),
        // US options have two steps, below and above 3.00; of rules with more the lowest two count,
        // the coarser ones above only refuse prices that no option of ours has.
        [low, above, ..] => Some((step(low.increment)?, step(above.increment)?, price(above.low_edge)?)),
    });
    by_rule.or_else(|| step(details.min_tick).map(|tick| (tick, tick, Price::ZERO)))
}

/// The market rule of the venue that routes: rules and venues are listed in the same order.
pub(crate) fn rule_id(details: &ContractDetails) -> Option<i32> {
    let place = details.valid_exchanges.iter().position(|venue| venue == "SMART").unwrap_or(0);
    details.market_rule_ids.get(place).or_else(|| details.market_rule_ids.first())?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::contract::to_broker;
    use ibapi::contracts::PriceIncrement;

    fn details(contract: &str, multiplier: &str, min_tick: f64) -> ContractDetails {
        let mut named = to_broker(&contract.parse().unwrap(), None, Some(4_711));
        named.multiplier = multiplier.to_owned();
        ContractDetails { contract: named, min_tick, ..ContractDetails::default() }
    }

    fn rule(steps: &[(f64, f64)]) -> MarketRule {
        let increments = steps
            .iter()
            .map(|(low_edge, increment)| PriceIncrement { low_edge: *low_edge, increment: *increment });
        MarketRule { market_rule_id: 1, price_increments: increments.collect() }
    }

    #[test]
    fn a_stock_and_an_option() {
        let calendar = Calendar::xnys();
        let stock = terms(&details("SPY", "", 0.01), None, &calendar, true).unwrap();
        assert_eq!((stock.multiplier, stock.tick, stock.expires), (1, Price::CENT, None));
        assert_eq!((stock.con_id, stock.synthetic), (Some(4_711), true));

        let nickels = rule(&[(0.0, 0.05), (3.0, 0.10)]);
        let option =
            terms(&details("SPY261127C00585000", "100", 0.01), Some(&nickels), &calendar, false).unwrap();
        assert_eq!(option.multiplier, 100);
        assert_eq!((option.tick, option.tick_above), (Price::from_cents(5), Price::from_cents(10)));
        assert_eq!(option.tick_break, Price::from_cents(300));
        // The day after Thanksgiving closes at 13:00.
        assert_eq!(option.expires.map(|t| t.to_string()).as_deref(), Some("2026-11-27T18:00:00Z"));
    }

    #[test]
    fn an_option_without_multiplier_or_step_is_refused() {
        let calendar = Calendar::xnys();
        for (multiplier, tick) in [("", 0.01), ("0", 0.01), ("100.5", 0.01), ("100", 0.0), ("100", -0.01)] {
            let refused = terms(&details("SPY261127C00585000", multiplier, tick), None, &calendar, false);
            assert!(refused.is_err(), "{multiplier} {tick}");
        }
    }

    #[test]
    fn the_rule_is_that_of_the_router() {
        let mut listed = details("SPY", "", 0.01);
        assert_eq!(rule_id(&listed), None);
        listed.valid_exchanges = ["AMEX", "SMART", "CBOE"].map(str::to_owned).to_vec();
        listed.market_rule_ids = ["26", "110", "32"].map(str::to_owned).to_vec();
        assert_eq!(rule_id(&listed), Some(110));
    }
}
