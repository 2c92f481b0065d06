//! Socket.IO over WebSocket, as a client: where to connect, and how packets become messages.

use ropeway_socketio::Packet;
use ropeway_ws::Message;

/// Where Socket.IO listens when the URL does not say another path.
const PATH: &str = "/socket.io/";

/// The URL of the Engine.IO endpoint: the path `/socket.io/` unless there is another, and the query that asks for version 4
/// over WebSocket (Engine.IO protocol, HTTP long-polling).
pub(crate) fn url(url: &str) -> String {
    let url = super::complete(url);
    let (address, query) =
        url.split_once('?').map_or((&*url, None), |(address, query)| (address, Some(query)));
    let start = address.find("://").map_or(0, |scheme| scheme + 3);
    let (host, path) = match address[start..].find('/') {
        Some(slash) => address.split_at(start + slash),
        None => (address, ""),
    };
    let path = if matches!(path, "" | "/") { PATH } else { path };
    let given = query.map_or_else(String::new, |query| format!("{query}&"));
    format!("{host}{path}?{given}EIO=4&transport=websocket")
}

/// A packet as messages: its text in an Engine.IO packet, and each attachment.
pub(crate) fn messages(packet: &Packet<'_>) -> Vec<Message<'static>> {
    let mut text = "4".to_owned();
    packet.encode(&mut text);
    let attachments = packet.attachments().iter().map(|attachment| attachment.to_vec().into());
    std::iter::once(text.into()).chain(attachments).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_of_a_server() {
        const QUERY: &str = "EIO=4&transport=websocket";
        assert_eq!(url("localhost:3000"), format!("ws://localhost:3000/socket.io/?{QUERY}"));
        assert_eq!(url("https://a.example/"), format!("https://a.example/socket.io/?{QUERY}"));
        assert_eq!(url("wss://a.example/chat/?token=x"), format!("wss://a.example/chat/?token=x&{QUERY}"));
    }

    #[test]
    fn a_packet_with_attachments_is_several_messages() {
        let mut decoder = ropeway_socketio::Decoder::default();
        let text = r#"51-["file",{"_placeholder":true,"num":0}]"#;
        assert_eq!(decoder.text(text), Ok(None));
        let packet = decoder.binary(vec![1, 2].into()).unwrap().unwrap();
        assert_eq!(messages(&packet), [format!("4{text}").into(), vec![1, 2].into()] as [Message<'_>; 2]);
    }
}
