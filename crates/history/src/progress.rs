//! Bytes read of all bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes read of all bytes: the readers count, a progress bar looks. Clones share the counts.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    read: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    /// Bytes of the files that were read so far.
    pub fn read(&self) -> u64 {
        self.0.read.load(Ordering::Relaxed)
    }

    /// Bytes of all files.
    pub fn total(&self) -> u64 {
        self.0.total.load(Ordering::Relaxed)
    }

    pub(crate) fn announce(&self, bytes: u64) {
        self.0.total.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn advance(&self, bytes: u64) {
        self.0.read.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// One reader's part of a [`Progress`]. It counts each byte of its file once, whatever it skips.
#[derive(Debug)]
pub(crate) struct Share {
    progress: Progress,
    left: u64,
}

impl Share {
    pub(crate) fn of(progress: &Progress, bytes: u64) -> Self {
        progress.announce(bytes);
        Self { progress: progress.clone(), left: bytes }
    }

    pub(crate) fn advance(&mut self, bytes: u64) {
        let bytes = bytes.min(self.left);
        self.left -= bytes;
        self.progress.advance(bytes);
    }

    pub(crate) fn finish(&mut self) {
        self.advance(self.left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_the_whole() {
        let progress = Progress::default();
        let (mut first, mut second) = (Share::of(&progress, 10), Share::of(&progress, 5));
        assert_eq!((progress.read(), progress.total()), (0, 15));
        first.advance(7);
        second.advance(99);
        assert_eq!(progress.read(), 12);
        first.finish();
        first.finish();
        assert_eq!(progress.read(), progress.total());
    }
}
