//! Packets of Socket.IO: too many namespaces, attachments, acknowledgements, and MessagePack that announces too much.

use crate::attack::{Attack, Target};
use crate::websocket::{BINARY, Frame, WebSocket, frame};
use crate::wire::{close_code, text};

const OPEN: &str = "/socket.io/?EIO=4&transport=websocket";

/// An open session that is in the main namespace.
async fn connected(target: &Target<'_>) -> WebSocket {
    let mut socket = target.websocket(OPEN).await;
    socket.text("40").await;
    while !matches!(socket.next().await, Frame::Text(text) if text.starts_with("40")) {}
    socket
}

#[test]
fn namespaces_without_end_are_refused() {
    Attack::new("namespace_flood").memory(8).lines(10_000).run(async |target| {
        let mut socket = connected(target).await;
        let requests: Vec<u8> =
            (0..5000).flat_map(|number| text(&format!("40/n{number},{{\"a\":1}}"))).collect();
        socket.raw(requests).await;
        for _ in 0..5000 {
            loop {
                match socket.next().await {
                    Frame::Text(said) if said.starts_with("44/n") => break,
                    Frame::Text(_) => {}
                    other => panic!("{other:?}"),
                }
            }
        }
    });
}

#[test]
fn attachments_beyond_reason_end_the_connection() {
    Attack::new("attachments").memory(8).run(async |target| {
        for count in ["99999999999999999999", "4294967296", "1000000", "18446744073709551615"] {
            let mut socket = connected(target).await;
            socket.text(&format!("45{count}-[\"e\"]")).await;
            let code = close_code(&mut socket).await;
            assert!(code.is_none_or(|code| code < 4000 && code != 1011), "{code:?}");
        }
        // Announced and never sent, on many connections.
        let mut held = Vec::new();
        for _ in 0..30 {
            let mut socket = connected(target).await;
            let places = [r#"{"_placeholder":true,"num":0}"#; 8].join(",");
            socket.text(&format!("458-[\"message\",{places}]")).await;
            socket.raw(frame(BINARY, &[1; 100_000])).await;
            held.push(socket);
        }
        target.serves_others().await;
    });
}

/// They end the connection.
#[test]
fn acknowledgements_that_nobody_asked_for_are_dropped() {
    Attack::new("ack_flood").lines(25_000).run(async |target| {
        let mut socket = connected(target).await;
        for round in 0..20_u64 {
            let acks: Vec<u8> = (0..1000)
                .flat_map(|n| text(&format!("43{}[\"x\"]", (round * 1000 + n) * 922_337_203_685_477)))
                .collect();
            socket.raw(acks).await;
        }
        assert_eq!(close_code(&mut socket).await, Some(1008));
    });
}

/// MessagePack that announces four billion entries, or nests without end, in a session of that parser.
#[test]
fn messagepack_bombs_end_the_connection() {
    Attack::new("msgpack_bombs").memory(8).run(async |target| {
        let bombs: [Vec<u8>; 6] = [
            vec![0xdd, 0xff, 0xff, 0xff, 0xff],
            vec![0xdf, 0xff, 0xff, 0xff, 0xff],
            vec![0xc6, 0xff, 0xff, 0xff, 0xff],
            vec![0xdb, 0xff, 0xff, 0xff, 0xff],
            vec![0x91; 100_000],
            [&[0x82, 0xa4][..], b"type", &[0x02, 0xa4], b"data", &[0x91; 50_000]].concat(),
        ];
        for bomb in bombs {
            let mut socket = target.websocket(OPEN).await;
            // {"type":0,"nsp":"/"}, with which the session takes the parser.
            socket.binary(b"\x82\xa4type\x00\xa3nsp\xa1/").await;
            while !matches!(socket.next().await, Frame::Binary(_)) {}
            socket.binary(&bomb).await;
            close_code(&mut socket).await;
        }
    });
}
