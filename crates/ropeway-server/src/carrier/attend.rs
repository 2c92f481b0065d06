//! The life of a connection's task, from its first message to the shutdown of the server.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ropeway_hub::Close;

use crate::config::ShutdownCode;
use crate::lifetime::Turn;
use crate::state::Shared;

/// One end of a connection, driven by its task.
pub(super) trait Peer: Unpin + Send + 'static {
    /// Moves what can be moved; ready when the connection is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Begins the closing handshake, since the server ends. The client had better come back after `reconnect`: told to
    /// protocols that have a word for it.
    fn close(&mut self, close: Close, reconnect: Duration);

    /// The server ends and drops the connection as it is.
    fn abandon(&mut self);
}

/// Whether a connection that we close with this code is closed since the server ends.
pub(super) fn is_end_of_server(code: u16) -> bool {
    [ShutdownCode::GoingAway, ShutdownCode::Restart].iter().any(|end| end.code() == code)
}

/// A peer that is served to its end, or to that of the server. Written by hand, since it is most of what an idle
/// connection costs, and an `async fn` would hold the peer twice. tokio rounds tasks up to 128 bytes: with a session of the
/// native protocol this is 416, the most that takes 512.
pub(super) struct Attended<P> {
    peer: P,
    turn: Turn,
    stage: Stage,
}

enum Stage {
    /// Until the server shuts down, and it is this connection's turn.
    Serving,
    /// Closed by us, until the peer has answered or the server drops what is left.
    Closing,
}

impl<P: Peer> Attended<P> {
    pub(super) fn new(peer: P, shared: Shared) -> Self {
        Self { peer, turn: Turn::new(shared), stage: Stage::Serving }
    }

    /// Moves on by one stage, once it is time. The peer has to be polled again afterwards; nothing follows the last.
    fn poll_stage(&mut self, cx: &mut Context<'_>) -> Poll<Option<Stage>> {
        match &mut self.stage {
            Stage::Serving => {
                ready!(self.turn.poll(cx));
                self.close();
                Poll::Ready(Some(Stage::Closing))
            }
            Stage::Closing => {
                ready!(self.turn.poll_dropping());
                Poll::Ready(None)
            }
        }
    }

    /// Each client is told another moment to come back, so that they do not all come at once to the next server.
    fn close(&mut self) {
        let shutdown = self.turn.settings();
        let reconnect = shutdown.reconnect_spread.mul_f64(rand::random());
        let reason = format!("the server is shutting down; reconnect after {} ms", reconnect.as_millis());
        self.peer.close(Close { code: shutdown.code.code(), reason: reason.into() }, reconnect);
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
