//! Limits: sizes, fragments, inflated sizes.

use ropeway_proto::deflate::Params;
use ropeway_proto::{Output, Violation};

use crate::support::{BOTH, Setup, binary, feed, text, wire};

const TOO_BIG: Violation = Violation::MessageTooBig { limit: 10 };

fn ten_bytes(role: ropeway_proto::Role) -> Setup {
    Setup::new(role).config(|config| config.max_message = 10)
}

#[test]
fn a_message_of_the_limit_passes() {
    for role in BOTH {
        ten_bytes(role).receive(&[b"\x81\x0a0123456789"]).is(&[text("0123456789")]);
        ten_bytes(role).receive(&[b"\x02\x0501234", b"\x80\x0556789"]).is(&[binary(b"0123456789")]);
        ten_bytes(role).receive(&[b"\x02\x0a0123456789", b"\x80\x00"]).is(&[binary(b"0123456789")]);
    }
}

/// The declared length is enough: nothing of the payload has to arrive.
#[test]
fn a_message_over_the_limit() {
    for role in BOTH {
        let headers: [&[u8]; 3] =
            [b"\x82\x0b", b"\x81\x7e\x01\x00", b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"];
        for header in headers {
            ten_bytes(role).receive(&[header]).is_violation(&[], TOO_BIG, 1009);
        }
    }
}

/// Per message, not only per frame.
#[test]
fn a_message_over_the_limit_in_fragments() {
    for role in BOTH {
        let seen = ten_bytes(role).receive(&[b"\x01\x0501234", b"\x80\x06"]);
        seen.is_violation(&[], TOO_BIG, 1009);
        let fragments: Vec<&[u8]> = [&b"\x02\x01x"[..]].into_iter().chain([&b"\x00\x01x"[..]; 10]).collect();
        ten_bytes(role).receive(&fragments).is_violation(&[], TOO_BIG, 1009);
    }
}

/// Bytes of a character that is cut between fragments count, too.
#[test]
fn a_cut_character_counts() {
    for role in BOTH {
        let seen = ten_bytes(role).receive(&[b"\x01\x0a012345678\xc3", b"\x80\x01\xa9"]);
        seen.is_violation(&[], TOO_BIG, 1009);
    }
}

#[test]
fn control_frames_have_a_limit_of_their_own() {
    for role in BOTH {
        let seen = ten_bytes(role).receive(&[&wire::frame(0x89, &[b'x'; 125])]);
        assert_eq!(seen.sent, wire::frame(0x8a, &[b'x'; 125]));
    }
}

#[test]
fn a_frame_over_the_limit() {
    for role in BOTH {
        let setup = Setup::new(role).config(|config| config.max_frame = 10);
        setup.receive(&[b"\x02\x0a0123456789", b"\x80\x010"]).is(&[binary(b"01234567890")]);
        let violation = Violation::FrameTooBig { limit: 10 };
        setup.receive(&[b"\x02\x0b"]).is_violation(&[], violation.clone(), 1009);
        setup.receive(&[b"\x02\x01x", b"\x00\x0b"]).is_violation(&[], violation.clone(), 1009);
        setup.deflate(Params::default()).receive(&[b"\xc2\x0b"]).is_violation(&[], violation, 1009);
    }
}

#[test]
fn more_fragments_than_the_limit() {
    for role in BOTH {
        let setup = Setup::new(role).config(|config| config.max_fragments = 3);
        setup.receive(&[b"\x01\x01a", b"\x00\x01b", b"\x80\x01c"]).is(&[text("abc")]);
        let violation = Violation::TooManyFragments { limit: 3 };
        for fourth in [b"\x80\x01d", b"\x00\x01d", b"\x80\x00d"] {
            let seen = setup.receive(&[b"\x01\x01a", b"\x00\x00", b"\x00\x01c", fourth]);
            seen.is_violation(&[], violation.clone(), 1008);
        }
    }
}

/// Fragments are counted per message, and control frames between them are none.
#[test]
fn fragments_are_counted_anew_for_each_message() {
    for role in BOTH {
        let setup = Setup::new(role).config(|config| config.max_fragments = 2);
        let message: [&[u8]; 4] = [b"\x01\x01a", b"\x8a\x00", b"\x8a\x00", b"\x80\x01b"];
        let seen = setup.receive(&message.repeat(3));
        assert_eq!(seen.violation, None);
        assert_eq!(seen.events.iter().filter(|event| **event == text("ab")).count(), 3);
    }
}

/// Empty fragments cost a peer little: there is a limit by default.
#[test]
fn empty_fragments_come_to_an_end_by_default() {
    for role in BOTH {
        let setup = Setup::new(role);
        let mut connection = setup.connection();
        let mut out = Output::default();
        let fragments = setup.peer_says(&[b"\x00\x00"]).repeat(1000);
        feed(&mut connection, &setup.peer_says(&[b"\x01\x00"]), &mut out);
        let violation = (0..1000).find_map(|_| feed(&mut connection, &fragments, &mut out).1);
        assert_eq!(violation, Some(Violation::TooManyFragments { limit: 131_072 }));
    }
}

/// RFC 7692 section 8: 1 MiB of zeros in a kilobyte stops at the limit, and nothing of it is handed out.
#[test]
fn a_bomb_stops_at_the_limit() {
    let params = Params::default();
    let mut deflater =
        ropeway_proto::deflate::Deflater::new(&params, ropeway_proto::Role::Server, &Default::default())
            .unwrap();
    let mut bomb = Vec::new();
    deflater.compress(&vec![0; 1 << 20], &mut bomb).unwrap();
    assert!(bomb.len() < 1100, "{} bytes", bomb.len());
    for role in BOTH {
        let setup = Setup::new(role).deflate(params.clone()).config(|config| config.max_message = 100_000);
        let violation = Violation::MessageTooBig { limit: 100_000 };
        setup.receive(&[&wire::frame(0xc2, &bomb)]).is_violation(&[], violation.clone(), 1009);
        let (first, second) = bomb.split_at(500);
        let seen = setup.receive(&[&wire::frame(0x42, first), &wire::frame(0x80, second)]);
        seen.is_violation(&[], violation, 1009);
        let enough = setup.config(|config| config.max_message = 1 << 20);
        enough.receive(&[&wire::frame(0xc2, &bomb)]).is(&[binary(&vec![0; 1 << 20])]);
    }
}
