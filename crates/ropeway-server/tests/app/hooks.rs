//! Hooks into the server around the application.

use std::time::Duration;

use http::HeaderValue;
use ropeway_server::app::App;

use crate::client::Client;
use crate::operators::request;
use crate::running::{Running, telling};

const OPEN: &str = "/socket.io/?EIO=4&transport=polling";

#[test]
fn requests_are_allowed_or_not() {
    let app = App::new();
    app.namespace("/");
    app.allow_request(async |handshake| {
        tokio::time::sleep(Duration::from_millis(5)).await;
        if handshake.query("colour").as_deref() == Some("red") { Ok(()) } else { Err("only red".to_owned()) }
    });
    let server = Running::start(app);
    let (status, _, body) = request(&server, "GET", OPEN, "");
    assert_eq!((status, body.as_str()), (403, r#"{"code":4,"message":"only red"}"#));
    let (status, _, body) = request(&server, "GET", &format!("{OPEN}&colour=red"), "");
    assert!(status == 200 && body.starts_with("0{"), "{body}");
    // It says that it is red.
    Client::connect(&server, "/");
}

#[test]
fn headers_are_added() {
    let app = App::new();
    app.namespace("/");
    app.initial_headers(|headers, handshake| {
        let url = HeaderValue::from_str(handshake.url()).unwrap();
        headers.insert("x-first", url);
    });
    app.headers(|headers| {
        headers.insert("x-every", HeaderValue::from_static("yes"));
    });
    let server = Running::start(app);
    let (_, head, body) = request(&server, "GET", OPEN, "");
    assert!(head.contains(&format!("x-first: {OPEN}\r\n")) && head.contains("x-every: yes"), "{head}");
    let sid = body.split('"').nth(3).unwrap();
    let (status, head, _) = request(&server, "POST", &format!("{OPEN}&sid={sid}"), "40");
    assert_eq!(status, 200);
    assert!(!head.contains("x-first") && head.contains("x-every: yes"), "{head}");
}

#[test]
fn refused_requests_are_told() {
    let (sender, told) = telling();
    let app = App::new();
    app.on_connection_error(move |error| {
        let _ = sender.send((error.code, error.message.clone()));
    });
    let server = Running::start(app);
    request(&server, "GET", "/socket.io/?EIO=4&transport=polling&sid=unknown", "");
    assert_eq!(told.next(), (1, "Session ID unknown".to_owned()));
    request(&server, "GET", "/socket.io/?EIO=4&transport=pigeon", "");
    assert_eq!(told.next(), (0, "Transport unknown".to_owned()));
}
