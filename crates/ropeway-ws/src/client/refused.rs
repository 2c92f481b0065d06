//! A response that opens no WebSocket, with its body: it often says why.

use std::fmt;
use std::time::Duration;

use http::header::{CONTENT_LENGTH, LOCATION, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode, response};
use tokio::io::AsyncReadExt;

use crate::websocket::Stream;

/// A body is read up to this many bytes: it is for people and logs.
const MAX_BODY: usize = 64 * 1024;

/// A body that does not come within this time is left.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// The server's refusal.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body: at most 64 KiB of it, and as much as came within 5 s.
    pub body: Vec<u8>,
}

impl Refused {
    /// Where a redirect leads.
    pub(super) fn location(&self) -> Option<&str> {
        if !self.status.is_redirection() {
            return None;
        }
        self.headers.get(LOCATION)?.to_str().ok()
    }

    pub(super) async fn read(mut stream: Stream, parts: response::Parts, mut body: Vec<u8>) -> Self {
        let is_chunked = parts.headers.contains_key(TRANSFER_ENCODING);
        // A body that breaks off, or is late, is given as far as it came.
        let _ = tokio::time::timeout(BODY_TIMEOUT, async {
            while body.len() < MAX_BODY && !is_complete(&parts.headers, is_chunked, &body) {
                if stream.read_buf(&mut body).await.unwrap_or(0) == 0 {
                    break;
                }
            }
        })
        .await;
        let mut body = if is_chunked { dechunk(&body) } else { body };
        body.truncate(declared_len(&parts.headers).unwrap_or(MAX_BODY).min(MAX_BODY));
        Self { status: parts.status, headers: parts.headers, body }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server refused with {}", self.status)
    }
}

fn declared_len(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn is_complete(headers: &HeaderMap, is_chunked: bool, body: &[u8]) -> bool {
    if is_chunked {
        return body.starts_with(b"0\r\n") || body.windows(5).any(|window| window == b"\r\n0\r\n");
    }
    declared_len(headers).is_some_and(|len| body.len() >= len)
}

/// The content of a chunked body (RFC 9112 section 7.1), as far as it is there.
fn dechunk(mut body: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    while let Ok(httparse::Status::Complete((start, len))) = httparse::parse_chunk_size(body) {
        let chunk = &body[start..];
        let len = usize::try_from(len).unwrap_or(usize::MAX).min(chunk.len());
        content.extend_from_slice(&chunk[..len]);
        body = chunk[len..].strip_prefix(b"\r\n").unwrap_or_default();
        if len == 0 {
            break;
        }
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined_as_far_as_they_came() {
        assert_eq!(dechunk(b"4\r\nWiki\r\n6;x=y\r\npedia \r\n0\r\n\r\n"), b"Wikipedia ");
        assert_eq!(dechunk(b"4\r\nWi"), b"Wi");
        assert_eq!(dechunk(b"zz"), b"");
    }
}
