//! Which requests open a WebSocket: RFC 6455 section 4.2 and RFC 8441 section 5.

use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Version};
use ropeway_proto::{
    deflate,
    handshake::server::{Accepted, Fault, Options, Origins, Refusal, accept, accept_connect},
};

/// The example of RFC 6455 section 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

fn request() -> Request<()> {
    Request::get("/chat")
        .header("host", "server.example.com")
        .header("upgrade", "websocket")
        .header("connection", "Upgrade")
        .header("sec-websocket-key", KEY)
        .header("sec-websocket-version", "13")
        .body(())
        .unwrap()
}

/// The request with other lines for one header; none removes it.
fn with(name: &'static str, values: &[&str]) -> Request<()> {
    let mut request = request();
    request.headers_mut().remove(name);
    for value in values {
        request
            .headers_mut()
            .append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    request
}

fn options() -> Options {
    Options { subprotocols: vec!["chat.v2".into(), "chat".into()], ..Options::default() }
}

fn refusal(request: &Request<()>) -> Refusal {
    match accept(request, &options()) {
        Ok(accepted) => panic!("accepted {request:?}: {accepted:?}"),
        Err(refusal) => refusal,
    }
}

fn fault(request: &Request<()>) -> (u16, Fault) {
    let refusal = refusal(request);
    (refusal.status.as_u16(), refusal.fault.unwrap())
}

fn header<'a>(accepted: &'a Accepted, name: &str) -> Option<&'a str> {
    accepted.response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[test]
