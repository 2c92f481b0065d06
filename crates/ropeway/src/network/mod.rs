//! From flags to a connection: what `connect` and `bench` share.

mod failure;
mod flags;
mod headers;
mod proxy;
pub(crate) mod socketio;
mod tls;

use ropeway_ws::client::Connect;
use ropeway_ws::{Config, deflate};

pub(crate) use self::flags::Network;
use crate::failure::{Failure, Kind};

pub(crate) use failure::failure;

/// What is to be opened, ready to be opened as often as needed. Files are read and flags are judged here, once.
///
/// # Errors
/// A URL, a header, a file or a parameter that is of no use.
pub(crate) fn prepare(url: &str, flags: &Network) -> Result<Connect, Failure> {
    let url = complete(url);
    let connect = Connect::new(&url).map_err(|error| {
        let failure = Failure::new(Kind::Usage, format!("`{url}` cannot be connected to"), error);
        failure.hint("such as ws://localhost:8080/ws or wss://example.org/chat")
    })?;
    let connect = headers::add(connect, flags)?;
    let connect = route(connect, &url, flags)?;
    let connect = match tls::config(flags)? {
        Some(config) => connect.tls(config),
        None => connect,
    };
    let connect = connect.redirects(flags.redirects).timeout(flags.connect_timeout);
    Ok(connect.config(config(flags)?))
}

/// `localhost:8080/ws` is taken for `ws://localhost:8080/ws`.
pub(crate) fn complete(url: &str) -> String {
    if url.contains("://") { url.to_owned() } else { format!("ws://{url}") }
}

fn route(mut connect: Connect, url: &str, flags: &Network) -> Result<Connect, Failure> {
    for resolve in &flags.resolve {
        let (host, port, address) = resolve.parts();
        connect = connect.resolve(host, port, address);
    }
    if let Some(path) = &flags.unix_socket {
        return Ok(connect.unix_socket(path));
    }
    let proxy = match &flags.proxy {
        Some(proxy) => Some(proxy.clone()),
        None if flags.no_proxy => None,
        None => proxy::from_environment(url)?,
    };
    Ok(proxy.map_or(connect.clone(), |proxy| connect.proxy(proxy)))
}

fn config(flags: &Network) -> Result<Config, Failure> {
    let compress = headers::compress(flags);
    Ok(Config {
        max_message: flags.max_message,
        max_frame: flags.max_message,
        deflate: compress.as_deref().map(offer).transpose()?,
        ..Config::default()
    })
}

/// The parameters of `--compress`, in the words of RFC 7692 section 7.1.
fn offer(params: &str) -> Result<deflate::Config, Failure> {
    let mut offer = deflate::Config::default();
    offer.threshold = 0;
    for param in params.split([',', ';']).map(str::trim).filter(|param| !param.is_empty()) {
        let (name, value) = param.split_once('=').unwrap_or((param, ""));
        let bits = value.trim_matches('"').parse().ok().filter(|bits| (9..=15).contains(bits));
        match (name, bits, value) {
            ("server_no_context_takeover", _, "") => offer.receive_takeover = false,
            ("client_no_context_takeover", _, "") => offer.send_takeover = false,
            ("server_max_window_bits", Some(bits), _) => offer.receive_window_bits = bits,
            ("client_max_window_bits", Some(bits), _) => offer.send_history_bits = bits,
            ("client_max_window_bits" | "permessage-deflate", _, "") => {}
            _ => return Err(no_parameter(param)),
        }
    }
    Ok(offer)
}

fn no_parameter(param: &str) -> Failure {
    Failure::new(
        Kind::Usage,
        format!("`{param}` is no parameter of permessage-deflate"),
        "there are server_no_context_takeover, client_no_context_takeover, server_max_window_bits=9..15 and \
         client_max_window_bits=9..15",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_compression() {
        let offered = offer("server_no_context_takeover; client_max_window_bits=10").unwrap();
        assert!(!offered.receive_takeover && offered.send_takeover);
        assert_eq!(offered.send_history_bits, 10);
        assert!(offer("server_max_window_bits=8").is_err() && offer("zip").is_err());
    }

    #[test]
    fn a_scheme_may_be_left_out() {
        assert_eq!(complete("localhost:1/ws"), "ws://localhost:1/ws");
        assert_eq!(complete("https://localhost"), "https://localhost");
    }
}
