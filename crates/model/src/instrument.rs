//! What can be traded: symbols, contracts, OCC option symbols.

use core::fmt;
use core::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::number::Price;
use crate::time::Timestamp;

/// Why a symbol or contract was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ContractError {
    /// Symbols are 1 to 8 characters of `A-Z`, `0-9`, `.`, ` ` or `-`, starting with a letter.
    #[error("`{0}` is not a symbol: 1 to 8 characters A-Z, 0-9, `.`, `-`, starting with a letter")]
    Symbol(String),
    /// Not `ROOT` + `YYMMDD` + `C|P` + eight digits of strike.
    #[error("`{0}` is not an OCC option symbol such as SPY261123C00585000: {1}")]
    Occ(String, &'static str),
}

/// A ticker symbol such as `SPY` or `BRK.B`: at most 8 characters, stored in place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol([u8; 8]);

/// A number that stands for one [`Contract`] inside a run; dense, starting at 0.
///
/// Given by the edge that first names a contract, announced by an [`Instrument`] event. Never
/// stored: what outlives the run names the [`Contract`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InstrumentId(pub u32);

/// Call or put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// The right to buy.
    Call,
    /// The right to sell.
    Put,
}

/// A listed option: root, expiry, right and strike, as OCC names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OptionContract {
    /// Root symbol (`SPY`, `SPXW`); at most 6 characters.
    pub root: Symbol,
    /// Last trading day in exchange time.
    pub expiry: Date,
    /// Strike; a whole number of 1/1000 dollar.
    pub strike: Price,
    /// Call or put.
    pub right: Right,
}

/// A contract by its own name, the same in every run and on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contract {
    /// A stock or ETF.
    Stock(Symbol),
    /// A listed option.
    Option(OptionContract),
}

/// A contract and what is needed to trade it. First event about any contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instrument {
    /// The number it goes by in this run.
    pub id: InstrumentId,
    /// Its name.
    pub contract: Contract,
    /// The symbol whose price moves it: itself for a stock.
    pub underlying: Symbol,
    /// Shares a unit delivers: 1 for a stock, usually 100 for an option; never assumed.
    pub multiplier: u32,
    /// Smallest price step below [`Instrument::tick_break`].
    pub tick: Price,
    /// Smallest price step at and above [`Instrument::tick_break`]; equal to `tick` where there is one.
    pub tick_above: Price,
    /// Price at which `tick_above` begins (3.00 for most US options).
    pub tick_break: Price,
    /// When trading in it ends for good; absent for what does not expire.
    pub expires: Option<Timestamp>,
    /// The broker's number for it, when known.
    pub con_id: Option<i32>,
    /// Prices made by our own generator, never by a market. Shown wherever it is shown.
    pub synthetic: bool,
}

impl Instrument {
    /// A stock or fund that trades in whole cents, known by nothing but its symbol.
    pub const fn stock(id: InstrumentId, symbol: Symbol) -> Self {
        Self {
            id,
            contract: Contract::Stock(symbol),
            underlying: symbol,
            multiplier: 1,
            tick: Price::CENT,
            tick_above: Price::CENT,
            tick_break: Price::ZERO,
            expires: None,
            con_id: None,
            synthetic: false,
        }
    }

    /// The price step in force at `price`.
    pub fn tick_at(&self, price: Price) -> Price {
        if price < self.tick_break { self.tick } else { self.tick_above }
    }
}

impl Symbol {
    /// Longest symbol.
    pub const MAX: usize = 8;

    /// Reads a symbol.
    ///
    /// # Errors
    /// [`ContractError::Symbol`].
    pub fn new(text: &str) -> Result<Self, ContractError> {
        let bytes = text.as_bytes();
        let refused = || ContractError::Symbol(text.chars().take(32).collect());
        let allowed =
            |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b' ');
        if bytes.len() > Self::MAX || !bytes.iter().all(allowed) {
            return Err(refused());
        }
        if !bytes.first().is_some_and(u8::is_ascii_uppercase) || bytes.last() == Some(&b' ') {
            return Err(refused());
        }
        let mut stored = [0; Self::MAX];
        stored[..bytes.len()].copy_from_slice(bytes);
        Ok(Self(stored))
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        let length = self.0.iter().position(|b| *b == 0).unwrap_or(Self::MAX);
        core::str::from_utf8(&self.0[..length]).expect("only ASCII is ever stored")
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Symbol({})", self.as_str())
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Symbol {
    type Err = ContractError;
    fn from_str(text: &str) -> Result<Self, ContractError> {
        Self::new(text)
    }
}

impl Right {
    /// `C` or `P`, as in OCC symbols.
    pub const fn letter(self) -> char {
        match self {
            Self::Call => 'C',
            Self::Put => 'P',
        }
    }
}

impl OptionContract {
    /// Digits of the strike in an OCC symbol: 1/1000 dollar.
    const STRIKE_UNIT: i64 = 10;

    /// The 21-character form of OCC, root padded with spaces: `SPY   261123C00585000`.
    pub fn padded(&self) -> String {
        let compact = self.to_string();
        let (root, rest) = compact.split_at(self.root.as_str().len());
        format!("{root:<6}{rest}")
    }

