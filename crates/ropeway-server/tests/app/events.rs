//! Handlers of events: what they may ask for and what they may give back.

use std::sync::Arc;
use std::time::Duration;

use ropeway_server::Handshake;
use ropeway_server::app::{
    Ack, App, Args, Auth, Data, Event, Extract, Namespace, Parts, Raw, Refusal, Rejection, Reply, Socket,
    State,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{Client, Packet};
use crate::running::{Running, telling};

#[derive(Deserialize)]
struct Login {
    user: String,
}

#[derive(Clone)]
struct Greeting(&'static str);

#[test]
fn a_handler_has_up_to_eight_arguments() {
    let app = App::new();
    app.state(Greeting("hello"));
    app.namespace("/all").on("ask", everything);
    let server = Running::start(app);
    let (mut client, _) = Client::answer(&server, "/all", &json!({ "user": "ada" }));
    let answer = client.ask("ask", &json!([1, "two"]));
    let id = answer[0]["id"].as_str().unwrap();
    assert_eq!(id.len(), 20, "{id}");
    let expected = json!({
        "id": id, "data": 1, "args": [1, "two"], "auth": "ada", "state": "hello", "event": "ask",
        "colour": "red", "raw": "1,\"two\"", "namespace": "/all",
    });
    assert_eq!(answer, [expected]);
}

#[allow(clippy::too_many_arguments, reason = "it is what is tested")]
async fn everything(
    socket: Socket,
    Data(data): Data<u32>,
    Args((first, second)): Args<(u32, String)>,
    Auth(login): Auth<Login>,
    State(Greeting(greeting)): State<Greeting>,
    Event(event): Event,
    handshake: Arc<Handshake>,
    raw: Raw,
) -> Reply<Value> {
    Reply(json!({
        "id": socket.id(), "data": data, "args": [json!(first), json!(second)], "auth": login.user,
        "state": greeting, "event": event, "colour": handshake.query("colour"), "raw": raw.as_str(),
        "namespace": socket.namespace().name(),
    }))
}

#[test]
fn what_a_handler_returns_is_the_acknowledgement() {
    let app = App::new();
    app.namespace("/")
        .on("value", || Reply(json!({ "a": 1 })))
        .on("several", async || Reply(Args((1, "two", [3]))))
        .on("none", || Reply(()))
        .on("some", || Some(Reply(1)))
        .on("nothing", || None::<Reply<i32>>)
        .on("unit", || ())
        .on("fine", async || Ok::<_, Refusal>(Reply("fine")))
        .on("refused", || Err::<(), _>(Refusal::new("not today").with_data(json!({ "until": "tomorrow" }))))
        .on("text", async || Err::<(), _>("because"));
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    assert_eq!(client.ask("value", &json!([])), [json!({ "a": 1 })]);
    assert_eq!(client.ask("several", &json!([])), [json!(1), json!("two"), json!([3])]);
    assert_eq!(client.ask("none", &json!([])), [] as [Value; 0]);
    assert_eq!(client.ask("some", &json!([])), [json!(1)]);
    assert_eq!(client.ask("fine", &json!([])), [json!("fine")]);
    let refused = json!({
        "type": "error", "code": "refused", "message": "not today", "retry": false,
        "data": { "until": "tomorrow" },
    });
    assert_eq!(client.ask("refused", &json!([])), [refused]);
    let text = json!({ "type": "error", "code": "refused", "message": "because", "retry": false });
    assert_eq!(client.ask("text", &json!([])), [text]);
    client.emit_asking("nothing", &json!([]));
    client.emit_asking("unit", &json!([]));
    client.nothing_more();
}

#[test]
fn nothing_is_acknowledged_that_the_client_did_not_ask_for() {
    let app = App::new();
    app.namespace("/").on("value", || Reply(1)).on("bad", |Data(_): Data<u32>| ());
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    client.emit("value", &json!([]));
    client.emit("bad", &json!(["text"]));
    client.emit("unknown", &json!([]));
    client.nothing_more();
}

#[test]
fn arguments_that_cannot_be_had_are_refused_and_the_handler_is_not_called() {
    struct Never;

    impl<K> Extract<K> for Never {
        fn extract(_parts: &mut Parts<'_>) -> Result<Self, Rejection> {
            Err(Rejection::bad_argument("never"))
        }
    }

    struct Lacking;

    impl<K> Extract<K> for Lacking {
        fn extract(_parts: &mut Parts<'_>) -> Result<Self, Rejection> {
            Err(Rejection::internal("the database is on fire"))
        }
    }

    let app = App::new();
    app.namespace("/")
        .on("internal", |_: Lacking| not_called())
        .on("number", |Data(_): Data<u32>| not_called())
        .on("pair", |Args(_): Args<(u32, u32)>| not_called())
        .on("auth", |Auth(_): Auth<Login>| not_called())
        .on("secret", |Auth(_): Auth<String>| not_called())
        .on("own", |_: Never| not_called());
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    let mut refused = |event: &str, arguments: Value| {
        let answer = client.ask(event, &arguments);
        let text = |name: &str| answer[0][name].as_str().unwrap().to_owned();
        assert_eq!(text("type"), "error");
        (text("code"), text("message"))
    };
    let (code, message) = refused("number", json!(["text"]));
    assert_eq!(code, "bad_argument");
    assert!(message.starts_with("the data cannot be read: invalid type: string \"text\""), "{message}");
    assert_eq!(refused("number", json!([])).1, "the data cannot be read: argument 1 is missing");
    let (_, message) = refused("pair", json!([1]));
    assert!(message.starts_with("the arguments cannot be read: argument 2 is missing"), "{message}");
    let (_, message) = refused("auth", json!([]));
    assert!(message.starts_with("`auth` cannot be read: missing field `user`"), "{message}");
    let (_, message) = refused("secret", json!([]));
    assert_eq!(message, "`auth` cannot be read: it has another form than is expected", "it is not quoted");
    assert_eq!(
        refused("internal", json!([])),
        ("internal".to_owned(), "the server cannot answer".to_owned()),
        "what the server lacks is its own business"
    );
    assert_eq!(refused("own", json!([])), ("bad_argument".to_owned(), "never".to_owned()));
}

fn not_called() {
    panic!("the handler is called");
}

#[test]
fn arguments_may_be_left_out_or_be_too_many() {
    let app = App::new();
    app.namespace("/")
        .on("one", |Data(data): Data<Option<u32>>| Reply(data))
        .on("two", |Args((a, b)): Args<(u32, Option<u32>)>| Reply(Args((a, b))))
        .on("value", |Data(data): Data<Value>| Reply(data));
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    assert_eq!(client.ask("one", &json!([])), [json!(null)]);
    assert_eq!(client.ask("one", &json!([1, "more"])), [json!(1)]);
    assert_eq!(client.ask("two", &json!([1])), [json!(1), json!(null)]);
    assert_eq!(client.ask("two", &json!([1, 2, { "more": [] }])), [json!(1), json!(2)]);
    assert_eq!(client.ask("value", &json!([{ "any": [1, "x"] }])), [json!({ "any": [1, "x"] })]);
}

#[test]
fn an_acknowledgement_can_be_sent_by_hand_at_any_time() {
    let (sender, told) = telling();
    let app = App::new();
    app.namespace("/")
        .on("at once", |ack: Ack| ack.send("now"))
        .on("later", move |ack: Ack| {
            let _ = sender.send(ack);
        })
        .on("refuse", |ack: Ack| ack.refuse("no"))
        .on("forget", |_ack: Ack| ())
        .on("asked", |ack: Ack| {
            let asked = ack.is_awaited();
            ack.send(asked)
        });
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    assert_eq!(client.ask("at once", &json!([])), [json!("now")]);
    let asked = client.emit_asking("later", &json!([]));
    let ack = told.next();
    assert_eq!(client.ask("asked", &json!([])), [json!(true)], "others are answered before");
    ack.send(Args((1, 2))).unwrap();
    assert_eq!(client.acknowledgement(asked), [json!(1), json!(2)]);
    assert_eq!(client.ask("refuse", &json!([]))[0]["message"], "no");
    client.emit_asking("forget", &json!([]));
    client.emit("asked", &json!([]));
    client.nothing_more();
}

#[test]
fn any_event_is_heard_before_its_own_handler() {
    let (sender, told) = telling();
    let own = sender.clone();
    let app = App::new();
    app.namespace("/")
        .on_any(move |Event(name): Event, raw: Raw| {
            let _ = sender.send(format!("any {name} {}", raw.as_str()));
            Reply("any")
        })
        .on("known", move || {
            let _ = own.send("own".to_owned());
            Reply("own")
        });
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    assert_eq!(client.ask("known", &json!([1])), [json!("own")]);
    assert_eq!([told.next(), told.next()], ["any known 1", "own"]);
    assert_eq!(client.ask("unknown", &json!([])), [json!("any")], "it answers what nobody else does");
}

#[test]
fn middleware_of_events_may_refuse_them() {
    let app = App::new();
    app.namespace("/")
        .event_middleware(async |Event(name): Event, Data(data): Data<Option<u32>>| {
            tokio::time::sleep(Duration::from_millis(1)).await;
            match data {
                Some(13) => Err(Refusal::new(format!("{name} with 13"))),
                _ => Ok(()),
            }
        })
        .on("count", |Data(data): Data<u32>| Reply(data + 1));
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    assert_eq!(client.ask("count", &json!([1])), [json!(2)]);
    assert_eq!(client.ask("count", &json!([13]))[0]["message"], "count with 13");
    assert_eq!(client.ask("count", &json!([2])), [json!(3)]);
}

#[test]
fn an_event_without_a_handler_is_told_to_who_asks() {
    let app = App::new();
    app.namespace("/");
    let server = Running::start(app);
    let mut client = Client::connect(&server, "/");
    let unknown = json!({
        "type": "error", "code": "no_handler", "message": "nobody handles this event", "retry": false,
    });
    assert_eq!(client.ask("what", &json!([])), [unknown]);
    client.emit("what", &json!([]));
    client.nothing_more();
}

#[test]
fn a_handler_speaks_to_its_namespace() {
    let app = App::new();
    app.namespace("/a").on("shout", |here: Namespace, raw: Raw| here.emit("heard", raw));
    app.namespace("/b");
    let server = Running::start(app);
    let mut first = Client::connect(&server, "/a");
    let mut second = Client::connect(&server, "/a");
    let mut other = Client::connect(&server, "/b");
    first.emit("shout", &json!([1, { "two": 2 }]));
    let heard =
        Packet::Event { name: "heard".into(), arguments: vec![json!(1), json!({ "two": 2 })], ack: None };
    assert_eq!((first.read(), second.read()), (heard.clone(), heard));
    other.nothing_more();
}
