//! TLS that ends at the server, with certificates of authorities that only the test knows.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper may stop at the first surprise, as the tests that call it may"
)]

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use ropeway_server::config::{ClientCertificates, Config, Sources, TlsVersion};
use ropeway_server::{Handle, Server, TlsError};
use ropeway_ws::client::Connect;
use ropeway_ws::{Message, WebSocket};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{advance, pause, resume, sleep};
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// A certificate authority that nobody but a test knows.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Certificate and key in PEM.
    fn pair(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// A client that trusts this authority and no other, and shows a certificate of `own`.
    fn client(&self, own: Option<&Authority>) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let builder = builder.with_root_certificates(roots);
        let Some(own) = own else { return Arc::new(builder.with_no_client_auth()) };
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(["client".to_owned()]).unwrap().signed_by(&key, &own.0).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        Arc::new(builder.with_client_auth_cert(vec![certificate.der().clone()], key).unwrap())
    }
}

/// A server of its own, and its files.
struct Running {
    address: SocketAddr,
    handle: Handle,
    folder: TempDir,
}

impl Running {
    async fn new(authority: &Authority, change: impl FnOnce(&mut Config, &TempDir)) -> Self {
        let folder = TempDir::new().unwrap();
        write(&folder, &authority.pair("localhost"));
        let mut config = config(&folder);
        change(&mut config, &folder);
        let server = Server::bind(config).await.unwrap();
        let running = Self { address: server.local_addr(), handle: server.handle(), folder };
        tokio::spawn(server.run(std::future::pending()));
        running
    }

    async fn echo(&self, config: &Arc<ClientConfig>) -> WebSocket {
        let url = format!("wss://localhost:{}/echo", self.address.port());
        let (socket, _) = Connect::new(&url).unwrap().tls(config.clone()).open().await.unwrap();
        socket
    }

    /// A handshake alone; the answer to a first request shows whether the server agrees.
    async fn request(&self, config: &Arc<ClientConfig>) -> std::io::Result<(String, TlsStream<TcpStream>)> {
        let tcp = TcpStream::connect(self.address).await?;
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = TlsConnector::from(config.clone()).connect(name, tcp).await?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok((answer, stream))
    }
}

fn config(folder: &TempDir) -> Config {
    let mut config = Config::development();
    config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.tls.certificate = vec![folder.path().join("cert.pem")];
    config.tls.key = vec![folder.path().join("key.pem")];
    // Looks of its own would be in the way of tests that ask for a reload.
    config.tls.reload_interval = Duration::from_secs(3600);
    config
}

fn write(folder: &TempDir, (certificate, key): &(String, String)) {
    fs::write(folder.path().join("cert.pem"), certificate).unwrap();
    fs::write(folder.path().join("key.pem"), key).unwrap();
}

fn write_ca(folder: &TempDir, authority: &Authority) -> Vec<PathBuf> {
    let path = folder.path().join("ca.pem");
    fs::write(&path, authority.0.pem()).unwrap();
    vec![path]
}

fn leaf(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

async fn echoes(socket: &mut WebSocket) {
    socket.send(Message::text("hello")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("hello"));
}

#[tokio::test]
async fn websockets_and_requests_come_over_tls() {
    let authority = Authority::new();
    let server = Running::new(&authority, |_, _| {}).await;
    let client = authority.client(None);
    echoes(&mut server.echo(&client).await).await;
    let (answer, _) = server.request(&client).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains("strict-transport-security"), "{answer}");
}

#[tokio::test]
async fn the_certificate_of_another_authority_is_refused_by_the_client() {
    let server = Running::new(&Authority::new(), |_, _| {}).await;
    assert!(server.request(&Authority::new().client(None)).await.is_err());
}

#[tokio::test]
async fn strict_transport_security_is_said_where_configured() {
    let authority = Authority::new();
    let server = Running::new(&authority, |config, _| config.tls.hsts = Some(Duration::from_secs(300))).await;
    let (answer, _) = server.request(&authority.client(None)).await.unwrap();
    assert!(answer.contains("strict-transport-security: max-age=300\r\n"), "{answer}");
}

#[tokio::test]
async fn a_reload_is_for_new_connections_and_leaves_old_ones_alone() {
    let authority = Authority::new();
    let server = Running::new(&authority, |_, _| {}).await;
    let client = authority.client(None);
    let mut old = server.echo(&client).await;
    let before = leaf(&server.request(&client).await.unwrap().1);
    write(&server.folder, &authority.pair("localhost"));
    server.handle.reload_tls().unwrap();
    let after = leaf(&server.request(&client).await.unwrap().1);
    assert_ne!(before, after);
    echoes(&mut old).await;
}

#[tokio::test]
async fn files_that_change_are_noticed() {
    let authority = Authority::new();
    let interval = Duration::from_millis(20);
    let server = Running::new(&authority, |config, _| config.tls.reload_interval = interval).await;
    let client = authority.client(None);
    let before = leaf(&server.request(&client).await.unwrap().1);
    write(&server.folder, &authority.pair("localhost"));
    let changed = async {
        while leaf(&server.request(&client).await.unwrap().1) == before {
            sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), changed).await.unwrap();
}

