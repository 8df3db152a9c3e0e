//! What goes wrong in a run, and how often.

use alphatrader_market::random::{Random, mix};
use alphatrader_model::Span;

/// How often things go wrong. Probabilities are per opportunity, spans are means between two.
#[derive(Debug, Clone, Copy)]
pub(super) struct Faults {
    /// The session with the broker breaks.
    pub(super) breaks: Option<Span>,
    /// The process is killed.
    pub(super) kills: Option<Span>,
    /// A person halts, and resumes later.
    pub(super) halts: Option<Span>,
    /// A person stops the process in good order.
    pub(super) shutdowns: Option<Span>,
    /// Our clock jumps.
    pub(super) clock: Option<Span>,
    /// A step with outputs is the process's last, somewhere between them.
    pub(super) dies_inside: f64,
    /// An order is refused by the broker.
    pub(super) refuses_order: f64,
    /// A change of an order is refused.
    pub(super) refuses_change: f64,
    /// An order, change or cancel vanishes on its way.
    pub(super) loses_action: f64,
    /// The connection's queue overflows: a few words are lost, and the picture is taken again.
    pub(super) loses_words: f64,
    /// A word comes twice.
    pub(super) doubles: f64,
    /// A word comes after some that followed it.
    pub(super) reorders: f64,
    /// A commit takes longer than the core waits.
    pub(super) slow_commit: f64,
    /// A commit fails, and the ledger with it.
    pub(super) failed_commit: f64,
    /// What a failed ledger was given later is found at the next start all the same.
    pub(super) falls_back: bool,
    /// Longest way to the broker and back.
    pub(super) latency: Span,
    /// Positions are held until their options expire.
    pub(super) holds_to_expiry: bool,
}

impl Faults {
    /// Of ten runs one is calm; the others have each kind of fault with an even chance.
    pub(super) fn of(seed: u64) -> Self {
        let mut random = Random::new(mix(&[seed, 0x0066_6175_6C74]));
        let calm = seed.is_multiple_of(10);
        let mut has = || !calm && random.chance(0.5);
        let (breaks, kills, halts, shutdowns, clock) = (has(), has(), has(), has(), has());
        let (inside, refusals, losses, garbling, ledger) = (has(), has(), has(), has(), has());
        let mut mean = |wanted: bool, least: i64, most: i64| {
            let seconds = least + random.below((most - least).unsigned_abs()) as i64;
            wanted.then(|| Span::from_seconds(seconds))
        };
        let spans = (
            mean(breaks, 5, 120),
            mean(kills, 15, 200),
            mean(halts, 60, 300),
            mean(shutdowns, 150, 600),
            mean(clock, 30, 120),
        );
        // Mostly mild, now and then fierce.
        let mut rate = |wanted: bool, most: f64| {
            let unit = random.unit();
            if wanted { unit * unit * most } else { 0.0 }
        };
        Self {
            breaks: spans.0,
            kills: spans.1,
            halts: spans.2,
            shutdowns: spans.3,
            clock: spans.4,
            dies_inside: rate(inside, 0.03),
            refuses_order: rate(refusals, 0.4),
            refuses_change: rate(refusals, 0.6),
            loses_action: rate(losses, 0.25),
            loses_words: rate(losses, 0.08),
            doubles: rate(garbling, 0.4),
            reorders: rate(garbling, 0.5),
            slow_commit: rate(ledger, 0.06),
            failed_commit: rate(ledger, 0.01),
            falls_back: random.chance(0.5),
            latency: Span::from_millis(2 + random.below(if calm { 5 } else { 80 }) as i64),
            holds_to_expiry: random.chance(0.2),
        }
    }
}
