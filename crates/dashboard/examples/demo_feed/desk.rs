//! A made-up desk: now and then a signal, its fills, a position, its end.

use alphatrader_dashboard::{Command, CommandAction};
use alphatrader_model::event::HaltLevel;
use alphatrader_model::market::Level;
use alphatrader_model::signal::{Confidence, Refusal, SignalState, Term};
use alphatrader_model::view::{ContractView, GateState, GateView, PositionView, StrategyView, TradingView};
use alphatrader_model::{
    Account, Contract, Direction, Fill, Instrument, InstrumentId, Money, OptionContract, Order, OrderId,
    OrderKind, OrderRef, OrderRequest, OrderState, Position, Price, Quantity, Quote, Record, Right, Role,
    Seq, Side, Signal, SignalId, SignedQuantity, Span, Strategy, Symbol, TimeInForce, Timestamp,
};

use super::walk::{Dice, Walk};

const MULTIPLIER: u32 = 100;
const LOTS: u64 = 4;

/// A signal is tried this often.
const EVERY: Span = Span::from_nanos(9 * 60 * 1_000_000_000);

pub(crate) struct Desk {
    symbol: Symbol,
    date: jiff::civil::Date,
    pub(crate) contracts: Vec<ContractView>,
    dice: Dice,
    signals: Vec<Signal>,
    fills: Vec<Fill>,
    positions: Vec<(Position, Direction, Price)>,
    orders: Vec<Order>,
    realized: Money,
    commissions: Money,
    halt: HaltLevel,
    reason: Option<String>,
    next: Timestamp,
    next_order: i32,
    checks: u64,
    last: f64,
}

impl Desk {
    pub(crate) fn new(symbol: Symbol, date: jiff::civil::Date) -> Self {
        Self {
            symbol,
            date,
            contracts: Vec::new(),
            dice: Dice::new(77),
            signals: Vec::new(),
            fills: Vec::new(),
            positions: Vec::new(),
            orders: Vec::new(),
            realized: Money::ZERO,
            commissions: Money::ZERO,
            halt: HaltLevel::None,
            reason: None,
            next: Timestamp::from_seconds(0),
            next_order: 1,
            checks: 0,
            last: 0.0,
        }
    }

    pub(crate) fn command(&mut self, command: &Command) -> Record {
        let (level, reason) = match command.action {
            CommandAction::Halt => (HaltLevel::Halt, Some(format!("operator: {}", command.reason))),
            CommandAction::Resume => (HaltLevel::None, None),
        };
        self.halt = level;
        self.reason.clone_from(&reason);
        self.orders.retain(|order| order.request.reference.role != Role::Entry);
        Record::Halt { level, reason: reason.unwrap_or_else(|| command.reason.clone()) }
    }

    pub(crate) fn step(&mut self, now: Timestamp, seq: Seq, walk: &Walk) -> Vec<Record> {
        let mut records = Vec::new();
        self.checks += 1;
        let Some(last) = walk.features.last else { return records };
        self.last = last.to_f64();
        if self.next.nanos() == 0 {
            self.next = now + EVERY;
        }
        self.mark(now, seq, &mut records);
        if now >= self.next && self.halt == HaltLevel::None {
            self.next = now + EVERY;
            self.signal(now, seq, walk, &mut records);
        }
        records
    }

    fn signal(&mut self, now: Timestamp, seq: Seq, walk: &Walk, records: &mut Vec<Record>) {
        let up = walk.features.signed_volume_1m.unwrap_or(0) > 0;
        let direction = if up { Direction::Up } else { Direction::Down };
        let strike = Price::from_cents((self.last + if up { 1.0 } else { -1.0 }).round() as i64 * 100);
        let right = if up { Right::Call } else { Right::Put };
        let contract =
            Contract::Option(OptionContract { root: self.symbol, expiry: self.date, strike, right });
        let premium = Price::from_cents(95 + self.dice.below(60) as i64);
        self.know(contract, premium, now);
        let id = SignalId::new(now, seq, 0);
        let refused = self.signals.len() % 5 == 2;
        let term = |name: &str, value: f64, unit: &str, toward: f64| Term {
            name: name.to_owned(),
            value: Some(value),
            unit: unit.to_owned(),
            toward: Some(toward),
        };
        let sign = direction.sign();
        let mut signal = Signal {
            id,
            time: now,
            strategy: Strategy::ZeroDte,
            symbol: self.symbol,
            direction,
            contract,
            synthetic: true,
            trigger: walk.features.last.unwrap_or(premium),
            limit: premium,
            stop: cents(premium, 0.5),
            target: cents(premium, 1.9),
            quantity: Quantity::new(LOTS),
            multiplier: MULTIPLIER,
            risk: Money::from_dollars(i64::from(MULTIPLIER) * 4 / 3),
            confidence: Confidence::NotComputed,
            terms: vec![
                term("one-minute signed volume", sign * 12_400.0, "shares", 0.74),
                term("touch imbalance", sign * 0.46, "", 0.46),
                term("five-level imbalance", sign * 0.22, "", 0.22),
                term("distance to VWAP", -sign * 0.31, "dollars", -0.12),
            ],
            gates: vec!["in window".to_owned(), "quote fresh".to_owned()],
            features: Box::new(walk.features.clone()),
            expires: now + Span::from_nanos(20 * Span::SECOND.nanos()),
            settings: "demo".to_owned(),
            state: SignalState::Created,
        };
        if refused {
            signal.state = SignalState::Rejected(Refusal {
                rule: "premium at risk".to_owned(),
                reason: "would be 5.2 % of equity, limit 5.0 %".to_owned(),
            });
        } else {
            signal.state = SignalState::Open;
            self.fill(id, contract, Side::Buy, premium, Role::Entry, now, records);
            self.open(&signal, now);
        }
        records.push(Record::Signal(Box::new(signal.clone())));
        self.signals.insert(0, signal);
    }

