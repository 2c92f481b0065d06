//! A broker that takes its time, as one on another machine does.

#![allow(clippy::unwrap_used)] // tests may stop at the first surprise

mod support;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use ropeway_hub::*;
use support::*;

/// Answers `catch_up` when the test says so; everything else is refused or recorded.
#[derive(Default)]
struct Remote {
    sink: OnceLock<Arc<dyn Sink>>,
    calls: Mutex<Vec<String>>,
    answers: Arc<Mutex<VecDeque<Result<CatchUp, Error>>>>,
}

impl Remote {
    fn log(&self, call: &str, room: RoomRef<'_>) {
        self.calls.lock().unwrap().push(format!("{call} {}", room.name));
    }

    fn deliver(&self, room: &str, text: &str, offset: Option<u64>) {
        let rooms = [room];
        let data = Payload::text(text);
        let target = Target { namespace: "/", rooms: &rooms, except: &[] };
        let broadcast = Broadcast { target, event: "say", data, ..Broadcast::default() };
        drop(self.sink.get().unwrap().deliver(&Delivery { broadcast, published: true, offset }));
    }

    fn answer(&self, newest: u64, missed: Option<Vec<Arc<PastEvent>>>) {
        let position = Some(Position { epoch: "e".into(), offset: newest });
        self.answers.lock().unwrap().push_back(Ok(CatchUp { position, missed }));
    }
}

impl Broker for Remote {
    fn start(&self, sink: Arc<dyn Sink>, _clock: Clock) {
        self.sink.get_or_init(|| sink);
    }

    fn subscribe(&self, room: RoomRef<'_>) {
        self.log("subscribe", room);
    }

    fn unsubscribe(&self, room: RoomRef<'_>) {
        self.log("unsubscribe", room);
    }

    fn publish(&self, _publication: &Publication<'_>) -> Reply<Result<Published, Error>> {
        Reply::Pending(Box::pin(async { Err(Error::Unavailable) }))
    }

    fn broadcast(&self, _broadcast: &Broadcast<'_>) -> Reply<Result<(), Error>> {
        Reply::Ready(Err(Error::Unavailable))
    }

    fn ask(&self, _broadcast: &Broadcast<'_>, _timeout: Duration) -> Reply<Result<Answers, Error>> {
        Reply::Ready(Err(Error::Unavailable))
    }

    fn command(&self, _target: &Target<'_>, _command: &Command<'_>) -> Reply<Result<(), Error>> {
        Reply::Ready(Err(Error::Unavailable))
    }

    fn fetch(&self, _target: &Target<'_>) -> Reply<Result<Vec<RemoteSocket>, Error>> {
        Reply::Ready(Err(Error::Unavailable))
    }

    fn catch_up(&self, _room: RoomRef<'_>, _since: Option<Since<'_>>) -> Reply<Result<CatchUp, Error>> {
        let answers = Arc::clone(&self.answers);
        Reply::Pending(Box::pin(std::future::poll_fn(move |_| {
            answers.lock().unwrap().pop_front().map_or(Poll::Pending, Poll::Ready)
        })))
    }

    fn history(&self, _room: RoomRef<'_>, _query: HistoryQuery<'_>) -> Reply<Result<HistoryPage, Error>> {
        Reply::Ready(Err(Error::Unavailable))
    }

    fn tick(&self, _now: Instant) {}
}

fn setup(limits: Limits) -> (Hub, Arc<Remote>) {
    let remote = Arc::new(Remote::default());
    let broker = Arc::clone(&remote) as Arc<dyn Broker>;
    (Hub::builder(rules).broker(broker).limits(limits).build(), remote)
}

fn poll<T: Send + 'static>(reply: &mut ReplyFuture<T>) -> Poll<T> {
    std::pin::Pin::new(reply).poll(&mut Context::from_waker(Waker::noop()))
}

fn begin(peer: &Peer, room: &str, since: Option<u64>) -> ReplyFuture<Result<(), Error>> {
    let since = since.map(|offset| Since { epoch: "e", offset });
    let mut reply = peer.join(&Join { room, since, ..Join::default() }).into_future();
    assert!(poll(&mut reply).is_pending());
    reply
}

fn past(offset: u64) -> Arc<PastEvent> {
    Arc::new(PastEvent { offset, event: "say".into(), data: Payload::text("past").to_owned(), from: None })
}

#[test]
fn what_happens_during_a_join_comes_once_and_after_what_was_missed() {
    let (hub, remote) = setup(Limits::default());
    let mut anna = Peer::new(&hub, "anna");
    let mut join = begin(&anna, "hp", Some(3));
    let _ben = begin(&Peer::new(&hub, "ben"), "hp", None);
    remote.deliver("hp", "4", Some(4));
    remote.deliver("hp", "before 5", None);
    remote.deliver("hp", "5", Some(5));
    remote.deliver("hp", "after 5", None);
    remote.deliver("hp", "6", Some(6));
    assert!(anna.lines().is_empty());
    remote.answer(5, Some(vec![past(4), past(5)]));
    assert_eq!(poll(&mut join), Poll::Ready(Ok(())));
    remote.deliver("hp", "7", Some(7));
    let expected = [
        "joined hp @3 recovered [anna]",
        "hp/say past @4",
        "hp/say past @5",
        "+ben hp",
        "-ben hp",
        "hp/say after 5",
        "hp/say 6 @6",
        "hp/say 7 @7",
    ];
    assert_eq!(anna.lines(), expected);
}

