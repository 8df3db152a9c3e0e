//! Integers with units. Every operation that can overflow or lose a digit says so.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;

/// Why a number was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NumberError {
    /// The text is not a decimal number.
    #[error("not a decimal number")]
    NotDecimal,
    /// The value has more decimals than the unit can hold; nothing is rounded in silence.
    #[error("finer than the unit")]
    TooFine,
    /// The value does not fit 64 bits of the unit.
    #[error("out of range")]
    OutOfRange,
    /// Not a number, or infinite.
    #[error("not finite")]
    NotFinite,
}

/// A price in units of 1/10 000 dollar (`100_0000` is 100 dollars).
///
/// May be negative: spreads and some futures are. A quote or trade price of zero or less is
/// refused by whoever admits quotes and trades, not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Price(i64);

/// An amount of money in micro-dollars (1/1 000 000 dollar), positive or negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i64);

/// A number of whole shares or contracts, never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Quantity(u64);

/// A position in whole shares or contracts: positive is long, negative is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct SignedQuantity(i64);

impl Price {
    /// Units in one dollar.
    pub const SCALE: i64 = 10_000;
    /// Zero dollars.
    pub const ZERO: Self = Self(0);
    /// One cent, the tick of a liquid stock.
    pub const CENT: Self = Self(100);

    /// From units of 1/10 000 dollar.
    pub const fn from_raw(raw: i64) -> Self {
        Self(raw)
    }

    /// Units of 1/10 000 dollar.
    pub const fn raw(self) -> i64 {
        self.0
    }

    /// From whole cents.
    pub const fn from_cents(cents: i64) -> Self {
        Self(cents * 100)
    }

    /// From a floating-point price as feeds send them, if it is a whole number of units
    /// (to within a millionth of a unit times its magnitude: the error of a decimal in binary).
    ///
    /// # Errors
    /// [`NumberError::NotFinite`], [`NumberError::TooFine`], [`NumberError::OutOfRange`].
    pub fn from_f64(dollars: f64) -> Result<Self, NumberError> {
        whole_units(dollars, Self::SCALE as f64).map(Self)
    }

    /// Dollars, for statistics and display only.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / Self::SCALE as f64
    }

    /// `self + other`, or nothing when it overflows.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(raw) => Some(Self(raw)),
            None => None,
        }
    }

    /// `self - other`, or nothing when it overflows.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(raw) => Some(Self(raw)),
            None => None,
        }
    }

    /// Value of `quantity` units at this price with `multiplier` shares a unit; nothing when it overflows.
    pub fn notional(self, quantity: Quantity, multiplier: u32) -> Option<Money> {
        let micros_per_unit = Money::SCALE / Self::SCALE;
        let quantity = i64::try_from(quantity.0).ok()?;
        self.0
            .checked_mul(micros_per_unit)?
            .checked_mul(i64::from(multiplier))?
            .checked_mul(quantity)
            .map(Money)
    }

    /// The largest multiple of `tick` not above this price. `tick` must be positive.
    #[must_use]
    pub fn floor_to(self, tick: Self) -> Self {
        assert!(tick.0 > 0, "a tick is positive");
        Self(self.0.div_euclid(tick.0) * tick.0)
    }

    /// The smallest multiple of `tick` not below this price. `tick` must be positive.
    #[must_use]
    pub fn ceil_to(self, tick: Self) -> Self {
        let floor = self.floor_to(tick);
        if floor == self { floor } else { Self(floor.0 + tick.0) }
    }

    /// This price times a fraction, rounded down to a whole unit. For limits and stops made from ratios.
    ///
    /// # Errors
    /// [`NumberError::NotFinite`] or [`NumberError::OutOfRange`].
    pub fn scaled(self, fraction: f64) -> Result<Self, NumberError> {
        let raw = (self.0 as f64 * fraction).floor();
        if !raw.is_finite() {
            return Err(NumberError::NotFinite);
        }
        if raw.abs() >= 9.0e15 {
            return Err(NumberError::OutOfRange);
        }
        Ok(Self(raw as i64))
    }
}

impl Money {
    /// Units in one dollar.
    pub const SCALE: i64 = 1_000_000;
    /// Zero dollars.
    pub const ZERO: Self = Self(0);

    /// From micro-dollars.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Micro-dollars.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// From whole dollars.
    pub const fn from_dollars(dollars: i64) -> Self {
        Self(dollars * Self::SCALE)
    }

