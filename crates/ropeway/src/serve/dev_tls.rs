//! `serve --dev-tls`: a certificate for this machine, which the program makes itself.
//!
//! It is kept in the user's folder for state, so that a browser or a client that trusts it once trusts the next run, too.
//! Two weeks are the longest life that browsers take for WebTransport with `serverCertificateHashes`.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, CertifiedKey, DnType, KeyPair};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::failure::{Failure, Kind};
use crate::files;

const DAY: Duration = Duration::from_secs(24 * 3600);
const LIFE: Duration = Duration::from_secs(14 * 24 * 3600);

/// A certificate and its key, as files.
pub(crate) struct DevTls {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl DevTls {
    /// The one of the last run, or a new one where it has less than a day left.
    pub(crate) fn prepare() -> Result<Self, Failure> {
        let state = files::state_folder().ok_or_else(|| {
            Failure::usage(
                "--dev-tls",
                "there is no folder for its certificate: neither XDG_STATE_HOME nor HOME is set",
            )
        })?;
        let folder = state.join("dev-tls");
        let kept = Self { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
        if !kept.is_fresh(SystemTime::now()) {
            kept.make(&folder).map_err(|error| {
                let what = format!("cannot write the certificate of --dev-tls into {}", folder.display());
                Failure::new(Kind::Output, what, error)
            })?;
        }
        Ok(kept)
    }

    /// What browsers and people compare: SHA-256 of the certificate.
    pub(crate) fn fingerprint(&self) -> Option<String> {
        let certificate = CertificateDer::from_pem_file(&self.certificate).ok()?;
        let digest = ring::digest::digest(&ring::digest::SHA256, &certificate);
        Some(digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":"))
    }

    /// The certificate is written last, so its file is as old as the pair.
    fn is_fresh(&self, now: SystemTime) -> bool {
        let written = fs::metadata(&self.certificate).and_then(|file| file.modified());
        let age = written.ok().and_then(|written| now.duration_since(written).ok());
        self.key.is_file() && age.is_some_and(|age| age < LIFE - DAY)
    }

    fn make(&self, folder: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let CertifiedKey { cert, signing_key } = generate().map_err(io::Error::other)?;
        // A certificate without its key would be taken for a pair.
        match fs::remove_file(&self.certificate) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        write(&self.key, &signing_key.serialize_pem(), 0o600)?;
        write(&self.certificate, &cert.pem(), 0o644)
    }
}

fn generate() -> Result<CertifiedKey<KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::new(["localhost", "127.0.0.1", "::1"].map(str::to_owned))?;
    params.distinguished_name.push(DnType::CommonName, "Ropeway development");
    let now = SystemTime::now();
    params.not_before = now.into();
    params.not_after = (now + LIFE).into();
    let signing_key = KeyPair::generate()?;
    let cert = params.self_signed(&signing_key)?;
    Ok(CertifiedKey { cert, signing_key })
}

/// As a whole or not at all.
fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let new = path.with_extension("new");
    // The mode counts only for a file that is made here.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_pair_is_kept_until_its_last_day() {
        let folder = std::env::temp_dir().join(format!("ropeway-dev-tls-{}", std::process::id()));
        let pair = DevTls { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
        assert!(!pair.is_fresh(SystemTime::now()));
        pair.make(&folder).unwrap();
        let now = SystemTime::now();
        assert!(pair.is_fresh(now) && pair.is_fresh(now + 12 * DAY) && !pair.is_fresh(now + 13 * DAY));
        assert_eq!(fs::metadata(&pair.key).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(pair.fingerprint().unwrap().len(), 32 * 3 - 1);
        fs::remove_file(&pair.key).unwrap();
        assert!(!pair.is_fresh(now));
        fs::remove_dir_all(&folder).unwrap();
    }
}
