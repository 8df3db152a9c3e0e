//! Measured numbers, what stands behind them, and what was kept out.

use alphatrader_model::features::table::{COLUMNS, Column};
use alphatrader_model::features::{HiddenEvidence, RegimeLevel, RegimeSource};
use alphatrader_model::market::TradingState;
use alphatrader_model::view::{HiddenSeen, KeptOut, Sweep, SweepKind, SymbolHistory};
use alphatrader_model::{Features, Metric, Side, Span};

use crate::view::{
    Aggressor, Decimal, ExclusionView, Instant, MarkKind, MarkView, MeasureInfo, MeasureView, PointView,
    StateView,
};

/// What the order-flow trail keeps.
pub(super) const FLOW: [&str; 4] =
    ["flow.ofi_normalised", "flow.ofi", "flow.ofi_integrated", "flow.buy_probability"];

/// What the volatility trail keeps.
pub(super) const VOLATILITY: [&str; 9] = [
    "toxicity.vpin",
    "toxicity.cdf",
    "toxicity.null_ratio",
    "volatility.realised",
    "volatility.bipower",
    "volatility.garch",
    "volatility.jump_share",
    "regime.percentile",
    "session.vwap_deviation",
];

/// What every measured number is, in the order of exports.
pub fn catalogue() -> Vec<MeasureInfo> {
    let info = |column: &Column| MeasureInfo {
        key: key(column),
        group: column.group.to_owned(),
        name: column.name.to_owned(),
        unit: column.unit.to_owned(),
        range: column.range.to_owned(),
        meaning: column.meaning.to_owned(),
        source: column.source.to_owned(),
    };
    COLUMNS.iter().map(info).collect()
}

/// The measured numbers of a symbol, in the order of the catalogue.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measured(Vec<Metric>);

impl Measured {
    pub(super) fn of(features: &Features) -> Self {
        Self(COLUMNS.iter().map(|column| (column.get)(features)).collect())
    }

    /// Key and number.
    pub fn rows(&self) -> impl Iterator<Item = (String, MeasureView)> {
        COLUMNS.iter().zip(&self.0).map(|(column, metric)| (key(column), measure(metric)))
    }
}

fn key(column: &Column) -> String {
    format!("{}.{}", column.group, column.name)
}

fn measure(metric: &Metric) -> MeasureView {
    MeasureView {
        value: metric.value.and_then(significant),
        n_obs: metric.n_obs,
        quality: metric.quality.names().map(str::to_owned).collect(),
    }
}

/// Eight digits: prices to the price unit, and small numbers as well as large ones.
pub(super) fn significant(value: f64) -> Option<f64> {
    if value == 0.0 || !value.is_finite() {
        return value.is_finite().then_some(0.0);
    }
    let digits = 7 - value.abs().log10().floor() as i32;
    // Beyond this the scale itself would leave the range of numbers.
    if !(-290..=290).contains(&digits) {
        return Some(value);
    }
    let scale = 10_f64.powi(digits.abs());
    Some(if digits >= 0 { (value * scale).round() / scale } else { (value / scale).round() * scale })
}

/// The measures of `keys` at one moment.
pub(super) fn point(at: Instant, features: &Features, keys: &[&str]) -> PointView {
    let value = |wanted: &&str| {
        let (group, name) = wanted.split_once('.')?;
        let column = COLUMNS.iter().find(|column| column.group == group && column.name == name)?;
        Some(((*wanted).to_owned(), (column.get)(features).value.and_then(significant)?))
    };
    PointView { at, values: keys.iter().filter_map(value).collect() }
}

/// What stands behind the numbers.
pub(super) fn state(features: &Features, history: Option<&SymbolHistory>) -> StateView {
    let Features { toxicity, regime, session, sweeps, hidden, .. } = features;
    let lost = history.map(|history| history.lost).unwrap_or_default();
    let streams = [("quotes", lost.quotes), ("trades", lost.trades), ("depth", lost.depth)];
    StateView {
        regime: regime.level.map(|level| level_name(level).to_owned()),
        regime_source: source_name(regime.source).to_owned(),
        regime_since: regime.since.map(Instant::from),
        regime_states: regime.states,
        classification: toxicity.classification.name().to_owned(),
        accuracy_prior: toxicity.accuracy_prior.and_then(significant),
        alert_level: toxicity.alert_level.and_then(significant),
        alert: toxicity.alert,
        history_sessions: toxicity.history_sessions,
        bucket_volume: toxicity.bucket_volume,
        window: toxicity.window,
        opening_low: session.opening_range.map(|range| range.low.into()),
        opening_high: session.opening_range.map(|range| range.high.into()),
        opening_complete: session.opening_range.is_some_and(|range| range.complete),
        session_low: history.and_then(|history| history.session_low).map(Decimal::from),
        session_high: history.and_then(|history| history.session_high).map(Decimal::from),
        session_volume: features.session_volume,
        unusual_volume: session.unusual_volume,
        sweeps_bought: sweeps.bought,
        sweeps_sold: sweeps.sold,
        hidden_executions: hidden.executions,
        hidden_volume: hidden.volume,
        icebergs: hidden.icebergs,
        inside_prints: hidden.inside_prints,
        sampled: history.is_some_and(|history| history.sampled),
        lost: streams.iter().filter(|(_, lost)| *lost).map(|(name, _)| (*name).to_owned()).collect(),
        trading: history.and_then(|history| history.status).map(|state| trading_name(state).to_owned()),
    }
}

