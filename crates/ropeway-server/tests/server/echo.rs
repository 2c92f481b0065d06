//! `/echo`

use tungstenite::{Bytes, Message};

use crate::client::{closed, open};
use crate::running::Running;

#[test]
fn messages_come_back_as_they_were() {
    let server = Running::start();
    let mut socket = open(&server, "/echo", &[]).unwrap();
    let large = Bytes::from(vec![7_u8; 1 << 20]);
    for message in [
        Message::text("Hello, world!"),
        Message::text(""),
        Message::text("é😀".repeat(10_000)),
        Message::binary(vec![0, 255]),
        Message::binary(large),
    ] {
        socket.send(message.clone()).unwrap();
        assert_eq!(socket.read().unwrap(), message);
    }
    socket.close(Some(tungstenite::protocol::CloseFrame { code: 1000.into(), reason: "".into() })).unwrap();
    assert_eq!(closed(&mut socket).0, 1000);
}

#[test]
fn it_is_open_to_pages_of_any_origin() {
    let server = Running::start();
    assert!(open(&server, "/echo", &[("origin", "https://anything.example")]).is_ok());
}

#[test]
fn it_is_there_only_where_it_is_wanted() {
    let server = Running::with(&[("server.echo", "false")]);
    assert_eq!(crate::client::refused(&server, "/echo", &[]), 404);
}
