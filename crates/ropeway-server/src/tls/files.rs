//! What lies in the files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, RootCertStore};

use super::error::{Fault, TlsError};
use crate::config;

/// No certificate chain is as large.
const MAX_FILE: u64 = 1 << 20;

/// The contents of all files of a configuration, as they were at one look. Not to be kept: keys are in it.
pub(super) struct Files {
    /// Certificate and key.
    pairs: Vec<(Contents, Contents)>,
    client_ca: Vec<Contents>,
}

/// Tells contents from others: the SHA-256 of each file, in the order of the configuration.
#[derive(PartialEq, Eq)]
pub(super) struct Fingerprint(Vec<[u8; SHA256_OUTPUT_LEN]>);

struct Contents {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Files {
    pub(super) fn read(config: &config::Tls) -> Result<Self, TlsError> {
        let pairs = config.certificate.iter().zip(&config.key);
        let pairs = pairs.map(|(certificate, key)| Ok((Contents::read(certificate)?, Contents::read(key)?)));
        let client_ca = config.client_ca.iter().map(|path| Contents::read(path));
        Ok(Self { pairs: pairs.collect::<Result<_, _>>()?, client_ca: client_ca.collect::<Result<_, _>>()? })
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        let pairs = self.pairs.iter().flat_map(|(certificate, key)| [certificate, key]);
        Fingerprint(pairs.chain(&self.client_ca).map(Contents::digest).collect())
    }

    /// Each certificate with its key, and the path of the former.
    pub(super) fn keys(&self) -> Result<Vec<(&Path, Arc<CertifiedKey>)>, TlsError> {
        let pair = |(certificate, key): &'_ (Contents, Contents)| certified(certificate, key).map(Arc::new);
        self.pairs.iter().map(|files| Ok((files.0.path.as_path(), pair(files)?))).collect()
    }

    /// Those who may sign certificates of clients.
    pub(super) fn authorities(&self) -> Result<RootCertStore, TlsError> {
        let mut roots = RootCertStore::empty();
        for file in &self.client_ca {
            roots.add_parsable_certificates(file.authorities()?);
        }
        Ok(roots)
    }
}

/// The certificates of authorities in files.
pub(crate) fn authorities(paths: &[PathBuf]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = |path: &PathBuf| Contents::read(path)?.authorities();
    Ok(paths.iter().map(read).collect::<Result<Vec<_>, _>>()?.concat())
}

impl Contents {
    fn read(path: &Path) -> Result<Self, TlsError> {
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes));
        read.map_err(|error| TlsError::file(path, error.into()))?;
        if bytes.len() as u64 > MAX_FILE {
            return Err(TlsError::file(path, Fault::TooLarge));
        }
        Ok(Self { path: path.to_owned(), bytes })
    }

    fn digest(&self) -> [u8; SHA256_OUTPUT_LEN] {
        let mut bytes = [0; SHA256_OUTPUT_LEN];
        bytes.copy_from_slice(digest(&SHA256, &self.bytes).as_ref());
        bytes
    }

    /// One at least.
    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.bytes).collect();
        let found = read.map_err(|error| self.wrong(Fault::Pem(error.to_string())))?;
        if found.is_empty() { Err(self.wrong(Fault::NoCertificate)) } else { Ok(found) }
    }

    /// Those that somebody can be trusted by; none may be another.
    fn authorities(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let found = self.certificates()?;
        let mut roots = RootCertStore::empty();
        for certificate in &found {
            let added = roots.add(certificate.clone());
            added.map_err(|error| self.wrong(Fault::Certificate(error.to_string())))?;
        }
        Ok(found)
    }

    fn key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        PrivateKeyDer::from_pem_slice(&self.bytes).map_err(|error| match error {
            pem::Error::NoItemsFound if self.is_encrypted() => self.wrong(Fault::Encrypted),
            pem::Error::NoItemsFound => self.wrong(Fault::NoKey),
            other => self.wrong(Fault::Pem(other.to_string())),
        })
    }

    fn is_encrypted(&self) -> bool {
        const MARK: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
        self.bytes.windows(MARK.len()).any(|window| window == MARK)
    }

    fn wrong(&self, fault: Fault) -> TlsError {
        TlsError::file(&self.path, fault)
    }
}

fn certified(certificate: &Contents, key: &Contents) -> Result<CertifiedKey, TlsError> {
    let (chain, secret) = (certificate.certificates()?, key.key()?);
    CertifiedKey::from_der(chain, secret, &default_provider()).map_err(|error| match error {
        Error::InconsistentKeys(_) => key.wrong(Fault::Mismatch(certificate.path.clone())),
        Error::InvalidCertificate(reason) => certificate.wrong(Fault::Certificate(format!("{reason:?}"))),
        other => key.wrong(Fault::Key(other.to_string())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(certificate: &str, key: &str, client_ca: &str) -> Fingerprint {
        let file = |text: &str| Contents { path: PathBuf::from("file.pem"), bytes: text.into() };
        Files { pairs: vec![(file(certificate), file(key))], client_ca: vec![file(client_ca)] }.fingerprint()
    }

    #[test]
    fn each_file_counts() {
        let same = || fingerprint("certificate", "key", "ca");
        assert!(same() == same());
        let others = [
            fingerprint("another", "key", "ca"),
            fingerprint("certificate", "another", "ca"),
            fingerprint("certificate", "key", "another"),
        ];
        assert!(others.into_iter().all(|other| other != same()));
        assert!(fingerprint("certificatek", "ey", "ca") != same(), "where one ends counts as well");
    }
}
