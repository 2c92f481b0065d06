//! From the broker to the sockets on this node.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::frames::{Frames, class_of};
use crate::hub::Inner;
use crate::namespace::Namespace;
use crate::recovery::Note;
use crate::room::{Fanout, Room, SocketId};
use crate::socket::Core;
use crate::{
    Answers, Broadcast, Command, Delivery, Event, Outbound, RemoteSocket, Reply, Sink, Socket, Target, Wakes,
};

/// The hub as its broker sees it.
pub(crate) struct Local(pub(crate) Weak<Inner>);

impl Sink for Local {
    fn deliver(&self, delivery: &Delivery<'_>) -> Wakes {
        self.0.upgrade().map(|hub| hub.deliver(delivery)).unwrap_or_default()
    }

    fn ask(&self, broadcast: &Broadcast<'_>, timeout: Duration) -> Reply<Answers> {
        match self.0.upgrade() {
            Some(hub) => hub.ask(broadcast, timeout),
            None => Reply::Ready(Answers::default()),
        }
    }

    fn command(&self, target: &Target<'_>, command: &Command<'_>) -> Reply<()> {
        match self.0.upgrade() {
            Some(hub) => hub.command(target, command),
            None => Reply::Ready(()),
        }
    }

    fn fetch(&self, target: &Target<'_>) -> Vec<RemoteSocket> {
        self.0.upgrade().map(|hub| hub.fetch(target)).unwrap_or_default()
    }
}

impl Inner {
    pub(crate) fn deliver(&self, delivery: &Delivery<'_>) -> Wakes {
        let broadcast = &delivery.broadcast;
        let target = &broadcast.target;
        let Ok(namespace) = self.namespace(target.namespace) else { return Wakes::default() };
        let room = namespace.only_room(delivery);
        // Held until everybody has it: the order of the log is the order of the outboxes.
        let mut memory = namespace.recovery.as_ref().map(|recovery| recovery.lock());
        let noted = memory.as_mut().and_then(|memory| memory.note(&note(delivery, room), (self.clock)()));
        let place = memory.as_ref().zip(noted).map(|(memory, noted)| memory.offset(noted.seq));
        let message = Outbound::Event(event(delivery, room, place.as_deref()));
        let class = class_of(&self.limits, target.namespace, room, broadcast.event);
        let mut frames = Frames::new(target.namespace, &message, class);
        let mut fanout = Fanout {
            offset: delivery.offset,
            volatile: broadcast.volatile,
            noted,
            except: namespace.ids(target.except),
            ..Fanout::to_all(&mut frames)
        };
        namespace.serve(room, target.rooms, &mut fanout)
    }

    /// The sockets of a target, each of them once.
    pub(crate) fn sockets(&self, target: &Target<'_>) -> Vec<Socket> {
        match self.namespace(target.namespace) {
            Ok(namespace) => namespace.select(target).into_iter().map(Socket).collect(),
            Err(_) => Vec::new(),
        }
    }

    pub(crate) fn command(&self, target: &Target<'_>, command: &Command<'_>) -> Reply<()> {
        let sockets = self.sockets(target);
        let mut later = Vec::new();
        for socket in &sockets {
            match command {
                Command::Enter(rooms) => {
                    later.extend(rooms.iter().filter_map(|room| match socket.enter(room) {
                        Reply::Ready(_) => None,
                        Reply::Pending(entering) => Some(entering),
                    }));
                }
                Command::Leave(rooms) => rooms.iter().for_each(|room| drop(socket.leave(room, None))),
                Command::Disconnect { whole_connection } => socket.disconnect(*whole_connection),
            }
        }
        if later.is_empty() {
            return Reply::Ready(());
        }
        Reply::Pending(Box::pin(async move {
            for entering in later {
                drop(entering.await);
            }
        }))
    }

    pub(crate) fn fetch(&self, target: &Target<'_>) -> Vec<RemoteSocket> {
        self.sockets(target).iter().map(|socket| self.describe(socket)).collect()
    }

    fn describe(&self, socket: &Socket) -> RemoteSocket {
        RemoteSocket {
            id: Arc::clone(&socket.0.me.session),
            user: socket.0.me.user.clone(),
            rooms: socket.rooms(),
            data: socket.data(),
            handshake: self.application.as_ref().and_then(|application| application.handshake(socket)),
        }
    }
}

