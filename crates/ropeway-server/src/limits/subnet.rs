//! Which addresses are counted together.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is counted as one address: with IPv6 the /64, since that is the least that a customer gets, and whoever has one
/// may take another address of it for every connection.
pub(super) fn host(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

/// The /24 of an IPv4 address. What is counted as one address of IPv6 is a subnet already.
pub(super) fn subnet(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        IpAddr::V4(address) => Some(IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() >> 8 << 8))),
        IpAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_counted_together() {
        let host = |text: &str| host(text.parse().unwrap()).to_string();
        assert_eq!(host("192.0.2.7"), "192.0.2.7");
        assert_eq!(host("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(host("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        let subnet = |text: &str| subnet(text.parse().unwrap()).map(|subnet| subnet.to_string());
        assert_eq!(subnet("::ffff:192.0.2.7").as_deref(), Some("192.0.2.0"));
        assert_eq!(subnet("2001:db8::1"), None);
    }
}
