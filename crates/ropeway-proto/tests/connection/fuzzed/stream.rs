//! A connection that receives any bytes.

use std::sync::Arc;

use ropeway_proto::deflate::{self, Params};
use ropeway_proto::frame::Header;
use ropeway_proto::{CloseCode, Config, Connection, Event, Output, Role};

/// The most that a connection under test lets a message have.
const MAX_MESSAGE: usize = 64 * 1024;

/// The first two bytes choose a connection and the size of its reads; it receives the rest.
pub(crate) fn run(input: &[u8]) {
    let [kind, read_size, stream @ ..] = input else { return };
    let mut connection = connection(*kind);
    let mut out = Output::default();
    let mut bytes = stream.to_vec();
    for read in bytes.chunks_mut(usize::from(*read_size).max(1)) {
        receive(&mut connection, read, &mut out);
    }
    connection.end_of_stream();
    assert!(connection.outcome().is_some());
}

fn connection(kind: u8) -> Connection {
    let params = Params {
        server_no_context_takeover: kind & 4 != 0,
        client_no_context_takeover: kind & 4 != 0,
        server_max_window_bits: 8 + (kind >> 5),
        client_max_window_bits: 8 + (kind >> 5),
    };
    let params = (kind & 2 != 0).then_some(params);
    let deflate = Some(deflate::Config::default());
    let config =
        Arc::new(Config { max_message: MAX_MESSAGE, max_fragments: 100, deflate, ..Config::default() });
    match kind & 1 {
        0 => Connection::server(config, params),
        _ => Connection::client(config, params, [1; 32]),
    }
}

/// One read. Every message is echoed; whatever happens, the rules for what we send hold.
fn receive(connection: &mut Connection, read: &mut [u8], out: &mut Output) {
    let was_open = connection.is_open();
    let mut input = read;
    loop {
        match connection.receive(&mut input, out) {
            Ok(Some(Event::Message(message))) => {
                assert!(message.len() <= MAX_MESSAGE);
                let sent = connection.send(message, out);
                assert_eq!(sent.is_ok(), connection.is_open());
            }
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(violation) => {
                assert!(was_open && connection.is_done_sending());
                assert!(CloseCode::new(violation.close_code().get()).is_some());
                break;
            }
        }
    }
    assert!(input.is_empty(), "bytes were left");
    if !was_open {
        assert!(out.is_empty(), "something was sent after the end");
    }
    if connection.role() == Role::Server {
        assert_well_formed(&out.take());
    }
    out.clear();
}

/// Whole frames that a client would take.
fn assert_well_formed(mut sent: &[u8]) {
    while !sent.is_empty() {
        let Ok(Some((header, len))) = Header::decode(sent) else { panic!("not a frame: {sent:x?}") };
        assert!(header.fin && header.mask.is_none());
        sent = &sent[len + header.payload_len as usize..];
    }
}
