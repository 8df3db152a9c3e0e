//! The first 0DTE rule: follow a break of the 5-minute extreme that order flow agrees with.
//!
//! Trigger: the last price leaves the range of the five minutes before. Agreement: touch imbalance
//! and one-minute signed volume point the same way. Instrument: the call (break upward) or put
//! (downward) that expires today, with absolute delta nearest the wanted one. Entry at the middle of
//! its quote, protective stop and target as fractions of the premium.
//!
//! The rule has no confidence model: a signal says "not computed" and nothing is gated on it.

use alphatrader_analytics::options;
use alphatrader_model::event::HaltLevel;
use alphatrader_model::market::Level;
use alphatrader_model::settings::ZeroDte;
use alphatrader_model::signal::{Direction, Term};
use alphatrader_model::view::{ContractView, MarketView};
use alphatrader_model::{
    Account, Contract, Features, InstrumentId, Money, Price, Quantity, Right, Session, Settings, Span,
    Timestamp,
};

use crate::gate::{Stopped, Walk};
use crate::sizing;

/// Names of the gates, in the order in which they are looked at.
pub const GATES: [&str; 15] = [
    "enabled",
    "trading allowed",
    "broker agrees",
    "session open",
    "in window",
    "quote fresh",
    "spread",
    "trigger",
    "imbalance agrees",
    "flow agrees",
    "no position here",
    "cool-down",
    "signals today",
    "option",
    "size",
];

/// What the trading half knows that a gate needs.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// How far new risk is allowed.
    pub halt: HaltLevel,
    /// Whether the broker's picture and ours agree.
    pub reconciled: bool,
    /// The account, once known.
    pub account: Option<&'a Account>,
    /// Premium paid or being bid for everything.
    pub premium_at_risk: Money,
    /// Whether this strategy has a position or a working entry in this symbol.
    pub busy: bool,
    /// When it last signalled here.
    pub last_signal: Option<Timestamp>,
    /// Whether its last trade here lost.
    pub last_lost: bool,
    /// Signals here today.
    pub signals_today: u32,
}

/// All that the rule looks at.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// Event time.
    pub now: Timestamp,
    /// Settings in force.
    pub settings: &'a Settings,
    /// The market.
    pub view: &'a MarketView,
    /// The symbol.
    pub features: &'a Features,
    /// The trading half.
    pub standing: Standing<'a>,
}

/// What the rule wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Where the underlying is expected to go.
    pub direction: Direction,
    /// Which option.
    pub instrument: InstrumentId,
    /// By name.
    pub contract: Contract,
    /// Shares a unit delivers.
    pub multiplier: u32,
    /// Whether its prices are synthetic.
    pub synthetic: bool,
    /// Price of the underlying that triggered.
    pub trigger: Price,
    /// Limit of the entry.
    pub limit: Price,
    /// Trigger of the stop.
    pub stop: Price,
    /// Limit of the target.
    pub target: Price,
    /// Contracts.
    pub quantity: Quantity,
    /// Loss at the stop.
    pub risk: Money,
    /// Why, largest contribution first.
    pub terms: Vec<Term>,
}

/// Which way the last price left the range of the five minutes before, if it did. Cheap: called for
/// each print before anything else is looked at.
pub fn break_of(features: &Features) -> Option<Direction> {
    let last = features.last?;
    if last > features.high_5m? {
        Some(Direction::Up)
    } else if last < features.low_5m? {
        Some(Direction::Down)
    } else {
        None
    }
}

/// Walks all gates. The walk says what stopped it; a proposal means that none did.
pub fn evaluate(look: &Look<'_>) -> (Walk, Option<Proposal>) {
    let mut walk = Walk::default();
    let proposal = propose(look, &mut walk).ok();
    (walk, proposal)
}

