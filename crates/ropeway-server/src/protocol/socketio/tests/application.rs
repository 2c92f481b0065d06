//! Namespaces with handlers.

use std::sync::{Arc, Mutex};

use ropeway_socketio::engine::Version;
use serde_json::json;
use tokio::sync::oneshot;

use super::{Client, between, config, publish};
use crate::app::{Ack, App, Args, Auth, Data, DisconnectReason, Refusal, Reply, Socket};
use crate::protocol::Session as _;
use crate::state::{Shared, State};

#[derive(serde::Deserialize)]
struct Login {
    token: String,
}

fn serve(app: &App) -> Shared {
    State::new(config(), Some(app.clone()))
}

fn client(server: &Shared) -> Client {
    Client::of(server.socketio.clone(), Version::V4)
}

#[test]
fn events_go_to_handlers_and_answers_come_back() {
    let app = App::new();
    app.namespace("/chat")
        .on("echo", |Data(text): Data<String>| Reply(text))
        .on("nothing", || {})
        .on("dropped", |ack: Ack| drop(ack))
        .on("join", |socket: Socket| socket.emit("told", Args((1, "two"))));
    let mut client = client(&serve(&app));
    assert!(client.says("0/chat,").starts_with(r#"40/chat,{"sid":""#));
    assert_eq!(client.says(r#"2/chat,0["echo","é\n"]"#), r#"43/chat,0["é\n"]"#);
    assert_eq!(client.says(r#"2/chat,["echo","x"]"#), "", "nobody asked");
    assert_eq!(client.says(r#"2/chat,["join"]"#), r#"42/chat,["told",1,"two"]"#, "no event is reserved");
    for silent in [r#"2/chat,1["dropped"]"#, r#"2/chat,["unknown"]"#, r#"2/chat,3["nothing"]"#] {
        assert_eq!(client.says(silent), "", "{silent}");
    }
}

#[test]
fn middleware_refuses_with_data() {
    let app = App::new();
    app.namespace("/chat").middleware(|Auth(login): Auth<Login>| match login.token.as_str() {
        "good" => Ok(()),
        _ => Err(Refusal::new("who are you?").with_data(json!({ "retry": "never" }))),
    });
    let server = serve(&app);
    let mut client = client(&server);
    assert_eq!(
        client.says(r#"0/chat,{"token":"bad"}"#),
        r#"44/chat,{"message":"who are you?","data":{"retry":"never"}}"#
    );
    assert!(client.says("0/chat,").starts_with(r#"44/chat,{"message":""#), "without auth");
    assert!(client.says(r#"0/chat,{"token":"good"}"#).starts_with("40/chat,"));

    let mut old = Client::of(server.socketio.clone(), Version::V3);
    assert_eq!(old.says("0/chat?token=bad,"), "40\n44/chat,{\"retry\":\"never\"}");
    assert_eq!(old.says("0/chat?token=good,"), "40/chat,");
}

#[tokio::test]
async fn nothing_else_waits_for_middleware() {
    let (open, opened) = oneshot::channel::<()>();
    let opened = Arc::new(Mutex::new(Some(opened)));
    let app = App::new();
    app.namespace("/slow").middleware(move || {
        let opened = opened.lock().unwrap().take();
        async move { opened.unwrap().await.map_err(|_| Refusal::new("gone")) }
    });
    let mut client = client(&serve(&app));
    assert_eq!(client.says("0/slow,"), "");
    assert!(client.says("0").starts_with("40{"), "other namespaces go on");
    assert!(!client.session.is_busy());
    open.send(()).unwrap();
    assert!(client.told().starts_with("40/slow,{"));
}

#[tokio::test]
async fn packets_for_a_namespace_that_is_not_decided_close() {
    for packet in ["2/slow,[\"e\"]", "0/slow,", "1/slow,"] {
        let app = App::new();
        app.namespace("/slow").middleware(async || std::future::pending::<Result<(), Refusal>>().await);
        let mut client = client(&serve(&app));
        client.says("0/slow,");
        assert_eq!(client.says(packet), "close 1008 invalid state", "{packet}");
    }
}

#[tokio::test]
async fn a_client_cannot_wait_for_any_number_of_decisions() {
    let app = App::new();
    app.namespace("/slow-*").middleware(async || std::future::pending::<Result<(), Refusal>>().await);
    let mut client = client(&serve(&app));
    let told = (0..100).map(|n| client.says(&format!("0/slow-{n},"))).filter(|told| !told.is_empty());
    let told = told.collect::<Vec<_>>();
    assert!(told.len() >= 36 && told[0].contains("too many namespaces on this connection"), "{told:?}");
}

#[test]
fn the_server_puts_a_socket_out_and_it_may_come_back() {
    let app = App::new();
    app.namespace("/chat").on("out", |socket: Socket| socket.disconnect(false));
    let mut client = client(&serve(&app));
    client.says("0/chat,");
    assert_eq!(client.says("2/chat,[\"out\"]"), "41/chat,");
    assert_eq!(client.says("2/chat,[\"late\"]"), "", "sent before it knew");
    assert_eq!(client.says("1/chat,"), "");
    assert!(client.says("0/chat,").starts_with("40/chat,{"));
}

#[test]
fn the_server_ends_the_whole_connection() {
    let app = App::new();
    app.namespace("/chat").on("out", |socket: Socket| socket.disconnect(true));
    let mut client = client(&serve(&app));
    client.says("0");
    client.says("0/chat,");
    let told = client.says("2/chat,[\"out\"]");
    assert!(told.contains("41/chat,") && told.contains("41\n") && told.contains("close "), "{told}");
}

#[test]
fn the_application_learns_why_somebody_has_gone() {
    let reasons = Arc::new(Mutex::new(Vec::new()));
    let heard = reasons.clone();
    let app = App::new();
    app.namespace("/chat").on_disconnect(move |reason: DisconnectReason| {
        heard.lock().unwrap().push(reason.to_string());
    });
    let server = serve(&app);
    let ended = |end: &dyn Fn(&mut Client)| {
        let mut client = client(&server);
        client.says("0/chat,");
        end(&mut client);
        drop(client);
        std::mem::take(&mut *reasons.lock().unwrap()).join("; ")
    };
    assert_eq!(ended(&|client| drop(client.says("1/chat,"))), "client namespace disconnect");
    assert_eq!(ended(&|client| drop(client.says("nonsense"))), "parse error");
    assert_eq!(ended(&|client| drop(client.says("0/chat,"))), "forced server close");
    assert_eq!(ended(&|client| client.session.end(DisconnectReason::PingTimeout)), "ping timeout");
    assert_eq!(
        ended(&|client| client.session.end(DisconnectReason::ServerShuttingDown)),
        "server shutting down"
    );
    assert_eq!(ended(&|_| {}), "transport close");
}

#[tokio::test]
async fn clients_answer_events_of_the_server() {
    let app = App::new();
    let answered = Arc::new(Mutex::new(None));
    let heard = answered.clone();
    app.namespace("/chat").on_connect(move |socket: Socket| {
        let heard = heard.clone();
        async move {
            let answer = socket.emit_with_ack::<Args<(u32, String)>>("question", "?").await.unwrap();
            *heard.lock().unwrap() = Some(answer.0);
        }
    });
    let mut client = client(&serve(&app));
    let told = client.says("0/chat,");
    let id = between(&told, "\n42/chat,", "[").to_owned();
    assert!(told.ends_with(&format!(r#"42/chat,{id}["question","?"]"#)), "{told}");
    client.says(&format!("3/chat,{}[0,\"\"]", u64::from(id == "7") + 7));
    client.says(&format!(r#"3/chat,{id}[1,"a"]"#));
    client.says(&format!(r#"3/chat,{id}[2,"b"]"#));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(*answered.lock().unwrap(), Some((1, "a".to_owned())), "the first answer, to this question");
}

#[test]
fn clients_of_an_application_hear_nothing_but_what_it_says() {
    let app = App::new();
    app.namespace("/").on("enter", |socket: Socket| socket.join("demo:a")).on("leave", |socket: Socket| {
        socket.leave("demo:a");
    });
    let server = serve(&app);
    let mut ada = client(&server);
    ada.says("0");
    assert_eq!(ada.says("2[\"enter\"]"), "");
    let mut bob = client(&server);
    bob.says("0");
    bob.says("2[\"enter\"]");
    assert_eq!(ada.told(), "", "no presence");
    publish(&server.hub, "news", "1");
    assert_eq!(ada.told(), r#"42["news",1,{"room":"demo:a","offset":1}]"#);
    assert_eq!(ada.says("2[\"leave\"]"), "", "nor `left`");
}
