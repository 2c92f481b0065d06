//! HTTP/1.1 heads (RFC 9112) without an HTTP library: for a server that speaks nothing but WebSocket, and for
//! the client.
//!
//! A reader is shown all that arrived so far, again and again until the head is complete. It looks for the
//! end of the head among the new bytes only and parses once, so a head that trickles in byte by byte costs
//! no more than one that comes whole (RUSTSEC-2023-0065). What follows the head are frames.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};

use super::server::Refusal;

/// How large a head may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole head.
    pub size: usize,
    /// Header lines.
    pub headers: usize,
}

impl Default for Limits {
    /// 16 KiB and 100 lines.
    fn default() -> Self {
        Self { size: 16 * 1024, headers: 100 }
    }
}

/// Why a head cannot be read. The connection is of no further use for HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// The head is larger than [`Limits::size`].
    #[error("the head is larger than {0} bytes")]
    TooLarge(usize),
    /// The head has more lines than [`Limits::headers`].
    #[error("the head has more than {0} header lines")]
    TooManyHeaders(usize),
    /// The head is not HTTP/1.1 (RFC 9112 section 2.1).
    #[error("not an HTTP/1.1 head (RFC 9112 section 2.1): {0}")]
    Malformed(&'static str),
}

impl From<HeadError> for Refusal {
    fn from(error: HeadError) -> Self {
        match error {
            HeadError::Malformed(_) => {
                Self::new(StatusCode::BAD_REQUEST, "The request is not valid HTTP/1.1.")
            }
            _ => Self::new(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "The header fields of the request are too large or too many.",
            ),
        }
    }
}

/// Reads one head, a request's or a response's.
///
/// ```
/// use ropeway_proto::handshake::head::{Limits, Reader};
///
/// let mut reader = Reader::new(Limits::default());
/// assert!(reader.request(b"GET /chat HTTP/1.1\r\nHost: exam")?.is_none());
/// let all = b"GET /chat HTTP/1.1\r\nHost: example.org\r\n\r\n\x81\x80";
/// let (request, size) = reader.request(all)?.expect("complete");
/// assert_eq!(request.uri(), "/chat");
/// assert_eq!(all[size..], [0x81, 0x80]);
/// # Ok::<(), ropeway_proto::handshake::head::HeadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Reader {
    limits: Limits,
    /// Bytes in which the end of the head was not found.
    searched: usize,
}

impl Reader {
    /// A reader of one head.
    pub fn new(limits: Limits) -> Self {
        Self { limits, searched: 0 }
    }

    /// The request and the size of its head in bytes, once `received`, all bytes so far, has all of it.
    ///
    /// # Errors
    ///
    /// [`HeadError`], as soon as the head is known to be too large, or when it is complete and wrong.
    pub fn request(&mut self, received: &[u8]) -> Result<Option<(Request<()>, usize)>, HeadError> {
        let Some(size) = self.find_end(received)? else { return Ok(None) };
        let mut lines = vec![httparse::EMPTY_HEADER; self.limits.headers];
        let mut parsed = httparse::Request::new(&mut lines);
        let status = parsed.parse(&received[..size]).map_err(|error| self.error(error))?;
        complete(status, size)?;
        let mut request = Request::new(());
        *request.method_mut() = method(parsed.method.unwrap_or_default())?;
        *request.uri_mut() = uri(parsed.path.unwrap_or_default())?;
        *request.version_mut() = version(parsed.version);
        *request.headers_mut() = headers(parsed.headers)?;
        Ok(Some((request, size)))
    }

    /// The response and the size of its head in bytes, once `received`, all bytes so far, has all of it.
    ///
    /// # Errors
    ///
    /// [`HeadError`], as soon as the head is known to be too large, or when it is complete and wrong.
    pub fn response(&mut self, received: &[u8]) -> Result<Option<(Response<()>, usize)>, HeadError> {
        let Some(size) = self.find_end(received)? else { return Ok(None) };
        let mut lines = vec![httparse::EMPTY_HEADER; self.limits.headers];
        let mut parsed = httparse::Response::new(&mut lines);
        let status = parsed.parse(&received[..size]).map_err(|error| self.error(error))?;
        complete(status, size)?;
        let mut response = Response::new(());
        let code = StatusCode::from_u16(parsed.code.unwrap_or_default());
        *response.status_mut() = code.map_err(|_| HeadError::Malformed("status"))?;
        *response.version_mut() = version(parsed.version);
        *response.headers_mut() = headers(parsed.headers)?;
        Ok(Some((response, size)))
    }

