//! The connect webhook: an endpoint of the application is asked about everybody who comes in.
//!
//! It fails closed: without an answer nobody comes in.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use rustls::pki_types::CertificateDer;
use serde::{Deserialize, Serialize};
use tracing::{debug, warn};

use super::signature::{HEADER, Signer};
use super::{Applicant, Gate, Grant, Identity, Refusal, Rights, Verdict};
use crate::Handshake;
use crate::complaints::Complaints;
use crate::config;
use crate::outbound::{Call, Client, Repeat, Settings, tls};
use crate::random::random_key;

/// Bytes of an answer.
const MAX_ANSWER: usize = 64 * 1024;

/// Bytes of the message of an answer that is shown to the client.
const MAX_MESSAGE: usize = 256;

/// Query parameters that the endpoint is not told.
const SECRETS: [&str; 2] = ["token", "ticket"];

/// Headers that it is told.
const HEADERS: [&str; 3] = ["origin", "user-agent", "accept-language"];

pub(crate) struct Webhook {
    client: Client,
    signer: Signer,
    /// The name of this server process.
    node: Arc<str>,
    forward_cookie: bool,
    complaints: Complaints,
}

/// The body of a request.
#[derive(Serialize)]
struct Question<'a> {
    event: &'static str,
    /// Unique, and the same in all attempts.
    id: String,
    /// Seconds since the epoch of Unix.
    time: u64,
    node: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    protocol: &'static str,
    carrier: &'static str,
    path: &'a str,
    query: BTreeMap<String, String>,
    headers: BTreeMap<&'a str, &'a str>,
}

/// The body of an answer that refuses.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refused {
    message: Option<String>,
}

impl Webhook {
    /// # Errors
    /// TLS cannot be used.
    pub(crate) fn new(
        url: &config::HttpUrl,
        secret: &[u8],
        settings: &config::Webhook,
        node: Arc<str>,
        extra: &[CertificateDer<'static>],
    ) -> io::Result<Self> {
        let uri = url.uri();
        let tls = tls::trusting(&uri, extra)?;
        let bounds = Settings {
            timeout: settings.timeout,
            retries: settings.retries.count(),
            in_flight: settings.max_in_flight,
            max_body: MAX_ANSWER,
        };
        let client = Client::new(uri, tls, bounds);
        let (signer, forward_cookie) = (Signer::new(secret), settings.forward_cookie);
        Ok(Self { client, signer, node, forward_cookie, complaints: Complaints::default() })
    }

    async fn consult(&self, applicant: &Applicant) -> Result<Option<Arc<Identity>>, Refusal> {
        let now = SystemTime::now();
        let call = self.call(applicant, now).map_err(|error| self.unavailable(&error))?;
        let answer = self.client.call(call).await.map_err(|error| self.unavailable(&error))?;
        match answer.status() {
            StatusCode::OK => {
                granted(answer.body(), applicant.identity(), now).map_err(|error| self.unavailable(&error))
            }
            StatusCode::UNAUTHORIZED => Err(Refusal::unauthorized(message(&answer, "not authorized"))),
            StatusCode::FORBIDDEN => Err(Refusal::forbidden(message(&answer, "forbidden"))),
            status => Err(self.unavailable(&format_args!("{} answers {status}", self.client.name()))),
        }
    }

    fn unavailable(&self, error: &dyn fmt::Display) -> Refusal {
        match self.complaints.next(Instant::now()) {
            Some(left_out) => warn!(%error, left_out, "the connect webhook cannot be asked; clients get 503"),
            None => debug!(%error, "the connect webhook cannot be asked"),
        }
        Refusal::unavailable("the application cannot be asked at the moment")
    }

    /// It may be repeated: the id in it tells a repetition.
    fn call(&self, applicant: &Applicant, now: SystemTime) -> serde_json::Result<Call> {
        let body = serde_json::to_vec(&self.question(applicant, now))?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(HEADER, self.signer.sign(&body, now));
        Ok(Call::post(headers, Bytes::from(body)).repeat(Repeat::Always))
    }

    fn question<'a>(&'a self, applicant: &'a Applicant, now: SystemTime) -> Question<'a> {
        let handshake = applicant.handshake();
        Question {
            event: "connect",
            id: random_key(),
            time: now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs(),
            node: &self.node,
            user: applicant.identity().and_then(|identity| identity.name()),
            address: applicant.address(),
            protocol: applicant.protocol(),
            carrier: applicant.carrier(),
            path: handshake.url().split('?').next().unwrap_or("/"),
            query: query(handshake),
            headers: self.headers(handshake),
        }
    }

    fn headers<'a>(&self, handshake: &'a Handshake) -> BTreeMap<&'a str, &'a str> {
        let is_told = |name: &str| HEADERS.contains(&name) || (self.forward_cookie && name == "cookie");
        handshake.headers().filter(|(name, _)| is_told(name)).collect()
    }
}

