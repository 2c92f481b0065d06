//! Who is here, who came, who went.

mod support;

use ropeway_hub::*;
use support::*;

#[test]
fn members_learn_who_comes_and_goes() {
    let hub = hub();
    let mut anna = Peer::new(&hub, "anna");
    anna.enter("p").unwrap();
    let mut ben = Peer::new(&hub, "ben");
    now(ben.join(&Join { room: "p", info: Some("1"), ..Join::default() })).unwrap();
    ben.leave("p", None).unwrap();
    assert_eq!(anna.lines(), ["joined p [anna]", "+ben(1) p", "-ben(1) p"]);
    assert_eq!(ben.lines(), ["joined p [anna ben(1)]", "left p"]);
}

#[test]
fn a_lost_connection_leaves_once() {
    let hub = hub();
    let mut anna = Peer::in_room(&hub, "anna", "p");
    let ben = Peer::in_room(&hub, "ben", "p");
    let handle = ben.socket.clone();
    drop(ben);
    handle.end(DisconnectReason::TransportClose);
    assert_eq!(handle.leave("p", None), Err(Error::NotJoined));
    assert_eq!(anna.lines(), ["+ben p", "-ben p"]);
}

#[test]
fn joining_again_is_not_announced() {
    let hub = hub();
    let mut anna = Peer::in_room(&hub, "anna", "p");
    let mut ben = Peer::in_room(&hub, "ben", "p");
    ben.enter("p").unwrap();
    assert_eq!(anna.lines(), ["+ben p"]);
    assert_eq!(ben.lines(), ["joined p [anna ben]"]);
}

#[test]
fn members_are_told_on_request() {
    let hub = hub();
    let mut anna = Peer::in_room(&hub, "anna", "p");
    let ben = Peer::in_room(&hub, "ben", "p");
    anna.presence("p", "1").unwrap();
    drop(ben);
    anna.presence("p", "2").unwrap();
    assert_eq!(anna.lines(), ["+ben p", "members p #1 [anna ben]", "-ben p", "members p #2 [anna]"]);
    assert_eq!(anna.presence("a", "3"), Err(Error::NotJoined));
    anna.enter("a").unwrap();
    assert_eq!(anna.presence("a", "3"), Err(Error::NoPresence));
}

#[test]
fn the_list_is_bounded() {
    let hub = hub_with(Limits { members_listed: 2, ..Limits::default() });
    let _others = ["a", "b", "c"].map(|name| Peer::in_room(&hub, name, "p"));
    let mut anna = Peer::new(&hub, "anna");
    anna.enter("p").unwrap();
    anna.presence("p", "1").unwrap();
    let lines = anna.lines();
    let count = |line: &String| line[line.find('[').unwrap()..].split(' ').count();
    assert_eq!(lines.iter().map(count).collect::<Vec<_>>(), [2, 2]);
}

#[test]
fn rooms_without_presence_say_nothing() {
    let hub = hub();
    let mut anna = Peer::in_room(&hub, "anna", "a");
    drop(Peer::in_room(&hub, "ben", "a"));
    assert!(anna.lines().is_empty());
}
