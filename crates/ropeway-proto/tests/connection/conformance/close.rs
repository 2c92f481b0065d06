//! RFC 6455 section 7: the closing handshake and how connections end.

use std::time::{Duration, Instant};

use ropeway_proto::{
    Cause, CloseCode, CloseFrame, Closed, Connection, Deadline, Event, Outcome, Output, Role, Side, Violation,
};

use crate::support::{BOTH, Delivery, Pair, Setup, feed, text, wire};

const NORMAL: &[u8] = b"\x88\x02\x03\xe8";

fn bye(reason: &str) -> Option<CloseFrame> {
    Some(CloseFrame::new(CloseCode::NORMAL, reason))
}

fn outcome(code: u16, reason: &str, by: Side, clean: bool, cause: Cause) -> Option<Outcome> {
    Some(Outcome { code, reason: reason.to_owned(), by, clean, cause })
}

/// Lets the time that a peer has to answer pass.
fn wait_in_vain(connection: &mut Connection, out: &mut Output) {
    let now = Instant::now();
    let deadline = connection.poll_timeout(now).unwrap();
    assert_eq!(deadline, now + Duration::from_secs(5));
    connection.handle_timeout(deadline - Duration::from_nanos(1), out);
    assert!(!connection.is_finished(out));
    connection.handle_timeout(deadline, out);
    assert!(connection.is_finished(out));
    assert_eq!(connection.poll_timeout(deadline), None);
}

#[test]
fn rfc6455_5_5_1_a_close_frame_is_echoed() {
    let bodies: [(&[u8], u16, &str); 4] = [
        (b"\x03\xe8", 1000, ""),
        (b"\x03\xe9going", 1001, "going"),
        (b"\x0f\xa2caf\xc3\xa9", 4002, "café"),
        (b"\x13\x87", 4999, ""),
    ];
    for role in BOTH {
        for (body, code, reason) in bodies {
            let frame = wire::frame(0x88, body);
            let seen = Setup::new(role).receive(&[b"\x81\x01a", &frame, b"\x81\x01b"]);
            let close = CloseFrame::new(CloseCode::new(code).unwrap(), reason);
            assert_eq!(seen.events, [text("a"), Event::Close(Some(close))]);
            assert_eq!(seen.sent, frame);
            assert_eq!(seen.outcome, outcome(code, reason, Side::Peer, true, Cause::Close));
        }
    }
}

#[test]
fn rfc6455_7_1_5_a_close_frame_without_a_code() {
    for role in BOTH {
        let seen = Setup::new(role).receive(&[b"\x88\x00"]);
        assert_eq!(seen.events, [Event::Close(None)]);
        assert_eq!(seen.sent, b"\x88\x00");
        assert_eq!(seen.outcome, outcome(1005, "", Side::Peer, true, Cause::Close));
    }
}

#[test]
fn rfc6455_5_5_1_a_close_body_of_one_byte() {
    for role in BOTH {
        Setup::new(role).receive(&[b"\x88\x01\x03"]).is_violation(&[], Violation::CloseBody, 1002);
    }
}

#[test]
fn rfc6455_7_4_codes_that_must_not_be_sent() {
    let bad = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535];
    for role in BOTH {
        for code in bad {
            let seen = Setup::new(role).receive(&[&wire::close(code, "why"), NORMAL]);
            seen.is_violation(&[], Violation::CloseCode(code), 1002);
        }
    }
}

#[test]
fn rfc6455_7_4_codes_that_may_be_sent() {
    let good =
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
    for role in BOTH {
        for code in good {
            let seen = Setup::new(role).receive(&[&wire::close(code, "")]);
            assert_eq!(seen.outcome, outcome(code, "", Side::Peer, true, Cause::Close));
        }
    }
}

#[test]
fn rfc6455_5_5_1_what_follows_a_close_frame_is_ignored() {
    for role in BOTH {
        let alone = Setup::new(role).receive(&[NORMAL]);
        // A message, a ping, a second close frame, and what would have been violations.
        let more: [&[u8]; 5] = [b"\x81\x01a", b"\x89\x01p", b"\x88\x02\x03\xe9", b"\x83\x00", b"\x88\x01x"];
        for frame in more {
            assert_eq!(Setup::new(role).receive(&[NORMAL, frame, b"\x81\x01z"]), alone);
        }
    }
}

