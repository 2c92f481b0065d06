//! One HTTP request on a connection of its own.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::server::{SOON, Server};

/// The status and the body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.body))
    }
}

/// `GET`, with a key for the API when one is given.
pub(crate) fn get(server: &Server, path: &str, key: Option<&str>) -> Answer {
    request(server, "GET", path, key, "")
}

/// `POST` of a JSON body.
pub(crate) fn post(server: &Server, path: &str, key: Option<&str>, body: &Value) -> Answer {
    request(server, "POST", path, key, &body.to_string())
}

fn request(server: &Server, method: &str, path: &str, key: Option<&str>, body: &str) -> Answer {
    let key = key.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{key}\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        server.address(),
        body.len()
    );
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.write_all((head + body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    parse(&answer)
}

fn parse(answer: &str) -> Answer {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no HTTP: {answer:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
    Answer { status, body: body.to_owned() }
}
