//! What the vendor does that a client would rather not meet: on demand, by a file, by chance.

use std::fmt;
use std::str::FromStr;

use alphatrader_market::random::Random;
use garde::Validate;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::request::Request;
use crate::scenario::Wait;

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The key is refused, under `Error Message`.
    InvalidKey,
    /// The same, under `Information`.
    InvalidKeyInformation,
    /// `Invalid API call`.
    InvalidCall,
    /// The function does not exist.
    NoSuchFunction,
    /// `Invalid inputs`, as for news without an article.
    InvalidInputs,
    /// The minute's limit.
    MinuteLimit,
    /// Ten a second.
    Burst,
    /// Twenty a second.
    Burst20,
    /// Thirty a second.
    Burst30,
    /// One a second, of a free key.
    FreeBurst,
    /// The day's limit.
    DayLimit,
    /// The same, with the key spelled out.
    DayLimitEcho,
    /// The minute's limit in the words of years ago, under `Note`.
    OldMinuteLimit,
    /// The same, in other words.
    OldVolume,
    /// The plan does not have the function.
    Premium,
    /// The demonstration key.
    Demo,
    /// `{}`.
    EmptyObject,
    /// `{"detail": ...}`.
    Detail,
    /// An ordinary envelope with rows that were never traded.
    Sample,
    /// An ordinary envelope without a row.
    EmptyData,
    /// HTTP 429.
    TooManyRequests,
    /// HTTP 500.
    ServerError,
    /// HTTP 503.
    Unavailable,
    /// A page for people, at HTTP 200.
    Html,
    /// The connection ends in the middle of the body.
    Truncated,
    /// Half a body that says it is whole.
    Cut,
    /// The body comes late.
    Slow,
    /// The connection is reset instead of an answer.
    Reset,
    /// The rows are of another day.
    StaleDate,
    /// One row in three has its bid above its ask.
    CrossedQuotes,
    /// Implied volatilities and Greeks that cannot be.
    JunkVolatility,
    /// Fields are gone from one row in three, or are spelled `None`, `-` or not at all.
    MissingFields,
    /// One row in five stands twice, the second time with other quotes.
    DuplicateRows,
    /// Contracts that have expired among the others.
    ExpiredContracts,
    /// Open interest and volume below zero.
    NegativeInterest,
    /// Four of five rows are gone.
    HalfChain,
    /// The rows are of another symbol.
    WrongSymbol,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 37] = [
        Self::InvalidKey,
        Self::InvalidKeyInformation,
        Self::InvalidCall,
        Self::NoSuchFunction,
        Self::InvalidInputs,
        Self::MinuteLimit,
        Self::Burst,
        Self::Burst20,
        Self::Burst30,
        Self::FreeBurst,
        Self::DayLimit,
        Self::DayLimitEcho,
        Self::OldMinuteLimit,
        Self::OldVolume,
        Self::Premium,
        Self::Demo,
        Self::EmptyObject,
        Self::Detail,
        Self::Sample,
        Self::EmptyData,
        Self::TooManyRequests,
        Self::ServerError,
        Self::Unavailable,
        Self::Html,
        Self::Truncated,
        Self::Cut,
        Self::Slow,
        Self::Reset,
        Self::StaleDate,
        Self::CrossedQuotes,
        Self::JunkVolatility,
        Self::MissingFields,
        Self::DuplicateRows,
        Self::ExpiredContracts,
        Self::NegativeInterest,
        Self::HalfChain,
        Self::WrongSymbol,
    ];

    /// Whether it spoils the rows of an option chain; it leaves other functions alone.
    pub fn is_of_rows(self) -> bool {
        self >= Self::StaleDate
    }

    /// Its name, as files and the command line have it.
    pub fn name(self) -> String {
        let written = serde_json::to_value(self).expect("a unit variant is written as its name");
        written.as_str().unwrap_or_default().to_owned()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// Why a plan of faults was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FaultError {
    /// No fault has this name.
    #[error("no fault is called `{0}`; there are: {names}", names = Fault::ALL.map(Fault::name).join(", "))]
    Unknown(String),
    /// Not a probability.
    #[error("`{0}` is not a probability such as burst:0.02, above 0 and at most 1")]
    Chance(String),
    /// More than a plan may hold.
    #[error("more than {} faults at once: wait until some were played", FaultPlan::MOST)]
    TooMany,
    /// The text is no plan; the report says the line.
    #[error("{0}")]
    Invalid(String),
}