#[test]
fn nothing_is_sent_after_a_close_frame() {
    for role in BOTH {
        let setup = Setup::new(role);
        let (mut connection, mut out) = (setup.connection(), Output::default());
        connection.close(bye("first"), &mut out);
        assert!(!connection.is_open());
        assert_eq!(connection.send("late", &mut out), Err(Closed));
        assert_eq!(connection.send_encoded(b"\x81\x00"[..].into(), &mut out), Err(Closed));
        assert_eq!(connection.ping(b"late", &mut out), Err(Closed));
        connection.close(bye("second"), &mut out);
        assert_eq!(setup.sent(&mut out), wire::close(1000, "first"));
    }
}

#[test]
fn what_the_peer_says_before_it_answers_is_received() {
    for role in BOTH {
        let setup = Setup::new(role);
        let (mut connection, mut out) = (setup.connection(), Output::default());
        connection.close(bye(""), &mut out);
        assert_eq!(setup.sent(&mut out), NORMAL);
        let bytes = setup.peer_says(&[b"\x81\x01a", b"\x01\x01b", b"\x80\x01c", NORMAL]);
        let (events, _) = feed(&mut connection, &bytes, &mut out);
        assert_eq!(events, [text("a"), text("bc"), Event::Close(bye(""))]);
        assert_eq!(setup.sent(&mut out), b"", "the answer is not answered");
        assert_eq!(connection.outcome().cloned(), outcome(1000, "", Side::Us, true, Cause::Close));
    }
}

/// RFC 6455 section 7.1.1: the server ends the stream first; a client gives it the time to.
#[test]
fn rfc6455_7_1_1_the_server_ends_the_stream() {
    let mut out = Output::default();
    let mut server = Setup::new(Role::Server).connection();
    feed(&mut server, &wire::masked(NORMAL), &mut out);
    assert!(server.is_done_sending() && !server.is_finished(&out), "the answer must leave first");
    out.clear();
    assert!(server.is_finished(&out));

    let mut client = Setup::new(Role::Client).connection();
    feed(&mut client, NORMAL, &mut out);
    out.clear();
    assert!(client.is_done_sending() && !client.is_finished(&out));
    client.end_of_stream();
    assert!(client.is_finished(&out));
    assert_eq!(client.outcome().cloned(), outcome(1000, "", Side::Peer, true, Cause::Close));
}

#[test]
fn a_client_does_not_wait_for_the_server_for_ever() {
    let (mut client, mut out) = (Setup::new(Role::Client).connection(), Output::default());
    feed(&mut client, NORMAL, &mut out);
    wait_in_vain(&mut client, &mut out);
    assert_eq!(client.outcome().cloned(), outcome(1000, "", Side::Peer, true, Cause::Close));
}

/// The answer has come late, but it has come: the end of the stream has the whole time again.
#[test]
fn an_answer_starts_the_time_anew() {
    for role in BOTH {
        let setup = Setup::new(role);
        let (mut connection, mut out) = (setup.connection(), Output::default());
        let now = Instant::now();
        connection.close(bye(""), &mut out);
        assert_eq!(connection.poll_timeout(now), Some(now + Duration::from_secs(5)));
        feed(&mut connection, &setup.peer_says(&[NORMAL]), &mut out);
        let later = now + Duration::from_secs(4);
        assert_eq!(connection.poll_timeout(later), Some(later + Duration::from_secs(5)));
    }
}

#[test]
fn a_server_does_not_wait_for_its_last_bytes_for_ever() {
    let (mut server, mut out) = (Setup::new(Role::Server).connection(), Output::default());
    feed(&mut server, &wire::masked(NORMAL), &mut out);
    assert!(!out.is_empty());
    wait_in_vain(&mut server, &mut out);
}

#[test]
fn crossing_close_frames_are_clean() {
    for delivery in [Delivery::Whole, Delivery::Bytewise] {
        let mut pair = Pair::new(Default::default(), None, delivery, 1);
        pair.client.connection.close(bye("client"), &mut pair.client.out);
        pair.server.connection.close(bye("server"), &mut pair.server.out);
        pair.settle();
        assert_eq!(pair.client.events, [Event::Close(bye("server"))]);
        assert_eq!(pair.server.events, [Event::Close(bye("client"))]);
        let [client, server] = [&pair.client, &pair.server].map(|peer| peer.connection.outcome().cloned());
        assert_eq!(client, outcome(1000, "client", Side::Us, true, Cause::Close));
        assert_eq!(server, outcome(1000, "server", Side::Us, true, Cause::Close));
        assert!(pair.server.connection.is_finished(&pair.server.out));
    }
}

