//! Ways to a server besides its name: proxies, given addresses, Unix sockets.

use std::time::Duration;

use ropeway_ws::client::{Connect, ConnectError, Details, Proxy};
use ropeway_ws::server::Acceptor;
use ropeway_ws::{Config, Message, Stream, WebSocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpStream, UnixListener};

use crate::support::script::{Script, header, read_head};
use crate::support::{echo, echo_server};

async fn says_hello(mut socket: WebSocket) {
    socket.send("hello").await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::from("hello"));
}

/// The port of the echo server behind a URL.
fn port_of(url: &str) -> u16 {
    url.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap()
}

async fn relay(mut client: TcpStream, port: u16) {
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

fn through(proxy: &str, url: &str) -> Connect {
    Connect::new(url).unwrap().proxy(proxy.parse().unwrap())
}

#[tokio::test]
async fn an_http_proxy_is_asked_for_the_name_and_the_rest_is_the_servers() {
    let port = port_of(&echo_server(Acceptor::new(Config::default())).await);
    let script = Script::new().await;
    let connect = through(
        &format!("http://me:s%20e@{}", script.authority()),
        &format!("ws://only.known.there:{port}/chat"),
    );
    let proxied = tokio::spawn(async move {
        let (request, stream) = script.answer(|_| b"HTTP/1.1 200 Fine\r\nvia: test\r\n\r\n".to_vec()).await;
        tokio::spawn(relay(stream, port));
        request
    });
    let (socket, response) = connect.open().await.unwrap();
    says_hello(socket).await;
    let request = proxied.await.unwrap();
    assert!(request.starts_with(&format!("CONNECT only.known.there:{port} HTTP/1.1\r\n")), "{request}");
    assert_eq!(header(&request, "host"), Some(&*format!("only.known.there:{port}")));
    assert_eq!(header(&request, "proxy-authorization"), Some("Basic bWU6cyBl"));
    let details = response.extensions().get::<Details>().unwrap();
    assert!(details.timings.proxy > Duration::ZERO && details.timings.total() > details.timings.proxy);
    assert_eq!(details.request.uri().path(), "/chat");
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_with_its_status() {
    let script = Script::new().await;
    let authority = script.authority();
    let connect = through(&format!("http://{authority}"), "ws://localhost/");
    let answer = script.answer(|_| b"HTTP/1.1 407 Log In\r\ncontent-length: 0\r\n\r\n".to_vec());
    let (opened, _stream) = tokio::join!(connect.open(), answer);
    match opened.unwrap_err() {
        ConnectError::Proxy { proxy, reason } => {
            assert_eq!((proxy, &*reason), (authority, "407 Proxy Authentication Required"));
        }
        other => panic!("{other:?}"),
    }
}

/// The greeting, perhaps a password, and the request (RFC 1928 sections 3 and 4, RFC 1929); the destination's bytes.
async fn socks(stream: &mut TcpStream, with_password: bool) -> Vec<u8> {
    let mut greeting = vec![0; 2];
    stream.read_exact(&mut greeting).await.unwrap();
    let mut methods = vec![0; usize::from(greeting[1])];
    stream.read_exact(&mut methods).await.unwrap();
    assert_eq!((greeting[0], methods.contains(&2)), (5, with_password));
    if with_password {
        stream.write_all(&[5, 2]).await.unwrap();
        let mut login = [0; 1 + 1 + 2 + 1 + 6];
        stream.read_exact(&mut login).await.unwrap();
        assert_eq!(&login, b"\x01\x02me\x06secret");
        stream.write_all(&[1, 0]).await.unwrap();
    } else {
        stream.write_all(&[5, 0]).await.unwrap();
    }
    let mut head = [0; 4];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(head[..3], [5, 1, 0]);
    let len = if head[3] == 3 { 1 + usize::from(stream.read_u8().await.unwrap()) - 1 } else { 4 };
    let mut destination = vec![0; len + 2];
    stream.read_exact(&mut destination).await.unwrap();
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
    destination
}

#[tokio::test]
async fn a_socks_proxy_gets_an_address_or_looks_the_name_up() {
    let port = port_of(&echo_server(Acceptor::new(Config::default())).await);
    let cases = [("socks5", "localhost", vec![127, 0, 0, 1]), ("socks5h", "far.away", b"far.away".to_vec())];
    for (scheme, host, expected) in cases {
        let script = Script::new().await;
        let (user, with_password) = if scheme == "socks5" { ("me:secret@", true) } else { ("", false) };
        let connect =
            through(&format!("{scheme}://{user}{}", script.authority()), &format!("ws://{host}:{port}/"));
        // `localhost` may be an IPv6 address first.
        let connect = connect.resolve("localhost", port, ([127, 0, 0, 1], port).into());
        let proxied = tokio::spawn(async move {
            let mut stream = script.accept().await;
            let destination = socks(&mut stream, with_password).await;
            tokio::spawn(relay(stream, port));
            destination
        });
        says_hello(connect.open().await.unwrap().0).await;
        let destination = proxied.await.unwrap();
        assert_eq!(destination, [&expected[..], &port.to_be_bytes()].concat());
    }
}

#[tokio::test]
async fn names_can_be_given_addresses() {
    let port = port_of(&echo_server(Acceptor::new(Config::default())).await);
    let connect = Connect::new("ws://no.such.name.example:81/").unwrap();
    let connect = connect.resolve("No.Such.Name.example", 81, ([127, 0, 0, 1], port).into());
    let (socket, response) = connect.open().await.unwrap();
    says_hello(socket).await;
    let details = response.extensions().get::<Details>().unwrap();
    assert_eq!(details.peer, Some(([127, 0, 0, 1], port).into()));
    assert_eq!(details.request.headers()["host"], "no.such.name.example:81");
}

#[tokio::test]
async fn a_unix_socket_carries_a_connection() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let acceptor = Acceptor::new(Config::default());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (socket, _) = acceptor.accept(Stream::new(stream)).await.unwrap();
        echo(socket).await;
    });
    let connect = Connect::new("ws://localhost/").unwrap().unix_socket(&path);
    let (socket, response) = connect.open().await.unwrap();
    says_hello(socket).await;
    assert_eq!(response.extensions().get::<Details>().unwrap().peer, None);
}

