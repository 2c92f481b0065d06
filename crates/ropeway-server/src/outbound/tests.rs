//! Calls against servers that behave and that do not.

use super::testing::{Answer, Service};
use super::*;

const SETTINGS: Settings =
    Settings { timeout: Duration::from_secs(20), retries: 2, in_flight: 4, max_body: 1000 };

fn client(url: Uri, settings: Settings) -> Client {
    let tls = tls::trusting(&url, &[]).unwrap();
    Client::new(url, tls, settings)
}

fn post() -> Call {
    Call::post(HeaderMap::new(), Bytes::from_static(b"{\"secret\":\"in-the-body\"}"))
}

#[tokio::test]
async fn an_answer_comes_whole() {
    let service = Service::answering(Answer::ok("hello")).await;
    let answer = client(service.url("/"), SETTINGS).call(post()).await.unwrap();
    assert_eq!((answer.status(), &answer.body()[..]), (StatusCode::OK, &b"hello"[..]));
}

#[tokio::test]
async fn a_body_has_a_bound() {
    let service = Service::answering(Answer::ok(&"x".repeat(1000))).await;
    let client = client(service.url("/"), SETTINGS);
    assert_eq!(client.call(Call::get()).await.unwrap().body().len(), 1000);
    for answer in [Answer::ok(&"x".repeat(1001)), Answer::Gibibyte] {
        service.answer(answer);
        let asked = service.requests();
        assert_eq!(client.call(Call::get()).await.unwrap_err().reason, Reason::TooLarge(1000));
        assert_eq!(service.requests(), asked + 1, "and it is not asked again");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Service::answering(Answer::ok("stolen")).await;
    let location = elsewhere.url("/");
    let head = format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
    let service = Service::answering(Answer::Bytes(head)).await;
    let answer = client(service.url("/"), SETTINGS).call(Call::get()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert_eq!((service.requests(), elsewhere.requests()), (1, 0));
}

#[tokio::test]
async fn only_what_may_be_repeated_is() {
    let busy = ["503 Service Unavailable", "429 Too Many Requests"].map(|status| Answer::status(status, ""));
    for answer in [Answer::Break].into_iter().chain(busy) {
        let service = Service::answering(answer.clone()).await;
        let client = client(service.url("/"), SETTINGS);
        let _ = client.call(post()).await;
        assert_eq!(service.requests(), 1, "{answer:?}: it may have been handled");
        let _ = client.call(post().repeat(Repeat::Always)).await;
        assert_eq!(service.requests(), 1 + 3);
        let _ = client.call(Call::get()).await;
        assert_eq!(service.requests(), 1 + 3 + 3);
    }
}

#[tokio::test]
async fn other_answers_are_answers() {
    for status in ["204 No Content", "400 Bad Request", "404 Not Found", "401 Unauthorized"] {
        let service = Service::answering(Answer::status(status, "")).await;
        let answer = client(service.url("/"), SETTINGS).call(Call::get()).await.unwrap();
        assert!(status.starts_with(answer.status().as_str()));
        assert_eq!(service.requests(), 1, "{status}");
    }
}

/// How a call fails that nobody answers, and which ends nevertheless.
async fn ended(client: &Client) -> Error {
    let call = client.call(Call::get());
    tokio::time::timeout(Duration::from_secs(20), call).await.expect("an end").unwrap_err()
}

#[tokio::test]
async fn the_timeout_is_for_all_of_it() {
    let service = Service::answering(Answer::Stall).await;
    let settings = Settings { timeout: Duration::from_millis(100), ..SETTINGS };
    let error = ended(&client(service.url("/"), settings)).await;
    assert_eq!(error.reason, Reason::Timeout(settings.timeout));
    assert!(service.requests() <= 1, "no attempt after it");
}

#[tokio::test]
async fn so_many_calls_are_under_way_and_no_more() {
    let service = Service::answering(Answer::Stall).await;
    let settings = Settings { in_flight: 1, timeout: Duration::from_secs(20), ..SETTINGS };
    let client = Arc::new(client(service.url("/"), settings));
    let first = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.call(Call::get()).await }
    });
    service.asked(1).await;
    assert_eq!(client.places.available_permits(), 0);
    service.answer(Answer::ok("second"));
    let second = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.call(Call::get()).await }
    });
    tokio::task::yield_now().await;
    assert_eq!(service.requests(), 1, "the second one waits");
    first.abort();
    assert_eq!(&second.await.unwrap().unwrap().body()[..], b"second");
}

#[tokio::test]
async fn whoever_waits_too_long_is_told_so() {
    let service = Service::answering(Answer::Stall).await;
    let settings = Settings { in_flight: 0, timeout: Duration::from_millis(20), ..SETTINGS };
    let error = ended(&client(service.url("/"), settings)).await;
    assert_eq!((error.reason, service.requests()), (Reason::Busy, 0));
}

#[tokio::test]
async fn errors_show_no_secret() {
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let broken = Service::answering(Answer::Bytes("in-the-answer".to_owned())).await;
    let settings = Settings { retries: 0, ..SETTINGS };
    let mut headers = HeaderMap::new();
    headers.insert("authorization", "Bearer in-the-header".parse().unwrap());
    for address in [closed.to_string(), broken.url("").authority().unwrap().to_string()] {
        let url = format!("http://in-the-user:in-the-password@{address}/path?key=in-the-query");
        let client = client(url.parse().unwrap(), settings);
        let error = client.call(Call { headers: headers.clone(), ..post() }).await.unwrap_err();
        let text = format!("{error} {error:?} {}", client.name());
        assert!(!text.contains("in-the-"), "{text}");
        assert!(text.contains(&format!("http://{address}/path")), "{text}");
    }
}

#[tokio::test]
async fn an_unknown_authority_is_not_trusted() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let server =
        tokio::spawn(async move { acceptor.accept(listener.accept().await.unwrap().0).await.is_ok() });
    let url: Uri = format!("https://localhost:{port}/").parse().unwrap();
    let settings = Settings { retries: 0, ..SETTINGS };
    let error = client(url, settings).call(Call::get()).await.unwrap_err();
    assert!(matches!(&error.reason, Reason::Unreachable(text) if text.contains("certificate")), "{error}");
    assert!(!server.await.unwrap(), "the handshake was broken off");
}
