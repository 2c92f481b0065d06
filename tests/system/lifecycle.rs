//! Start, shutdown with open connections, restart.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;
use tungstenite::Message;
use tungstenite::protocol::frame::coding::CloseCode;

use crate::client::Client;
use crate::http::{get, post};
use crate::server::{API_KEY, Server, serve, until};

/// Ends the server with a signal while connections are open. Each must see a close frame, and the exit status be 0.
fn every_connection_is_told(signal: &str) {
    let server = Server::start();
    let echoes = (0..20).map(|_| Client::connect(&server, "/echo"));
    let members = (0..20).map(|n| Client::in_room(&server, &format!("demo:{}", n % 3)).0);
    let clients: Vec<Client> = echoes.chain(members).collect();
    server.signal(signal);
    for client in clients {
        assert_eq!(client.until_close().map(|frame| frame.code), Some(CloseCode::Away));
    }
    assert_eq!(server.exit_status().code(), Some(0));
}

#[test]
fn sigterm_closes_every_connection_with_1001_and_exits_0() {
    every_connection_is_told("TERM");
}

#[test]
fn sigint_closes_every_connection_with_1001_and_exits_0() {
    every_connection_is_told("INT");
}

#[test]
fn a_server_without_connections_ends_at_once() {
    // So that it is not the deadline that ends it.
    let server = Server::start_with("127.0.0.1:0", &[("ROPEWAY_SHUTDOWN_TIMEOUT", "1h")]);
    server.signal("TERM");
    assert_eq!(server.exit_status().code(), Some(0));
}

#[test]
fn a_peer_that_never_answers_the_close_is_dropped_at_the_deadline() {
    let server = Server::start_with("127.0.0.1:0", &[("ROPEWAY_SHUTDOWN_TIMEOUT", "1s")]);
    let mut silent = Client::connect(&server, "/echo");
    let log = server.log_file();
    server.signal("TERM");
    assert_eq!(server.exit_status().code(), Some(0));
    assert!(log.text().contains("dropping what is still open connections=1"), "{}", log.text());
    assert!(silent.next().is_close());
}

