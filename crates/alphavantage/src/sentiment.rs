//! The score of the news, by symbol and for the market.
//!
//! The mean of the articles' scores, each weighed by its relevance and by `0.5^(age / half-life)`. Only articles with a
//! relevance of at least 0.3 count. An article that came twice (by its address, or by its title: agencies sell the same
//! text to many) counts once, by its earliest copy. For the market as a whole the article's own score and the largest
//! relevance of its topics stand in.

use std::collections::BTreeMap;

use alphatrader_model::sentiment::{Headline, MOST_HEADLINES};
use alphatrader_model::{Sentiment, Span, Symbol, Timestamp};
use serde::Serialize;

use crate::news::{Article, Feed};

/// Least relevance that counts.
pub const RELEVANCE: f64 = 0.3;
/// Age at which an article counts half, where nothing else is set.
pub const HALF_LIFE: Span = Span::from_minutes(240);
/// Articles of one symbol that are kept, the newest.
pub const KEPT: usize = 400;
/// Articles older than this say nothing any more: they would count a four-thousandth.
const OLDEST: Span = Span::from_minutes(48 * 60);
/// A date further ahead than this is wrong.
const AHEAD: Span = Span::from_minutes(5);
/// News that come late are asked for again over this time.
const OVERLAP: Span = Span::from_minutes(15);

/// What became of the articles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct NewsCounts {
    /// Kept.
    pub articles: u64,
    /// Came already, by address or title.
    pub duplicates: u64,
    /// Dated more than five minutes ahead: not used.
    pub suspect: u64,
    /// Without a title, a date or an address that may be shown.
    pub dropped: u64,
    /// Too old, or hardly about the symbol.
    pub unused: u64,
}

/// The articles that still count, by symbol; under no symbol, those of the market.
#[derive(Debug, Default)]
pub struct Newsroom {
    followed: Vec<Symbol>,
    kept: BTreeMap<Option<Symbol>, Vec<Kept>>,
    newest: BTreeMap<Option<Symbol>, Timestamp>,
    half_life: Span,
    counts: NewsCounts,
}

#[derive(Debug)]
struct Kept {
    /// Title without case, punctuation and blanks.
    title: String,
    headline: Headline,
}

impl Newsroom {
    /// An empty one for these symbols.
    pub fn new(followed: &[Symbol]) -> Self {
        Self { followed: followed.to_vec(), half_life: HALF_LIFE, ..Self::default() }
    }

    /// The same with another half-life, which is positive.
    #[must_use]
    pub fn with_half_life(self, half_life: Span) -> Self {
        Self { half_life, ..self }
    }

    /// Takes an answer for a symbol, or for the market. Says whose score may have changed.
    pub fn take(&mut self, now: Timestamp, asked: Option<Symbol>, feed: &Feed) -> Vec<Option<Symbol>> {
        self.counts.dropped += feed.dropped;
        let mut changed = vec![asked];
        for article in &feed.articles {
            if article.published.since(now) > AHEAD {
                self.counts.suspect += 1;
                continue;
            }
            let newest = self.newest.entry(asked).or_insert(article.published);
            *newest = (*newest).max(article.published);
            if now.since(article.published) > OLDEST {
                self.counts.unused += 1;
                continue;
            }
            if asked.is_none()
                && let Some((score, relevance)) = article.score.zip(article.relevance)
            {
                self.keep(None, article, score, relevance);
            }
            for mention in &article.mentions {
                let of = Some(mention.symbol);
                if self.followed.contains(&mention.symbol)
                    && self.keep(of, article, mention.score, mention.relevance)
                    && !changed.contains(&of)
                {
                    changed.push(of);
                }
            }
        }
        changed
    }

    /// True when it is new.
    fn keep(&mut self, of: Option<Symbol>, article: &Article, score: f64, relevance: f64) -> bool {
        if relevance < RELEVANCE {
            self.counts.unused += 1;
            return false;
        }
        let title = normalised(&article.title);
        let kept = self.kept.entry(of).or_default();
        let same =
            |other: &Kept| other.headline.url == article.url || (!title.is_empty() && other.title == title);
        if let Some(place) = kept.iter().position(same) {
            self.counts.duplicates += 1;
            if kept[place].headline.published <= article.published {
                return false;
            }
            // An earlier copy: that is when it was news.
            kept.remove(place);
        } else {
            self.counts.articles += 1;
        }
        let headline = Headline {
            title: article.title.clone(),
            url: article.url.clone(),
            source: article.source.clone(),
            published: article.published,
            score,
            relevance,
        };
        let place = kept.partition_point(|other| other.headline.published > article.published);
        kept.insert(place, Kept { title, headline });
        kept.truncate(KEPT);
        true
    }

    /// From when on news are to be asked: the newest that was seen, less what may come late.
    pub fn since(&self, of: Option<Symbol>) -> Option<Timestamp> {
        self.newest.get(&of).map(|newest| *newest - OVERLAP)
    }