    /// Where the head ends, if it does.
    fn find_end(&mut self, received: &[u8]) -> Result<Option<usize>, HeadError> {
        // The end may have begun in what was searched.
        let from = self.searched.saturating_sub(END.len() - 1).min(received.len());
        let end = received[from..].windows(END.len()).position(|window| window == END);
        let end = end.map(|at| from + at + END.len());
        self.searched = received.len();
        match end.unwrap_or(received.len()) > self.limits.size {
            true => Err(HeadError::TooLarge(self.limits.size)),
            false => Ok(end),
        }
    }

    fn error(&self, error: httparse::Error) -> HeadError {
        match error {
            httparse::Error::TooManyHeaders => HeadError::TooManyHeaders(self.limits.headers),
            httparse::Error::HeaderName => HeadError::Malformed("header name"),
            httparse::Error::HeaderValue => HeadError::Malformed("header value"),
            httparse::Error::NewLine => HeadError::Malformed("line end"),
            httparse::Error::Status => HeadError::Malformed("status"),
            httparse::Error::Token => HeadError::Malformed("first line"),
            httparse::Error::Version => HeadError::Malformed("version"),
        }
    }
}

/// The end of a head: the end of its last line, and an empty line.
const END: [u8; 4] = *b"\r\n\r\n";

/// The parser must see the end of the head where we saw it. It takes a bare line feed for an end of line,
/// which would let a peer hide the true end from one of the two.
fn complete(status: httparse::Status<usize>, size: usize) -> Result<(), HeadError> {
    match status {
        httparse::Status::Complete(end) if end == size => Ok(()),
        _ => Err(HeadError::Malformed("line end")),
    }
}

fn method(text: &str) -> Result<Method, HeadError> {
    text.parse().map_err(|_| HeadError::Malformed("method"))
}

fn uri(text: &str) -> Result<Uri, HeadError> {
    text.parse().map_err(|_| HeadError::Malformed("target"))
}

fn version(minor: Option<u8>) -> Version {
    match minor {
        Some(0) => Version::HTTP_10,
        _ => Version::HTTP_11,
    }
}

fn headers(parsed: &[httparse::Header<'_>]) -> Result<HeaderMap, HeadError> {
    let mut headers = HeaderMap::with_capacity(parsed.len());
    for line in parsed {
        let name = HeaderName::from_bytes(line.name.as_bytes());
        let name = name.map_err(|_| HeadError::Malformed("header name"))?;
        let value = HeaderValue::from_bytes(line.value);
        headers.append(name, value.map_err(|_| HeadError::Malformed("header value"))?);
    }
    Ok(headers)
}

/// The bytes of a request's head. The target is written as `path?query`; the host belongs into the headers.
///
/// Nothing can break out of its line: the types of the `http` crate hold no line ends.
pub fn encode_request<B>(request: &Request<B>, out: &mut Vec<u8>) {
    out.extend_from_slice(request.method().as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(request.uri().path().as_bytes());
    if let Some(query) = request.uri().query() {
        out.push(b'?');
        out.extend_from_slice(query.as_bytes());
    }
    out.extend_from_slice(b" HTTP/1.1\r\n");
    encode_headers(request.headers(), out);
}

/// The bytes of a response's head.
pub fn encode_response<B>(response: &Response<B>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(response.status().as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(response.status().canonical_reason().unwrap_or_default().as_bytes());
    out.extend_from_slice(b"\r\n");
    encode_headers(response.headers(), out);
}

fn encode_headers(headers: &HeaderMap, out: &mut Vec<u8>) {
    for (name, value) in headers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
}
