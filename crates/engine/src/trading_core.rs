//! `TradingCore`: one per account; market view and broker events in, records and effects out.
//!
//! | file | what happens there |
//! | --- | --- |
//! | `state` | what is remembered, and the small moves everything else is made of |
//! | `trade` | one signal with all that came of it |
//! | `enter` | from a print to a signal to an order |
//! | `hear` | what the broker, the ledger's barrier and the operator say |
//! | `tend` | what time does: walking, silence of the broker, the day's loss |
//! | `exits` | stop and target of a position, and closing it |
//! | `outcome` | where a signal is, and why it ended |
//! | `reconcile` | the broker's picture held against ours |
//! | `recover` | rebuilding the state from the ledger's records |
//! | `show` | the read model |

mod enter;
mod exits;
mod hear;
mod outcome;
mod reconcile;
mod recover;
mod show;
mod state;
mod tend;
mod trade;

use alphatrader_model::event::Operator;
use alphatrader_model::view::MarketView;
use alphatrader_model::{
    Event, Money, Outputs, Payload, Session, SignalId, SignalState, Span, Symbol, Timestamp,
};

use state::{Pace, Step};
pub use state::{TradingCore, Troubles};

impl TradingCore {
    /// Takes one event, after the market half has taken it.
    pub fn on_event(&mut self, event: &Event, view: &MarketView, out: &mut Outputs) {
        self.as_of = event.ts_event;
        let mut step = Step { event, view, out, signals: 0 };
        match &event.payload {
            Payload::Trade(trade) => {
                if let Some(symbol) = self.stocks.get(&trade.instrument).copied() {
                    self.on_print(&mut step, symbol);
                }
            }
            Payload::Timer => self.on_timer(&mut step),
            Payload::Broker(said) => self.on_broker(&mut step, said),
            Payload::Barrier { effect, verdict } => self.on_verdict(&mut step, *effect, *verdict),
            Payload::Operator(asked) => self.on_operator(&mut step, asked),
            Payload::Ledger(said) => self.on_ledger(&mut step, said),
            Payload::Settings(settings) => {
                self.version = crate::digest::settings_version(settings);
                self.settings = Some(settings.clone());
            }
            Payload::Session(session) => self.on_session(&mut step, *session),
            Payload::Instrument(instrument) => {
                self.ids.insert(instrument.contract, instrument.id);
                if let alphatrader_model::Contract::Stock(symbol) = instrument.contract {
                    self.stocks.insert(instrument.id, symbol);
                }
            }
            // Quotes, depth and bars change the view; nothing is decided on them alone.
            Payload::Quote(_)
            | Payload::Depth(_)
            | Payload::Bar(_)
            | Payload::Gap(_)
            | Payload::Chain(_)
            | Payload::Status(_)
            | Payload::Totals(_)
            | Payload::Discovered(_)
            | Payload::ChainSnapshot(_)
            | Payload::Sentiment(_) => {}
        }
    }

    fn on_timer(&mut self, step: &mut Step<'_>) {
        self.tend_all(step);
        self.watch_day(step);
        if step.now().since(self.evaluated) >= Span::SECOND {
            self.evaluated = step.now();
            self.look_at_all(step);
        }
    }

    /// A new day forgets yesterday's finished trades and counts.
    fn on_session(&mut self, step: &mut Step<'_>, session: Session) {
        let new_day = self.session.is_none_or(|s| s.date != session.date);
        self.session = Some(session);
        if !new_day {
            return;
        }
        self.paces.values_mut().for_each(|pace| {
            *pace = Pace { last_lost: pace.last_lost, ..Pace::default() };
        });
        self.refusals.clear();
        self.forget_before(session.open);
        self.count_signals();
        if let Some(account) = self.account {
            self.on_account(step, &account);
        }
    }

    fn forget_before(&mut self, open: Timestamp) {
        let over: Vec<SignalId> = self
            .trades
            .values()
            .filter(|t| t.signal.time < open && !self.needs_care(t))
            .map(|t| t.signal.id)
            .collect();
        self.trades.retain(|id, _| !over.contains(id));
        let kept = &self.trades;
        self.orders.retain(|_, o| !o.state.is_final() || kept.contains_key(&o.request.reference.signal));
    }

    /// The day's limits on signals hold across a restart: its first session counts what the ledger
    /// remembers of the day.
    fn count_signals(&mut self) {
        let Some(open) = self.session.map(|s| s.open) else { return };
        for trade in self.trades.values().filter(|t| t.signal.time >= open) {
            let signal = &trade.signal;
            let pace = self.paces.entry((signal.strategy, signal.symbol)).or_default();
            pace.signals += 1;
            pace.last_signal = pace.last_signal.max(Some(signal.time));
            if let SignalState::Closed { profit, .. } = signal.state {
                pace.last_lost = profit < Money::ZERO;
            }
        }
    }

    fn on_operator(&mut self, step: &mut Step<'_>, asked: &Operator) {
        use alphatrader_model::event::HaltLevel;
        match asked {
            Operator::Halt { reason } => {
                let reason = format!("by hand: {reason}");
                self.trip(step, alphatrader_trading::breaker::Trip { level: HaltLevel::Halt, reason });
            }
            Operator::Resume { reason } => {
                self.halt = HaltLevel::None;
                self.halt_reason = None;
                let reason = format!("resumed by hand: {reason}");
                step.record(alphatrader_model::Record::Halt { level: HaltLevel::None, reason });
                self.compare_again(step);
            }
            Operator::Shutdown => self.stopping = true,
        }
        self.tend_all(step);
    }

    pub(crate) fn symbols(&self) -> impl Iterator<Item = Symbol> + '_ {
        self.settings.iter().flat_map(|s| s.symbols.iter().copied())
    }
}