#[test]
fn the_log_tells_each_second_how_far_the_end_is_and_who_was_dropped() {
    // The connection itself gives up its closing handshake after 5 s.
    let settings = [("ROPEWAY_SHUTDOWN_TIMEOUT", "3500ms"), ("ROPEWAY_SHUTDOWN_SPREAD", "0s")];
    let server = Server::start_with("127.0.0.1:0", &settings);
    let _silent = Client::connect(&server, "/echo");
    let log = server.log_file();
    server.signal("TERM");
    assert_eq!(server.exit_status().code(), Some(0));
    let text = log.text();
    let told: Vec<&str> =
        text.lines().filter(|line| line.contains(" INFO ") && line.contains("shutting down")).collect();
    let draining = told.iter().filter(|line| line.contains(r#"phase="draining" connections=1"#)).count();
    assert!(draining >= 2, "{told:#?}");
    assert!(told.last().unwrap().contains(r#"phase="ended" connections=1 closed=1"#), "{told:#?}");
    assert!(text.contains("dropping what is still open connections=1"), "{text}");
}

/// Readiness goes first, so that a load balancer can turn away before the door is shut.
#[test]
fn during_the_grace_time_the_server_is_not_ready_and_accepts() {
    let settings = [("ROPEWAY_SHUTDOWN_GRACE", "8s"), ("ROPEWAY_SHUTDOWN_SPREAD", "0s")];
    let server = Server::start_with("127.0.0.1:0", &settings);
    let early = Client::connect(&server, "/echo");
    assert_eq!(get(&server, "/readyz", None).status, 200);
    server.signal("TERM");
    while get(&server, "/readyz", None).status != 503 {}
    let mut late = Client::connect(&server, "/echo");
    late.send(Message::text("still here"));
    assert_eq!(late.next(), Message::text("still here"));
    for client in [early, late] {
        assert_eq!(client.until_close().map(|frame| frame.code), Some(CloseCode::Away));
    }
    assert_eq!(server.exit_status().code(), Some(0));
}

#[test]
fn a_restart_is_told_as_one_with_the_moment_to_come_back() {
    let settings = [("ROPEWAY_SHUTDOWN_CODE", "1012"), ("ROPEWAY_SHUTDOWN_RECONNECT_SPREAD", "1h")];
    let server = Server::start_with("127.0.0.1:0", &settings);
    let (mut client, _) = Client::in_room(&server, "demo:hint");
    server.signal("TERM");
    let after = client.next_of_type("reconnect")["after"].as_u64().unwrap();
    let close = client.until_close().unwrap();
    assert_eq!(close.code, CloseCode::Restart);
    assert_eq!(close.reason, format!("the server is shutting down; reconnect after {after} ms"));
    assert!(after < 3_600_000);
    assert_eq!(server.exit_status().code(), Some(0));
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let settings = [("ROPEWAY_SHUTDOWN_GRACE", "1h"), ("ROPEWAY_SHUTDOWN_TIMEOUT", "2h")];
    let server = Server::start_with("127.0.0.1:0", &settings);
    server.signal("TERM");
    while get(&server, "/readyz", None).status != 503 {}
    server.signal("TERM");
    assert_eq!(server.exit_status().code(), Some(128 + 15));
}

#[test]
fn the_api_drains_the_server_and_the_process_ends() {
    let server = Server::start();
    let client = Client::connect(&server, "/echo");
    let reader = std::thread::spawn(|| client.until_close());
    let lines = post(&server, "/api/drain", Some(API_KEY), &json!(null)).body;
    // Between the lines are the lengths of the chunks.
    let last = lines.lines().rfind(|line| line.starts_with('{')).unwrap();
    let last: serde_json::Value = serde_json::from_str(last).unwrap();
    assert_eq!(
        (&last["phase"], &last["connections"], &last["closed"]),
        (&json!("ended"), &json!(0), &json!(1))
    );
    assert_eq!(reader.join().unwrap().map(|frame| frame.code), Some(CloseCode::Away));
    assert_eq!(server.exit_status().code(), Some(0));
}

/// An orchestrator sends it after its own hook has asked for the drain.
#[test]
fn a_signal_joins_a_drain_and_a_second_one_is_still_heard() {
    let settings = [("ROPEWAY_SHUTDOWN_GRACE", "1h"), ("ROPEWAY_SHUTDOWN_TIMEOUT", "2h")];
    let server = Server::start_with("127.0.0.1:0", &settings);
    let mut request = TcpStream::connect(server.address()).unwrap();
    let head =
        format!("POST /api/drain HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {API_KEY}\r\n\r\n");
    request.write_all(head.as_bytes()).unwrap();
    while get(&server, "/api/drain", Some(API_KEY)).json()["phase"] != "leaving" {}
    // Of signals that wait together nobody knows which is handled first.
    server.signal("TERM");
    until(|| server.log().contains("another signal ends it at once"), "the signal is handled");
    assert_eq!(get(&server, "/readyz", None).status, 503, "it goes on");
    server.signal("INT");
    assert_eq!(server.exit_status().code(), Some(128 + 2));
}

#[test]
fn nobody_new_is_accepted_once_the_shutdown_began() {
    let server = Server::start();
    let address = server.address();
    let mut silent = Client::connect(&server, "/echo");
    server.signal("TERM");
    assert!(silent.next().is_close());
    assert!(Client::try_connect(address, "/echo").is_err());
}

#[test]
fn after_a_restart_the_same_address_serves_and_says_that_the_history_is_gone() {
    let server = Server::start();
    let address = server.address();
    let (client, joined) = Client::in_room(&server, "demo:restart");
    server.signal("TERM");
    client.until_close();
    assert_eq!(server.exit_status().code(), Some(0));

    let server = Server::start_with(&address.to_string(), &[]);
    let mut client = Client::connect(&server, "/ws");
    let since = json!({ "epoch": joined["epoch"], "offset": joined["offset"] });
    client.send_json(&json!({ "type": "join", "room": "demo:restart", "since": since }));
    let again = client.next_of_type("joined");
    assert_eq!(again["recovered"], false);
    assert_ne!(again["epoch"], joined["epoch"]);
}

#[test]
fn a_port_that_is_taken_is_explained() {
    let first = Server::start();
    let mut second =
        serve(&first.address().to_string()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    second.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    let status = second.wait().unwrap();
    assert_eq!(status.code(), Some(69), "{said}");
    assert!(said.contains(&first.address().to_string()) && said.contains("hint: "), "{said}");
}
