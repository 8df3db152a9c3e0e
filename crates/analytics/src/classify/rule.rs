//! The rules there are, which of them fits what is heard, and how often each is right.

use alphatrader_model::time::Span;
use serde::{Deserialize, Serialize};

/// How the side of a print is found. None of them ever guesses: what a rule leaves open stays open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassifyRule {
    /// What the feed states, and nothing else.
    Native,
    /// The tick rule: an uptick is bought, a downtick sold, no change carries the last direction on.
    Tick,
    /// The quote rule: above the middle is bought, below sold, at the middle open.
    Quote,
    /// Lee and Ready (1991): the quote rule, at the middle the tick rule.
    #[default]
    LeeReady,
    /// Ellis, Michaely and O'Hara (2000): at the offer bought, at the bid sold, else the tick rule.
    Emo,
    /// Chakrabarty, Li, Nguyen and Van Ness (2007): within 30 % of the spread from the offer bought, from the
    /// bid sold; between and outside the tick rule.
    Clnv,
    /// Bulk volume (Easley, López de Prado, O'Hara 2012) for VPIN, which needs no quote; the side of a
    /// single print by the tick rule.
    #[serde(rename = "bvc")]
    Bulk,
}

/// What a feed tells of prints and quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedKind {
    /// Every print, with its aggressor.
    Stated,
    /// Every print and every quote, in the order of time.
    TickByTick,
    /// Samples: no quote belongs to a print.
    Snapshot,
}

impl ClassifyRule {
    /// All, by the names that settings and the command line use.
    pub const NAMES: [(Self, &'static str); 7] = [
        (Self::Native, "native"),
        (Self::Tick, "tick"),
        (Self::Quote, "quote"),
        (Self::LeeReady, "lee-ready"),
        (Self::Emo, "emo"),
        (Self::Clnv, "clnv"),
        (Self::Bulk, "bvc"),
    ];

    /// The rule of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(_, known)| *known == name).map(|(rule, _)| rule)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::NAMES.into_iter().find(|(rule, _)| *rule == self).map_or("", |(_, name)| name)
    }

    /// The rule that fits: what the feed states where it does; for options the quote rule, whose prints
    /// at the middle stay open; Lee and Ready for stocks and futures; bulk volume where there is no quote to a print.
    pub const fn fitting(feed: FeedKind, option: bool) -> Self {
        match (feed, option) {
            (FeedKind::Stated, _) => Self::Native,
            (FeedKind::TickByTick, true) => Self::Quote,
            (FeedKind::TickByTick, false) => Self::LeeReady,
            (FeedKind::Snapshot, _) => Self::Bulk,
        }
    }

    /// Share of prints that the rule signs rightly, as studies with known sides found; absent where none is
    /// known, and for what the feed states.
    ///
    /// Options: Savickas and Wilson (2003), CBOE. Stocks: Ellis, Michaely and O'Hara (2000) for the quote rule, the
    /// others Chakrabarty and others (2007), both Nasdaq. A prior only: what recorded days with stated sides
    /// show stands in `docs/analytics.md`.
    pub const fn accuracy_prior(self, option: bool) -> Option<f64> {
        match (self, option) {
            (Self::Quote, true) => Some(0.83),
            (Self::LeeReady, true) => Some(0.80),
            (Self::Emo, true) => Some(0.77),
            (Self::Tick, true) => Some(0.59),
            (Self::Quote, false) => Some(0.764),
            (Self::LeeReady, false) => Some(0.744),
            (Self::Emo, false) => Some(0.758),
            (Self::Clnv, false) => Some(0.765),
            (Self::Tick, false) => Some(0.754),
            (Self::Clnv, true) | (Self::Native | Self::Bulk, _) => None,
        }
    }
}

/// How prints are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassifyParameters {
    /// The rule for prints that the feed does not sign.
    pub rule: ClassifyRule,
    /// What the feed states goes before the rule.
    pub trust_stated: bool,
    /// Prints are compared with the quote of this much earlier, 0 to 5 s ([`super::LaggedQuotes`]). The five
    /// seconds of 1991 are obsolete: nothing on a feed in the order of time.
    pub quote_lag: Span,
    /// A quote older than this says nothing about a print.
    pub max_quote_age: Span,
}

impl ClassifyParameters {
    /// The largest lag.
    pub const MAX_LAG: Span = Span::from_seconds(5);

    /// By this rule alone, whatever the feed states: for comparison.
    pub const fn only(rule: ClassifyRule) -> Self {
        let trust_stated = matches!(rule, ClassifyRule::Native);
        Self { rule, trust_stated, quote_lag: Span::ZERO, max_quote_age: super::MAX_QUOTE_AGE }
    }
}

impl Default for ClassifyParameters {
    /// What the feed states, else Lee and Ready without lag.
    fn default() -> Self {
        Self { trust_stated: true, ..Self::only(ClassifyRule::LeeReady) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_settings() {
        for (rule, name) in ClassifyRule::NAMES {
            assert_eq!((ClassifyRule::named(name), rule.name()), (Some(rule), name));
            assert_eq!(serde_json::to_value(rule).unwrap(), name);
        }
        assert_eq!(ClassifyRule::named("random"), None);
    }

    #[test]
    fn the_fitting_rule_follows_feed_and_instrument() {
        assert_eq!(ClassifyRule::fitting(FeedKind::Stated, true), ClassifyRule::Native);
        assert_eq!(ClassifyRule::fitting(FeedKind::TickByTick, true), ClassifyRule::Quote);
        assert_eq!(ClassifyRule::fitting(FeedKind::TickByTick, false), ClassifyRule::LeeReady);
        assert_eq!(ClassifyRule::fitting(FeedKind::Snapshot, false), ClassifyRule::Bulk);
    }

    #[test]
    fn for_options_the_quote_rule_is_the_best() {
        let prior = |rule: ClassifyRule| rule.accuracy_prior(true).unwrap();
        assert!(prior(ClassifyRule::Quote) > prior(ClassifyRule::LeeReady));
        assert!(prior(ClassifyRule::LeeReady) > prior(ClassifyRule::Emo));
        assert!(prior(ClassifyRule::Emo) > prior(ClassifyRule::Tick));
    }
}
