//! The end of the server.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::client::{Client, SOON, closed, open};
use crate::running::Running;

#[test]
fn every_connection_is_closed_with_1001() {
    let mut server = Running::start();
    let mut members: Vec<_> = (0..20).map(|_| Client::in_room(&server, "plain:e")).collect();
    let mut echo = open(&server, "/echo", &[]).unwrap();
    server.stop();
    for member in &mut members {
        assert_eq!(member.closed(), (1001, "the server is shutting down".to_owned()));
    }
    assert_eq!(closed(&mut echo).0, 1001);
    for member in members {
        // The library answers the close when it is asked for more.
        let mut member = member;
        assert!(member.0.read().is_err());
    }
    assert!(echo.read().is_err());
    server.join();
    assert!(TcpStream::connect(server.address).is_err());
}

#[test]
fn closing_is_spread() {
    let mut server = Running::with(&[("server.shutdown_spread", "800ms")]);
    let mut members: Vec<_> = (0..20).map(|_| Client::connect(&server)).collect();
    server.stop();
    let begun = Instant::now();
    for member in &mut members {
        member.closed();
    }
    // Twenty random moments within 800 ms: that all come in the first 200 has a chance of 1 in 10^12.
    assert!(begun.elapsed() > Duration::from_millis(200));
}

#[test]
fn who_does_not_answer_the_close_is_dropped_at_the_deadline() {
    let mut server = Running::with(&[("server.shutdown_timeout", "300ms")]);
    let _deaf = [open(&server, "/echo", &[]).unwrap(), Client::connect(&server).0];
    let begun = Instant::now();
    server.stop();
    server.join();
    assert!((Duration::from_millis(300)..SOON).contains(&begun.elapsed()));
}

#[test]
fn idle_http_connections_do_not_keep_it() {
    let mut server = Running::start();
    let _idle = TcpStream::connect(server.address).unwrap();
    let begun = Instant::now();
    server.stop();
    server.join();
    assert!(begun.elapsed() < SOON / 2);
}
