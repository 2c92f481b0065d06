//! Keeping a connection to its rates.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ropeway_hub::Close;
use ropeway_ws::Event;
use tokio::time::{Instant, Sleep, sleep};

use super::rate::{Rate, Rates};
use crate::config::RateAction;

/// A delay is no shorter, so that a connection at its limit is not woken for each message.
const SHORTEST_DELAY: Duration = Duration::from_millis(10);

/// What a message means for its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is within the rates.
    Within,
    /// It is to be handled, and nothing more to be read until [`Pace::poll`] is ready.
    Delayed,
    /// It is over the rates, and the connection is to be closed.
    Exceeded,
}

/// How fast one connection brings messages.
///
/// A message counts as the bytes that it took on the wire or as those that it came to, whichever are more. By the first
/// nobody gets around the limit with fragments of a byte, whose headers are most of what comes; by the second not with
/// what inflates to a thousand times its size. The bytes of a message that never ends are not counted, but it is bounded by
/// its own limits, and then the connection is closed.
pub(crate) struct Pace {
    rate: Rate,
    /// Bytes that the connection had taken in at the last message; only the difference matters, so it may wrap.
    received: u32,
    rates: Arc<Rates>,
    /// There while the connection is delayed.
    delay: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    pub(crate) fn new(rates: Arc<Rates>) -> Self {
        let rate = Rate::new(&rates, Instant::now().into_std());
        Self { rate, received: 0, rates, delay: None }
    }

    /// Counts a message, ping or pong of `len` bytes, after which the connection has taken in `received` bytes in all.
    #[inline]
    fn message(&mut self, len: usize, received: u64) -> Verdict {
        let received = received as u32;
        let on_the_wire = received.wrapping_sub(self.received);
        self.received = received;
        self.take(u64::from(on_the_wire).max(len as u64))
    }

    /// Counts a message that came in another way, of `bytes` bytes.
    #[inline]
    pub(crate) fn take(&mut self, bytes: u64) -> Verdict {
        if self.rate.take(bytes) { Verdict::Within } else { self.settle() }
    }

    #[cold]
    fn settle(&mut self) -> Verdict {
        let wait = self.rate.settle(&self.rates, Instant::now().into_std());
        if wait.is_zero() {
            return Verdict::Within;
        }
        match self.rates.action {
            RateAction::Close => Verdict::Exceeded,
            RateAction::Delay => {
                self.delay = Some(Box::pin(sleep(wait.max(SHORTEST_DELAY))));
                Verdict::Delayed
            }
        }
    }

    /// Counts an event of a WebSocket that has taken in `received` bytes.
    #[inline]
    pub(crate) fn event(&mut self, event: &Event<'_>, received: u64) -> Verdict {
        match event {
            Event::Message(message) => self.message(message.len(), received),
            Event::Ping(payload) | Event::Pong(payload) => self.message(payload.len(), received),
            _ => Verdict::Within,
        }
    }

    /// How a connection is closed that brings too much.
    pub(crate) fn close() -> Close {
        Close { code: 4008, reason: Cow::Borrowed("rate limit exceeded") }
    }

    /// Whether nothing is to be read for now.
    pub(crate) fn is_delayed(&self) -> bool {
        self.delay.is_some()
    }

    /// Ready when messages may be read, with whether that was just a moment ago not so; else the task is woken when it
    /// may.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let Some(delay) = &mut self.delay else { return Poll::Ready(false) };
        ready!(delay.as_mut().poll(cx));
        self.delay = None;
        Poll::Ready(true)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;
    use crate::config::{ByteSize, Cap, Config};

    fn pace(action: RateAction) -> Pace {
        let mut config = Config::default();
        config.limits.messages_per_second = Cap::At(10);
        config.limits.message_burst = 2;
        config.limits.bytes_per_second = Cap::At(ByteSize::new(1000));
        config.limits.byte_burst = Some(ByteSize::new(1000));
        config.limits.rate_action = action;
        Pace::new(Arc::new(Rates::new(&config, Instant::now().into_std())))
    }

    #[tokio::test(start_paused = true)]
    async fn who_brings_too_much_is_delayed_as_long_as_it_takes() {
        let mut pace = pace(RateAction::Delay);
        let began = Instant::now();
        for number in 0..22 {
            poll_fn(|cx| pace.poll(cx)).await;
            assert!(!pace.is_delayed());
            assert_ne!(pace.message(1, 7 * (number + 1)), Verdict::Exceeded);
        }
        poll_fn(|cx| pace.poll(cx)).await;
        let passed = began.elapsed().as_millis();
        assert!((2000..2050).contains(&passed), "20 messages over the burst, 10 a second: {passed} ms");
    }

    #[tokio::test(start_paused = true)]
    async fn who_brings_too_much_is_told_to_go() {
        let mut pace = pace(RateAction::Close);
        let verdicts = [1, 2, 3].map(|number| pace.message(0, 6 * number));
        assert_eq!(verdicts, [Verdict::Within, Verdict::Within, Verdict::Exceeded]);
    }

    #[tokio::test(start_paused = true)]
    async fn bombs_and_fragments_count_for_what_they_are() {
        let bomb = pace(RateAction::Close).message(1001, 10);
        let fragments = pace(RateAction::Close).message(10, 1001);
        let largest = pace(RateAction::Close).message(1000, 1000);
        assert_eq!([bomb, fragments, largest], [Verdict::Exceeded, Verdict::Exceeded, Verdict::Within]);
    }
}
