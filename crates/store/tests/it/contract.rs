//! What every store of hot state does, whatever stands behind it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use alphatrader_store::hot::{Bounds, EntryId, HotError, HotStore, MemoryStore, Write};

/// A store under test and a way to let its time pass.
pub(crate) struct Subject {
    pub(crate) store: Box<dyn HotStore>,
    pub(crate) pass: Box<dyn Fn(Duration)>,
}

/// Runs the whole suite, each case on a fresh and empty store.
pub(crate) fn fulfils_the_contract(make: impl Fn() -> Subject) {
    values_are_set_replaced_and_removed(&make());
    values_expire_and_renewal_prolongs(&make());
    keys_are_found_by_prefix(&make());
    lists_are_capped_newest_first(&make());
    streams_are_capped_and_read_on(&make());
    kinds_are_not_mixed_up(&make());
    a_batch_goes_on_past_a_failure(&make());
    threads_write_at_once(&make());
}

fn push(key: &str, value: &str, cap: usize) -> Write {
    Write::Push { key: key.into(), value: value.into(), cap }
}

fn append(key: &str, value: &str, cap: usize) -> Write {
    Write::Append { key: key.into(), value: value.into(), cap }
}

fn values_are_set_replaced_and_removed(subject: &Subject) {
    let store = &subject.store;
    assert_eq!(store.get("risk:state").unwrap(), None);
    store.set("risk:state", r#"{"halt":"none"}"#, None).unwrap();
    store.set("risk:state", "ünïcode ✓", None).unwrap();
    assert_eq!(store.get("risk:state").unwrap().as_deref(), Some("ünïcode ✓"));
    store.remove("risk:state").unwrap();
    store.remove("risk:state").unwrap();
    assert_eq!(store.get("risk:state").unwrap(), None);
    store.set("empty", "", None).unwrap();
    assert_eq!(store.get("empty").unwrap().as_deref(), Some(""));
}

fn values_expire_and_renewal_prolongs(subject: &Subject) {
    let Subject { store, pass } = subject;
    let second = Some(Duration::from_secs(1));
    for key in ["left", "renewed", "freed", "bound"] {
        store.set(key, "1", if key == "bound" { None } else { second }).unwrap();
    }
    pass(Duration::from_millis(600));
    store.set("renewed", "2", second).unwrap();
    store.set("freed", "2", None).unwrap();
    store.set("bound", "2", second).unwrap();
    pass(Duration::from_millis(600));
    assert_eq!(store.get("left").unwrap(), None);
    assert_eq!(store.get("renewed").unwrap().as_deref(), Some("2"));
    assert_eq!(store.keys("", 10).unwrap(), ["bound", "freed", "renewed"]);
    pass(Duration::from_millis(600));
    assert_eq!(store.keys("", 10).unwrap(), ["freed"]);
}

fn keys_are_found_by_prefix(subject: &Subject) {
    let store = &subject.store;
    for key in ["orders:2", "orders:1", "orders:open", "order", "positions:open", "orders*"] {
        store.set(key, "1", None).unwrap();
    }
    assert_eq!(store.keys("orders:", 10).unwrap(), ["orders:1", "orders:2", "orders:open"]);
    assert_eq!(store.keys("orders:", 2).unwrap().len(), 2);
    assert_eq!(store.keys("orders*", 10).unwrap(), ["orders*"], "a prefix is no pattern");
    assert!(store.keys("nothing", 10).unwrap().is_empty());
}

fn lists_are_capped_newest_first(subject: &Subject) {
    let store = &subject.store;
    assert!(store.list("errors", 10).unwrap().is_empty());
    for n in 0..5 {
        store.write(&[push("errors", &n.to_string(), 3)]).unwrap();
    }
    assert_eq!(store.list("errors", 10).unwrap(), ["4", "3", "2"]);
    assert_eq!(store.list("errors", 1).unwrap(), ["4"]);
    assert_eq!(store.keys("err", 10).unwrap(), ["errors"]);
    store.remove("errors").unwrap();
    assert!(store.list("errors", 10).unwrap().is_empty());
}

fn streams_are_capped_and_read_on(subject: &Subject) {
    let store = &subject.store;
    assert!(store.stream("signals", None, 10).unwrap().is_empty());
    for n in 0..5 {
        store.write(&[append("signals", &n.to_string(), 4)]).unwrap();
    }
    let texts = |entries: Vec<(EntryId, String)>| entries.into_iter().map(|e| e.1).collect::<Vec<_>>();
    let all = store.stream("signals", None, 10).unwrap();
    let (second, last) = (all[1].0.clone(), all[3].0.clone());
    assert_eq!(texts(all), ["1", "2", "3", "4"]);
    assert_eq!(texts(store.stream("signals", Some(&second), 10).unwrap()), ["3", "4"]);
    assert_eq!(texts(store.stream("signals", Some(&second), 1).unwrap()), ["3"]);
    assert!(store.stream("signals", Some(&last), 10).unwrap().is_empty());
    store.write(&[append("signals", "5", 4)]).unwrap();
    assert_eq!(texts(store.stream("signals", Some(&last), 10).unwrap()), ["5"]);
}

fn kinds_are_not_mixed_up(subject: &Subject) {
    let store = &subject.store;
    store.write(&[push("list", "1", 3), append("stream", "1", 3)]).unwrap();
    store.set("value", "1", None).unwrap();
    let refused = |key: &str, wanted| Err(HotError::Kind { key: key.into(), wanted });
    assert_eq!(store.get("list"), refused("list", "value").map(|()| None));
    assert_eq!(store.list("value", 1), refused("value", "list").map(|()| Vec::new()));
    assert_eq!(store.stream("list", None, 1), refused("list", "stream").map(|()| Vec::new()));
    assert_eq!(store.write(&[push("stream", "2", 3)]), refused("stream", "list"));
    assert_eq!(store.write(&[append("value", "2", 3)]), refused("value", "stream"));
    store.set("list", "now a value", None).unwrap();
    assert_eq!(store.get("list").unwrap().as_deref(), Some("now a value"));
}

fn a_batch_goes_on_past_a_failure(subject: &Subject) {
    let store = &subject.store;
    store.set("value", "1", None).unwrap();
    let set = |key: &str, value: &str| Write::Set { key: key.into(), value: value.into(), expiry: None };
    let batch = [set("a", "1"), push("value", "2", 3), set("b", "2"), Write::Remove { key: "a".into() }];
    assert!(matches!(store.write(&batch), Err(HotError::Kind { .. })));
    assert_eq!(store.keys("", 10).unwrap(), ["b", "value"]);
    store.write(&[]).unwrap();
}

fn threads_write_at_once(subject: &Subject) {
    let store = &subject.store;
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for n in 0..100 {
                    store.write(&[append("all", &format!("{thread}:{n}"), 1_000)]).unwrap();
                }
            });
        }
    });
    let all = store.stream("all", None, 1_000).unwrap();
    assert_eq!(all.len(), 400);
    for thread in 0..4 {
        let own: Vec<String> =
            all.iter().filter(|e| e.1.starts_with(&format!("{thread}:"))).map(|e| e.1.clone()).collect();
        let expected: Vec<String> = (0..100).map(|n| format!("{thread}:{n}")).collect();
        assert_eq!(own, expected);
    }
}

#[test]
fn memory_fulfils_the_contract() {
    fulfils_the_contract(|| {
        let start = Instant::now();
        let passed = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&passed);
        let now = move || start + Duration::from_millis(seen.load(Ordering::Relaxed));
        Subject {
            store: Box::new(MemoryStore::with_time(Bounds::default(), now)),
            pass: Box::new(move |time| {
                passed.fetch_add(time.as_millis() as u64, Ordering::Relaxed);
            }),
        }
    });
}
