//! From a URL to a connection, and what can go wrong on the way.

use std::io;
use std::time::Duration;

use ropeway_proto::handshake::head::HeadError;
use ropeway_ws::client::{Connect, ConnectError, RequestError, UrlError};
use ropeway_ws::server::{Acceptor, Listener};
use ropeway_ws::{CloseCode, CloseFrame, Config, Message, connect, deflate};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::timeout;

use crate::open;
use crate::support::script::{Script, header, read_head, switching};
use crate::support::{echo, echo_server};

#[tokio::test]
async fn it_talks_to_our_listener() {
    let mut socket = connect(&echo_server(Acceptor::new(Config::default())).await).await.unwrap();
    for message in
        [Message::from("Hello, world!"), Message::from(vec![0, 255]), Message::from("x".repeat(200_000))]
    {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), message);
    }
    let outcome = socket.close(Some(CloseFrame::new(CloseCode::NORMAL, "bye"))).await;
    assert_eq!((outcome.code, &*outcome.reason, outcome.clean), (1000, "bye", true));
}

#[tokio::test]
async fn an_ipv6_literal_is_an_address() {
    let Ok(listener) = Listener::bind("[::1]:0", Acceptor::new(Config::default())).await else {
        return println!("skipped: this machine has no IPv6");
    };
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        let (socket, request) = listener.accept().await.unwrap().handshake().await.unwrap();
        echo(socket).await;
        request.headers()["host"].to_str().unwrap().to_owned()
    });
    let mut socket = connect(&url).await.unwrap();
    socket.send("over IPv6").await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::from("over IPv6"));
    socket.close(None).await;
    assert_eq!(format!("ws://{}/", serving.await.unwrap()), url);
}

#[tokio::test]
async fn the_server_chooses_among_the_subprotocols() {
    let url = echo_server(Acceptor::new(Config::default()).subprotocols(["best", "good"])).await;
    for (offered, agreed) in [(&["other", "good", "best"][..], Some("best")), (&["other"], None), (&[], None)]
    {
        let mut connect = Connect::new(&url).unwrap();
        for name in offered {
            connect = connect.subprotocol(*name).unwrap();
        }
        let (socket, response) = connect.open().await.unwrap();
        assert_eq!(socket.subprotocol(), agreed);
        assert_eq!(
            response.headers().get("sec-websocket-protocol").map(|name| name.to_str().unwrap()),
            agreed
        );
    }
}

#[tokio::test]
async fn the_request_says_what_it_was_told_to() {
    let script = Script::new().await;
    let connect = Connect::new(&format!("ws://user:secret@{}/a/b?c=d", script.authority()))
        .unwrap()
        .header("x-trace".parse().unwrap(), "7".parse().unwrap())
        .unwrap()
        .subprotocol("chat.v2")
        .unwrap()
        .subprotocol("chat.v1")
        .unwrap();
    let answering =
        script.answer(|request| switching(request, "X-Node: 3\r\nSec-WebSocket-Protocol: chat.v1\r\n"));
    let (opened, (request, _stream)) = tokio::join!(connect.open(), answering);
    let (socket, response) = opened.unwrap();
    assert_eq!(
        (socket.subprotocol(), &response.headers()["x-node"]),
        (Some("chat.v1"), &"3".parse().unwrap())
    );
    assert!(request.starts_with("GET /a/b?c=d HTTP/1.1\r\n"), "{request}");
    for (name, value) in [
        ("host", script.authority().as_str()),
        ("authorization", "Basic dXNlcjpzZWNyZXQ="),
        ("x-trace", "7"),
        ("sec-websocket-protocol", "chat.v2, chat.v1"),
        ("sec-websocket-version", "13"),
    ] {
        assert_eq!(header(&request, name), Some(value), "{name}");
    }
    assert_eq!(header(&request, "sec-websocket-extensions"), None);
}

#[tokio::test]
async fn deflate_is_offered_when_the_configuration_has_it() {
    let with = Config { deflate: Some(deflate::Config::default()), ..Config::default() };
    for (configs, is_offered) in [(vec![with.clone()], true), (vec![with, Config::default()], false)] {
        let script = Script::new().await;
        let connect = configs.into_iter().fold(Connect::new(&script.url("/")).unwrap(), Connect::config);
        let (opened, (request, _stream)) =
            tokio::join!(connect.open(), script.answer(|request| switching(request, "")));
        assert_eq!(header(&request, "sec-websocket-extensions").is_some(), is_offered);
        assert_eq!(opened.unwrap().0.connection().deflate_params(), None, "the server did not take it");
    }
}

#[tokio::test]
async fn what_comes_behind_the_response_in_one_segment_is_received() {
    let frames = b"\x81\x05early\x89\x01p\x82\x01b";
    let (mut socket, _) =
        open(|connect| connect, |request| [&switching(request, "")[..], frames].concat()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::from("early"));
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::from(b"b".to_vec()));
}

