//! Sessions of the application: a cookie names one, a store tells whose it is.
//!
//! Browsers send cookies along whatever page asks, so a cookie is worth nothing without the origin: the door of each
//! carrier has looked at it before anybody gets here, the configuration cannot switch that off, and what a browser says
//! is another site's is refused here as well. The store is not asked then.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use ring::hmac;
use rustls::pki_types::CertificateDer;
use tracing::{debug, info, warn};

use super::{Applicant, Identity, Method, Refusal, Secret, Verdict};
use crate::complaints::Complaints;
use crate::config::{self, Store};
use endpoint::Endpoint;
use record::Record;
use redis::Redis;

mod cookie;
mod endpoint;
mod record;
mod redis;

/// Bytes of the record of a session.
const MAX_RECORD: usize = 64 * 1024;

/// Looks sessions up.
pub(crate) struct Sessions {
    lookup: Lookup,
    record: Record,
    /// Verifies the signatures of cookies.
    key: Option<hmac::Key>,
    complaints: Complaints,
}

enum Lookup {
    Redis(Redis),
    Endpoint(Endpoint),
}

/// Why a store could not tell; for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Failure(String);

impl Sessions {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// The URL is not that of a store, or TLS cannot be used.
    pub(crate) fn new(
        store: &Store,
        settings: &config::Sessions,
        extra: &[CertificateDer<'static>],
    ) -> io::Result<Self> {
        let lookup = match store {
            Store::Redis(url) => {
                let redis = Redis::new(url.reveal(), settings.redis_key.as_str(), settings.timeout, extra);
                Lookup::Redis(redis.map_err(io::Error::other)?)
            }
            Store::Http(url) => {
                let name = settings.cookie.as_ref().map_or("", |name| name.as_str());
                Lookup::Endpoint(Endpoint::new(url.uri(), name, settings.timeout, extra)?)
            }
        };
        Ok(Self {
            lookup,
            record: Record::new(settings.user_path.as_ref().map(config::Pointer::as_str)),
            key: settings.secret.as_ref().map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret.bytes())),
            complaints: Complaints::default(),
        })
    }

    /// Says in the log when the store is not there. An endpoint is not asked without a cookie.
    pub(crate) async fn greet(&self) {
        let Lookup::Redis(redis) = &self.lookup else { return };
        match redis.greet().await {
            Ok(()) => info!("the session store answers"),
            Err(error) => warn!(%error, "the session store does not answer; clients with its cookie get 503"),
        }
    }

    async fn find(&self, value: &str, applicant: &Applicant) -> Result<Arc<Identity>, Refusal> {
        if is_cross_site(applicant) {
            return Err(Refusal::forbidden("a page of this origin may not connect"));
        }
        let record = match self.read(value).await {
            Ok(record) => record.ok_or_else(unknown)?,
            Err(error) => return Err(self.unavailable(&error)),
        };
        match self.record.read(&record, SystemTime::now()) {
            Ok(Some(identity)) => Ok(Arc::new(identity)),
            Ok(None) => Err(Refusal::missing()),
            Err(error) => Err(self.unavailable(&error)),
        }
    }

    fn unavailable(&self, error: &Failure) -> Refusal {
        match self.complaints.next(Instant::now()) {
            Some(left_out) => warn!(%error, left_out, "the session store cannot tell; clients get 503"),
            None => debug!(%error, "the session store cannot tell who a client is"),
        }
        Refusal::unavailable("sessions cannot be looked up at the moment")
    }

    /// Nothing for what cannot be a session, about which nobody is asked.
    async fn read(&self, value: &str) -> Result<Option<Vec<u8>>, Failure> {
        let id = || cookie::id(value, self.key.as_ref());
        match &self.lookup {
            Lookup::Redis(redis) => match id() {
                Some(id) => redis.read(&id).await,
                None => Ok(None),
            },
            Lookup::Endpoint(endpoint) => {
                let is_good = cookie::is_value(value) && (self.key.is_none() || id().is_some());
                if is_good { endpoint.read(value).await } else { Ok(None) }
            }
        }
    }
}

impl Method for Sessions {
    fn verify<'a>(&'a self, secret: &'a Secret, applicant: &'a Applicant) -> Verdict<'a, Arc<Identity>> {
        Box::pin(self.find(secret.reveal(), applicant))
    }
}

/// A request without `Origin`, which the doors take for that of a program, that a browser made for another site, such as
/// that of an image (the Fetch Metadata standard).
fn is_cross_site(applicant: &Applicant) -> bool {
    let handshake = applicant.handshake();
    let site = handshake.header("sec-fetch-site");
    handshake.header("origin").is_none() && site.is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

fn unknown() -> Refusal {
    Refusal::unauthorized("the session is unknown or has ended")
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}
