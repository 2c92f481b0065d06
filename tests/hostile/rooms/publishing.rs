//! Publishing as fast as the kernel takes it.

use crate::attack::Attack;
use crate::wire::{flood, text};

fn flood_room(attack: Attack, batches: usize) {
    attack.memory(8).run(async |target| {
        // Three who read, and one of them publishes.
        let mut held = Vec::new();
        for _ in 0..2 {
            held.push(target.member("busy:flood").await);
        }
        let join = text(r#"{"type":"join","room":"busy:flood"}"#);
        let publish = text(r#"{"type":"publish","room":"busy:flood","event":"e","data":0}"#).repeat(500);
        flood(target.upgraded(2, "/ws").await, &[join, publish].concat(), batches).await;
    });
}

#[test]
fn publishing_without_end_is_borne() {
    flood_room(Attack::new("publish_flood"), 40);
}

/// Nobody is in the room: every message is answered with an error, which is not larger than what was asked.
#[test]
fn refused_messages_are_no_amplifier() {
    Attack::new("refusals").memory(8).run(async |target| {
        for message in [
            r#"{"type":"publish","room":"closed","event":"e","data":0,"id":"i"}"#,
            r#"{"type":"nonsense","id":"012345678901234567890123456789"}"#,
            r#"{"type":"join","room":"closed","id":"01234567890123456789"}"#,
        ] {
            let batch = text(message).repeat(500);
            let answered = flood(target.upgraded(2, "/ws").await, &batch, 20).await;
            assert!(answered < batch.len() * 20 * 4, "{answered} bytes answer {}", batch.len() * 20);
        }
    });
}
