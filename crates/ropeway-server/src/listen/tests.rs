//! How long a connection is waited for.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{advance, pause, resume, sleep, timeout};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::Server;
use crate::config::Sources;

/// Proxies: the client of the tests, and one that never comes.
const THIS: &str = "127.0.0.1";
const ANOTHER: &str = "192.0.2.9";

const HEADER: &[u8] = b"PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\n";
const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// A server on the thread of the test, which trusts a proxy and waits for ten minutes.
async fn server(trusted: &str) -> SocketAddr {
    let sources =
        Sources::new().file("test", "[server]\nlisten = '127.0.0.1:0'\nhandshake_timeout = '10m'\n");
    let sources = sources.flag("-", "proxy.trusted", trusted).flag("-", "proxy.protocol", "required");
    let server = Server::bind(sources.load().unwrap()).await.unwrap();
    let address = server.local_addr();
    tokio::spawn(server.run(pending()));
    address
}

async fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// The clock leaps; what has come until then is read before.
async fn minutes(minutes: u64) {
    // On a loaded machine a single wake-up may bring the timer before what has come.
    for _ in 0..10 {
        sleep(Duration::from_millis(5)).await;
    }
    pause();
    advance(Duration::from_secs(60 * minutes)).await;
    resume();
}

/// The connection ends now, and not minutes later.
async fn assert_ends(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    let end = timeout(Duration::from_secs(30), stream.read_to_end(&mut rest)).await;
    assert!(end.is_ok(), "the connection is still open");
}

async fn assert_answers(stream: &mut TcpStream) {
    stream.write_all(REQUEST).await.unwrap();
    let mut answer = [0; 1024];
    let len = stream.read(&mut answer).await.unwrap();
    assert!(answer[..len].starts_with(b"HTTP/1.1 200"), "{}", answer[..len].escape_ascii());
}

#[tokio::test]
async fn the_proxy_header_and_the_first_request_have_one_deadline() {
    let address = server(THIS).await;
    let large = [&REQUEST[..REQUEST.len() - 2], b"x: ", &[b'y'; 8192]].concat();
    for head in [&REQUEST[..9], &large] {
        let mut stream = connect(address).await;
        minutes(6).await;
        stream.write_all(HEADER).await.unwrap();
        stream.write_all(head).await.unwrap();
        minutes(6).await;
        assert_ends(&mut stream).await;
    }
}

#[tokio::test]
async fn there_is_time_until_the_deadline() {
    let mut stream = connect(server(THIS).await).await;
    minutes(4).await;
    stream.write_all(HEADER).await.unwrap();
    minutes(4).await;
    assert_answers(&mut stream).await;
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    for trusted in [THIS, ANOTHER] {
        let mut stream = connect(server(trusted).await).await;
        minutes(11).await;
        assert_ends(&mut stream).await;
    }
}

#[tokio::test]
async fn each_later_request_has_a_time_of_its_own() {
    let mut stream = connect(server(ANOTHER).await).await;
    for _ in 0..3 {
        minutes(8).await;
        assert_answers(&mut stream).await;
    }
    minutes(11).await;
    assert_ends(&mut stream).await;
}

#[tokio::test]
async fn a_request_may_come_in_pieces() {
    let mut stream = connect(server(ANOTHER).await).await;
    for byte in REQUEST {
        stream.write_all(&[*byte]).await.unwrap();
        sleep(Duration::from_millis(1)).await;
    }
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[tokio::test]
async fn a_flood_without_proxy_headers_does_not_fill_the_log() {
    let warnings = Arc::new(AtomicUsize::new(0));
    let _log = tracing::subscriber::set_default(Warnings(warnings.clone()));
    let address = server(THIS).await;
    for _ in 0..20 {
        let mut stream = connect(address).await;
        stream.write_all(REQUEST).await.unwrap();
        assert_ends(&mut stream).await;
    }
    // One in ten seconds, and a loaded machine may take some.
    assert!((1..10).contains(&warnings.load(Ordering::Relaxed)));
}

/// Counts them.
struct Warnings(Arc<AtomicUsize>);

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
