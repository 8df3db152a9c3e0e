//! Chains: read in one pass, checked row by row, refused whole where the whole is not what was asked for.
//!
//! A body is never trusted for its status. What a row says is kept only as far as it agrees with itself (see [`Rule`]);
//! a chain with too much of it wrong, of another symbol, or of made-up rows never leaves this module.

mod greeks;
mod json;
mod rejections;
mod row;
mod table;
#[cfg(test)]
mod tests;

use alphatrader_model::chain::{ChainSnapshot, MOST_ROWS, Provider};
use alphatrader_model::{Calendar, ChainEntry, Price, Symbol, Timestamp};
use jiff::civil::Date;
use serde::Serialize;

pub use rejections::{Rejections, Rule};

use self::row::{Judge, Judged, Row};
use crate::body::{Broken, Class, Verdict, trimmed};
use crate::key::ApiKey;
use crate::request::{Format, Function};
use crate::spot::Spot;

/// What was asked for, and what is known beside it.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// Real-time or historical.
    pub function: Function,
    /// Form of the answer.
    pub format: Format,
    /// Whose chain.
    pub symbol: Symbol,
    /// The one expiry; else all.
    pub expiration: Option<Date>,
    /// When the answer came.
    pub received: Timestamp,
    /// Price of the underlying by a better source, for the checks that need it.
    pub spot: Option<Spot>,
    /// Continuous rate a year, for our own Greeks.
    pub rate: f64,
    /// Sessions.
    pub calendar: &'a Calendar,
    /// To be taken out of refusals.
    pub key: &'a ApiKey,
}

/// Why a whole payload was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PayloadRule {
    /// Rows of the made-up schema (`XXYYZZ`).
    Sample,
    /// Rows of another symbol.
    OtherSymbol,
    /// A date that does not exist (`2099-99-99`).
    NoDate,
    /// More than 2 % of the rows are crossed.
    Crossed,
    /// No row was left, though some came.
    NoRows,
    /// Less than half of the chain before it.
    Half,
}

impl PayloadRule {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Sample, Self::OtherSymbol, Self::NoDate, Self::Crossed, Self::NoRows, Self::Half];

    /// Its name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sample => "payload_sample",
            Self::OtherSymbol => "payload_other_symbol",
            Self::NoDate => "payload_no_date",
            Self::Crossed => "payload_crossed",
            Self::NoRows => "payload_no_rows",
            Self::Half => "payload_half",
        }
    }
}

/// A chain that passed, and what is to be said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    /// The chain. Marked delayed where it is stale: shown, never traded on.
    pub snapshot: ChainSnapshot,
    /// What was dropped and flagged, by rule.
    pub rejections: Rejections,
    /// Of all bids, asks and volumes: equal hashes are an unchanged feed.
    pub hash: u64,
    /// Its date is not that of the session, in session hours.
    pub stale_date: bool,
    /// More than 5 % of its mids are below what exercising pays.
    pub below_intrinsic: bool,
    /// Median difference of the source's deltas and ours, where it can be told.
    pub delta_difference: Option<f64>,
    /// The source's Greeks were further from ours than they may be, and were dropped.
    pub own_greeks: bool,
}

/// What a body was.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded {
    /// A chain.
    Chain(Box<Chain>),
    /// A refusal, or nothing.
    Verdict(Verdict),
    /// A chain that may not be used.
    Refused(PayloadRule, Box<Rejections>),
}

/// Largest median difference of deltas.
const DELTAS_APART: f64 = 0.05;

/// Rows as they are read.
#[derive(Debug)]
pub(crate) struct Sink<'a> {
    judge: Judge<'a>,
    rows: Vec<ChainEntry>,
    seen: usize,
    stale_date: bool,
    refused: Option<PayloadRule>,
    rejections: Rejections,
}

impl<'a> Sink<'a> {
    fn new(asked: &'a Asked<'a>, body: usize) -> Self {
        // A row of a table is about 146 bytes, one of JSON 414.
        let expected = (body / if asked.format == Format::Csv { 120 } else { 350 }).min(MOST_ROWS);
        Self {
            judge: Judge::new(asked),
            rows: Vec::with_capacity(expected),
            seen: 0,
            stale_date: false,
            refused: None,
            rejections: Rejections::default(),
        }
    }

