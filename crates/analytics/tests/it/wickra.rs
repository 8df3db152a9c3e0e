//! Signed VPIN, Roll's spread and Kyle's lambda beside another implementation, print by print.
//!
//! It returns zero where ours is absent (no spread, no variation); elsewhere both are the same number.

use alphatrader_analytics::impact::Roll;
use alphatrader_analytics::impact::kyle::Moments;
use alphatrader_analytics::vpin::Vpin;
use alphatrader_model::market::Side;
use alphatrader_model::metric::Quality;
use alphatrader_model::number::Price;
use wickra_core::{Indicator, KylesLambda, RollMeasure, Trade, TradeQuote};

const TRADES: usize = 100_000;

/// A small generator: the same prints for everybody.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn side(&mut self) -> Side {
        if self.below(2) == 0 { Side::Buy } else { Side::Sell }
    }
}

fn theirs(side: Side) -> wickra_core::Side {
    match side {
        Side::Buy => wickra_core::Side::Buy,
        Side::Sell => wickra_core::Side::Sell,
    }
}

fn print(dollars: f64, size: u64, side: Side) -> Trade {
    Trade::new(dollars, size as f64, theirs(side), 0).expect("prices and sizes are positive")
}

#[test]
fn signed_vpin_is_the_same_after_every_print() {
    for (bucket, window) in [(1_000, 50), (37, 7), (250_000, 4)] {
        let mut draw = Draw(bucket);
        let mut ours = Vpin::new(bucket, window);
        let mut other = wickra_core::Vpin::new(bucket as f64, window as usize).expect("parameters in range");
        let mut ready = 0;
        for _ in 0..TRADES {
            // Now and then one of several windows.
            let size =
                if draw.below(5_000) == 0 { bucket * 900 + draw.below(bucket) } else { 1 + draw.below(900) };
            let side = draw.side();
            ours.add(size, Some(side), |_| ());
            let theirs = other.update(print(100.0, size, side));
            match (ours.value(), theirs) {
                (Some(one), Some(two)) => assert!((one - two).abs() < 1e-9, "{one} {two}"),
                (one, two) => assert_eq!(one, two),
            }
            ready += usize::from(theirs.is_some());
        }
        assert!(ready > TRADES / 4, "{bucket}: {ready}");
    }
}

#[test]
fn rolls_spread_is_the_same_after_every_print() {
    let mut draw = Draw(11);
    let (mut ours, mut other) = (Roll::new(50), RollMeasure::new(50).expect("a window in range"));
    let (mut mid, mut spreads) = (1_000_000_i64, 0);
    for _ in 0..TRADES {
        mid += 100 * (draw.below(3) as i64 - 1);
        let bounce = 100 * (draw.below(3) as i64 - 1);
        let price = Price::from_raw(mid + bounce);
        ours.on_trade(price, true, Quality::GOOD);
        let spread = ours.spread().value;
        match other.update(print(price.to_f64(), 1, Side::Buy)) {
            // Their sums are of binary fractions: nothing is a little more or less than nothing.
            Some(two) if spread.is_none() => assert!(two < 2e-6, "{two}"),
            two => {
                let (one, two) = (spread.unwrap_or_default(), two.unwrap_or_default());
                assert!((one * one - two * two).abs() < 1e-9, "{one} {two}");
                spreads += usize::from(one > 0.0);
            }
        }
    }
    assert!(spreads > TRADES / 2, "{spreads}");
}

#[test]
fn kyles_lambda_is_the_same_over_a_window() {
    let mut draw = Draw(5);
    let mut other = KylesLambda::new(50).expect("a window in range");
    let (mut mid, mut pairs) = (1_000_000_i64, vec![]);
    for place in 0..TRADES {
        let (side, size) = (draw.side(), 1 + draw.below(900));
        let signed = side.sign() * size as i64;
        let moved = signed / 10 + draw.below(41) as i64 - 20;
        mid += moved;
        let quote =
            TradeQuote::new(print(100.0, size, side), mid as f64 * 1e-4).expect("the middle is positive");
        let theirs = other.update(quote);
        if place > 0 {
            pairs.push((signed as f64, moved as f64 * 1e-4));
        }
        // Ours forgets gradually and not by a window: compared over the last fifty, now and then.
        if place % 997 == 500 {
            let mut ours = Moments::new(1.0);
            for (signed, moved) in &pairs[pairs.len() - 50..] {
                ours.add(*signed, *moved);
            }
            let (one, two) = (ours.slope().expect("it varied").lambda, theirs.expect("its window is full"));
            assert!((one - two).abs() < 1e-9 * one.abs().max(1e-3), "{one} {two}");
        }
    }
}
