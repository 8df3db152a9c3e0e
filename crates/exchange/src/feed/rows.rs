//! An order book as rows, and the edits that lead from one view of it to the next.

use alphatrader_model::{Depth, DepthOperation, Price, Quantity, Side, Venue};

/// Rows kept on a side.
pub const MAX_ROWS: usize = 64;

/// One row: a price at a venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Price.
    pub price: Price,
    /// Size in shares.
    pub size: Quantity,
    /// Exchange or market maker, where the market names it.
    pub venue: Option<Venue>,
}

/// Both sides of a book, best first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    bids: Vec<Row>,
    asks: Vec<Row>,
}

/// One edit of a client's view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edit {
    /// Bids are [`Side::Buy`].
    pub side: Side,
    /// Row, counted from the best.
    pub position: usize,
    /// What happens to the row.
    pub operation: DepthOperation,
    /// The row after the edit; the one that goes, for a delete.
    pub row: Row,
}

impl Rows {
    /// The rows of a side, best first.
    pub fn side(&self, side: Side) -> &[Row] {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    /// Applies an edit of the market. An edit that has no row to work on changes nothing and is
    /// answered with `false`.
    pub fn apply(&mut self, edit: &Depth) -> bool {
        let rows = match edit.side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        };
        let position = usize::from(edit.position);
        let row = Row { price: edit.price, size: edit.size, venue: edit.venue };
        match edit.operation {
            DepthOperation::Insert if position <= rows.len() => {
                rows.insert(position, row);
                rows.truncate(MAX_ROWS);
            }
            DepthOperation::Update if position < rows.len() => rows[position] = row,
            DepthOperation::Delete if position < rows.len() => {
                rows.remove(position);
            }
            _ => return false,
        }
        true
    }

    /// Replaces a side.
    pub fn set(&mut self, side: Side, rows: impl IntoIterator<Item = Row>) {
        let kept = match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        };
        kept.clear();
        kept.extend(rows.into_iter().take(MAX_ROWS));
    }

    /// The first `depth` rows as one venue shows them, or as all do.
    #[must_use]
    pub fn view(&self, depth: usize, look: Look) -> Self {
        let view = |rows: &[Row]| match look {
            Look::ByVenue => rows.iter().take(depth).copied().collect(),
            Look::ByPrice => merge(rows.iter(), depth),
            Look::Venue(venue) => merge(rows.iter().filter(|row| row.venue == Some(venue)), depth),
        };
        Self { bids: view(&self.bids), asks: view(&self.asks) }
    }

    /// The edits that make `next` of this view. Deletes come before inserts, so a client never
    /// holds more rows than it asked for.
    pub fn edits_to(&self, next: &Self) -> Vec<Edit> {
        let mut edits = Vec::new();
        for side in [Side::Sell, Side::Buy] {
            edits_of(side, self.side(side), next.side(side), &mut edits);
        }
        edits
    }
}

/// How rows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A row per price and venue: smart depth.
    ByVenue,
    /// A row per price.
    ByPrice,
    /// A row per price, of one venue.
    Venue(Venue),
}

/// Joins neighbouring rows of one price.
fn merge<'a>(rows: impl Iterator<Item = &'a Row>, depth: usize) -> Vec<Row> {
    let mut merged: Vec<Row> = Vec::with_capacity(depth);
    for row in rows {
        let full = merged.len() == depth;
        match merged.last_mut() {
            Some(last) if last.price == row.price => {
                last.size = last.size.checked_add(row.size).unwrap_or(last.size);
            }
            _ if full => break,
            _ => merged.push(Row { venue: None, ..*row }),
        }
    }
    merged
}

fn same_row(a: &Row, b: &Row) -> bool {
    a.price == b.price && a.venue == b.venue
}

