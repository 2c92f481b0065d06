//! The life of a connection's task, from its first message to the shutdown of the server.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use ropeway_hub::Close;
use tokio::time::sleep;

use crate::lifetime::{Phase, Place, Watch};
use crate::state::Shared;

/// One end of a connection, driven by its task.
pub(super) trait Peer: Send + 'static {
    /// Moves what can be moved; ready when the connection is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Begins the closing handshake.
    fn close(&mut self, close: Close);
}

/// Serves a peer to its end, or to that of the server.
pub(super) async fn attend(mut peer: impl Peer, place: Place, shared: Shared) {
    let mut watch = Watch::new(shared.clone());
    let over = poll_fn(|cx| {
        // Both are polled by every wake, so both know this task.
        let ended = peer.poll(cx).map(|()| true);
        if ended.is_ready() { ended } else { watch.poll(cx, Phase::Draining).map(|()| false) }
    });
    if !over.await {
        // In a box, so that a task that idles for hours has no room for it.
        Box::pin(wind_up(peer, watch, shared.config.server.shutdown_spread)).await;
    }
    drop(place);
}

/// Closes with 1001 at a random moment within `spread`, so that the peers do not all come back at once.
async fn wind_up(mut peer: impl Peer, mut watch: Watch, spread: Duration) {
    let wait = sleep(spread.mul_f64(rand::random()));
    tokio::select! {
        () = poll_fn(|cx| peer.poll(cx)) => return,
        () = wait => {}
        () = watch.reached(Phase::Dropping) => {}
    }
    peer.close(Close { code: 1001, reason: "the server is shutting down".into() });
    tokio::select! {
        () = poll_fn(|cx| peer.poll(cx)) => {}
        () = watch.reached(Phase::Dropping) => {}
    }
}
