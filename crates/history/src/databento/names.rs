//! Which contract a number is, and when.

use std::collections::BTreeMap;

use alphatrader_model::{Contract, OptionContract, Symbol};
use dbn::{Metadata, SType};

/// A name and the instants between which a number goes by it.
#[derive(Debug, Clone, Copy)]
struct Spell {
    from: u64,
    until: u64,
    contract: Contract,
}

/// The symbology of a file.
#[derive(Debug, Clone, Default)]
pub struct Names {
    by_number: BTreeMap<u32, Vec<Spell>>,
    /// The number that was looked up last, its name, and how long that holds.
    last: Option<(u32, Spell)>,
}

impl Names {
    /// What a file's metadata say. Names that are no contract of this system are left out.
    pub fn of(metadata: &Metadata) -> Self {
        let mut names = Self::default();
        let turned = metadata.stype_in == Some(SType::InstrumentId);
        for mapping in &metadata.mappings {
            for interval in &mapping.intervals {
                let (name, number) = if turned {
                    (&interval.symbol, &mapping.raw_symbol)
                } else {
                    (&mapping.raw_symbol, &interval.symbol)
                };
                let (Ok(number), Some(contract)) = (number.parse(), contract(name)) else { continue };
                let from = nanos(interval.start_date.midnight().assume_utc().unix_timestamp());
                let until = nanos(interval.end_date.midnight().assume_utc().unix_timestamp());
                names.by_number.entry(number).or_default().push(Spell { from, until, contract });
            }
        }
        names
    }

    /// Learns a name from a definition; where the symbology knows another, that one stays.
    pub(super) fn learn(&mut self, number: u32, contract: Contract) {
        let spells = self.by_number.entry(number).or_default();
        if spells.is_empty() {
            spells.push(Spell { from: 0, until: u64::MAX, contract });
            self.last = None;
        }
    }

    /// What a number is at an instant.
    #[inline]
    pub fn get(&mut self, number: u32, at: u64) -> Option<Contract> {
        if let Some((known, spell)) = self.last
            && known == number
            && (spell.from..spell.until).contains(&at)
        {
            return Some(spell.contract);
        }
        let spells = self.by_number.get(&number);
        let held = |spell: &&Spell| (spell.from..spell.until).contains(&at);
        // Before and after its intervals a number keeps the nearest name: snapshots tell older orders.
        let found = spells.and_then(|spells| spells.iter().find(held).or(spells.first()).copied());
        let spell = match found {
            Some(spell) => spell,
            None => Spell { from: 0, until: u64::MAX, contract: Contract::Stock(numbered(number)?) },
        };
        self.last = Some((number, spell));
        Some(spell.contract)
    }

    /// Every contract that the symbology names, in order.
    pub fn contracts(&self) -> Vec<Contract> {
        let mut all: Vec<Contract> = self.by_number.values().flatten().map(|spell| spell.contract).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// A name as a contract: an option as OCC writes it, or a symbol.
pub(crate) fn contract(name: &str) -> Option<Contract> {
    if let Ok(option) = name.parse::<OptionContract>() {
        return Some(Contract::Option(option));
    }
    Symbol::new(&name.to_ascii_uppercase()).ok().map(Contract::Stock)
}

/// An instrument that has only a number.
fn numbered(number: u32) -> Option<Symbol> {
    Symbol::new(&format!("I{number}")).ok()
}

fn nanos(seconds: i64) -> u64 {
    u64::try_from(seconds).unwrap_or(0).saturating_mul(1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbn::Schema;

    fn metadata(stype_in: SType, from: &str, to: &str) -> Metadata {
        let mut metadata = Metadata::builder()
            .dataset("GLBX.MDP3")
            .schema(Some(Schema::Trades))
            .start(0)
            .stype_in(Some(stype_in))
            .stype_out(SType::InstrumentId)
            .build();
        let day = |n: u64| dbn::record::ts_to_dt(n * 86_400_000_000_000).unwrap().date();
        let interval = |a, b, symbol: &str| dbn::MappingInterval {
            start_date: day(a),
            end_date: day(b),
            symbol: symbol.to_owned(),
        };
        metadata.mappings.push(dbn::SymbolMapping {
            raw_symbol: from.to_owned(),
            intervals: vec![interval(100, 101, to), interval(101, 102, "9")],
        });
        metadata
    }

    #[test]
    fn a_number_goes_by_a_name_on_its_days() {
        let mut names = Names::of(&metadata(SType::RawSymbol, "MSFT", "5"));
        let stock = |name: &str| Some(Contract::Stock(Symbol::new(name).unwrap()));
        let day = 86_400_000_000_000;
        assert_eq!(names.get(5, 100 * day), stock("MSFT"));
        assert_eq!(names.get(9, 101 * day + 7), stock("MSFT"));
        assert_eq!(names.get(5, 1), stock("MSFT"), "the nearest name outside of its days");
        assert_eq!(names.get(77, 100 * day), stock("I77"));
        names.learn(77, stock("ESH4").unwrap());
        names.learn(5, stock("OTHER").unwrap());
        assert_eq!((names.get(77, 0), names.get(5, 100 * day)), (stock("ESH4"), stock("MSFT")));
        assert_eq!(names.contracts().len(), 2);
    }

    #[test]
    fn options_and_turned_symbologies_are_read() {
        let name = "SPY   230912P00386000";
        let mut names = Names::of(&metadata(SType::InstrumentId, "5", name));
        let Some(Contract::Option(option)) = names.get(5, 0) else { panic!("not an option") };
        assert_eq!(option.padded(), name);
        assert_eq!(names.get(4_294_967_295, 0), None, "too long for a symbol");
    }
}
