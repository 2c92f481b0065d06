//! Lists of networks, as `proxy.trusted` and `limits.exempt` have them.

use std::net::IpAddr;

use ipnet::IpNet;

use super::value::{Raw, Value, quoted};

/// A list of networks in CIDR notation; an address alone is the network that holds it and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// The addresses of this machine that nobody else can reach.
    pub fn loopback() -> Self {
        Self(["127.0.0.0/8", "::1/128"].iter().filter_map(|text| text.parse().ok()).collect())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an address is in one of them. IPv4 that is mapped into IPv6 is IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl Value for Networks {
    const ALLOWED: &'static str = "a list of addresses and networks such as [\"10.0.0.0/8\", \"::1\"]";

    fn read(raw: Raw<'_>) -> Option<Self> {
        raw.list()?.into_iter().map(|item| parse(item.text()?)).collect::<Option<_>>().map(Self)
    }

    fn write(&self) -> Option<String> {
        let items: Vec<String> = self.0.iter().map(|network| quoted(&network.to_string())).collect();
        Some(format!("[{}]", items.join(", ")))
    }
}

fn parse(text: &str) -> Option<IpNet> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse().ok()?,
    };
    // Whoever writes 10.0.0.1/8 has most likely mistaken something, and it may be more than was meant.
    (network.addr() == network.network()).then_some(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Networks> {
        Networks::read(Raw::Text(text))
    }

    #[test]
    fn addresses_are_in_their_networks() {
        let networks = read("10.0.0.0/8, 192.0.2.7, 2001:db8::/32").unwrap();
        for inside in ["10.255.0.1", "192.0.2.7", "2001:db8:1::1", "::ffff:10.0.0.1"] {
            assert!(networks.contains(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["11.0.0.1", "192.0.2.8", "2001:db9::1", "::1"] {
            assert!(!networks.contains(outside.parse().unwrap()), "{outside}");
        }
        assert_eq!(networks.write().unwrap(), r#"["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"]"#);
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for bad in ["10.0.0.1/8", "10.0.0.0/33", "10.0.0", "localhost", "::/129"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert!(read("").unwrap().is_empty());
    }
}
