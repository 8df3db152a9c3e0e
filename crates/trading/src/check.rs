//! Pre-trade checks: every order passes them, in this order, before it becomes an intent.
//!
//! Numbers are those of signals-and-risk, section 6; the checks that need a whole chain (Greeks,
//! correlation, value at risk, regime) come with it. An order that reduces risk is never refused by
//! a limit: it only has to be for something that exists.

use alphatrader_model::event::HaltLevel;
use alphatrader_model::market::Side;
use alphatrader_model::signal::Refusal;
use alphatrader_model::view::ContractView;
use alphatrader_model::{
    Account, Contract, Money, Order, OrderKind, OrderRequest, Price, Quantity, Role, Session, Settings, Span,
    Strategy, Symbol, Timestamp,
};

/// What the checks look at beside the order.
#[derive(Debug, Clone)]
pub struct Situation<'a> {
    /// Event time.
    pub now: Timestamp,
    /// Settings in force.
    pub settings: &'a Settings,
    /// How far new risk is allowed.
    pub halt: HaltLevel,
    /// Whether the broker's picture and ours agree.
    pub reconciled: bool,
    /// Whose order.
    pub strategy: Strategy,
    /// The contract as the market shows it.
    pub contract: Option<&'a ContractView>,
    /// Today's session.
    pub session: Option<Session>,
    /// The account.
    pub account: Option<&'a Account>,
    /// Premium paid or being bid for everything.
    pub premium_at_risk: Money,
    /// Loss at the stop of this order's signal.
    pub risk: Money,
    /// What the day may still lose.
    pub loss_budget_left: Option<Money>,
    /// Strategy and underlying of each open position and working entry.
    pub open: &'a [(Strategy, Symbol)],
    /// Orders sent lately, newest last, at least the last minute's.
    pub recent: &'a [Sent],
    /// Orders that may still fill.
    pub live: &'a [Order],
}

/// An order that was sent lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// When.
    pub at: Timestamp,
    /// What.
    pub contract: Contract,
    /// Which side.
    pub side: Side,
    /// How much.
    pub quantity: Quantity,
    /// What for.
    pub role: Role,
}

