//! News with scores.

use std::borrow::Cow;

use alphatrader_model::{Symbol, Timestamp};
use serde::Deserialize;

use crate::day;
use crate::number::Field;

/// Articles of one answer; the server gives at most 1 000.
pub const ARTICLES: usize = 1_000;
/// Symbols and topics of one article that are read.
const MENTIONS: usize = 100;
/// Characters of a title, an address, a source.
const TEXT: usize = 300;

/// What an article says of one symbol.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mention {
    /// Which.
    pub symbol: Symbol,
    /// How much it is about it, in (0, 1].
    pub relevance: f64,
    /// Its score, in [-1, 1].
    pub score: f64,
}

/// One article. Its texts are untrusted: they are cut and never executed or followed.
#[derive(Debug, Clone, PartialEq)]
pub struct Article {
    /// Title, at most 300 characters.
    pub title: String,
    /// Where it stands: `http` or `https`.
    pub url: String,
    /// Who published it.
    pub source: String,
    /// When, UTC.
    pub published: Timestamp,
    /// Its score as a whole, in [-1, 1].
    pub score: Option<f64>,
    /// How much it is about the financial markets: the largest relevance of its topics.
    pub relevance: Option<f64>,
    /// What it says of which symbol. Currencies and coins are left out.
    pub mentions: Vec<Mention>,
}

/// What an answer held.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Feed {
    /// The articles, in the server's order.
    pub articles: Vec<Article>,
    /// Articles without a title, a date that exists, or an address that may be shown.
    pub dropped: u64,
}

#[derive(Debug, Deserialize)]
struct Raw<'a> {
    #[serde(borrow, default)]
    feed: Vec<RawArticle<'a>>,
}

#[derive(Debug, Deserialize)]
struct RawArticle<'a> {
    #[serde(borrow, default)]
    title: Field<'a>,
    #[serde(borrow, default)]
    url: Field<'a>,
    #[serde(borrow, default)]
    source: Field<'a>,
    #[serde(borrow, default)]
    time_published: Field<'a>,
    #[serde(borrow, default)]
    overall_sentiment_score: Field<'a>,
    #[serde(borrow, default)]
    topics: Vec<RawTopic<'a>>,
    #[serde(borrow, default)]
    ticker_sentiment: Vec<RawMention<'a>>,
}

#[derive(Debug, Deserialize)]
struct RawTopic<'a> {
    #[serde(borrow, default)]
    relevance_score: Field<'a>,
}

#[derive(Debug, Deserialize)]
struct RawMention<'a> {
    #[serde(borrow, default)]
    ticker: Field<'a>,
    #[serde(borrow, default)]
    relevance_score: Field<'a>,
    #[serde(borrow, default)]
    ticker_sentiment_score: Field<'a>,
}

/// The word for a score. Derived here: the definition and the labels of the source spell them differently.
pub fn label(score: f64) -> &'static str {
    match score {
        s if s <= -0.35 => "Bearish",
        s if s <= -0.15 => "Somewhat-Bearish",
        s if s < 0.15 => "Neutral",
        s if s < 0.35 => "Somewhat-Bullish",
        _ => "Bullish",
    }
}

/// Reads an answer.
///
/// # Errors
/// The reader's, for what is no such JSON.
pub fn decode(body: &[u8]) -> Result<Feed, serde_json::Error> {
    let raw: Raw<'_> = serde_json::from_slice(body)?;
    let mut feed = Feed::default();
    for raw in raw.feed {
        match article(&raw).filter(|_| feed.articles.len() < ARTICLES) {
            Some(article) => feed.articles.push(article),
            None => feed.dropped += 1,
        }
    }
    Ok(feed)
}

fn article(raw: &RawArticle<'_>) -> Option<Article> {
    let title = short(raw.title.as_str()?);
    let url = raw.url.as_str()?;
    if !(url.starts_with("https://") || url.starts_with("http://")) || url.len() > 2_000 {
        return None;
    }
    let relevance = raw.topics.iter().take(MENTIONS).filter_map(|topic| unit(&topic.relevance_score));
    Some(Article {
        title,
        url: url.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect(),
        source: short(raw.source.as_str().unwrap_or("")),
        published: published(raw.time_published.as_str()?)?,
        score: score(&raw.overall_sentiment_score),
        relevance: relevance.reduce(f64::max),
        mentions: raw.ticker_sentiment.iter().take(MENTIONS).filter_map(mention).collect(),
    })
}

fn mention(raw: &RawMention<'_>) -> Option<Mention> {
    Some(Mention {
        symbol: Symbol::new(raw.ticker.as_str()?).ok()?,
        relevance: unit(&raw.relevance_score)?,
        score: score(&raw.ticker_sentiment_score)?,
    })
}

