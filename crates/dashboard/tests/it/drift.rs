//! What is generated and committed is what the code says. `ALPHATRADER_BLESS=1` writes it.

use std::fs;
use std::path::{Path, PathBuf};

use alphatrader_dashboard::{api, generated};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn blessing() -> bool {
    std::env::var_os("ALPHATRADER_BLESS").is_some()
}

#[test]
fn openapi_document_is_the_committed_one() {
    let path = root().join("docs/openapi.json");
    let now = api::openapi_json();
    if blessing() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &now).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == now,
        "docs/openapi.json differs from the code; run the tests of this crate with ALPHATRADER_BLESS=1 and commit it"
    );
}

#[test]
fn typescript_types_are_the_committed_ones() {
    let path = root().join("web/src/gen");
    if blessing() {
        let _ = fs::remove_dir_all(&path);
        generated::write_typescript(&path).unwrap();
    }
    let fresh = tempfile::tempdir().unwrap();
    generated::write_typescript(fresh.path()).unwrap();
    let now = generated::files(fresh.path()).unwrap();
    let committed = generated::files(&path).unwrap_or_default();
    assert!(
        committed == now,
        "web/src/gen differs from the code; run the tests of this crate with ALPHATRADER_BLESS=1 and commit it"
    );
}
