//! Opening connections: how many at once, how many a second, and what to do when one fails.

use std::sync::Arc;
use std::time::Duration;

use ropeway_ws::client::{ConnectError, Details};
use ropeway_ws::{CloseCode, CloseFrame, WebSocket};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::crowd;
use super::echo::Echo;
use super::member::Member;
use super::worker::{Job, Worker};
use crate::network;

/// Handshakes of one worker that are under way at one time.
pub(super) const AT_ONCE: usize = 64;

/// The time until a connection that failed, or ended by itself, is tried again.
pub(super) const AGAIN: Duration = Duration::from_millis(500);

/// Opens all connections of a worker, and ends when all have been closed.
pub(super) async fn all(worker: Arc<Worker>) {
    if let Some(file) = &worker.load.scenario {
        return crowd::all(Arc::clone(&worker), Arc::clone(file)).await;
    }
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let start = Instant::now();
    let mut connections = JoinSet::new();
    for index in worker.indices() {
        if let Some(rate) = worker.load.connect_rate {
            sleep_until(start + Duration::from_secs_f64(index as f64 / rate)).await;
        }
        connections.spawn(keep(Arc::clone(&worker), index, Arc::clone(&permits)));
    }
    while connections.join_next().await.is_some() {}
}

/// Opens one connection, serves it, and opens it again when it ends before the run does.
async fn keep(worker: Arc<Worker>, index: usize, permits: Arc<Semaphore>) {
    let mut unsettled = Some(worker.unsettled());
    while !worker.is_over() {
        let opened = open(&worker, index, &permits).await;
        let Some(socket) = opened else {
            unsettled = None;
            sleep(AGAIN).await;
            continue;
        };
        match (worker.load.job, &worker.load.fanout) {
            (Job::Connect, _) => {
                unsettled = None;
                Box::pin(close(&worker, socket)).await;
            }
            (Job::Fanout, Some(fanout)) => {
                Member::new(socket, Arc::clone(&worker), Arc::clone(fanout), index, unsettled.take()).await;
                sleep(AGAIN).await;
            }
            (job, _) => {
                Echo::new(socket, Arc::clone(&worker), index, unsettled.take()).await;
                if job != Job::Storm {
                    sleep(AGAIN).await;
                }
            }
        }
    }
}

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
            if let Some(details) = response.extensions().get::<Details>() {
                worker.tally().handshakes.record(&details.timings);
            }
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

/// Closes a connection that was opened for the handshake alone.
async fn close(worker: &Worker, mut socket: WebSocket) {
    let outcome = socket.close(Some(CloseFrame::new(CloseCode::NORMAL, ""))).await;
    *worker.tally().closes.entry(outcome.code).or_default() += 1;
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
