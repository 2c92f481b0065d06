//! The namespaces that a connection is in, by name.

use std::task::{Context, Poll};

use ropeway_hub::Socket;

use super::entering::{Decided, Entering};

/// Where a connection is. Most are in one namespace, so the first has its place here and only others take memory of
/// their own; there are few, so they are looked at in turn.
#[derive(Default)]
pub(super) struct Spaces {
    first: Option<Space>,
    others: Vec<Space>,
}

/// A namespace as one connection knows it.
pub(super) enum Space {
    /// It is not yet decided whether it may come in.
    Entering(Box<Entering>),
    /// It is in. When the server has put it out again, this stays until it comes back: what it sent before it knew
    /// is no fault.
    In(Inside),
}

/// A socket of this connection.
#[derive(Clone)]
pub(super) struct Inside {
    pub(super) socket: Socket,
    /// An application handles its events; without one there are the reserved events.
    pub(super) is_handled: bool,
}

impl Space {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Entering(entering) => entering.namespace(),
            Self::In(inside) => inside.socket.namespace(),
        }
    }

    /// The server has put the socket out.
    fn is_over(&self) -> bool {
        matches!(self, Self::In(inside) if !inside.socket.is_connected())
    }
}

impl Spaces {
    pub(super) fn find(&self, name: &str) -> Option<&Space> {
        self.first.iter().chain(&self.others).find(|space| space.name() == name)
    }

    /// Adds a namespace, or replaces what is there under its name.
    pub(super) fn put(&mut self, space: Space) {
        drop(self.take(space.name()));
        if self.first.is_none() {
            self.first = Some(space);
        } else {
            self.others.push(space);
        }
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Space> {
        if let Some(first) = self.first.take_if(|space| space.name() == name) {
            return Some(first);
        }
        let at = self.others.iter().position(|space| space.name() == name)?;
        let space = self.others.swap_remove(at);
        if self.others.is_empty() {
            self.others = Vec::new();
        }
        Some(space)
    }

    /// Asks those that wait, and takes out one that is decided.
    pub(super) fn poll_entering(&mut self, cx: &mut Context<'_>) -> Option<(Box<Entering>, Decided)> {
        let mut spaces = self.first.iter_mut().chain(&mut self.others);
        let (name, decided) = spaces.find_map(|space| match space {
            Space::Entering(entering) => match entering.poll(cx) {
                Poll::Ready(decided) => Some((entering.namespace().to_owned(), decided)),
                Poll::Pending => None,
            },
            Space::In(_) => None,
        })?;
        match self.take(&name)? {
            Space::Entering(entering) => Some((entering, decided)),
            Space::In(_) => None,
        }
    }

    /// Those that the connection is in, or is about to be; the others are forgotten.
    pub(super) fn count(&mut self) -> usize {
        self.first.take_if(|space| space.is_over());
        self.others.retain(|space| !space.is_over());
        usize::from(self.first.is_some()) + self.others.len()
    }

    /// The sockets of the namespaces that the connection is in.
    pub(super) fn sockets(&self) -> impl Iterator<Item = &Socket> {
        self.first.iter().chain(&self.others).filter_map(|space| match space {
            Space::In(inside) => Some(&inside.socket),
            Space::Entering(_) => None,
        })
    }
}
