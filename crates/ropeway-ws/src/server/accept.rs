//! The handshake on a bare stream, without an HTTP library.

use std::io;
use std::sync::Arc;

use http::{Request, Response, header};
use ropeway_proto::handshake::Negotiated;
use ropeway_proto::handshake::head::{self, HeadError};
use ropeway_proto::handshake::server::{self, Refusal};
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Acceptor;
use crate::websocket::{Stream, WebSocket};

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
        let handshake = self.handshake(stream.into());
        tokio::time::timeout(self.timeout, handshake).await.unwrap_or(Err(AcceptError::Timeout))
    }

    async fn handshake(&self, mut stream: Stream) -> Result<(WebSocket, Request<()>), AcceptError> {
        let mut received = Vec::new();
        match self.negotiate(&mut stream, &mut received).await {
            Ok((negotiated, request)) => {
                received.shrink_to_fit();
                let socket = WebSocket::server(stream, negotiated, Arc::clone(&self.config), received);
                Ok((socket, request))
            }
            Err(error) => {
                answer(&mut stream, &error).await?;
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
    stream.shutdown().await
}
