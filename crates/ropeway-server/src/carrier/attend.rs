//! The life of a connection's task, from its first message to the shutdown of the server.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ropeway_hub::Close;
use tokio::time::{Sleep, sleep};

use crate::lifetime::{Phase, Watch};
use crate::state::Shared;

/// One end of a connection, driven by its task.
pub(super) trait Peer: Unpin + Send + 'static {
    /// Moves what can be moved; ready when the connection is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Begins the closing handshake.
    fn close(&mut self, close: Close);

    /// The server ends and drops the connection as it is.
    fn abandon(&mut self);
}

/// A peer that is served to its end, or to that of the server. Written by hand, since it is most of what an idle
/// connection costs, and an `async fn` would hold the peer twice.
pub(super) struct Attended<P> {
    peer: P,
    watch: Watch,
    stage: Stage,
    shared: Shared,
}

enum Stage {
    /// Until the server shuts down.
    Serving,
    /// The server shuts down; it is not yet this connection's turn. In a box, since few connections ever get here.
    Waiting(Pin<Box<Sleep>>),
    /// Closed by us, until the peer has answered or the server drops what is left.
    Closing,
}

impl<P: Peer> Attended<P> {
    pub(super) fn new(peer: P, shared: Shared) -> Self {
        Self { peer, watch: Watch::new(shared.clone()), stage: Stage::Serving, shared }
    }

    /// Moves on by one stage, once it is time. The peer has to be polled again afterwards; nothing follows the last.
    fn poll_stage(&mut self, cx: &mut Context<'_>) -> Poll<Option<Stage>> {
        match &mut self.stage {
            Stage::Serving => {
                ready!(self.watch.poll(cx, Phase::Draining));
                // At a random moment, so that the peers do not all come back at once.
                let wait = self.shared.config.server.shutdown_spread.mul_f64(rand::random());
                Poll::Ready(Some(Stage::Waiting(Box::pin(sleep(wait)))))
            }
            Stage::Waiting(wait) => {
                ready!(wait.as_mut().poll(cx));
                self.peer.close(Close { code: 1001, reason: "the server is shutting down".into() });
                Poll::Ready(Some(Stage::Closing))
            }
            Stage::Closing => {
                ready!(self.watch.poll(cx, Phase::Dropping));
                Poll::Ready(None)
            }
        }
    }
}

impl<P: Peer> Future for Attended<P> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        while self.peer.poll(cx).is_pending() {
            match ready!(self.poll_stage(cx)) {
                Some(next) => self.stage = next,
                None => {
                    self.peer.abandon();
                    return Poll::Ready(());
                }
            }
        }
        Poll::Ready(())
    }
}
