//! Scans: the listed stocks ranked by what they did today.

use alphatrader_model::{Price, Right};

use super::catalogue::Listing;
use super::history::History;
use super::past::habit;

/// What a scan ranks by, highest first.
type Measure = fn(&Facts) -> Option<f64>;

/// A scan: the broker's code, its name, what it ranks by.
pub type Scan = (&'static str, &'static str, Measure);

/// The scans of this gateway.
pub const SCANS: [Scan; 16] = [
    ("TOP_PERC_GAIN", "Top % Gainers", |f| f.change),
    ("TOP_PERC_LOSE", "Top % Losers", |f| f.change.map(|change| -change)),
    ("MOST_ACTIVE", "Most Active", |f| Some(f.volume)),
    ("MOST_ACTIVE_USD", "Most Active ($)", |f| Some(f.volume * f.price)),
    ("HOT_BY_VOLUME", "Hot Contracts by Volume", |f| Some(f.volume / f.usual_volume)),
    ("HOT_BY_PRICE", "Hot Contracts by Price", |f| f.change.map(f64::abs)),
    ("HOT_BY_PRICE_RANGE", "Hot Contracts by Price Range", |f| f.range),
    ("TOP_PRICE_RANGE", "Top Price Range", |f| f.range),
    ("TOP_TRADE_COUNT", "Top Trade Count", |f| Some(f.trades)),
    ("TOP_OPEN_PERC_GAIN", "Top % Gainers Since Open", |f| f.since_open),
    ("TOP_OPEN_PERC_LOSE", "Top % Losers Since Open", |f| f.since_open.map(|change| -change)),
    ("OPT_VOLUME_MOST_ACTIVE", "Most Active by Option Volume", |f| f.option_volume()),
    ("HIGH_OPT_VOLUME", "High Option Volume", |f| f.option_volume()),
    ("OPT_OPEN_INTEREST_MOST_ACTIVE", "Most Active by Option Open Interest", |f| {
        Some(f.open_interest).filter(|sum| *sum > 0.0)
    }),
    ("HIGH_OPT_VOLUME_PUT_CALL_RATIO", "High Option Volume P/C Ratio", |f| f.put_call()),
    ("LOW_OPT_VOLUME_PUT_CALL_RATIO", "Low Option Volume P/C Ratio", |f| f.put_call().map(|ratio| -ratio)),
];

/// What is known of a stock for a scan.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Facts {
    /// Last price, dollars.
    pub price: f64,
    /// Change from the close before, a fraction.
    pub change: Option<f64>,
    /// Change from the open, a fraction.
    pub since_open: Option<f64>,
    /// Highest minus lowest price, a fraction of the price.
    pub range: Option<f64>,
    /// Shares today.
    pub volume: f64,
    /// Shares of an ordinary day.
    pub usual_volume: f64,
    /// Prints today.
    pub trades: f64,
    /// Calls and puts traded today.
    pub options: [f64; 2],
    /// Options open.
    pub open_interest: f64,
}

impl Facts {
    fn option_volume(&self) -> Option<f64> {
        Some(self.options[0] + self.options[1]).filter(|sum| *sum > 0.0)
    }

    fn put_call(&self) -> Option<f64> {
        (self.options[0] > 0.0).then(|| self.options[1] / self.options[0])
    }
}

/// A scan by its code.
pub fn scan(code: &str) -> Option<&'static Scan> {
    SCANS.iter().find(|(known, ..)| *known == code)
}

/// The stocks that `keep` wants, ranked by `scan`, best first, with what they are ranked by.
pub fn ranked<'a>(
    history: &History<'a>,
    scan: &Scan,
    keep: impl Fn(&Listing, &Facts) -> bool,
) -> Vec<(&'a Listing, f64)> {
    let stocks = history.feed.catalogue.stocks();
    let mut found: Vec<(&Listing, f64)> = stocks
        .filter_map(|listing| {
            let facts = facts(history, listing)?;
            let value = scan.2(&facts)?;
            keep(listing, &facts).then_some((listing, value))
        })
        .collect();
    found.sort_by(|one, other| other.1.total_cmp(&one.1));
    found
}

/// What is known of a stock; nothing without a price.
pub fn facts(history: &History<'_>, listing: &Listing) -> Option<Facts> {
    let ticker = history.feed.ticker(listing.instrument.id)?;
    let price = ticker.last.map(|last| last.price).or_else(|| ticker.mark())?.to_f64();
    let close = ticker.close.map(Price::to_f64).or_else(|| history.previous_close(listing));
    let mut facts = Facts {
        price,
        change: close.map(|close| price / close - 1.0),
        since_open: ticker.range.map(|range| price / range.open.to_f64() - 1.0),
        range: ticker.range.map(|range| (range.high.to_f64() - range.low.to_f64()) / price),
        volume: ticker.volume as f64,
        usual_volume: habit(listing.instrument.underlying).volume,
        trades: ticker.trades as f64,
        ..Facts::default()
    };
    for option in history.feed.catalogue.options_on(listing.instrument.underlying) {
        let Some(ticker) = history.feed.ticker(option.instrument.id) else { continue };
        let put = option.instrument.contract.option().is_some_and(|option| option.right == Right::Put);
        facts.options[usize::from(put)] += ticker.volume as f64;
        facts.open_interest += f64::from(ticker.open_interest.unwrap_or(0));
    }
    Some(facts)
}