impl Gate for Webhook {
    fn ask<'a>(&'a self, applicant: &'a Applicant) -> Verdict<'a, Option<Arc<Identity>>> {
        Box::pin(self.consult(applicant))
    }
}

/// Of several values of a name the first, as everywhere.
fn query(handshake: &Handshake) -> BTreeMap<String, String> {
    let mut query = BTreeMap::new();
    for (name, value) in handshake.query_pairs().filter(|(name, _)| !SECRETS.contains(&&**name)) {
        query.entry(name.into_owned()).or_insert_with(|| value.into_owned());
    }
    query
}

/// Who the client is by an answer and by what was known. `{}` changes nothing.
fn granted(
    body: &[u8],
    known: Option<&Arc<Identity>>,
    now: SystemTime,
) -> Result<Option<Arc<Identity>>, String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    // A right that is misspelt would be a right that is not narrowed.
    let grant = Grant::strict(text, &[]).and_then(|grant| grant.into_identity(now));
    let answer = grant.map_err(|error| format!("the answer of the webhook is no grant: {error}"))?;
    Ok(Some(Arc::new(match known {
        Some(known) => merged(&answer, known)?,
        None => answer,
    })))
}

/// What the answer names counts, the rest stays; of two ends the earlier counts.
fn merged(answer: &Identity, known: &Identity) -> Result<Identity, String> {
    let identity = answer.name().or(known.name()).map_or_else(Identity::nameless, Identity::user);
    let (new, old) = (answer.rights().clone(), known.rights().clone());
    let rooms = if answer.rooms().is_empty() { known.rooms() } else { answer.rooms() };
    let identity = identity.with_rooms(rooms.iter().cloned()).with_rights(Rights {
        namespaces: new.namespaces.or(old.namespaces),
        join: new.join.or(old.join),
        publish: new.publish.or(old.publish),
    });
    let end = answer.expires().into_iter().chain(known.expires()).min();
    let identity = end.into_iter().fold(identity, Identity::with_expiry);
    let claims = answer.claims().or(known.claims()).map(str::to_owned);
    let claims = claims.map(serde_json::value::RawValue::from_string).transpose();
    Ok(claims.map_err(|error| error.to_string())?.into_iter().fold(identity, Identity::with_claims))
}

/// What the endpoint wants the client to be told, if it fits.
fn message(answer: &Response<Bytes>, otherwise: &str) -> String {
    let refused: Refused = serde_json::from_slice(answer.body()).unwrap_or_default();
    let fits = |text: &String| (1..=MAX_MESSAGE).contains(&text.len()) && !text.chars().any(char::is_control);
    refused.message.filter(fits).unwrap_or_else(|| otherwise.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Arc<Identity> {
        let text = r#"{"user":"ada","namespaces":["/"],"join":["a","b"],"publish":["a"],"rooms":["r"],"expires_at":2000,"data":1}"#;
        Arc::new(Grant::lenient(text).unwrap().into_identity(UNIX_EPOCH).unwrap())
    }

    fn answered(body: &str) -> Identity {
        (*granted(body.as_bytes(), Some(&known()), UNIX_EPOCH).unwrap().unwrap()).clone()
    }

    #[test]
    fn an_empty_answer_changes_nothing() {
        let same = answered("{}");
        assert_eq!(
            (same.name(), same.rights(), same.rooms()),
            (Some("ada"), known().rights(), known().rooms())
        );
        assert_eq!((same.expires(), same.claims()), (known().expires(), Some("1")));
    }

    #[test]
    fn what_is_named_replaces() {
        let other = answered(r#"{"user":"bob","join":["a"],"rooms":["s"],"data":2}"#);
        assert_eq!((other.name(), other.claims()), (Some("bob"), Some("2")));
        assert_eq!(other.rights().may_join("b"), Some(false));
        assert_eq!(other.rights().may_publish("a"), Some(true), "it stays");
        assert_eq!(&*other.rooms()[0], "s");
    }

    #[test]
    fn the_earlier_end_counts() {
        let end = |body| answered(body).expires().unwrap().duration_since(UNIX_EPOCH).unwrap().as_secs();
        assert_eq!((end(r#"{"expires_at":3000}"#), end(r#"{"expires_at":1000}"#)), (2000, 1000));
    }

    #[test]
    fn a_misspelt_field_is_no_answer() {
        assert!(granted(br#"{"jion":["a"]}"#, None, UNIX_EPOCH).is_err());
        assert!(granted(b"OK", None, UNIX_EPOCH).is_err());
    }
}
