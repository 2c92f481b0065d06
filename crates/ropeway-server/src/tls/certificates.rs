//! Which certificate a client gets, and until when it is good.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error, RootCertStore};
use tracing::warn;

/// The certificates of a server, the one for unknown names first.
#[derive(Debug)]
pub(super) struct Certificates(pub(super) Vec<Arc<CertifiedKey>>);

impl ResolvesServerCert for Certificates {
    /// One for the name that is asked for, if possible with a signature that the client understands; or else the first.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().and_then(|name| ServerName::try_from(name.to_owned()).ok());
        let fits = |key: &&Arc<CertifiedKey>| name.as_ref().is_some_and(|name| is_for(key, name));
        let is_understood =
            |key: &&Arc<CertifiedKey>| key.key.choose_scheme(hello.signature_schemes()).is_some();
        let named = || self.0.iter().filter(fits);
        let chosen = match self.0.as_slice() {
            [only] => Some(only),
            _ => named().find(is_understood).or_else(|| named().next()).or(self.0.first()),
        };
        chosen.cloned()
    }
}

fn is_for(key: &CertifiedKey, name: &ServerName<'_>) -> bool {
    let Some(leaf) = key.cert.first() else { return false };
    ParsedCertificate::try_from(leaf).is_ok_and(|leaf| verify_server_name(&leaf, name).is_ok())
}

/// The moment after which clients refuse the certificate; nothing when it cannot be read.
pub(super) fn not_after(certificate: &CertificateDer<'_>) -> Option<SystemTime> {
    // A check in a far future fails with the moment in question; so nothing here has to read X.509.
    let far = UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX / 2));
    match check(certificate, far) {
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            UNIX_EPOCH.checked_add(Duration::from_secs(not_after.as_secs()))
        }
        _ => None,
    }
}

/// Its time is checked before anything else, also where nobody is trusted.
fn check(certificate: &CertificateDer<'_>, at: UnixTime) -> Result<(), Error> {
    let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
    let parsed = ParsedCertificate::try_from(certificate)?;
    verify_server_cert_signed_by_trust_anchor(&parsed, &RootCertStore::empty(), &[], at, algorithms.all)
}

/// Says in the log if clients will refuse the certificate now.
pub(super) fn warn_of_time(path: &Path, key: &CertifiedKey) {
    let Some(leaf) = key.cert.first() else { return };
    let (file, now) = (path.display(), SystemTime::now());
    if let Some(end) = not_after(leaf).filter(|end| *end < now) {
        warn!(%file, not_after = %date(end), "the certificate has expired");
    }
    if let Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. })) =
        check(leaf, UnixTime::now())
    {
        let start = UNIX_EPOCH + Duration::from_secs(not_before.as_secs());
        warn!(%file, not_before = %date(start), "the certificate is not valid yet");
    }
}

/// As in HTTP headers (RFC 9110 section 5.6.7).
fn date(time: SystemTime) -> httpdate::HttpDate {
    httpdate::HttpDate::from(time)
}
