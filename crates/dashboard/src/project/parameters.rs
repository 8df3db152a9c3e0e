//! Found parameters beside their defaults.

use alphatrader_model::discovered::{
    CorrelationMatrix, Discovered, MarketMakers, Parameter, RegimeParameters, Sample, Status,
    SymbolParameters,
};
use alphatrader_model::view::MarketView;
use alphatrader_model::{Settings, Symbol, Timestamp};

use super::in_order;
use super::measures::significant;
use crate::view::{
    CorrelationView, ExcludedSessionView, FoundState, FoundStatus, Instant, PairView, ParameterView,
    ParametersView, RegimesView, SampleView, SymbolParametersView, VerdictView,
};

/// Sessions that were not used: most that are listed.
const MOST_EXCLUDED: usize = 100;

/// What the core knows of found parameters.
#[derive(Debug, Clone, Copy, Default)]
pub struct Found<'a> {
    /// Those of this session; absent when none ever came.
    pub now: Option<&'a Discovered>,
    /// The opening of the session with which they came into force.
    pub since: Option<Timestamp>,
    /// Those that wait for the next session.
    pub next: Option<&'a Discovered>,
}

/// All parameters, found and by default, as they stand in the session of `market`.
pub fn parameters(found: Found<'_>, settings: &Settings, market: &MarketView) -> ParametersView {
    // Before the first session what waits is all there is to show.
    let shown = found.now.or(found.next);
    let opened = market.session.map(|session| session.open);
    let mut view = shown.map(head).unwrap_or_default();
    view.state = state(found, opened);
    view.problem = shown.and_then(|discovered| discovered.unusable.clone());
    view.since = found.since.filter(|_| view.state == FoundState::InForce).map(Instant::from);
    view.next = found.next.filter(|next| next.unusable.is_none()).map(|next| next.generated_at.into());
    let used = found.now.zip(opened);
    view.symbols = in_order(settings, market)
        .iter()
        .filter_map(|name| Symbol::new(name).ok())
        .map(|symbol| of_symbol(symbol, shown, used, settings, market))
        .collect();
    view.correlation =
        shown.map(|discovered| &discovered.correlation).filter(|c| was_searched(c)).map(correlation);
    view
}

fn state(found: Found<'_>, opened: Option<Timestamp>) -> FoundState {
    let Some(discovered) = found.now.or(found.next) else { return FoundState::Unknown };
    if let Some(reason) = &discovered.unusable {
        return match reason.split(':').next().unwrap_or_default() {
            "missing" => FoundState::Missing,
            "expired" => FoundState::Expired,
            "edited" => FoundState::Edited,
            "other_configuration" => FoundState::OtherConfiguration,
            "other_schema" => FoundState::OtherSchema,
            _ => FoundState::Unreadable,
        };
    }
    match (found.now, opened) {
        (Some(now), Some(open)) if now.is_valid(open) => FoundState::InForce,
        (Some(_), Some(_)) => FoundState::Expired,
        _ => FoundState::Waiting,
    }
}

/// What was searched, by whom and when.
fn head(discovered: &Discovered) -> ParametersView {
    if discovered.schema_version == 0 || discovered.generated_at == Timestamp::default() {
        return ParametersView::default();
    }
    let (engine, data) = (&discovered.engine, &discovered.data);
    let excluded = data.sessions_excluded.iter().take(MOST_EXCLUDED).map(|session| ExcludedSessionView {
        date: session.date.to_string(),
        symbol: session.symbol.map(|symbol| symbol.to_string()),
        reason: session.reason.clone(),
    });
    ParametersView {
        generated_at: Some(discovered.generated_at.into()),
        valid_until: Some(discovered.valid_until.into()),
        version: engine.version.clone(),
        git: engine.git.clone(),
        source: data.source.clone(),
        feed: data.feed.clone(),
        first: data.first.map(|date| date.to_string()),
        last: data.last.map(|date| date.to_string()),
        sessions: data.sessions_used,
        excluded: excluded.collect(),
        excluded_volume_share: data.excluded_volume_share.and_then(significant),
        ..ParametersView::default()
    }
}

