//! What a connection allocates: never for a length that a peer declares, and nothing where nothing is needed.
//!
//! A test binary of its own, because it counts in the allocator.

use std::sync::Arc;

use allocation_counter::measure;
use ropeway_proto::{Config, Connection, Event, Output, Prepared, Role, Violation};

fn connection(role: Role, config: Config) -> Connection {
    match role {
        Role::Client => Connection::client(Arc::new(config), None, [1; 32]),
        Role::Server => Connection::server(Arc::new(config), None),
    }
}

fn without_limits() -> Config {
    Config { max_message: usize::MAX, max_frame: usize::MAX, ..Config::default() }
}

/// Receives `bytes` as one read; messages are dropped.
fn receive(connection: &mut Connection, mut bytes: &mut [u8], out: &mut Output) -> Result<(), Violation> {
    while connection.receive(&mut bytes, out)?.is_some() {}
    Ok(())
}

/// RUSTSEC-2022-0035: a header can be had for ten bytes.
#[test]
fn a_declared_length_takes_no_memory() {
    let headers: [&[u8]; 4] = [
        b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\x81\x7f\0\0\0\x10\0\0\0\0",
        b"\x02\x7f\0\0\0\x10\0\0\0\0",
        b"\x82\x7f\0\0\0\x10\0\0\0\0some of it",
    ];
    for header in headers {
        let mut client = connection(Role::Client, without_limits());
        let mut out = Output::default();
        let mut bytes = header.to_vec();
        let used = measure(|| receive(&mut client, &mut bytes, &mut out).unwrap());
        assert!(used.bytes_max < 256, "{} bytes for {header:x?}", used.bytes_max);
    }
}

/// Memory follows what has arrived, by a constant factor.
#[test]
fn a_message_under_way_takes_what_has_arrived() {
    let mut client = connection(Role::Client, without_limits());
    let mut out = Output::default();
    receive(&mut client, &mut b"\x82\x7f\0\0\0\x10\0\0\0\0".to_vec(), &mut out).unwrap();
    let used = measure(|| (0..100).for_each(|_| receive(&mut client, &mut [7; 1000], &mut out).unwrap()));
    assert!((100_000..300_000).contains(&used.bytes_current), "{} bytes", used.bytes_current);
}

/// CVE-2026-48779: fragments without content cost nothing.
#[test]
fn empty_fragments_take_no_memory() {
    let mut client = connection(Role::Client, Config::default());
    let mut out = Output::default();
    receive(&mut client, &mut b"\x02\x00".to_vec(), &mut out).unwrap();
    let mut fragments = b"\x00\x00".repeat(60_000);
    let used = measure(|| receive(&mut client, &mut fragments, &mut out).unwrap());
    assert_eq!(used.bytes_max, 0);
}

/// The hot path: messages that lie whole in a read are received, and answered, without a single allocation.
#[test]
fn an_echo_allocates_nothing() {
    let mut server = connection(Role::Server, Config::default());
    let mut out = Output::default();
    let echo = |server: &mut Connection, out: &mut Output| {
        let mut bytes = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".repeat(50);
        let mut input = &mut bytes[..];
        measure(|| {
            while let Some(event) = server.receive(&mut input, out).unwrap() {
                let Event::Message(message) = event else { panic!("{event:?}") };
                server.send(message, out).unwrap();
            }
            out.advance(out.len());
        })
    };
    echo(&mut server, &mut out);
    assert_eq!(echo(&mut server, &mut out).count_total, 0, "the second time round");
}

/// Outgoing bytes leave no trace once they are written: an idle connection owns no buffer.
#[test]
fn an_idle_connection_owns_no_buffer() {
    let config = Arc::new(Config::default());
    let prepared = Prepared::new("x".repeat(5000));
    prepared.frame(None);
    // The spare buffer of this thread.
    let mut warm = Output::default();
    Connection::server(config.clone(), None).send("warm", &mut warm).unwrap();
    warm.clear();
    let used = measure(|| {
        let mut server = Connection::server(config.clone(), None);
        let mut out = Output::default();
        receive(&mut server, &mut b"\x81\x80\0\0\0\0\x01\x81\0\0\0\0a\x80\x81\0\0\0\0b".to_vec(), &mut out)
            .unwrap();
        receive(&mut server, &mut b"\x89\x80\0\0".to_vec(), &mut out).unwrap();
        receive(&mut server, &mut b"\0\0".to_vec(), &mut out).unwrap();
        server.send("small", &mut out).unwrap();
        server.send_prepared(&prepared, &mut out).unwrap();
        out.advance(out.len());
        std::mem::forget((server, out));
    });
    assert_eq!(used.bytes_current, 0);
}

/// What has arrived of a message goes with the connection's last word, not with the connection.
#[test]
fn a_connection_that_closes_keeps_nothing_of_a_message() {
    let used = measure(|| {
        let mut server = connection(Role::Server, Config::default());
        let mut out = Output::default();
        let mut fragment = [&b"\x02\xfe\x4e\x20\0\0\0\0"[..], &[7; 20_000]].concat();
        receive(&mut server, &mut fragment, &mut out).unwrap();
        receive(&mut server, &mut b"\x88\x80\0\0\0\0".to_vec(), &mut out).unwrap();
        std::mem::forget((server, out.take()));
    });
    assert!(used.bytes_current < 10_000, "{} bytes", used.bytes_current);
}

/// The state that each of 100,000 connections carries.
#[test]
fn a_connection_is_small() {
    let bytes = size_of::<Connection>() + size_of::<Output>();
    assert!(bytes <= 512, "{bytes} bytes");
}