    fn know(&mut self, contract: Contract, premium: Price, now: Timestamp) {
        if self.contracts.iter().any(|known| known.instrument.contract == contract) {
            return;
        }
        let id = InstrumentId(10 + self.contracts.len() as u32);
        let level = |raw| Some(Level { price: Price::from_raw(raw), size: Quantity::new(120) });
        self.contracts.push(ContractView {
            instrument: Instrument {
                id,
                contract,
                underlying: self.symbol,
                multiplier: MULTIPLIER,
                tick: Price::from_cents(1),
                tick_above: Price::from_cents(5),
                tick_break: Price::from_cents(300),
                expires: None,
                con_id: None,
                synthetic: true,
            },
            quote: Some(Quote { instrument: id, bid: level(premium.raw() - 100), ask: level(premium.raw()) }),
            quote_at: Some(now),
            open_interest: Some(4_200),
            volume: Some(900),
        });
    }

    #[allow(clippy::too_many_arguments)]
    fn fill(
        &mut self,
        signal: SignalId,
        contract: Contract,
        side: Side,
        price: Price,
        role: Role,
        now: Timestamp,
        records: &mut Vec<Record>,
    ) {
        let commission = Money::from_micros(650_000 * LOTS as i64);
        self.commissions = self.commissions.checked_add(commission).unwrap_or(self.commissions);
        let fill = Fill {
            exec_id: format!("demo.{}", self.fills.len() + 1),
            order: OrderId(self.next_order),
            reference: OrderRef { signal, role, attempt: 1 },
            contract,
            side,
            quantity: Quantity::new(LOTS),
            price,
            multiplier: MULTIPLIER,
            commission: Some(commission),
            time: now,
            strategy: Strategy::ZeroDte,
        };
        self.next_order += 1;
        records.push(Record::Fill(Box::new(fill.clone())));
        self.fills.insert(0, fill);
    }

    fn open(&mut self, signal: &Signal, now: Timestamp) {
        let cost = signal.limit.notional(signal.quantity, MULTIPLIER).unwrap_or(Money::ZERO);
        let position = Position {
            signal: signal.id,
            strategy: Strategy::ZeroDte,
            contract: signal.contract,
            multiplier: MULTIPLIER,
            quantity: SignedQuantity::new(LOTS as i64),
            opened_quantity: signal.quantity,
            cost,
            cost_opened: cost,
            realized: Money::ZERO,
            commissions: Money::from_micros(650_000 * LOTS as i64),
            stop: Some(signal.stop),
            target: Some(signal.target),
            opened: now,
            closed: None,
        };
        self.positions.push((position, signal.direction, signal.trigger));
        for (role, kind) in [
            (Role::Stop, OrderKind::Stop { trigger: signal.stop }),
            (Role::Target, OrderKind::Limit { limit: signal.target }),
        ] {
            let id = OrderId(self.next_order);
            self.next_order += 1;
            self.orders.push(Order {
                request: OrderRequest {
                    id,
                    reference: OrderRef { signal: signal.id, role, attempt: 1 },
                    contract: signal.contract,
                    side: Side::Sell,
                    quantity: signal.quantity,
                    kind,
                    time_in_force: TimeInForce::Day,
                    parent: None,
                    one_cancels_all: None,
                },
                strategy: Strategy::ZeroDte,
                state: if role == Role::Stop { OrderState::PreSubmitted } else { OrderState::Submitted },
                perm_id: None,
                filled: Quantity::new(0),
                created: now,
                updated: now,
            });
        }
    }

    /// Worth of a contract: entry premium plus delta of the move, never below a cent.
    fn mark_of(&self, position: &Position, direction: Direction, from: Price) -> Price {
        let entry = position.cost.to_f64() / f64::from(MULTIPLIER) / LOTS as f64;
        let moved = (self.last - from.to_f64()) * direction.sign();
        Price::from_cents(((entry + moved * 0.42) * 100.0).round().max(1.0) as i64)
    }