fn propose(look: &Look<'_>, walk: &mut Walk) -> Result<Proposal, Stopped> {
    let rule = &look.settings.strategies.zero_dte;
    permitted(look, rule, walk)?;
    let session = in_session(look, rule, walk)?;
    quoted(look, walk)?;
    let direction = triggered(look, walk)?;
    let terms = agreed(look, rule, direction, walk)?;
    paced(look, walk)?;
    let choice = option_for(look, rule, &session, direction, walk)?;
    let account = walk.known("size", look.standing.account, "the account is not known yet")?;
    let wanted = sizing::Wanted {
        limit: choice.limit,
        stop: choice.stop,
        multiplier: choice.view.instrument.multiplier,
        risk_per_trade: rule.risk_per_trade,
        premium_at_risk: look.standing.premium_at_risk,
    };
    let size = sizing::contracts(&look.settings.risk.limits, account, &wanted);
    let text = format!("{} contracts, bounded by {}", size.quantity, size.bound);
    walk.gate("size", !size.quantity.is_zero(), text)?;
    Ok(Proposal {
        direction,
        instrument: choice.view.instrument.id,
        contract: choice.view.instrument.contract,
        multiplier: choice.view.instrument.multiplier,
        synthetic: choice.view.instrument.synthetic,
        trigger: look.features.last.ok_or(Stopped)?,
        limit: choice.limit,
        stop: choice.stop,
        target: choice.target,
        quantity: size.quantity,
        risk: size.risk,
        terms,
    })
}

fn permitted(look: &Look<'_>, rule: &ZeroDte, walk: &mut Walk) -> Result<(), Stopped> {
    let traded = rule.enabled && rule.symbols.contains(&look.features.symbol);
    walk.gate("enabled", traded, if traded { "on" } else { "switched off in the settings" }.into())?;
    let free = look.standing.halt == HaltLevel::None;
    walk.gate(
        "trading allowed",
        free,
        if free { "no halt".into() } else { format!("{:?}", look.standing.halt) },
    )?;
    let text = if look.standing.reconciled { "reconciled" } else { "waiting for the broker's picture" };
    walk.gate("broker agrees", look.standing.reconciled, text.into())
}

fn in_session(look: &Look<'_>, rule: &ZeroDte, walk: &mut Walk) -> Result<Session, Stopped> {
    let session = walk.known("session open", look.view.session, "no session is known")?;
    let open = session.open <= look.now && look.now < session.close;
    walk.gate("session open", open, if open { "open" } else { "closed" }.into())?;
    let from = session.open + rule.window_start.after_open();
    let to = session.close - rule.window_end.before_close();
    let text = format!("{} to {}", rule.window_start, rule.window_end);
    walk.gate("in window", from <= look.now && look.now < to, text)?;
    Ok(session)
}

fn quoted(look: &Look<'_>, walk: &mut Walk) -> Result<(), Stopped> {
    let gates = &look.settings.gates;
    // A quote that did not change is not old while its feed still speaks (one-second recordings
    // write a row only when something changed): any word of the symbol's feed counts.
    let f = look.features;
    let heard = [f.quote_at, f.trade_at, f.depth_at].into_iter().flatten().max();
    let heard = walk.known("quote fresh", f.quote_at.and(heard), "no quote yet")?;
    let age = look.now.since(heard);
    let limit = Span::from_millis(i64::from(gates.max_quote_age_ms));
    let text = format!("{:.1} s old, at most {:.1}", age.as_seconds(), limit.as_seconds());
    walk.gate("quote fresh", age <= limit, text)?;
    let spread = walk.known("spread", f.spread_bp, "no two-sided quote")?;
    walk.gate(
        "spread",
        spread <= gates.max_spread_bp,
        format!("{spread:.2} bp, at most {:.1}", gates.max_spread_bp),
    )
}

fn triggered(look: &Look<'_>, walk: &mut Walk) -> Result<Direction, Stopped> {
    let f = look.features;
    let range = f.high_5m.zip(f.low_5m).zip(f.last);
    let ((high, low), last) = walk.known("trigger", range, "five minutes are not covered yet")?;
    let text = format!("{last} against {low} to {high}");
    let direction = break_of(f);
    walk.gate("trigger", direction.is_some(), text)?;
    direction.ok_or(Stopped)
}

