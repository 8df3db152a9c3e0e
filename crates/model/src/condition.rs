//! Sale conditions of a print: one table of what each means, and of which use drops it.
//!
//! The consolidated tapes mark a print with letters: the CTA's and the UTP plan's differ in a few. TAQ
//! files and IBKR's special conditions carry the letters, LEAN's files one bit for each condition (the order of
//! `TradeConditionFlags` in LEAN's source). [`CONDITIONS`] reads both into [`TradeFlags`]; [`Gate`] says
//! what a flag keeps a print from, [`Exclusion`] why it is dropped altogether. [`table`] prints it all.
//!
//! Some letters mean different things on the two tapes, and no source here says which tape a print is
//! of: `B` is read as the CTA's average price, not as the UTP plan's bunched trade.
//!
//! Official opens and closes repeat the volume of the auction's own prints: auction and not last together mean
//! "do not add". Extended hours leave a print regular: the hours decide, not the letter. A letter or
//! bit that nobody describes leaves it regular too.

use std::fmt::Write as _;

use crate::market::TradeFlags;

/// One sale condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// What it is called.
    pub name: &'static str,
    /// Its letters on the tapes.
    pub letters: &'static str,
    /// Its bits in LEAN's files.
    pub lean: &'static [u32],
    /// What it means here.
    pub flags: TradeFlags,
}

const fn condition(
    name: &'static str,
    letters: &'static str,
    lean: &'static [u32],
    flags: TradeFlags,
) -> Condition {
    Condition { name, letters, lean, flags }
}

const fn not_last(why: TradeFlags) -> TradeFlags {
    TradeFlags::NOT_LAST.with(why)
}

const REGULAR: TradeFlags = TradeFlags::NONE;
const SETTLEMENT: TradeFlags = not_last(TradeFlags::SETTLEMENT);
const DERIVED: TradeFlags = not_last(TradeFlags::DERIVED);
const PRIOR: TradeFlags = not_last(TradeFlags::PRIOR_REFERENCE);

/// Every condition that is known. A print may carry several: their flags add up.
pub const CONDITIONS: [Condition; 34] = [
    condition("regular", "@", &[0], REGULAR),
    condition("intermarket sweep", "F", &[5], TradeFlags::SWEEP),
    condition("odd lot", "I", &[31], TradeFlags::ODD_LOT),
    condition("opening print", "O", &[6], TradeFlags::AUCTION),
    condition("re-opening print", "5", &[8], TradeFlags::AUCTION),
    condition("closing print", "6", &[7], TradeFlags::AUCTION),
    condition("cross of a crossing session", "X", &[21], TradeFlags::AUCTION),
    condition("official open of a market centre", "Q", &[26], not_last(TradeFlags::AUCTION)),
    condition("official close of a market centre", "M", &[24], not_last(TradeFlags::AUCTION)),
    condition("corrected consolidated close", "9", &[], not_last(TradeFlags::AUCTION)),
    condition("cash settlement", "C", &[1], SETTLEMENT),
    condition("next-day settlement", "N", &[2], SETTLEMENT),
    condition("seller's option", "R", &[3], SETTLEMENT),
    condition("average price", "BW", &[20], not_last(TradeFlags::AVERAGE_PRICE)),
    condition("derivatively priced", "4", &[9], DERIVED),
    condition("contingent, qualified contingent", "V7", &[], DERIVED),
    condition("tied to an option", "", &[18], DERIVED),
    condition("prior reference price", "P", &[25], PRIOR),
    condition("price variation", "H", &[22], PRIOR),
    condition("sold: reported late", "L", &[11], not_last(TradeFlags::LATE)),
    condition("sold: out of sequence", "ZU", &[14], not_last(TradeFlags::OUT_OF_SEQUENCE)),
    condition("bunched, sold late", "G", &[], not_last(TradeFlags::LATE)),
    condition("extended hours, form T", "T", &[10, 13], REGULAR),
    condition("automatic execution", "E", &[28], REGULAR),
    condition("exempt from trade-through protection", "8", &[29], REGULAR),
    condition("acquisition", "A", &[16], REGULAR),
    condition("bunched", "", &[17], REGULAR),
    condition("distribution", "D", &[19], REGULAR),
    condition("rule 127, rule 155", "K", &[23], REGULAR),
    condition("split trade", "S", &[15], REGULAR),
    condition("stopped stock", "1", &[12], REGULAR),
    condition("yellow flag", "Y", &[4], REGULAR),
    condition("election of a cap order", "", &[27], REGULAR),
    condition("not documented by the vendor", "", &[30], REGULAR),
];

