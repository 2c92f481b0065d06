//! Connections of one address and one subnet without end, and a server that is full.

use crate::attack::{Attack, Target};
use crate::http::{Connection, Response, request};
use crate::websocket::{UPGRADE, WebSocket};

/// A WebSocket from 127.0.0.`host`, or what was said instead; nothing where the connection is dropped unseen.
async fn open(target: &Target<'_>, host: u8) -> Result<WebSocket, Option<Response>> {
    let Ok(stream) = target.stream(host).await else { return Err(None) };
    let mut connection = Connection::over(stream);
    connection.send(request("GET", "/ws", UPGRADE, b"")).await;
    match connection.try_response().await {
        Some(response) if response.status == 101 => Ok(WebSocket::over(connection)),
        other => Err(other),
    }
}

/// As many as get in from these hosts in turn; all others must be refused with this status.
async fn crowd(target: &Target<'_>, hosts: &[u8], times: usize, status: u16) -> Vec<WebSocket> {
    let mut held = Vec::new();
    for number in 0..times {
        match open(target, hosts[number % hosts.len()]).await {
            Ok(socket) => held.push(socket),
            Err(refusal) => assert_eq!(refusal.map(|response| response.status), Some(status)),
        }
    }
    target.serves_others().await;
    held
}

#[test]
fn one_address_has_its_number_of_connections() {
    let attack = Attack::new("address_crowd").strict().set("limits.connections_per_address", "50");
    attack.set("limits.arrivals_per_address", "off").lines(4000).run(async |target| {
        assert_eq!(crowd(target, &[2], 500, 429).await.len(), 50);
        // Places are free again, and another address has its own.
        assert_eq!(crowd(target, &[3], 60, 429).await.len(), 50);
    });
}

#[test]
fn one_subnet_has_its_number_of_connections() {
    let attack = Attack::new("subnet_crowd")
        .strict()
        .set("limits.connections_per_subnet", "80")
        .set("limits.connections_per_address", "80");
    attack.set("limits.arrivals_per_address", "off").lines(4000).run(async |target| {
        assert_eq!(crowd(target, &[2, 3, 4, 5, 6, 7, 8, 9], 500, 429).await.len(), 80);
    });
}

/// Five seconds' worth may come at once; what comes then is dropped before a byte of it is read.
#[test]
fn arrivals_without_end_are_dropped_unseen() {
    let attack = Attack::new("arrivals").strict().set("limits.arrivals_per_address", "2");
    attack.lines(4000).run(async |target| {
        let (mut served, mut dropped) = (0, 0);
        for _ in 0..500 {
            let mut connection = target.connect().await;
            connection.send(request("GET", "/healthz", &[], b"")).await;
            match connection.try_response().await {
                Some(response) => served += usize::from(response.status == 200),
                None => dropped += 1,
            }
        }
        assert!(served >= 10 && dropped > 300, "{served} were served and {dropped} dropped");
        target.serves_others().await;
    });
}

/// Half requests of one address do not fill what all have together.
#[test]
fn one_address_has_its_number_of_half_requests() {
    let attack = Attack::new("half_request_crowd").strict().set("limits.http_connections_per_address", "20");
    attack.set("limits.arrivals_per_address", "off").lines(4000).run(async |target| {
        let mut held = Vec::new();
        for _ in 0..20 {
            let mut connection = target.connect().await;
            connection.send("GET /ws HTTP/1.1\r\nHost: a\r\n").await;
            held.push(connection);
        }
        let mut dropped = 0;
        for _ in 0..100 {
            let mut connection = target.connect().await;
            connection.send(request("GET", "/healthz", &[], b"")).await;
            dropped += usize::from(connection.try_response().await.is_none());
        }
        assert!(dropped > 0, "every request was served");
        target.serves_others().await;
    });
}

/// Those who are refused leave no warning each: the log at its default level stays small.
#[test]
fn a_full_server_refuses_and_lives() {
    let attack = Attack::new("full").set("server.max_connections", "100").lines(6000);
    attack.run(async |target| {
        // The members have four of them.
        let held = crowd(target, &[2, 3, 4, 5], 400, 503).await;
        assert_eq!(held.len(), 96);
        for _ in 0..200 {
            let mut connection = target.connect().await;
            connection.send(request("GET", "/socket.io/?EIO=4&transport=polling", &[], b"")).await;
            assert_eq!(connection.response().await.status, 503);
        }
    });
}
