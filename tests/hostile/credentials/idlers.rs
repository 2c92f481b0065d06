//! Clients that never say who they are, or say other things.

use super::token::guarded;
use crate::wire::close_code;

#[test]
fn who_does_not_say_who_it_is_is_closed() {
    guarded("idlers").set("auth.deadline", "1s").lines(4000).run(async |target| {
        let mut held = Vec::new();
        for _ in 0..500 {
            held.push(target.websocket("/ws").await);
        }
        target.serves_others().await;
        for socket in &mut held {
            assert_eq!(close_code(socket).await, Some(4001));
        }
    });
}

/// Nothing else is accepted before, and nothing is delivered.
#[test]
fn what_comes_before_the_token_ends_the_connection() {
    guarded("too_early").set("auth.deadline", "10m").lines(4000).run(async |target| {
        for early in [
            r#"{"type":"join","room":"quiet:members"}"#,
            r#"{"type":"publish","room":"quiet:members","event":"n","data":0}"#,
            r#"{"type":"history","room":"quiet:members"}"#,
            r#"{"type":"ping"}"#,
            "{",
            "",
        ] {
            for _ in 0..20 {
                let mut socket = target.websocket("/ws").await;
                socket.text(early).await;
                assert_eq!(close_code(&mut socket).await, Some(4001), "{early}");
            }
        }
    });
}
