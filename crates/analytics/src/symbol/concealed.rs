//! Hidden and iceberg orders of a symbol, as they are shown.

use alphatrader_model::features::{self, Features, HiddenEvidence, HiddenOrder};
use alphatrader_model::market::{Level, Side, Trade};
use alphatrader_model::metric::Quality;
use alphatrader_model::time::Timestamp;
use alphatrader_model::view::SymbolHistory;

use crate::hidden::{Finding, Hidden, HiddenPrint};

/// A print of the session that has an aggressor.
#[inline]
pub(super) fn on_print(
    hidden: &mut Hidden,
    history: &mut SymbolHistory,
    features: &mut Features,
    ts: Timestamp,
    trade: &Trade,
    side: Option<Side>,
) {
    let Trade { price, size, venue, flags, .. } = *trade;
    let (_, finding) = hidden.on_print(ts, &HiddenPrint { price, size, side, venue, flags });
    if let Some(finding) = finding {
        note(history, features, ts, &finding);
    }
}

/// A touch, neither crossed nor locked.
#[inline]
pub(super) fn on_touch(
    hidden: &mut Hidden,
    history: &mut SymbolHistory,
    features: &mut Features,
    ts: Timestamp,
    (bid, ask): (Level, Level),
) {
    if let Some(finding) = hidden.on_touch(ts, bid, ask) {
        note(history, features, ts, &finding);
    }
}

#[cold]
fn note(history: &mut SymbolHistory, features: &mut Features, time: Timestamp, finding: &Finding) {
    let order = match finding {
        Finding::Hidden { side, price, shares } => HiddenOrder {
            time,
            side: *side,
            price: *price,
            evidence: HiddenEvidence::HiddenExecution,
            executed: *shares,
            refills: 0,
            peak: 0,
            posterior: None,
            remaining: None,
        },
        Finding::Iceberg(found) => HiddenOrder {
            time,
            side: found.side,
            price: found.price,
            evidence: HiddenEvidence::Iceberg,
            executed: found.executed,
            refills: found.refills,
            peak: found.peak,
            posterior: Some(found.posterior),
            remaining: found.remaining,
        },
    };
    history.note_hidden(order);
    features.hidden.last = Some(order);
}

/// A second is over.
pub(super) fn turn(hidden: &mut Hidden, ts: Timestamp, shown: &mut features::Hidden) {
    hidden.advance(ts);
    let counts = hidden.counts();
    shown.executions = counts.executions;
    shown.volume = counts.stated.saturating_add(counts.inferred);
    shown.icebergs = counts.icebergs;
    shown.inside_prints = counts.inside_prints;
    shown.share = hidden.share();
    shown.refill_rate = hidden.rates().trades.metric(Quality::GOOD);
    shown.control_rate = hidden.rates().cancels.metric(Quality::GOOD);
}