#[tokio::test]
async fn responses_before_the_final_one_are_passed_over() {
    let interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n";
    let answer = |request: &str| [interim, &switching(request, "")[..], b"\x81\x02hi"].concat();
    let (mut socket, response) = open(|connect| connect, answer).await.unwrap();
    assert_eq!(response.status(), 101);
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::from("hi"));
}

#[tokio::test]
async fn a_head_over_the_limits_or_none_at_all_is_an_error() {
    let large = format!("X-Large: {}\r\n", "x".repeat(17 * 1024));
    let many = "X-Many: 1\r\n".repeat(101);
    for (answer, expected) in [
        (format!("HTTP/1.1 101 Switching Protocols\r\n{large}\r\n"), HeadError::TooLarge(16 * 1024)),
        // Without an end it must not be read for ever.
        (format!("HTTP/1.1 101 Switching Protocols\r\n{large}"), HeadError::TooLarge(16 * 1024)),
        (format!("HTTP/1.1 101 Switching Protocols\r\n{many}\r\n"), HeadError::TooManyHeaders(100)),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n".to_owned(), HeadError::Malformed("version")),
    ] {
        let opened = open(|connect| connect, |_| answer.into_bytes()).await;
        assert!(matches!(&opened, Err(ConnectError::Head(error)) if *error == expected), "{opened:?}");
    }
}

#[tokio::test]
async fn a_stream_that_ends_within_the_response_is_an_error() {
    for answer in ["", "HTTP/1.1 101 Switching Protocols\r\nUpgr"] {
        let script = Script::new().await;
        let url = script.url("/");
        let (opened, ()) = tokio::join!(connect(&url), async {
            drop(script.answer(|_| answer.into()).await);
        });
        let Err(ConnectError::Io(error)) = opened else { panic!("{opened:?}") };
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let script = Script::new().await;
    // So long that the request has come by then, also on a machine under load.
    let patience = Duration::from_secs(3);
    let connect = Connect::new(&script.url("/")).unwrap().timeout(patience);
    let (opened, _stream) = tokio::join!(connect.open(), script.answer(|_| b"HTTP/1.1 101 ".to_vec()));
    assert!(matches!(opened, Err(ConnectError::Timeout(given)) if given == patience));
    // Not even accepted: the connection waits in the queue of the listener.
    let queue = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", queue.local_addr().unwrap());
    let patience = Duration::from_millis(200);
    let opened = Connect::new(&url).unwrap().timeout(patience).open().await;
    assert!(matches!(opened, Err(ConnectError::Timeout(given)) if given == patience));
}

#[tokio::test]
async fn an_attempt_that_is_dropped_ends_its_stream() {
    let script = Script::new().await;
    let attempt = tokio::spawn(Connect::new(&script.url("/")).unwrap().open());
    let mut stream = script.accept().await;
    read_head(&mut stream).await;
    attempt.abort();
    assert_eq!(timeout(Duration::from_secs(10), stream.read(&mut [0; 16])).await.unwrap().unwrap(), 0);
}

#[tokio::test]
async fn a_name_that_is_not_found_and_a_port_that_refuses_are_told() {
    // RFC 6761 section 6.4: no such name exists.
    let opened = connect("ws://nobody.invalid/").await;
    assert!(
        matches!(&opened, Err(ConnectError::Dial { host, .. }) if host == "nobody.invalid"),
        "{opened:?}"
    );

    // Bound, so that nobody else gets the port, and not listening.
    let unused = TcpSocket::new_v4().unwrap();
    unused.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = unused.local_addr().unwrap();
    let opened = connect(&format!("ws://{address}/")).await;
    let Err(ConnectError::Dial { host, source }) = &opened else { panic!("{opened:?}") };
    assert_eq!((host, source.kind()), (&address.to_string(), io::ErrorKind::ConnectionRefused));
}

#[test]
fn what_cannot_be_sent_is_refused_before_anything_is() {
    let new = |url: &str| Connect::new(url).unwrap_err();
    assert!(matches!(new("ftp://example.org/"), ConnectError::Url(UrlError::Scheme)));
    assert!(matches!(new("ws://example.org/#part"), ConnectError::Url(UrlError::Fragment)));
    let connect = Connect::new("ws://example.org/").unwrap();
    let key = ("sec-websocket-key".parse().unwrap(), "abc".parse().unwrap());
    let error = connect.clone().header(key.0, key.1).unwrap_err();
    assert!(matches!(error, ConnectError::Request(RequestError::ReservedHeader(_))));
    let error = connect.subprotocol("no token").unwrap_err();
    assert!(matches!(error, ConnectError::Request(RequestError::Subprotocol(_))));
}

#[tokio::test]
async fn a_server_that_resets_within_the_handshake_is_an_error() {
    let script = Script::new().await;
    let url = script.url("/");
    let (opened, ()) = tokio::join!(connect(&url), async {
        let mut stream = script.accept().await;
        stream.write_all(b"HTTP/1.1 ").await.unwrap();
        // The request is left unread: the operating system answers it with a reset.
        drop(stream);
    });
    assert!(matches!(opened, Err(ConnectError::Io(_))), "{opened:?}");
}
