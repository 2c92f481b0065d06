//! Whom to trust, and what to show.

use std::path::Path;
use std::sync::Arc;

use ropeway_ws::client::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use ropeway_ws::client::rustls::crypto::{
    CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature,
};
use ropeway_ws::client::rustls::pki_types::pem::PemObject;
use ropeway_ws::client::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use ropeway_ws::client::rustls::{
    ClientConfig, ConfigBuilder, DigitallySignedStruct, Error, RootCertStore, SignatureScheme, WantsVerifier,
    client::WantsClientCert,
};
use rustls_platform_verifier::BuilderVerifierExt;

use super::flags::Network;
use crate::failure::{Failure, Kind};

/// The configuration of the flags; nothing where they say nothing.
pub(super) fn config(flags: &Network) -> Result<Option<Arc<ClientConfig>>, Failure> {
    if flags.ca.is_none() && flags.cert.is_none() && !flags.insecure {
        return Ok(None);
    }
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::new(Kind::System, "TLS cannot be set up", error))?;
    let builder = trust(builder, provider, flags)?;
    let mut config = match (&flags.cert, &flags.key) {
        (Some(cert), Some(key)) => identify(builder, cert, key)?,
        _ => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(Arc::new(config)))
}

fn trust(
    builder: ConfigBuilder<ClientConfig, WantsVerifier>,
    provider: Arc<CryptoProvider>,
    flags: &Network,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Failure> {
    if flags.insecure {
        return Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody(provider))));
    }
    let Some(path) = &flags.ca else {
        let builder = builder.with_platform_verifier();
        return builder
            .map_err(|error| Failure::new(Kind::System, "the system's certificates cannot be read", error));
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| unreadable(path, error))?;
    }
    Ok(builder.with_root_certificates(roots))
}

fn identify(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    cert: &Path,
    key: &Path,
) -> Result<ClientConfig, Failure> {
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, error))?;
    let config = builder.with_client_auth_cert(certificates(cert)?, secret);
    config.map_err(|error| unreadable(cert, error))
}

/// All certificates of a file; one at least.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if found.is_empty() => Err(unreadable(path, "there is no certificate in it")),
        Ok(found) => Ok(found),
        Err(error) => Err(unreadable(path, error)),
    }
}

fn unreadable(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::new(Kind::Input, format!("{} cannot be used", path.display()), error)
        .hint("it must be a PEM file: -----BEGIN CERTIFICATE----- or -----BEGIN PRIVATE KEY-----")
}

/// Takes every certificate, as `--insecure` asks. That the other side has its key is still checked.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
