//! What a root of options says: underlying, shares a contract, exercise, and the instant that settles it.
//!
//! Sources name the root (`SPXW230914C04505000`) and nothing else; what it means is in the exchange calendar
//! ([`expiry`]). A root with a digit (`SPY1`) is an adjusted contract of its stock.

use alphatrader_model::calendar::expiry;
use alphatrader_model::chain::Exercise;
use alphatrader_model::{Calendar, Symbol, Timestamp};
use jiff::civil::Date;

/// Shares of a standard contract: the unit of the formats that are read here.
pub const STANDARD: u32 = 100;

/// Whose options a root's are. An adjusted root (`SPY1`) is its stock's.
pub fn underlying_of(root: Symbol) -> Symbol {
    expiry::underlying(plain(root))
}

/// A root without the digits of an adjustment.
fn plain(root: Symbol) -> Symbol {
    Symbol::new(root.as_str().trim_end_matches(|c: char| c.is_ascii_digit())).unwrap_or(root)
}

/// Whether a contract of this root was adjusted after a split, merger or special dividend.
pub fn is_adjusted(root: Symbol) -> bool {
    root.as_str().bytes().any(|byte| byte.is_ascii_digit())
}

/// Shares a contract of this root delivers; absent for an adjusted one.
pub fn multiplier(root: Symbol) -> Option<u32> {
    (!is_adjusted(root)).then_some(STANDARD)
}

/// When options of this root may be exercised.
pub fn exercise(root: Symbol) -> Exercise {
    expiry::exercise(plain(root))
}

/// The instant that settles options of a root that expire on a date.
pub fn settles(calendar: &Calendar, root: Symbol, expiry: Date) -> Timestamp {
    calendar.settlement(plain(root), expiry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn symbol(name: &str) -> Symbol {
        Symbol::new(name).unwrap()
    }

    #[test]
    fn a_root_says_whose_it_is_and_what_it_delivers() {
        for (root, underlying, shares) in [
            ("SPY", "SPY", Some(100)),
            ("SPY1", "SPY", None),
            ("SPX", "SPX", Some(100)),
            ("SPXW", "SPX", Some(100)),
            ("AAPL7", "AAPL", None),
            ("NDXP", "NDX", Some(100)),
        ] {
            assert_eq!(underlying_of(symbol(root)), symbol(underlying), "{root}");
            assert_eq!(multiplier(symbol(root)), shares, "{root}");
        }
        assert_eq!(exercise(symbol("SPXW")), Exercise::European);
        assert_eq!(exercise(symbol("SPY")), Exercise::American);
    }

    #[test]
    fn settlement_goes_by_root_and_calendar() {
        let calendar = Calendar::xnys();
        let local = |root: &str, day| calendar.local(settles(&calendar, symbol(root), day));
        let third_friday = date(2023, 9, 15);
        assert_eq!(local("SPX", third_friday), third_friday.at(9, 30, 0, 0));
        assert_eq!(local("SPXW", third_friday), third_friday.at(16, 0, 0, 0));
        assert_eq!(local("SPY", third_friday), third_friday.at(16, 0, 0, 0));
        assert_eq!(local("GOOG", date(2015, 12, 24)), date(2015, 12, 24).at(13, 0, 0, 0));
        assert_eq!(local("AAPL", date(2015, 1, 17)), date(2015, 1, 16).at(16, 0, 0, 0), "a Saturday");
    }
}
