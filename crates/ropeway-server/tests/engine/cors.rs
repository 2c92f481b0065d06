//! What pages of other origins may read.

use crate::raw::request;
use crate::running::Running;
use crate::session::POLLING;

const LISTED: &str = "origin: https://app.example\r\n";

#[test]
fn listed_pages_may_read_and_send_cookies() {
    let server = Running::start();
    for call in
        [format!("GET {POLLING}"), format!("POST {POLLING}"), "GET /socket.io/socket.io.js".to_owned()]
    {
        let answer = request(&server, &call, LISTED, b"");
        assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example"), "{call}");
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"), "{call}");
    }
    let answer = request(&server, &format!("GET {POLLING}"), "", b"");
    assert_eq!(answer.header("access-control-allow-origin"), None, "a program asks for nothing");
}

#[test]
fn their_browsers_may_ask_before() {
    let server = Running::start();
    let asked =
        "access-control-request-method: POST\r\naccess-control-request-headers: x-token, content-type\r\n";
    let answer = request(&server, &format!("OPTIONS {POLLING}&sid=any"), &format!("{LISTED}{asked}"), b"");
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example"));
    assert_eq!(answer.header("access-control-allow-methods"), Some("GET,POST"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("x-token, content-type"));

    let foreign = format!("origin: https://evil.example\r\n{asked}");
    let answer = request(&server, &format!("OPTIONS {POLLING}"), &foreign, b"");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (400, None));
}

#[test]
fn where_all_pages_may_none_sends_cookies() {
    let server = Running::with(&[("server.origins", "*")]);
    let answer = request(&server, &format!("GET {POLLING}"), "origin: https://any.example\r\n", b"");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("*")));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
}