fn of_symbol(
    symbol: Symbol,
    shown: Option<&Discovered>,
    used: Option<(&Discovered, Timestamp)>,
    settings: &Settings,
    market: &MarketView,
) -> SymbolParametersView {
    let found = shown.and_then(|discovered| discovered.symbols.get(&symbol));
    SymbolParametersView {
        symbol: symbol.to_string(),
        parameters: rows(symbol, found, used, settings, market),
        regimes: found.map(|found| regimes(&found.regimes, symbol, used)),
        market_makers: found.map(|found| market_makers(&found.market_makers)),
    }
}

fn rows(
    symbol: Symbol,
    found: Option<&SymbolParameters>,
    used: Option<(&Discovered, Timestamp)>,
    settings: &Settings,
    market: &MarketView,
) -> Vec<ParameterView> {
    let absent = SymbolParameters::default();
    let searched = found.is_some();
    let found = found.unwrap_or(&absent);
    let valid = used.is_some_and(|(now, open)| now.is_valid(open));
    let vpin = used.map(|(now, open)| now.vpin(symbol, open)).unwrap_or_default();
    // What the analytics themselves say that they use.
    let toxicity = market.of(symbol).map(|features| features.toxicity).unwrap_or_default();
    let analytics = &settings.analytics;
    let bucket = (toxicity.bucket_volume > 0).then_some(toxicity.bucket_volume as f64);
    let window = (toxicity.window > 0).then_some(f64::from(toxicity.window));
    let (found_bucket, found_window) = match vpin.buckets {
        Some((bucket, window)) => (Some(bucket as f64), Some(f64::from(window))),
        None => (None, None),
    };
    let row = |name: &str, parameter: &Parameter, default: Option<f64>, unit: &str, in_force: Option<f64>| {
        let default = parameter.default.or(default);
        let mut view = parameter_view(name, parameter, searched);
        if view.unit.is_empty() {
            unit.clone_into(&mut view.unit);
        }
        view.default = default.and_then(significant);
        view.found_in_force = in_force.is_some();
        view.in_force = in_force.or(default).and_then(significant);
        view
    };
    let plain = |parameter: &Parameter| parameter.in_force().filter(|_| valid);
    let temporal = &found.temporal;
    let mut rows = vec![
        row(
            "vpin.bucket_volume",
            &found.vpin.bucket_volume,
            Some(analytics.vpin_bucket_volume as f64),
            "shares",
            found_bucket,
        ),
        row(
            "vpin.window",
            &found.vpin.window,
            Some(f64::from(analytics.vpin_window)),
            "buckets",
            found_window,
        ),
        row("vpin.alert_cdf", &found.vpin.alert_cdf, None, "", vpin.alert_cdf),
        row("vpin.sigma_lambda", &found.vpin.sigma_lambda, None, "", vpin.sigma_lambda),
        row("temporal.lookback", &temporal.lookback_bars, None, "minutes", plain(&temporal.lookback_bars)),
    ];
    for (name, parameter) in &temporal.series {
        rows.push(row(&format!("temporal.{name}"), parameter, None, "minutes", plain(parameter)));
    }
    for (name, parameter, unit) in [
        ("sweeps.floor", &found.sweep_floor, "dollars"),
        ("iceberg.background_rate", &found.iceberg_background_rate, "per_second"),
        ("iceberg.refill_rate", &found.iceberg_refill_rate, "per_second"),
    ] {
        rows.push(row(name, parameter, None, unit, plain(parameter)));
    }
    // The analytics have the last word on what they use.
    for (row, said) in rows.iter_mut().zip([bucket, window]) {
        row.in_force = said.or(row.in_force);
    }
    rows
}

fn parameter_view(name: &str, parameter: &Parameter, searched: bool) -> ParameterView {
    let short = |value: f64| significant(value);
    ParameterView {
        name: name.to_owned(),
        unit: parameter.unit.clone(),
        value: parameter.value.and_then(short),
        default: None,
        requested: parameter.requested.and_then(short),
        in_force: None,
        found_in_force: false,
        status: searched.then(|| status(parameter.status)),
        confidence: parameter.confidence.and_then(short),
        ci95: parameter.ci95.and_then(interval),
        n: sample(&parameter.n),
        method: parameter.method.clone(),
        tests: numbers(&parameter.tests),
        predictive: parameter.predictive,
        reasons: parameter.reasons.clone(),
    }
}

