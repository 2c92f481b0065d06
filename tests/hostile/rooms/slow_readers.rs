//! Members who do not read, in a room that is busy.

use crate::attack::Attack;
use crate::websocket::Frame;
use crate::wire::{close_code, text};

const READERS: usize = 100;

/// `limits.outbox` is what each may cost; then it is closed with 4002.
#[test]
fn members_who_do_not_read_are_closed_as_slow_consumers() {
    // What waits is shared by all who wait for it; beyond it each has what its socket has not taken.
    let attack = Attack::new("slow_readers").memory(8);
    attack.lines(4000).run(async |target| {
        let mut slow = Vec::new();
        for _ in 0..READERS {
            slow.push(target.member("busy:slow").await);
        }
        let mut publisher = target.websocket("/ws").await;
        publisher.text(r#"{"type":"join","room":"busy:slow"}"#).await;
        let event = format!(
            r#"{{"type":"publish","room":"busy:slow","event":"e","data":"{}","id":"i"}}"#,
            "x".repeat(32 * 1024)
        );
        // The kernel takes some megabytes before anything waits in the server.
        for _ in 0..600 {
            publisher.raw(text(&event)).await;
            while !matches!(publisher.next().await, Frame::Text(said) if said.contains(r#""type":"ack""#)) {}
        }
        for socket in &mut slow {
            assert_eq!(close_code(socket).await, Some(4002));
        }
    });
}
