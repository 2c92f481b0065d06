//! How much one connection may bring: a bucket of messages and a bucket of bytes (token buckets).

use std::time::{Duration, Instant};

use crate::config::{ByteSize, Config, RateAction};

/// Buckets are counted in thousandths, so that a millisecond of any rate is a whole number and nothing is lost in between.
const THOUSAND: i64 = 1000;

/// What the connections of a server may bring.
#[derive(Clone, Debug)]
pub(crate) struct Rates {
    messages: Bucket,
    bytes: Bucket,
    pub(super) action: RateAction,
    /// From when time is counted.
    epoch: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Thousandths a millisecond.
    rate: i64,
    /// Thousandths.
    burst: i64,
}

/// Where there is no limit, a bucket is full again whenever it is looked at.
const BOUNDLESS: Bucket = Bucket { rate: i64::MAX, burst: i64::MAX / 2 };

impl Rates {
    pub(crate) fn new(config: &Config, now: Instant) -> Self {
        let limits = &config.limits;
        let bucket = |rate: Option<usize>, burst: usize| {
            let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
            rate.map_or(BOUNDLESS, |rate| Bucket {
                rate: number(rate),
                burst: number(burst).saturating_mul(THOUSAND),
            })
        };
        let mut messages = bucket(limits.messages_per_second.at(), limits.message_burst);
        messages.burst = messages.burst.min(i32::MAX.into());
        let bytes_a_second = limits.bytes_per_second.at().map(ByteSize::bytes);
        let bytes = bucket(bytes_a_second, config.byte_burst().bytes());
        Self { messages, bytes, action: limits.rate_action, epoch: now }
    }

    /// Milliseconds. They begin anew after 49 days, and then a connection is given less than it may have, once.
    fn millis(&self, now: Instant) -> u32 {
        now.saturating_duration_since(self.epoch).as_millis() as u32
    }
}

/// The buckets of one connection. They are filled when they are empty, and not before: as long as they are not, a message
/// costs a subtraction each and nobody asks for the time.
#[derive(Clone, Debug)]
pub(crate) struct Rate {
    /// Thousandths of bytes left; below zero what was brought too much.
    bytes: i64,
    /// Thousandths of messages left.
    messages: i32,
    /// When the buckets were filled last.
    filled: u32,
}

impl Rate {
    /// With full buckets.
    pub(super) fn new(rates: &Rates, now: Instant) -> Self {
        let messages = i32::try_from(rates.messages.burst).unwrap_or(i32::MAX);
        Self { bytes: rates.bytes.burst, messages, filled: rates.millis(now) }
    }

    /// Takes one message of `bytes` bytes out of the buckets. Tells whether there was enough in them; what was not is owed.
    #[inline]
    pub(super) fn take(&mut self, bytes: u64) -> bool {
        let thousandths = i64::try_from(bytes).unwrap_or(i64::MAX).saturating_mul(THOUSAND);
        self.bytes = self.bytes.saturating_sub(thousandths);
        self.messages = self.messages.saturating_sub(THOUSAND as i32);
        self.bytes >= 0 && self.messages >= 0
    }

    /// Fills the buckets with what has come together since. Tells how long it takes until nothing is owed.
    pub(super) fn settle(&mut self, rates: &Rates, now: Instant) -> Duration {
        let now = rates.millis(now);
        let passed = i64::from(now.wrapping_sub(self.filled));
        self.filled = now;
        self.bytes = rates.bytes.fill(self.bytes, passed);
        self.messages = rates.messages.fill(self.messages.into(), passed) as i32;
        let wait = rates.bytes.wait(self.bytes).max(rates.messages.wait(self.messages.into()));
        Duration::from_millis(wait)
    }
}

impl Bucket {
    fn fill(self, left: i64, millis: i64) -> i64 {
        if self.rate == i64::MAX {
            return self.burst;
        }
        left.saturating_add(self.rate.saturating_mul(millis)).min(self.burst)
    }

    /// Milliseconds until nothing is owed.
    fn wait(self, left: i64) -> u64 {
        if left >= 0 { 0 } else { left.unsigned_abs().div_ceil(self.rate.unsigned_abs().max(1)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Cap;

    fn rates(messages: Cap<usize>, bytes: Cap<ByteSize>) -> (Rates, Instant) {
        let mut config = Config::default();
        config.limits.messages_per_second = messages;
        config.limits.message_burst = 3;
        config.limits.bytes_per_second = bytes;
        config.limits.byte_burst = Some(ByteSize::new(100));
        let now = Instant::now();
        (Rates::new(&config, now), now)
    }

    const MILLI: Duration = Duration::from_millis(1);

    #[test]
    fn a_burst_passes_and_then_what_the_rate_allows() {
        let (rates, now) = rates(Cap::At(2), Cap::Off);
        let mut rate = Rate::new(&rates, now);
        assert!((0..3).all(|_| rate.take(1_000_000)));
        assert!(!rate.take(0), "the fourth is over the burst");
        assert_eq!(rate.settle(&rates, now), 500 * MILLI);
        assert_eq!(rate.settle(&rates, now + 499 * MILLI), MILLI);
        assert_eq!(rate.settle(&rates, now + 500 * MILLI), Duration::ZERO);
        assert!(!rate.take(0), "and the next as well");
    }

    #[test]
    fn slow_rates_lose_nothing_by_being_looked_at() {
        let (rates, now) = rates(Cap::At(1), Cap::Off);
        let mut rate = Rate::new(&rates, now);
        let taken = [0; 4].map(|bytes| rate.take(bytes));
        assert_eq!(taken, [true, true, true, false]);
        let waits: Vec<_> = (0..=1000).map(|at| rate.settle(&rates, now + at * MILLI)).collect();
        assert!(waits[999] == MILLI && waits[1000] == Duration::ZERO);
    }

    #[test]
    fn bytes_over_the_burst_are_owed() {
        let (rates, now) = rates(Cap::Off, Cap::At(ByteSize::new(50)));
        let mut rate = Rate::new(&rates, now);
        assert!(rate.take(100) && !rate.take(25));
        assert_eq!(rate.settle(&rates, now), 500 * MILLI);
    }

    #[test]
    fn a_long_silence_fills_the_buckets_and_no_more() {
        let (rates, now) = rates(Cap::At(1000), Cap::At(ByteSize::mib(1000)));
        let mut rate = Rate::new(&rates, now);
        rate.take(100);
        assert_eq!(rate.settle(&rates, now + Duration::from_secs(86_400)), Duration::ZERO);
        assert!((0..3).all(|_| rate.take(1)) && !rate.take(1));
    }

    #[test]
    fn what_is_off_never_waits() {
        let (rates, now) = rates(Cap::Off, Cap::Off);
        let mut rate = Rate::new(&rates, now);
        for _ in 0..5_000 {
            rate.take(1 << 40);
            assert_eq!(rate.settle(&rates, now), Duration::ZERO);
        }
    }

    #[test]
    fn it_is_small() {
        assert_eq!(size_of::<Rate>(), 16);
    }
}
