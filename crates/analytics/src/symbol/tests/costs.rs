//! A made market: the features say what the components say that are fed alone.

use alphatrader_model::features::Impact;
use alphatrader_model::market::TradingState;
use alphatrader_model::metric::{Metric, Quality};

use super::*;
use crate::impact::{Amihud, Kyle, Roll, Spreads};

/// The components, fed by hand.
struct Bare {
    spreads: Spreads,
    kyle: Kyle,
    amihud: Amihud,
    roll: Roll,
}

impl Bare {
    fn new() -> Self {
        Self {
            spreads: Spreads::default(),
            kyle: Kyle::new(Span::MINUTE, 31),
            amihud: Amihud::default(),
            roll: Roll::new(512),
        }
    }
}

/// Bought or sold at the touch every two seconds, one share moves the middle; the same numbers each time.
struct Market {
    mid: i64,
    state: u64,
}

impl Market {
    fn draw(&mut self, below: u64) -> i64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.state >> 33) % below) as i64
    }

    /// Two seconds from `second` on: a quote, a print at its bid or its offer.
    fn step(&mut self, second: i64, spy: &mut Alone, bare: Option<&mut Bare>) {
        let half = 10 * (1 + self.draw(2));
        let (bid, ask) = (self.mid - half, self.mid + half);
        let (quoted, printed) = (at(second as f64), at(second as f64 + 0.5));
        spy.on_quote(quoted, &quote(bid, ask, (300, 300)));
        let side = if self.draw(2) == 0 { Side::Buy } else { Side::Sell };
        let (price, size) = (if side == Side::Buy { ask } else { bid }, 100 * (1 + self.draw(5) as u64));
        spy.on_trade(printed, &trade(price, size));
        spy.on_timer(at(second as f64 + 1.0));
        if let Some(bare) = bare {
            let price = Price::from_cents(price);
            bare.spreads.on_mid(quoted, Some(200 * self.mid));
            bare.kyle.on_mid(quoted, 200 * self.mid, true);
            bare.spreads.on_trade(printed, price, size, side, Quality::GOOD);
            bare.kyle.on_trade(printed, side.sign() * size as i64, Quality::GOOD);
            bare.amihud.on_trade(printed, price, size, Quality::GOOD);
            bare.roll.on_trade(price, true, Quality::GOOD);
            // Minutes count what is settled in them: when time is told makes a difference.
            bare.spreads.on_timer(at(second as f64 + 1.0));
        }
        self.mid += side.sign() * (size as i64 / 100);
    }
}

fn close(metric: Metric, expected: f64) {
    let value = metric.value.unwrap();
    assert!((value / expected - 1.0).abs() < 1e-9, "{value} {expected}");
}

/// Forty minutes from the open.
fn busy(bare: Option<&mut Bare>) -> (Alone, Market) {
    let (mut spy, mut market) = (open_day(), Market { mid: 16_800, state: 3 });
    // The first quote comes before the first print: what begins with the print has not heard it.
    spy.on_trade(at(0.1), &flagged(16_800, 100, TradeFlags::AUCTION));
    let mut bare = bare;
    for second in (2..2_400).step_by(2) {
        market.step(second, &mut spy, bare.as_deref_mut());
    }
    (spy, market)
}

#[test]
fn costs_are_what_the_components_say_alone() {
    let mut bare = Bare::new();
    let (spy, _) = busy(Some(&mut bare));
    let now = at(2_399.0);
    bare.spreads.on_timer(now);
    bare.kyle.on_timer(now);
    bare.amihud.on_timer(now);
    let impact = &spy.features().impact;
    assert_eq!(impact.effective_spread_bp, bare.spreads.effective_bps());
    assert_eq!(impact.kyle_lambda, bare.kyle.bps_per_100k());
    assert_eq!(impact.amihud, bare.amihud.illiquidity());
    let (middle, last) = (bare.spreads.middle().unwrap(), spy.features().last.unwrap().to_f64());
    close(impact.realised_spread_bp, 1e4 * bare.spreads.realised(2).value.unwrap() / middle);
    close(impact.price_impact_bp, 1e4 * bare.spreads.impact(2).value.unwrap() / middle);
    close(impact.roll_bp, 1e4 * bare.roll.spread().value.unwrap() / last);
    close(impact.kyle_t, bare.kyle.slope().unwrap().t);
    // One hundred shares move the middle by a cent: 10^-4 dollars a share, and the noise is little.
    assert!((bare.kyle.lambda().value.unwrap() / 1e-4 - 1.0).abs() < 0.05, "{:?}", bare.kyle.lambda());
    // Twenty or forty cents wide, both as often.
    let quoted = impact.quoted_spread_bp.value.unwrap();
    assert!((quoted / (1e4 * 0.3 / middle) - 1.0).abs() < 0.05, "{quoted}");
    let traded = impact.effective_spread_bp.value.unwrap();
    assert!((traded / quoted - 1.0).abs() < 0.05, "all is traded at the touch: {traded} {quoted}");
}

