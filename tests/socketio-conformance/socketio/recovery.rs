//! Connection state recovery.

use serde_json::{Value, json};

use crate::case::{Case, Place, case};
use crate::client::Client;
use crate::subject::{LONGEST_DISCONNECTION, PING_INTERVAL, PING_TIMEOUT, Profile, Subject};

const RECOVERY: Place = Place("npm socket.io", "connection state recovery");
const BETTER: Place = Place("Weaknesses of the reference", "connection state recovery");

pub(crate) const CASES: &[Case] = &[
    case!(RECOVERY, connect_names_a_private_id, "CONNECT is answered with sid and pid"),
    case!(
        RECOVERY,
        events_end_with_an_offset,
        "Every event without an id ends with an offset, other ones do not"
    ),
    case!(
        RECOVERY,
        missed_events_come_first,
        "A client that comes back gets what it missed, once and in order, then CONNECT with its sid and \
         pid"
    ),
    case!(RECOVERY, rooms_are_kept, "Its rooms are kept, and nothing of rooms it is not in is sent"),
    case!(RECOVERY, unknown_pid_is_a_new_session, "An unknown pid or offset begins anew"),
    case!(RECOVERY, farewell_is_final, "A client that disconnected itself, or was disconnected, begins anew"),
    case!(RECOVERY, sessions_expire, "After the longest disconnection a client begins anew"),
    case!(RECOVERY, session_is_recovered_once, "A session is recovered by one client only")
        .beyond_the_reference("it gives the same id to both"),
    case!(RECOVERY, off_by_default, "Without recovery there is neither pid nor offset"),
    case!(
        BETTER,
        quiet_connections_recover,
        "An offset does not expire while the connection is alive but quiet"
    ),
    case!(
        BETTER,
        volatile_events_end_with_an_offset,
        "A volatile event ends with an offset too, since clients take its last string for one"
    )
    .beyond_the_reference(
        "clients take the last string of its volatile events for an offset and cannot recover",
    ),
];

/// What a client needs to come back.
struct Ticket {
    sid: String,
    pid: String,
    offset: String,
}

