//! Takes the broker's picture: open orders, executions of the session, completed orders, positions,
//! account.

use std::collections::BTreeMap;

use alphatrader_model::broker::{BrokerOrderState, OpenOrder};
use alphatrader_model::{BrokerEvent, OrderRef, OrderRequest};
use futures_util::{Stream, StreamExt};
use ibapi::accounts::types::AccountGroup;
use ibapi::accounts::{AccountSummaryResult, PositionUpdate};
use ibapi::orders::{ExecutionFilter, Executions, OrderData, Orders};
use ibapi::subscriptions::SubscriptionItem;
use ibapi::{Error, SUBSCRIPTION_LAG_CODE};
use tokio::time::{Instant, timeout, timeout_at};

use super::{AGAIN, Desk, End, Flow, MAX_FAILURES, Seen};
use crate::status::count;
use crate::translate::report::{self, AccountRows};
use crate::words;

/// Why the picture was not taken.
enum Failed {
    /// The session ended meanwhile.
    Ended(End),
    /// A request was not answered as it should.
    Request(String),
}

/// Whether a request has had its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    More,
    Whole,
}

impl Desk<'_> {
    /// Takes the picture; tries again later when a request fails.
    pub(super) async fn synchronise(&mut self) -> Flow {
        self.due = None;
        self.sent_meanwhile = Some(BTreeMap::new());
        self.seen = Seen::default();
        self.context.broker(BrokerEvent::SyncBegin);
        let taken = self.picture().await;
        let sent = self.sent_meanwhile.take().unwrap_or_default();
        match taken {
            Ok(again) => {
                for request in sent.values() {
                    self.context.broker(BrokerEvent::OpenOrder(on_its_way(request)));
                }
                self.context.broker(BrokerEvent::SyncEnd);
                self.twins.only(&self.seen.perm_ids);
                count(&self.context.board.counters.synchronisations);
                self.failures = 0;
                if again { Flow::Synchronise } else { Flow::Continue }
            }
            Err(Failed::Ended(end)) => Flow::End(end),
            Err(Failed::Request(reason)) => self.failed(&reason),
        }
    }

    fn failed(&mut self, reason: &str) -> Flow {
        count(&self.context.board.counters.requests_failed);
        self.failures += 1;
        let text = format!("the broker's orders and positions could not be read: {reason}");
        self.context.board.error(&text);
        if self.failures >= MAX_FAILURES {
            return Flow::End(End::Lost(text));
        }
        self.context.notice(format!("{text}; asked again"));
        self.due = Some(Instant::now() + AGAIN * self.failures);
        Flow::Continue
    }

    async fn picture(&mut self) -> Result<bool, Failed> {
        let mut again = self.open_orders().await?;
        again |= self.executions().await?;
        again |= self.completed_orders().await?;
        again |= self.all_positions().await?;
        again |= self.whole_account().await?;
        Ok(again)
    }

    /// Orders of all clients. Ours reach the engine over their own stream, in the same order.
    async fn open_orders(&mut self) -> Result<bool, Failed> {
        let deadline = self.context.config.request_deadline;
        let asked = timeout(deadline, self.client.all_open_orders()).await;
        let stream = opened("open orders", asked)?;
        let ours = self.client.client_id();
        let mut foreign = Vec::new();
        let (_, again) = self
            .gather("open orders", stream, |desk, item| {
                if let Orders::OrderData(data) = item
                    && data.order.client_id != ours
                {
                    desk.report(report::open_order(&data, ours));
                    foreign.push(data);
                }
                Answer::More
            })
            .await?;
        for data in &foreign {
            // An order of ours that another client works: we can tell of it, not cancel it.
            self.note_listed(data, 0).await;
        }
        Ok(again)
    }

    /// Orders of ours that ended today, for those whose end we did not see. After the executions: what
    /// they filled is counted before they are over. A broker that does not tell them is no reason not
    /// to trade: without them an order that is no longer open is over all the same.
    async fn completed_orders(&mut self) -> Result<bool, Failed> {
        let deadline = self.context.config.request_deadline;
        let asked = timeout(deadline, self.client.completed_orders(true)).await;
        let stream = match opened("completed orders", asked) {
            Err(Failed::Request(reason)) => return Ok(self.do_without(&reason)),
            other => other?,
        };
        let ours = self.client.client_id();
        let gathered = self
            .gather("completed orders", stream, |desk, item| {
                if let Orders::OrderData(data) = item {
                    desk.completed(&data, ours);
                }
                Answer::More
            })
            .await;
        match gathered {
            Ok((_, again)) => Ok(again),
            Err(Failed::Request(reason)) => Ok(self.do_without(&reason)),
            Err(ended) => Err(ended),
        }
    }

    fn do_without(&self, reason: &str) -> bool {
        count(&self.context.board.counters.requests_failed);
        tracing::warn!(%reason, "the picture is taken without completed orders");
        false
    }

    /// An order that ended. One that is open under the same name is its change, which works.
    fn completed(&mut self, data: &OrderData, ours: i32) {
        let Ok(name) = data.order.order_ref.parse::<OrderRef>() else { return };
        if self.seen.names.contains(&name) {
            return;
        }
        match report::completed_order(data, ours) {
            Ok(event) => self.context.broker(event),
            // It is over whatever it was.
            Err(unsaid) => tracing::info!(%unsaid, "a completed order is left out"),
        }
    }

    /// Executions since the session's start, with commissions. Ours reach the engine over the stream
    /// of our orders.
    async fn executions(&mut self) -> Result<bool, Failed> {
        let deadline = self.context.config.request_deadline;
        let filter = ExecutionFilter { account_code: self.account.clone(), ..ExecutionFilter::default() };
        let asked = timeout(deadline, self.client.executions(filter)).await;
        let stream = opened("executions", asked)?;
        let ours = self.client.client_id();
        let (_, again) = self
            .gather("executions", stream, |desk, item| {
                if let Executions::ExecutionData(data) = item
                    && data.execution.client_id != ours
                {
                    desk.execution(&data);
                }
                // Commissions of all executions come over the stream of our orders.
                Answer::More
            })
            .await?;
        Ok(again)
    }

    async fn all_positions(&mut self) -> Result<bool, Failed> {
        let deadline = self.context.config.request_deadline;
        let asked = timeout(deadline, self.client.positions()).await;
        let stream = opened("positions", asked)?;
        let (stream, again) = self
            .gather("positions", stream, |desk, item| match item {
                PositionUpdate::Position(position) => {
                    desk.position(&position);
                    Answer::More
                }
                PositionUpdate::PositionEnd => Answer::Whole,
            })
            .await?;
        // Kept: later changes come over it. The one before it, if any, goes only now, so that the
        // broker never sees the last of them cancelled.
        self.positions = Some(stream);
        Ok(again)
    }

    async fn whole_account(&mut self) -> Result<bool, Failed> {
        // Two at once are the broker's limit: the old one goes first.
        self.account_stream = None;
        self.account_rows = AccountRows::default();
        let deadline = self.context.config.request_deadline;
        let group = AccountGroup::from("All");
        let asked = timeout(deadline, self.client.account_summary(&group, &AccountRows::TAGS)).await;
        let stream = opened("account", asked)?;
        let (stream, again) = self
            .gather("account", stream, |desk, item| match item {
                AccountSummaryResult::Summary(row) => {
                    let account = desk.account.clone();
                    desk.account_rows.take(&row, &account);
                    Answer::More
                }
                AccountSummaryResult::End => Answer::Whole,
            })
            .await?;
        self.account_stream = Some(stream);
        match self.account_rows.whole(self.now()) {
            Some(account) => self.context.broker(BrokerEvent::Account(account)),
            None => {
                return Err(Failed::Request(format!("account {} has no values in dollars", self.account)));
            }
        }
        Ok(again)
    }

    /// Reads an answer to its end, while everything else goes on. Reports of orders go first: what
    /// they say came before the end of the answer. Says whether the picture was asked for meanwhile.
    async fn gather<S, T>(
        &mut self,
        what: &str,
        mut stream: S,
        mut take: impl FnMut(&mut Self, T) -> Answer,
    ) -> Result<(S, bool), Failed>
    where
        S: Stream<Item = Result<SubscriptionItem<T>, Error>> + Unpin,
    {
        let deadline = Instant::now() + self.context.config.request_deadline;
        let mut again = false;
        loop {
            let item = tokio::select! {
                biased;
                happening = self.happening() => {
                    match self.handle(happening).await {
                        Flow::Continue => {}
                        Flow::Synchronise => again = true,
                        Flow::End(end) => return Err(Failed::Ended(end)),
                    }
                    continue;
                }
                item = timeout_at(deadline, stream.next()) => item,
            };
            match item {
                Ok(Some(Ok(SubscriptionItem::Data(item)))) => {
                    if take(self, item) == Answer::Whole {
                        return Ok((stream, again));
                    }
                }
                Ok(Some(Ok(SubscriptionItem::Notice(notice)))) if notice.code != SUBSCRIPTION_LAG_CODE => {
                    tracing::info!(what, "{}", words::notice(&notice));
                }
                Ok(Some(Ok(SubscriptionItem::Notice(notice)))) => {
                    return Err(Failed::Request(format!("{what}: {}", notice.message)));
                }
                Ok(None) => return Ok((stream, again)),
                Ok(Some(Err(error))) if words::is_session_over(&error) => {
                    let text = "TWS or IB Gateway closed the connection".to_owned();
                    return Err(Failed::Ended(End::Lost(text)));
                }
                Ok(Some(Err(error))) => {
                    return Err(Failed::Request(format!("{what}: {}", words::stream(&error))));
                }
                Err(_) => return Err(Failed::Request(format!("{what}: no answer in time"))),
            }
        }
    }
}

/// A request that was sent, or why it was not.
fn opened<S>(what: &str, asked: Result<Result<S, Error>, tokio::time::error::Elapsed>) -> Result<S, Failed> {
    match asked {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) if words::is_session_over(&error) => {
            Err(Failed::Ended(End::Lost("TWS or IB Gateway closed the connection".to_owned())))
        }
        Ok(Err(error)) => Err(Failed::Request(format!("{what}: {}", words::stream(&error)))),
        Err(_) => Err(Failed::Request(format!("{what}: not sent in time"))),
    }
}

/// An order that left while the picture was taken.
fn on_its_way(request: &OrderRequest) -> OpenOrder {
    OpenOrder {
        id: request.id,
        perm_id: 0,
        reference: Some(request.reference),
        contract: request.contract,
        side: request.side,
        quantity: request.quantity,
        kind: request.kind,
        state: BrokerOrderState::PendingSubmit,
    }
}
