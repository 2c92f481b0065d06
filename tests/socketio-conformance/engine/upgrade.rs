//! From polling to WebSocket without losing anything.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::v4;
use crate::case::{Case, Place, case};
use crate::http::ask;
use crate::polling::Polling;
use crate::subject::{Profile, Subject};
use crate::websocket::{Frame, TEXT, WebSocket, frame};

const UPGRADE: Place = v4("Upgrade");
const WEBSOCKET: Place = v4("WebSocket");
const FAULTS: Place = Place("Faults of other servers", "upgrade");
const REFERENCE: Place = Place("npm engine.io", "socket");

pub(crate) const CASES: &[Case] = &[
    case!(UPGRADE, probe_is_answered, "2probe on the WebSocket is answered with 3probe"),
    case!(UPGRADE, pending_get_is_released, "The waiting GET gets a noop packet so that polling can end"),
    case!(UPGRADE, websocket_serves_after_the_upgrade, "After 5 the session goes on over the WebSocket"),
    case!(
        FAULTS,
        release_does_not_wait_for_a_ping,
        "The noop comes at once and not with the next ping, to a GET that comes during the probe too"
    ),
    case!(
        WEBSOCKET,
        second_websocket_is_closed,
        "A second WebSocket of a session is closed, during the upgrade and after it"
    ),
    case!(
        REFERENCE,
        nothing_is_lost_or_doubled,
        "Packets on both sides of the upgrade arrive once and in order"
    ),
    case!(
        REFERENCE,
        buffered_packets_are_flushed,
        "What waited for a GET is sent over the WebSocket after 5"
    ),
    case!(
        REFERENCE,
        polling_is_refused_after_the_upgrade,
        "Polling requests of an upgraded session get 400, code 3, and harm nothing"
    ),
    case!(REFERENCE, upgrade_may_follow_the_probe_at_once, "5 is taken without a wait for 3probe"),
    case!(
        REFERENCE,
        other_packets_close_only_the_probe,
        "Another packet during the probe closes that WebSocket; polling goes on"
    ),
    case!(
        REFERENCE,
        lost_probe_leaves_polling,
        "A WebSocket that ends during the probe leaves polling, and another may try"
    ),
    case!(
        REFERENCE,
        slow_upgrade_is_given_up,
        "A probe that is not completed within upgradeTimeout is closed; polling goes on"
    ),
    case!(REFERENCE, heartbeat_goes_on, "Pings come over the WebSocket after the upgrade"),
];

impl Polling {
    /// A WebSocket that has been probed.
    async fn probed(&self) -> WebSocket {
        let mut socket = self.websocket().await;
        socket.text("2probe").await;
        assert_eq!(socket.next().await, Frame::Text("3probe".to_owned()));
        socket
    }

