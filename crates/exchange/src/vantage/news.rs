//! News with sentiment: the market's own headlines, as articles.

use alphatrader_market::random::{Random, mix};
use alphatrader_model::{Span, Timestamp};
use jiff::civil::{Date, DateTime};

use super::json::Json;
use super::request::Request;
use crate::feed::history::History;
use crate::feed::news::{Headline, of_day};

/// Sessions that are searched for one answer.
const MOST_SESSIONS: usize = 45;
/// Articles of one answer, where nothing is said, at least and at most.
const USUAL: usize = 50;
const MOST: usize = 1_000;

const TOPICS: [(&str, &str); 15] = [
    ("blockchain", "Blockchain"),
    ("earnings", "Earnings"),
    ("ipo", "IPO"),
    ("mergers_and_acquisitions", "Mergers & Acquisitions"),
    ("financial_markets", "Financial Markets"),
    ("economy_fiscal", "Economy - Fiscal"),
    ("economy_monetary", "Economy - Monetary"),
    ("economy_macro", "Economy - Macro"),
    ("energy_transportation", "Energy & Transportation"),
    ("finance", "Finance"),
    ("life_sciences", "Life Sciences"),
    ("manufacturing", "Manufacturing"),
    ("real_estate", "Real Estate & Construction"),
    ("retail_wholesale", "Retail & Wholesale"),
    ("technology", "Technology"),
];

const SOURCES: [(&str, &str); 4] = [
    ("Simulated Market Wire", "wire.example.com"),
    ("Synthetic Columns", "columns.example.com"),
    ("Example Newsletter", "letters.example.org"),
    ("Made-up Daily", "daily.example.net"),
];

/// Who is spoken of beside a symbol.
const NEIGHBOURS: [&str; 6] = ["SPY", "QQQ", "NVDA", "MSFT", "AAPL", "AMZN"];

/// What is asked of the news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    tickers: Vec<String>,
    topics: Vec<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    earliest_first: bool,
    by_relevance: bool,
    limit: usize,
}

impl Wanted {
    /// Reads a request; nothing when it is not well formed.
    pub fn read(request: &Request) -> Option<Self> {
        let list = |name: &str| -> Vec<String> {
            request.get(name).map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default()
        };
        let time = |name: &str| request.get(name).map(time_of);
        let (from, to) = (time("time_from"), time("time_to"));
        if matches!(from, Some(None)) || matches!(to, Some(None)) {
            return None;
        }
        let sort = request.get("sort").unwrap_or("LATEST");
        if !["LATEST", "EARLIEST", "RELEVANCE"].contains(&sort) {
            return None;
        }
        let limit = match request.get("limit") {
            Some(text) => text.parse::<usize>().ok().filter(|limit| (1..=MOST).contains(limit))?,
            None => USUAL,
        };
        let topics = list("topics");
        if !topics.iter().all(|topic| TOPICS.iter().any(|(known, _)| known == topic)) {
            return None;
        }
        Some(Self {
            tickers: list("tickers"),
            topics,
            from: from.flatten(),
            to: to.flatten(),
            earliest_first: sort == "EARLIEST",
            by_relevance: sort == "RELEVANCE",
            limit,
        })
    }
}

/// `YYYYMMDDTHHMM` in UTC.
fn time_of(text: &str) -> Option<Timestamp> {
    let time = DateTime::strptime("%Y%m%dT%H%M", text).ok()?;
    let zoned = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    i64::try_from(zoned.timestamp().as_nanosecond()).ok().map(Timestamp::from_nanos)
}

/// An article.
#[derive(Debug, Clone, PartialEq)]
struct Article {
    at: Timestamp,
    title: String,
    url: String,
    summary: String,
    source: (&'static str, &'static str),
    author: Option<&'static str>,
    topics: Vec<(&'static str, &'static str, f64)>,
    score: f64,
    /// Ticker, relevance, score.
    tickers: Vec<(String, f64, f64)>,
}

/// The body; nothing without an article.
pub fn body(history: &History<'_>, wanted: &Wanted) -> Option<Json> {
    let mut found = Vec::new();
    let until = wanted.to.unwrap_or(history.now).min(history.now);
    let mut date = history.calendar.date_of(until);
    for _ in 0..MOST_SESSIONS {
        let enough = !wanted.earliest_first && !wanted.by_relevance && found.len() >= wanted.limit;
        let over = wanted
            .from
            .is_some_and(|from| history.calendar.midnight(date) + Span::from_minutes(24 * 60) < from);
        if enough || over {
            break;
        }
        let mut of_date = articles(history, date);
        of_date.retain(|article| {
            article.at <= until && wanted.from.is_none_or(|from| article.at >= from) && fits(article, wanted)
        });
        of_date.reverse();
        found.extend(of_date);
        date = history.calendar.previous_session(date).date;
    }
    let about = |article: &Article| {
        let of = |(ticker, relevance, _): &(String, f64, f64)| {
            (wanted.tickers.is_empty() || wanted.tickers.contains(ticker)).then_some(*relevance)
        };
        article.tickers.iter().filter_map(of).fold(0.0, f64::max)
    };
    if wanted.earliest_first {
        found.reverse();
    }
    if wanted.by_relevance {
        found.sort_by(|a, b| about(b).total_cmp(&about(a)));
    }
    found.truncate(wanted.limit);
    if found.is_empty() {
        return None;
    }
    Some(Json::object([
        ("items", Json::whole(found.len())),
        (
            "sentiment_score_definition",
            Json::text(
                "x <= -0.35: Bearish; -0.35 < x <= -0.15: Somewhat-Bearish; -0.15 < x < 0.15: Neutral; 0.15 <= x < \
                 0.35: Somewhat_Bullish; x >= 0.35: Bullish",
            ),
        ),
        (
            "relevance_score_definition",
            Json::text("0 < x <= 1, with a higher score indicating higher relevance."),
        ),
        ("feed", Json::Array(found.iter().map(told).collect())),
    ]))
}

