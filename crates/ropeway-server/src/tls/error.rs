//! Why there is no TLS, or not with what the files say now.

/// The certificates cannot be used. Nothing of a key is in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The server was not configured for TLS.
    #[error("TLS is off: there is nothing to reload")]
    Off,
}
