//! What is agreed on, what is refused, and how long it may take.

use std::sync::Arc;
use std::time::Duration;

use ropeway_server::config::TlsVersion;
use rustls::ProtocolVersion;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{advance, pause, resume, sleep, timeout};
use tokio_rustls::TlsConnector;

use crate::set_up::{Authority, Running, echoes};

const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn websockets_and_requests_come_over_tls() {
    let authority = Authority::new();
    let server = Running::new(&authority, |_, _| {}).await;
    let client = authority.client(None);
    echoes(&mut server.open("/echo", &client).await).await;
    let (answer, _) = server.request(&client).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains("strict-transport-security"), "{answer}");
}

/// All that is answered on a plain connection.
async fn plain(server: &Running) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// In the clear it must not be said (RFC 6797 section 7.2).
#[tokio::test]
async fn strict_transport_security_is_said_where_configured() {
    let authority = Authority::new();
    let server = Running::new(&authority, |config, _| config.tls.hsts = Some(Duration::from_secs(300))).await;
    let (answer, _) = server.request(&authority.client(None)).await.unwrap();
    assert!(answer.contains("strict-transport-security: max-age=300\r\n"), "{answer}");
    assert!(!plain(&server).await.contains("strict-transport-security"));
    let in_the_clear = Running::new(&authority, |config, _| {
        config.tls.hsts = Some(Duration::from_secs(300));
        (config.tls.certificate, config.tls.key) = (Vec::new(), Vec::new());
    })
    .await;
    let answer = plain(&in_the_clear).await;
    assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains("strict-transport"), "{answer}");
}

#[tokio::test]
async fn plain_http_is_told_to_use_https() {
    let server = Running::new(&Authority::new(), |_, _| {}).await;
    let answer = plain(&server).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("use https://"), "{answer}");
}

#[tokio::test]
async fn http_1_is_agreed_on_and_nothing_else() {
    let authority = Authority::new();
    let server = Running::new(&authority, |_, _| {}).await;
    let offers = |names: &[&[u8]]| {
        let mut client = (*authority.client(None)).clone();
        client.alpn_protocols = names.iter().map(|name| name.to_vec()).collect();
        Arc::new(client)
    };
    let stream = server.shake_hands("localhost", &offers(&[b"h2", b"http/1.1"])).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let stream = server.shake_hands("localhost", &offers(&[])).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), None);
    assert!(server.request(&offers(&[b"h2"])).await.is_err());
}

/// The first bytes of the answer to a ClientHello of `version` that wants nothing a server of TLS 1.2 does not have.
async fn answer_to_hello(server: &Running, version: [u8; 2]) -> [u8; 7] {
    let mut hello = vec![0x16, 3, 1, 0, 69, 1, 0, 0, 65, version[0], version[1]];
    hello.extend([7; 32]);
    // No session, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, no compression.
    hello.extend([0, 0, 2, 0xc0, 0x2b, 1, 0]);
    // P-256, its plain form, signatures by it with SHA-256.
    hello.extend([0, 22, 0, 0x0a, 0, 4, 0, 2, 0, 0x17]);
    hello.extend([0, 0x0b, 0, 2, 1, 0, 0, 0x0d, 0, 4, 0, 2, 4, 3]);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(&hello).await.unwrap();
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn old_versions_are_refused() {
    // An alert, fatal, protocol_version (RFC 8446 section 6).
    const REFUSED: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 70];
    let server = Running::new(&Authority::new(), |_, _| {}).await;
    for old in [[3, 0], [3, 1], [3, 2]] {
        assert_eq!(answer_to_hello(&server, old).await, REFUSED, "{old:?}");
    }
    let answer = answer_to_hello(&server, [3, 3]).await;
    assert_eq!((answer[0], answer[5]), (0x16, 2), "a ServerHello: {answer:?}");
    let new = Running::new(&Authority::new(), |config, _| config.tls.min_version = TlsVersion::V1_3).await;
    assert_eq!(answer_to_hello(&new, [3, 3]).await, REFUSED);
}

#[tokio::test]
async fn tls_1_2_can_be_switched_off() {
    let authority = Authority::new();
    let provider = rustls::crypto::ring::default_provider;
    let [old, new] = [&TLS12, &TLS13]
        .map(|version| Arc::new(authority.trusted(provider(), &[version]).with_no_client_auth()));
    let either = authority.client(None);
    let agreed = async |server: &Running, client| {
        let (_, stream) = server.request(client).await.ok()?;
        stream.get_ref().1.protocol_version()
    };
    let both = Running::new(&authority, |_, _| {}).await;
    assert_eq!(agreed(&both, &old).await, Some(ProtocolVersion::TLSv1_2));
    assert_eq!(agreed(&both, &new).await, Some(ProtocolVersion::TLSv1_3));
    assert_eq!(agreed(&both, &either).await, Some(ProtocolVersion::TLSv1_3));
    let strict = Running::new(&authority, |config, _| config.tls.min_version = TlsVersion::V1_3).await;
    assert_eq!(agreed(&strict, &old).await, None);
    assert_eq!(agreed(&strict, &new).await, Some(ProtocolVersion::TLSv1_3));
}

/// Nothing of HTTP is there yet that could do it.
#[tokio::test]
async fn a_handshake_that_does_not_go_on_is_dropped() {
    let server = Running::new(&Authority::new(), |config, _| {
        config.server.handshake_timeout = Duration::from_millis(100);
    })
    .await;
    for begun in [&b""[..], b"\x16", b"\x16\x03\x01\x02", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(begun).await.unwrap();
        let mut said = Vec::new();
        let ended = timeout(SOON, stream.read_to_end(&mut said)).await;
        assert!(ended.is_ok() && said.is_empty(), "{begun:?}: {ended:?}");
    }
}

#[tokio::test]
async fn the_handshake_and_the_first_request_have_one_deadline() {
    let authority = Authority::new();
    let limit = Duration::from_secs(600);
    let server = Running::new(&authority, |config, _| config.server.handshake_timeout = limit).await;
    for said in [&b""[..], b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n"] {
        let tcp = TcpStream::connect(server.address).await.unwrap();
        leap(limit * 6 / 10).await;
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = TlsConnector::from(authority.client(None)).connect(name, tcp).await.unwrap();
        stream.write_all(said).await.unwrap();
        leap(limit * 6 / 10).await;
        let end = timeout(SOON, stream.read_to_end(&mut Vec::new())).await;
        assert!(end.is_ok(), "the connection is still open after {} bytes", said.len());
    }
}

/// Of the clock; what has come until then is read before.
async fn leap(time: Duration) {
    // On a loaded machine a single wake-up may bring the timer before what has come.
    for _ in 0..10 {
        sleep(Duration::from_millis(5)).await;
    }
    pause();
    advance(time).await;
    resume();
}
