//! Calls handlers: those of one socket in turn, at once where they need not wait, on a task of their own where they do.
//!
//! ```text
//! occasion ─► whose turn? ─┬─ idle ──► call, poll once ─┬─ done ──► the next one, or idle
//!                          │                            └─ waits ─► a task: ends it, then the backlog, then idle
//!                          └─ taken ─► backlog
//! ```

use std::any::Any;
use std::borrow::Cow;
use std::cell::Cell;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::task::Poll;

use ropeway_hub::{BoxFuture, Close};
use tokio::runtime::Handle;

use super::calls::call;
use super::occasion::Occasion;
use super::seat::Concurrent;
use super::{Inner, Socket};

/// How deep handlers may disconnect others whose `on_disconnect` disconnects others: beyond, it is left to a task.
const DEEPEST: u32 = 8;

/// Sees to an occasion: at once, or after those before it.
pub(super) fn attend(socket: &Socket, occasion: Occasion<'_>) {
    match (Depth::enter(), occasion) {
        (None, occasion @ Occasion::Disconnected(_)) => {
            let (socket, mut job) = (socket.clone(), occasion.into_job());
            spawn(&socket.seat.app.clone(), async move { attend_now(&socket, job.as_occasion()) });
        }
        (_depth, occasion) => attend_now(socket, occasion),
    }
}

fn attend_now(socket: &Socket, occasion: Occasion<'_>) {
    let Some(occasion) = overtake(socket, occasion) else { return };
    let Some(occasion) = socket.seat.take_turn(occasion) else { return };
    let mut waiting = begin(socket, occasion);
    loop {
        if let Some(future) = waiting {
            return spawn(&socket.seat.app, finish(socket.clone(), future));
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
                spawn_concurrent(socket, future, place);
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
    spawn_concurrent(socket, future, place);
    None
}

fn spawn_concurrent(socket: &Socket, future: BoxFuture<()>, place: Concurrent) {
    let app = &socket.seat.app;
    let socket = socket.clone();
    spawn(app, async move {
        guarded(&socket, future).await;
        drop(place);
    });
}

/// A task that the end of the server waits for. Outside of a runtime, which has ended then, it ends as well.
pub(super) fn spawn(app: &Inner, future: impl Future<Output = ()> + Send + 'static) {
    if let Ok(runtime) = Handle::try_current() {
        let place = app.tasks.enter();
        runtime.spawn(async move {
            future.await;
            drop(place);
        });
    }
}

/// A handler that is called within others, on the same stack.
struct Depth;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

impl Depth {
    /// Nothing when it is too deep.
    fn enter() -> Option<Self> {
        let depth = DEPTH.get();
        (depth < DEEPEST).then(|| {
            DEPTH.set(depth + 1);
            Self
        })
    }
}

impl Drop for Depth {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get().saturating_sub(1));
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
