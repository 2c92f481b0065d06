//! What waits for one connection: bounded in bytes, and what happens when the bound is reached.

use std::collections::{HashSet, VecDeque};
use std::num::NonZeroU64;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

mod frames;
mod link;

pub(crate) use self::frames::{Frames, class_of};
pub(crate) use self::link::Link;
use crate::sync::lock;
use crate::{Close, Drained, Limits, SlowConsumer};

/// Counted for each frame on top of its bytes, so that many small ones are bounded as well.
const OVERHEAD: usize = 64;

/// A frame that is ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) bytes: Bytes,
    pub(crate) class: Class,
}

/// What may happen to a frame that waits for too long: an answer (`None`) stays, an event may be dropped, and under
/// [`SlowConsumer::Conflate`] is superseded by a later one with the same number.
pub(crate) type Class = Option<NonZeroU64>;

/// Filled by whoever has something for the connection, drained by the task that serves it.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// The innermost lock of the hub: nothing else is locked and nobody is woken while it is held.
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    frames: Fifo,
    /// Of all frames, overhead included.
    bytes: usize,
    /// The task that waits for the next frame. Whoever takes it must wake it, so that a task is woken once however
    /// many frames it finds.
    waker: Option<Waker>,
    /// Set once; nothing is accepted any more.
    closed: Option<Box<Close>>,
}

impl Outbox {
    /// Queues a frame, unless the connection is closed or the frame is empty. The caller wakes who is returned.
    #[must_use]
    pub(crate) fn push(&self, frame: Frame, volatile: bool, limits: &Limits) -> Option<Waker> {
        let mut queue = lock(&self.queue);
        queue.push(frame, volatile, limits);
        queue.waker_if_ready()
    }

    /// Queues several frames with nothing in between.
    #[must_use]
    pub(crate) fn push_all(
        &self,
        frames: impl Iterator<Item = (Frame, bool)>,
        limits: &Limits,
    ) -> Option<Waker> {
        let mut queue = lock(&self.queue);
        for (frame, volatile) in frames {
            queue.push(frame, volatile, limits);
        }
        queue.waker_if_ready()
    }

    /// Whether so many frames with so many bytes in all fit at this moment.
    pub(crate) fn has_space(&self, frames: usize, bytes: usize, limits: &Limits) -> bool {
        lock(&self.queue).bytes + frames * OVERHEAD + bytes <= limits.outbox
    }

    pub(crate) fn poll_drain(
        &self,
        cx: &mut Context<'_>,
        into: &mut Vec<Bytes>,
        max: usize,
    ) -> Poll<Drained> {
        let mut queue = lock(&self.queue);
        if queue.drain(into, max) {
            return Poll::Ready(Drained::Frames);
        }
        if let Some(close) = &queue.closed {
            return Poll::Ready(Drained::Closed(Close::clone(close)));
        }
        match &mut queue.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// Takes whoever drains, to make it look again though nothing was queued.
    #[must_use]
    pub(crate) fn nudge(&self) -> Option<Waker> {
        lock(&self.queue).waker.take()
    }

    /// Accepts nothing more; what is queued stays.
    #[must_use]
    pub(crate) fn close(&self, close: Close) -> Option<Waker> {
        let mut queue = lock(&self.queue);
        if queue.closed.is_none() {
            queue.closed = Some(Box::new(close));
        }
        queue.waker_if_ready()
    }

    /// Accepts nothing more and forgets what is queued: the connection is gone.
    pub(crate) fn abandon(&self) {
        let mut queue = lock(&self.queue);
        queue.shut(Close::GONE);
        queue.waker = None;
    }
}

impl Queue {
    fn push(&mut self, frame: Frame, volatile: bool, limits: &Limits) {
        let unwanted = volatile && self.bytes * 2 > limits.outbox;
        if unwanted || frame.bytes.is_empty() || self.closed.is_some() {
            return;
        }
        self.bytes += cost(&frame);
        self.frames.push(frame);
        if self.bytes > limits.outbox {
            self.relieve(limits);
        }
    }

