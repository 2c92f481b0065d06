//! Events to and from the application, and their answers.

#![allow(clippy::unwrap_used)] // tests may stop at the first surprise

mod support;

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ropeway_hub::*;
use support::*;

const SECOND: Duration = Duration::from_secs(1);

/// Keeps what it gets.
#[derive(Clone, Default)]
struct Inbox(Arc<Mutex<Vec<(String, Answer)>>>);

impl Application for Inbox {
    fn event(&self, socket: &Socket, event: &str, data: Payload<'_>, answer: Answer) {
        let line = format!("{} {event} {}", socket.member().session, data.text);
        self.0.lock().unwrap().push((line, answer));
    }
}

impl Inbox {
    fn take(&self) -> Vec<(String, Answer)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn answer(&self) -> Answer {
        self.0.lock().unwrap().remove(0).1
    }
}

fn setup() -> (Hub, Inbox, Time) {
    let (inbox, time) = (Inbox::default(), Time::new());
    let limits = Limits { pending_acks: 3, ..Limits::default() };
    let hub = Hub::builder(rules).application(inbox.clone()).clock(time.clock()).limits(limits).build();
    (hub, inbox, time)
}

fn send(peer: &Peer, id: Option<&str>) -> Result<(), Error> {
    peer.dispatch("order", Payload::text("{}"), id)
}

