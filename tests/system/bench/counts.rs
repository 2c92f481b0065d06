//! Servers that lose, double and reorder: every single one is counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::odd::{Odd, Writer};
use super::{Done, run};
use crate::server::{Server, until};

/// What a server did on purpose.
#[derive(Default)]
struct Faults {
    lost: AtomicU64,
    doubled: AtomicU64,
    reordered: AtomicU64,
}

/// The messages to one client: of ten, one is lost, one comes twice, and one comes after the next.
struct Channel {
    faults: Arc<Faults>,
    count: u64,
    held: Option<Vec<u8>>,
}

impl Channel {
    fn new(faults: &Arc<Faults>) -> Self {
        Self { faults: Arc::clone(faults), count: 0, held: None }
    }

    /// What is sent in place of a message.
    fn pass(&mut self, message: Vec<u8>) -> Vec<Vec<u8>> {
        self.count += 1;
        match self.count % 10 {
            1 => {
                self.faults.lost.fetch_add(1, Ordering::Relaxed);
                vec![]
            }
            4 => {
                self.faults.doubled.fetch_add(1, Ordering::Relaxed);
                vec![message.clone(), message]
            }
            6 => {
                self.held = Some(message);
                vec![]
            }
            7 => {
                self.faults.reordered.fetch_add(1, Ordering::Relaxed);
                std::iter::once(message).chain(self.held.take()).collect()
            }
            _ => vec![message],
        }
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.faults.lost.fetch_add(u64::from(self.held.is_some()), Ordering::Relaxed);
    }
}

/// `held` are the holders of `faults` when no channel is left: each tells at its end what it held back.
#[track_caller]
fn are_counted(faults: &Arc<Faults>, held: usize, done: &Done) {
    until(|| Arc::strong_count(faults) == held, "the channels are gone");
    let made = [&faults.lost, &faults.doubled, &faults.reordered].map(|count| count.load(Ordering::Relaxed));
    let counted = ["lost", "doubled", "reordered"].map(|name| done.count(&format!("/messages/{name}")));
    assert_eq!(counted, made, "lost, doubled, reordered\n{}", done.out);
    assert!(made.iter().all(|count| *count > 10), "{made:?}");
    assert_eq!(done.count("/messages/unexpected"), 0);
}

#[test]
fn faults_of_an_echo_are_counted_exactly() {
    let faults = Arc::new(Faults::default());
    let server = Odd::answering({
        let faults = Arc::clone(&faults);
        move || {
            let mut channel = Channel::new(&faults);
            move |message| channel.pass(message)
        }
    });
    let flags = ["-c", "5", "--rate", "500", "-d", "2s", "--warmup", "0s", "--size", "20"];
    let done = run(&[&[&*server.url()], &flags[..]].concat()).succeeded();
    are_counted(&faults, 2, &done);
    assert_eq!(done.count("/messages/matched") + done.count("/messages/lost"), done.count("/messages/sent"));
}

#[test]
fn faults_of_a_fanout_are_counted_exactly() {
    let faults = Arc::new(Faults::default());
    let members: Arc<Mutex<Vec<(Writer, Channel)>>> = Arc::default();
    let server = Odd::start({
        let (faults, members) = (Arc::clone(&faults), Arc::clone(&members));
        move |mut peer| {
            members.lock().unwrap().push((peer.writer(), Channel::new(&faults)));
            while let Some(message) = peer.next() {
                for (writer, channel) in &mut *members.lock().unwrap() {
                    for message in channel.pass(message.clone()) {
                        let _ = writer.text(&message);
                    }
                }
            }
        }
    });
    let flags = ["-p", "fanout", "-c", "5", "--rate", "200", "-d", "2s", "--warmup", "0s"];
    let done = run(&[&[&*server.url()], &flags[..]].concat()).succeeded();
    members.lock().unwrap().clear();
    are_counted(&faults, 2, &done);
    assert_eq!(
        done.count("/messages/matched") + done.count("/messages/lost"),
        5 * done.count("/messages/sent"),
        "{}",
        done.out
    );
}

#[test]
fn deliveries_that_take_their_time_are_not_lost() {
    let members: Arc<Mutex<Vec<Writer>>> = Arc::default();
    let server = Odd::start({
        let members = Arc::clone(&members);
        move |mut peer| {
            members.lock().unwrap().push(peer.writer());
            while let Some(message) = peer.next() {
                let members = Arc::clone(&members);
                thread::spawn(move || {
                    thread::sleep(Duration::from_millis(2500));
                    for writer in &mut *members.lock().unwrap() {
                        let _ = writer.text(&message);
                    }
                });
            }
        }
    });
    let flags = ["-p", "fanout", "-c", "3", "--rate", "20", "-d", "1s", "--warmup", "0s"];
    for processes in ["1", "2"] {
        let done = run(&[&[&*server.url(), "--processes", processes], &flags[..]].concat()).succeeded();
        members.lock().unwrap().clear();
        assert_eq!(done.count("/messages/matched"), 3 * done.count("/messages/sent"), "{}", done.out);
        assert_eq!(done.count("/messages/lost"), 0, "{}", done.out);
    }
}

#[test]
fn nothing_is_lost_in_our_rooms() {
    let server = Server::start_without_rates();
    for (protocol, path) in [("native", "/ws"), ("socketio", "")] {
        let (url, room) = (server.ws(path), format!("demo:{protocol}"));
        let flags = ["-p", "fanout", "-c", "10", "--rate", "100", "-d", "1s", "--warmup", "0s"];
        let said = ["--protocol", protocol, "--room", &room];
        let done = run(&[&[&*url], &flags[..], &said[..]].concat()).succeeded();
        assert_eq!(done.count("/messages/matched"), 10 * done.count("/messages/sent"), "{}", done.out);
        assert_eq!(done.count("/messages/lost") + done.count("/messages/doubled"), 0, "{}", done.out);
    }
}

#[test]
fn members_that_do_not_read_harm_nobody_else() {
    let server = Server::start_without_rates();
    let flags = ["-p", "slow-consumer", "-c", "10", "--protocol", "native", "-d", "1s", "--warmup", "0s"];
    let done = run(&[&[&*server.ws("/ws")], &flags[..]].concat()).succeeded();
    assert_eq!(done.count("/messages/matched"), 9 * done.count("/messages/sent"), "{}", done.out);
    assert_eq!(done.count("/messages/lost"), 0, "{}", done.out);
}

#[test]
fn a_server_that_never_answers_has_lost_everything() {
    let server = Odd::answering(|| |_| vec![]);
    let done = run(&[&server.url(), "-c", "3", "--depth", "2", "-d", "1s", "--warmup", "0s"]).succeeded();
    assert_eq!((done.count("/messages/sent"), done.count("/messages/lost")), (6, 6), "{}", done.out);
    assert_eq!(done.count("/messages/matched"), 0);
    let done = run(&[&server.url(), "-c", "3", "-d", "1s", "--warmup", "0s", "--fail", "p99<1h"]);
    assert_eq!(done.status.code(), Some(99), "no latency is no good one: {}", done.out);
}
