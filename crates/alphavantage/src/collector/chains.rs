//! The chain before this one: half of it, and a feed that stands still.

use std::collections::BTreeMap;

use alphatrader_model::{ChainSnapshot, Span, Symbol, Timestamp};
use jiff::civil::Date;

use crate::options::{Decoded, PayloadRule, Rejections};
use crate::request::Request;
use crate::status::ChainStatus;

/// A watched chain that has not changed for so long stands still.
const STILL: Span = Span::from_seconds(60);
/// Chains that are remembered: fifty symbols with their whole chain and a few expiries.
const REMEMBERED: usize = 256;

/// What is known of one chain.
#[derive(Debug, Clone)]
struct Memory {
    received: Timestamp,
    /// The day on which it was received.
    day: Date,
    rows: usize,
    hash: u64,
    /// Since when its content is what it is.
    unchanged_since: Timestamp,
    stale: Option<&'static str>,
    delta_difference: Option<f64>,
}

/// What became of an answer.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// The chain, when it may be used.
    pub(super) snapshot: Option<ChainSnapshot>,
    /// What somebody should know.
    pub(super) alarms: Vec<String>,
}

/// All chains.
#[derive(Debug, Default)]
pub(super) struct Chains {
    known: BTreeMap<(Symbol, Option<Date>), Memory>,
    refused: BTreeMap<PayloadRule, u64>,
    /// What the last answer was refused for; said once.
    refusing: BTreeMap<(Symbol, Option<Date>), PayloadRule>,
    rejections: Rejections,
}

impl Chains {
    /// Takes an answer; `watched` is a chain that has to move.
    pub(super) fn take(
        &mut self,
        now: Timestamp,
        today: Date,
        request: &Request,
        decoded: Decoded,
        watched: bool,
    ) -> Taken {
        let Some(symbol) = request.symbol() else { return Taken::default() };
        let key = (symbol, request.expiration());
        let mut chain = match decoded {
            Decoded::Chain(chain) => chain,
            Decoded::Refused(rule, rejections) => {
                self.rejections.merge(&rejections);
                return self.refuse(key, rule);
            }
            Decoded::Verdict(_) => return Taken::default(),
        };
        self.rejections.merge(&chain.rejections);
        let rows = chain.snapshot.rows.len();
        let before = self.known.get(&key);
        // A new day begins anew: what expired is gone.
        let half = before.is_some_and(|before| before.day == today && rows * 2 < before.rows);
        if half {
            return self.refuse(key, PayloadRule::Half);
        }
        let unchanged_since = match before {
            Some(before) if before.hash == chain.hash => before.unchanged_since,
            _ => now,
        };
        let mut alarms = Vec::new();
        let still = watched && now.since(unchanged_since) >= STILL;
        let stale = if chain.stale_date {
            Some("its date is not the session's")
        } else if chain.below_intrinsic {
            Some("too many of its prices are below what exercising pays")
        } else if still {
            Some("unchanged for a minute")
        } else {
            None
        };
        if let Some(why) = stale {
            chain.snapshot.delayed = true;
            // Once, not at every answer.
            if before.is_none_or(|before| before.stale != stale) {
                alarms.push(format!("stale: {why}"));
            }
        }
        if chain.own_greeks {
            let difference = chain.delta_difference.unwrap_or_default();
            if before.is_none_or(|before| before.delta_difference.is_none_or(|d| d <= 0.05)) {
                alarms.push(format!("its deltas are {difference:.3} from ours in the middle: ours are used"));
            }
        }
        self.refusing.remove(&key);
        self.forget_oldest(&key);
        self.known.insert(
            key,
            Memory {
                received: now,
                day: today,
                rows,
                hash: chain.hash,
                unchanged_since,
                stale,
                delta_difference: chain.delta_difference,
            },
        );
        Taken { snapshot: Some(chain.snapshot), alarms }
    }

    fn refuse(&mut self, key: (Symbol, Option<Date>), rule: PayloadRule) -> Taken {
        *self.refused.entry(rule).or_default() += 1;
        self.stale(key.0, key.1);
        if self.refusing.len() >= REMEMBERED {
            self.refusing.clear();
        }
        let is_new = self.refusing.insert(key, rule) != Some(rule);
        Taken {
            snapshot: None,
            alarms: is_new.then(|| format!("refused: {}", rule.name())).into_iter().collect(),
        }
    }

    /// The chain that is kept is not renewed.
    pub(super) fn stale(&mut self, symbol: Symbol, expiry: Option<Date>) {
        if let Some(memory) = self.known.get_mut(&(symbol, expiry)) {
            memory.stale = Some("the last answer could not be used");
        }
    }

    fn forget_oldest(&mut self, key: &(Symbol, Option<Date>)) {
        if self.known.len() >= REMEMBERED && !self.known.contains_key(key) {
            let oldest = self.known.iter().min_by_key(|(_, memory)| memory.received).map(|(key, _)| *key);
            if let Some(oldest) = oldest {
                self.known.remove(&oldest);
            }
        }
    }

    pub(super) fn status(&self, now: Timestamp) -> Vec<ChainStatus> {
        let one = |((symbol, expiry), memory): (&(Symbol, Option<Date>), &Memory)| ChainStatus {
            symbol: *symbol,
            expiry: *expiry,
            rows: memory.rows,
            age_ms: now.since(memory.received).millis(),
            stale: memory.stale,
            delta_difference: memory.delta_difference,
        };
        self.known.iter().map(one).collect()
    }

    pub(super) fn refused(&self) -> Vec<(&'static str, u64)> {
        PayloadRule::ALL
            .iter()
            .map(|rule| (rule.name(), self.refused.get(rule).copied().unwrap_or(0)))
            .collect()
    }

    pub(super) fn rejections(&self) -> &Rejections {
        &self.rejections
    }
}
