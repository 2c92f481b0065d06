//! TLS that ends here: certificates from files, their reload, certificates of clients.
//!
//! The files are read when the server is bound, on [`Handle::reload_tls`](crate::Handle::reload_tls), and whenever their
//! contents have changed. What they say becomes one `ServerConfig` of rustls, which replaces the one before: connections
//! hold what they began with, the next handshake takes the new one. Files that are not right leave all as it is.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use tokio::time::{MissedTickBehavior, interval};
use tokio_rustls::TlsAcceptor;
use tracing::{error, info};

use crate::config::{self, ClientCertificates, TlsVersion};

mod certificates;
mod error;
mod exposure;
mod files;

pub use error::{Fault, TlsError};
pub(crate) use exposure::warn_of_exposure;
pub(crate) use files::authorities;

use certificates::Certificates;
use files::{Files, Fingerprint};

/// The TLS of one server.
pub(crate) struct Tls {
    config: config::Tls,
    /// For new connections. Locked for the length of a clone or a replacement.
    current: RwLock<Arc<ServerConfig>>,
    /// What the last attempt read, right or wrong, so that one mistake is told once. Locked while files are read, by
    /// the task that watches them and by `reload`.
    seen: Mutex<Option<Fingerprint>>,
}

impl Tls {
    /// Nothing where the configuration has no TLS.
    pub(crate) fn open(config: &config::Tls) -> Result<Option<Arc<Self>>, TlsError> {
        if !config.is_on() {
            return Ok(None);
        }
        let files = Files::read(config)?;
        let current = RwLock::new(build(config, &files)?);
        Ok(Some(Arc::new(Self {
            config: config.clone(),
            current,
            seen: Mutex::new(Some(files.fingerprint())),
        })))
    }

    /// For one handshake.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone().into()
    }

    /// Takes what the files say now. Reads them on this thread.
    pub(crate) fn reload(&self) -> Result<(), TlsError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let files = Files::read(&self.config).inspect_err(|_| *seen = None)?;
        let built = build(&self.config, &files);
        *seen = Some(files.fingerprint());
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = built?;
        Ok(())
    }

    /// Takes what the files say whenever they have changed. Cancel-safe.
    pub(crate) async fn follow(self: Arc<Self>) -> Infallible {
        let mut looks = interval(self.config.reload_interval);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // That one comes at once, and the files have just been read.
        looks.tick().await;
        loop {
            looks.tick().await;
            let tls = self.clone();
            // A file may lie on a slow disk. It fails only when the runtime ends.
            let _ = tokio::task::spawn_blocking(move || tls.look()).await;
        }
    }

    fn look(&self) {
        if !self.has_changed() {
            return;
        }
        match self.reload() {
            Ok(()) => info!("the files of TLS have changed: new connections get what they say now"),
            Err(error) => {
                error!(%error, "the files of TLS have changed and cannot be used; the old ones stay");
            }
        }
    }

    /// A file that cannot be read counts once.
    fn has_changed(&self) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*seen, Files::read(&self.config)) {
            (Some(seen), Ok(files)) => files.fingerprint() != *seen,
            (None, Err(_)) => false,
            _ => true,
        }
    }
}

fn build(config: &config::Tls, files: &Files) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let versions: &[_] = match config.min_version {
        TlsVersion::V1_2 => &[&TLS13, &TLS12],
        TlsVersion::V1_3 => &[&TLS13],
    };
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .map_err(TlsError::setup)?;
    let builder = match config.client_certificates {
        ClientCertificates::Off => builder.with_no_client_auth(),
        asked => {
            let roots = Arc::new(files.authorities()?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
            let verifier = match asked {
                ClientCertificates::Optional => verifier.allow_unauthenticated(),
                _ => verifier,
            };
            builder.with_client_cert_verifier(verifier.build().map_err(TlsError::setup)?)
        }
    };
    let keys = files.keys()?;
    keys.iter().for_each(|(path, key)| certificates::warn_of_time(path, key));
    let certificates = Certificates(keys.into_iter().map(|(_, key)| key).collect());
    let mut server = builder.with_cert_resolver(Arc::new(certificates));
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Sessions are resumed by tickets, whose key changes every six hours; so nothing is held for those who left.
    server.ticketer = ring::Ticketer::new().map_err(TlsError::setup)?;
    server.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(Arc::new(server))
}

/// What a handshake came to, as an extension of each request of the connection.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// Verified; the client's own, without its chain.
    pub(crate) client_certificate: Option<Arc<CertificateDer<'static>>>,
}

impl Session {
    pub(crate) fn new(connection: &rustls::ServerConnection) -> Self {
        let own = connection.peer_certificates().and_then(<[_]>::first);
        Self { client_certificate: own.map(|certificate| Arc::new(certificate.clone().into_owned())) }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use tempfile::TempDir;

    use super::*;

    fn write(folder: &Path, names: [&str; 2]) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let contents = [made.cert.pem(), made.signing_key.serialize_pem()];
        for (name, text) in names.iter().zip(contents) {
            fs::write(folder.join(name), text).unwrap();
        }
    }

    fn opened(folder: &TempDir) -> Arc<Tls> {
        write(folder.path(), ["cert.pem", "key.pem"]);
        write(folder.path(), ["ca.pem", "no.key"]);
        let file = |name| vec![folder.path().join(name)];
        let config = config::Tls {
            certificate: file("cert.pem"),
            key: file("key.pem"),
            client_ca: file("ca.pem"),
            client_certificates: ClientCertificates::Required,
            ..config::Tls::default()
        };
        Tls::open(&config).unwrap().unwrap()
    }

    #[test]
    fn each_change_is_noticed_once() {
        let folder = TempDir::new().unwrap();
        let tls = opened(&folder);
        assert!(!tls.has_changed());
        for names in [["cert.pem", "no.key"], ["no.pem", "key.pem"], ["ca.pem", "no.key"]] {
            write(folder.path(), names);
            assert!(tls.has_changed(), "{names:?}");
            tls.look();
            assert!(!tls.has_changed(), "{names:?}");
        }
    }

    #[test]
    fn a_file_that_is_gone_is_noticed_once_and_again_when_it_is_back() {
        let folder = TempDir::new().unwrap();
        let tls = opened(&folder);
        let (here, away) = (folder.path().join("key.pem"), folder.path().join("away.pem"));
        fs::rename(&here, &away).unwrap();
        assert!(tls.has_changed());
        tls.look();
        assert!(!tls.has_changed(), "it is told once");
        fs::rename(&away, &here).unwrap();
        assert!(tls.has_changed());
        tls.look();
        assert!(!tls.has_changed());
    }
}
