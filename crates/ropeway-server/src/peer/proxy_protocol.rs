//! The header of the PROXY protocol, version 1 and 2, which a proxy sends ahead of what its client sends.
//!
//! Specification: <https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>. Not one byte behind the header is read,
//! so that the stream can go on as it is, without a buffer around it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Section 2.1: the longest header of version 1, with its line end.
const MAX_V1: usize = 107;

/// What may stand behind the first 16 bytes of version 2: addresses, of which those of Unix are the longest with 216
/// bytes, and extensions (TLVs) that are passed over.
const MAX_V2: usize = 4096;

/// Section 2.2.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// No version of the header is shorter than this.
const FIRST: usize = 12;

/// Why a connection has no header that can be read. The proxy is to blame, or who is taken for one.
#[derive(Debug, Error)]
pub(crate) enum ProxyError {
    /// It begins with something else.
    #[error("there is no PROXY header")]
    Missing,
    /// It begins like one, and then breaks a rule.
    #[error("the PROXY header is wrong: {0}")]
    Malformed(&'static str),
    /// It has not come as a whole.
    #[error("the PROXY header broke off: {0}")]
    Io(#[from] std::io::Error),
}

/// Reads the header. Gives the address of the client, or nothing where the proxy speaks for itself (LOCAL, as health
/// checks do) or has none to tell (UNKNOWN, UNSPEC, Unix). Not cancel safe.
///
/// # Errors
/// There is none, it is malformed, or too long (107 bytes in version 1, 4 KiB in version 2).
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<IpAddr>, ProxyError> {
    let mut first = [0; FIRST];
    // Byte by byte up to the first that is wrong, so that nobody is waited for who speaks something else.
    for at in 0..FIRST {
        first[at] = stream.read_u8().await?;
        let seen = &first[..=at];
        if !SIGNATURE.starts_with(seen) && !starts_like_v1(seen) {
            return Err(ProxyError::Missing);
        }
    }
    if first == *SIGNATURE { read_v2(stream).await } else { read_v1(stream, &first).await }
}

fn starts_like_v1(seen: &[u8]) -> bool {
    let magic = b"PROXY ";
    let len = seen.len().min(magic.len());
    seen[..len] == magic[..len]
}

/// `PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n`
async fn read_v1(
    stream: &mut (impl AsyncRead + Unpin),
    first: &[u8; FIRST],
) -> Result<Option<IpAddr>, ProxyError> {
    let mut line = first.to_vec();
    while !line.ends_with(b"\r\n") {
        if line.len() == MAX_V1 {
            return Err(ProxyError::Malformed("it is longer than 107 bytes"));
        }
        line.push(stream.read_u8().await?);
    }
    line.truncate(line.len() - 2);
    let line = std::str::from_utf8(&line).map_err(|_| ProxyError::Malformed("it is no text"))?;
    parse_v1(line).ok_or(ProxyError::Malformed("its addresses cannot be read"))
}

fn parse_v1(line: &str) -> Option<Option<IpAddr>> {
    let mut fields = line.split(' ').skip(1);
    let family = fields.next()?;
    if family == "UNKNOWN" {
        // Whatever else there is, is to be ignored.
        return Some(None);
    }
    let [source, target] = [fields.next()?, fields.next()?];
    let source = match family {
        "TCP4" => target.parse::<Ipv4Addr>().ok().and(source.parse().ok().map(IpAddr::V4)),
        "TCP6" => target.parse::<Ipv6Addr>().ok().and(source.parse().ok().map(IpAddr::V6)),
        _ => None,
    }?;
    let ports = [fields.next()?, fields.next()?];
    let are_ports = ports
        .iter()
        .all(|port| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok());
    (are_ports && fields.next().is_none()).then(|| Some(source.to_canonical()))
}

async fn read_v2(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<IpAddr>, ProxyError> {
    let [version_command, family] = [stream.read_u8().await?, stream.read_u8().await?];
    let len = usize::from(stream.read_u16().await?);
    let is_local = match version_command {
        0x20 => true,
        0x21 => false,
        _ => return Err(ProxyError::Malformed("its version or command is unknown")),
    };
    if len > MAX_V2 {
        return Err(ProxyError::Malformed("it is longer than 4 KiB"));
    }
    let mut body = vec![0; len];
    stream.read_exact(&mut body).await?;
    if is_local { Ok(None) } else { parse_v2(family, &body) }
}

/// Addresses of a known length, and behind them extensions that do not matter here.
fn parse_v2(family: u8, body: &[u8]) -> Result<Option<IpAddr>, ProxyError> {
    let short = ProxyError::Malformed("it is too short for its addresses");
    match family {
        // Unspecified: there may be no transport then, or any.
        0x00..=0x02 => Ok(None),
        0x11 | 0x12 if body.len() >= 12 => {
            let address: Option<&[u8; 4]> = body.first_chunk();
            Ok(address.map(|address| IpAddr::from(*address)))
        }
        0x21 | 0x22 if body.len() >= 36 => {
            let address: Option<&[u8; 16]> = body.first_chunk();
            Ok(address.map(|address| IpAddr::from(*address).to_canonical()))
        }
        0x31 | 0x32 if body.len() >= 216 => Ok(None),
        0x11 | 0x12 | 0x21 | 0x22 | 0x31 | 0x32 => Err(short),
        _ => Err(ProxyError::Malformed("its family or transport is unknown")),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    /// What is read of `bytes` that arrive as a whole, and how many are left.
    async fn read_all(bytes: &[u8]) -> (Result<Option<String>, String>, usize) {
        let mut rest = bytes;
        let read = read(&mut rest).await;
        (read.map(|ip| ip.map(|ip| ip.to_string())).map_err(|error| error.to_string()), rest.len())
    }

    async fn good(bytes: &[u8], expected: Option<&str>) {
        let followed = [bytes, b"GET / HTTP/1.1"].concat();
        assert_eq!(read_all(&followed).await, (Ok(expected.map(str::to_owned)), 14));
        // Byte by byte it is the same, and a truncated one is none.
        let (mut theirs, mut ours) = tokio::io::duplex(1);
        let bytes = bytes.to_vec();
        let whole = bytes.clone();
        tokio::spawn(async move { theirs.write_all(&whole).await });
        assert_eq!(read(&mut ours).await.unwrap().map(|ip| ip.to_string()).as_deref(), expected);
        for len in 0..bytes.len() {
            let (read, _) = read_all(&bytes[..len]).await;
            assert!(read.unwrap_err().contains("broke off"), "{len} bytes");
        }
    }

    async fn bad(bytes: &[u8], message: &str) {
        let error = read_all(bytes).await.0.unwrap_err();
        assert!(error.contains(message), "{error} for {bytes:?}");
    }

    fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let len = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &len, body].concat()
    }

    #[tokio::test]
    async fn version_1() {
        good(b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", Some("192.0.2.1")).await;
        good(b"PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n", Some("2001:db8::1")).await;
        good(b"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", Some("192.0.2.1")).await;
        good(b"PROXY UNKNOWN\r\n", None).await;
        good(b"PROXY UNKNOWN ffff:f...f:ffff 1 2\r\n", None).await;
        let longest = format!("PROXY UNKNOWN{}\r\n", " ".repeat(MAX_V1 - 15));
        good(longest.as_bytes(), None).await;
    }

    #[tokio::test]
    async fn version_1_that_is_wrong() {
        bad(b"GET / HTTP/1.1\r\n\r\n", "no PROXY header").await;
        bad(b"PROXZ", "no PROXY header").await;
        for line in [
            "PROXY TCP4 2001:db8::1 2001:db8::2 1 2",
            "PROXY TCP6 192.0.2.1 192.0.2.2 1 2",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 +2",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3",
            "PROXY TCP4  192.0.2.1 192.0.2.2 1 2",
            "PROXY UDP4 192.0.2.1 192.0.2.2 1 2",
            "PROXY tcp4 192.0.2.1 192.0.2.2 1 2",
        ] {
            bad(format!("{line}\r\n").as_bytes(), "cannot be read").await;
        }
        bad(format!("PROXY UNKNOWN{}\r\n", " ".repeat(MAX_V1 - 14)).as_bytes(), "longer than 107").await;
        bad(b"PROXY TCP4 \xff92.0.2.1\r\n", "no text").await;
    }

    #[tokio::test]
    async fn version_2() {
        let v4 = b"\xc0\0\x02\x01\xc6\x33\x64\x01\xdc\x04\x01\xbb";
        good(
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x01\xdc\x04\x01\xbb",
            Some("192.0.2.1"),
        )
        .await;
        good(&v2(0x21, 0x12, v4), Some("192.0.2.1")).await;
        good(&v2(0x21, 0x11, &[&v4[..], b"\x04\0\x02ab"].concat()), Some("192.0.2.1")).await;
        let mut v6 = [0; 36];
        v6[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
        v6[15] = 1;
        good(&v2(0x21, 0x21, &v6), Some("2001:db8::1")).await;
        good(&v2(0x21, 0x22, &[&v6[..], b"\x04\0\x02ab"].concat()), Some("2001:db8::1")).await;
        v6[..16].copy_from_slice(b"\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x01");
        good(&v2(0x21, 0x21, &v6), Some("192.0.2.1")).await;
        good(&v2(0x21, 0x31, &[b'a'; 216]), None).await;
        good(&v2(0x21, 0x00, b""), None).await;
        good(&v2(0x20, 0x00, b""), None).await;
        good(&v2(0x20, 0x11, v4), None).await;
    }

    #[tokio::test]
    async fn version_2_that_is_wrong() {
        bad(&v2(0x21, 0x11, &[0; 11]), "too short").await;
        bad(&v2(0x21, 0x21, &[0; 35]), "too short").await;
        bad(&v2(0x21, 0x31, &[0; 215]), "too short").await;
        bad(&v2(0x21, 0x41, &[0; 216]), "family").await;
        bad(&v2(0x21, 0x13, &[0; 216]), "family").await;
        bad(&v2(0x11, 0x11, &[0; 12]), "version").await;
        bad(&v2(0x22, 0x11, &[0; 12]), "version").await;
        bad(&v2(0x21, 0x11, &[0; MAX_V2 + 1]), "longer than 4 KiB").await;
        bad(b"\r\n\r\n\0\r\nQUIZ", "no PROXY header").await;
    }
}