    /// As a person writes it: `SPY 23 Nov 602 C`.
    pub fn label(&self) -> String {
        let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
            [usize::from(self.expiry.month().unsigned_abs()) - 1];
        let strike = self.strike.to_string();
        let strike = strike.strip_suffix(".00").unwrap_or(&strike);
        format!("{} {} {month} {strike} {}", self.root, self.expiry.day(), self.right.letter())
    }
}

/// The compact OCC symbol: `SPY261123C00585000`.
impl fmt::Display for OptionContract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{:02}{:02}{:02}{}{:08}",
            self.root,
            self.expiry.year().rem_euclid(100),
            self.expiry.month(),
            self.expiry.day(),
            self.right.letter(),
            self.strike.raw() / Self::STRIKE_UNIT
        )
    }
}

/// Reads the compact or the padded form. Two-digit years are 2000 to 2099.
impl FromStr for OptionContract {
    type Err = ContractError;
    fn from_str(text: &str) -> Result<Self, ContractError> {
        let refused = |why| ContractError::Occ(text.chars().take(32).collect(), why);
        if !text.is_ascii() || text.len() < 16 || text.len() > 21 {
            return Err(refused("16 to 21 ASCII characters are needed"));
        }
        let (root, rest) = text.split_at(text.len() - 15);
        let root = Symbol::new(root.trim_end()).map_err(|_| refused("its root is not a symbol"))?;
        let digits = |range: core::ops::Range<usize>| -> Result<i64, ContractError> {
            let part = &rest[range];
            if !part.bytes().all(|b| b.is_ascii_digit()) {
                return Err(refused("date and strike are digits"));
            }
            part.parse().map_err(|_| refused("date and strike are digits"))
        };
        let (year, month, day, strike) = (digits(0..2)?, digits(2..4)?, digits(4..6)?, digits(7..15)?);
        let expiry = Date::new(2000 + year as i16, month as i8, day as i8)
            .map_err(|_| refused("its date does not exist"))?;
        let right = match &rest[6..7] {
            "C" => Right::Call,
            "P" => Right::Put,
            _ => return Err(refused("the right is C or P")),
        };
        if strike == 0 {
            return Err(refused("its strike is zero"));
        }
        Ok(Self { root, expiry, strike: Price::from_raw(strike * Self::STRIKE_UNIT), right })
    }
}

impl Contract {
    /// The option, when it is one.
    pub const fn option(&self) -> Option<&OptionContract> {
        match self {
            Self::Option(option) => Some(option),
            Self::Stock(_) => None,
        }
    }

    /// As a person writes it: `SPY` or `SPY 23 Nov 602 C`.
    pub fn label(&self) -> String {
        match self {
            Self::Stock(symbol) => symbol.to_string(),
            Self::Option(option) => option.label(),
        }
    }
}

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stock(symbol) => symbol.fmt(f),
            Self::Option(option) => option.fmt(f),
        }
    }
}

/// Text of 16 characters or more is an option, shorter text a stock: symbols have at most 8.
impl FromStr for Contract {
    type Err = ContractError;
    fn from_str(text: &str) -> Result<Self, ContractError> {
        if text.len() > Symbol::MAX { text.parse().map(Self::Option) } else { text.parse().map(Self::Stock) }
    }
}

serde_by_text!(Symbol, OptionContract, Contract);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn occ_symbols_read_in_both_forms() {
        let compact: OptionContract = "SPY261123C00585000".parse().unwrap();
        assert_eq!(compact.root.as_str(), "SPY");
        assert_eq!(compact.expiry, Date::new(2026, 11, 23).unwrap());
        assert_eq!(compact.strike, Price::from_cents(58_500));
        assert_eq!(compact.right, Right::Call);
        assert_eq!("SPY   261123C00585000".parse::<OptionContract>(), Ok(compact));
        assert_eq!(compact.padded(), "SPY   261123C00585000");
        assert_eq!(compact.label(), "SPY 23 Nov 585 C");
    }

    #[test]
    fn what_is_not_a_contract_is_refused_with_the_reason() {
        for text in [
            "SPY261323C00585000",
            "SPY261123X00585000",
            "SPY26112 C00585000",
            "SPY261123C00000000",
            "",
            "spy",
        ] {
            assert!(text.parse::<Contract>().is_err(), "{text}");
        }
        assert!("SPY261123X00585000".parse::<Contract>().unwrap_err().to_string().contains("C or P"));
        assert!(Symbol::new("TOOLONGSYM").is_err());
        assert_eq!(Symbol::new("BRK.B").unwrap().to_string(), "BRK.B");
    }

    proptest! {
        #[test]
        fn contracts_round_trip(root in "[A-Z]{1,6}", days in 0_i32..36_000, strike in 1_i64..99_999_999, call in any::<bool>()) {
            let expiry = Date::new(2000, 1, 1).unwrap().checked_add(jiff::Span::new().days(days)).unwrap();
            let option = OptionContract {
                root: Symbol::new(&root).unwrap(),
                expiry,
                strike: Price::from_raw(strike * 10),
                right: if call { Right::Call } else { Right::Put },
            };
            let contract = Contract::Option(option);
            prop_assert_eq!(contract.to_string().parse::<Contract>(), Ok(contract));
            prop_assert_eq!(option.padded().len(), 21);
            let bytes = postcard::to_stdvec(&contract).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Contract>(&bytes).unwrap(), contract);
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            let _ = text.parse::<Contract>();
        }
    }
}