    /// Polling works.
    async fn echoes(&mut self) {
        self.post(r#"42["message","polling"]"#).await;
        assert_eq!(self.next().await, r#"42["message-back","polling"]"#);
    }
}

/// The WebSocket works, and nothing came before.
async fn echoes(socket: &mut WebSocket) {
    socket.text(r#"42["message","websocket"]"#).await;
    assert_eq!(socket.next().await, Frame::Text(r#"42["message-back","websocket"]"#.to_owned()));
}

async fn is_closed(socket: &mut WebSocket) {
    let frame = socket.next().await;
    assert!(matches!(frame, Frame::Close(_) | Frame::End), "{frame:?}");
}

async fn probe_is_answered(subject: &'static Subject) {
    Polling::open(subject.at(Profile::Default)).await.probed().await;
}

async fn pending_get_is_released(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    let mut get = session.pending_get().await;
    let mut socket = session.probed().await;
    assert_eq!(get.response().await.packets(), ["6"]);
    socket.text("5").await;
    echoes(&mut socket).await;
}

async fn websocket_serves_after_the_upgrade(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    let mut socket = session.probed().await;
    socket.text("5").await;
    echoes(&mut socket).await;
    socket.text(r#"451-["message",{"_placeholder":true,"num":0}]"#).await;
    socket.binary(&[1, 2]).await;
    let text = r#"451-["message-back",{"_placeholder":true,"num":0}]"#;
    assert_eq!(socket.next().await, Frame::Text(text.to_owned()));
    assert_eq!(socket.next().await, Frame::Binary(vec![1, 2]));
}

async fn release_does_not_wait_for_a_ping(subject: &'static Subject) {
    // The next ping of this profile is 25 s away.
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    let mut get = session.pending_get().await;
    let _socket = session.probed().await;
    let probed = Instant::now();
    assert_eq!(get.response().await.packets(), ["6"]);
    assert_eq!(session.get().await.packets(), ["6"]);
    assert!(probed.elapsed() < Duration::from_secs(15), "{:?}", probed.elapsed());
}

async fn second_websocket_is_closed(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    let mut first = session.probed().await;
    let during = WebSocket::try_open(session.address, &session.upgrade_target()).await;
    if let Ok(mut second) = during {
        is_closed(&mut second).await;
    }
    first.text("5").await;
    echoes(&mut first).await;
    let after = WebSocket::try_open(session.address, &session.upgrade_target()).await;
    if let Ok(mut second) = after {
        second.text("2probe").await;
        is_closed(&mut second).await;
    }
    echoes(&mut first).await;
}

/// The session itself in a room, and another that emits to it all the while.
async fn nothing_is_lost_or_doubled(subject: &'static Subject) {
    const EVENTS: usize = 300;
    let address = subject.at(Profile::Default);
    let (mut session, sid) = Polling::connect(address).await;
    let speaker = tokio::spawn(async move {
        let mut speaker = crate::client::Client::connect(address).await;
        for number in 0..EVENTS {
            speaker.text(&format!(r#"42["others",["{sid}"],"n",{number}]"#)).await;
            sleep(Duration::from_millis(2)).await;
        }
        speaker.works().await;
    });
    let mut heard = Vec::new();
    while heard.len() < EVENTS / 4 {
        heard.push(session.next().await);
    }
    let mut socket = session.websocket().await;
    socket.text("2probe").await;
    let polled = session.get().await;
    heard.extend(session.received_too().into_iter().chain(polled.packets().into_iter().map(str::to_owned)));
    assert_eq!(socket.next().await, Frame::Text("3probe".to_owned()));
    socket.text("5").await;
    heard.retain(|packet| packet != "6");
    while heard.len() < EVENTS {
        let Frame::Text(text) = socket.next().await else { panic!("ended after {}", heard.len()) };
        heard.push(text);
    }
    let expected: Vec<_> = (0..EVENTS).map(|number| format!(r#"42["n",{number}]"#)).collect();
    assert_eq!(heard, expected);
    speaker.await.unwrap();
    echoes(&mut socket).await;
}

async fn buffered_packets_are_flushed(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    let mut socket = session.probed().await;
    session.post("42[\"message\",1]\x1e42[\"message\",2]").await;
    socket.text("5").await;
    for number in [1, 2] {
        assert_eq!(socket.next().await, Frame::Text(format!(r#"42["message-back",{number}]"#)));
    }
}

async fn polling_is_refused_after_the_upgrade(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    let mut socket = session.probed().await;
    socket.text("5").await;
    echoes(&mut socket).await;
    for method in ["GET", "POST"] {
        let response = ask(session.address, method, &session.target()).await;
        assert_eq!(response.refusal(), (400, 3));
    }
    echoes(&mut socket).await;
}

async fn upgrade_may_follow_the_probe_at_once(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    let mut socket = session.websocket().await;
    let frames = ["2probe", "5", r#"42["message","websocket"]"#].map(|text| frame(TEXT, text.as_bytes()));
    socket.raw(frames.concat()).await;
    assert_eq!(socket.next().await, Frame::Text("3probe".to_owned()));
    assert_eq!(socket.next().await, Frame::Text(r#"42["message-back","websocket"]"#.to_owned()));
}

async fn other_packets_close_only_the_probe(subject: &'static Subject) {
    let (mut session, _) = Polling::connect(subject.at(Profile::Default)).await;
    for packet in ["2", "3probe", r#"42["message","too early"]"#, "6", "abc"] {
        let mut socket = session.websocket().await;
        socket.text(packet).await;
        is_closed(&mut socket).await;
        session.echoes().await;
    }
}

async fn lost_probe_leaves_polling(subject: &'static Subject) {
    let (mut session, _) = Polling::connect(subject.at(Profile::Default)).await;
    drop(session.probed().await);
    session.echoes().await;
    let mut socket = loop {
        // Until the server has seen the end of the first.
        let mut socket = session.websocket().await;
        socket.text("2probe").await;
        if socket.next().await == Frame::Text("3probe".to_owned()) {
            break socket;
        }
    };
    socket.text("5").await;
    echoes(&mut socket).await;
}

async fn slow_upgrade_is_given_up(subject: &'static Subject) {
    let (mut session, _) = Polling::connect(subject.at(Profile::Short)).await;
    let mut probed = session.probed().await;
    let watch = tokio::spawn(async move { is_closed(&mut probed).await });
    while !watch.is_finished() {
        // Pings are answered on the way, and noops come from the probe.
        session.post(r#"42["message","polling"]"#).await;
        while session.next().await == "6" {}
    }
    watch.await.unwrap();
    session.echoes().await;
}

async fn heartbeat_goes_on(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Short)).await;
    let mut socket = session.probed().await;
    socket.text("5").await;
    for _ in 0..3 {
        assert_eq!(socket.next().await, Frame::Text("2".to_owned()));
        socket.text("3").await;
    }
    echoes(&mut socket).await;
}
