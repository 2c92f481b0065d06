//! The server of the npm package `ws`.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::run::run;
use super::screen::Screen;

/// `tests/peers/ws_server.mjs`, killed when dropped.
struct NpmServer {
    child: Child,
    url: String,
}

impl NpmServer {
    fn start() -> Self {
        let script: PathBuf =
            [env!("CARGO_MANIFEST_DIR"), "..", "..", "tests", "peers", "ws_server.mjs"].iter().collect();
        let mut child = Command::new("node").arg(script).stdout(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }
}

impl Drop for NpmServer {
    fn drop(&mut self) {
        // Both fail only for a child that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "needs the npm package ws, which `cargo xtask test` installs"]
fn npm_ws_is_talked_with() {
    let server = NpmServer::start();
    let done =
        run(&[&server.url, "--compress", "--subprotocol", "chat", "--jsonl"], "Hello, world! ".repeat(50));
    done.succeeded();
    let open = &done.events("open")[0];
    assert_eq!(open["subprotocol"], "chat");
    assert!(open["extensions"].as_str().unwrap().contains("permessage-deflate"), "{open}");
    let messages = done.events("message");
    assert!(
        messages[1]["size"] == 700 && messages[1]["wire_size"].as_u64().unwrap() < 100,
        "{}",
        messages[1]
    );
    let binary = run(&[&server.url, "--binary", "--input", "whole"], [0, 1, 254, 255]);
    assert_eq!(binary.succeeded(), "0001feff\n");
}

#[test]
#[ignore = "needs the npm package ws, which `cargo xtask test` installs"]
fn npm_ws_ends_in_its_ways() {
    let server = NpmServer::start();
    run(&[&server.url, "--keep-open"], "close 1000 bye\n").succeeded();
    run(&[&server.url, "--keep-open"], "close 1011 oh no\n").failed(74, "1011 (internal error): oh no");
    run(&[&server.url, "--keep-open"], "terminate\n").failed(74, "without a close frame");
    let refused = server.url.clone() + "refuse";
    let done = run(&[&refused], "");
    done.failed(77, "error: the server refused with 401 Unauthorized");
    done.failed(77, "hint: `--auth USER:PASSWORD` or `--token TOKEN` says who you are");
    run(&[&server.url, "--ping-interval", "20ms", "--jsonl", "--expect", "^done$"], "wait\n").succeeded();
}

/// The npm `socket.io` server of tests/socketio-conformance, killed when dropped.
fn npm_socketio() -> NpmServer {
    let script: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "..", "..", "tests", "peers", "socketio_reference.mjs"].iter().collect();
    let mut command = Command::new("node");
    // It serves to the end of its input.
    let mut child = command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.split_whitespace().find_map(|profile| profile.strip_prefix("short=")).unwrap();
    NpmServer { child, url: url.to_owned() }
}

#[test]
#[ignore = "needs the npm package socket.io, which `cargo xtask test` installs"]
fn npm_socket_io_is_talked_with() {
    let server = npm_socketio();
    let (url, auth) = (&server.url, ["--auth-payload", r#"{"token":"secret"}"#]);
    let arguments = [&[url, "--socketio", "--namespace", "/guarded"], &auth[..]].concat();
    let done = run(&arguments, "message-with-ack 1 \"two\" {\"z\":3,\"a\":4}\n");
    assert_eq!(done.succeeded(), "[\"auth\",{\"token\":\"secret\"}]\n[1,\"two\",{\"z\":3,\"a\":4}]\n");
    let done = run(&[url, "--socketio", "--namespace", "/guarded"], "");
    done.failed(77, r#"{"message":"Not authorized","data":{"reason":"token"}}"#);
    // Longer than the ping interval and its timeout: heartbeats are answered.
    let done = run(&[url, "--socketio", "--keep-open=5s", "--jsonl"], "");
    done.succeeded();
    assert_eq!(done.events("close")[0]["by"], "us");
}

#[test]
#[ignore = "needs the npm package socket.io, which `cargo xtask test` installs"]
fn events_of_npm_socket_io_are_answered() {
    let server = npm_socketio();
    let mut screen = Screen::start(&[&server.url, "--socketio", "--no-history"], &[("NO_COLOR", "1")]);
    screen.wait_for("[\"auth\", {}]");
    screen.enter("/fire ask 7");
    screen.wait_for("/ #0  [\"question\", 7]");
    screen.enter("/ack #0 \"yes\" 42");
    screen.wait_for(r#"["answered", "yes", 42]"#);
    screen.enter("/close");
    assert_eq!(screen.end(), 0);
}
