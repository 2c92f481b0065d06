//! A connection of ours and a foreign one, in conversation.

use ropeway_proto::{Cause, CloseFrame, Connection, Event, Output, Role, Side};

use super::{Foreign, Pipe};
use crate::support::{Setup, feed};

pub(super) struct Talk<F> {
    ours: Connection,
    out: Output,
    theirs: F,
    pipe: Pipe,
    read_size: usize,
    pub(super) we_heard: Vec<Event<'static>>,
    pub(super) they_heard: Vec<Event<'static>>,
}

impl<F: Foreign> Talk<F> {
    /// `role` is ours. Both ends get at most `read_size` bytes a read.
    pub(super) fn new(role: Role, read_size: usize, fragment: usize) -> Self {
        let pipe = Pipe::new(read_size);
        let other = if role == Role::Client { Role::Server } else { Role::Client };
        Self {
            ours: Setup::new(role).connection(),
            out: Output::default(),
            theirs: F::new(other, pipe.clone(), fragment),
            pipe,
            read_size,
            we_heard: Vec::new(),
            they_heard: Vec::new(),
        }
    }

    pub(super) fn we_say(&mut self, what: &Event<'_>) {
        match what {
            Event::Message(message) => self.ours.send(message.clone(), &mut self.out).unwrap(),
            Event::Ping(payload) => self.ours.ping(payload, &mut self.out).unwrap(),
            Event::Close(frame) => self.ours.close(frame.clone(), &mut self.out),
            Event::Pong(_) => panic!("pongs are answers"),
        }
    }

    pub(super) fn they_say(&mut self, what: &Event<'_>) {
        self.theirs.say(what);
    }

    /// Lets both talk until neither has anything to say.
    pub(super) fn settle(&mut self) {
        loop {
            self.pipe.push(&self.out.take());
            self.they_heard.extend(self.theirs.hear());
            let bytes = self.pipe.take();
            for read in bytes.chunks(self.read_size) {
                let (events, violation) = feed(&mut self.ours, read, &mut self.out);
                assert_eq!(violation, None);
                self.we_heard.extend(events);
            }
            if bytes.is_empty() && self.out.is_empty() {
                return;
            }
        }
    }

    pub(super) fn forget(&mut self) {
        self.we_heard.clear();
        self.they_heard.clear();
    }

    pub(super) fn assert_closed(&self, by: Side, frame: &CloseFrame) {
        let outcome = self.ours.outcome().unwrap();
        assert_eq!((outcome.code, &*outcome.reason), (frame.code().get(), frame.reason()));
        assert_eq!((outcome.by, outcome.clean, &outcome.cause), (by, true, &Cause::Close));
    }
}
