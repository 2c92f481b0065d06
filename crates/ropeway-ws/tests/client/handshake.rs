//! Answers that say 101 and break the rules (RFC 6455 section 4.1).

use ropeway_proto::deflate::NegotiationError;
use ropeway_ws::client::{Connect, ConnectError, HandshakeError};
use ropeway_ws::{Config, deflate};

use crate::open;
use crate::support::script::{accept_for, switching};

/// Why the client does not take `answer`; it offers the subprotocol `chat`.
async fn fault(
    with: impl FnOnce(Connect) -> Connect,
    answer: impl FnOnce(&str) -> Vec<u8>,
) -> HandshakeError {
    let opened = open(|connect| with(connect.subprotocol("chat").unwrap()), answer).await;
    match opened {
        Err(ConnectError::Handshake(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// The right answer, but for one line that is exchanged for `line`, or `line` twice.
fn exchanged(request: &str, name: &str, line: &str) -> Vec<u8> {
    let right = String::from_utf8(switching(request, "")).unwrap();
    let kept = right.lines().filter(|kept| !kept.to_lowercase().starts_with(name) && !kept.is_empty());
    let mut answer: String = kept.map(|line| format!("{line}\r\n")).collect();
    answer.push_str(line);
    answer.push_str("\r\n");
    answer.into_bytes()
}

#[tokio::test]
async fn each_header_is_checked() {
    for (name, line, expected) in [
        ("upgrade", "", HandshakeError::Upgrade),
        ("upgrade", "Upgrade: h2c\r\n", HandshakeError::Upgrade),
        ("connection", "", HandshakeError::Connection),
        ("connection", "Connection: keep-alive\r\n", HandshakeError::Connection),
        ("sec-websocket-accept", "", HandshakeError::Accept),
        (
            "sec-websocket-accept",
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
            HandshakeError::Accept,
        ),
    ] {
        assert_eq!(
            fault(|connect| connect, |request| exchanged(request, name, line)).await,
            expected,
            "{line}"
        );
    }
}

#[tokio::test]
async fn the_proof_must_be_there_once() {
    let twice = |request: &str| {
        let accept = accept_for(request);
        switching(request, &format!("Sec-WebSocket-Accept: {accept}\r\n"))
    };
    assert_eq!(fault(|connect| connect, twice).await, HandshakeError::Accept);
}

#[tokio::test]
async fn what_was_not_offered_is_not_taken() {
    for (line, expected) in [
        ("Sec-WebSocket-Extensions: permessage-deflate", HandshakeError::Extension),
        ("Sec-WebSocket-Extensions: x-unknown", HandshakeError::Extension),
        ("Sec-WebSocket-Extensions: ;", HandshakeError::Extension),
        ("Sec-WebSocket-Protocol: superchat", HandshakeError::Subprotocol),
        ("Sec-WebSocket-Protocol: Chat", HandshakeError::Subprotocol),
        ("Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat", HandshakeError::Subprotocol),
    ] {
        let answer = |request: &str| switching(request, &format!("{line}\r\n"));
        assert_eq!(fault(|connect| connect, answer).await, expected, "{line}");
    }
}

#[tokio::test]
async fn deflate_parameters_must_fit_the_offer() {
    let bad = |name: &str| HandshakeError::Deflate(NegotiationError::BadParameter(name.to_owned()));
    for (answer, expected) in [
        ("", HandshakeError::Deflate(NegotiationError::TakeoverRefused)),
        ("; server_no_context_takeover; x=1", bad("x")),
        ("; server_no_context_takeover; server_max_window_bits=16", bad("server_max_window_bits")),
        ("; server_no_context_takeover; server_no_context_takeover", bad("server_no_context_takeover")),
        ("; server_no_context_takeover, permessage-deflate", HandshakeError::Extension),
    ] {
        let config = Config { deflate: Some(deflate::Config::without_takeover()), ..Config::default() };
        let line = format!("Sec-WebSocket-Extensions: permessage-deflate{answer}\r\n");
        let found = fault(|connect| connect.config(config), |request| switching(request, &line)).await;
        assert_eq!(found, expected, "{line}");
    }
}

#[tokio::test]
async fn names_are_compared_without_case_and_in_lists() {
    let answer = |request: &str| {
        let accept = accept_for(request);
        format!(
            "HTTP/1.1 101 \r\nUPGRADE: WebSocket\r\nconnection: keep-alive, upgrade\r\nsec-websocket-accept:{accept}\r\n\r\n"
        )
        .into_bytes()
    };
    open(|connect| connect, answer).await.unwrap();
}
