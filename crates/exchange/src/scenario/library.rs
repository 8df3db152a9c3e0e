//! The shipped scenarios by name, and others by path.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::Scenario;

/// Largest file that is read, in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// Why a scenario can't be played.
#[derive(Debug, Error)]
pub enum ScenarioError {
    /// No shipped scenario has the name, and no file is there.
    #[error("no scenario is called '{0}', and no such file exists; shipped are: {known}", known = names().join(", "))]
    Unknown(String),
    /// The file can't be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// The file is too large to be one.
    #[error("{0} is larger than {MOST_BYTES} bytes: is it the right file?")]
    TooLarge(PathBuf),
    /// The text is no scenario; the report says the line.
    #[error("{0}")]
    Invalid(String),
}

macro_rules! shipped {
    ($($name:literal)*) => {
        /// Name and text of each, in order of name.
        const SHIPPED: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../../scenarios/", $name, ".yaml")))),*];
    };
}

shipped! {
    "bad-day"
    "calm"
    "cancelled-by-broker"
    "competing-session"
    "corrections"
    "daily-restart"
    "data-lost"
    "depth-halt"
    "depth-reset"
    "double-modify"
    "duplicates"
    "entitlement-loss"
    "execution-first"
    "expiry-day"
    "farm-flap"
    "fill-in-outage"
    "half-open"
    "id-reuse"
    "joined-frames"
    "late-executions"
    "lost-ends"
    "missing-reply"
    "nightly-reset"
    "partial-fills"
    "port-change"
    "rate-breach"
    "rejects"
    "silent-fills"
    "silent-streams"
    "slow-link"
    "split-frames"
    "tight-limits"
}

/// The names of the shipped scenarios.
pub fn names() -> Vec<&'static str> {
    SHIPPED.iter().map(|(name, _)| *name).collect()
}

/// The shipped scenario of this name, else the one in the file of this path.
///
/// # Errors
/// [`ScenarioError`].
pub fn find(name: &str) -> Result<Scenario, ScenarioError> {
    if let Some((name, text)) = SHIPPED.iter().find(|(known, _)| *known == name) {
        return parse(text, &format!("{name}.yaml"));
    }
    let path = Path::new(name);
    if !path.is_file() {
        return Err(ScenarioError::Unknown(name.to_owned()));
    }
    let unreadable = |source| ScenarioError::Unreadable { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(unreadable)?.len() > MOST_BYTES {
        return Err(ScenarioError::TooLarge(path.to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    parse(&text, name)
}

/// Reads a scenario's text; `name` is where it comes from.
///
/// # Errors
/// [`ScenarioError::Invalid`] with the line and what to do about it.
pub fn parse(text: &str, name: &str) -> Result<Scenario, ScenarioError> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options_valid::<Scenario>(text, options).map_err(|error| {
        let formatter = &serde_saphyr::UserMessageFormatter;
        let report = serde_saphyr::miette::to_miette_report_with_formatter(&error, text, name, formatter);
        ScenarioError::Invalid(format!("{report:?}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_ones_are_sound_and_bear_their_names() {
        let mut before = "";
        for (name, text) in SHIPPED {
            let scenario = parse(text, name).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(scenario.name, *name);
            assert!(before < *name, "the list is in order: {name}");
            before = name;
        }
    }

    #[test]
    fn the_guide_lists_each() {
        let guide = include_str!("../../../../docs/guide/scenarios.md");
        for name in names() {
            assert!(guide.contains(&format!("| `{name}` |")), "{name} is not in docs/guide/scenarios.md");
        }
    }

    fn wrong(text: &str, says: &[&str]) {
        let error = parse(text, "mine.yaml").expect_err(text).to_string();
        for word in says {
            assert!(error.contains(word), "{word} is missing: {error}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let head = "name: mine\ndescription: x\nsteps:\n";
        wrong(&format!("{head}  - at: '23:45'\n    do: []\n"), &["mine.yaml:4", "09:30 to 16:00"]);
        wrong(&format!("{head}  - do: [{{close: {{}}}}]\n"), &["needs `at` or `after`"]);
        wrong(&format!("{head}  - at: +1s\n    do: []\n"), &["mine.yaml:4", "steps[0]"]);
        wrong(&format!("{head}  - at: +1s\n    do:\n      - explode: {{}}\n"), &["mine.yaml:6", "explode"]);
        wrong(&format!("{head}  - at: +1s\n    do:\n      - refuse: {{for: 90}}\n"), &["mine.yaml:6"]);
        wrong("name: Mine Own\ndescription: x\n", &["mine.yaml:1", "small letters"]);
        wrong("name: mine\n", &["description"]);
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = find("no-such").unwrap_err().to_string();
        assert!(error.contains("'no-such'") && error.contains("calm"), "{error}");
    }

    #[test]
    fn a_file_is_played_by_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.yaml");
        std::fs::write(&path, "name: mine\ndescription: nothing\n").unwrap();
        assert_eq!(find(path.to_str().unwrap()).unwrap().name, "mine");
    }
}
