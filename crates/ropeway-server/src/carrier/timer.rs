//! The one timer of a connection whose deadlines are kept here.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::time::{Sleep, sleep_until};

use crate::clock::now;

/// Absent while there is no deadline. Deadlines that move back leave the timer as it is: it is set anew when it fires,
/// which is cheaper than setting it with every packet.
#[derive(Default)]
pub(super) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Ready with the time when `due` has come; else the task is registered for it.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, due: Option<Instant>) -> Poll<Instant> {
        let Some(due) = due.map(tokio::time::Instant::from_std) else {
            self.0 = None;
            return Poll::Pending;
        };
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if due < sleep.deadline() {
            sleep.as_mut().reset(due);
        }
        while sleep.as_mut().poll(cx).is_ready() {
            let now = now();
            if due.into_std() <= now {
                return Poll::Ready(now);
            }
            sleep.as_mut().reset(due);
        }
        Poll::Pending
    }

    /// Whether there is a deadline before which it would not fire.
    pub(super) fn misses(&self, due: Option<Instant>) -> bool {
        (due.is_some() && self.0.is_none()) || self.oversleeps(due)
    }

    /// Whether it would fire after `due`: a deadline has moved forward since it was polled.
    pub(super) fn oversleeps(&self, due: Option<Instant>) -> bool {
        due.zip(self.0.as_ref()).is_some_and(|(due, sleep)| due < sleep.deadline().into_std())
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    /// An idle connection owns no timer.
    #[tokio::test]
    async fn there_is_a_timer_only_while_there_is_a_deadline() {
        let mut timer = Timer::default();
        let due = Some(now() + Duration::from_secs(60));
        let mut look = async |due| {
            poll_fn(|cx| Poll::Ready((timer.poll(cx, due).is_pending(), timer.0.is_some()))).await
        };
        assert_eq!(look(None).await, (true, false));
        assert_eq!(look(due).await, (true, true));
        assert_eq!(look(None).await, (true, false));
    }

    #[test]
    fn a_deadline_without_a_timer_is_missed() {
        let timer = Timer::default();
        assert!(timer.misses(Some(now())) && !timer.misses(None));
    }
}
