//! Which files belong to a LEAN option day: quotes, trades, open interest, and the underlying's bars.
//!
//! ```text
//! option/usa/minute/goog/20151224_quote_american.zip         quotes by the minute
//! option/usa/minute/goog/20151224_trade_american.zip         trades
//! option/usa/minute/goog/20151224_openinterest_american.zip  open interest
//! option/usa/hour/goog_2015_quote_american.zip               quotes by the hour, where there are none by the minute
//! equity/usa/minute/goog/20151224_trade.zip                  the underlying; of `indexoption` it is below `index`
//! ```

use std::path::{Path, PathBuf};

use alphatrader_model::Symbol;
use jiff::civil::Date;

use super::ask::Ask;
use super::kind::LeanOptions;
use super::lean_name::{EntryName, FileName};
use super::rows::names;
use super::terms::underlying_of;
use crate::archive::Archive;
use crate::error::HistoryError;
use crate::lean::{Data, Resolution};
use crate::limits::Limits;
use crate::progress::Progress;
use crate::walk;

/// The files of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DayFiles {
    pub(super) root: Symbol,
    pub(super) date: Date,
    pub(super) quotes: Option<PathBuf>,
    pub(super) trades: Option<PathBuf>,
    pub(super) interest: Option<PathBuf>,
    /// Bars of the underlying, and whether it is an index, whose prices have a decimal point.
    pub(super) bars: Option<(PathBuf, bool)>,
}

impl DayFiles {
    /// From one of the day's zips, or from a folder.
    pub(super) fn of(path: &Path, holds: Option<LeanOptions>, ask: &Ask) -> Result<Self, HistoryError> {
        if let Some(holds) = holds {
            return Self::beside(path, holds, ask);
        }
        let chosen = choose(path, ask)?;
        let data = FileName::of(&chosen).map_or(Data::Quote, |name| name.data);
        Self::beside(&chosen, LeanOptions { resolution: Resolution::Minute, data }, ask)
    }

    fn beside(path: &Path, holds: LeanOptions, ask: &Ask) -> Result<Self, HistoryError> {
        let missing = |reason: String| HistoryError::NoChain { path: path.to_owned(), reason };
        let named = FileName::of(path);
        let entry = first_entry(path)
            .ok_or_else(|| missing("its first entry is not named as LEAN names options".into()))?;
        let root = entry.contract.root;
        if ask.symbol.is_some_and(|asked| asked != root && asked != underlying_of(root)) {
            return Err(missing(format!("options of {root}, not of {}", ask.symbol.unwrap_or(root))));
        }
        let stated = entry.date.or(named.as_ref().and_then(|name| name.date));
        let date = match (ask.date, stated) {
            (Some(asked), Some(stated)) if asked != stated => {
                return Err(missing(format!("the options of {stated}, not of {asked}")));
            }
            (asked, stated) => asked.or(stated).ok_or_else(|| {
                missing("it holds more than a day: choose one with --date YYYY-MM-DD".into())
            })?,
        };
        let style = named.map_or("american", |name| name.style);
        let sure = |data: Data| (holds.data == data).then(|| path.to_owned());
        let folders = Folders::around(path, root);
        let minute = |word: &str| folders.minute(&format!("{}_{word}_{style}.zip", compact(date)));
        let lower = root.as_str().to_ascii_lowercase();
        let hour = || {
            let years = [compact(date), date.year().to_string()];
            years.iter().find_map(|when| folders.hour(&format!("{lower}_{when}_quote_{style}.zip")))
        };
        Ok(Self {
            root,
            date,
            quotes: sure(Data::Quote).or_else(|| minute("quote")).or_else(hour),
            trades: sure(Data::Trade).or_else(|| minute("trade")),
            interest: sure(Data::OpenInterest).or_else(|| minute("openinterest")),
            bars: folders.bars(root, date),
        })
    }
}

