//! Makes sure there is a page to embed: a placeholder where the real one has not been built.
//! It never runs npm; `cargo xtask web` builds the page.

use std::path::Path;
use std::{fs, io};

const PLACEHOLDER: &str = r#"<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>AlphaTrader: page not built</title></head>
<body>
<h1>The page has not been built</h1>
<p>This program was compiled without its web page. Run <code>cargo xtask run</code>, or
<code>npm ci &amp;&amp; npm run build</code> in <code>web/</code> and compile again.
The API works: <a href="/api/v1/status">/api/v1/status</a>.</p>
</body>
</html>
"#;

fn main() -> io::Result<()> {
    let dist = Path::new("../../web/dist");
    let index = dist.join("index.html");
    if !index.exists() {
        fs::create_dir_all(dist)?;
        fs::write(&index, PLACEHOLDER)?;
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../web/dist");
    Ok(())
}
