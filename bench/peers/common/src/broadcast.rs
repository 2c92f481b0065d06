//! Broadcast over any library that is a `Stream` and a `Sink` of messages that are cheap to clone.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::Kind;

/// Every connection's queue. Bounded by nothing: the load has a fixed number of messages outstanding.
#[derive(Debug)]
pub struct Hub<M> {
    members: Arc<Mutex<Vec<UnboundedSender<M>>>>,
}

impl<M> Clone for Hub<M> {
    fn clone(&self) -> Self {
        Hub { members: Arc::clone(&self.members) }
    }
}

impl<M> Default for Hub<M> {
    fn default() -> Self {
        Hub { members: Arc::default() }
    }
}

impl<M: Clone> Hub<M> {
    fn join(&self) -> UnboundedReceiver<M> {
        let (sender, receiver) = unbounded_channel();
        self.members.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }

    fn publish(&self, message: &M) {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.retain(|member| member.send(message.clone()).is_ok());
    }
}

/// Publishes every data message of `ws` to all members of `hub`, and delivers to `ws` what others
/// publish, with one flush for all that is queued.
pub async fn broadcast<S, M, E>(mut ws: S, hub: Hub<M>, kind: impl Fn(&M) -> Kind)
where
    S: Stream<Item = Result<M, E>> + Sink<M> + Unpin,
    M: Clone,
{
    let mut inbox = hub.join();
    let mut dirty = false;
    poll_fn(|cx| {
        if publish_all(&mut ws, &hub, &kind, cx).is_break()
            || deliver(&mut ws, &mut inbox, &mut dirty, cx).is_break()
        {
            return Poll::Ready(());
        }
        Poll::Pending
    })
    .await;
}

type Flow = std::ops::ControlFlow<()>;

fn publish_all<S, M, E>(ws: &mut S, hub: &Hub<M>, kind: &impl Fn(&M) -> Kind, cx: &mut Context<'_>) -> Flow
where
    S: Stream<Item = Result<M, E>> + Unpin,
    M: Clone,
{
    while let Poll::Ready(next) = ws.poll_next_unpin(cx) {
        let Some(Ok(message)) = next else { return Flow::Break(()) };
        match kind(&message) {
            Kind::Data => hub.publish(&message),
            Kind::Control => {}
            Kind::Close => return Flow::Break(()),
        }
    }
    Flow::Continue(())
}

fn deliver<S, M>(ws: &mut S, inbox: &mut UnboundedReceiver<M>, dirty: &mut bool, cx: &mut Context<'_>) -> Flow
where
    S: Sink<M> + Unpin,
{
    while ws.poll_ready_unpin(cx).is_ready() {
        let Poll::Ready(Some(message)) = inbox.poll_recv(cx) else { break };
        if ws.start_send_unpin(message).is_err() {
            return Flow::Break(());
        }
        *dirty = true;
    }
    if *dirty {
        match ws.poll_flush_unpin(cx) {
            Poll::Ready(Ok(())) => *dirty = false,
            Poll::Ready(Err(_)) => return Flow::Break(()),
            Poll::Pending => {}
        }
    }
    Flow::Continue(())
}
