//! RFC 6455 sections 5.1 and 5.2: masks, opcodes, reserved bits, lengths.

use ropeway_proto::deflate::Params;
use ropeway_proto::{Output, Role, Violation};

use crate::support::{BOTH, Setup, binary, feed, ping, pong, text, wire};

const HELLO: &[u8] = b"\x81\x05Hello";

#[test]
fn rfc6455_5_7_examples_from_a_server() {
    let client = Setup::new(Role::Client);
    client.receive_raw(HELLO).is(&[text("Hello")]);
    client.receive_raw(b"\x01\x03Hel\x80\x02lo").is(&[text("Hello")]);
    client.receive_raw(b"\x89\x05Hello").is(&[ping(b"Hello")]);
    let large = vec![b'x'; 65_536];
    client.receive_raw(&[b"\x82\x7e\x01\x00", &large[..256]].concat()).is(&[binary(&large[..256])]);
    client.receive_raw(&[b"\x82\x7f\0\0\0\0\0\x01\0\0", &large[..]].concat()).is(&[binary(&large)]);
}

#[test]
fn rfc6455_5_7_examples_from_a_client() {
    let server = Setup::new(Role::Server);
    server.receive_raw(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58").is(&[text("Hello")]);
    server.receive_raw(b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58").is(&[pong(b"Hello")]);
}

#[test]
fn rfc6455_5_1_clients_must_mask() {
    let server = Setup::new(Role::Server);
    for frame in [HELLO, b"\x82\x00", b"\x89\x00", b"\x8a\x01x", b"\x88\x02\x03\xe8"] {
        server.receive_raw(frame).is_violation(&[], Violation::Unmasked, 1002);
    }
}

#[test]
fn rfc6455_5_1_servers_must_not_mask() {
    let client = Setup::new(Role::Client);
    let frames: [&[u8]; 4] = [
        b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
        b"\x82\x80\0\0\0\0",
        b"\x89\x80\0\0\0\0",
        b"\x88\x82\0\0\0\0\x03\xe8",
    ];
    for frame in frames {
        client.receive_raw(frame).is_violation(&[], Violation::Masked, 1002);
    }
}

#[test]
fn rfc6455_5_2_lengths_are_minimal() {
    for role in BOTH {
        let frames: [&[u8]; 6] = [
            b"\x82\x7e\0\0",
            b"\x82\x7e\0\x7d",
            b"\x82\x7f\0\0\0\0\0\0\0\0",
            b"\x82\x7f\0\0\0\0\0\0\0\x7e",
            b"\x82\x7f\0\0\0\0\0\0\xff\xff",
            b"\x80\x7e\0\x01x",
        ];
        for frame in frames {
            Setup::new(role).receive(&[frame]).is_violation(&[], Violation::NonMinimalLength, 1002);
        }
    }
}

#[test]
fn rfc6455_5_2_lengths_stay_below_2_to_the_63() {
    for role in BOTH {
        for frame in [b"\x82\x7f\x80\0\0\0\0\0\0\0", b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"] {
            Setup::new(role).receive(&[frame]).is_violation(&[], Violation::LengthTopBit, 1002);
        }
    }
}

#[test]
fn rfc6455_5_2_lengths_at_the_edges_of_their_forms() {
    let payload = vec![0xa5; 65_536];
    for role in BOTH {
        let headers: [(&[u8], usize); 7] = [
            (b"\x82\x00", 0),
            (b"\x82\x01", 1),
            (b"\x82\x7d", 125),
            (b"\x82\x7e\0\x7e", 126),
            (b"\x82\x7e\0\x7f", 127),
            (b"\x82\x7e\xff\xff", 65_535),
            (b"\x82\x7f\0\0\0\0\0\x01\0\0", 65_536),
        ];
        for (header, len) in headers {
            let setup = Setup::new(role);
            let frame = [header, &payload[..len]].concat();
            setup.receive(&[&frame]).is(&[binary(&payload[..len])]);
            let mut out = Output::default();
            setup.connection().send(&payload[..len], &mut out).unwrap();
            assert_eq!(setup.sent(&mut out), frame, "sent {len} bytes, {role:?}");
        }
    }
}

#[test]
fn rfc6455_5_2_reserved_opcodes() {
    for role in BOTH {
        for opcode in [0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf] {
            for frame in [[0x80 | opcode, 0], [opcode, 0]] {
                let seen = Setup::new(role).receive(&[b"\x81\x01a", &frame, HELLO]);
                seen.is_violation(&[text("a")], Violation::ReservedOpcode(opcode), 1002);
            }
        }
    }
}

#[test]
fn rfc6455_5_2_reserved_bits_without_an_extension() {
    for role in BOTH {
        for bits in [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70] {
            for opcode in [0x1, 0x2, 0x8, 0x9, 0xa] {
                let seen = Setup::new(role).receive(&[HELLO, &[0x80 | bits | opcode, 0], HELLO]);
                seen.is_violation(&[text("Hello")], Violation::ReservedBit, 1002);
            }
        }
    }
}

/// RFC 7692 section 6: RSV1 marks a message, so it stands on its first frame only; RSV2 and RSV3 mean nothing still.
#[test]
fn rfc7692_6_reserved_bits_with_deflate() {
    for role in BOTH {
        let setup = Setup::new(role).deflate(Params::default());
        let wrong: [&[&[u8]]; 6] = [
            &[b"\xc8\x00"],
            &[b"\xc9\x00"],
            &[b"\xca\x00"],
            &[b"\xd1\x01\x00"],
            &[b"\xe1\x01\x00"],
            &[b"\x41\x03\xf2\x48\xcd", b"\xc0\x04\xc9\xc9\x07\x00"],
        ];
        for frames in wrong {
            setup.receive(frames).is_violation(&[], Violation::ReservedBit, 1002);
        }
        // On a plain message's continuation, too.
        setup.receive(&[b"\x01\x01a", b"\xc0\x01b"]).is_violation(&[], Violation::ReservedBit, 1002);
    }
}

#[test]
fn a_bad_header_is_refused_before_its_payload() {
    for role in BOTH {
        let setup = Setup::new(role);
        for header in [&b"\x83\x7d"[..], b"\x82\x7e\0\x01", b"\x89\x7e", b"\x09\x05"] {
            let mut out = Output::default();
            let bytes = setup.peer_says(&[header]);
            let (_, violation) = feed(&mut setup.connection(), &bytes, &mut out);
            assert!(violation.is_some(), "{header:x?}");
        }
    }
}

#[test]
fn what_follows_a_violation_is_ignored() {
    for role in BOTH {
        let frames: [&[u8]; 5] = [HELLO, b"\x83\x00", b"\x89\x01x", HELLO, b"\x88\x02\x03\xe8"];
        let seen = Setup::new(role).receive(&frames);
        seen.is_violation(&[text("Hello")], Violation::ReservedOpcode(3), 1002);
    }
}

/// A client's keys are random, and each frame has its own (RFC 6455 section 5.3).
#[test]
fn rfc6455_5_3_each_frame_has_a_new_key() {
    let setup = Setup::new(Role::Client);
    let mut connection = setup.connection();
    let mut keys = std::collections::HashSet::new();
    for _ in 0..1000 {
        let mut out = Output::default();
        connection.send("Hello", &mut out).unwrap();
        let frame = out.take();
        assert_eq!(frame[..2], [0x81, 0x85]);
        keys.insert(frame[2..6].to_vec());
        assert_eq!(wire::unmasked(&frame), HELLO);
    }
    assert!(keys.len() > 990, "{} different keys", keys.len());
}
