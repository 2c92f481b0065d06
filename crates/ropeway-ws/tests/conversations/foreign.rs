//! tungstenite at the other end, in both roles.

use futures_util::{SinkExt, StreamExt};
use ropeway_ws::server::Acceptor;
use ropeway_ws::{CloseCode, CloseFrame, Config, Event, Message, Side, WebSocket, client::Connect, deflate};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message as Theirs;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode as TheirCode;
use tokio_tungstenite::{WebSocketStream, accept_async, connect_async};

use crate::support::echo_server;

type Their<S> = WebSocketStream<S>;

/// Offered, and of no use: tungstenite does not compress.
fn config() -> Config {
    Config { max_message: 4 << 20, deflate: Some(deflate::Config::default()), ..Config::default() }
}

fn messages() -> Vec<Message<'static>> {
    let sizes = [0, 1, 125, 126, 65_535, 65_536, 1_000_000];
    let texts = sizes.map(|len| Message::from("é".repeat(len / 2)));
    let binaries = sizes.map(|len| Message::from((0..len).map(|i| (i % 251) as u8).collect::<Vec<_>>()));
    texts.into_iter().chain(binaries).collect()
}

fn their(message: &Message<'_>) -> Theirs {
    match message {
        Message::Text(text) => Theirs::text(text.to_string()),
        Message::Binary(bytes) => Theirs::binary(bytes.to_vec()),
    }
}

/// A server of theirs that echoes once; what it saw of the end.
async fn their_server() -> (String, tokio::task::JoinHandle<Option<(u16, String)>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        let mut socket = accept_async(listener.accept().await.unwrap().0).await.unwrap();
        their_echo(&mut socket).await
    });
    (url, serving)
}

async fn their_echo(socket: &mut Their<TcpStream>) -> Option<(u16, String)> {
    let mut end = None;
    while let Some(message) = socket.next().await {
        match message.unwrap() {
            Theirs::Text(text) if text.as_str() == "close" => socket.close(None).await.unwrap(),
            message @ (Theirs::Text(_) | Theirs::Binary(_)) => socket.send(message).await.unwrap(),
            Theirs::Close(frame) => end = frame.map(|frame| (frame.code.into(), frame.reason.to_string())),
            _ => {}
        }
    }
    end
}

async fn our_client(url: &str) -> WebSocket {
    Connect::new(url).unwrap().config(config()).open().await.unwrap().0
}

#[tokio::test]
async fn our_client_talks_to_their_server() {
    let (url, serving) = their_server().await;
    let mut socket = our_client(&url).await;
    assert_eq!(socket.connection().deflate_params(), None);
    for message in messages() {
        socket.outgoing().send(message.clone()).unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), message);
    }
    let outcome = socket.close(Some(CloseFrame::new(CloseCode::new(4321).unwrap(), "tschüß"))).await;
    assert_eq!((outcome.by, outcome.clean), (Side::Us, true));
    assert_eq!(serving.await.unwrap(), Some((4321, "tschüß".to_owned())));
}

#[tokio::test]
async fn their_server_answers_our_pings_and_closes() {
    let (url, _serving) = their_server().await;
    let mut socket = our_client(&url).await;
    socket.outgoing().ping(b"are you there").unwrap();
    let mut pongs = Vec::new();
    let outcome = socket
        .serve(|event, outgoing| {
            if let Event::Pong(payload) = event {
                pongs.push(payload.to_vec());
                outgoing.send("close").unwrap();
            }
        })
        .await;
    assert_eq!(pongs, [b"are you there"]);
    assert_eq!((outcome.by, outcome.code, outcome.clean), (Side::Peer, 1005, true));
}

#[tokio::test]
async fn their_client_talks_to_our_server() {
    let url = echo_server(Acceptor::new(config())).await;
    let (mut socket, response) = connect_async(&url).await.unwrap();
    assert_eq!(response.headers().get("sec-websocket-extensions"), None);
    for message in messages() {
        socket.send(their(&message)).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), their(&message));
    }
    socket.send(Theirs::Ping("ping".into())).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Theirs::Pong("ping".into()));
    socket.close(None).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Theirs::Close(None));
    assert!(socket.next().await.is_none(), "our server ends the stream");
}

#[tokio::test]
async fn their_client_hears_why_our_server_closes() {
    let url = echo_server(Acceptor::new(Config { max_message: 1000, ..Config::default() })).await;
    let (mut socket, _) = connect_async(&url).await.unwrap();
    socket.send(Theirs::binary(vec![0; 1001])).await.unwrap();
    let Theirs::Close(Some(frame)) = socket.next().await.unwrap().unwrap() else { panic!() };
    assert_eq!(frame.code, TheirCode::Size);
}

#[tokio::test]
async fn many_small_messages_of_theirs_at_once_come_back_in_order() {
    let url = echo_server(Acceptor::new(config())).await;
    let (socket, _) = connect_async(&url).await.unwrap();
    let (mut sink, mut stream) = socket.split();
    tokio::spawn(async move {
        for i in 0..2000 {
            sink.feed(Theirs::text(i.to_string())).await.unwrap();
        }
        sink.flush().await.unwrap();
        sink
    });
    for i in 0..2000 {
        assert_eq!(stream.next().await.unwrap().unwrap(), Theirs::text(i.to_string()));
    }
}