/// What letters mean, by their code.
const LETTERS: [TradeFlags; 128] = {
    let mut letters = [TradeFlags::NONE; 128];
    let mut at = 0;
    while at < CONDITIONS.len() {
        let (codes, mut place) = (CONDITIONS[at].letters.as_bytes(), 0);
        while place < codes.len() {
            letters[codes[place] as usize] = CONDITIONS[at].flags;
            place += 1;
        }
        at += 1;
    }
    letters
};

/// Flags that a bit of LEAN's can set; of each, the bits that do.
const LEAN: [(u64, TradeFlags); 10] = {
    let mut masks = [
        (0, TradeFlags::NOT_LAST),
        (0, TradeFlags::AUCTION),
        (0, TradeFlags::OUT_OF_SEQUENCE),
        (0, TradeFlags::SWEEP),
        (0, TradeFlags::ODD_LOT),
        (0, TradeFlags::LATE),
        (0, TradeFlags::AVERAGE_PRICE),
        (0, TradeFlags::DERIVED),
        (0, TradeFlags::PRIOR_REFERENCE),
        (0, TradeFlags::SETTLEMENT),
    ];
    let mut flag = 0;
    while flag < masks.len() {
        let mut at = 0;
        while at < CONDITIONS.len() {
            let (bits, mut place) = (CONDITIONS[at].lean, 0);
            while place < bits.len() && CONDITIONS[at].flags.contains(masks[flag].1) {
                masks[flag].0 |= 1 << bits[place];
                place += 1;
            }
            at += 1;
        }
        flag += 1;
    }
    masks
};

/// What the letters of a print mean (the COND column of TAQ files). Blanks say nothing.
pub fn of_letters(letters: &str) -> TradeFlags {
    letters.bytes().fold(TradeFlags::NONE, |flags, code| {
        flags.with(LETTERS.get(usize::from(code)).copied().unwrap_or(TradeFlags::NONE))
    })
}

/// What the bits of a print in one of LEAN's files mean.
pub fn of_lean(bits: u64) -> TradeFlags {
    // Nearly every print is regular, or a regular one that swept.
    LEAN.iter()
        .filter(|(mask, _)| bits & mask != 0)
        .fold(TradeFlags::NONE, |flags, (_, flag)| flags.with(*flag))
}

/// What IBKR's special conditions and the attributes of a last tick mean.
///
/// `unreported` also marks odd lots, which do count: it excludes unless the letters say odd lot.
/// `past_limit` (a price beyond the permitted band) is the feed's own doubt.
pub fn of_ibkr(special_conditions: &str, past_limit: bool, unreported: bool) -> TradeFlags {
    let mut flags = of_letters(special_conditions);
    if unreported && !flags.contains(TradeFlags::ODD_LOT) {
        flags = flags.with(not_last(TradeFlags::UNREPORTED));
    }
    if past_limit {
        flags = flags.with(TradeFlags::SUSPICIOUS);
    }
    flags
}

/// What the correction code of a TAQ row means, beside its conditions. 00 is a print, 01, 07 and 08 are
/// prints that were corrected or cancelled later, when nobody knew yet; 10 to 12 say so themselves.
pub fn of_correction(code: u8) -> TradeFlags {
    if (10..=12).contains(&code) { not_last(TradeFlags::BUST) } else { TradeFlags::NONE }
}

/// A use of prints that some conditions keep a print from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Last price, extremes, candles' prices.
    Last,
    /// The tick rule's memory.
    Tick,
    /// What needs an aggressor: classification, VPIN, signed volume, Kyle, Roll, spreads, sweeps.
    Flow,
    /// Volume and the volume-weighted average price.
    Volume,
}

impl Gate {
    /// All, in the order of the table.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Last, "last, extremes"),
        (Self::Tick, "tick rule"),
        (Self::Flow, "side, VPIN, impact, sweeps"),
        (Self::Volume, "volume, VWAP"),
    ];

    /// Whether a print of these flags is dropped here.
    pub const fn drops(self, flags: TradeFlags) -> bool {
        let also = match self {
            Self::Last => TradeFlags::ODD_LOT,
            Self::Flow => TradeFlags::AUCTION,
            Self::Tick | Self::Volume => TradeFlags::NONE,
        };
        flags.intersects(EXCLUDED.with(also))
    }
}

