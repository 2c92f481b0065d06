//! Messages for a member that wait for the answer which has to come before them.

use crate::outbox::Frame;
use crate::recovery::Noted;

/// Lives from the moment when somebody becomes a member until the broker has said where the room stands and the
/// answer is encoded, which is done without a lock.
pub(crate) struct Held {
    /// Whose hold it is.
    pub(crate) ticket: u64,
    messages: Vec<Message>,
    bytes: usize,
    /// More came than an outbox can take: all of it was dropped, and the hold cannot be released.
    pub(crate) overflow: bool,
}

pub(crate) struct Message {
    pub(crate) frame: Frame,
    /// Its place in the history of the room.
    pub(crate) offset: Option<u64>,
    pub(crate) volatile: bool,
    /// Its place in the log of the namespace.
    pub(crate) noted: Option<Noted>,
}

impl Held {
    pub(crate) fn new(ticket: u64) -> Box<Self> {
        Box::new(Self { ticket, messages: Vec::new(), bytes: 0, overflow: false })
    }

    pub(crate) fn push(&mut self, message: Message, limit: usize) {
        self.bytes += message.frame.bytes.len() + size_of::<Message>();
        self.overflow |= self.bytes > limit;
        if self.overflow {
            self.messages = Vec::new();
        } else {
            self.messages.push(message);
        }
    }

    /// What happened after the event `seen`. Events without an offset that
    /// came before it belong to the time before as well; changes of presence do not, because the list of members
    /// was made when the hold began.
    pub(crate) fn after(self, seen: Option<u64>) -> impl Iterator<Item = Message> {
        let old = |message: &Message| message.offset.is_some() && message.offset <= seen;
        let first_new = self.messages.iter().rposition(old).map_or(0, |last_old| last_old + 1);
        let fresh = move |(at, message): &(usize, Message)| *at >= first_new || message.frame.class.is_none();
        self.messages.into_iter().enumerate().filter(fresh).map(|(_, message)| message)
    }
}
