//! Messages in pieces: of a byte, of nothing, and without an end.

use crate::attack::Attack;
use crate::websocket::{TEXT, frame};
use crate::wire::{close_code, flood};

const PIECES: usize = 131_072;

/// `limits.fragments` is what ends them.
fn pieces(name: &'static str, payload: &'static [u8]) {
    Attack::new(name).run(async |target| {
        let mut socket = target.websocket("/ws").await;
        socket.raw([frame(TEXT & 0x7f, payload), frame(0, payload).repeat(PIECES)].concat()).await;
        assert!(matches!(close_code(&mut socket).await, Some(1008 | 1009)));
    });
}

#[test]
fn a_message_in_pieces_of_a_byte_is_refused() {
    pieces("pieces_of_a_byte", b"x");
}

#[test]
fn a_message_in_pieces_of_nothing_is_refused() {
    pieces("pieces_of_nothing", b"");
}

/// Many connections at once, each with as much of a message as is allowed and no end of it.
#[test]
fn messages_without_an_end_take_what_a_message_may_take() {
    const CONNECTIONS: usize = 64;
    let attack = Attack::new("endless_messages").set("limits.message", "256KiB");
    attack.memory(CONNECTIONS / 2 + 16).run(async |target| {
        let mut held = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut socket = target.websocket("/ws").await;
            let piece = frame(0, &[b'x'; 16 * 1024]);
            socket.raw([frame(TEXT & 0x7f, b"x"), piece.repeat(15)].concat()).await;
            held.push(socket);
        }
        target.serves_others().await;
        for socket in &mut held {
            socket.raw(frame(0, &[b'x'; 16 * 1024])).await;
            assert_eq!(close_code(socket).await, Some(1009));
        }
    });
}

/// Frames that never end the message, as fast as the kernel takes them.
#[test]
fn an_endless_stream_of_pieces_ends() {
    Attack::new("endless_stream").run(async |target| {
        let mut first = frame(TEXT & 0x7f, b"x");
        let batch = frame(0, &[b'x'; 1024]).repeat(64);
        first.extend(&batch);
        flood(target.upgraded(2, "/ws").await, &first, 1).await;
        let stream = target.upgraded(2, "/echo").await;
        flood(stream, &batch, 10_000).await;
    });
}
