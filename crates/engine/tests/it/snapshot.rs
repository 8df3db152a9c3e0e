//! A snapshot that goes on is the core that goes on.

use alphatrader_engine::market_core::{MarketCore, SnapshotError};
use alphatrader_market::synthetic::{SyntheticConfig, SyntheticMarket};
use alphatrader_model::{Event, Input, Outputs, Payload, Seq, Span};

use crate::desk::session;

fn take(core: &mut MarketCore, out: &mut Outputs, input: Input) {
    let Input { ts_event, ts_recv, payload } = input;
    out.clear();
    core.on_event(&Event { seq: Seq(1), ts_event, ts_recv, payload }, out);
}

/// Ten minutes of a synthetic morning with a timer each second, cut in several places.
#[test]
fn a_restored_core_goes_on_bit_for_bit() {
    let open = session().open;
    let mut core = MarketCore::default();
    let mut out = Outputs::default();
    let settings = Payload::Settings(Box::default());
    take(&mut core, &mut out, Input { ts_event: open, ts_recv: open, payload: settings });
    let mut restored = core.clone();
    let (mut timer, mut other, mut cuts) = (open, Outputs::default(), 0);
    let market = SyntheticMarket::new(SyntheticConfig::spy(7), session());
    for input in market.take_while(|input| input.ts_event < open + Span::from_minutes(10)) {
        while timer < input.ts_event {
            timer = timer + Span::SECOND;
            let tick = Input { ts_event: timer, ts_recv: timer, payload: Payload::Timer };
            take(&mut core, &mut out, tick.clone());
            take(&mut restored, &mut other, tick);
            assert_eq!(out, other);
            if timer.since(open).nanos() % Span::from_seconds(97).nanos() == 0 {
                restored = MarketCore::restore(&core.snapshot()).unwrap();
                cuts += 1;
            }
        }
        take(&mut core, &mut out, input.clone());
        take(&mut restored, &mut other, input);
    }
    assert!(cuts >= 5 && core == restored);
    assert_eq!(core.snapshot(), restored.snapshot());
    for (symbol, bytes) in core.state_bytes() {
        println!("{symbol}: {bytes} bytes");
        assert!(bytes <= 256 * 1024, "{bytes}");
    }
}

#[test]
fn a_damaged_or_foreign_snapshot_is_refused() {
    let good = MarketCore::default().snapshot();
    assert!(MarketCore::restore(&good).is_ok());
    for place in [4, 20, good.len() - 1] {
        let mut bad = good.clone();
        bad[place] ^= 1;
        assert_eq!(MarketCore::restore(&bad), Err(SnapshotError::Damaged));
    }
    assert_eq!(MarketCore::restore(&good[..30]), Err(SnapshotError::Damaged));
    let mut foreign = good;
    foreign[0] = 9;
    assert_eq!(MarketCore::restore(&foreign), Err(SnapshotError::Version { found: 9 }));
}
