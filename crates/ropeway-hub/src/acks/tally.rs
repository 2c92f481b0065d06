//! Broadcasts that many clients answer.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use crate::outbox::wake;
use crate::sync::lock;
use crate::{Answers, Payload};

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
    pub(crate) fn new(open: usize) -> Self {
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
pub(crate) struct Collecting(pub(crate) Arc<Tally>);

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
