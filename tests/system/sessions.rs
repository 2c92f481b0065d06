//! Cookie sessions in a real Redis.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use tungstenite::{ClientRequestBuilder, Message};

use crate::server::{SOON, Server};

/// The id of her session.
const ADA: &str = "session-of-ada";

/// A `redis-server` that keeps nothing on the disk, killed when dropped.
struct Redis {
    child: Child,
    address: SocketAddr,
}

impl Redis {
    /// On a port that was free a moment ago; when somebody took it since, on another.
    fn start() -> Self {
        let start = || {
            let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            Self::start_on(free)
        };
        (0..5).find_map(|_| start()).unwrap()
    }

    /// Waits until it answers; nothing when it ends instead.
    fn start_on(address: SocketAddr) -> Option<Self> {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &address.port().to_string()]);
        command.args(["--save", "", "--appendonly", "no"]).stdin(Stdio::null()).stdout(Stdio::null());
        let mut redis = Self { child: command.spawn().unwrap(), address };
        let deadline = Instant::now() + SOON;
        while Instant::now() < deadline && redis.child.try_wait().unwrap().is_none() {
            if redis.ask(&["PING"]).as_deref() == Some("+PONG\r\n") {
                return Some(redis);
            }
            thread::sleep(Duration::from_millis(20));
        }
        None
    }

    /// The answer to a command, which has to be a short one.
    fn ask(&self, words: &[&str]) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        stream.set_read_timeout(Some(SOON)).unwrap();
        let command: String = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
        stream.write_all(format!("*{}\r\n{command}", words.len()).as_bytes()).ok()?;
        let mut answer = [0; 64];
        let len = stream.read(&mut answer).ok()?;
        Some(String::from_utf8_lossy(&answer[..len]).into_owned())
    }

    fn set(&self, key: &str, value: &str) {
        assert_eq!(self.ask(&["SET", key, value]).as_deref(), Some("+OK\r\n"));
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // Both fail only for a child that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn server(redis: &Redis, settings: &[(&str, &str)]) -> Server {
    let store = format!("redis://{}/", redis.address);
    let common = [
        ("ROPEWAY_SESSIONS_COOKIE", "sid"),
        ("ROPEWAY_SESSIONS_STORE", &store),
        ("ROPEWAY_SESSIONS_TIMEOUT", "10s"),
    ];
    Server::start_with("127.0.0.1:0", &[&common, settings].concat())
}

/// The user of a client with this cookie, or the status with which it is refused.
fn come(server: &Server, cookie: &str) -> Result<String, u16> {
    server.secret(cookie);
    let uri = server.ws("/ws").parse().unwrap();
    let request = ClientRequestBuilder::new(uri).with_header("cookie", format!("sid={cookie}"));
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let mut socket = match tungstenite::client(request, stream) {
        Ok((socket, _)) => socket,
        Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(refusal))) => {
            return Err(refusal.status().as_u16());
        }
        Err(error) => panic!("{error}"),
    };
    let join = json!({ "type": "join", "room": "demo:a" });
    socket.send(Message::text(join.to_string())).unwrap();
    let publish = json!({ "type": "publish", "room": "demo:a", "event": "e", "data": 1 });
    socket.send(Message::text(publish.to_string())).unwrap();
    loop {
        let message = socket.read().unwrap();
        let Ok(message) = serde_json::from_str::<serde_json::Value>(message.to_text().unwrap()) else {
            continue;
        };
        assert_ne!(message["type"], "error", "{message}");
        if message["type"] == "event" {
            return Ok(message["from"]["user"].as_str().unwrap_or_default().to_owned());
        }
    }
}

#[test]
#[ignore = "needs redis-server, which `cargo xtask test` installs"]
fn a_session_says_who_comes() {
    let redis = Redis::start();
    redis.set(&format!("session:{ADA}"), r#"{"user":"ada"}"#);
    redis.set("session:one-that-is-a-list", "[]");
    redis.set("session:one-that-is-long", &format!(r#"{{"user":"ada"}}{}"#, " ".repeat(65 * 1024)));
    let server = server(&redis, &[]);
    assert_eq!(come(&server, ADA), Ok("ada".to_owned()));
    assert_eq!(come(&server, "another-session"), Err(401));
    assert_eq!(come(&server, "one-that-is-a-list"), Err(503), "it is no record");
    assert_eq!(come(&server, "one-that-is-long"), Err(503), "it is too long");
}

/// As connect-redis keeps them, in cookies as express-session signs them: the signature is that of Node.js,
/// `createHmac("sha256", "keyboard cat").update(ADA).digest("base64")` without its padding.
#[test]
#[ignore = "needs redis-server, which `cargo xtask test` installs"]
fn sessions_of_express_are_understood() {
    let redis = Redis::start();
    redis.set(&format!("sess:{ADA}"), r#"{"cookie":{"path":"/"},"passport":{"user":"ada"}}"#);
    redis.set("sess:one-of-nobody", r#"{"cookie":{"path":"/"}}"#);
    let settings = [
        ("ROPEWAY_SESSIONS_REDIS_KEY", "sess:{id}"),
        ("ROPEWAY_SESSIONS_USER_PATH", "/passport/user"),
        ("ROPEWAY_SESSIONS_SECRET", "keyboard cat"),
    ];
    let signed = server(&redis, &settings);
    assert_eq!(
        come(&signed, "s%3Asession-of-ada.m2%2F1GaYw1uhzZEBjqWOD1fi2N9RRDLvXo0bYKgGZ1PA"),
        Ok("ada".to_owned())
    );
    assert_eq!(
        come(&signed, "s%3Asession-of-ada.jDlDEyQEudkqUhH99kNQqAP1sK5KarIjz9HUWcbfKoQ"),
        Err(401),
        "another id's"
    );
    assert_eq!(come(&signed, ADA), Err(401), "not signed");
    let unsigned = server(&redis, &settings[..2]);
    assert_eq!(come(&unsigned, ADA), Ok("ada".to_owned()));
    assert_eq!(come(&unsigned, "one-of-nobody"), Err(401), "nobody is logged in");
}

#[test]
#[ignore = "needs redis-server, which `cargo xtask test` installs"]
fn nobody_comes_in_while_redis_is_down_and_all_do_when_it_is_back() {
    let redis = Redis::start();
    redis.set(&format!("session:{ADA}"), r#"{"user":"ada"}"#);
    let server = server(&redis, &[]);
    assert_eq!(come(&server, ADA), Ok("ada".to_owned()));
    let address = redis.address;
    drop(redis);
    assert_eq!(come(&server, ADA), Err(503));
    let redis = Redis::start_on(address).unwrap();
    redis.set(&format!("session:{ADA}"), r#"{"user":"bob"}"#);
    assert_eq!(come(&server, ADA), Ok("bob".to_owned()));
}
