//! When a socket was in which room, in numbers of the log.

use std::collections::HashMap;
use std::sync::Arc;

use super::log::Entry;

/// Memberships that have ended and are remembered, for one socket.
const ENDED: usize = 256;

/// What a socket that may come back notes of itself.
pub(crate) struct Track {
    /// What its client knows it by.
    pub(crate) pid: Arc<str>,
    /// The newest event when it was established.
    since: u64,
    /// Below this one it is not known any more where it was.
    floor: u64,
    /// All memberships, past ones included as long as the log may have events of them.
    spans: Vec<Span>,
}

/// A membership: of the events above `after`, up to `until`.
struct Span {
    room: Arc<str>,
    after: u64,
    until: u64,
}

const OPEN: u64 = u64::MAX;

impl Track {
    pub(crate) fn new(pid: &str) -> Self {
        Self { pid: pid.into(), since: 0, floor: 0, spans: Vec::new() }
    }

    /// The socket is established after the event `newest`.
    pub(crate) fn begin(&mut self, newest: u64) {
        self.since = newest;
    }

    /// The socket gets the events of a room that come after `newest`.
    pub(crate) fn join(&mut self, room: &Arc<str>, newest: u64) {
        self.spans.push(Span { room: Arc::clone(room), after: newest, until: OPEN });
    }

    /// The socket gets no events of the room after `newest`; the log begins with `oldest`.
    pub(crate) fn leave(&mut self, room: &str, newest: u64, oldest: u64) {
        let open = self.spans.iter_mut().find(|span| span.until == OPEN && *span.room == *room);
        let Some(span) = open else { return };
        span.until = newest;
        self.spans.retain(|span| span.until >= oldest && span.until > span.after);
        self.bound();
    }

    /// Whether it gets the events of this room.
    pub(crate) fn is_in(&self, room: &str) -> bool {
        self.spans.iter().any(|span| span.until == OPEN && *span.room == *room)
    }

    /// The last event that a client does not need which has seen `seen`; `None` when it is not known where the
    /// socket was then.
    pub(super) fn resume_at(&self, seen: u64) -> Option<u64> {
        let from = seen.max(self.since);
        (from >= self.floor).then_some(from)
    }

    /// About what it takes of memory, in bytes.
    pub(super) fn size(&self) -> usize {
        self.spans.iter().map(|span| size_of::<Span>() + span.room.len()).sum()
    }

    /// For questions about many events.
    pub(crate) fn whereabouts<'a>(&'a self, session: &'a str) -> Whereabouts<'a> {
        let mut rooms: HashMap<&str, Vec<(u64, u64)>> = HashMap::new();
        for span in &self.spans {
            rooms.entry(&span.room).or_default().push((span.after, span.until));
        }
        Whereabouts { session, rooms }
    }

    fn bound(&mut self) {
        let ended = self.spans.iter().filter(|span| span.until != OPEN);
        if ended.clone().count() <= ENDED {
            return;
        }
        let Some(first) = ended.map(|span| span.until).min() else { return };
        self.spans.retain(|span| span.until > first);
        self.floor = first;
    }
}

/// Where a socket was at each time.
pub(crate) struct Whereabouts<'a> {
    session: &'a str,
    rooms: HashMap<&'a str, Vec<(u64, u64)>>,
}

impl Whereabouts<'_> {
    /// Whether an event was for this socket.
    pub(crate) fn receives(&self, entry: &Entry) -> bool {
        let itself = |name: &str| !entry.members_only && *name == *self.session;
        let any = |names: &[Box<str>]| names.iter().any(|name| itself(name) || self.was_in(name, entry.seq));
        (entry.rooms.is_empty() || any(&entry.rooms)) && !any(&entry.except)
    }

    fn was_in(&self, room: &str, seq: u64) -> bool {
        let spans = self.rooms.get(room).map(Vec::as_slice).unwrap_or_default();
        spans.iter().any(|(after, until)| *after < seq && seq <= *until)
    }
}