    fn relieve(&mut self, limits: &Limits) {
        match limits.slow_consumer {
            SlowConsumer::Close => {}
            SlowConsumer::DropOldest => self.drop_oldest(limits.outbox / 8 * 7),
            SlowConsumer::Conflate => {
                self.conflate();
                self.drop_oldest(limits.outbox / 8 * 7);
            }
        }
        if self.bytes > limits.outbox {
            self.shut(Close::SLOW_CONSUMER);
        }
    }

    /// Drops events from the front until `target` bytes are left, but not the newest frame. Going below the limit
    /// at once makes the next overflow, and its walk over the queue, rare.
    fn drop_oldest(&mut self, target: usize) {
        let mut left = self.frames.len();
        let bytes = &mut self.bytes;
        self.frames.retain(|frame| {
            left -= 1;
            let keep = *bytes <= target || frame.class.is_none() || left == 0;
            if !keep {
                *bytes -= cost(frame);
            }
            keep
        });
    }

    /// Drops events that a later one supersedes.
    fn conflate(&mut self) {
        let mut newer = HashSet::new();
        let frames = std::mem::take(&mut self.frames);
        let mut kept: Vec<Frame> = Vec::new();
        for frame in frames.into_iter().rev() {
            if frame.class.is_none_or(|class| newer.insert(class)) {
                kept.push(frame);
            } else {
                self.bytes -= cost(&frame);
            }
        }
        kept.into_iter().rev().for_each(|frame| self.frames.push(frame));
    }

    /// Moves frames of about `max` bytes; whether there were any.
    fn drain(&mut self, into: &mut Vec<Bytes>, max: usize) -> bool {
        let before = into.len();
        let mut moved = 0;
        while let Some(frame) = self.frames.pop() {
            self.bytes -= cost(&frame);
            moved += frame.bytes.len();
            into.push(frame.bytes);
            if moved >= max {
                break;
            }
        }
        into.len() > before
    }

    fn shut(&mut self, close: Close) {
        self.frames = Fifo::default();
        self.bytes = 0;
        self.closed.get_or_insert_with(|| Box::new(close));
    }

    fn waker_if_ready(&mut self) -> Option<Waker> {
        let ready = !self.frames.is_empty() || self.closed.is_some();
        if ready { self.waker.take() } else { None }
    }
}

/// Wakes whom a push returned; not to be called under a lock.
pub(crate) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn cost(frame: &Frame) -> usize {
    frame.bytes.len() + OVERHEAD
}

/// A queue that keeps one frame in place and allocates only for more: the usual connection has none waiting, and
/// one at a time when something is sent.
#[derive(Debug, Default)]
struct Fifo {
    /// The oldest; empty only when `rest` is, or after a pop.
    first: Option<Frame>,
    /// Gives its memory back when it runs empty.
    rest: VecDeque<Frame>,
}

impl Fifo {
    fn is_empty(&self) -> bool {
        self.first.is_none() && self.rest.is_empty()
    }

    fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }

    fn push(&mut self, frame: Frame) {
        if self.is_empty() {
            self.first = Some(frame);
        } else {
            self.rest.push_back(frame);
        }
    }

    fn pop(&mut self) -> Option<Frame> {
        self.first.take().or_else(|| {
            let frame = self.rest.pop_front();
            if self.rest.is_empty() && self.rest.capacity() > 0 {
                self.rest = VecDeque::new();
            }
            frame
        })
    }

    fn retain(&mut self, mut keep: impl FnMut(&Frame) -> bool) {
        self.first = self.first.take().filter(&mut keep);
        self.rest.retain(keep);
    }

