//! Lengths that are announced and not kept.

use tokio::io::AsyncWriteExt;

use crate::attack::Attack;
use crate::websocket::{TEXT, WebSocket};
use crate::wire::close_code;

fn announced(first: u8, length: u64) -> Vec<u8> {
    [&[first, 0x80 | 127][..], &length.to_be_bytes(), &[0; 4]].concat()
}

#[test]
fn an_announced_length_takes_no_memory() {
    Attack::new("announced_lengths").memory(16).lines(3000).run(async |target| {
        for length in [i64::MAX as u64, u64::MAX, 1 << 40, 1 << 32, (1 << 63) | 5] {
            for _ in 0..20 {
                let mut socket = target.websocket("/echo").await;
                socket.raw(announced(TEXT, length)).await;
                assert!(matches!(close_code(&mut socket).await, Some(1002 | 1009)), "{length}");
            }
        }
        // As much as is allowed, on many connections, and then a byte of it.
        let mut held: Vec<WebSocket> = Vec::new();
        for _ in 0..500 {
            let mut socket = target.websocket("/ws").await;
            socket.raw([announced(TEXT, 60 * 1024), vec![b'x']].concat()).await;
            held.push(socket);
        }
        target.serves_others().await;
    });
}

/// A length has the shortest form that it can have (RFC 6455 section 5.2).
#[test]
fn long_forms_of_short_lengths_are_refused() {
    Attack::new("long_lengths").run(async |target| {
        for header in [&[TEXT, 0x80 | 126, 0, 5][..], &[TEXT, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0, 5]] {
            let mut stream = target.upgraded(2, "/echo").await;
            stream.write_all(&[header, &[0; 4], b"hello"].concat()).await.unwrap();
            let said = crate::wire::until_end(&mut stream).await;
            assert_eq!(said.get(2..4), Some(&1002_u16.to_be_bytes()[..]), "{said:?}");
        }
    });
}
