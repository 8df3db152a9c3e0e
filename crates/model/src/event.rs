//! Everything that happens, in one order.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::broker::BrokerEvent;
use crate::calendar::Session;
use crate::chain::ChainSnapshot;
use crate::discovered::Discovered;
use crate::instrument::{Instrument, InstrumentId};
use crate::market::{Bar, ChainRow, DayTotals, Depth, Gap, Quote, Trade, TradingStatus};
use crate::output::EffectId;
use crate::sentiment::Sentiment;
use crate::settings::Settings;
use crate::time::Timestamp;

/// Place of an event in the one order. The high 24 bits are the incarnation (a number that each
/// start takes durably), the low 40 bits count inside it, so a restart never repeats one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Seq(pub u64);

impl Seq {
    /// Bits of the counter.
    pub const COUNTER_BITS: u32 = 40;

    /// The first place of an incarnation.
    pub const fn first(incarnation: u32) -> Self {
        Self((incarnation as u64) << Self::COUNTER_BITS)
    }

    /// The next place. 2^40 events are centuries of a busy market.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The incarnation.
    pub const fn incarnation(self) -> u32 {
        (self.0 >> Self::COUNTER_BITS) as u32
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.incarnation(), self.0 & ((1 << Self::COUNTER_BITS) - 1))
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the one order.
    pub seq: Seq,
    /// When it happened, from the source where it says so.
    pub ts_event: Timestamp,
    /// When it reached us, by the system's clock.
    pub ts_recv: Timestamp,
    /// What happened.
    pub payload: Payload,
}

/// Something that happened, before it has its place in the order. What edges and historical
/// sources hand over.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// When it happened, from the source where it says so.
    pub ts_event: Timestamp,
    /// When it reached us, by the system's clock. A historical source that does not know it repeats
    /// `ts_event`.
    pub ts_recv: Timestamp,
    /// What happened.
    pub payload: Payload,
}

/// How far new risk is allowed (signals-and-risk, section 7), mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HaltLevel {
    /// Trading.
    #[default]
    None,
    /// No new entries.
    Pause,
    /// Exits only; working entries are cancelled.
    Reduce,
    /// As reduce; a person must resume. Protective stops stay.
    Halt,
    /// Everything is cancelled and closed.
    Flatten,
}

/// What a person asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operator {
    /// Stop new risk.
    Halt {
        /// In the person's words.
        reason: String,
    },
    /// Trade again.
    Resume {
        /// In the person's words; kept in the record.
        reason: String,
    },
    /// The process is about to end: working entries are cancelled, protective orders stay at the broker.
    Shutdown,
}

/// What the ledger answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LedgerEvent {
    /// All records up to and including this step are durable.
    Committed {
        /// The step.
        through: Seq,
    },
    /// The ledger cannot be written. Trading halts.
    Failed {
        /// In words.
        reason: String,
    },
}

/// What became of an effect that waited for its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BarrierVerdict {
    /// Handed to the outside world.
    Released,
    /// Too old to be sent.
    Expired,
    /// Taken back by a pause, halt, cancel or shutdown before it left.
    Withdrawn,
    /// Its records could not be made durable, and it adds risk.
    Unrecorded,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Payload {
    /// The settings in force from here on.
    Settings(Box<Settings>),
    /// Today's session.
    Session(Session),
    /// A contract and its number.
    Instrument(Box<Instrument>),
    /// A slow row of the option chain.
    Chain(ChainRow),
    /// Best bid and offer changed.
    Quote(Quote),
    /// A print.
    Trade(Trade),
    /// A bar of trades ended.
    Bar(Bar),
    /// A book changed.
    Depth(Depth),
    /// Part of a stream was lost.
    Gap(Gap),
    /// A tenth of a second passed.
    Timer,
    /// A person asked.
    Operator(Operator),
    /// The broker spoke.
    Broker(Box<BrokerEvent>),
    /// The ledger answered.
    Ledger(LedgerEvent),
    /// An effect left, or did not.
    Barrier {
        /// Which.
        effect: EffectId,
        /// What became of it.
        verdict: BarrierVerdict,
    },
    /// Trading in an instrument was stopped, or goes on.
    Status(TradingStatus),
    /// What the feed itself counts of the day.
    Totals(DayTotals),
    /// Parameters found in the recorded market; they come into force at the next session.
    Discovered(Box<Discovered>),
    /// A chain, or one expiry of it, as a source tells it at once.
    ChainSnapshot(Box<ChainSnapshot>),
    /// What the news says.
    Sentiment(Box<Sentiment>),
}

