//! The thirteen symbols: what moves each, how it trades, which options it has.
//!
//! Loadings and deviations are set so that five-minute returns correlate as measured: SPY with QQQ
//! 0.90 to 0.92, with IWM 0.90, with a large stock 0.6 to 0.7. Names and exchanges are those of the
//! real symbols; prices and flow are made here.

use alphatrader_model::{Price, Symbol};

/// Rhythm of a symbol's option expiries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiries {
    /// Every trading day for two weeks, then every week.
    Daily,
    /// Every week for six weeks, then every month.
    Weekly,
}

/// What a symbol is made of. Deviations are of a session's log return from open to close, in a day
/// of ordinary volatility.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// The symbol.
    pub symbol: &'static str,
    /// The long name.
    pub name: &'static str,
    /// What it does, in the broker's words: industry, category.
    pub industry: (&'static str, &'static str),
    /// An exchange-traded fund rather than a company.
    pub fund: bool,
    /// Where it is listed, as the broker names it.
    pub listed_on: &'static str,
    /// The price that the years move around, dollars.
    pub base: f64,
    /// How much of the market's move it makes.
    pub market: f64,
    /// How much of the technology sector's move it makes.
    pub technology: f64,
    /// Deviation of what is its own.
    pub own: f64,
    /// Marketable orders per second, mean of an ordinary day.
    pub orders: f64,
    /// Changes of book rows per second beside what trades do.
    pub changes: f64,
    /// Mean size of the touch where the path is in the middle, shares.
    pub touch: f64,
    /// Mean spread, cents.
    pub spread: f64,
    /// Mean distance between rows of the book, cents.
    pub gap: i64,
    /// Median size of a marketable order, shares.
    pub size: f64,
    /// Rhythm of its option expiries.
    pub expiries: Expiries,
    /// Distance between strikes near the money, cents.
    pub strike_step: i64,
    /// Option prints per second, mean of an ordinary day.
    pub option_prints: f64,
}

impl Profile {
    /// The symbol as the model has it.
    pub fn symbol(&self) -> Symbol {
        Symbol::new(self.symbol).expect("the table holds symbols")
    }

    /// The base price.
    pub fn base_price(&self) -> Price {
        Price::from_cents((self.base * 100.0) as i64)
    }
}

/// The profile of a symbol; nothing for one that the synthetic market does not have.
pub fn profile(symbol: &str) -> Option<&'static Profile> {
    PROFILES.iter().find(|profile| profile.symbol == symbol)
}

const ETF: Profile = Profile {
    symbol: "SPY",
    name: "SPDR S&P 500 ETF TRUST",
    industry: ("Funds", "Equity Fund"),
    fund: true,
    listed_on: "ARCA",
    base: 600.0,
    market: 1.0,
    technology: 0.0,
    own: 0.0,
    orders: 6.5,
    changes: 36.0,
    touch: 13_400.0,
    spread: 1.0,
    gap: 1,
    size: 230.0,
    expiries: Expiries::Daily,
    strike_step: 100,
    option_prints: 5.0,
};

const STOCK: Profile = Profile {
    fund: false,
    listed_on: "NASDAQ",
    market: 1.1,
    technology: 0.8,
    own: 0.010,
    orders: 4.0,
    changes: 9.0,
    touch: 400.0,
    spread: 2.0,
    gap: 1,
    size: 80.0,
    expiries: Expiries::Weekly,
    strike_step: 250,
    option_prints: 0.6,
    ..ETF
};

