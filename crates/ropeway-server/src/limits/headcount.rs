//! How many there are of something, and when there is none left.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Counts anything that comes and goes, up to a limit. Who is connected, by address and user, is
/// `limits::Population`, which has one of these for all together.
#[derive(Debug)]
pub(crate) struct Headcount {
    count: AtomicUsize,
    limit: usize,
    emptied: Notify,
}

impl Headcount {
    pub(crate) fn new(limit: usize) -> Self {
        Self { count: AtomicUsize::new(0), limit, emptied: Notify::new() }
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Counts one more, until it is dropped; nothing when the limit is reached.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Counted> {
        self.count_up().then(|| Counted(self.clone()))
    }

    /// Counts one more, until [`Headcount::count_down`]; `false` when the limit is reached.
    pub(super) fn count_up(&self) -> bool {
        let one_more = |count| (count < self.limit).then_some(count + 1);
        self.count.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more).is_ok()
    }

    pub(super) fn count_down(&self) {
        if self.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.emptied.notify_waiters();
        }
    }

    /// Ends when the last one has gone. Cancel-safe.
    pub(crate) async fn empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.count() == 0 {
                return;
            }
            emptied.await;
        }
    }
}

/// One of those that a [`Headcount`] counts, until it is dropped.
#[derive(Debug)]
pub(crate) struct Counted(Arc<Headcount>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.count_down();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headcount_has_a_limit_and_forgets_who_left() {
        let headcount = Arc::new(Headcount::new(2));
        let first = headcount.enter();
        let second = headcount.enter();
        assert!(first.is_some() && second.is_some() && headcount.enter().is_none());
        drop(first);
        assert!(headcount.enter().is_some());
        assert_eq!(headcount.count(), 1);
    }

    #[tokio::test]
    async fn waiting_ends_with_the_last_one() {
        let headcount = Arc::new(Headcount::new(1));
        let place = headcount.enter();
        let waiting = tokio::spawn({
            let headcount = headcount.clone();
            async move { headcount.empty().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(place);
        waiting.await.unwrap();
    }
}