#[tokio::test]
async fn a_bad_reload_keeps_what_there_is() {
    let authority = Authority::new();
    let server = Running::new(&authority, |_, _| {}).await;
    let (certificate, _) = authority.pair("localhost");
    fs::write(server.folder.path().join("cert.pem"), certificate).unwrap();
    let error = server.handle.reload_tls().unwrap_err().to_string();
    assert!(error.contains("key.pem: the key does not fit the certificate in"), "{error}");
    fs::write(server.folder.path().join("key.pem"), "-----BEGIN PRIVATE KEY-----\nMIG").unwrap();
    assert!(server.handle.reload_tls().is_err());
    assert!(server.request(&authority.client(None)).await.is_ok());
}

#[tokio::test]
async fn files_that_are_not_right_are_named_at_the_start() {
    let authority = Authority::new();
    let folder = TempDir::new().unwrap();
    let said = async || Server::bind(config(&folder)).await.err().unwrap().to_string();
    assert!(said().await.contains("cert.pem: it cannot be read"));
    let (certificate, key) = authority.pair("localhost");
    write(&folder, &("nothing".to_owned(), key.clone()));
    assert!(said().await.contains("cert.pem: there is no certificate in it"));
    write(&folder, &(certificate.clone(), certificate.clone()));
    assert!(said().await.contains("key.pem: there is no private key in it"));
    write(&folder, &(certificate, authority.pair("localhost").1));
    assert!(said().await.contains("key.pem: the key does not fit"));
}

#[tokio::test]
async fn clients_may_be_asked_for_certificates() {
    let (authority, theirs, stranger) = (Authority::new(), Authority::new(), Authority::new());
    for (asked, alone) in [(ClientCertificates::Optional, true), (ClientCertificates::Required, false)] {
        let server = Running::new(&authority, |config, folder| {
            config.tls.client_certificates = asked;
            config.tls.client_ca = write_ca(folder, &theirs);
        })
        .await;
        assert_eq!(server.request(&authority.client(None)).await.is_ok(), alone);
        assert!(server.request(&authority.client(Some(&theirs))).await.is_ok());
        assert!(server.request(&authority.client(Some(&stranger))).await.is_err());
    }
}

#[tokio::test]
async fn a_client_gets_the_certificate_for_the_name_that_it_asks_for() {
    let authority = Authority::new();
    let server = Running::new(&authority, |config, folder| {
        let (certificate, key) = authority.pair("first.example");
        let (first, second) = (folder.path().join("first.pem"), folder.path().join("first.key"));
        fs::write(&first, certificate).unwrap();
        fs::write(&second, key).unwrap();
        config.tls.certificate.insert(0, first);
        config.tls.key.insert(0, second);
    })
    .await;
    assert!(server.request(&authority.client(None)).await.is_ok());
}

#[tokio::test]
async fn plain_http_is_told_to_use_https() {
    let server = Running::new(&Authority::new(), |_, _| {}).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("use https://"), "{answer}");
}

/// A ClientHello of TLS 1.1, as far as a server has to read to refuse it.
#[tokio::test]
async fn old_versions_are_refused() {
    let server = Running::new(&Authority::new(), |_, _| {}).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let mut hello = vec![0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xc0, 0x13, 1, 0]);
    stream.write_all(&hello).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer.first(), Some(&0x15), "an alert: {answer:?}");
}

#[tokio::test]
async fn tls_1_2_can_be_switched_off() {
    let authority = Authority::new();
    let mut roots = RootCertStore::empty();
    roots.add(authority.0.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_protocol_versions(&[&rustls::version::TLS12]).unwrap();
    let client = Arc::new(builder.with_root_certificates(roots).with_no_client_auth());
    let both = Running::new(&authority, |_, _| {}).await;
    assert!(both.request(&client).await.is_ok());
    let new = Running::new(&authority, |config, _| config.tls.min_version = TlsVersion::V1_3).await;
    assert!(new.request(&client).await.is_err());
}

#[tokio::test]
async fn a_handshake_that_does_not_go_on_is_dropped() {
    let server = Running::new(&Authority::new(), |config, _| {
        config.server.handshake_timeout = Duration::from_millis(100);
    })
    .await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(&[0x16, 3, 1, 2]).await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut [0; 16])).await.unwrap();
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
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
        let end = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut Vec::new())).await;
        assert!(end.is_ok(), "the connection is still open after {} bytes", said.len());
    }
}

/// Of the clock; what has come until then is read before.
async fn leap(time: Duration) {
    sleep(Duration::from_millis(50)).await;
    pause();
    advance(time).await;
    resume();
}

#[tokio::test]
async fn without_tls_there_is_nothing_to_reload() {
    let mut config = Config::development();
    config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::bind(config).await.unwrap();
    assert!(matches!(server.handle().reload_tls(), Err(TlsError::Off)));
}

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
