//! What waits to be sent to one client: bounded, filled by the engine, emptied by the client's task.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::hub::Shape;

/// Bytes on their way to one client.
#[derive(Debug)]
pub struct Outbox {
    state: Mutex<State>,
    /// For the task that sends.
    changed: Notify,
    /// For the task that reads.
    ending: Notify,
    limit: usize,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    end: Option<End>,
    shape: Shape,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// After what waits was sent.
    Flushed,
    /// Not yet, but nothing is sent or read any more: a dead socket.
    Held,
    /// At once.
    Dropped,
}

/// What the client's task is to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Send these bytes.
    Send(Vec<u8>),
    /// Close.
    Close,
}

impl Outbox {
    /// An empty outbox that holds at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { state: Mutex::default(), changed: Notify::new(), ending: Notify::new(), limit }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends what `write` writes. `false` when the client is gone, or has just been given up
    /// because more waits for it than the limit.
    pub fn write(&self, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut state = self.lock();
        if state.end.is_some() {
            return false;
        }
        write(&mut state.bytes);
        let fits = state.bytes.len() <= self.limit;
        if !fits {
            state.bytes = Vec::new();
            state.end = Some(End::Dropped);
            self.ending.notify_one();
        }
        drop(state);
        self.changed.notify_one();
        fits
    }

    /// Ends the connection. What was to be flushed may still be dropped, never the other way.
    pub fn end(&self, how: End) {
        let mut state = self.lock();
        match (state.end, how) {
            (None, _) | (Some(End::Flushed | End::Held), End::Dropped) | (Some(End::Flushed), End::Held) => {
                state.end = Some(how);
            }
            _ => {}
        }
        if how == End::Held {
            state.bytes = Vec::new();
        }
        drop(state);
        self.changed.notify_one();
        self.ending.notify_one();
    }

    /// Bytes leave in another way from here on.
    pub fn shape(&self, shape: Shape) {
        self.lock().shape = shape;
    }

    /// How bytes leave.
    pub fn shaped(&self) -> Shape {
        self.lock().shape
    }

    /// Whether the socket is to be dead for now.
    pub fn is_held(&self) -> bool {
        self.lock().end == Some(End::Held)
    }

    /// Waits until a dead socket may end: for the task that read.
    pub async fn released(&self) {
        while self.is_held() {
            self.ending.notified().await;
        }
    }

    /// Whether the connection is to be dropped at once.
    pub fn is_dropped(&self) -> bool {
        self.lock().end == Some(End::Dropped)
    }

    /// Waits until there is something to do. One task at a time may wait.
    pub async fn next(&self) -> Next {
        loop {
            {
                let mut state = self.lock();
                match state.end {
                    Some(End::Dropped) => return Next::Close,
                    Some(End::Held) => {}
                    _ if !state.bytes.is_empty() => return Next::Send(std::mem::take(&mut state.bytes)),
                    Some(End::Flushed) => return Next::Close,
                    None => {}
                }
            }
            self.changed.notified().await;
        }
    }

    /// Waits until the connection is to be dropped at once: for the task that sends, while it is stuck.
    pub async fn dropped(&self) {
        while !self.is_dropped() {
            self.changed.notified().await;
        }
    }

    /// Waits until the connection is to end in one way or the other: for the task that reads.
    pub async fn ended(&self) {
        while self.lock().end.is_none() {
            self.ending.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bytes_come_out_in_order_and_then_the_end() {
        let outbox = Outbox::new(100);
        assert!(outbox.write(|out| out.extend_from_slice(b"one")));
        assert!(outbox.write(|out| out.extend_from_slice(b"two")));
        outbox.end(End::Flushed);
        assert!(!outbox.write(|out| out.extend_from_slice(b"three")));
        assert_eq!(outbox.next().await, Next::Send(b"onetwo".to_vec()));
        assert_eq!(outbox.next().await, Next::Close);
    }

    #[tokio::test]
    async fn a_dead_socket_sends_nothing_until_it_is_dropped() {
        let outbox = Outbox::new(100);
        assert!(outbox.write(|out| out.push(b'1')));
        outbox.end(End::Held);
        outbox.end(End::Flushed);
        assert!(!outbox.write(|out| out.push(b'2')));
        assert!(outbox.is_held());
        outbox.end(End::Dropped);
        outbox.released().await;
        assert_eq!(outbox.next().await, Next::Close);
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_given_up() {
        let outbox = Outbox::new(4);
        assert!(outbox.write(|out| out.extend_from_slice(b"1234")));
        assert!(!outbox.write(|out| out.push(b'5')));
        outbox.dropped().await;
        assert_eq!(outbox.next().await, Next::Close);
    }
}
