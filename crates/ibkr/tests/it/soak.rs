//! A short soak; the long one is `cargo run -p alphatrader-ibkr --example soak`.

#[path = "../../examples/soak/books.rs"]
mod books;
#[path = "../../examples/soak/cycles.rs"]
mod cycles;
#[path = "../../examples/soak/wire.rs"]
mod wire;

#[test]
fn no_fill_is_lost_or_doubled_however_the_connection_breaks() {
    let folder = tempfile::tempdir().unwrap();
    let mut outcome = cycles::Outcome::default();
    outcome.add(&cycles::run(40, 7, folder.path(), |_| {}).unwrap());
    println!("{outcome}");
    assert!(outcome.fills > 40 && outcome.repeats > 0, "{outcome:?}");
    assert!(outcome.breaks[0] > 0 && outcome.breaks[1] > 0 && outcome.breaks[3] > 0, "{outcome:?}");
    assert!(outcome.sessions >= 40, "{outcome:?}");
}
