//! RFC 6455 section 5.5: pings and pongs. Close frames have a file of their own.

use ropeway_proto::{CloseCode, CloseFrame, Event, Output, Violation};

use crate::support::{BOTH, Setup, feed, ping, pong, text, wire};

#[test]
fn rfc6455_5_5_2_a_ping_is_answered_with_its_payload() {
    for role in BOTH {
        for len in [0, 1, 124, 125] {
            let payload = vec![0xfe; len];
            let seen = Setup::new(role).receive(&[&wire::frame(0x89, &payload)]);
            seen.is(&[ping(&payload)]);
            assert_eq!(seen.sent, wire::frame(0x8a, &payload));
        }
    }
}

#[test]
fn rfc6455_5_5_control_frames_have_at_most_125_bytes() {
    for role in BOTH {
        for first in [0x88, 0x89, 0x8a] {
            let seen = Setup::new(role).receive(&[&wire::frame(first, &[b'x'; 126])]);
            seen.is_violation(&[], Violation::ControlTooLong, 1002);
            let seen = Setup::new(role).receive(&[&[first, 127, 0, 0, 0, 0, 0, 1, 0, 0]]);
            seen.is_violation(&[], Violation::ControlTooLong, 1002);
        }
    }
}

#[test]
fn rfc6455_5_5_control_frames_are_whole() {
    for role in BOTH {
        for opcode in [0x8, 0x9, 0xa] {
            let seen = Setup::new(role).receive(&[&[opcode, 0], b"\x80\x00"]);
            seen.is_violation(&[], Violation::FragmentedControl, 1002);
        }
    }
}

#[test]
fn rfc6455_5_5_3_a_pong_that_nobody_asked_for_is_not_answered() {
    for role in BOTH {
        let frames: [&[u8]; 5] = [b"\x8a\x00", b"\x8a\x02hi", b"\x8a\x02hi", b"\x81\x01a", b"\x8a\x02hi"];
        let seen = Setup::new(role).receive(&frames);
        seen.is(&[pong(b""), pong(b"hi"), pong(b"hi"), text("a"), pong(b"hi")]);
        assert_eq!(seen.sent, b"");
    }
}

#[test]
fn rfc6455_5_5_3_of_a_flood_of_pings_a_few_and_the_last_are_answered() {
    for role in BOTH {
        let setup = Setup::new(role);
        let pings: Vec<Vec<u8>> = (0..10_000u32).map(|i| wire::frame(0x89, &i.to_be_bytes())).collect();
        let bytes = setup.peer_says(&pings.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let mut out = Output::default();
        let (events, violation) = feed(&mut setup.connection(), &bytes, &mut out);
        assert_eq!((events.len(), violation), (10_000, None));
        let pongs: Vec<Vec<u8>> =
            (0..16).chain([9999u32]).map(|i| wire::frame(0x8a, &i.to_be_bytes())).collect();
        assert_eq!(setup.sent(&mut out), pongs.concat());
    }
}

#[test]
fn pings_of_different_reads_are_answered_each() {
    for role in BOTH {
        let setup = Setup::new(role);
        let (mut connection, mut out) = (setup.connection(), Output::default());
        for payload in [b"1", b"2", b"3"] {
            feed(&mut connection, &setup.peer_says(&[&wire::frame(0x89, payload)]), &mut out);
        }
        assert_eq!(setup.sent(&mut out), b"\x8a\x011\x8a\x012\x8a\x013");
    }
}

#[test]
fn a_pong_is_sent_before_the_answer_to_a_close_frame() {
    for role in BOTH {
        let seen = Setup::new(role).receive(&[b"\x89\x01p", b"\x88\x02\x03\xe8"]);
        assert_eq!(seen.events, [ping(b"p"), Event::Close(Some(CloseFrame::new(CloseCode::NORMAL, "")))]);
        assert_eq!(seen.sent, b"\x8a\x01p\x88\x02\x03\xe8");
    }
}

#[test]
fn a_ping_is_answered_before_a_violation_and_not_after_it() {
    for role in BOTH {
        let setup = Setup::new(role);
        let (mut connection, mut out) = (setup.connection(), Output::default());
        feed(&mut connection, &setup.peer_says(&[b"\x89\x01p", b"\x83\x00"]), &mut out);
        let reason = Violation::ReservedOpcode(3).to_string();
        assert_eq!(setup.sent(&mut out), [wire::frame(0x8a, b"p"), wire::close(1002, &reason)].concat());
        feed(&mut connection, &setup.peer_says(&[b"\x89\x01q"]), &mut out);
        assert_eq!(setup.sent(&mut out), b"");
    }
}

#[test]
fn a_ping_of_ours_is_cut_at_125_bytes() {
    for role in BOTH {
        let setup = Setup::new(role);
        let (mut connection, mut out) = (setup.connection(), Output::default());
        connection.ping(&[b'x'; 200], &mut out).unwrap();
        assert_eq!(setup.sent(&mut out), wire::frame(0x89, &[b'x'; 125]));
    }
}