/// Flags that exclude a print from every use.
pub const EXCLUDED: TradeFlags = TradeFlags::NOT_LAST
    .with(TradeFlags::SUSPICIOUS)
    .with(TradeFlags::OUT_OF_SEQUENCE)
    .with(TradeFlags::BUST);

/// Why a print is excluded from every use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exclusion {
    /// It is a cancellation or a correction of an earlier print.
    Bust,
    /// The feed doubts it.
    Suspicious,
    /// Out of sequence.
    OutOfSequence,
    /// Reported late.
    Late,
    /// An average of several prices.
    AveragePrice,
    /// Derived from another market, or contingent.
    Derived,
    /// Of an earlier or a special price.
    PriorReference,
    /// Settles otherwise.
    Settlement,
    /// Not reported to the tape.
    Unreported,
    /// An official open or close: repeats volume that is already counted.
    Official,
    /// Does not set the last price, for a reason nobody told.
    NotLast,
}

impl Exclusion {
    /// All, the strongest first, with the flags that mean it and the names under which they are counted.
    pub const ALL: [(Self, TradeFlags, &'static str); 11] = [
        (Self::Bust, TradeFlags::BUST, "busts"),
        (Self::Suspicious, TradeFlags::SUSPICIOUS, "suspicious"),
        (Self::OutOfSequence, TradeFlags::OUT_OF_SEQUENCE, "out_of_sequence"),
        (Self::Late, TradeFlags::LATE, "reported_late"),
        (Self::AveragePrice, TradeFlags::AVERAGE_PRICE, "average_price"),
        (Self::Derived, TradeFlags::DERIVED, "derived"),
        (Self::PriorReference, TradeFlags::PRIOR_REFERENCE, "prior_reference"),
        (Self::Settlement, TradeFlags::SETTLEMENT, "settlement"),
        (Self::Unreported, TradeFlags::UNREPORTED, "unreported"),
        (Self::Official, TradeFlags::NOT_LAST.with(TradeFlags::AUCTION), "official"),
        (Self::NotLast, TradeFlags::NOT_LAST, "not_last"),
    ];

    /// Why a print of these flags is excluded; the strongest reason where there are several.
    pub fn of(flags: TradeFlags) -> Option<Self> {
        if !flags.intersects(EXCLUDED) {
            return None;
        }
        Self::ALL.into_iter().find(|(_, mark, _)| flags.contains(*mark)).map(|(reason, ..)| reason)
    }

    /// The name under which it is counted.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(reason, ..)| *reason == self).map_or("", |(.., name)| name)
    }
}

/// What each condition is and which gate drops it, as a Markdown table.
pub fn table() -> String {
    let mut text = String::from("| condition | CTA, UTP, TAQ, IBKR | LEAN bit |");
    for (_, name) in Gate::ALL {
        let _ = write!(text, " {name} |");
    }
    text.push_str(" counted as |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for Condition { name, letters, lean, flags } in CONDITIONS {
        let letters: Vec<String> = letters.chars().map(|letter| format!("`{letter}`")).collect();
        let bits: Vec<String> = lean.iter().map(ToString::to_string).collect();
        row(&mut text, &[name, &letters.join(" "), &bits.join(", ")], flags);
    }
    let bust = of_correction(10);
    row(&mut text, &["cancellation, error, correction record", "TAQ `CORR` 10, 11, 12", ""], bust);
    row(&mut text, &["unreported, no odd lot", "IBKR attribute", ""], of_ibkr("", false, true));
    row(&mut text, &["past limit", "IBKR attribute", ""], of_ibkr("", true, false));
    row(&mut text, &["suspicious", "", "own column"], TradeFlags::SUSPICIOUS);
    text
}