impl Payload {
    /// Order among events of one instant from historical sources: settings, instrument, chain,
    /// quote, trade, bar, timer. Lower goes first.
    pub const fn rank(&self) -> u8 {
        match self {
            Self::Settings(_) | Self::Discovered(_) => 0,
            Self::Session(_) | Self::Instrument(_) => 1,
            Self::Chain(_)
            | Self::ChainSnapshot(_)
            | Self::Sentiment(_)
            | Self::Status(_)
            | Self::Totals(_) => 2,
            Self::Quote(_) | Self::Depth(_) | Self::Gap(_) => 3,
            Self::Trade(_) => 4,
            Self::Bar(_) => 5,
            Self::Timer => 6,
            Self::Operator(_) | Self::Broker(_) | Self::Ledger(_) | Self::Barrier { .. } => 7,
        }
    }

    /// What it is, in a word or two.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Settings(_) => "settings",
            Self::Discovered(_) => "discovered parameters",
            Self::Session(_) => "session",
            Self::Instrument(_) => "instrument",
            Self::Chain(_) => "chain row",
            Self::Quote(_) => "quote",
            Self::Trade(_) => "trade",
            Self::Bar(_) => "bar",
            Self::Depth(_) => "depth",
            Self::Gap(_) => "gap",
            Self::Status(_) => "trading status",
            Self::Totals(_) => "day totals",
            Self::ChainSnapshot(_) => "chain",
            Self::Sentiment(_) => "sentiment",
            Self::Timer => "timer",
            Self::Operator(_) => "operator",
            Self::Broker(_) => "broker",
            Self::Ledger(_) => "ledger",
            Self::Barrier { .. } => "barrier",
        }
    }

    /// The number of the contract that a market event is about; nothing for an announcement, which names
    /// the contract itself, and for what is not of the market.
    pub const fn about_mut(&mut self) -> Option<&mut InstrumentId> {
        Some(match self {
            Self::Chain(row) => &mut row.instrument,
            Self::Quote(quote) => &mut quote.instrument,
            Self::Trade(trade) => &mut trade.instrument,
            Self::Bar(bar) => &mut bar.instrument,
            Self::Depth(depth) => &mut depth.instrument,
            Self::Gap(gap) => &mut gap.instrument,
            Self::Status(status) => &mut status.instrument,
            Self::Totals(totals) => &mut totals.instrument,
            Self::Settings(_)
            | Self::Discovered(_)
            | Self::ChainSnapshot(_)
            | Self::Sentiment(_)
            | Self::Session(_)
            | Self::Instrument(_)
            | Self::Timer
            | Self::Operator(_)
            | Self::Broker(_)
            | Self::Ledger(_)
            | Self::Barrier { .. } => return None,
        })
    }

    /// Whether it belongs to the critical queue: never conflated, never dropped, taken first.
    pub const fn is_critical(&self) -> bool {
        matches!(
            self,
            Self::Settings(_)
                | Self::Discovered(_)
                | Self::Operator(_)
                | Self::Broker(_)
                | Self::Ledger(_)
                | Self::Barrier { .. }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_never_repeats_a_place() {
        let last = Seq(Seq::first(7).0 + (1 << Seq::COUNTER_BITS) - 1);
        assert_eq!(last.incarnation(), 7);
        assert!(last < Seq::first(8));
    }

    #[test]
    fn a_market_event_stays_small() {
        // Two cache lines: the hot path copies events through queues.
        assert!(size_of::<Event>() <= 128, "{}", size_of::<Event>());
    }
}
