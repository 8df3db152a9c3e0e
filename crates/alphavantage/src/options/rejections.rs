//! What was dropped and flagged, by rule and by field.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A rule for a row.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {
            $($(#[$doc])* $name,)*
        }

        impl Rule {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in metrics.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

rules! {
    /// Row dropped: its contract's name is none.
    NoContract = "no_contract",
    /// Row dropped: the name says another symbol, expiry, right or strike than the fields.
    Disagrees = "disagrees",
    /// Row dropped: a strike of zero or less.
    Strike = "strike",
    /// Row dropped: expired before the session.
    Expired = "expired",
    /// Row dropped: expires today, and its last options stopped.
    ExpiredToday = "expired_today",
    /// Row dropped: expires in more than three and a half years.
    TooFar = "too_far",
    /// Row dropped: another expiry than the one asked for.
    OtherExpiry = "other_expiry",
    /// Row dropped: a price or count below zero.
    Negative = "negative",
    /// Row dropped: a count that is no whole number, or more than 32 bits hold.
    Count = "count",
    /// Row dropped: more rows than a chain may have.
    TooMany = "too_many",
    /// A contract stood twice: the last was kept.
    Duplicate = "duplicate",
    /// Quotes dropped: the bid is above the ask.
    Crossed = "crossed",
    /// No quote: nothing is offered.
    NoQuote = "no_quote",
    /// Volatility and Greeks dropped: the volatility is zero, above 5 or none.
    NoVolatility = "no_volatility",
    /// Greeks dropped: a delta beyond one or of the wrong sign, a gamma or vega below zero.
    Greeks = "greeks",
    /// Deep in the money with hardly any time value: the volatility is noise, delta is one, gamma zero.
    Noise = "noise",
    /// Flag: the mid is below what exercising pays.
    BelowIntrinsic = "below_intrinsic",
    /// Flag: the row's date is not the session's.
    StaleDate = "stale_date",
    /// A field that should be a number and is none: absent.
    NotANumber = "not_a_number",
}

/// Counts of one payload, or of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejections {
    /// Rows that were kept.
    pub accepted: u64,
    counts: [u64; Rule::ALL.len()],
    fields: BTreeMap<&'static str, u64>,
}

impl Default for Rejections {
    fn default() -> Self {
        Self { accepted: 0, counts: [0; Rule::ALL.len()], fields: BTreeMap::new() }
    }
}

impl Rejections {
    /// How often a rule applied.
    pub const fn get(&self, rule: Rule) -> u64 {
        self.counts[rule as usize]
    }

    /// Every rule with its count.
    pub fn iter(&self) -> impl Iterator<Item = (Rule, u64)> {
        Rule::ALL.iter().map(|rule| (*rule, self.get(*rule)))
    }

    /// Fields that should have been numbers, with their counts.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.fields.iter().map(|(field, count)| (*field, *count))
    }

    /// Adds the counts of another payload.
    pub fn merge(&mut self, other: &Self) {
        self.accepted += other.accepted;
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        for (field, count) in &other.fields {
            *self.fields.entry(field).or_default() += count;
        }
    }

    pub(crate) fn note(&mut self, rule: Rule) {
        self.add(rule, 1);
    }

    pub(crate) fn add(&mut self, rule: Rule, count: u64) {
        self.counts[rule as usize] += count;
    }

    pub(crate) fn field(&mut self, name: &'static str) {
        self.note(Rule::NotANumber);
        *self.fields.entry(name).or_default() += 1;
    }
}

impl Serialize for Rejections {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rules = self.iter().map(|(rule, count)| (rule.name().to_owned(), count));
        let fields = self.fields().map(|(field, count)| (format!("field_{field}"), count));
        serializer
            .collect_map([("accepted".to_owned(), self.accepted)].into_iter().chain(rules).chain(fields))
    }
}
