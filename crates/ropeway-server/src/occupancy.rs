//! How many connections may be in HTTP at one time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

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
}

impl Occupancy {
    pub(crate) fn new() -> Self {
        Self { permits: Arc::new(Semaphore::new(BASE as usize)), owed: AtomicU32::new(0) }
    }

    /// A permit for one connection, held until it is upgraded or ends. Cancel-safe.
    pub(crate) async fn enter(&self) -> OwnedSemaphorePermit {
        loop {
            let Ok(permit) = self.permits.clone().acquire_owned().await else { continue };
            if !self.repay() {
                return permit;
            }
            permit.forget();
        }
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
