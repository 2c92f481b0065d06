//! Servers with an application: on their own, and inside of somebody else's.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Instant;

use axum::Router;
use axum::routing::get;
use ropeway_server::Server;
use ropeway_server::app::{App, Reply, Socket, State};
use ropeway_server::config::{ByteSize, Config, Memory};
use serde_json::json;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use crate::client::{Client, Packet};
use crate::operators::request_at;
use crate::running::{Running, SOON};

fn config() -> Config {
    let mut config = Config::default();
    config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config
}

/// An axum server that has the routes of ours among its own, until it is dropped.
struct Embedded {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Embedded {
    fn start(config: Config, app: App) -> Self {
        let (tell, told) = channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let ours = Server::builder(config).app(app).into_router().unwrap();
                let router = Router::new().route("/own", get(async || "own")).fallback_service(ours);
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                let service = router.into_make_service_with_connect_info::<SocketAddr>();
                tokio::select! {
                    served = axum::serve(listener, service) => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self { address: told.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(thread::JoinHandle::join);
        assert!(thread::panicking() || ended.is_none_or(|ended| ended.is_ok()));
    }
}

#[test]
fn the_routes_of_a_server_fit_into_an_axum_server() {
    let app = App::new();
    app.namespace("/").on("address", |socket: Socket| {
        Reply(socket.handshake().address().map(|address| address.to_string()))
    });
    let server = Embedded::start(config(), app);
    let mut client = Client::to(server.address, "/");
    assert_eq!(client.ask("address", &json!([])), [json!("127.0.0.1")]);
}

/// Whose port and process are somebody else's.
#[test]
fn an_embedded_server_can_be_drained() {
    let mut config = config();
    config.api.key = Some("a-key-for-the-tests".to_owned());
    let app = App::new();
    app.namespace("/");
    let server = Embedded::start(config, app);
    let mut client = Client::to(server.address, "/");
    let mut drain = TcpStream::connect(server.address).unwrap();
    drain
        .write_all(
            b"POST /api/drain HTTP/1.1\r\nhost: x\r\nauthorization: Bearer a-key-for-the-tests\r\n\r\n",
        )
        .unwrap();
    while client.read() != Packet::Closed {}
    assert_eq!(request_at(server.address, "GET", "/readyz", "").0, 503);
    assert_eq!(request_at(server.address, "GET", "/own", "").2, "own");
}

#[test]
fn an_embedded_server_looks_at_its_memory() {
    let mut config = config();
    config.limits.memory = Memory::At(ByteSize::mib(1));
    let app = App::new();
    app.namespace("/");
    let server = Embedded::start(config, app);
    let deadline = Instant::now() + SOON;
    while request_at(server.address, "GET", "/socket.io/?EIO=4&transport=polling", "").0 != 503 {
        assert!(Instant::now() < deadline, "everybody is let in");
    }
}

#[tokio::test]
async fn an_application_is_for_one_server() {
    let app = App::new();
    let first = Server::builder(config()).app(app.clone()).bind().await.unwrap();
    let error = Server::builder(config()).app(app).bind().await.err().unwrap();
    assert_eq!(error.to_string(), "an application can be given to one server only");
    drop(first);
}

#[tokio::test]
async fn a_state_that_is_missing_is_told_before_anybody_connects() {
    #[derive(Clone)]
    struct Database;

    let wrong: [fn(&App); 4] = [
        |app| drop(app.namespace("/").on("event", |_: Socket, _: State<Database>| ())),
        |app| drop(app.namespace("/a-*").on_connect(async |_: State<Database>| ())),
        |app| drop(app.namespace("/").middleware(|_: State<Database>| ())),
        |app| drop(app.namespace_if(|_: State<Database>| true)),
    ];
    for define in wrong {
        let app = App::new();
        define(&app);
        let error = Server::builder(config()).app(app.clone()).bind().await.err().unwrap().to_string();
        assert!(error.starts_with("a handler wants State<") && error.contains("Database>"), "{error}");
        app.state(Database);
        assert!(Server::builder(config()).app(app).bind().await.is_ok());
    }
}

#[test]
fn namespaces_without_handlers_keep_the_reserved_events() {
    let app = App::new();
    app.namespace("/chat");
    let mut config = Config::development();
    config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Running::with(app, config, Router::new());
    let mut client = Client::connect(&server, "/");
    assert_eq!(client.ask("join", &json!(["demo:lobby"]))[0]["type"], "joined");
}
