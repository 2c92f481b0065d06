//! Heartbeat and idle deadlines, in scripted time.

use std::time::{Duration, Instant};

use ropeway_proto::{Cause, CloseCode, Deadline, Heartbeat, Outcome, Output, Role, Side};

use crate::support::{BOTH, Delivery, Pair, Setup, feed, ping, pong, wire};

const SECOND: Duration = Duration::from_secs(1);

fn with_heartbeat(role: Role) -> Setup {
    Setup::new(role).config(|config| {
        let code = CloseCode::new(4008).unwrap();
        config.heartbeat = Some(Heartbeat { interval: 10 * SECOND, timeout: 4 * SECOND, code });
    })
}

fn with_idle_timeout(role: Role) -> Setup {
    Setup::new(role).config(|config| config.idle_timeout = Some(8 * SECOND))
}

#[test]
fn nothing_is_due_without_a_deadline() {
    for role in BOTH {
        assert_eq!(Setup::new(role).connection().poll_timeout(Instant::now()), None);
    }
}

#[test]
fn a_deadline_starts_when_it_is_first_asked_for() {
    for role in BOTH {
        let (mut connection, mut out) = (with_heartbeat(role).connection(), Output::default());
        let now = Instant::now();
        connection.handle_timeout(now + 100 * SECOND, &mut out);
        assert!(out.is_empty(), "nobody asked yet");
        assert_eq!(connection.poll_timeout(now), Some(now + 10 * SECOND));
        assert_eq!(connection.poll_timeout(now + SECOND), Some(now + 10 * SECOND));
    }
}

/// Reads and writes never move a deadline, so that a driver's timer need not be touched by them.
#[test]
fn traffic_does_not_move_a_deadline() {
    for role in BOTH {
        let setup = with_heartbeat(role).config(|config| config.idle_timeout = Some(60 * SECOND));
        let (mut connection, mut out) = (setup.connection(), Output::default());
        let now = Instant::now();
        let deadline = connection.poll_timeout(now);
        feed(&mut connection, &setup.peer_says(&[b"\x81\x01a", b"\x8a\x00"]), &mut out);
        connection.send("b", &mut out).unwrap();
        assert_eq!(connection.poll_timeout(now + 5 * SECOND), deadline);
    }
}

#[test]
fn rfc6455_5_5_2_pings_go_out_at_their_interval() {
    for role in BOTH {
        let setup = with_heartbeat(role);
        let (mut connection, mut out) = (setup.connection(), Output::default());
        let start = Instant::now();
        for beat in 1..5 {
            let now = start + 10 * SECOND * beat;
            while let Some(deadline) = connection.poll_timeout(start).filter(|deadline| *deadline < now) {
                connection.handle_timeout(deadline, &mut out);
            }
            assert!(out.is_empty(), "too early");
            connection.handle_timeout(now, &mut out);
            assert_eq!(setup.sent(&mut out), b"\x89\x00");
            feed(&mut connection, &setup.peer_says(&[b"\x8a\x00"]), &mut out);
        }
        assert!(connection.is_open());
    }
}

/// Bytes of any kind, even the start of a frame, show that the peer lives.
#[test]
fn any_byte_keeps_the_peer_alive() {
    for role in BOTH {
        for bytes in [&b"\x8a\x00"[..], b"\x81\x01a", b"\x82"] {
            let setup = with_heartbeat(role);
            let (mut connection, mut out) = (setup.connection(), Output::default());
            let start = Instant::now();
            connection.poll_timeout(start);
            connection.handle_timeout(start + 10 * SECOND, &mut out);
            assert_eq!(connection.poll_timeout(start), Some(start + 14 * SECOND));
            feed(&mut connection, &setup.peer_says(&[bytes]), &mut out);
            connection.handle_timeout(start + 14 * SECOND, &mut out);
            assert!(connection.is_open());
            assert_eq!(connection.poll_timeout(start), Some(start + 20 * SECOND));
        }
    }
}

#[test]
fn a_silent_peer_is_given_up() {
    for role in BOTH {
        let setup = with_heartbeat(role);
        let (mut connection, mut out) = (setup.connection(), Output::default());
        let start = Instant::now();
        connection.poll_timeout(start);
        feed(&mut connection, &setup.peer_says(&[b"\x81\x01a"]), &mut out);
        connection.handle_timeout(start + 10 * SECOND, &mut out);
        feed(&mut connection, b"", &mut out);
        connection.handle_timeout(start + 14 * SECOND - Duration::from_nanos(1), &mut out);
        assert!(connection.is_open());
        connection.handle_timeout(start + 14 * SECOND, &mut out);
        assert!(connection.is_finished(&out), "there is nobody to wait for");
        assert_eq!(setup.sent(&mut out), [b"\x89\x00", &wire::close(4008, "ping timeout")[..]].concat());
        let outcome = Outcome {
            code: 4008,
            reason: "ping timeout".to_owned(),
            by: Side::Us,
            clean: false,
            cause: Cause::Deadline(Deadline::Heartbeat),
        };
        assert_eq!(connection.outcome(), Some(&outcome));
    }
}

