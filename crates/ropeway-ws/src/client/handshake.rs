//! The request, and what the server makes of it.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use http::{Response, StatusCode};
use ropeway_proto::Config;
use ropeway_proto::handshake::client::{HandshakeError, Request};
use ropeway_proto::handshake::head;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::ConnectError;
use super::details::Details;
use super::refused::Refused;
use crate::websocket::{Stream, WebSocket};

pub(super) async fn perform(
    mut stream: Stream,
    request: &Request,
    config: &Arc<Config>,
    mut details: Details,
) -> Result<(WebSocket, Response<()>), ConnectError> {
    let start = Instant::now();
    let (request, expectations) = request.upgrade(rand::random());
    let mut bytes = Vec::new();
    head::encode_request(&request, &mut bytes);
    stream.write_all(&bytes).await?;
    stream.flush().await?;
    let mut received = Vec::new();
    let (mut parts, ()) = read_response(&mut stream, &mut received).await?.into_parts();
    details.timings.upgrade = start.elapsed();
    details.request = request;
    match expectations.check(&parts) {
        Ok(negotiated) => {
            parts.extensions.insert(details);
            let socket = WebSocket::client(stream, negotiated, Arc::clone(config), received);
            Ok((socket, Response::from_parts(parts, ())))
        }
        Err(HandshakeError::Refused(_)) => {
            Err(ConnectError::Refused(Box::new(Refused::read(stream, parts, received, details).await)))
        }
        Err(error) => Err(ConnectError::Handshake(error)),
    }
}

/// Reads the head of the response; what arrived behind it stays in `received`. Responses before the final one, such as
/// 103 with early hints, are passed over (RFC 9110 section 15.2).
async fn read_response(stream: &mut Stream, received: &mut Vec<u8>) -> Result<Response<()>, ConnectError> {
    loop {
        let response = read_head(stream, received).await?;
        let status = response.status();
        if !status.is_informational() || status == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(response);
        }
    }
}

async fn read_head(stream: &mut Stream, received: &mut Vec<u8>) -> Result<Response<()>, ConnectError> {
    let mut reader = head::Reader::new(head::Limits::default());
    loop {
        if let Some((response, len)) = reader.response(received)? {
            received.drain(..len);
            return Ok(response);
        }
        if stream.read_buf(received).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
    }
}
