//! The connect webhook.

use std::thread;
use std::time::SystemTime;

use serde_json::json;

use crate::application::{Answer, Application};
use crate::client::refused;
use crate::running::Running;
use crate::set_up::{joins, note, order, poll, refusal, server, user, welcomed};
use crate::signature::signed_at;

const SECRET: &str = "a secret of the webhook";

fn with(application: &Application, settings: &[(&'static str, &str)]) -> Running {
    let url = application.url("/connect?key=a-secret-of-the-url");
    let secrets = ["a-secret-of-the-url", "session-of-ada", "the-token-of-ada"];
    secrets.iter().for_each(|secret| note(secret));
    let common = [("webhook.connect_url", &*url), ("webhook.secret", SECRET), ("webhook.timeout", "10s")];
    server(&[&common, settings].concat())
}

#[test]
fn everybody_who_comes_is_asked_about_once() {
    let application = Application::start(&[Answer::ok("{}")]);
    let server = with(&application, &[]);
    welcomed(&server, "/ws", &[]).nothing_more();
    assert_eq!(application.asked().len(), 1);
    assert_eq!(poll(&server, "", "").status, 200);
    let asked = application.asked();
    assert_eq!((asked.len(), &asked[1].json()["protocol"]), (2, &json!("socket.io")));
    assert_eq!(
        (&asked[0].json()["carrier"], &asked[1].json()["carrier"]),
        (&json!("websocket"), &json!("polling"))
    );
}

#[test]
fn questions_are_signed() {
    let application = Application::start(&[Answer::ok("{}")]);
    let server = with(&application, &[]);
    welcomed(&server, "/ws?room=a", &[]);
    let asked = application.asked();
    let time = signed_at(&asked[0], SECRET).expect("a good signature");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    assert!(now.as_secs().abs_diff(time) < 60, "a time that a receiver can check");
    assert_eq!(signed_at(&asked[0], "another"), None);
}

#[test]
fn a_question_says_who_comes_and_no_secret() {
    let application = Application::start(&[Answer::ok("{}")]);
    let server = with(&application, &[("tickets.enabled", "true")]);
    let ticket = order(&server, r#"{"user":"ada"}"#).json()["ticket"].as_str().unwrap().to_owned();
    let headers = [
        ("origin", "https://app.example"),
        ("user-agent", "a browser"),
        ("cookie", "sid=session-of-ada"),
        ("authorization", "Bearer the-token-of-ada"),
        ("x-other", "1"),
    ];
    welcomed(&server, &format!("/ws?room=a&ticket={ticket}&token=the-token-of-ada&room=b"), &headers);
    let asked = &application.asked()[0];
    let mut body = asked.json();
    for name in ["id", "time", "node"] {
        assert!(!body[name].is_null(), "{name}");
        body.as_object_mut().unwrap().remove(name);
    }
    let expected = json!({
        "event": "connect", "user": "ada", "address": "127.0.0.1", "protocol": "ropeway.json", "carrier": "websocket",
        "path": "/ws", "query": { "room": "a" },
        "headers": { "origin": "https://app.example", "user-agent": "a browser" },
    });
    assert_eq!(body, expected);
    let sent = format!("{:?}{}", asked.headers, String::from_utf8_lossy(&asked.body));
    assert!(
        !sent.contains("sid=session-of-ada") && !sent.contains("the-token-of-ada") && !sent.contains(&ticket)
    );
}

#[test]
fn cookies_are_passed_on_where_that_is_wanted() {
    let application = Application::start(&[Answer::ok("{}")]);
    let server = with(&application, &[("webhook.forward_cookie", "true")]);
    welcomed(&server, "/ws", &[("cookie", "sid=session-of-ada")]);
    assert_eq!(application.asked()[0].json()["headers"]["cookie"], "sid=session-of-ada");
}

#[test]
fn an_endpoint_in_trouble_is_asked_the_same_again() {
    let trouble = Answer::Status(503, String::new());
    let application = Application::start(&[trouble.clone(), trouble, Answer::ok("{}")]);
    let server = with(&application, &[]);
    welcomed(&server, "/ws", &[]);
    let asked = application.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|again| again.json()["id"] == asked[0].json()["id"]), "to be told apart");
    assert!(asked.iter().all(|again| signed_at(again, SECRET).is_some()));
    welcomed(&server, "/ws", &[]);
    assert_ne!(application.asked()[3].json()["id"], asked[0].json()["id"]);
}

#[test]
fn trouble_that_lasts_keeps_everybody_out() {
    let application = Application::start(&[Answer::Status(500, String::new())]);
    let server = with(&application, &[("webhook.retries", "1")]);
    let expected =
        json!({ "code": "unavailable", "message": "the application cannot be asked at the moment" });
    assert_eq!(refusal(&server, "/ws", &[]), (503, expected));
    assert_eq!(application.asked().len(), 2);
}

#[test]
fn a_refusal_is_final() {
    for (status, body, code, message) in [
        (403, r#"{"message":"banned"}"#, "forbidden", "banned"),
        (403, "", "forbidden", "forbidden"),
        (403, r#"{"message":""}"#, "forbidden", "forbidden"),
        (403, r#"{"message":"two\nlines"}"#, "forbidden", "forbidden"),
        (403, &format!(r#"{{"message":"{}"}}"#, "x".repeat(257)), "forbidden", "forbidden"),
        (401, &format!(r#"{{"message":"{0}"}}"#, "x".repeat(256)), "unauthorized", &"x".repeat(256)),
        (401, r#"{"message":"log in again"}"#, "unauthorized", "log in again"),
    ] {
        let application = Application::start(&[Answer::Status(status, body.to_owned())]);
        let server = with(&application, &[]);
        let expected = json!({ "code": code, "message": message });
        assert_eq!(refusal(&server, "/ws", &[]), (status, expected));
        assert_eq!(application.asked().len(), 1, "it is not asked again");
    }
}

#[test]
fn what_is_no_answer_keeps_everybody_out() {
    for answer in [
        Answer::Elsewhere,
        Answer::Noise,
        Answer::ok("x".repeat(65 * 1024)),
        Answer::ok(format!(r#"{{"data":"{}"}}"#, "x".repeat(64 * 1024))),
        Answer::ok("[]"),
        Answer::ok(""),
        Answer::ok(r#"{"jion":["open:a"]}"#),
        Answer::Status(204, String::new()),
    ] {
        let application = Application::start(std::slice::from_ref(&answer));
        let server = with(&application, &[("webhook.retries", "0")]);
        assert_eq!(refused(&server, "/ws", &[]), 503, "{:.80}", format!("{answer:?}"));
        assert_eq!(application.asked().len(), 1, "a redirect is not followed");
    }
}

#[test]
fn an_endpoint_that_hangs_keeps_everybody_out() {
    let application = Application::start(&[Answer::Nothing]);
    let server = with(&application, &[("webhook.timeout", "200ms")]);
    assert_eq!(refused(&server, "/ws", &[]), 503);
}

#[test]
fn an_endpoint_that_is_gone_keeps_everybody_out() {
    let application = Application::start(&[Answer::ok("{}")]);
    let server = with(&application, &[]);
    drop(application);
    assert_eq!(refused(&server, "/ws", &[]), 503);
}

#[test]
fn only_so_many_questions_are_under_way() {
    let application = Application::start(&[Answer::Slowly]);
    let server = with(&application, &[("webhook.max_in_flight", "2"), ("webhook.timeout", "60s")]);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| welcomed(&server, "/ws", &[]));
        }
    });
    assert_eq!((application.asked().len(), application.most_under_way()), (8, 2));
}

/// The place is taken first: a flood costs the application nothing.
#[test]
fn a_full_server_asks_about_nobody() {
    let application = Application::start(&[Answer::ok("{}")]);
    let server = with(&application, &[("server.max_connections", "1")]);
    let _taken = welcomed(&server, "/ws", &[]);
    assert_eq!(refused(&server, "/ws", &[]), 503);
    assert_eq!(poll(&server, "", "").status, 503);
    assert_eq!(refused(&server, "/socket.io/?EIO=4&transport=websocket", &[]), 503);
    assert_eq!(application.asked().len(), 1);
}

#[test]
fn who_is_refused_gives_the_place_back() {
    let application = Application::start(&[Answer::Status(403, String::new())]);
    let server = with(&application, &[("server.max_connections", "1")]);
    for _ in 0..2 {
        assert_eq!(refused(&server, "/ws", &[]), 403);
        assert_eq!(poll(&server, "", "").status, 403);
        assert_eq!(refused(&server, "/socket.io/?EIO=4&transport=websocket", &[]), 403);
    }
}

#[test]
fn the_answer_names_the_user_and_narrows() {
    let application = Application::start(&[Answer::ok(
        r#"{"user":"bob","join":["open:a","granted:a"],"rooms":["open:desk"]}"#,
    )]);
    let server = with(&application, &[]);
    let mut bob = welcomed(&server, "/ws", &[]);
    assert_eq!(&bob.read()["room"], &json!("open:desk"), "entered at once");
    assert_eq!(user(&mut bob, "open:a"), "bob");
    assert!(joins(&mut bob, "granted:a") && !joins(&mut bob, "open:b"));
}

#[test]
fn the_answer_may_end_a_connection_later() {
    let application = Application::start(&[Answer::ok(r#"{"user":"bob","expires_in":"3s"}"#)]);
    let server = with(&application, &[]);
    let mut bob = welcomed(&server, "/ws", &[]);
    assert_eq!(bob.closed(), (4001, "token expired".to_owned()));
}

#[test]
fn who_shows_bad_credentials_is_not_asked_about() {
    let application = Application::start(&[Answer::ok("{}")]);
    let server = with(&application, &[("tickets.enabled", "true")]);
    assert_eq!(refused(&server, "/ws?ticket=unknown", &[]), 401);
    assert_eq!(refused(&server, "/ws", &[("origin", "https://evil.example")]), 403);
    assert!(application.asked().is_empty());
}
