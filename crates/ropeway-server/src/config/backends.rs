//! `[tickets]`, `[sessions]`, `[webhook]`: what applications say about those who come.

use std::time::Duration;

use http::Uri;
use ropeway_ws::server::Origins;

use super::socketio::Optional;
use super::value::{Raw, Value, quoted};
use super::{Config, CookieName};
use crate::secret::Secret;

/// `[tickets]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tickets {
    /// Serve `POST /api/tickets` and take `?ticket=`; a way of authentication.
    pub enabled: bool,
    /// How long a ticket is good where its request does not say it.
    pub ttl: Duration,
    /// Tickets that are neither used nor expired, at one time. One more is refused with 503.
    pub capacity: usize,
}

/// The longest that a ticket may live.
pub(crate) const MAX_TICKET_TTL: Duration = Duration::from_secs(300);

impl Default for Tickets {
    fn default() -> Self {
        Self { enabled: false, ttl: Duration::from_secs(30), capacity: 100_000 }
    }
}

/// `[sessions]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sessions {
    /// The cookie that names a session. Without one cookies are not looked at.
    pub cookie: Option<CookieName>,
    /// Where sessions are looked up.
    pub store: Option<Store>,
    /// The key of a session in Redis.
    pub redis_key: KeyTemplate,
    /// Time for one lookup.
    pub timeout: Duration,
    /// Where a record holds the user; without it the record is a grant.
    pub user_path: Option<Pointer>,
    /// The secret with which express-session signs its cookies.
    pub secret: Option<SigningSecret>,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            cookie: None,
            store: None,
            redis_key: KeyTemplate("session:{id}".to_owned()),
            timeout: Duration::from_secs(2),
            user_path: None,
            secret: None,
        }
    }
}

/// `[webhook]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The endpoint that is asked about everybody who comes. Without one nobody is asked.
    pub connect_url: Option<HttpUrl>,
    /// The secret with which requests are signed.
    pub secret: Option<SigningSecret>,
    /// Time for an answer, all attempts together.
    pub timeout: Duration,
    /// Attempts after the first.
    pub retries: Retries,
    /// Requests under way at one time.
    pub max_in_flight: usize,
    /// Pass the client's cookies on.
    pub forward_cookie: bool,
}

impl Default for Webhook {
    fn default() -> Self {
        Self {
            connect_url: None,
            secret: None,
            timeout: Duration::from_secs(5),
            retries: Retries(2),
            max_in_flight: 100,
            forward_cookie: false,
        }
    }
}

/// Bytes of the secret of the webhook, at least. Who has seen one signed question can try secrets at leisure.
const MIN_WEBHOOK_SECRET: usize = 16;

/// What contradicts what, with a hint.
pub(super) fn problems(config: &Config) -> Vec<(String, String)> {
    let Config { server, auth, jwt, sessions, tickets, webhook, api, .. } = config;
    let takes_tokens = jwt.keys().is_some() || jwt.key_file.is_some() || jwt.jwks_url.is_some();
    let has_sessions = sessions.cookie.is_some() || sessions.store.is_some();
    let checks = [
        (
            has_sessions && server.origins == Origins::Any,
            "`server.origins` cannot be [\"*\"] together with `sessions`",
            "browsers send cookies along whatever page asks, so any page could act as your users: list the origins of your own pages",
        ),
        (
            sessions.cookie.is_some() != sessions.store.is_some(),
            "`sessions.cookie` and `sessions.store` need each other",
            "the one says which cookie names a session, the other where it is looked up",
        ),
        (
            tickets.ttl > MAX_TICKET_TTL,
            "`tickets.ttl` is longer than 5m",
            "a ticket stands in a URL, so it must not live long",
        ),
        (
            takes_tokens && auth.token_from.is_empty(),
            "`auth.token_from` is empty, so no client can show the token that `[jwt]` asks for",
            "leave it out for all of the places, or name those where a token may stand",
        ),
        (
            tickets.enabled && api.key.is_none(),
            "`tickets.enabled` needs `api.key`",
            "with the key your application asks for tickets",
        ),
        (
            webhook.connect_url.is_some() && webhook.secret.is_none(),
            "`webhook.connect_url` needs `webhook.secret`",
            "with it your endpoint can tell that it is this server that asks",
        ),
        (
            webhook.secret.as_ref().is_some_and(|secret| secret.bytes().len() < MIN_WEBHOOK_SECRET),
            "`webhook.secret` has fewer than 16 bytes, which can be guessed",
            "`openssl rand -hex 32` prints a good one",
        ),
    ];
    let broken = checks.into_iter().filter(|(is_broken, ..)| *is_broken);
    broken.map(|(_, what, hint)| (what.to_owned(), hint.to_owned())).collect()
}

