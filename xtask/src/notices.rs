//! The notices of third parties: name, licence and licence texts of every package that a release contains. Packages that
//! share a text to the letter are listed above one copy of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::place;
use crate::step::{Failure, Outcome};
use crate::workspace::Metadata;

/// Packages of the web page that end in its bundle although they are only needed to build it.
const BUNDLED: [&str; 1] = ["svelte"];

struct Notice {
    title: String,
    texts: Vec<String>,
}

/// The whole file.
pub(crate) fn text(metadata: &Metadata) -> Outcome<String> {
    let mut notices = Vec::new();
    for package in metadata.closure("alphatrader").into_iter().filter(|package| !package.ours) {
        let licence = package.license.as_deref().unwrap_or("see the text below");
        let from = package.repository.as_deref().map(|r| format!(", {r}")).unwrap_or_default();
        let title = format!("{} {} ({licence}{from})", package.name, package.version);
        notices.push(Notice { title, texts: texts(&package.folder)? });
    }
    notices.extend(of_the_page(&place::web())?);
    Ok(render(&notices))
}

/// Notices of the packages in the page's bundle, from the lock file and the installed packages.
fn of_the_page(web: &Path) -> Outcome<Vec<Notice>> {
    let path = web.join("package-lock.json");
    let lock =
        std::fs::read_to_string(&path).map_err(|e| Failure::new(format!("{}: {e}", path.display())))?;
    let lock: Value =
        serde_json::from_str(&lock).map_err(|e| Failure::new(format!("{}: {e}", path.display())))?;
    let empty = serde_json::Map::new();
    let packages = lock.get("packages").and_then(Value::as_object).unwrap_or(&empty);
    let mut notices = Vec::new();
    for (place, entry) in packages {
        let Some(name) = place.strip_prefix("node_modules/") else { continue };
        if entry.get("dev") == Some(&Value::Bool(true)) && !BUNDLED.contains(&name) {
            continue;
        }
        let field = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or("not stated");
        let title = format!("{name} {} ({}, npm)", field("version"), field("license"));
        notices.push(Notice { title, texts: texts(&web.join(place))? });
    }
    Ok(notices)
}

/// The texts of the licence and notice files at the top of a package.
fn texts(folder: &Path) -> Outcome<Vec<String>> {
    let failed = |e: std::io::Error| Failure::new(format!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_uppercase();
        let is_notice = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE", "COPYRIGHT"];
        if path.is_file() && is_notice.iter().any(|start| name.starts_with(start)) {
            files.push(path);
        }
    }
    files.sort();
    files
        .iter()
        .map(|file| Ok(String::from_utf8_lossy(&std::fs::read(file).map_err(failed)?).replace("\r\n", "\n")))
        .collect()
}

fn render(notices: &[Notice]) -> String {
    let mut shared: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut out = String::from("AlphaTrader contains the packages below.\n");
    for notice in notices {
        if notice.texts.is_empty() {
            let _ = writeln!(out, "\n{}\n    (the package carries no text of its licence)", notice.title);
        }
        for text in &notice.texts {
            shared.entry(text.trim()).or_default().push(&notice.title);
        }
    }
    for (text, titles) in shared {
        let rule = "=".repeat(100);
        let _ = writeln!(out, "\n{rule}\n{}\n{rule}\n\n{text}", titles.join("\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_shared_by_two_stands_once_and_a_missing_one_is_told() {
        let notice = |title: &str, texts: &[&str]| Notice {
            title: title.into(),
            texts: texts.iter().map(ToString::to_string).collect(),
        };
        let text = render(&[
            notice("a 1 (MIT)", &["Free\n"]),
            notice("b 2 (MIT)", &["Free"]),
            notice("c 3 (MIT)", &[]),
        ]);
        assert_eq!(text.matches("Free").count(), 1);
        assert!(text.contains("a 1 (MIT)\nb 2 (MIT)\n"), "{text}");
        assert!(text.contains("c 3 (MIT)\n    (the package carries no text"), "{text}");
    }

    #[test]
    fn only_what_the_bundle_holds_is_taken_from_the_page() {
        let web = tempfile::tempdir().unwrap();
        let lock = r#"{"packages":{"":{},
            "node_modules/charts":{"version":"5.2.1","license":"Apache-2.0"},
            "node_modules/svelte":{"version":"5.0.0","license":"MIT","dev":true},
            "node_modules/vite":{"version":"8.0.0","license":"MIT","dev":true}}}"#;
        std::fs::write(web.path().join("package-lock.json"), lock).unwrap();
        for package in ["charts", "svelte"] {
            std::fs::create_dir_all(web.path().join("node_modules").join(package)).unwrap();
        }
        std::fs::write(web.path().join("node_modules/charts/NOTICE"), "made by T").unwrap();
        let notices = of_the_page(web.path()).unwrap();
        let titles: Vec<&str> = notices.iter().map(|n| n.title.as_str()).collect();
        assert_eq!(titles, ["charts 5.2.1 (Apache-2.0, npm)", "svelte 5.0.0 (MIT, npm)"]);
        assert_eq!(notices[0].texts, ["made by T"]);
    }
}
