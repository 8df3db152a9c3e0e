//! VPIN of one symbol: ranks, alerts, changes of parameters, snapshots.

use super::*;
use proptest::prelude::*;

const BUY: Option<Side> = Some(Side::Buy);
const SELL: Option<Side> = Some(Side::Sell);

fn small(bucket: u64) -> VpinParameters {
    VpinParameters { window: 4, sessions: 20, ..VpinParameters::new(bucket) }
}

fn feed(meter: &mut VpinMeter, size: u64, side: Option<Side>) {
    meter.on_trade(Timestamp::from_seconds(0), Price::from_cents(100), size, side, Quality::GOOD, |_| ());
}

#[test]
fn a_value_ranks_among_those_before_it() {
    let mut meter = VpinMeter::new(small(100));
    for count in 0..30 {
        feed(&mut meter, 100, if count % 2 == 0 { BUY } else { SELL });
        assert_eq!(meter.cdf().is_ready(), count >= 23, "20 values are five independent ones: {count}");
    }
    assert_eq!((meter.metric().value, meter.metric().n_obs), (Some(1.0), 4));
    assert_eq!((meter.cdf().value, meter.cdf().n_obs), (Some(1.0), 27));
    feed(&mut meter, 100, None);
    assert_eq!((meter.metric().value, meter.cdf().value), (Some(0.75), Some(0.0)));
    assert_eq!(meter.metric().quality, Quality::SIDE_UNKNOWN);
    for _ in 0..5 {
        feed(&mut meter, 100, BUY);
    }
    assert_eq!(meter.metric().quality, Quality::GOOD);
}

#[test]
fn the_alert_stands_at_the_highest_level_admitted() {
    let mut meter = VpinMeter::new(small(100));
    for _ in 0..150 {
        feed(&mut meter, 50, BUY);
        feed(&mut meter, 50, SELL);
    }
    assert_eq!(meter.alert(), None, "37 independent values admit none");
    for _ in 0..60 {
        feed(&mut meter, 50, BUY);
        feed(&mut meter, 50, SELL);
    }
    feed(&mut meter, 100, BUY);
    assert_eq!(meter.alert(), Some(VpinAlert { level: 0.90, requested: 0.99, on: true }));
    feed(&mut meter, 100, SELL);
    for _ in 0..4 {
        feed(&mut meter, 50, BUY);
        feed(&mut meter, 50, SELL);
    }
    assert!(meter.alert().is_some_and(|alert| alert.on), "all values but two are zero too");
    let mut stricter = small(100);
    stricter.alert = 0.5;
    meter.change(stricter);
    assert_eq!(meter.alert(), None);
}

#[test]
fn a_new_bucket_warms_up_beside_the_old() {
    let mut meter = VpinMeter::new(small(100));
    for _ in 0..6 {
        feed(&mut meter, 100, BUY);
    }
    meter.change(small(120));
    feed(&mut meter, 100, BUY);
    assert_eq!((meter.incoming(), meter.parameters().bucket), (None, 100), "not within the session");
    meter.on_session(|_| ());
    meter.change(small(140));
    meter.on_session(|_| ());
    for fed in [100, 200, 300, 400] {
        assert_eq!(meter.incoming().map(|coming| coming.bucket), Some(120));
        feed(&mut meter, 100, SELL);
        assert!(meter.metric().is_ready() && meter.parameters().bucket == 100, "{fed}");
    }
    feed(&mut meter, 80, SELL);
    assert_eq!((meter.parameters().bucket, meter.incoming()), (120, None));
    assert_eq!((meter.metric().value, meter.metric().n_obs), (Some(1.0), 4));
    assert!(!meter.values.is_empty(), "earlier values stay");
    meter.on_session(|_| ());
    assert_eq!(meter.incoming().map(|coming| coming.bucket), Some(140));
    let mut other = small(140);
    other.window = 2;
    meter.change(other);
    for _ in 0..8 {
        feed(&mut meter, 70, BUY);
    }
    meter.on_session(|_| ());
    for _ in 0..4 {
        feed(&mut meter, 70, BUY);
    }
    assert_eq!((meter.parameters().window, meter.values.len()), (2, 0), "another window, other values");
}

#[test]
fn without_a_full_window_new_parameters_begin_at_once() {
    let mut meter = VpinMeter::new(small(100));
    feed(&mut meter, 250, BUY);
    meter.change(small(50));
    meter.on_session(|_| ());
    assert_eq!((meter.parameters().bucket, meter.completed()), (50, 0));
    feed(&mut meter, 200, BUY);
    assert!(meter.metric().is_ready());
}

