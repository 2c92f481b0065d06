//! Refusals reach the caller with status, headers and body, and none can hold him up.

use std::time::Duration;

use http::StatusCode;
use ropeway_ws::client::{Connect, ConnectError, Refused};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::support::script::Script;

/// Shorter than the time that a body is waited for.
const AT_ONCE: Duration = Duration::from_secs(4);

/// The refusal that `answer` is when `after` happens to the stream behind it, and how long it took.
async fn refused(answer: &[u8], after: impl AsyncFnOnce(TcpStream)) -> (Refused, Duration) {
    let script = Script::new().await;
    let start = Instant::now();
    let connect = Connect::new(&script.url("/")).unwrap();
    let mut took = Duration::ZERO;
    let opening = async {
        let opened = connect.open().await;
        took = start.elapsed();
        opened
    };
    let (opened, ()) = tokio::join!(opening, async {
        let (_, stream) = script.answer(|_| answer.to_vec()).await;
        after(stream).await;
    });
    match opened {
        Err(ConnectError::Refused(refused)) => (*refused, took),
        other => panic!("{other:?}"),
    }
}

/// Leaves the stream open until the client has ended it.
async fn stays(mut stream: TcpStream) {
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
}

async fn ends(stream: TcpStream) {
    drop(stream);
}

#[tokio::test]
async fn status_headers_and_body_are_given() {
    let answer =
        b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 6\r\n\r\nlog in and more";
    let (refused, took) = refused(answer, stays).await;
    assert_eq!((refused.status, &*refused.body), (StatusCode::UNAUTHORIZED, &b"log in"[..]));
    assert_eq!(refused.headers["www-authenticate"], "Bearer");
    assert_eq!(refused.to_string(), "the server refused with 401 Unauthorized");
    assert!(took < AT_ONCE, "{took:?}");
}

#[tokio::test]
async fn a_chunked_body_is_joined() {
    // The first chunk looks like the end of the body.
    let body = "9\r\nb\r\n0\r\n\r\na\r\n4;x=\"y\"\r\nusy!\r\n0\r\nX-Trailer: 1\r\n\r\n";
    let answer =
        format!("HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{body}");
    let (refused, took) = refused(answer.as_bytes(), stays).await;
    assert_eq!(
        (refused.status, &*refused.body),
        (StatusCode::SERVICE_UNAVAILABLE, &b"b\r\n0\r\n\r\nausy!"[..])
    );
    assert!(took < AT_ONCE, "{took:?}");
}

#[tokio::test]
async fn a_chunked_body_that_comes_in_pieces_is_waited_for() {
    let answer = b"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n4\r\none,";
    let (refused, took) = refused(answer, async |mut stream| {
        for piece in ["\r\n", "4\r\ntwo", "!\r\n0\r", "\n\r\n"] {
            tokio::time::sleep(Duration::from_millis(20)).await;
            stream.write_all(piece.as_bytes()).await.unwrap();
        }
        stays(stream).await;
    })
    .await;
    assert_eq!(refused.body, b"one,two!");
    assert!(took < AT_ONCE, "{took:?}");
}

#[tokio::test]
async fn a_body_until_the_end_of_the_stream_is_read_to_it() {
    let (refused, _) = refused(b"HTTP/1.0 404 Not Found\r\n\r\nnothing", async |mut stream| {
        stream.write_all(b" here").await.unwrap();
    })
    .await;
    assert_eq!((refused.status, &*refused.body), (StatusCode::NOT_FOUND, &b"nothing here"[..]));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_given_as_far_as_it_came() {
    for framing in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
        let start = if framing.starts_with('C') { "" } else { "64\r\n" };
        let answer = format!("HTTP/1.1 500 Oops\r\n{framing}\r\n\r\n{start}sorry");
        assert_eq!(refused(answer.as_bytes(), ends).await.0.body, b"sorry", "{framing}");
    }
}

#[tokio::test]
async fn responses_that_have_no_body_are_not_waited_for() {
    for status in ["204 No Content", "304 Not Modified"] {
        let (refused, took) = refused(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes(), stays).await;
        assert_eq!(refused.body, b"");
        assert!(took < AT_ONCE, "{status}: {took:?}");
    }
}

#[tokio::test]
async fn of_a_large_body_the_start_is_given() {
    for framing in ["Content-Length: 1000000", "X-Framing: none"] {
        let answer = format!("HTTP/1.1 500 Oops\r\n{framing}\r\n\r\n");
        let (refused, took) = refused(answer.as_bytes(), async |mut stream| {
            let _ = stream.write_all(&vec![b'x'; 1_000_000]).await;
            stays(stream).await;
        })
        .await;
        assert_eq!(refused.body, vec![b'x'; 64 * 1024], "{framing}");
        assert!(took < AT_ONCE, "{framing}: {took:?}");
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_left() {
    // Silence, and a trickle: each byte in time, all together not.
    let silence = refused(b"HTTP/1.1 500 Oops\r\nContent-Length: 9\r\n\r\nsorry", stays);
    let trickle = refused(b"HTTP/1.1 500 Oops\r\n\r\nsorry", async |mut stream| {
        while stream.write_all(b".").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    });
    let both = async { tokio::join!(silence, trickle) };
    let ((silent, _), (trickled, took)) = tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
    assert_eq!(silent.body, b"sorry");
    assert!(trickled.body.starts_with(b"sorry.") && took >= Duration::from_secs(5), "{took:?}");
}
