//! Handshakes from any bytes.

use http::{HeaderMap, HeaderValue};
use ropeway_proto::deflate::Config;
use ropeway_proto::handshake::client::{Request, Target};
use ropeway_proto::handshake::grammar;
use ropeway_proto::handshake::head::{self, Limits, Reader};
use ropeway_proto::handshake::server::{Options, accept};

/// The input is a request, a response, a list of extensions, a URL and a redirect.
pub(crate) fn run(input: &[u8]) {
    request(input);
    response(input);
    extensions(input);
    if let Ok(text) = std::str::from_utf8(input) {
        url(text);
    }
}

/// A head is the same however it arrives, and an accepted request has a response that can be read.
fn request(input: &[u8]) {
    let limits = Limits { size: 1024, headers: 16 };
    let whole = Reader::new(limits).request(input);
    let mut reader = Reader::new(limits);
    let trickled = (0..=input.len()).find_map(|end| reader.request(&input[..end]).transpose());
    let Ok(Some((request, size))) = whole else {
        assert!(!matches!(trickled, Some(Ok(_))));
        return;
    };
    assert!(size <= input.len() && matches!(trickled, Some(Ok((_, trickled))) if trickled == size));
    let options =
        Options { subprotocols: vec!["chat".into()], deflate: Some(Config::default()), ..Options::default() };
    let Ok(accepted) = accept(&request, &options) else { return };
    let mut bytes = Vec::new();
    head::encode_response(&accepted.response, &mut bytes);
    let again = Reader::new(Limits::default()).response(&bytes);
    assert!(matches!(again, Ok(Some((_, size))) if size == bytes.len()));
}

/// Whatever a server answers, the client says yes or no.
fn response(input: &[u8]) {
    let Ok(Some((response, size))) = Reader::new(Limits::default()).response(input) else { return };
    assert!(size <= input.len());
    let Ok(target) = "ws://example.org".parse() else { return };
    let request = Request::new(target).deflate(Config::default());
    let _ = request.upgrade(*b"the sample nonce").1.check(&response.into_parts().0);
}

/// What a server answers to an offer is an answer that a client understands alike.
fn extensions(input: &[u8]) {
    let Ok(line) = HeaderValue::from_bytes(input) else { return };
    let mut headers = HeaderMap::new();
    headers.insert(http::header::SEC_WEBSOCKET_EXTENSIONS, line);
    let Ok(offers) = grammar::extensions(&headers) else { return };
    let Some(answer) = Config::default().accept(&offers) else { return };
    let Ok(line) = HeaderValue::from_str(&answer.header) else { panic!("not a header: {}", answer.header) };
    headers.insert(http::header::SEC_WEBSOCKET_EXTENSIONS, line);
    let Ok(answers) = grammar::extensions(&headers) else { panic!("not a list: {}", answer.header) };
    let confirmed = Config::default().confirm(&answers[0]);
    assert!(confirmed.is_ok_and(|params| {
        params.server_max_window_bits == answer.params.server_max_window_bits
            && params.client_max_window_bits >= answer.params.client_max_window_bits
    }));
}

/// A URL that is accepted is still the same when it was written and read again.
fn url(text: &str) {
    if let Ok(target) = text.parse::<Target>() {
        let again = target.to_string().parse::<Target>();
        assert!(again.is_ok_and(|again| again.same_origin(&target) && again.resource() == target.resource()));
        let _ = Request::new(target).upgrade([0; 16]);
    }
    let Ok(from) = "wss://example.org/a/b?c".parse::<Target>() else { return };
    if let Ok(next) = from.redirect(text) {
        assert!(next.is_secure());
    }
}
