use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn shown(book: &OrderBook, side: Side) -> Vec<(i64, u64, u32)> {
    book.levels(side).map(|level| (level.price, level.size, level.orders)).collect()
}

#[test]
fn orders_add_up_by_price_best_first() {
    let mut book = OrderBook::new();
    for (id, side, price, size) in [
        (1, Side::Buy, 100, 5),
        (2, Side::Buy, 101, 7),
        (3, Side::Buy, 100, 2),
        (4, Side::Sell, 103, 1),
        (5, Side::Sell, -102, 9),
    ] {
        book.add(id, side, price, size);
    }
    assert_eq!(shown(&book, Side::Buy), [(101, 7, 1), (100, 7, 2)]);
    assert_eq!(shown(&book, Side::Sell), [(-102, 9, 1), (103, 1, 1)]);
    book.reduce(1, Side::Buy, 0, 4);
    assert_eq!(book.order(1), Some((Side::Buy, 100, 1)));
    book.delete(2, Side::Buy, 0, 0);
    book.modify(3, Side::Buy, 102, 6);
    assert_eq!(shown(&book, Side::Buy), [(102, 6, 1), (100, 1, 1)]);
    book.clear_side(Side::Buy);
    assert_eq!((shown(&book, Side::Buy).len(), book.resting()), (0, 2));
    book.reduce(4, Side::Sell, 0, 1);
    assert_eq!(book.resting(), 1);
    book.clear();
    assert_eq!((book.best(Side::Sell), book.resting()), (None, 0));
}

#[test]
fn a_seed_is_size_without_orders_and_numbers_that_are_not_known_take_from_it() {
    let mut book = OrderBook::new();
    book.seed(Side::Sell, 50, 300);
    book.adopt(9, Side::Sell, 50, 100);
    assert_eq!(shown(&book, Side::Sell), [(50, 300, 1)]);
    book.reduce(77, Side::Sell, 50, 150);
    assert_eq!(book.best(Side::Sell).unwrap().unknown, 50);
    book.delete(78, Side::Sell, 50, 50);
    assert_eq!(shown(&book, Side::Sell), [(50, 100, 1)]);
    book.delete(79, Side::Sell, 50, 50);
    assert_eq!((book.counts().unknown, shown(&book, Side::Sell).len()), (1, 1));
    book.delete(9, Side::Sell, 0, 0);
    assert_eq!(book.best(Side::Sell), None);
}

#[test]
fn what_cannot_be_is_counted_and_does_no_harm() {
    let mut book = OrderBook::new();
    book.add(1, Side::Buy, 10, 5);
    book.add(1, Side::Buy, 11, 5);
    assert_eq!(shown(&book, Side::Buy), [(11, 5, 1)]);
    book.reduce(1, Side::Buy, 11, 6);
    book.reduce(1, Side::Buy, 11, 6);
    assert_eq!(book.best(Side::Buy), None);
    let counts = book.counts();
    assert_eq!((counts.repeated, counts.exceeded, counts.unknown), (1, 1, 1));
}

#[test]
fn a_second_source_settles_the_best_levels() {
    let mut book = OrderBook::new();
    for (id, price, size) in [(1, 100, 5), (2, 99, 7), (3, 97, 2), (4, 90, 1)] {
        book.add(id, Side::Buy, price, size);
    }
    assert_eq!(book.settle(Side::Buy, &[(100, 5), (99, 7)], false), 0);
    // 98 came into view, 97 is larger than its orders, 100 went unseen.
    assert_eq!(book.settle(Side::Buy, &[(99, 7), (98, 4), (97, 3)], false), 3);
    assert_eq!(shown(&book, Side::Buy), [(99, 7, 1), (98, 4, 0), (97, 3, 1), (90, 1, 1)]);
    // The order of the level that went does no harm.
    book.delete(1, Side::Buy, 100, 5);
    assert_eq!(book.settle(Side::Buy, &[(99, 6)], true), 4);
    assert_eq!(shown(&book, Side::Buy), [(99, 6, 1)]);
    assert_eq!(book.settle(Side::Buy, &[], true), 1);
    assert_eq!(book.settle(Side::Sell, &[], true), 0);
}

