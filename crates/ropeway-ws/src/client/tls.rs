//! TLS by rustls.

use std::io;
use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use super::ConnectError;
use super::details::Tls;
use crate::websocket::Stream;

pub(super) async fn wrap(
    stream: Stream,
    host: &str,
    config: Option<Arc<ClientConfig>>,
) -> Result<(Stream, Option<Tls>), ConnectError> {
    let tls = async {
        let config = config.map_or_else(default_config, Ok)?;
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        TlsConnector::from(config).connect(name, stream).await
    };
    let stream = tls.await.map_err(|source| ConnectError::Tls { host: host.to_owned(), source })?;
    let session = stream.get_ref().1;
    let agreed = session.protocol_version().zip(session.negotiated_cipher_suite());
    let agreed = agreed.map(|(version, suite)| Tls { version, cipher: suite.suite() });
    Ok((Stream::new(stream), agreed))
}

/// Made once: it reads the roots of the operating system, and holds the sessions that can be resumed.
fn default_config() -> io::Result<Arc<ClientConfig>> {
    static DEFAULT: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = DEFAULT.get() {
        return Ok(Arc::clone(config));
    }
    let mut config = trusting()?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::clone(DEFAULT.get_or_init(|| Arc::new(config))))
}

#[cfg(feature = "rustls-platform-verifier")]
fn trusting() -> io::Result<ClientConfig> {
    use rustls_platform_verifier::BuilderVerifierExt as _;

    let builder = builder()?.with_platform_verifier().map_err(io::Error::other)?;
    Ok(builder.with_no_client_auth())
}

#[cfg(all(feature = "webpki-roots", not(feature = "rustls-platform-verifier")))]
fn trusting() -> io::Result<ClientConfig> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    Ok(builder()?.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(not(any(feature = "webpki-roots", feature = "rustls-platform-verifier")))]
fn trusting() -> io::Result<ClientConfig> {
    Err(io::Error::other(
        "no roots: give a TLS configuration, or enable a feature of ropeway-ws that brings them",
    ))
}

#[cfg(any(feature = "webpki-roots", feature = "rustls-platform-verifier"))]
fn builder() -> io::Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)
}
