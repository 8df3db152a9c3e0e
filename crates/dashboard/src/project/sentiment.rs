//! News: scores as they are, strangers' text made safe to show.

use alphatrader_model::sentiment::{Headline, MOST_HEADLINES, Sentiment};

use super::measures::significant;
use crate::view::{HeadlineView, Instant, NewsView, SentimentView};

/// Longest title and longest name of a source that are shown, characters.
const MOST_TEXT: usize = 300;
/// Longest address that is shown, bytes; browsers agree on about this much.
const MOST_URL: usize = 2_048;

/// News of a symbol beside the market's.
pub(crate) fn sentiment(symbol: Option<&Sentiment>, market: Option<&Sentiment>) -> SentimentView {
    SentimentView { symbol: symbol.map(news), market: market.map(news) }
}

fn news(sentiment: &Sentiment) -> NewsView {
    NewsView {
        at: sentiment.as_of.into(),
        score: sentiment.score.and_then(significant),
        articles: sentiment.articles,
        newest: sentiment.newest.map(Instant::from),
        headlines: sentiment.headlines.iter().take(MOST_HEADLINES).map(headline).collect(),
    }
}

fn headline(headline: &Headline) -> HeadlineView {
    HeadlineView {
        title: one_line(&headline.title),
        url: safe_url(&headline.url),
        source: one_line(&headline.source),
        published: headline.published.into(),
        score: significant(headline.score),
        relevance: significant(headline.relevance),
    }
}

/// Text of strangers as one line: no control characters, none that turn the direction of what follows.
fn one_line(text: &str) -> String {
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept = text.chars().filter(|c| !turns(*c)).take(MOST_TEXT);
    let plain: String = kept.map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The address when a browser may follow it: `http` or `https`, one word, not endless.
fn safe_url(url: &str) -> Option<String> {
    let scheme_ok = ["https://", "http://"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let word = !url.chars().any(|c| c.is_control() || c.is_whitespace());
    (scheme_ok && word && url.len() <= MOST_URL).then(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::Timestamp;

    #[test]
    fn only_web_addresses_are_links() {
        for good in ["https://example.com/a?b=c", "http://example.com", "HTTPS://EXAMPLE.COM"] {
            assert_eq!(safe_url(good).as_deref(), Some(good));
        }
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "//example.com",
            "",
            "https://a b",
            "ftp://x",
            "https://x\n",
        ] {
            assert_eq!(safe_url(bad), None, "{bad:?}");
        }
        assert_eq!(safe_url(&format!("https://{}", "x".repeat(MOST_URL))), None);
    }

    #[test]
    fn titles_are_one_line_of_plain_characters() {
        assert_eq!(one_line("Fed\n minutes\t\u{202e}due\u{0} <b>"), "Fed minutes due <b>");
        assert_eq!(one_line(&"ä".repeat(500)).chars().count(), MOST_TEXT);
    }

    #[test]
    fn no_articles_is_no_score_and_not_zero() {
        let quiet = Sentiment {
            symbol: None,
            as_of: Timestamp::from_seconds(5),
            score: None,
            articles: 0,
            newest: None,
            headlines: Vec::new(),
        };
        let view = sentiment(None, Some(&quiet));
        assert_eq!(view.symbol, None);
        assert_eq!(view.market.unwrap().score, None);
    }
}
