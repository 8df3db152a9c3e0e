//! Headlines about the listed stocks: the market's own, where it makes news, else made from the seed.
//!
//! Either way a headline has one text and one time, and an article's id says of which day it is and the
//! how manieth there, so that its text is found again from the id.

use alphatrader_market::random::{Random, mix};
use alphatrader_market::synthetic::chronicle::NewsItem;
use alphatrader_model::{Contract, Span, Symbol, Timestamp};
use jiff::civil::Date;

use super::history::History;
use super::past::number;

/// Providers: code and name. All of it is made up, and says so.
pub const PROVIDERS: [(&str, &str); 3] = [
    ("BRFG", "General Market Columns (synthetic)"),
    ("BRFUPDN", "Analyst Actions (synthetic)"),
    ("DJNL", "Newsletters (synthetic)"),
];

/// Most headlines of one stock and day that are made here.
const MOST_A_DAY: u64 = 5;

/// One headline.
#[derive(Debug, Clone, PartialEq)]
pub struct Headline {
    /// When it was published.
    pub at: Timestamp,
    /// Code of its provider.
    pub provider: &'static str,
    /// Its id.
    pub article: String,
    /// Its words.
    pub text: String,
    /// The article.
    pub body: String,
    /// About whom.
    pub symbol: Symbol,
    /// -1 (bad) to 1 (good).
    pub tone: f64,
}

/// What may be said where the market makes no news: words after the symbol, tone.
const WORDS: [(&str, f64); 10] = [
    ("upgraded to Buy from Hold; target raised", 0.6),
    ("downgraded to Hold from Buy; target cut", -0.6),
    ("coverage begun with a Neutral rating", 0.0),
    ("moves on heavy volume as options activity picks up", 0.1),
    ("rises with the broad market; volatility eases", 0.3),
    ("slips as yields rise; put volume above average", -0.3),
    ("little changed ahead of data", 0.0),
    ("weekly outlook: ranges, open interest and expected move", 0.0),
    ("strategist sees support near recent lows", 0.2),
    ("strategist warns of stretched positioning", -0.2),
];

/// The headlines of a day, oldest first; those of days without a session only where they are made here.
pub fn of_day(history: &History<'_>, date: Date) -> Vec<Headline> {
    if let Some(chronicle) = &history.feed.chronicle {
        let Some(session) = history.calendar.session(date) else { return Vec::new() };
        let items = chronicle.news(&session);
        return (0..).zip(items).map(|(place, item)| of_item(date, place, item)).collect();
    }
    made(history, date)
}

fn of_item(date: Date, place: usize, item: NewsItem) -> Headline {
    // Who rates a company tells of ratings; the larger story goes to the columns.
    let rating = ["grade", "analysts", "outlook"].iter().any(|word| item.headline.contains(word));
    let provider = match (rating, item.moved) {
        (true, _) => "BRFUPDN",
        (false, true) => "BRFG",
        (false, false) => "DJNL",
    };
    Headline {
        at: item.time,
        provider,
        article: id(provider, date, place),
        text: item.headline,
        body: item.body,
        symbol: item.symbol,
        tone: item.sentiment,
    }
}

fn made(history: &History<'_>, date: Date) -> Vec<Headline> {
    // From seven in the morning to six in the evening.
    let morning = history.calendar.instant(date, 7, 0);
    let mut headlines = Vec::new();
    for stock in history.feed.catalogue.stocks() {
        let Contract::Stock(symbol) = stock.instrument.contract else { continue };
        let mut random = Random::new(mix(&[history.seed, number(symbol), day_number(date), 0x6e65_7773]));
        for _ in 0..=random.below(MOST_A_DAY) {
            let at = morning + Span::from_millis(random.below(11 * 3_600_000) as i64);
            let (words, tone) = WORDS[random.below(WORDS.len() as u64) as usize];
            let text = format!("{symbol}: {words}");
            let body = format!("{text}. This text was made by a program and says nothing about {symbol}.");
            let provider = PROVIDERS[random.below(PROVIDERS.len() as u64) as usize].0;
            headlines.push(Headline { at, provider, article: String::new(), text, body, symbol, tone });
        }
    }
    headlines.sort_by_key(|headline| (headline.at, headline.symbol));
    for (place, headline) in headlines.iter_mut().enumerate() {
        headline.article = id(headline.provider, date, place);
    }
    headlines
}

fn id(provider: &str, date: Date, place: usize) -> String {
    format!("{provider}${:06x}{place:04x}", day_number(date))
}

/// The headline of an article; nothing for an id that was never told.
pub fn find(history: &History<'_>, article: &str) -> Option<Headline> {
    let (_, rest) = article.split_once('$')?;
    let day = u64::from_str_radix(rest.get(..6)?, 16).ok()?;
    let date = date_of(day)?;
    of_day(history, date).into_iter().find(|headline| headline.article == article)
}

fn day_number(date: Date) -> u64 {
    u64::from(date.year().unsigned_abs()) * 512 + u64::from(date.day_of_year().unsigned_abs())
}

fn date_of(number: u64) -> Option<Date> {
    let year = i16::try_from(number / 512).ok()?;
    let first = Date::new(year, 1, 1).ok()?;
    let days = i64::try_from(number % 512).ok()?.checked_sub(1)?;
    first.checked_add(jiff::Span::new().days(days)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Feed;
    use crate::feed::option::Rates;
    use alphatrader_market::synthetic::chronicle::Chronicle;
    use alphatrader_model::Calendar;

    #[test]
    fn a_headline_is_found_again_by_its_article() {
        let calendar = Calendar::xnys();
        for chronicle in [None, Some(Chronicle::new(7, Vec::new()))] {
            let mut feed = Feed { chronicle, ..Feed::default() };
            feed.catalogue = crate::feed::catalogue::tests::catalogue();
            let rates = Rates { rate: 0.04, dividend_yield: 0.0 };
            let now = calendar.instant(jiff::civil::date(2026, 4, 1), 12, 0);
            let history = History { feed: &feed, calendar: &calendar, seed: 7, now, rates };
            let mut seen = std::collections::BTreeSet::new();
            for day in 2..14 {
                let date = jiff::civil::date(2026, 3, day);
                for headline in of_day(&history, date) {
                    assert_eq!(calendar.date_of(headline.at), date);
                    assert!((-1.0..=1.0).contains(&headline.tone));
                    assert!(headline.body.contains(&headline.text));
                    assert!(PROVIDERS.iter().any(|(code, _)| *code == headline.provider));
                    assert!(seen.insert(headline.article.clone()), "{headline:?}");
                    assert_eq!(find(&history, &headline.article), Some(headline));
                }
            }
            assert!(seen.len() > 10, "{}", seen.len());
            assert_eq!(find(&history, "BRFG$nonsense"), None);
        }
    }
}
