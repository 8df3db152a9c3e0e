//! What the broker reports without being asked.

use alphatrader_model::{BrokerEvent, OrderId};
use futures_util::{FutureExt, StreamExt};
use ibapi::accounts::{AccountSummaryResult, PositionUpdate};
use ibapi::orders::{OrderData, OrderUpdate};
use ibapi::subscriptions::SubscriptionItem;
use ibapi::{Error, NOTICE_STREAM_LAG_CODE, Notice, SUBSCRIPTION_LAG_CODE};

use super::refusal::{Verdict, judge};
use super::twins::Follows;
use super::{Desk, Flow, lost, order_updates};
use crate::config::ClockSource;
use crate::connect::{is_paper, learn};
use crate::market::keeper::Kick;
use crate::status::{Link, count};
use crate::translate::report::{self, AccountRows};
use crate::words;

impl Desk<'_> {
    /// A report about our orders.
    pub(super) async fn update(
        &mut self,
        item: Option<Result<SubscriptionItem<OrderUpdate>, Error>>,
    ) -> Flow {
        match item {
            Some(Ok(SubscriptionItem::Data(update))) => {
                let unsaid = self.context.board.unsaid();
                self.order_update(update).await;
                // What we cannot read of an order may be the end of it: the picture tells. What a picture
                // itself holds is not asked for again.
                let again = self.context.board.unsaid() != unsaid && self.sent_meanwhile.is_none();
                if again { Flow::Synchronise } else { Flow::Continue }
            }
            Some(Ok(SubscriptionItem::Notice(notice))) if notice.code == SUBSCRIPTION_LAG_CODE => {
                count(&self.context.board.counters.lagged);
                self.context.notice("reports of orders were lost: the broker is asked for everything");
                Flow::Synchronise
            }
            Some(Ok(SubscriptionItem::Notice(notice))) => self.order_notice(&notice).await,
            Some(Err(error)) if words::is_session_over(&error) => {
                lost("TWS or IB Gateway closed the connection")
            }
            // A report that the client library cannot read ends its stream, not the session: what
            // was missed is in the broker's picture.
            Some(Err(error)) => {
                self.context.notice(format!("a report of an order could not be read: {error}"));
                self.reopen_updates().await
            }
            None => self.reopen_updates().await,
        }
    }

    async fn reopen_updates(&mut self) -> Flow {
        // The library has one such stream at a time: the old one goes first.
        self.updates = None;
        match order_updates(&self.context, &self.client).await {
            Ok(updates) => {
                self.updates = Some(updates);
                Flow::Synchronise
            }
            Err(reason) => lost(&reason),
        }
    }

    async fn order_update(&mut self, update: OrderUpdate) {
        let ours = self.client.client_id();
        match update {
            OrderUpdate::OrderStatus(status) => {
                // Orders entered in the terminal have no number.
                if status.order_id > 0 {
                    self.memory.accepted(OrderId(status.order_id));
                    if let Some(sent) = &mut self.sent_meanwhile
                        && status.status.is_terminal()
                    {
                        sent.remove(&status.order_id);
                    }
                    self.report(report::order_status(&status));
                    if let Some(state) = report::state(&status.status) {
                        let follows = self.twins.told(status.order_id, status.perm_id, state);
                        self.follow(follows).await;
                    }
                }
            }
            OrderUpdate::OpenOrder(data) => {
                self.memory.accepted(OrderId(data.order_id));
                if let Some(sent) = &mut self.sent_meanwhile {
                    sent.remove(&data.order_id);
                }
                self.report(report::open_order(&data, ours));
                self.note_listed(&data, data.order_id).await;
            }
            OrderUpdate::ExecutionData(data) => self.execution(&data),
            OrderUpdate::CommissionReport(data) => self.commission(&data),
            OrderUpdate::OrderBound(bound) => {
                tracing::info!(?bound, "an order of the terminal was bound");
            }
        }
    }

    /// Notes under which of the broker's numbers an order works. `id` is the number that a cancel of it
    /// names, 0 when we cannot cancel it.
    pub(super) async fn note_listed(&mut self, data: &OrderData, id: i32) {
        let Some(state) = report::state(&data.order_state.status) else { return };
        let name = data.order.order_ref.parse().ok();
        if self.sent_meanwhile.is_some() {
            self.seen.perm_ids.insert(data.order.perm_id);
            self.seen.names.extend(name);
        }
        let follows = self.twins.listed(id, name, data.order.perm_id, state);
        self.follow(follows).await;
    }

    /// Does what follows when an order works more than once.
    async fn follow(&mut self, follows: Follows) {
        if let Some((id, perm_ids)) = follows.alarm {
            count(&self.context.board.counters.doubled_orders);
            let text = format!(
                "order {id} works at the broker more than once (the broker's numbers {perm_ids:?}): cancelling \
                 it cancels all of them; look at TWS"
            );
            tracing::error!("{text}");
            self.context.board.error(&text);
            self.context.broker(BrokerEvent::Doubled { id, perm_ids });
        }
        for id in follows.cancel {
            self.send_cancel(OrderId(id)).await;
        }
    }

    pub(super) fn execution(&mut self, data: &ibapi::orders::ExecutionData) {
        match report::execution(data, self.client.client_id(), self.now()) {
            Ok((event, remark)) => {
                if let BrokerEvent::Execution(execution) = &event {
                    self.context.pin(&execution.contract);
                }
                self.context.broker(event);
                if let Some(remark) = remark {
                    self.context.notice(remark);
                }
            }
            Err(unsaid) => self.unsaid(&unsaid),
        }
    }

    pub(super) fn commission(&mut self, data: &ibapi::orders::CommissionReport) {
        match report::commission(data) {
            Ok(Some(event)) => self.context.broker(event),
            Ok(None) => {}
            Err(unsaid) => self.unsaid(&unsaid),
        }
    }

    /// Hands a report to the engine, or says why it cannot.
    pub(super) fn report(&mut self, event: Result<BrokerEvent, report::Unsaid>) {
        match event {
            Ok(event) => self.context.broker(event),
            Err(unsaid) => self.unsaid(&unsaid),
        }
    }

    fn unsaid(&self, unsaid: &report::Unsaid) {
        count(&self.context.board.counters.unsaid);
        self.context.notice(unsaid.to_string());
    }

    /// An error or remark about one of our orders.
    async fn order_notice(&mut self, notice: &Notice) -> Flow {
        let Some(order) = notice.request_id else { return self.session_notice(notice).await };
        let id = OrderId(order);
        let said = words::notice(notice);
        tracing::warn!(order, "{said}");
        match judge(notice.code, &notice.message, self.memory.is_changing(order)) {
            Verdict::Refused => {
                if let Some(sent) = &mut self.sent_meanwhile {
                    sent.remove(&order);
                }
                self.context.board.error(&format!("order {order}: {said}"));
                let reason = words::shortened(&notice.message);
                self.context.broker(BrokerEvent::Rejected { id, code: notice.code, reason });
            }
            Verdict::ChangeRefused => {
                self.memory.accepted(id);
                self.tell(notice.code, format!("the change of order {order} was refused: {said}"));
                // The engine believes the change: the picture tells what the order is now.
                return Flow::Synchronise;
            }
            Verdict::Unknown => {
                if let Some(sent) = &mut self.sent_meanwhile {
                    sent.remove(&order);
                }
                self.context.broker(BrokerEvent::UnknownOrder { id });
            }
            Verdict::Repeats => {}
            Verdict::Remark => self.tell(notice.code, format!("order {order}: {said}")),
        }
        Flow::Continue
    }

    fn tell(&self, code: i32, text: String) {
        self.context.broker(BrokerEvent::Notice { code, text });
    }

    /// A notice about the session.
    pub(super) async fn session_notice(&mut self, notice: &Notice) -> Flow {
        let said = words::notice(notice);
        match notice.code {
            1_100 => {
                tracing::error!("{said}");
                self.context.board.link(Link::BrokerLost, self.now(), said.clone());
                self.context.broker(BrokerEvent::Disconnected { reason: said });
                self.context.set_dark(true);
                Flow::Continue
            }
            1_101 | 1_102 => {
                tracing::info!("{said}");
                if self.context.config.clock == ClockSource::Learn
                    && let Err(error) = learn(&self.context, &self.client).await
                {
                    // A simulated market skips the time in which the broker is away.
                    return lost(&error.to_string());
                }
                self.context.set_dark(false);
                self.context.announce_session();
                let kick = if notice.code == 1_101 { Kick::All } else { Kick::Resumed };
                // Fails only when no stream is open: then there is nothing to open anew.
                let _ = self.ends.kicks.send(kick);
                self.connected();
                Flow::Synchronise
            }
            1_300 => lost(&said),
            NOTICE_STREAM_LAG_CODE => {
                self.tell(notice.code, said);
                Flow::Synchronise
            }
            _ => {
                tracing::info!("{said}");
                if notice.is_error() {
                    self.context.board.error(&said);
                }
                self.tell(notice.code, said);
                Flow::Continue
            }
        }
    }

    /// Tells everyone that orders reach the broker.
    pub(super) fn connected(&self) {
        let config = &self.context.config;
        let paper = is_paper(&self.account);
        let kind = if paper { "paper account" } else { "live account" };
        let text = format!("connected to {kind} {} on {}:{}", self.account, config.host, config.port);
        self.context.board.link(Link::Connected, self.now(), text);
        self.context.broker(BrokerEvent::Connected {
            account: self.account.clone(),
            // The library tells what it heard at the session's begin; orders were sent since.
            next_order_id: OrderId(self.client.next_order_id().max(self.memory.next())),
            paper,
        });
    }

    /// The account changed.
    pub(super) fn account_item(
        &mut self,
        item: Option<Result<SubscriptionItem<AccountSummaryResult>, Error>>,
    ) -> Flow {
        let mut next = Some(item);
        // Rows that belong together arrive together: the engine hears of their sum.
        while let Some(item) = next.take() {
            match item {
                Some(Ok(SubscriptionItem::Data(AccountSummaryResult::Summary(row)))) => {
                    self.account_rows.take(&row, &self.account);
                }
                Some(Ok(SubscriptionItem::Data(AccountSummaryResult::End))) => {}
                Some(Ok(SubscriptionItem::Notice(notice))) => self.tell(notice.code, words::notice(&notice)),
                Some(Err(_)) | None => {
                    // Asked for anew with the next picture.
                    self.account_stream = None;
                    self.account_rows = AccountRows::default();
                }
            }
            next = self.account_stream.as_mut().and_then(|stream| stream.next().now_or_never());
        }
        if let Some(account) = self.account_rows.whole(self.now()) {
            self.context.broker(BrokerEvent::Account(account));
        }
        Flow::Continue
    }

    /// A position changed.
    pub(super) fn position_item(
        &mut self,
        item: Option<Result<SubscriptionItem<PositionUpdate>, Error>>,
    ) -> Flow {
        match item {
            Some(Ok(SubscriptionItem::Data(PositionUpdate::Position(position)))) => self.position(&position),
            Some(Ok(SubscriptionItem::Data(PositionUpdate::PositionEnd))) => {}
            Some(Ok(SubscriptionItem::Notice(notice))) => self.tell(notice.code, words::notice(&notice)),
            Some(Err(_)) | None => self.positions = None,
        }
        Flow::Continue
    }

    pub(super) fn position(&mut self, position: &ibapi::accounts::Position) {
        if position.account != self.account {
            return;
        }
        let event = report::position(position);
        if let Ok(BrokerEvent::Position { contract, quantity, .. }) = &event {
            if quantity.is_flat() {
                self.context.unpin(contract);
            } else {
                self.context.pin(contract);
            }
        }
        self.report(event);
    }
}
