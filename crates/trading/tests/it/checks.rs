//! Pre-trade checks, one by one.

use alphatrader_model::event::HaltLevel;
use alphatrader_model::market::Side;
use alphatrader_model::order::{OrderKind, TimeInForce};
use alphatrader_model::{
    Contract, Money, Order, OrderId, OrderRef, OrderRequest, OrderState, Price, Quantity, Role, Seq,
    SignalId, Span, Strategy,
};
use alphatrader_trading::check::{CHECKS, Sent, Situation, run};
use alphatrader_trading::zero_dte::evaluate;

use crate::world::{World, spy, world};

fn entry(world: &World) -> OrderRequest {
    let proposal = evaluate(&world.look()).1.expect("the world is in order");
    OrderRequest {
        id: OrderId(1),
        reference: OrderRef { signal: SignalId::new(world.now, Seq(1), 0), role: Role::Entry, attempt: 1 },
        contract: proposal.contract,
        side: Side::Buy,
        quantity: proposal.quantity,
        kind: OrderKind::Limit { limit: proposal.limit },
        time_in_force: TimeInForce::Day,
        parent: None,
        one_cancels_all: None,
    }
}

fn situation(world: &World, contract: Contract) -> Situation<'_> {
    Situation {
        now: world.now,
        settings: &world.settings,
        halt: HaltLevel::None,
        reconciled: true,
        strategy: Strategy::ZeroDte,
        contract: world.view.named(contract),
        session: world.view.session,
        account: Some(&world.account),
        premium_at_risk: Money::ZERO,
        risk: Money::from_dollars(400),
        loss_budget_left: Some(Money::from_dollars(2_000)),
        open: &[],
        recent: &[],
        live: &[],
    }
}

/// The check that must refuse, and how to make it.
type Spoil = (&'static str, fn(&mut OrderRequest, &mut Situation<'_>));

#[test]
fn each_check_refuses_what_it_is_for() {
    let spoils: [Spoil; 19] = [
        ("halted", |_, s| s.halt = HaltLevel::Pause),
        ("halted", |_, s| s.reconciled = false),
        ("instrument", |_, s| s.contract = None),
        ("instrument", |o, _| o.quantity = Quantity::ZERO),
        ("instrument", |_, s| s.now = s.session.unwrap().close),
        ("session", |_, s| s.session = None),
        ("session", |_, s| s.now = s.session.unwrap().open - Span::SECOND),
        ("quote", |_, s| s.now = s.now + Span::from_seconds(16)),
        ("price collar", |o, _| o.kind = OrderKind::Limit { limit: Price::from_cents(1) }),
        ("price collar", |o, _| o.kind = OrderKind::Limit { limit: Price::from_cents(9_000) }),
        ("price collar", |o, _| o.kind = OrderKind::Market),
        ("size", |o, _| o.quantity = Quantity::new(41)),
        ("size", |_, s| s.account = None),
        ("positions", |_, s| s.open = OPEN_3.as_slice()),
        ("buying power", |_, s| s.premium_at_risk = Money::from_dollars(24_990)),
        ("loss budget", |_, s| s.risk = Money::from_dollars(2_001)),
        ("loss budget", |_, s| s.loss_budget_left = None),
        ("over-close", |o, _| o.side = Side::Sell),
        ("mode", |_, s| s.settings = disabled()),
    ];
    let world = world();
    let order = entry(&world);
    run(&order, &situation(&world, order.contract)).unwrap();
    for (place, (check, spoil)) in spoils.into_iter().enumerate() {
        let mut order = order;
        let mut situation = situation(&world, order.contract);
        spoil(&mut order, &mut situation);
        let refusal = run(&order, &situation).expect_err(check);
        assert_eq!(refusal.rule, check, "spoil {place}: {}", refusal.reason);
        assert!(!refusal.reason.is_empty());
    }
}

fn disabled() -> &'static alphatrader_model::Settings {
    static OFF: std::sync::OnceLock<alphatrader_model::Settings> = std::sync::OnceLock::new();
    OFF.get_or_init(|| {
        let mut settings = alphatrader_model::Settings::default();
        settings.strategies.zero_dte.enabled = false;
        settings
    })
}

static OPEN_3: std::sync::LazyLock<[(Strategy, alphatrader_model::Symbol); 3]> =
    std::sync::LazyLock::new(|| [(Strategy::ZeroDte, spy()); 3]);

#[test]
fn the_same_order_twice_within_a_second_and_too_many_orders_are_refused() {
    let world = world();
    let order = entry(&world);
    let sent = |seconds: i64, quantity: Quantity| Sent {
        at: world.now - Span::from_seconds(seconds),
        contract: order.contract,
        side: order.side,
        quantity,
        role: Role::Entry,
    };
    let refused = |recent: &[Sent]| {
        let situation = Situation { recent, ..situation(&world, order.contract) };
        run(&order, &situation).err().map(|r| r.rule)
    };
    assert_eq!(refused(&[sent(0, order.quantity)]).as_deref(), Some("duplicate"));
    assert_eq!(refused(&[sent(1, order.quantity)]), None);
    assert_eq!(refused(&[sent(0, Quantity::new(1)); 10]).as_deref(), Some("order rate"));
    assert_eq!(refused(&[sent(30, Quantity::new(1)); 50]).as_deref(), Some("order rate"));
    assert_eq!(refused(&[sent(60, Quantity::new(1)); 50]), None);
}

#[test]
fn an_order_that_reduces_risk_is_never_refused_by_a_limit() {
    let world = world();
    let mut order = entry(&world);
    order.side = Side::Sell;
    order.kind = OrderKind::Market;
    order.quantity = Quantity::new(10_000);
    for role in [Role::Stop, Role::Target, Role::Close, Role::Flatten] {
        order.reference.role = role;
        let worst = Situation {
            halt: HaltLevel::Flatten,
            reconciled: false,
            session: None,
            account: None,
            loss_budget_left: None,
            risk: Money::from_dollars(1_000_000),
            ..situation(&world, order.contract)
        };
        run(&order, &worst).unwrap();
    }
    assert!(CHECKS.iter().any(|(_, reducing, _)| *reducing));
}

#[test]
fn an_own_entry_on_the_other_side_must_go_first() {
    let world = world();
    let order = entry(&world);
    let mut other = order;
    other.id = OrderId(9);
    other.side = Side::Sell;
    other.reference.signal = SignalId::new(world.now, Seq(2), 0);
    let own = Order {
        request: other,
        strategy: Strategy::ZeroDte,
        state: OrderState::Submitted,
        perm_id: None,
        filled: Quantity::ZERO,
        created: world.now,
        updated: world.now,
    };
    let situation = Situation { live: &[own], ..situation(&world, order.contract) };
    assert_eq!(run(&order, &situation).unwrap_err().rule, "self-cross");
}