    /// From a floating-point amount, rounded to the nearest micro-dollar (brokers report amounts so).
    ///
    /// # Errors
    /// [`NumberError::NotFinite`] or [`NumberError::OutOfRange`].
    pub fn from_f64(dollars: f64) -> Result<Self, NumberError> {
        if !dollars.is_finite() {
            return Err(NumberError::NotFinite);
        }
        let micros = (dollars * Self::SCALE as f64).round();
        if micros.abs() >= 9.0e18 {
            return Err(NumberError::OutOfRange);
        }
        Ok(Self(micros as i64))
    }

    /// Dollars, for statistics and display only.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / Self::SCALE as f64
    }

    /// `self + other`, or nothing when it overflows.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// `self - other`, or nothing when it overflows.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// `self * numerator / denominator`, rounded toward zero, without intermediate overflow.
    /// Splits a cost basis in proportion; nothing when the result does not fit or `denominator` is 0.
    pub fn proportion(self, numerator: u64, denominator: u64) -> Option<Self> {
        let wide =
            i128::from(self.0).checked_mul(i128::from(numerator))?.checked_div(i128::from(denominator))?;
        i64::try_from(wide).ok().map(Self)
    }

    /// The amount times a fraction, rounded down to a micro-dollar. For limits made from ratios of equity.
    #[must_use]
    pub fn scaled(self, fraction: f64) -> Self {
        let micros = (self.0 as f64 * fraction).floor();
        assert!(micros.abs() < 9.0e18, "a fraction of equity fits in money");
        Self(micros as i64)
    }
}

impl core::ops::Neg for Money {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Quantity {
    /// None of it.
    pub const ZERO: Self = Self(0);

    /// A number of whole units.
    pub const fn new(units: u64) -> Self {
        Self(units)
    }

    /// The number of whole units.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Whether there is none of it.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `self + other`, or nothing when it overflows.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }

    /// `self - other`, or nothing when `other` is larger.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }

    /// `self - other`, or zero when `other` is larger.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// From a decimal as brokers send it (`"100"`, `"100.0"`): whole and not negative.
    ///
    /// # Errors
    /// [`NumberError`] when it is not a whole number of units.
    pub fn from_f64(units: f64) -> Result<Self, NumberError> {
        let whole = whole_units(units, 1.0)?;
        u64::try_from(whole).map(Self).map_err(|_| NumberError::OutOfRange)
    }
}

impl SignedQuantity {
    /// Flat.
    pub const ZERO: Self = Self(0);

    /// Whole units; positive is long.
    pub const fn new(units: i64) -> Self {
        Self(units)
    }

    /// Whole units; positive is long.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether it is flat.
    pub const fn is_flat(self) -> bool {
        self.0 == 0
    }

    /// Its size without the sign.
    pub const fn abs(self) -> Quantity {
        Quantity(self.0.unsigned_abs())
    }

    /// `self + other`, or nothing when it overflows.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }
}

/// `value * scale` as a whole number, if it is one to within what binary decimals lose.
fn whole_units(value: f64, scale: f64) -> Result<i64, NumberError> {
    if !value.is_finite() {
        return Err(NumberError::NotFinite);
    }
    let scaled = value * scale;
    if scaled.abs() >= 9.0e15 {
        return Err(NumberError::OutOfRange);
    }
    let rounded = scaled.round();
    let tolerance = 1e-6 + scaled.abs() * 1e-12;
    if (scaled - rounded).abs() > tolerance {
        return Err(NumberError::TooFine);
    }
    Ok(rounded as i64)
}

/// Reads `[-]digits[.digits]` into units of `10^-decimals`.
fn parse_decimal(text: &str, decimals: u32) -> Result<i64, NumberError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return Err(NumberError::NotDecimal);
    }
    let mut value: i64 = 0;
    let mut push = |byte: u8| -> Result<(), NumberError> {
        if !byte.is_ascii_digit() {
            return Err(NumberError::NotDecimal);
        }
        let next = value.checked_mul(10).and_then(|v| v.checked_add(i64::from(byte - b'0')));
        value = next.ok_or(NumberError::OutOfRange)?;
        Ok(())
    };
    for byte in whole.bytes() {
        push(byte)?;
    }
    let mut places = 0;
    for byte in fraction.bytes() {
        if places == decimals {
            if byte == b'0' {
                continue;
            }
            return Err(if byte.is_ascii_digit() { NumberError::TooFine } else { NumberError::NotDecimal });
        }
        push(byte)?;
        places += 1;
    }
    while places < decimals {
        push(b'0')?;
        places += 1;
    }
    Ok(if negative { -value } else { value })
}

