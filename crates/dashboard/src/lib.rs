//! HTTP API, WebSocket and the web page.
