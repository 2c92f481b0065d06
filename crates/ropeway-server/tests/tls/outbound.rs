//! Services that the server calls: whom it trusts there.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ropeway_server::Server;
use ropeway_server::config::{Config, Sources};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_rustls::TlsAcceptor;

use crate::set_up::{Authority, write, write_ca};

/// A service behind TLS with a certificate of `authority`: tells the first line of what each connection sends, and answers
/// with an empty object.
async fn service(authority: &Authority) -> (u16, UnboundedReceiver<String>) {
    let folder = TempDir::new().unwrap();
    write(&folder, &authority.pair("localhost"));
    let certificate = CertificateDer::from_pem_file(folder.path().join("cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.path().join("key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = builder.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut said = [0; 4096];
            let len = stream.read(&mut said).await.unwrap_or(0);
            let said = String::from_utf8_lossy(&said[..len]);
            let _ = tell.send(said.lines().next().unwrap_or_default().to_owned());
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
                .await;
            let _ = stream.shutdown().await;
        }
    });
    (port, told)
}

/// A server with settings in which PORT is that of a service, and the folder with its files.
async fn calling(
    port: u16,
    ca: Option<&Authority>,
    settings: &[(&'static str, &str)],
) -> (SocketAddr, TempDir) {
    let folder = TempDir::new().unwrap();
    let file = "[server]\nlisten = '127.0.0.1:0'\n";
    let sources = settings.iter().fold(Sources::new().file("test", file), |sources, (key, value)| {
        sources.flag("-", key, value.replace("PORT", &port.to_string()))
    });
    let mut config: Config = sources.load().unwrap();
    config.outbound.ca = ca.map(|authority| write_ca(&folder, authority)).unwrap_or_default();
    let server = Server::bind(config).await.unwrap();
    let address = server.local_addr();
    tokio::spawn(server.run(std::future::pending()));
    (address, folder)
}

/// A client that comes with a cookie; the answer's status.
async fn come(address: SocketAddr) -> u16 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = "GET /ws HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
                   sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\ncookie: sid=abc\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    std::str::from_utf8(&answer[9..]).unwrap().parse().unwrap()
}

const WEBHOOK: [(&str, &str); 3] = [
    ("webhook.connect_url", "https://localhost:PORT/connect"),
    ("webhook.secret", "a secret of the tests"),
    ("webhook.retries", "0"),
];
const ENDPOINT: [(&str, &str); 2] =
    [("sessions.cookie", "sid"), ("sessions.store", "https://localhost:PORT/session")];

#[tokio::test]
async fn services_behind_a_private_authority_are_called() {
    let authority = Authority::new();
    let redis = [("sessions.cookie", "sid"), ("sessions.store", "rediss://localhost:PORT")];
    let keys = [("jwt.jwks_url", "https://localhost:PORT/keys")];
    let cases: [(&[_], &str); 4] = [
        (&WEBHOOK, "POST /connect"),
        (&ENDPOINT, "GET /session"),
        (&keys, "GET /keys"),
        // The first line of a command of Redis.
        (&redis, "*"),
    ];
    for (settings, expected) in cases {
        let (port, mut told) = service(&authority).await;
        let (address, _folder) = calling(port, Some(&authority), settings).await;
        come(address).await;
        let said = tokio::time::timeout(Duration::from_secs(30), told.recv()).await.unwrap().unwrap();
        assert!(said.starts_with(expected), "{said:?} in place of {expected:?}");
    }
}

#[tokio::test]
async fn services_of_another_authority_are_not_trusted() {
    let authority = Authority::new();
    for settings in [&WEBHOOK[..], &ENDPOINT] {
        for ca in [None, Some(&Authority::new())] {
            let (port, mut told) = service(&authority).await;
            let (address, _folder) = calling(port, ca, settings).await;
            assert_eq!(come(address).await, 503);
            assert!(told.try_recv().is_err(), "it was told something");
        }
    }
}

#[tokio::test]
async fn a_bundle_that_cannot_be_used_is_told_at_start() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("private-ca.pem");
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (text, fault) in
        [(None, "cannot be read"), (Some(""), "no certificate"), (Some(broken), "cannot be used")]
    {
        if let Some(text) = text {
            fs::write(&path, text).unwrap();
        }
        let mut config = Config::development();
        config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        config.outbound.ca = vec![path.clone()];
        let error = Server::bind(config).await.err().unwrap().to_string();
        assert!(error.contains("private-ca.pem") && error.contains(fault), "{error}");
    }
}
