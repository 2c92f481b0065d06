//! RFC 6455 sections 5.4 and 8.1: fragments and UTF-8.

use std::borrow::Cow;

use ropeway_proto::{Event, Message, Output, Role, Violation};

use crate::support::{BOTH, Setup, binary, feed, ping, text};

#[test]
fn rfc6455_5_4_fragments_make_one_message() {
    for role in BOTH {
        let setup = Setup::new(role);
        setup.receive(&[b"\x01\x03Hel", b"\x80\x02lo"]).is(&[text("Hello")]);
        setup.receive(&[b"\x02\x01a", b"\x00\x01b", b"\x00\x01c", b"\x80\x01d"]).is(&[binary(b"abcd")]);
        setup.receive(&[b"\x01\x00", b"\x00\x00", b"\x80\x00"]).is(&[text("")]);
        setup.receive(&[b"\x01\x00", b"\x00\x01a", b"\x80\x00", b"\x81\x01b"]).is(&[text("a"), text("b")]);
        setup.receive(&[b"\x81\x00", b"\x82\x00"]).is(&[text(""), binary(b"")]);
    }
}

#[test]
fn rfc6455_5_4_control_frames_come_between_fragments() {
    for role in BOTH {
        let seen = Setup::new(role).receive(&[b"\x01\x03Hel", b"\x89\x01p", b"\x80\x02lo"]);
        seen.is(&[ping(b"p"), text("Hello")]);
        assert_eq!(seen.sent, b"\x8a\x01p");
    }
}

#[test]
fn rfc6455_5_4_nothing_to_continue() {
    for role in BOTH {
        let setup = Setup::new(role);
        for frame in [b"\x80\x01x", b"\x00\x01x"] {
            let seen = setup.receive(&[frame, b"\x81\x01a"]);
            seen.is_violation(&[], Violation::UnexpectedContinuation, 1002);
        }
        let seen = setup.receive(&[b"\x01\x01a", b"\x80\x01b", b"\x80\x01c"]);
        seen.is_violation(&[text("ab")], Violation::UnexpectedContinuation, 1002);
    }
}

#[test]
fn rfc6455_5_4_no_message_inside_another() {
    for role in BOTH {
        for second in [b"\x81\x01b", b"\x01\x01b", b"\x82\x01b", b"\x02\x01b"] {
            let seen = Setup::new(role).receive(&[b"\x01\x01a", second, b"\x80\x01c"]);
            seen.is_violation(&[], Violation::InterleavedMessage, 1002);
        }
    }
}

#[test]
fn rfc6455_8_1_text_cut_inside_its_characters() {
    for role in BOTH {
        // Cut inside the second character and twice inside the last.
        let frames: [&[u8]; 4] = [
            b"\x01\x04\xce\xba\xe1\xbd",
            b"\x00\x08\xb9\xcf\x83\xce\xbc\xce\xb5\x20",
            b"\x00\x03\xf0\x9f\x9a",
            b"\x80\x01\xa1",
        ];
        Setup::new(role).receive(&frames).is(&[text("κ\u{1f79}σμε 🚡")]);
    }
}

#[test]
fn rfc6455_8_1_invalid_text() {
    let invalid: [&[u8]; 12] = [
        b"\x80",
        b"\xff",
        b"\xc0\xaf",
        b"\xc1\x81",
        b"\xe0\x80\xaf",
        b"\xed\xa0\x80",
        b"\xf0\x80\x80\xaf",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xc3",
        b"\xe2\x82",
        b"\xf0\x9f\x9a",
    ];
    for role in BOTH {
        for bytes in invalid {
            let setup = Setup::new(role);
            let len = bytes.len() as u8;
            let whole = [&[0x81, len], bytes].concat();
            setup.receive(&[&whole]).is_violation(&[], Violation::InvalidUtf8, 1007);
            let first = [&[0x01, len], bytes].concat();
            setup.receive(&[&first, b"\x80\x00"]).is_violation(&[], Violation::InvalidUtf8, 1007);
            let last = [&[0x80, len], bytes].concat();
            setup.receive(&[b"\x01\x02ok", &last]).is_violation(&[], Violation::InvalidUtf8, 1007);
            setup.receive(&[&[&[0x82, len], bytes].concat()]).is(&[binary(bytes)]);
        }
    }
}

/// The last byte of each is the first that no valid text could have there. The peer has declared more, and hears of its
/// fault before it has sent it.
#[test]
fn rfc6455_8_1_invalid_text_is_refused_at_the_first_impossible_byte() {
    let impossible: [&[&[u8]]; 7] = [
        // Over reads: one frame of 20 bytes.
        &[b"\x81\x14\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0"],
        &[b"\x81\x14ok\xff"],
        &[b"\x81\x14\xf4\x90"],
        // Over fragments.
        &[b"\x01\x03ok\xf4", b"\x00\x14\x90"],
        &[b"\x01\x01\xed", b"\x00\x00", b"\x80\x14\xa0"],
        // A character that stays cut: the next byte cannot go on with it.
        &[b"\x01\x01\xc3", b"\x80\x14a"],
        // The reason of a close frame.
        &[b"\x88\x14\x03\xe8\xce\xba\xed\xa0"],
    ];
    for role in BOTH {
        let setup = Setup::new(role);
        for frames in impossible {
            let is_close = frames[0].starts_with(b"\x88");
            let violation = if is_close { Violation::CloseReason } else { Violation::InvalidUtf8 };
            setup.receive(frames).is_violation(&[], violation, 1007);
            let bytes = setup.peer_says(frames);
            let possible = &bytes[..bytes.len() - 1];
            let (events, violation) = feed(&mut setup.connection(), possible, &mut Output::default());
            assert_eq!((events, violation), (vec![], None), "{frames:x?} without its last byte");
        }
    }
}

#[test]
fn a_whole_message_is_lent_and_not_copied() {
    for role in BOTH {
        let setup = Setup::new(role);
        let mut bytes = setup.peer_says(&[b"\x81\x05Hello", b"\x82\x05Hello", b"\x89\x05Hello"]);
        let (mut connection, mut out) = (setup.connection(), Output::default());
        let mut input = &mut bytes[..];
        while let Some(event) = connection.receive(&mut input, &mut out).unwrap() {
            let lent = match &event {
                Event::Message(Message::Text(text)) => matches!(text, Cow::Borrowed("Hello")),
                Event::Message(Message::Binary(bytes)) | Event::Ping(bytes) => {
                    matches!(bytes, Cow::Borrowed(b"Hello"))
                }
                _ => false,
            };
            assert!(lent, "{event:?}");
        }
    }
}

/// A retained message must not hold the buffer that it grew in.
#[test]
fn an_assembled_message_holds_about_its_own_size() {
    let setup = Setup::new(Role::Client);
    for first in [b"\x01", b"\x02"] {
        let fragment = |opcode: &[u8]| [opcode, &b"\x7e\x0b\xb9"[..], &[b'x'; 3001]].concat();
        let bytes = [fragment(first), fragment(b"\x00"), fragment(b"\x80")].concat();
        let (events, _) = feed(&mut setup.connection(), &bytes, &mut Output::default());
        let capacity = match &events[..] {
            [Event::Message(Message::Text(Cow::Owned(text)))] => text.capacity(),
            [Event::Message(Message::Binary(Cow::Owned(bytes)))] => bytes.capacity(),
            other => panic!("{other:?}"),
        };
        assert!((9003..10_300).contains(&capacity), "{capacity} bytes");
    }
}
