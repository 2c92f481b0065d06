//! Messages that are small on the wire and large inflated (RFC 7692), without and with context takeover.

use std::io::Write;

use flate2::{Compress, Compression, FlushCompress};

use crate::attack::{Attack, Target};
use crate::websocket::{TEXT, WebSocket, frame};
use crate::wire::close_code;

const MIB: usize = 1 << 20;

/// What a client sends for a message: the end of the block that flushes is left away (RFC 7692 section 7.2.1).
fn deflated(state: &mut Compress, message: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(message.len() / 500 + 1024);
    state.compress_vec(message, &mut bytes, FlushCompress::Sync).unwrap();
    assert!(bytes.ends_with(&[0, 0, 0xff, 0xff]));
    bytes.truncate(bytes.len() - 4);
    bytes
}

/// FIN, RSV1 and the opcode of a text.
fn compressed(payload: &[u8]) -> Vec<u8> {
    frame(TEXT | 0x40, payload)
}

async fn negotiated(target: &Target<'_>, offer: &str) -> WebSocket {
    target.websocket_from(2, "/ws", &[("Sec-WebSocket-Extensions", offer)]).await
}

#[test]
fn bombs_end_at_the_limit_of_a_message() {
    let attack = Attack::new("bombs").set("compression.mode", "no-takeover").set("limits.message", "1MiB");
    attack.memory(8).run(async |target| {
        let bomb = deflated(&mut Compress::new(Compression::best(), false), &vec![b'x'; 64 * MIB]);
        assert!(bomb.len() * 900 < 64 * MIB);
        for _ in 0..8 {
            let mut socket = negotiated(target, "permessage-deflate; client_no_context_takeover").await;
            socket.raw(compressed(&bomb)).await;
            assert_eq!(close_code(&mut socket).await, Some(1009));
        }
    });
}

/// Each message stays below the limit: what is bounded is what is held at one time, not what comes in all.
#[test]
fn bombs_below_the_limit_do_not_add_up() {
    let attack =
        Attack::new("nested_bombs").set("compression.mode", "takeover").set("limits.message", "1MiB");
    // Made once: it takes longer than anything that the server does with it.
    let mut state = Compress::new_with_window_bits(Compression::best(), false, 12);
    let message = format!(r#"{{"type":"unknown","x":"{}"}}"#, "x".repeat(900 * 1024));
    let messages = [(); 4].map(|()| compressed(&deflated(&mut state, message.as_bytes())));
    attack.memory(8).run(async |target| {
        let mut held = Vec::new();
        for _ in 0..16 {
            let mut socket = negotiated(target, "permessage-deflate; client_max_window_bits").await;
            for message in &messages {
                socket.raw(message).await;
            }
            held.push(socket);
        }
        for socket in &mut held {
            socket.raw(frame(0x88, &1000_u16.to_be_bytes())).await;
            assert_eq!(close_code(socket).await, Some(1000));
        }
    });
}

/// Bodies are taken as they are: a compressed one is not inflated.
#[test]
fn compressed_bodies_are_not_inflated() {
    Attack::new("gzip_bodies").run(async |target| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&vec![b' '; 32 * MIB]).unwrap();
        let bomb = gzip.finish().unwrap();
        let key = format!("Bearer {}", crate::subject::API_KEY);
        for path in ["/api/publish", "/socket.io/?EIO=4&transport=polling"] {
            let headers = [
                ("Content-Encoding", "gzip"),
                ("Content-Type", "application/json"),
                ("Authorization", key.as_str()),
            ];
            let mut connection = target.connect().await;
            connection.send(crate::http::request("POST", path, &headers, &bomb)).await;
            let status = connection.response().await.status;
            assert!((400..500).contains(&status), "{path}: {status}");
        }
    });
}
