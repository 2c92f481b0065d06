//! The client's side of the handshake: the URL, the request, the response (RFC 6455 sections 3 and 4.1).

use http::{HeaderName, HeaderValue, Method, Response, StatusCode, Version};
use ropeway_proto::{
    deflate,
    handshake::{
        Negotiated,
        client::{Expectations, HandshakeError, Request, RequestError, Target, UrlError},
        head,
        server::{self, Options},
    },
};

/// The nonce of the example of RFC 6455 section 1.3.
const NONCE: [u8; 16] = *b"the sample nonce";

fn target(url: &str) -> Target {
    url.parse().unwrap_or_else(|error| panic!("{url}: {error}"))
}

fn request(url: &str) -> Request {
    Request::new(target(url))
}

fn expectations() -> Expectations {
    let request = request("ws://example.org").subprotocol("chat").unwrap().subprotocol("chat.v2").unwrap();
    request.deflate(deflate::Config::default()).upgrade(NONCE).1
}

fn check(change: impl FnOnce(&mut Response<()>)) -> Result<Negotiated, HandshakeError> {
    let mut response = Response::builder()
        .status(101)
        .header("upgrade", "websocket")
        .header("connection", "Upgrade")
        .header("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        .body(())
        .unwrap();
    change(&mut response);
    expectations().check(&response.into_parts().0)
}

/// The response with other lines for one header; none removes it.
fn check_with(name: &'static str, values: &[&str]) -> Result<Negotiated, HandshakeError> {
    check(|response| {
        response.headers_mut().remove(name);
        for value in values {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            response.headers_mut().append(HeaderName::from_static(name), value);
        }
    })
}

#[test]
fn rfc6455_section_3_urls() {
    let cases = [
        ("ws://example.org", (false, "example.org", 80, "/", "example.org")),
        ("wss://example.org", (true, "example.org", 443, "/", "example.org")),
        ("WS://Example.org/a?b=c", (false, "Example.org", 80, "/a?b=c", "Example.org")),
        ("ws://example.org:8080/", (false, "example.org", 8080, "/", "example.org:8080")),
        ("ws://example.org:443/", (false, "example.org", 443, "/", "example.org:443")),
        ("wss://example.org:443/", (true, "example.org", 443, "/", "example.org")),
        ("ws://example.org:/x", (false, "example.org", 80, "/x", "example.org")),
        ("ws://example.org?x=1", (false, "example.org", 80, "/?x=1", "example.org")),
        ("ws://[::1]:9/", (false, "::1", 9, "/", "[::1]:9")),
        ("wss://[2001:db8::1]/", (true, "2001:db8::1", 443, "/", "[2001:db8::1]")),
        ("ws://127.0.0.1:1/%23", (false, "127.0.0.1", 1, "/%23", "127.0.0.1:1")),
        ("http://example.org", (false, "example.org", 80, "/", "example.org")),
        ("https://example.org", (true, "example.org", 443, "/", "example.org")),
    ];
    for (url, want) in cases {
        let target = target(url);
        let authority = target.authority();
        let resource = target.resource().as_str();
        let got = (target.is_secure(), target.host(), target.port(), resource, &*authority);
        assert_eq!(got, want, "{url}");
    }
}

#[test]
fn rfc6455_section_3_what_is_no_url_of_a_websocket() {
    let cases = [
        ("", UrlError::Malformed),
        ("/chat", UrlError::Scheme),
        ("example.org", UrlError::Scheme),
        ("ftp://example.org", UrlError::Scheme),
        ("ws:///chat", UrlError::Malformed),
        ("ws://example.org/#part", UrlError::Fragment),
        ("ws://example.org/#", UrlError::Fragment),
        ("ws://example.org:0/", UrlError::Port),
        ("ws://example.org:65536/", UrlError::Port),
        ("ws://example.org:8o/", UrlError::Port),
        ("ws://a[::1]/", UrlError::Host),
        ("ws://[::1]a/", UrlError::Host),
        ("ws://[:::91]/", UrlError::Host),
        ("ws://[127.0.0.1]/", UrlError::Host),
        ("ws://a,b/", UrlError::Host),
        ("ws://a%20b/", UrlError::Malformed),
        ("ws://exa mple.org/", UrlError::Malformed),
        ("ws://example.org/a\r\nb: c", UrlError::Malformed),
        ("ws://b\u{fc}cher.example/", UrlError::Malformed),
        ("ws://a%zz@example.org/", UrlError::UserInfo),
        ("ws://a%3Ab:c@example.org/", UrlError::UserInfo),
    ];
    for (url, error) in cases {
        assert_eq!(url.parse::<Target>(), Err(error), "{url:?}");
    }
}

#[test]
fn rfc7617_a_user_in_the_url_becomes_a_header() {
    let (request, _) = request("ws://Aladdin:open%20sesame@example.org/x").upgrade(NONCE);
    assert_eq!(request.headers()["authorization"], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert!(request.headers()["authorization"].is_sensitive());
    assert_eq!(request.headers()["host"], "example.org");
    assert_eq!(target("ws://a:b@example.org/x").to_string(), "ws://example.org/x");
}

#[test]
fn rfc6455_section_4_1_the_request() {
    let request = request("ws://server.example.com/chat").subprotocol("chat").unwrap();
    let request = request.subprotocol("superchat").unwrap();
    let request = request.header("origin".parse().unwrap(), HeaderValue::from_static("http://example.com"));
    let mut bytes = Vec::new();
    head::encode_request(&request.unwrap().upgrade(NONCE).0, &mut bytes);
    let want = "GET /chat HTTP/1.1\r\nhost: server.example.com\r\nupgrade: websocket\r\n\
                connection: Upgrade\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                sec-websocket-version: 13\r\nsec-websocket-protocol: chat, superchat\r\n\
                origin: http://example.com\r\n\r\n";
    assert_eq!(String::from_utf8(bytes).unwrap(), want);
}

#[test]
fn no_header_injection_and_no_header_of_the_handshake() {
    for name in ["connection", "upgrade", "sec-websocket-key", "sec-websocket-version", "content-length"] {
        let name: HeaderName = name.parse().unwrap();
        let result = request("ws://a").header(name.clone(), HeaderValue::from_static("x"));
        assert_eq!(result.unwrap_err(), RequestError::ReservedHeader(name));
    }
    for bad in ["", "a b", "a,b", "a\r\nb: c", "\u{e9}"] {
        let result = request("ws://a").subprotocol(bad);
        assert_eq!(result.unwrap_err(), RequestError::Subprotocol(bad.into()));
    }
    let twice = request("ws://a").subprotocol("a").unwrap().subprotocol("a");
    assert_eq!(twice.unwrap_err(), RequestError::Subprotocol("a".into()));
    assert!(HeaderValue::from_str("a\r\nb: c").is_err());
}

#[test]
fn own_headers_take_the_place_of_what_the_url_says() {
    let request = request("ws://a:b@example.org");
    let request = request.header("host".parse().unwrap(), HeaderValue::from_static("other.example")).unwrap();
    let token = HeaderValue::from_static("Bearer x");
    let (request, _) = request.header("authorization".parse().unwrap(), token).unwrap().upgrade(NONCE);
    let all = |name: &str| request.headers().get_all(name).iter().cloned().collect::<Vec<_>>();
    assert_eq!(all("host"), ["other.example"]);
    assert_eq!(all("authorization"), ["Bearer x"]);
}

#[test]
fn rfc6455_section_4_1_a_good_response() {
    assert_eq!(check(|_| {}), Ok(Negotiated::default()));
    let chosen = check_with("sec-websocket-protocol", &["chat.v2"]).unwrap();
    assert_eq!(chosen.subprotocol.as_deref(), Some("chat.v2"));
    let agreed = check_with("sec-websocket-extensions", &["permessage-deflate; server_max_window_bits=12"]);
    assert_eq!(agreed.unwrap().deflate.unwrap().server_max_window_bits, 12);
    assert!(check_with("upgrade", &["WebSocket"]).is_ok());
    assert!(check_with("connection", &["keep-alive", "UPGRADE"]).is_ok());
}

#[test]
fn rfc6455_section_4_1_status() {
    for status in [100, 200, 204, 301, 400, 401, 426, 500] {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(check(|response| *response.status_mut() = status), Err(HandshakeError::Refused(status)));
    }
}

#[test]
fn rfc6455_section_4_1_upgrade_and_connection() {
    for bad in [&[][..], &[""], &["h2c"], &["websocketx"], &["websocket", "websocket"]] {
        assert_eq!(check_with("upgrade", bad), Err(HandshakeError::Upgrade), "{bad:?}");
    }
    for bad in [&[][..], &[""], &["close"], &["upgraded"]] {
        assert_eq!(check_with("connection", bad), Err(HandshakeError::Connection), "{bad:?}");
    }
}

#[test]
fn rfc6455_section_4_1_accept() {
    let good = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    for bad in
        [&[][..], &[""], &["s3ppLMBiTxaQ9kYGzzhZRbK+xOo="], &["s3pPLMBiTxaQ9kYGzzhZRbK+xOo"], &[good, good]]
    {
        assert_eq!(check_with("sec-websocket-accept", bad), Err(HandshakeError::Accept), "{bad:?}");
    }
}

#[test]
fn rfc6455_section_4_1_extensions_must_have_been_offered() {
    for bad in [
        &["x-other"][..],
        &["permessage-deflate, x-other"],
        &["permessage-deflate", "permessage-deflate"],
        &["permessage-deflate;"],
        &[""],
    ] {
        assert_eq!(check_with("sec-websocket-extensions", bad), Err(HandshakeError::Extension), "{bad:?}");
    }
    let unknown = check_with("sec-websocket-extensions", &["permessage-deflate; x"]);
    assert!(matches!(unknown, Err(HandshakeError::Deflate(_))), "{unknown:?}");
    let (_, without) = request("ws://a").upgrade(NONCE);
    let response = Response::builder()
        .status(101)
        .header("upgrade", "websocket")
        .header("connection", "Upgrade")
        .header("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        .header("sec-websocket-extensions", "permessage-deflate");
    let result = without.check(&response.body(()).unwrap().into_parts().0);
    assert_eq!(result, Err(HandshakeError::Extension));
}

#[test]
fn rfc6455_section_4_1_the_subprotocol_must_have_been_offered() {
    for bad in [&["other"][..], &[""], &["chat, chat.v2"], &["chat", "chat.v2"], &["CHAT"]] {
        assert_eq!(check_with("sec-websocket-protocol", bad), Err(HandshakeError::Subprotocol), "{bad:?}");
    }
}

#[test]
fn rfc8441_section_5_1_extended_connect() {
    let request = request("wss://server.example.com/chat").subprotocol("chat").unwrap();
    let (sent, expectations) = request.connect();
    assert_eq!((sent.method(), sent.version()), (&Method::CONNECT, Version::HTTP_2));
    assert_eq!(sent.uri(), "https://server.example.com/chat");
    assert_eq!(sent.headers()["sec-websocket-version"], "13");
    for absent in ["host", "upgrade", "connection", "sec-websocket-key"] {
        assert!(!sent.headers().contains_key(absent), "{absent}");
    }
    let parts = |status: u16| Response::builder().status(status).body(()).unwrap().into_parts().0;
    assert!(expectations.check(&parts(200)).is_ok());
    let refused = HandshakeError::Refused(StatusCode::NOT_IMPLEMENTED);
    assert_eq!(expectations.check(&parts(501)), Err(refused));
}

#[test]
fn rfc9110_section_10_2_2_redirects() {
    let from = target("ws://example.org:81/a/b?c");
    let cases = [
        ("wss://other.example/x", "wss://other.example/x"),
        ("https://other.example/x#part", "wss://other.example/x"),
        ("//other.example/x", "ws://other.example/x"),
        ("/x?y", "ws://example.org:81/x?y"),
        ("?y", "ws://example.org:81/a/b?y"),
        ("x", "ws://example.org:81/a/x"),
        ("./x/../y?z", "ws://example.org:81/a/y?z"),
        ("../../../x", "ws://example.org:81/x"),
        ("..", "ws://example.org:81/"),
        ("", "ws://example.org:81/a/b?c"),
    ];
    for (location, want) in cases {
        assert_eq!(from.redirect(location).unwrap().to_string(), want, "{location:?}");
    }
    assert_eq!(from.redirect("ftp://x/"), Err(UrlError::Scheme));
    assert_eq!(target("wss://a/").redirect("ws://a/"), Err(UrlError::Downgrade));
    assert_eq!(target("wss://a/").redirect("http://a/"), Err(UrlError::Downgrade));
}

#[test]
fn credentials_do_not_cross_origins() {
    let request = request("wss://me:secret@example.org/a");
    let request = request.header("cookie".parse().unwrap(), HeaderValue::from_static("s=1")).unwrap();
    let request = request.header("x-trace".parse().unwrap(), HeaderValue::from_static("7")).unwrap();
    let sent = |location: &str| request.redirected(location).unwrap().upgrade(NONCE).0;
    let same = sent("/b");
    assert!(same.headers().contains_key("cookie") && same.headers().contains_key("authorization"));
    for other in ["wss://other.example/", "wss://example.org:444/", "//me.example.org/"] {
        let sent = sent(other);
        assert!(!sent.headers().contains_key("cookie"), "{other}");
        assert!(!sent.headers().contains_key("authorization"), "{other}");
        assert_eq!(sent.headers()["x-trace"], "7");
    }
}

#[test]
fn both_roles_understand_each_other() {
    let config = deflate::Config::default();
    let options =
        Options { subprotocols: vec!["chat".into()], deflate: Some(config.clone()), ..Options::default() };
    let client = request("ws://example.org/").subprotocol("chat").unwrap().deflate(config);

    let (sent, expectations) = client.upgrade(NONCE);
    let accepted = server::accept(&sent, &options).unwrap();
    assert_eq!(expectations.check(&accepted.response.into_parts().0).unwrap(), accepted.negotiated);

    let (sent, expectations) = client.connect();
    let accepted = server::accept_connect(&sent, "websocket", &options).unwrap();
    assert_eq!(expectations.check(&accepted.response.into_parts().0).unwrap(), accepted.negotiated);
}
