//! Redirects are followed on request, and take no secrets along.

use http::StatusCode;
use ropeway_ws::Message;
use ropeway_ws::client::{Connect, ConnectError, UrlError};

use crate::support::script::{Script, header, switching};

fn redirect(status: u16, location: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

fn with_secrets(url: &str) -> Connect {
    ["authorization", "cookie", "x-trace"].into_iter().fold(Connect::new(url).unwrap(), |connect, name| {
        connect.header(name.parse().unwrap(), "s3cret".parse().unwrap()).unwrap()
    })
}

#[tokio::test]
async fn a_redirect_that_nobody_asked_to_follow_is_a_refusal() {
    let script = Script::new().await;
    let connect = Connect::new(&script.url("/")).unwrap();
    let (opened, _stream) = tokio::join!(connect.open(), script.answer(|_| redirect(302, "/there")));
    let Err(ConnectError::Refused(refused)) = opened else { panic!("{opened:?}") };
    assert_eq!(
        (refused.status, &refused.headers["location"]),
        (StatusCode::FOUND, &"/there".parse().unwrap())
    );
}

#[tokio::test]
async fn within_an_origin_credentials_go_along() {
    let script = Script::new().await;
    let connect = with_secrets(&script.url("/a/b?c")).redirects(2);
    let (opened, (last, _stream)) = tokio::join!(connect.open(), async {
        script.answer(|_| redirect(301, "d?e#f")).await;
        let absolute = format!("http://{}/g", script.authority());
        let (request, _) = script.answer(|_| redirect(307, &absolute)).await;
        assert!(request.starts_with("GET /a/d?e HTTP/1.1\r\n"), "{request}");
        script.answer(|request| [&switching(request, "")[..], b"\x81\x02hi"].concat()).await
    });
    assert!(last.starts_with("GET /g HTTP/1.1\r\n"), "{last}");
    for name in ["authorization", "cookie", "x-trace"] {
        assert_eq!(header(&last, name), Some("s3cret"), "{name}");
    }
    assert_eq!(opened.unwrap().0.next().await.unwrap().unwrap(), Message::from("hi"));
}

#[tokio::test]
async fn to_another_origin_no_credentials_go_along() {
    let (from, to) = (Script::new().await, Script::new().await);
    let connect = with_secrets(&from.url("/")).redirects(1);
    let (opened, (request, _stream)) = tokio::join!(connect.open(), async {
        let (first, _) = from.answer(|_| redirect(308, &to.url("/there"))).await;
        assert_eq!(header(&first, "cookie"), Some("s3cret"));
        to.answer(|request| switching(request, "")).await
    });
    opened.unwrap();
    assert!(request.starts_with("GET /there HTTP/1.1\r\n"), "{request}");
    assert_eq!(header(&request, "host"), Some(&*to.authority()));
    assert_eq!((header(&request, "authorization"), header(&request, "cookie")), (None, None));
    assert_eq!(header(&request, "x-trace"), Some("s3cret"));
}

#[tokio::test]
async fn the_password_of_a_url_stays_with_its_origin() {
    let (from, to) = (Script::new().await, Script::new().await);
    let connect = Connect::new(&format!("ws://user:s3cret@{}/", from.authority())).unwrap().redirects(1);
    let (opened, (request, _stream)) = tokio::join!(connect.open(), async {
        from.answer(|_| redirect(302, &format!("//{}/", to.authority()))).await;
        to.answer(|request| switching(request, "")).await
    });
    opened.unwrap();
    assert_eq!(header(&request, "authorization"), None);
}

#[tokio::test]
async fn a_loop_ends() {
    let script = Script::new().await;
    let connect = Connect::new(&script.url("/")).unwrap().redirects(3);
    let (opened, ()) = tokio::join!(connect.open(), async {
        for _ in 0..=3 {
            script.answer(|_| redirect(302, "/")).await;
        }
    });
    assert!(matches!(opened, Err(ConnectError::TooManyRedirects(3))), "{opened:?}");
}

#[tokio::test]
async fn a_redirect_to_nowhere_is_an_error() {
    let script = Script::new().await;
    let connect = Connect::new(&script.url("/")).unwrap().redirects(1);
    let (opened, _stream) =
        tokio::join!(connect.open(), script.answer(|_| redirect(302, "mailto:root@localhost")));
    assert!(matches!(opened, Err(ConnectError::Url(UrlError::Scheme | UrlError::Malformed))), "{opened:?}");
}
