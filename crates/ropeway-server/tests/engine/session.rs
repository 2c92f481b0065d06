//! A polling session by hand.

use crate::raw::{Answer, Exchange, get, request};
use crate::running::Running;

/// The path with the parameters of a handshake.
pub(crate) const POLLING: &str = "/socket.io/?EIO=4&transport=polling";

pub(crate) struct Session<'s> {
    pub(crate) server: &'s Running,
    pub(crate) sid: String,
}

impl<'s> Session<'s> {
    pub(crate) fn open(server: &'s Running) -> Self {
        let answer = get(server, POLLING);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let open: serde_json::Value = serde_json::from_str(&answer.text()[1..]).unwrap();
        Self { server, sid: open["sid"].as_str().unwrap().to_owned() }
    }

    /// Connected to the namespace `/`.
    pub(crate) fn connected(server: &'s Running) -> Self {
        let session = Self::open(server);
        assert_eq!(session.post("40").status, 200);
        let packets = session.packets();
        assert!(packets.len() == 1 && packets[0].starts_with("40{\"sid\":"), "{packets:?}");
        session
    }

    /// Connected, and in the room `plain:e`.
    pub(crate) fn in_room(server: &'s Running) -> Self {
        let session = Self::connected(server);
        session.post(r#"420["join","plain:e"]"#);
        let packets = session.packets();
        assert!(packets[0].starts_with(r#"430[{"type":"joined""#), "{packets:?}");
        session
    }

    pub(crate) fn target(&self) -> String {
        format!("{POLLING}&sid={}", self.sid)
    }

    pub(crate) fn begin_get(&self) -> Exchange {
        Exchange::begin(self.server, &format!("GET {}", self.target()), "", b"")
    }

    pub(crate) fn get(&self) -> Answer {
        self.begin_get().finish()
    }

    pub(crate) fn post(&self, body: &str) -> Answer {
        let headers = "content-type: text/plain;charset=UTF-8\r\n";
        request(self.server, &format!("POST {}", self.target()), headers, body.as_bytes())
    }

    /// The packets of the next payload.
    #[track_caller]
    pub(crate) fn packets(&self) -> Vec<String> {
        let answer = self.get();
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text().split('\x1e').map(str::to_owned).collect()
    }

    /// The server does not know it any more.
    #[track_caller]
    pub(crate) fn is_unknown(&self) {
        let answer = self.get();
        assert_eq!((answer.status, answer.text()), (400, r#"{"code":1,"message":"Session ID unknown"}"#));
    }
}
