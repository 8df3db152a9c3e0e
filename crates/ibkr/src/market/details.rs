//! Contract details, with the steps of prices.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use alphatrader_edge::{Backoff, Policy};
use alphatrader_model::{Contract, OptionContract, Right, Symbol};
use ibapi::contracts::{Contract as BrokerContract, ContractDetails, MarketRule, SecurityType};
use ibapi::{Client, Error};
use jiff::civil::Date;
use tokio::time::{sleep, timeout};

use crate::context::Context;
use crate::registry::Terms;
use crate::status::count;
use crate::translate::contract::{day, to_broker};
use crate::translate::instrument::{rule_id, terms};
use crate::words;

/// Contracts of one expiry that are read; a whole chain has a few hundred.
const MAX_CONTRACTS: usize = 4_096;

/// Questions about contracts are asked again after this, doubling up to a minute.
const RETRY: Policy = Policy {
    first: std::time::Duration::from_secs(1),
    longest: std::time::Duration::from_mins(1),
    attempts: u32::MAX,
};

/// The session is over: nobody answers any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionOver;

/// A contract that can be followed.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) terms: Terms,
    pub(crate) named: BrokerContract,
}

/// Asks for contracts in one session.
pub(crate) struct Asker {
    pub(crate) context: Arc<Context>,
    pub(crate) client: Arc<Client>,
    /// Rules by number; nothing where the broker did not say. A handful of rules cover the market.
    rules: BTreeMap<i32, Option<Arc<MarketRule>>>,
}

impl Asker {
    pub(crate) const fn new(context: Arc<Context>, client: Arc<Client>) -> Self {
        Self { context, client, rules: BTreeMap::new() }
    }

    /// The stock of a symbol. Asked again until there is one.
    pub(crate) async fn stock(&mut self, symbol: Symbol) -> Result<Listed, SessionOver> {
        let mut backoff = Backoff::new(RETRY);
        loop {
            if let Some(listed) = self.find(&Contract::Stock(symbol)).await? {
                return Ok(listed);
            }
            sleep(backoff.next().unwrap_or(RETRY.longest)).await;
        }
    }

    /// A contract by its own name; nothing, with a word, when the broker knows none.
    pub(crate) async fn find(&mut self, wanted: &Contract) -> Result<Option<Listed>, SessionOver> {
        let found = self.ask(&to_broker(wanted, None, None)).await?;
        for details in &found {
            if let Some(listed) = self.listed(details).await?
                && listed.terms.contract == *wanted
            {
                return Ok(Some(listed));
            }
        }
        let text = format!("{}: the broker knows no such contract in dollars", wanted.label());
        self.context.board.error(&text);
        tracing::warn!("{text}");
        Ok(None)
    }

    /// The options of a stock that expire on a day, by name; none when the day is no expiry.
    pub(crate) async fn expiring(
        &mut self,
        symbol: Symbol,
        con_id: i32,
        expiry: Date,
    ) -> Result<BTreeMap<OptionContract, Listed>, SessionOver> {
        let Some(class) = self.class(symbol, con_id, expiry).await? else { return Ok(BTreeMap::new()) };
        let root = OptionContract {
            root: class,
            expiry,
            strike: alphatrader_model::Price::CENT,
            right: Right::Call,
        };
        // Without strike and right: one question for the whole expiry.
        let asked = BrokerContract {
            strike: 0.0,
            right: None,
            ..to_broker(&Contract::Option(root), Some(symbol), None)
        };
        let found = self.ask(&asked).await?;
        let mut chain = BTreeMap::new();
        for details in &found {
            if let Some(listed) = self.listed(details).await?
                && let Contract::Option(option) = listed.terms.contract
                && option.expiry == expiry
                && option.root == class
            {
                chain.insert(option, listed);
            }
        }
        Ok(chain)
    }