/// Both flow measures must point the way of the break; they and the break are the signal's terms.
fn agreed(
    look: &Look<'_>,
    rule: &ZeroDte,
    direction: Direction,
    walk: &mut Walk,
) -> Result<Vec<Term>, Stopped> {
    let f = look.features;
    let sign = direction.sign();
    let imbalance = walk.known("imbalance agrees", f.imbalance_touch, "no touch sizes")?;
    let text = format!("{imbalance:+.2}, at least {:.2} with the break", rule.min_imbalance);
    walk.gate("imbalance agrees", imbalance * sign >= rule.min_imbalance, text)?;

    let flow = walk.known("flow agrees", f.signed_volume_1m, "one minute is not covered yet")?;
    let toward = flow as f64 * sign;
    let text = format!("{flow:+} shares in a minute, at least {} with the break", rule.min_signed_volume);
    walk.gate("flow agrees", toward >= rule.min_signed_volume as f64, text)?;

    let (distance, breadth) = break_size(f);
    let per_minute = look.view.session.map_or(0.0, |s| {
        let minutes = look.now.since(s.open).as_seconds() / 60.0;
        if minutes > 0.0 { f.session_volume as f64 / minutes } else { 0.0 }
    });
    let scaled = |value: f64, scale: f64| (scale > 0.0).then(|| (value / scale).clamp(-1.0, 1.0));
    let mut terms = vec![
        term("touch imbalance", imbalance, "", Some(imbalance * sign)),
        term("signed volume, 1 min", flow as f64, "shares", scaled(toward, per_minute)),
        term("break of 5-min range", distance, "dollars", scaled(distance.abs(), breadth)),
    ];
    terms.sort_by(|a, b| b.toward.unwrap_or(-1.0).total_cmp(&a.toward.unwrap_or(-1.0)));
    Ok(terms)
}

fn term(name: &str, value: f64, unit: &str, toward: Option<f64>) -> Term {
    Term { name: name.into(), value: Some(value), unit: unit.into(), toward }
}

/// Signed distance of the break and breadth of the range it left, dollars.
fn break_size(f: &Features) -> (f64, f64) {
    let (Some(last), Some(high), Some(low)) = (f.last, f.high_5m, f.low_5m) else { return (0.0, 0.0) };
    let distance = if last > high { last.to_f64() - high.to_f64() } else { last.to_f64() - low.to_f64() };
    (distance, high.to_f64() - low.to_f64())
}

fn paced(look: &Look<'_>, walk: &mut Walk) -> Result<(), Stopped> {
    let standing = &look.standing;
    let text = if standing.busy { "one is open or being bought" } else { "none" };
    walk.gate("no position here", !standing.busy, text.into())?;
    let gates = &look.settings.gates;
    let base = i64::from(gates.cool_down_seconds);
    let wait = Span::from_seconds(if standing.last_lost { base * 2 } else { base });
    let since = standing.last_signal.map(|t| look.now.since(t));
    let text = since.map_or("no signal yet".into(), |s| {
        format!("{:.0} s since the last, at least {:.0}", s.as_seconds(), wait.as_seconds())
    });
    walk.gate("cool-down", since.is_none_or(|s| s >= wait), text)?;
    let text = format!("{} of {}", standing.signals_today, gates.max_signals_per_day);
    walk.gate("signals today", standing.signals_today < gates.max_signals_per_day, text)
}

/// An option and the prices to trade it at.
struct Choice<'a> {
    view: &'a ContractView,
    limit: Price,
    stop: Price,
    target: Price,
}

