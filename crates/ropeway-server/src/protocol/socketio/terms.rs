//! How long the sockets of a connection may stay: each until its credentials end.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ropeway_hub::Socket;

use crate::auth::Identity;
use crate::limits::UserPlace;

/// One term for each namespace in which it is known who the client is.
pub(super) struct Terms {
    terms: Vec<Term>,
    /// How long before an end its client is warned.
    warning: Duration,
}

struct Term {
    socket: Socket,
    /// By which it runs.
    identity: Arc<Identity>,
    /// Among the connections of the user, unless the whole connection is counted there.
    _place: Option<Arc<UserPlace>>,
    /// Absent where it does not end, or has ended.
    time: Option<Time>,
}

struct Time {
    /// The warning, then the end.
    due: Instant,
    end: Instant,
}

/// What happens to a socket without the client.
pub(super) enum Due {
    /// Its credentials end after this time.
    Warning(Socket, Duration),
    End(Socket),
}

impl Terms {
    pub(super) fn new(warning: Duration) -> Self {
        Self { terms: Vec::new(), warning }
    }

    /// A socket is in its namespace.
    pub(super) fn begin(
        &mut self,
        socket: &Socket,
        identity: &Arc<Identity>,
        place: Option<Arc<UserPlace>>,
        now: Instant,
    ) {
        let time = Time::of(identity, self.warning, now);
        self.terms.push(Term { socket: socket.clone(), identity: identity.clone(), _place: place, time });
    }

    /// Goes by the credentials that the sockets have now, which may end earlier than those before, and forgets the
    /// sockets that have gone. `renewed` is told of each that has others than before.
    pub(super) fn follow(&mut self, now: Instant, mut renewed: impl FnMut(&Socket, &Identity, &Identity)) {
        self.terms.retain(|term| term.socket.is_connected());
        for term in &mut self.terms {
            if let Some(identity) = Identity::of(&term.socket).filter(|new| !Arc::ptr_eq(new, &term.identity))
            {
                term.time = Time::of(&identity, self.warning, now);
                renewed(&term.socket, &term.identity, &identity);
                term.identity = identity;
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.terms.iter().filter_map(|term| Some(term.time.as_ref()?.due)).min()
    }

    /// Takes what is due at `now`; a warning leaves the end behind.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Due> {
        self.terms.iter_mut().find_map(|term| term.take_due(now))
    }
}

impl Term {
    fn take_due(&mut self, now: Instant) -> Option<Due> {
        let time = self.time.as_mut().filter(|time| time.due <= now)?;
        let left = self.identity.time_left(SystemTime::now()).unwrap_or_default();
        if time.due < time.end {
            time.due = time.end;
            return Some(Due::Warning(self.socket.clone(), left));
        }
        if left.is_zero() {
            self.time = None;
            return Some(Due::End(self.socket.clone()));
        }
        // The clock by which credentials end was put back meanwhile.
        (time.due, time.end) = (now + left, now + left);
        None
    }
}

impl Time {
    fn of(identity: &Identity, warning: Duration, now: Instant) -> Option<Self> {
        let end = now.checked_add(identity.time_left(SystemTime::now())?)?;
        // The warning leaves a client whose tokens are short half of their time.
        let early = warning.min((end - now) / 2);
        Some(Self { due: end - early, end })
    }
}
