//! `discovered.yaml`: written whole, read with suspicion, the last thirty kept.
//!
//! The file is that of `alphatrader_model::discovered` and ends with the SHA-256 of everything before its last
//! line. A file that is missing, cannot be read, was edited, has another schema, was made for another
//! configuration or is too old is *unusable*: nothing of it is in force, and what it says why is told.

mod emit;

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use alphatrader_model::discovered::{Discovered, SCHEMA_VERSION};
use alphatrader_model::{Settings, Timestamp};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// Its name in the state folder.
pub const NAME: &str = "discovered.yaml";
/// The folder beside it with the earlier ones.
pub const KEPT_IN: &str = "discovered";
/// How many are kept.
pub const KEPT: usize = 30;
/// Largest file that is read; a hundred symbols are about a megabyte.
const MOST_BYTES: u64 = 64 << 20;
/// The last line.
const SEAL: &str = "content_sha256: ";

/// Why nothing was written.
#[derive(Debug, Error)]
pub enum FileError {
    /// The system refused.
    #[error("{path} cannot be written: {error}")]
    Write {
        /// What.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A number that is not finite.
    #[error("what was found cannot be written: {0}")]
    Shape(serde_json::Error),
}

/// The fields of the file in their order.
const ORDER: [&str; 7] =
    ["schema_version", "generated_at", "engine", "data", "symbols", "correlation", "valid_until"];

/// The bytes of the file. The same value gives the same bytes.
///
/// # Errors
/// [`FileError::Shape`].
pub fn text(discovered: &Discovered) -> Result<String, FileError> {
    let whole = serde_json::to_value(discovered).map_err(FileError::Shape)?;
    let field = |name: &'static str| (name, whole.get(name).cloned().unwrap_or(Value::Null));
    let body = emit::document(&ORDER.map(field));
    let seal = hex(&Sha256::digest(body.as_bytes()));
    Ok(format!("{body}{SEAL}\"{seal}\"\n"))
}

/// Reads the bytes of a file for a configuration at an instant. What is unusable says why.
pub fn of_text(text: &str, settings: &Settings, at: Timestamp) -> Discovered {
    let sealed = text.rfind(SEAL).filter(|place| *place == 0 || text[..*place].ends_with('\n'));
    let Some((body, seal)) = sealed.map(|place| text.split_at(place)) else {
        return Discovered::unusable("edited: its last line, the checksum, is gone");
    };
    let seal = seal[SEAL.len()..].trim().trim_matches('"');
    if seal != hex(&Sha256::digest(body.as_bytes())) {
        return Discovered::unusable("edited: its checksum is another");
    }
    let found: Discovered = match serde_saphyr::from_str(body) {
        Ok(found) => found,
        Err(error) => return Discovered::unusable(format!("unreadable: {error}")),
    };
    let config = config_sha256(settings);
    let unusable = if found.schema_version != SCHEMA_VERSION {
        Some(format!("other_schema: {} and not {SCHEMA_VERSION}", found.schema_version))
    } else if found.engine.config_sha256 != config {
        Some("other_configuration: it was made for other symbols or analytics".to_owned())
    } else if at > found.valid_until {
        Some(format!("expired: valid until {}", found.valid_until))
    } else {
        None
    };
    Discovered { unusable, ..found }
}

/// Reads a file. What is unusable says why; that includes a file that is not there.
pub fn read(path: &Path, settings: &Settings, at: Timestamp) -> Discovered {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Discovered::unusable("missing"),
        Ok(known) if known.len() > MOST_BYTES => {
            return Discovered::unusable(format!("unreadable: longer than {MOST_BYTES} bytes"));
        }
        _ => {}
    }
    match fs::read_to_string(path) {
        Ok(text) => of_text(&text, settings, at),
        Err(error) => Discovered::unusable(format!("unreadable: {error}")),
    }
}

/// SHA-256 of the part of the settings that discovery rests on, the symbols and the analytics, in hexadecimal.
pub fn config_sha256(settings: &Settings) -> String {
    let part = (&settings.symbols, &settings.analytics);
    // Plain data: it cannot fail, and what cannot be written has a hash of its own.
    let bytes = serde_json::to_vec(&part).unwrap_or_default();
    hex(&Sha256::digest(&bytes))
}

