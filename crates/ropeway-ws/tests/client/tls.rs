//! `wss://` with a private authority.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use ropeway_ws::client::rustls::{self, ClientConfig, RootCertStore, ServerConfig};
use ropeway_ws::client::{Connect, ConnectError, UrlError};
use ropeway_ws::server::Acceptor;
use ropeway_ws::{Config, Message, Stream, WebSocket};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::support::script::{Script, read_head};
use crate::support::{echo, echo_server};

/// A certificate authority that nobody but a test knows.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A client that trusts this authority and no other.
    fn trusted(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
    }

    /// A server that proves to be `name`.
    fn server(&self, name: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let config =
            builder.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Takes TLS connections and does with each what `serve` says; where it listens.
async fn serve<Fut: Future<Output = ()> + Send + 'static>(
    tls: TlsAcceptor,
    serve: impl Fn(TlsStream<TcpStream>) -> Fut + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            // A client that does not trust us leaves here.
            if let Ok(stream) = tls.accept(tcp).await {
                tokio::spawn(serve(stream));
            }
        }
    });
    address
}

async fn echo_tls(tls: TlsAcceptor) -> SocketAddr {
    serve(tls, async |stream| {
        let acceptor = Acceptor::new(Config { max_message: 4 << 20, ..Config::default() });
        let (socket, _request) = acceptor.accept(Stream::new(stream)).await.unwrap();
        echo(socket).await;
    })
    .await
}

async fn open(url: &str, tls: Arc<ClientConfig>) -> Result<WebSocket, ConnectError> {
    let config = Config { max_message: 4 << 20, ..Config::default() };
    Ok(Connect::new(url).unwrap().tls(tls).config(config).open().await?.0)
}

#[tokio::test]
async fn a_server_that_proves_its_name_is_trusted() {
    let authority = Authority::new();
    for name in ["localhost", "127.0.0.1"] {
        let address = echo_tls(authority.server(name)).await;
        let mut socket =
            open(&format!("wss://{name}:{}/", address.port()), authority.trusted()).await.unwrap();
        for message in ["short".to_owned(), "é".repeat(1_000_000)].map(Message::from) {
            // It does not fit into the buffers on the way: both directions have to move.
            socket.outgoing().send(message.clone()).unwrap();
            assert_eq!(socket.next().await.unwrap().unwrap(), message);
        }
        assert!(socket.close(None).await.clean);
    }
}

#[tokio::test]
async fn who_is_not_trusted_or_somebody_else_is_not_talked_to() {
    let authority = Authority::new();
    for (proves, trusted) in [("localhost", Authority::new().trusted()), ("example.org", authority.trusted())]
    {
        let address = echo_tls(authority.server(proves)).await;
        let opened = open(&format!("wss://localhost:{}/", address.port()), trusted).await;
        let Err(ConnectError::Tls { host, source }) = &opened else { panic!("{opened:?}") };
        assert_eq!((&**host, source.kind()), ("localhost", io::ErrorKind::InvalidData), "{source}");
        assert!(source.to_string().contains("certificate"), "{source}");
    }
}

/// Whichever roots the features bring, those of a test are not among them.
#[tokio::test]
async fn a_private_authority_is_not_trusted_by_default() {
    let address = echo_tls(Authority::new().server("localhost")).await;
    let opened = ropeway_ws::connect(&format!("wss://localhost:{}/", address.port())).await;
    assert!(matches!(opened, Err(ConnectError::Tls { .. })), "{opened:?}");
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_told() {
    // It waits for the end of a head that TLS never has.
    let patience = Duration::from_millis(200);
    let plain = echo_server(Acceptor::new(Config::default()).timeout(patience)).await;
    let opened = open(&plain.replace("ws://", "wss://"), Authority::new().trusted()).await;
    assert!(matches!(opened, Err(ConnectError::Tls { .. })), "{opened:?}");
}

#[tokio::test]
async fn no_redirect_gives_up_encryption() {
    let authority = Authority::new();
    let plain = Script::new().await;
    let location = plain.url("/");
    let address = serve(authority.server("localhost"), move |mut stream| {
        let answer = format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        async move {
            read_head(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    })
    .await;
    let connect = Connect::new(&format!("wss://localhost:{}/", address.port())).unwrap();
    let opened = connect.tls(authority.trusted()).redirects(5).open().await;
    assert!(matches!(opened, Err(ConnectError::Url(UrlError::Downgrade))), "{opened:?}");
}

#[tokio::test]
async fn what_comes_behind_the_handshake_and_a_refusal_come_through_tls_too() {
    let authority = Authority::new();
    let address = serve(authority.server("localhost"), async |mut stream| {
        let request = read_head(&mut stream).await;
        let refusal = b"HTTP/1.1 403 Forbidden\r\n\r\nno".to_vec();
        let answer = if request.starts_with("GET /no ") {
            refusal
        } else {
            [&crate::support::script::switching(&request, "")[..], b"\x81\x02hi\x88\x00"].concat()
        };
        stream.write_all(&answer).await.unwrap();
        stream.shutdown().await.unwrap();
    })
    .await;
    let url = |path: &str| format!("wss://localhost:{}{path}", address.port());
    let mut socket = open(&url("/"), authority.trusted()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::from("hi"));
    let Err(ConnectError::Refused(refused)) = open(&url("/no"), authority.trusted()).await else { panic!() };
    assert_eq!((refused.status.as_u16(), &*refused.body), (403, &b"no"[..]));
}