#[test]
fn a_side_is_bounded() {
    let mut book = OrderBook::new();
    for price in 0..=MOST_LEVELS as i64 {
        book.add(price as u64, Side::Buy, -price, 1);
    }
    assert_eq!((book.resting(), book.counts().full), (MOST_LEVELS, 1));
}

#[derive(Debug, Clone)]
enum Step {
    Add(u64, bool, i64, u32),
    Reduce(u64, u32),
    Delete(u64),
    Modify(u64, bool, i64, u32),
    Clear,
}

fn step() -> impl Strategy<Value = Step> {
    let id = 0_u64..40;
    prop_oneof![
        4 => (id.clone(), any::<bool>(), -20_i64..20, 0_u32..9).prop_map(|(i, s, p, q)| Step::Add(i, s, p, q)),
        3 => (id.clone(), 0_u32..9).prop_map(|(i, q)| Step::Reduce(i, q)),
        2 => id.clone().prop_map(Step::Delete),
        2 => (id, any::<bool>(), -20_i64..20, 0_u32..9).prop_map(|(i, s, p, q)| Step::Modify(i, s, p, q)),
        1 => Just(Step::Clear),
    ]
}

/// The same by a map of orders, summed anew at each look.
#[derive(Default)]
struct Plain(BTreeMap<u64, (Side, i64, u32)>);

impl Plain {
    fn levels(&self, side: Side) -> Vec<(i64, u64, u32)> {
        let mut sums: BTreeMap<i64, (u64, u32)> = BTreeMap::new();
        for (_, price, size) in self.0.values().filter(|order| order.0 == side) {
            let sum = sums.entry(*price).or_default();
            *sum = (sum.0 + u64::from(*size), sum.1 + 1);
        }
        let mut levels: Vec<_> =
            sums.into_iter().map(|(price, (size, count))| (price, size, count)).collect();
        if side == Side::Buy {
            levels.reverse();
        }
        levels
    }
}

proptest! {
    #[test]
    fn a_book_is_the_sum_of_its_orders(steps in proptest::collection::vec(step(), 0..300)) {
        let (mut book, mut plain) = (OrderBook::new(), Plain::default());
        let side = |buys: bool| if buys { Side::Buy } else { Side::Sell };
        for step in steps {
            match step {
                Step::Add(id, buys, price, size) => {
                    book.add(id, side(buys), price, size);
                    if size > 0 {
                        plain.0.insert(id, (side(buys), price, size));
                    }
                }
                Step::Reduce(id, size) => {
                    book.reduce(id, Side::Buy, 0, size);
                    if let Some(order) = plain.0.get_mut(&id) {
                        order.2 = order.2.saturating_sub(size);
                        if order.2 == 0 {
                            plain.0.remove(&id);
                        }
                    }
                }
                Step::Delete(id) => {
                    book.delete(id, Side::Buy, 0, 0);
                    plain.0.remove(&id);
                }
                Step::Modify(id, buys, price, size) => {
                    book.modify(id, side(buys), price, size);
                    plain.0.remove(&id);
                    if size > 0 {
                        plain.0.insert(id, (side(buys), price, size));
                    }
                }
                Step::Clear => {
                    book.clear();
                    plain.0.clear();
                }
            }
            prop_assert_eq!(book.resting(), plain.0.len());
            for side in [Side::Buy, Side::Sell] {
                prop_assert_eq!(shown(&book, side), plain.levels(side));
            }
        }
    }

    #[test]
    fn numbers_of_any_kind_are_found_again(ids in proptest::collection::btree_set(any::<u64>(), 0..3_000)) {
        let mut book = OrderBook::new();
        for id in &ids {
            book.add(*id, Side::Buy, (*id % 97) as i64, 1);
        }
        for id in ids.iter().step_by(2) {
            book.delete(*id, Side::Buy, 0, 0);
        }
        for (at, id) in ids.iter().enumerate() {
            prop_assert_eq!(book.order(*id).is_some(), at % 2 == 1);
        }
    }
}
