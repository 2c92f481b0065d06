//! `[limits]`: what one peer, one user and all together may use.

use super::Config;
use super::networks::Networks;
use super::value::{ByteSize, Choice, Raw, Value, quoted};

/// `[limits]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one message, after inflating.
    pub message: ByteSize,
    /// Frames that one message may come in.
    pub fragments: usize,
    /// Bytes that may wait for one connection to read them; see [`Config::outbox`].
    pub outbox: Option<ByteSize>,
    /// What happens to a connection whose outbox is full.
    pub slow_consumer: SlowConsumer,
    /// Rooms that one connection may be in; a client of Socket.IO in each of its namespaces.
    pub rooms_per_connection: usize,
    /// Namespaces that one connection of Socket.IO may be in.
    pub namespaces_per_connection: usize,
    /// Connections from one address; one of IPv6 counts as its /64.
    pub connections_per_address: Cap<usize>,
    /// Connections from one /24 of IPv4.
    pub connections_per_subnet: Cap<usize>,
    /// Connections of one user.
    pub connections_per_user: Cap<usize>,
    /// New connections a second from one address. At once it may make five times as many.
    pub arrivals_per_address: Cap<usize>,
    /// TCP connections of one address that are not WebSockets.
    pub http_connections_per_address: Cap<usize>,
    /// Messages, pings and pongs a second that one connection may bring.
    pub messages_per_second: Cap<usize>,
    /// How many of them it may bring at once.
    pub message_burst: usize,
    /// Bytes a second that one connection may bring.
    pub bytes_per_second: Cap<ByteSize>,
    /// How many bytes it may bring at once; see [`Config::byte_burst`].
    pub byte_burst: Option<ByteSize>,
    /// What happens to a connection that brings more.
    pub rate_action: RateAction,
    /// Memory of the process, above which new connections are refused.
    pub memory: Memory,
    /// Addresses for which the limits per address, subnet and of arrivals do not hold.
    pub exempt: Networks,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message: ByteSize::mib(1),
            fragments: 131_072,
            outbox: None,
            slow_consumer: SlowConsumer::Close,
            rooms_per_connection: 100,
            namespaces_per_connection: 16,
            connections_per_address: Cap::At(1000),
            connections_per_subnet: Cap::At(4000),
            connections_per_user: Cap::At(100),
            arrivals_per_address: Cap::At(100),
            http_connections_per_address: Cap::At(1000),
            messages_per_second: Cap::At(1000),
            message_burst: 2000,
            bytes_per_second: Cap::At(ByteSize::mib(10)),
            byte_burst: None,
            rate_action: RateAction::Delay,
            memory: Memory::Percent(80),
            exempt: Networks::loopback(),
        }
    }
}

/// A limit that can be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cap<T> {
    /// So much and no more.
    At(T),
    /// No limit.
    Off,
}

impl<T> Cap<T> {
    /// The limit, if there is one.
    pub fn at(self) -> Option<T> {
        match self {
            Self::At(limit) => Some(limit),
            Self::Off => None,
        }
    }
}

impl Value for Cap<usize> {
    const ALLOWED: &'static str = "a whole number above 0, or \"off\"";

    fn read(raw: Raw<'_>) -> Option<Self> {
        read_cap(raw)
    }

    fn write(&self) -> Option<String> {
        write_cap(self)
    }
}

impl Value for Cap<ByteSize> {
    const ALLOWED: &'static str = "a size with a unit (B, KiB, MiB, GiB), such as \"10MiB\", or \"off\"";

    fn read(raw: Raw<'_>) -> Option<Self> {
        read_cap(raw)
    }

    fn write(&self) -> Option<String> {
        write_cap(self)
    }
}

fn read_cap<T: Value>(raw: Raw<'_>) -> Option<Cap<T>> {
    if raw.text() == Some("off") { Some(Cap::Off) } else { T::read(raw).map(Cap::At) }
}

fn write_cap<T: Value>(cap: &Cap<T>) -> Option<String> {
    match cap {
        Cap::At(limit) => limit.write(),
        Cap::Off => Some(quoted("off")),
    }
}

/// How much memory the process may use before it lets nobody else in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// Part of what the machine or the cgroup has, 1 to 100.
    Percent(u8),
    /// So many bytes.
    At(ByteSize),
    /// No limit.
    Off,
}

impl Value for Memory {
    const ALLOWED: &'static str = "a part such as \"80%\", a size such as \"2GiB\", or \"off\"";

    fn read(raw: Raw<'_>) -> Option<Self> {
        let text = raw.text()?;
        if text == "off" {
            return Some(Self::Off);
        }
        match text.strip_suffix('%') {
            Some(percent) => {
                percent.parse().ok().filter(|percent| (1..=100).contains(percent)).map(Self::Percent)
            }
            None => ByteSize::read(raw).map(Self::At),
        }
    }

    fn write(&self) -> Option<String> {
        match self {
            Self::Percent(percent) => Some(quoted(&format!("{percent}%"))),
            Self::At(size) => size.write(),
            Self::Off => Some(quoted("off")),
        }
    }
}

/// What happens to a connection that brings more than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateAction {
    /// It is not read from until it may bring more.
    Delay,
    /// It is closed with 4008.
    Close,
}

impl Choice for RateAction {
    const CHOICES: &'static [(&'static str, Self)] = &[("delay", Self::Delay), ("close", Self::Close)];
    const ALLOWED: &'static str = "\"delay\" or \"close\"";
}

/// What happens to a connection that does not read as fast as it is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlowConsumer {
    /// It is closed with 4002, may reconnect and recovers what it missed.
    Close,
    /// The oldest events that wait are dropped.
    DropOldest,
    /// Of the events that wait, only the newest of each kind is kept.
    Conflate,
}

impl Choice for SlowConsumer {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("close", Self::Close), ("drop-oldest", Self::DropOldest), ("conflate", Self::Conflate)];
    const ALLOWED: &'static str = "\"close\", \"drop-oldest\" or \"conflate\"";
}

/// What is allowed, but not together: what is wrong, and what to do about it.
pub(super) fn problems(config: &Config) -> Vec<(String, String)> {
    [byte_burst(config), message_burst(config), subnet(config)].into_iter().flatten().collect()
}

fn byte_burst(config: &Config) -> Option<(String, String)> {
    let (burst, largest) = (config.byte_burst(), config.largest_message());
    (config.limits.bytes_per_second != Cap::Off && burst < largest).then(|| {
        let what = format!("`limits.byte_burst` ({burst}) is below the largest message ({largest})");
        (what, "a client that sends one such message would be over the limit at once".to_owned())
    })
}

/// Thousandths are counted in 31 bits.
const MAX_MESSAGE_BURST: usize = 2_000_000;

fn message_burst(config: &Config) -> Option<(String, String)> {
    let burst = config.limits.message_burst;
    (burst > MAX_MESSAGE_BURST).then(|| {
        let what = format!("`limits.message_burst` is {burst}: it must be {MAX_MESSAGE_BURST} at most");
        (what, "set `limits.messages_per_second = \"off\"` for no limit".to_owned())
    })
}

fn subnet(config: &Config) -> Option<(String, String)> {
    let limits = &config.limits;
    let (subnet, address) = limits.connections_per_subnet.at().zip(limits.connections_per_address.at())?;
    (subnet < address).then(|| {
        let what = format!(
            "`limits.connections_per_subnet` ({subnet}) is below `limits.connections_per_address` ({address})"
        );
        (what, "an address of IPv4 could never have as many connections as it may".to_owned())
    })
}
