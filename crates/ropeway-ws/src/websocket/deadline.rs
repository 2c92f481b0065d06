//! The one timer of a connection.

use std::future::Future as _;
use std::pin::Pin;
use std::task::Context;

use tokio::time::{Instant, Sleep, sleep_until};

use super::WebSocket;

/// The next deadline of the core. The clock is read when it passes and when the connection begins to close, not in
/// between: deadlines of an open connection only move backwards.
#[derive(Default)]
pub(super) struct Timer {
    /// Absent without a deadline.
    sleep: Option<Pin<Box<Sleep>>>,
    /// The state that `sleep` was set for; it is set anew when it differs.
    set_for: Option<Phase>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    CloseSent,
    DoneSending,
}

impl WebSocket {
    /// Lets the core do what is due and registers for the next deadline.
    #[inline]
    pub(super) fn poll_deadline(&mut self, cx: &mut Context<'_>) {
        if self.timer.set_for != Some(self.phase()) {
            self.set_timer();
        }
        while let Some(sleep) = &mut self.timer.sleep
            && sleep.as_mut().poll(cx).is_ready()
        {
            self.connection.handle_timeout(Instant::now().into_std(), &mut self.out);
            self.set_timer();
        }
    }

    fn set_timer(&mut self) {
        let deadline = self.connection.poll_timeout(Instant::now().into_std());
        self.timer.set_for = Some(self.phase());
        match (deadline.map(Instant::from_std), &mut self.timer.sleep) {
            (Some(deadline), Some(sleep)) => sleep.as_mut().reset(deadline),
            (Some(deadline), none) => *none = Some(Box::pin(sleep_until(deadline))),
            (None, sleep) => *sleep = None,
        }
    }

    fn phase(&self) -> Phase {
        if self.connection.is_open() {
            Phase::Open
        } else if self.connection.is_done_sending() {
            Phase::DoneSending
        } else {
            Phase::CloseSent
        }
    }
}
