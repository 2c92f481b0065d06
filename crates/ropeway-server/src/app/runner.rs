//! Calls handlers: those of one socket in turn, at once where they need not wait, on a task of their own where they do.
//!
//! ```text
//! occasion ─► whose turn? ─┬─ idle ──► call, poll once ─┬─ done ──► the next one, or idle
//!                          │                            └─ waits ─► a task: ends it, then the backlog, then idle
//!                          └─ taken ─► backlog
//! ```

use std::any::Any;
use std::borrow::Cow;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use ropeway_hub::{BoxFuture, Close};
use tokio::runtime::Handle;

use super::Socket;
use super::calls::call;
use super::occasion::Occasion;

/// Sees to an occasion: at once, or after those before it.
pub(super) fn attend(socket: &Socket, occasion: Occasion<'_>) {
    let Some(occasion) = overtake(socket, occasion) else { return };
    let Some(occasion) = socket.seat.take_turn(occasion) else { return };
    let mut waiting = begin(socket, occasion);
    loop {
        if let Some(future) = waiting {
            return spawn(finish(socket.clone(), future));
        }
        let Some(mut job) = socket.seat.next_job() else { return };
        waiting = begin(socket, job.as_occasion());
    }
}

/// The task of a handler that has to wait: ends it and what has come meanwhile.
async fn finish(socket: Socket, first: BoxFuture<()>) {
    guarded(&socket, first).await;
    while let Some(mut job) = socket.seat.next_job() {
        let waiting = begin(&socket, job.as_occasion());
        if let Some(future) = waiting {
            guarded(&socket, future).await;
        }
    }
}

/// An event that does not wait for others is begun before them; the others are given back.
fn overtake<'a>(socket: &Socket, occasion: Occasion<'a>) -> Option<Occasion<'a>> {
    let seat = &socket.seat;
    match &occasion {
        Occasion::Event { name, .. } if seat.handlers.has_concurrent => {
            let free = seat.handlers.is_concurrent(name) && seat.welcomed.load(Ordering::Acquire);
            let Some(place) = free.then(|| seat.enter_concurrent()).flatten() else { return Some(occasion) };
            if let Some(future) = guard(socket, || call(socket, occasion)).flatten() {
                let socket = socket.clone();
                spawn(async move {
                    guarded(&socket, future).await;
                    drop(place);
                });
            }
            None
        }
        _ => Some(occasion),
    }
}

/// Calls the handlers; a future when they are not done.
fn begin(socket: &Socket, occasion: Occasion<'_>) -> Option<BoxFuture<()>> {
    let seat = &socket.seat;
    let place = match &occasion {
        Occasion::Event { .. } if seat.broken.load(Ordering::Acquire) => return None,
        Occasion::Event { name, .. } if seat.handlers.is_concurrent(name) => seat.enter_concurrent(),
        _ => None,
    };
    let future = guard(socket, || call(socket, occasion)).flatten()?;
    let Some(place) = place else { return Some(future) };
    let socket = socket.clone();
    spawn(async move {
        guarded(&socket, future).await;
        drop(place);
    });
    None
}

/// Polls without being woken: whoever gets a pending future polls it again before long.
pub(super) fn poll_once<T>(future: &mut BoxFuture<T>) -> Poll<T> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Outside of a runtime, which has ended then, handlers end as well.
pub(super) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(future);
    }
}

/// Nothing when it panics, which ends the connection.
fn guard<T>(socket: &Socket, call: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|panic| break_off(socket, &*panic)).ok()
}

fn break_off(socket: &Socket, panic: &(dyn Any + Send)) {
    let message = panic.downcast_ref::<&str>().copied();
    let message = message.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let namespace = socket.hub.namespace();
    tracing::error!(namespace, id = socket.id(), panic = message.unwrap_or("?"), "a handler has panicked");
    socket.seat.broken.store(true, Ordering::Release);
    socket.hub.close_connection(Close { code: 1011, reason: Cow::Borrowed("internal error") });
}

/// A handler's future, whose panic ends the connection: nothing then.
pub(super) async fn guarded<T>(socket: &Socket, mut future: BoxFuture<T>) -> Option<T> {
    poll_fn(|cx| match guard(socket, || future.as_mut().poll(cx)) {
        Some(poll) => poll.map(Some),
        None => Poll::Ready(None),
    })
    .await
}
