//! A response that opens no WebSocket, with its body: it often says why.

use std::fmt;
use std::time::Duration;

use http::header::{CONTENT_LENGTH, LOCATION, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode, response};
use tokio::io::AsyncReadExt;

use super::details::Details;
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
    /// How the server was reached.
    pub details: Details,
}

impl Refused {
    /// Where a redirect leads.
    pub(super) fn location(&self) -> Option<&str> {
        if !self.status.is_redirection() {
            return None;
        }
        self.headers.get(LOCATION)?.to_str().ok()
    }

    pub(super) async fn read(
        mut stream: Stream,
        parts: response::Parts,
        mut received: Vec<u8>,
        details: Details,
    ) -> Self {
        let framing = Framing::of(&parts);
        // A body that breaks off, or is late, is given as far as it came.
        let _ = tokio::time::timeout(BODY_TIMEOUT, async {
            while received.len() < MAX_BODY && !framing.is_complete(&received) {
                if stream.read_buf(&mut received).await.unwrap_or(0) == 0 {
                    break;
                }
            }
        })
        .await;
        let mut body = framing.content(received);
        body.truncate(MAX_BODY);
        Self { status: parts.status, headers: parts.headers, body, details }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server refused with {}", self.status)
    }
}

/// Where the body of a response ends (RFC 9112 section 6.3).
#[derive(Clone, Copy)]
enum Framing {
    Length(usize),
    Chunked,
    UntilEnd,
}

impl Framing {
    fn of(parts: &response::Parts) -> Self {
        if matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
            Self::Length(0)
        } else if parts.headers.contains_key(TRANSFER_ENCODING) {
            Self::Chunked
        } else {
            declared_len(&parts.headers).map_or(Self::UntilEnd, Self::Length)
        }
    }

    fn is_complete(self, received: &[u8]) -> bool {
        match self {
            Self::Length(len) => received.len() >= len,
            // The end of the trailer first: it is looked up faster than the chunks.
            Self::Chunked => received.ends_with(b"\r\n\r\n") && dechunk(received).1,
            Self::UntilEnd => false,
        }
    }

    fn content(self, mut received: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Length(len) => received.truncate(len),
            Self::Chunked => received = dechunk(&received).0,
            Self::UntilEnd => {}
        }
        received
    }
}

fn declared_len(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The content of a chunked body (RFC 9112 section 7.1), as far as it is there, and whether the last chunk is.
fn dechunk(mut body: &[u8]) -> (Vec<u8>, bool) {
    let mut content = Vec::new();
    while let Ok(httparse::Status::Complete((start, len))) = httparse::parse_chunk_size(body) {
        if len == 0 {
            return (content, true);
        }
        let chunk = &body[start..];
        let len = usize::try_from(len).unwrap_or(usize::MAX).min(chunk.len());
        content.extend_from_slice(&chunk[..len]);
        body = chunk[len..].strip_prefix(b"\r\n").unwrap_or_default();
    }
    (content, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined_as_far_as_they_came() {
        let dechunked = |body: &[u8]| {
            let (content, is_whole) = dechunk(body);
            (String::from_utf8(content).unwrap(), is_whole)
        };
        assert_eq!(dechunked(b"4\r\nWiki\r\n6;x=y\r\npedia \r\n0\r\n\r\n"), ("Wikipedia ".to_owned(), true));
        assert_eq!(dechunked(b"9\r\na\r\n0\r\n\r\nb\r\n0\r\n"), ("a\r\n0\r\n\r\nb".to_owned(), true));
        assert_eq!(dechunked(b"4\r\nWi"), ("Wi".to_owned(), false));
        assert_eq!(dechunked(b"zz"), (String::new(), false));
    }
}
