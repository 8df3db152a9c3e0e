//! From a print to a signal to an order.

use alphatrader_model::event::HaltLevel;
use alphatrader_model::market::Side;
use alphatrader_model::signal::{Confidence, Refusal};
use alphatrader_model::{
    Action, Features, Order, OrderId, OrderKind, OrderRef, OrderRequest, OrderState, Record, Role, Settings,
    Signal, SignalId, SignalState, Span, Strategy, Symbol, TimeInForce,
};
use alphatrader_trading::zero_dte::{self, Look, Proposal, Standing};
use alphatrader_trading::{breaker, check};

use super::state::{Link, Step, TradingCore};
use super::trade::Trade;

/// The gate that a closed exchange stops at.
const CLOSED: &str = "session open";

impl TradingCore {
    /// A print of an analysed stock: the cheap question first, everything else only after a yes.
    pub(crate) fn on_print(&mut self, step: &mut Step<'_>, symbol: Symbol) {
        let view = step.view;
        let Some(features) = view.of(symbol) else { return };
        let in_session = self.session.is_some_and(|s| s.contains(step.now()));
        if !in_session || zero_dte::break_of(features).is_none() || self.settings.is_none() {
            return;
        }
        self.look_at(step, features);
    }

    /// Once a second, so that the screen always knows why there is no signal.
    pub(crate) fn look_at_all(&mut self, step: &mut Step<'_>) {
        let view = step.view;
        for features in &view.features {
            self.look_at(step, features);
        }
    }

    fn look_at(&mut self, step: &mut Step<'_>, features: &Features) {
        let Some(settings) = self.settings.take() else { return };
        let look = Look {
            now: step.now(),
            settings: &settings,
            view: step.view,
            features,
            standing: self.standing(features.symbol),
        };
        let fresh = (!self.still_closed(&look)).then(|| zero_dte::evaluate(&look));
        let pace = self.paces.entry((Strategy::ZeroDte, features.symbol)).or_default();
        pace.checks += 1;
        let mut proposed = None;
        if let Some((walk, proposal)) = fresh {
            pace.walk = walk;
            pace.closed = step.view.session.filter(|session| !session.contains(step.now()));
            proposed = proposal;
        }
        pace.count_stop();
        if let Some(proposal) = proposed {
            let gates = pace.walk.outcomes().iter().map(|o| o.name.to_string()).collect();
            self.signal(step, &settings, features, proposal, gates);
        }
        self.settings = Some(settings);
    }

    /// Most looks of a day find the exchange closed and everything else as it was: nothing but the
    /// counts changes then.
    fn still_closed(&self, look: &Look<'_>) -> bool {
        let rule = &look.settings.strategies.zero_dte;
        let asked = rule.enabled && rule.symbols.contains(&look.features.symbol);
        let free = look.standing.halt == HaltLevel::None && look.standing.reconciled;
        let closed = look.view.session.filter(|session| !session.contains(look.now));
        let pace = self.paces.get(&(Strategy::ZeroDte, look.features.symbol));
        let same = pace.filter(|pace| pace.closed == closed && pace.is_at(CLOSED));
        let still = asked && free && closed.is_some() && same.is_some();
        debug_assert!(!still || same.is_some_and(|pace| pace.walk == zero_dte::evaluate(look).0));
        still
    }