    /// The score at `now`.
    pub fn sentiment(&mut self, now: Timestamp, of: Option<Symbol>) -> Sentiment {
        let kept = self.kept.entry(of).or_default();
        kept.retain(|article| now.since(article.headline.published) <= OLDEST);
        let (mut weights, mut sum) = (0.0, 0.0);
        for Kept { headline, .. } in kept.iter() {
            let age = now.since(headline.published).as_seconds().max(0.0);
            let weight = headline.relevance * libm::exp2(-age / self.half_life.as_seconds());
            weights += weight;
            sum += weight * headline.score;
        }
        Sentiment {
            symbol: of,
            as_of: now,
            score: (weights > 0.0).then(|| (sum / weights).clamp(-1.0, 1.0)),
            articles: kept.len() as u32,
            newest: kept.first().map(|article| article.headline.published),
            headlines: kept.iter().take(MOST_HEADLINES).map(|article| article.headline.clone()).collect(),
        }
    }

    /// What became of the articles so far.
    pub const fn counts(&self) -> NewsCounts {
        self.counts
    }
}

fn normalised(title: &str) -> String {
    title.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::news::Mention;
    use proptest::prelude::*;

    fn spy() -> Symbol {
        Symbol::new("SPY").unwrap()
    }

    fn now() -> Timestamp {
        Timestamp::from_seconds(1_790_000_000)
    }

    fn article(name: &str, minutes_ago: i64, score: f64, relevance: f64) -> Article {
        Article {
            title: name.to_owned(),
            url: format!("https://example.com/{name}/{minutes_ago}"),
            source: "s".to_owned(),
            published: now() - Span::from_minutes(minutes_ago),
            score: Some(score),
            relevance: Some(relevance),
            mentions: vec![Mention { symbol: spy(), relevance, score }],
        }
    }

    fn score(articles: Vec<Article>) -> (Sentiment, NewsCounts) {
        let mut room = Newsroom::new(&[spy()]);
        room.take(now(), Some(spy()), &Feed { articles, dropped: 0 });
        (room.sentiment(now(), Some(spy())), room.counts())
    }

    #[test]
    fn weights_are_relevance_and_age() {
        // 0.8 of relevance now against 0.8 four hours ago: two to one.
        let (sentiment, _) = score(vec![article("a", 0, 0.6, 0.8), article("b", 240, -0.3, 0.8)]);
        assert!((sentiment.score.unwrap() - 0.3).abs() < 1e-12);
        assert_eq!((sentiment.articles, sentiment.newest), (2, Some(now())));
        // Equal ages: by relevance alone.
        let (sentiment, _) = score(vec![article("a", 5, 1.0, 0.9), article("b", 5, -1.0, 0.3)]);
        assert!((sentiment.score.unwrap() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn the_half_life_is_a_setting() {
        let mut room = Newsroom::new(&[spy()]).with_half_life(Span::from_minutes(60));
        let articles = vec![article("a", 0, 0.6, 0.8), article("b", 60, -0.3, 0.8)];
        room.take(now(), Some(spy()), &Feed { articles, dropped: 0 });
        assert!((room.sentiment(now(), Some(spy())).score.unwrap() - 0.3).abs() < 1e-12);
    }

    #[test]
    fn without_articles_there_is_no_score() {
        let (sentiment, counts) = score(vec![article("a", 5, 1.0, 0.29)]);
        assert_eq!((sentiment.score, sentiment.articles, counts.unused), (None, 0, 1));
    }

    #[test]
    fn copies_count_once_by_the_earliest() {
        let (sentiment, counts) = score(vec![
            article("Fed holds!", 10, 0.5, 0.5),
            article("FED HOLDS", 30, 0.5, 0.5),
            article("fed, holds", 20, 0.5, 0.5),
        ]);
        assert_eq!((sentiment.articles, counts.duplicates), (1, 2));
        assert_eq!(sentiment.newest, Some(now() - Span::from_minutes(30)));
    }

    #[test]
    fn a_date_ahead_is_suspect() {
        let (sentiment, counts) = score(vec![article("a", -6, 1.0, 0.9), article("b", -4, 0.2, 0.9)]);
        assert_eq!((sentiment.articles, counts.suspect), (1, 1));
        assert_eq!(sentiment.score, Some(0.2));
    }

    #[test]
    fn the_market_has_its_own_score() {
        let mut room = Newsroom::new(&[spy()]);
        let feed = Feed { articles: vec![article("a", 5, 0.4, 0.5)], dropped: 2 };
        assert_eq!(room.take(now(), None, &feed), [None, Some(spy())]);
        assert_eq!(room.sentiment(now(), None).score, Some(0.4));
        assert_eq!(room.since(None), Some(now() - Span::from_minutes(20)));
        assert_eq!((room.since(Some(spy())), room.counts().dropped), (None, 2));
    }

    proptest! {
        #[test]
        fn the_score_stays_in_its_range_and_the_store_in_its_bound(
            articles in proptest::collection::vec(("[a-z]{1,3}", -20_i64..4_000, -1.0_f64..=1.0, 0.01_f64..=1.0), 0..900),
        ) {
            let articles: Vec<_> = articles.iter().map(|(n, m, s, r)| article(n, *m, *s, *r)).collect();
            let (sentiment, _) = score(articles);
            prop_assert!(sentiment.score.is_none_or(|score| (-1.0..=1.0).contains(&score)));
            prop_assert!(sentiment.articles as usize <= KEPT && sentiment.headlines.len() <= MOST_HEADLINES);
            prop_assert!(sentiment.headlines.is_sorted_by(|a, b| a.published >= b.published));
        }
    }
}