#[test]
fn a_trade_of_more_than_64_windows_is_cut_and_says_so() {
    let mut meter = VpinMeter::new(small(100));
    let mut buckets = 0;
    let mut trade = |meter: &mut VpinMeter, size| {
        meter.on_trade(Timestamp::from_seconds(0), Price::from_cents(1), size, BUY, Quality::GOOD, |_| {
            buckets += 1;
        });
    };
    trade(&mut meter, 64 * 400);
    assert_eq!(meter.metric().quality, Quality::GOOD);
    trade(&mut meter, 64 * 400 + 1);
    assert_eq!(meter.metric().quality, Quality::GOOD.with(Quality::CAPPED));
    trade(&mut meter, u64::MAX);
    assert!(buckets <= 15, "{buckets}");
    assert_eq!(meter.metric().value, Some(1.0));
}

#[test]
fn bulk_goes_by_bars_and_ignores_sides() {
    let source = VpinSource::Bulk(BulkParameters::default());
    let mut meter = VpinMeter::new(VpinParameters { source, ..small(1_000) });
    let mut points = vec![];
    for step in 0..80_i64 {
        let price = Price::from_cents(10_000 + step % 7);
        let now = Timestamp::from_seconds(step);
        meter.on_trade(now, price, 100, None, Quality::GOOD, |point| points.push(*point));
    }
    assert_eq!((points.len(), meter.completed()), (8, 8));
    assert!(points[2].vpin.is_none() && points[3].vpin.is_some() && points[3].null_ratio.is_some());
    assert_eq!(meter.metric().quality, Quality::GOOD);
    meter.clear();
    assert_eq!((meter.metric().value, meter.metric().n_obs, meter.last().bucket), (None, 0, 8));
}

#[test]
fn its_size_is_bounded() {
    let bulk = VpinSource::Bulk(BulkParameters { student: true, ..BulkParameters::default() });
    for source in [VpinSource::Signed, bulk] {
        let mut meter = VpinMeter::new(VpinParameters { source, ..VpinParameters::new(1_000_000) });
        assert!(meter.heap_bytes() + size_of::<VpinMeter>() < 64 * 1_024, "{}", meter.heap_bytes());
        let largest = VpinParameters { window: 250, source, ..VpinParameters::new(1_000) };
        meter = VpinMeter::new(largest);
        while !meter.metric().is_ready() {
            feed(&mut meter, 300, BUY);
        }
        meter.change(VpinParameters { bucket: 1_001, ..largest });
        meter.on_session(|_| ());
        assert!(meter.incoming().is_some() && meter.heap_bytes() < 100 * 1_024, "{}", meter.heap_bytes());
    }
}

#[derive(Debug, Clone)]
enum Step {
    Trade(i64, i64, u64, Option<bool>),
    Session,
    Resume,
    Clear,
    Change(u64, u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (0_i64..50, 1_i64..300, 1_u64..900, any::<Option<bool>>())
            .prop_map(|(pause, price, size, side)| Step::Trade(pause, price, size, side)),
        2 => Just(Step::Session),
        1 => Just(Step::Resume),
        1 => Just(Step::Clear),
        1 => (50_u64..200, 1_u32..6).prop_map(|(bucket, window)| Step::Change(bucket, window)),
    ]
}

fn apply(meter: &mut VpinMeter, now: &mut i64, step: &Step) {
    match *step {
        Step::Trade(pause, price, size, buy) => {
            *now += pause;
            let side = buy.map(|buy| if buy { Side::Buy } else { Side::Sell });
            let now = Timestamp::from_seconds(*now);
            meter.on_trade(now, Price::from_cents(price), size, side, Quality::GOOD, |point| {
                assert!(point.vpin.is_none_or(|value| (0.0..=1.0).contains(&value)));
                assert!(point.cdf.is_none_or(|value| (0.0..=1.0).contains(&value)));
            });
        }
        Step::Session => meter.on_session(|_| ()),
        Step::Resume => meter.on_resume(|_| ()),
        Step::Clear => meter.clear(),
        Step::Change(bucket, window) => {
            meter.change(VpinParameters { bucket, window, ..*meter.parameters() });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_snapshot_goes_on_as_if_nothing_had_been(
        steps in prop::collection::vec(step(), 1..120), at in 0_usize..120,
        source in prop_oneof![
            Just(VpinSource::Signed),
            Just(VpinSource::Bulk(BulkParameters::default())),
            Just(VpinSource::Bulk(BulkParameters {
                student: true,
                bar: super::super::bars::BulkBar::Time(alphatrader_model::time::Span::MINUTE),
                ..BulkParameters::default()
            })),
        ],
    ) {
        let mut meter = VpinMeter::new(VpinParameters { source, ..small(100) });
        let (mut now, at) = (0, at.min(steps.len()));
        for step in &steps[..at] {
            apply(&mut meter, &mut now, step);
        }
        let bytes = postcard::to_allocvec(&meter).unwrap();
        let mut restored: VpinMeter = postcard::from_bytes(&bytes).unwrap();
        let mut then = now;
        for step in &steps[at..] {
            apply(&mut meter, &mut now, step);
            apply(&mut restored, &mut then, step);
        }
        prop_assert!(meter == restored);
    }
}