    fn into_iter(self) -> impl DoubleEndedIterator<Item = Frame> {
        self.first.into_iter().chain(self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(outbox: usize, slow_consumer: SlowConsumer) -> Limits {
        Limits { outbox, slow_consumer, ..Limits::default() }
    }

    fn event(class: u64, text: &'static str) -> Frame {
        Frame { bytes: Bytes::from_static(text.as_bytes()), class: NonZeroU64::new(class) }
    }

    fn drain(outbox: &Outbox) -> (Vec<Bytes>, Poll<Drained>) {
        let mut frames = Vec::new();
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            match outbox.poll_drain(&mut cx, &mut frames, usize::MAX) {
                Poll::Ready(Drained::Frames) => {}
                end => return (frames, end),
            }
        }
    }

    #[test]
    fn a_full_outbox_closes() {
        let outbox = Outbox::default();
        let limits = limits(3 * 65, SlowConsumer::Close);
        for text in ["1", "2", "3"] {
            let _ = outbox.push(event(1, text), false, &limits);
        }
        assert!(lock(&outbox.queue).closed.is_none(), "exactly the limit is allowed");
        let _ = outbox.push(event(1, "4"), false, &limits);
        assert_eq!(drain(&outbox), (vec![], Poll::Ready(Drained::Closed(Close::SLOW_CONSUMER))));
    }

    #[test]
    fn the_oldest_events_are_dropped_and_answers_stay() {
        let outbox = Outbox::default();
        let limits = limits(8 * 65, SlowConsumer::DropOldest);
        let _ = outbox.push(event(0, "A"), false, &limits);
        for text in ["1", "2", "3", "4", "5", "6", "7", "8", "9"] {
            let _ = outbox.push(event(1, text), false, &limits);
        }
        let (frames, end) = drain(&outbox);
        assert_eq!(frames.concat(), b"A3456789");
        assert!(end.is_pending());
    }

    #[test]
    fn answers_alone_that_do_not_fit_close_under_every_policy() {
        for policy in [SlowConsumer::Close, SlowConsumer::DropOldest, SlowConsumer::Conflate] {
            let outbox = Outbox::default();
            for _ in 0..9 {
                let _ = outbox.push(event(0, "A"), false, &limits(8 * 65, policy));
            }
            assert_eq!(drain(&outbox).1, Poll::Ready(Drained::Closed(Close::SLOW_CONSUMER)), "{policy:?}");
        }
    }

    #[test]
    fn an_event_larger_than_the_limit_closes_instead_of_vanishing() {
        let outbox = Outbox::default();
        let big = event(1, "0123456789012345678901234567890123456789");
        let _ = outbox.push(big, false, &limits(100, SlowConsumer::DropOldest));
        assert_eq!(drain(&outbox).1, Poll::Ready(Drained::Closed(Close::SLOW_CONSUMER)));
    }

    #[test]
    fn conflation_keeps_the_newest_of_each_kind() {
        let outbox = Outbox::default();
        let limits = limits(8 * 66, SlowConsumer::Conflate);
        for (class, text) in [
            (1, "a1"),
            (2, "b1"),
            (0, "A!"),
            (1, "a2"),
            (1, "a3"),
            (2, "b2"),
            (3, "c1"),
            (1, "a4"),
            (1, "a5"),
        ] {
            let _ = outbox.push(event(class, text), false, &limits);
        }
        assert_eq!(drain(&outbox).0.concat(), b"A!b2c1a5");
    }

    #[test]
    fn volatile_events_are_not_queued_behind_half_a_limit() {
        let outbox = Outbox::default();
        let limits = limits(4 * 65, SlowConsumer::Close);
        for text in ["1", "2", "3", "4", "5"] {
            let _ = outbox.push(event(1, text), true, &limits);
        }
        assert_eq!(drain(&outbox).0.concat(), b"123");
    }

    #[test]
    fn batches_are_bounded_and_the_bytes_are_given_back() {
        let outbox = Outbox::default();
        let limits = Limits::default();
        for text in ["12", "34", "56", "78"] {
            let _ = outbox.push(event(1, text), false, &limits);
        }
        let mut frames = Vec::new();
        let mut cx = Context::from_waker(Waker::noop());
        assert!(outbox.poll_drain(&mut cx, &mut frames, 3).is_ready());
        assert_eq!(frames.concat(), b"1234");
        assert_eq!(drain(&outbox).0.concat(), b"5678");
        let queue = lock(&outbox.queue);
        assert_eq!((queue.bytes, queue.frames.rest.capacity()), (0, 0));
    }
}
