//! Keeps one stream open.

use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use alphatrader_edge::{Backoff, Policy};
use alphatrader_model::InstrumentId;
use futures_util::{FutureExt, Stream, StreamExt};
use ibapi::subscriptions::SubscriptionItem;
use ibapi::{Error, SUBSCRIPTION_LAG_CODE};
use tokio::sync::{broadcast, watch};
use tokio::time::{sleep, timeout};

use crate::context::Context;
use crate::status::{Meter, count};
use crate::words;

/// Why streams are opened anew, or told that time was lost, from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kick {
    /// The broker lost all subscriptions: open everything anew.
    All,
    /// Data stood still for a while and goes on: what is built from edits is built anew.
    Resumed,
    /// This book was lost on the way to the engine.
    Book(InstrumentId),
}

/// What a stream's messages are for.
pub(crate) trait Taker {
    /// A message.
    type Message;

    /// Takes a message over; an error makes the stream worthless, it is opened anew.
    fn take(&mut self, message: Self::Message) -> Result<(), String>;

    /// Nothing more has arrived for now: tells the engine what changed.
    fn settle(&mut self);

    /// Part of the stream is missing: tells the engine, and forgets what may be wrong now.
    fn lost(&mut self);

    /// Whether this asks for the stream to be opened anew.
    fn kicked(&mut self, kick: Kick) -> bool;
}

/// Messages taken in a row before the engine is told what changed.
const BATCH: usize = 64;

/// What went wrong with a stream is tried again after this, doubling up to a minute.
const RETRY: Policy =
    Policy { first: Duration::from_secs(1), longest: Duration::from_mins(1), attempts: u32::MAX };

/// How a stream ended.
#[derive(Debug)]
enum End {
    /// The session is over: a new session opens everything.
    Session,
    /// Nobody follows it any more.
    Left,
    /// It is to be opened anew.
    Kicked,
    /// It ended, for this reason.
    Broken(String),
}

/// One stream of a session.
pub(crate) struct Keeper {
    pub(crate) context: Arc<Context>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) kicks: broadcast::Receiver<Kick>,
    /// True when nobody follows the stream any more; a dropped sender says the same.
    pub(crate) left: watch::Receiver<bool>,
    /// For the log.
    pub(crate) name: String,
}

impl Keeper {
    /// Keeps the stream that `open` opens, until the session is over or nobody follows it.
    pub(crate) async fn keep<S, M, F, O>(mut self, open: O, mut taker: impl Taker<Message = M>)
    where
        S: Stream<Item = Result<SubscriptionItem<M>, Error>> + Unpin,
        F: Future<Output = Result<S, Error>>,
        O: Fn() -> F,
    {
        let mut backoff = Backoff::new(RETRY);
        let mut first = true;
        loop {
            self.context.pacer.turn().await;
            if !first {
                count(&self.context.board.counters.resubscriptions);
            }
            first = false;
            let end = match timeout(self.context.config.request_deadline, open()).await {
                Ok(Ok(mut stream)) => {
                    let end = self.read(&mut stream, &mut taker, &mut backoff).await;
                    if matches!(end, End::Kicked | End::Broken(_)) {
                        taker.lost();
                    }
                    if !matches!(end, End::Session) {
                        // Dropping it sends the cancel, which counts.
                        self.context.pacer.turn().await;
                    }
                    end
                }
                Ok(Err(error)) if words::is_session_over(&error) => End::Session,
                Ok(Err(error)) => End::Broken(words::stream(&error)),
                Err(_) => End::Broken("the gateway did not take the request in time".to_owned()),
            };
            match end {
                End::Session | End::Left => return,
                End::Kicked => {}
                End::Broken(reason) => {
                    tracing::warn!(stream = %self.name, %reason, "a stream ended and is opened anew");
                    self.context.board.error(&format!("{}: {reason}", self.name));
                    self.meter.set_problem(Some(reason));
                    if !self.wait(backoff.next().unwrap_or(RETRY.longest)).await {
                        return;
                    }
                }
            }
        }
    }

    /// Reads until it ends.
    async fn read<S, M>(
        &mut self,
        stream: &mut S,
        taker: &mut impl Taker<Message = M>,
        backoff: &mut Backoff,
    ) -> End
    where
        S: Stream<Item = Result<SubscriptionItem<M>, Error>> + Unpin,
    {
        loop {
            let item = tokio::select! {
                biased;
                () = left(&mut self.left) => return End::Left,
                kick = self.kicks.recv() => {
                    // Too many at once to tell which: the strongest covers all.
                    let kick = kick.unwrap_or(Kick::All);
                    if taker.kicked(kick) {
                        return End::Kicked;
                    }
                    continue;
                }
                item = stream.next() => item,
            };
            let mut next = Some(item);
            let mut batch = 0;
            // What has arrived together is taken together, so that the engine hears of its sum.
            while let Some(item) = next.take() {
                if let Err(end) = self.item(item, taker, backoff) {
                    taker.settle();
                    return end;
                }
                batch += 1;
                if batch < BATCH {
                    next = stream.next().now_or_never();
                }
            }
            taker.settle();
        }
    }

    fn item<M>(
        &self,
        item: Option<Result<SubscriptionItem<M>, Error>>,
        taker: &mut impl Taker<Message = M>,
        backoff: &mut Backoff,
    ) -> Result<(), End> {
        match item {
            Some(Ok(SubscriptionItem::Data(message))) => {
                self.meter.tick();
                taker.take(message).map_err(End::Broken)?;
                if backoff.attempt() > 0 {
                    backoff.reset();
                    self.meter.set_problem(None);
                }
                Ok(())
            }
            Some(Ok(SubscriptionItem::Notice(notice))) if notice.code == SUBSCRIPTION_LAG_CODE => {
                count(&self.context.board.counters.lagged);
                taker.lost();
                if taker.kicked(Kick::Resumed) { Err(End::Kicked) } else { Ok(()) }
            }
            Some(Ok(SubscriptionItem::Notice(notice))) => {
                let said = words::notice(&notice);
                tracing::info!(stream = %self.name, "{said}");
                self.meter.set_problem(Some(said));
                Ok(())
            }
            Some(Err(error)) if words::is_session_over(&error) => Err(End::Session),
            Some(Err(error)) => Err(End::Broken(words::stream(&error))),
            // A live stream ends without a word only when its session does.
            None => Err(End::Session),
        }
    }

    /// Waits; an outside reason to open the stream anew ends the wait. False when nobody follows it
    /// any more.
    async fn wait(&mut self, how_long: Duration) -> bool {
        tokio::select! {
            () = left(&mut self.left) => false,
            _ = self.kicks.recv() => true,
            () = sleep(how_long) => true,
        }
    }
}

/// Resolves when nobody follows the stream any more.
async fn left(left: &mut watch::Receiver<bool>) {
    // An error says that the sender is gone, which means the same.
    let _ = left.wait_for(|left| *left).await;
}
