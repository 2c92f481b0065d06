//! TCP connections of one address: how fast they come, and how many are in HTTP.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Full;
use super::crowd::Crowd;
use super::subnet::host;
use crate::config::{Config, Networks};

/// Seconds whose arrivals may come at once.
const BURST: Duration = Duration::from_secs(5);

/// Addresses that are remembered. An address is forgotten as soon as it has its whole burst again, most often after some
/// milliseconds; of more than this the newest are not counted.
const MAX_ADDRESSES: usize = 65_536;

/// Judges TCP connections before a byte is read from them.
#[derive(Debug)]
pub(crate) struct Arrivals {
    /// Time that one arrival takes up; nothing where there is no limit.
    interval: Option<Duration>,
    /// For each address the moment at which it has its whole burst again. Locked for moments, with each arrival.
    busy: Mutex<HashMap<IpAddr, Instant>>,
    in_http: Crowd<IpAddr>,
    exempt: Networks,
}

impl Arrivals {
    pub(crate) fn new(config: &Config) -> Self {
        let limits = &config.limits;
        let rate = limits.arrivals_per_address.at().map(|rate| u32::try_from(rate).unwrap_or(u32::MAX));
        Self {
            interval: rate.map(|rate| Duration::from_secs(1) / rate),
            busy: Mutex::default(),
            in_http: Crowd::new(limits.http_connections_per_address.at()),
            exempt: limits.exempt.clone(),
        }
    }

    /// A connection has come from a client.
    ///
    /// # Errors
    /// [`Full::Arrivals`] and [`Full::Address`]: it is to be dropped unseen.
    pub(crate) fn arrive(self: &Arc<Self>, address: IpAddr) -> Result<Visit, Full> {
        self.count(address, Instant::now())?;
        if self.exempt.contains(address) {
            return Ok(Visit(None));
        }
        let host = host(address);
        if !self.in_http.enter(host) {
            return Err(Full::Address);
        }
        Ok(Visit(Some((self.clone(), host))))
    }

    /// Counts one arrival, if it may come.
    ///
    /// # Errors
    /// [`Full::Arrivals`]
    pub(crate) fn count(&self, address: IpAddr, now: Instant) -> Result<(), Full> {
        let Some(interval) = self.interval.filter(|_| !self.exempt.contains(address)) else { return Ok(()) };
        let mut busy = self.busy();
        let until = busy.get(&host(address)).copied().unwrap_or(now).max(now) + interval;
        if until > now + BURST {
            return Err(Full::Arrivals);
        }
        if busy.len() < MAX_ADDRESSES || busy.contains_key(&host(address)) {
            busy.insert(host(address), until);
        }
        Ok(())
    }

    /// Forgets addresses that have their whole burst again. To be called now and then.
    pub(crate) fn sweep(&self, now: Instant) {
        let mut busy = self.busy();
        busy.retain(|_, until| *until > now);
        if busy.capacity() > 1024 && busy.len() * 4 < busy.capacity() {
            let len = busy.len();
            busy.shrink_to(len * 2);
        }
    }

    fn busy(&self) -> MutexGuard<'_, HashMap<IpAddr, Instant>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection in HTTP, until it is dropped; of somebody exempt it is counted nowhere.
#[derive(Debug)]
pub(crate) struct Visit(Option<(Arc<Arrivals>, IpAddr)>);

impl Visit {
    /// Of a proxy, whose clients are counted instead.
    pub(crate) fn of_proxy() -> Self {
        Self(None)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if let Some((arrivals, host)) = &self.0 {
            arrivals.in_http.leave(host);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Cap;

    fn arrivals(a_second: Cap<usize>, in_http: usize) -> Arc<Arrivals> {
        let mut config = Config::default();
        config.limits.exempt = Networks::loopback();
        config.limits.arrivals_per_address = a_second;
        config.limits.http_connections_per_address = Cap::At(in_http);
        Arc::new(Arrivals::new(&config))
    }

    const ADA: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const BOB: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn five_seconds_may_come_at_once_and_then_one_at_a_time() {
        let arrivals = arrivals(Cap::At(10), 1);
        let now = Instant::now();
        assert!((0..50).all(|_| arrivals.count(ADA, now).is_ok()));
        assert_eq!(arrivals.count(ADA, now), Err(Full::Arrivals));
        assert!(arrivals.count(BOB, now).is_ok());
        let later = now + Duration::from_millis(100);
        assert!(arrivals.count(ADA, later).is_ok() && arrivals.count(ADA, later).is_err());
        assert!((0..100).all(|_| arrivals.count(IpAddr::from([127, 0, 0, 1]), now).is_ok()));
    }

    #[test]
    fn a_64_of_ipv6_is_one_address() {
        let arrivals = arrivals(Cap::At(1), 2);
        let neighbour = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]);
        let _held = [1, 2].map(|last| arrivals.arrive(neighbour(last)).unwrap());
        assert_eq!(arrivals.arrive(neighbour(3)).err(), Some(Full::Address));
        let now = Instant::now();
        assert!((4..6).all(|last| arrivals.count(neighbour(last), now).is_ok()));
        assert_eq!(arrivals.count(neighbour(6), now), Err(Full::Arrivals));
        assert!(arrivals.arrive(IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, 1])).is_ok());
    }

    #[test]
    fn addresses_are_forgotten_and_bounded() {
        let arrivals = arrivals(Cap::At(10), 1);
        let now = Instant::now();
        for number in 0..100_000_u32 {
            assert!(arrivals.count(IpAddr::from((0x0a00_0000 + number).to_be_bytes()), now).is_ok());
        }
        assert_eq!(arrivals.busy().len(), MAX_ADDRESSES);
        arrivals.sweep(now);
        assert_eq!(arrivals.busy().len(), MAX_ADDRESSES);
        arrivals.sweep(now + Duration::from_millis(100));
        assert!(arrivals.busy().is_empty() && arrivals.busy().capacity() <= 1024);
    }

    #[test]
    fn so_many_are_in_http_at_one_time() {
        let arrivals = arrivals(Cap::Off, 2);
        let _one = arrivals.arrive(ADA).unwrap();
        let two = arrivals.arrive(ADA).unwrap();
        assert_eq!(arrivals.arrive(ADA).err(), Some(Full::Address));
        assert!(arrivals.arrive(BOB).is_ok());
        drop(two);
        assert!(arrivals.arrive(ADA).is_ok());
    }
}
