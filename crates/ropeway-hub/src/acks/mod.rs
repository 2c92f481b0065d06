//! Answers that are waited for. Each comes, is refused, is too late or is given up, once.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

mod tally;

pub(crate) use self::tally::{Collecting, Tally};
use crate::outbox::wake;
use crate::sync::lock;
use crate::{Error, OwnedPayload};

/// The answers that one socket waits for. It exists as long as the hub watches the socket: until a tick finds
/// nothing in it.
#[derive(Default)]
pub(crate) struct Acks {
    /// By a number that no other question to this socket has, so that an answer that comes too late meets nobody
    /// else's.
    pending: HashMap<u64, Pending>,
    /// How many of `pending` are waited for by the client.
    clients: usize,
}

struct Pending {
    deadline: Instant,
    waiting: Waiting,
}

/// Who waits for an answer.
pub(crate) enum Waiting {
    /// The client, for the answer to its request with this id.
    Client(Box<str>),
    /// The application, behind an [`Acknowledgement`].
    Application(Arc<Slot>),
    /// The application, for the answers of many.
    Broadcast(Arc<Tally>),
}

impl Acks {
    /// # Errors
    /// [`Error::Unavailable`]: as many wait already as may.
    pub(crate) fn insert(
        &mut self,
        number: u64,
        deadline: Instant,
        waiting: Waiting,
        limit: usize,
    ) -> Result<(), Error> {
        let client = matches!(waiting, Waiting::Client(_));
        let same = if client { self.clients } else { self.pending.len() - self.clients };
        if same >= limit {
            return Err(Error::Unavailable);
        }
        self.clients += usize::from(client);
        self.pending.insert(number, Pending { deadline, waiting });
        Ok(())
    }

    pub(crate) fn take_application(&mut self, number: u64) -> Option<Waiting> {
        match self.pending.get(&number)?.waiting {
            Waiting::Client(_) => None,
            Waiting::Application(_) | Waiting::Broadcast(_) => self.take(number),
        }
    }

    pub(crate) fn take_client(&mut self, number: u64) -> Option<Box<str>> {
        match self.pending.get(&number)?.waiting {
            Waiting::Client(_) => self.take(number)?.client(),
            Waiting::Application(_) | Waiting::Broadcast(_) => None,
        }
    }

    fn take(&mut self, number: u64) -> Option<Waiting> {
        let waiting = self.pending.remove(&number)?.waiting;
        self.clients -= usize::from(matches!(waiting, Waiting::Client(_)));
        Some(waiting)
    }

    pub(crate) fn take_expired(&mut self, now: Instant) -> Vec<Waiting> {
        let late = |(number, pending): (&u64, &Pending)| (pending.deadline <= now).then_some(*number);
        let mut numbers: Vec<u64> = self.pending.iter().filter_map(late).collect();
        numbers.sort_unstable();
        numbers.into_iter().filter_map(|number| self.take(number)).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// The socket has ended.
    pub(crate) fn close(self) {
        for Pending { waiting, .. } in self.pending.into_values() {
            match waiting {
                Waiting::Application(slot) => slot.fill(Err(Error::Closed)),
                Waiting::Broadcast(tally) => tally.miss(),
                Waiting::Client(_) => {}
            }
        }
    }
}

impl Waiting {
    fn client(self) -> Option<Box<str>> {
        if let Self::Client(id) = self { Some(id) } else { None }
    }
}

/// The future of a client's answer: its data, [`Error::Timeout`] or [`Error::Closed`]. Cancel-safe; dropping it
/// gives up the answer, and the event stays sent.
#[derive(Debug)]
pub struct Acknowledgement(pub(crate) Arc<Slot>);

impl Future for Acknowledgement {
    type Output = Result<OwnedPayload, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = lock(&self.0.0);
        match state.answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// Filled once by the socket, emptied once by the [`Acknowledgement`]. A lock of its own that is held for moments
/// and under which nothing else is locked.
#[derive(Debug, Default)]
pub(crate) struct Slot(Mutex<SlotState>);

#[derive(Debug, Default)]
struct SlotState {
    answer: Option<Result<OwnedPayload, Error>>,
    waker: Option<Waker>,
}

impl Slot {
    pub(crate) fn fill(&self, answer: Result<OwnedPayload, Error>) {
        let mut state = lock(&self.0);
        state.answer = Some(answer);
        let waker = state.waker.take();
        drop(state);
        wake(waker);
    }
}