fn unit(field: &Field<'_>) -> Option<f64> {
    field.number().ok().flatten().filter(|value| *value > 0.0 && *value <= 1.0)
}

fn score(field: &Field<'_>) -> Option<f64> {
    field.number().ok().flatten().filter(|value| (-1.0..=1.0).contains(value))
}

fn short(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(TEXT).collect()
}

/// `YYYYMMDDTHHMMSS` or `YYYYMMDDTHHMM`, UTC.
fn published(text: &str) -> Option<Timestamp> {
    let (day, time) = text.split_once('T')?;
    if !text.is_ascii() || day.len() != 8 || !(time.len() == 6 || time.len() == 4) {
        return None;
    }
    let day: Cow<'_, str> = format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]).into();
    let date = day::date(&day)?;
    let digits = |range: core::ops::Range<usize>| match time.get(range) {
        None => Some(0_i8),
        Some(part) if part.bytes().all(|b| b.is_ascii_digit()) => part.parse().ok(),
        Some(_) => None,
    };
    let time = jiff::civil::Time::new(digits(0..2)?, digits(2..4)?, digits(4..6)?, 0).ok()?;
    let instant = jiff::tz::TimeZone::UTC.to_timestamp(date.to_datetime(time)).ok()?;
    i64::try_from(instant.as_nanosecond()).ok().map(Timestamp::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BODY: &str = r#"{
    "items": "3",
    "sentiment_score_definition": "x <= -0.35: Bearish; ...",
    "relevance_score_definition": "0 < x <= 1, with a higher score indicating higher relevance.",
    "feed": [
        {"title": "Apple \"wins\"", "url": "https://example.com/a", "time_published": "20260908T143005",
         "authors": [], "summary": "s", "banner_image": null, "source": "Benzinga",
         "category_within_source": "n/a", "source_domain": "example.com",
         "topics": [{"topic": "Financial Markets", "relevance_score": "0.687536"}],
         "overall_sentiment_score": 0.190203, "overall_sentiment_label": "Somewhat-Bullish",
         "ticker_sentiment": [
            {"ticker": "AAPL", "relevance_score": "0.789", "ticker_sentiment_score": "0.2345", "ticker_sentiment_label": "Somewhat-Bullish"},
            {"ticker": "CRYPTO:BTC", "relevance_score": "0.1", "ticker_sentiment_score": "0.1"},
            {"ticker": "MSFT", "relevance_score": "0", "ticker_sentiment_score": "0.1"}]},
        {"title": "Script", "url": "javascript:alert(1)", "time_published": "20260908T143005"},
        {"title": "No day", "url": "https://example.com/b", "time_published": "20269908T143005"}
    ]}"#;

    #[test]
    fn a_feed_is_read_as_it_is_written() {
        let feed = decode(BODY.as_bytes()).unwrap();
        assert_eq!((feed.articles.len(), feed.dropped), (1, 2));
        let article = &feed.articles[0];
        assert_eq!(article.title, "Apple \"wins\"");
        assert_eq!(article.published.to_string(), "2026-09-08T14:30:05Z");
        assert_eq!((article.score, article.relevance), (Some(0.190_203), Some(0.687_536)));
        let aapl = Mention { symbol: Symbol::new("AAPL").unwrap(), relevance: 0.789, score: 0.2345 };
        assert_eq!(article.mentions, [aapl]);
    }

    #[test]
    fn a_score_may_be_a_string_or_a_number() {
        let body = BODY.replace("0.190203,", "\"0.190203\",");
        assert_eq!(decode(body.as_bytes()).unwrap().articles[0].score, Some(0.190_203));
    }

    #[test]
    fn labels_follow_the_bands() {
        let rows = [
            (-0.35, "Bearish"),
            (-0.34, "Somewhat-Bearish"),
            (-0.15, "Somewhat-Bearish"),
            (-0.14, "Neutral"),
            (0.14, "Neutral"),
            (0.15, "Somewhat-Bullish"),
            (0.34, "Somewhat-Bullish"),
            (0.35, "Bullish"),
        ];
        for (score, wanted) in rows {
            assert_eq!(label(score), wanted, "{score}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&bytes);
        }

        #[test]
        fn any_texts_are_bounded(title in ".{0,400}", url in ".{0,60}", time in "[0-9T]{0,16}") {
            let body = serde_json::json!({"feed": [{"title": title, "url": format!("https://{url}"), "time_published": time}]});
            let feed = decode(body.to_string().as_bytes()).unwrap();
            prop_assert!(feed.articles.iter().all(|a| a.title.chars().count() <= 300));
        }
    }
}
