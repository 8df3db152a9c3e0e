//! Sides, VPIN and books.

use alphatrader_analytics::classify::bulk::BulkCdf;
use alphatrader_analytics::classify::{Classifier, ClassifyParameters, ClassifyRule, QuoteInForce};
use alphatrader_analytics::vpin::Vpin;
use alphatrader_analytics::vpin::bulk::BulkBuckets;
use alphatrader_analytics::{fair, imbalance, ofi};
use alphatrader_model::market::{Level, Side};
use alphatrader_model::number::{Price, Quantity};
use alphatrader_model::time::Timestamp;

use super::{all_near, cases, integers, list, near, number, table};

#[test]
fn sides_by_five_rules() {
    let case = cases("classification");
    let (bid, ask, price) = (integers(&case["bid"]), integers(&case["ask"]), integers(&case["price"]));
    for (name, theirs) in [
        ("tick", vec!["tick", "tick_orderflow"]),
        ("quote", vec!["quote"]),
        ("lee-ready", vec!["lee-ready", "lee_ready_orderflow"]),
        ("emo", vec!["emo"]),
        ("clnv", vec!["clnv"]),
    ] {
        let rule = ClassifyRule::named(name).expect("a rule");
        let mut classifier = Classifier::new(ClassifyParameters { rule, ..ClassifyParameters::default() });
        let ours: Vec<i64> = (0..price.len())
            .map(|i| {
                let at = Timestamp::from_millis(i as i64);
                let raw = Price::from_raw;
                let quote = QuoteInForce { bid: raw(bid[i]), ask: raw(ask[i]), at };
                let (side, _) = classifier.classify(at, raw(price[i]), None, Some(&quote));
                classifier.remember(raw(price[i]));
                match side {
                    Some(Side::Buy) => 1,
                    Some(Side::Sell) => -1,
                    None => 0,
                }
            })
            .collect();
        for oracle in theirs {
            // Of equal prices from the first print on no program has a direction.
            assert_eq!(ours, integers(&case[oracle]), "{name} against {oracle}");
        }
    }
}

#[test]
fn vpin_of_signed_trades_is_exact() {
    let case = cases("vpin_signed");
    let window = number(&case, "window") as u32;
    let mut vpin = Vpin::new(number(&case, "bucket") as u64, window);
    let mut ours = vec![];
    for (size, side) in integers(&case["size"]).into_iter().zip(integers(&case["side"])) {
        let side = if side == 1 { Side::Buy } else { Side::Sell };
        vpin.add(size as u64, Some(side), |value| ours.push(value));
    }
    all_near("vpin", &ours, &list(&case["vpin"]), 1e-15, 0.0);
}

/// Student's distribution is read from a table: 1e-5 is what the reference asks.
#[test]
fn vpin_of_bulk_volume() {
    let case = cases("vpin_bulk");
    let sigma = number(&case, "sigma");
    let (volume, change) = (integers(&case["volume"]), list(&case["change"]));
    for (name, cdf, tolerance) in [("normal", BulkCdf::Normal, 1e-12), ("student", BulkCdf::student(), 1e-5)]
    {
        let mut buckets = BulkBuckets::new(number(&case, "bucket") as u64, number(&case, "window") as u32);
        let (mut fractions, mut ours) = (vec![], vec![]);
        for (volume, change) in volume.iter().zip(&change) {
            let fraction = cdf.of(change / sigma);
            fractions.push(fraction);
            buckets.add(*volume as u64, fraction, *volume as u64, |buckets| ours.extend(buckets.value()));
        }
        all_near("fraction", &fractions, &list(&case[name]["fraction"]), 0.0, tolerance);
        all_near("vpin", &ours, &list(&case[name]["vpin"]), 0.0, 2.0 * tolerance);
    }
}

#[test]
fn order_flow_imbalance_and_fair_prices() {
    let case = cases("books");
    let books: Vec<[Vec<Level>; 2]> = case["books"]
        .as_array()
        .expect("books")
        .iter()
        .map(|book| {
            [0, 1].map(|side| {
                let levels = table(&book[side]);
                let level = |l: &Vec<f64>| Level {
                    price: Price::from_raw(l[0] as i64),
                    size: Quantity::new(l[1] as u64),
                };
                levels.iter().map(level).collect()
            })
        })
        .collect();
    let between = |level: usize| -> Vec<f64> {
        books
            .windows(2)
            .map(|two| {
                ofi::flow((two[0][0][level], two[0][1][level]), (two[1][0][level], two[1][1][level])) as f64
            })
            .collect()
    };
    assert_eq!(between(0), list(&case["touch"]));
    let levels = table(&case["levels"]);
    for level in 0..3 {
        let theirs: Vec<f64> = levels.iter().map(|row| row[level]).collect();
        assert_eq!(between(level), theirs, "level {level}");
    }
    let (imbalances, mids) = (list(&case["imbalance"]), list(&case["weighted_mid"]));
    for (i, [bids, asks]) in books.iter().enumerate() {
        let ours = imbalance::of_sizes(bids[0].size.get(), asks[0].size.get()).expect("both sides");
        near("imbalance", ours, imbalances[i], 1e-15, 1e-15);
        near("weighted mid", fair::weighted_mid(bids[0], asks[0]).expect("both sides"), mids[i], 1e-14, 0.0);
    }
}
