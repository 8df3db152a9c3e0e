//! A scenario's own shape.

use garde::Validate;
use serde::{Deserialize, Serialize};

use super::action::Action;
use super::wait::Wait;
use super::when::{After, Moment};
use crate::hub::Limits;

/// Most steps of a scenario.
const MOST_STEPS: usize = 1_000;

/// What the broker is to do, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name: small letters, digits, hyphens.
    #[garde(custom(is_name))]
    pub name: String,
    /// What happens and what it shows, in a sentence or two.
    #[garde(length(min = 1, max = 2_000))]
    pub description: String,
    /// Seed of what is left to chance.
    #[garde(skip)]
    #[serde(default)]
    pub seed: u64,
    /// Limits in place of the gateway's own.
    #[garde(dive)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// What happens.
    #[garde(length(max = MOST_STEPS), dive)]
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// One step: a moment or an event, and what happens then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// When.
    #[garde(custom(one_of(&self.after)))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
    /// After what.
    #[garde(dive)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<After>,
    /// Again so long after the last time.
    #[garde(custom(not_zero))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Wait>,
    /// How often in all; once, or without end when it comes again and no number is given.
    #[garde(inner(range(min = 1, max = 1_000_000)))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// Up to so much later, by chance.
    #[garde(skip)]
    #[serde(default)]
    pub jitter: Wait,
    /// What happens, in this order.
    #[garde(length(min = 1, max = 50), dive)]
    #[serde(rename = "do")]
    pub actions: Vec<Action>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that garde calls")]
fn is_name(name: &str, _: &()) -> garde::Result {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if (1..=60).contains(&name.len()) && name.chars().all(fits) {
        return Ok(());
    }
    Err(garde::Error::new("a name is 1 to 60 small letters, digits and hyphens"))
}

#[expect(clippy::ref_option, reason = "the signature that garde calls")]
fn one_of(after: &Option<After>) -> impl FnOnce(&Option<Moment>, &()) -> garde::Result + '_ {
    move |at, ()| match (at, after) {
        (Some(_), None) | (None, Some(_)) => Ok(()),
        (None, None) => Err(garde::Error::new("a step needs `at` or `after`")),
        (Some(_), Some(_)) => Err(garde::Error::new("a step has `at` or `after`, not both")),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, clippy::ref_option, reason = "the signature that garde calls")]
fn not_zero(every: &Option<Wait>, _: &()) -> garde::Result {
    match every {
        Some(every) if every.is_zero() => Err(garde::Error::new("again after no time would never end")),
        _ => Ok(()),
    }
}
