//! `[tls]`: encryption that ends at this server.

use std::path::PathBuf;
use std::time::Duration;

use super::Config;
use super::value::{Choice, Raw, Value, quoted};

/// `[tls]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// PEM files of certificate chains, the server's own certificate first in each. Without any there is no TLS. Of
    /// several, a client gets the one for the name that it asks for, or else the first.
    pub certificate: Vec<PathBuf>,
    /// PEM files of the private keys (PKCS#8, PKCS#1 or SEC1), one for each certificate, in the same order.
    pub key: Vec<PathBuf>,
    /// PEM files of the authorities that sign certificates of clients.
    pub client_ca: Vec<PathBuf>,
    /// Whether clients are asked for a certificate.
    pub client_certificates: ClientCertificates,
    /// The oldest version that is spoken.
    pub min_version: TlsVersion,
    /// Time between two looks at the files.
    pub reload_interval: Duration,
    /// `max-age` of `Strict-Transport-Security` (RFC 6797) in answers over TLS; nothing for no such header.
    pub hsts: Option<Duration>,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            certificate: Vec::new(),
            key: Vec::new(),
            client_ca: Vec::new(),
            client_certificates: ClientCertificates::Off,
            min_version: TlsVersion::V1_2,
            reload_interval: Duration::from_secs(10),
            hsts: None,
        }
    }
}

impl Tls {
    /// Whether the port speaks TLS.
    pub fn is_on(&self) -> bool {
        !self.certificate.is_empty()
    }
}

/// Whether clients are asked for a certificate of `tls.client_ca`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCertificates {
    /// They are not asked.
    Off,
    /// They are asked, and may have none. One that is not right ends the handshake.
    Optional,
    /// None gets in without.
    Required,
}

impl Choice for ClientCertificates {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("off", Self::Off), ("optional", Self::Optional), ("required", Self::Required)];
    const ALLOWED: &'static str = "\"off\", \"optional\" or \"required\"";
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsVersion {
    /// RFC 5246.
    V1_2,
    /// RFC 8446.
    V1_3,
}

impl Choice for TlsVersion {
    const CHOICES: &'static [(&'static str, Self)] = &[("1.2", Self::V1_2), ("1.3", Self::V1_3)];
    const ALLOWED: &'static str = "\"1.2\" or \"1.3\"";
}

/// One file may stand without the list around it.
impl Value for Vec<PathBuf> {
    const ALLOWED: &'static str = "the path of a file, or a list of paths";
    const SAMPLE: &'static str = "\"/etc/ropeway/tls/FILE.pem\"";

    fn read(raw: Raw<'_>) -> Option<Self> {
        let paths = match raw {
            Raw::Toml(_) => raw.text().map(|path| vec![Raw::Text(path)]).or_else(|| raw.list())?,
            Raw::Text(_) => raw.list()?,
        };
        let path = |raw: Raw<'_>| raw.text().filter(|path| !path.is_empty()).map(PathBuf::from);
        paths.into_iter().map(path).collect()
    }

    fn write(&self) -> Option<String> {
        let paths: Vec<String> = self.iter().map(|path| quoted(&path.to_string_lossy())).collect();
        (!paths.is_empty()).then(|| format!("[{}]", paths.join(", ")))
    }
}

/// A time that may be absent.
impl Value for Option<Duration> {
    const ALLOWED: &'static str = Duration::ALLOWED;
    const SAMPLE: &'static str = "\"365d\"";

    fn read(raw: Raw<'_>) -> Option<Self> {
        Duration::read(raw).map(Some)
    }

    fn write(&self) -> Option<String> {
        self.as_ref().and_then(Duration::write)
    }
}

/// What contradicts itself, and what to do about it.
pub(super) fn problems(config: &Config) -> Vec<(String, String)> {
    let tls = &config.tls;
    let (certificates, keys) = (tls.certificate.len(), tls.key.len());
    let mut found = Vec::new();
    if certificates != keys {
        let what = format!("`tls.certificate` names {certificates} files and `tls.key` {keys}");
        found.push((what, "each certificate needs its key, in the same order".to_owned()));
    }
    let asks = tls.client_certificates != ClientCertificates::Off;
    if asks && (tls.client_ca.is_empty() || !tls.is_on()) {
        let what = "`tls.client_certificates` is on without `tls.certificate` and `tls.client_ca`".to_owned();
        found.push((what, "name the authorities whose certificates clients may show".to_owned()));
    }
    if !asks && !tls.client_ca.is_empty() {
        let what = "`tls.client_ca` is named, but clients are not asked for certificates".to_owned();
        let hint = "set `tls.client_certificates` to \"optional\" or \"required\"".to_owned();
        found.push((what, hint));
    }
    found
}
