//! Compressed answers (RFC 9110 section 8.4).

use std::io::Read;

use bytes::Bytes;
use flate2::Compression;
use flate2::read::{GzEncoder, ZlibEncoder};
use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

/// A coding that is served here, the preferred one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    /// zlib's format, as RFC 9110 has it.
    Deflate,
}

impl Coding {
    const ALL: [Self; 2] = [Self::Gzip, Self::Deflate];

    /// The best one that a request takes.
    pub(crate) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let weighted = Self::ALL.map(|coding| (weight(headers, coding.as_str()), coding));
        let acceptable = weighted.into_iter().filter(|(weight, _)| *weight > 0.0);
        // The first of equals.
        acceptable.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, coding)| coding)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    pub(crate) fn compress(self, body: &[u8]) -> Bytes {
        let mut compressed = Vec::new();
        // It cannot fail: what is read is memory.
        let _ = match self {
            Self::Gzip => GzEncoder::new(body, Compression::default()).read_to_end(&mut compressed),
            Self::Deflate => ZlibEncoder::new(body, Compression::default()).read_to_end(&mut compressed),
        };
        compressed.into()
    }
}

/// The weight that a request gives to a coding (RFC 9110 section 12.5.3), 0 if it is not acceptable.
fn weight(headers: &HeaderMap, coding: &str) -> f32 {
    let lists = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut any = 0.0;
    for (name, weight) in lists.flat_map(|list| list.split(',')).map(parse) {
        if name.eq_ignore_ascii_case(coding) {
            return weight;
        }
        if name == "*" {
            any = weight;
        }
    }
    any
}

/// `gzip;q=0.5`
fn parse(item: &str) -> (&str, f32) {
    let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
    let weight =
        parameters.trim().strip_prefix("q=").map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0));
    (name.trim(), weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_decides_and_gzip_is_the_first_of_equals() {
        let accepted =
            |list: &str| Coding::accepted(&HeaderMap::from_iter([(ACCEPT_ENCODING, list.parse().unwrap())]));
        assert_eq!(accepted("deflate, gzip"), Some(Coding::Gzip));
        assert_eq!(accepted("gzip;q=0.5, deflate;q=0.8"), Some(Coding::Deflate));
        assert_eq!(accepted("*"), Some(Coding::Gzip));
        assert_eq!(accepted("gzip;q=0, *;q=0.1"), Some(Coding::Deflate));
        assert_eq!(accepted("br, identity"), None);
        assert_eq!(accepted("gzip;q=nonsense"), None);
        assert_eq!(Coding::accepted(&HeaderMap::new()), None);
    }
}