/// All symbols of the synthetic market, the funds first.
pub const PROFILES: [Profile; 13] = [
    ETF,
    Profile {
        symbol: "QQQ",
        name: "INVESCO QQQ TRUST SERIES 1",
        listed_on: "NASDAQ",
        base: 520.0,
        market: 1.10,
        technology: 0.8,
        own: 0.0006,
        orders: 7.0,
        changes: 20.0,
        touch: 2_400.0,
        size: 120.0,
        option_prints: 3.0,
        ..ETF
    },
    Profile {
        symbol: "IWM",
        name: "ISHARES RUSSELL 2000 ETF",
        base: 220.0,
        market: 1.17,
        own: 0.0044,
        orders: 4.0,
        changes: 13.0,
        touch: 4_000.0,
        size: 150.0,
        option_prints: 1.0,
        ..ETF
    },
    Profile {
        symbol: "AAPL",
        name: "APPLE INC",
        industry: ("Technology", "Computers"),
        base: 230.0,
        market: 1.15,
        own: 0.0085,
        orders: 6.0,
        changes: 13.0,
        touch: 700.0,
        spread: 1.2,
        option_prints: 1.5,
        ..STOCK
    },
    Profile {
        symbol: "MSFT",
        name: "MICROSOFT CORP",
        industry: ("Technology", "Software"),
        base: 470.0,
        market: 1.0,
        technology: 0.9,
        own: 0.008,
        touch: 240.0,
        spread: 3.5,
        gap: 2,
        size: 60.0,
        ..STOCK
    },
    Profile {
        symbol: "NVDA",
        name: "NVIDIA CORP",
        industry: ("Technology", "Semiconductors"),
        base: 180.0,
        market: 1.7,
        technology: 1.5,
        own: 0.010,
        orders: 9.0,
        changes: 18.0,
        touch: 1_100.0,
        spread: 1.2,
        size: 110.0,
        option_prints: 2.0,
        ..STOCK
    },
    Profile {
        symbol: "AMZN",
        name: "AMAZON.COM INC",
        industry: ("Communications", "Internet"),
        base: 220.0,
        market: 1.25,
        own: 0.011,
        orders: 5.0,
        changes: 11.0,
        touch: 600.0,
        spread: 1.5,
        ..STOCK
    },
    Profile {
        symbol: "META",
        name: "META PLATFORMS INC-CLASS A",
        industry: ("Communications", "Internet"),
        base: 650.0,
        market: 1.25,
        own: 0.012,
        orders: 2.5,
        changes: 7.0,
        touch: 160.0,
        spread: 10.0,
        gap: 5,
        size: 40.0,
        strike_step: 500,
        ..STOCK
    },
    Profile {
        symbol: "GOOGL",
        name: "ALPHABET INC-CL A",
        industry: ("Communications", "Internet"),
        base: 300.0,
        market: 1.1,
        technology: 0.7,
        touch: 400.0,
        spread: 2.2,
        ..STOCK
    },
    Profile {
        symbol: "TSLA",
        name: "TESLA INC",
        industry: ("Consumer, Cyclical", "Auto Manufacturers"),
        base: 430.0,
        market: 1.8,
        technology: 0.6,
        own: 0.015,
        orders: 8.0,
        changes: 16.0,
        touch: 350.0,
        spread: 3.0,
        gap: 2,
        option_prints: 2.0,
        ..STOCK
    },
    Profile {
        symbol: "AMD",
        name: "ADVANCED MICRO DEVICES",
        industry: ("Technology", "Semiconductors"),
        base: 240.0,
        market: 1.7,
        technology: 1.4,
        own: 0.012,
        orders: 5.0,
        changes: 11.0,
        touch: 450.0,
        spread: 2.2,
        ..STOCK
    },
    Profile {
        symbol: "JPM",
        name: "JPMORGAN CHASE & CO",
        industry: ("Financial", "Banks"),
        listed_on: "NYSE",
        base: 300.0,
        market: 1.0,
        technology: -0.3,
        own: 0.008,
        orders: 1.2,
        changes: 6.0,
        touch: 250.0,
        spread: 4.0,
        gap: 2,
        size: 60.0,
        option_prints: 0.2,
        ..STOCK
    },
    Profile {
        symbol: "NFLX",
        name: "NETFLIX INC",
        industry: ("Communications", "Internet"),
        base: 110.0,
        market: 1.0,
        technology: 0.6,
        own: 0.012,
        orders: 2.0,
        changes: 7.0,
        touch: 500.0,
        spread: 1.8,
        strike_step: 100,
        option_prints: 0.4,
        ..STOCK
    },
];

/// What QQQ holds of the stocks above: their own moves are in it with these weights.
pub(super) const HELD_BY_QQQ: [(&str, f64); 9] = [
    ("AAPL", 0.09),
    ("MSFT", 0.08),
    ("NVDA", 0.09),
    ("AMZN", 0.055),
    ("META", 0.035),
    ("GOOGL", 0.05),
    ("TSLA", 0.03),
    ("AMD", 0.015),
    ("NFLX", 0.025),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_unique_and_weights_name_them() {
        let mut names: Vec<Symbol> = PROFILES.iter().map(Profile::symbol).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), PROFILES.len());
        assert!(HELD_BY_QQQ.iter().all(|(name, _)| profile(name).is_some_and(|p| !p.fund)));
        assert!(PROFILES.iter().all(|p| p.base_price() > Price::ZERO && p.spread >= 1.0 && p.gap >= 1));
        assert!(profile("XYZ").is_none());
    }
}
