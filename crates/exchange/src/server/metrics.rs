//! Counters of a gateway.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($( $(#[$doc:meta])* $name:ident, )*) => {
        /// Counters, written by the gateway's threads.
        #[derive(Debug, Default)]
        pub struct GatewayMetrics {
            $( pub(super) $name: AtomicU64, )*
        }

        /// Counters as they were at one moment.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct MetricsView {
            $( $(#[$doc])* pub $name: u64, )*
        }

        impl GatewayMetrics {
            /// The counters now.
            pub fn view(&self) -> MetricsView {
                MetricsView { $( $name: self.$name.load(Ordering::Relaxed), )* }
            }
        }
    };
}

counters! {
    /// Connections taken.
    accepted,
    /// Connections closed because there were too many.
    turned_away,
    /// Connections closed for what they sent: no API, bad frames, versions that do not meet.
    refused,
    /// Connections closed because they did not say who they are in time.
    silent,
    /// Connections closed because they did not read.
    slow,
    /// Requests answered.
    requests,
    /// Frames that could not be read.
    unreadable,
    /// Messages sent.
    replies,
    /// Bytes written to clients' buffers.
    bytes,
    /// Commits of facts that waited for the disk.
    commits,
}

pub(super) fn count(counter: &AtomicU64) {
    add(counter, 1);
}

pub(super) fn add(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}
