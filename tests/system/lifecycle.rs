//! Start, shutdown with open connections, restart.

use std::io::Read;
use std::time::{Duration, Instant};

use serde_json::json;
use tungstenite::protocol::frame::coding::CloseCode;

use crate::client::Client;
use crate::server::{Server, serve};

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
    let server = Server::start();
    let start = Instant::now();
    server.signal("TERM");
    assert_eq!(server.exit_status().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_peer_that_never_answers_the_close_is_dropped_at_the_deadline() {
    let server = Server::start_with("127.0.0.1:0", &[("ROPEWAY_SHUTDOWN_TIMEOUT", "1s")]);
    let mut silent = Client::connect(&server, "/echo");
    let start = Instant::now();
    server.signal("TERM");
    assert_eq!(server.exit_status().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(silent.next().is_close());
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
