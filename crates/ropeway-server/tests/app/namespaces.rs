//! Namespaces by name, by pattern and by function.

use std::sync::Arc;
use std::time::Duration;

use ropeway_server::Handshake;
use ropeway_server::app::{App, Auth, Error, HubError, Namespace, Reply, State};
use ropeway_server::config::Config;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::{Client, Packet};
use crate::running::{Running, SOON, telling};

fn where_am_i(namespace: Namespace) -> Reply<String> {
    Reply(namespace.name().to_owned())
}

#[track_caller]
fn unknown(server: &Running, namespace: &str, auth: &Value) {
    let (_, answer) = Client::answer(server, namespace, auth);
    assert_eq!(answer, Packet::ConnectError(json!({ "message": "Invalid namespace" })), "{namespace}");
}

#[test]
fn a_namespace_has_its_name_with_a_slash() {
    let app = App::new();
    app.namespace("chat").on("where", where_am_i);
    let server = Running::start(app);
    assert_eq!(Client::connect(&server, "/chat").ask("where", &json!([])), [json!("/chat")]);
    unknown(&server, "/other", &json!({}));
}

#[test]
fn a_pattern_makes_namespaces_that_are_apart() {
    let (sender, told) = telling();
    let app = App::new();
    app.on_new_namespace(move |namespace| {
        let _ = sender.send(namespace.name().to_owned());
    });
    app.namespace("/tenant-*").on("where", where_am_i);
    app.namespace("/tenant-0").on("where", || Reply("the exact name counts"));
    let server = Running::start(app.clone());
    let mut first = Client::connect(&server, "/tenant-1");
    let mut same = Client::connect(&server, "/tenant-1");
    let mut second = Client::connect(&server, "/tenant-2");
    assert_eq!(first.ask("where", &json!([])), [json!("/tenant-1")]);
    assert_eq!(second.ask("where", &json!([])), [json!("/tenant-2")]);
    let mut exact = Client::connect(&server, "/tenant-0");
    assert_eq!(exact.ask("where", &json!([])), [json!("the exact name counts")]);
    assert_eq!([told.next(), told.next()], ["/tenant-1", "/tenant-2"]);
    assert!(told.is_empty(), "each is new once");
    unknown(&server, "/tenants", &json!({}));

    app.of("/tenant-1").emit("one", 1).unwrap();
    app.of("/tenant-*").emit("all", 2).unwrap();
    assert_eq!(first.event(), ("one".to_owned(), json!([1])));
    assert_eq!(first.event(), ("all".to_owned(), json!([2])));
    assert_eq!(same.event(), ("one".to_owned(), json!([1])));
    assert_eq!(second.event(), ("all".to_owned(), json!([2])), "what the first one got is not for it");
}

#[test]
fn a_namespace_that_nobody_has_asked_for_yet_is_empty() {
    let app = App::new();
    app.namespace("/tenant-*");
    let _server = Running::start(app.clone());
    app.of("/tenant-1").emit("one", 1).unwrap();
    app.of("/tenant-1").to("room").sockets_join("other").unwrap();
    assert!(app.of("/tenant-1").sockets().unwrap().is_empty());
    let error = app.of("/no-tenant").emit("one", 1).unwrap_err();
    assert!(matches!(error, Error::Hub(HubError::NoNamespace)), "{error}");
}

#[test]
fn a_function_knows_name_handshake_auth_and_state() {
    #[derive(Clone)]
    struct Tenants(Arc<[String]>);

    let app = App::new();
    app.state(Tenants(["/red".to_owned(), "/blue".to_owned()].into()));
    app.namespace_if(
        async |namespace: Namespace,
               handshake: Arc<Handshake>,
               Auth(auth): Auth<Value>,
               State(Tenants(tenants)): State<Tenants>| {
            sleep(Duration::from_millis(5)).await;
            let known = tenants.iter().any(|tenant| tenant == namespace.name());
            known && handshake.query("colour").as_deref() == Some("red") && auth["key"] == 1
        },
    )
    .on("where", where_am_i);
    app.namespace_if(|namespace: Namespace| namespace.name() == "/green").on("where", || Reply("green"));
    let server = Running::start(app);
    let (mut client, answer) = Client::answer(&server, "/blue", &json!({ "key": 1 }));
    assert!(matches!(answer, Packet::Connect(_)), "{answer:?}");
    assert_eq!(client.ask("where", &json!([])), [json!("/blue")]);
    unknown(&server, "/blue", &json!({ "key": 2 }));
    unknown(&server, "/black", &json!({ "key": 1 }));
    assert_eq!(Client::connect(&server, "/green").ask("where", &json!([])), [json!("green")]);
}

#[test]
fn several_namespaces_share_a_connection() {
    let app = App::new();
    app.namespace("/a").on("where", where_am_i);
    app.namespace("/b").on("where", where_am_i);
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/a");
    assert_eq!(client.ask("where", &json!([])), [json!("/a")]);
    client.enter("/b", None);
    assert!(matches!(client.read(), Packet::Connect(_)));
    assert_eq!(client.ask("where", &json!([])), [json!("/b")]);
    client.leave();
    client.enter("/b", None);
    assert!(matches!(client.read(), Packet::Connect(_)), "it may come back");
}

#[test]
fn namespaces_without_clients_are_forgotten_when_that_is_wanted() {
    for cleanup in [false, true] {
        let (sender, told) = telling();
        let app = App::new();
        app.on_new_namespace(move |namespace| {
            let _ = sender.send(namespace.name().to_owned());
        });
        app.namespace("/tenant-*").on_disconnect(|| ());
        let mut config = Config::default();
        config.socketio.cleanup_empty_child_namespaces = cleanup;
        let server = Running::with(app.clone(), config, axum::Router::new());
        drop(Client::connect(&server, "/tenant-1"));
        assert_eq!(told.next(), "/tenant-1");
        let start = std::time::Instant::now();
        let gone = || app.namespaces().iter().all(|name| **name != *"/tenant-1");
        while gone() != cleanup && start.elapsed() < SOON {
            sleep_a_little();
        }
        sleep_a_little();
        assert_eq!(gone(), cleanup);
        let _client = Client::connect(&server, "/tenant-1");
        if cleanup {
            assert_eq!(told.next(), "/tenant-1", "it is a new one");
        }
        assert!(told.is_empty());
    }
}

fn sleep_a_little() {
    std::thread::sleep(Duration::from_millis(5));
}

#[test]
fn namespaces_and_sockets_can_be_counted() {
    let app = App::new();
    app.namespace("/a");
    app.namespace("/b");
    let server = Running::start(app.clone());
    let _clients = [Client::connect(&server, "/a"), Client::connect(&server, "/a")];
    assert_eq!(app.of("/a").sockets().unwrap().len(), 2);
    assert_eq!(app.of("/b").sockets().unwrap().len(), 0);
    assert_eq!(app.connections(), 2);
    let mut names: Vec<String> = app.namespaces().iter().map(ToString::to_string).collect();
    names.sort();
    assert_eq!(names, ["/", "/a", "/b"]);
}
