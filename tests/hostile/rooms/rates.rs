//! More messages and more bytes than a connection may bring.

use std::time::{Duration, Instant};

use crate::attack::Attack;
use crate::websocket::Frame;
use crate::wire::{close_code, text};

fn attack(name: &'static str) -> Attack {
    Attack::new(name).set("limits.messages_per_second", "100").set("limits.message_burst", "200")
}

/// Members say 20 messages a second and are not concerned, even if the server reads those of some seconds at once.
#[test]
fn messages_above_the_rate_are_delayed() {
    attack("rate_delay").run(async |target| {
        let mut socket = target.member("busy:rate").await;
        let started = Instant::now();
        socket.raw(text(r#"{"type":"ping","id":"p"}"#).repeat(400)).await;
        for _ in 0..400 {
            while !matches!(socket.next().await, Frame::Text(said) if said.contains(r#""type":"pong""#)) {}
        }
        // 200 beyond the burst at 100 a second; it cannot be faster, however fast the machine is.
        assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
    });
}

#[test]
fn messages_above_the_rate_end_the_connection_where_that_is_asked_for() {
    attack("rate_close").set("limits.rate_action", "close").run(async |target| {
        for flood in [text(r#"{"type":"ping"}"#), crate::websocket::frame(crate::websocket::PING, b"p")] {
            for _ in 0..10 {
                let mut socket = target.member("busy:rate").await;
                socket.raw(flood.repeat(1000)).await;
                assert_eq!(close_code(&mut socket).await, Some(4008));
            }
        }
    });
}

#[test]
fn bytes_above_the_rate_end_the_connection_where_that_is_asked_for() {
    let attack = Attack::new("rate_bytes").set("limits.rate_action", "close");
    let attack = attack.set("limits.bytes_per_second", "64KiB").set("limits.byte_burst", "1MiB");
    attack.run(async |target| {
        let large = text(&format!(r#"{{"type":"ping","x":"{}"}}"#, "x".repeat(200 * 1024)));
        for _ in 0..4 {
            let mut socket = target.member("busy:rate").await;
            socket.raw(large.repeat(20)).await;
            assert_eq!(close_code(&mut socket).await, Some(4008));
        }
    });
}
