//! Why there is no connection, as it is told.

use std::fmt::Write;
use std::io::{self, ErrorKind};

use ropeway_ws::client::rustls::{CertificateError, Error as TlsError};
use ropeway_ws::client::{ConnectError, Refused};

use crate::failure::{Failure, Kind};
use crate::harmless;

/// The failure that an error is, with what to do about it.
pub(crate) fn failure(error: &ConnectError) -> Failure {
    let no_connection = |kind, why: &dyn std::fmt::Display| {
        Failure::new(kind, "no connection", harmless::block(&why.to_string()))
    };
    match error {
        ConnectError::Url(_) | ConnectError::Request(_) => no_connection(Kind::Usage, error),
        ConnectError::Dial { source, .. } => {
            hinted(no_connection(Kind::Unavailable, error), dial_hint(source))
        }
        ConnectError::Proxy { .. } => no_connection(Kind::Unavailable, error)
            .hint("name another proxy with `--proxy URL`, or none with `--no-proxy`"),
        ConnectError::Tls { source, .. } => hinted(no_connection(Kind::Tls, error), tls_hint(source)),
        ConnectError::Io(_) => no_connection(Kind::Broken, error),
        ConnectError::Head(_) => no_connection(Kind::Protocol, error)
            .hint("the server may want TLS: a URL that begins with wss://"),
        ConnectError::Handshake(_) => no_connection(Kind::Protocol, error),
        ConnectError::Refused(refused) => self::refused(refused),
        ConnectError::TooManyRedirects(_) => {
            no_connection(Kind::Refused, error).hint("`--redirects COUNT` allows more")
        }
        ConnectError::Timeout(_) => {
            no_connection(Kind::Timeout, error).hint("`--connect-timeout TIME` waits longer")
        }
        _ => no_connection(Kind::Unavailable, error),
    }
}

fn hinted(failure: Failure, hint: Option<&str>) -> Failure {
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn dial_hint(source: &io::Error) -> Option<&'static str> {
    match source.kind() {
        ErrorKind::ConnectionRefused => {
            Some("nothing listens there: is the server running, and is it this port?")
        }
        ErrorKind::NotFound => Some("there is no such socket; is the server running?"),
        ErrorKind::PermissionDenied => Some("the socket belongs to somebody else"),
        _ => None,
    }
}

fn tls_hint(source: &io::Error) -> Option<&'static str> {
    match source.get_ref()?.downcast_ref::<TlsError>()? {
        TlsError::InvalidCertificate(CertificateError::UnknownIssuer) => {
            Some("`--ca FILE` trusts an authority of your own, `--insecure` trusts anybody")
        }
        TlsError::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            Some("`--insecure` connects nevertheless")
        }
        TlsError::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => Some("use the name that the certificate is for, perhaps with `--resolve HOST:PORT:ADDRESS`"),
        TlsError::InvalidMessage(_) => Some("the server may speak plain text: a URL that begins with ws://"),
        TlsError::AlertReceived(_) => Some("the server may want a certificate: `--cert FILE --key FILE`"),
        _ => None,
    }
}

/// Status, headers and body.
fn refused(refused: &Refused) -> Failure {
    let mut why = format!("HTTP/1.1 {}\n", refused.status);
    for (name, value) in &refused.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        let _ = writeln!(why, "{name}: {}", harmless::line(&value));
    }
    if !refused.body.is_empty() {
        let _ = write!(why, "\n{}", harmless::block(&String::from_utf8_lossy(&refused.body)));
    }
    hinted(
        Failure::new(Kind::Refused, format!("the server refused with {}", refused.status), why),
        refused_hint(refused),
    )
}

fn refused_hint(refused: &Refused) -> Option<&'static str> {
    match refused.status.as_u16() {
        301 | 302 | 303 | 307 | 308 => Some("`--redirects 5` follows"),
        401 => Some("`--auth USER:PASSWORD` or `--token TOKEN` says who you are"),
        407 => Some("the proxy wants a name and a password: `--proxy http://USER:PASSWORD@HOST`"),
        200 | 404 => Some("is there a WebSocket at this path?"),
        _ => None,
    }
}