fn option_for<'a>(
    look: &Look<'a>,
    rule: &ZeroDte,
    session: &Session,
    direction: Direction,
    walk: &mut Walk,
) -> Result<Choice<'a>, Stopped> {
    let right = match direction {
        Direction::Up => Right::Call,
        Direction::Down => Right::Put,
    };
    let spot = walk.known("option", look.features.last, "no price of the underlying")?;
    let nearest = look
        .view
        .contracts
        .iter()
        .filter(|c| expires_today(c, look.features, session, right))
        .filter_map(|c| Some((c, delta_of(c, spot, look.now, look.settings.risk_free_rate)?)))
        .min_by(|(_, a), (_, b)| (a.abs() - rule.delta).abs().total_cmp(&(b.abs() - rule.delta).abs()));
    let (view, delta) =
        walk.known("option", nearest, "no quoted option expires today: no chain is connected")?;
    let (bid, ask) = walk.known("option", view.quote.and_then(|q| q.firm()), "no two-sided option quote")?;
    let choice = priced(view, bid, ask, rule).ok_or(Stopped)?;
    let flaw = illiquid(look, view, bid, ask, &choice);
    let label = view.instrument.contract.label();
    let text = match &flaw {
        Some(flaw) => format!("{label}: {flaw}"),
        None => format!("{label}, delta {delta:+.2}"),
    };
    walk.gate("option", flaw.is_none(), text)?;
    Ok(choice)
}

fn expires_today(c: &ContractView, f: &Features, session: &Session, right: Right) -> bool {
    c.instrument.underlying == f.symbol
        && c.instrument.contract.option().is_some_and(|o| o.expiry == session.date && o.right == right)
}

/// Delta of one unit, from the volatility its own quote implies. Absent where a quote implies none
/// (no two sides, too wide, deep in the money): such an option is not a candidate.
pub fn delta_of(c: &ContractView, spot: Price, now: Timestamp, rate: f64) -> Option<f64> {
    let option = c.instrument.contract.option()?;
    let terms = options::Terms {
        right: option.right,
        spot: spot.to_f64(),
        strike: option.strike.to_f64(),
        years: options::years_between(now, c.instrument.expires?),
        rate,
        dividend_yield: 0.0,
    };
    options::delta_from_quote(&terms, &c.quote?).ok().map(|estimate| estimate.valuation.delta)
}

/// Entry in the middle of the quote, rounded down to a tick; stop and target as fractions of it.
fn priced<'a>(view: &'a ContractView, bid: Level, ask: Level, rule: &ZeroDte) -> Option<Choice<'a>> {
    let mid = Price::from_raw(i64::midpoint(bid.price.raw(), ask.price.raw()));
    let instrument = &view.instrument;
    let limit = mid.floor_to(instrument.tick_at(mid));
    let stop = limit.scaled(1.0 - rule.stop_loss).ok()?;
    let target = limit.scaled(1.0 + rule.target).ok()?;
    Some(Choice {
        view,
        limit,
        stop: stop.floor_to(instrument.tick_at(stop)),
        target: target.ceil_to(instrument.tick_at(target)),
    })
}

/// Why an option is not liquid enough, if it is not (signals-and-risk, section 2).
fn illiquid(
    look: &Look<'_>,
    view: &ContractView,
    bid: Level,
    ask: Level,
    choice: &Choice<'_>,
) -> Option<String> {
    let gates = &look.settings.gates;
    let age = look.now.since(view.quote_at?);
    let limit = Span::from_millis(i64::from(gates.max_chain_age_ms));
    if age > limit {
        return Some(format!("quote {:.1} s old, at most {:.1}", age.as_seconds(), limit.as_seconds()));
    }
    let mid = choice.limit;
    if mid < gates.min_option_mid {
        return Some(format!("mid {mid}, at least {}", gates.min_option_mid));
    }
    let spread = ask.price.checked_sub(bid.price)?;
    let fraction = spread.to_f64() / mid.to_f64();
    if spread > gates.option_spread_always && fraction > gates.max_option_spread {
        return Some(format!("spread {spread}, {:.1} % of mid", fraction * 100.0));
    }
    let to_stop = choice.limit.to_f64() - choice.stop.to_f64();
    if spread.to_f64() > to_stop * gates.max_spread_of_stop {
        return Some(format!("spread {spread} against {to_stop:.2} to the stop"));
    }
    let counted = |name: &str, value: Option<u32>, least: u32| match value {
        None => Some(format!("{name} unknown")),
        Some(value) if value < least => Some(format!("{name} {value}, at least {least}")),
        Some(_) => None,
    };
    counted("open interest", view.open_interest, gates.min_open_interest)
        .or_else(|| counted("volume", view.volume, gates.min_option_volume))
}
