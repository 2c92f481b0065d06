//! Whose turn it is to be closed.
//!
//! The sessions stand in a queue in random order, and one pacer lets them go by a schedule: the i-th at i times the
//! interval. So an idle session has no timer, and the pace holds however many there are.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use rand::seq::SliceRandom;
use slab::Slab;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::config::Pace;

/// All sessions, in no order until they are to be closed.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// Locked by a session when it comes and goes; while the server is drained at every poll.
    inner: Mutex<Inner>,
    /// Somebody came while the queue was at its end.
    late: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    sessions: Slab<Waker>,
    schedule: Option<Schedule>,
}

#[derive(Debug)]
struct Schedule {
    begun: Instant,
    interval: Duration,
    /// Slots of sessions that wait; of some that have left meanwhile too.
    waiting: VecDeque<usize>,
    /// By slot: its turn has come.
    called: Vec<bool>,
    /// Sessions that were called.
    count: usize,
}

impl Queue {
    /// Calls one session after the other, and those that come late behind them. Never ends. Cancel-safe.
    pub(super) async fn pace(&self, pace: Pace) -> std::convert::Infallible {
        self.begin(pace);
        loop {
            match self.call() {
                Some(next) => sleep_until(next).await,
                None => self.late.notified().await,
            }
        }
    }

    /// Sessions whose turn has come.
    pub(super) fn called(&self) -> usize {
        self.lock().schedule.as_ref().map_or(0, |schedule| schedule.count)
    }

    pub(super) fn wake_all(&self) {
        let sessions: Vec<Waker> = self.lock().sessions.iter().map(|(_, waker)| waker.clone()).collect();
        sessions.into_iter().for_each(Waker::wake);
    }

    fn begin(&self, pace: Pace) {
        let mut inner = self.lock();
        let mut slots: Vec<usize> = inner.sessions.iter().map(|(slot, _)| slot).collect();
        slots.shuffle(&mut rand::rng());
        let interval = match pace {
            Pace::Over(spread) => spread.div_f64(slots.len().max(1) as f64),
            Pace::Rate(rate) => Duration::from_secs(1).div_f64(rate.max(1) as f64),
        };
        let (begun, waiting) = (Instant::now(), VecDeque::from(slots));
        inner.schedule.get_or_insert(Schedule { begun, interval, waiting, called: Vec::new(), count: 0 });
    }

    /// Calls everybody whose time has come. When the next one's comes, if there is one.
    fn call(&self) -> Option<Instant> {
        let mut inner = self.lock();
        let Inner { sessions, schedule } = &mut *inner;
        let schedule = schedule.as_mut()?;
        let (now, mut called, mut next) = (Instant::now(), Vec::new(), None);
        while let Some(slot) = schedule.waiting.front().copied() {
            let Some(waker) = sessions.get(slot).filter(|_| !schedule.is_called(slot)) else {
                // It has left, or another one has come to its place and was called already.
                schedule.waiting.pop_front();
                continue;
            };
            let due = schedule.due();
            if due > now {
                next = Some(due);
                break;
            }
            schedule.waiting.pop_front();
            schedule.call(slot);
            called.push(waker.clone());
        }
        drop(inner);
        called.into_iter().for_each(Waker::wake);
        next
    }

    pub(super) fn enter(&self, waker: Waker) -> usize {
        let mut inner = self.lock();
        let slot = inner.sessions.insert(waker);
        if let Some(schedule) = &mut inner.schedule {
            schedule.enter(slot);
            self.late.notify_one();
        }
        slot
    }

    pub(super) fn is_called(&self, slot: usize) -> bool {
        self.lock().schedule.as_ref().is_some_and(|schedule| schedule.is_called(slot))
    }

