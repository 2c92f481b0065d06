//! From a name to a TCP stream (RFC 8305, "Happy Eyeballs").
//!
//! An address that does not answer must not cost the whole timeout: after a short while the next one is tried beside it,
//! and the first stream wins.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

/// How long an attempt is waited for before the next one begins (RFC 8305 section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// The addresses of a name, in the order in which to try them.
pub(super) async fn lookup(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let addresses = interleave(tokio::net::lookup_host((host, port)).await?.collect());
    let none = || io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    if addresses.is_empty() { Err(none()) } else { Ok(addresses) }
}

/// Connects to the first address that answers, `from` one of ours if that is given. Nagle's algorithm is switched off.
pub(super) async fn dial(addresses: Vec<SocketAddr>, from: Option<IpAddr>) -> io::Result<TcpStream> {
    let mut addresses = addresses.into_iter();
    let mut attempts = JoinSet::new();
    let mut failure = io::Error::from(io::ErrorKind::NotFound);
    loop {
        if let Some(address) = addresses.next() {
            attempts.spawn(attempt(address, from));
        } else if attempts.is_empty() {
            return Err(failure);
        }
        let patience = if addresses.len() == 0 { Duration::MAX } else { HEAD_START };
        match tokio::time::timeout(patience, attempts.join_next()).await {
            Ok(Some(Ok(Ok(stream)))) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Ok(Some(Ok(Err(error)))) => failure = error,
            // The head start is over, or an attempt was torn down with the runtime.
            Err(_) | Ok(_) => {}
        }
    }
}

async fn attempt(to: SocketAddr, from: Option<IpAddr>) -> io::Result<TcpStream> {
    let Some(from) = from else { return TcpStream::connect(to).await };
    let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(SocketAddr::new(from, 0))?;
    socket.connect(to).await
}

/// Alternates between the families, in the order of preference that the resolver gave (RFC 8305 section 4).
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (preferred, other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut other = other.into_iter();
    let mut order: Vec<_> =
        preferred.into_iter().flat_map(|address| [Some(address), other.next()]).flatten().collect();
    order.extend(other);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_alternate_and_nothing_is_lost() {
        let addresses =
            |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let given = addresses(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"]);
        assert_eq!(interleave(given), addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"]));
        let given = addresses(&["1.1.1.1:1", "[::1]:1", "[::2]:1"]);
        assert_eq!(interleave(given), addresses(&["1.1.1.1:1", "[::1]:1", "[::2]:1"]));
        assert_eq!(interleave(Vec::new()), []);
    }

    #[tokio::test]
    async fn a_refused_address_is_told() {
        let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = dial(vec![unused], None).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[tokio::test]
    async fn the_local_address_can_be_chosen() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let from = IpAddr::from([127, 0, 0, 9]);
        let stream = dial(vec![listener.local_addr().unwrap()], Some(from)).await.unwrap();
        assert_eq!(stream.local_addr().unwrap().ip(), from);
    }
}
