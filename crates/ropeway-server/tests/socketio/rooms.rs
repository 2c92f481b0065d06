//! Everybody in one room.

use serde_json::json;

use crate::client::Client;
use crate::peer::{Peer, between, publish};
use crate::running::Running;

#[test]
fn what_one_side_says_the_other_side_hears_once_and_in_order() {
    let server = Running::start();
    let mut ada = Peer::in_room(&server, "demo:a");
    let mut bob = Client::in_room(&server, "demo:a");
    let came = ada.read();
    assert!(
        came.starts_with(r#"2["presence",{"type":"presence","room":"demo:a","joined":[{"session":"#),
        "{came}"
    );

    ada.send(r#"2["publish","demo:a","say",{"by":"ada"}]"#);
    assert_eq!(bob.read()["data"], json!({ "by": "ada" }));
    bob.send(&json!({ "type": "publish", "room": "demo:a", "event": "say", "data": { "by": "bob" } }));
    assert_eq!(bob.read()["offset"], 2);
    publish(&server, "demo:a", "say", r#"{"by":"backend"}"#);
    for offset in 1..=3 {
        let said = ada.read();
        assert!(
            said.starts_with("2[\"say\",{\"by\":\"") && said.ends_with(&format!("\"offset\":{offset}}}]")),
            "{said}"
        );
    }
    ada.nothing_more();
    let third = bob.read();
    assert_eq!((&third["data"], &third["offset"]), (&json!({ "by": "backend" }), &json!(3)));
    bob.nothing_more();

    drop(bob);
    let left = ada.read();
    assert!(
        left.starts_with(r#"2["presence",{"type":"presence","room":"demo:a","left":[{"session":"#),
        "{left}"
    );
}

#[test]
fn binary_arrives_as_it_was_sent_or_as_base64() {
    let server = Running::start();
    let (mut ada, mut bob) = (Peer::in_room(&server, "plain:b"), Peer::in_room(&server, "plain:b"));
    let mut native = Client::in_room(&server, "plain:b");
    ada.send(r#"52-["publish","plain:b","file",{"a":{"_placeholder":true,"num":0},"b":[{"_placeholder":true,"num":1}]}]"#);
    ada.attach(b"\x00\x01");
    ada.attach(b"");
    for peer in [&mut ada, &mut bob] {
        let told = peer.read();
        assert!(
            told.starts_with(r#"52-["file",{"a":{"_placeholder":true,"num":0},"b":[{"_placeholder":true,"num":1}]},{"room":"plain:b","from":{"session":""#),
            "{told}"
        );
        assert_eq!((peer.attachment(), peer.attachment()), (vec![0, 1], vec![]));
    }
    assert_eq!(native.read()["data"], json!({ "a": { "base64": "AAE=" }, "b": [{ "base64": "" }] }));
}

#[test]
fn history_brings_back_what_was_said_by_anybody() {
    let server = Running::start();
    let mut ada = Peer::in_room(&server, "demo:h");
    publish(&server, "demo:h", "n", "1");
    let first = ada.read();
    assert_eq!(first, r#"2["n",1,{"room":"demo:h","offset":1}]"#);
    let joined = ada.ask(r#"21["join","demo:h"]"#);
    let epoch = between(&joined, r#""epoch":""#, "\"");
    publish(&server, "demo:h", "n", "2");
    ada.read();

    let mut bob = Peer::connect(&server);
    bob.send(&format!(r#"20["join",{{"room":"demo:h","since":{{"epoch":"{epoch}","offset":1}}}}]"#));
    let joined = bob.read();
    assert!(joined.contains(r#""offset":1,"recovered":true"#), "{joined}");
    assert_eq!(bob.read(), r#"2["n",2,{"room":"demo:h","offset":2}]"#);
    let history = bob.ask(r#"21["history",{"room":"demo:h"}]"#);
    assert!(
        history.contains(r#""event":"n","offset":1,"data":1"#) && history.contains(r#""complete":true"#),
        "{history}"
    );
}

#[test]
fn many_hear_what_one_says() {
    let server = Running::start();
    let mut peers = (0..200).map(|_| Peer::in_room(&server, "plain:many")).collect::<Vec<_>>();
    peers[0].send(r#"2["publish","plain:many","n",7]"#);
    for peer in &mut peers {
        assert!(peer.read().starts_with(r#"2["n",7,{"room":"plain:many""#));
    }
}

#[test]
fn rights_are_those_of_the_native_protocol() {
    let server = Running::start();
    let mut ada = Peer::in_room(&server, "read-only:x");
    for (request, code) in [
        (r#"["join","secret"]"#, "forbidden"),
        (r#"["publish","read-only:x","e",1]"#, "forbidden"),
        (r#"["publish","demo:x","e",1]"#, "not_joined"),
        (r#"["history","read-only:x"]"#, "no_history"),
        (r#"["join",""]"#, "invalid_room"),
    ] {
        let told = ada.ask(&format!("25{request}"));
        assert!(told.starts_with(&format!(r#"35[{{"type":"error","code":"{code}","#)), "{told}");
    }
}