    /// The trading class whose options expire on a day: the stock's own name first.
    async fn class(
        &mut self,
        symbol: Symbol,
        con_id: i32,
        expiry: Date,
    ) -> Result<Option<Symbol>, SessionOver> {
        let expiry = day(expiry);
        let deadline = self.context.config.request_deadline;
        let parameters = self
            .until_answered(&format!("option chain of {symbol}"), || async {
                self.client
                    .option_chain(symbol.as_str(), SecurityType::Stock, con_id)
                    .buffer_limit(MAX_CONTRACTS)
                    .subscribe()
                    .await?
                    .collect_to_end_within(deadline)
                    .await
            })
            .await?;
        let mut classes: Vec<Symbol> = parameters
            .iter()
            .filter(|parameter| parameter.expirations.contains(&expiry))
            .filter_map(|parameter| Symbol::new(&parameter.trading_class).ok())
            .collect();
        classes.sort_unstable_by_key(|class| (*class != symbol, *class));
        Ok(classes.first().copied())
    }

    /// Contract details; empty when the broker knows no such contract.
    async fn ask(&self, asked: &BrokerContract) -> Result<Vec<ContractDetails>, SessionOver> {
        let deadline = self.context.config.request_deadline;
        let name = format!("contract details of {}", asked.symbol);
        self.until_answered(&name, || async {
            let answer = self
                .client
                .contract_details_stream(asked)
                .buffer_limit(MAX_CONTRACTS)
                .subscribe()
                .await?
                .collect_to_end_within(deadline)
                .await;
            match answer {
                Err(Error::Notice(notice)) if notice.code == 200 => Ok(Vec::new()),
                other => other,
            }
        })
        .await
    }

    /// Details with the steps of the contract's prices; nothing, with a word, when they say too little.
    async fn listed(&mut self, details: &ContractDetails) -> Result<Option<Listed>, SessionOver> {
        let rule = match rule_id(details) {
            Some(id) => self.rule(id).await?,
            None => None,
        };
        let config = &self.context.config;
        match terms(details, rule.as_deref(), &self.context.calendar, config.synthetic) {
            Ok(terms) => {
                // Details name the exchange they were asked on; orders and quotes go to the router.
                let named = to_broker(&terms.contract, Some(terms.underlying), terms.con_id);
                Ok(Some(Listed { terms, named }))
            }
            Err(refused) => {
                count(&self.context.board.counters.unsaid);
                tracing::warn!(%refused, "a contract is left out");
                Ok(None)
            }
        }
    }

    /// The steps of prices; without an answer the contract's smallest step counts.
    async fn rule(&mut self, id: i32) -> Result<Option<Arc<MarketRule>>, SessionOver> {
        if let Some(known) = self.rules.get(&id) {
            return Ok(known.clone());
        }
        self.context.pacer.turn().await;
        let rule = match timeout(self.context.config.request_deadline, self.client.market_rule(id)).await {
            Ok(Ok(rule)) => Some(Arc::new(rule)),
            Ok(Err(error)) if words::is_session_over(&error) => return Err(SessionOver),
            Ok(Err(error)) => {
                tracing::warn!(id, %error, "no market rule: one price step for all prices");
                None
            }
            Err(_) => None,
        };
        self.rules.insert(id, rule.clone());
        Ok(rule)
    }

    /// Asks until there is an answer, each time within the deadline.
    async fn until_answered<T, F, Ask>(&self, what: &str, ask: Ask) -> Result<T, SessionOver>
    where
        F: Future<Output = Result<T, Error>>,
        Ask: Fn() -> F,
    {
        let mut backoff = Backoff::new(RETRY);
        loop {
            self.context.pacer.turn().await;
            let reason = match timeout(self.context.config.request_deadline, ask()).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) if words::is_session_over(&error) => return Err(SessionOver),
                Ok(Err(error)) => words::stream(&error),
                Err(_) => "no answer in time".to_owned(),
            };
            count(&self.context.board.counters.requests_failed);
            self.context.board.error(&format!("{what}: {reason}"));
            tracing::warn!(what, %reason, "a question is asked again");
            sleep(backoff.next().unwrap_or(RETRY.longest)).await;
        }
    }
}
