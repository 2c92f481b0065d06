//! Whom calls over TLS trust: the authorities of the operating system, and those of the configuration.

use std::io;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

/// A TLS configuration that trusts the authorities of the operating system and `extra` ones. For an `http` URL nothing
/// is read and nobody is trusted.
///
/// # Errors
/// There are no authorities at all, or one of `extra` is none.
pub(crate) fn trusting(url: &Uri, extra: &[CertificateDer<'static>]) -> io::Result<Arc<ClientConfig>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    if url.scheme_str() != Some("https") {
        return Ok(Arc::new(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth()));
    }
    let verifier =
        Verifier::new_with_extra_roots(extra.iter().cloned(), provider).map_err(io::Error::other)?;
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    Ok(Arc::new(builder.with_no_client_auth()))
}

/// The authorities of the operating system and `extra` ones as PEM, for a client that wants them all as text. Those of the
/// system that cannot be used are left out, as everywhere.
pub(crate) fn bundle(extra: &[CertificateDer<'static>]) -> String {
    let is_usable =
        |certificate: &CertificateDer<'_>| RootCertStore::empty().add(certificate.clone()).is_ok();
    let system = rustls_native_certs::load_native_certs().certs.into_iter().filter(is_usable);
    let all = extra.iter().cloned().chain(system);
    all.map(|certificate| {
        let text = STANDARD.encode(certificate);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    })
    .collect()
}