fn fits(article: &Article, wanted: &Wanted) -> bool {
    let mentions = |ticker: &String| article.tickers.iter().any(|(known, ..)| known == ticker);
    let is_on = |topic: &String| article.topics.iter().any(|(known, ..)| known == topic);
    wanted.tickers.iter().all(mentions) && wanted.topics.iter().all(is_on)
}

/// The articles of an exchange date, oldest first. One in eight is printed again by somebody else.
fn articles(history: &History<'_>, date: Date) -> Vec<Article> {
    let mut all = Vec::new();
    for headline in of_day(history, date) {
        let name = headline.article.bytes().fold(7_u64, |sum, b| sum.wrapping_mul(131) + u64::from(b));
        let mut random = Random::new(mix(&[history.seed, name, 0x6172_7469]));
        let article = article(&headline, &mut random);
        if random.chance(0.125) {
            let source = SOURCES[random.below(SOURCES.len() as u64) as usize];
            let later = Span::from_seconds(60 + random.below(1_800) as i64);
            let url = format!("https://{}/copy/{}", source.1, headline.article.replace('$', "-"));
            all.push(Article { at: article.at + later, source, url, ..article.clone() });
        }
        all.push(article);
    }
    all.sort_by_key(|article| article.at);
    all
}

fn article(headline: &Headline, random: &mut Random) -> Article {
    let source = SOURCES[random.below(SOURCES.len() as u64) as usize];
    let symbol = headline.symbol.as_str();
    let mut tickers = vec![(symbol.to_owned(), 0.52 + 0.48 * random.unit(), headline.tone)];
    for neighbour in NEIGHBOURS.iter().filter(|neighbour| **neighbour != symbol) {
        if random.chance(0.35) {
            let score = (0.4 * headline.tone + 0.05 * random.normal()).clamp(-1.0, 1.0);
            tickers.push(((*neighbour).to_owned(), 0.04 + 0.4 * random.unit(), score));
        }
    }
    let fund = alphatrader_market::synthetic::profile::profile(symbol).is_some_and(|profile| profile.fund);
    let mut topics = vec![("financial_markets", "Financial Markets", 0.3 + 0.7 * random.unit())];
    let first = if fund { "economy_macro" } else { "technology" };
    for (name, shown) in TOPICS {
        if name == first || random.chance(0.06) && name != "financial_markets" {
            topics.push((name, shown, 0.1 + 0.9 * random.unit()));
        }
    }
    Article {
        at: headline.at.floor_to(Span::SECOND),
        title: headline.text.clone(),
        url: format!("https://{}/{}", source.1, headline.article.replace('$', "-")),
        summary: headline.body.clone(),
        source,
        author: random.chance(0.7).then_some("A. Program"),
        topics,
        score: headline.tone,
        tickers,
    }
}

/// The vendor's word for a score.
fn label(score: f64) -> &'static str {
    match score {
        x if x <= -0.35 => "Bearish",
        x if x <= -0.15 => "Somewhat-Bearish",
        x if x < 0.15 => "Neutral",
        x if x < 0.35 => "Somewhat-Bullish",
        _ => "Bullish",
    }
}

fn told(article: &Article) -> Json {
    let utc = jiff::Timestamp::from_nanosecond(i128::from(article.at.nanos()))
        .expect("64 bits of nanoseconds lie inside the years of the time library");
    let topics = article.topics.iter().map(|(_, shown, relevance)| {
        Json::object([("topic", Json::text(*shown)), ("relevance_score", Json::fixed(*relevance, 6))])
    });
    let tickers = article.tickers.iter().map(|(ticker, relevance, score)| {
        Json::object([
            ("ticker", Json::text(ticker.clone())),
            ("relevance_score", Json::fixed(*relevance, 6)),
            ("ticker_sentiment_score", Json::fixed(*score, 6)),
            ("ticker_sentiment_label", Json::text(label(*score))),
        ])
    });
    Json::object([
        ("title", Json::text(article.title.clone())),
        ("url", Json::text(article.url.clone())),
        ("time_published", Json::text(utc.strftime("%Y%m%dT%H%M%S").to_string())),
        ("authors", Json::Array(article.author.into_iter().map(Json::text).collect())),
        ("summary", Json::text(article.summary.clone())),
        ("banner_image", Json::Null),
        ("source", Json::text(article.source.0)),
        ("category_within_source", Json::text("n/a")),
        ("source_domain", Json::text(article.source.1)),
        ("topics", Json::Array(topics.collect())),
        ("overall_sentiment_score", Json::Number((article.score * 1e6).round() / 1e6)),
        ("overall_sentiment_label", Json::text(label(article.score))),
        ("ticker_sentiment", Json::Array(tickers.collect())),
    ])
}
