//! TLS that ends at the server, with certificates of authorities that only the test knows.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper may stop at the first surprise, as the tests that call it may"
)]

mod certificates;
mod clients;
mod handshakes;
mod outbound;
mod reload;
mod set_up;
