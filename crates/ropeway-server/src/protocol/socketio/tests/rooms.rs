//! The reserved events.

use bytes::Bytes;

use super::{Client, between, hub, publish};
use crate::protocol::Session as _;

#[test]
fn rooms_are_joined_and_heard() {
    let hub = hub();
    let mut ada = Client::new(&hub);
    let told = ada.says("0");
    let sid = between(&told, "\"sid\":\"", "\"").to_owned();
    let joined = ada.says(r#"21["join",{"room":"demo:a","info":{"name":"Ada"}}]"#);
    let epoch = between(&joined, r#""epoch":""#, r#"""#);
    assert_eq!(
        joined,
        format!(
            r#"431[{{"type":"joined","room":"demo:a","epoch":"{epoch}","offset":0,"recovered":false,"members":[{{"session":"{sid}","info":{{"name":"Ada"}}}}]}}]"#
        )
    );

    let mut bob = Client::connected(&hub);
    assert!(bob.says(r#"20["join","demo:a"]"#).starts_with(r#"430[{"type":"joined","room":"demo:a""#));
    assert!(
        ada.told().starts_with(r#"42["presence",{"type":"presence","room":"demo:a","joined":[{"session":""#)
    );

    let said = format!(
        r#"42["say",{{"a":[1]}},{{"room":"demo:a","from":{{"session":"{sid}","info":{{"name":"Ada"}}}},"offset":1}}]"#
    );
    assert_eq!(
        ada.says(r#"22["publish",{"room":"demo:a","event":"say","data":{"a":[1]}}]"#),
        format!("{said}\n432[{{\"type\":\"ack\",\"data\":{{\"epoch\":\"{epoch}\",\"offset\":1}}}}]")
    );
    assert_eq!(bob.told(), said);

    publish(&hub, "news", "null");
    assert_eq!(bob.told(), r#"42["news",null,{"room":"demo:a","offset":2}]"#);

    assert_eq!(bob.says(r#"23["leave","demo:a"]"#), r#"433[{"type":"left","room":"demo:a"}]"#);
    ada.told();
    publish(&hub, "news", "1");
    assert_eq!(
        (bob.told().as_str(), ada.told().as_str()),
        ("", r#"42["news",1,{"room":"demo:a","offset":3}]"#)
    );
}

#[test]
fn questions_are_answered() {
    let mut client = Client::connected(&hub());
    client.says(r#"20["join","demo:q"]"#);
    client.says(r#"2["publish","demo:q","e",[]]"#);
    assert!(
        client
            .says(r#"21["presence","demo:q"]"#)
            .starts_with(r#"431[{"type":"presence","room":"demo:q","members":[{"#)
    );
    let history = client.says(r#"22["history",{"room":"demo:q","limit":1}]"#);
    assert!(history.starts_with(r#"432[{"type":"history","room":"demo:q","epoch":"#), "{history}");
    assert!(
        history.contains(r#""events":[{"type":"event","room":"demo:q","event":"e","from":"#),
        "{history}"
    );
}

#[test]
fn what_cannot_be_carried_out_is_told() {
    let mut client = Client::connected(&hub());
    let error = |code: &str, message: &str| {
        format!(r#"{{"type":"error","code":"{code}","message":"{message}","retry":false}}"#)
    };
    for (event, code, message) in [
        (r#"["join","secret"]"#, "forbidden", "not allowed in this room"),
        (r#"["join",{"room":5}]"#, "bad_message", "`room` must be a string"),
        (r#"["join"]"#, "bad_message", "an argument is missing: an object, or the name of a room"),
        (r#"["join",null]"#, "bad_message", "`room` must be a string"),
        (r#"["publish","demo:a","e"]"#, "bad_message", "`data` is missing"),
        (r#"["publish","demo:a","e",1]"#, "not_joined", "not a member of this room"),
        (r#"["fly",1]"#, "no_handler", "nobody handles this event"),
    ] {
        assert_eq!(client.says(&format!("27{event}")), format!("437[{}]", error(code, message)));
        assert_eq!(client.says(&format!("2{event}")), format!("42[\"error\",{}]", error(code, message)));
    }
    let question = error("bad_message", "`presence` is a question: it needs a callback");
    assert_eq!(client.says(r#"2["presence","demo:a"]"#), format!("42[\"error\",{question}]"));
}

#[test]
fn binary_goes_through_rooms() {
    let hub = hub();
    let (mut ada, mut bob) = (Client::connected(&hub), Client::connected(&hub));
    ada.says(r#"20["join","demo:b"]"#);
    bob.says(r#"20["join",{"room":"demo:b","info":{"_placeholder":true,"num":7}}]"#);
    ada.told();
    ada.session.text(r#"52-1["publish",{"room":"demo:b","event":"file","data":[{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]}]"#);
    ada.session.binary(Bytes::from_static(b"\x01\x02"));
    assert_eq!(ada.told(), "");
    ada.session.binary(Bytes::from_static(b"\xff"));
    let told = ada.told();
    let sid = between(&told, r#""session":""#, "\"");
    let event = format!(
        "452-[\"file\",[{{\"_placeholder\":true,\"num\":1}},{{\"_placeholder\":true,\"num\":0}}],{{\"room\":\"demo:b\",\"from\":{{\"session\":\"{sid}\"}},\"offset\":1}}]\n0102\nff"
    );
    assert!(told.starts_with(&format!("{event}\n431[")), "{told}");
    assert_eq!(bob.told(), event);

    // What a member says of itself cannot pass for an attachment.
    bob.session.text(r#"51-["publish","demo:b","file",{"_placeholder":true,"num":0}]"#);
    bob.session.binary(Bytes::from_static(b"\x00"));
    let told = ada.told();
    assert!(
        told.starts_with(r#"451-["file",{"_placeholder":true,"num":0},{"room":"demo:b","from":{"session":""#),
        "{told}"
    );
    assert!(!told.contains("num\":7"), "{told}");
}

#[test]
fn names_that_clients_take_for_a_fault_are_not_sent() {
    let hub = hub();
    let mut client = Client::connected(&hub);
    client.says(r#"20["join","demo:a"]"#);
    for name in ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"] {
        publish(&hub, name, "1");
        let told = client.says(&format!(r#"21["publish","demo:a","{name}",1]"#));
        assert!(told.starts_with(r#"431[{"type":"error","code":"bad_message""#), "{told}");
    }
    publish(&hub, "e", "1");
    assert_eq!(client.told(), r#"42["e",1,{"room":"demo:a","offset":7}]"#);
}

#[test]
fn memberships_end_with_the_namespace_and_with_the_connection() {
    let hub = hub();
    let mut client = Client::connected(&hub);
    client.says(r#"20["join","demo:a"]"#);
    assert_eq!(hub.stats().rooms, 1);
    client.says("1");
    assert_eq!((hub.stats().rooms, hub.stats().connections), (0, 1));
    client.says("0");
    client.says(r#"20["join","demo:a"]"#);
    drop(client);
    assert_eq!((hub.stats().rooms, hub.stats().connections), (0, 0));
}
