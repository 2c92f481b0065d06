//! Broadcasts that many clients answer.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::acks::Waiting;
use crate::frames::Frames;
use crate::hub::Inner;
use crate::outbox::wake;
use crate::sync::lock;
use crate::{Answers, Broadcast, Event, Outbound, Payload, Reply};

impl Inner {
    /// Sends to the sockets of a target here, all with one [`ack`](Event::ack), and collects their answers.
    pub(crate) fn ask(&self, broadcast: &Broadcast<'_>, timeout: Duration) -> Reply<Answers> {
        let sockets = self.sockets(&broadcast.target);
        if sockets.is_empty() {
            return Reply::Ready(Answers::default());
        }
        let tally = Arc::new(Tally::new(sockets.len()));
        let number = self.number();
        let message = Outbound::Event(Event {
            event: broadcast.event,
            data: broadcast.data,
            from: broadcast.from.map(|member| &**member),
            ack: Some(number),
            ..Event::default()
        });
        let mut frames = Frames::new(broadcast.target.namespace, &message, None);
        for socket in sockets {
            match socket.expect(number, timeout, Waiting::Broadcast(Arc::clone(&tally))) {
                Ok(_) => socket.queue_frame(frames.for_link(&socket.0.link), broadcast.volatile),
                Err(_) => tally.miss(),
            }
        }
        Reply::Pending(Box::pin(Collecting(tally)))
    }
}

/// The answers to one broadcast. Shared by the sockets that were asked and by who waits.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Innermost: nothing is locked under it.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    answers: Answers,
    /// Sockets that can still answer.
    open: usize,
    waker: Option<Waker>,
}

impl Tally {
    fn new(open: usize) -> Self {
        Self { state: Mutex::new(State { answers: Answers::default(), open, waker: None }) }
    }

    /// A socket has answered.
    pub(crate) fn count(&self, session: &Arc<str>, data: Payload<'_>) {
        let data = data.to_owned();
        self.settle(|answers| answers.answers.push((Arc::clone(session), data)));
    }

    /// A socket will not answer.
    pub(crate) fn miss(&self) {
        self.settle(|answers| answers.missing += 1);
    }

    fn settle(&self, note: impl FnOnce(&mut Answers)) {
        let mut state = lock(&self.state);
        note(&mut state.answers);
        state.open -= 1;
        let waker = if state.open == 0 { state.waker.take() } else { None };
        drop(state);
        wake(waker);
    }
}

/// Ready when all have answered or cannot any more.
struct Collecting(Arc<Tally>);

impl Future for Collecting {
    type Output = Answers;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answers> {
        let mut state = lock(&self.0.state);
        if state.open == 0 {
            return Poll::Ready(std::mem::take(&mut state.answers));
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}
