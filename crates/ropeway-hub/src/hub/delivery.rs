//! From the broker to the sockets on this node.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::node::Node;
use crate::acks::{Collecting, Tally, Waiting};
use crate::outbox::{Frames, class_of};
use crate::recovery::Note;
use crate::room::Fanout;
use crate::{
    Answers, Broadcast, Command, Delivery, Event, Outbound, RemoteSocket, Reply, Sink, Socket, Target, Wakes,
};

/// The hub as its broker sees it.
pub(crate) struct Local(pub(crate) Weak<Node>);

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

impl Node {
    pub(crate) fn deliver(&self, delivery: &Delivery<'_>) -> Wakes {
        let broadcast = &delivery.broadcast;
        let target = &broadcast.target;
        let Ok(namespace) = self.namespace(target.namespace) else { return Wakes::default() };
        let room = namespace.only_room(delivery);
        // Held until everybody has it: the order of the log is the order of the outboxes.
        let mut memory = namespace.recovery.as_ref().map(|recovery| recovery.lock());
        let noted = memory.as_mut().and_then(|memory| memory.note(&note(delivery, room), self.common.now()));
        let place = memory.as_ref().zip(noted).map(|(memory, noted)| memory.offset(noted.seq));
        let message = Outbound::Event(event(delivery, room, place.as_deref()));
        let class = class_of(&self.common.limits, target.namespace, room, broadcast.event);
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

    /// Sends to the sockets of a target here, all with one [`ack`](Event::ack), and collects their answers.
    pub(crate) fn ask(&self, broadcast: &Broadcast<'_>, timeout: Duration) -> Reply<Answers> {
        let sockets = self.sockets(&broadcast.target);
        if sockets.is_empty() {
            return Reply::Ready(Answers::default());
        }
        let tally = Arc::new(Tally::new(sockets.len()));
        let number = self.common.number();
        let message = Outbound::Event(Event {
            event: broadcast.event,
            data: broadcast.data,
            from: broadcast.from.map(|member| &**member),
            ack: Some(number),
            ..Event::default()
        });
        let mut frames = Frames::new(broadcast.target.namespace, &message, None);
        for socket in sockets {
            match socket.expect(number, timeout, Waiting::Broadcast(Arc::clone(&tally))) {
                Ok(_) => socket.queue_frame(frames.for_link(&socket.0.link), broadcast.volatile),
                Err(_) => tally.miss(),
            }
        }
        Reply::Pending(Box::pin(Collecting(tally)))
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
            handshake: self.common.application.as_ref().and_then(|application| application.handshake(socket)),
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
