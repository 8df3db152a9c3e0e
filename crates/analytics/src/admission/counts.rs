//! What the gate admitted, refused and excluded, by reason.

use alphatrader_model::condition::Exclusion;
use serde::{Deserialize, Serialize};

/// Counts since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AdmissionCounts {
    /// Prints used, wholly or in part.
    pub trades: u64,
    /// Of these, auctions.
    pub auctions: u64,
    /// Of these, odd lots.
    pub odd_lots: u64,
    /// Of these, up to 50 ms late.
    pub slightly_late: u64,
    /// Of these, printed while trading was stopped: counted in volume only.
    pub while_halted: u64,
    /// Of these, the first after a halt: not compared with what was before.
    pub after_halt: u64,
    /// Prints refused for their price.
    pub trade_price: u64,
    /// Prints refused for their size.
    pub trade_size: u64,
    /// Prints refused for being more than 50 ms older than the last one.
    pub too_late: u64,
    /// Prints refused as repetitions of earlier ones.
    pub duplicates: u64,
    /// Reports that an earlier print is cancelled or corrected.
    pub busts: u64,
    /// Prints excluded because the feed doubts them.
    pub suspicious: u64,
    /// Prints excluded as out of sequence.
    pub out_of_sequence: u64,
    /// Prints excluded as reported late.
    pub reported_late: u64,
    /// Prints excluded as averages of several prices.
    pub average_price: u64,
    /// Prints excluded as derived from another market, or contingent.
    pub derived: u64,
    /// Prints excluded for the price of an earlier moment, or a special one.
    pub prior_reference: u64,
    /// Prints excluded because they settle otherwise.
    pub settlement: u64,
    /// Prints excluded as not reported to the tape.
    pub unreported: u64,
    /// Official opens and closes, which repeat volume.
    pub official: u64,
    /// Prints excluded because their conditions do not set the last price, for any other reason.
    pub not_last: u64,
    /// Shares of excluded prints; those of busts apart.
    pub excluded_volume: u64,
    /// Shares of busts.
    pub busted_volume: u64,
    /// Shares of prints used.
    pub admitted_volume: u64,
    /// Quotes used: both sides, not crossed.
    pub quotes: u64,
    /// Quotes with a side missing.
    pub one_sided: u64,
    /// Quotes with the bid above the offer.
    pub crossed: u64,
    /// Quotes with the bid at the offer.
    pub locked: u64,
    /// Quotes refused for a price or size.
    pub quote_value: u64,
    /// Bars used.
    pub bars: u64,
    /// Bars refused: a price out of order or range, no volume, or a span that does not fit a minute.
    pub bar_value: u64,
    /// Bars left aside because prints say more.
    pub bars_unused: u64,
}

impl AdmissionCounts {
    /// Prints excluded for their conditions, all reasons together.
    pub const fn excluded(&self) -> u64 {
        self.suspicious
            + self.out_of_sequence
            + self.reported_late
            + self.average_price
            + self.derived
            + self.prior_reference
            + self.settlement
            + self.unreported
            + self.official
            + self.not_last
    }

    /// Share of the volume that was cancelled or corrected later, in [0, 1]; absent without volume.
    /// Above one in a hundred a session is not for discovery.
    pub fn busted_share(&self) -> Option<f64> {
        let whole = self.admitted_volume.saturating_add(self.excluded_volume);
        (whole > 0).then(|| self.busted_volume as f64 / whole as f64).map(|share| share.min(1.0))
    }

    /// What was kept out, wholly or in part: of what, why, and how many, for people. Zeros are among them.
    pub const fn kept_out(&self) -> [(&'static str, &'static str, u64); 26] {
        [
            ("prints", "impossible price", self.trade_price),
            ("prints", "impossible size", self.trade_size),
            ("prints", "more than 50 ms late", self.too_late),
            ("prints", "repetition", self.duplicates),
            ("prints", "cancelled or corrected", self.busts),
            ("prints", "doubted by the feed", self.suspicious),
            ("prints", "out of sequence", self.out_of_sequence),
            ("prints", "reported late", self.reported_late),
            ("prints", "average price", self.average_price),
            ("prints", "derived or contingent", self.derived),
            ("prints", "prior reference price", self.prior_reference),
            ("prints", "other settlement", self.settlement),
            ("prints", "not reported to the tape", self.unreported),
            ("prints", "official open or close", self.official),
            ("prints", "does not set the last price", self.not_last),
            ("prints in part", "auction: no side", self.auctions),
            ("prints in part", "odd lot: sets no price", self.odd_lots),
            ("prints in part", "up to 50 ms late", self.slightly_late),
            ("prints in part", "while halted", self.while_halted),
            ("prints in part", "first after a halt", self.after_halt),
            ("quotes", "one side missing", self.one_sided),
            ("quotes", "crossed", self.crossed),
            ("quotes", "locked", self.locked),
            ("quotes", "impossible price or size", self.quote_value),
            ("bars", "out of order or range", self.bar_value),
            ("bars", "prints say more", self.bars_unused),
        ]
    }

    pub(super) const fn of(&mut self, reason: Exclusion) -> &mut u64 {
        match reason {
            Exclusion::Bust => &mut self.busts,
            Exclusion::Suspicious => &mut self.suspicious,
            Exclusion::OutOfSequence => &mut self.out_of_sequence,
            Exclusion::Late => &mut self.reported_late,
            Exclusion::AveragePrice => &mut self.average_price,
            Exclusion::Derived => &mut self.derived,
            Exclusion::PriorReference => &mut self.prior_reference,
            Exclusion::Settlement => &mut self.settlement,
            Exclusion::Unreported => &mut self.unreported,
            Exclusion::Official => &mut self.official,
            Exclusion::NotLast => &mut self.not_last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exclusion_is_told_to_people() {
        for (reason, _, name) in Exclusion::ALL {
            let mut counts = AdmissionCounts::default();
            *counts.of(reason) = 7;
            let told: Vec<u64> =
                counts.kept_out().iter().map(|(_, _, count)| *count).filter(|c| *c > 0).collect();
            assert_eq!(told, [7], "{name}");
        }
    }

    #[test]
    fn every_reason_is_counted_under_its_name() {
        for (reason, _, name) in Exclusion::ALL {
            let mut counts = AdmissionCounts::default();
            *counts.of(reason) += 1;
            let json = serde_json::to_value(counts).unwrap();
            assert_eq!(json[name], 1, "{name}");
            assert_eq!(counts.excluded(), u64::from(reason != Exclusion::Bust));
        }
    }

    #[test]
    fn the_busted_share_needs_volume() {
        let mut counts = AdmissionCounts { busted_volume: 3, ..AdmissionCounts::default() };
        assert_eq!(counts.busted_share(), None);
        (counts.admitted_volume, counts.excluded_volume) = (250, 50);
        assert_eq!(counts.busted_share(), Some(0.01));
    }
}
