//! Connection state recovery.

use std::sync::{Arc, Mutex};

use ropeway_hub::DisconnectReason;
use ropeway_socketio::engine::Version;

use super::{Client, between, publish};
use crate::app::{App, Refusal, Socket};
use crate::config::Sources;
use crate::protocol::Session as _;
use crate::state::{Shared, State};

fn server(app: Option<App>, settings: &[(&'static str, &str)]) -> Shared {
    let sources = Sources::new().flag("-", "socketio.recovery", "true");
    let sources = settings.iter().fold(sources, |sources, (key, value)| sources.flag("-", key, *value));
    State::new(sources.load().unwrap(), app)
}

fn client(server: &Shared) -> Client {
    Client::of(server.socketio.clone(), Version::V4)
}

/// What a client knows of itself after CONNECT.
struct Identity {
    sid: String,
    pid: String,
}

impl Identity {
    fn of(told: &str) -> Self {
        Self { sid: between(told, r#""sid":""#, "\"").into(), pid: between(told, r#""pid":""#, "\"").into() }
    }

    fn connect(&self, offset: &str) -> String {
        format!(r#"0{{"pid":"{}","offset":"{offset}"}}"#, self.pid)
    }

    fn welcome(&self) -> String {
        format!(r#"40{{"sid":"{}","pid":"{}"}}"#, self.sid, self.pid)
    }
}

/// The last argument of the event.
fn offset(event: &str) -> String {
    let (_, last) = event.rsplit_once(",\"").unwrap();
    last.trim_end_matches("\"]").to_owned()
}

/// A client that was in `demo:a`, heard one event and lost its connection.
fn away(server: &Shared, ending: DisconnectReason) -> (Identity, String) {
    let mut client = client(server);
    let identity = Identity::of(&client.says("0"));
    client.says(r#"20["join","demo:a"]"#);
    publish(&server.hub, "n", "1");
    let told = client.told();
    assert!(told.starts_with(r#"42["n",1,{"room":"demo:a","offset":1},""#), "{told}");
    client.session.end(ending);
    (identity, offset(&told))
}

#[test]
fn what_was_missed_comes_first_and_then_connect_with_the_same_names() {
    let server = server(None, &[]);
    let (identity, seen) = away(&server, DisconnectReason::TransportClose);
    publish(&server.hub, "n", "2");
    publish(&server.hub, "n", "3");
    let mut client = client(&server);
    let told = client.says(&identity.connect(&seen));
    let lines = told.lines().collect::<Vec<_>>();
    assert!(lines[0].starts_with(r#"42["n",2,{"room":"demo:a","offset":2},""#), "{told}");
    assert!(lines[1].starts_with(r#"42["n",3,{"room":"demo:a","offset":3},""#), "{told}");
    assert_eq!(lines[2..], [identity.welcome()]);
    publish(&server.hub, "n", "4");
    assert!(client.told().starts_with(r#"42["n",4,"#), "it is in the room again");
    assert!(client.says(r#"21["leave","demo:a"]"#).starts_with(r#"431[{"type":"left""#));
}

#[test]
fn sessions_that_a_shutdown_has_ended_are_recovered() {
    let server = server(None, &[]);
    let (identity, seen) = away(&server, DisconnectReason::ServerShuttingDown);
    publish(&server.hub, "n", "2");
    let told = client(&server).says(&identity.connect(&seen));
    assert!(told.starts_with(r#"42["n",2,"#) && told.ends_with(&identity.welcome()), "{told}");
}

#[test]
fn an_offset_outlives_silence_and_is_not_needed_before_the_first_event() {
    let server = server(None, &[]);
    let (identity, seen) = away(&server, DisconnectReason::PingTimeout);
    let mut again = client(&server);
    assert_eq!(again.says(&identity.connect(&seen)), identity.welcome());
    again.session.end(DisconnectReason::PingTimeout);
    let mut again = client(&server);
    assert_eq!(again.says(&identity.connect(&seen)), identity.welcome(), "a second time");

    let mut silent = client(&server);
    let identity = Identity::of(&silent.says("0"));
    silent.session.end(DisconnectReason::TransportError);
    let mut again = client(&server);
    assert_eq!(again.says(&format!(r#"0{{"pid":"{}"}}"#, identity.pid)), identity.welcome());
}

#[test]
fn who_left_or_was_at_fault_begins_anew() {
    let server = server(None, &[]);
    for packet in ["1", "nonsense"] {
        let mut first = client(&server);
        let identity = Identity::of(&first.says("0"));
        first.says(packet);
        first.session.end(DisconnectReason::TransportClose);
        let mut again = client(&server);
        let anew = Identity::of(&again.says(&identity.connect("x")));
        assert!(anew.sid != identity.sid && anew.pid != identity.pid, "{packet}");
    }
}

#[test]
fn a_secret_that_nobody_has_or_that_is_in_use_recovers_nothing() {
    let server = server(None, &[]);
    let mut ada = client(&server);
    let identity = Identity::of(&ada.says("0"));
    for auth in [
        identity.connect("x"),
        r#"0{"pid":"AAAAAAAAAAAAAAAAAAAA","offset":"1"}"#.to_owned(),
        r#"0{"pid":7,"offset":{}}"#.to_owned(),
        format!(r#"0{{"pid":"{}"}}"#, identity.sid),
    ] {
        let mut mallory = client(&server);
        let anew = Identity::of(&mallory.says(&auth));
        assert!(anew.sid != identity.sid && anew.pid != identity.pid, "{auth}");
    }
    assert!(ada.says("2[\"fly\"]").starts_with("42[\"error\""), "and the first is not disturbed");
}

#[test]
fn without_recovery_nothing_is_added() {
    let server = State::new(Sources::new().load().unwrap(), None);
    let mut client = client(&server);
    assert!(!client.says("0").contains("pid"));
    client.says(r#"20["join","demo:a"]"#);
    publish(&server.hub, "n", "1");
    assert_eq!(client.told(), r#"42["n",1,{"room":"demo:a","offset":1}]"#);
}

/// Counts how often its middleware is asked, and refuses when it is told to.
fn guarded() -> (App, Arc<Mutex<(u32, bool)>>) {
    let (app, asked) = (App::new(), Arc::new(Mutex::new((0, false))));
    let guard = asked.clone();
    app.namespace("/")
        .middleware(move || {
            let mut guard = guard.lock().unwrap();
            guard.0 += 1;
            if guard.1 { Err(Refusal::new("no more")) } else { Ok(()) }
        })
        .on_connect(|socket: Socket| {
            if !socket.recovered() {
                socket.join("demo:a").unwrap();
                socket.set_data("kept").unwrap();
            }
        })
        .on("who", |socket: Socket| socket.emit("you", socket.data::<String>().unwrap_or_default()));
    (app, asked)
}

#[test]
fn an_application_gets_its_sockets_back() {
    let (app, asked) = guarded();
    let server = server(Some(app.clone()), &[]);
    let mut ada = client(&server);
    let identity = Identity::of(&ada.says("0"));
    app.of("/").to("demo:a").emit("n", 1).unwrap();
    let seen = offset(&ada.told());
    ada.session.end(DisconnectReason::TransportClose);
    app.of("/").to("demo:a").emit("n", 2).unwrap();
    app.of("/").to("demo:b").emit("n", 3).unwrap();

    let mut ada = client(&server);
    let told = ada.says(&identity.connect(&seen));
    assert!(told.starts_with("42[\"n\",2,\""), "{told}");
    assert!(told.ends_with(&identity.welcome()) && told.lines().count() == 2, "{told}");
    assert_eq!(asked.lock().unwrap().0, 1, "middleware is skipped");
    assert!(ada.says("2[\"who\"]").starts_with(r#"42["you","kept",""#));
}

#[test]
fn who_is_refused_does_not_read_what_was_missed() {
    let (app, asked) = guarded();
    let server = server(Some(app.clone()), &[("socketio.skip_middlewares", "false")]);
    let mut ada = client(&server);
    let identity = Identity::of(&ada.says("0"));
    app.of("/").to("demo:a").emit("n", 1).unwrap();
    let seen = offset(&ada.told());
    ada.session.end(DisconnectReason::TransportClose);
    app.of("/").to("demo:a").emit("n", 2).unwrap();
    asked.lock().unwrap().1 = true;

    let mut ada = client(&server);
    assert_eq!(ada.says(&identity.connect(&seen)), r#"44{"message":"no more"}"#);
    assert_eq!(asked.lock().unwrap().0, 2);
}

/// The stock client takes the last string of any event for its offset.
#[test]
fn a_volatile_event_that_ends_in_a_string_ends_in_an_offset_as_well() {
    let app = App::new();
    app.namespace("/").on_connect(|socket: Socket| socket.join("demo:a"));
    let server = server(Some(app.clone()), &[]);
    let mut ada = client(&server);
    let identity = Identity::of(&ada.says("0"));
    app.of("/").to("demo:a").emit("n", 1).unwrap();
    let first = offset(&ada.told());
    app.of("/").to("demo:a").volatile().emit("v", "text").unwrap();
    assert_eq!(ada.told(), format!(r#"42["v","text","{first}"]"#));
    ada.session.end(DisconnectReason::TransportClose);
    assert_eq!(client(&server).says(&identity.connect(&first)), identity.welcome());
}
