//! Sessions behind cookies, looked up at an endpoint of the application.

use std::net::TcpListener;

use ropeway_server::Server;
use ropeway_server::config::{Config, CookieName, HttpUrl, Store};
use ropeway_ws::server::Origins;
use serde_json::json;

use crate::application::{Answer, Application};
use crate::client::refused;
use crate::running::Running;
use crate::set_up::{joins, note, poll, refusal, server, user, welcomed};

const COOKIE: (&str, &str) = ("cookie", "theme=dark; sid=session-of-ada; other=1");

/// A server that gives the application a time that it never needs.
fn with(application: &Application) -> Running {
    patient(application, "10s")
}

fn patient(application: &Application, timeout: &str) -> Running {
    let store = application.url("/session?key=a-secret-of-the-url");
    ["session-of-ada", "a-secret-of-the-url"].iter().for_each(|secret| note(secret));
    server(&[("sessions.cookie", "sid"), ("sessions.store", &store), ("sessions.timeout", timeout)])
}

#[test]
fn a_cookie_says_who_comes() {
    let application = Application::start(&[Answer::ok(r#"{"user":"ada","join":["open:a"],"cart":[1]}"#)]);
    let server = with(&application);
    let mut ada = welcomed(&server, "/ws", &[COOKIE]);
    assert_eq!(user(&mut ada, "open:a"), "ada");
    assert!(!joins(&mut ada, "open:b"));
}

#[test]
fn only_this_cookie_is_passed_on() {
    let application = Application::start(&[Answer::ok("{}")]);
    let server = with(&application);
    let headers = [COOKIE, ("user-agent", "a browser"), ("origin", "https://app.example")];
    welcomed(&server, "/ws", &headers);
    let asked = application.asked();
    assert_eq!((asked.len(), &*asked[0].line), (1, "GET /session?key=a-secret-of-the-url"));
    assert_eq!(asked[0].header("cookie"), Some("sid=session-of-ada"));
    assert_eq!((asked[0].header("user-agent"), asked[0].header("origin")), (None, None));
}

#[test]
fn sessions_that_there_are_not_are_refused() {
    for status in [401, 403, 404] {
        let application = Application::start(&[Answer::Status(status, String::new())]);
        let server = with(&application);
        assert_eq!(refusal(&server, "/ws", &[COOKIE]).0, 401, "{status}");
        assert_eq!(application.asked().len(), 1, "it is not asked again");
    }
}

#[test]
fn a_store_that_does_not_tell_lets_nobody_in() {
    for answer in [
        Answer::Status(500, String::new()),
        Answer::Status(204, String::new()),
        Answer::ok("x".repeat(65 * 1024)),
        Answer::ok(format!(r#"{{"user":"ada","data":"{}"}}"#, "x".repeat(64 * 1024))),
        Answer::ok("php:serialized"),
        Answer::ok("[]"),
        Answer::Noise,
        Answer::Elsewhere,
    ] {
        let application = Application::start(std::slice::from_ref(&answer));
        let server = with(&application);
        let expected =
            json!({ "code": "unavailable", "message": "sessions cannot be looked up at the moment" });
        let found = refusal(&server, "/ws", &[COOKIE]);
        assert_eq!(found, (503, expected), "{:.80}", format!("{answer:?}"));
    }
}

#[test]
fn a_full_server_looks_nobody_up() {
    let application = Application::start(&[Answer::ok(r#"{"user":"ada"}"#)]);
    let store = application.url("/session");
    let settings = [("sessions.cookie", "sid"), ("sessions.store", &*store), ("server.max_connections", "1")];
    let server = server(&settings);
    let _taken = welcomed(&server, "/ws", &[COOKIE]);
    assert_eq!(refused(&server, "/ws", &[COOKIE]), 503);
    assert_eq!(poll(&server, "", "cookie: sid=session-of-ada\r\n").status, 503);
    assert_eq!(application.asked().len(), 1);
}

#[test]
fn a_store_that_hangs_lets_nobody_in() {
    let application = Application::start(&[Answer::Nothing]);
    let server = patient(&application, "200ms");
    assert_eq!(refused(&server, "/ws", &[COOKIE]), 503);
}

#[test]
fn a_redirect_is_not_followed() {
    let application = Application::start(&[Answer::Elsewhere, Answer::ok("{}")]);
    let server = with(&application);
    assert_eq!(refused(&server, "/ws", &[COOKIE]), 503);
    assert_eq!(application.asked().len(), 1);
}

#[test]
fn a_store_that_comes_back_is_asked_again() {
    let trouble = Answer::Status(500, String::new());
    let application = Application::start(&[trouble.clone(), trouble, Answer::ok("{}")]);
    let server = with(&application);
    assert_eq!(refused(&server, "/ws", &[COOKIE]), 503, "after two attempts");
    welcomed(&server, "/ws", &[COOKIE]);
}

#[test]
fn foreign_pages_do_not_get_as_far_as_the_store() {
    let application = Application::start(&[Answer::ok(r#"{"user":"ada"}"#)]);
    let server = with(&application);
    let foreign = [COOKIE, ("origin", "https://evil.example")];
    assert_eq!(refused(&server, "/ws", &foreign), 403);
    assert_eq!(refused(&server, "/socket.io/?EIO=4&transport=websocket", &foreign), 403);
    let headers = |more: &str| format!("cookie: sid=session-of-ada\r\n{more}\r\n");
    assert_eq!(poll(&server, "", &headers("origin: https://evil.example")).status, 403);
    assert_eq!(poll(&server, "", &headers("origin: null")).status, 403);
    // Images and the like come without an origin.
    for site in ["cross-site", "same-site"] {
        assert_eq!(poll(&server, "", &headers(&format!("sec-fetch-site: {site}"))).status, 403, "{site}");
        assert_eq!(refused(&server, "/ws", &[COOKIE, ("sec-fetch-site", site)]), 403, "{site}");
    }
    assert!(application.asked().is_empty());
    assert_eq!(poll(&server, "", &headers("origin: https://app.example")).status, 200);
    assert_eq!(application.asked().len(), 1, "it is the origin");
    let listed = "origin: https://app.example\r\nsec-fetch-site: cross-site";
    assert_eq!(poll(&server, "", &headers(listed)).status, 200, "the page of another site is a listed one");
    assert_eq!(poll(&server, "", &headers("sec-fetch-site: same-origin")).status, 200);
}

#[test]
fn cookies_that_cannot_be_sessions_are_not_looked_up() {
    let application = Application::start(&[Answer::ok("{}")]);
    let server = with(&application);
    let long = format!("sid={}", "x".repeat(8 * 1024));
    for cookie in ["sid=", &long, "sid=a\"b"] {
        assert_eq!(refused(&server, "/ws", &[("cookie", cookie)]), 401, "{cookie:.20}");
    }
    assert_eq!(refused(&server, "/ws", &[("cookie", "other=abc")]), 401);
    assert!(application.asked().is_empty());
}

#[test]
fn where_cookies_are_signed_others_are_not_looked_up() {
    let application = Application::start(&[Answer::ok("{}")]);
    let store = application.url("/");
    let settings = [("sessions.cookie", "sid"), ("sessions.store", &*store)];
    let server = server(&[&settings[..], &[("sessions.secret", "keyboard cat")]].concat());
    // The first is signed with another secret.
    for cookie in
        ["sid=s%3Aabc.x7VKWJHehRtjcx6R%2BrIhviY1hTGY9BE3Y%2BLHDPYjwbA", "sid=s%3Aabc.", "sid=session-of-ada"]
    {
        assert_eq!(refused(&server, "/ws", &[("cookie", cookie)]), 401, "{cookie}");
    }
    assert!(application.asked().is_empty());
    let signed = "sid=s%3Aabc.BpxCrWRpvZMh%2Fwk%2Fdjl34N%2Bm%2BVQEU7K%2F5WenLwJCgFU";
    welcomed(&server, "/ws", &[("cookie", signed)]);
    assert_eq!(application.asked()[0].header("cookie"), Some(signed), "it comes as it was set");
}

/// Connections to it wait in the kernel, which nobody asks for them.
#[test]
fn a_redis_that_hangs_lets_nobody_in() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let store = format!("redis://{}/", silent.local_addr().unwrap());
    let settings = [("sessions.cookie", "sid"), ("sessions.store", &*store), ("sessions.timeout", "200ms")];
    assert_eq!(refused(&server(&settings), "/ws", &[COOKIE]), 503);
}

#[test]
fn what_a_program_puts_together_is_checked_as_well() {
    let told = |change: &dyn Fn(&mut Config)| {
        let mut config = Config::default();
        config.sessions.cookie = CookieName::new("sid");
        config.sessions.store = HttpUrl::new("http://127.0.0.1/").map(Store::Http);
        change(&mut config);
        Server::builder(config).into_router().err().unwrap().to_string()
    };
    assert!(told(&|config| config.server.origins = Origins::Any).contains("the check of origins"));
    assert!(told(&|config| config.sessions.store = None).contains("need each other"));
    assert!(told(&|config| config.sessions.cookie = None).contains("need each other"));
    let url = |config: &mut Config| config.webhook.connect_url = HttpUrl::new("http://127.0.0.1/");
    assert!(told(&url).contains("`webhook.connect_url` needs `webhook.secret`"));
}

#[test]
fn the_user_of_other_records_is_found() {
    let application =
        Application::start(&[Answer::ok(r#"{"passport":{"user":17}}"#), Answer::ok(r#"{"passport":{}}"#)]);
    let store = application.url("/");
    let server = server(&[
        ("sessions.cookie", "sid"),
        ("sessions.store", &store),
        ("sessions.user_path", "/passport/user"),
    ]);
    assert_eq!(user(&mut welcomed(&server, "/ws", &[COOKIE]), "open:a"), "17");
    assert_eq!(refused(&server, "/ws", &[COOKIE]), 401, "nobody is logged in");
}
