//! Contracts.

use alphatrader_model::{Contract, OptionContract, Price, Right, Symbol};
use ibapi::contracts::{Contract as BrokerContract, OptionRight, SecurityType};
use jiff::civil::Date;
use thiserror::Error;

/// A contract of the broker's that we have no words for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{symbol} {kind}: {reason}")]
pub(crate) struct ForeignContract {
    symbol: String,
    kind: String,
    reason: &'static str,
}

/// The broker's name of a contract, routed by the broker's own router, in dollars.
///
/// `underlying` names the stock below an option where it is not the root (`SPX` for `SPXW`).
/// `con_id` is the broker's number, when known: it alone makes the name unambiguous.
pub(crate) fn to_broker(
    contract: &Contract,
    underlying: Option<Symbol>,
    con_id: Option<i32>,
) -> BrokerContract {
    let mut named = BrokerContract {
        contract_id: con_id.unwrap_or(0),
        exchange: "SMART".into(),
        currency: "USD".into(),
        ..BrokerContract::default()
    };
    match contract {
        Contract::Stock(symbol) => named.symbol = spelled(*symbol).into(),
        Contract::Option(option) => {
            named.symbol = spelled(underlying.unwrap_or(option.root)).into();
            named.security_type = SecurityType::Option;
            named.trading_class = spelled(option.root);
            named.last_trade_date_or_contract_month = day(option.expiry);
            named.strike = option.strike.to_f64();
            named.right = Some(match option.right {
                Right::Call => OptionRight::Call,
                Right::Put => OptionRight::Put,
            });
        }
    }
    named
}

/// Our name of a contract.
///
/// # Errors
/// [`ForeignContract`] for kinds we do not trade and for fields that make no contract.
pub(crate) fn from_broker(contract: &BrokerContract) -> Result<Contract, ForeignContract> {
    let refused = |reason| ForeignContract {
        symbol: contract.symbol.as_str().chars().take(24).collect(),
        kind: contract.security_type.as_str().chars().take(12).collect(),
        reason,
    };
    match contract.security_type {
        SecurityType::Stock => {
            symbol(contract.symbol.as_str()).map(Contract::Stock).ok_or_else(|| refused("not a symbol"))
        }
        SecurityType::Option => option(contract).map(Contract::Option).map_err(refused),
        _ => Err(refused("only stocks and options are traded here")),
    }
}

fn option(contract: &BrokerContract) -> Result<OptionContract, &'static str> {
    let class = contract.trading_class.as_str();
    let root = if class.is_empty() { contract.symbol.as_str() } else { class };
    let strike = Price::from_f64(contract.strike).map_err(|_| "its strike is not a price")?;
    if strike <= Price::ZERO || strike.raw() % 10 != 0 {
        return Err("its strike is not a whole number of 1/1000 dollar");
    }
    Ok(OptionContract {
        root: symbol(root).filter(|root| root.as_str().len() <= 6).ok_or("its root is not a symbol")?,
        expiry: read_day(&contract.last_trade_date_or_contract_month).ok_or("its expiry is not a day")?,
        strike,
        right: match contract.right {
            Some(OptionRight::Call) => Right::Call,
            Some(OptionRight::Put) => Right::Put,
            None => return Err("neither call nor put"),
        },
    })
}

/// TWS writes classes of shares with a space (`BRK B`), everyone else with a dot.
fn spelled(symbol: Symbol) -> String {
    symbol.as_str().replace('.', " ")
}

fn symbol(text: &str) -> Option<Symbol> {
    Symbol::new(&text.replace(' ', ".")).ok()
}

/// `20261123`.
pub(crate) fn day(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}

/// Reads `20261123`, also when a time follows.
pub(crate) fn read_day(text: &str) -> Option<Date> {
    let digits = text.get(..8)?;
    let followed = text.as_bytes().get(8).is_some_and(u8::is_ascii_digit);
    if followed || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Date::strptime("%Y%m%d", digits).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn occ(text: &str) -> Contract {
        text.parse().unwrap()
    }

    #[test]
    fn an_option_is_named_as_tws_names_it() {
        let named = to_broker(&occ("SPXW261123P05850000"), Symbol::new("SPX").ok(), Some(7));
        assert_eq!((named.symbol.as_str(), named.trading_class.as_str()), ("SPX", "SPXW"));
        assert_eq!(named.last_trade_date_or_contract_month, "20261123");
        assert_eq!((named.strike, named.contract_id), (5_850.0, 7));
        assert_eq!(named.right, Some(OptionRight::Put));
        assert_eq!((named.exchange.as_str(), named.currency.as_str()), ("SMART", "USD"));
    }

    #[test]
    fn share_classes_change_their_spelling() {
        let named = to_broker(&occ("BRK.B"), None, None);
        assert_eq!(named.symbol.as_str(), "BRK B");
        assert_eq!(from_broker(&named), Ok(occ("BRK.B")));
    }

    #[test]
    fn an_expiry_with_a_time_is_still_a_day() {
        let mut named = to_broker(&occ("SPY261123C00585000"), None, None);
        named.last_trade_date_or_contract_month = "20261123 16:00 US/Eastern".to_owned();
        assert_eq!(from_broker(&named), Ok(occ("SPY261123C00585000")));
        for text in ["202611", "20261399", "202611230", "2026112x", ""] {
            assert_eq!(read_day(text), None, "{text}");
        }
    }

    #[test]
    fn what_we_do_not_trade_is_refused_by_name() {
        let bag = BrokerContract {
            symbol: "SPY".into(),
            security_type: SecurityType::Spread,
            ..BrokerContract::default()
        };
        assert_eq!(
            from_broker(&bag).unwrap_err().to_string(),
            "SPY BAG: only stocks and options are traded here"
        );
    }

    proptest! {
        #[test]
        fn contracts_survive_the_wire(root in "[A-Z]{1,6}", days in 0_i32..20_000, strike in 1_i64..9_999_999, call in any::<bool>()) {
            let expiry = jiff::civil::date(2010, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            let right = if call { Right::Call } else { Right::Put };
            let option = OptionContract { root: Symbol::new(&root).unwrap(), expiry, strike: Price::from_raw(strike * 10), right };
            for contract in [Contract::Option(option), Contract::Stock(option.root)] {
                prop_assert_eq!(from_broker(&to_broker(&contract, None, None)), Ok(contract));
            }
        }

        #[test]
        fn any_contract_is_read_or_refused(symbol in ".{0,12}", class in ".{0,8}", day in ".{0,12}", strike in any::<f64>(), stock in any::<bool>()) {
            let security_type = if stock { SecurityType::Stock } else { SecurityType::Option };
            let contract = BrokerContract {
                symbol: symbol.as_str().into(),
                security_type,
                trading_class: class,
                last_trade_date_or_contract_month: day,
                strike,
                right: Some(OptionRight::Call),
                ..BrokerContract::default()
            };
            if let Ok(read) = from_broker(&contract) {
                prop_assert!(read.to_string().parse::<Contract>().is_ok());
            }
        }
    }
}
