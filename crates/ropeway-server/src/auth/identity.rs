//! Who a client is, as its credentials say.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::value::RawValue;

use super::Rights;

/// Who a client is and what it may do, as its credentials say. Shared by all that serve the client.
#[derive(Clone, Default)]
pub struct Identity {
    user: Option<Arc<str>>,
    rights: Rights,
    expires: Option<SystemTime>,
    rooms: Vec<Arc<str>>,
    claims: Option<Arc<RawValue>>,
}

impl Identity {
    /// The user of this name: 1 to 256 bytes without control characters, which others in a room see. A name that is none
    /// is refused where the identity is admitted.
    pub fn user(name: &str) -> Self {
        Self { user: Some(name.into()), ..Self::default() }
    }

    /// Somebody whose name is not known, but who may come in.
    pub fn nameless() -> Self {
        Self::default()
    }

    /// Sets what it may do; without rights the configuration decides.
    #[must_use]
    pub fn with_rights(self, rights: Rights) -> Self {
        Self { rights, ..self }
    }

    /// Sets when it ends. The client is warned `auth.expiry_warning` before, and closed when it sends nothing better.
    #[must_use]
    pub fn with_expiry(self, expires: SystemTime) -> Self {
        Self { expires: Some(expires), ..self }
    }

    /// Sets the rooms that the server enters for the client as soon as it is in. They count as granted for joining.
    #[must_use]
    pub fn with_rooms(self, rooms: impl IntoIterator<Item = impl Into<Arc<str>>>) -> Self {
        Self { rooms: rooms.into_iter().map(Into::into).collect(), ..self }
    }

    /// Sets what an application reads by [`Identity::claims`].
    #[must_use]
    pub fn with_claims(self, claims: Box<RawValue>) -> Self {
        Self { claims: Some(claims.into()), ..self }
    }

    /// The name that the credentials prove.
    pub fn name(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// What it may do.
    pub fn rights(&self) -> &Rights {
        &self.rights
    }

    /// When it ends.
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    /// The rooms that the server enters for the client.
    pub fn rooms(&self) -> &[Arc<str>] {
        &self.rooms
    }

    /// JSON for applications: the claims of a token, the data of a ticket, a session or the webhook's answer.
    pub fn claims(&self) -> Option<&str> {
        self.claims.as_deref().map(RawValue::get)
    }

    /// The time that is left at `now`; zero when it has ended, nothing when it does not end.
    pub(crate) fn time_left(&self, now: SystemTime) -> Option<Duration> {
        self.expires.map(|expires| expires.duration_since(now).unwrap_or_default())
    }
}

/// Without claims, which may hold anything.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("user", &self.user)
            .field("rights", &self.rights)
            .field("expires", &self.expires)
            .field("rooms", &self.rooms)
            .finish_non_exhaustive()
    }
}
