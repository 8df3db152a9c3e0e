//! The web page, embedded.

use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::problem::Problem;

/// What `npm run build` makes. Builds without optimisation read it from the disk at each request.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Page;

/// Serves a file of the page; a path without a file is a place inside the page, so it gets the page.
pub(crate) async fn serve(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") {
        let detail = format!("there is no `{}`; see /api/v1/openapi.json", uri.path());
        return Problem::new(StatusCode::NOT_FOUND, "not_found", detail).into_response();
    }
    let name = if Page::get(path).is_some() { path } else { "index.html" };
    if path.starts_with("assets/") && name == "index.html" {
        return Problem::new(StatusCode::NOT_FOUND, "not_found", "this asset is not part of the page")
            .into_response();
    }
    let Some((file, encoding)) = encoded(name, &headers) else {
        return Problem::new(StatusCode::NOT_FOUND, "not_found", "the page is not part of this program")
            .into_response();
    };
    respond(name, file, encoding, &headers)
}

/// The file in the best encoding that the client takes: Brotli, gzip, as it is.
fn encoded(name: &str, headers: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or("");
    let accepts = |encoding: &str| {
        accepted.split(',').map(str::trim).any(|part| {
            let (name, quality) = part.split_once(';').unwrap_or((part, ""));
            name.trim() == encoding && quality.replace(' ', "") != "q=0"
        })
    };
    for (encoding, suffix) in [("br", "br"), ("gzip", "gz")] {
        if accepts(encoding)
            && let Some(file) = Page::get(&format!("{name}.{suffix}"))
        {
            return Some((file, Some(encoding)));
        }
    }
    Page::get(name).map(|file| (file, None))
}

fn respond(name: &str, file: EmbeddedFile, encoding: Option<&'static str>, headers: &HeaderMap) -> Response {
    let digest = file.metadata.sha256_hash();
    let etag = format!(
        "\"{}\"",
        digest[..16].iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    );
    // Names under assets/ carry a hash of their content; everything else is asked for again.
    let caching =
        if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let unchanged =
        headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.data.into_owned().into_response()
    };
    let kind = match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
    let set = response.headers_mut();
    set.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    set.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    set.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        set.insert(header::ETAG, etag);
    }
    if let Some(encoding) = encoding {
        set.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}