fn interval([low, high]: [f64; 2]) -> Option<[f64; 2]> {
    Some([significant(low)?, significant(high)?])
}

fn numbers<K: Clone + Ord>(map: &std::collections::BTreeMap<K, f64>) -> std::collections::BTreeMap<K, f64> {
    map.iter().filter_map(|(name, value)| Some((name.clone(), significant(*value)?))).collect()
}

const fn status(status: Status) -> FoundStatus {
    match status {
        Status::Accepted => FoundStatus::Accepted,
        Status::Limited => FoundStatus::Limited,
        Status::Default => FoundStatus::Default,
        Status::Refused => FoundStatus::Refused,
    }
}

fn sample(sample: &Sample) -> SampleView {
    SampleView {
        sessions: sample.sessions,
        buckets: sample.buckets,
        points: sample.points,
        episodes: sample.episodes,
        effective: sample.effective.and_then(significant),
    }
}

fn regimes(
    regimes: &RegimeParameters,
    symbol: Symbol,
    used: Option<(&Discovered, Timestamp)>,
) -> RegimesView {
    let list = |values: &[f64]| values.iter().copied().filter_map(significant).collect();
    RegimesView {
        status: status(regimes.status),
        in_force: used.is_some_and(|(now, open)| now.regimes(symbol, open).is_some()),
        states: regimes.k,
        confidence: regimes.confidence.and_then(significant),
        sigma_5m: list(&regimes.sigma_5m),
        transition: regimes.transition.iter().map(|row| list(row)).collect(),
        bic: numbers(&regimes.bic),
        gain: regimes.oos_logscore_gain.and_then(significant),
        n: sample(&regimes.n),
        tests: numbers(&regimes.tests),
        reasons: regimes.reasons.clone(),
        valid_until: regimes.valid_until.map(Instant::from),
    }
}

fn market_makers(makers: &MarketMakers) -> VerdictView {
    VerdictView {
        status: status(makers.status),
        names: makers.makers.clone(),
        n: sample(&makers.n),
        reasons: makers.reasons.clone(),
    }
}

fn was_searched(correlation: &CorrelationMatrix) -> bool {
    !correlation.symbols.is_empty() || !correlation.reasons.is_empty()
}

