//! Opening a connection, and what is counted when that fails.

use std::sync::Arc;
use std::time::Duration;

use ropeway_ws::WebSocket;
use ropeway_ws::client::{ConnectError, Details};
use tokio::sync::Semaphore;

use super::worker::Worker;
use crate::network;

/// Handshakes of one worker that are under way at one time.
pub(super) const AT_ONCE: usize = 64;

/// The time until a connection that failed, or ended by itself, is tried again.
pub(super) const AGAIN: Duration = Duration::from_millis(500);

/// Opens the connection of this number when it is its turn; counts it or why it failed.
pub(super) async fn open(worker: &Arc<Worker>, index: usize, permits: &Semaphore) -> Option<WebSocket> {
    // Nobody closes the semaphore.
    let _permit = permits.acquire().await.ok()?;
    // In a box that is there from its turn on until it is open: thousands wait for theirs, and thousands are served.
    Box::pin(dial(worker, index)).await
}

async fn dial(worker: &Worker, index: usize) -> Option<WebSocket> {
    match worker.load.connect(index).open().await {
        Ok((socket, response)) => {
            let mut tally = worker.tally();
            if let Some(details) = response.extensions().get::<Details>() {
                tally.handshakes.record(&details.timings);
            }
            tally.handshakes.entered += u64::from(worker.load.is_in_once_open());
            Some(socket)
        }
        Err(error) => {
            worker.failed(|| network::failure(&error));
            let mut tally = worker.tally();
            tally.handshakes.failed += 1;
            tally.count_error(&kind(&error), 1);
            None
        }
    }
}

/// What a failure is counted as.
fn kind(error: &ConnectError) -> String {
    match error {
        ConnectError::Dial { source, .. } => format!("connect: {}", source.kind()),
        ConnectError::Tls { .. } => "tls".to_owned(),
        ConnectError::Proxy { .. } => "proxy".to_owned(),
        ConnectError::Io(source) => format!("handshake: {}", source.kind()),
        ConnectError::Refused(refused) => format!("refused with {}", refused.status.as_u16()),
        ConnectError::Timeout(_) => "connect: timed out".to_owned(),
        _ => "handshake".to_owned(),
    }
}
