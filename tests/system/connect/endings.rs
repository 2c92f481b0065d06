//! Peers that refuse, break off, break the protocol or say nothing: what is told, and the exit status.

use std::io::{Read, Write};

use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;

use super::peer::{Nobody, Peer, echo, frames, websocket};
use super::run::run;
use crate::server::Server;

#[test]
fn a_refusal_shows_status_headers_and_body() {
    let server = Server::start();
    let done = run(&[&server.ws("/nothing")], "");
    done.failed(77, "error: the server refused with 404 Not Found\n  HTTP/1.1 404 Not Found\n");
    done.failed(77, "  content-type: application/json\n");
    done.failed(77, "there is nothing at /nothing");
    assert_eq!(done.text(), "");
    let done = run(&[&server.ws("/nothing"), "--jsonl"], "");
    let error = &done.events("error")[0];
    assert!(error["status"] == 404 && error["kind"] == "refused" && error["exit_status"] == 77, "{error}");
    assert!(error["body"].as_str().unwrap().contains("not_found"), "{error}");
}

#[test]
fn a_refusal_cannot_write_to_the_terminal_in_its_own_way() {
    let peer = Peer::start(|mut stream| {
        read_head(&mut stream);
        let body = "HTTP/1.1 403 Forbidden\r\ncontent-length: 11\r\n\r\n\x1b]0;t\x07\u{9b}1m\r";
        let _ = stream.write_all(body.as_bytes());
    });
    let done = run(&[&peer.ws()], "");
    done.failed(77, "  \\x1b]0;t\\x07\\x9b1m\\r\n");
    assert!(!done.err.contains('\x1b') && !done.err.contains('\u{9b}'), "{:?}", done.err);
}

#[test]
fn nobody_there_is_69() {
    let nobody = Nobody::start();
    let url = nobody.ws();
    run(&[&url], "").failed(69, "error: no connection\n");
    run(&[&url], "").failed(69, "hint: nothing listens there");
    run(&[&url, "--unix-socket", "/no/such/socket"], "").failed(69, "hint: there is no such socket");
    run(&["ws://no-such-name.invalid"], "").failed(69, "cannot connect to no-such-name.invalid");
    run(&["ftp://localhost"], "").failed(2, "hint: such as ws://localhost:8080/ws");
}

#[test]
fn a_server_that_never_answers_is_75() {
    let peer = Peer::start(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let done = run(&[&peer.ws(), "--connect-timeout", "200ms"], "a");
    done.failed(75, "no connection within 200ms\n  hint: `--connect-timeout TIME` waits longer");
    run(&[&peer.ws(), "--timeout", "200ms"], "a").failed(75, "not done after 200ms");
}

#[test]
fn an_end_without_a_close_frame_is_74() {
    let peer = websocket(|mut socket| {
        socket.send("last words".into()).unwrap();
        // Read first: an end with unread bytes would be a reset, which may overtake the message.
        assert!(socket.read().is_ok());
    });
    let done = run(&[&peer.ws(), "--keep-open"], "hello\n");
    done.failed(74, "The server ended the stream without a close frame");
    assert_eq!(done.text(), "last words\n");
}

#[test]
fn the_end_of_the_stream_in_the_handshake_is_74_and_what_is_no_http_is_76() {
    let ended = Peer::start(|mut stream| read_head(&mut stream));
    run(&[&ended.ws()], "").failed(74, "error: no connection\n  the stream failed during the handshake");
    let other = Peer::start(|mut stream| {
        read_head(&mut stream);
        let _ = stream.write_all(b"220 mail.example.org ESMTP\r\n\r\n");
    });
    run(&[&other.ws()], "").failed(76, "the response cannot be read");
    let wrong = Peer::start(|mut stream| {
        read_head(&mut stream);
        let head = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n";
        let _ = write!(stream, "{head}sec-websocket-accept: bm90IHRoZSByaWdodCBvbmU=\r\n\r\n");
        let _ = stream.read_to_end(&mut Vec::new());
    });
    run(&[&wrong.ws()], "").failed(76, "error: no connection\n");
}

#[test]
fn close_codes_decide() {
    let closing = |code: u16, reason: &'static str| {
        websocket(move |mut socket| {
            let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
            socket.close(Some(frame)).unwrap();
            echo(socket);
        })
    };
    for code in [1000, 1001] {
        run(&[&closing(code, "bye").ws(), "--keep-open"], "").succeeded();
    }
    let done = run(&[&closing(1011, "it \x1b[31mburns").ws(), "--keep-open"], "");
    done.failed(74, "Closed by the server with 1011 (internal error): it \\x1b[31mburns\n");
    run(&[&closing(4001, "").ws(), "--keep-open", "-n", "1"], "").failed(74, "4001");
}

#[test]
fn a_close_reason_that_is_not_utf_8_is_told_as_such() {
    let peer = frames(b"\x88\x05\x03\xe8ok\xff");
    let done = run(&[&peer.ws(), "--keep-open"], "");
    done.failed(76, "the server broke the protocol: the reason of a close frame is not UTF-8");
}

#[test]
fn frames_that_break_the_protocol_are_76() {
    for (bytes, why) in [
        (&b"\x81\x85abcd\x00\x00\x00\x00\x00"[..], "a frame from a server is masked"),
        (b"\x81\x02\xc3\x28", "text is not UTF-8"),
        (b"\x83\x00", "opcode 0x3 is reserved"),
        (b"\xc1\x00", "a reserved bit is set without its extension"),
        (b"\x88\x02\x03\xed", "close code 1005 may not be sent"),
    ] {
        run(&[&frames(bytes).ws(), "--keep-open"], "").failed(76, why);
    }
}

/// Reads a request up to its empty line.
pub(crate) fn read_head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}