/// Writes the file whole or not at all, and a copy into the folder of earlier ones, of which the last thirty stay.
///
/// # Errors
/// [`FileError`].
pub fn write(path: &Path, discovered: &Discovered) -> Result<(), FileError> {
    let text = text(discovered)?;
    let last = discovered.data.last.map_or_else(|| "undated".to_owned(), |date| date.to_string());
    let kept = folder_of(path).join(KEPT_IN);
    fs::create_dir_all(&kept).map_err(|error| FileError::Write { path: kept.clone(), error })?;
    replace(&kept.join(format!("{last}.yaml")), &text)?;
    prune(&kept).map_err(|error| FileError::Write { path: kept, error })?;
    replace(path, &text)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// By a temporary file, onto the medium, then the name.
fn replace(path: &Path, text: &str) -> Result<(), FileError> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        // The name is on the medium when its folder is.
        File::open(folder_of(path))?.sync_all()
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&temporary);
        FileError::Write { path: path.to_owned(), error }
    })
}

/// Removes the oldest by their dates.
fn prune(folder: &Path) -> io::Result<()> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    for old in &files[..files.len().saturating_sub(KEPT)] {
        fs::remove_file(old)?;
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    use core::fmt::Write as _;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::discovered::{Parameter, Status, SymbolParameters};
    use alphatrader_model::{Symbol, discovered::Searcher};
    use jiff::civil::date;

    fn found(settings: &Settings) -> Discovered {
        let mut of = SymbolParameters::default();
        of.vpin.bucket_volume = Parameter {
            value: Some(1_400_000.0),
            unit: "shares".into(),
            status: Status::Accepted,
            ci95: Some([1_310_000.0, 1_490_000.5]),
            tests: [("placebo_p_holm".to_owned(), 0.005)].into(),
            predictive: Some(true),
            ..Parameter::default()
        };
        of.regimes.bic = [(1, 2.5), (2, 1e-7)].into();
        of.regimes.transition = vec![vec![0.98, 0.02], vec![0.05, 0.95]];
        let mut found = Discovered {
            schema_version: SCHEMA_VERSION,
            generated_at: Timestamp::from_seconds(1_768_512_600),
            engine: Searcher { config_sha256: config_sha256(settings), ..Searcher::default() },
            valid_until: Timestamp::from_seconds(1_769_117_400),
            symbols: [(Symbol::new("SPY").unwrap(), of)].into(),
            ..Discovered::default()
        };
        found.data.last = Some(date(2026, 1, 14));
        found
    }

    #[test]
    fn what_is_written_is_read_back_and_twice_the_same() {
        let settings = Settings::default();
        let found = found(&settings);
        let text = text(&found).unwrap();
        assert_eq!(text, super::text(&found).unwrap());
        assert_eq!(of_text(&text, &settings, Timestamp::default()), found, "{text}");
    }

    #[test]
    fn whatever_is_wrong_with_it_nothing_is_in_force() {
        let settings = Settings::default();
        let text = text(&found(&settings)).unwrap();
        let early = Timestamp::default();
        let spy = Symbol::new("SPY").unwrap();
        let why = |text: &str, settings: &Settings, at| {
            let read = of_text(text, settings, at);
            assert!(read.of(spy, early).is_none());
            read.unusable.unwrap()
        };
        let edited = text.replace("1400000", "1400001");
        assert!(why(&edited, &settings, early).starts_with("edited"));
        assert!(why(text.split_once(SEAL).unwrap().0, &settings, early).starts_with("edited"));
        assert!(why("", &settings, early).starts_with("edited"));
        let late = Timestamp::from_seconds(1_769_117_401);
        assert!(why(&text, &settings, late).starts_with("expired"));
        let mut other = settings.clone();
        other.analytics.vpin_window += 1;
        assert!(why(&text, &other, early).starts_with("other_configuration"));
        let mut newer = found(&settings);
        newer.schema_version = 2;
        assert!(why(&super::text(&newer).unwrap(), &settings, early).starts_with("other_schema"));
        let nonsense = "symbols: [";
        let sealed = format!("{nonsense}\n{SEAL}\"{}\"\n", hex(&Sha256::digest(format!("{nonsense}\n"))));
        assert!(why(&sealed, &settings, early).starts_with("unreadable"));
    }

    #[test]
    fn the_last_thirty_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        let settings = Settings::default();
        assert_eq!(read(&path, &settings, Timestamp::default()).unusable.as_deref(), Some("missing"));
        let mut found = found(&settings);
        for day in 0..33 {
            found.data.last = date(2026, 1, 1).checked_add(jiff::Span::new().days(day)).ok();
            write(&path, &found).unwrap();
        }
        assert_eq!(read(&path, &settings, Timestamp::default()), found);
        let mut kept: Vec<String> = fs::read_dir(folder.path().join(KEPT_IN))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        kept.sort();
        assert_eq!(kept.len(), KEPT);
        assert_eq!((kept[0].as_str(), kept[29].as_str()), ("2026-01-04.yaml", "2026-02-02.yaml"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file is left");
    }
}
