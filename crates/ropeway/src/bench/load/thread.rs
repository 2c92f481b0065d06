//! One thread: opens its share of the connections, how many at once and how many a second, and keeps them open.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ropeway_ws::{CloseCode, CloseFrame, WebSocket};
use tokio::runtime::Builder;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::crowd;
use super::echo::Echo;
use super::job::Job;
use super::member::Member;
use super::open::{AGAIN, AT_ONCE, open};
use super::worker::Worker;
use crate::bench::measure::thread_cpu;

/// Opens the connections of a worker's share and serves them until they are closed. Blocks the thread.
///
/// # Errors
/// The system refuses a runtime or a timer.
pub(crate) fn run(worker: &Arc<Worker>) -> io::Result<()> {
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        tokio::select! {
            ended = worker.pacer.run() => ended,
            () = watch_cpu(worker) => Ok(()),
            () = all(Arc::clone(worker)) => Ok(()),
        }
    })
}

/// Opens all connections of a worker, and ends when all have been closed.
async fn all(worker: Arc<Worker>) {
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

/// Closes a connection that was opened for the handshake alone.
async fn close(worker: &Worker, mut socket: WebSocket) {
    let outcome = socket.close(Some(CloseFrame::new(CloseCode::NORMAL, ""))).await;
    *worker.tally().closes.entry(outcome.code).or_default() += 1;
}

/// Notes the processor time of this thread; never ends.
async fn watch_cpu(worker: &Worker) {
    let mut before = thread_cpu();
    loop {
        sleep(Duration::from_millis(50)).await;
        let now = thread_cpu();
        worker.tally().cpu += now - before;
        before = now;
    }
}
