//! Orders under an algorithm.

use super::*;

fn under(terms: Terms, strategy: &str, parameters: &[(&str, &str)]) -> Terms {
    let parameters = parameters.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Terms { algo_strategy: Some(strategy.to_owned()), algo_params: parameters, ..terms }
}

impl Floor {
    /// Seconds pass, each with a fresh quote of SPY and a print of 100.
    fn seconds(&mut self, count: i64) {
        for _ in 0..count {
            self.wait(998);
            self.quote(SPY, 60_000, 60_001, 500);
            self.print(SPY, 60_000, 100, TradeFlags::NOT_LAST);
        }
    }
}

#[test]
fn a_twap_is_worked_in_even_slices_and_goes_on_after_a_restart() {
    let mut floor = Floor::new();
    let start = floor.desk.calendar().local(floor.desk.now());
    let end = floor.desk.calendar().local(floor.desk.now() + Span::from_seconds(100));
    let clock = |at: jiff::civil::DateTime| at.strftime("%H:%M:%S US/Eastern").to_string();
    let times = [("startTime", clock(start)), ("endTime", clock(end))];
    let times: Vec<_> = times.iter().map(|(k, v)| (*k, v.as_str())).collect();
    floor.send(1, SPY, under(order("BUY", 50, "MKT", None), "Twap", &times));
    floor.seconds(50);
    let half = floor.filled(1);
    assert!((20..=30).contains(&half), "{half}");
    let mut floor = floor.restart();
    assert_eq!(floor.status(1), Status::Submitted);
    floor.seconds(30);
    assert!((35..=48).contains(&floor.filled(1)), "{}", floor.filled(1));
    floor.seconds(25);
    assert_eq!(floor.status(1), Status::Filled);
    assert!(floor.executions().iter().all(|e| e.quantity.get() <= 5));
}

#[test]
fn a_patient_order_steps_toward_the_far_side_and_takes() {
    let mut floor = Floor::new();
    floor.quote(CALL, 100, 108, 50);
    let adaptive = under(order("BUY", 2, "MKT", None), "Adaptive", &[("adaptivePriority", "Urgent")]);
    floor.send(1, CALL, adaptive);
    let limit = |floor: &Floor| floor.order(1).live.and_then(|live| live.kind.limit());
    assert_eq!(limit(&floor), Some(Price::from_cents(102)), "a step was made at once");
    floor.wait(600);
    assert_eq!(limit(&floor), Some(Price::from_cents(104)));
    assert_eq!(floor.order(1).terms.order_type.as_deref(), Some("MKT"), "what was asked stays");
    floor.wait(2_000);
    assert_eq!(floor.status(1), Status::Filled);
    assert!((floor.order(1).average_price() - 1.08).abs() < 1e-9);
    // With a limit it never goes beyond it.
    let bounded = under(order("BUY", 2, "LMT", Some(1.03)), "Adaptive", &[("adaptivePriority", "Urgent")]);
    floor.send(2, CALL, bounded);
    floor.wait(10_000);
    assert_eq!(floor.order(2).live.and_then(|live| live.kind.limit()), Some(Price::from_cents(103)));
    assert_eq!(floor.status(2), Status::Submitted);
}

#[test]
fn a_share_of_the_volume_is_not_exceeded() {
    let mut floor = Floor::new();
    floor.send(1, SPY, under(order("BUY", 1_00, "MKT", None), "PctVol", &[("pctVol", "0.1")]));
    floor.seconds(1);
    assert_eq!(floor.filled(1), 0);
    floor.seconds(5);
    assert!((30..=60).contains(&floor.filled(1)), "{}", floor.filled(1));
    floor.seconds(10);
    assert_eq!(floor.status(1), Status::Filled);
}

#[test]
fn parts_are_let_go_one_by_one_and_an_algorithm_stays() {
    let mut floor = Floor::new();
    let parts = [("componentSize", "10"), ("timeBetweenOrders", "30")];
    floor.send(1, SPY, under(order("BUY", 30, "MKT", None), "AD", &parts));
    floor.seconds(20);
    assert_eq!(floor.filled(1), 10);
    floor.seconds(20);
    assert_eq!(floor.filled(1), 20);
    let other = under(order("BUY", 40, "MKT", None), "Twap", &[]);
    assert_eq!(floor.place(1, SPY, other), Some(440));
    floor.send(1, SPY, under(order("BUY", 40, "MKT", None), "AD", &parts));
    floor.seconds(60);
    assert_eq!(floor.filled(1), 40);
    assert_eq!(floor.place(2, SPY, under(order("BUY", 1, "MKT", None), "Sniper", &[])), Some(439));
}
