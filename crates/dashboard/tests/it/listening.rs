//! Where the server listens, and what it says when it can't.

use std::net::{SocketAddr, TcpListener};

use alphatrader_dashboard::{BindError, Dashboard, Limits, Published};

use super::running::at;

fn bind(addr: SocketAddr) -> Result<Dashboard, BindError> {
    Dashboard::bind(addr, Published::starting(at(0)), Limits::default()).map(|(dashboard, _)| dashboard)
}

#[test]
fn only_loopback_is_listened_on() {
    for addr in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let error = bind(addr.parse().unwrap()).unwrap_err();
        assert!(matches!(error, BindError::NotLoopback(_)), "{addr}");
        let text = error.to_string();
        assert!(text.contains("no login") && text.contains("127.0.0.1"), "{text}");
    }
}

#[test]
fn a_taken_port_is_said_with_what_to_do() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let error = bind(other.local_addr().unwrap()).unwrap_err();
    assert!(matches!(error, BindError::Taken(addr) if addr == other.local_addr().unwrap()));
    assert!(error.to_string().contains("--port"), "{error}");
}

#[test]
fn port_0_takes_a_free_one() {
    let dashboard = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    assert_ne!(dashboard.addr().port(), 0);
    assert_eq!(dashboard.url(), format!("http://127.0.0.1:{}", dashboard.addr().port()));
}