    pub(super) fn leave(&self, slot: usize) {
        self.lock().sessions.try_remove(slot);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Schedule {
    /// When the next one is called.
    fn due(&self) -> Instant {
        let count = u32::try_from(self.count).unwrap_or(u32::MAX);
        self.begun + self.interval.saturating_mul(count)
    }

    fn enter(&mut self, slot: usize) {
        if let Some(called) = self.called.get_mut(slot) {
            *called = false;
        }
        self.waiting.push_back(slot);
    }

    fn call(&mut self, slot: usize) {
        if self.called.len() <= slot {
            self.called.resize(slot + 1, false);
        }
        self.called[slot] = true;
        self.count += 1;
    }

    fn is_called(&self, slot: usize) -> bool {
        self.called.get(slot).copied().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn enter(queue: &Queue) -> usize {
        queue.enter(Waker::noop().clone())
    }

    fn called(queue: &Queue, slots: &[usize]) -> usize {
        slots.iter().filter(|slot| queue.is_called(**slot)).count()
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_holds_from_the_first_to_the_last() {
        let queue = Queue::default();
        let slots: Vec<usize> = (0..10).map(|_| enter(&queue)).collect();
        queue.begin(Pace::Rate(4));
        for quarter in 0..9 {
            assert!(queue.call().is_some());
            assert_eq!((called(&queue, &slots), queue.called()), (quarter + 1, quarter + 1));
            advance(Duration::from_millis(250)).await;
        }
        assert_eq!(queue.call(), None);
        assert_eq!(called(&queue, &slots), 10);
    }

    /// Those who came first are not always those who go first. That chance leaves twenty in order it does once in 10^18.
    #[tokio::test(start_paused = true)]
    async fn nobody_chooses_the_order() {
        let queue = Queue::default();
        let slots: Vec<usize> = (0..20).map(|_| enter(&queue)).collect();
        queue.begin(Pace::Rate(1));
        let waiting = queue.lock().schedule.as_ref().unwrap().waiting.clone();
        assert_ne!(waiting, slots);
    }

    #[tokio::test(start_paused = true)]
    async fn a_spread_is_shared_by_all() {
        let queue = Queue::default();
        let slots: Vec<usize> = (0..8).map(|_| enter(&queue)).collect();
        queue.begin(Pace::Over(Duration::from_secs(8)));
        advance(Duration::from_millis(3500)).await;
        queue.call();
        assert_eq!(called(&queue, &slots), 4);
        advance(Duration::from_millis(3500)).await;
        assert_eq!(queue.call(), None);
        assert_eq!(called(&queue, &slots), 8);
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_left_takes_no_time_and_who_comes_late_is_last() {
        let queue = Queue::default();
        let slots: Vec<usize> = (0..3).map(|_| enter(&queue)).collect();
        queue.begin(Pace::Rate(1));
        queue.call();
        let gone = slots.iter().copied().find(|slot| !queue.is_called(*slot)).unwrap();
        let staying = slots.iter().copied().find(|slot| *slot != gone && !queue.is_called(*slot)).unwrap();
        queue.leave(slots.iter().copied().find(|slot| queue.is_called(*slot)).unwrap());
        let late = enter(&queue);
        assert!(!queue.is_called(late), "it has the place of one that was called");
        queue.leave(gone);
        advance(Duration::from_secs(1)).await;
        queue.call();
        assert!(queue.is_called(staying) && !queue.is_called(late));
        advance(Duration::from_secs(1)).await;
        assert_eq!(queue.call(), None);
        assert!(queue.is_called(late));
    }

    #[tokio::test(start_paused = true)]
    async fn the_pacer_waits_for_who_comes_late() {
        let queue = std::sync::Arc::new(Queue::default());
        let pacer = tokio::spawn({
            let queue = queue.clone();
            async move { match queue.pace(Pace::Rate(1)).await {} }
        });
        tokio::task::yield_now().await;
        let late = enter(&queue);
        tokio::task::yield_now().await;
        assert!(queue.is_called(late));
        pacer.abort();
    }
}