    fn mark(&mut self, now: Timestamp, _seq: Seq, records: &mut Vec<Record>) {
        for contract in &mut self.contracts {
            contract.quote_at = Some(now);
        }
        let mut ended = Vec::new();
        for (index, (position, direction, from)) in self.positions.iter().enumerate() {
            let mark = self.mark_of(position, *direction, *from);
            if position.stop.is_some_and(|stop| mark <= stop) {
                ended.push((index, mark, "stop", Role::Stop));
            } else if position.target.is_some_and(|target| mark >= target) {
                ended.push((index, mark, "target", Role::Target));
            }
        }
        for (index, mark, reason, role) in ended.into_iter().rev() {
            let (position, _, _) = self.positions.remove(index);
            self.fill(position.signal, position.contract, Side::Sell, mark, role, now, records);
            let proceeds = mark.notional(Quantity::new(LOTS), MULTIPLIER).unwrap_or(Money::ZERO);
            let profit = proceeds.checked_sub(position.cost).unwrap_or(Money::ZERO);
            self.realized = self.realized.checked_add(profit).unwrap_or(self.realized);
            self.orders.retain(|order| order.request.reference.signal != position.signal);
            if let Some(signal) = self.signals.iter_mut().find(|signal| signal.id == position.signal) {
                signal.state = SignalState::Closed { reason: reason.to_owned(), profit };
                records.push(Record::Signal(Box::new(signal.clone())));
            }
        }
    }

    pub(crate) fn view(&self, now: Timestamp) -> TradingView {
        let mut unrealized = Money::ZERO;
        let mut premium = Money::ZERO;
        let mut positions = Vec::new();
        for (position, direction, from) in &self.positions {
            let mark = self.mark_of(position, *direction, *from);
            let worth = mark.notional(Quantity::new(LOTS), MULTIPLIER).unwrap_or(Money::ZERO);
            let profit = worth.checked_sub(position.cost).unwrap_or(Money::ZERO);
            unrealized = unrealized.checked_add(profit).unwrap_or(unrealized);
            premium = premium.checked_add(position.cost).unwrap_or(premium);
            positions.push(PositionView {
                position: position.clone(),
                mark: Some(mark),
                unrealized: Some(profit),
                delta: Some(direction.sign() * 0.42 * f64::from(MULTIPLIER) * LOTS as f64),
            });
        }
        let start = Money::from_dollars(100_000);
        let add = |a: Money, b: Money| a.checked_add(b).unwrap_or(a);
        let equity = add(add(add(start, self.realized), unrealized), -self.commissions);
        let left = add(add(Money::from_dollars(2_000), add(self.realized, unrealized)), -self.commissions);
        TradingView {
            as_of: now,
            reconciled_at: Some(now.floor_to(Span::from_nanos(30 * Span::SECOND.nanos()))),
            connected: true,
            account_id: Some("DU000001".to_owned()),
            account: Some(Account { equity, cash: equity, buying_power: equity, as_of: now }),
            day_start_equity: Some(start),
            realized_today: self.realized,
            commissions_today: self.commissions,
            unrealized: Some(unrealized),
            loss_budget_left: Some(left.min(Money::from_dollars(2_000))),
            premium_at_risk: premium,
            halt: self.halt,
            halt_reason: self.reason.clone(),
            positions,
            orders: self.orders.clone(),
            signals: self.signals.clone(),
            fills: self.fills.clone(),
            strategies: vec![self.gates()],
            refusals: vec![("premium at risk".to_owned(), 1)],
        }
    }

    fn gates(&self) -> StrategyView {
        let halted = self.halt != HaltLevel::None;
        let rows: [(&str, &str, u64); 8] = [
            ("In window", "09:45 to 15:30", 9_000),
            ("Not halted", if halted { "halted by a person" } else { "" }, 0),
            ("Quote fresh", "0.1 s, limit 2 s", 12),
            ("Chain fresh", "0.4 s, limit 15 s", 0),
            ("Spread", "0.17 bp, limit 5 bp", 3),
            ("Cool-down", "none running", 3_100),
            ("Trigger", "601.37, 5-minute high 601.52", 31_544),
            ("Option liquid", "", 2),
        ];
        let stop = if halted { 1 } else { 6 };
        let gate = |(index, (name, text, blocked)): (usize, &(&str, &str, u64))| GateView {
            name: (*name).to_owned(),
            state: match index.cmp(&stop) {
                std::cmp::Ordering::Less => GateState::Passed,
                std::cmp::Ordering::Equal => GateState::Blocked,
                std::cmp::Ordering::Greater => GateState::NotReached,
            },
            text: (*text).to_owned(),
            blocked_today: *blocked,
        };
        StrategyView {
            strategy: Strategy::ZeroDte,
            symbol: self.symbol,
            checks_today: self.checks,
            gates: rows.iter().enumerate().map(gate).collect(),
        }
    }
}

fn cents(premium: Price, factor: f64) -> Price {
    Price::from_cents((premium.to_f64() * factor * 100.0).round() as i64)
}
