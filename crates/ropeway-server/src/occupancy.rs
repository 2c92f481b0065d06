//! How many connections may be in HTTP at one time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Connections that are not upgraded, besides those of polling sessions. Each goes away by itself when its client is slow.
const BASE: u32 = 4096;

/// A polling session holds one with its GET and one with its POST.
const PER_SESSION: u32 = 2;

/// Permits for connections that are not upgraded: so many, and more for every polling session, since these are bounded
/// elsewhere and hold their connections for long.
#[derive(Debug)]
pub(crate) struct Occupancy {
    /// Nobody closes it.
    permits: Arc<Semaphore>,
    /// Permits of sessions that ended, to be taken back when their connections end.
    owed: AtomicU32,
    /// Connections that have not made a request yet, the oldest first. Locked for moments, when one comes, makes its first
    /// request, and goes.
    silent: Mutex<BTreeMap<u64, Arc<Notify>>>,
    arrivals: AtomicU64,
}

impl Occupancy {
    pub(crate) fn new() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(BASE as usize)),
            owed: AtomicU32::new(0),
            silent: Mutex::default(),
            arrivals: AtomicU64::new(0),
        }
    }

    /// A permit for one connection, held until it is upgraded or ends. When there is none left, the connection is told to
    /// go that has been there longest without a request: so those that never make one keep nobody out. Cancel-safe.
    pub(crate) async fn enter(&self) -> OwnedSemaphorePermit {
        loop {
            if self.permits.available_permits() == 0
                && let Some((_, oldest)) = self.silent().pop_first()
            {
                oldest.notify_one();
            }
            let Ok(permit) = self.permits.clone().acquire_owned().await else { continue };
            if !self.repay() {
                return permit;
            }
            permit.forget();
        }
    }

    /// A connection that has a permit and has not made a request yet.
    pub(crate) fn guest(self: &Arc<Self>) -> Guest {
        let number = self.arrivals.fetch_add(1, Ordering::Relaxed);
        let leave = Arc::new(Notify::new());
        self.silent().insert(number, leave.clone());
        Guest { occupancy: self.clone(), number, leave, is_silent: AtomicBool::new(true) }
    }

    fn silent(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Notify>>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends when no connection is in HTTP any more. To be asked when there are no polling sessions. Cancel-safe.
    pub(crate) async fn empty(&self) {
        let _all = self.permits.acquire_many(BASE + self.owed.load(Ordering::Acquire)).await;
    }

    /// More permits, as long as a polling session lives.
    pub(crate) fn extend(self: &Arc<Self>) -> Extension {
        self.permits.add_permits(PER_SESSION as usize);
        Extension(self.clone())
    }

    /// Whether a permit is owed, which is then paid with the caller's.
    fn repay(&self) -> bool {
        let one_less = |owed: u32| owed.checked_sub(1);
        self.owed.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_less).is_ok()
    }
}

/// One connection in HTTP, as long as it may be told to go for another.
#[derive(Debug)]
pub(crate) struct Guest {
    occupancy: Arc<Occupancy>,
    number: u64,
    leave: Arc<Notify>,
    is_silent: AtomicBool,
}

impl Guest {
    /// It has made a request, and may stay.
    pub(crate) fn has_requested(&self) {
        if self.is_silent.swap(false, Ordering::Relaxed) {
            self.occupancy.silent().remove(&self.number);
        }
    }

    /// Ends when it has to go for another. Cancel-safe.
    pub(crate) async fn told_to_go(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.has_requested();
    }
}

/// The permits of one polling session.
#[derive(Debug)]
pub(crate) struct Extension(Arc<Occupancy>);

impl Drop for Extension {
    fn drop(&mut self) {
        let taken_back = self.0.permits.forget_permits(PER_SESSION as usize);
        let owed = PER_SESSION.saturating_sub(u32::try_from(taken_back).unwrap_or(PER_SESSION));
        self.0.owed.fetch_add(owed, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Duration, timeout};

    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn the_oldest_without_a_request_goes_for_the_next() {
        let occupancy = Arc::new(Occupancy::new());
        let mut held = Vec::new();
        for _ in 0..BASE {
            held.push((occupancy.enter().await, occupancy.guest()));
        }
        held[0].1.has_requested();
        let waiting = tokio::spawn({
            let occupancy = occupancy.clone();
            async move { occupancy.enter().await }
        });
        timeout(SOON * 100, held[1].1.told_to_go()).await.unwrap();
        assert!(timeout(SOON, held[0].1.told_to_go()).await.is_err(), "it has made a request");
        drop(held.remove(1));
        drop(waiting.await.unwrap());
        held.clear();
        assert!(occupancy.silent().is_empty());
    }

    #[tokio::test]
    async fn sessions_bring_their_permits_and_take_them_back() {
        let occupancy = Arc::new(Occupancy::new());
        let mut held = Vec::new();
        for _ in 0..BASE {
            held.push(occupancy.enter().await);
        }
        assert!(timeout(SOON, occupancy.enter()).await.is_err());
        let session = occupancy.extend();
        held.push(occupancy.enter().await);
        held.push(occupancy.enter().await);
        assert!(timeout(SOON, occupancy.enter()).await.is_err());
        drop(session);
        held.truncate(BASE as usize);
        assert!(timeout(SOON, occupancy.enter()).await.is_err(), "the connections of the session have gone");
        held.pop();
        held.push(occupancy.enter().await);
        assert!(timeout(SOON, occupancy.empty()).await.is_err());
        held.clear();
        occupancy.empty().await;
    }
}
