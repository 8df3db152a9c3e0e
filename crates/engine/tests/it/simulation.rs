//! The whole system with faults: a hundred days of a few minutes each. More of them, faster:
//! `cargo run --release -p alphatrader-engine --example simulate -- --seeds 10000 --from 100`.

use alphatrader_engine::simulation::{Report, simulate};

fn played(seed: u64) -> Report {
    match simulate(seed) {
        Ok(report) => report,
        Err(violation) => panic!("{violation}"),
    }
}

#[test]
fn invariants_hold_whatever_goes_wrong() {
    let mut sum = Report::default();
    for seed in 0..100 {
        let report = played(seed);
        // A calm run has nothing to mend, and trades all the same.
        if seed.is_multiple_of(10) {
            let faults =
                report.kills + report.breaks + report.garbled + report.refused + report.ledger_faults;
            assert_eq!(faults, 0, "seed {seed}");
        }
        sum.trades += report.trades;
        sum.kills += report.kills;
        sum.kills_inside += report.kills_inside;
        sum.breaks += report.breaks;
        sum.garbled += report.garbled;
        sum.refused += report.refused;
        sum.ledger_faults += report.ledger_faults;
        sum.halts += report.halts;
        for (reason, count) in report.endings {
            match sum.endings.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, total)) => *total += count,
                None => sum.endings.push((reason, count)),
            }
        }
    }
    // A simulation in which nothing happens proves nothing.
    let seen = [
        ("trades", sum.trades, 200),
        ("kills", sum.kills, 100),
        ("kills between two outputs", sum.kills_inside, 10),
        ("broken sessions", sum.breaks, 100),
        ("words lost, doubled or reordered", sum.garbled, 500),
        ("orders refused or lost", sum.refused, 50),
        ("ledger faults", sum.ledger_faults, 3),
        ("halts", sum.halts, 20),
    ];
    for (what, count, least) in seen {
        assert!(count >= least, "only {count} {what}");
    }
    for ending in ["stop", "target", "time stop"] {
        assert!(sum.endings.iter().any(|(reason, _)| reason == ending), "no {ending}: {:?}", sum.endings);
    }
}

#[test]
fn a_run_is_the_same_twice_and_no_other() {
    let first = played(7);
    assert_eq!(first, played(7));
    assert_ne!(first.digest, played(8).digest);
}
