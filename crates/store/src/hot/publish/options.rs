//! What options and news say, under their keys.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Instant;

use alphatrader_model::view::{ContractGreeks, MarketView, OptionsView};
use alphatrader_model::{Contract, Symbol, Timestamp};

use super::super::Key;
use super::super::shapes::{Chain, ChainRow, Greeks, UnusualActivity, greeks_of, json};
use super::{Picture, Publisher};

/// When a chain was last made, and how large it was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made {
    at: Instant,
    rows: usize,
}

impl Made {
    /// Rows above which a chain is made less often.
    const LARGE: usize = 1_000;

    fn is_recent(self, now: Instant) -> bool {
        let least =
            if self.rows > Self::LARGE { Publisher::LARGE_CHAIN_INTERVAL } else { Publisher::CHAIN_INTERVAL };
        now.saturating_duration_since(self.at) < least
    }
}

impl Publisher {
    pub(super) fn put_chain(&mut self, now: Instant, symbol: Symbol, picture: &Picture<'_>) {
        if self.chains.get(&symbol).is_some_and(|made| made.is_recent(now)) {
            self.keep(Key::Chain(symbol));
            self.keep(Key::Greeks(symbol));
            return;
        }
        let Some(chain) = chain(symbol, picture.market) else { return };
        self.put(now, Key::Chain(symbol), &json(&chain));
        let contracts = greeks(symbol, picture);
        if let Some(as_of) = contracts.iter().map(|greeks| greeks.quote_at).max() {
            self.put(now, Key::Greeks(symbol), &json(&Greeks { as_of, contracts }));
        }
        self.chains.insert(symbol, Made { at: now, rows: chain.contracts.len() });
    }

    /// Exposures and news. They outlive the broker: their source is another.
    pub(super) fn put_options(&mut self, now: Instant, picture: &Picture<'_>) {
        let market = picture.market;
        for options in &market.options {
            let symbol = options.symbol;
            if let Some(exposure) = options.exposure.as_ref().filter(|_| !chain_is_lost(market, options)) {
                let text = picture.exposures.iter().find(|text| text.symbol == symbol);
                if let Some(text) = text {
                    // Large, and the same until the next round: its instant tells.
                    self.put_version(now, Key::Exposure(symbol), text.as_of, || text.json.clone());
                }
                let shape = UnusualActivity {
                    as_of: exposure.as_of,
                    degraded: exposure.degraded,
                    contracts: &exposure.unusual,
                };
                self.put(now, Key::Unusual(symbol), &json(&shape));
            }
            if let Some(value) = options.sentiment.as_deref().filter(|s| !news_are_lost(market, s.as_of)) {
                self.put(now, Key::Sentiment(symbol), &json(value));
            }
        }
        if let Some(value) = market.market_sentiment.as_deref().filter(|s| !news_are_lost(market, s.as_of)) {
            self.put(now, Key::MarketSentiment, &json(value));
        }
    }
}

/// Nobody told the chain for long, in a session: outside of one nobody is asked.
fn chain_is_lost(market: &MarketView, options: &OptionsView) -> bool {
    let in_session = market.session.is_some_and(|session| session.contains(market.as_of));
    let newest = options.chain_at();
    in_session && newest.is_none_or(|at| market.as_of.since(at) > Publisher::CHAIN_LOST)
}

fn news_are_lost(market: &MarketView, as_of: Timestamp) -> bool {
    market.as_of.since(as_of) > Publisher::NEWS_LOST
}

/// The merged chain where there is one, else what the broker quotes.
fn chain(symbol: Symbol, market: &MarketView) -> Option<Chain> {
    let of_symbol = || market.contracts.iter().filter(move |view| view.instrument.underlying == symbol);
    let merged = market.options_of(symbol).filter(|options| !options.rows.is_empty());
    if let Some(options) = merged.filter(|options| !chain_is_lost(market, options)) {
        let synthetic = of_symbol().any(|view| view.instrument.synthetic);
        let rows = options.rows.iter().take(Publisher::CHAIN_ROWS);
        return Some(Chain {
            as_of: options.rows.iter().map(|row| row.quote_at).max()?,
            known: options.rows.len(),
            contracts: rows.map(|row| ChainRow::merged(row, synthetic)).collect(),
        });
    }
    let contracts: Vec<ChainRow> = of_symbol().filter_map(ChainRow::of).collect();
    if contracts.is_empty() {
        return None;
    }
    let options = of_symbol().filter(|view| view.instrument.contract.option().is_some());
    let as_of = options.filter_map(|view| view.quote_at).max().unwrap_or(market.as_of);
    Some(Chain { as_of, known: contracts.len(), contracts })
}

/// Sensitivities of all contracts; those of the broker's own quotes are the fresher ones.
fn greeks<'a>(symbol: Symbol, picture: &Picture<'a>) -> Vec<Cow<'a, ContractGreeks>> {
    let mut all: BTreeMap<Contract, Cow<'a, ContractGreeks>> = BTreeMap::new();
    let merged = picture.market.options_of(symbol);
    if let Some((options, exposure)) = merged.and_then(|options| Some((options, options.exposure.as_ref()?)))
    {
        let rows = options.rows.iter().take(Publisher::CHAIN_ROWS);
        let made = rows.filter_map(|row| greeks_of(row, symbol, exposure.spot));
        all.extend(made.map(|greeks| (greeks.contract, Cow::Owned(greeks))));
    }
    let own = picture.greeks.iter().filter(|greeks| greeks.underlying == symbol);
    all.extend(own.map(|greeks| (greeks.contract, Cow::Borrowed(greeks))));
    all.into_values().collect()
}
