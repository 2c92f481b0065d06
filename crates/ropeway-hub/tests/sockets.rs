//! Sockets by name: established, addressed, ended; what an application has for them; namespaces.

#![allow(clippy::unwrap_used, clippy::panic)] // tests may stop at the first surprise

mod support;

use std::sync::{Arc, Mutex, Weak};

use ropeway_hub::*;
use support::*;

/// Writes down who ended and where it was.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Application for Diary {
    fn event(&self, _socket: &Socket, _event: &str, _data: Payload<'_>, _answer: Answer) {}

    fn disconnecting(&self, socket: &Socket, reason: DisconnectReason) {
        self.0.lock().unwrap().push(format!("{} in {:?}: {reason}", socket.id(), socket.rooms()));
    }

    fn disconnected(&self, socket: &Socket, _reason: DisconnectReason) {
        assert!(socket.rooms().is_empty() && !socket.is_connected());
        self.0.lock().unwrap().push(format!("{} gone", socket.id()));
    }

    fn handshake(&self, socket: &Socket) -> Option<Box<str>> {
        Some(format!("\"of {}\"", socket.id()).into())
    }
}

impl Diary {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn hub_with_diary() -> (Hub, Diary) {
    let diary = Diary::default();
    (Hub::builder(rules).application(diary.clone()).build(), diary)
}

fn to<'a>(rooms: &'a [&'a str]) -> Target<'a> {
    Target { namespace: "/", rooms, except: &[] }
}

fn tell(hub: &Hub, rooms: &[&str], event: &str) {
    now(hub.broadcast(&Broadcast { target: to(rooms), event, ..Broadcast::default() })).unwrap();
}

#[test]
fn a_socket_is_found_when_it_is_established() {
    let hub = hub();
    let connection = hub.connect(Arc::new(Lines::default()));
    let socket = connection.open("/", "anna", None, None).unwrap();
    let mut anna = Peer { connection, socket };
    tell(&hub, &[], "1");
    tell(&hub, &["anna"], "2");
    assert!(hub.sockets(&to(&[])).is_empty());
    assert!(anna.lines().is_empty());
    anna.establish().unwrap();
    anna.establish().unwrap();
    tell(&hub, &[], "3");
    tell(&hub, &["anna"], "4");
    assert_eq!(anna.lines(), ["3 ", "4 "]);
    let twin = hub.connect(Arc::new(Lines::default()));
    assert_eq!(twin.open("/", "anna", None, None).unwrap().establish(), Err(Error::Unavailable));
    anna.end(DisconnectReason::TransportClose);
    assert_eq!(anna.establish(), Err(Error::Closed));
    tell(&hub, &[], "5");
    anna.emit("6", Payload::default());
    assert!(anna.lines().is_empty());
}

#[test]
fn rooms_wanted_early_are_entered_with_the_namespace() {
    let hub = hub();
    let connection = hub.connect(Arc::new(Lines::default()));
    let socket = connection.open("/", "anna", None, None).unwrap();
    let mut anna = Peer { connection, socket };
    for room in ["a", "xp", "a", "b"] {
        now(anna.socket.enter(room)).unwrap();
    }
    anna.leave("b", None).unwrap();
    assert_eq!(anna.rooms(), ["a".into(), "xp".into()]);
    tell(&hub, &["a"], "too early");
    anna.establish().unwrap();
    assert_eq!(anna.lines(), ["joined a", "joined xp [anna]"], "also where clients may not join");
    tell(&hub, &["xp"], "now");
    assert_eq!(anna.lines(), ["xp/now "]);
}

#[test]
fn a_room_with_the_name_of_a_session_is_that_socket() {
    let hub = hub();
    let (mut anna, mut ben) = (Peer::new(&hub, "anna"), Peer::in_room(&hub, "ben", "anna"));
    tell(&hub, &["anna"], "1");
    assert_eq!((anna.lines(), ben.lines()), (vec!["1 ".into()], vec!["1 ".into()]));
    ben.say("anna", "published").unwrap();
    assert!(anna.lines().is_empty(), "a publish is for members");
    assert_eq!(ben.lines(), ["anna/say ben: published"]);
}

#[test]
fn a_published_event_says_so() {
    struct Flags;
    impl Encoder for Flags {
        fn id(&self) -> EncoderId {
            EncoderId(9)
        }

        fn encode(&self, _namespace: &str, message: &Outbound<'_>) -> bytes::Bytes {
            match message {
                Outbound::Event(event) => format!("{} {}", event.event, event.published).into(),
                _ => bytes::Bytes::new(),
            }
        }
    }
    let hub = hub();
    let mut anna = Peer::with(&hub, "anna", Arc::new(Flags));
    anna.enter("h").unwrap();
    anna.say("h", "1").unwrap();
    tell(&hub, &["h"], "broadcast");
    anna.leave("h", None).unwrap();
    let position = now(hub.publish("/", &say("h", "2"))).unwrap().position.unwrap();
    anna.come_back("h", &Position { offset: 1, ..position }).unwrap();
    assert_eq!(anna.lines(), ["say true", "broadcast false", "say true"]);
}

#[test]
fn the_end_of_a_socket_is_told_once() {
    let (hub, diary) = hub_with_diary();
    let anna = Peer::in_room(&hub, "anna", "a");
    let connection = hub.connect(Arc::new(Lines::default()));
    drop(connection.open("/", "never established", None, None).unwrap());
    drop(connection);
    anna.connection.end(DisconnectReason::PingTimeout);
    anna.end(DisconnectReason::ParseError);
    drop(anna);
    assert_eq!(diary.take(), ["anna in [\"a\"]: ping timeout", "anna gone"]);
    drop(Peer::new(&hub, "ben"));
    assert_eq!(diary.take(), ["ben in []: transport close", "ben gone"]);
    assert_eq!(hub.stats(), Stats::default());
}

#[test]
fn the_server_ends_one_socket_or_the_whole_connection() {
    let (hub, diary) = hub_with_diary();
    hub.add_namespace("/b").unwrap();
    let mut anna = Peer::in_room(&hub, "anna", "a");
    let other = anna.connection.open("/b", "anna in b", None, None).unwrap();
    other.establish().unwrap();
    anna.disconnect(false);
    anna.disconnect(false);
    tell(&hub, &["a"], "unheard");
    anna.emit("unheard", Payload::default());
    other.emit("heard", Payload::default());
    assert_eq!(anna.lines(), ["disconnected", "heard "]);
    assert_eq!(diary.take(), ["anna in [\"a\"]: server namespace disconnect", "anna gone"]);
    let again = anna.connection.open("/", "anna again", None, None).unwrap();
    again.establish().unwrap();
    again.disconnect(true);
    let (mut lines, end) = anna.drain();
    lines.dedup();
    assert_eq!((lines, end), (vec!["disconnected".into()], Some(Close::DISCONNECTED)));
    assert_eq!(diary.take().len(), 4);
    assert!(!other.is_connected() && !again.is_connected());
}

#[test]
fn a_protocol_without_a_word_for_it_is_closed() {
    struct Mute;
    impl Encoder for Mute {
        fn id(&self) -> EncoderId {
            EncoderId(8)
        }

        fn encode(&self, _namespace: &str, _message: &Outbound<'_>) -> bytes::Bytes {
            bytes::Bytes::new()
        }
    }
    let hub = hub();
    let mut anna = Peer::with(&hub, "anna", Arc::new(Mute));
    anna.disconnect(false);
    assert_eq!(anna.drain().1, Some(Close::DISCONNECTED));
}

#[test]
fn the_application_keeps_what_it_has_at_the_socket() {
    let (hub, _) = hub_with_diary();
    let anna = Peer::in_room(&hub, "anna", "a");
    assert_eq!(anna.data(), None);
    anna.set_data("1");
    anna.set_data("{\"name\":\"Anna\"}");
    let thing = Arc::new((anna.socket.clone(), "thing"));
    let alive = Arc::downgrade(&thing);
    assert!(anna.attach(thing));
    assert!(!anna.attach(Arc::new("another")));
    let found = anna.attachment().unwrap().downcast::<(Socket, &str)>().unwrap();
    assert_eq!(found.1, "thing");
    drop(found);
    let [remote] = &now(hub.fetch_sockets(&to(&["anna"]))).unwrap()[..] else { panic!() };
    let expected = RemoteSocket {
        id: "anna".into(),
        user: None,
        rooms: vec!["a".into()],
        data: Some("{\"name\":\"Anna\"}".into()),
        handshake: Some("\"of anna\"".into()),
    };
    assert_eq!(*remote, expected);
    drop(anna);
    assert!(Weak::upgrade(&alive).is_none(), "although it held on to the socket");
}

#[test]
fn namespaces_come_and_go() {
    let hub = hub_with(Limits { namespaces: 3, room_name: 10, ..Limits::default() });
    hub.add_namespace("/a").unwrap();
    hub.add_namespace("/a").unwrap();
    hub.add_namespace("/b").unwrap();
    assert_eq!(hub.add_namespace("/c"), Err(Error::TooManyNamespaces));
    assert_eq!(hub.add_namespace("/far too long"), Err(Error::NoNamespace));
    let connection = hub.connect(Arc::new(Lines::default()));
    let socket = connection.open("/a", "anna", None, None).unwrap();
    assert!(!hub.remove_namespace("/a"), "somebody is in it");
    socket.end(DisconnectReason::ClientNamespaceDisconnect);
    assert!(hub.remove_namespace("/a") && hub.remove_namespace("/a"));
    assert!(!hub.has_namespace("/a") && hub.has_namespace("/b"));
    assert_eq!(connection.open("/a", "anna", None, None).unwrap_err(), Error::NoNamespace);
    hub.add_namespace("/c").unwrap();
    let mut names: Vec<_> = hub.namespaces();
    names.sort();
    assert_eq!(names, ["/".into(), "/b".into(), "/c".into()]);
}

#[test]
fn volatile_events_do_not_wait_behind_much() {
    let hub = hub_with(Limits { outbox: 1_000, ..Limits::default() });
    let mut anna = Peer::new(&hub, "anna");
    for event in 0..9 {
        anna.emit_volatile(&event.to_string(), Payload::default());
    }
    assert_eq!(anna.lines().len(), 8);
}
