//! What the session's middles and minutes say: volatility, regime, temporal structure.

use alphatrader_model::calendar::Session;
use alphatrader_model::features::Features;
use alphatrader_model::market::{Level, Side};
use alphatrader_model::metric::Quality;
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use alphatrader_model::view::SymbolHistory;
use serde::{Deserialize, Serialize};

use crate::parameters::Parameters;
use crate::regime::RegimeState;
use crate::temporal::TemporalState;
use crate::volatility::VolatilityState;
use crate::volatility::ranges::RangeBar;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Prices {
    volatility: VolatilityState,
    regime: RegimeState,
    structure: TemporalState,
    /// Start of the last candle that was handed to the range estimators.
    ranged: Timestamp,
}

impl Prices {
    pub(super) fn new(parameters: &Parameters) -> Self {
        Self {
            volatility: VolatilityState::new(Price::CENT, parameters.garch),
            regime: RegimeState::new(parameters.regime.clone()),
            structure: TemporalState::default(),
            ranged: Timestamp::from_nanos(i64::MIN),
        }
    }

    /// Takes new parameters where a session begins.
    pub(super) fn change_parameters(&mut self, old: &Parameters, new: &Parameters) {
        if old.garch != new.garch {
            self.volatility.set_garch(new.garch);
        }
        if old.regime != new.regime {
            self.regime.set_model(new.regime.clone());
        }
    }

    pub(super) fn begin_session(&mut self, session: Session) {
        self.volatility.on_session();
        self.regime.on_session(session.open);
        self.structure.on_session();
    }

    /// A touch of the session.
    #[inline]
    pub(super) fn on_touch(&mut self, ts: Timestamp, bid: Level, ask: Level, quality: Quality) {
        self.volatility.on_quote(ts, bid.price, ask.price, quality);
        self.regime.on_quote(ts, bid.price, ask.price, quality);
        self.structure.on_quote(ts, bid.price, ask.price, quality);
    }

    /// A signed print of the session.
    #[inline]
    pub(super) fn on_trade(&mut self, side: Side) {
        self.structure.on_trade(side);
    }

    /// A second of the session is over.
    pub(super) fn turn(&mut self, ts: Timestamp, history: &SymbolHistory, features: &mut Features) {
        self.volatility.on_time(ts);
        self.regime.on_time(ts);
        self.structure.on_time(ts);
        // The last candle that is over; the one before it was handed over when this one began.
        let over = history.candles.iter().rev().take(2).find(|candle| candle.start + Span::MINUTE <= ts);
        if let Some(candle) = over.filter(|candle| candle.start > self.ranged) {
            self.ranged = candle.start;
            let (open, high, low, close) = (candle.open, candle.high, candle.low, candle.close);
            self.volatility.on_bar(&RangeBar { open, high, low, close });
        }
        self.show(features);
    }

    /// What may be other than the last time: mostly nothing, for returns are of five seconds and more.
    fn show(&mut self, features: &mut Features) {
        self.volatility.fill_changed(&mut features.volatility);
        self.regime.fill_changed(&mut features.regime);
        self.structure.fill_changed(&mut features.structure);
    }

    /// Quotes were lost.
    pub(super) fn clear(&mut self, features: &mut Features) {
        self.volatility.clear();
        self.regime.clear();
        self.structure.clear();
        self.show(features);
    }

    pub(super) fn halt(&mut self, ts: Timestamp) {
        self.volatility.on_halt(ts);
        self.regime.on_halt(ts);
        self.structure.on_halt(ts);
    }

    pub(super) fn resume(&mut self) {
        self.volatility.on_resume();
        self.regime.on_resume();
        self.structure.on_resume();
    }

    /// Bytes outside the value itself.
    pub(super) fn heap_bytes(&self) -> usize {
        self.volatility.heap_bytes() + self.regime.heap_bytes() + self.structure.heap_bytes()
    }
}
