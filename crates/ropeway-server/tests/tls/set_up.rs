//! Authorities, servers with their certificates, and clients.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use ropeway_server::config::Config;
use ropeway_server::{Builder, Handle, Server};
use ropeway_ws::client::Connect;
use ropeway_ws::{Message, WebSocket};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A certificate authority that nobody but a test knows.
pub(crate) struct Authority(pub(crate) CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Certificate and key in PEM.
    pub(crate) fn pair(&self, name: &str) -> (String, String) {
        self.pair_of(name, &KeyPair::generate().unwrap())
    }

    pub(crate) fn pair_of(&self, name: &str, key: &KeyPair) -> (String, String) {
        let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// A client that trusts this authority and no other, and shows a certificate of `own`.
    pub(crate) fn client(&self, own: Option<&Authority>) -> Arc<ClientConfig> {
        let builder = self.trusted(rustls::crypto::ring::default_provider(), &[&TLS13, &TLS12]);
        let Some(own) = own else { return Arc::new(builder.with_no_client_auth()) };
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(["client".to_owned()]).unwrap().signed_by(&key, &own.0).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        Arc::new(builder.with_client_auth_cert(vec![certificate.der().clone()], key).unwrap())
    }

    /// One that trusts this authority, and is unlike others in something else.
    pub(crate) fn trusted(
        &self,
        provider: rustls::crypto::CryptoProvider,
        versions: &[&'static SupportedProtocolVersion],
    ) -> rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(provider));
        builder.with_protocol_versions(versions).unwrap().with_root_certificates(roots)
    }
}

/// A server of its own, and its files.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) handle: Handle,
    pub(crate) folder: TempDir,
}

impl Running {
    pub(crate) async fn new(authority: &Authority, change: impl FnOnce(&mut Config, &TempDir)) -> Self {
        Self::built(authority, change, |builder| builder).await
    }

    pub(crate) async fn built(
        authority: &Authority,
        change: impl FnOnce(&mut Config, &TempDir),
        build: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let folder = TempDir::new().unwrap();
        write(&folder, &authority.pair("localhost"));
        let mut config = config(&folder);
        change(&mut config, &folder);
        let server = build(Server::builder(config)).bind().await.unwrap();
        let running = Self { address: server.local_addr(), handle: server.handle(), folder };
        tokio::spawn(server.run(std::future::pending()));
        running
    }

    /// A WebSocket to a path.
    pub(crate) async fn open(&self, path: &str, config: &Arc<ClientConfig>) -> WebSocket {
        let url = format!("wss://localhost:{}{path}", self.address.port());
        let (socket, _) = Connect::new(&url).unwrap().tls(config.clone()).open().await.unwrap();
        socket
    }

    /// A handshake alone.
    pub(crate) async fn shake_hands(
        &self,
        name: &str,
        config: &Arc<ClientConfig>,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let tcp = TcpStream::connect(self.address).await?;
        TlsConnector::from(config.clone()).connect(ServerName::try_from(name.to_owned()).unwrap(), tcp).await
    }

    /// The answer to a first request shows whether the server agrees with the handshake.
    pub(crate) async fn request(
        &self,
        config: &Arc<ClientConfig>,
    ) -> std::io::Result<(String, TlsStream<TcpStream>)> {
        let mut stream = self.shake_hands("localhost", config).await?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok((answer, stream))
    }

    /// Waits until the server shows another certificate than `before`.
    pub(crate) async fn shows_another(&self, before: &CertificateDer<'_>, config: &Arc<ClientConfig>) {
        let changed = async {
            while leaf(&self.request(config).await.unwrap().1) == *before {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), changed).await.unwrap();
    }
}

pub(crate) fn config(folder: &TempDir) -> Config {
    let mut config = Config::development();
    config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.tls.certificate = vec![folder.path().join("cert.pem")];
    config.tls.key = vec![folder.path().join("key.pem")];
    // Looks of its own would be in the way of tests that ask for a reload.
    config.tls.reload_interval = Duration::from_secs(3600);
    config
}

pub(crate) fn write(folder: &TempDir, (certificate, key): &(String, String)) {
    fs::write(folder.path().join("cert.pem"), certificate).unwrap();
    fs::write(folder.path().join("key.pem"), key).unwrap();
}

pub(crate) fn write_ca(folder: &TempDir, authority: &Authority) -> Vec<PathBuf> {
    let path = folder.path().join("ca.pem");
    fs::write(&path, authority.0.pem()).unwrap();
    vec![path]
}

/// The certificate that the server has shown.
pub(crate) fn leaf(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

pub(crate) async fn echoes(socket: &mut WebSocket) {
    socket.send(Message::text("hello")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("hello"));
}
