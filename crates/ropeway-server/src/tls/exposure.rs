//! Secrets of clients on a network where others can read them.

use std::net::SocketAddr;

use tracing::warn;

use crate::config::Config;

/// Warns where keys, tokens, tickets or cookies of clients would come to `address` in the clear. `asks`: the server wants
/// credentials.
pub(crate) fn warn_of_exposure(config: &Config, address: SocketAddr, asks: bool) {
    if is_exposed(config, address, asks) {
        warn!(
            %address,
            "credentials of clients cross the network unencrypted: set `tls.certificate` and `tls.key`, or let a proxy end \
             TLS, name it in `proxy.trusted`, and have it reach this server over a network of its own"
        );
    }
}

/// A proxy that is named is one that ends TLS, as far as can be known here.
fn is_exposed(config: &Config, address: SocketAddr, asks: bool) -> bool {
    let has_secrets = asks || config.api.key.is_some();
    let is_covered = config.tls.is_on() || !config.proxy.trusted.is_empty();
    has_secrets && !is_covered && !address.ip().to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    #[track_caller]
    fn exposed(file: &str, address: &str, asks: bool) -> bool {
        let config = Sources::new().file("test", file).load().unwrap();
        is_exposed(&config, address.parse().unwrap(), asks)
    }

    const KEY: &str = "[api]\nkey = \"a-key-of-the-unit-tests\"\n";

    #[test]
    fn secrets_off_loopback_are_exposed() {
        assert!(exposed(KEY, "0.0.0.0:80", false));
        assert!(exposed("", "192.0.2.1:80", true));
        assert!(exposed("", "[::]:80", true));
    }

    #[test]
    fn nobody_reads_on_loopback_and_nothing_is_read_where_there_is_nothing() {
        for address in ["127.0.0.1:80", "127.8.0.1:80", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
            assert!(!exposed(KEY, address, true), "{address}");
        }
        assert!(!exposed("", "0.0.0.0:80", false));
    }

    #[test]
    fn tls_here_or_at_a_proxy_covers_them() {
        assert!(!exposed(
            "[proxy]\ntrusted = [\"10.0.0.0/8\"]\nheaders = \"x-forwarded-for\"\n",
            "0.0.0.0:80",
            true
        ));
        assert!(!exposed("[tls]\ncertificate = \"c.pem\"\nkey = \"k.pem\"\n", "0.0.0.0:443", true));
    }
}
