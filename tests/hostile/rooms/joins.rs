//! Rooms without end, and rooms whose names are meant to hurt.

use serde_json::json;

use crate::attack::Attack;
use crate::websocket::Frame;
use crate::wire::text;

/// `limits.rooms_per_connection` is what ends it; a room is gone with its last member.
#[test]
fn joining_without_end_is_refused() {
    Attack::new("join_flood").memory(8).run(async |target| {
        for _ in 0..4 {
            let mut socket = target.websocket("/ws").await;
            let joins: Vec<u8> = (0..5000)
                .flat_map(|n| text(&format!(r#"{{"type":"join","room":"busy:{n}","id":"{n}"}}"#)))
                .collect();
            let send = joins.clone();
            socket.raw(send).await;
            let mut refused = 0;
            for _ in 0..5000 {
                loop {
                    match socket.next().await {
                        Frame::Text(said) if said.contains("too_many_rooms") => break refused += 1,
                        Frame::Text(said) if said.contains(r#""type":"joined""#) => break,
                        Frame::Text(_) => {}
                        other => panic!("{other:?}"),
                    }
                }
            }
            assert!(refused > 1000, "{refused} of 5000 were refused");
        }
    });
}

#[test]
fn rooms_with_hostile_names_are_refused() {
    Attack::new("room_names").run(async |target| {
        let mut socket = target.websocket("/ws").await;
        socket.next().await;
        for name in [
            String::new(),
            "busy:\u{0}".to_owned(),
            "busy:a\r\nb".to_owned(),
            "busy:\u{1b}[2J".to_owned(),
            "busy:\u{7f}".to_owned(),
            format!("busy:{}", "x".repeat(1000)),
            format!("busy:{}", "\u{1f40e}".repeat(300)),
        ] {
            for (message, id) in [("join", "j"), ("leave", "l"), ("presence", "p"), ("history", "h")] {
                socket.text(&json!({ "type": message, "room": name, "id": id }).to_string()).await;
                let Frame::Text(said) = socket.next().await else { panic!("{name:?}") };
                assert!(said.contains(r#""type":"error""#), "{message} {name:?}: {said}");
            }
        }
        // Odd, but nobody's harm.
        for name in ["busy:../../etc/passwd", "busy:<script>", "busy:\u{202e}evil", "busy:*", "busy:%00"] {
            socket.text(&json!({ "type": "join", "room": name, "id": "j" }).to_string()).await;
            let Frame::Text(said) = socket.next().await else { panic!("{name:?}") };
            assert!(
                said.contains(r#""type":"joined""#) || said.contains(r#""type":"error""#),
                "{name:?}: {said}"
            );
        }
    });
}