fn correlation(correlation: &CorrelationMatrix) -> CorrelationView {
    let names = |symbols: &[Symbol]| symbols.iter().map(Symbol::to_string).collect();
    let pairs = correlation.pairs.iter().filter_map(|pair| {
        Some(PairView {
            first: pair.first.to_string(),
            second: pair.second.to_string(),
            value: significant(pair.value)?,
            ci95: interval([pair.low, pair.high])?,
        })
    });
    let rows = correlation.matrix.iter();
    CorrelationView {
        status: status(correlation.status),
        symbols: names(&correlation.symbols),
        method: correlation.method.clone(),
        shrinkage: correlation.shrinkage.and_then(significant),
        n: correlation.n,
        condition: correlation.condition.and_then(significant),
        matrix: rows.map(|row| row.iter().copied().filter_map(significant).collect()).collect(),
        pairs: pairs.collect(),
        dropped: correlation.dropped.iter().map(|(symbol, why)| (symbol.to_string(), why.clone())).collect(),
        reasons: correlation.reasons.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::discovered::{SCHEMA_VERSION, VpinParameters};
    use alphatrader_model::{Features, Session};
    use std::collections::BTreeMap;

    fn spy() -> Symbol {
        Symbol::new("SPY").unwrap()
    }

    fn market() -> MarketView {
        let session = Session {
            date: jiff::civil::date(2026, 11, 23),
            open: Timestamp::from_seconds(1_000),
            close: Timestamp::from_seconds(2_000),
        };
        MarketView { session: Some(session), features: vec![Features::new(spy())], ..MarketView::default() }
    }

    fn discovered() -> Discovered {
        let parameter = |value, status| Parameter {
            value: Some(value),
            status,
            ci95: Some([value - 1.0, value + 1.0]),
            reasons: vec!["why".to_owned()],
            ..Parameter::default()
        };
        let vpin = VpinParameters {
            bucket_volume: parameter(1_400_000.0, Status::Accepted),
            window: parameter(60.0, Status::Accepted),
            sigma_lambda: parameter(0.9, Status::Refused),
            ..VpinParameters::default()
        };
        Discovered {
            schema_version: SCHEMA_VERSION,
            generated_at: Timestamp::from_seconds(900),
            valid_until: Timestamp::from_seconds(5_000),
            symbols: BTreeMap::from([(spy(), SymbolParameters { vpin, ..SymbolParameters::default() })]),
            ..Discovered::default()
        }
    }

    fn named<'a>(view: &'a ParametersView, name: &str) -> &'a ParameterView {
        view.symbols[0].parameters.iter().find(|row| row.name == name).unwrap()
    }

    #[test]
    fn without_a_file_the_defaults_are_shown_and_why() {
        let missing = Discovered::unusable("missing");
        let found = Found { now: Some(&missing), ..Found::default() };
        let view = parameters(found, &Settings::default(), &market());
        assert_eq!((view.state, view.problem.as_deref()), (FoundState::Missing, Some("missing")));
        assert!(view.generated_at.is_none() && view.correlation.is_none());
        let bucket = named(&view, "vpin.bucket_volume");
        let default = Settings::default().analytics.vpin_bucket_volume as f64;
        assert_eq!((bucket.value, bucket.default, bucket.in_force), (None, Some(default), Some(default)));
        assert_eq!((bucket.status, bucket.found_in_force), (None, false));
    }

    #[test]
    fn what_is_accepted_is_in_force_and_what_is_refused_is_not() {
        let good = discovered();
        let found = Found { now: Some(&good), since: Some(Timestamp::from_seconds(1_000)), next: None };
        let view = parameters(found, &Settings::default(), &market());
        assert_eq!(view.state, FoundState::InForce);
        assert_eq!(view.since, Some(Instant::from(Timestamp::from_seconds(1_000))));
        let bucket = named(&view, "vpin.bucket_volume");
        assert_eq!((bucket.in_force, bucket.found_in_force), (Some(1_400_000.0), true));
        let lambda = named(&view, "vpin.sigma_lambda");
        assert_eq!(
            (lambda.value, lambda.in_force, lambda.status),
            (Some(0.9), None, Some(FoundStatus::Refused))
        );
        assert_eq!(lambda.reasons, ["why"]);
    }

    #[test]
    fn every_way_to_be_unusable_has_a_name() {
        let words = [
            ("missing", FoundState::Missing),
            ("expired: valid until x", FoundState::Expired),
            ("edited: its checksum is another", FoundState::Edited),
            ("other_configuration: symbols", FoundState::OtherConfiguration),
            ("other_schema: 2 and not 1", FoundState::OtherSchema),
            ("unreadable: no such", FoundState::Unreadable),
        ];
        for (reason, state) in words {
            let unusable = Discovered { unusable: Some(reason.to_owned()), ..discovered() };
            let found = Found { now: Some(&unusable), ..Found::default() };
            let view = parameters(found, &Settings::default(), &market());
            assert_eq!(view.state, state, "{reason}");
            let bucket = named(&view, "vpin.bucket_volume");
            assert!(!bucket.found_in_force && bucket.value.is_some(), "shown, and not used: {reason}");
        }
        assert_eq!(parameters(Found::default(), &Settings::default(), &market()).state, FoundState::Unknown);
    }

    #[test]
    fn what_came_in_the_middle_waits() {
        let (now, next) = (Discovered::unusable("missing"), discovered());
        let found = Found { now: Some(&now), since: None, next: Some(&next) };
        let view = parameters(found, &Settings::default(), &market());
        assert_eq!(view.state, FoundState::Missing);
        assert_eq!(view.next, Some(Instant::from(Timestamp::from_seconds(900))));
        let only = Found { next: Some(&next), ..Found::default() };
        let view = parameters(only, &Settings::default(), &market());
        assert_eq!(view.state, FoundState::Waiting);
        assert!(!named(&view, "vpin.bucket_volume").found_in_force);
    }

    #[test]
    fn a_file_that_ran_out_since_is_expired() {
        let old = Discovered { valid_until: Timestamp::from_seconds(999), ..discovered() };
        let view = parameters(Found { now: Some(&old), ..Found::default() }, &Settings::default(), &market());
        assert_eq!(view.state, FoundState::Expired);
    }
}