fn compact(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

fn first_entry(path: &Path) -> Option<EntryName> {
    let mut archive = Archive::open(path, Limits::default(), &Progress::default()).ok()?;
    EntryName::of(&archive.next_entry()?.ok()?)
}

/// Folders in which the day's other files lie.
struct Folders {
    /// Of the file itself.
    own: PathBuf,
    /// `option/usa`, where the file lies in LEAN's folders.
    market: Option<PathBuf>,
    root: String,
}

impl Folders {
    fn around(path: &Path, root: Symbol) -> Self {
        let own = path.parent().map_or_else(PathBuf::new, Path::to_owned);
        let is_hour =
            own.file_name().is_some_and(|name| matches!(&*name.to_string_lossy(), "hour" | "daily"));
        let market = if is_hour { own.parent() } else { own.parent().and_then(Path::parent) };
        let market = market.map(Path::to_owned);
        Self { own, market, root: root.as_str().to_ascii_lowercase() }
    }

    fn minute(&self, name: &str) -> Option<PathBuf> {
        let market = self.market.as_ref().map(|market| market.join("minute").join(&self.root).join(name));
        [Some(self.own.join(name)), market].into_iter().flatten().find(|path| path.is_file())
    }

    fn hour(&self, name: &str) -> Option<PathBuf> {
        let market = self.market.as_ref().map(|market| market.join("hour").join(name));
        [Some(self.own.join(name)), market].into_iter().flatten().find(|path| path.is_file())
    }

    fn bars(&self, root: Symbol, date: Date) -> Option<(PathBuf, bool)> {
        let market = self.market.as_ref()?;
        let kind = market.parent()?;
        let is_index = kind.file_name()?.to_string_lossy() == "indexoption";
        let (security, symbol) =
            if is_index { ("index", underlying_of(root)) } else { ("equity", underlying_of(root)) };
        let path = kind
            .parent()?
            .join(security)
            .join(market.file_name()?)
            .join("minute")
            .join(symbol.as_str().to_ascii_lowercase())
            .join(format!("{}_trade.zip", compact(date)));
        path.is_file().then_some((path, is_index))
    }
}

/// The file of a folder that tells the day that was asked for: quotes before open interest before trades, by the
/// minute before by the hour.
fn choose(folder: &Path, ask: &Ask) -> Result<PathBuf, HistoryError> {
    let below = walk::below(folder, |_| true)?;
    let missing = |reason: String| HistoryError::NoChain { path: folder.to_owned(), reason };
    let mut found: Vec<(Symbol, Date, u8, PathBuf)> = Vec::new();
    let mut others: Vec<String> = Vec::new();
    for path in below.files {
        let Some(name) = FileName::of(&path) else { continue };
        let by_hour = path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "hour");
        let rank = match name.data {
            Data::Quote if !by_hour => 0,
            Data::Quote => 1,
            Data::OpenInterest => 2,
            Data::Trade => 3,
        };
        let is_asked = ask.symbol.is_none_or(|asked| asked == name.root || asked == underlying_of(name.root));
        match name.date.or(ask.date) {
            Some(date) if is_asked && ask.date.is_none_or(|asked| asked == date) => {
                found.push((name.root, date, rank, path));
            }
            date => others
                .push(date.map_or_else(|| name.root.to_string(), |date| format!("{} {date}", name.root))),
        }
    }
    found
        .sort_by(|left, right| (left.0, left.1, left.2, &left.3).cmp(&(right.0, right.1, right.2, &right.3)));
    let mut days: Vec<String> = found.iter().map(|(root, date, ..)| format!("{root} {date}")).collect();
    days.dedup();
    others.sort();
    others.dedup();
    match (days.as_slice(), found.into_iter().next()) {
        ([_], Some((.., path))) => Ok(path),
        ([], _) if others.is_empty() => Err(missing("no option day of LEAN's is below it".into())),
        ([], _) => Err(missing(format!("nothing of that symbol and day; it has {}", names(&others)))),
        _ => Err(missing(format!("it has {}: choose one with --symbol and --date", names(&days)))),
    }
}
