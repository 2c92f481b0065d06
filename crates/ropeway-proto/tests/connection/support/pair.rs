//! A client and a server over links in memory, with a clock that the test moves.

use std::io::IoSlice;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use ropeway_proto::deflate::Params;
use ropeway_proto::{Config, Connection, Event, Message, Output, Role, Violation};

use super::script::feed;

/// How a link cuts what it carries.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Delivery {
    /// All that waits, at once.
    Whole,
    /// One byte at a time.
    Bytewise,
    /// Pieces of random size, the two directions in random turns.
    Random,
}

pub(crate) struct Pair {
    pub(crate) client: Peer,
    pub(crate) server: Peer,
    pub(crate) now: Instant,
    delivery: Delivery,
    random: StdRng,
    seed: u64,
}

/// One end, and the link that leads to it.
pub(crate) struct Peer {
    pub(crate) connection: Connection,
    pub(crate) out: Output,
    /// On the way to this end.
    link: Vec<u8>,
    /// All that was received.
    pub(crate) events: Vec<Event<'static>>,
    pub(crate) violation: Option<Violation>,
}

impl Pair {
    pub(crate) fn new(config: Config, params: Option<Params>, delivery: Delivery, seed: u64) -> Self {
        let config = Arc::new(config);
        let mut random = StdRng::seed_from_u64(seed);
        let client = Connection::client(config.clone(), params.clone(), random.random());
        let server = Connection::server(config, params);
        let now = Instant::now();
        Self { client: Peer::new(client), server: Peer::new(server), now, delivery, random, seed }
    }

    pub(crate) fn peer(&mut self, role: Role) -> &mut Peer {
        match role {
            Role::Client => &mut self.client,
            Role::Server => &mut self.server,
        }
    }

    /// Carries bytes both ways until neither end has anything to say.
    pub(crate) fn settle(&mut self) {
        loop {
            self.client.write_to(&mut self.server, self.delivery, &mut self.random);
            self.server.write_to(&mut self.client, self.delivery, &mut self.random);
            let moved =
                [&mut self.client, &mut self.server].map(|peer| peer.read(self.delivery, &mut self.random));
            if moved == [false, false] && self.client.out.is_empty() && self.server.out.is_empty() {
                return;
            }
        }
    }

    /// Lets time pass, from deadline to deadline, with all that the ends say to each other on the way.
    pub(crate) fn advance(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let deadlines = [&mut self.client, &mut self.server]
                .map(|peer| peer.connection.poll_timeout(self.now).filter(|deadline| *deadline <= end));
            let Some(next) = deadlines.into_iter().flatten().min() else { break };
            self.now = self.now.max(next);
            for peer in [&mut self.client, &mut self.server] {
                peer.connection.handle_timeout(self.now, &mut peer.out);
            }
            self.settle();
        }
        self.now = end;
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the seed of this pair: {}, {:?}", self.seed, self.delivery);
        }
    }
}

impl Peer {
    fn new(connection: Connection) -> Self {
        Self { connection, out: Output::default(), link: Vec::new(), events: Vec::new(), violation: None }
    }

    pub(crate) fn send(&mut self, message: impl Into<Message<'static>>) {
        self.connection.send(message, &mut self.out).unwrap();
    }

    /// The messages that were received.
    pub(crate) fn messages(&self) -> Vec<Message<'static>> {
        let message = |event: &Event<'static>| match event {
            Event::Message(message) => Some(message.clone()),
            _ => None,
        };
        self.events.iter().filter_map(message).collect()
    }

    /// Writes like a socket: as many slices as it likes, as many bytes as it likes.
    fn write_to(&mut self, other: &mut Self, delivery: Delivery, random: &mut StdRng) {
        let mut slices = [IoSlice::new(&[]); 4];
        let filled = self.out.slices(&mut slices);
        let offered: Vec<u8> = slices[..filled].iter().flat_map(|slice| slice.to_vec()).collect();
        let taken = cut(offered.len(), delivery, random);
        other.link.extend_from_slice(&offered[..taken]);
        self.out.advance(taken);
    }

    /// Reads the next piece of the link; tells whether there was one.
    fn read(&mut self, delivery: Delivery, random: &mut StdRng) -> bool {
        if self.link.is_empty() {
            return false;
        }
        let len = cut(self.link.len(), delivery, random);
        let piece: Vec<u8> = self.link.drain(..len).collect();
        let (events, violation) = feed(&mut self.connection, &piece, &mut self.out);
        self.events.extend(events);
        self.violation = self.violation.take().or(violation);
        true
    }
}

/// How much of `len` bytes goes through next.
fn cut(len: usize, delivery: Delivery, random: &mut StdRng) -> usize {
    match delivery {
        Delivery::Whole => len,
        Delivery::Bytewise => len.min(1),
        // Small pieces and large ones: a power of two, and something on top.
        Delivery::Random => {
            let most = 1usize << random.random_range(0..16);
            len.min(random.random_range(1..=most))
        }
    }
}
