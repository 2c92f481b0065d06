//! Echo over any library that is a `Stream` and a `Sink` of messages.

use std::future::poll_fn;
use std::task::{Context, Poll};

use futures_util::{Sink, SinkExt, Stream, StreamExt};

/// What a message is to an echo server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text or binary.
    Data,
    /// Ping or pong, which the library answers itself.
    Control,
    /// The end of the conversation.
    Close,
}

/// Sends every data message back, with one flush for all that could be read without waiting.
pub async fn echo<S, M, E>(mut ws: S, kind: impl Fn(&M) -> Kind)
where
    S: Stream<Item = Result<M, E>> + Sink<M> + Unpin,
{
    let mut dirty = false;
    while let Some(Ok(message)) = poll_fn(|cx| next_or_flush(&mut ws, &mut dirty, cx)).await {
        match kind(&message) {
            Kind::Data if ws.feed(message).await.is_ok() => dirty = true,
            Kind::Control => {}
            Kind::Data | Kind::Close => break,
        }
    }
    let _ = ws.close().await;
}

/// The same for libraries whose stream flushes the sink whenever it is polled: takes all that can be read
/// without waiting (up to `BATCH`), then feeds it, then flushes.
pub async fn echo_collected<S, M, E>(mut ws: S, kind: impl Fn(&M) -> Kind)
where
    S: Stream<Item = Result<M, E>> + Sink<M> + Unpin,
{
    let mut batch = Vec::new();
    loop {
        let open = poll_fn(|cx| collect(&mut ws, &mut batch, &kind, cx)).await;
        for message in batch.drain(..) {
            if ws.feed(message).await.is_err() {
                return;
            }
        }
        if ws.flush().await.is_err() || !open {
            return;
        }
    }
}

const BATCH: usize = 32;

/// Ready with false at the end of the conversation.
fn collect<S, M, E>(
    ws: &mut S,
    batch: &mut Vec<M>,
    kind: &impl Fn(&M) -> Kind,
    cx: &mut Context<'_>,
) -> Poll<bool>
where
    S: Stream<Item = Result<M, E>> + Unpin,
{
    while batch.len() < BATCH {
        match ws.poll_next_unpin(cx) {
            Poll::Ready(Some(Ok(message))) if kind(&message) == Kind::Data => batch.push(message),
            Poll::Ready(Some(Ok(message))) if kind(&message) == Kind::Control => {}
            Poll::Ready(_) => return Poll::Ready(false),
            Poll::Pending if batch.is_empty() => return Poll::Pending,
            Poll::Pending => break,
        }
    }
    Poll::Ready(true)
}

/// The next message; when there is none yet, what was fed leaves before the wait.
fn next_or_flush<S, M>(ws: &mut S, dirty: &mut bool, cx: &mut Context<'_>) -> Poll<Option<S::Item>>
where
    S: Stream + Sink<M> + Unpin,
{
    if let Poll::Ready(next) = ws.poll_next_unpin(cx) {
        return Poll::Ready(next);
    }
    if *dirty {
        match ws.poll_flush_unpin(cx) {
            Poll::Ready(Ok(())) => *dirty = false,
            Poll::Ready(Err(_)) => return Poll::Ready(None),
            Poll::Pending => {}
        }
    }
    Poll::Pending
}