type Check = fn(&OrderRequest, &Situation<'_>) -> Result<(), String>;

/// The checks by name, in order. The `bool` says whether a reducing order takes it too.
pub const CHECKS: [(&str, bool, Check); 12] = [
    ("halted", false, not_halted),
    ("mode", false, enabled),
    ("instrument", true, tradable),
    ("session", false, session_open),
    ("quote", false, quoted),
    ("price collar", false, inside_collar),
    ("size", false, sized),
    ("duplicate", false, not_duplicate),
    ("order rate", false, paced),
    ("positions", false, few_positions),
    ("buying power", false, affordable),
    ("loss budget", false, within_budget),
];

/// The last two shape every order, reducing ones too; apart because they look at our own orders.
const SELF_CROSS: &str = "self-cross";
const OVER_CLOSE: &str = "over-close";

/// Passes or refuses an order.
///
/// # Errors
/// The first check that refuses, with what it saw.
pub fn run(order: &OrderRequest, situation: &Situation<'_>) -> Result<(), Refusal> {
    let reduces = order.reference.role.reduces();
    for (name, for_reducing, check) in CHECKS {
        if reduces && !for_reducing {
            continue;
        }
        check(order, situation).map_err(|reason| Refusal { rule: name.into(), reason })?;
    }
    no_self_cross(order, situation).map_err(|reason| Refusal { rule: SELF_CROSS.into(), reason })?;
    if reduces {
        Ok(())
    } else {
        not_over_closing(order).map_err(|reason| Refusal { rule: OVER_CLOSE.into(), reason })
    }
}

fn ensure(passed: bool, reason: impl FnOnce() -> String) -> Result<(), String> {
    if passed { Ok(()) } else { Err(reason()) }
}

fn not_halted(_: &OrderRequest, s: &Situation<'_>) -> Result<(), String> {
    ensure(s.halt == HaltLevel::None, || format!("halt level {:?}", s.halt))?;
    ensure(s.reconciled, || "the broker's picture and ours are not reconciled".into())
}

fn enabled(_: &OrderRequest, s: &Situation<'_>) -> Result<(), String> {
    let Strategy::ZeroDte = s.strategy;
    let rule = &s.settings.strategies.zero_dte;
    let symbol = s.contract.map(|c| c.instrument.underlying);
    ensure(rule.enabled, || "the strategy is switched off".into())?;
    ensure(symbol.is_none_or(|x| rule.symbols.contains(&x)), || "the symbol is not enabled for it".into())
}

fn tradable(order: &OrderRequest, s: &Situation<'_>) -> Result<(), String> {
    let contract = s.contract.ok_or_else(|| format!("{} is not known", order.contract))?;
    let instrument = &contract.instrument;
    ensure(instrument.multiplier > 0, || "its multiplier is not known".into())?;
    ensure(!order.quantity.is_zero(), || "its quantity is zero".into())?;
    // What is held can always be closed, even in its last minutes.
    let open = order.reference.role.reduces() || instrument.expires.is_none_or(|at| s.now < at);
    ensure(open, || "it has expired".into())
}

fn session_open(_: &OrderRequest, s: &Situation<'_>) -> Result<(), String> {
    let session = s.session.ok_or("no session is known")?;
    ensure(session.open <= s.now && s.now < session.close, || "the session is closed".into())
}

fn quoted(_: &OrderRequest, s: &Situation<'_>) -> Result<(), String> {
    let at = s.contract.and_then(|c| c.quote_at).ok_or("it has no quote")?;
    let limit = Span::from_millis(i64::from(s.settings.gates.max_chain_age_ms));
    let age = s.now.since(at);
    ensure(age <= limit, || format!("its quote is {:.1} s old", age.as_seconds()))
}

/// Options: the limit lies within half the bid and one and a half times the ask.
fn inside_collar(order: &OrderRequest, s: &Situation<'_>) -> Result<(), String> {
    let Some(limit) = order.kind.limit() else {
        return ensure(order.kind != OrderKind::Market, || "an entry at market has no limit".into());
    };
    let (bid, ask) =
        s.contract.and_then(|c| c.quote).and_then(|q| q.firm()).ok_or("it has no two-sided quote")?;
    let (low, high) = match order.contract {
        Contract::Option(_) => (bid.price.to_f64() * 0.5, ask.price.to_f64() * 1.5),
        Contract::Stock(_) => {
            let mid = f64::midpoint(bid.price.to_f64(), ask.price.to_f64());
            let width = (mid * 0.05).max(3.0 * Price::CENT.to_f64());
            (mid - width, mid + width)
        }
    };
    let inside = low <= limit.to_f64() && limit.to_f64() <= high;
    ensure(inside, || format!("limit {limit} outside {low:.2} to {high:.2}"))
}

fn sized(order: &OrderRequest, s: &Situation<'_>) -> Result<(), String> {
    let account = s.account.ok_or("the account is not known")?;
    let limits = &s.settings.risk.limits;
    let most = account.equity.micros().checked_div(limits.equity_per_contract.micros()).unwrap_or(0);
    let most = u64::try_from(most).unwrap_or(0).clamp(1, u64::from(limits.max_contracts));
    ensure(order.quantity.get() <= most, || format!("{} contracts, at most {most}", order.quantity))
}

fn not_duplicate(order: &OrderRequest, s: &Situation<'_>) -> Result<(), String> {
    let same = |sent: &&Sent| {
        sent.contract == order.contract
            && sent.side == order.side
            && sent.quantity == order.quantity
            && sent.role == order.reference.role
            && s.now.since(sent.at) < Span::SECOND
    };
    let twin = s.recent.iter().rev().find(same);
    ensure(twin.is_none(), || "the same order left within the last second".into())
}

fn paced(_: &OrderRequest, s: &Situation<'_>) -> Result<(), String> {
    let limits = &s.settings.risk.limits;
    let within = |span: Span| s.recent.iter().filter(|sent| s.now.since(sent.at) < span).count();
    let (second, minute) = (within(Span::SECOND), within(Span::MINUTE));
    ensure(second < limits.orders_per_second as usize, || format!("{second} orders in a second"))?;
    ensure(minute < limits.orders_per_minute as usize, || format!("{minute} orders in a minute"))
}

fn few_positions(_: &OrderRequest, s: &Situation<'_>) -> Result<(), String> {
    let limits = &s.settings.risk.limits;
    let symbol = s.contract.map(|c| c.instrument.underlying);
    let here = s.open.iter().filter(|(_, x)| Some(*x) == symbol).count();
    let own = s.open.iter().filter(|(x, _)| *x == s.strategy).count();
    let below = |count: usize, limit: u32, of: &str| {
        ensure(count < limit as usize, || format!("{count} open positions {of}, at most {limit}"))
    };
    below(s.open.len(), limits.max_positions, "in all")?;
    below(here, limits.max_positions_per_symbol, "in this symbol")?;
    below(own, limits.max_positions_per_strategy, "of this strategy")
}

fn affordable(order: &OrderRequest, s: &Situation<'_>) -> Result<(), String> {
    let account = s.account.ok_or("the account is not known")?;
    let multiplier = s.contract.map_or(0, |c| c.instrument.multiplier);
    let cost = order
        .kind
        .limit()
        .and_then(|limit| limit.notional(order.quantity, multiplier))
        .ok_or("its cost cannot be stated")?;
    ensure(cost <= account.buying_power, || format!("costs {cost}, buying power {}", account.buying_power))?;
    let outlay = s.premium_at_risk.checked_add(cost).ok_or("premium overflows")?;
    let most = account.equity.scaled(s.settings.risk.limits.max_premium);
    ensure(outlay <= most, || format!("premium outlay {outlay}, at most {most}"))
}

fn within_budget(_: &OrderRequest, s: &Situation<'_>) -> Result<(), String> {
    let left = s.loss_budget_left.ok_or("equity at the day's start is not known")?;
    ensure(s.risk <= left, || format!("risks {}, the day may still lose {left}", s.risk))
}

/// An own working order on the other side that could trade with this one. Orders of one bracket
/// cannot: the children work only after the entry has filled.
fn no_self_cross(order: &OrderRequest, s: &Situation<'_>) -> Result<(), String> {
    let crosses = |own: &&Order| {
        own.request.contract == order.contract
            && own.request.side != order.side
            && own.request.reference.signal != order.reference.signal
            && !own.request.reference.role.reduces()
    };
    let other = s.live.iter().find(crosses);
    ensure(other.is_none(), || "an own entry works on the other side of the same contract".into())
}

/// Long options only: an entry buys.
fn not_over_closing(order: &OrderRequest) -> Result<(), String> {
    ensure(order.side == Side::Buy, || "selling to open is out of scope".into())
}
