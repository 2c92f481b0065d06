//! Where to connect: the URL of a WebSocket (RFC 6455 section 3).

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{
    HeaderValue, Uri,
    uri::{PathAndQuery, Scheme},
};

use super::{
    super::authority::{Authority, Flaw},
    UrlError,
};

/// A `ws://` or `wss://` URL, taken apart.
///
/// `http://` and `https://` mean the same as in browsers. A user name and password become a header
/// `Authorization: Basic` (RFC 7617) and are no part of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    secure: bool,
    /// Without user name and port; an IPv6 address has its brackets.
    host: String,
    port: u16,
    resource: PathAndQuery,
    authorization: Option<HeaderValue>,
}

impl Target {
    /// Whether TLS is to be spoken.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The name or address to connect to; an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        self.host.trim_matches(['[', ']'])
    }

    /// The port; 80 for `ws` and 443 for `wss` unless the URL says another.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Path and query, the "resource name" of RFC 6455 section 3.
    pub fn resource(&self) -> &PathAndQuery {
        &self.resource
    }

    /// What the user name and password of the URL come to. Marked as sensitive.
    pub fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    /// User name and password of the URL, for what does not speak HTTP. Nothing when they are not UTF-8.
    pub fn credentials(&self) -> Option<(String, String)> {
        let pair = self.authorization.as_ref()?.to_str().ok()?.strip_prefix("Basic ")?;
        let pair = String::from_utf8(STANDARD.decode(pair).ok()?).ok()?;
        pair.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
    }

    /// Host and port as `Host` and `:authority` name them: the port only where it is not the default.
    pub fn authority(&self) -> String {
        match self.port == default_port(self.secure) {
            true => self.host.clone(),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// Whether scheme, host and port are the same, so that what was meant for the one may go to the other.
    pub fn same_origin(&self, other: &Self) -> bool {
        let same_host = self.host.eq_ignore_ascii_case(&other.host);
        self.secure == other.secure && self.port == other.port && same_host
    }

    /// Where a redirect leads: the `Location` of a response, absolute or relative to this URL. The user name
    /// and password of this URL stay with its origin.
    ///
    /// # Errors
    ///
    /// What is no URL of a WebSocket, and a way from `wss` to `ws`.
    pub fn redirect(&self, location: &str) -> Result<Self, UrlError> {
        // RFC 9110 section 10.2.2: a fragment may come with a redirect; here it means nothing.
        let location = location.split('#').next().unwrap_or_default();
        let scheme = if self.secure { "wss" } else { "ws" };
        let url = match location {
            _ if has_scheme(location) => location.to_owned(),
            _ if location.starts_with("//") => format!("{scheme}:{location}"),
            _ => format!("{scheme}://{}{}", self.authority(), self.resolve(location)),
        };
        let mut next: Self = url.parse()?;
        if self.secure && !next.secure {
            return Err(UrlError::Downgrade);
        }
        if next.authorization.is_none() && self.same_origin(&next) {
            next.authorization.clone_from(&self.authorization);
        }
        Ok(next)
    }

    /// A relative reference against our path (RFC 3986 section 5.2.2).
    fn resolve(&self, reference: &str) -> String {
        let path = self.resource.path();
        match reference.as_bytes().first() {
            None => self.resource.to_string(),
            Some(b'/') => reference.to_owned(),
            Some(b'?') => format!("{path}{reference}"),
            Some(_) => {
                let folder = path.rfind('/').map_or("/", |slash| &path[..=slash]);
                remove_dots(folder, reference)
            }
        }
    }
}

impl std::str::FromStr for Target {
    type Err = UrlError;

    fn from_str(url: &str) -> Result<Self, UrlError> {
        // `http::Uri` drops a fragment without a word.
        if url.contains('#') {
            return Err(UrlError::Fragment);
        }
        Self::try_from(&url.parse::<Uri>().map_err(|_| UrlError::Malformed)?)
    }
}

impl TryFrom<&Uri> for Target {
    type Error = UrlError;

    fn try_from(uri: &Uri) -> Result<Self, UrlError> {
        let secure = is_secure(uri.scheme().ok_or(UrlError::Scheme)?)?;
        let authority = uri.authority().ok_or(UrlError::NoHost)?.as_str();
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, authority)) => (Some(user), authority),
            None => (None, authority),
        };
        let Authority { host, port } = Authority::parse(authority)?;
        let resource = match uri.query() {
            Some(query) => format!("{}?{query}", uri.path()),
            None => uri.path().to_owned(),
        };
        Ok(Self {
            secure,
            host: host.to_owned(),
            port: port.unwrap_or(default_port(secure)),
            resource: PathAndQuery::try_from(resource).map_err(|_| UrlError::Malformed)?,
            authorization: user.map(authorization).transpose()?,
        })
    }
}

impl std::fmt::Display for Target {
    /// The URL without user name and password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        write!(f, "{scheme}://{}{}", self.authority(), self.resource)
    }
}

fn is_secure(scheme: &Scheme) -> Result<bool, UrlError> {
    match scheme.as_str().to_ascii_lowercase().as_str() {
        "ws" | "http" => Ok(false),
        "wss" | "https" => Ok(true),
        _ => Err(UrlError::Scheme),
    }
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

impl From<Flaw> for UrlError {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Host => Self::Host,
            Flaw::Port => Self::Port,
        }
    }
}

/// `Authorization: Basic` for the `user:password@` of a URL (RFC 7617 section 2).
fn authorization(userinfo: &str) -> Result<HeaderValue, UrlError> {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let user = percent_decode(user).ok_or(UrlError::UserInfo)?;
    // A colon in the name would be taken for the end of it.
    if user.contains(&b':') {
        return Err(UrlError::UserInfo);
    }
    let mut pair = user;
    pair.push(b':');
    pair.extend(percent_decode(password).ok_or(UrlError::UserInfo)?);
    let value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair)));
    let mut value = value.map_err(|_| UrlError::UserInfo)?;
    value.set_sensitive(true);
    Ok(value)
}

fn percent_decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => (hex(bytes.next()?)? << 4) | hex(bytes.next()?)?,
            other => other,
        });
    }
    Some(decoded)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Whether a reference is absolute: a scheme before its first `/` or `?`.
fn has_scheme(reference: &str) -> bool {
    let end = reference.find(['/', '?', ':']).filter(|at| reference[*at..].starts_with(':'));
    end.is_some_and(|at| at > 0)
}

/// `folder` and `reference` as one path, without `.` and `..` (RFC 3986 section 5.2.4).
fn remove_dots(folder: &str, reference: &str) -> String {
    let (path, query) = match reference.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (reference, None),
    };
    let mut segments: Vec<&str> = folder.split('/').filter(|segment| !segment.is_empty()).collect();
    let mut last = "";
    for segment in path.split('/') {
        match segment {
            "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other),
        }
        last = segment;
    }
    let mut joined = format!("/{}", segments.join("/"));
    if matches!(last, "." | "..") && !joined.ends_with('/') {
        joined.push('/');
    }
    match query {
        Some(query) => format!("{joined}?{query}"),
        None => joined,
    }
}
