//! The numbers by which clients know contracts: the same on every day and in every run.
//!
//! The broker's own numbers for well-known stocks; for options a number made of underlying, expiry,
//! strike and right, which can be read back. What does not fit the scheme is numbered by the account's
//! books, below [`FIRST_MADE`].

use alphatrader_model::{Contract, OptionContract, Price, Right, Symbol};
use jiff::civil::{Date, date};

/// The first number that the scheme gives.
pub const FIRST_MADE: i32 = 800_000_000;

/// Numbers that the broker gave to well-known stocks. Their order is part of the scheme: new ones go
/// to the end, at most [`MOST_ROOTS`].
const KNOWN: [(&str, i32); 13] = [
    ("SPY", 756_733),
    ("QQQ", 320_227_571),
    ("IWM", 9_579_970),
    ("AAPL", 265_598),
    ("MSFT", 272_093),
    ("NVDA", 4_815_747),
    ("AMZN", 3_691_937),
    ("META", 107_113_386),
    ("GOOGL", 208_813_719),
    ("TSLA", 76_792_991),
    ("AMD", 4_391),
    ("JPM", 1_520_593),
    ("NFLX", 15_124_833),
];

/// Roots for which there is room.
const MOST_ROOTS: i64 = 16;
/// The first expiry that can be numbered, and days from it that can.
const FIRST_EXPIRY: Date = date(2010, 1, 1);
const MOST_DAYS: i64 = 9_000;
/// Strikes are counted in half dollars.
const STRIKE_UNIT: i64 = 5_000;
const MOST_STRIKES: i64 = 4_000;

/// The number of a contract by the scheme; nothing for one that does not fit it.
pub fn con_id(contract: &Contract) -> Option<i32> {
    match contract {
        Contract::Stock(symbol) => known(*symbol).map(|(_, con_id)| con_id),
        Contract::Option(option) => {
            let (root, _) = known(option.root)?;
            let day = i64::from(option.expiry.since(FIRST_EXPIRY).ok()?.get_days());
            let (strike, rest) = (option.strike.raw() / STRIKE_UNIT, option.strike.raw() % STRIKE_UNIT);
            let fits = rest == 0 && (0..MOST_DAYS).contains(&day) && (1..MOST_STRIKES).contains(&strike);
            let right = i64::from(option.right == Right::Put);
            let number = ((day * MOST_STRIKES + strike) * 2 + right) * MOST_ROOTS + root;
            fits.then_some(i64::from(FIRST_MADE) + number).and_then(|number| i32::try_from(number).ok())
        }
    }
}

fn known(symbol: Symbol) -> Option<(i64, i32)> {
    let place = KNOWN.iter().position(|(name, _)| *name == symbol.as_str())?;
    Some((place as i64, KNOWN[place].1))
}

/// The contract of a number that the scheme gave; nothing for any other.
pub fn contract(con_id: i32) -> Option<Contract> {
    if let Some((name, _)) = KNOWN.iter().find(|(_, known)| *known == con_id) {
        return Symbol::new(name).ok().map(Contract::Stock);
    }
    let number = i64::from(con_id.checked_sub(FIRST_MADE).filter(|number| *number >= 0)?);
    let (rest, root) = (number / MOST_ROOTS, number % MOST_ROOTS);
    let (rest, right) = (rest / 2, rest % 2);
    let (day, strike) = (rest / MOST_STRIKES, rest % MOST_STRIKES);
    let (name, _) = KNOWN.get(root as usize)?;
    let option = OptionContract {
        root: Symbol::new(name).ok()?,
        expiry: FIRST_EXPIRY.checked_add(jiff::Span::new().days(day)).ok()?,
        strike: Price::from_raw(strike * STRIKE_UNIT),
        right: if right == 1 { Right::Put } else { Right::Call },
    };
    (strike > 0 && day < MOST_DAYS).then_some(Contract::Option(option))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_names_one_contract(root in 0..KNOWN.len(), day in 0_i64..MOST_DAYS, strike in 1_i64..MOST_STRIKES, put: bool) {
            let option = OptionContract {
                root: Symbol::new(KNOWN[root].0).unwrap(),
                expiry: FIRST_EXPIRY.checked_add(jiff::Span::new().days(day)).unwrap(),
                strike: Price::from_raw(strike * STRIKE_UNIT),
                right: if put { Right::Put } else { Right::Call },
            };
            let number = con_id(&Contract::Option(option));
            prop_assert!(number.is_some_and(|number| number >= FIRST_MADE));
            prop_assert_eq!(number.and_then(contract), Some(Contract::Option(option)));
        }

        #[test]
        fn any_number_is_read_or_refused(number: i32) {
            if let Some(read) = contract(number) {
                prop_assert_eq!(con_id(&read), Some(number));
            }
        }
    }

    #[test]
    fn what_does_not_fit_has_no_number() {
        for name in ["ZZZ", "ZZZ261123C00600000", "SPY261123C00600100", "SPY091218C00600000"] {
            assert_eq!(con_id(&name.parse().unwrap()), None, "{name}");
        }
        assert_eq!(con_id(&"SPY".parse().unwrap()), Some(756_733));
    }
}
