//! From the broker to the members on this node.

use std::collections::HashSet;
use std::sync::{Arc, Weak};

use crate::frames::{Frames, class_of};
use crate::hub::Inner;
use crate::namespace::Namespace;
use crate::room::{Fanout, Room};
use crate::{Broadcast, Delivery, Event, Outbound, Sink, Wakes};

/// The hub as its broker sees it.
pub(crate) struct Local(pub(crate) Weak<Inner>);

impl Sink for Local {
    fn deliver(&self, delivery: &Delivery<'_>) -> Wakes {
        let Some(hub) = self.0.upgrade() else { return Wakes::default() };
        let Ok(namespace) = hub.namespace(delivery.broadcast.namespace) else { return Wakes::default() };
        let broadcast = &delivery.broadcast;
        let room = if let [room] = broadcast.rooms { Some(*room) } else { None };
        let message = Outbound::Event(event(broadcast, room, delivery.offset));
        let class = class_of(&hub.limits, broadcast.namespace, room, broadcast.event);
        let mut frames = Frames::new(broadcast.namespace, &message, class);
        let mut fanout = Fanout {
            offset: delivery.offset,
            volatile: broadcast.volatile,
            except: broadcast.except,
            ..Fanout::to_all(&mut frames)
        };
        match room {
            Some(room) => serve_one(namespace, room, &mut fanout),
            None => serve_several(namespace, broadcast.rooms, &mut fanout),
        }
    }
}

fn event<'a>(broadcast: &Broadcast<'a>, room: Option<&'a str>, offset: Option<u64>) -> Event<'a> {
    let from = broadcast.from.map(|member| &**member);
    Event { room, event: broadcast.event, data: broadcast.data, from, offset, ack: None }
}

fn serve_one(namespace: &Namespace, room: &str, fanout: &mut Fanout<'_, '_>) -> Wakes {
    let mut wakes = Wakes::default();
    if let Some(room) = namespace.find(room) {
        room.lock().serve(fanout, &mut wakes);
    }
    wakes
}

/// Holds the locks of all rooms at once, so that the order of two broadcasts is the same in all of them.
fn serve_several(namespace: &Namespace, names: &[&str], fanout: &mut Fanout<'_, '_>) -> Wakes {
    let mut rooms: Vec<Arc<Room>> = names.iter().filter_map(|name| namespace.find(name)).collect();
    rooms.sort_by(|a, b| a.name.cmp(&b.name));
    rooms.dedup_by(|a, b| a.name == b.name);
    fanout.served = Some(HashSet::new());
    let mut wakes = Wakes::default();
    let mut locked: Vec<_> = rooms.iter().map(|room| room.lock()).collect();
    for members in &mut locked {
        members.serve(fanout, &mut wakes);
    }
    wakes
}
