//! What all that belongs to a hub shares, and the rules that requests are held against.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use crate::{
    Action, Application, Broker, Clock, Error, Grants, Limits, Member, Policy, RecoverySettings, RoomRef,
};

/// Of one hub. It knows none of those who share it.
pub(crate) struct Common {
    pub(crate) limits: Arc<Limits>,
    pub(crate) policy: Arc<dyn Policy>,
    pub(crate) application: Option<Arc<dyn Application>>,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) clock: Clock,
    pub(crate) recovery: Option<RecoverySettings>,
    /// The next number for a socket, a hold or an acknowledgement.
    pub(crate) numbers: AtomicU64,
    /// Connections that are open.
    pub(crate) connections: AtomicUsize,
}

impl Common {
    pub(crate) fn now(&self) -> Instant {
        (self.clock)()
    }

    /// A number that was not given before.
    pub(crate) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether a member may do this, with these grants.
    pub(crate) fn allows(
        &self,
        action: Action,
        member: &Member,
        grants: Option<&dyn Grants>,
        room: RoomRef<'_>,
    ) -> bool {
        let granted = grants.and_then(|grants| grants.allows(action, room.namespace, room.name));
        self.policy.allows(action, member, granted, room)
    }

    /// Whether a member might join a room with the grants of before, and may not with those of now.
    pub(crate) fn loses(
        &self,
        member: &Member,
        before: Option<&dyn Grants>,
        now: Option<&dyn Grants>,
        room: RoomRef<'_>,
    ) -> bool {
        self.allows(Action::Join, member, before, room) && !self.allows(Action::Join, member, now, room)
    }

    pub(crate) fn check_room(&self, name: &str) -> Result<(), Error> {
        let fits = (1..=self.limits.room_name).contains(&name.len());
        if fits && !name.chars().any(char::is_control) { Ok(()) } else { Err(Error::InvalidRoom) }
    }

    pub(crate) fn check_rooms(&self, names: &[&str]) -> Result<(), Error> {
        names.iter().try_for_each(|name| self.check_room(name))
    }

    pub(crate) fn check_key(&self, key: Option<&str>) -> Result<(), Error> {
        check_len("key", key, self.limits.key)
    }

    pub(crate) fn check_info(&self, info: Option<&str>) -> Result<(), Error> {
        check_len("info", info, self.limits.info)
    }
}

fn check_len(what: &'static str, text: Option<&str>, limit: usize) -> Result<(), Error> {
    if text.is_some_and(|text| text.len() > limit) { Err(Error::TooLarge { what, limit }) } else { Ok(()) }
}
