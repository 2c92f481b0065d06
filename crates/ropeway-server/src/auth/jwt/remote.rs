//! The keys of a JWKS: fetched, kept, fetched again.

use std::io;
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::Duration;

use http::{StatusCode, Uri};
use ropeway_jwt::KeySet;
use rustls::pki_types::CertificateDer;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use crate::auth::Refusal;
use crate::outbound::{Call, Client, Settings, tls};

/// Bounds on one fetch. Key sets have some KiB.
const FETCH: Settings =
    Settings { timeout: Duration::from_secs(10), retries: 2, in_flight: 2, max_body: 256 << 10 };

/// A token that no key verifies makes the set be fetched at most this often: anybody can make one.
const PAUSE: Duration = Duration::from_secs(10);

/// The keys of an issuer. Those of the last fetch that succeeded stay, whatever comes of later ones.
pub(super) struct Remote {
    client: Client,
    /// Empty until a fetch succeeds. Held for the length of a clone.
    keys: Lock<Arc<KeySet>>,
    /// When the last fetch ended. Held for the length of a fetch, so that there is one at a time: whoever needs a new key
    /// waits for it here, and does not ask again when it brought nothing.
    asked: Arc<Mutex<Option<Instant>>>,
    pause: Duration,
}

/// How often and with which bounds keys are fetched.
pub(super) struct Pace {
    /// Between two fetches that succeed.
    pub(super) refresh: Duration,
    /// Between any fetch and one for the sake of a token that no key verifies.
    pub(super) pause: Duration,
    pub(super) fetch: Settings,
}

impl Pace {
    pub(super) fn every(refresh: Duration) -> Self {
        Self { refresh, pause: PAUSE, fetch: FETCH }
    }
}

impl Remote {
    /// Begins to fetch, in a task that ends with the server.
    pub(super) fn start(url: &Uri, pace: &Pace, extra: &[CertificateDer<'static>]) -> io::Result<Arc<Self>> {
        let client = Client::new(url.clone(), tls::trusting(url, extra)?, pace.fetch);
        let (refresh, pause) = (pace.refresh, pace.pause);
        let remote = Arc::new(Self { client, keys: Lock::default(), asked: Arc::default(), pause });
        let weak = Arc::downgrade(&remote);
        // Taken before anybody else can: the first clients wait for the first fetch.
        let mut first = Arc::clone(&remote.asked).try_lock_owned().ok();
        tokio::spawn(async move {
            while let Some(remote) = weak.upgrade() {
                let asked = match first.take() {
                    Some(asked) => asked,
                    None => Arc::clone(&remote.asked).lock_owned().await,
                };
                let pause = if remote.fetch(asked).await { refresh } else { refresh.min(pause) };
                drop(remote);
                sleep(pause).await;
            }
        });
        Ok(remote)
    }

    /// The keys of the last fetch that succeeded.
    ///
    /// # Errors
    /// None has yet.
    pub(super) async fn keys(self: &Arc<Self>) -> Result<Arc<KeySet>, Refusal> {
        let keys = self.kept();
        if !keys.is_empty() {
            return Ok(keys);
        }
        let unavailable = || Refusal::unavailable("tokens cannot be verified at the moment");
        self.newer_than(&keys).await.ok_or_else(unavailable)
    }

    /// The keys of a fetch after the one that gave these, which is begun now unless one has just ended. `None` when there
    /// are no others to be had.
    pub(super) async fn newer_than(self: &Arc<Self>, keys: &Arc<KeySet>) -> Option<Arc<KeySet>> {
        let newer = || Some(self.kept()).filter(|kept| !Arc::ptr_eq(kept, keys));
        let asked = Arc::clone(&self.asked).lock_owned().await;
        if newer().is_none() && asked.is_none_or(|at| at.elapsed() >= self.pause) {
            // A task of its own: it goes on when the client leaves that asked first.
            let remote = Arc::clone(self);
            let _ = tokio::spawn(async move { remote.fetch(asked).await }).await;
        }
        newer()
    }

    fn kept(&self) -> Arc<KeySet> {
        Arc::clone(&self.keys.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether it succeeded.
    async fn fetch(&self, mut asked: OwnedMutexGuard<Option<Instant>>) -> bool {
        let fetched = self.fetched().await;
        *asked = Some(Instant::now());
        match fetched {
            Ok(keys) => {
                info!(
                    from = self.client.name(),
                    keys = keys.len(),
                    ignored = keys.ignored(),
                    "fetched the keys of tokens"
                );
                *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
                true
            }
            Err(error) => {
                let (from, kept) = (self.client.name(), self.kept().len());
                match kept {
                    0 => warn!(
                        from,
                        error,
                        "cannot fetch the keys of tokens; clients with tokens get 503 until that succeeds"
                    ),
                    _ => warn!(
                        from,
                        error, kept, "cannot fetch the keys of tokens; those of the last time stay"
                    ),
                }
                false
            }
        }
    }

    async fn fetched(&self) -> Result<KeySet, String> {
        let answer = self.client.call(Call::get()).await.map_err(|error| error.reason.to_string())?;
        match answer.status() {
            StatusCode::OK => KeySet::parse(answer.body()).map_err(|error| error.to_string()),
            status => Err(format!("the answer is {status}")),
        }
    }
}
