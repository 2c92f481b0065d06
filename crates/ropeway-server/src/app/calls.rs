//! Which handlers an occasion calls.

use std::sync::atomic::Ordering;
use std::task::Poll;

use ropeway_hub::{Answer, BoxFuture, Error, OwnedPayload, Payload};

use super::answer::Answered;
use super::extract::{EventParts, Parts};
use super::handler::{Called, ErasedHandler, poll_once};
use super::kind::Message;
use super::occasion::{Job, Occasion};
use super::{Refusal, Socket};

/// Calls what there is for the occasion; a future when it is not done.
pub(super) fn call(socket: &Socket, occasion: Occasion<'_>) -> Option<BoxFuture<()>> {
    let handlers = &socket.seat.handlers;
    match occasion {
        Occasion::Event { name, data, answer } if handlers.is_plain() => {
            let Some(entry) = handlers.events.get(name) else {
                refuse_unknown(name, answer);
                return None;
            };
            handle(socket, &*entry.handler, EventParts { name, data, answer })
        }
        Occasion::Event { .. } => poll(in_order(socket.clone(), occasion.into_job())),
        Occasion::Connected if handlers.connect.is_empty() => {
            socket.seat.welcomed.store(true, Ordering::Release);
            None
        }
        Occasion::Disconnected(_) if handlers.disconnect.is_empty() => {
            socket.seat.forget_extensions();
            None
        }
        Occasion::Connected | Occasion::Disconnected(_) => {
            poll(in_order(socket.clone(), occasion.into_job()))
        }
    }
}

/// Calls the one handler of an event, without copying the event.
fn handle(
    socket: &Socket,
    handler: &dyn ErasedHandler<Message>,
    event: EventParts<'_>,
) -> Option<BoxFuture<()>> {
    let mut parts = Parts { event: Some(event), ..parts_of(socket) };
    let called = handler.call(&mut parts);
    let answer = parts.event.and_then(|event| event.answer);
    match called {
        Called::Done(answered) => conclude(answer, answered),
        Called::Later(mut future) => match poll_once(&mut future) {
            Poll::Ready(answered) => conclude(answer, answered),
            Poll::Pending => return Some(Box::pin(async move { conclude(answer, future.await) })),
        },
    }
    None
}

async fn in_order(socket: Socket, job: Job) {
    match job {
        Job::Connected => {
            welcome(&socket).await;
            socket.seat.welcomed.store(true, Ordering::Release);
        }
        Job::Event { name, data, answer } => pass(&socket, &name, &data, answer).await,
        Job::Disconnected(reason) => {
            for handler in &socket.seat.handlers.disconnect {
                let called = handler.call(&mut Parts { reason: Some(reason), ..parts_of(&socket) });
                note("on_disconnect", resolve(called).await);
            }
            socket.seat.forget_extensions();
        }
    }
}

async fn welcome(socket: &Socket) {
    for handler in &socket.seat.handlers.connect {
        let called = handler.call(&mut parts_of(socket));
        note("on_connect", resolve(called).await);
    }
}

/// Through the middleware to all handlers that want the event.
async fn pass(socket: &Socket, name: &str, data: &OwnedPayload, mut answer: Option<Answer>) {
    let handlers = &socket.seat.handlers;
    let data = data.as_payload();
    for middleware in &handlers.before_event {
        let event = Some(EventParts { name, data, answer: None });
        let called = middleware.call(&mut Parts { event, ..parts_of(socket) });
        if let Err(refusal) = resolve(called).await {
            return conclude(answer, Answered::Failed(refusal));
        }
    }
    let own = handlers.events.get(name).map(|entry| &entry.handler);
    let mut last = None;
    for handler in handlers.any.iter().chain(own) {
        let (called, rest) = call_with(socket, &**handler, name, data, answer);
        answer = rest;
        last = Some(resolve(called).await);
    }
    match last {
        Some(answered) => conclude(answer, answered),
        None => refuse_unknown(name, answer),
    }
}

fn call_with(
    socket: &Socket,
    handler: &dyn ErasedHandler<Message>,
    name: &str,
    data: Payload<'_>,
    answer: Option<Answer>,
) -> (Called<Answered>, Option<Answer>) {
    let mut parts = Parts { event: Some(EventParts { name, data, answer }), ..parts_of(socket) };
    let called = handler.call(&mut parts);
    (called, parts.event.and_then(|event| event.answer))
}

pub(super) fn parts_of(socket: &Socket) -> Parts<'_> {
    let seat = &socket.seat;
    Parts {
        app: &seat.app,
        namespace: socket.hub.namespace(),
        handshake: &seat.handshake,
        auth: seat.auth(),
        socket: Some(socket),
        event: None,
        reason: None,
    }
}

pub(super) async fn resolve<T>(called: Called<T>) -> T {
    match called {
        Called::Done(output) => output,
        Called::Later(future) => future.await,
    }
}

fn poll(future: impl Future<Output = ()> + Send + 'static) -> Option<BoxFuture<()>> {
    let mut future: BoxFuture<()> = Box::pin(future);
    poll_once(&mut future).is_pending().then_some(future)
}

fn conclude(answer: Option<Answer>, answered: Answered) {
    if let Answered::Failed(refusal) = &answered {
        tracing::debug!(%refusal, "a handler has refused an event");
    }
    let Some(answer) = answer else { return };
    match answered {
        Answered::Nothing => answer.ignore(),
        Answered::Value(encoded) => answer.send(encoded.as_payload()),
        Answered::Failed(refusal) => refusal.answer(answer),
    }
}

fn note(handler: &str, result: Result<(), Refusal>) {
    if let Err(refusal) = result {
        tracing::debug!(%refusal, handler, "a handler has failed");
    }
}

fn refuse_unknown(event: &str, answer: Option<Answer>) {
    tracing::debug!(event, "nobody handles an event");
    if let Some(answer) = answer {
        answer.refuse(&Error::NoHandler);
    }
}
