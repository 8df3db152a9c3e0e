//! What the sale conditions of a print mean.
//!
//! LEAN writes them as hexadecimal bits, in the order of its vendor's trade-and-quote files
//! (`TradeConditionFlags` in LEAN's source). Whether a condition lets a print set the last price follows the
//! consolidated tapes' own tables.
//!
//! | bit | condition | here |
//! | --- | --- | --- |
//! | 0 | regular | |
//! | 1, 2, 3 | cash, next day, seller's option | not last |
//! | 4 | yellow flag | |
//! | 5 | intermarket sweep | sweep |
//! | 6, 7, 8 | opening, closing, re-opening print | auction |
//! | 9 | derivatively priced | not last |
//! | 10 | form T | |
//! | 11 | sold last: reported late | not last |
//! | 12 | stopped | |
//! | 13 | extended hours | |
//! | 14 | out of sequence | out of sequence, not last |
//! | 15, 16, 17 | split, acquisition, bunched | |
//! | 18 | contingent on an option | not last |
//! | 19 | distribution | |
//! | 20 | average price | not last |
//! | 21 | crossing session | auction |
//! | 22 | price variation | not last |
//! | 23 | rule 155 | |
//! | 24, 26 | official close, official open of a market centre | auction, not last |
//! | 25 | prior reference price | not last |
//! | 27, 28, 29 | cap election, automatic execution, trade-through exempt | |
//! | 30 | not documented | |
//! | 31 | odd lot | odd lot |
//!
//! Official opens and closes repeat the volume of the auction's own prints (that of SPY on
//! 2013-10-07 repeats 352 opening prints): auction and not last together mean "do not add".
//! A bit that nobody describes leaves the print regular.

use alphatrader_model::market::TradeFlags;

const OFFICIAL: TradeFlags = TradeFlags::AUCTION.with(TradeFlags::NOT_LAST);
const OUT_OF_SEQUENCE: TradeFlags = TradeFlags::OUT_OF_SEQUENCE.with(TradeFlags::NOT_LAST);

/// Bits that mean something here, and what.
const MEANINGS: [(u32, TradeFlags); 17] = [
    (1, TradeFlags::NOT_LAST),
    (2, TradeFlags::NOT_LAST),
    (3, TradeFlags::NOT_LAST),
    (5, TradeFlags::SWEEP),
    (6, TradeFlags::AUCTION),
    (7, TradeFlags::AUCTION),
    (8, TradeFlags::AUCTION),
    (9, TradeFlags::NOT_LAST),
    (11, TradeFlags::NOT_LAST),
    (14, OUT_OF_SEQUENCE),
    (18, TradeFlags::NOT_LAST),
    (20, TradeFlags::NOT_LAST),
    (21, TradeFlags::AUCTION),
    (22, TradeFlags::NOT_LAST),
    (24, OFFICIAL),
    (25, TradeFlags::NOT_LAST),
    (26, OFFICIAL),
];
const ODD_LOT: u64 = 1 << 31;

/// Conditions any of which sets a flag.
const fn bits(flag: TradeFlags) -> u64 {
    let (mut mask, mut at) = (0, 0);
    while at < MEANINGS.len() {
        let (bit, meaning) = MEANINGS[at];
        if meaning.contains(flag) {
            mask |= 1 << bit;
        }
        at += 1;
    }
    mask
}

const MASKS: [(u64, TradeFlags); 5] = [
    (bits(TradeFlags::NOT_LAST), TradeFlags::NOT_LAST),
    (bits(TradeFlags::AUCTION), TradeFlags::AUCTION),
    (bits(TradeFlags::OUT_OF_SEQUENCE), TradeFlags::OUT_OF_SEQUENCE),
    (bits(TradeFlags::SWEEP), TradeFlags::SWEEP),
    (ODD_LOT, TradeFlags::ODD_LOT),
];

/// What the sale conditions of a print mean.
pub fn flags(conditions: u64) -> TradeFlags {
    let mut flags = TradeFlags::NONE;
    for (mask, flag) in MASKS {
        if conditions & mask != 0 {
            flags = flags.with(flag);
        }
    }
    flags
}

/// Conditions of a quote that make its prices a band of permitted prices (limit up, limit down)
/// instead of a quote.
pub(super) const PRICE_BAND: u64 = 1 << 18 | 1 << 19;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_seen_on_the_tape_mean_what_the_table_says() {
        let cases = [
            (0x1, TradeFlags::NONE),
            (0x2000_2000, TradeFlags::NONE),
            (0x2000_0020, TradeFlags::SWEEP),
            (0x2000_0040, TradeFlags::AUCTION),
            (0x2000_0080, TradeFlags::AUCTION),
            (0x400_0000, OFFICIAL),
            (0x100_0000, OFFICIAL),
            (0x2010_0200, TradeFlags::NOT_LAST),
            (0x4800, OUT_OF_SEQUENCE),
            (0x8000_0000, TradeFlags::ODD_LOT),
            (0x8000_0021, TradeFlags::ODD_LOT.with(TradeFlags::SWEEP)),
            (1 << 30 | 1 << 40, TradeFlags::NONE),
        ];
        for (conditions, expected) in cases {
            assert_eq!(flags(conditions), expected, "{conditions:x}");
        }
    }

    #[test]
    fn every_meaning_sets_all_its_flags() {
        for (bit, meaning) in MEANINGS {
            assert_eq!(flags(1 << bit), meaning, "bit {bit}");
        }
    }
}
