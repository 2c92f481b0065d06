//! Values of flags.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

/// A duration such as `10s`, `500ms` or `1h 30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| "it must be a time such as 10s, 500ms or 5m".to_owned())
}

/// A time from now on, or a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    In(Duration),
    At(SystemTime),
}

impl FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let at = humantime::parse_rfc3339_weak(text).map(Self::At);
        at.or_else(|_| duration(text).map(Self::In))
            .map_err(|_| "it must be a time such as 10m or a date such as 2030-01-31T12:00:00Z")
    }
}

/// A size such as `64KiB`, in bytes.
pub(crate) fn size(text: &str) -> Result<usize, String> {
    let size: ropeway_server::config::ByteSize = text.parse()?;
    Ok(size.bytes())
}

/// A size, with a unit or in bytes.
pub(crate) fn bytes(text: &str) -> Result<usize, String> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { at_least_one(text) } else { size(text) }
}

/// A count of which none would be of no use.
pub(crate) fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| "it must be a number, 1 or more".to_owned())
}

/// A rate.
pub(crate) fn above_nought(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate: &f64| *rate > 0.0 && rate.is_finite());
    rate.ok_or_else(|| "it must be a number above 0".to_owned())
}

/// `HOST:PORT:ADDRESS`, as curl has it; the address of IPv6 may have brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolve {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) address: SocketAddr,
}

impl FromStr for Resolve {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "it must be HOST:PORT:ADDRESS, such as example.org:443:127.0.0.1";
        let mut parts = text.splitn(3, ':');
        let (Some(host), Some(port), Some(address)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(FORM);
        };
        let port = port.parse().map_err(|_| FORM)?;
        let address: IpAddr = address.trim_matches(['[', ']']).parse().map_err(|_| FORM)?;
        Ok(Self { host: host.to_owned(), port, address: SocketAddr::new(address, port) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_for_names() {
        let resolve: Resolve = "example.org:443:[::1]".parse().unwrap();
        assert_eq!((&*resolve.host, resolve.address), ("example.org", "[::1]:443".parse().unwrap()));
        assert!("example.org:443".parse::<Resolve>().is_err());
        assert!("example.org:443:nowhere".parse::<Resolve>().is_err());
    }

    #[test]
    fn times_and_sizes() {
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(size("64KiB"), Ok(65536));
        assert_eq!((bytes("20"), bytes("1KiB")), (Ok(20), Ok(1024)));
        assert!(bytes("0").is_err() && bytes("").is_err());
        assert!(duration("soon").is_err() && size("big").is_err());
    }

    #[test]
    fn moments_are_dates_or_from_now_on() {
        let at = |seconds| Moment::At(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!("1970-01-02T00:00:00Z".parse(), Ok(at(86400)));
        assert_eq!("1970-01-01 00:01:00".parse(), Ok(at(60)));
        assert_eq!("10m".parse(), Ok(Moment::In(Duration::from_secs(600))));
        assert!("tomorrow".parse::<Moment>().is_err() && "10".parse::<Moment>().is_err());
    }

    #[test]
    fn counts_and_rates_are_of_some_use() {
        assert_eq!((at_least_one("3"), above_nought("0.5")), (Ok(3), Ok(0.5)));
        assert!(at_least_one("0").is_err() && at_least_one("-1").is_err());
        assert!(["0", "-1", "inf", "NaN", "much"].iter().all(|text| above_nought(text).is_err()));
    }
}
