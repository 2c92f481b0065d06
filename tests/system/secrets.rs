//! The log tells no secrets, not even at its most talkative.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Child;

use crate::log::Log;
use crate::server::{API_KEY, SOON, serve};

/// Every secret of this test has it in it.
const MARK: &str = "SECRET";

struct Talkative {
    child: Child,
    log: Log,
    address: SocketAddr,
}

impl Talkative {
    fn start() -> Self {
        let mut command = serve("127.0.0.1:0");
        let log = Log::create("system", "secrets");
        command.args(["--log", "trace"]).stdout(log.writer()).stderr(log.writer());
        let mut child = command.spawn().unwrap();
        let address = log.announced_address(&mut child);
        Self { child, log, address }
    }

    /// Sends bytes on a connection of their own and reads what comes, up to the end or to an answer.
    fn send(&self, bytes: &str) -> (TcpStream, String) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        let mut answer = [0; 4096];
        let len = stream.read(&mut answer).unwrap();
        (stream, String::from_utf8_lossy(&answer[..len]).into_owned())
    }

    /// Everything that it has said.
    fn end(mut self) -> Log {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.log
    }
}

const HEADERS: &str =
    "host: localhost\r\nauthorization: Bearer SECRET-header\r\ncookie: sid=SECRET-cookie\r\n";

const UPGRADE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
     sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: ropeway.json, ropeway.token.SECRET-sub\r\n";

const QUERY: &str = "token=SECRET-token&ticket=SECRET-ticket&access_token=SECRET-access";

/// A text message of a client, masked with zeros.
fn message(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
    frame.extend_from_slice(text.as_bytes());
    frame
}

#[test]
fn no_secret_is_logged_or_sent_back() {
    let server = Talkative::start();
    for path in [
        "/nothing",
        "/ws",
        "/api/status",
        "/api/publish",
        "/echo",
        "/",
        "/socket.io/?EIO=4&transport=polling&",
        "/socket.io/",
    ] {
        let separator = if path.contains('?') { "" } else { "?" };
        let (_, answer) = server.send(&format!("GET {path}{separator}{QUERY} HTTP/1.1\r\n{HEADERS}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 ") && !answer.contains(MARK), "{path}: {answer}");
    }
    let (_, answer) =
        server.send(&format!("GET /ws?{QUERY} HTTP/1.1\r\nhost: x\r\nbad header: SECRET-bad\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 400") && !answer.contains(MARK), "{answer}");

    let (mut native, answer) = server.send(&format!("GET /ws?{QUERY} HTTP/1.1\r\n{HEADERS}{UPGRADE}\r\n"));
    assert!(answer.starts_with("HTTP/1.1 101") && !answer.contains(MARK), "{answer}");
    for text in [r#"{"type":"auth","token":"SECRET-message"}"#, r#"{"type":"auth","token":"SECRET-broken"#] {
        native.write_all(&message(text)).unwrap();
    }
    let path = format!("/socket.io/?EIO=4&transport=websocket&{QUERY}");
    let (mut socketio, answer) = server.send(&format!("GET {path} HTTP/1.1\r\n{HEADERS}{UPGRADE}\r\n"));
    assert!(answer.starts_with("HTTP/1.1 101") && !answer.contains(MARK), "{answer}");
    for text in [r#"40{"token":"SECRET-auth"}"#, r#"42/no?token=SECRET-namespace,["e"]"#] {
        socketio.write_all(&message(text)).unwrap();
    }
    // The end of the connection: the last packet is for no namespace that it is in, and that is logged.
    let _ = socketio.read_to_end(&mut Vec::new());

    let kept = server.end();
    let log = kept.text();
    assert!(
        log.contains("a packet that cannot come now ends a connection"),
        "the log of this is at work: {log}"
    );
    for what in [
        "header",
        "cookie",
        "sub",
        "token",
        "ticket",
        "access",
        "bad",
        "message",
        "broken",
        "auth",
        "namespace",
    ] {
        kept.secret(&format!("{MARK}-{what}"));
    }
    kept.secret(API_KEY);
    for secret in [MARK, API_KEY, "dGhlIHNhbXBsZSBub25jZQ"] {
        let told: Vec<&str> = log.lines().filter(|line| line.contains(secret)).collect();
        assert!(told.is_empty(), "{told:#?}");
    }
}