/// Pings that go out more often than an answer may take do not put the answer's deadline off.
#[test]
fn more_pings_do_not_give_a_silent_peer_more_time() {
    for role in BOTH {
        let setup = Setup::new(role).config(|config| {
            let code = CloseCode::INTERNAL;
            config.heartbeat = Some(Heartbeat { interval: 2 * SECOND, timeout: 7 * SECOND, code });
        });
        let (mut connection, mut out) = (setup.connection(), Output::default());
        let start = Instant::now();
        let mut now = start;
        while let Some(deadline) = connection.poll_timeout(now) {
            now = deadline;
            connection.handle_timeout(now, &mut out);
            assert!(now - start <= 9 * SECOND, "it lives on");
        }
        assert_eq!(now - start, 9 * SECOND);
        let pings = b"\x89\x00".repeat(4);
        assert_eq!(setup.sent(&mut out), [pings, wire::close(1011, "ping timeout")].concat());
    }
}

#[test]
fn two_ends_with_a_heartbeat_stay_connected() {
    let heartbeat = Some(Heartbeat::default());
    let config = ropeway_proto::Config { heartbeat, ..Default::default() };
    let mut pair = Pair::new(config, None, Delivery::Random, 3);
    pair.advance(Duration::from_secs(3600));
    for peer in [&pair.client, &pair.server] {
        assert!(peer.connection.is_open());
        assert_eq!(peer.events.iter().filter(|event| **event == ping(b"")).count(), 144);
        assert_eq!(peer.events.iter().filter(|event| **event == pong(b"")).count(), 144);
    }
}

#[test]
fn a_connection_without_messages_is_closed() {
    for role in BOTH {
        let setup = with_idle_timeout(role);
        let (mut connection, mut out) = (setup.connection(), Output::default());
        let start = Instant::now();
        // Pings and pongs are no messages.
        let control = setup.peer_says(&[b"\x89\x00", b"\x8a\x00"]);
        let mut now = start;
        while let Some(deadline) = connection.poll_timeout(now).filter(|_| connection.is_open()) {
            now = deadline;
            feed(&mut connection, &control, &mut out);
            out.clear();
            connection.handle_timeout(now, &mut out);
        }
        assert_eq!(now - start, 8 * SECOND);
        assert_eq!(setup.sent(&mut out), wire::close(1001, "idle timeout"));
        assert!(!connection.is_finished(&out), "the peer may answer");
        feed(&mut connection, &setup.peer_says(&[&wire::close(1001, "idle timeout")]), &mut out);
        let outcome = connection.outcome().unwrap();
        assert_eq!((outcome.clean, &outcome.cause), (true, &Cause::Deadline(Deadline::Idle)));
    }
}

#[test]
fn an_idle_peer_that_does_not_answer_was_idle() {
    for role in BOTH {
        let mut connection = with_idle_timeout(role).connection();
        let mut out = Output::default();
        let mut now = Instant::now();
        while let Some(deadline) = connection.poll_timeout(now) {
            now = deadline;
            connection.handle_timeout(now, &mut out);
        }
        let outcome = connection.outcome().unwrap();
        assert_eq!((outcome.code, outcome.by, outcome.clean), (1001, Side::Us, false));
        assert_eq!(outcome.cause, Cause::Deadline(Deadline::Idle));
    }
}

/// A message either way starts the time anew; it is over after the timeout or at most a quarter later.
#[test]
fn a_message_either_way_keeps_a_connection_from_being_idle() {
    for role in BOTH {
        for ours in [true, false] {
            let setup = with_idle_timeout(role);
            let (mut connection, mut out) = (setup.connection(), Output::default());
            let mut now = Instant::now();
            let mut last_message = now;
            let until = now + 30 * SECOND;
            let mut looks = 0;
            while let Some(deadline) = connection.poll_timeout(now).filter(|_| connection.is_open()) {
                now = deadline;
                connection.handle_timeout(now, &mut out);
                // A message now and then: one look out of three finds some.
                looks += 1;
                if now >= until || looks % 3 != 0 {
                    continue;
                } else if ours {
                    connection.send("a", &mut out).unwrap();
                    last_message = now;
                } else {
                    feed(&mut connection, &setup.peer_says(&[b"\x81\x01a"]), &mut out);
                    last_message = now;
                }
            }
            let idle = now - last_message;
            assert!((8 * SECOND..=10 * SECOND).contains(&idle), "{idle:?}");
        }
    }
}
