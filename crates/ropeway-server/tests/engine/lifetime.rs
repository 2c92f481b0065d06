//! The end of the server, and what is left of sessions.

use std::time::Instant;

use crate::raw::{SOON, get};
use crate::running::Running;
use crate::session::{POLLING, Session};
use crate::websocket::Socket;

#[test]
fn a_shutdown_ends_all_sessions() {
    let mut server = Running::with(&[("shutdown.timeout", "1m")]);
    let address = server.address;
    let polling = Session::connected(&server);
    let mut held = polling.begin_get();
    assert!(held.is_held());
    let (mut socket, _) = Socket::connected(&server);
    let upgrading = Session::connected(&server);
    let mut probe = Socket::open(&server, &format!("&sid={}", upgrading.sid));
    probe.send("2probe");
    assert_eq!(probe.read(), "3probe");
    let begun = Instant::now();
    let upgrading = upgrading.begin_get();
    server.stop();
    assert_eq!(socket.closed(), Some(1001));
    assert!(held.finish().text().ends_with('1'));
    probe.closed();
    drop((socket, probe, upgrading));
    server.join();
    assert!(begun.elapsed() < 2 * SOON, "{:?}", begun.elapsed());
    assert!(std::net::TcpStream::connect(address).is_err());
}

/// On a WebSocket by the code of the configuration, in a GET that is held by a close packet. Who has no GET is not waited
/// for.
#[test]
fn a_restart_is_told_on_every_transport() {
    for (code, expected) in [("1001", 1001), ("1012", 1012)] {
        let mut server = Running::with(&[("shutdown.code", code), ("shutdown.timeout", "1m")]);
        let begun = Instant::now();
        let (mut socket, _) = Socket::connected(&server);
        let polling = Session::connected(&server);
        let mut held = polling.begin_get();
        assert!(held.is_held());
        let unread = Session::in_room(&server);
        assert_eq!(unread.post(r#"42["publish","plain:e","e","unread"]"#).text(), "ok");
        let mut upgraded = upgraded(&server);
        let mut late = Socket::open(&server, "");
        late.read();
        server.stop();
        assert_eq!((socket.closed(), late.closed()), (Some(expected), Some(expected)));
        assert_eq!(upgraded.closed(), Some(expected));
        assert_eq!(held.finish().text(), "1", "{code}");
        drop((socket, late, upgraded));
        server.join();
        assert!(begun.elapsed() < 2 * SOON, "{:?}", begun.elapsed());
    }
}

fn upgraded(server: &Running) -> Socket {
    let session = Session::connected(server);
    let mut socket = Socket::open(server, &format!("&sid={}", session.sid));
    socket.send("2probe");
    assert_eq!(socket.read(), "3probe");
    socket.send("5");
    socket.send(r#"421["history","plain:none"]"#);
    assert!(socket.read().starts_with("431["));
    socket
}

#[test]
fn a_shutdown_does_not_wait_for_clients_that_cannot_come_back() {
    let mut server = Running::with(&[("shutdown.timeout", "1m")]);
    let _between_two_gets = Session::connected(&server);
    let begun = Instant::now();
    server.stop();
    server.join();
    assert!(begun.elapsed() < 2 * SOON, "{:?}", begun.elapsed());
}

#[test]
fn nothing_is_left_of_sessions_that_ended() {
    let server = Running::start();
    for round in 0..3 {
        let sessions: Vec<_> = (0..40).map(|_| Session::in_room(&server)).collect();
        let sockets: Vec<_> = (0..40).map(|_| Socket::connected(&server)).collect();
        assert_eq!(server.connections(), 80, "round {round}");
        for session in &sessions {
            assert_eq!(session.post("1").text(), "ok");
        }
        drop(sockets);
        server.is_left_alone();
    }
}

#[test]
fn who_connects_to_no_namespace_is_closed() {
    let server = Running::with(&[("socketio.connect_timeout", "200ms")]);
    let (mut socket, _) = Socket::session(&server);
    socket.closed();
    let session = Session::open(&server);
    assert_eq!(session.packets(), ["1"]);
    session.is_unknown();
    assert_eq!(get(&server, POLLING).status, 200);
}
