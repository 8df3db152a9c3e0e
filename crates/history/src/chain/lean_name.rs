//! Names of LEAN's option files and of the entries in them.

use std::path::Path;

use alphatrader_model::chain::Exercise;
use alphatrader_model::instrument::{OptionContract, Right};
use alphatrader_model::{Price, Symbol};
use jiff::civil::Date;

use super::kind::LeanOptions;
use super::stamp::compact_date;
use crate::lean::{Data, Resolution};

/// What the name of an entry says: `20151224_goog_minute_quote_american_call_10000000_20151231.csv`, and of an hourly
/// file `aapl_quote_american_call_10000000_20150117.csv`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntryName {
    pub(crate) holds: LeanOptions,
    pub(super) date: Option<Date>,
    pub(super) exercise: Exercise,
    pub(super) contract: OptionContract,
}

impl EntryName {
    pub(crate) fn of(name: &str) -> Option<Self> {
        let words = words(name);
        let side = words.iter().position(|word| matches!(word.as_str(), "call" | "put"))?;
        let strike: i64 = words.get(side + 1)?.parse().ok()?;
        let expiry = compact_date(words.get(side + 2)?)?;
        let before = &words[..side];
        let symbol = before.iter().find(|word| compact_date(word).is_none())?;
        let root = Symbol::new(&symbol.to_ascii_uppercase()).ok()?;
        let right = if words[side] == "call" { Right::Call } else { Right::Put };
        let has = |wanted: &str| before.iter().any(|word| word == wanted);
        let data = data_of(before)?;
        let resolution = match (has("minute"), has("second"), has("daily")) {
            (true, ..) => Resolution::Minute,
            (_, true, _) => Resolution::Second,
            (.., true) => Resolution::Daily,
            _ => Resolution::Hour,
        };
        if !(1..=100_000_000_000).contains(&strike) {
            return None;
        }
        Some(Self {
            holds: LeanOptions { resolution, data },
            date: before.first().and_then(|word| compact_date(word)),
            exercise: if has("european") { Exercise::European } else { Exercise::American },
            contract: OptionContract { root, expiry, strike: Price::from_raw(strike), right },
        })
    }
}

/// What the name of a zip says: `goog/20151224_quote_american.zip`, `hour/aapl_2014_quote_american.zip`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileName {
    pub(super) root: Symbol,
    /// Absent for a file of a year.
    pub(super) date: Option<Date>,
    pub(super) data: Data,
    /// `american` or `european`.
    pub(super) style: &'static str,
}

impl FileName {
    pub(super) fn of(path: &Path) -> Option<Self> {
        if !path.extension()?.eq_ignore_ascii_case("zip") {
            return None;
        }
        let words = words(&path.file_name()?.to_string_lossy());
        let style =
            ["american", "european"].into_iter().find(|style| words.iter().any(|word| word == style))?;
        let data = data_of(&words)?;
        let date = words.iter().find_map(|word| compact_date(word));
        let first = words.first()?;
        let root = if first.bytes().all(|byte| byte.is_ascii_digit()) {
            path.parent()?.file_name()?.to_string_lossy().to_ascii_uppercase()
        } else {
            first.to_ascii_uppercase()
        };
        Some(Self { root: Symbol::new(&root).ok()?, date, data, style })
    }
}

fn words(name: &str) -> Vec<String> {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = file.split('.').next().unwrap_or(file);
    stem.split('_').take(16).map(str::to_ascii_lowercase).collect()
}

fn data_of(words: &[String]) -> Option<Data> {
    words.iter().find_map(|word| match word.as_str() {
        "trade" => Some(Data::Trade),
        "quote" => Some(Data::Quote),
        "openinterest" => Some(Data::OpenInterest),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn names_say_what_is_in_them() {
        let entry = EntryName::of("20151224_goog_minute_quote_american_call_10000000_20151231.csv").unwrap();
        assert_eq!(entry.contract.to_string(), "GOOG151231C01000000");
        assert_eq!((entry.date, entry.exercise), (Some(date(2015, 12, 24)), Exercise::American));
        assert_eq!(entry.holds, LeanOptions { resolution: Resolution::Minute, data: Data::Quote });
        let hourly = EntryName::of("aapl_quote_american_put_5925000_20150117.csv").unwrap();
        assert_eq!(hourly.contract.to_string(), "AAPL150117P00592500");
        assert_eq!((hourly.date, hourly.holds.resolution), (None, Resolution::Hour));
        let index =
            EntryName::of("20230626_spxw_minute_openinterest_european_put_44450000_20230630.csv").unwrap();
        assert_eq!((index.exercise, index.holds.data), (Exercise::European, Data::OpenInterest));
        for other in
            ["", "20131007_spy_Trade_Tick.csv", "x_quote_american_call_0_20150117.csv", "call_1_20150117"]
        {
            assert_eq!(EntryName::of(other), None, "{other}");
        }
        let file = FileName::of(Path::new("a/goog/20151224_quote_american.zip")).unwrap();
        assert_eq!(
            (file.root.as_str(), file.date, file.style),
            ("GOOG", Some(date(2015, 12, 24)), "american")
        );
        let year = FileName::of(Path::new("hour/aapl_2014_quote_american.zip")).unwrap();
        assert_eq!((year.root.as_str(), year.date, year.data), ("AAPL", None, Data::Quote));
        assert_eq!(FileName::of(Path::new("equity/spy/20131007_trade.zip")), None);
    }

    proptest! {
        #[test]
        fn any_name_says_something_or_nothing(name in ".{0,60}", words in proptest::collection::vec("call|put|quote|[0-9]{1,20}|[a-z]{1,9}", 0..9)) {
            let _ = (EntryName::of(&name), FileName::of(Path::new(&name)));
            let _ = EntryName::of(&words.join("_"));
        }
    }
}
