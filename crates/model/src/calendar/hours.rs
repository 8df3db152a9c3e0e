//! The times of a session beside its open and close: extended hours, deadlines of the closing auctions,
//! the end of trading in options.
//!
//! All of them stand at a fixed distance from open or close, so half days move them by themselves: what
//! comes after noon comes three hours earlier. Sources: SEC releases 34-84804 (NYSE: entry and cancel until
//! 15:50) and Federal Register 2018-23277 (Nasdaq: entry until 15:55); the option exchanges' list of
//! products that trade until 16:15.

use super::Session;
use crate::instrument::Symbol;
use crate::time::{Span, Timestamp};

/// Roots of options that trade for a quarter of an hour after the close: broad index funds, the sector
/// funds, volatility products, and the indices.
const LATE: [&str; 59] = [
    "DBA", "DBB", "DBC", "DBO", "DBS", "DIA", "DJX", "EEM", "EFA", "GAZ", "IWM", "IWN", "IWO", "IWV", "KBE",
    "KRE", "MDY", "MOO", "MRUT", "NDX", "NDXP", "OEF", "OEX", "OIL", "QQQ", "RUT", "RUTW", "SLX", "SPX",
    "SPXW", "SPY", "SVXY", "UNG", "UUP", "UVIX", "UVXY", "VIX", "VIXM", "VIXW", "VIXY", "VXX", "VXZ", "XEO",
    "XHB", "XLB", "XLC", "XLE", "XLF", "XLI", "XLK", "XLP", "XLRE", "XLU", "XLV", "XLY", "XME", "XRT", "XSP",
    "XSPAM",
];

impl Session {
    /// 04:00 New York: stocks trade before the open.
    pub fn extended_open(&self) -> Timestamp {
        self.open - Span::from_minutes(330)
    }

    /// 20:00 New York, 17:00 on half days: the end of trading after the close.
    pub fn extended_close(&self) -> Timestamp {
        self.close + Span::from_minutes(240)
    }

    /// 15:48, 12:48 on half days: our own deadline for market-on-close orders on any exchange.
    pub fn moc_deadline(&self) -> Timestamp {
        self.close - Span::from_minutes(12)
    }

    /// 15:50: the exchanges take no more cancels and changes of on-close orders; New York takes no more
    /// of them either, and publishes its imbalance.
    pub fn moc_freeze(&self) -> Timestamp {
        self.close - Span::from_minutes(10)
    }

    /// 15:55: Nasdaq takes no more market-on-close orders.
    pub fn nasdaq_moc_cutoff(&self) -> Timestamp {
        self.close - Span::from_minutes(5)
    }

    /// 15:58: Nasdaq takes no more limit-on-close orders.
    pub fn nasdaq_loc_cutoff(&self) -> Timestamp {
        self.close - Span::from_minutes(2)
    }

    /// 17:30: last instant at which a holder may tell the clearing house to exercise, or not to. Brokers end
    /// earlier.
    pub fn exercise_deadline(&self) -> Timestamp {
        self.close + Span::from_minutes(90)
    }

    /// End of trading in options of this root: 16:15 for index funds, sector funds, volatility products and
    /// indices, else the close. Those that expire today may end earlier: [`super::Calendar::expiration`].
    pub fn options_close(&self, root: Symbol) -> Timestamp {
        if trades_late(root) { self.close + Span::from_minutes(15) } else { self.close }
    }
}

/// Whether options of this root trade until a quarter of an hour after the close.
pub fn trades_late(root: Symbol) -> bool {
    LATE.binary_search(&root.as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Calendar;
    use jiff::civil::date;

    #[test]
    fn the_list_can_be_searched() {
        assert!(LATE.is_sorted());
    }

    #[test]
    fn a_half_day_moves_everything_after_noon() {
        let calendar = Calendar::xnys();
        let [spy, aapl] = ["SPY", "AAPL"].map(|name| Symbol::new(name).unwrap());
        let times = |day| {
            let s = calendar.session(day).unwrap();
            let at = |instant| {
                let local = calendar.local(instant);
                (local.hour(), local.minute())
            };
            [
                at(s.extended_open()),
                at(s.moc_deadline()),
                at(s.moc_freeze()),
                at(s.nasdaq_moc_cutoff()),
                at(s.nasdaq_loc_cutoff()),
                at(s.options_close(aapl)),
                at(s.options_close(spy)),
                at(s.exercise_deadline()),
                at(s.extended_close()),
            ]
        };
        let full = [(4, 0), (15, 48), (15, 50), (15, 55), (15, 58), (16, 0), (16, 15), (17, 30), (20, 0)];
        let half = [(4, 0), (12, 48), (12, 50), (12, 55), (12, 58), (13, 0), (13, 15), (14, 30), (17, 0)];
        assert_eq!(times(date(2026, 11, 25)), full);
        assert_eq!(times(date(2026, 11, 27)), half);
        assert_eq!(times(date(2026, 12, 24)), half);
        assert_eq!(times(date(2026, 7, 2)), full);
    }
}
