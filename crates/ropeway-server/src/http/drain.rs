//! `/api/drain`: begins the end of the server, and shows how far it has come.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use hyper::body::Frame;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::api::authorize;
use super::error::ApiError;
use crate::lifetime::{Phase, Progress, Watch};
use crate::state::Shared;

/// `GET /api/drain`
pub(super) async fn show(State(shared): State<Shared>, headers: HeaderMap) -> Result<Response, ApiError> {
    authorize(&shared, &headers)?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(Progress::of(&shared))).into_response())
}

/// `POST /api/drain`: a line of JSON at every phase and each second, until the server has ended. Who stops reading stops
/// nothing.
pub(super) async fn start(State(shared): State<Shared>, headers: HeaderMap) -> Result<Response, ApiError> {
    authorize(&shared, &headers)?;
    shared.drain.start();
    let headers = [(CONTENT_TYPE, "application/x-ndjson"), (CACHE_CONTROL, "no-store")];
    Ok((headers, Body::new(Lines::new(shared))).into_response())
}

/// The body. It ends before the connections in HTTP are waited for, since it is in one of them.
struct Lines {
    shared: Shared,
    watch: Watch,
    second: Interval,
    /// Of the last line.
    told: Phase,
}

impl Lines {
    fn new(shared: Shared) -> Self {
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { watch: Watch::new(shared.clone()), shared, second, told: Phase::Serving }
    }

    fn line(&self) -> Bytes {
        let mut line = serde_json::to_vec(&Progress::of(&self.shared)).unwrap_or_default();
        line.push(b'\n');
        line.into()
    }
}

impl hyper::body::Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.told >= Phase::Dropping {
            return Poll::Ready(None);
        }
        let (is_over, is_time) = (self.watch.poll(cx, Phase::Dropping), self.second.poll_tick(cx));
        let phase = self.shared.drain.phase();
        if phase == self.told && is_over.is_pending() && is_time.is_pending() {
            return Poll::Pending;
        }
        let line = self.line();
        self.told = phase;
        Poll::Ready(Some(Ok(Frame::data(line))))
    }
}