fn poll(ack: &mut Acknowledgement) -> Poll<Result<OwnedPayload, Error>> {
    pin!(ack).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn the_application_answers() {
    let (hub, inbox, _) = setup();
    let mut anna = Peer::new(&hub, "anna");
    send(&anna, Some("1")).unwrap();
    send(&anna, Some("2")).unwrap();
    send(&anna, None).unwrap();
    let mut events = inbox.take();
    let (line, silent) = events.pop().unwrap();
    assert_eq!((line.as_str(), silent.is_awaited()), ("anna order {}", false));
    silent.send(Payload::text("unwanted"));
    events.pop().unwrap().1.refuse(&Error::Forbidden);
    events.pop().unwrap().1.send(Payload::text("ok"));
    assert_eq!(anna.lines(), ["error #2 forbidden", "answer #1 ok"]);
}

#[test]
fn without_an_application_nobody_handles_events() {
    let anna = Peer::new(&hub(), "anna");
    assert_eq!(send(&anna, Some("1")), Err(Error::NoHandler));
}

#[test]
fn an_answer_that_is_too_late_is_reported_once_and_then_ignored() {
    let (hub, inbox, time) = setup();
    let mut anna = Peer::new(&hub, "anna");
    send(&anna, Some("1")).unwrap();
    time.pass(9 * SECOND);
    send(&anna, Some("2")).unwrap();
    hub.tick();
    assert!(anna.lines().is_empty());
    time.pass(SECOND);
    hub.tick();
    inbox.answer().send(Payload::text("late"));
    time.pass(9 * SECOND);
    hub.tick();
    assert_eq!(anna.lines(), ["error #1 timeout", "error #2 timeout"]);
}

#[test]
fn a_dropped_answer_is_reported() {
    let (hub, inbox, time) = setup();
    let mut anna = Peer::new(&hub, "anna");
    send(&anna, Some("1")).unwrap();
    drop(inbox.take());
    time.pass(20 * SECOND);
    hub.tick();
    assert_eq!(anna.lines(), ["error #1 unavailable"]);
}

#[test]
fn what_waits_is_bounded_each_way() {
    let (hub, inbox, _) = setup();
    let anna = Peer::new(&hub, "anna");
    for _ in 0..3 {
        send(&anna, Some("1")).unwrap();
        anna.emit_with_ack("hey", Payload::default(), SECOND).unwrap();
    }
    assert_eq!(send(&anna, Some("1")), Err(Error::Unavailable));
    send(&anna, None).unwrap();
    anna.emit_with_ack("hey", Payload::default(), SECOND).unwrap_err();
    inbox.answer().send(Payload::default());
    send(&anna, Some("1")).unwrap();
}

#[test]
fn the_client_answers_once() {
    let (hub, ..) = setup();
    let mut anna = Peer::new(&hub, "anna");
    let mut ack = anna.emit_with_ack("hey", Payload::text("1"), SECOND).unwrap();
    assert_eq!(anna.lines(), ["hey 1 ?1"]);
    assert!(poll(&mut ack).is_pending());
    anna.acknowledge(77, Payload::text("unknown"));
    anna.acknowledge(1, Payload::text("yes"));
    anna.acknowledge(1, Payload::text("again"));
    assert_eq!(poll(&mut ack), Poll::Ready(Ok(Payload::text("yes").to_owned())));
}

#[test]
fn the_client_does_not_answer() {
    let (hub, _, time) = setup();
    let anna = Peer::new(&hub, "anna");
    let mut slow = anna.emit_with_ack("hey", Payload::default(), SECOND).unwrap();
    let mut gone = anna.emit_with_ack("hey", Payload::default(), 3 * SECOND).unwrap();
    time.pass(SECOND);
    hub.tick();
    anna.acknowledge(1, Payload::text("late"));
    assert_eq!(poll(&mut slow), Poll::Ready(Err(Error::Timeout)));
    assert!(poll(&mut gone).is_pending());
    drop(anna);
    assert_eq!(poll(&mut gone), Poll::Ready(Err(Error::Closed)));
    hub.tick();
}

#[test]
fn a_client_cannot_answer_for_the_application() {
    let (hub, inbox, _) = setup();
    let mut anna = Peer::new(&hub, "anna");
    send(&anna, Some("1")).unwrap();
    for number in 0..5 {
        anna.acknowledge(number, Payload::text("forged"));
    }
    inbox.answer().send(Payload::text("ok"));
    assert_eq!(anna.lines(), ["answer #1 ok"]);
}

fn ask(hub: &Hub, event: &str) -> ReplyFuture<Result<Answers, Error>> {
    let target = Target { namespace: "/", ..Target::default() };
    hub.broadcast_with_ack(&Broadcast { target, event, ..Broadcast::default() }, SECOND).into_future()
}

fn poll_all(asked: &mut ReplyFuture<Result<Answers, Error>>) -> Poll<Result<Answers, Error>> {
    pin!(asked).poll(&mut Context::from_waker(Waker::noop()))
}

fn answers(of: &[(&str, &str)], missing: usize) -> Poll<Result<Answers, Error>> {
    let answer = |(session, text): &(&str, &str)| ((*session).into(), Payload::list(text).to_owned());
    Poll::Ready(Ok(Answers { answers: of.iter().map(answer).collect(), missing }))
}

#[test]
fn all_of_a_target_answer_one_number() {
    let (hub, ..) = setup();
    let [mut anna, mut ben] = ["anna", "ben"].map(|session| Peer::new(&hub, session));
    let mut asked = ask(&hub, "hey");
    assert_eq!(anna.lines(), ben.lines());
    let number: u64 = {
        let mut again = ask(&hub, "ho");
        assert!(poll_all(&mut again).is_pending());
        let line = anna.lines().pop().unwrap();
        line.rsplit_once('?').unwrap().1.parse().unwrap()
    };
    let first = number - 1;
    ben.acknowledge(first, Payload::list("2"));
    assert!(poll_all(&mut asked).is_pending());
    ben.acknowledge(first, Payload::list("again"));
    anna.acknowledge(first, Payload::list("1,2"));
    assert_eq!(poll_all(&mut asked), answers(&[("ben", "2"), ("anna", "1,2")], 0));
}

#[test]
fn who_is_late_gone_or_too_busy_is_missing() {
    let (hub, _, time) = setup();
    let [anna, ben, carl] = ["anna", "ben", "carl"].map(|session| Peer::new(&hub, session));
    let mut asked = ask(&hub, "1");
    drop(carl);
    anna.acknowledge(3, Payload::list("1"));
    time.pass(SECOND);
    hub.tick();
    ben.acknowledge(3, Payload::list("late"));
    assert_eq!(poll_all(&mut asked), answers(&[("anna", "1")], 2));

    let _unanswered = [ask(&hub, "2"), ask(&hub, "3"), ask(&hub, "4")];
    let mut asked = ask(&hub, "5");
    assert_eq!(poll_all(&mut asked), answers(&[], 2), "three wait already");
    drop((anna, ben));
    assert_eq!(poll_all(&mut ask(&hub, "nobody")), answers(&[], 0));
}

#[test]
fn an_answer_without_a_time_comes_whenever() {
    let (hub, inbox, time) = setup();
    let mut anna = Peer::new(&hub, "anna");
    for id in ["1", "2", "3", "4", "5"] {
        anna.dispatch_untimed("order", Payload::default(), Some(id)).unwrap();
    }
    time.pass(3_600 * SECOND);
    hub.tick();
    inbox.answer().send(Payload::list("1,2"));
    inbox.answer().ignore();
    inbox.answer().refuse(&Error::Forbidden);
    drop(inbox.answer());
    assert_eq!(anna.lines(), ["answer #1 1,2", "error #3 forbidden", "error #4 unavailable"]);
    drop(anna);
    inbox.answer().send(Payload::default());
}