#[test]
fn after_lost_prints_roll_begins_anew_and_means_say_so() {
    let (mut spy, mut market) = busy(None);
    let before = spy.features().impact;
    spy.on_gap(at(2_400.0), &Gap { instrument: SPY, stream: Stream::Trades });
    market.step(2_402, &mut spy, None);
    let after = &spy.features().impact;
    assert_eq!((after.roll_bp.value, after.roll_bp.n_obs), (None, 0));
    assert!(before.effective_spread_bp.quality == Quality::GOOD);
    assert!(after.effective_spread_bp.quality.contains(Quality::GAP) && after.effective_spread_bp.is_ready());
    assert!(after.amihud.quality.contains(Quality::GAP));
}

#[test]
fn after_lost_quotes_and_in_a_halt_nothing_waits_for_a_middle() {
    let (mut spy, mut market) = busy(None);
    let settled = spy.features().impact.price_impact_bp.n_obs;
    spy.on_gap(at(2_400.0), &Gap { instrument: SPY, stream: Stream::Quotes });
    spy.on_timer(at(2_500.0));
    let left = spy.features().impact.price_impact_bp.n_obs;
    assert!(left <= settled && settled - left < 60, "only what left the window: {settled} {left}");
    // Halted with prints that wait: their middle is not the one after the halt.
    for second in (2_500..2_520).step_by(2) {
        market.step(second, &mut spy, None);
    }
    spy.on_status(at(2_520.0), &TradingStatus { instrument: SPY, state: TradingState::Halted });
    spy.on_quote(at(3_000.0), &quote(9_000, 9_100, (1, 1)));
    spy.on_status(at(3_600.0), &TradingStatus { instrument: SPY, state: TradingState::Trading });
    spy.on_quote(at(3_601.0), &quote(20_000, 20_002, (1, 1)));
    spy.on_timer(at(3_659.0));
    let impact = &spy.features().impact;
    assert!(impact.price_impact_bp.n_obs <= left, "{impact:?}");
    let bound = impact.price_impact_bp.value.unwrap().abs();
    assert!(bound < 100.0, "the jump over the halt is in no impact: {bound}");
    // A halt takes no trading time: the window is that of twenty minutes ago still.
    assert!(impact.effective_spread_bp.is_ready());
}

#[test]
fn a_crossing_that_lasts_has_no_middle() {
    let (mut spy, _) = busy(None);
    spy.on_quote(at(2_400.0), &quote(16_900, 16_850, (1, 1)));
    let settled = spy.features().impact.price_impact_bp.n_obs;
    for second in 2_401..2_460 {
        spy.on_timer(at(f64::from(second)));
    }
    // What was printed in the last thirty seconds before it found a middle only in the grace.
    assert!(spy.features().impact.price_impact_bp.n_obs < settled + 5);
}

#[test]
fn a_session_begins_with_nothing_but_what_is_of_more_than_one() {
    let (mut spy, _) = busy(None);
    let before = spy.features().impact;
    let tomorrow = session("2013-10-08");
    spy.on_session(tomorrow);
    assert_eq!(spy.features().impact, Impact::default());
    spy.on_timer(tomorrow.open + Span::SECOND);
    let impact = &spy.features().impact;
    assert_eq!(impact.effective_spread_bp, Metric::NONE);
    assert_eq!((impact.quoted_spread_bp, impact.roll_bp), (Metric::NONE, Metric::NONE));
    assert_eq!(impact.kyle_t, before.kyle_t);
    assert!(impact.amihud.is_ready(), "{:?}", impact.amihud);
}

#[test]
fn a_restored_symbol_goes_on() {
    let (spy, _) = busy(None);
    let mut restored: SymbolAnalytics =
        postcard::from_bytes(&postcard::to_allocvec(spy.analytics()).unwrap()).unwrap();
    restored.make_room();
    assert_eq!(&restored, spy.analytics());
    assert_eq!(restored.state_bytes(), spy.analytics().state_bytes());
}
