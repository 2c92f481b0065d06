//! Upgrades on the HTTP servers of hyper and hyper-util.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use ropeway_ws::server::{Acceptor, Origins, UpgradeError};
use ropeway_ws::{Config, Outcome};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

use crate::support::script::{header, upgrade_request};
use crate::support::{echo, text_frame};
use crate::{ask, talk};

/// What came of an upgrade.
type Ended = Result<Outcome, UpgradeError>;

/// How the connections of a server are served.
#[derive(Clone, Copy, Debug)]
enum Serving {
    Http1,
    Auto,
    /// An HTTP server that is not set up for upgrades.
    WithoutUpgrades,
}

/// A request for `/late` has come.
static LATE: Notify = Notify::const_new();

/// Echoes at every path. A client that asks for `/late` gets its response when it has left.
async fn answer(
    mut request: Request<Incoming>,
    ended: mpsc::UnboundedSender<Ended>,
) -> Result<Response<String>, Infallible> {
    let is_late = request.uri() == "/late";
    let acceptor = Acceptor::new(Config::default()).origins(Origins::Same).subprotocols(["chat"]);
    Ok(match acceptor.upgrade(&mut request) {
        Ok((mut response, upgrade)) => {
            response.headers_mut().insert("x-node", "7".parse().unwrap());
            tokio::spawn(async move {
                let outcome = match upgrade.await {
                    Ok(socket) => Ok(echo(socket).await),
                    Err(error) => Err(error),
                };
                let _ = ended.send(outcome);
            });
            if is_late {
                LATE.notify_one();
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            response.map(|()| String::new())
        }
        Err(refusal) => refusal.into_response(),
    })
}

async fn server(serving: Serving) -> (SocketAddr, mpsc::UnboundedReceiver<Ended>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (ended, ends) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let io = TokioIo::new(listener.accept().await.unwrap().0);
            let ended = ended.clone();
            let service = service_fn(move |request| answer(request, ended.clone()));
            // How a connection of HTTP ends is not of interest here.
            tokio::spawn(async move {
                match serving {
                    Serving::Http1 => {
                        let http = http1::Builder::new();
                        let _ = http.serve_connection(io, service).with_upgrades().await;
                    }
                    Serving::Auto => {
                        let http = auto::Builder::new(TokioExecutor::new());
                        let _ = http.serve_connection_with_upgrades(io, service).await;
                    }
                    Serving::WithoutUpgrades => {
                        let _ = http1::Builder::new().serve_connection(io, service).await;
                    }
                }
            });
        }
    });
    (address, ends)
}

#[tokio::test]
async fn an_upgraded_connection_talks_and_closes() {
    for serving in [Serving::Http1, Serving::Auto] {
        let (address, mut ends) = server(serving).await;
        let frames = [text_frame("one"), vec![0x88, 0x82, 0, 0, 0, 0, 3, 0xe8]].concat();
        let request = upgrade_request("Sec-WebSocket-Protocol: chat\r\n");
        let answer = talk(address, request.as_bytes(), &frames, 9).await;
        assert_eq!(answer, b"\x81\x03one\x88\x02\x03\xe8", "{serving:?}");
        let outcome = ends.recv().await.unwrap().unwrap();
        assert_eq!((outcome.code, outcome.clean), (1000, true));
    }
}

#[tokio::test]
async fn frames_behind_the_request_are_not_lost() {
    for serving in [Serving::Http1, Serving::Auto] {
        let (address, _ends) = server(serving).await;
        let first = [upgrade_request("").into_bytes(), text_frame("one"), text_frame("two")[..3].to_vec()];
        let answer = talk(address, &first.concat(), &text_frame("two")[3..], 10).await;
        assert_eq!(answer, b"\x81\x03one\x81\x03two", "{serving:?}");
    }
}

#[tokio::test]
async fn the_response_may_get_headers_and_a_refusal_is_one() {
    let (address, _ends) = server(Serving::Http1).await;
    let (head, _) = ask(address, &upgrade_request("")).await;
    assert_eq!((header(&head, "x-node"), header(&head, "sec-websocket-protocol")), (Some("7"), None));
    let (head, body) = ask(address, &upgrade_request("").replace("Version: 13", "Version: 7")).await;
    assert!(head.starts_with("HTTP/1.1 426 "), "{head}");
    assert_eq!(header(&head, "sec-websocket-version"), Some("13"));
    assert_eq!(body, "The only version of the WebSocket protocol here is 13.\n");
    let (head, _) = ask(address, &upgrade_request("Origin: http://evil.example\r\n")).await;
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
}

#[tokio::test]
async fn a_client_that_leaves_before_its_response_ends_the_upgrade() {
    for serving in [Serving::Http1, Serving::Auto] {
        let (address, mut ends) = server(serving).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = upgrade_request("").replace("/chat", "/late");
        stream.write_all(request.as_bytes()).await.unwrap();
        LATE.notified().await;
        // A reset, which fails the response for sure.
        stream.set_zero_linger().unwrap();
        drop(stream);
        // Either hyper sees the reset before it answers, or the connection ends as soon as it begins.
        match timeout(Duration::from_secs(10), ends.recv()).await {
            Ok(Some(Err(_))) => {}
            Ok(Some(Ok(outcome))) => assert!(!outcome.clean && outcome.code == 1006, "{outcome:?}"),
            _ => panic!("{serving:?}: the upgrade waits for ever"),
        }
    }
}

#[tokio::test]
async fn a_server_without_upgrades_is_told_so() {
    let (address, mut ends) = server(Serving::WithoutUpgrades).await;
    ask(address, &upgrade_request("")).await;
    let error = timeout(Duration::from_secs(10), ends.recv()).await.unwrap().unwrap().unwrap_err();
    assert!(error.to_string().starts_with("the connection was not handed over: "), "{error}");
}
