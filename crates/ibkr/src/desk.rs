//! Orders, executions, positions and the account of one session.
//!
//! One task does all of it, so that the engine hears the broker's reports in the order in which they
//! came over the wire: the client library copies everything about our own orders to one stream, ahead
//! of the answers to requests, and this task always empties that stream first.
//!
//! **An order is sent once.** An order number or an effect that was carried out is never carried out
//! again in this process. What arrives while there is no session is not kept: it is dropped with a
//! notice, and the engine decides anew once [`BrokerEvent::SyncEnd`] has told it what the broker holds.
//! An order sent while the broker's picture is being taken is part of that picture.

mod effects;
mod queue;
mod refusal;
mod reports;
mod sync;
mod twins;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use alphatrader_model::{Effect, OrderRef, OrderRequest, Timestamp};
use futures_util::{Stream, StreamExt};
use ibapi::accounts::{AccountSummaryResult, PositionUpdate};
use ibapi::orders::OrderUpdate;
use ibapi::subscriptions::{NoticeStream, Subscription, SubscriptionItem};
use ibapi::{Client, Error, Notice};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

pub(crate) use effects::{Memory, drop_without_session};
use queue::Queue;
use twins::Twins;

use crate::context::Context;
use crate::market::keeper::Kick;
use crate::translate::report::AccountRows;

/// Why a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// The connection is of no use any more, in a trader's words.
    Lost(String),
    /// We were told to stop.
    Stopped,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Flow {
    Continue,
    /// Take the broker's picture.
    Synchronise,
    End(End),
}

/// Something that happened.
#[derive(Debug)]
enum Happening {
    Update(Box<Option<Result<SubscriptionItem<OrderUpdate>, Error>>>),
    Trouble(Option<String>),
    Notice(Option<Notice>),
    Effect(Option<Box<Effect>>),
    Account(Option<Result<SubscriptionItem<AccountSummaryResult>, Error>>),
    Position(Box<Option<Result<SubscriptionItem<PositionUpdate>, Error>>>),
    Stop,
    /// Time to try again to take the broker's picture.
    Due,
}

/// What a session needs from outside.
pub(crate) struct Ends<'a> {
    /// What the engine wants done.
    pub(crate) effects: &'a mut mpsc::Receiver<Effect>,
    /// True when we are to stop.
    pub(crate) stop: &'a mut watch::Receiver<bool>,
    /// What other tasks of the session found wrong with the connection.
    pub(crate) trouble: mpsc::Receiver<String>,
    pub(crate) notices: NoticeStream,
    pub(crate) kicks: broadcast::Sender<Kick>,
}

/// Orders, executions, positions and the account of one session.
pub(crate) struct Desk<'a> {
    context: Arc<Context>,
    client: Arc<Client>,
    account: String,
    memory: &'a mut Memory,
    ends: Ends<'a>,
    /// Reports about our orders; absent only while it is opened anew.
    updates: Option<Subscription<OrderUpdate>>,
    account_stream: Option<Subscription<AccountSummaryResult>>,
    account_rows: AccountRows,
    positions: Option<Subscription<PositionUpdate>>,
    /// Orders that work more than once.
    twins: Twins,
    /// What the engine wants done, taken from its channel; no longer than that.
    queue: Queue,
    /// What the picture that is being taken holds.
    seen: Seen,
    /// Orders sent since the picture began to be taken, while one is being taken.
    sent_meanwhile: Option<BTreeMap<i32, OrderRequest>>,
    /// When to take the picture again, after a failure.
    due: Option<Instant>,
    failures: u32,
}

/// Orders that a picture lists as open, while it is being taken.
#[derive(Debug, Default)]
struct Seen {
    perm_ids: BTreeSet<i64>,
    names: BTreeSet<OrderRef>,
}

/// Pictures that may fail in a row before the connection counts as useless.
const MAX_FAILURES: u32 = 5;

/// Wait before a failed picture is taken again, times the failures in a row.
const AGAIN: Duration = Duration::from_millis(250);

