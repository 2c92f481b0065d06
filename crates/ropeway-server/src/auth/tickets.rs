//! One-time tickets: what an application gives its client to come in with, instead of a token that lives long.
//!
//! They are known to this process alone and forgotten with it.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ring::digest::{SHA256, digest};

use super::{Applicant, Identity, Method, Refusal, Secret, Verdict};
use crate::random::random_key;

/// The tickets that are live: neither used nor expired.
pub(crate) struct Tickets {
    /// Tickets at one time.
    capacity: usize,
    /// Held to look one up or change one, never across an await.
    live: Mutex<Live>,
}

/// The same tickets in both.
#[derive(Default)]
struct Live {
    /// By the digest, so that no ticket is held that could be used, and the time that a lookup takes says nothing of
    /// any ticket: who wants to get near to a digest would have to invert it.
    holders: HashMap<Digest, (Arc<Identity>, Instant)>,
    /// In the order in which they expire.
    ends: BTreeSet<(Instant, Digest)>,
}

type Digest = [u8; 32];

/// As many tickets are live as may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Tickets {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, live: Mutex::default() }
    }

    /// A ticket for `identity` that lives for `ttl`.
    pub(crate) fn issue(&self, identity: Arc<Identity>, ttl: Duration, now: Instant) -> Result<Secret, Full> {
        let ticket = random_key();
        let (digest, end) = (digest_of(&ticket), now + ttl);
        let mut live = self.live();
        live.forget_expired(now);
        if live.holders.len() >= self.capacity {
            return Err(Full);
        }
        live.holders.insert(digest, (identity, end));
        live.ends.insert((end, digest));
        Ok(Secret::new(ticket))
    }

    /// Uses a ticket up. Of several who try at one time, one gets it.
    pub(crate) fn redeem(&self, ticket: &str, now: Instant) -> Option<Arc<Identity>> {
        let digest = digest_of(ticket);
        let mut live = self.live();
        let (identity, end) = live.holders.remove(&digest)?;
        live.ends.remove(&(end, digest));
        (now < end).then_some(identity)
    }

    /// Forgets the tickets that have expired.
    pub(crate) fn sweep(&self, now: Instant) {
        self.live().forget_expired(now);
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Method for Tickets {
    fn verify<'a>(&'a self, secret: &'a Secret, _applicant: &'a Applicant) -> Verdict<'a, Arc<Identity>> {
        let redeemed = self.redeem(secret.reveal(), Instant::now());
        // One answer for all three: which it was would help to guess.
        let redeemed = redeemed.ok_or_else(|| Refusal::unauthorized("ticket is unknown, used or expired"));
        Box::pin(ready(redeemed))
    }
}

impl Live {
    fn forget_expired(&mut self, now: Instant) {
        while let Some((end, digest)) = self.ends.first().copied()
            && end <= now
        {
            self.ends.pop_first();
            self.holders.remove(&digest);
        }
    }
}

fn digest_of(ticket: &str) -> Digest {
    let mut digest_bytes = Digest::default();
    digest_bytes.copy_from_slice(digest(&SHA256, ticket.as_bytes()).as_ref());
    digest_bytes
}

/// How many, not which.
impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tickets").field("live", &self.live().holders.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    const TTL: Duration = Duration::from_secs(30);

    fn issue(tickets: &Tickets, now: Instant) -> Result<Secret, Full> {
        tickets.issue(Arc::new(Identity::default()), TTL, now)
    }

    #[test]
    fn a_ticket_is_good_for_one_time() {
        let (tickets, now) = (Tickets::new(10), Instant::now());
        let ticket = issue(&tickets, now).unwrap();
        assert!(tickets.redeem("another", now).is_none());
        assert!(tickets.redeem(ticket.reveal(), now).is_some());
        assert!(tickets.redeem(ticket.reveal(), now).is_none());
        assert!(tickets.live().ends.is_empty());
    }

    #[test]
    fn of_fifty_who_try_one_wins() {
        let (tickets, now) = (Tickets::new(10), Instant::now());
        let ticket = issue(&tickets, now).unwrap();
        let (start, winners) = (Barrier::new(50), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..50 {
                scope.spawn(|| {
                    start.wait();
                    winners.fetch_add(
                        usize::from(tickets.redeem(ticket.reveal(), now).is_some()),
                        Ordering::Relaxed,
                    );
                });
            }
        });
        assert_eq!(winners.into_inner(), 1);
    }

    #[test]
    fn a_ticket_expires_and_is_forgotten() {
        let (tickets, now) = (Tickets::new(10), Instant::now());
        let tickets_of_now = [issue(&tickets, now).unwrap(), issue(&tickets, now).unwrap()];
        assert!(tickets.redeem(tickets_of_now[0].reveal(), now + TTL).is_none());
        tickets.sweep(now + TTL - Duration::from_millis(1));
        assert_eq!(tickets.live().holders.len(), 1);
        tickets.sweep(now + TTL);
        assert!(tickets.live().holders.is_empty() && tickets.live().ends.is_empty());
    }

    #[test]
    fn there_are_only_so_many() {
        let (tickets, now) = (Tickets::new(2), Instant::now());
        let first = issue(&tickets, now).unwrap();
        assert!(issue(&tickets, now).is_ok());
        assert_eq!(issue(&tickets, now).err(), Some(Full));
        tickets.redeem(first.reveal(), now);
        assert!(issue(&tickets, now).is_ok(), "a used one makes room");
        assert!(issue(&tickets, now + TTL).is_ok(), "and so do those that expired");
    }

    #[test]
    fn no_ticket_is_held() {
        let (tickets, now) = (Tickets::new(10), Instant::now());
        let ticket = issue(&tickets, now).unwrap();
        assert_eq!(ticket.reveal().len(), 32);
        assert!(!format!("{tickets:?} {ticket:?}").contains(ticket.reveal()));
        let held: Vec<Digest> = tickets.live().holders.keys().copied().collect();
        assert!(held.iter().all(|digest| digest != ticket.reveal().as_bytes()));
    }
}
