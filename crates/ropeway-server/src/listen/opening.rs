//! How a connection begins, seen without taking anything from it.
//!
//! Most of what a connection costs is what reads from it: a session of TLS, the buffers of HTTP. Those who say nothing, or
//! a part of what they would have to say, do not get so far: what they have sent stays in the kernel until it is enough.

use std::io;
use std::time::Duration;

use rustix::net::{RecvFlags, recv};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, Interest};
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

/// Bytes that are waited for at most. Who has sent as many and is not done is read from.
const PEEKED: usize = 4096;

/// Headers that a head may have; hyper has no more either.
const MAX_HEADERS: usize = 100;

/// Waits for the head of a request, or something that can be none. To be given a limit of time. Cancel-safe.
///
/// # Errors
/// The client has gone, or will say nothing more.
pub(super) async fn request(stream: &TcpStream) -> io::Result<()> {
    peek(stream, |bytes| is_head(bytes).then_some(())).await
}

/// Goes through the handshake and waits for what comes first after it. Whoever speaks plain HTTP is told. To be given a
/// limit of time.
///
/// The stream lies in a box, where it stays to its end.
///
/// # Errors
/// The handshake fails, the client has gone, or will say nothing more.
pub(super) async fn tls(mut stream: TcpStream, tls: &Tls) -> io::Result<Box<TlsStream<TcpStream>>> {
    // A request begins with its method.
    let speaks_http = |first: &u8| first.is_ascii_uppercase();
    let is_plain = |bytes: &[u8]| is_hello(bytes).then(|| bytes.first().is_some_and(speaks_http));
    if peek(&stream, is_plain).await? {
        Box::pin(explain(&mut stream)).await?;
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the client speaks plain HTTP"));
    }
    let mut stream = Box::new(Box::pin(tls.acceptor().accept(stream)).await?);
    match stream.fill_buf().await? {
        [] => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(stream),
    }
}

/// Looks at what has come, again whenever more has, until `judge` gives something. It is shown [`PEEKED`] bytes at most.
async fn peek<T>(stream: &TcpStream, judge: impl Fn(&[u8]) -> Option<T>) -> io::Result<T> {
    loop {
        let ready = stream.ready(Interest::READABLE).await?;
        // That there is nothing new yet has to be said where it is found out: nothing that comes meanwhile is missed then.
        let looked = stream.try_io(Interest::READABLE, || {
            let mut bytes = [0; PEEKED];
            let (_, len) = recv(stream, &mut bytes[..], RecvFlags::PEEK)?;
            if len == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            judge(&bytes[..len]).ok_or(io::ErrorKind::WouldBlock.into())
        });
        match looked {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            looked => return looked,
        }
        if ready.is_read_closed() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Whether there is something that HTTP has an answer to.
fn is_head(bytes: &[u8]) -> bool {
    if bytes.len() >= PEEKED || bytes.ends_with(b"\r\n\r\n") {
        return true;
    }
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    !matches!(httparse::Request::new(&mut headers).parse(bytes), Ok(httparse::Status::Partial))
}

/// Whether there is the first record of TLS (RFC 8446 section 5.1: type, version, length), or something else.
fn is_hello(bytes: &[u8]) -> bool {
    match bytes {
        [0x16, _, _, high, low, rest @ ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            rest.len() >= length || bytes.len() >= PEEKED
        }
        [0x16, ..] | [] => false,
        _ => true,
    }
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

    #[test]
    fn a_part_of_a_head_is_waited_with() {
        let head = b"GET /ws HTTP/1.1\r\nhost: localhost\r\n\r\n";
        for len in 1..head.len() {
            assert!(!is_head(&head[..len]), "{len} bytes");
        }
        assert!(is_head(head) && is_head(&[&head[..], b"and a body"].concat()));
    }

    #[test]
    fn what_is_no_head_is_answered_at_once() {
        for wrong in
            [&b"\x16\x03\x01"[..], b"PROXY TCP4 192.0.2.1", b"GET /\x00", b"GET / HTTP/3.0", &[b'a'; PEEKED]]
        {
            assert!(is_head(wrong), "{}", wrong.escape_ascii());
        }
        let many = format!("GET / HTTP/1.1\r\n{}", "a: b\r\n".repeat(MAX_HEADERS + 1));
        assert!(is_head(many.as_bytes()));
    }

    #[test]
    fn a_part_of_a_hello_is_waited_with() {
        let hello = [0x16, 3, 1, 0, 3, 1, 2, 3];
        for len in 0..hello.len() {
            assert!(!is_hello(&hello[..len]), "{len} bytes");
        }
        assert!(is_hello(&hello) && is_hello(b"GET") && is_hello(&[0x15]));
        let long = [&[0x16, 3, 1, 0xff, 0xff][..], &[0; PEEKED - 5]].concat();
        assert!(is_hello(&long));
    }

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (client, listener.accept().await.unwrap().0)
    }

    #[tokio::test]
    async fn nothing_is_taken_of_what_comes_byte_by_byte() {
        let (mut client, mut server) = pair().await;
        let head = b"GET / HTTP/1.0\r\n\r\n";
        let mut waiting = Box::pin(request(&server));
        for byte in head {
            let soon = timeout(Duration::from_millis(2), &mut waiting).await;
            assert!(soon.is_err(), "it is not whole yet");
            client.write_all(&[*byte]).await.unwrap();
        }
        waiting.await.unwrap();
        let mut read = vec![0; head.len()];
        server.read_exact(&mut read).await.unwrap();
        assert_eq!(read, head);
    }

    #[tokio::test]
    async fn who_goes_is_not_waited_for() {
        for said in [&b""[..], b"GET / HTTP"] {
            let (mut client, server) = pair().await;
            client.write_all(said).await.unwrap();
            let waiting = tokio::spawn(async move { request(&server).await.unwrap_err().kind() });
            tokio::task::yield_now().await;
            client.shutdown().await.unwrap();
            assert_eq!(waiting.await.unwrap(), io::ErrorKind::UnexpectedEof);
        }
    }
}