impl FromStr for Fault {
    type Err = FaultError;
    fn from_str(text: &str) -> Result<Self, FaultError> {
        Self::ALL
            .into_iter()
            .find(|fault| fault.name() == text)
            .ok_or_else(|| FaultError::Unknown(text.chars().take(40).collect()))
    }
}

/// When a fault comes, and to what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What happens.
    #[garde(skip)]
    pub fault: Fault,
    /// To these functions; to all where none is named.
    #[garde(length(max = 64))]
    #[serde(default)]
    pub functions: Vec<String>,
    /// To requests for these symbols; for any where none is named.
    #[garde(length(max = 64))]
    #[serde(default)]
    pub symbols: Vec<String>,
    /// So many requests that it fits pass unharmed first.
    #[garde(skip)]
    #[serde(default)]
    pub after: u32,
    /// How often in all; without end where no number is given.
    #[garde(inner(range(min = 1)))]
    #[serde(default)]
    pub times: Option<u32>,
    /// With this probability each time.
    #[garde(range(min = 0.0, max = 1.0))]
    #[serde(default = "always")]
    pub chance: f64,
    /// How late a slow body comes, in the wall's time.
    #[garde(skip)]
    #[serde(default = "five_seconds")]
    pub delay: Wait,
}

const fn always() -> f64 {
    1.0
}

const fn five_seconds() -> Wait {
    Wait::from_seconds(5)
}

impl Rule {
    /// A fault for the next `times` requests that it fits.
    pub fn next(fault: Fault, times: u32) -> Self {
        Self {
            fault,
            functions: Vec::new(),
            symbols: Vec::new(),
            after: 0,
            times: Some(times),
            chance: 1.0,
            delay: five_seconds(),
        }
    }

    /// A fault by chance.
    pub fn by_chance(fault: Fault, chance: f64) -> Self {
        Self { times: None, chance, ..Self::next(fault, 1) }
    }

    /// The same for one function alone.
    #[must_use]
    pub fn on(mut self, function: &str) -> Self {
        self.functions.push(function.to_owned());
        self
    }

    fn fits(&self, request: &Request) -> bool {
        let function = request.function();
        let symbol = request.get("symbol").or_else(|| request.get("tickers")).unwrap_or_default();
        let named = |list: &[String], name: &str| list.is_empty() || list.iter().any(|known| known == name);
        let rows = matches!(function, "REALTIME_OPTIONS" | "REALTIME_OPTIONS_FMV" | "HISTORICAL_OPTIONS");
        named(&self.functions, function) && named(&self.symbols, symbol) && (rows || !self.fault.is_of_rows())
    }
}

/// A file of faults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct FaultFile {
    /// Seed of what is left to chance.
    #[garde(skip)]
    #[serde(default)]
    pub seed: u64,
    /// The first that fits and comes true is played.
    #[garde(length(max = FaultPlan::MOST), dive)]
    pub faults: Vec<Rule>,
}

/// The faults that are to come. The first rule that fits and comes true is played.
#[derive(Debug, Clone)]
pub struct FaultPlan {
    rules: Vec<Rule>,
    random: Random,
}

impl Default for FaultPlan {
    fn default() -> Self {
        Self::new(0, Vec::new())
    }
}

impl FaultPlan {
    /// Most rules at once.
    pub const MOST: usize = 256;

    /// A plan; the same seed and requests play the same.
    pub fn new(seed: u64, mut rules: Vec<Rule>) -> Self {
        rules.truncate(Self::MOST);
        Self { rules, random: Random::new(seed ^ 0x6661_756c) }
    }

