//! Pings of ours, the time that their pongs take, and the deadline that `--ping-interval` sets.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Pings whose pongs are waited for; a peer may answer only the last one (RFC 6455 section 5.5.3).
const MOST: usize = 64;

/// `--ping-interval` and `--ping-timeout`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heartbeat {
    pub(crate) interval: Duration,
    /// The time that a peer has to answer a ping with any byte.
    pub(crate) timeout: Duration,
}

#[derive(Debug)]
pub(super) struct Pings {
    heartbeat: Option<Heartbeat>,
    next: Option<Instant>,
    /// When a silent peer is given up, and what had arrived when the ping left.
    deadline: Option<(Instant, u64)>,
    sent: VecDeque<(Vec<u8>, Instant)>,
    count: u64,
}

/// What is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    /// A ping with this payload.
    Ping(Vec<u8>),
    /// The peer is silent.
    GiveUp,
}

impl Pings {
    pub(super) fn new(heartbeat: Option<Heartbeat>, now: Instant) -> Self {
        let next = heartbeat.map(|heartbeat| now + heartbeat.interval);
        Self { heartbeat, next, deadline: None, sent: VecDeque::new(), count: 0 }
    }

    /// When to ask for what is [`due`](Self::due).
    pub(super) fn timeout(&self) -> Option<Instant> {
        self.next.into_iter().chain(self.deadline.map(|(deadline, _)| deadline)).min()
    }

    /// `received` are the bytes that have arrived.
    pub(super) fn due(&mut self, now: Instant, received: u64) -> Due {
        if let Some((deadline, before)) = self.deadline {
            if received > before {
                self.deadline = None;
            } else if now >= deadline {
                return Due::GiveUp;
            }
        }
        match (self.heartbeat, self.next) {
            (Some(heartbeat), Some(next)) if now >= next => {
                self.next = Some(now + heartbeat.interval);
                self.deadline.get_or_insert((now + heartbeat.timeout, received));
                self.count += 1;
                Due::Ping(self.count.to_string().into_bytes())
            }
            _ => Due::Nothing,
        }
    }

    pub(super) fn sent(&mut self, payload: Vec<u8>, now: Instant) {
        if self.sent.len() == MOST {
            self.sent.pop_front();
        }
        self.sent.push_back((payload, now));
    }

    /// The time since the ping that a pong answers. Those before it will not be answered any more.
    pub(super) fn answered(&mut self, payload: &[u8], now: Instant) -> Option<Duration> {
        let index = self.sent.iter().position(|(sent, _)| sent == payload)?;
        self.sent.drain(..=index).next_back().map(|(_, at)| now - at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_peer_that_says_nothing_is_given_up() {
        let start = Instant::now();
        let mut pings = Pings::new(Some(Heartbeat { interval: SECOND, timeout: 10 * SECOND }), start);
        assert_eq!(pings.due(start, 0), Due::Nothing);
        assert_eq!(pings.due(start + SECOND, 7), Due::Ping(b"1".into()));
        assert_eq!(pings.due(start + 2 * SECOND, 7), Due::Ping(b"2".into()));
        assert_eq!(pings.due(start + 11 * SECOND, 7), Due::GiveUp);
        assert_eq!(pings.due(start + 11 * SECOND, 8), Due::Ping(b"3".into()));
    }

    #[test]
    fn a_pong_answers_the_pings_before_it_too() {
        let start = Instant::now();
        let mut pings = Pings::new(None, start);
        assert_eq!(pings.timeout(), None);
        pings.sent(b"a".into(), start);
        pings.sent(b"b".into(), start + SECOND);
        assert_eq!(pings.answered(b"b", start + 3 * SECOND), Some(2 * SECOND));
        assert_eq!(pings.answered(b"a", start + 3 * SECOND), None);
    }
}
