//! How a session ends from either side.

use super::v4;
use crate::case::{Case, Place, case};
use crate::client::{Client, ending};
use crate::http::Response;
use crate::polling::Polling;
use crate::subject::{Profile, Subject};
use crate::websocket::Frame;

const CLOSE: Place = v4("Protocol, close");
const REFERENCE: Place = Place("npm engine.io", "close");

pub(crate) const CASES: &[Case] = &[
    case!(
        CLOSE,
        close_packet_ends_polling,
        "1 by POST releases the waiting GET with a noop packet and ends the session"
    ),
    case!(
        CLOSE,
        close_packet_ends_websocket,
        "1 over WebSocket ends the connection at once: transport close"
    )
    .beyond_the_reference("it ignores the packet and waits for the ping to time out"),
    case!(
        REFERENCE,
        close_of_polling_is_a_transport_close,
        "A polling session that the client closed ended by transport close"
    ),
    case!(
        REFERENCE,
        server_close_releases_the_get,
        "When the server closes, the waiting GET gets what was buffered and a close packet"
    ),
    case!(
        REFERENCE,
        server_close_waits_for_a_get,
        "When the server closes while no GET waits, the next one gets what was buffered and a close \
         packet"
    ),
    case!(
        REFERENCE,
        server_close_ends_websocket,
        "When the server closes, a WebSocket gets what was buffered and is closed"
    ),
];

async fn close_packet_ends_polling(subject: &'static Subject) {
    let session = Polling::open(subject.at(Profile::Default)).await;
    let mut get = session.pending_get().await;
    session.post("1").await;
    assert_eq!(get.response().await.packets(), ["6"]);
    session.is_gone().await;
}

async fn close_packet_ends_websocket(subject: &'static Subject) {
    let address = subject.at(Profile::Default);
    let mut client = Client::connect(address).await;
    client.text("1").await;
    client.closes().await;
    assert_eq!(ending(address, &client.sid).await, "transport close");
}

async fn close_of_polling_is_a_transport_close(subject: &'static Subject) {
    let address = subject.at(Profile::Default);
    let (session, sid) = Polling::connect(address).await;
    session.post("1").await;
    assert_eq!(ending(address, &sid).await, "transport close");
}

async fn server_close_releases_the_get(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    let mut get = session.pending_get().await;
    session.try_post(r#"42["disconnect-me",true]"#).await;
    assert_eq!(until_close(get.response().await, &session).await, ["41", "1"]);
    session.is_gone().await;
}

async fn server_close_waits_for_a_get(subject: &'static Subject) {
    let (session, _) = Polling::connect(subject.at(Profile::Default)).await;
    session.try_post("42[\"message\",1]\x1e42[\"disconnect-me\",true]").await;
    let packets = until_close(session.get().await, &session).await;
    assert_eq!(packets, [r#"42["message-back",1]"#, "41", "1"]);
    session.is_gone().await;
}

/// All packets but noops; the close packet may need another `GET`.
async fn until_close(first: Response, session: &Polling) -> Vec<String> {
    let mut packets: Vec<_> = first.packets().into_iter().map(str::to_owned).collect();
    if packets.last().map(String::as_str) != Some("1") {
        packets.extend(session.get().await.packets().into_iter().map(str::to_owned));
    }
    packets.retain(|packet| packet != "6");
    packets
}

async fn server_close_ends_websocket(subject: &'static Subject) {
    let address = subject.at(Profile::Default);
    let mut client = Client::connect(address).await;
    client.text(r#"42["message",1]"#).await;
    client.text(r#"42["disconnect-me",true]"#).await;
    client.hears(r#"42["message-back",1]"#).await;
    assert_eq!(client.frame().await, Frame::Text("41".to_owned()));
    client.closes().await;
    assert_eq!(ending(address, &client.sid).await, "server namespace disconnect");
}