/// Where sessions are looked up. URLs may hold passwords, so they are not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store {
    /// A Redis, with TLS for `rediss://`.
    Redis(Secret),
    /// An endpoint of the application.
    Http(HttpUrl),
}

impl Value for Store {
    const ALLOWED: &'static str = "the URL of a Redis (redis://, rediss://) or of an endpoint (http://, https://) without a user and a fragment";

    fn read(raw: Raw<'_>) -> Option<Self> {
        let text = raw.text()?;
        let is_redis = text.starts_with("redis://") || text.starts_with("rediss://");
        if is_redis {
            return redis::Client::open(text).is_ok().then(|| Self::Redis(Secret::new(text)));
        }
        HttpUrl::new(text).map(Self::Http)
    }

    fn write(&self) -> Option<String> {
        match self {
            Self::Redis(url) => Some(quoted(url.reveal())),
            Self::Http(url) => url.write(),
        }
    }
}

impl Optional for Store {
    const SAMPLE: &'static str = "\"redis://127.0.0.1:6379/0\"";
}

/// The URL of an endpoint of the application. Its query may hold a key, so it is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpUrl(Secret);

impl HttpUrl {
    /// Nothing for what is no absolute `http` or `https` URL, or names a user.
    pub fn new(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        let has_host = uri.host().is_some_and(|host| !host.is_empty());
        let names_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        (is_http && has_host && !names_user && !text.contains('#')).then(|| Self(Secret::new(text)))
    }

    pub(crate) fn uri(&self) -> Uri {
        self.0.reveal().parse().unwrap_or_default()
    }
}

impl Value for HttpUrl {
    const ALLOWED: &'static str =
        "a URL such as \"https://app.example/ropeway/connect\", without a user and a fragment";

    fn read(raw: Raw<'_>) -> Option<Self> {
        raw.text().and_then(Self::new)
    }

    fn write(&self) -> Option<String> {
        Some(quoted(self.0.reveal()))
    }
}

impl Optional for HttpUrl {
    const SAMPLE: &'static str = "\"http://127.0.0.1:3000/ropeway/connect\"";
}

/// A secret that others hold as well, so its form is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningSecret(Secret);

impl SigningSecret {
    /// Nothing for an empty one.
    pub fn new(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(Secret::new(text)))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.reveal().as_bytes()
    }
}

impl Value for SigningSecret {
    const ALLOWED: &'static str = "a text that is not empty";

    fn read(raw: Raw<'_>) -> Option<Self> {
        raw.text().and_then(Self::new)
    }

    fn write(&self) -> Option<String> {
        Some(quoted(self.0.reveal()))
    }
}

impl Optional for SigningSecret {
    const SAMPLE: &'static str = "\"a long random text\"";
}

/// How often a request is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries(u32);

impl Retries {
    /// The number.
    pub fn count(self) -> u32 {
        self.0
    }
}

impl Value for Retries {
    const ALLOWED: &'static str = "a whole number from 0 to 10";

    fn read(raw: Raw<'_>) -> Option<Self> {
        let number: u32 = raw.to_string().trim_matches('"').parse().ok()?;
        (number <= 10).then_some(Self(number))
    }

    fn write(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}

/// A key of Redis in which `{id}` stands for the id of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTemplate(String);

impl KeyTemplate {
    /// The text with `{id}`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for KeyTemplate {
    const ALLOWED: &'static str = "a key such as \"session:{id}\", with {id} once";

    fn read(raw: Raw<'_>) -> Option<Self> {
        let text = raw.text()?;
        (text.matches("{id}").count() == 1).then(|| Self(text.to_owned()))
    }

    fn write(&self) -> Option<String> {
        Some(quoted(&self.0))
    }
}

/// A JSON pointer (RFC 6901).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer(String);

impl Pointer {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for Pointer {
    const ALLOWED: &'static str = "a JSON pointer such as \"/passport/user\"";

    fn read(raw: Raw<'_>) -> Option<Self> {
        raw.text().filter(|text| text.starts_with('/')).map(|text| Self(text.to_owned()))
    }

    fn write(&self) -> Option<String> {
        Some(quoted(&self.0))
    }
}

impl Optional for Pointer {
    const SAMPLE: &'static str = "\"/passport/user\"";
}
