//! What `cargo metadata` says, as far as the tasks need it.

use std::path::PathBuf;

use serde_json::Value;

use crate::place;
use crate::step::{Failure, Outcome, output};

/// How one package uses another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Build,
    Dev,
}

/// A dependency as a package's manifest states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// One package: a crate of ours or of somebody else.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    pub(crate) repository: Option<String>,
    pub(crate) folder: PathBuf,
    /// Comes from this workspace, not from a registry.
    pub(crate) ours: bool,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) has_benches: bool,
}

/// What one package is built with.
#[derive(Debug)]
pub(crate) struct Edges {
    from: String,
    /// Ids of the packages whose code is in it.
    linked: Vec<String>,
    /// Ids of the packages that only build it.
    building: Vec<String>,
}

/// The workspace and, where resolved, everything it depends on.
#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    /// What packages are built with, tests' own dependencies left out; empty without resolution.
    pub(crate) edges: Vec<Edges>,
    pub(crate) target: PathBuf,
}

/// Our own crates only: reads manifests, asks no registry.
pub(crate) fn ours() -> Outcome<Metadata> {
    load(&["--no-deps", "--offline"])
}

/// Everything in the lock file, which must be up to date.
pub(crate) fn resolved() -> Outcome<Metadata> {
    load(&["--locked"])
}

/// What a build for this machine uses of the lock file.
pub(crate) fn resolved_here() -> Outcome<Metadata> {
    load(&["--locked", "--filter-platform", &host()?])
}

/// The folder that cargo builds into.
pub(crate) fn target() -> Outcome<PathBuf> {
    Ok(ours()?.target)
}

/// The target triple of this machine.
pub(crate) fn host() -> Outcome<String> {
    let said = output(std::process::Command::new("rustc").arg("-vV"))?;
    said.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .ok_or_else(|| Failure::new("`rustc -vV` names no host"))
}

fn load(arguments: &[&str]) -> Outcome<Metadata> {
    let text = output(place::cargo().args(["metadata", "--format-version", "1"]).args(arguments))?;
    let value: Value =
        serde_json::from_str(&text).map_err(|e| Failure::new(format!("cargo metadata is not JSON: {e}")))?;
    read(&value).ok_or_else(|| Failure::new("cargo metadata lacks a field that its format version 1 has"))
}

fn read(value: &Value) -> Option<Metadata> {
    let packages = value.get("packages")?.as_array()?.iter().map(package).collect::<Option<Vec<_>>>()?;
    let edges = match value.get("resolve").filter(|r| !r.is_null()) {
        Some(resolve) => resolve.get("nodes")?.as_array()?.iter().map(edge).collect::<Option<Vec<_>>>()?,
        None => Vec::new(),
    };
    Some(Metadata { packages, edges, target: value.get("target_directory")?.as_str()?.into() })
}

fn package(value: &Value) -> Option<Package> {
    let text = |key: &str| value.get(key)?.as_str().map(str::to_owned);
    let has_kind = |target: &Value, kind: &str| {
        target.get("kind").and_then(Value::as_array).is_some_and(|kinds| kinds.iter().any(|k| k == kind))
    };
    Some(Package {
        id: text("id")?,
        name: text("name")?,
        version: text("version")?,
        license: text("license"),
        repository: text("repository"),
        folder: PathBuf::from(text("manifest_path")?).parent()?.to_path_buf(),
        ours: value.get("source")?.is_null(),
        dependencies: value
            .get("dependencies")?
            .as_array()?
            .iter()
            .map(dependency)
            .collect::<Option<Vec<_>>>()?,
        has_benches: value.get("targets")?.as_array()?.iter().any(|target| has_kind(target, "bench")),
    })
}

fn dependency(value: &Value) -> Option<Dependency> {
    Some(Dependency { name: value.get("name")?.as_str()?.to_owned(), kind: kind(value.get("kind")?) })
}

fn kind(value: &Value) -> Kind {
    match value.as_str() {
        Some("dev") => Kind::Dev,
        Some("build") => Kind::Build,
        _ => Kind::Normal,
    }
}

fn edge(node: &Value) -> Option<Edges> {
    let from = node.get("id")?.as_str()?.to_owned();
    let mut edges = Edges { from, linked: Vec::new(), building: Vec::new() };
    for dependency in node.get("deps")?.as_array()? {
        let kinds = dependency.get("dep_kinds")?.as_array()?;
        let has = |wanted: Kind| kinds.iter().any(|k| k.get("kind").is_some_and(|k| kind(k) == wanted));
        let id = || dependency.get("pkg")?.as_str().map(str::to_owned);
        if has(Kind::Normal) {
            edges.linked.push(id()?);
        } else if has(Kind::Build) {
            edges.building.push(id()?);
        }
    }
    Some(edges)
}

impl Metadata {
    /// The crates of this workspace.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.ours)
    }

    /// Everything that `name` of this workspace is built from, itself included, sorted by name and version. Needs a
    /// resolved graph; tests' own dependencies are not in it.
    pub(crate) fn closure(&self, name: &str) -> Vec<&Package> {
        self.reach(name, |edges| edges.linked.iter().chain(&edges.building).map(String::as_str).collect())
    }

    /// As [`Metadata::closure`], without what only builds: the code that runs in the program.
    pub(crate) fn linked(&self, name: &str) -> Vec<&Package> {
        self.reach(name, |edges| edges.linked.iter().map(String::as_str).collect())
    }

    fn reach<'a>(&'a self, name: &str, used: impl Fn(&'a Edges) -> Vec<&'a str>) -> Vec<&'a Package> {
        let mut open: Vec<&str> = self.members().filter(|p| p.name == name).map(|p| p.id.as_str()).collect();
        let mut seen: Vec<&str> = Vec::new();
        while let Some(id) = open.pop() {
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
            if let Some(edges) = self.edges.iter().find(|edges| edges.from == id) {
                open.extend(used(edges));
            }
        }
        let mut found: Vec<&Package> =
            self.packages.iter().filter(|p| seen.contains(&p.id.as_str())).collect();
        found.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_itself_and_its_dependency() {
        let metadata = ours().unwrap();
        let own = metadata.members().find(|p| p.name == "xtask").unwrap();
        assert_eq!(own.version, env!("CARGO_PKG_VERSION"));
        assert!(own.dependencies.contains(&Dependency { name: "serde_json".into(), kind: Kind::Normal }));
        assert!(own.dependencies.contains(&Dependency { name: "tempfile".into(), kind: Kind::Dev }));
    }

    #[test]
    fn closures_follow_normal_edges_only() {
        let metadata = resolved_here().unwrap();
        let names: Vec<&str> = metadata.closure("xtask").iter().map(|p| p.name.as_str()).collect();
        assert!(names.contains(&"itoa"), "serde_json uses it: {names:?}");
        assert!(!names.contains(&"tempfile"), "only the tests use it: {names:?}");
    }

    #[test]
    fn what_only_builds_is_not_linked() {
        let metadata = resolved_here().unwrap();
        let has = |packages: Vec<&Package>| packages.iter().any(|p| p.name == "cc");
        assert!(has(metadata.closure("alphatrader-store")), "it compiles the C of SQLite");
        assert!(!has(metadata.linked("alphatrader-store")));
    }
}
