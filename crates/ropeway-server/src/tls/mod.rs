//! TLS that ends here: certificates from files, their reload, certificates of clients.

mod error;

pub use error::TlsError;