impl<'a> Desk<'a> {
    /// Opens the stream of our orders.
    ///
    /// # Errors
    /// Why the connection is of no use, in words.
    pub(crate) async fn open(
        context: Arc<Context>,
        client: Arc<Client>,
        account: String,
        memory: &'a mut Memory,
        ends: Ends<'a>,
    ) -> Result<Self, String> {
        let updates = order_updates(&context, &client).await?;
        Ok(Self {
            context,
            client,
            account,
            memory,
            ends,
            updates: Some(updates),
            account_stream: None,
            account_rows: AccountRows::default(),
            positions: None,
            twins: Twins::default(),
            queue: Queue::default(),
            seen: Seen::default(),
            sent_meanwhile: None,
            due: None,
            failures: 0,
        })
    }

    /// Takes the broker's picture, then works until the session ends.
    pub(crate) async fn run(mut self) -> End {
        self.connected();
        let mut flow = Flow::Synchronise;
        loop {
            flow = match flow {
                Flow::End(end) => {
                    for effect in self.queue.drain() {
                        drop_without_session(&self.context, &effect);
                    }
                    return end;
                }
                Flow::Synchronise => self.synchronise().await,
                Flow::Continue => {
                    let happening = self.happening().await;
                    self.handle(happening).await
                }
            };
        }
    }

    /// Waits for the next thing to happen; reports of orders first.
    async fn happening(&mut self) -> Happening {
        let due = self.due;
        while !self.queue.is_full()
            && let Ok(effect) = self.ends.effects.try_recv()
        {
            self.queue.push(effect);
        }
        let waits = !self.queue.is_empty();
        tokio::select! {
            biased;
            item = next(&mut self.updates) => Happening::Update(Box::new(item)),
            text = self.ends.trouble.recv() => Happening::Trouble(text),
            notice = self.ends.notices.next() => Happening::Notice(notice),
            () = std::future::ready(()), if waits => {
                let memory = &*self.memory;
                Happening::Effect(self.queue.pop(|id| memory.knows(id)).map(Box::new))
            }
            effect = self.ends.effects.recv(), if !waits => Happening::Effect(effect.map(Box::new)),
            item = next(&mut self.positions) => Happening::Position(Box::new(item)),
            item = next(&mut self.account_stream) => Happening::Account(item),
            _ = self.ends.stop.wait_for(|stop| *stop) => Happening::Stop,
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => Happening::Due,
        }
    }

    async fn handle(&mut self, happening: Happening) -> Flow {
        match happening {
            // Boxed: a report is rare beside its size.
            Happening::Update(item) => Box::pin(self.update(*item)).await,
            Happening::Trouble(Some(text)) => Flow::End(End::Lost(text)),
            Happening::Trouble(None) => Flow::End(End::Lost("the connection's watch ended".to_owned())),
            Happening::Notice(Some(notice)) => self.session_notice(&notice).await,
            Happening::Notice(None) => lost("TWS or IB Gateway closed the connection"),
            Happening::Effect(Some(effect)) => self.perform(*effect).await,
            // The engine is gone: nobody is left to act for.
            Happening::Effect(None) => Flow::End(End::Stopped),
            Happening::Stop => self.last_effects().await,
            Happening::Account(item) => self.account_item(item),
            Happening::Position(item) => self.position_item(*item),
            Happening::Due => {
                self.due = None;
                Flow::Synchronise
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.context.clock.now()
    }
}

/// Opens the stream of reports about our orders.
async fn order_updates(context: &Context, client: &Client) -> Result<Subscription<OrderUpdate>, String> {
    match timeout(context.config.request_deadline, client.order_update_stream()).await {
        Ok(Ok(updates)) => Ok(updates),
        Ok(Err(error)) => Err(format!("reports of orders cannot be followed: {error}")),
        Err(_) => Err("reports of orders cannot be followed: no answer in time".to_owned()),
    }
}

fn lost(text: &str) -> Flow {
    Flow::End(End::Lost(text.to_owned()))
}

/// The next item of a stream that may not be open; then it never comes.
async fn next<S: Stream + Unpin>(stream: &mut Option<S>) -> Option<S::Item> {
    match stream {
        Some(stream) => stream.next().await,
        None => std::future::pending().await,
    }
}
