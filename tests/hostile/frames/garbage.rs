//! Random bytes after a valid upgrade, and random payloads in valid frames.

use rand::Rng;
use rand::rngs::StdRng;
use tokio::time::timeout;

use crate::attack::Attack;
use crate::http::SOON;
use crate::websocket::{BINARY, Frame, TEXT, WebSocket, frame};
use crate::wire::{random, random_bytes};

const SOCKETIO: &str = "/socket.io/?EIO=4&transport=websocket";
const ENDPOINTS: [&str; 3] = ["/ws", "/echo", SOCKETIO];

/// Bytes that begin no frame are a violation whatever follows. Others may be the begin of a frame that is long in coming.
#[test]
fn random_bytes_after_the_upgrade_end_the_connection_at_most() {
    Attack::new("garbage_frames").lines(20_000).run(async |target| {
        let mut random = random();
        let mut violations = 0;
        for number in 0..600 {
            let mut socket = target.websocket(ENDPOINTS[number % 3]).await;
            let garbage = [random_bytes(&mut random, 2000), vec![0; 2]].concat();
            socket.raw(&garbage).await;
            if begins_no_frame(&garbage) {
                violations += 1;
                assert_eq!(ending(&mut socket).await, Ending::Close(1002), "{:x?}", &garbage[..2]);
            } else {
                socket.finish().await;
            }
        }
        assert!(violations > 400, "{violations} of 600");
    });
}

/// RFC 6455 sections 5.1, 5.2, 5.4 and 5.5: what the first two bytes of a client may not say.
fn begins_no_frame(bytes: &[u8]) -> bool {
    let (opcode, length) = (bytes[0] & 0x0f, bytes[1] & 0x7f);
    let (is_final, is_control) = (bytes[0] & 0x80 != 0, opcode & 8 != 0);
    let is_reserved = bytes[0] & 0x70 != 0 || !matches!(opcode, 0..=2 | 8..=10);
    let is_unmasked = bytes[1] & 0x80 == 0;
    let continues_nothing = opcode == 0;
    is_reserved || is_unmasked || continues_nothing || (is_control && (!is_final || length > 125))
}

/// Whatever a message says, it is answered as its protocol has it, or ends the connection as a violation of it.
#[test]
fn random_messages_end_the_connection_at_most() {
    Attack::new("garbage_messages").lines(20_000).run(async |target| {
        let mut random = random();
        for _ in 0..200 {
            native(target.websocket("/ws").await, &mut random).await;
            echo(target.websocket("/echo").await, &mut random).await;
            socketio(target.websocket(SOCKETIO).await, &mut random).await;
        }
    });
}

/// A text is refused and the connection goes on; what is no text, or not UTF-8, ends it.
async fn native(mut socket: WebSocket, random: &mut StdRng) {
    assert!(matches!(socket.next().await, Frame::Text(said) if said.contains(r#""type":"welcome""#)));
    for _ in 0..8 {
        let (first, payload) = message(random);
        socket.raw(frame(first, &payload)).await;
        if let Some(code) = violation(first, &payload, Some(1003)) {
            return assert_eq!(ending(&mut socket).await, Ending::Close(code), "{payload:?}");
        }
        match socket.next().await {
            Frame::Text(said) => assert!(said.contains(r#""type":"error","code":"bad_message""#), "{said}"),
            other => panic!("{payload:?} is answered with {other:?}"),
        }
    }
    socket.finish().await;
}

/// Every message comes back as it was.
async fn echo(mut socket: WebSocket, random: &mut StdRng) {
    for _ in 0..8 {
        let (first, payload) = message(random);
        socket.raw(frame(first, &payload)).await;
        if let Some(code) = violation(first, &payload, None) {
            return assert_eq!(ending(&mut socket).await, Ending::Close(code), "{payload:?}");
        }
        let same = match first {
            TEXT => Frame::Text(String::from_utf8(payload).unwrap()),
            _ => Frame::Binary(payload),
        };
        assert_eq!(socket.next().await, same);
    }
    socket.finish().await;
}

/// None of the messages is a packet that a client may begin with.
async fn socketio(mut socket: WebSocket, random: &mut StdRng) {
    let (first, payload) = message(random);
    socket.raw(frame(first, &payload)).await;
    let expected: &[Ending] = match violation(first, &payload, None) {
        Some(1007) => &[Ending::Close(1007)],
        _ => &[Ending::Close(1003), Ending::Close(1008), Ending::Bare],
    };
    let ended = ending(&mut socket).await;
    assert!(expected.contains(&ended), "{payload:?}: {ended:?}");
}

/// A text or a binary message of words that protocols know, in no order.
fn message(random: &mut StdRng) -> (u8, Vec<u8>) {
    let words: &[&[u8]] = &[
        b"{\"type\":\"",
        b"join",
        b"\",",
        b"\"room\":",
        b"4",
        b"2[",
        b"51-",
        b"}",
        b"\"\\ud800\"",
        b"\x93",
        b"\xde\xff\xff",
    ];
    let mut payload = Vec::new();
    for _ in 0..random.random_range(1..20) {
        payload.extend_from_slice(words[random.random_range(0..words.len())]);
    }
    payload.extend(random_bytes(random, 8));
    (if random.random() { TEXT } else { BINARY }, payload)
}

/// The code of a message that ends its connection; `binary` is that of one that is no text.
fn violation(first: u8, payload: &[u8], binary: Option<u16>) -> Option<u16> {
    match first {
        TEXT => std::str::from_utf8(payload).is_err().then_some(1007),
        _ => binary,
    }
}

/// How the server ends a connection by itself.
#[derive(Debug, PartialEq)]
enum Ending {
    Close(u16),
    /// A close frame without a code.
    Bare,
    /// No close frame at all.
    Dropped,
}

async fn ending(socket: &mut WebSocket) -> Ending {
    let ended = timeout(SOON, async {
        loop {
            match socket.next().await {
                Frame::Close(code) => break code.map_or(Ending::Bare, Ending::Close),
                Frame::End => break Ending::Dropped,
                Frame::Text(_) | Frame::Binary(_) | Frame::Pong(_) => {}
            }
        }
    });
    ended.await.expect("the server keeps the connection")
}
