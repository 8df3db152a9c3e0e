//! A definition as an instrument.

use alphatrader_model::{
    Contract, Instrument, InstrumentId, OptionContract, Price, Right, Symbol, Timestamp,
};
use dbn::{InstrumentDefMsg, UNDEF_PRICE, UNDEF_TIMESTAMP};

use super::UNITS;
use super::names::contract;
use crate::malformed::Reason;

/// What a definition does not say of a number.
const UNDEF: i32 = i32::MAX;
/// Shares of an option of the national list whose root has no digit: one with another deliverable has.
const STANDARD: u32 = 100;

/// The contract that a definition is about: by its own symbol, or for options named otherwise than OCC
/// does by underlying, expiry, right and strike.
pub(super) fn defined(definition: &InstrumentDefMsg) -> Option<Contract> {
    let right = match definition.instrument_class as u8 {
        b'C' => Right::Call,
        b'P' => Right::Put,
        b'M' | b'S' | b'T' => return None,
        _ => return contract(definition.raw_symbol().ok()?),
    };
    if let Some(option @ Contract::Option(_)) = contract(definition.raw_symbol().ok()?) {
        return Some(option);
    }
    let root = Symbol::new(definition.underlying().ok()?).ok().filter(|root| root.as_str().len() <= 6)?;
    let seconds = i64::try_from(definition.expiration / 1_000_000_000).ok()?;
    let zone = jiff::tz::TimeZone::UTC;
    let expiry = jiff::Timestamp::from_second(seconds).ok()?.to_zoned(zone).date();
    let strike = price(definition.strike_price)?;
    Some(Contract::Option(OptionContract { root, expiry, strike, right }))
}

/// An instrument as a definition describes it.
///
/// # Errors
/// [`Reason::Missing`] where it does not say how many shares a unit delivers.
pub(super) fn instrument(
    definition: &InstrumentDefMsg,
    contract: Contract,
    id: InstrumentId,
) -> Result<Instrument, Reason> {
    let multiplier = multiplier(definition, contract).ok_or(Reason::Missing("multiplier"))?;
    let tick =
        price(definition.min_price_increment).filter(|tick| *tick > Price::ZERO).unwrap_or(Price::CENT);
    let underlying = match contract {
        Contract::Stock(symbol) => symbol,
        Contract::Option(option) => {
            definition.underlying().ok().and_then(|name| Symbol::new(name).ok()).unwrap_or(option.root)
        }
    };
    let expires =
        i64::try_from(definition.expiration).ok().filter(|_| definition.expiration != UNDEF_TIMESTAMP);
    Ok(Instrument {
        id,
        contract,
        underlying,
        multiplier,
        tick,
        tick_above: tick,
        tick_break: Price::ZERO,
        expires: expires.map(Timestamp::from_nanos),
        con_id: None,
        synthetic: false,
    })
}

/// What a unit delivers, as the definition says it.
fn multiplier(definition: &InstrumentDefMsg, contract: Contract) -> Option<u32> {
    let whole = |amount: i64| u32::try_from(amount).ok().filter(|amount| *amount > 0);
    if definition.contract_multiplier != UNDEF {
        return whole(i64::from(definition.contract_multiplier));
    }
    let quantity = definition.unit_of_measure_qty;
    if quantity != UNDEF_PRICE && quantity % 1_000_000_000 == 0 && quantity > 0 {
        return whole(quantity / 1_000_000_000);
    }
    match contract {
        Contract::Stock(_) => Some(1),
        Contract::Option(option) => {
            let plain = !option.root.as_str().bytes().any(|byte| byte.is_ascii_digit());
            plain.then_some(STANDARD)
        }
    }
}

/// A price of DBN's, where it is there and no finer than ours.
pub(crate) fn price(raw: i64) -> Option<Price> {
    (raw != UNDEF_PRICE && raw % UNITS == 0).then_some(Price::from_raw(raw / UNITS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbn::record::str_to_c_chars;

    fn definition(raw: &str, class: u8) -> InstrumentDefMsg {
        InstrumentDefMsg {
            raw_symbol: str_to_c_chars(raw).unwrap(),
            underlying: str_to_c_chars("ESU6").unwrap(),
            instrument_class: class as core::ffi::c_char,
            expiration: 1_789_738_200_000_000_000,
            strike_price: 9_600_000_000_000,
            min_price_increment: UNDEF_PRICE,
            unit_of_measure_qty: UNDEF_PRICE,
            contract_multiplier: UNDEF,
            ..InstrumentDefMsg::default()
        }
    }

    #[test]
    fn options_futures_and_stocks_are_described() {
        let spread = definition("ESU6-ESZ6", b'S');
        assert_eq!(defined(&spread), None);
        let mut future = definition("ESU6", b'F');
        (future.unit_of_measure_qty, future.min_price_increment) = (50_000_000_000, 250_000_000);
        let made = instrument(&future, defined(&future).unwrap(), InstrumentId(2)).unwrap();
        assert_eq!((made.multiplier, made.tick.to_string().as_str()), (50, "0.25"));
        let mut option = definition("ESU6 C9600", b'C');
        let contract = defined(&option).unwrap();
        assert!(matches!(contract, Contract::Option(o) if o.to_string() == "ESU6260918C09600000"));
        option.contract_multiplier = 0;
        assert_eq!(instrument(&option, contract, InstrumentId(0)), Err(Reason::Missing("multiplier")));
        let listed = definition("SPY   240119P00340000", b'P');
        let made = instrument(&listed, defined(&listed).unwrap(), InstrumentId(0)).unwrap();
        assert_eq!((made.multiplier, made.tick), (100, Price::CENT));
        assert_eq!(
            instrument(
                &definition("MSFT", b'K'),
                defined(&definition("MSFT", b'K')).unwrap(),
                InstrumentId(0)
            )
            .unwrap()
            .multiplier,
            1
        );
    }
}
