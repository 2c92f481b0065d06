//! Whom calls over TLS trust: the authorities of the operating system, and those of the configuration.

use std::io;
use std::sync::Arc;

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