#[test]
fn a_failed_or_dropped_join_leaves_the_room() {
    let (hub, remote) = setup(Limits::default());
    let mut anna = Peer::new(&hub, "anna");
    let mut join = begin(&anna, "h", None);
    assert_eq!(now(anna.join(&Join { room: "h", ..Join::default() })), Err(Error::Unavailable));
    remote.answers.lock().unwrap().push_back(Err(Error::Unavailable));
    assert_eq!(poll(&mut join), Poll::Ready(Err(Error::Unavailable)));
    assert_eq!(hub.stats().rooms, 0);
    drop(begin(&anna, "h", None));
    assert_eq!(hub.stats().rooms, 0);
    assert!(anna.lines().is_empty());
    let calls = remote.calls.lock().unwrap();
    assert_eq!(*calls, ["subscribe h", "unsubscribe h", "subscribe h", "unsubscribe h"]);
}

#[test]
fn leaving_during_a_join_ends_it() {
    let (hub, remote) = setup(Limits::default());
    let mut anna = Peer::new(&hub, "anna");
    let mut join = begin(&anna, "h", None);
    anna.leave("h", None).unwrap();
    let mut second = begin(&anna, "h", None);
    remote.answer(1, None);
    assert_eq!(poll(&mut join), Poll::Ready(Err(Error::Unavailable)));
    drop(join);
    remote.answer(2, None);
    assert_eq!(poll(&mut second), Poll::Ready(Ok(())));
    assert_eq!(anna.lines(), ["left h", "joined h @2"]);
    assert_eq!(hub.stats().rooms, 1);
}

#[test]
fn a_member_whose_new_join_fails_is_told() {
    let (hub, remote) = setup(Limits::default());
    let mut anna = Peer::new(&hub, "anna");
    let mut join = begin(&anna, "h", None);
    remote.answer(0, None);
    assert!(poll(&mut join).is_ready());
    drop(begin(&anna, "h", None));
    assert_eq!(anna.lines(), ["joined h @0", "left h"]);
    assert_eq!(anna.say("h", "1"), Err(Error::NotJoined));
}

#[test]
fn a_join_that_takes_too_long_does_not_pile_up_events() {
    let (hub, remote) = setup(Limits { outbox: 1000, ..Limits::default() });
    let mut anna = Peer::new(&hub, "anna");
    let mut join = begin(&anna, "h", None);
    (1..100).for_each(|offset| remote.deliver("h", "1234567890", Some(offset)));
    remote.answer(0, None);
    assert_eq!(poll(&mut join), Poll::Ready(Err(Error::Unavailable)));
    assert_eq!(hub.stats().rooms, 0);
    assert!(anna.lines().is_empty());
}

#[test]
fn a_publish_may_fail_later() {
    let (hub, _remote) = setup(Limits::default());
    let mut reply = hub.publish("/", &say("a", "1")).into_future();
    assert_eq!(poll(&mut reply), Poll::Ready(Err(Error::Unavailable)));
}

/// The number of the place of a line in the log of its namespace.
fn place(line: &str) -> u64 {
    line.rsplit_once('-').unwrap().1.parse().unwrap()
}

#[test]
fn what_waited_for_a_join_is_recovered_in_the_order_in_which_it_was_sent() {
    let remote = Arc::new(Remote::default());
    let broker = Arc::clone(&remote) as Arc<dyn Broker>;
    let hub = Hub::builder(rules).broker(broker).recovery(RecoverySettings::default()).build();
    let mut anna = Peer::recoverable(&hub, "anna");
    let mut joining = begin(&anna, "h", None);
    remote.deliver("h", "1", Some(1));
    remote.deliver("h", "2", Some(2));
    anna.emit("meanwhile", Payload::default());
    remote.answer(1, None);
    assert_eq!(poll(&mut joining), Poll::Ready(Ok(())));
    remote.deliver("h", "3", Some(3));
    let lines = anna.lines();
    let texts: Vec<_> = lines.iter().map(|line| line.split(" ~").next().unwrap()).collect();
    assert_eq!(texts, ["meanwhile ", "joined h @1", "h/say 2 @2", "h/say 3 @3"]);
    assert!(place(&lines[0]) < place(&lines[2]) && place(&lines[2]) < place(&lines[3]), "{lines:?}");

    let seen = lines[0].rsplit_once('~').unwrap().1;
    drop(anna);
    remote.deliver("h", "4", Some(4));
    let mut anna = Peer::come_back_as(&hub, "anna", Some(seen)).unwrap();
    let again = anna.lines();
    let texts: Vec<_> = again.iter().map(|line| line.split(" ~").next().unwrap()).collect();
    assert_eq!(texts, ["h/say 2 @2", "h/say 3 @3", "h/say 4 @4"]);
    assert_eq!(again[..2], lines[2..]);
}
