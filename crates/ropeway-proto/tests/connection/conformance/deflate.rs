//! RFC 7692 inside a connection: messages in and out under permessage-deflate.

use std::borrow::Cow;

use ropeway_proto::deflate::{self, Params};
use ropeway_proto::{Compress, Message, Output, Role, Violation};

use crate::support::{BOTH, Delivery, Pair, Setup, binary, ping, text, wire};

fn setup(role: Role) -> Setup {
    Setup::new(role).deflate(Params::default())
}

/// Compresses from the first byte on.
fn eager(role: Role, params: Params) -> Setup {
    Setup::new(role).deflate(params).config(|config| {
        let mut deflate = deflate::Config::default();
        deflate.threshold = 0;
        config.deflate = Some(deflate);
    })
}

/// Bytes that no compressor makes smaller.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(step).collect()
}

#[test]
fn rfc7692_7_2_3_1_one_compressed_block() {
    for role in BOTH {
        setup(role).receive(&[b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"]).is(&[text("Hello")]);
        setup(role).receive(&[b"\x41\x03\xf2\x48\xcd", b"\x80\x04\xc9\xc9\x07\x00"]).is(&[text("Hello")]);
    }
}

#[test]
fn rfc7692_7_2_3_2_sharing_the_window() {
    for role in BOTH {
        let seen =
            setup(role).receive(&[b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", b"\xc1\x05\xf2\x00\x11\x00\x00"]);
        seen.is(&[text("Hello"), text("Hello")]);
    }
}

#[test]
fn rfc7692_7_2_3_3_a_block_without_compression() {
    for role in BOTH {
        setup(role).receive(&[b"\xc1\x0b\x00\x05\x00\xfa\xffHello\x00"]).is(&[text("Hello")]);
    }
}

#[test]
fn rfc7692_7_2_3_4_a_block_with_bfinal() {
    for role in BOTH {
        let message: &[u8] = b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00";
        setup(role).receive(&[message, message]).is(&[text("Hello"), text("Hello")]);
    }
}

#[test]
fn rfc7692_7_2_3_5_two_blocks_in_one_message() {
    for role in BOTH {
        let message = b"\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00";
        setup(role).receive(&[message]).is(&[text("Hello")]);
    }
}

#[test]
fn rfc7692_7_2_3_6_an_empty_message() {
    for role in BOTH {
        setup(role).receive(&[b"\xc1\x01\x00", b"\xc2\x01\x00"]).is(&[text(""), binary(b"")]);
        setup(role).receive(&[b"\x41\x01\x00", b"\x00\x00", b"\x80\x00"]).is(&[text("")]);
    }
}

#[test]
fn rfc7692_6_compressed_plain_and_control_frames_mix() {
    for role in BOTH {
        let frames: [&[u8]; 5] = [
            b"\x41\x03\xf2\x48\xcd",
            b"\x89\x01p",
            b"\x80\x04\xc9\xc9\x07\x00",
            b"\x81\x05plain",
            b"\xc1\x05\xf2\x00\x11\x00\x00",
        ];
        setup(role).receive(&frames).is(&[ping(b"p"), text("Hello"), text("plain"), text("Hello")]);
    }
}

#[test]
fn rfc7692_7_2_2_damaged_data() {
    for role in BOTH {
        // A reserved block type; a stored block whose lengths disagree; a reference before the beginning.
        for payload in [&b"\x07\x00"[..], b"\x00\x05\x00\x00\x00Hello", b"\xf2\x00\x11\x00\x00"] {
            let frame = wire::frame(0xc1, payload);
            setup(role).receive(&[&frame]).is_violation(&[], Violation::Inflate, 1007);
        }
    }
}

/// Without takeover a message must not refer to the one before.
#[test]
fn rfc7692_7_1_1_a_reference_to_what_is_forgotten() {
    let params =
        Params { server_no_context_takeover: true, client_no_context_takeover: true, ..Params::default() };
    for role in BOTH {
        let seen = Setup::new(role)
            .deflate(params.clone())
            .receive(&[b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", b"\xc1\x05\xf2\x00\x11\x00\x00"]);
        seen.is_violation(&[text("Hello")], Violation::Inflate, 1007);
    }
}

/// The text is judged as it comes out: this one declares more to come.
#[test]
fn rfc6455_8_1_invalid_text_in_a_compressed_message() {
    for role in BOTH {
        let seen = setup(role).receive(&[b"\x41\x09\x00\x03\x00\xfc\xffok\xff\x00", b"\x00\x05"]);
        seen.is_violation(&[], Violation::InvalidUtf8, 1007);
        // Cut inside a character at the end of the message.
        let seen = setup(role).receive(&[b"\xc1\x09\x00\x03\x00\xfc\xffok\xc3\x00"]);
        seen.is_violation(&[], Violation::InvalidUtf8, 1007);
    }
}

#[test]
fn rfc7692_7_2_1_what_is_sent() {
    for role in BOTH {
        let setup = eager(role, Params::default());
        let (mut connection, mut out) = (setup.connection(), Output::default());
        connection.send("HelloHelloHelloHello", &mut out).unwrap();
        let first = setup.sent(&mut out);
        assert_eq!(first[0], 0xc1);
        assert!(first.len() < 15, "{first:x?}");
        connection.send("HelloHelloHelloHello", &mut out).unwrap();
        assert!(setup.sent(&mut out).len() < first.len(), "the second refers to the first");
    }
}

#[test]
fn small_messages_and_secrets_are_not_compressed() {
    for role in BOTH {
        let (mut connection, mut out) = (setup(role).connection(), Output::default());
        connection.send("a".repeat(127), &mut out).unwrap();
        assert_eq!(setup(role).sent(&mut out), wire::frame(0x81, &[b'a'; 127]));
        connection.send_with("a".repeat(500), Compress::Never, &mut out).unwrap();
        assert_eq!(setup(role).sent(&mut out), wire::frame(0x81, &[b'a'; 500]));
        connection.send("a".repeat(128), &mut out).unwrap();
        assert_eq!(setup(role).sent(&mut out)[0], 0xc1);
    }
}

#[test]
fn what_does_not_get_smaller_is_sent_plain() {
    for role in BOTH {
        for len in [200, 5000, 60_000] {
            let (mut connection, mut out) = (setup(role).connection(), Output::default());
            connection.send(noise(len), &mut out).unwrap();
            assert_eq!(setup(role).sent(&mut out), wire::frame(0x82, &noise(len)));
        }
    }
}

/// The history must follow what the peer really gets: a compressed form that was thrown away is no part of it.
#[test]
fn takeover_stays_in_step_when_a_compressed_result_is_thrown_away() {
    for role in BOTH {
        let mut pair = Pair::new(config_with_deflate(), Some(Params::default()), Delivery::Whole, 5);
        let mut sent: Vec<Message<'static>> = Vec::new();
        for round in 0..20 {
            let compressible =
                format!("{round}: the same words again and again, {}", "so much of it, ".repeat(20));
            sent.push(compressible.into());
            sent.push(noise(300 + round * 50).into());
            sent.push(Message::binary([&noise(300)[..], &[0; 900]].concat()));
        }
        let other = if role == Role::Client { Role::Server } else { Role::Client };
        for message in &sent {
            pair.peer(role).send(message.clone());
            pair.settle();
        }
        assert_eq!(pair.peer(other).messages(), sent);
        assert_eq!(pair.peer(other).violation, None);
    }
}

/// A window of 256 bytes is below what zlib compresses for: messages go out plain, and still come in compressed.
#[test]
fn rfc7692_7_1_2_a_window_of_eight_bits() {
    let params = Params { client_max_window_bits: 8, ..Params::default() };
    let mut pair = Pair::new(config_with_deflate(), Some(params), Delivery::Random, 6);
    let words = "words ".repeat(1000);
    pair.client.send(words.clone());
    assert_eq!(pair.client.out.len(), 6000 + 8);
    pair.server.send(words.clone());
    assert!(pair.server.out.len() < 200);
    pair.settle();
    assert_eq!(pair.client.messages(), [Message::Text(Cow::Borrowed(&words))]);
    assert_eq!(pair.server.messages(), [Message::Text(Cow::Borrowed(&words))]);
}

/// A message that was begun and never ended must leave no trace in the next connection of the thread.
#[test]
fn a_message_that_breaks_off_leaves_nothing_behind() {
    for role in BOTH {
        for _ in 0..20 {
            let seen = setup(role).receive(&[b"\x41\x03\xf2\x48\xcd"]);
            seen.is(&[]);
            setup(role).receive(&[b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"]).is(&[text("Hello")]);
        }
    }
}

fn config_with_deflate() -> ropeway_proto::Config {
    ropeway_proto::Config { deflate: Some(deflate::Config::default()), ..Default::default() }
}
