//! Whom a target means, against a model that knows nothing of locks and maps.

#![allow(clippy::unwrap_used)] // tests may stop at the first surprise

mod support;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use ropeway_hub::*;
use support::*;

const SOCKETS: [&str; 4] = ["s0", "s1", "s2", "s3"];
const NAMES: [&str; 8] = ["a", "b", "c", "nobody", "s0", "s1", "s2", "s3"];

#[derive(Clone, Debug)]
enum Step {
    Come(usize),
    Go(usize),
    Enter(usize, usize),
    Leave(usize, usize),
    EnterAll(Names, Names, usize),
    LeaveAll(Names, Names, usize),
    Broadcast(Names, Names, bool),
    DisconnectAll(Names, Names),
}

type Names = Vec<&'static str>;

fn names(most: usize) -> impl Strategy<Value = Names> {
    prop::collection::vec(prop::sample::select(&NAMES[..]), 0..=most)
}

fn step() -> impl Strategy<Value = Step> {
    let (socket, room) = (0..SOCKETS.len(), 0..3usize);
    prop_oneof![
        4 => socket.clone().prop_map(Step::Come),
        1 => socket.clone().prop_map(Step::Go),
        6 => (socket.clone(), room.clone()).prop_map(|(socket, room)| Step::Enter(socket, room)),
        2 => (socket, room.clone()).prop_map(|(socket, room)| Step::Leave(socket, room)),
        1 => (names(2), names(1), room.clone()).prop_map(|(a, b, room)| Step::EnterAll(a, b, room)),
        1 => (names(2), names(1), room).prop_map(|(a, b, room)| Step::LeaveAll(a, b, room)),
        10 => (names(3), names(2), any::<bool>()).prop_map(|(a, b, local)| Step::Broadcast(a, b, local)),
        1 => (names(2), names(2)).prop_map(|(a, b)| Step::DisconnectAll(a, b)),
    ]
}

/// Sockets and the rooms that they are in.
#[derive(Default)]
struct Model(BTreeMap<&'static str, BTreeSet<&'static str>>);

impl Model {
    fn meant(&self, rooms: &Names, except: &Names) -> Vec<&'static str> {
        let bears = |socket: &&str, names: &Names| {
            names.iter().any(|name| name == socket || self.0[socket].contains(name))
        };
        let wanted = |socket: &&str| (rooms.is_empty() || bears(socket, rooms)) && !bears(socket, except);
        self.0.keys().copied().filter(wanted).collect()
    }
}

struct World {
    hub: Hub,
    peers: BTreeMap<&'static str, Peer>,
    model: Model,
    sent: u32,
}

impl World {
    fn carry_out(&mut self, step: Step) {
        match step {
            Step::Come(at) => self.come(SOCKETS[at]),
            Step::Go(at) => {
                self.peers.remove(SOCKETS[at]);
                self.model.0.remove(SOCKETS[at]);
            }
            Step::Enter(at, room) => {
                let Some(peer) = self.peers.get(SOCKETS[at]) else { return };
                now(peer.socket.enter(NAMES[room])).unwrap();
                self.model.0.get_mut(SOCKETS[at]).unwrap().insert(NAMES[room]);
            }
            Step::Leave(at, room) => {
                let Some(peer) = self.peers.get(SOCKETS[at]) else { return };
                let was_in = self.model.0.get_mut(SOCKETS[at]).unwrap().remove(NAMES[room]);
                assert_eq!(peer.leave(NAMES[room], None).is_ok(), was_in);
            }
            Step::EnterAll(rooms, except, room) => {
                now(self.hub.enter(&target(&rooms, &except), &[NAMES[room]])).unwrap();
                for socket in self.model.meant(&rooms, &except) {
                    self.model.0.get_mut(socket).unwrap().insert(NAMES[room]);
                }
            }
            Step::LeaveAll(rooms, except, room) => {
                now(self.hub.leave(&target(&rooms, &except), &[NAMES[room]])).unwrap();
                for socket in self.model.meant(&rooms, &except) {
                    self.model.0.get_mut(socket).unwrap().remove(NAMES[room]);
                }
            }
            Step::Broadcast(rooms, except, local) => self.broadcast(&rooms, &except, local),
            Step::DisconnectAll(rooms, except) => self.disconnect(&rooms, &except),
        }
    }

    fn come(&mut self, session: &'static str) {
        self.peers.entry(session).or_insert_with(|| Peer::new(&self.hub, session));
        self.model.0.entry(session).or_default();
    }

    fn broadcast(&mut self, rooms: &Names, except: &Names, local: bool) {
        self.peers.values_mut().for_each(|peer| drop(peer.lines()));
        let meant = self.model.meant(rooms, except);
        let target = target(rooms, except);
        let sockets = self.hub.sockets(&target);
        let mut found: Vec<_> = sockets.iter().map(Socket::id).collect();
        found.sort_unstable();
        assert_eq!(found, meant);
        let mut fetched = now(self.hub.fetch_sockets(&target)).unwrap();
        fetched.sort_by(|a, b| a.id.cmp(&b.id));
        for (remote, id) in fetched.iter().zip(&meant) {
            let rooms: BTreeSet<_> = remote.rooms.iter().map(|room| &**room).collect();
            assert_eq!((&*remote.id, &rooms), (*id, &self.model.0[id]));
        }
        assert_eq!(fetched.len(), meant.len());

        self.sent += 1;
        let event = self.sent.to_string();
        now(self.hub.broadcast(&Broadcast { target, event: &event, local, ..Broadcast::default() })).unwrap();
        for (session, peer) in &mut self.peers {
            let lines = peer.lines();
            assert_eq!(lines.len(), usize::from(meant.contains(session)), "{session}: {lines:?}");
        }
    }

    fn disconnect(&mut self, rooms: &Names, except: &Names) {
        let meant = self.model.meant(rooms, except);
        now(self.hub.disconnect(&target(rooms, except), false)).unwrap();
        for session in meant {
            self.model.0.remove(session);
            let mut peer = self.peers.remove(session).unwrap();
            assert_eq!(peer.lines().pop().as_deref(), Some("disconnected"));
            assert!(!peer.is_connected());
        }
    }
}

fn target<'a>(rooms: &'a Names, except: &'a Names) -> Target<'a> {
    Target { namespace: "/", rooms, except }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn everybody_meant_and_nobody_else_once(steps in prop::collection::vec(step(), 1..60)) {
        let mut world =
            World { hub: hub(), peers: BTreeMap::new(), model: Model::default(), sent: 0 };
        steps.into_iter().for_each(|step| world.carry_out(step));
        world.peers.clear();
        prop_assert_eq!(world.hub.stats(), Stats::default());
    }
}
