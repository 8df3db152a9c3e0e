//! One symbol by itself.

use alphatrader_model::calendar::Session;
use alphatrader_model::event::Payload;
use alphatrader_model::features::Features;
use alphatrader_model::instrument::{InstrumentId, Symbol};
use alphatrader_model::market::{Bar, DayTotals, Depth, Gap, Quote, Trade, TradingStatus};
use alphatrader_model::time::Timestamp;

use crate::parameters::Parameters;

use super::SymbolAnalytics;

/// [`SymbolAnalytics`] with the [`Features`] it writes: for a study, an export, a test. The core keeps the
/// features of its symbols side by side instead.
#[derive(Debug, Clone)]
pub struct Alone {
    analytics: SymbolAnalytics,
    features: Features,
}

impl Alone {
    /// Knows nothing yet. `instrument` is the number of the stock itself; events of others are ignored.
    pub fn new(symbol: Symbol, instrument: InstrumentId, parameters: Parameters) -> Self {
        let mut features = Features::new(symbol);
        let analytics = SymbolAnalytics::new(&mut features, instrument, parameters);
        Self { analytics, features }
    }

    /// What is known now.
    #[inline]
    pub const fn features(&self) -> &Features {
        &self.features
    }

    /// The analytics.
    #[inline]
    pub const fn analytics(&self) -> &SymbolAnalytics {
        &self.analytics
    }

    /// [`SymbolAnalytics::on_parameters`].
    pub fn on_parameters(&mut self, parameters: Parameters) {
        self.analytics.on_parameters(&mut self.features, parameters);
    }

    /// [`SymbolAnalytics::on_session`].
    pub fn on_session(&mut self, session: Session) {
        self.analytics.on_session(&mut self.features, session);
    }

    /// [`SymbolAnalytics::on_quote`].
    #[inline]
    pub fn on_quote(&mut self, ts: Timestamp, quote: &Quote) {
        self.analytics.on_quote(&mut self.features, ts, quote);
    }

    /// [`SymbolAnalytics::on_trade`].
    #[inline]
    pub fn on_trade(&mut self, ts: Timestamp, trade: &Trade) {
        self.analytics.on_trade(&mut self.features, ts, trade);
    }

    /// [`SymbolAnalytics::on_bar`].
    pub fn on_bar(&mut self, ts: Timestamp, bar: &Bar) {
        self.analytics.on_bar(&mut self.features, ts, bar);
    }

    /// [`SymbolAnalytics::on_depth`].
    #[inline]
    pub fn on_depth(&mut self, ts: Timestamp, depth: &Depth) {
        self.analytics.on_depth(&mut self.features, ts, depth);
    }

    /// [`SymbolAnalytics::on_status`].
    pub fn on_status(&mut self, ts: Timestamp, status: &TradingStatus) {
        self.analytics.on_status(&mut self.features, ts, status);
    }

    /// [`SymbolAnalytics::on_totals`].
    pub fn on_totals(&mut self, ts: Timestamp, totals: &DayTotals) {
        self.analytics.on_totals(ts, totals);
    }

    /// [`SymbolAnalytics::on_gap`].
    pub fn on_gap(&mut self, ts: Timestamp, gap: &Gap) {
        self.analytics.on_gap(&mut self.features, ts, gap);
    }

    /// [`SymbolAnalytics::on_timer`].
    #[inline]
    pub fn on_timer(&mut self, ts: Timestamp) -> bool {
        self.analytics.on_timer(&mut self.features, ts)
    }

    /// Whatever happened in the market; what is none of the symbol's is ignored.
    pub fn on_payload(&mut self, ts: Timestamp, payload: &Payload) {
        match payload {
            Payload::Quote(quote) => self.on_quote(ts, quote),
            Payload::Trade(trade) => self.on_trade(ts, trade),
            Payload::Depth(depth) => self.on_depth(ts, depth),
            Payload::Bar(bar) => self.on_bar(ts, bar),
            Payload::Gap(gap) => self.on_gap(ts, gap),
            Payload::Status(status) => self.on_status(ts, status),
            Payload::Totals(totals) => self.on_totals(ts, totals),
            Payload::Session(session) => self.on_session(*session),
            Payload::Timer => _ = self.on_timer(ts),
            _ => {}
        }
    }

    /// [`SymbolAnalytics::refresh`].
    pub fn refresh(&mut self) {
        self.analytics.refresh();
    }
}
