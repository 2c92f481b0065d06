//! What credentials allow, beside what the rules of rooms do.

#![allow(clippy::unwrap_used)] // tests may stop at the first surprise

mod support;

use std::sync::Arc;

use ropeway_hub::*;
use support::*;

/// Rooms that may be joined, and with `!` behind them published to; without a list it says nothing.
struct Names(Option<&'static [&'static str]>);

impl Grants for Names {
    fn allows(&self, action: Action, namespace: &str, room: &str) -> Option<bool> {
        let names = self.0?;
        let name = if action == Action::Publish { format!("{room}!") } else { room.to_owned() };
        Some(namespace == "/" && names.contains(&name.as_str()))
    }
}

fn names(names: &'static [&'static str]) -> Option<Arc<dyn Grants>> {
    Some(Arc::new(Names(Some(names))))
}

/// Rooms that are called after whom they are open to.
fn open_to(_namespace: &str, room: &str) -> Arc<RoomSettings> {
    let access = match room.split(':').next() {
        Some("granted") => Access::Granted,
        Some("users") => Access::Users,
        Some("anyone") => Access::Anyone,
        _ => Access::Nobody,
    };
    Arc::new(RoomSettings { join: access, publish: access, ..RoomSettings::default() })
}

fn by_access() -> Hub {
    Hub::builder(open_to).recovery(RecoverySettings::default()).build()
}

fn peer(hub: &Hub, session: &str, user: Option<&str>, grants: Option<Arc<dyn Grants>>) -> Peer {
    let connection = hub.connect(Arc::new(Lines::default()));
    let socket = connection.open("/", session, user, grants).unwrap();
    socket.establish().unwrap();
    Peer { connection, socket }
}

/// The rooms that can be joined.
fn joins(peer: &Peer) -> Vec<&'static str> {
    let rooms = ["nobody", "granted", "users", "anyone"];
    rooms.into_iter().filter(|room| peer.enter(room) != Err(Error::Forbidden)).collect()
}

#[test]
fn without_grants_rooms_for_granted_ones_are_closed() {
    let hub = by_access();
    assert_eq!(joins(&peer(&hub, "1", None, None)), ["anyone"]);
    assert_eq!(joins(&peer(&hub, "2", Some("ada"), None)), ["users", "anyone"]);
    let silent: Option<Arc<dyn Grants>> = Some(Arc::new(Names(None)));
    assert_eq!(joins(&peer(&hub, "3", Some("ada"), silent)), ["users", "anyone"]);
}

#[test]
fn grants_open_what_is_for_granted_ones_and_narrow_the_rest() {
    let hub = by_access();
    let all = names(&["nobody", "granted", "users", "anyone"]);
    assert_eq!(joins(&peer(&hub, "1", Some("ada"), all.clone())), ["granted", "users", "anyone"]);
    assert_eq!(joins(&peer(&hub, "2", None, all)), ["granted", "anyone"], "grants are no user");
    assert_eq!(joins(&peer(&hub, "3", Some("ada"), names(&["granted"]))), ["granted"]);
    assert!(joins(&peer(&hub, "4", Some("ada"), names(&[]))).is_empty());
}

#[test]
fn publishing_is_granted_by_itself() {
    let hub = by_access();
    let rooms: &[&str] = &["granted:a", "granted:b", "granted:b!", "anyone"];
    let ada = peer(&hub, "ada", None, names(rooms));
    ["granted:a", "granted:b", "anyone"].iter().for_each(|room| ada.enter(room).unwrap());
    assert_eq!(ada.say("granted:a", "1"), Err(Error::Forbidden));
    assert!(ada.say("granted:b", "1").is_ok());
    assert_eq!(ada.say("anyone", "1"), Err(Error::Forbidden), "open, but not in the list");
}

#[test]
fn memberships_that_are_no_longer_granted_end() {
    let hub = by_access();
    let mut ada = peer(&hub, "ada", None, names(&["granted:a", "granted:b", "anyone"]));
    ["granted:a", "granted:b", "anyone"].iter().for_each(|room| ada.enter(room).unwrap());
    now(ada.socket.enter("nobody")).unwrap();
    ada.lines();
    ada.set_grants(names(&["granted:b", "granted:b!", "granted:c"]));
    let mut left = ada.lines();
    left.sort();
    assert_eq!(left, ["left anyone", "left granted:a"], "the server's own wish stays");
    assert!(ada.say("granted:b", "1").is_ok() && ada.enter("granted:c").is_ok());
    ada.set_grants(None);
    assert!(ada.lines().ends_with(&["left granted:b".into(), "left granted:c".into()]));
    assert!(ada.enter("anyone").is_ok(), "nothing narrows any more");
}

#[test]
fn a_socket_without_grants_is_narrowed_by_its_first_ones() {
    let hub = by_access();
    let mut ada = peer(&hub, "ada", None, None);
    ada.enter("anyone").unwrap();
    ada.set_grants(None);
    assert_eq!(ada.lines(), ["joined anyone"]);
    ada.set_grants(names(&[]));
    assert_eq!(ada.lines(), ["left anyone"]);
}

/// A socket of Ada that was in a room of hers and whose transport broke.
fn gone(hub: &Hub) {
    let connection = hub.connect(Arc::new(Lines::default()));
    let socket = connection.open("/", "ada", Some("ada"), names(&["granted"])).unwrap();
    socket.make_recoverable("secret");
    socket.establish().unwrap();
    now(socket.join(&Join { room: "granted", ..Join::default() })).unwrap();
    now(socket.enter("nobody")).unwrap();
}

#[test]
fn only_the_same_user_comes_back() {
    let hub = by_access();
    gone(&hub);
    let connection = hub.connect(Arc::new(Lines::default()));
    assert!(connection.recover("/", "secret", None, Some("eve"), names(&["granted"])).is_none());
    assert!(connection.recover("/", "secret", None, None, names(&["granted"])).is_none());
    let socket = connection.recover("/", "secret", None, Some("ada"), names(&["granted"])).unwrap();
    socket.establish().unwrap();
    assert_eq!(socket.rooms().len(), 2);
}

#[test]
fn who_comes_back_with_less_begins_anew() {
    let hub = by_access();
    gone(&hub);
    let connection = hub.connect(Arc::new(Lines::default()));
    assert!(connection.recover("/", "secret", None, Some("ada"), names(&["granted:other"])).is_none());
}

/// The policy lets nobody in: the server brought the socket there because the grants named the room.
#[test]
fn who_comes_back_without_a_room_that_grants_named_begins_anew() {
    let hub = by_access();
    let connection = hub.connect(Arc::new(Lines::default()));
    let socket = connection.open("/", "ada", Some("ada"), names(&["nobody"])).unwrap();
    socket.make_recoverable("secret");
    socket.establish().unwrap();
    now(socket.enter("nobody")).unwrap();
    drop(connection);
    let connection = hub.connect(Arc::new(Lines::default()));
    assert!(connection.recover("/", "secret", None, Some("ada"), names(&["other"])).is_none());
    assert!(connection.recover("/", "secret", None, Some("ada"), None).is_none());
    assert!(connection.recover("/", "secret", None, Some("ada"), names(&["nobody"])).is_some());
}

#[test]
fn who_comes_back_goes_by_the_grants_of_now() {
    let hub = by_access();
    gone(&hub);
    let connection = hub.connect(Arc::new(Lines::default()));
    let socket =
        connection.recover("/", "secret", None, Some("ada"), names(&["granted", "granted:c"])).unwrap();
    socket.establish().unwrap();
    assert!(now(socket.join(&Join { room: "granted:c", ..Join::default() })).is_ok());
}
