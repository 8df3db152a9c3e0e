//! Keeps one stream open.

use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use alphatrader_edge::{Backoff, Policy};
use alphatrader_model::market::Stream as StreamKind;
use alphatrader_model::{InstrumentId, Symbol};
use futures_util::{FutureExt, Stream, StreamExt};
use ibapi::market_data::realtime::{Bar, MarketDepths, TickTypes, Trade};
use ibapi::subscriptions::{Subscription, SubscriptionItem};
use ibapi::{Error, SUBSCRIPTION_LAG_CODE};
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::context::Context;
use crate::meter::{Meter, StreamState};
use crate::status::count;
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

    /// The broker refused the stream, or ended it, with a code.
    fn refused(&mut self, _code: i32) -> Refusal {
        Refusal::TryAgain
    }

    /// Whether silence is to be expected now, although the market is open.
    fn may_be_silent(&self) -> bool {
        false
    }
}

/// What follows when the broker refuses a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is asked for again, after a wait that grows.
    TryAgain,
    /// It is not asked for again until somebody says so.
    GiveUp,
}

/// Why a stream is kept no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The session is over: a new session opens everything.
    Session,
    /// Nobody follows it any more.
    Left,
    /// The broker refused it, and it was given up.
    Refused,
}

/// A stream that can be left.
pub(crate) trait Leave {
    /// Tells the broker that nobody follows it any more; it has been told when this returns.
    fn leave(&self) -> impl Future<Output = ()> + Send;
}

impl Leave for Subscription<TickTypes> {
    async fn leave(&self) {
        self.cancel().await;
    }
}

impl Leave for Subscription<Trade> {
    async fn leave(&self) {
        self.cancel().await;
    }
}

impl Leave for Subscription<Bar> {
    async fn leave(&self) {
        self.cancel().await;
    }
}

impl Leave for Subscription<MarketDepths> {
    async fn leave(&self) {
        self.cancel().await;
    }
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
    /// It ended, with the broker's code where there is one, for this reason.
    Broken(Option<i32>, String),
}

impl End {
    fn broken(error: &Error) -> Self {
        let code = match error {
            Error::Notice(notice) => Some(notice.code),
            _ => None,
        };
        Self::Broken(code, words::stream(error))
    }
}

/// One stream of a session.
pub(crate) struct Keeper {
    pub(crate) context: Arc<Context>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) kicks: broadcast::Receiver<Kick>,
    /// True when nobody follows the stream any more; a dropped sender says the same.
    pub(crate) left: watch::Receiver<bool>,
    /// Silence in a session after which it is opened anew.
    pub(crate) stale: Duration,
    /// Whose requests of which kind it counts as, where the broker rations them.
    pub(crate) budget: Option<(Symbol, StreamKind)>,
    /// For the log.
    pub(crate) name: String,
}

impl Keeper {
    /// Keeps the stream that `open` opens, until the session is over, nobody follows it, or the broker
    /// refuses it for good.
    pub(crate) async fn keep<S, M, F, O>(mut self, open: O, mut taker: impl Taker<Message = M>) -> Ending
    where
        S: Stream<Item = Result<SubscriptionItem<M>, Error>> + Leave + Unpin,
        F: Future<Output = Result<S, Error>>,
        O: Fn() -> F,
    {
        let mut backoff = Backoff::new(RETRY);
        let mut first = true;
        loop {
            if !self.turn().await {
                return Ending::Left;
            }
            if !first {
                count(&self.context.board.counters.resubscriptions);
                self.meter.restart();
            }
            first = false;
            let mut refusal = Refusal::TryAgain;
            let end = match timeout(self.context.config.request_deadline, open()).await {
                Ok(Ok(mut stream)) => {
                    let end = self.read(&mut stream, &mut taker, &mut backoff).await;
                    if let End::Broken(Some(code), _) = &end {
                        refusal = taker.refused(*code);
                    }
                    if matches!(end, End::Kicked | End::Broken(..)) {
                        taker.lost();
                    }
                    if !matches!(end, End::Session) {
                        // The cancel counts; what the broker has ended itself gets none.
                        self.context.pacer.turn().await;
                        if !matches!(end, End::Broken(Some(_), _)) {
                            stream.leave().await;
                        }
                    }
                    end
                }
                Ok(Err(error)) if words::is_session_over(&error) => End::Session,
                Ok(Err(error)) => {
                    let end = End::broken(&error);
                    if let End::Broken(Some(code), _) = &end {
                        refusal = taker.refused(*code);
                    }
                    end
                }
                Err(_) => End::Broken(None, "the gateway did not take the request in time".to_owned()),
            };
            match end {
                End::Session => return Ending::Session,
                End::Left => return Ending::Left,
                End::Kicked => self.meter.set(StreamState::Opening, None),
                End::Broken(_, reason) => {
                    self.broken(&reason);
                    if refusal == Refusal::GiveUp {
                        return Ending::Refused;
                    }
                    if !self.wait(backoff.next().unwrap_or(RETRY.longest)).await {
                        return Ending::Left;
                    }
                }
            }
        }
    }

    /// Waits until the broker's limits let the request out. False when nobody follows it any more.
    async fn turn(&mut self) -> bool {
        let Self { context, budget, left: gone, .. } = self;
        let turn = async {
            if let Some((symbol, stream)) = *budget {
                context.pacer.budget(symbol, stream).await;
            }
            context.pacer.turn().await;
        };
        tokio::select! {
            () = left(gone) => false,
            () = turn => true,
        }
    }

    fn broken(&self, reason: &str) {
        tracing::warn!(stream = %self.name, %reason, "a stream ended and is opened anew");
        self.context.board.error(&format!("{}: {reason}", self.name));
        self.meter.set(StreamState::Broken, Some(reason.to_owned()));
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
        let mut heard = Instant::now();
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
                () = sleep_until(heard + self.stale) => {
                    if let Some(end) = self.silent(taker) {
                        return end;
                    }
                    heard = Instant::now();
                    continue;
                }
            };
            heard = Instant::now();
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

    /// Nothing has come for as long as the stream may be silent: whether that means that it is dead.
    fn silent<M>(&self, taker: &impl Taker<Message = M>) -> Option<End> {
        let context = &self.context;
        if !context.is_in_session() || context.is_dark() || taker.may_be_silent() {
            return None;
        }
        count(&context.board.counters.silences);
        let seconds = self.stale.as_secs_f64();
        Some(End::Broken(None, format!("nothing came for {seconds} s although the market is open")))
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
                taker.take(message).map_err(|reason| End::Broken(None, reason))?;
                self.works(backoff);
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
            Some(Err(error)) => Err(End::broken(&error)),
            // A live stream ends without a word only when its session does.
            None => Err(End::Session),
        }
    }

    /// Data came: the stream works.
    fn works(&self, backoff: &mut Backoff) {
        if backoff.attempt() > 0 {
            backoff.reset();
            self.meter.set_problem(None);
        }
        self.meter.live();
    }

    /// Waits; an outside reason to open the stream anew ends the wait. False when nobody follows it
    /// any more.
    async fn wait(&mut self, how_long: Duration) -> bool {
        tokio::select! {
            () = left(&mut self.left) => false,
            // Without a sender the session is over: the next request finds out.
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
