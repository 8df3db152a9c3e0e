//! A bounded trail of rows, each encoded once, however many clients see it.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::channel::Keyed;
use crate::view::Instant;

/// Rows in the order of time, oldest first. Copies are cheap: they share the rows.
#[derive(Debug, Clone)]
pub struct Trail<T> {
    rows: Arc<VecDeque<Row<T>>>,
    most: usize,
}

#[derive(Debug)]
struct Row<T> {
    at: Instant,
    value: Arc<T>,
    json: Arc<RawValue>,
}

/// Sharing needs no copy of the value.
impl<T> Clone for Row<T> {
    fn clone(&self) -> Self {
        Self { at: self.at, value: Arc::clone(&self.value), json: Arc::clone(&self.json) }
    }
}

impl<T: PartialEq> PartialEq for Trail<T> {
    fn eq(&self, other: &Self) -> bool {
        self.most == other.most && self.values().eq(other.values())
    }
}

impl<T> Trail<T> {
    /// Keeps the newest `most` rows.
    pub fn new(most: usize) -> Self {
        Self { rows: Arc::new(VecDeque::new()), most }
    }

    /// Rows, oldest first.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.rows.iter().map(|row| row.value.as_ref())
    }

    /// When the newest was made.
    pub fn newest(&self) -> Option<Instant> {
        self.rows.back().map(|row| row.at)
    }

    /// Rows by their time, as they are sent.
    pub fn keyed(&self) -> Keyed {
        self.rows.iter().map(|row| (row.at.to_string(), RawValue::to_owned(&row.json))).collect()
    }
}

impl<T: Serialize> Trail<T> {
    /// Adds the newest row. Time that runs backwards is another day's: what was kept is forgotten.
    pub fn push(&mut self, at: Instant, value: T) {
        let json = to_raw_value(&value).expect("views have string keys and no fallible parts");
        let rows = Arc::make_mut(&mut self.rows);
        if rows.back().is_some_and(|newest| newest.at >= at) {
            rows.clear();
        }
        if rows.len() == self.most {
            rows.pop_front();
        }
        rows.push_back(Row { at, value: Arc::new(value), json: json.into() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(second: i64) -> Instant {
        Instant::from_micros(second * 1_000_000)
    }

    #[test]
    fn only_the_newest_rows_are_kept() {
        let mut trail = Trail::new(3);
        for n in 1..=5 {
            trail.push(at(n), n);
        }
        assert_eq!(trail.values().copied().collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!(trail.newest(), Some(at(5)));
        let keyed = trail.keyed();
        assert_eq!(keyed["1970-01-01T00:00:03.000000Z"].get(), "3");
        assert_eq!(keyed.len(), 3);
    }

    #[test]
    fn a_copy_does_not_follow() {
        let mut trail = Trail::new(3);
        trail.push(at(1), 1);
        let copy = trail.clone();
        trail.push(at(2), 2);
        assert_eq!(copy.values().count(), 1);
        assert_ne!(copy, trail);
    }

    #[test]
    fn time_that_runs_backwards_starts_anew() {
        let mut trail = Trail::new(3);
        trail.push(at(9), 9);
        trail.push(at(2), 2);
        assert_eq!(trail.values().copied().collect::<Vec<_>>(), [2]);
    }
}
