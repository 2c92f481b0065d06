//! Wakes connections when their next message is due, finer than the timers of the runtime, which tick in milliseconds.

use std::collections::BinaryHeap;
use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::unix::AsyncFd;

use crate::bench::measure::{Nanos, now};

/// The alarm clock of one worker: filled by its connections, emptied by [`Pacer::run`] on the same thread.
#[derive(Debug, Default)]
pub(crate) struct Pacer {
    /// Locked for moments.
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    alarms: BinaryHeap<Alarm>,
    /// The task of [`Pacer::run`], to be woken when an alarm comes before all others.
    runner: Option<Waker>,
}

#[derive(Debug)]
struct Alarm {
    due: Nanos,
    waker: Waker,
}

impl Pacer {
    /// Has the task of this poll woken at a moment.
    pub(crate) fn wake_at(&self, due: Nanos, cx: &Context<'_>) {
        let mut queue = self.queue();
        let is_first = queue.alarms.peek().is_none_or(|first| due < first.due);
        queue.alarms.push(Alarm { due, waker: cx.waker().clone() });
        let runner = if is_first { queue.runner.take() } else { None };
        drop(queue);
        if let Some(runner) = runner {
            runner.wake();
        }
    }

    /// Wakes whoever is due, until it is dropped.
    ///
    /// # Errors
    /// The system has no timer left.
    pub(crate) async fn run(&self) -> io::Result<()> {
        let timer =
            timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        #[expect(deprecated, reason = "what replaces it is unsafe; an `OwnedFd` stays the same, as it must")]
        let timer = AsyncFd::new(timer)?;
        let mut armed = None;
        poll_fn(|cx| self.poll(&timer, &mut armed, cx)).await
    }

    fn poll(
        &self,
        timer: &AsyncFd<OwnedFd>,
        armed: &mut Option<Nanos>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        // Setting the timer anew takes back that it has rung, so it is never read.
        while let Poll::Ready(ready) = timer.poll_read_ready(cx) {
            ready?.clear_ready();
            *armed = None;
        }
        let next = self.ring(cx);
        if let Some(due) = next.filter(|due| *armed != Some(*due)) {
            arm(timer, due)?;
            *armed = next;
        }
        Poll::Pending
    }

    /// Wakes all who are due; tells when the next one is.
    fn ring(&self, cx: &Context<'_>) -> Option<Nanos> {
        let now = now();
        let mut queue = self.queue();
        while queue.alarms.peek().is_some_and(|first| first.due <= now) {
            if let Some(alarm) = queue.alarms.pop() {
                alarm.waker.wake();
            }
        }
        queue.runner = Some(cx.waker().clone());
        queue.alarms.peek().map(|first| first.due)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn arm(timer: &AsyncFd<OwnedFd>, due: Nanos) -> io::Result<()> {
    let never = Timespec { tv_sec: 0, tv_nsec: 0 };
    let at = Timespec { tv_sec: (due / 1_000_000_000) as i64, tv_nsec: (due % 1_000_000_000) as i64 };
    let spec = Itimerspec { it_interval: never, it_value: at };
    timerfd_settime(timer.get_ref(), TimerfdTimerFlags::ABSTIME, &spec)?;
    Ok(())
}

/// The earliest is the greatest, as a heap gives the greatest first.
impl Ord for Alarm {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.due.cmp(&self.due)
    }
}

impl PartialOrd for Alarm {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Alarm {
    fn eq(&self, other: &Self) -> bool {
        self.due == other.due
    }
}

impl Eq for Alarm {}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn alarms_ring_in_their_order_and_not_before_their_time() {
        let pacer = Arc::new(Pacer::default());
        let running = tokio::spawn({
            let pacer = Arc::clone(&pacer);
            async move { pacer.run().await }
        });
        let start = now();
        let rung = Arc::new(Mutex::new(Vec::new()));
        let wait = |micros: u64| {
            let (pacer, rung) = (Arc::clone(&pacer), Arc::clone(&rung));
            let due = start + micros * 1000;
            tokio::spawn(async move {
                // Only an alarm counts, also when the time was over before it was set.
                let mut is_set = false;
                poll_fn(|cx| {
                    if std::mem::replace(&mut is_set, true) && now() >= due {
                        return Poll::Ready(());
                    }
                    pacer.wake_at(due, cx);
                    Poll::Pending
                })
                .await;
                rung.lock().unwrap().push(micros);
            })
        };
        for waiting in [wait(30_000), wait(500), wait(10_000)] {
            waiting.await.unwrap();
        }
        assert_eq!(*rung.lock().unwrap(), [500, 10_000, 30_000]);
        running.abort();
    }
}
