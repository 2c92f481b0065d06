//! The handshake of TLS, and those who come without one.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use crate::tls::Tls;

/// The answer to plain HTTP, which a browser shows.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
content-type: text/plain; charset=utf-8\r\n\
content-length: 80\r\n\
connection: close\r\n\r\n\
This port speaks TLS: use https:// or wss:// in place of http:// or ws:// here.\n";

/// Goes through the handshake. Whoever speaks plain HTTP is told. To be given a limit of time.
pub(super) async fn tls(mut stream: TcpStream, tls: &Tls) -> io::Result<TlsStream<TcpStream>> {
    let mut first = [0];
    let peeked = stream.peek(&mut first).await?;
    // A request begins with its method; TLS with the type of its first record, 0x16 (RFC 8446 section 5.1).
    if peeked == 1 && first[0].is_ascii_uppercase() {
        explain(&mut stream).await?;
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the client speaks plain HTTP"));
    }
    tls.acceptor().accept(stream).await
}

/// What the client still sends is read a while: closing before would take the answer away from it.
async fn explain(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(PLAIN).await?;
    stream.shutdown().await?;
    let mut sink = tokio::io::sink();
    let mut rest = stream.take(64 * 1024);
    let _ = timeout(Duration::from_secs(1), tokio::io::copy(&mut rest, &mut sink)).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_says_how_long_it_is() {
        let text = std::str::from_utf8(PLAIN).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
    }
}