/// Writes units of `10^-decimals` with at least `least` decimals, without trailing zeros beyond them.
fn write_decimal(f: &mut fmt::Formatter<'_>, raw: i64, decimals: u32, least: usize) -> fmt::Result {
    let scale = 10_u64.pow(decimals);
    let magnitude = raw.unsigned_abs();
    let sign = if raw < 0 { "-" } else { "" };
    let fraction = format!("{:0width$}", magnitude % scale, width = decimals as usize);
    let keep = fraction.trim_end_matches('0').len().max(least);
    if keep == 0 {
        write!(f, "{sign}{}", magnitude / scale)
    } else {
        write!(f, "{sign}{}.{}", magnitude / scale, &fraction[..keep])
    }
}

macro_rules! decimal_text {
    ($type:ty, $decimals:expr) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_decimal(f, self.0, $decimals, 2)
            }
        }
        impl FromStr for $type {
            type Err = NumberError;
            fn from_str(text: &str) -> Result<Self, NumberError> {
                parse_decimal(text, $decimals).map(Self)
            }
        }
        /// Decimal text where people read, the raw integer where machines do.
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    serializer.serialize_i64(self.0)
                }
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = String::deserialize(deserializer)?;
                    text.parse().map_err(|e| D::Error::custom(format!("`{text}`: {e}")))
                } else {
                    i64::deserialize(deserializer).map(Self)
                }
            }
        }
    };
}

decimal_text!(Price, 4);
decimal_text!(Money, 6);

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for SignedQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prices_read_and_write_as_decimals() {
        let cases = [("600.01", 6_000_100), ("0.0001", 1), ("-1.5", -15_000), ("7", 70_000), (".5", 5_000)];
        for (text, raw) in cases {
            assert_eq!(text.parse::<Price>(), Ok(Price::from_raw(raw)), "{text}");
        }
        assert_eq!(Price::from_raw(6_000_100).to_string(), "600.01");
        assert_eq!(Price::from_raw(6_000_000).to_string(), "600.00");
        assert_eq!(Price::from_raw(1).to_string(), "0.0001");
        assert_eq!(Price::from_raw(-15_000).to_string(), "-1.50");
        assert_eq!(Money::from_micros(-1).to_string(), "-0.000001");
    }

    #[test]
    fn what_is_finer_than_the_unit_is_refused() {
        assert_eq!("1.00001".parse::<Price>(), Err(NumberError::TooFine));
        assert_eq!("1.00000".parse::<Price>(), Ok(Price::from_raw(10_000)));
        assert_eq!(Price::from_f64(1.000_01), Err(NumberError::TooFine));
        assert_eq!(Price::from_f64(f64::NAN), Err(NumberError::NotFinite));
        assert_eq!("".parse::<Price>(), Err(NumberError::NotDecimal));
        assert_eq!("1e3".parse::<Price>(), Err(NumberError::NotDecimal));
        assert_eq!("99999999999999999999".parse::<Price>(), Err(NumberError::OutOfRange));
        assert_eq!(Quantity::from_f64(1.5), Err(NumberError::TooFine));
        assert_eq!(Quantity::from_f64(-1.0), Err(NumberError::OutOfRange));
    }

    #[test]
    fn notional_is_exact_and_checked() {
        let premium = Price::from_cents(134);
        assert_eq!(premium.notional(Quantity::new(12), 100), Some(Money::from_dollars(1_608)));
        assert_eq!(Price::from_raw(i64::MAX).notional(Quantity::new(1), 100), None);
    }

    #[test]
    fn ticks_round_toward_the_side_asked_for() {
        let nickel = Price::from_cents(5);
        assert_eq!(Price::from_cents(312).floor_to(nickel), Price::from_cents(310));
        assert_eq!(Price::from_cents(312).ceil_to(nickel), Price::from_cents(315));
        assert_eq!(Price::from_cents(310).ceil_to(nickel), Price::from_cents(310));
    }

    proptest! {
        #[test]
        fn price_text_round_trips(raw in any::<i64>().prop_filter("abs", |r| *r != i64::MIN)) {
            let price = Price::from_raw(raw);
            prop_assert_eq!(price.to_string().parse::<Price>(), Ok(price));
            let json = serde_json::to_string(&price).unwrap();
            prop_assert_eq!(serde_json::from_str::<Price>(&json).unwrap(), price);
        }

        #[test]
        fn a_feed_double_becomes_the_price_it_shows(cents in 1_i64..10_000_000) {
            let shown = cents as f64 / 100.0;
            prop_assert_eq!(Price::from_f64(shown), Ok(Price::from_cents(cents)));
        }

        #[test]
        fn a_basis_split_in_two_loses_nothing(basis in -1_000_000_000_000_i64..1_000_000_000_000, part in 0_u64..1_000, rest in 1_u64..1_000) {
            let whole = Money::from_micros(basis);
            let first = whole.proportion(part, part + rest).unwrap();
            let second = whole.checked_sub(first).unwrap();
            prop_assert_eq!(first.checked_add(second), Some(whole));
        }
    }
}
