//! From polling to WebSocket.

use std::thread;
use std::time::{Duration, Instant};

use crate::running::Running;
use crate::session::Session;
use crate::websocket::Socket;

/// Less than the time to the next ping, which would end a GET as well.
const A_PING: Duration = Duration::from_secs(20);

fn beside(session: &Session<'_>) -> Socket {
    Socket::open(session.server, &format!("&sid={}", session.sid))
}

#[test]
fn a_pending_get_returns_at_once_and_the_websocket_goes_on() {
    let server = Running::start();
    let session = Session::in_room(&server);
    let mut get = session.begin_get();
    assert!(get.is_held());
    let mut socket = beside(&session);
    let begun = Instant::now();
    socket.send("2probe");
    assert_eq!(socket.read(), "3probe");
    assert_eq!(get.finish().text(), "6");
    assert!(begun.elapsed() < A_PING, "{:?}", begun.elapsed());
    socket.send("5");
    socket.send(r#"421["publish","plain:e","e","hi"]"#);
    assert!(socket.read().starts_with(r#"42["e","hi""#));
    let answer = session.get();
    assert_eq!((answer.status, answer.text()), (400, r#"{"code":3,"message":"Bad request"}"#));
    assert_eq!(session.post("40").json()["code"], 3);
    assert!(socket.read().starts_with("431["), "neither did any harm");
}

#[test]
fn a_get_that_comes_during_the_probe_returns_soon() {
    let server = Running::start();
    let session = Session::connected(&server);
    let mut socket = beside(&session);
    socket.send("2probe");
    assert_eq!(socket.read(), "3probe");
    for _ in 0..3 {
        let begun = Instant::now();
        assert_eq!(session.packets(), ["6"]);
        assert!(begun.elapsed() < A_PING, "{:?}", begun.elapsed());
    }
}

#[test]
fn a_client_need_not_wait() {
    let server = Running::start();
    let session = Session::in_room(&server);
    let mut get = session.begin_get();
    assert!(get.is_held());
    let mut socket = beside(&session);
    for packet in ["2probe", "5", r#"42["publish","plain:e","e","hi"]"#] {
        socket.send(packet);
    }
    assert_eq!(socket.read(), "3probe");
    assert!(socket.read().starts_with(r#"42["e","hi""#));
    assert_eq!(get.finish().text(), "6");
}

#[test]
fn another_packet_closes_only_the_websocket() {
    let server = Running::start();
    let session = Session::connected(&server);
    for packet in ["4hello", "2", "abc", "1"] {
        let mut socket = beside(&session);
        socket.send(packet);
        socket.closed();
        assert!(session.begin_polling_still_works(), "{packet}");
    }
}

#[test]
fn a_second_websocket_is_closed() {
    let server = Running::start();
    let session = Session::connected(&server);
    let mut first = beside(&session);
    first.send("2probe");
    assert_eq!(first.read(), "3probe");
    beside(&session).closed();
    first.send("5");
    first.send(r#"421["join","plain:e"]"#);
    assert!(first.read().starts_with("431["));
    beside(&session).closed();
    first.send(r#"422["leave","plain:e"]"#);
    assert!(first.read().starts_with("432["));
}

#[test]
fn polling_survives_a_probe_that_takes_too_long_or_goes_away() {
    // So long that a machine under load sends the probe in time.
    let server = Running::with(&[("socketio.upgrade_timeout", "3s")]);
    let session = Session::connected(&server);
    let mut socket = beside(&session);
    socket.send("2probe");
    assert_eq!(socket.read(), "3probe");
    socket.closed();
    drop(socket);
    drop(beside(&session));
    assert!(session.begin_polling_still_works());
    let mut socket = beside(&session);
    socket.send("5");
    socket.send(r#"421["join","plain:e"]"#);
    assert!(socket.read().starts_with("431["), "another one may");
}

#[test]
fn the_end_of_the_session_is_that_of_the_probe() {
    let server = Running::start();
    let session = Session::connected(&server);
    let mut socket = beside(&session);
    socket.send("2probe");
    assert_eq!(socket.read(), "3probe");
    session.post("1");
    socket.closed();
}

#[test]
fn upgrades_can_be_off() {
    let server = Running::with(&[("socketio.allow_upgrades", "false")]);
    let session = Session::connected(&server);
    let uri = format!("ws://{}/socket.io/?EIO=4&transport=websocket&sid={}", server.address, session.sid);
    let stream = std::net::TcpStream::connect(server.address).unwrap();
    assert!(tungstenite::client(uri, stream).is_err());
    assert!(session.begin_polling_still_works());
}

/// Events go on while one member changes its transport, at a moment that differs from round to round.
#[test]
fn no_packet_is_lost_doubled_or_out_of_order() {
    const EVENTS: usize = 300;
    let server = Running::start();
    for round in 0..8 {
        let session = Session::in_room(&server);
        let (received, socket) = thread::scope(|scope| {
            scope.spawn(|| publish(&server, EVENTS));
            let mut received = Vec::new();
            while received.len() < EVENTS * round / 12 {
                received.extend(numbers(&session.packets()));
            }
            let mut socket = beside(&session);
            socket.send("2probe");
            let pending = session.begin_get();
            assert_eq!(socket.read(), "3probe");
            received.extend(numbers(&[pending.finish().text().to_owned()]));
            socket.send("5");
            while received.len() < EVENTS {
                received.extend(numbers(&[socket.read()]));
            }
            (received, socket)
        });
        assert_eq!(received, (0..EVENTS).collect::<Vec<_>>(), "round {round}");
        drop(socket);
        server.is_left_alone();
    }
}

fn publish(server: &Running, count: usize) {
    let (mut socket, _) = Socket::connected(server);
    socket.send(r#"420["join","plain:e"]"#);
    for number in 0..count {
        socket.send(&format!(r#"42["publish","plain:e","n",{number}]"#));
        if number % 10 == 0 {
            thread::sleep(Duration::from_millis(1));
        }
    }
    // Everything before has been carried out with it.
    socket.send(r#"421["leave","plain:e"]"#);
    while !socket.read().starts_with("431[") {}
}

/// The numbers of the events in payloads.
fn numbers(payloads: &[String]) -> Vec<usize> {
    let packets = payloads.iter().flat_map(|payload| payload.split('\x1e'));
    let events = packets.filter_map(|packet| packet.strip_prefix(r#"42["n","#));
    events.map(|event| event.split(',').next().unwrap().parse().unwrap()).collect()
}

impl Session<'_> {
    /// Whether a POST and the next GET do what they should.
    fn begin_polling_still_works(&self) -> bool {
        let posted = self.post(r#"427["join","plain:e"]"#);
        let mut packets = Vec::new();
        while !packets.iter().any(|packet: &String| packet.starts_with("437[")) {
            packets.extend(self.packets());
        }
        posted.text() == "ok"
    }
}
