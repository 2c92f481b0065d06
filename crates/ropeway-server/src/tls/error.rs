//! Why there is no TLS, or not with what the files say now.

use std::io;
use std::path::{Path, PathBuf};

/// The certificates cannot be used. Nothing of a key is in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The server was not configured for TLS.
    #[error("TLS is off: there is nothing to reload")]
    Off,
    /// A file is not what it should be.
    #[error("{}: {fault}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: Fault,
    },
    /// TLS cannot be set up; not the fault of a file.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It is not there, or may not be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is larger than any certificate.
    #[error("it is larger than 1 MiB")]
    TooLarge,
    /// Nothing of the kind is in it.
    #[error("there is no certificate in it: it must be PEM, `-----BEGIN CERTIFICATE-----`")]
    NoCertificate,
    /// Nothing of the kind is in it.
    #[error("there is no private key in it: it must be PEM, `-----BEGIN PRIVATE KEY-----`")]
    NoKey,
    /// It would need a password.
    #[error("the key is encrypted: take the password off with `openssl pkey -in FILE -out NEW`")]
    Encrypted,
    /// PEM that is damaged.
    #[error("it is no PEM: {0}")]
    Pem(String),
    /// The certificate is damaged or of an unknown kind.
    #[error("the certificate cannot be used: {0}")]
    Certificate(String),
    /// The key is damaged or of an unknown kind.
    #[error("the key cannot be used: {0}")]
    Key(String),
    /// The key belongs to another certificate.
    #[error("the key does not fit the certificate in {}", .0.display())]
    Mismatch(PathBuf),
}

impl TlsError {
    pub(super) fn file(path: &Path, fault: Fault) -> Self {
        Self::File { path: path.to_owned(), fault }
    }

    pub(super) fn setup(error: impl std::fmt::Display) -> Self {
        Self::Setup(error.to_string())
    }
}

/// For [`Server::bind`](crate::Server::bind): the error is inside.
impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}
