//! Who a client is, as its credentials say.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ropeway_hub::{Action, Grants};
use serde_json::value::RawValue;

use super::{Refusal, Rights};

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

    /// Whether a namespace may be entered.
    ///
    /// # Errors
    /// [`Refusal::forbidden`].
    pub(crate) fn may_enter(&self, namespace: &str) -> Result<(), Refusal> {
        if self.rights.may_enter(namespace) {
            Ok(())
        } else {
            Err(Refusal::forbidden("the credentials do not allow this namespace"))
        }
    }

    /// Whether a client that is this one may show that it is `other`: the same user, or any where nothing has named one
    /// yet.
    ///
    /// # Errors
    /// [`Refusal::forbidden`].
    pub(crate) fn may_become(&self, other: &Self) -> Result<(), Refusal> {
        match self.name() {
            Some(user) if other.name() != Some(user) => {
                Err(Refusal::forbidden("this token is for another user"))
            }
            _ => Ok(()),
        }
    }

    /// The one of a socket, where credentials are asked for.
    pub(crate) fn of(socket: &ropeway_hub::Socket) -> Option<Arc<Self>> {
        let grants: Arc<dyn Any + Send + Sync> = socket.grants()?;
        grants.downcast().ok()
    }

    /// The time that is left at `now`; zero when it has ended, nothing when it does not end.
    pub(crate) fn time_left(&self, now: SystemTime) -> Option<Duration> {
        self.expires.map(|expires| expires.duration_since(now).unwrap_or_default())
    }
}

/// For the hub. Rooms that are entered for the client may also be joined by it.
impl Grants for Identity {
    fn allows(&self, action: Action, namespace: &str, room: &str) -> Option<bool> {
        if !self.rights.may_enter(namespace) {
            return Some(false);
        }
        match action {
            Action::Join if self.rooms.iter().any(|entered| **entered == *room) => Some(true),
            Action::Join => self.rights.may_join(room),
            Action::Publish => self.rights.may_publish(room),
            _ => None,
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Pattern;

    #[test]
    fn rooms_that_are_entered_may_be_joined_again() {
        let join = Some(vec![Pattern::new("news:*").unwrap()]);
        let identity = Identity::user("ada").with_rights(Rights { join, ..Rights::default() });
        let identity = identity.with_rooms(["desk"]);
        let may = |action, room| identity.allows(action, "/", room);
        assert_eq!((may(Action::Join, "news:1"), may(Action::Join, "desk")), (Some(true), Some(true)));
        assert_eq!((may(Action::Join, "chat"), may(Action::Publish, "desk")), (Some(false), None));
    }

    #[test]
    fn nothing_is_allowed_outside_of_the_namespaces() {
        let namespaces = Some(vec![Pattern::new("/a").unwrap()]);
        let identity = Identity::nameless().with_rights(Rights { namespaces, ..Rights::default() });
        assert_eq!(identity.allows(Action::Join, "/", "x"), Some(false));
        assert_eq!(identity.allows(Action::Join, "/a", "x"), None);
    }

    #[test]
    fn a_user_stays_who_it_is_and_nobody_may_become_one() {
        let (ada, eve, nobody) = (Identity::user("ada"), Identity::user("eve"), Identity::nameless());
        assert!(ada.may_become(&Identity::user("ada")).is_ok());
        assert!(nobody.may_become(&ada).is_ok() && nobody.may_become(&Identity::nameless()).is_ok());
        for other in [eve, nobody] {
            assert_eq!(ada.may_become(&other).unwrap_err().code(), "forbidden");
        }
    }

    #[test]
    fn claims_are_not_shown() {
        let claims = RawValue::from_string(r#"{"secret":"abc"}"#.to_owned()).unwrap();
        let ada = Identity::user("ada").with_claims(claims);
        assert_eq!(ada.claims(), Some(r#"{"secret":"abc"}"#));
        let shown = format!("{ada:?}");
        assert!(shown.contains("ada") && !shown.contains("abc"), "{shown}");
    }

    #[test]
    fn time_runs_out() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(10);
        assert_eq!(Identity::nameless().time_left(now), None);
        let until =
            |second| Identity::nameless().with_expiry(SystemTime::UNIX_EPOCH + Duration::from_secs(second));
        assert_eq!(until(12).time_left(now), Some(Duration::from_secs(2)));
        assert_eq!(until(9).time_left(now), Some(Duration::ZERO));
    }
}