    /// Reads `burst:0.01,slow:0.02`; a fault without a number comes always.
    ///
    /// # Errors
    /// [`FaultError`].
    pub fn by_chance(seed: u64, text: &str) -> Result<Self, FaultError> {
        let mut rules = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, chance) = part.split_once(':').unwrap_or((part, "1"));
            let fault = name.parse()?;
            let chance: f64 = chance.parse().map_err(|_| FaultError::Chance(part.to_owned()))?;
            if !(chance > 0.0 && chance <= 1.0) {
                return Err(FaultError::Chance(part.to_owned()));
            }
            rules.push(Rule::by_chance(fault, chance));
        }
        if rules.len() > Self::MOST {
            return Err(FaultError::TooMany);
        }
        Ok(Self::new(seed, rules))
    }

    /// Reads a file's text; `name` is where it comes from.
    ///
    /// # Errors
    /// [`FaultError::Invalid`] with the line.
    pub fn parse(text: &str, name: &str) -> Result<Self, FaultError> {
        let options = serde_saphyr::options! { with_snippet: false };
        let file: FaultFile = serde_saphyr::from_str_with_options_valid(text, options).map_err(|error| {
            let formatter = &serde_saphyr::UserMessageFormatter;
            let report = serde_saphyr::miette::to_miette_report_with_formatter(&error, text, name, formatter);
            FaultError::Invalid(format!("{report:?}"))
        })?;
        Ok(Self::new(file.seed, file.faults))
    }

    /// Adds a rule in front of the others.
    ///
    /// # Errors
    /// [`FaultError::TooMany`].
    pub fn add(&mut self, rule: Rule) -> Result<(), FaultError> {
        if self.rules.len() >= Self::MOST {
            return Err(FaultError::TooMany);
        }
        self.rules.insert(0, rule);
        Ok(())
    }

    /// Nothing more goes wrong.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// Rules that are still to come.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether nothing is to go wrong.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What goes wrong with a request, and how late a slow body is.
    pub fn draw(&mut self, request: &Request) -> Option<(Fault, Wait)> {
        let mut drawn = None;
        for rule in &mut self.rules {
            if !rule.fits(request) {
                continue;
            }
            if rule.after > 0 {
                rule.after -= 1;
                continue;
            }
            if rule.chance < 1.0 && !self.random.chance(rule.chance) {
                continue;
            }
            rule.times = rule.times.map(|times| times.saturating_sub(1));
            drawn = Some((rule.fault, rule.delay));
            break;
        }
        self.rules.retain(|rule| rule.times != Some(0));
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(function: &str) -> Request {
        Request::parse(&format!("function={function}&symbol=SPY")).unwrap()
    }

    #[test]
    fn every_fault_has_its_own_name_and_stands_in_the_list() {
        let names: std::collections::BTreeSet<String> = Fault::ALL.into_iter().map(Fault::name).collect();
        assert_eq!(names.len(), Fault::ALL.len());
        for fault in Fault::ALL {
            assert_eq!(fault.name().parse(), Ok(fault));
        }
        assert!(Fault::HalfChain.is_of_rows() && !Fault::Reset.is_of_rows());
        let guide = include_str!("../../../../docs/guide/alpha-vantage-server.md");
        for name in names {
            assert!(guide.contains(&format!("| `{name}` |")), "{name} is not in the guide");
        }
    }

    #[test]
    fn rules_are_played_in_order_and_used_up() {
        let text = "\
faults:
  - {fault: burst, functions: [REALTIME_OPTIONS], after: 1, times: 2}
  - {fault: slow, delay: 250ms, times: 1}
";
        let mut plan = FaultPlan::parse(text, "mine.yaml").unwrap();
        assert_eq!(plan.draw(&asked("REALTIME_OPTIONS")), Some((Fault::Slow, Wait::from_millis(250))));
        let drawn: Vec<_> =
            (0..3).map(|_| plan.draw(&asked("REALTIME_OPTIONS")).map(|(fault, _)| fault)).collect();
        assert_eq!(drawn, [Some(Fault::Burst), Some(Fault::Burst), None]);
        assert!(plan.is_empty());
        let error = FaultPlan::parse("faults:\n  - {fault: explode}\n", "mine.yaml").unwrap_err().to_string();
        assert!(error.contains("mine.yaml:2"), "{error}");
    }

    #[test]
    fn chance_is_a_function_of_the_seed() {
        let draws = |seed| -> Vec<bool> {
            let mut plan = FaultPlan::by_chance(seed, "burst:0.3").unwrap();
            (0..200).map(|_| plan.draw(&asked("NEWS_SENTIMENT")).is_some()).collect()
        };
        assert_eq!(draws(1), draws(1));
        assert_ne!(draws(1), draws(2));
        let count = draws(3).into_iter().filter(|hit| *hit).count();
        assert!((30..90).contains(&count), "{count}");
        assert!(FaultPlan::by_chance(1, "burst:2").is_err() && FaultPlan::by_chance(1, "bang").is_err());
    }

    #[test]
    fn faults_of_rows_leave_other_functions_alone() {
        let mut plan = FaultPlan::new(1, vec![Rule::next(Fault::CrossedQuotes, 1)]);
        assert_eq!(plan.draw(&asked("NEWS_SENTIMENT")), None);
        assert!(plan.draw(&asked("HISTORICAL_OPTIONS")).is_some());
    }
}
