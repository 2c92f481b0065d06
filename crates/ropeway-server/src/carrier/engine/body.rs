//! The bodies of POSTs.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tokio::time::timeout;

/// Why a body could not be taken.
#[derive(Debug)]
pub(super) enum BodyError {
    /// It is over the limit. What is left of it.
    TooLarge(Body),
    /// It did not come in time.
    TooSlow,
    /// It broke off.
    Broken,
}

/// Reads a body of at most `limit` bytes, whether its length was told or not.
pub(super) async fn read(mut body: Body, limit: usize, time: Duration) -> Result<Bytes, BodyError> {
    if body.size_hint().lower() > limit as u64 {
        return Err(BodyError::TooLarge(body));
    }
    match timeout(time, collect(&mut body, limit)).await {
        Ok(Ok(Some(bytes))) => Ok(bytes),
        Ok(Ok(None)) => Err(BodyError::TooLarge(body)),
        Ok(Err(_)) => Err(BodyError::Broken),
        Err(_) => Err(BodyError::TooSlow),
    }
}

/// The body, unless it is longer.
async fn collect(body: &mut Body, limit: usize) -> Result<Option<Bytes>, axum::Error> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        if first.len() + rest.len() + data.len() > limit {
            return Ok(None);
        }
        match (first.is_empty(), rest.is_empty()) {
            (true, true) => first = data,
            (false, true) => {
                rest.extend_from_slice(&std::mem::take(&mut first));
                rest.extend_from_slice(&data);
            }
            _ => rest.extend_from_slice(&data),
        }
    }
    Ok(Some(if rest.is_empty() { first } else { rest.freeze() }))
}

/// For how long, and how much of a body is read that nobody wants.
const PATIENCE: (Duration, usize) = (Duration::from_secs(5), 64 * 1024 * 1024);

/// Reads on, in a task, while the answer is sent: a client that still writes would else find its connection reset, and
/// the answer gone with it (RFC 9112 section 9.6).
pub(super) fn discard(mut body: Body) {
    tokio::spawn(timeout(PATIENCE.0, async move {
        let mut read = 0;
        while let Some(Ok(frame)) = body.frame().await {
            read += frame.data_ref().map_or(0, Bytes::len);
            if read > PATIENCE.1 {
                return;
            }
        }
    }));
}
