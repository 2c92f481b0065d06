//! Moves a server on to its end.

use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout_at};
use tracing::warn;

use super::phase::Phase;
use super::progress::Progress;
use super::watch::Watch;
use crate::state::Shared;

/// When the time is over: so long for the last lines to those who watch, and for what is about to end anyway.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// Waits until the end begins and nothing more is to be accepted: for `shutdown.grace` the server is not ready, and still
/// there. Nobody comes in any more when this has ended, even where the port is still open. Cancel-safe.
pub(crate) async fn leave(shared: &Shared) {
    Watch::new(shared.clone()).reached(Phase::Leaving).await;
    let begun = shared.drain.begun().unwrap_or_else(Instant::now);
    tokio::select! {
        () = sleep_until(begun + shared.config.shutdown.grace) => {}
        never = report(shared) => match never {},
    }
    shared.drain.advance(Phase::Draining);
}

/// From there to the end: sessions are closed one by one, then requests and handlers under way are finished. What is
/// still open at the deadline is dropped.
pub(crate) async fn run(shared: &Shared) {
    let deadline = shared.drain.deadline(shared.config.shutdown.timeout).unwrap_or_else(Instant::now);
    let is_over = timeout_at(deadline, close_sessions(shared)).await.is_err();
    let dropped = shared.population.count();
    if is_over {
        warn!(connections = dropped, "dropping what is still open");
    }
    shared.drain.dropped.store(dropped, Ordering::Release);
    shared.drain.advance(Phase::Dropping);
    Progress::of(shared).log();
    let end = deadline.max(Instant::now() + LAST_WORDS);
    if timeout_at(end, finish_requests(shared)).await.is_err() && !is_over {
        warn!("dropping what is still under way");
    }
    shared.drain.advance(Phase::Ended);
}

/// Ends when there are no sessions any more. Those of polling live of their requests, which so go on.
async fn close_sessions(shared: &Shared) {
    tokio::select! {
        () = sessions_ended(shared) => {}
        never = shared.drain.queue.pace(shared.config.shutdown.pace()) => match never {},
        never = report(shared) => match never {},
    }
}

async fn finish_requests(shared: &Shared) {
    // A request that became a WebSocket at the last moment took its place there before its permit here was free.
    shared.occupancy.empty().await;
    sessions_ended(shared).await;
}

/// Ends when all sessions have, and what the application does at their end.
async fn sessions_ended(shared: &Shared) {
    shared.population.empty().await;
    if let Some(app) = &shared.app {
        app.finished().await;
    }
}

/// Tells the log each second.
async fn report(shared: &Shared) -> Infallible {
    let mut second = interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        second.tick().await;
        Progress::of(shared).log();
    }
}
