//! The time in which a connection has to make its first request.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::rt::{Sleep, Timer};
use hyper_util::rt::TokioTimer;
use tokio::time::Instant;

/// Until when a connection has to bring its first request, counted from when it was accepted: whatever comes before, such
/// as a PROXY header or the handshake of TLS, is in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(pub(super) Instant);

impl Deadline {
    pub(super) fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }
}

/// The timer of one connection in HTTP. hyper asks it for one sleep for the head of each request: that of the first ends
/// at the deadline of the connection, those of later ones when hyper says.
#[derive(Debug)]
pub(super) struct HeadTimer {
    deadline: Deadline,
    is_first: AtomicBool,
}

impl HeadTimer {
    pub(super) fn new(deadline: Deadline) -> Self {
        Self { deadline, is_first: AtomicBool::new(true) }
    }
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, end: std::time::Instant) -> Pin<Box<dyn Sleep>> {
        let is_first = self.is_first.swap(false, Ordering::Relaxed);
        TokioTimer::new().sleep_until(if is_first { end.min(self.deadline.0.into_std()) } else { end })
    }

    fn now(&self) -> std::time::Instant {
        TokioTimer::new().now()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn Sleep>>, end: std::time::Instant) {
        TokioTimer::new().reset(sleep, end);
    }
}
