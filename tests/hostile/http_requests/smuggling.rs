//! Requests whose end two servers would see at different places (RFC 9112 section 11.2).

use crate::attack::Attack;
use crate::wire::until_end;
use tokio::io::AsyncWriteExt;

/// Hidden behind a body that may or may not be one.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";

/// Shapes that leave no doubt must be refused: nothing may follow them on their connection.
const REFUSED: &[&str] = &[
    "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
    "Content-Length: 4\r\nContent-Length: 40\r\n",
    "Content-Length: 4, 40\r\n",
    "Content-Length: +4\r\n",
    "Content-Length: 4 4\r\n",
    "Content-Length: 0x4\r\n",
    "Content-Length : 4\r\n",
    "Transfer-Encoding : chunked\r\n",
    "Transfer-Encoding: chunked, identity\r\n",
    "Transfer-Encoding: xchunked\r\n",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    "X: y\r\n Content-Length: 4\r\n",
    "X: y\0\r\n",
    "\u{b}Transfer-Encoding: chunked\r\n",
];

#[test]
fn ambiguous_requests_hide_no_second_one() {
    Attack::new("smuggling").run(async |target| {
        for headers in REFUSED {
            let mut stream = target.stream(2).await.unwrap();
            let said = format!("POST /api/publish HTTP/1.1\r\nHost: a\r\n{headers}\r\n0\r\n\r\n{HIDDEN}");
            stream.write_all(said.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            let answered = String::from_utf8_lossy(&until_end(&mut stream).await).into_owned();
            assert!(answered.starts_with("HTTP/1.1 4"), "{headers:?}: {answered}");
            assert!(!answered.contains("/hidden"), "{headers:?}: {answered}");
            assert!(answered.matches("HTTP/1.1 ").count() <= 1, "{headers:?}: {answered}");
        }
    });
}