#[tokio::test]
async fn a_proxy_has_one_of_three_schemes() {
    for (url, message) in [
        ("ftp://localhost", "the scheme of a proxy is http, socks5 or socks5h"),
        ("localhost:3128", "the scheme of a proxy is http, socks5 or socks5h"),
        ("http://", "not a valid URL"),
        ("socks5://a b", "not a valid URL"),
    ] {
        assert_eq!(url.parse::<Proxy>().unwrap_err().to_string(), message, "{url}");
    }
    assert_eq!("socks5://localhost".parse::<Proxy>().unwrap().authority(), "localhost:1080");
    assert_eq!("http://localhost".parse::<Proxy>().unwrap().authority(), "localhost:80");
    let secret: Proxy = "http://me:secret@localhost".parse().unwrap();
    assert!(!format!("{secret:?}").contains("secret"));
}

#[tokio::test]
async fn nothing_behind_the_head_of_a_proxy_is_lost() {
    // What a server says right behind the proxy's head is not swallowed.
    let script = Script::new().await;
    let connect = through(&format!("http://{}", script.authority()), "ws://localhost/");
    let serving = async {
        let (_, mut stream) = script.answer(|_| b"HTTP/1.1 200 OK\r\n\r\n".to_vec()).await;
        let request = read_head(&mut stream).await;
        let mut answer = crate::support::script::switching(&request, "");
        answer.extend_from_slice(b"\x81\x02hi");
        stream.write_all(&answer).await.unwrap();
        stream
    };
    let (opened, _stream) = tokio::join!(connect.open(), serving);
    assert_eq!(opened.unwrap().0.next().await.unwrap().unwrap(), Message::from("hi"));
}