fn rfc6455_section_1_3_example() {
    let accepted = accept(&request(), &options()).unwrap();
    assert_eq!(accepted.response.status(), 101);
    assert_eq!(header(&accepted, "upgrade"), Some("websocket"));
    assert_eq!(header(&accepted, "connection"), Some("Upgrade"));
    assert_eq!(header(&accepted, "sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_eq!(header(&accepted, "sec-websocket-protocol"), None);
    assert_eq!(header(&accepted, "sec-websocket-extensions"), None);
    assert_eq!(accepted.response.headers().len(), 3);
}

#[test]
fn rfc6455_section_4_2_1_method_is_get() {
    for method in [Method::POST, Method::HEAD, Method::OPTIONS, Method::CONNECT] {
        let mut request = request();
        *request.method_mut() = method;
        let refusal = refusal(&request);
        assert_eq!(refusal.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(refusal.headers["allow"], "GET");
        assert_eq!(refusal.fault, Some(Fault::Method("GET")));
    }
}

#[test]
fn rfc6455_section_4_2_1_http_1_1() {
    for version in [Version::HTTP_09, Version::HTTP_10, Version::HTTP_2, Version::HTTP_3] {
        let mut request = request();
        *request.version_mut() = version;
        assert_eq!(fault(&request), (400, Fault::HttpVersion));
    }
}

#[test]
fn rfc6455_section_4_2_1_host() {
    for host in [&[][..], &[""], &["a", "b"], &["a b"], &["a/b"], &["a@b"], &["a,b"], &["a:x"], &["a[::1]"]] {
        assert_eq!(fault(&with("host", host)), (400, Fault::Host), "{host:?}");
    }
    for host in ["a", "a:8080", "127.0.0.1:1", "[::1]:8080"] {
        assert!(accept(&with("host", &[host]), &options()).is_ok(), "{host:?}");
    }
}

#[test]
fn rfc6455_section_4_2_1_upgrade_and_connection_are_token_lists() {
    let cases = [("upgrade", "websocket", Fault::Upgrade), ("connection", "upgrade", Fault::Connection)];
    for (name, token, expected) in cases {
        let other = format!("x{token}");
        for bad in [&[][..], &[""], &["other"], &[&other], &["a b"]] {
            assert_eq!(fault(&with(name, bad)), (400, expected), "{name}: {bad:?}");
        }
        let upper = token.to_ascii_uppercase();
        let listed = format!("keep-alive , {upper}");
        for good in [&[&*upper][..], &[&listed], &["other", token], &[",", token]] {
            assert!(accept(&with(name, good), &options()).is_ok(), "{name}: {good:?}");
        }
    }
}

#[test]
fn rfc6455_section_4_2_1_key_is_16_bytes_of_base64() {
    for key in [
        &[][..],
        &[""],
        &["dGhlIHNhbXBsZSBub25jZQ"],
        &["dGhlIHNhbXBsZSBub25jZQ="],
        &["dGhlIHNhbXBsZSBub25j"],
        &["dGhlIHNhbXBsZSBub25jZWVl"],
        &["dGhlIHNhbXBsZSBub25j!Q=="],
        &["dGhlIHNhbXBsZSBub25j_Q=="],
        &["dGhlIHNhbXBsZSBub25jZQ== "],
        &["é"],
        &[KEY, KEY],
    ] {
        // A parser of heads strips the blank; what is left of one is not base64.
        assert_eq!(fault(&with("sec-websocket-key", key)), (400, Fault::Key), "{key:?}");
    }
}

/// The key in the text of RFC 6455 section 4.1 has bits to spare that are not zero.
#[test]
fn rfc6455_section_4_1_key_of_the_text_is_accepted() {
    let accepted = accept(&with("sec-websocket-key", &["AQIDBAUGBwgJCgsMDQ4PEC=="]), &options()).unwrap();
    assert_eq!(header(&accepted, "sec-websocket-accept"), Some("OfS0wDaT5NoxF2gqm7Zj2YtetzM="));
}

#[test]
fn rfc6455_section_4_2_1_version_comes_once() {
    for version in [&[][..], &["13", "13"], &["13", "8"]] {
        assert_eq!(
            fault(&with("sec-websocket-version", version)),
            (400, Fault::MissingVersion),
            "{version:?}"
        );
    }
}

#[test]
fn rfc6455_section_4_4_another_version_is_told_ours() {
    for version in ["0", "8", "12", "14", "25", "13, 8", "013", "x", ""] {
        let refusal = refusal(&with("sec-websocket-version", &[version]));
        assert_eq!(refusal.status, StatusCode::UPGRADE_REQUIRED, "{version:?}");
        assert_eq!(refusal.headers["sec-websocket-version"], "13");
        assert_eq!(refusal.headers["upgrade"], "websocket");
    }
}

#[test]
fn a_body_would_hide_where_the_frames_begin() {
    assert_eq!(fault(&with("content-length", &["5"])), (400, Fault::Body));
    assert_eq!(fault(&with("transfer-encoding", &["chunked"])), (400, Fault::Body));
    assert!(accept(&with("content-length", &["0"]), &options()).is_ok());
}

#[test]
fn rfc6455_section_4_2_2_the_servers_favourite_subprotocol() {
    let cases: [(&[&str], Option<&str>); 6] = [
        (&[], None),
        (&["other"], None),
        (&["chat"], Some("chat")),
        (&["chat, chat.v2"], Some("chat.v2")),
        (&["other,chat", "x"], Some("chat")),
        // Names of subprotocols are compared as they are.
        (&["CHAT"], None),
    ];
    for (offered, chosen) in cases {
        let accepted = accept(&with("sec-websocket-protocol", offered), &options()).unwrap();
        assert_eq!(accepted.negotiated.subprotocol.as_deref(), chosen, "{offered:?}");
        assert_eq!(header(&accepted, "sec-websocket-protocol"), chosen, "{offered:?}");
    }
}

#[test]
fn a_subprotocol_can_be_demanded() {
    let options = Options { require_subprotocol: true, ..options() };
    let refused = |offered: &[&str]| {
        let refusal = accept(&with("sec-websocket-protocol", offered), &options).unwrap_err();
        (refusal.status.as_u16(), refusal.fault.unwrap())
    };
    assert_eq!(refused(&[]), (400, Fault::NoSubprotocol));
    assert_eq!(refused(&["other"]), (400, Fault::NoSubprotocol));
    assert!(accept(&with("sec-websocket-protocol", &["chat"]), &options).is_ok());
}

#[test]
fn rfc6455_section_11_3_4_subprotocols_are_different_tokens() {
    for offered in [&[""][..], &["a b"], &["a;b"], &["a\u{e9}"], &["\"a\""], &["a,a"], &["a", "a"]] {
        let request = with("sec-websocket-protocol", offered);
        assert_eq!(fault(&request), (400, Fault::Subprotocols), "{offered:?}");
    }
}

/// What our own side calls a subprotocol cannot end up in a header unless a client says it, too.
#[test]
fn a_subprotocol_cannot_inject_headers() {
    let options = Options { subprotocols: vec!["a\r\nset-cookie: b".into()], ..Options::default() };
    let accepted = accept(&with("sec-websocket-protocol", &["a"]), &options).unwrap();
    assert_eq!(accepted.negotiated.subprotocol, None);
}

#[test]
fn rfc6455_section_9_1_extensions_are_negotiated() {
    let offer = with("sec-websocket-extensions", &["x-other, permessage-deflate; client_max_window_bits"]);
    assert_eq!(accept(&offer, &options()).unwrap().negotiated.deflate, None);
    let options = Options { deflate: Some(deflate::Config::default()), ..options() };
    let accepted = accept(&offer, &options).unwrap();
    let want = "permessage-deflate; client_max_window_bits=12";
    assert_eq!(header(&accepted, "sec-websocket-extensions"), Some(want));
    assert_eq!(accepted.negotiated.deflate.unwrap().client_max_window_bits, 12);
}

/// An offer that cannot be met leaves the connection uncompressed; one that cannot be read does not open it.
#[test]
fn rfc6455_section_9_1_extensions_declined_and_malformed() {
    let options = Options { deflate: Some(deflate::Config::default()), ..options() };
    let declined = with("sec-websocket-extensions", &["permessage-deflate; server_max_window_bits=8"]);
    let accepted = accept(&declined, &options).unwrap();
    assert_eq!(accepted.negotiated.deflate, None);
    assert_eq!(header(&accepted, "sec-websocket-extensions"), None);
    for bad in ["", "permessage-deflate;", "a;b=", "a;b=\"", "a b"] {
        assert_eq!(fault(&with("sec-websocket-extensions", &[bad])), (400, Fault::Extensions), "{bad}");
    }
}

#[test]
fn rfc6455_section_10_2_origins() {
    let check = |origins: &Origins, origin: &[&str]| {
        let mut request = with("origin", origin);
        request.headers_mut().insert("host", HeaderValue::from_static("example.org"));
        let options = Options { origins: origins.clone(), ..Options::default() };
        match accept(&request, &options) {
            Ok(_) => true,
            Err(refusal) => {
                assert_eq!((refusal.status.as_u16(), refusal.fault), (403, Some(Fault::Origin)));
                false
            }
        }
    };
    let same =
        ["https://example.org", "http://example.org", "https://EXAMPLE.org:443", "http://example.org:80"];
    let other = ["https://evil.example", "https://example.org:8080", "null", "", "example.org", "x\u{e9}"];
    let more = ["https://example.org.evil.example", "https://example.org@evil.example", "file://example.org"];
    for origin in same {
        assert!(check(&Origins::Same, &[origin]), "{origin}");
    }
    for origin in other.iter().chain(&more) {
        assert!(!check(&Origins::Same, &[origin]), "{origin}");
        assert!(check(&Origins::Any, &[origin]), "{origin}");
    }
    let listed = Origins::listed(["https://app.example:8443"]).unwrap();
    assert!(check(&listed, &["https://App.example:8443"]));
    assert!(check(&listed, &["https://example.org"]));
    assert!(!check(&listed, &["https://app.example"]));
    assert!(!check(&Origins::Same, &["https://example.org", "https://evil.example"]));
    assert!(check(&Origins::Same, &[]));
}

/// Whoever sends the absolute form of a target means its authority, whatever `Host` says.
#[test]
fn rfc9112_section_3_2_2_the_target_counts_before_the_host() {
    let mut request = with("origin", &["https://evil.example"]);
    request.headers_mut().insert("host", HeaderValue::from_static("evil.example"));
    assert!(Origins::Same.allows(&request));
    *request.uri_mut() = "http://example.org/chat".parse().unwrap();
    assert!(!Origins::Same.allows(&request));
    request.headers_mut().insert("origin", HeaderValue::from_static("https://example.org"));
    assert!(Origins::Same.allows(&request));
}

#[test]
fn a_refusal_is_a_response_with_a_plain_reason() {
    let response = refusal(&with("sec-websocket-key", &[])).into_response::<String>();
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    assert!(response.body().contains("Sec-WebSocket-Key"), "{}", response.body());
    let text = refusal(&with("sec-websocket-key", &[])).to_string();
    assert!(text.contains("RFC 6455 section 4.2.1, point 5"), "{text}");
}

fn connect() -> Request<()> {
    Request::connect("https://server.example.com/chat")
        .version(Version::HTTP_2)
        .header("sec-websocket-protocol", "chat, superchat")
        .header("sec-websocket-extensions", "permessage-deflate")
        .header("sec-websocket-version", "13")
        .header("origin", "https://server.example.com")
        .body(())
        .unwrap()
}

#[test]
fn rfc8441_section_5_1_example() {
    let options = Options { deflate: Some(deflate::Config::default()), ..options() };
    let accepted = accept_connect(&connect(), "websocket", &options).unwrap();
    assert_eq!(accepted.response.status(), 200);
    assert_eq!(header(&accepted, "sec-websocket-protocol"), Some("chat"));
    assert!(header(&accepted, "sec-websocket-extensions").unwrap().starts_with("permessage-deflate"));
    for absent in ["upgrade", "connection", "sec-websocket-accept"] {
        assert_eq!(header(&accepted, absent), None);
    }
}

#[test]
fn rfc8441_section_4_and_5_refusals() {
    let refused = |change: fn(&mut Request<()>), protocol: &str| {
        let mut request = connect();
        change(&mut request);
        let refusal = accept_connect(&request, protocol, &Options::default()).unwrap_err();
        (refusal.status.as_u16(), refusal.fault.unwrap())
    };
    assert_eq!(refused(|_| {}, "connect-udp"), (501, Fault::Protocol));
    assert_eq!(refused(|r| *r.method_mut() = Method::GET, "websocket"), (405, Fault::Method("CONNECT")));
    assert_eq!(refused(|r| *r.version_mut() = Version::HTTP_11, "websocket"), (400, Fault::HttpVersion));
    assert_eq!(refused(|r| *r.uri_mut() = "/chat".parse().unwrap(), "websocket"), (400, Fault::Host));
    let drop_version: fn(&mut Request<()>) = |r| drop(r.headers_mut().remove("sec-websocket-version"));
    assert_eq!(refused(drop_version, "websocket"), (400, Fault::MissingVersion));
    let foreign: fn(&mut Request<()>) =
        |r| drop(r.headers_mut().insert("origin", HeaderValue::from_static("https://evil.example")));
    assert_eq!(refused(foreign, "websocket"), (403, Fault::Origin));
}