const fn level_name(level: RegimeLevel) -> &'static str {
    match level {
        RegimeLevel::Calm => "calm",
        RegimeLevel::Normal => "normal",
        RegimeLevel::Volatile => "volatile",
        RegimeLevel::Extreme => "extreme",
    }
}

const fn source_name(source: RegimeSource) -> &'static str {
    match source {
        RegimeSource::Percentile => "percentile",
        RegimeSource::Hmm => "hmm",
    }
}

pub(super) const fn aggressor(side: Side) -> Aggressor {
    match side {
        Side::Buy => Aggressor::Buy,
        Side::Sell => Aggressor::Sell,
    }
}

/// Sweeps and hidden orders, oldest first.
pub(super) fn marks(history: Option<&SymbolHistory>) -> Vec<MarkView> {
    let Some(history) = history else { return Vec::new() };
    history.recent_sweeps.iter().map(sweep).chain(history.recent_hidden.iter().map(hidden)).collect()
}

/// What the admission gate kept out.
pub(super) fn exclusions(history: Option<&SymbolHistory>) -> Vec<ExclusionView> {
    let view = |kept: &KeptOut| ExclusionView {
        reason: kept.reason.to_string(),
        of: kept.of.to_string(),
        count: kept.count,
    };
    history.into_iter().flat_map(|history| history.kept_out.iter().map(view)).collect()
}

/// Prints of one aggressor this much before the evidence belong to it.
const BURST: Span = Span::from_millis(5);

fn hidden(seen: &HiddenSeen) -> MarkView {
    let order = &seen.order;
    MarkView {
        kind: match order.evidence {
            HiddenEvidence::HiddenExecution => MarkKind::HiddenExecution,
            HiddenEvidence::Iceberg => MarkKind::Iceberg,
            HiddenEvidence::InsidePrint => MarkKind::InsidePrint,
        },
        start: (seen.first - BURST).into(),
        end: order.time.into(),
        side: aggressor(order.side),
        price: order.price.into(),
        to: order.price.into(),
        quantity: order.executed,
        count: order.refills,
        levels: None,
        venues: None,
        marked: None,
        chance: None,
        posterior: order.posterior.and_then(significant),
        remaining: order.remaining.and_then(significant),
    }
}

fn sweep(sweep: &Sweep) -> MarkView {
    MarkView {
        kind: match sweep.kind {
            SweepKind::Sweep => MarkKind::Sweep,
            SweepKind::InferredBurst => MarkKind::InferredBurst,
        },
        start: sweep.start.into(),
        end: sweep.end.into(),
        side: aggressor(sweep.side),
        price: sweep.from.into(),
        to: sweep.to.into(),
        quantity: sweep.quantity,
        count: sweep.prints,
        levels: Some(sweep.levels),
        venues: Some(sweep.venues),
        marked: significant(sweep.marked),
        chance: sweep.chance.and_then(significant),
        posterior: None,
        remaining: None,
    }
}

const fn trading_name(state: TradingState) -> &'static str {
    match state {
        TradingState::Trading => "trading",
        TradingState::Halted => "halted",
        TradingState::VolatilityPause => "volatility pause",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::{Quality, Symbol};

    #[test]
    fn a_number_keeps_eight_digits_whatever_its_size() {
        assert_eq!(significant(601.234_567_891), Some(601.234_57));
        assert_eq!(significant(-0.000_000_123_456_789_1), Some(-0.000_000_123_456_79));
        assert_eq!(significant(123_456_789_012.0), Some(123_456_790_000.0));
        assert_eq!((significant(0.0), significant(f64::NAN)), (Some(0.0), None));
        assert_eq!(significant(1e-300), Some(1e-300));
    }

    #[test]
    fn every_trail_keeps_measures_that_exist() {
        let keys: Vec<String> = catalogue().into_iter().map(|info| info.key).collect();
        for wanted in FLOW.iter().chain(&VOLATILITY) {
            assert!(keys.iter().any(|key| key == wanted), "{wanted}");
        }
    }

    #[test]
    fn what_is_not_ready_is_absent_and_says_its_observations() {
        let mut features = Features::new(Symbol::new("SPY").unwrap());
        features.toxicity.vpin = Metric::new(None, 12, Quality::GAP);
        features.flow.ofi = Metric::new(Some(-250.0), 3, Quality::GOOD);
        let rows: std::collections::BTreeMap<_, _> = Measured::of(&features).rows().collect();
        let vpin = &rows["toxicity.vpin"];
        assert_eq!(
            (vpin.value, vpin.n_obs, vpin.quality.as_slice()),
            (None, 12, ["gap".to_owned()].as_slice())
        );
        assert_eq!(rows["flow.ofi"].value, Some(-250.0));
        let point = point(Instant::from_micros(0), &features, &FLOW);
        assert_eq!(point.values.into_iter().collect::<Vec<_>>(), [("flow.ofi".to_owned(), -250.0)]);
    }
}
