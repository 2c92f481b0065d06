//! Floods of control frames, alone and between the fragments of a message.

use crate::attack::Attack;
use crate::websocket::{Frame, PING, TEXT, frame};
use crate::wire::flood;

const FRAMES: usize = 500_000;

fn flood_with(name: &'static str, first: u8, payload: &'static [u8]) {
    Attack::new(name).run(async |target| {
        let batch = frame(first, payload).repeat(1000);
        let stream = target.upgraded(2, "/ws").await;
        flood(stream, &batch, FRAMES / 1000).await;
    });
}

/// Of the pings of one read only the last is answered, so a flood of pings is no flood of pongs.
#[test]
fn ping_floods_are_not_answered_one_by_one() {
    Attack::new("ping_flood").run(async |target| {
        let batch = frame(PING, &[b'p'; 125]).repeat(1000);
        let stream = target.upgraded(2, "/ws").await;
        let answered = flood(stream, &batch, FRAMES / 1000).await;
        let sent = batch.len() * FRAMES / 1000;
        assert!(answered < sent / 4, "{answered} bytes answer {sent}");
    });
}

#[test]
fn empty_ping_floods_are_borne() {
    flood_with("empty_ping_flood", PING, b"");
}

#[test]
fn pong_floods_are_borne() {
    flood_with("pong_flood", 0x8a, &[0; 125]);
}

#[test]
fn control_frames_between_fragments_leave_the_message_whole() {
    Attack::new("interleaved_controls").run(async |target| {
        let mut socket = target.websocket("/echo").await;
        socket.raw(frame(TEXT & 0x7f, b"a")).await;
        let mut message = String::from("a");
        for number in 0..1000 {
            socket.raw([frame(PING, b"p"), frame(0x8a, b"q"), frame(0, b"b")].concat()).await;
            message.push('b');
            if number % 100 == 0 {
                target.serves_others().await;
            }
        }
        socket.raw(frame(0x80, b"c")).await;
        message.push('c');
        loop {
            match socket.next().await {
                Frame::Pong(payload) => assert_eq!(payload, b"p"),
                other => break assert_eq!(other, Frame::Text(message)),
            }
        }
    });
}
