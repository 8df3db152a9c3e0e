//! Keeps subscriptions from crowding out orders.
//!
//! Everything that leaves passes one limiter of the client library, shared by all sessions: cancels
//! pass at once and are counted, the rest waits its turn. What only subscribes and unsubscribes also
//! waits here, at two thirds of that rate, so that an order always finds the limiter free.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// Spaces subscriptions evenly, first come first served.
#[derive(Debug)]
pub(crate) struct Pacer {
    interval: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pacer {
    /// For a connection of so many messages a second.
    pub(crate) fn new(messages_per_second: u32) -> Self {
        let rate = (messages_per_second * 2 / 3).max(1);
        Self { interval: Duration::from_secs(1) / rate, next: Mutex::new(None) }
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
        let pacer = Pacer::new(45);
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
}
