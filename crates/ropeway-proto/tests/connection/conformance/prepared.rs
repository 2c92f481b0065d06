//! Messages that are encoded once and sent to many.

use ropeway_proto::deflate::{self, Params};
use ropeway_proto::{Config, Message, Output, Prepared, Role};

use crate::support::{Delivery, Pair, Setup, wire};

fn config_with_deflate() -> Config {
    Config { deflate: Some(deflate::Config::default()), ..Config::default() }
}

#[test]
fn a_server_sends_the_frame_itself() {
    let setup = Setup::new(Role::Server);
    let prepared = Prepared::new("x".repeat(2000));
    let frame = prepared.frame(None);
    assert_eq!(frame, wire::frame(0x81, &[b'x'; 2000]));
    let [mut one, mut other] = [Output::default(), Output::default()];
    for out in [&mut one, &mut other] {
        setup.connection().send_prepared(&prepared, out).unwrap();
        let queued = out.contiguous().unwrap();
        assert_eq!(queued.as_ptr(), frame.as_ptr(), "the bytes are shared");
        assert_eq!(queued, frame);
    }
}

#[test]
fn a_client_masks_a_copy() {
    let setup = Setup::new(Role::Client);
    let mut out = Output::default();
    setup.connection().send_prepared(&Prepared::new("Hello"), &mut out).unwrap();
    assert_eq!(setup.sent(&mut out), b"\x81\x05Hello");
}

#[test]
fn one_frame_for_all_connections_of_the_same_window() {
    let prepared = Prepared::new("words ".repeat(1000));
    let config = config_with_deflate();
    let takeover = Params::default();
    let none = Params { server_no_context_takeover: true, ..Params::default() };
    let small = Params { server_max_window_bits: 9, ..Params::default() };
    let frame = |params| prepared.frame(Some((params, &config)));
    assert_eq!(frame(&takeover)[0], 0xc1);
    assert_eq!(frame(&takeover).as_ptr(), frame(&none).as_ptr());
    assert_ne!(frame(&takeover).as_ptr(), frame(&small).as_ptr());
    assert_eq!(frame(&small).as_ptr(), frame(&small).as_ptr());
}

#[test]
fn a_frame_is_plain_where_compression_does_not_help() {
    let config = config_with_deflate();
    for message in [Message::from("small"), Message::from((0..=255).collect::<Vec<u8>>())] {
        let prepared = Prepared::new(message);
        let frame = prepared.frame(Some((&Params::default(), &config)));
        assert_eq!(frame[0] & 0x40, 0);
        assert_eq!(frame.as_ptr(), prepared.frame(None).as_ptr());
    }
}

/// Prepared frames enter the peer's window unknown to our history, which must not be referred to across them.
#[test]
fn prepared_and_ordinary_messages_share_a_connection() {
    let small = Params { server_max_window_bits: 10, ..Params::default() };
    let none = Params { server_no_context_takeover: true, ..Params::default() };
    for params in [None, Some(Params::default()), Some(small), Some(none)] {
        let mut pair = Pair::new(config_with_deflate(), params, Delivery::Random, 11);
        let mut sent: Vec<Message<'static>> = Vec::new();
        for round in 0..30 {
            let ordinary = format!("ordinary {round}, {}", "said again and again, ".repeat(round * 3));
            let prepared = format!("prepared {round}, {}", "said again and again, ".repeat(200 - round * 4));
            for message in [Message::from(ordinary), Message::from(prepared)] {
                if message.as_text().is_some_and(|text| text.starts_with("prepared")) {
                    let prepared = Prepared::new(message.clone());
                    pair.server.connection.send_prepared(&prepared, &mut pair.server.out).unwrap();
                } else {
                    pair.server.send(message.clone());
                    pair.server.send(message.clone());
                    sent.push(message.clone());
                }
                sent.push(message);
            }
            if round % 3 == 0 {
                pair.settle();
            }
        }
        pair.settle();
        assert_eq!(pair.client.violation, None);
        assert_eq!(pair.client.messages(), sent);
    }
}
