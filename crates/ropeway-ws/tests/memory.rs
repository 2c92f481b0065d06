//! What an idle connection costs: the bytes of heap that an end of a TCP connection gives back when it is dropped after it
//! has talked, beside those of its bare stream, and its own size. A counting allocator counts what one thread allocates;
//! all of a test runs on one. What the thread keeps for all its connections, such as its scratch buffer, is not counted.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests may stop at the first surprise, and tell figures"
)]

use std::sync::Arc;
use std::time::Duration;

use allocation_counter::measure;
use ropeway_ws::{Config, Heartbeat, Message, Negotiated, WebSocket, deflate};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// Connections that are measured together.
const COUNT: usize = 100;

/// Most bytes that the server's end of an idle connection may hold.
const SERVER: i64 = 600;

/// Most bytes that the client's end may hold: it has a generator for masking keys, and a configuration to itself.
const CLIENT: i64 = 1000;

/// One window of 12 bits, in bytes.
const WINDOW: i64 = 1 << 12;

/// The client's end and the server's, or what is measured of them.
type Ends<C, S = C> = (C, S);

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

async fn streams(listener: &TcpListener) -> Ends<TcpStream> {
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

/// Two ends whose handshake is taken as done.
async fn connected(listener: &TcpListener, config: &Arc<Config>) -> Ends<WebSocket> {
    let (client, server) = streams(listener).await;
    let negotiated = Negotiated {
        subprotocol: None,
        deflate: config.deflate.as_ref().map(|deflate| deflate::Params {
            server_no_context_takeover: !deflate.send_takeover,
            client_no_context_takeover: !deflate.receive_takeover,
            server_max_window_bits: 12,
            client_max_window_bits: 12,
        }),
    };
    (
        WebSocket::client(client, negotiated.clone(), Arc::clone(config), Vec::new()),
        WebSocket::server(server, negotiated, Arc::clone(config), Vec::new()),
    )
}

/// Each end sends each message and gets it.
async fn talk((client, server): &mut Ends<WebSocket>, messages: &[Message<'static>]) {
    for message in messages {
        say(client, server, message).await;
        say(server, client, message).await;
    }
}

async fn say(from: &mut WebSocket, to: &mut WebSocket, message: &Message<'static>) {
    from.outgoing().send(message.clone()).unwrap();
    let (flushed, received) = tokio::join!(from.flush(), to.next());
    flushed.unwrap();
    assert_eq!(received.unwrap().unwrap(), *message);
}

/// Bytes of heap that each end that `make` makes gives back when it is dropped.
fn given_back<C, S>(runtime: &Runtime, mut make: impl AsyncFnMut() -> Ends<C, S>) -> Ends<i64> {
    let (mut clients, mut servers) = runtime.block_on(async {
        let mut made = (Vec::with_capacity(COUNT), Vec::with_capacity(COUNT));
        for _ in 0..COUNT {
            let (client, server) = make().await;
            made.0.push(client);
            made.1.push(server);
        }
        made
    });
    let client = measure(|| clients.clear()).bytes_current;
    let server = measure(|| servers.clear()).bytes_current;
    (-client / COUNT as i64, -server / COUNT as i64)
}

/// Bytes that each end holds beside its stream, its own size included.
fn held(runtime: &Runtime, make: impl AsyncFnMut() -> Ends<WebSocket>) -> Ends<i64> {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let bare = given_back(runtime, async || streams(&listener).await);
    let all = given_back(runtime, make);
    let own = size_of::<WebSocket>() as i64;
    (all.0 - bare.0 + own, all.1 - bare.1 + own)
}

fn check(name: &str, (client, server): Ends<i64>, more: i64) {
    println!("{name}: client {client} bytes, server {server} bytes");
    assert!(client <= CLIENT + more, "{name}: client {client}");
    assert!(server <= SERVER + more, "{name}: server {server}");
}

/// Checks an end that has exchanged `messages`; it may hold `more` than the limits.
fn check_after(name: &str, config: Config, messages: &[Message<'static>], more: i64) {
    let runtime = runtime();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let config = Arc::new(config);
    let ends = held(&runtime, async || {
        let mut ends = connected(&listener, &config).await;
        talk(&mut ends, messages).await;
        ends
    });
    check(name, ends, more);
}

fn messages() -> Vec<Message<'static>> {
    let noise = (0..100 * 1024u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<_>>();
    vec![Message::from("short"), Message::from("long ".repeat(20 * 1024)), Message::from(noise)]
}

#[test]
fn an_idle_connection_owns_no_buffer() {
    check_after("new", Config::default(), &[], 0);
    check_after("after messages of 100 KiB", Config::default(), &messages(), 0);
}

#[test]
fn with_deflate_an_idle_connection_owns_two_windows_at_most() {
    let with = |deflate| Config { deflate: Some(deflate), ..Config::default() };
    check_after("takeover", with(deflate::Config::default()), &messages(), 2 * WINDOW + 200);
    check_after("takeover, new", with(deflate::Config::default()), &[], 200);
    check_after("no takeover", with(deflate::Config::without_takeover()), &messages(), 200);
}

#[test]
fn a_heartbeat_costs_a_timer() {
    let config = Config { heartbeat: Some(Heartbeat::default()), ..Config::default() };
    check_after("with a heartbeat", config, &messages(), 150);
}

/// A message that waits for its second half holds what has come of it, not what its header promises.
#[test]
fn a_declared_length_takes_no_memory() {
    let runtime = runtime();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let config = Arc::new(Config::default());
    let halved = given_back(&runtime, async || {
        let (wire, server) = streams(&listener).await;
        let mut server = WebSocket::server(server, Negotiated::default(), Arc::clone(&config), Vec::new());
        // A million bytes are promised, ten come.
        let start = [&[0x82, 0xff, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x40, 0, 0, 0, 0][..], b"ten bytes!"].concat();
        assert_eq!(wire.try_write(&start).unwrap(), start.len());
        while tokio::time::timeout(Duration::from_millis(5), server.next()).await.is_ok() {}
        (wire, server)
    });
    let (bare, _) = given_back(&runtime, async || streams(&listener).await);
    println!("half a message: {} bytes", halved.1 - bare);
    assert!((1..=256).contains(&(halved.1 - bare)), "{}", halved.1 - bare);
}

/// The handshake, of whichever kind, leaves nothing behind.
#[cfg(feature = "client")]
mod handshakes {
    use ropeway_ws::server::Acceptor;
    use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

    use super::*;

    /// Checks the ends of a server that `serve` starts and that hands out its connections.
    fn check_served(name: &str, serve: impl FnOnce(TcpListener, UnboundedSender<WebSocket>)) {
        let runtime = runtime();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        let (sender, mut servers) = unbounded_channel();
        runtime.block_on(async { serve(listener, sender) });
        let ends = held(&runtime, async || {
            let client = ropeway_ws::connect(&url).await.unwrap();
            let mut ends = (client, servers.recv().await.unwrap());
            // A stream holds on to the task that polled it last: that of the handshake, until the ends are polled.
            talk(&mut ends, &[Message::from("short")]).await;
            ends
        });
        check(name, ends, 0);
    }

    #[test]
    fn on_a_bare_stream() {
        check_served("a bare stream", |listener, ends| {
            tokio::spawn(async move {
                let acceptor = Acceptor::new(Config::default());
                while let Ok((tcp, _)) = listener.accept().await {
                    ends.send(acceptor.accept(tcp).await.unwrap().0).unwrap();
                }
            });
        });
    }

    #[cfg(feature = "hyper")]
    #[test]
    fn on_hyper() {
        use hyper::{body::Incoming, server::conn::http1, service::service_fn};
        use hyper_util::rt::TokioIo;

        check_served("hyper", |listener, ends| {
            let acceptor = Acceptor::new(Config::default());
            tokio::spawn(async move {
                while let Ok((tcp, _)) = listener.accept().await {
                    let (acceptor, ends) = (acceptor.clone(), ends.clone());
                    let service = service_fn(move |mut request: http::Request<Incoming>| {
                        let (response, upgrade) = acceptor.upgrade(&mut request).unwrap();
                        let ends = ends.clone();
                        tokio::spawn(async move { ends.send(upgrade.await.unwrap()).unwrap() });
                        async { Ok::<_, std::convert::Infallible>(response.map(|()| String::new())) }
                    });
                    let http = http1::Builder::new().serve_connection(TokioIo::new(tcp), service);
                    tokio::spawn(async move { http.with_upgrades().await.unwrap() });
                }
            });
        });
    }

    #[cfg(feature = "axum")]
    #[test]
    fn in_axum() {
        use axum::{Router, routing::any};
        use ropeway_ws::server::WebSocketUpgrade;

        check_served("axum", |listener, ends| {
            let acceptor = Acceptor::new(Config::default());
            let upgrade = async move |upgrade: WebSocketUpgrade| {
                upgrade.on_upgrade(&acceptor, async move |socket| drop(ends.send(socket)))
            };
            let app = Router::new().route("/", any(upgrade));
            tokio::spawn(async move { axum::serve(listener, app).await });
        });
    }
}
