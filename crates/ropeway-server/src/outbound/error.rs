//! Why a call failed, without secrets: no query, no header, no body.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::legacy;

/// A call that got no answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{service}: {reason}")]
pub(crate) struct Error {
    /// The URL without user, query and fragment.
    pub(crate) service: Arc<str>,
    pub(crate) reason: Reason,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Reason {
    /// As many calls as may be were under way for as long as this one could wait.
    #[error("too many calls are under way")]
    Busy,
    /// The answer was not there in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// Nobody was reached, or TLS failed: the request was not sent.
    #[error("{0}")]
    Unreachable(String),
    /// The connection broke, or what came was no HTTP. The request may have been handled.
    #[error("{0}")]
    Broken(String),
    /// The body of the answer is longer than this many bytes.
    #[error("the answer has over {0} bytes")]
    TooLarge(usize),
}

impl From<legacy::Error> for Reason {
    fn from(error: legacy::Error) -> Self {
        let text = with_causes(&error);
        if error.is_connect() { Self::Unreachable(text) } else { Self::Broken(text) }
    }
}

/// The error and what caused it, each once, from the outside in.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            let _ = write!(text, ": {inner_text}");
        }
        cause = inner.source();
    }
    text
}
