//! What the open packet carries.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::PacketError;

/// How packets travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// HTTP long-polling.
    Polling,
    /// One packet a frame.
    WebSocket,
    /// One bidirectional stream.
    WebTransport,
}

impl Transport {
    /// From the query parameter `transport`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Polling, Self::WebSocket, Self::WebTransport].into_iter().find(|known| known.as_str() == text)
    }

    /// As the query and the handshake name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
            Self::WebTransport => "webtransport",
        }
    }
}

/// The data of the open packet, with which a server begins (Engine.IO protocol, Handshake).
#[derive(Clone, PartialEq, Eq)]
pub struct Handshake {
    /// The session's id; of another server it may be of any form. `Debug` does not show it.
    pub sid: String,
    /// What the client may change to.
    pub upgrades: Vec<Transport>,
    /// Between two pings; on the wire whole milliseconds.
    pub ping_interval: Duration,
    /// From a ping until the peer is taken for dead; on the wire whole milliseconds.
    pub ping_timeout: Duration,
    /// The most bytes of a payload that the server takes. Old servers do not say it.
    pub max_payload: Option<u64>,
}

/// As JSON has it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    sid: String,
    upgrades: Vec<String>,
    ping_interval: u64,
    ping_timeout: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_payload: Option<u64>,
}

impl Handshake {
    /// The data of the open packet, a JSON object.
    pub fn encode(&self) -> String {
        let fields = Fields {
            sid: self.sid.clone(),
            upgrades: self.upgrades.iter().map(|transport| transport.as_str().to_owned()).collect(),
            ping_interval: milliseconds(self.ping_interval),
            ping_timeout: milliseconds(self.ping_timeout),
            max_payload: self.max_payload,
        };
        // Such fields are always JSON.
        serde_json::to_string(&fields).unwrap_or_default()
    }

    /// Reads the data of an open packet. Upgrades that are not known are left out.
    ///
    /// # Errors
    /// [`PacketError::Handshake`].
    pub fn decode(data: &str) -> Result<Self, PacketError> {
        let fields: Fields = serde_json::from_str(data).map_err(|_| PacketError::Handshake)?;
        Ok(Self {
            sid: fields.sid,
            upgrades: fields.upgrades.iter().filter_map(|name| Transport::parse(name)).collect(),
            ping_interval: Duration::from_millis(fields.ping_interval),
            ping_timeout: Duration::from_millis(fields.ping_timeout),
            max_payload: fields.max_payload,
        })
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake")
            .field("upgrades", &self.upgrades)
            .field("ping_interval", &self.ping_interval)
            .field("ping_timeout", &self.ping_timeout)
            .field("max_payload", &self.max_payload)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;

    #[test]
    fn it_is_the_text_of_the_protocol_document_both_ways() {
        let handshake = Handshake::decode(TEXT).unwrap();
        assert_eq!(handshake.sid, "lv_VI97HAXpY6yYWAAAC");
        assert_eq!(handshake.upgrades, [Transport::WebSocket]);
        assert_eq!(handshake.ping_interval, Duration::from_secs(25));
        assert_eq!(handshake.ping_timeout, Duration::from_secs(20));
        assert_eq!(handshake.max_payload, Some(1_000_000));
        assert_eq!(handshake.encode(), TEXT);
        assert!(!format!("{handshake:?}").contains("lv_VI97HAXpY6yYWAAAC"));
    }

    #[test]
    fn what_a_client_does_not_know_is_left_out() {
        let text =
            r#"{"sid":"é","upgrades":["pigeon","webtransport"],"pingInterval":1,"pingTimeout":2,"new":{}}"#;
        let handshake = Handshake::decode(text).unwrap();
        assert_eq!(
            (handshake.upgrades.as_slice(), handshake.max_payload),
            (&[Transport::WebTransport][..], None)
        );
    }

    #[test]
    fn what_is_no_handshake_is_refused() {
        for text in ["", "{}", "[]", r#"{"sid":1,"upgrades":[],"pingInterval":1,"pingTimeout":2}"#] {
            assert_eq!(Handshake::decode(text), Err(PacketError::Handshake), "{text}");
        }
    }
}
