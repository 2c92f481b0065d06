//! `[outbound]`: calls of the server to other services.

use std::path::PathBuf;

/// `[outbound]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbound {
    /// PEM files of authorities that are trusted with the certificates of other services, beside those of the operating
    /// system.
    pub ca: Vec<PathBuf>,
}
