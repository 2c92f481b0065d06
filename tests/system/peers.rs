//! Programs of other people against `/echo` and `/ws`.
//!
//! Each script in tests/peers gets the address of a server and says with its exit status whether all went well.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::json;

use crate::client::Client;
use crate::server::{API_KEY, Server};

/// Runs a command to its end, which must be a good one, and returns what it printed.
fn succeed(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}: {status}\n{out}\n{err}");
    out.into_owned()
}

fn script(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "tests", "peers", name].iter().collect()
}

#[test]
#[ignore = "needs the npm package ws, which `cargo xtask test` installs"]
fn npm_ws_echoes_and_talks_in_a_room() {
    let server = Server::start();
    succeed(Command::new("node").arg(script("ws.mjs")).arg(server.ws("")));
}

#[test]
#[ignore = "needs the Python package websockets, which `cargo xtask test` installs"]
fn python_websockets_echoes_and_talks_in_a_room() {
    let server = Server::start();
    let python = std::env::var_os("PYTHON").expect("PYTHON names the interpreter that has websockets");
    succeed(Command::new(python).arg(script("websockets_peer.py")).arg(server.ws("")));
}

/// curl with headers and body in its output.
fn curl(arguments: &[&str]) -> String {
    let options = ["--silent", "--show-error", "--include", "--max-time", "20"];
    succeed(Command::new("curl").args(options).args(arguments))
}

#[test]
#[ignore = "needs curl, which `cargo xtask test` installs"]
fn curl_publishes_into_a_room() {
    let server = Server::start();
    let (mut ada, _) = Client::in_room(&server, "demo:curl");
    let said = curl(&[
        &format!("http://{}/api/publish", server.address()),
        "--header",
        &format!("Authorization: Bearer {API_KEY}"),
        "--json",
        r#"{"room":"demo:curl","event":"news","data":{"from":"curl"}}"#,
    ]);
    assert!(said.starts_with("HTTP/1.1 200 "), "{said}");
    assert_eq!(ada.next_of_type("event")["data"], json!({ "from": "curl" }));
}

/// The key and the answer to it are the example of RFC 6455 section 1.3.
#[test]
#[ignore = "needs curl, which `cargo xtask test` installs"]
fn curl_upgrades_by_hand() {
    let server = Server::start();
    let headers =
        ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
    // Once it is upgraded nothing ends the connection but the time.
    let upgrade = |version: &str, output: &mut Command| {
        for header in headers {
            output.args(["--header", header]);
        }
        output.args(["--silent", "--include", "--max-time", "8", "--header", version]);
        let output = output.arg(format!("http://{}/echo", server.address())).output().unwrap();
        String::from_utf8_lossy(&output.stdout).to_lowercase()
    };
    let accepted = upgrade("Sec-WebSocket-Version: 13", &mut Command::new("curl"));
    assert!(accepted.starts_with("http/1.1 101 "), "{accepted}");
    assert!(accepted.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{accepted}");
    let refused = upgrade("Sec-WebSocket-Version: 8", &mut Command::new("curl"));
    assert!(
        refused.starts_with("http/1.1 426 ") && refused.contains("sec-websocket-version: 13"),
        "{refused}"
    );
}

#[test]
#[ignore = "needs curl, which `cargo xtask test` installs"]
fn curl_without_an_upgrade_is_told_what_to_do() {
    let server = Server::start();
    let said = curl(&[&format!("http://{}/ws", server.address())]);
    assert!(said.starts_with("HTTP/1.1 400 ") || said.starts_with("HTTP/1.1 426 "), "{said}");
}
