//! The 0DTE rule, gate by gate.

use alphatrader_model::event::HaltLevel;
use alphatrader_model::signal::Direction;
use alphatrader_model::{Money, Price, Quantity, Right, Span};
use alphatrader_trading::zero_dte::{GATES, delta_of, evaluate};

use crate::world::{World, world};

#[test]
fn everything_in_place_proposes_the_call_with_delta_nearest_forty() {
    let world = world();
    let (walk, proposal) = evaluate(&world.look());
    let proposal = proposal.unwrap_or_else(|| panic!("{:?}", walk.stopped_at()));
    assert_eq!(proposal.direction, Direction::Up);
    let option = *proposal.contract.option().unwrap();
    assert_eq!(option.right, Right::Call);

    // Nothing else of the chain is nearer to the wanted delta.
    let spot = Price::from_cents(60_025);
    let gap = |delta: f64| (delta.abs() - 0.40).abs();
    let deltas = world
        .view
        .contracts
        .iter()
        .filter(|c| c.instrument.contract.option().is_some_and(|o| o.right == Right::Call));
    let best =
        deltas.filter_map(|c| delta_of(c, spot, world.now, 0.04)).map(gap).fold(f64::INFINITY, f64::min);
    let chosen = world.view.contract(proposal.instrument).unwrap();
    assert!((gap(delta_of(chosen, spot, world.now, 0.04).unwrap()) - best).abs() < 1e-12);

    assert!(proposal.stop < proposal.limit && proposal.limit < proposal.target);
    assert_eq!(proposal.stop, proposal.limit.scaled(0.65).unwrap().floor_to(Price::CENT));
    // 0.5 % of 100 000 dollars, no more; one contract more would exceed it.
    assert!(proposal.risk <= Money::from_dollars(500));
    let one_more = Quantity::new(proposal.quantity.get() + 1);
    let distance = proposal.limit.checked_sub(proposal.stop).unwrap();
    assert!(distance.notional(one_more, 100).unwrap() > Money::from_dollars(500));
    assert_eq!(walk.outcomes().iter().map(|o| o.name).collect::<Vec<_>>().last(), Some(&"size"));
}

#[test]
fn a_break_downward_buys_the_put() {
    let mut world = world();
    let f = world.features();
    f.last = Some(Price::from_cents(59_940));
    f.imbalance_touch = Some(-0.4);
    f.signed_volume_1m = Some(-3_000);
    let (walk, proposal) = evaluate(&world.look());
    let proposal = proposal.unwrap_or_else(|| panic!("{:?}", walk.stopped_at()));
    assert_eq!(proposal.direction, Direction::Down);
    assert_eq!(proposal.contract.option().unwrap().right, Right::Put);
    assert!(
        proposal.terms.iter().all(|t| t.toward.is_some_and(|toward| toward > 0.0)),
        "{:?}",
        proposal.terms
    );
}

/// A gate and how to spoil what it looks at.
type Spoil = (&'static str, fn(&mut World));

#[test]
fn each_gate_stops_what_it_is_for() {
    let spoils: [Spoil; 23] = [
        ("enabled", |w| w.settings.strategies.zero_dte.enabled = false),
        ("enabled", |w| w.settings.strategies.zero_dte.symbols.clear()),
        ("trading allowed", |w| w.halt = HaltLevel::Pause),
        ("broker agrees", |w| w.reconciled = false),
        ("session open", |w| w.view.session = None),
        ("session open", |w| w.now = w.now - Span::from_minutes(61)),
        ("in window", |w| w.now = w.now - Span::from_minutes(50)),
        ("in window", |w| w.now = w.now + Span::from_minutes(60 * 4 + 30)),
        ("quote fresh", |w| w.features().quote_at = None),
        ("quote fresh", |w| w.now = w.now + Span::from_millis(2_001)),
        ("spread", |w| w.features().spread_bp = Some(5.1)),
        ("trigger", |w| w.features().high_5m = None),
        ("trigger", |w| w.features().last = Some(Price::from_cents(60_020))),
        ("imbalance agrees", |w| w.features().imbalance_touch = Some(0.19)),
        ("imbalance agrees", |w| w.features().imbalance_touch = None),
        ("flow agrees", |w| w.features().signed_volume_1m = Some(-5)),
        ("no position here", |w| w.busy = true),
        ("cool-down", |w| w.last_signal = Some(w.now - Span::from_seconds(299))),
        ("signals today", |w| w.signals_today = 6),
        ("option", |w| w.view.contracts.truncate(1)),
        ("option", |w| w.view.contracts.iter_mut().for_each(|c| c.open_interest = Some(499))),
        ("option", |w| w.view.contracts.iter_mut().for_each(|c| c.volume = None)),
        ("size", |w| w.account.buying_power = Money::from_dollars(10)),
    ];
    for (place, (gate, spoil)) in spoils.into_iter().enumerate() {
        let mut world = world();
        spoil(&mut world);
        let (walk, proposal) = evaluate(&world.look());
        assert_eq!(walk.stopped_at().map(|o| o.name), Some(gate), "spoil {place}");
        assert!(proposal.is_none());
        assert!(GATES.contains(&gate));
    }
}

#[test]
fn the_cool_down_doubles_after_a_loss() {
    let mut world = world();
    world.last_signal = Some(world.now - Span::from_seconds(400));
    assert!(evaluate(&world.look()).1.is_some());
    world.last_lost = true;
    assert_eq!(evaluate(&world.look()).0.stopped_at().unwrap().name, "cool-down");
}
