//! Random bytes on the port, and in each part of a request for each endpoint.

use rand::Rng;
use rand::rngs::StdRng;
use tokio::io::AsyncWriteExt;

use crate::attack::{Attack, Target};
use crate::wire::{random, random_bytes, until_end};

const ENDPOINTS: [&str; 9] = [
    "/ws",
    "/echo",
    "/api/publish",
    "/api/status",
    "/socket.io/",
    "/healthz",
    "/readyz",
    "/ropeway.js",
    "/chat/x",
];
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "OPTIONS", "HEAD", "CONNECT", "BREW"];

/// What is no HTTP is a bad request, and the end of the connection, without the client ending it. HTTP/2 without TLS is
/// not answered in HTTP/1, which its clients do not read.
#[test]
fn random_bytes_on_the_port_are_refused() {
    Attack::new("garbage_port").lines(5000).run(async |target| {
        let mut random = random();
        // Of other protocols: TLS, SSH, SOCKS, Redis; and HTTP/2.
        let openings: [(&[u8], &str); 6] = [
            (b"", "HTTP/1.1 400 "),
            (b"\x16\x03\x01\x02\x00\x01", "HTTP/1.1 400 "),
            (b"SSH-2.0-x\r\n", "HTTP/1.1 400 "),
            (b"\x05\x01\x00", "HTTP/1.1 400 "),
            (b"*1\r\n$4\r\nPING\r\n", "HTTP/1.1 400 "),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""),
        ];
        for number in 0..600 {
            let (opening, answer) = openings[number % openings.len()];
            let said = said_to(target, &[opening, &random_bytes(&mut random, 4000)].concat()).await;
            assert!(said.starts_with(answer) && said.is_empty() == answer.is_empty(), "{opening:?}: {said}");
        }
    });
}

/// Where the head is one, its endpoint judges it: what it does not serve is refused with the status for that.
#[test]
fn random_requests_to_every_endpoint_are_refused() {
    Attack::new("garbage_requests").lines(30_000).run(async |target| {
        let mut random = random();
        for number in 0..900 {
            let (path, method) =
                (ENDPOINTS[number % ENDPOINTS.len()], METHODS[random.random_range(0..METHODS.len())]);
            let request = request(&mut random, method, path);
            let said = said_to(target, &request).await;
            let expected = format!("HTTP/1.1 {} ", expected(method, path));
            assert!(said.starts_with(&expected), "{}: {said}", String::from_utf8_lossy(&request));
        }
    });
}

/// A name of a header that is none makes the whole request a bad one.
#[test]
fn heads_with_random_names_are_refused() {
    Attack::new("garbage_heads").lines(5000).run(async |target| {
        let mut random = random();
        for number in 0..600 {
            let path = ENDPOINTS[number % ENDPOINTS.len()];
            let name = random_bytes(&mut random, 30);
            let head =
                [b"GET ", path.as_bytes(), b" HTTP/1.1\r\nHost: localhost\r\n\x00", &name, b": x\r\n\r\n"];
            let said = said_to(target, &head.concat()).await;
            assert!(said.starts_with("HTTP/1.1 400 "), "{name:?}: {said}");
        }
    });
}

/// The answer to a request that nobody should believe, up to the end of the connection.
async fn said_to(target: &Target<'_>, bytes: &[u8]) -> String {
    let mut stream = target.stream(2).await.unwrap();
    // The server may have ended the connection already.
    let _ = stream.write_all(bytes).await;
    String::from_utf8_lossy(&until_end(&mut stream).await).into_owned()
}

/// A well-formed request whose every part is random.
fn request(random: &mut StdRng, method: &str, path: &str) -> Vec<u8> {
    let mut printable = |most: usize| -> String {
        (0..random.random_range(0..most)).map(|_| char::from(random.random_range(b'!'..=b'~'))).collect()
    };
    // Those that no target has (RFC 3986 section 3.4) would make the request a bad one as a whole.
    let query = printable(100).replace(['"', '#', '<', '>'], "%");
    let value = printable(200);
    let (name, body) = (token(random), random_bytes(random, 2000));
    let head = format!(
        "{method} {path}?EIO=4&transport=polling&{query} HTTP/1.1\r\nHost: {value}\r\nX-{name}: {value}\r\n\
         Upgrade: {value}\r\nConnection: Upgrade, close\r\nSec-WebSocket-Key: {value}\r\nAuthorization: {value}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), &body].concat()
}

/// RFC 9110 section 5.6.2.
fn token(random: &mut StdRng) -> String {
    const MARKS: &[u8] = b"!#$%&'*+-.^_`|~aZ09";
    (0..random.random_range(0..20)).map(|_| char::from(MARKS[random.random_range(0..MARKS.len())])).collect()
}

fn expected(method: &str, path: &str) -> u16 {
    match (method, path) {
        (_, "/socket.io/") | ("GET", "/ws" | "/echo") => 400,
        (_, "/chat/x") => 404,
        ("GET" | "HEAD", "/api/status") | ("POST", "/api/publish") => 401,
        ("GET" | "HEAD", "/healthz" | "/readyz" | "/ropeway.js") => 200,
        _ => 405,
    }
}