fn edits_of(side: Side, old: &[Row], new: &[Row], edits: &mut Vec<Edit>) {
    // Rows that stay keep their order: a greedy match from the top is right for sorted books, and
    // for any other it only costs edits, never correctness.
    let mut kept = Vec::with_capacity(old.len());
    let mut from = 0;
    for row in old {
        match new[from..].iter().position(|n| same_row(n, row)) {
            Some(ahead) => {
                from += ahead + 1;
                kept.push(true);
            }
            None => kept.push(false),
        }
    }
    for position in (0..old.len()).rev().filter(|p| !kept[*p]) {
        edits.push(Edit { side, position, operation: DepthOperation::Delete, row: old[position] });
    }
    let mut stayed = old.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(row, _)| row).peekable();
    for (position, row) in new.iter().enumerate() {
        match stayed.peek() {
            Some(before) if same_row(before, row) => {
                if **before != *row {
                    edits.push(Edit { side, position, operation: DepthOperation::Update, row: *row });
                }
                stayed.next();
            }
            _ => edits.push(Edit { side, position, operation: DepthOperation::Insert, row: *row }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(cents: i64, size: u64, venue: Option<&str>) -> Row {
        let venue = venue.map(|v| Venue::new(v).unwrap());
        Row { price: Price::from_cents(cents), size: Quantity::new(size), venue }
    }

    /// What the clients do with edits.
    fn follow(view: &mut Rows, edits: &[Edit], depth: usize) {
        for edit in edits {
            let done = view.apply(&Depth {
                instrument: alphatrader_model::InstrumentId(0),
                side: edit.side,
                position: u8::try_from(edit.position).unwrap(),
                operation: edit.operation,
                price: edit.row.price,
                size: edit.row.size,
                venue: edit.row.venue,
            });
            assert!(done, "an edit has a row to work on: {edit:?}");
            assert!(view.side(edit.side).len() <= depth);
        }
    }

    fn any_rows() -> impl Strategy<Value = Vec<Row>> {
        let venue = prop_oneof![Just(Some("ARCA")), Just(Some("NSDQ")), Just(None)];
        prop::collection::vec((1_i64..12, 1_u64..4, venue), 0..9).prop_map(|mut rows| {
            rows.sort_by_key(|(cents, _, venue)| (*cents, *venue));
            rows.dedup_by_key(|(cents, _, venue)| (*cents, *venue));
            rows.into_iter().map(|(cents, size, venue)| row(cents, size, venue)).collect()
        })
    }

    #[test]
    fn a_new_best_price_costs_one_delete_and_one_insert() {
        let (mut old, mut new) = (Rows::default(), Rows::default());
        old.set(Side::Buy, [row(100, 5, None), row(99, 5, None)]);
        new.set(Side::Buy, [row(101, 2, None), row(100, 5, None)]);
        let operations: Vec<_> = old.edits_to(&new).iter().map(|e| (e.operation, e.position)).collect();
        assert_eq!(operations, [(DepthOperation::Delete, 1), (DepthOperation::Insert, 0)]);
    }

    #[test]
    fn looks_join_what_they_do_not_tell_apart() {
        let mut rows = Rows::default();
        rows.set(
            Side::Sell,
            [row(100, 1, Some("ARCA")), row(100, 2, Some("NSDQ")), row(101, 4, Some("NSDQ"))],
        );
        assert_eq!(rows.view(1, Look::ByPrice).side(Side::Sell), [row(100, 3, None)]);
        assert_eq!(rows.view(2, Look::ByVenue).side(Side::Sell).len(), 2);
        let nasdaq = rows.view(5, Look::Venue(Venue::new("NSDQ").unwrap()));
        assert_eq!(nasdaq.side(Side::Sell), [row(100, 2, None), row(101, 4, None)]);
    }

    proptest! {
        #[test]
        fn edits_lead_from_any_view_to_any_other(old in any_rows(), new in any_rows(), asks in any_rows()) {
            let depth = old.len().max(new.len()).max(asks.len());
            let (mut view, mut next) = (Rows::default(), Rows::default());
            view.set(Side::Buy, old);
            next.set(Side::Buy, new);
            next.set(Side::Sell, asks);
            let edits = view.edits_to(&next);
            follow(&mut view, &edits, depth);
            prop_assert_eq!(&view, &next);
            prop_assert!(view.edits_to(&next).is_empty());
        }
    }
}
