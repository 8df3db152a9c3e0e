//! Keeps subscriptions from crowding out orders.
//!
//! Everything that leaves passes one limiter of the client library, shared by all sessions: cancels
//! pass at once and are counted, the rest waits its turn. What only subscribes and unsubscribes also
//! waits here, at two thirds of that rate, so that an order always finds the limiter free.

//! The broker's other limits on requests are kept here too: the same prints or bars at most every 15 s,
//! and 60 requests for bars in ten minutes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex as SyncMutex, PoisonError};
use std::time::Duration;

use alphatrader_model::Symbol;
use alphatrader_model::market::Stream;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// Requests for small bars that the broker allows in [`BARS_WITHIN`].
const BARS: usize = 60;
const BARS_WITHIN: Duration = Duration::from_mins(10);

/// Spaces subscriptions evenly, first come first served.
#[derive(Debug)]
pub(crate) struct Pacer {
    interval: Duration,
    same_request: Duration,
    next: Mutex<Option<Instant>>,
    budgets: SyncMutex<Budgets>,
}

#[derive(Debug, Default)]
struct Budgets {
    /// When the request for a stream was or will be sent last; one entry a stream of a symbol.
    same: BTreeMap<(Symbol, Stream), Instant>,
    /// When the last [`BARS`] requests for bars were or will be sent.
    bars: VecDeque<Instant>,
}

impl Budgets {
    /// When a request may leave, at `now` or later; it counts from then on.
    fn reserve(&mut self, symbol: Symbol, stream: Stream, spacing: Duration, now: Instant) -> Instant {
        let last = self.same.get(&(symbol, stream)).copied();
        let mut at = last.map_or(now, |last| now.max(last + spacing));
        if stream == Stream::Bars {
            if self.bars.len() >= BARS
                && let Some(oldest) = self.bars.pop_front()
            {
                at = at.max(oldest + BARS_WITHIN);
            }
            self.bars.push_back(at);
        }
        self.same.insert((symbol, stream), at);
        at
    }
}

impl Pacer {
    /// For a connection of so many messages a second, that may ask for the same again after
    /// `same_request`.
    pub(crate) fn new(messages_per_second: u32, same_request: Duration) -> Self {
        let rate = (messages_per_second * 2 / 3).max(1);
        Self {
            interval: Duration::from_secs(1) / rate,
            same_request,
            next: Mutex::new(None),
            budgets: SyncMutex::default(),
        }
    }

    /// Waits until prints or bars of a symbol may be asked for.
    pub(crate) async fn budget(&self, symbol: Symbol, stream: Stream) {
        if !matches!(stream, Stream::Trades | Stream::Bars) {
            return;
        }
        let at = {
            let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
            budgets.reserve(symbol, stream, self.same_request, Instant::now())
        };
        sleep_until(at).await;
    }

    /// Waits until the next subscription may leave.
    pub(crate) async fn turn(&self) {
        let at = {
            let mut next = self.next.lock().await;
            let at = next.unwrap_or_else(Instant::now).max(Instant::now());
            *next = Some(at + self.interval);
            at
        };
        sleep_until(at).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn turns_are_spaced_and_never_saved_up() {
        let pacer = Pacer::new(45, Duration::from_secs(15));
        let start = Instant::now();
        for _ in 0..31 {
            pacer.turn().await;
        }
        assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
        tokio::time::advance(Duration::from_mins(1)).await;
        let later = Instant::now();
        for _ in 0..31 {
            pacer.turn().await;
        }
        assert!(later.elapsed() >= Duration::from_secs(1), "{:?}", later.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_prints_wait_and_others_do_not() {
        let pacer = Pacer::new(45, Duration::from_secs(15));
        let (spy, qqq) = (Symbol::new("SPY").unwrap(), Symbol::new("QQQ").unwrap());
        let start = Instant::now();
        pacer.budget(spy, Stream::Trades).await;
        pacer.budget(qqq, Stream::Trades).await;
        pacer.budget(spy, Stream::Bars).await;
        pacer.budget(spy, Stream::Quotes).await;
        pacer.budget(spy, Stream::Quotes).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        pacer.budget(spy, Stream::Trades).await;
        assert_eq!(start.elapsed(), Duration::from_secs(15));
    }

    #[test]
    fn no_more_than_sixty_requests_for_bars_in_any_ten_minutes() {
        let mut budgets = Budgets::default();
        let start = Instant::now();
        let mut sent: Vec<Instant> = Vec::new();
        for n in 0..200_u32 {
            let symbol = Symbol::new(&format!("S{}", n % 70)).unwrap();
            let now = start + Duration::from_millis(u64::from(n) * 50);
            sent.push(budgets.reserve(symbol, Stream::Bars, Duration::ZERO, now));
        }
        sent.sort_unstable();
        for window in sent.windows(BARS + 1) {
            assert!(window[BARS] - window[0] >= BARS_WITHIN);
        }
        assert!(budgets.bars.len() <= BARS);
    }
}
