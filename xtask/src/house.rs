//! The rules of the house: which crate may use which, and what the pure ones may depend on. The table in
//! `docs/architecture.md` is the rule itself: it is read from there, so the page and the code cannot part.

use std::collections::BTreeMap;

use crate::place;
use crate::step::{Failure, Outcome};
use crate::workspace::{Kind, Metadata, Package};

const PREFIX: &str = "alphatrader-";

/// The crates from outside that a pure crate may name in its manifest. None of them does input or output, starts a
/// thread, or reads a clock with the features that the workspace turns on.
const PURE_MAY_USE: [&str; 8] =
    ["serde", "thiserror", "jiff", "garde", "postcard", "blake3", "libm", "implied-vol"];

/// Crates that must not be anywhere below a pure crate, however they got there.
const NEVER_BELOW_PURE: [&str; 11] = [
    "tokio",
    "mio",
    "socket2",
    "rayon-core",
    "crossbeam-channel",
    "rand",
    "rand_core",
    "getrandom",
    "fastrand",
    "chrono",
    "libsqlite3-sys",
];

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Room {
    name: String,
    /// Short names of the crates that it may use; `None` is all.
    may_use: Option<Vec<String>>,
    pure: bool,
}

/// The rows of the table in `docs/architecture.md`.
fn rooms() -> Outcome<Vec<Room>> {
    let path = place::root().join("docs/architecture.md");
    let page =
        std::fs::read_to_string(&path).map_err(|e| Failure::new(format!("{}: {e}", path.display())))?;
    let rooms: Vec<Room> = page.lines().filter_map(room).collect();
    if rooms.is_empty() {
        return Err(Failure::new(format!("{} has no table of crates", path.display())));
    }
    Ok(rooms)
}

/// Reads a row of the form "| `store` | what lives there | model, edge | yes |".
fn room(line: &str) -> Option<Room> {
    let cells: Vec<&str> = line.strip_prefix("| `")?.strip_suffix('|')?.split('|').map(str::trim).collect();
    let [name, _, may_use, pure] = cells.as_slice() else { return None };
    let may_use = match *may_use {
        "all" => None,
        "–" => Some(Vec::new()),
        list => Some(list.split(',').map(|name| name.trim().to_owned()).collect()),
    };
    Some(Room { name: name.strip_suffix('`')?.to_owned(), may_use, pure: *pure == "yes" })
}

/// Names of the pure crates.
pub(crate) fn pure_crates() -> Outcome<Vec<String>> {
    Ok(rooms()?.into_iter().filter(|room| room.pure).map(|room| room.name).collect())
}

/// Everything that breaks the table, as sentences.
pub(crate) fn broken_rules(metadata: &Metadata) -> Outcome<Vec<String>> {
    Ok(judge(&rooms()?, &metadata.members().cloned().collect::<Vec<_>>()))
}

fn judge(rooms: &[Room], members: &[Package]) -> Vec<String> {
    let by_name: BTreeMap<&str, &Room> = rooms.iter().map(|room| (room.name.as_str(), room)).collect();
    let mut broken = Vec::new();
    for package in members.iter().filter(|package| package.name != "xtask") {
        match by_name.get(short(&package.name)) {
            Some(room) => judge_one(room, package, &mut broken),
            None => broken.push(format!("{} is not in the table of docs/architecture.md", package.name)),
        }
    }
    for room in rooms.iter().filter(|room| !members.iter().any(|package| short(&package.name) == room.name)) {
        broken.push(format!("docs/architecture.md has a row for {}, which does not exist", room.name));
    }
    broken
}

fn judge_one(room: &Room, package: &Package, broken: &mut Vec<String>) {
    for dependency in package.dependencies.iter().filter(|dependency| dependency.kind != Kind::Dev) {
        let used = dependency.name.as_str();
        if let Some(ours) = used.strip_prefix(PREFIX) {
            let allowed = room.may_use.as_ref().is_none_or(|list| list.iter().any(|name| name == ours));
            if !allowed {
                broken.push(format!("{} uses {ours}, which its row does not allow", room.name));
            }
        } else if room.pure && !PURE_MAY_USE.contains(&used) {
            broken.push(format!("{} is pure and may not depend on {used}", room.name));
        }
    }
}

fn short(name: &str) -> &str {
    name.strip_prefix(PREFIX).unwrap_or(name)
}

/// Crates below a pure crate that read clocks, draw random numbers, start threads or do input and output. Needs a
/// resolved graph.
pub(crate) fn impure_below(metadata: &Metadata) -> Outcome<Vec<String>> {
    let mut broken = Vec::new();
    for name in pure_crates()? {
        for package in metadata.linked(&format!("{PREFIX}{name}")) {
            if NEVER_BELOW_PURE.contains(&package.name.as_str()) {
                broken
                    .push(format!("{name} is pure and yet {} {} is below it", package.name, package.version));
            }
        }
    }
    Ok(broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Dependency, ours, resolved_here};

    #[test]
    fn the_workspace_keeps_to_the_table() {
        assert_eq!(broken_rules(&ours().unwrap()).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn nothing_impure_is_below_the_pure_crates() {
        assert_eq!(impure_below(&resolved_here().unwrap()).unwrap(), Vec::<String>::new());
    }

    /// Clippy reads only the nearest settings, so every pure crate carries the same file, and it repeats the root's.
    #[test]
    fn pure_crates_share_their_clippy_settings() {
        let read = |path: &str| std::fs::read_to_string(place::root().join(path)).unwrap();
        let model = read("crates/model/clippy.toml");
        for name in pure_crates().unwrap() {
            assert!(
                read(&format!("crates/{name}/clippy.toml")) == model,
                "crates/{name}/clippy.toml differs from model's"
            );
        }
        assert!(
            model.contains(read("clippy.toml").trim()),
            "crates/model/clippy.toml lacks settings of the root's"
        );
    }

    #[test]
    fn every_crate_turns_the_workspace_lints_on() {
        for package in ours().unwrap().members() {
            let manifest = std::fs::read_to_string(package.folder.join("Cargo.toml")).unwrap();
            assert!(manifest.contains("[lints]\nworkspace = true"), "{} does not", package.name);
        }
    }

    fn package(name: &str, uses: &[(&str, Kind)]) -> Package {
        Package {
            id: name.into(),
            name: name.into(),
            version: "0.1.0".into(),
            license: None,
            repository: None,
            folder: "/".into(),
            ours: true,
            dependencies: uses
                .iter()
                .map(|(name, kind)| Dependency { name: (*name).into(), kind: *kind })
                .collect(),
            has_benches: false,
        }
    }

    #[test]
    fn each_way_of_breaking_the_table_is_named() {
        let rooms: Vec<Room> =
            ["| `model` | words | – | yes |", "| `store` | ledger | model | |", "| `lost` | gone | all | |"]
                .iter()
                .filter_map(|line| room(line))
                .collect();
        assert_eq!(rooms.len(), 3);
        let members = [
            package(
                "alphatrader-model",
                &[("serde", Kind::Normal), ("tokio", Kind::Normal), ("proptest", Kind::Dev)],
            ),
            package(
                "alphatrader-store",
                &[("alphatrader-model", Kind::Normal), ("alphatrader-engine", Kind::Build)],
            ),
            package("alphatrader-new", &[]),
        ];
        assert_eq!(
            judge(&rooms, &members),
            [
                "model is pure and may not depend on tokio",
                "store uses engine, which its row does not allow",
                "alphatrader-new is not in the table of docs/architecture.md",
                "docs/architecture.md has a row for lost, which does not exist",
            ]
        );
    }
}
