//! A bounded number of threads over a list; answers in the order of the list.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most threads that are started.
pub const MOST: usize = 64;

/// As many threads as the machine runs at once, at most [`MOST`].
pub fn available() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(MOST)
}

/// Does `work` on each item. `done` hears, from any thread, how many are finished. What one item gives may not
/// depend on the others: then the result does not depend on the number of threads.
///
/// # Panics
/// When `work` does.
pub fn map<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(usize, &T) -> R + Sync,
    done: impl Fn(usize) + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let finished = AtomicUsize::new(0);
    let answers: Mutex<Vec<Option<R>>> = Mutex::new(items.iter().map(|_| None).collect());
    let run = || {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(place) else { return };
            let answer = work(place, item);
            // A poisoned lock means that `work` panicked elsewhere: the scope ends with that panic.
            if let Ok(mut answers) = answers.lock() {
                answers[place] = Some(answer);
            }
            done(finished.fetch_add(1, Ordering::Relaxed) + 1);
        }
    };
    let threads = threads.clamp(1, MOST).min(items.len().max(1));
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(run);
        }
        run();
    });
    let answers = answers.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    answers.into_iter().map(|answer| answer.expect("each place was worked on")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_stand_in_the_order_of_the_list() {
        let items: Vec<u64> = (0..1_000).collect();
        for threads in [1, 2, 7, 1_000] {
            let most = AtomicUsize::new(0);
            let squares = map(
                &items,
                threads,
                |_, x| x * x,
                |n| {
                    most.fetch_max(n, Ordering::Relaxed);
                },
            );
            assert!(squares.iter().zip(&items).all(|(square, x)| *square == x * x));
            assert_eq!(most.into_inner(), items.len());
        }
        assert!(map(&[] as &[u64], 4, |_, x| *x, |_| ()).is_empty());
    }
}
