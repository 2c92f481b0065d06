//! The handshake on a bare stream, without an HTTP library.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, header};
use ropeway_proto::handshake::Negotiated;
use ropeway_proto::handshake::head::{self, HeadError};
use ropeway_proto::handshake::server::{self, Refusal};
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::Acceptor;
use crate::websocket::{Stream, WebSocket};

/// How long a refused peer is given to read why, and to end its side of the stream.
const LINGER: Duration = Duration::from_secs(1);

/// Why a stream did not become a connection.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// The stream failed, or ended before the request was complete.
    #[error("the stream failed during the handshake: {0}")]
    Io(#[from] io::Error),
    /// The request did not come in time.
    #[error("the handshake took too long")]
    Timeout,
    /// The request is not HTTP/1.1, or its head is over the limits. It was answered with 400 or 431.
    #[error("the request cannot be read: {0}")]
    Head(#[from] HeadError),
    /// The request opens no WebSocket. It was answered.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl Acceptor {
    /// Performs the handshake on a bare stream: for programs that serve nothing but WebSockets. Gives the request, too.
    ///
    /// Not cancel safe: a stream whose handshake was dropped is of no further use.
    ///
    /// # Errors
    /// [`AcceptError`]; the peer has been answered where there was something to answer.
    pub async fn accept(&self, stream: impl Into<Stream>) -> Result<(WebSocket, Request<()>), AcceptError> {
        let mut stream = stream.into();
        let mut received = Vec::new();
        let negotiation = self.negotiate(&mut stream, &mut received);
        match timeout(self.timeout, negotiation).await.unwrap_or(Err(AcceptError::Timeout)) {
            Ok((negotiated, request)) => {
                let socket = WebSocket::server(stream, negotiated, Arc::clone(&self.config), received);
                Ok((socket, request))
            }
            Err(error) => {
                // A peer that does not want to know, or not in time, keeps the error as it is.
                let _ = timeout(LINGER, answer(&mut stream, &error)).await;
                Err(error)
            }
        }
    }

    /// Reads the request and answers it; what arrived behind it stays in `received`.
    async fn negotiate(
        &self,
        stream: &mut Stream,
        received: &mut Vec<u8>,
    ) -> Result<(Negotiated, Request<()>), AcceptError> {
        let mut reader = head::Reader::new(self.limits);
        let (request, len) = loop {
            if stream.read_buf(received).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            if let Some(complete) = reader.request(received)? {
                break complete;
            }
        };
        received.drain(..len);
        let accepted = server::accept(&request, &self.options)?;
        let mut response = Vec::new();
        head::encode_response(&accepted.response, &mut response);
        stream.write_all(&response).await?;
        stream.flush().await?;
        Ok((accepted.negotiated, request))
    }
}

/// Tells the peer why, where it can be told.
async fn answer(stream: &mut Stream, error: &AcceptError) -> io::Result<()> {
    let refusal = match error {
        AcceptError::Refused(refusal) => refusal.clone(),
        AcceptError::Head(error) => Refusal::from(*error),
        _ => return Ok(()),
    };
    let mut response: Response<String> = refusal.into_response();
    let len = response.body().len();
    response.headers_mut().insert(header::CONTENT_LENGTH, len.into());
    if !response.headers().contains_key(header::CONNECTION) {
        response.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    }
    let mut bytes = Vec::new();
    head::encode_response(&response, &mut bytes);
    bytes.extend_from_slice(response.body().as_bytes());
    stream.write_all(&bytes).await?;
    stream.shutdown().await?;
    // To drop a stream with unread bytes could destroy the answer on its way (RFC 9112 section 9.6).
    tokio::io::copy(stream, &mut tokio::io::sink()).await.map(drop)
}