#[test]
fn a_close_frame_without_an_answer() {
    for role in BOTH {
        let setup = Setup::new(role);
        let (mut connection, mut out) = (setup.connection(), Output::default());
        connection.close(bye("enough"), &mut out);
        wait_in_vain(&mut connection, &mut out);
        let cause = Cause::Deadline(Deadline::Close);
        assert_eq!(connection.outcome().cloned(), outcome(1000, "enough", Side::Us, false, cause));
    }
}

#[test]
fn a_peer_that_goes_on_talking_does_not_put_the_deadline_off() {
    for role in BOTH {
        let setup = Setup::new(role);
        let (mut connection, mut out) = (setup.connection(), Output::default());
        connection.close(None, &mut out);
        let now = Instant::now();
        let deadline = connection.poll_timeout(now).unwrap();
        for second in 1..5 {
            let (events, _) = feed(&mut connection, &setup.peer_says(&[b"\x81\x01a", b"\x89\x00"]), &mut out);
            assert_eq!(events.len(), 2);
            assert_eq!(connection.poll_timeout(now + Duration::from_secs(second)), Some(deadline));
        }
        connection.handle_timeout(deadline, &mut out);
        assert!(connection.is_finished(&out));
        let cause = Cause::Deadline(Deadline::Close);
        assert_eq!(connection.outcome().cloned(), outcome(1005, "", Side::Us, false, cause));
    }
}

#[test]
fn rfc6455_7_1_5_the_stream_ends_without_a_close_frame() {
    for role in BOTH {
        for before in [&b""[..], b"\x81\x01a", b"\x01\x01a", b"\x81\x05a", b"\x82"] {
            let setup = Setup::new(role);
            let (mut connection, mut out) = (setup.connection(), Output::default());
            feed(&mut connection, &setup.peer_says(&[before]), &mut out);
            connection.end_of_stream();
            assert!(connection.is_finished(&out));
            assert_eq!(
                connection.outcome().cloned(),
                outcome(1006, "", Side::Peer, false, Cause::EndOfStream)
            );
            assert_eq!(connection.send("late", &mut out), Err(Closed));
            assert_eq!(setup.sent(&mut out), b"");
        }
    }
}

#[test]
fn the_stream_ends_before_our_close_frame_is_answered() {
    for role in BOTH {
        let (mut connection, mut out) = (Setup::new(role).connection(), Output::default());
        connection.close(bye(""), &mut out);
        connection.end_of_stream();
        assert!(connection.is_finished(&out));
        assert_eq!(connection.outcome().cloned(), outcome(1000, "", Side::Us, false, Cause::Close));
    }
}

#[test]
fn a_violation_stays_the_cause_when_its_close_frame_is_not_answered() {
    for role in BOTH {
        let setup = Setup::new(role);
        let (mut connection, mut out) = (setup.connection(), Output::default());
        feed(&mut connection, &setup.peer_says(&[b"\x83\x00"]), &mut out);
        let decided = connection.outcome().cloned();
        assert!(connection.is_done_sending());
        wait_in_vain(&mut connection, &mut out);
        assert_eq!(connection.outcome().cloned(), decided);
        assert_eq!(
            decided.map(|outcome| outcome.cause),
            Some(Cause::Violation(Violation::ReservedOpcode(3)))
        );
    }
}

#[test]
fn a_violation_after_our_close_frame_sends_nothing_more() {
    for role in BOTH {
        let setup = Setup::new(role);
        let (mut connection, mut out) = (setup.connection(), Output::default());
        connection.close(bye(""), &mut out);
        let (_, violation) = feed(&mut connection, &setup.peer_says(&[b"\x83\x00", NORMAL]), &mut out);
        assert_eq!(violation, Some(Violation::ReservedOpcode(3)));
        assert_eq!(setup.sent(&mut out), NORMAL);
        assert_eq!(connection.outcome().cloned(), outcome(1000, "", Side::Us, false, Cause::Close));
    }
}

#[test]
fn rfc6455_5_5_a_reason_of_ours_fits_a_control_frame() {
    for role in BOTH {
        let setup = Setup::new(role);
        let (mut connection, mut out) = (setup.connection(), Output::default());
        connection.close(bye(&"é".repeat(1000)), &mut out);
        assert_eq!(setup.sent(&mut out), wire::close(1000, &"é".repeat(61)));
    }
}