fn row(text: &mut String, first: &[&str], flags: TradeFlags) {
    text.push('|');
    for cell in first {
        let _ = write!(text, " {cell} |");
    }
    for (gate, _) in Gate::ALL {
        let forgets = gate == Gate::Tick && flags.contains(TradeFlags::AUCTION);
        text.push_str(match (gate.drops(flags), forgets) {
            (true, _) => " drops |",
            (false, true) => " forgets direction |",
            (false, false) => " |",
        });
    }
    let counted = Exclusion::of(flags).map_or(
        if flags.contains(TradeFlags::AUCTION) {
            "auctions"
        } else if flags.contains(TradeFlags::ODD_LOT) {
            "odd_lots"
        } else {
            ""
        },
        Exclusion::name,
    );
    let _ = writeln!(text, " {counted} |");
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFICIAL: TradeFlags = TradeFlags::AUCTION.with(TradeFlags::NOT_LAST);

    #[test]
    fn letters_of_a_tape_mean_what_the_table_says() {
        let cases = [
            ("", TradeFlags::NONE),
            ("@", TradeFlags::NONE),
            (" F I", TradeFlags::SWEEP.with(TradeFlags::ODD_LOT)),
            ("FTI", TradeFlags::SWEEP.with(TradeFlags::ODD_LOT)),
            ("4 B", not_last(TradeFlags::DERIVED).with(TradeFlags::AVERAGE_PRICE)),
            ("7 V", DERIVED),
            ("N T", SETTLEMENT),
            ("UI", not_last(TradeFlags::OUT_OF_SEQUENCE).with(TradeFlags::ODD_LOT)),
            ("M", OFFICIAL),
            ("6", TradeFlags::AUCTION),
            ("é€\u{7f}", TradeFlags::NONE),
        ];
        for (letters, expected) in cases {
            assert_eq!(of_letters(letters), expected, "{letters:?}");
        }
    }

    #[test]
    fn bits_of_leans_files_mean_what_the_table_says() {
        let cases = [
            (0x1, TradeFlags::NONE),
            (0x2000_2000, TradeFlags::NONE),
            (0x2000_0020, TradeFlags::SWEEP),
            (0x2000_0040, TradeFlags::AUCTION),
            (0x400_0000, OFFICIAL),
            (0x100_0000, OFFICIAL),
            (0x2010_0200, not_last(TradeFlags::AVERAGE_PRICE).with(TradeFlags::DERIVED)),
            (0x4800, not_last(TradeFlags::OUT_OF_SEQUENCE).with(TradeFlags::LATE)),
            (0x8000_0021, TradeFlags::ODD_LOT.with(TradeFlags::SWEEP)),
            (1 << 30 | 1 << 40, TradeFlags::NONE),
        ];
        for (bits, expected) in cases {
            assert_eq!(of_lean(bits), expected, "{bits:x}");
        }
    }

    #[test]
    fn every_condition_is_read_with_all_its_flags_and_once() {
        let (mut letters, mut bits) = (String::new(), 0_u64);
        for condition in CONDITIONS {
            for letter in condition.letters.chars() {
                assert_eq!(of_letters(&letter.to_string()), condition.flags, "{letter}");
                assert!(!letters.contains(letter), "{letter} stands twice");
                letters.push(letter);
            }
            for bit in condition.lean {
                assert_eq!(of_lean(1 << bit), condition.flags, "bit {bit}");
                assert_eq!(bits & 1 << bit, 0, "bit {bit} stands twice");
                bits |= 1 << bit;
            }
        }
        assert_eq!(bits, 0xFFFF_FFFF, "every bit of the vendor's stands in the table");
    }

    #[test]
    fn attributes_of_a_last_tick() {
        assert_eq!(of_ibkr("", false, true), not_last(TradeFlags::UNREPORTED));
        assert_eq!(of_ibkr("I", false, true), TradeFlags::ODD_LOT);
        assert_eq!(of_ibkr("F", true, false), TradeFlags::SWEEP.with(TradeFlags::SUSPICIOUS));
        assert!(Gate::Volume.drops(of_ibkr("4I", false, true)));
    }

    #[test]
    fn the_strongest_reason_is_told_and_every_exclusion_has_one() {
        let late = of_lean(0x4800);
        assert_eq!(Exclusion::of(late), Some(Exclusion::OutOfSequence));
        assert_eq!(Exclusion::of(OFFICIAL), Some(Exclusion::Official));
        assert_eq!(Exclusion::of(TradeFlags::AUCTION), None);
        for bits in 0..1 << 14 {
            let flags = TradeFlags(bits);
            let excluded = Gate::ALL.iter().all(|(gate, _)| gate.drops(flags));
            assert_eq!(Exclusion::of(flags).is_some(), excluded, "{flags:?}");
        }
    }

    #[test]
    fn the_documented_table_is_this_one() {
        let page = include_str!("../../../docs/analytics.md");
        assert!(page.contains(&table()), "docs/analytics.md should hold:\n{}", table());
    }
}
