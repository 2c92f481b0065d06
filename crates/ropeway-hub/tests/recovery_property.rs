//! Whatever happens, a client that comes back either gets exactly what it missed, in order, or nothing and is told.

#![allow(clippy::unwrap_used)] // tests may stop at the first surprise

mod support;

use std::time::Duration;

use proptest::prelude::*;
use ropeway_hub::*;
use support::*;

#[derive(Clone, Debug)]
enum Step {
    Publish,
    Volatile,
    Disconnect(usize),
    ComeBack(usize),
    /// Minutes.
    Pass(u64),
    /// The memory of the room is lost as by a restart: nobody is in it for longer than its history lives.
    Forget,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Publish),
        1 => Just(Step::Volatile),
        3 => (0..3usize).prop_map(Step::Disconnect),
        4 => (0..3usize).prop_map(Step::ComeBack),
        1 => (1..30u64).prop_map(Step::Pass),
        1 => Just(Step::Forget),
    ]
}

/// A client that follows the protocol: it remembers epoch and offset, and checks what it is given.
#[derive(Default)]
struct Client {
    peer: Option<Peer>,
    seen: Option<Position>,
    /// The number of the last event that it has, or was told that it cannot have.
    known: u64,
    /// Which life of the room that was in.
    life: u64,
}

struct World {
    hub: Hub,
    time: Time,
    clients: [Client; 3],
    /// Events published so far; the text of each is its number.
    published: u64,
    /// When each was published, in minutes.
    times: Vec<u64>,
    minutes: u64,
    /// When somebody was in the room, or published.
    used: u64,
    /// How often the room was forgotten because nobody used it for an hour.
    life: u64,
    /// Events published in earlier lives.
    forgotten: u64,
}

impl World {
    fn new() -> Self {
        let time = Time::new();
        let hub = Hub::builder(rules).clock(time.clock()).build();
        let clients = Default::default();
        Self { hub, time, clients, published: 0, times: vec![], minutes: 0, used: 0, life: 0, forgotten: 0 }
    }

    fn carry_out(&mut self, step: Step) {
        match step {
            Step::Publish => self.publish(),
            Step::Volatile => {
                now(self.hub.publish("/", &Publish { volatile: true, ..say("h", "volatile") })).unwrap();
            }
            Step::Disconnect(at) => self.clients[at].peer = None,
            Step::ComeBack(at) => self.come_back(at),
            Step::Pass(minutes) => self.pass(minutes),
            Step::Forget => self.forget(),
        }
        self.hub.tick();
        self.age();
        self.clients.iter_mut().for_each(Client::read);
    }

    fn age(&mut self) {
        if self.clients.iter().any(|client| client.peer.is_some()) {
            self.used = self.minutes;
        } else if self.minutes - self.used >= 60 {
            self.life += 1;
            self.forgotten = self.published;
        }
    }

    fn publish(&mut self) {
        self.published += 1;
        self.used = self.minutes;
        self.times.push(self.minutes);
        now(self.hub.publish("/", &say("h", &self.published.to_string()))).unwrap();
    }

    fn pass(&mut self, minutes: u64) {
        self.minutes += minutes;
        self.time.pass(Duration::from_secs(minutes * 60));
    }

    fn forget(&mut self) {
        self.clients.iter_mut().for_each(|client| client.peer = None);
        self.pass(60);
    }

    /// Events that the room still has: five at most, younger than an hour, of this epoch.
    fn oldest_kept(&self) -> u64 {
        let young = |number: &u64| self.minutes - self.times[*number as usize - 1] < 60;
        let first = self.published.saturating_sub(5).max(self.forgotten) + 1;
        (first..=self.published).find(young).unwrap_or(self.published + 1)
    }

    fn come_back(&mut self, at: usize) {
        let oldest = self.oldest_kept();
        let client = &mut self.clients[at];
        if client.peer.is_some() {
            return;
        }
        let mut peer = Peer::new(&self.hub, &at.to_string());
        match &client.seen {
            Some(seen) => peer.come_back("h", seen).unwrap(),
            None => peer.enter("h").unwrap(),
        }
        let lines = peer.lines();
        let recovered = lines[0].ends_with("recovered");
        let recoverable = client.seen.is_some() && client.life == self.life && client.known + 1 >= oldest;
        assert_eq!(recovered, recoverable, "{lines:?}");
        let first_missed = if recovered { client.known + 1 } else { self.published + 1 };
        let texts: Vec<u64> = lines[1..].iter().map(|line| number(line)).collect();
        assert_eq!(texts, (first_missed..=self.published).collect::<Vec<_>>(), "{lines:?}");
        let newest = now(peer.history("h", HistoryQuery { since: None, limit: 1 })).unwrap().position;
        client.seen = Some(newest);
        client.known = self.published;
        client.life = self.life;
        client.peer = Some(peer);
    }
}

impl Client {
    /// Live events come without a gap.
    fn read(&mut self) {
        let Some(peer) = &mut self.peer else { return };
        for line in peer.lines().iter().filter(|line| !line.contains("volatile")) {
            assert_eq!(number(line), self.known + 1);
            self.known += 1;
            self.seen.as_mut().unwrap().offset += 1;
            assert!(line.ends_with(&format!("@{}", self.seen.as_ref().unwrap().offset)), "{line}");
        }
    }
}

/// Of an event, from `h/say 12 @7`.
fn number(line: &str) -> u64 {
    line.split(' ').nth(1).unwrap().parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn all_or_nothing(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::new();
        steps.into_iter().for_each(|step| world.carry_out(step));
    }
}
