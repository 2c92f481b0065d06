//! Reading and writing HTTP/1.1 heads (RFC 9112).

use http::{Response, Version};
use proptest::prelude::*;
use ropeway_proto::handshake::{
    head::{HeadError, Limits, Reader, encode_request, encode_response},
    server::{Options, Refusal, accept},
};

/// The example of RFC 6455 section 1.2.
const REQUEST: &str = "GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Origin: http://server.example.com\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

fn reader() -> Reader {
    Reader::new(Limits::default())
}

fn error(head: &str) -> HeadError {
    reader().request(head.as_bytes()).unwrap_err()
}

#[test]
fn rfc6455_section_1_2_request() {
    let (request, size) = reader().request(REQUEST.as_bytes()).unwrap().unwrap();
    assert_eq!(size, REQUEST.len());
    assert_eq!((request.method().as_str(), request.uri().path()), ("GET", "/chat"));
    assert_eq!(request.version(), Version::HTTP_11);
    assert_eq!(request.headers()["sec-websocket-key"], "dGhlIHNhbXBsZSBub25jZQ==");
    assert!(accept(&request, &Options::default()).is_ok());
}

#[test]
fn rfc6455_section_1_2_response() {
    let (response, size) = reader().response(RESPONSE.as_bytes()).unwrap().unwrap();
    assert_eq!((size, response.status().as_u16()), (RESPONSE.len(), 101));
    assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#[test]
fn bytes_that_follow_the_head_are_frames() {
    for frames in [&b"\x81\x85"[..], b"\r\n\r\n", &[0xff; 100_000]] {
        let received = [REQUEST.as_bytes(), frames].concat();
        let (_, size) = reader().request(&received).unwrap().unwrap();
        assert_eq!(&received[size..], frames);
    }
}

#[test]
fn a_head_split_anywhere_is_the_same() {
    let received = [REQUEST.as_bytes(), b"\x81\x85"].concat();
    for split in 0..REQUEST.len() {
        let mut reader = reader();
        assert!(reader.request(&received[..split]).unwrap().is_none(), "{split}");
        assert_eq!(reader.request(&received).unwrap().unwrap().1, REQUEST.len(), "{split}");
    }
    let mut reader = reader();
    for end in 0..REQUEST.len() {
        assert!(reader.request(&received[..end]).unwrap().is_none());
    }
    assert_eq!(reader.request(&received).unwrap().unwrap().1, REQUEST.len());
}

/// RUSTSEC-2023-0065: a head that trickles in was parsed from its start with every byte.
#[test]
fn a_trickling_head_is_not_parsed_again_and_again() {
    let size = 100_000;
    let limits = Limits { size, headers: 100 };
    let mut received = b"GET / HTTP/1.1\r\nx: ".to_vec();
    received.resize(size, b'a');
    let mut reader = Reader::new(limits);
    let started = std::time::Instant::now();
    for end in 1..=size {
        assert!(reader.request(&received[..end]).unwrap().is_none());
    }
    // Looking at all bytes each time would be five billion of them.
    assert!(started.elapsed().as_secs() < 10);
    received.push(b'a');
    assert_eq!(reader.request(&received).unwrap_err(), HeadError::TooLarge(size));
}

#[test]
fn a_head_is_limited_in_size() {
    let limits = Limits { size: REQUEST.len(), ..Limits::default() };
    let received = [REQUEST.as_bytes(), &[0x81; 100]].concat();
    assert!(Reader::new(limits).request(&received).unwrap().is_some());
    let limits = Limits { size: REQUEST.len() - 1, ..limits };
    assert_eq!(Reader::new(limits).request(&received).unwrap_err(), HeadError::TooLarge(limits.size));
    // Known before the end is: nobody waits for it.
    let early = &received[..REQUEST.len() - 1];
    assert!(Reader::new(limits).request(early).unwrap().is_none());
    let refusal = Refusal::from(HeadError::TooLarge(1));
    assert_eq!(refusal.status, 431);
}

#[test]
fn a_head_is_limited_in_lines() {
    let head = |lines| format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(lines));
    let limits = Limits { headers: 8, ..Limits::default() };
    assert!(Reader::new(limits).request(head(8).as_bytes()).unwrap().is_some());
    assert_eq!(Reader::new(limits).request(head(9).as_bytes()).unwrap_err(), HeadError::TooManyHeaders(8));
    assert_eq!(Refusal::from(HeadError::TooManyHeaders(8)).status, 431);
}

#[test]
fn repeated_lines_are_kept() {
    let head = "GET / HTTP/1.1\r\na: 1\r\nA: 2\r\n\r\n";
    let (request, _) = reader().request(head.as_bytes()).unwrap().unwrap();
    let values: Vec<_> = request.headers().get_all("a").iter().collect();
    assert_eq!(values, ["1", "2"]);
}

#[test]
fn rfc9112_what_is_no_head() {
    for head in [
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n",
        "GET / HTTP/1.1 \r\n\r\n",
        "G ET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\na : b\r\n\r\n",
        "GET / HTTP/1.1\r\n: b\r\n\r\n",
        "GET / HTTP/1.1\r\na: b\0c\r\n\r\n",
        "GET / HTTP/1.1\r\na: b\r\n folded\r\n\r\n",
        "GET /\u{7f} HTTP/1.1\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\n",
        "\x16\x03\x01\x02\r\n\r\n",
    ] {
        assert!(matches!(error(head), HeadError::Malformed(_)), "{head:?}");
    }
    assert_eq!(Refusal::from(error("GET\r\n\r\n")).status, 400);
}

/// A parser that takes a bare line feed for an end sees the end of the head elsewhere than a proxy in front.
#[test]
fn rfc9112_section_2_2_bare_line_feeds() {
    for head in [
        "GET / HTTP/1.1\na: b\n\nGET /hidden HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\na: b\n\nx\r\n\r\n",
        "GET / HTTP/1.1\r\na: b\r\n\nx: y\r\n\r\n",
    ] {
        assert!(matches!(error(head), HeadError::Malformed(_)), "{head:?}");
    }
    assert!(reader().request(b"GET / HTTP/1.1\n\n").unwrap().is_none());
}

#[test]
fn what_is_written_can_be_read() {
    let (request, _) = reader().request(REQUEST.as_bytes()).unwrap().unwrap();
    let mut bytes = Vec::new();
    encode_request(&request, &mut bytes);
    let (again, size) = reader().request(&bytes).unwrap().unwrap();
    assert_eq!((size, again.headers(), again.uri()), (bytes.len(), request.headers(), request.uri()));

    let response = Response::builder().status(426).header("sec-websocket-version", "13").body(()).unwrap();
    let mut bytes = Vec::new();
    encode_response(&response, &mut bytes);
    assert_eq!(bytes, b"HTTP/1.1 426 Upgrade Required\r\nsec-websocket-version: 13\r\n\r\n");
    let (again, _) = reader().response(&bytes).unwrap().unwrap();
    assert_eq!((again.status(), again.headers()), (response.status(), response.headers()));
}

proptest! {
    #[test]
    fn no_input_can_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200), head: bool) {
        if head {
            bytes.splice(0..0, *b"GET / HTTP/1.1\r\n");
            bytes.extend_from_slice(b"\r\n\r\n");
        }
        let request = reader().request(&bytes);
        if let Ok(Some((request, size))) = request {
            prop_assert!(size <= bytes.len());
            let _ = accept(&request, &Options::default());
        }
        let _ = reader().response(&bytes);
    }
}