    fn standing(&self, symbol: Symbol) -> Standing<'_> {
        let pace = self.paces.get(&(Strategy::ZeroDte, symbol));
        let busy = |t: &Trade| {
            t.signal.symbol == symbol && t.signal.strategy == Strategy::ZeroDte && !t.signal.state.is_final()
        };
        Standing {
            halt: self.halt,
            reconciled: matches!(self.link, Link::Reconciled { .. }) && !self.stopping,
            account: self.account.as_ref(),
            premium_at_risk: self.premium_at_risk(),
            busy: self.trades.values().any(busy),
            last_signal: pace.and_then(|p| p.last_signal),
            last_lost: pace.is_some_and(|p| p.last_lost),
            signals_today: pace.map_or(0, |p| p.signals),
        }
    }

    /// All gates let through: the signal is written down, and its orders are intents if the checks pass.
    fn signal(
        &mut self,
        step: &mut Step<'_>,
        settings: &Settings,
        features: &Features,
        proposal: Proposal,
        gates: Vec<String>,
    ) {
        let now = step.now();
        let id = SignalId::new(now, step.event.seq, step.signals);
        step.signals += 1;
        let pace = self.paces.entry((Strategy::ZeroDte, features.symbol)).or_default();
        pace.last_signal = Some(now);
        pace.signals += 1;
        let timeout = i64::from(settings.strategies.zero_dte.entry_timeout_seconds);
        let mut signal = Signal {
            id,
            time: now,
            strategy: Strategy::ZeroDte,
            symbol: features.symbol,
            direction: proposal.direction,
            contract: proposal.contract,
            multiplier: proposal.multiplier,
            synthetic: proposal.synthetic,
            trigger: proposal.trigger,
            limit: proposal.limit,
            stop: proposal.stop,
            target: proposal.target,
            quantity: proposal.quantity,
            risk: proposal.risk,
            confidence: Confidence::NotComputed,
            terms: proposal.terms,
            gates,
            features: Box::new(features.clone()),
            expires: now + Span::from_seconds(timeout),
            settings: self.version.clone(),
            state: SignalState::Created,
        };
        let bracket = match self.bracket(&signal) {
            Ok(bracket) => bracket,
            Err(refusal) => return self.refuse(step, signal, refusal),
        };
        if let Err(refusal) = self.checked(step, settings, &signal, &bracket[0]) {
            return self.refuse(step, signal, refusal);
        }
        for request in &bracket {
            self.intend(step, signal.strategy, *request);
        }
        signal.state = SignalState::Created;
        step.record(Record::Signal(Box::new(signal.clone())));
        let expires = signal.expires;
        let trade = Trade {
            entry: bracket[0].id,
            stop: Some(bracket[2].id),
            target: Some(bracket[1].id),
            stop_attempts: 1,
            ..Trade::bare(&signal)
        };
        self.trades.insert(id, trade);
        self.act(step, Action::Place(bracket.to_vec()), Some(expires));
    }

    /// Entry, target and stop: the children work once the entry has filled, and cancel each other.
    fn bracket(&mut self, signal: &Signal) -> Result<[OrderRequest; 3], Refusal> {
        let numbers = [self.allocate(), self.allocate(), self.allocate()];
        let [Some(entry), Some(target), Some(stop)] = numbers else {
            return Err(Refusal {
                rule: "order number".into(),
                reason: "the broker's order numbers are used up".into(),
            });
        };
        let request = |id, role, side, kind, parent: Option<OrderId>| OrderRequest {
            id,
            reference: OrderRef { signal: signal.id, role, attempt: 1 },
            contract: signal.contract,
            side,
            quantity: signal.quantity,
            kind,
            time_in_force: TimeInForce::Day,
            parent,
            one_cancels_all: parent,
        };
        Ok([
            request(entry, Role::Entry, Side::Buy, OrderKind::Limit { limit: signal.limit }, None),
            request(target, Role::Target, Side::Sell, OrderKind::Limit { limit: signal.target }, Some(entry)),
            request(stop, Role::Stop, Side::Sell, OrderKind::Stop { trigger: signal.stop }, Some(entry)),
        ])
    }

    fn checked(
        &self,
        step: &Step<'_>,
        settings: &Settings,
        signal: &Signal,
        order: &OrderRequest,
    ) -> Result<(), Refusal> {
        let open: Vec<(Strategy, Symbol)> = self
            .trades
            .values()
            .filter(|t| !t.signal.state.is_final())
            .map(|t| (t.signal.strategy, t.signal.symbol))
            .collect();
        let recent: Vec<check::Sent> = self.recent.iter().copied().collect();
        let live: Vec<Order> = self.orders.values().filter(|o| !o.state.is_final()).copied().collect();
        let budget = self.day_base().zip(self.day_profit(step.view));
        let situation = check::Situation {
            now: step.now(),
            settings,
            halt: self.halt,
            reconciled: matches!(self.link, Link::Reconciled { .. }),
            strategy: signal.strategy,
            contract: self.contract(step.view, signal.contract),
            session: self.session,
            account: self.account.as_ref(),
            premium_at_risk: self.premium_at_risk(),
            risk: signal.risk,
            loss_budget_left: budget
                .map(|(start, profit)| breaker::loss_budget_left(&settings.risk.breakers, start, profit)),
            open: &open,
            recent: &recent,
            live: &live,
        };
        check::run(order, &situation)
    }

    fn refuse(&mut self, step: &mut Step<'_>, mut signal: Signal, refusal: Refusal) {
        *self.refusals.entry(refusal.rule.clone()).or_default() += 1;
        signal.state = SignalState::Rejected(refusal);
        step.record(Record::Signal(Box::new(signal.clone())));
        // Kept for the screen; it has no orders.
        let trade = Trade::bare(&signal);
        self.trades.insert(trade.signal.id, trade);
    }

    /// Writes an order down before anything is sent.
    pub(crate) fn intend(&mut self, step: &mut Step<'_>, strategy: Strategy, request: OrderRequest) {
        let now = step.now();
        let twin = self.orders.values().any(|o| o.request.reference == request.reference);
        assert!(!twin, "two orders share the reference {}", request.reference); // invariant 5
        let order = Order {
            request,
            strategy,
            state: OrderState::Intent,
            perm_id: None,
            filled: alphatrader_model::Quantity::ZERO,
            created: now,
            updated: now,
        };
        self.orders.insert(request.id, order);
        self.note_sent(now, &request);
        step.record(Record::Order(Box::new(order)));
    }
}