    /// Takes a row. False when the whole payload is refused by it.
    pub(crate) fn take(&mut self, row: &Row<'_>) -> bool {
        self.seen += 1;
        match self.judge.judge(row, &mut self.rejections) {
            Judged::Keep { entry, stale_date } => {
                self.stale_date |= stale_date;
                if self.rows.len() < MOST_ROWS {
                    self.rows.push(entry);
                } else {
                    self.rejections.note(Rule::TooMany);
                }
            }
            Judged::Drop => {}
            Judged::Payload(rule) => {
                self.refused = Some(rule);
                return false;
            }
        }
        true
    }

    fn finish(mut self, asked: &Asked<'_>) -> Decoded {
        if self.refused == Some(PayloadRule::Sample) {
            let text = "rows of the sample schema (XXYYZZ)".to_owned();
            return Decoded::Verdict(Verdict { class: Class::NotEntitled, text });
        }
        if let Some(rule) = self.refused {
            return Decoded::Refused(rule, Box::new(self.rejections));
        }
        if self.seen == 0 {
            return Decoded::Verdict(Verdict::silent(Class::Empty));
        }
        self.in_order();
        self.rejections.accepted = self.rows.len() as u64;
        if self.rejections.get(Rule::Crossed) as usize * 50 > self.seen {
            return Decoded::Refused(PayloadRule::Crossed, Box::new(self.rejections));
        }
        if self.rows.is_empty() {
            return Decoded::Refused(PayloadRule::NoRows, Box::new(self.rejections));
        }
        let below = self.rejections.get(Rule::BelowIntrinsic) as usize;
        let below_intrinsic = below * 20 > self.rows.len();
        let delta_difference = asked.spot.and_then(|spot| {
            greeks::median_delta_difference(&self.rows, spot.price, asked.rate, asked.received)
        });
        let own_greeks = delta_difference.is_some_and(|difference| difference > DELTAS_APART);
        if own_greeks {
            for row in &mut self.rows {
                row.greeks = alphatrader_model::chain::VendorGreeks::default();
            }
        }
        let hash = content_hash(&self.rows);
        let stale = self.stale_date || below_intrinsic;
        let snapshot = ChainSnapshot {
            underlying: asked.symbol,
            provider: Provider::AlphaVantage,
            as_of: asked.received,
            spot: None,
            expiry: asked.expiration,
            delayed: stale || asked.function == Function::HistoricalOptions,
            rows: self.rows,
        };
        Decoded::Chain(Box::new(Chain {
            snapshot,
            rejections: self.rejections,
            hash,
            stale_date: self.stale_date,
            below_intrinsic,
            delta_difference,
            own_greeks,
        }))
    }

    /// Sorts, and of a contract that stands twice keeps the last.
    fn in_order(&mut self) {
        let key = |row: &ChainEntry| {
            let contract = row.contract;
            (contract.expiry, contract.strike, contract.right, contract.root)
        };
        if !self.rows.is_sorted_by_key(key) {
            self.rows.sort_by_key(key);
        }
        let before = self.rows.len();
        // Stable order: the later of two equals stands behind and overwrites the one in front.
        self.rows.dedup_by(|later, kept| {
            let same = later.contract == kept.contract;
            if same {
                *kept = *later;
            }
            same
        });
        self.rejections.add(Rule::Duplicate, (before - self.rows.len()) as u64);
    }
}

/// A mix of all bids, asks and volumes.
fn content_hash(rows: &[ChainEntry]) -> u64 {
    let mix = |hash: u64, value: u64| (hash ^ value).wrapping_mul(0x0100_0000_01B3).rotate_left(29);
    let price = |price: Option<Price>| price.map_or(u64::MAX, |price| price.raw() as u64);
    rows.iter().fold(0xCBF2_9CE4_8422_2325, |hash, row| {
        let hash = mix(mix(hash, price(row.bid)), price(row.ask));
        mix(hash, row.volume.map_or(u64::MAX, u64::from))
    })
}

/// Reads a body of status 200.
pub fn decode(body: &[u8], asked: &Asked<'_>) -> Decoded {
    let start = trimmed(body);
    let truncated = || Decoded::Verdict(Verdict::silent(Class::Transport(Broken::Truncated)));
    match start.first() {
        Some(b'<') => Decoded::Verdict(Verdict::silent(Class::Transport(Broken::Html))),
        Some(b'{') => json::decode(start, asked),
        Some(_) if asked.format == Format::Csv => table::decode(start, asked),
        _ => truncated(),
    }
}