fn event<'a>(delivery: &Delivery<'a>, room: Option<&'a str>, recovery: Option<&'a str>) -> Event<'a> {
    let broadcast = &delivery.broadcast;
    Event {
        room,
        event: broadcast.event,
        data: broadcast.data,
        from: broadcast.from.map(|member| &**member),
        offset: delivery.offset,
        ack: None,
        published: delivery.published,
        recovery,
    }
}

fn note<'a>(delivery: &Delivery<'a>, room: Option<&'a str>) -> Note<'a> {
    let broadcast = &delivery.broadcast;
    Note {
        rooms: broadcast.target.rooms,
        except: broadcast.target.except,
        room,
        event: broadcast.event,
        data: broadcast.data,
        from: broadcast.from,
        offset: delivery.offset,
        published: delivery.published,
        volatile: broadcast.volatile,
    }
}

impl Namespace {
    /// The numbers of the sockets that have or are in one of these names, in order.
    fn ids(&self, names: &[&str]) -> Vec<SocketId> {
        let mut ids = Vec::new();
        for name in names {
            ids.extend(self.socket(name).map(|socket| socket.id));
            if let Some(room) = self.find(name) {
                ids.extend(room.lock().ids());
            }
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The room whose members alone are addressed.
    fn only_room<'a>(&self, delivery: &Delivery<'a>) -> Option<&'a str> {
        match *delivery.broadcast.target.rooms {
            [room] if delivery.published || !self.sockets().contains(room) => Some(room),
            _ => None,
        }
    }

    fn serve(&self, only_room: Option<&str>, names: &[&str], fanout: &mut Fanout<'_, '_>) -> Wakes {
        let mut wakes = Wakes::default();
        if let Some(room) = only_room {
            if let Some(room) = self.find(room) {
                room.lock().serve(fanout, &mut wakes);
            }
        } else if names.is_empty() {
            for socket in self.sockets().iter() {
                fanout.serve_socket(socket.0.id, &socket.0.link, &mut wakes);
            }
        } else {
            self.serve_named(names, fanout, &mut wakes);
        }
        wakes
    }

    fn serve_named(&self, names: &[&str], fanout: &mut Fanout<'_, '_>, wakes: &mut Wakes) {
        let rooms = self.rooms_named(names);
        if names.len() > 1 || !rooms.is_empty() {
            fanout.served = Some(HashSet::new());
        }
        // All rooms at once, so that the order of two broadcasts is the same in all of them.
        let mut locked: Vec<_> = rooms.iter().map(|room| room.lock()).collect();
        locked.iter_mut().for_each(|members| members.serve(fanout, wakes));
        let sockets = self.sockets();
        for socket in names.iter().filter_map(|name| sockets.get(*name)) {
            fanout.serve_socket(socket.0.id, &socket.0.link, wakes);
        }
    }

    /// In the order of their names, which is that of their locks.
    fn rooms_named(&self, names: &[&str]) -> Vec<Arc<Room>> {
        let mut rooms: Vec<_> = names.iter().filter_map(|name| self.find(name)).collect();
        rooms.sort_by(|a, b| a.name.cmp(&b.name));
        rooms.dedup_by(|a, b| a.name == b.name);
        rooms
    }

    /// The established sockets of a target, each of them once.
    fn select(&self, target: &Target<'_>) -> Vec<Arc<Core>> {
        let except = self.ids(target.except);
        let wanted = |id: &SocketId| except.binary_search(id).is_err();
        if target.rooms.is_empty() {
            let sockets = self.sockets();
            let sockets = sockets.iter().map(|socket| Arc::clone(&socket.0));
            return sockets.filter(|socket| wanted(&socket.id)).collect();
        }
        let mut found: Vec<_> = target.rooms.iter().filter_map(|name| self.socket(name)).collect();
        for room in target.rooms.iter().filter_map(|name| self.find(name)) {
            let sessions = room.lock().sessions();
            found.extend(sessions.iter().filter_map(|session| self.socket(session)));
        }
        found.retain(|socket| wanted(&socket.id));
        found.sort_unstable_by_key(|socket| socket.id);
        found.dedup_by_key(|socket| socket.id);
        found
    }
}