impl Ticket {
    fn connect(&self) -> String {
        format!(r#"40{{"pid":"{}","offset":"{}"}}"#, self.pid, self.offset)
    }
}

/// A client with its ticket, whose offset is that of the greeting.
async fn connect(subject: &'static Subject) -> (Client, Ticket) {
    let mut client = Client::open(subject.at(Profile::Recovery)).await;
    client.text("40").await;
    let ids: Value = serde_json::from_str(client.hear().await.strip_prefix("40").unwrap()).unwrap();
    let greeting = event(&client.hear().await);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let ticket = Ticket { sid: text(&ids["sid"]), pid: text(&ids["pid"]), offset: text(&greeting[2]) };
    client.sid.clone_from(&ticket.sid);
    (client, ticket)
}

/// The arguments of an event without id.
fn event(packet: &str) -> Value {
    serde_json::from_str(packet.strip_prefix("42").unwrap()).unwrap_or_else(|_| panic!("{packet}"))
}

/// Comes back with a ticket: the events before CONNECT, and the payload of CONNECT.
async fn come_back(subject: &'static Subject, ticket: &Ticket) -> (Client, Vec<Value>, Value) {
    let mut client = Client::open(subject.at(Profile::Recovery)).await;
    client.text(&ticket.connect()).await;
    let mut missed = Vec::new();
    loop {
        let packet = client.hear().await;
        if let Some(ids) = packet.strip_prefix("40") {
            let ids = serde_json::from_str(ids).unwrap();
            return (client, missed, ids);
        }
        missed.push(event(&packet));
    }
}

async fn is_new(subject: &'static Subject, ticket: &Ticket) {
    let (_, missed, ids) = come_back(subject, ticket).await;
    assert_eq!(missed, [] as [Value; 0]);
    assert!(ids["sid"] != ticket.sid && ids["pid"] != ticket.pid, "{ids}");
}

/// Emits events to a room from elsewhere and waits until the server has them.
async fn say(subject: &'static Subject, room: &str, words: &[&str]) {
    let (mut speaker, _) = connect(subject).await;
    for word in words {
        speaker.text(&format!(r#"42["to",{{"rooms":["{room}"]}},"word","{word}"]"#)).await;
    }
    speaker.works().await;
}

/// The connection breaks off and the server knows.
async fn lose(subject: &'static Subject, client: Client) {
    let sid = client.sid.clone();
    drop(client);
    let (mut observer, _) = connect(subject).await;
    observer.ask("ending", &format!("{sid:?}")).await;
}

async fn connect_names_a_private_id(subject: &'static Subject) {
    let (_, ticket) = connect(subject).await;
    assert_eq!((ticket.sid.len(), ticket.sid == ticket.pid), (20, false));
    assert!(!ticket.pid.is_empty());
}

async fn events_end_with_an_offset(subject: &'static Subject) {
    let (mut client, ticket) = connect(subject).await;
    client.text(r#"42["message",1]"#).await;
    let echo = event(&client.hear().await);
    assert_eq!((&echo[0], &echo[1], echo.as_array().unwrap().len()), (&json!("message-back"), &json!(1), 3));
    assert!(echo[2].is_string() && echo[2] != ticket.offset.as_str());
    client.text(r#"42["ask"]"#).await;
    assert!(client.hear().await.ends_with(r#"["question"]"#));
    client.works().await;
}

async fn missed_events_come_first(subject: &'static Subject) {
    let (client, ticket) = connect(subject).await;
    lose(subject, client).await;
    say(subject, &ticket.sid, &["one", "two", "three"]).await;
    let (mut client, missed, ids) = come_back(subject, &ticket).await;
    let words: Vec<_> = missed.iter().map(|event| event[1].as_str().unwrap()).collect();
    assert_eq!(words, ["one", "two", "three"]);
    assert_eq!((&ids["sid"], &ids["pid"]), (&json!(ticket.sid), &json!(ticket.pid)));
    say(subject, &ticket.sid, &["four"]).await;
    assert_eq!(event(&client.hear().await)[1], "four");
}

async fn rooms_are_kept(subject: &'static Subject) {
    let (mut client, ticket) = connect(subject).await;
    client.ask("join", r#""kept""#).await;
    lose(subject, client).await;
    say(subject, "kept", &["mine"]).await;
    say(subject, "foreign", &["not mine"]).await;
    let (mut client, missed, ids) = come_back(subject, &ticket).await;
    assert_eq!((missed.len(), &missed[0][1], &ids["sid"]), (1, &json!("mine"), &json!(ticket.sid)));
    let mut rooms = [json!("kept"), json!(ticket.sid)];
    rooms.sort_by_key(ToString::to_string);
    let mut found = client.ask("rooms", "").await[0].as_array().unwrap().clone();
    found.sort_by_key(ToString::to_string);
    assert_eq!(found, rooms);
}

async fn unknown_pid_is_a_new_session(subject: &'static Subject) {
    let (client, ticket) = connect(subject).await;
    lose(subject, client).await;
    let unknown = |pid: &str, offset: &str| Ticket {
        sid: String::new(),
        pid: pid.to_owned(),
        offset: offset.to_owned(),
    };
    is_new(subject, &unknown("AAAAAAAAAAAAAAAAAAAA", &ticket.offset)).await;
    is_new(subject, &unknown(&ticket.pid, "no offset")).await;
}

async fn farewell_is_final(subject: &'static Subject) {
    for farewell in ["41", r#"42["disconnect-me",false]"#] {
        let (mut client, ticket) = connect(subject).await;
        client.text(farewell).await;
        lose(subject, client).await;
        is_new(subject, &ticket).await;
    }
}

async fn sessions_expire(subject: &'static Subject) {
    let (client, ticket) = connect(subject).await;
    lose(subject, client).await;
    tokio::time::sleep(LONGEST_DISCONNECTION + std::time::Duration::from_millis(600)).await;
    is_new(subject, &ticket).await;
}

async fn session_is_recovered_once(subject: &'static Subject) {
    let (client, ticket) = connect(subject).await;
    lose(subject, client).await;
    let (_first, _, ids) = come_back(subject, &ticket).await;
    assert_eq!(ids["sid"], ticket.sid);
    is_new(subject, &ticket).await;
}

async fn off_by_default(subject: &'static Subject) {
    let mut client = Client::open(subject.at(Profile::Default)).await;
    client.text(r#"40{"pid":"a","offset":"b"}"#).await;
    let ids: Value = serde_json::from_str(client.hear().await.strip_prefix("40").unwrap()).unwrap();
    assert_eq!(ids.as_object().unwrap().len(), 1);
    client.hears(r#"42["auth",{"pid":"a","offset":"b"}]"#).await;
}

async fn quiet_connections_recover(subject: &'static Subject) {
    let (mut client, ticket) = connect(subject).await;
    let quiet = LONGEST_DISCONNECTION + 2 * (PING_INTERVAL + PING_TIMEOUT);
    let rest = tokio::time::timeout(quiet, client.frame()).await;
    assert!(rest.is_err(), "{rest:?}");
    lose(subject, client).await;
    say(subject, &ticket.sid, &["late"]).await;
    let (_, missed, ids) = come_back(subject, &ticket).await;
    assert_eq!((missed.len(), &missed[0][1], &ids["sid"]), (1, &json!("late"), &json!(ticket.sid)));
}

async fn volatile_events_end_with_an_offset(subject: &'static Subject) {
    let (mut client, mut ticket) = connect(subject).await;
    client.text(r#"42["volatile","text"]"#).await;
    let volatile = event(&client.hear().await);
    ticket.offset = volatile.as_array().unwrap().last().unwrap().as_str().unwrap().to_owned();
    lose(subject, client).await;
    say(subject, &ticket.sid, &["missed"]).await;
    let (_, missed, ids) = come_back(subject, &ticket).await;
    assert_eq!((missed.len(), &missed[0][1], &ids["sid"]), (1, &json!("missed"), &json!(ticket.sid)));
}
