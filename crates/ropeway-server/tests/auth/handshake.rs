//! Credentials in the request, and refusals as a status or as a close.

use serde_json::{Value, json};
use tungstenite::Error;

use crate::client::{Client, closed, open, refused};
use crate::hook::server;
use crate::running::Running;

/// The status and the body of a refused handshake.
#[track_caller]
fn refusal(server: &Running, path: &str, headers: &[(&str, &str)]) -> (u16, Value) {
    match open(server, path, headers).map_err(|error| *error) {
        Err(Error::Http(response)) => {
            let body = response.body().as_deref().unwrap_or_default();
            (response.status().as_u16(), serde_json::from_slice(body).unwrap_or_default())
        }
        other => panic!("a refusal instead of {other:?}"),
    }
}

#[track_caller]
fn welcomed(server: &Running, path: &str, headers: &[(&str, &str)]) -> Client {
    let mut client = Client(open(server, path, headers).unwrap());
    assert_eq!(client.read()["type"], "welcome");
    client
}

#[test]
fn a_token_may_stand_in_the_header_the_query_and_the_subprotocols() {
    let server = server(&[]);
    welcomed(&server, "/ws", &[("authorization", "Bearer ada")]).nothing_more();
    welcomed(&server, "/ws?token=ada", &[]).nothing_more();
    welcomed(&server, "/ws", &[("sec-websocket-protocol", "ropeway.json, ropeway.token.ada")]).nothing_more();
    for headers in
        [("authorization", "Bearer x"), ("sec-websocket-protocol", "ropeway.json, ropeway.token.x")]
    {
        assert_eq!(refused(&server, "/ws", &[headers]), 401);
    }
    assert_eq!(refused(&server, "/ws?token=x", &[]), 401);
}

#[test]
fn a_token_is_only_looked_for_where_it_may_stand() {
    let places = [
        ("header", "", vec![("authorization", "Bearer ada")]),
        ("query", "token=ada", vec![]),
        ("subprotocol", "", vec![("sec-websocket-protocol", "ropeway.json, ropeway.token.ada")]),
    ];
    for (allowed, ..) in &places {
        let server = server(&[("auth.token_from", allowed)]);
        for (place, query, headers) in &places {
            for path in ["/ws?", "/socket.io/?EIO=4&transport=websocket&"] {
                // Elsewhere it is none at all, and nothing may come later.
                match open(&server, &format!("{path}{query}"), headers).map_err(|error| *error) {
                    Err(Error::Http(response)) => {
                        assert_eq!(response.status(), 401, "{path}");
                        assert_ne!(place, allowed, "{path}");
                    }
                    // Maybe without a subprotocol, which the client holds against the server.
                    _ => assert_eq!(place, allowed, "{path}"),
                }
            }
        }
    }
}

#[test]
fn the_subprotocol_with_the_token_is_never_selected() {
    let server = server(&[]);
    let offer = "ropeway.token.ada, ropeway.json";
    let uri = format!("ws://{}/ws", server.address).parse().unwrap();
    let request = tungstenite::ClientRequestBuilder::new(uri).with_header("sec-websocket-protocol", offer);
    let stream = std::net::TcpStream::connect(server.address).unwrap();
    let (_, response) = tungstenite::client(request, stream).unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "ropeway.json");
    assert!(!format!("{response:?}").contains("ada"));
}

#[test]
fn a_bad_token_is_not_passed_over_for_a_good_one() {
    let server = server(&[]);
    let both = [("authorization", "Bearer x")];
    assert_eq!(refused(&server, "/ws?token=ada", &both), 401);
    assert_eq!(refused(&server, "/ws?token=x&guest", &[]), 401, "nor for none");
}

#[test]
fn refusals_have_a_status_and_say_why() {
    let server = server(&[]);
    for (token, status, code, message) in [
        ("x", 401, "unauthorized", "no such token"),
        ("past", 401, "token_expired", "token expired"),
        ("bad%20name", 401, "unauthorized", "the user's name is not valid"),
        ("banned", 403, "forbidden", "banned"),
        ("elsewhere", 403, "forbidden", "the credentials do not allow this namespace"),
        ("down", 503, "unavailable", "the book of tokens is closed"),
    ] {
        let expected = json!({ "code": code, "message": message });
        assert_eq!(refusal(&server, &format!("/ws?token={token}"), &[]), (status, expected));
    }
}

#[test]
fn refusals_may_come_as_a_close_behind_a_handshake_that_succeeds() {
    let server = server(&[("auth.refusal", "close")]);
    for (token, close, reason, code) in [
        ("x", 4001, "unauthorized", "unauthorized"),
        ("past", 4001, "token expired", "token_expired"),
        ("banned", 4003, "forbidden", "forbidden"),
        ("down", 1013, "try again later", "unavailable"),
    ] {
        let mut client = Client(open(&server, &format!("/ws?token={token}"), &[]).unwrap());
        let error = client.read();
        assert_eq!(
            (&error["type"], &error["code"], &error["retry"]),
            (&json!("error"), &json!(code), &json!(close == 1013))
        );
        assert_eq!(closed(&mut client.0), (close, reason.to_owned()));
    }
}

#[test]
fn a_refused_client_is_not_listened_to() {
    let server = server(&[("auth.refusal", "close")]);
    let mut eve = Client(open(&server, "/ws?token=x", &[]).unwrap());
    eve.send(&json!({ "type": "auth", "token": "ada" }));
    assert_eq!(eve.read()["code"], "unauthorized");
    assert_eq!(eve.closed().0, 4001);
}

#[test]
fn foreign_pages_are_refused_before_anybody_is_asked() {
    let server = server(&[]);
    let foreign = [("origin", "https://evil.example")];
    assert_eq!(refused(&server, "/ws?token=never", &foreign), 403);
    assert_eq!(refused(&server, "/ws?token=ada", &foreign), 403);
}

#[test]
fn an_echo_asks_nobody() {
    let server = server(&[("server.echo", "true")]);
    assert!(open(&server, "/echo", &[]).is_ok());
}
